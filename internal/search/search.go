// Package search makes the points of a search over a strategy's declared parameters: a grid, random draws, and the rungs of successive
// halving. It runs nothing and judges nothing; the same ranges and seed give the same points, in the same order.
package search

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/strategy"
)

// What bounds a search.
const (
	MaxPoints = 5_000
	MaxAxes   = 8
)

// ErrRange is wrapped where a search asks for what the strategy's parameters do not allow.
var ErrRange = errors.New("cannot search")

// Range is what one parameter may be: Values as they stand, or Min, Min + Step, … up to Max.
type Range struct {
	Values []float64 `json:"values,omitempty"`
	Min    float64   `json:"min,omitempty"`
	Max    float64   `json:"max,omitempty"`
	Step   float64   `json:"step,omitempty"` // 0: a grid refuses it, random draws take any value between
}

// Axis is a declared parameter with its range.
type Axis struct {
	Param strategy.Param
	Range Range
}

// Point is a value for each axis.
type Point map[string]float64

// Axes settles the ranges against the declared parameters, in the order of their declaration.
func Axes(declared []strategy.Param, ranges map[string]Range) ([]Axis, error) {
	if len(ranges) == 0 || len(ranges) > MaxAxes {
		return nil, fmt.Errorf("%w: %d parameters to vary, want 1 to %d", ErrRange, len(ranges), MaxAxes)
	}
	var out []Axis
	for _, p := range declared {
		r, ok := ranges[p.Name]
		if !ok {
			continue
		}
		if err := check(p, r); err != nil {
			return nil, err
		}
		out = append(out, Axis{p, r})
	}
	if len(out) < len(ranges) {
		var names []string
		for _, p := range declared {
			names = append(names, p.Name)
		}
		for _, name := range slices.Sorted(maps.Keys(ranges)) {
			if !slices.Contains(names, name) {
				return nil, fmt.Errorf("%w: the strategy has no parameter %.32q; it has %v", ErrRange, name, names)
			}
		}
	}
	return out, nil
}

func check(p strategy.Param, r Range) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s", ErrRange, p.Name, fmt.Sprintf(format, args...))
	}
	low, high := p.Min, p.Max
	if p.Kind == "bool" {
		low, high = 0, 1
	}
	values := r.Values
	if len(values) == 0 {
		values = []float64{r.Min, r.Max}
		switch {
		case !(r.Min < r.Max):
			return refuse("from %v to %v is no range", r.Min, r.Max)
		case !(r.Step >= 0) || r.Step > r.Max-r.Min:
			return refuse("a step of %v from %v to %v", r.Step, r.Min, r.Max)
		}
	}
	if len(values) > MaxPoints {
		return refuse("%d values, at most %d are allowed", len(values), MaxPoints)
	}
	for i, v := range values {
		switch {
		case !(v >= low && v <= high):
			return refuse("%v is outside %v to %v", v, low, high)
		case p.Kind != "float" && v != math.Trunc(v):
			return refuse("%v is no whole number", v)
		case slices.Contains(values[:i], v):
			return refuse("%v is named twice", v)
		}
	}
	if p.Kind != "float" && r.Step != math.Trunc(r.Step) {
		return refuse("a step of %v, and it takes whole numbers", r.Step)
	}
	return nil
}

// values are an axis' points on a grid. The n-th is Min + n·Step, so that no error adds up.
func (a *Axis) values() ([]float64, error) {
	if len(a.Range.Values) > 0 {
		return a.Range.Values, nil
	}
	if a.Range.Step == 0 {
		return nil, fmt.Errorf("%w: %s: a grid needs a step, or values one by one", ErrRange, a.Param.Name)
	}
	n := math.Floor((a.Range.Max-a.Range.Min)/a.Range.Step+1e-9) + 1
	if n > MaxPoints {
		return nil, fmt.Errorf("%w: %s: %.0f values, at most %d are allowed", ErrRange, a.Param.Name, n, MaxPoints)
	}
	out := make([]float64, int(n))
	for i := range out {
		out[i] = min(a.Range.Min+float64(i)*a.Range.Step, a.Range.Max)
	}
	return out, nil
}

// Grid is every combination, the last axis first.
func Grid(axes []Axis) ([]Point, error) {
	points := []Point{{}}
	for _, a := range axes {
		vs, err := a.values()
		if err != nil {
			return nil, err
		}
		if len(points)*len(vs) > MaxPoints {
			return nil, fmt.Errorf("%w: the grid has more than %d points: take larger steps, or --method random", ErrRange, MaxPoints)
		}
		next := make([]Point, 0, len(points)*len(vs))
		for _, p := range points {
			for _, v := range vs {
				q := maps.Clone(p)
				q[a.Param.Name] = v
				next = append(next, q)
			}
		}
		points = next
	}
	return points, nil
}

// Random draws n different points, each axis evenly over what it may be. Fewer come where there are not so many.
func Random(axes []Axis, n int, seed uint64) ([]Point, error) {
	if n < 1 || n > MaxPoints {
		return nil, fmt.Errorf("%w: %d points, want 1 to %d", ErrRange, n, MaxPoints)
	}
	gen := evidence.NewSplitMix(seed)
	grids := make([][]float64, len(axes))
	for i, a := range axes {
		if len(a.Range.Values) > 0 || a.Range.Step > 0 {
			vs, err := a.values()
			if err != nil {
				return nil, err
			}
			grids[i] = vs
		}
	}
	seen := map[string]bool{}
	var points []Point
	for tries := 0; len(points) < n && tries < 50*n+1000; tries++ {
		p := Point{}
		for i, a := range axes {
			u := gen.Uniform()
			switch {
			case grids[i] != nil:
				p[a.Param.Name] = grids[i][int(u*float64(len(grids[i])))]
			case a.Param.Kind == "float":
				p[a.Param.Name] = a.Range.Min + u*(a.Range.Max-a.Range.Min)
			default:
				p[a.Param.Name] = a.Range.Min + math.Floor(u*(a.Range.Max-a.Range.Min+1))
			}
		}
		if key := fmt.Sprint(p); !seen[key] { // fmt writes maps in the order of their keys
			seen[key] = true
			points = append(points, p)
		}
	}
	return points, nil
}

// Rung is a stage of successive halving: how much of the window it runs over, and how many of the best go on.
type Rung struct {
	Share float64 // of the window's time, from its beginning
	Keep  int     // 0 in the last one
}

// eta is how much harder each rung chooses, and how much longer it runs.
const eta = 3

// Halving are the rungs for n points: a ninth of the window for all, a third for the best third, the whole for the best ninth. Fewer
// points than nine have fewer rungs.
func Halving(n int) []Rung {
	rungs := []Rung{{Share: 1}}
	for left := n; left >= eta && len(rungs) < 3; left = (left + eta - 1) / eta {
		rungs = append(rungs, Rung{})
	}
	for i := range rungs {
		n = (n + eta - 1) / eta
		rungs[i] = Rung{Share: math.Pow(eta, -float64(len(rungs)-1-i)), Keep: n}
	}
	rungs[len(rungs)-1].Keep = 0
	return rungs
}
