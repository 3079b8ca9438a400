package series

import (
	"fmt"
	"math"
)

// Lag returns x as it was n rows before; the first n rows are NaN. A negative n is an error: it reads the future.
func Lag(x []float64, n int) ([]float64, error) {
	if n < 0 {
		return nil, fmt.Errorf("lag by %d: a negative lag reads rows from the future; lag by 0 or more", n)
	}
	out := make([]float64, len(x))
	n = min(n, len(x))
	for i := range out[:n] {
		out[i] = math.NaN()
	}
	copy(out[n:], x)
	return out, nil
}

// Difference is x[i] − x[i−n], n at least 1; the first n rows are NaN.
func Difference(x []float64, n int) ([]float64, error) {
	return change(x, n, func(now, was float64) float64 { return now - was })
}

// PercentChange is x[i]/x[i−n] − 1 as a fraction, n at least 1; the first n rows are NaN, and so is a change from 0.
func PercentChange(x []float64, n int) ([]float64, error) {
	return change(x, n, func(now, was float64) float64 {
		if was == 0 {
			return math.NaN()
		}
		return now/was - 1
	})
}

// LogReturn is ln(x[i]/x[i−n]), n at least 1; the first n rows are NaN, and so is one from or to 0 or below.
func LogReturn(x []float64, n int) ([]float64, error) {
	return change(x, n, func(now, was float64) float64 {
		if was <= 0 || now <= 0 {
			return math.NaN()
		}
		return math.Log(now / was)
	})
}

func change(x []float64, n int, of func(now, was float64) float64) ([]float64, error) {
	if n < 1 {
		return nil, fmt.Errorf("change over %d rows: it takes at least 1, fewer would read the future or nothing", n)
	}
	out, err := Lag(x, n)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i] = of(x[i], out[i])
	}
	return out, nil
}

// CumulativeSum is the compensated (Neumaier) sum of all values so far; NaN values are passed over, and are NaN themselves.
func CumulativeSum(x []float64) []float64 {
	var t total
	return cumulate(x, func(v float64) float64 {
		t = Sum.join(t, one(v))
		return t.high + t.low
	})
}

// CumulativeProduct is the product of all values so far.
func CumulativeProduct(x []float64) []float64 {
	p := 1.0
	return cumulate(x, func(v float64) float64 { p *= v; return p })
}

// CumulativeMax is the greatest value so far.
func CumulativeMax(x []float64) []float64 {
	top := math.Inf(-1)
	return cumulate(x, func(v float64) float64 { top = max(top, v); return top })
}

// Drawdown is x over its greatest value so far, less 1: 0 at a high, below it elsewhere. NaN where that greatest value is not above zero.
func Drawdown(x []float64) []float64 {
	top := math.Inf(-1)
	return cumulate(x, func(v float64) float64 {
		if top = max(top, v); top <= 0 {
			return math.NaN()
		}
		return v/top - 1
	})
}

func cumulate(x []float64, next func(float64) float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.NaN()
		if v == v {
			out[i] = next(v)
		}
	}
	return out
}

// ExponentialMean weighs each value 1 − α as much as the one after it, α = 2/(span + 1), span at least 1. Adjusted, the mean is divided by the
// weights that there are, so that the first rows are not dominated by the first value; else it is a + α(x − a) from the first value on. NaN
// values are passed over: their rows repeat the row before.
func ExponentialMean(x []float64, span float64, adjust bool) ([]float64, error) {
	if !(span >= 1) || math.IsInf(span, 0) {
		return nil, fmt.Errorf("exponential mean: a span of %v rows: it must be a finite number, at least 1", span)
	}
	alpha := 2 / (span + 1)
	out := make([]float64, len(x))
	mean, weight := math.NaN(), 0.0
	for i, v := range x {
		switch {
		case math.IsNaN(v):
		case math.IsNaN(mean):
			mean, weight = v, 1
		case adjust:
			weight = 1 + float64((1-alpha)*weight)
			mean += (v - mean) / weight
		default:
			mean += float64(alpha * (v - mean))
		}
		out[i] = mean
	}
	return out, nil
}
