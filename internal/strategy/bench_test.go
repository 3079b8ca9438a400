package strategy_test

import (
	"testing"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/indicator"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// benchScene keeps a position as the engine would, without anything else of the engine.
type benchScene struct{ scene }

func (s *benchScene) Submit(in strategy.Intent) (string, string) {
	s.pos[in.Market].Quantity = money.Zero
	if in.Side == trade.Buy {
		s.pos[in.Market].Quantity = money.One
	}
	return "o1", ""
}

func benchStrategy(b *testing.B, make func() strategy.Strategy) {
	bars := noise(100_000, market.Hour, 1, 0)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		s, c := make(), &benchScene{*newScene(1)}
		if err := s.Init(c); err != nil {
			b.Fatal(err)
		}
		for i := range bars {
			c.warming = i < 48
			if err := s.OnBar(c, 0, &bars[i]); err != nil {
				b.Fatal(err)
			}
		}
		n += len(bars)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "bars/s")
}

// BenchmarkStarlarkOnBar drives the ema-cross example through the host alone.
func BenchmarkStarlarkOnBar(b *testing.B) {
	ex, _ := strategy.FindExample("ema-cross")
	p, err := strategy.Compile([]byte(ex.Source), ex.Name)
	if err != nil {
		b.Fatal(err)
	}
	benchStrategy(b, func() strategy.Strategy {
		s, _, err := p.New(strategy.Options{})
		if err != nil {
			b.Fatal(err)
		}
		return s
	})
}

// BenchmarkGoOnBar is the same strategy in Go.
func BenchmarkGoOnBar(b *testing.B) {
	benchStrategy(b, func() strategy.Strategy {
		fast, err := indicator.NewEMA(12)
		if err != nil {
			b.Fatal(err)
		}
		slow, err := indicator.NewEMA(48)
		if err != nil {
			b.Fatal(err)
		}
		return &nativeCross{fast: fast, slow: slow}
	})
}

type nativeCross struct{ fast, slow *indicator.EMA }

func (*nativeCross) Spec() strategy.Spec                        { return strategy.Spec{Name: "native", Warmup: 48} }
func (*nativeCross) Init(strategy.Context) error                { return nil }
func (*nativeCross) OnFill(strategy.Context, *trade.Fill) error { return nil }
func (*nativeCross) OnTimer(strategy.Context, string) error     { return nil }
func (n *nativeCross) OnBar(c strategy.Context, m int, bar *market.Bar) error {
	x := bar.CloseFloat()
	fast, slow := n.fast.Update(x), n.slow.Update(x)
	if c.WarmingUp() {
		return nil
	}
	pos := c.Position(m)
	held := pos.Quantity.Sign() > 0
	if fast > slow && !held {
		c.Submit(strategy.Intent{Market: m, Side: trade.Buy, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: money.One})
	} else if fast <= slow && held {
		c.Submit(strategy.Intent{Market: m, Side: trade.Sell, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: money.One})
	}
	return nil
}

// BenchmarkStarlarkBacktest is the ema-cross example through engine, simulated venue and report.
func BenchmarkStarlarkBacktest(b *testing.B) {
	benchStarlark(b, noise(100_000, market.Hour, 1, 0), report.Default())
}

// BenchmarkStarlarkCrowded is the same on swings that pay, where the account outgrows the bars' volume: each bar then matches
// many orders that wait for volume. On noise, above, fees eat the account, and each bar is an order that risk refuses.
func BenchmarkStarlarkCrowded(b *testing.B) {
	benchStarlark(b, wave(100_000, market.Hour, 1), report.Default())
}

// BenchmarkStarlarkFree is the same on noise without fee and slippage.
func BenchmarkStarlarkFree(b *testing.B) {
	free := report.Default()
	free.FeeBps, free.SlippageBps = money.Zero, money.Zero
	benchStarlark(b, noise(100_000, market.Hour, 1, 0), free)
}

func benchStarlark(b *testing.B, bars []market.Bar, settings report.Settings) {
	ex, _ := strategy.FindExample("ema-cross")
	benchBacktest(b, bars, settings, func() (strategy.Strategy, string) {
		s, c, err := strategy.Load([]byte(ex.Source), ex.Name, strategy.Options{})
		if err != nil {
			b.Fatal(err)
		}
		return s, c.CodeHash()
	})
}

// BenchmarkGoBacktest is the same strategy in Go through the same: the baseline of the Starlark figure.
func BenchmarkGoBacktest(b *testing.B) {
	ex, _ := strategy.FindExample("ema-cross")
	star, c, err := strategy.Load([]byte(ex.Source), ex.Name, strategy.Options{})
	if err != nil {
		b.Fatal(err)
	}
	benchBacktest(b, noise(100_000, market.Hour, 1, 0), report.Default(), func() (strategy.Strategy, string) {
		fast, err := indicator.NewEMA(12)
		if err != nil {
			b.Fatal(err)
		}
		slow, err := indicator.NewEMA(48)
		if err != nil {
			b.Fatal(err)
		}
		return &declaredCross{nativeCross{fast: fast, slow: slow}, star.Spec()}, c.CodeHash()
	})
}

// declaredCross is nativeCross under the Starlark example's own declaration.
type declaredCross struct {
	nativeCross
	spec strategy.Spec
}

func (d *declaredCross) Spec() strategy.Spec { return d.spec }

func benchBacktest(b *testing.B, series []market.Bar, settings report.Settings, load func() (strategy.Strategy, string)) {
	bars := [][]market.Bar{series}
	b.ReportAllocs()
	n, trades, refused := 0, 0, 0
	for b.Loop() {
		s, hash := load()
		res, err := backtest.Run(b.Context(), backtest.Input{Strategy: s, CodeHash: hash, Bars: bars, Settings: settings})
		if err != nil {
			b.Fatal(err)
		}
		n += len(bars[0])
		trades, refused = len(res.Trades), 0
		for _, k := range res.Orders.Refused {
			refused += k
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "bars/s")
	b.ReportMetric(float64(trades), "trades/run")
	b.ReportMetric(float64(refused), "refused/run")
}
