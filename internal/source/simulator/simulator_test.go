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

func TestKnownBar(t *testing.T) {
	// Fixed so that a change of the path, or a platform that rounds otherwise, is seen.
	b := bars(t, 42, "BTC", market.Hour, start, 1)
	if got := b[23].String(); got != "2024-01-01T23:00Z o=41480.1 h=41675.17 l=41298.91 c=41580.88 v=26.5774" {
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
