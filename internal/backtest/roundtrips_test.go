package backtest

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
)

// The trades of a backtest of market orders, laid on the bars and reckoned there, make what the engine says to the last digit; and the float
// reckoning that the random strategies share makes it to the rounding of prices to ticks and of fees.
func TestTradesOnTheBarsMakeWhatTheEngineSays(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*report.Settings){
		"defaults":      func(*report.Settings) {},
		"free":          func(s *report.Settings) { s.FeeBps, s.SlippageBps = money.Zero, money.Zero },
		"dear":          func(s *report.Settings) { s.FeeBps, s.SlippageBps = money.FromInt(75), money.MustParse("12.345") },
		"a coarse tick": func(s *report.Settings) { s.PriceTick = money.MustParse("0.05") },
	} {
		s := report.Default()
		s.Participation = money.One
		change(&s)
		bars := [][]market.Bar{syntheticBars(5000)}
		from := bars[0][700].OpenTime()
		rep, err := Run(context.Background(), Input{Strategy: newEMACross(5, 20), Bars: bars, From: from, Settings: s})
		if err != nil {
			t.Fatal(err)
		}
		trips, err := LayOut(rep, bars)
		if err != nil {
			t.Fatal(err)
		}
		want, turned, filled := money.Zero, 0.0, 0.0
		for i := range rep.Trades {
			if x := &rep.Trades[i]; !x.Open {
				want = want.Add(x.PnL)
				turned += x.Quantity.Float64() * 2
				filled += 2
			}
		}
		if trips.Closed < 30 || trips.Closed+trips.Open != len(rep.Trades) || trips.Many != 0 || trips.Same != 0 {
			t.Fatalf("%s: %d closed, %d open, %d of many fills of %d trades", name, trips.Closed, trips.Open, trips.Many, len(rep.Trades))
		}
		if !trips.Reckon.Equal(want) || !trips.PnL.Equal(want) {
			t.Errorf("%s: reckoned %s, added up %s, the engine made %s", name, trips.Reckon, trips.PnL, want)
		}
		fee, slip := s.FeeBps.Float64()/1e4, s.SlippageBps.Float64()/1e4
		random, err := evidence.EnterAtRandom(trips.Markets, fee, slip, 200, 1)
		if err != nil {
			t.Fatal(err)
		}
		if miss, most := math.Abs(random.Own-want.Float64()), turned*s.PriceTick.Float64()*(1+fee)+filled*1.01e-8+1e-9; miss > most {
			t.Errorf("%s: the float reckoning misses by %v, rounding explains %v", name, miss, most)
		}
	}
}

// What could not be traded is not there to enter: bars before the window, of the warm-up, or without a trade.
func TestNothingIsEnteredWhereNothingTrades(t *testing.T) {
	t.Parallel()
	all := syntheticBars(600)
	quiet := []int{100, 101, 250, 599}
	for _, i := range quiet {
		b := all[i]
		zero := money.Zero
		dead, err := market.NewBar(b.Unix(), b.Open(), b.High(), b.Low(), b.Close(), &zero)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = dead
	}
	for name, c := range map[string]struct{ first, bars int }{"from the first bar": {0, 580 - 4}, "with bars to warm up on": {90, 510 - 4}, "with too few": {10, 580 - 4}} {
		in := Input{Strategy: newEMACross(5, 20), Bars: [][]market.Bar{all}, Settings: report.Default()}
		if c.first > 0 {
			in.From = all[c.first].OpenTime()
		}
		rep, err := Run(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		trips, err := LayOut(rep, in.Bars)
		if err != nil || len(trips.Markets[0].Opens) != c.bars {
			t.Errorf("%s: %d bars, want %d (%v)", name, len(trips.Markets[0].Opens), c.bars, err)
		}
	}
}

func TestTradesOfOtherBarsAreRefused(t *testing.T) {
	t.Parallel()
	bars := [][]market.Bar{syntheticBars(2000)}
	rep, err := Run(context.Background(), Input{Strategy: newEMACross(5, 20), Bars: bars, Settings: report.Default()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LayOut(rep, nil); !errors.Is(err, ErrTrips) {
		t.Errorf("no bars: %v", err)
	}
	other := *rep
	other.Trades = slices.Clone(rep.Trades)
	other.Trades[0].Entry = other.Trades[0].Entry.Add(time.Second)
	if _, err := LayOut(&other, bars); !errors.Is(err, ErrTrips) {
		t.Errorf("between two bars: %v", err)
	}
	other.Trades = slices.Clone(rep.Trades)
	other.Trades[0].Market = market.Market{Base: "ETH", Quote: "USDT"}
	if _, err := LayOut(&other, bars); !errors.Is(err, ErrTrips) {
		t.Errorf("another market: %v", err)
	}
}
