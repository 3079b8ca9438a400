package backtest

import (
	"context"
	"math"
	"testing"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/learn"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

// follower says of each bar whether a signal that was computed beforehand, on all the bars it was given, is above zero. What is
// computed beforehand is where leaks hide.
type follower struct {
	quiet
	signal []float64
	n      int
}

func (f *follower) Spec() strategy.Spec {
	return strategy.Spec{Name: "follower", Markets: []market.Market{btc}, Interval: market.FiveMinutes}
}

func (f *follower) OnBar(ctx strategy.Context, _ int, _ *market.Bar) error {
	if f.signal[f.n] > 0 {
		ctx.Log("buy")
	}
	f.n++
	return nil
}

func closes(bars []market.Bar) []float64 {
	out := make([]float64, len(bars))
	for i := range bars {
		out[i] = bars[i].CloseFloat()
	}
	return out
}

// back is x[i] − x[i−n], and 0 where there is too little past.
func back(x []float64, n int) []float64 {
	out := make([]float64, len(x))
	for i := n; i < len(x); i++ {
		out[i] = x[i] - x[i-n]
	}
	return out
}

// window is x[i] less the mean of x[i−before … i+after], where that is inside.
func window(x []float64, before, after int) []float64 {
	out := make([]float64, len(x))
	for i := before; i+after < len(x); i++ {
		s := 0.0
		for _, v := range x[i-before : i+after+1] {
			s += v / float64(before+after+1)
		}
		out[i] = x[i] - s
	}
	return out
}

// fitted predicts the next change from the last two by a ridge regression over the rows to, which may be all of them, and refits never.
func fitted(x []float64, to int) []float64 {
	a, b, y := back(x, 1), back(x, 2), make([]float64, len(x))
	for i := 0; i+1 < len(x); i++ {
		y[i] = x[i+1] - x[i]
	}
	m, err := learn.Ridge(learn.Sample{Columns: [][]float64{a[:to], b[:to]}, Target: y[:to]}, learn.LinearOptions{Penalty: 1})
	if err != nil {
		return make([]float64, len(x))
	}
	out, err := m.Predict([][]float64{a, b})
	if err != nil {
		return make([]float64, len(x))
	}
	return out
}

// Each kind of leak that is known to slip into research is caught, and what only looks like one is not.
func TestEveryKindOfLeakIsCaught(t *testing.T) {
	t.Parallel()
	bars := [][]market.Bar{syntheticBars(3000)}
	const train = 1500
	for name, c := range map[string]struct {
		signal func(x []float64) []float64
		clean  bool
	}{
		"the past alone":    {func(x []float64) []float64 { return back(x, 3) }, true},
		"a trailing window": {func(x []float64) []float64 { return window(x, 10, 0) }, true},
		"a model of the older half, used on the newer": {func(x []float64) []float64 {
			out := make([]float64, len(x))
			if len(x) > train+1 {
				copy(out[train+1:], fitted(x, train)[train+1:])
			}
			return out
		}, true},
		"shifted by one":   {func(x []float64) []float64 { return append(back(x, 1)[1:], 0) }, false},
		"a centred window": {func(x []float64) []float64 { return window(x, 5, 5) }, false},
		"a z-score of the whole sample": {func(x []float64) []float64 {
			m := 0.0
			for _, v := range x {
				m += v / float64(len(x))
			}
			out := make([]float64, len(x))
			for i, v := range x {
				out[i] = v - m
			}
			return out
		}, false},
		"the whole sample's range": {func(x []float64) []float64 {
			low, high := math.Inf(1), math.Inf(-1)
			for _, v := range x {
				low, high = min(low, v), max(high, v)
			}
			out := make([]float64, len(x))
			for i, v := range x {
				out[i] = (v-low)/(high-low) - 0.5
			}
			return out
		}, false},
		"the hour's close inside the hour": {func(x []float64) []float64 {
			out := make([]float64, len(x))
			for i := range x {
				out[i] = x[min(len(x)-1, i/12*12+11)] - x[i]
			}
			return out
		}, false},
		"the label among the features": {func(x []float64) []float64 {
			events, err := evidence.TripleBarrier(x, nil, evidence.Barriers{Target: 0.002, Profit: 1, Loss: 1, Vertical: 6})
			out := make([]float64, len(x))
			for _, e := range events {
				if err == nil {
					out[e.From] = e.Return
				}
			}
			return out
		}, false},
		"a scaler fitted before the split": {func(x []float64) []float64 {
			out, s := back(x, 1), 0.0
			for _, v := range out {
				s += math.Abs(v) / float64(len(x))
			}
			for i := range out {
				out[i] = math.Abs(out[i]) - s
			}
			return out
		}, false},
		"a model trained past the moment": {func(x []float64) []float64 { return fitted(x, len(x)-1) }, false},
		"filled forward from a later value": {func(x []float64) []float64 {
			out := make([]float64, len(x)) // every seventh value was revised later: the revision stands where the first value was known
			for i := range x {
				out[i] = x[i] - x[max(0, i-1)]
				if i%7 == 0 && i+20 < len(x) {
					out[i] = x[i+20] - x[i]
				}
			}
			return out
		}, false},
	} {
		got, err := RunLookAhead(context.Background(), LookAheadInput{Bars: bars, Settings: report.Default(), Seed: 3,
			New: func(b [][]market.Bar) (strategy.Strategy, error) {
				return &follower{signal: c.signal(closes(b[0]))}, nil
			}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Finding.Passed != c.clean {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
