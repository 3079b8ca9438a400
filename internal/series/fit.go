package series

import (
	"fmt"
	"math"
	"slices"
)

// Fit is what a transformation learnt from a training range, and nothing else of the column. It is applied to any values of the same kind.
type Fit struct {
	method       string
	center, unit float64   // standard, robust: (x − center)/unit
	low, high    float64   // winsor, clip: what x is cut to
	sorted       []float64 // uniform: the training values in order; quantiles: the edges
}

// minFit is how many training values a fit takes.
const minFit = 2

// training are the values of the rows in [from, to) that are not NaN.
func (f *Frame) training(name string, from, to int64) ([]float64, error) {
	x, err := f.Column(name)
	if err != nil {
		return nil, err
	}
	var in []float64
	for i, t := range f.times {
		if t >= from && t < to && x[i] == x[i] {
			if math.IsInf(x[i], 0) {
				return nil, fmt.Errorf("fit on %q: row %d is infinite", name, i)
			}
			in = append(in, x[i])
		}
	}
	if len(in) < minFit {
		return nil, fmt.Errorf("fit on %q: the training range has %d values, at least %d are needed", name, len(in), minFit)
	}
	return in, nil
}

// FitStandard learns mean and standard deviation (ddof 1) of the rows in [from, to). A constant column is an error.
func (f *Frame) FitStandard(name string, from, to int64) (*Fit, error) {
	in, err := f.training(name, from, to)
	if err != nil {
		return nil, err
	}
	return scaled("standard", name, Reduce(in, Mean), Reduce(in, Std))
}

// FitRobust learns the median and the distance of the quartiles, over 1.349: a standard deviation for normal values that outliers do not move.
func (f *Frame) FitRobust(name string, from, to int64) (*Fit, error) {
	in, err := f.training(name, from, to)
	if err != nil {
		return nil, err
	}
	slices.Sort(in)
	return scaled("robust", name, quantile(in, .5), (quantile(in, .75)-quantile(in, .25))/1.3489795003921634)
}

func scaled(method, name string, center, unit float64) (*Fit, error) {
	if !(unit > 0) || math.IsInf(unit, 0) || math.IsInf(center, 0) {
		return nil, fmt.Errorf("fit on %q: the training range does not vary, or beyond what a number holds: there is no unit to measure in", name)
	}
	return &Fit{method: method, center: center, unit: unit}, nil
}

// FitWinsor learns the p and 1−p quantiles, p from 0 to below 0.5: values beyond them are cut to them.
func (f *Frame) FitWinsor(name string, p float64, from, to int64) (*Fit, error) {
	if !(p >= 0 && p < .5) {
		return nil, fmt.Errorf("winsorise %q at %v: it must be from 0 to below 0.5", name, p)
	}
	in, err := f.training(name, from, to)
	if err != nil {
		return nil, err
	}
	slices.Sort(in)
	return &Fit{method: "winsor", low: quantile(in, p), high: quantile(in, 1-p)}, nil
}

// FitUniform learns the training values: each value becomes its rank among them, from 0 to 1, half of the equal ones counted.
func (f *Frame) FitUniform(name string, from, to int64) (*Fit, error) {
	in, err := f.training(name, from, to)
	if err != nil {
		return nil, err
	}
	slices.Sort(in)
	return &Fit{method: "uniform", sorted: in}, nil
}

// FitQuantiles learns the edges that cut the training values into bins of equal share, 2 to 1,000: a value becomes the number of its bin,
// from 0, and one at an edge belongs to the bin above it. Edges that coincide leave bins empty.
func (f *Frame) FitQuantiles(name string, bins int, from, to int64) (*Fit, error) {
	if bins < 2 || bins > 1000 {
		return nil, fmt.Errorf("quantiles of %q in %d bins: it takes from 2 to 1000", name, bins)
	}
	in, err := f.training(name, from, to)
	if err != nil {
		return nil, err
	}
	slices.Sort(in)
	edges := make([]float64, bins-1)
	for i := range edges {
		edges[i] = quantile(in, float64(i+1)/float64(bins))
	}
	return &Fit{method: "quantiles", sorted: edges}, nil
}

// Apply returns the transformed values; NaN stays NaN, and without a fit nothing is known.
func (f *Fit) Apply(x []float64) []float64 {
	if f == nil {
		f = &Fit{center: math.NaN()}
	}
	out := make([]float64, len(x))
	for i, v := range x {
		switch {
		case v != v:
			out[i] = v
		case f.method == "winsor":
			out[i] = min(f.high, max(f.low, v))
		case f.method == "quantiles":
			_, above := equals(f.sorted, v)
			out[i] = float64(above)
		case f.method == "uniform":
			lo, hi := equals(f.sorted, v)
			out[i] = (float64(lo) + float64(hi-lo)/2) / float64(len(f.sorted))
		default:
			out[i] = (v - f.center) / f.unit
		}
	}
	return out
}

// Method is standard, robust, winsor, uniform or quantiles.
func (f *Fit) Method() string { return f.method }

// Clip cuts values to [low, high].
func Clip(x []float64, low, high float64) ([]float64, error) {
	if !(low <= high) {
		return nil, fmt.Errorf("clip to %v and %v: the lower bound must not be above the upper one", low, high)
	}
	out := make([]float64, len(x))
	for i, v := range x {
		if out[i] = v; v == v {
			out[i] = min(high, max(low, v))
		}
	}
	return out, nil
}
