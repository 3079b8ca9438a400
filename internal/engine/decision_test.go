package engine_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/internal/venue/sim"
)

// witness writes down what each call sees: its kind, the time and the last close.
type witness struct{ seen []string }

func (w *witness) Spec() strategy.Spec {
	return strategy.Spec{Name: "witness", Interval: market.Hour, Warmup: 1, Markets: []market.Market{{Base: "BTC", Quote: "AUD"}}}
}
func (w *witness) note(ctx strategy.Context, kind string) {
	w.seen = append(w.seen, kind+" "+ctx.Now().Format("15:04")+" "+ctx.Last(0).String())
}
func (w *witness) Init(ctx strategy.Context) error {
	ctx.SetTimer("two hours in", ctx.Now().Add(2*time.Hour))
	return nil
}
func (w *witness) OnBar(ctx strategy.Context, _ int, _ *market.Bar) error {
	w.note(ctx, "bar")
	if len(ctx.OpenOrders(0)) == 0 && ctx.Position(0).Quantity.IsZero() {
		ctx.Submit(strategy.Intent{Side: trade.Buy, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: money.MustParse("0.5")})
	}
	return nil
}
func (w *witness) OnFill(ctx strategy.Context, _ *trade.Fill) error {
	w.note(ctx, "fill")
	return nil
}
func (w *witness) OnTimer(ctx strategy.Context, name string) error {
	w.note(ctx, name)
	return nil
}

// TestEverythingInABarsStepIsDecidedAtItsClose: a fill, a timer and the bar itself see the same time and the same close. A timer set in
// init counts from the first event.
func TestEverythingInABarsStepIsDecidedAtItsClose(t *testing.T) {
	t.Parallel()
	w := &witness{}
	e, err := engine.New(engine.Config{Strategy: w, Settings: report.Default()})
	if err != nil {
		t.Fatal(err)
	}
	v, err := sim.New(report.Default(), w.Spec().Markets, market.Hour)
	if err != nil {
		t.Fatal(err)
	}
	r := engine.NewRunner(e, v, false)
	for i, close := range []string{"100", "110", "120", "130"} {
		if err := r.Step(&engine.Event{Kind: engine.Bar, Bar: market.MustBar(int64(i)*3600, "100", "200", "50", close, "1000")}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"bar 01:00 100", "bar 02:00 110", "fill 03:00 120", "two hours in 03:00 120", "bar 03:00 120", "bar 04:00 130"}
	if len(w.seen) != len(want) {
		t.Fatalf("%q, want %q", w.seen, want)
	}
	for i := range want {
		if w.seen[i] != want[i] {
			t.Errorf("call %d saw %q, want %q", i+1, w.seen[i], want[i])
		}
	}
}

// talker logs a hundred lines a bar.
type talker struct{ witness }

func (w *talker) OnBar(ctx strategy.Context, _ int, _ *market.Bar) error {
	for range 100 {
		ctx.Log("said")
	}
	return nil
}
func (w *talker) Init(strategy.Context) error { return nil }

func TestLinesThatAreLeftOutAreSaidOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	trace := engine.NewTrace(&out)
	w := &talker{}
	e, err := engine.New(engine.Config{Strategy: w, Settings: report.Default(), Audit: trace})
	if err != nil {
		t.Fatal(err)
	}
	v, err := sim.New(report.Default(), w.Spec().Markets, market.Hour)
	if err != nil {
		t.Fatal(err)
	}
	r := engine.NewRunner(e, v, false)
	for i := range int64(110) {
		if err := r.Step(&engine.Event{Kind: engine.Bar, Bar: market.MustBar(i*3600, "100", "200", "50", "100", "1000")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := trace.Close(); err != nil {
		t.Fatal(err)
	}
	if said, left := strings.Count(out.String(), `"said"`), strings.Count(out.String(), "are left out"); said != 10_000 || left != 1 {
		t.Errorf("%d lines, %d times that lines are left out", said, left)
	}
}
