package series

import (
	"fmt"
	"math"
)

// RollingDuration reduces, at each row at time t, the rows of (t − span, t], span in milliseconds and at least 1: as Rolling does by count. It
// costs O(rows) whatever the span. NaN with fewer than minPeriods values, which is at least 1. There is no median of it.
func (f *Frame) RollingDuration(name string, s Statistic, span int64, minPeriods int) ([]float64, error) {
	if span < 1 || minPeriods < 1 {
		return nil, fmt.Errorf("rolling %q over %d ms with at least %d values: it takes at least 1 ms and 1 value", name, span, minPeriods)
	}
	if s > Count {
		return nil, fmt.Errorf("rolling %q: there is no %s of a duration", name, s)
	}
	x, err := f.Column(name)
	if err != nil {
		return nil, err
	}
	// Rows are joined to front as they come. When the window has left all rows of the last turn, front's rows become older, joined from the
	// new end backwards, and front begins again: each row is joined twice, and nothing is subtracted.
	out, older := make([]float64, len(x)), make([]total, len(x)+1)
	var front total
	lo, turn := 0, 0 // the window begins at row lo; older[k] is the rows k to turn, front those from turn on
	for i, t := range f.times {
		front = s.join(front, one(x[i]))
		for ; uint64(t)-uint64(f.times[lo]) >= uint64(span); lo++ {
			if lo == turn {
				turn, front, older[i+1] = i+1, total{}, total{}
				for k := i; k >= lo; k-- {
					older[k] = s.join(one(x[k]), older[k+1])
				}
			}
		}
		out[i] = math.NaN()
		if n := i + 1 - lo; minPeriods <= n || s == Count {
			if lo >= turn {
				out[i] = s.answer(front, minPeriods)
			} else {
				out[i] = s.answer(s.join(older[lo], front), minPeriods)
			}
		}
	}
	return out, nil
}

// Inverse gives back what Apply made its values of: of standard and robust. What winsor and uniform cut or ranked is gone, so that is an error.
func (f *Fit) Inverse(x []float64) ([]float64, error) {
	if f == nil || f.method != "standard" && f.method != "robust" {
		return nil, fmt.Errorf("inverse: only a standard and a robust fit can be undone")
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v*f.unit) + f.center
	}
	return out, nil
}
