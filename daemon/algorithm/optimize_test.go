package algorithm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/search"
)

func optimizeRequest() api.OptimizeRequest {
	return api.OptimizeRequest{BacktestRequest: api.BacktestRequest{Strategy: "ema-cross", From: "2024-02-01"},
		Ranges: map[string]search.Range{"fast": {Values: []float64{8, 16}}, "slow": {Min: 40, Max: 80, Step: 20}}}
}

// A grid's points have the figures that a backtest of each has, the best is the best of them, all are counted, and the bars that are
// kept back decide nothing.
func TestASearchIsManyBacktestsAndSeesNoTest(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	got, err := b.Optimize(t.Context(), b.user, optimizeRequest())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Points) != 6 || got.Best == nil || got.Test == nil || got.Hold == nil || got.PBO == nil || got.Deflated == nil {
		t.Fatalf("%+v", got)
	}
	c, err := b.db.Campaign(t.Context(), b.user, "", []market.Market{{Base: "BTC", Quote: "USDT"}})
	if err != nil || c.Trials != 7 || len(c.Ran) != 7 || got.Trials != 7 {
		t.Errorf("%d trials, %d ran, %d told, %v: want six points and the test", c.Trials, len(c.Ran), got.Trials, err)
	}
	top := -1e9
	for _, p := range got.Points {
		r, err := b.Backtest(t.Context(), b.user, api.BacktestRequest{Strategy: "ema-cross", Params: p.Params, From: "2024-02-01", To: got.To.Format(time.RFC3339)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(r.Strat.Sharpe, p.Sharpe) || !cmp.Equal(r.Strat.Return, p.Return) || r.Strat.Trades != p.Trades {
			t.Errorf("%v: %v %v, a backtest shows %v %v", p.Params, *p.Sharpe, *p.Return, *r.Strat.Sharpe, *r.Strat.Return)
		}
		top = max(top, *r.Strat.Sharpe)
	}
	if *got.Best.Score != top || !cmp.Equal(got.Best.Params, got.Test.Params) {
		t.Errorf("the best is %v, want a Sharpe ratio of %v", got.Best, top)
	}
	tested, err := b.Backtest(t.Context(), b.user, api.BacktestRequest{Strategy: "ema-cross", Params: got.Best.Params, From: got.To.Format(time.RFC3339)}, nil)
	if err != nil || !cmp.Equal(tested.Strat.Return, got.Test.Return) || !cmp.Equal(tested.Hold.Return, got.Hold.Return) {
		t.Errorf("the test: %v, a backtest %v, %v", *got.Test.Return, *tested.Strat.Return, err)
	}
	// Without the bars that are kept back the search finds the same.
	cut := optimizeRequest()
	cut.To, cut.Test = got.To.Format(time.RFC3339), new(float64)
	blind, err := b.Optimize(t.Context(), b.user, cut)
	if err != nil || !cmp.Equal(blind.Points, got.Points) || blind.Test != nil || !strings.Contains(fmt.Sprint(blind.Notes), "nothing was kept back") {
		t.Errorf("without the bars that are kept back: %v\n%s", err, cmp.Diff(blind.Points, got.Points))
	}
}

func TestHalvingRunsTheBestOnMore(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	r := optimizeRequest()
	r.Ranges = map[string]search.Range{"fast": {Min: 4, Max: 30}, "slow": {Min: 32, Max: 120}}
	r.Method, r.Points, r.Seed, r.Objective = "halving", 9, 5, "return"
	got, err := b.Optimize(t.Context(), b.user, r)
	if err != nil {
		t.Fatal(err)
	}
	shares := map[float64]int{}
	for _, p := range got.Points {
		shares[p.Share]++
	}
	if len(got.Points) != 9 || shares[1] != 1 || got.Points[0].Share != 1 || len(shares) != 3 || got.PBO != nil || got.Trials != 9+3+1+1 {
		t.Errorf("%v, %d trials, notes %v", shares, got.Trials, got.Notes)
	}
	again, err := b.Optimize(t.Context(), b.user, r)
	if err != nil || !cmp.Equal(again.Points, got.Points) || again.Trials != got.Trials {
		t.Errorf("the same search again: %v, %d trials\n%s", err, again.Trials, cmp.Diff(again.Points, got.Points))
	}
}

func TestAPointThatFailsIsToldAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	r := optimizeRequest()
	r.Strategy, r.Source = "x", `strategy(name='x', markets=['BTC/USDT'], interval='1h')
n = param('n', 1, min=0, max=9)
if n == 4: fail('four is not possible')
def on_bar(ctx, bar): ctx.target(0.5 if (bar.close * 7 // n) % 2 else 0)
`
	r.Ranges = map[string]search.Range{"n": {Values: []float64{0, 2, 4}}}
	got, err := b.Optimize(t.Context(), b.user, r)
	if err != nil {
		t.Fatal(err)
	}
	told := map[float64]string{}
	for _, p := range got.Points {
		told[p.Params["n"]] = p.Error
	}
	if told[2] != "" || !strings.Contains(told[4], "four is not possible") || !strings.Contains(told[0], "division by zero") && !strings.Contains(told[0], "zero") {
		t.Errorf("%v", told)
	}
	if got.Best == nil || got.Best.Params["n"] != 2 || got.Trials != 3 {
		t.Errorf("%+v with %d trials: want the point that fails while it runs counted, and the one that never ran not", got.Best, got.Trials)
	}
}

func TestSearchesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	tooMuch := 0.95
	for name, change := range map[string]func(*api.OptimizeRequest){
		"method":       func(r *api.OptimizeRequest) { r.Method = "luck" },
		"objective":    func(r *api.OptimizeRequest) { r.Objective = "profit" },
		"parameter":    func(r *api.OptimizeRequest) { r.Ranges["x"] = search.Range{Values: []float64{1}} },
		"share":        func(r *api.OptimizeRequest) { r.Test = &tooMuch },
		"walk_forward": func(r *api.OptimizeRequest) { r.WalkForward = 3 },
		"points":       func(r *api.OptimizeRequest) { r.Method, r.Points = "random", -1 },
	} {
		r := optimizeRequest()
		change(&r)
		if _, err := b.Optimize(t.Context(), b.user, r); err != nil {
			problemOf(t, err, api.CodeBadRequest)
		} else {
			t.Errorf("%s: no error", name)
		}
	}
	if c, err := b.db.Campaign(t.Context(), b.user, "", []market.Market{{Base: "BTC", Quote: "USDT"}}); err != nil || c.Trials != 0 {
		t.Errorf("%d trials of searches that never began, %v", c.Trials, err)
	}
}
