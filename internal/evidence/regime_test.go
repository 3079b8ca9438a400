package evidence

import (
	"math"
	"sort"
	"testing"
)

// Every day's regime is recomputed here from the page by itself, from the days before it alone.
func TestRegimesAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	market, strat := noise(31, 500, .0003, .2), noise(32, 500, .001, 0)
	for i := range market {
		market[i] *= 1 + float64(i%90)/45 // quiet and wild stretches
	}
	days := make([]RegimeDay, len(market))
	for i := range days {
		days[i] = RegimeDay{Return: strat[i], Market: market[i], Trades: i * i % 3}
	}
	deviation := func(x []float64) float64 { // in one pass, unlike the code
		s, ss, n := 0.0, 0.0, float64(len(x))
		for _, v := range x {
			s, ss = s+v, ss+v*v
		}
		return math.Sqrt((ss - s*s/n) / (n - 1))
	}
	names := func(i int) [2]string {
		out := [2]string{"trend unknown", "volatility unknown"}
		if i < 30 {
			return out
		}
		product := 1.0
		for _, r := range market[i-30 : i] {
			product *= 1 + r
		}
		if out[0] = "falling"; product > 1 {
			out[0] = "rising"
		}
		var past []float64
		for j := 30; j < i; j++ {
			past = append(past, deviation(market[j-30:j]))
		}
		if len(past) < 90 {
			return out
		}
		sort.Float64s(past)
		third := func(k int) float64 {
			h := float64(k) / 3 * float64(len(past)-1)
			return past[int(h)] + (h-math.Floor(h))*(past[min(int(h)+1, len(past)-1)]-past[int(h)])
		}
		switch v := deviation(market[i-30 : i]); {
		case v <= third(1):
			out[1] = "quiet"
		case v <= third(2):
			out[1] = "middling"
		default:
			out[1] = "wild"
		}
		return out
	}
	type sums struct {
		days, trades int
		product      float64
	}
	want, all := map[string]sums{}, 1.0
	for i := range days {
		for _, name := range names(i) {
			s, ok := want[name]
			if !ok {
				s.product = 1
			}
			want[name] = sums{s.days + 1, s.trades + days[i].Trades, s.product * (1 + strat[i])}
		}
		all *= 1 + strat[i]
	}
	got := must(Regimes(days))(t)
	if len(got) != len(want) || len(got) != 7 {
		t.Fatalf("%d regimes, want %d", len(got), len(want))
	}
	best := ""
	for _, r := range got {
		w := want[r.Name]
		if r.Days != w.days || r.Trades != w.trades {
			t.Errorf("%s: %d days with %d trades, want %d with %d", r.Name, r.Days, r.Trades, w.days, w.trades)
		}
		near(t, r.Name, 1+r.Return, w.product, 1e-12)
		near(t, r.Name+" share", *r.Share, math.Log(w.product)/math.Log(all), 1e-9)
		if r.Name != "trend unknown" && r.Name != "volatility unknown" && (best == "" || w.product > want[best].product) {
			best = r.Name
		}
	}
	if b, ok := BestRegime(got); !ok || b.Name != best {
		t.Errorf("the profit hangs on %q, want %q", b.Name, best)
	}
	for i := range days {
		days[i].Return = -days[i].Return
	}
	if b, ok := BestRegime(must(Regimes(days))(t)); ok {
		t.Errorf("a loss hangs on %+v", b)
	}
}
