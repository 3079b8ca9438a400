package algorithm

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
)

// closing makes bars of one length that close at these prices.
func closing(iv market.Interval, from int64, closes ...float64) []market.Bar {
	out := make([]market.Bar, len(closes))
	for i, c := range closes {
		p := strconv.FormatFloat(c, 'f', 4, 64)
		out[i] = market.MustBar(from+int64(i)*int64(iv), p, p, p, p, "10")
	}
	return out
}

// The volatility behind a trade's size is of thirty whole days before its bar, whatever the bars' length.
func TestVolatilityOfATradeIsOfWholeDays(t *testing.T) {
	t.Parallel()
	day := func(i int) float64 { return 100 + 7*math.Sin(float64(i)*1.3) } // at the end of day i
	const at = 40                                                          // days before the trade
	want := 0.0
	var returns []float64
	for k := at - 1; k > at-1-volatilityDays; k-- {
		returns = append(returns, round4(day(k))/round4(day(k-1))-1)
	}
	mean := 0.0
	for _, r := range returns {
		mean += r / float64(len(returns))
	}
	for _, r := range returns {
		want += (r - mean) * (r - mean)
	}
	want = math.Sqrt(want / float64(len(returns)-1))
	for _, iv := range []market.Interval{market.Day, market.Hour} {
		per := 86400 / int(iv)
		var closes []float64
		for i := range (at + 1) * per { // bars in a day differ from its end by noise
			c := day(i / per)
			if i%per != per-1 {
				c += 3 * math.Cos(float64(i))
			}
			closes = append(closes, c)
		}
		bars := closing(iv, 1_699_920_000, closes...)
		s, ok := size(bars, iv, &report.Trade{Entry: time.Unix(bars[at*per].Unix(), 0).UTC(), Quantity: money.One, EntryPrice: money.FromInt(100)})
		if !ok || math.Abs(s.Daily-want) > 1e-12 {
			t.Errorf("%v bars: %v, %v, want %v", iv, s.Daily, ok, want)
		}
	}
}

func round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// What the market did on a day is its own close on that of the day before: no account's cash, fees or fills are in it.
func TestTheMarketsDaysAreItsOwn(t *testing.T) {
	t.Parallel()
	const start = 1_699_920_000 // 2023-11-14
	half := market.Interval(12 * 3600)
	a := closing(half, start, 1, 2, 3, 4, 8, 8, 9, 6)
	b := closing(half, start, 10, 10, 10, 5, 5, 5) // ends two days early
	b = append(b[:2:2], b[3:]...)                  // and one bar is missing
	v := &validation{walk: &backtest.WalkForward{}}
	v.data.Markets, v.data.Interval = []market.Market{{Base: "A", Quote: "X"}, {Base: "B", Quote: "X"}}, half
	v.data.Bars = [][]market.Bar{a, b}
	for _, date := range []string{"2023-11-15", "2023-11-16", "2023-11-16", "2023-11-17"} {
		v.walk.Days = append(v.walk.Days, backtest.StitchedDay{Date: date, Hold: 99})
	}
	want := []float64{(4.0/2 - 1 + 5.0/10 - 1) / 2, (8.0/4 - 1 + 0) / 2, 0, (6.0/8 - 1 + 0) / 2}
	got := v.marketDays()
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Errorf("day %d: %v, want %v", i, got[i], want[i])
		}
	}
}

// Runs that never trade count as trials, but are not compared: they would rank last everywhere and make any choice look sound.
func TestRunsThatNeverTradeAreNotCompared(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 9))
	judged := func(flat int) *validation {
		v := &validation{whole: &report.Report{}}
		v.in.Keys, v.out.Missing = []string{"k"}, map[string]string{}
		for i := range 12 + flat {
			trial := research.CampaignTrial{Key: "k", FirstDay: 100, Returns: make([]float64, 200)}
			for d := range trial.Returns {
				if i < 12 {
					trial.Returns[d] = 0.01 * r.NormFloat64()
				}
			}
			v.campaign.Ran = append(v.campaign.Ran, trial)
		}
		v.overfit()
		return v
	}
	r = rand.New(rand.NewPCG(3, 9))
	alone := judged(0).out.Overfit
	r = rand.New(rand.NewPCG(3, 9))
	among := judged(40).out.Overfit
	if alone == nil || among == nil || *alone != *among || among.Trials != 12 {
		t.Errorf("12 trials alone: %+v; among 40 that never traded: %+v", alone, among)
	}
	if v := judged(0); v.out.Overfit.PBO < 0.05 {
		t.Errorf("noise is overfit with %v", v.out.Overfit.PBO)
	}
}
