//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/strategy"
)

func benchHost(b *testing.B) *sandbox.Host {
	h := sandbox.NewHost(sandbox.Self, sandbox.Options{Limits: sandbox.DefaultLimits(), Width: 1, Warm: 2})
	b.Cleanup(h.Close)
	if err := h.Contained(b.Context()); err != nil {
		b.Skipf("children are not contained here: %v", err)
	}
	return h
}

// BenchmarkCold is one child from nothing to its first answer: start, jail, compile, declare.
func BenchmarkCold(b *testing.B) {
	e, _ := strategy.FindExample("ema-cross")
	for b.Loop() {
		h := sandbox.NewHost(sandbox.Self, sandbox.Options{Limits: sandbox.DefaultLimits()})
		bench := h.Bench(sandbox.Script{Name: e.Name, Source: e.Source})
		if _, err := bench.Declare(b.Context(), strategy.Options{}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		bench.Close()
		h.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/start")
}

// BenchmarkWarm is what a script waits for where a child stands ready: compile and declare in it. The next child is given the time to
// get ready.
func BenchmarkWarm(b *testing.B) {
	e, _ := strategy.FindExample("ema-cross")
	h := benchHost(b)
	var spent time.Duration
	for b.Loop() {
		b.StopTimer()
		<-time.After(60 * time.Millisecond)
		b.StartTimer()
		began := time.Now()
		bench := h.Bench(sandbox.Script{Name: e.Name, Source: e.Source})
		if _, err := bench.Declare(b.Context(), strategy.Options{}); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(began)
		b.StopTimer()
		bench.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "ms/start")
}

// waves are bars that go up and down for ever.
func waves(n int, interval market.Interval) []market.Bar {
	out := make([]market.Bar, n)
	before := money.FromInt(100)
	for i := range out {
		now := money.New(10_000+int64(3_000*math.Sin(float64(i)/400)+20*math.Sin(float64(i)*1.7)), 2)
		v := money.FromInt(500)
		b, err := market.NewBar(1_700_000_100/int64(interval)*int64(interval)+int64(i)*int64(interval), before, money.Max(before, now), money.Min(before, now), now, &v)
		if err != nil {
			panic(err)
		}
		out[i], before = b, now
	}
	return out
}

// strolls are bars of five minutes as markets have them: steps of 0.2 %, slowly drawn back to where they began, and volume enough.
func strolls(n int, interval market.Interval) []market.Bar {
	r := rand.New(rand.NewPCG(5, 5))
	cents := func(x float64) money.Decimal { return money.New(int64(100*math.Exp(x)*100), 2) }
	out := make([]market.Bar, n)
	x := math.Log(100)
	v := money.FromInt(500_000)
	for i := range out {
		open := x
		x += 0.002*r.NormFloat64() - 0.0001*(x-math.Log(100))
		high, low := max(open, x)+0.001*r.Float64(), min(open, x)-0.001*r.Float64()
		b, err := market.NewBar(1_700_000_100/int64(interval)*int64(interval)+int64(i)*int64(interval), cents(open), cents(high), cents(low), cents(x), &v)
		if err != nil {
			panic(err)
		}
		out[i] = b
	}
	return out
}

// BenchmarkSandboxed is a whole backtest in a child that has to be given its bars, beside the same in this process: over a random walk, and over
// waves that pay so well that orders larger than the market wait in every bar.
func BenchmarkSandboxed(b *testing.B) {
	b.Run("walk", func(b *testing.B) { benchSandboxed(b, strolls(400_000, market.FiveMinutes)) })
	b.Run("crowded", func(b *testing.B) { benchSandboxed(b, waves(400_000, market.FiveMinutes)) })
}

func benchSandboxed(b *testing.B, bars []market.Bar) {
	e, _ := strategy.FindExample("ema-cross")
	o := strategy.Options{Markets: []market.Market{{Base: "BTC", Quote: "AUD"}}, Interval: market.FiveMinutes, Params: map[string]float64{"fast": 48, "slow": 288}}
	rate := func(b *testing.B) {
		b.ReportMetric(float64(len(bars))*float64(b.N)/b.Elapsed().Seconds(), "bars/s")
	}
	b.Run("child", func(b *testing.B) {
		h := benchHost(b)
		for b.Loop() {
			bench := h.Bench(sandbox.Script{Name: e.Name, Source: e.Source})
			bench.Load(sandbox.Data{Markets: o.Markets, Interval: o.Interval, Bars: [][]market.Bar{bars}})
			if _, err := bench.Backtest(b.Context(), sandbox.Run{Params: o.Params, Settings: report.Default(), Sources: []string{"bench"}}, nil, nil); err != nil {
				b.Fatal(err)
			}
			bench.Close()
		}
		rate(b)
	})
	b.Run("again", func(b *testing.B) { // the bars have crossed
		h := benchHost(b)
		bench := h.Bench(sandbox.Script{Name: e.Name, Source: e.Source})
		defer bench.Close()
		bench.Load(sandbox.Data{Markets: o.Markets, Interval: o.Interval, Bars: [][]market.Bar{bars}})
		run := sandbox.Run{Params: o.Params, Settings: report.Default(), Sources: []string{"bench"}}
		if _, err := bench.Backtest(b.Context(), run, nil, nil); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := bench.Backtest(b.Context(), run, nil, nil); err != nil {
				b.Fatal(err)
			}
		}
		rate(b)
	})
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			s, c, err := strategy.Load([]byte(e.Source), e.Name, o)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := backtest.Run(context.Background(), backtest.Input{Strategy: s, CodeHash: c.CodeHash(), Bars: [][]market.Bar{bars}, Settings: report.Default(),
				Sources: []string{"bench"}}); err != nil {
				b.Fatal(err)
			}
		}
		rate(b)
	})
}
