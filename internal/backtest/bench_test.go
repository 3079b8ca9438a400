package backtest

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/venue/sim"
)

// syntheticBars is a deterministic price path of n five-minute bars with waves long enough to trade.
func syntheticBars(n int) []market.Bar {
	out := make([]market.Bar, n)
	volume := money.FromInt(1000)
	last := int64(3_000_000)
	for i := range out {
		c := int64(3_000_000 + 200_000*math.Sin(float64(i)/400) + 30_000*math.Sin(float64(i)/17))
		lo, hi := min(last, c)-500, max(last, c)+500
		b, err := market.NewBar(1_600_000_200+int64(i)*300, money.New(last, 2), money.New(hi, 2), money.New(lo, 2), money.New(c, 2), &volume)
		if err != nil {
			panic(err)
		}
		out[i], last = b, c
	}
	return out
}

const benchBars = 300_000

var sink float64

// BenchmarkBaseline is the machine's own measure beside the engine's: a loop that sums the same closes.
func BenchmarkBaseline(b *testing.B) {
	bars := syntheticBars(benchBars)
	b.ResetTimer()
	for range b.N {
		for i := range bars {
			sink += bars[i].CloseFloat()
		}
	}
	perSecond(b)
}

// BenchmarkEngineGo steps engine and simulator with a Go strategy, an EMA cross that trades with fees.
func BenchmarkEngineGo(b *testing.B) {
	benchEngine(b, func() strategy.Strategy { return newEMACross(50, 200) })
}

// BenchmarkEngineIdle is the engine's own cost: a strategy that does nothing.
func BenchmarkEngineIdle(b *testing.B) { benchEngine(b, func() strategy.Strategy { return idle{} }) }

type idle struct{ quiet }

func (idle) Spec() strategy.Spec {
	return strategy.Spec{Name: "idle", Markets: []market.Market{btc}, Interval: market.FiveMinutes}
}

func benchEngine(b *testing.B, make func() strategy.Strategy) {
	bars := syntheticBars(benchBars)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		s := make()
		e, err := engine.New(engine.Config{Strategy: s, Settings: report.Default()})
		if err != nil {
			b.Fatal(err)
		}
		v, err := sim.New(report.Default(), s.Spec().Markets, s.Spec().Interval)
		if err != nil {
			b.Fatal(err)
		}
		r := engine.NewRunner(e, v, false)
		ev := engine.Event{Kind: engine.Bar}
		for i := range bars {
			ev.Bar = bars[i]
			if err := r.Step(&ev); err != nil {
				b.Fatal(err)
			}
		}
		sink += e.EquityFloat()
	}
	perSecond(b)
}

// BenchmarkBacktest is a whole Run with all its figures.
func BenchmarkBacktest(b *testing.B) {
	bars := syntheticBars(benchBars)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		in := Input{Strategy: newEMACross(50, 200), Bars: [][]market.Bar{bars}, Settings: report.Default()}
		if _, err := Run(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchBars/b.Elapsed().Seconds(), "bars/s")
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Millisecond), "ms/run")
}
