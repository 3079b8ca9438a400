package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/fact/facttest"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/sandbox/sandboxtest"
	"github.com/ohmycoins/omc/internal/strategy"
)

// walkOf is a random walk of bars, now and then with a hole.
func walkOf(seed uint64, n int, interval market.Interval) []market.Bar {
	r := rand.New(rand.NewPCG(seed, 7))
	price := 100.0
	at := int64(1_700_000_000) / int64(interval) * int64(interval)
	var out []market.Bar
	for range n {
		at += int64(interval)
		if r.IntN(50) == 0 {
			at += int64(interval) * int64(r.IntN(5))
		}
		open := price
		price *= 1 + 0.02*r.NormFloat64()
		high, low := max(open, price)*(1+0.005*r.Float64()), min(open, price)*(1-0.005*r.Float64())
		cents := func(f float64) money.Decimal { return money.New(int64(f*100), 2) }
		v := money.New(r.Int64N(100_000), 3)
		b, err := market.NewBar(at, cents(open), money.Max(cents(high), cents(open)), cents(low), cents(price), &v)
		if err != nil {
			panic(err)
		}
		out = append(out, b)
	}
	return out
}

// options gives every example markets of one currency.
func options(t *testing.T, e strategy.Example) (strategy.Options, strategy.Spec) {
	t.Helper()
	spec, err := strategy.Declare([]byte(e.Source))
	if err != nil {
		t.Fatal(err)
	}
	return strategy.Options{Markets: spec.Markets, Interval: spec.Interval}, spec
}

// The same bytes behave the same: a run inside the engine's own process, one that happens whole in a child, and one whose strategy is
// told of each event decide and report alike, to the byte.
func TestAStrategyDoesTheSameEverywhere(t *testing.T) {
	t.Parallel()
	host := sandboxtest.Host(t)
	for i, e := range strategy.Examples() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			o, spec := options(t, e)
			data := sandbox.Data{Markets: spec.Markets, Interval: spec.Interval}
			for m := range spec.Markets {
				data.Bars = append(data.Bars, walkOf(uint64(100*i+m), 600, spec.Interval))
			}
			data.Told = facttest.List(spec.Ledgers, data.Bars, uint64(i))
			settings := report.Default()
			from := data.Bars[0][150].OpenTime()

			strat, content, err := strategy.Load([]byte(e.Source), e.Name, o)
			if err != nil {
				t.Fatal(err)
			}
			in := backtest.Input{Strategy: strat, CodeHash: content.CodeHash(), Bars: data.Bars, Told: data.Told, From: from, Settings: settings, Sources: []string{"test"}}
			want, wantTrace := run(t, in)
			if !strings.Contains(wantTrace, `"intent"`) {
				t.Fatal("the example never wants anything: nothing would be compared")
			}

			b := host.Bench(sandbox.Script{Name: e.Name, Source: e.Source})
			defer b.Close()
			d, err := b.Declare(context.Background(), o)
			if err != nil || d.Content.ID() != content.ID() {
				t.Fatalf("declared %.12s, %v: want %.12s", d.Content.ID(), err, content.ID())
			}
			b.Load(data)
			var trace bytes.Buffer
			rep, err := b.Backtest(context.Background(), sandbox.Run{From: from, Settings: settings, Sources: []string{"test"}}, &trace, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := asJSON(t, rep); got != want {
				t.Errorf("the report of a child differs:\n%s\n%s", got, want)
			}
			if trace.String() != wantTrace {
				t.Error("the trace of a child differs")
			}

			s, err := host.Session(context.Background(), e.Name, content)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			in.Strategy = s
			if got, gotTrace := run(t, in); got != want || gotTrace != wantTrace {
				t.Errorf("a session differs: %s", firstDifference(gotTrace, wantTrace))
			}
		})
	}
}

func run(t *testing.T, in backtest.Input) (rep, trace string) {
	t.Helper()
	var b bytes.Buffer
	in.Trace = &b
	r, err := backtest.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return asJSON(t, r), b.String()
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d:\n%s\n%s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}

func TestWalksAndLooksAreTheSameInAChild(t *testing.T) {
	t.Parallel()
	host := sandboxtest.Host(t)
	e, ok := strategy.FindExample("ema-cross")
	if !ok {
		t.Fatal("no example ema-cross")
	}
	o, spec := options(t, e)
	data := sandbox.Data{Markets: spec.Markets, Interval: spec.Interval, Bars: [][]market.Bar{walkOf(5, 3000, spec.Interval)}}
	p, err := strategy.Compile([]byte(e.Source), e.Name)
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() (strategy.Strategy, error) { s, _, err := p.New(o); return s, err }
	in := backtest.Input{Bars: data.Bars, Settings: report.Default()}
	wantWalk, err := backtest.RunWalkForward(context.Background(), backtest.WalkForwardInput{Input: in, Markets: spec.Markets, Interval: spec.Interval, Folds: 4, Choose: backtest.Fixed(fresh)})
	if err != nil {
		t.Fatal(err)
	}
	wantLook, err := backtest.RunLookAhead(context.Background(), backtest.LookAheadInput{Bars: data.Bars, Settings: in.Settings, Seed: 3,
		New: func([][]market.Bar) (strategy.Strategy, error) { return fresh() }})
	if err != nil {
		t.Fatal(err)
	}
	b := host.Bench(sandbox.Script{Name: e.Name, Source: e.Source})
	defer b.Close()
	b.Load(data)
	walk, err := b.WalkForward(context.Background(), sandbox.Walk{Run: sandbox.Run{Settings: in.Settings}, Folds: 4})
	if err != nil || asJSON(t, walk) != asJSON(t, wantWalk) {
		t.Errorf("walk-forward: %v, or it differs", err)
	}
	look, err := b.LookAhead(context.Background(), sandbox.Look{Run: sandbox.Run{Settings: in.Settings}, Seed: 3})
	if err != nil || asJSON(t, look) != asJSON(t, wantLook) {
		t.Errorf("look-ahead: %v, or it differs", err)
	}
	if _, err := b.WalkForward(context.Background(), sandbox.Walk{Run: sandbox.Run{Settings: in.Settings}, Folds: 1}); !errors.Is(err, backtest.ErrFolds) {
		t.Errorf("one fold: %v", err)
	}
	if _, err := b.Backtest(context.Background(), sandbox.Run{Settings: in.Settings, From: time.Now().AddDate(5, 0, 0)}, nil, nil); !errors.Is(err, backtest.ErrNoBars) {
		t.Errorf("a window after the bars: %v", err)
	}
	// A run that may know less knows less.
	cut := data.Bars[0][2000].OpenTime()
	rep, err := b.Backtest(context.Background(), sandbox.Run{Settings: in.Settings, Before: cut, Since: data.Bars[0][1000].OpenTime()}, nil, nil)
	if err != nil || rep.Bars != 1000 || rep.To.After(cut) {
		t.Errorf("%+v, %v: want the 1,000 bars up to %s", rep, err, cut)
	}
}

func TestAScriptsErrorKeepsItsPlace(t *testing.T) {
	t.Parallel()
	host := sandboxtest.Host(t)
	b := host.Bench(sandbox.Script{Name: "bad", Source: "x = 1\ny = x +\n"})
	defer b.Close()
	_, err := b.Declare(context.Background(), strategy.Options{})
	var s *strategy.ScriptError
	if !errors.As(err, &s) || s.Line != 3 && s.Line != 2 || s.File != "bad.star" {
		t.Errorf("%v (%+v): want the script's error with its line", err, s)
	}
}
