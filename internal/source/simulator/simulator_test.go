package simulator

import (
	"math"
	"testing"

	"github.com/ohmycoins/omc/internal/market"
)

func bars(t testing.TB, seed uint64, coin market.Coin, iv market.Interval, from, days int64) []market.Bar {
	t.Helper()
	b, err := New(seed).Bars(market.Market{Base: coin, Quote: "USDT"}, iv, from, from+days*86400)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const start = 1704067200

func returns(b []market.Bar) []float64 {
	r := make([]float64, len(b)-1)
	for i := range r {
		r[i] = math.Log(b[i+1].CloseFloat() / b[i].CloseFloat())
	}
	return r
}

func moments(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, math.Sqrt(sd)
}

func correlation(x, y []float64) float64 {
	mx, sx := moments(x)
	my, sy := moments(y)
	c := 0.0
	for i := range x {
		c += (x[i] - mx) * (y[i] - my) / float64(len(x))
	}
	return c / (sx * sy)
}

func TestBarsDoNotDependOnTheWindow(t *testing.T) {
	whole := bars(t, 7, "BTC", market.FiveMinutes, start, 6)
	for _, w := range [][2]int64{{start, start + 7200}, {start + 86100, start + 90000}, {start + 200001, start + 400000}} {
		part, err := New(7).Bars(market.Market{Base: "BTC", Quote: "USDT"}, market.FiveMinutes, w[0], w[1])
		if err != nil || len(part) == 0 {
			t.Fatal(err)
		}
		for i := range part {
			if want := whole[(part[i].Unix()-start)/300]; part[i] != want {
				t.Fatalf("%s, want %s", part[i], want)
			}
		}
	}
	hours, err := market.Resample(whole, market.FiveMinutes, market.Hour, start+6*86400)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range bars(t, 7, "BTC", market.Hour, start, 6) {
		if !h.Equal(&hours[i]) {
			t.Fatalf("hour %d: %s, want %s", i, h, hours[i])
		}
	}
	if other := bars(t, 8, "BTC", market.FiveMinutes, start, 1); other[5] == whole[5] {
		t.Error("two seeds, one market")
	}
}

func TestBarsJoinAtTheirEnds(t *testing.T) {
	b := bars(t, 3, "DOGE", market.Hour, start, 20)
	for i := 1; i < len(b); i++ {
		if gap := math.Abs(b[i].Open().Float64()/b[i-1].CloseFloat() - 1); gap > 0.01 {
			t.Fatalf("%s after %s", b[i], b[i-1])
		}
	}
}

func TestReturnsLookLikeAMarket(t *testing.T) {
	btc := returns(bars(t, 1, "BTC", market.FiveMinutes, start, 120))
	eth := returns(bars(t, 1, "ETH", market.FiveMinutes, start, 120))
	mean, sd := moments(btc)
	kurtosis := 0.0
	abs := make([]float64, len(btc))
	for i, r := range btc {
		kurtosis += math.Pow((r-mean)/sd, 4) / float64(len(btc))
		abs[i] = math.Abs(r)
	}
	if kurtosis < 4 || kurtosis > 100 {
		t.Errorf("kurtosis %.1f: tails are not fat", kurtosis)
	}
	if c := correlation(abs[1:], abs[:len(abs)-1]); c < 0.1 {
		t.Errorf("|return| autocorrelation %.3f: volatility does not cluster", c)
	}
	if c := correlation(btc[1:], btc[:len(btc)-1]); math.Abs(c) > 0.05 {
		t.Errorf("return autocorrelation %.3f: the next move is given away", c)
	}
	if c := correlation(btc, eth); c < 0.4 || c > 0.95 {
		t.Errorf("BTC and ETH correlate by %.2f", c)
	}
	if year := sd * math.Sqrt(288*365); year < 0.2 || year > 1.5 {
		t.Errorf("yearly volatility %.2f", year)
	}
	t.Logf("kurtosis %.1f, yearly volatility %.2f", kurtosis, sd*math.Sqrt(288*365))
}

// daily are the changes of a market's daily levels; the bars' days begin and end on them (TestBarsMeetTheirDays).
func daily(seed uint64, base market.Coin, n int64) (changes, levels []float64) {
	w := New(seed).Stream(market.Market{Base: base, Quote: "USDT"}, market.Minute, start)
	first := int64(start) / 86400
	for d := range n {
		w.days.to(first+d, w.sim, w.c)
		changes, levels = append(changes, w.days.change), append(levels, w.days.level)
	}
	return changes, levels
}

func TestDaysLookLikeAMarket(t *testing.T) {
	var kurt, cluster, auto, ratio, deep, runs float64
	for seed := uint64(1); seed <= 20; seed++ {
		for _, c := range []market.Coin{"BTC", "ETH", "SOL"} {
			r, levels := daily(seed, c, 3650)
			mean, sd := moments(r)
			abs := make([]float64, len(r))
			for i, x := range r {
				kurt += math.Pow((x-mean)/sd, 4) / float64(len(r))
				abs[i] = math.Abs(x)
			}
			cluster += correlation(abs[1:], abs[:len(abs)-1])
			auto += correlation(r[1:], r[:len(r)-1])
			var five []float64
			for i := 0; i+5 <= len(r); i++ {
				five = append(five, r[i]+r[i+1]+r[i+2]+r[i+3]+r[i+4])
			}
			_, sd5 := moments(five)
			ratio += sd5 * sd5 / (5 * sd * sd)
			peak, fall := levels[0], 0.0
			for _, l := range levels[:1096] {
				peak = max(peak, l)
				fall = min(fall, math.Exp(l-peak)-1)
				if math.Abs(l) > 5 {
					t.Errorf("seed %d %s: the price went to %.3g of its base", seed, c, math.Exp(l))
				}
			}
			if fall < -0.4 {
				deep++
			}
			if year := sd * math.Sqrt(365); year < 0.35 || year > 1.4 {
				t.Errorf("seed %d %s: yearly volatility %.2f", seed, c, year)
			}
			runs++
		}
		btc, _ := daily(seed, "BTC", 1096)
		eth, _ := daily(seed, "ETH", 1096)
		if c := correlation(btc, eth); c < 0.35 || c > 0.92 {
			t.Errorf("seed %d: days of BTC and ETH correlate by %.2f", seed, c)
		}
	}
	t.Logf("excess kurtosis %.1f, |r| autocorrelation %.3f, autocorrelation %.3f, variance ratio %.2f, falls of 40 %% within three years in %.0f of %.0f",
		kurt/runs-3, cluster/runs, auto/runs, ratio/runs, deep, runs)
	if kurt/runs-3 < 1 || cluster/runs < 0.05 || math.Abs(auto/runs) > 0.05 || ratio/runs < 0.85 || ratio/runs > 1.2 || deep/runs < 0.4 {
		t.Error("days do not look like a market's")
	}
}

func TestBarsMeetTheirDays(t *testing.T) {
	w := New(5).Stream(market.Market{Base: "ETH", Quote: "USDT"}, market.Day, start)
	for range 30 {
		b, err := w.Next()
		if err != nil {
			t.Fatal(err)
		}
		want := w.c.base * math.Exp(w.days.level+w.days.change)
		if got := b.CloseFloat(); math.Abs(got/want-1) > 1e-4 {
			t.Fatalf("%s closes at %v, its day ends at %v", b.OpenTime(), got, want)
		}
	}
	if _, err := New(1).Bars(market.Market{Base: "BTC", Quote: "USDT"}, market.Hour, -7200, 3600); err == nil {
		t.Error("bars before the market opened")
	}
}

func TestKnownBar(t *testing.T) {
	// Fixed so that a change of the path, or a platform that rounds otherwise, is seen.
	b := bars(t, 42, "BTC", market.Hour, start, 1)
	if got := b[23].String(); got != "2024-01-01T23:00Z o=43732.89 h=43888.46 l=43562.42 c=43808.23 v=22.5229" {
		t.Errorf("%s", got)
	}
}

func BenchmarkBars(b *testing.B) {
	n := 0
	for b.Loop() {
		n += len(bars(b, 1, "BTC", market.Minute, start, 60))
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "bars/s")
}
