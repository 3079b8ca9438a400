package evidence

import (
	"math"
	"strings"
	"testing"
)

func value(t *testing.T, what string, v Value, want float64) {
	t.Helper()
	if !v.Valid() {
		t.Errorf("%s has no value: %s", what, v.Reason)
		return
	}
	near(t, what, v.V, want, 1e-9)
}

func missing(t *testing.T, what string, v Value, reason string) {
	t.Helper()
	if v.Valid() || v.V != 0 || !strings.Contains(v.Reason, reason) {
		t.Errorf("%s: got %+v, want the reason %q", what, v, reason)
	}
}

// Worked by hand: the mean of +2, −1, 0, +3 % is 1 %; the squares about it are 1, 4, 1, 4 (in 1e-4), so the variance is 10/3e-4;
// the only loss is 1 %, so the downside deviation is 1 %/√4.
func TestDailyRatiosWorkedByHand(t *testing.T) {
	t.Parallel()
	r := DailyRatios([]float64{.02, -.01, 0, .03})
	value(t, "volatility", r.Volatility, .01*math.Sqrt(10./3*365))
	value(t, "sharpe", r.Sharpe, math.Sqrt(3./10*365))
	value(t, "sortino", r.Sortino, 2*math.Sqrt(365))
}

func TestDailyRatiosWithoutValue(t *testing.T) {
	t.Parallel()
	for _, few := range [][]float64{nil, {.1}} {
		r := DailyRatios(few)
		missing(t, "volatility", r.Volatility, "two days")
		missing(t, "sharpe", r.Sharpe, "two days")
		missing(t, "sortino", r.Sortino, "two days")
	}
	r := DailyRatios([]float64{.1, .1, .1}) // whose computed deviation is not zero
	value(t, "volatility", r.Volatility, 0)
	missing(t, "sharpe", r.Sharpe, "no variance")
	missing(t, "sortino", r.Sortino, "no day lost")
	r = DailyRatios([]float64{.1, math.NaN(), .1})
	missing(t, "sharpe", r.Sharpe, "day 1")
	r = DailyRatios([]float64{1e308, -1e308})
	missing(t, "volatility", r.Volatility, "too large")
	missing(t, "sharpe", r.Sharpe, "too large")
	missing(t, "sortino", r.Sortino, "too large")
	r = DailyRatios([]float64{1e-200, -1e-200})
	missing(t, "sharpe", r.Sharpe, "too small")
	missing(t, "sortino", r.Sortino, "too small")
}

func TestGrowthWorkedByHand(t *testing.T) {
	t.Parallel()
	const year = 31_557_600 // 365.25 days
	value(t, "one year", CAGR(100, 121, year), .21)
	value(t, "two years", CAGR(100, 121, 2*year), .1)
	value(t, "all lost", CAGR(100, 0, year), -1)
	missing(t, "a day", CAGR(100, 121, 86400), "two days")
	missing(t, "too fast", CAGR(1, 1e200, 172800), "beyond numbers")
	missing(t, "no start", CAGR(0, 1, year), "above zero")
	missing(t, "below zero", CAGR(1, -1, year), "not below")
	missing(t, "NaN", CAGR(1, math.NaN(), year), "NaN")
	value(t, "calmar", Calmar(number(.3), -.2), 1.5)
	missing(t, "calmar", Calmar(none("x"), -.2), "no CAGR")
	missing(t, "calmar", Calmar(number(.3), 0), "never fell")
	missing(t, "calmar", Calmar(number(.3), .2), "above zero")
	missing(t, "calmar", Calmar(number(1e300), -1e-300), "too large")
}

func TestMaxDrawdownWorkedByHand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		curve                          []float64
		depth                          float64
		peak, trough, recovery, length int
	}{
		"recovers":                    {[]float64{100, 120, 90, 110, 120, 130}, -.25, 1, 2, 4, 3},
		"does not recover":            {[]float64{100, 120, 90, 110}, -.25, 1, 2, -1, 2},
		"a deeper one later":          {[]float64{100, 90, 100, 50, 60, 101}, -.5, 2, 3, 5, 3},
		"a shallower one later":       {[]float64{100, 50, 100, 90}, -.5, 0, 1, 2, 2},
		"equally deep: the first":     {[]float64{100, 50, 100, 50, 100}, -.5, 0, 1, 2, 2},
		"the trough is the first":     {[]float64{100, 50, 60, 50, 100}, -.5, 0, 1, 4, 4},
		"the peak is the last at it":  {[]float64{100, 100, 50}, -.5, 1, 2, -1, 1},
		"it deepens after a new peak": {[]float64{100, 80, 100, 110, 55}, -.5, 3, 4, -1, 1},
		"never falls":                 {[]float64{1, 1, 2}, 0, -1, -1, -1, 0},
		"one point":                   {[]float64{1}, 0, -1, -1, -1, 0},
		"a debt is a fall beyond all": {[]float64{100, -50}, -1.5, 0, 1, -1, 1},
	} {
		d := MaxDrawdown(c.curve)
		value(t, name, d.Depth, c.depth)
		if d.Peak != c.peak || d.Trough != c.trough || d.Recovery != c.recovery || d.Length != c.length {
			t.Errorf("%s: got %+v", name, d)
		}
	}
	missing(t, "empty", MaxDrawdown(nil).Depth, "empty")
	missing(t, "NaN", MaxDrawdown([]float64{1, math.NaN()}).Depth, "equity 1")
	missing(t, "zero start", MaxDrawdown([]float64{0, 1}).Depth, "above zero")
	missing(t, "overflow", MaxDrawdown([]float64{1e-300, -1e300}).Depth, "too large")
}

// Published figures of empyrical (test_stats.py), which has 252 days a year.
func TestDailyRatiosPublished(t *testing.T) {
	t.Parallel()
	year := math.Sqrt(365. / 252)
	mixed := []float64{.01, .1, -.04, .02, .03, .02, .01, -.1}
	r := DailyRatios(mixed)
	value(t, "volatility", r.Volatility, .9136465399704637*year)
	value(t, "sharpe", r.Sharpe, 1.7238613961706866*year)
	value(t, "sortino", r.Sortino, 2.605531251673693*year)
	r = DailyRatios([]float64{0, -.06, -.07, -.01, -.09, -.02, -.06, -.08, -.05})
	value(t, "sharpe", r.Sharpe, -24.406808633910085*year)
	value(t, "sortino", r.Sortino, -13.5327430750434*year)
	curve := []float64{1}
	for _, x := range mixed {
		curve = append(curve, curve[len(curve)-1]*(1+x))
	}
	value(t, "drawdown", MaxDrawdown(curve).Depth, -.1)
}
