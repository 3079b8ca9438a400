package series

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Window is a rolling window of rows that ends at the row it answers for.
type Window struct {
	Rows       int // at least 1
	MinPeriods int // values that are not NaN for an answer, from 1 to Rows; with fewer the answer is NaN
}

// Statistic is what values are reduced to. NaN values are left out; an infinity counts while it is in the window and no longer.
type Statistic uint8

// The statistics.
const (
	Sum      Statistic = iota
	Mean               // of at least one value, as all that follow
	Min                //
	Max                //
	Variance           // ddof 1, of at least two values
	Std                // root of Variance
	Count              // how many values are not NaN: 0 without one
	First              // of a bucket or a group; not of a rolling window
	Last               //
	Median             // mean of the two in the middle of an even number
)

// Statistics are their names in scripts.
var statistics = [...]string{Sum: "sum", Mean: "mean", Min: "min", Max: "max", Variance: "var", Std: "std", Count: "count", First: "first", Last: "last", Median: "median"}

// ParseStatistic reads a statistic's name.
func ParseStatistic(name string) (Statistic, error) {
	if i := slices.Index(statistics[:], name); i >= 0 {
		return Statistic(i), nil
	}
	return 0, fmt.Errorf("statistic %.20q: there are %v", name, statistics)
}

// check refuses a number that no statistic has.
func (s Statistic) check() error {
	if int(s) >= len(statistics) {
		return fmt.Errorf("there is no %s; there are %v", s, statistics)
	}
	return nil
}

// String is the name.
func (s Statistic) String() string {
	if int(s) < len(statistics) {
		return statistics[s]
	}
	return fmt.Sprintf("statistic(%d)", s)
}

// total is an aggregate of n values. Of a sum high + low is the compensated value (Neumaier 1974), of an extreme high is it, of a variance
// high is the mean and low the sum of squared deviations from it (Chan, Golub, LeVeque 1979).
type total struct {
	high, low float64
	n         int
}

func (s Statistic) join(a, b total) total {
	switch {
	case a.n == 0:
		return b
	case b.n == 0:
		return a
	case s == Min:
		return total{high: min(a.high, b.high), n: a.n + b.n}
	case s == Max:
		return total{high: max(a.high, b.high), n: a.n + b.n}
	case s == Variance || s == Std:
		n, d := float64(a.n+b.n), b.high-a.high
		return total{high: a.high + float64(d*(float64(b.n)/n)), low: a.low + b.low + float64(float64(d*d)*(float64(a.n)*float64(b.n)/n)), n: a.n + b.n}
	}
	out := total{high: a.high + b.high, low: a.low + b.low, n: a.n + b.n}
	switch {
	case math.IsInf(out.high, 0) || math.IsNaN(out.high):
		out.low = 0 // the rounding error of an infinite sum is not a number
	case math.Abs(a.high) >= math.Abs(b.high):
		out.low += (a.high - out.high) + b.high
	default:
		out.low += (b.high - out.high) + a.high
	}
	return out
}

func (w Window) check() error {
	if w.Rows < 1 || w.MinPeriods < 1 || w.MinPeriods > w.Rows {
		return fmt.Errorf("rolling window of %d rows with at least %d values: it takes 1 or more rows, and from 1 to that many values", w.Rows, w.MinPeriods)
	}
	return nil
}

// Rolling reduces the window at each row. But for the median it costs O(rows) whatever the window: the rows are cut into blocks of the
// window's length, and a window is the end of one block joined with the start of the next. Nothing is ever subtracted, so nothing drifts.
func Rolling(x []float64, s Statistic, w Window) ([]float64, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	switch {
	case s == Median:
		return Quantiles(x, .5, w)
	case s > Count:
		return nil, fmt.Errorf("rolling %s: there is no such statistic of a window", s)
	}
	return blocks(len(x), w, s.join, func(i int) total { return one(x[i]) }, func(t total) float64 { return s.answer(t, w.MinPeriods) }), nil
}

// blocks is the windows' aggregates by joining halves.
func blocks[T any](rows int, w Window, join func(a, b T) T, of func(i int) T, answer func(T) float64) []float64 {
	size := min(w.Rows, max(rows, 1))
	out, older := make([]float64, rows), make([]T, size+1) // older[k]: rows k to the end of the block before
	var none T
	for start := 0; start < rows; start += size {
		end := min(start+size, rows)
		front := none
		for i := start; i < end; i++ {
			front = join(front, of(i))
			out[i] = answer(join(older[i-start+1], front))
		}
		older[size] = none
		for i := end - 1; i >= start && end-start == size; i-- {
			older[i-start] = join(of(i), older[i-start+1])
		}
	}
	return out
}

// Expanding reduces all rows up to each row; minPeriods is as in Window.
func Expanding(x []float64, s Statistic, minPeriods int) ([]float64, error) {
	return Rolling(x, s, Window{Rows: MaxRows, MinPeriods: minPeriods})
}

func one(v float64) total {
	if math.IsNaN(v) {
		return total{}
	}
	return total{high: v, n: 1}
}

func (s Statistic) answer(t total, minPeriods int) float64 {
	switch {
	case s == Count && minPeriods <= 1:
		return float64(t.n)
	case t.n < minPeriods:
		return math.NaN()
	case s == Count:
		return float64(t.n)
	case s == Mean:
		return (t.high + t.low) / float64(t.n)
	case s == Variance || s == Std:
		if t.n < 2 {
			return math.NaN()
		}
		v := t.low / float64(t.n-1)
		if s == Std {
			return math.Sqrt(v)
		}
		return v
	}
	return t.high + t.low
}

// ZScore is (x − mean)/std of the window, its own row included; NaN where all values of it are equal.
func ZScore(x []float64, w Window) ([]float64, error) {
	mean, err := Rolling(x, Mean, w)
	if err != nil {
		return nil, err
	}
	std, err := Rolling(x, Std, w)
	if err != nil {
		return nil, err
	}
	for i := range mean {
		if mean[i] = (x[i] - mean[i]) / std[i]; std[i] == 0 || math.IsInf(mean[i], 0) {
			mean[i] = math.NaN()
		}
	}
	return mean, nil
}

// Quantiles is the p-quantile of each window, p from 0 to 1, interpolated between the two nearest values (Hyndman, Fan 1996, type 7). It costs
// O(rows·window) at worst.
func Quantiles(x []float64, p float64, w Window) ([]float64, error) {
	if !(p >= 0 && p <= 1) {
		return nil, fmt.Errorf("quantile %v: it must be from 0 to 1", p)
	}
	return sorted(x, w, func(in []float64, _ float64) float64 { return quantile(in, p) })
}

// Rank is the share of the window's values that are below the row's own, half of the equal ones counted, in (0, 1).
func Rank(x []float64, w Window) ([]float64, error) {
	return sorted(x, w, func(in []float64, v float64) float64 {
		lo, hi := equals(in, v)
		if hi == lo {
			return math.NaN() // the row has no value
		}
		return (float64(lo) + float64(hi-lo)/2) / float64(len(in))
	})
}

// equals is the range [lo, hi) of sorted values that equal v; it is found by halving, since a column may be one value over and over.
func equals(in []float64, v float64) (lo, hi int) {
	lo, _ = slices.BinarySearch(in, v)
	return lo, lo + sort.Search(len(in)-lo, func(i int) bool { return !(in[lo+i] == v) })
}

// sorted gives each window's values in order.
func sorted(x []float64, w Window, of func(in []float64, v float64) float64) ([]float64, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if cost := float64(len(x)) * float64(min(w.Rows, len(x))); cost > 4e10 {
		return nil, fmt.Errorf("quantiles of %d windows of %d rows are too many: shorten the window", len(x), w.Rows)
	}
	out := make([]float64, len(x))
	var in []float64
	for i, v := range x {
		if v == v {
			k, _ := slices.BinarySearch(in, v)
			in = slices.Insert(in, k, v)
		}
		if i >= w.Rows {
			if old := x[i-w.Rows]; old == old {
				k, _ := slices.BinarySearch(in, old)
				in = slices.Delete(in, k, k+1)
			}
		}
		out[i] = math.NaN()
		if len(in) >= w.MinPeriods {
			out[i] = of(in, v)
		}
	}
	return out, nil
}

// quantile of sorted values, at least one.
func quantile(in []float64, p float64) float64 {
	at := p * float64(len(in)-1)
	lo := int(at)
	if lo+1 >= len(in) || in[lo] == in[lo+1] {
		return in[lo]
	}
	return in[lo] + float64((at-float64(lo))*(in[lo+1]-in[lo]))
}

// pair is an aggregate of two variables: means, squared deviations and their product.
type pair struct {
	n                  int
	mx, my, xx, yy, xy float64
}

func joinPairs(a, b pair) pair {
	if a.n == 0 {
		return b
	}
	if b.n == 0 {
		return a
	}
	n := float64(a.n + b.n)
	dx, dy, share := b.mx-a.mx, b.my-a.my, float64(a.n)*float64(b.n)/n
	return pair{a.n + b.n, a.mx + float64(dx*(float64(b.n)/n)), a.my + float64(dy*(float64(b.n)/n)),
		a.xx + b.xx + float64(float64(dx*dx)*share), a.yy + b.yy + float64(float64(dy*dy)*share), a.xy + b.xy + float64(float64(dx*dy)*share)}
}

// Together says what two columns have in common over a window.
type Together uint8

// The measures of two columns; rows in which either is NaN are left out, and it takes at least two.
const (
	Correlation Together = iota // Pearson's, −1 to 1; NaN where either is constant
	Covariance                  // ddof 1
	Beta                        // covariance over the second's variance: the slope of x on y
)

// RollingPair measures x and y, of the same length, over each window.
func RollingPair(x, y []float64, m Together, w Window) ([]float64, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if len(x) != len(y) || m > Beta {
		return nil, fmt.Errorf("rolling pair: %d and %d values, measure %d", len(x), len(y), m)
	}
	return blocks(len(x), w, joinPairs, func(i int) pair {
		if math.IsNaN(x[i]) || math.IsNaN(y[i]) {
			return pair{}
		}
		return pair{n: 1, mx: x[i], my: y[i]}
	}, func(p pair) float64 {
		switch {
		case p.n < max(2, w.MinPeriods):
			return math.NaN()
		case m == Covariance:
			return p.xy / float64(p.n-1)
		case p.yy <= 0 || m == Correlation && p.xx <= 0:
			return math.NaN()
		case m == Beta:
			return p.xy / p.yy
		}
		return max(-1, min(1, p.xy/math.Sqrt(p.xx)/math.Sqrt(p.yy)))
	}), nil
}
