package backtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

func TestTheSameRunGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	run := func() ([]byte, []byte) {
		var trace bytes.Buffer
		rep, err := Run(context.Background(), Input{Strategy: newEMACross(5, 20), Bars: [][]market.Bar{syntheticBars(5000)}, Settings: report.Default(), Trace: &trace})
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(rep)
		if err != nil {
			t.Fatal(err)
		}
		return b, trace.Bytes()
	}
	a, ta := run()
	b, tb := run()
	if !bytes.Equal(a, b) || !bytes.Equal(ta, tb) || len(ta) == 0 {
		t.Fatal("two runs differ")
	}
	for _, kind := range []string{"bar", "intent", "approved", "order", "fill", "mark", "end"} {
		if !bytes.Contains(ta, []byte(`"kind":"`+kind+`"`)) {
			t.Errorf("the trace has no %s", kind)
		}
	}
}

// buyer buys with everything once, at the close of bar number `on`.
type buyer struct {
	quiet
	iv market.Interval
	on int
	n  int
}

func (s *buyer) Spec() strategy.Spec {
	return strategy.Spec{Name: "buyer", Markets: []market.Market{btc}, Interval: s.iv}
}

func (s *buyer) OnBar(ctx strategy.Context, m int, _ *market.Bar) error {
	if s.n == s.on {
		ctx.Submit(strategy.Intent{Market: m, Side: trade.Buy, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: money.One})
	}
	s.n++
	return nil
}

// free are settings without costs, so that figures can be worked out by hand.
func free(cash int64) report.Settings {
	s := report.Default()
	s.Cash, s.FeeBps, s.SlippageBps = money.FromInt(cash), money.Zero, money.Zero
	return s
}

func dayBars(closes ...string) []market.Bar {
	start := time.Date(2024, 1, 30, 0, 0, 0, 0, time.UTC).Unix()
	out := make([]market.Bar, len(closes))
	for i, c := range closes {
		out[i] = market.MustBar(start+int64(i)*86400, c, c, c, c, "1000000")
	}
	return out
}

func TestFiguresWorkedByHand(t *testing.T) {
	t.Parallel()
	// Bought at 100 on day 2 with 1,000: equity 1000, 1000, 1200, 900, 1080, 1260.
	rep, err := Run(context.Background(), Input{Strategy: &buyer{iv: market.Day}, Bars: [][]market.Bar{dayBars("100", "100", "120", "90", "108", "126")}, Settings: free(1000)})
	if err != nil {
		t.Fatal(err)
	}
	f := rep.Strat
	rets := []float64{0, 0, 0.2, -0.25, 0.2, 1.0 / 6}
	mean := (0.2 - 0.25 + 0.2 + 1.0/6) / 6
	ss := 0.0
	for _, r := range rets {
		ss += (r - mean) * (r - mean)
	}
	near(t, "return", *f.Return, 0.26)
	near(t, "volatility", *f.Volatility, math.Sqrt(ss/5)*math.Sqrt(365))
	near(t, "sharpe", *f.Sharpe, mean/math.Sqrt(ss/5)*math.Sqrt(365))
	near(t, "sortino", *f.Sortino, mean/math.Sqrt(0.0625/6)*math.Sqrt(365))
	near(t, "cagr", *f.CAGR, math.Pow(1.26, 365.25/6)-1)
	near(t, "max drawdown", *f.MaxDrawdown, -0.25)
	near(t, "calmar", *f.Calmar, *f.CAGR/0.25)
	near(t, "exposure", *f.Exposure, 5.0/6)
	near(t, "turnover", *f.Turnover, 1000/(6440.0/6)*365.25/6)
	if *f.DrawdownSeconds != 3*86400 || !f.FinalEquity.Equal(money.FromInt(1260)) {
		t.Errorf("drawdown of %d s, final equity %s", *f.DrawdownSeconds, f.FinalEquity)
	}
	if len(rep.Months) != 2 || rep.Months[0].Return != 0 {
		t.Errorf("months %+v", rep.Months)
	}
	near(t, "february", rep.Months[1].Return, 0.26)
	if len(rep.Trades) != 1 || !rep.Trades[0].Open || rep.Trades[0].Bars != 5 || rep.Trades[0].PnL.String() != "260" {
		t.Errorf("trades %+v", rep.Trades)
	}
	// Buy and hold has the first bar's open: the same here, one bar earlier.
	if !rep.Hold.FinalEquity.Equal(money.FromInt(1260)) || *rep.Hold.Exposure != 1 {
		t.Errorf("buy and hold %+v", rep.Hold)
	}
	if f.WinRate != nil || f.Reasons["win_rate"] == "" {
		t.Error("a win rate without a closed trade")
	}
}

func TestWhatHasNoValueIsNullWithAReason(t *testing.T) {
	t.Parallel()
	rep, err := Run(context.Background(), Input{Strategy: &buyer{iv: market.Day, on: 99}, Bars: [][]market.Bar{dayBars("100")}, Settings: free(1000)})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(rep.Strat)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cagr", "volatility", "sharpe", "sortino", "calmar", "drawdown_seconds", "win_rate", "profit_factor"} {
		if v, there := m[name]; !there || v != nil || rep.Strat.Reasons[name] == "" {
			t.Errorf("%s is %v, reason %q", name, v, rep.Strat.Reasons[name])
		}
	}
}

func TestWarmupComesFromBeforeTheWindow(t *testing.T) {
	t.Parallel()
	bars := syntheticBars(1000)
	from := bars[500].OpenTime()
	in := Input{Strategy: newEMACross(5, 20), Bars: [][]market.Bar{bars}, From: from, Settings: report.Default()}
	rep, err := Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.Strategy, in.Bars = newEMACross(5, 20), [][]market.Bar{bars[480:]}
	same, err := Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Bars != 500 || rep.Warmup != 20 || !rep.From.Equal(from) || !reflect.DeepEqual(rep, same) {
		t.Errorf("%d bars, %d for warm-up, from %s; with no more than the warm-up bars the report is the same: %v", rep.Bars, rep.Warmup, rep.From, reflect.DeepEqual(rep, same))
	}
	in.Strategy, in.Bars = newEMACross(5, 20), [][]market.Bar{bars[500:]}
	if rep, err = Run(context.Background(), in); err != nil || rep.Bars != 500 || rep.Warmup != 20 {
		t.Errorf("without bars before the window: %d bars, %d for warm-up, %v", rep.Bars, rep.Warmup, err)
	}
}

func TestCurveKeepsExtremesWithinItsBound(t *testing.T) {
	t.Parallel()
	c := newCurve(100_000)
	for i := range 100_000 {
		v := math.Sin(float64(i) / 1000)
		if i == 54_321 {
			v = -7
		}
		c.add(point{int64(i), v, 0, 0})
	}
	c.flush()
	low := 0.0
	for i, p := range c.out {
		low = min(low, p.Equity)
		if i > 0 && !p.Time.After(c.out[i-1].Time) {
			t.Fatal("points out of order")
		}
	}
	if len(c.out) > maxCurve || low != -7 || !c.out[len(c.out)-1].Time.Equal(time.Unix(99_999, 0)) {
		t.Fatalf("%d points, lowest %v, last %s", len(c.out), low, c.out[len(c.out)-1].Time)
	}
}

func TestRunRefusesWhatItCannotRun(t *testing.T) {
	t.Parallel()
	bars := dayBars("100", "101")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		in   Input
		want error
	}{
		"no bars":      {Input{Bars: [][]market.Bar{nil}, Settings: free(1)}, ErrNoBars},
		"out of order": {Input{Bars: [][]market.Bar{{bars[1], bars[0]}}, Settings: free(1)}, nil},
		"other market": {Input{Bars: [][]market.Bar{bars, bars}, Settings: free(1)}, nil},
		"no cash":      {Input{Bars: [][]market.Bar{bars}, Settings: report.Settings{}}, report.ErrSettings},
		"cancelled":    {Input{Bars: [][]market.Bar{bars}, Settings: free(1)}, context.Canceled},
	} {
		c.in.Strategy = &buyer{iv: market.Day}
		use := context.Background()
		if name == "cancelled" {
			use = ctx
		}
		if _, err := Run(use, c.in); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWalkForwardChoosesOnThePastAlone(t *testing.T) {
	t.Parallel()
	bars := syntheticBars(288 * 20)
	var edges []time.Time
	in := WalkForwardInput{Input: Input{Bars: [][]market.Bar{bars}, Settings: report.Default()}, Markets: []market.Market{btc}, Interval: market.FiveMinutes, Folds: 4}
	in.Choose = func(_ context.Context, tr Training) (strategy.Strategy, error) {
		b := tr.Bars[0]
		if last := b[len(b)-1].OpenTime(); !last.Before(tr.To) || cap(b) > len(b)+len(b)/2+64 {
			t.Errorf("fold %d: trains up to %s, begins at %s", tr.Fold, last, tr.To)
		}
		edges = append(edges, tr.To)
		return newEMACross(5, 20+tr.Fold), nil
	}
	w, err := RunWalkForward(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Folds) != 4 || !w.Complete || w.Folds[2].Params["slow"] != 23 {
		t.Fatalf("%+v", w)
	}
	total := 1.0
	for i, f := range w.Folds {
		if !f.From.Equal(edges[i]) || i > 0 && !f.From.Equal(w.Folds[i-1].To) || f.Orders.Submitted == 0 {
			t.Errorf("fold %d runs from %s to %s with %d orders", i+1, f.From, f.To, f.Orders.Submitted)
		}
		total *= 1 + *f.Figures.Return
	}
	near(t, "stitched return", w.Return, total-1)
	again, err := RunWalkForward(context.Background(), in)
	a, _ := json.Marshal(w)
	b, _ := json.Marshal(again)
	if err != nil || !bytes.Equal(a, b) {
		t.Error("a second walk-forward differs")
	}
	in.Folds = 1
	if _, err := RunWalkForward(context.Background(), in); !errors.Is(err, ErrFolds) {
		t.Errorf("one fold: %v", err)
	}
}

// seer knows the whole series and acts on the next close; the leak that a look-ahead test must find.
type seer struct {
	quiet
	bars []market.Bar
	n    int
}

func (s *seer) Spec() strategy.Spec {
	return strategy.Spec{Name: "seer", Markets: []market.Market{btc}, Interval: market.FiveMinutes}
}

func (s *seer) OnBar(ctx strategy.Context, m int, b *market.Bar) error {
	if s.n++; s.n < len(s.bars) && s.bars[s.n].CloseFloat() > b.CloseFloat()*1.009 {
		ctx.Submit(strategy.Intent{Market: m, Side: trade.Buy, Type: trade.MarketOrder, Size: strategy.ByNotional, Amount: money.FromInt(10)})
	}
	return nil
}

// scaler measures each bar against the mean of the whole series: a whole-sample z-score.
type scaler struct {
	seer
	mean float64
}

func (s *scaler) OnBar(ctx strategy.Context, m int, b *market.Bar) error {
	if b.CloseFloat() < s.mean*0.999 {
		ctx.Log("cheap")
	}
	return nil
}

func TestLookAheadFindsPlantedLeaks(t *testing.T) {
	t.Parallel()
	bars := [][]market.Bar{syntheticBars(4000)}
	for name, c := range map[string]struct {
		make  func([][]market.Bar) (strategy.Strategy, error)
		clean bool
	}{
		"an honest EMA cross": {func([][]market.Bar) (strategy.Strategy, error) { return newEMACross(5, 20), nil }, true},
		"one that sees the next close": {func(b [][]market.Bar) (strategy.Strategy, error) {
			return &seer{bars: b[0]}, nil
		}, false},
		"one scaled by the whole sample": {func(b [][]market.Bar) (strategy.Strategy, error) {
			s := &scaler{}
			for i := range b[0] {
				s.mean += b[0][i].CloseFloat() / float64(len(b[0]))
			}
			return s, nil
		}, false},
		"one that sees the last bar": {func(b [][]market.Bar) (strategy.Strategy, error) {
			return &buyer{iv: market.FiveMinutes, on: int(b[0][len(b[0])-1].CloseFloat()) % 7}, nil
		}, false},
	} {
		got, err := RunLookAhead(context.Background(), LookAheadInput{New: c.make, Bars: bars, Settings: report.Default(), Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got.Finding.Passed != c.clean || got.Finding.Code == "" || (got.FirstBad == nil) != c.clean {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestLookAheadStaysWithinItsBudget(t *testing.T) {
	t.Parallel()
	got, err := RunLookAhead(context.Background(), LookAheadInput{Bars: [][]market.Bar{syntheticBars(4000)}, Settings: report.Default(), Cuts: 9, Budget: 20_000,
		New: func([][]market.Bar) (strategy.Strategy, error) { return newEMACross(5, 20), nil }})
	if err != nil || got.Bars != 1000 || got.Cuts != 9 || !got.Finding.Passed {
		t.Fatalf("%+v, %v", got, err)
	}
}

// A brief run has the figures, orders and days of a whole one, and nothing that only a person reads.
func TestABriefRunHasTheSameFigures(t *testing.T) {
	t.Parallel()
	run := func(brief bool) *report.Report {
		rep, err := Run(context.Background(), Input{Strategy: newEMACross(5, 20), Bars: [][]market.Bar{syntheticBars(3000)}, Settings: report.Default(), Brief: brief})
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	whole, brief := run(false), run(true)
	if len(whole.Trades) == 0 || whole.DataHash == "" || brief.DataHash != "" || brief.Trades != nil || brief.Months != nil || brief.Curve != nil {
		t.Fatalf("whole: %d trades; brief: %q, %d, %d, %d", len(whole.Trades), brief.DataHash, len(brief.Trades), len(brief.Months), len(brief.Curve))
	}
	if whole.Hold.Return == nil || brief.Hold.Return != nil || !slices.ContainsFunc(whole.Days, func(d report.Day) bool { return d.Hold != 0 }) {
		t.Errorf("buy-and-hold: %+v, %+v", whole.Hold, brief.Hold)
	}
	whole.Trades, whole.Months, whole.Curve, whole.DataHash = nil, nil, nil, ""
	whole.Hold, whole.Volume, whole.Missing = report.Figures{}, "", 0
	for i := range whole.Days {
		whole.Days[i].Hold = 0
	}
	whole.Notes = slices.DeleteFunc(whole.Notes, func(n string) bool { return !strings.HasPrefix(n, "the position in") })
	if len(whole.Notes) == 0 {
		whole.Notes = nil
	}
	if !reflect.DeepEqual(whole, brief) {
		t.Errorf("%+v\n%+v", brief, whole)
	}
}
