package evidence

import (
	"errors"
	"math"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

func noise(seed uint64, n int, mean, phi float64) []float64 {
	g := NewSplitMix(seed)
	x := make([]float64, n)
	for i := range x {
		x[i] = mean + 0.01*g.Normal()
		if i > 0 {
			x[i] += phi * (x[i-1] - mean)
		}
	}
	return x
}

// The bands are recomputed here resample by resample from the documented stream, with other sums.
func TestBootstrapBandsAreWhatTheyAreSaidToBe(t *testing.T) {
	x := noise(3, 250, .001, 0)
	const resamples, block, seed = 400, 8.0, 77
	got, err := Bootstrap(x, resamples, block, seed)
	if err != nil {
		t.Fatal(err)
	}
	g := NewSplitMix(seed)
	var totals, falls, ratios []float64
	for range resamples {
		at := int(g.Uint64() % 250)
		logs, top, fall, s, ss := 0.0, 0.0, 0.0, 0.0, 0.0
		for i := range x {
			if i > 0 {
				if g.Uniform() < 1/block {
					at = int(g.Uint64() % 250)
				} else {
					at = (at + 1) % 250
				}
			}
			logs += math.Log1p(x[at])
			top = math.Max(top, logs)
			fall = math.Min(fall, math.Expm1(logs-top))
			s += x[at]
			ss += x[at] * x[at]
		}
		totals, falls = append(totals, math.Expm1(logs)), append(falls, fall)
		ratios = append(ratios, s/250/math.Sqrt((ss-s*s/250)/249)*math.Sqrt(365))
	}
	for _, c := range []struct {
		what   string
		band   Band
		values []float64
	}{{"return", got.Return, totals}, {"drawdown", got.Drawdown, falls}, {"sharpe", got.Sharpe, ratios}} {
		sort.Float64s(c.values)
		for p, v := range map[float64]float64{.05: c.band.P5, .25: c.band.P25, .5: c.band.P50, .75: c.band.P75, .95: c.band.P95} {
			h := 399 * p
			lo := math.Floor(h)
			near(t, c.what, v, c.values[int(lo)]*(1-(h-lo))+c.values[int(math.Ceil(h))]*(h-lo), 1e-9)
		}
		if c.band.Resamples != resamples || !(c.band.P5 < c.band.P50 && c.band.P50 < c.band.P95) || c.band.Observed < c.band.P5 || c.band.Observed > c.band.P95 {
			t.Errorf("%s: %+v", c.what, c.band)
		}
	}
	again, _ := Bootstrap(x, resamples, block, seed)
	if again != got {
		t.Error("the same seed gives other bands")
	}
	for name, bad := range map[string]func() error{
		"few days":      func() error { _, err := Bootstrap(x[:19], 400, 0, 1); return err },
		"all equal":     func() error { _, err := Bootstrap(make([]float64, 50), 400, 0, 1); return err },
		"few resamples": func() error { _, err := Bootstrap(x, 99, 0, 1); return err },
		"lost it all":   func() error { _, err := Bootstrap(append(noise(1, 30, 0, 0), -1), 400, 0, 1); return err },
		"not finite":    func() error { _, err := Bootstrap(append(noise(1, 30, 0, 0), math.NaN()), 400, 0, 1); return err },
		"a long block":  func() error { _, err := Bootstrap(x, 400, 251, 1); return err },
	} {
		var d *DegenerateError
		if err := bad(); !errors.As(err, &d) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Independent returns need blocks of about one day; the more a day says about the next, the longer they must be, up to the bound.
func TestBlockLengthFollowsDependence(t *testing.T) {
	length := func(phi float64) float64 {
		b, err := BlockLength(noise(11, 2000, 0, phi))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	loose, middle, tight := length(0), length(.5), length(.9)
	if loose > 4 || middle < 5 || middle > 25 || tight < 2*middle || tight > 135 {
		t.Errorf("blocks of %v, %v and %v days", loose, middle, tight)
	}
	// For an AR(1) process with coefficient φ the best mean block is known: (2·(2φ/(1−φ²))²/2)^⅓·T^⅓ = ((2φ/(1−φ²))²·T)^⅓.
	want := math.Cbrt(math.Pow(2*.5/(1-.25), 2) * 2000)
	if middle < want/2 || middle > 2*want {
		t.Errorf("AR(1) with φ 0.5: %v, the theory says %v", middle, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-.5, .5), 20, 60).Draw(t, "x")
		b, err := BlockLength(x)
		if err == nil && !(b >= 1 && b <= math.Ceil(math.Min(3*math.Sqrt(float64(len(x))), float64(len(x))/3))) {
			t.Fatalf("a block of %v for %d returns", b, len(x))
		}
	})
}

func TestRandomEntriesTellSkillFromLuck(t *testing.T) {
	g := NewSplitMix(5)
	opens := make([]float64, 5000)
	price := 100.0
	for i := range opens {
		price *= 1 + .01*g.Normal()
		opens[i] = price
	}
	var blind, wise []HeldTrade
	for i := 0; i+40 < len(opens); i += 50 {
		blind = append(blind, HeldTrade{Entry: i + 3, Exit: i + 13, Quantity: 1})
		best := i
		for k := i; k < i+40; k++ {
			if opens[k+10]/opens[k] > opens[best+10]/opens[best] {
				best = k
			}
		}
		wise = append(wise, HeldTrade{Entry: best, Exit: best + 10, Quantity: 1})
	}
	w, err := EnterAtRandom([]HeldMarket{{opens, wise}}, .001, .0005, 1000, 9)
	if err != nil || w.PValue > .002 || w.Better != 1 || w.Trades != len(wise) {
		t.Errorf("entries that know the future: %+v, %v", w, err)
	}
	b, err := EnterAtRandom([]HeldMarket{{opens, blind}}, .001, .0005, 1000, 9)
	if err != nil || b.PValue < .02 || b.PValue > .98 {
		t.Errorf("blind entries: %+v, %v", b, err)
	}
	own := 0.0
	for _, x := range blind {
		paid := x.Quantity * opens[x.Entry] * 1.0005
		got := x.Quantity * opens[x.Exit] * .9995
		own += got - got*.001 - paid - paid*.001
	}
	near(t, "the profit of the trades themselves", b.Own, own, 1e-12)
	// With one place for all of it, every random strategy is an order of the same holds: two equal ones give the same profit.
	tight := HeldMarket{Opens: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, Trades: []HeldTrade{{0, 2, 1}, {2, 4, 1}, {4, 6, 1}, {6, 8, 1}, {8, 10, 1}}}
	r, err := EnterAtRandom([]HeldMarket{tight}, 0, 0, 100, 1)
	if err != nil || r.Trades != 5 || r.Own != 10 {
		t.Errorf("%+v, %v", r, err)
	}
	for name, m := range map[string]HeldMarket{
		"overlapping": {opens, []HeldTrade{{0, 5, 1}, {4, 6, 1}, {7, 8, 1}, {9, 10, 1}, {11, 12, 1}}},
		"backwards":   {opens, []HeldTrade{{5, 5, 1}, {6, 7, 1}, {7, 8, 1}, {9, 10, 1}, {11, 12, 1}}},
		"too late":    {opens[:12], []HeldTrade{{0, 1, 1}, {2, 3, 1}, {4, 5, 1}, {6, 7, 1}, {8, 12, 1}}},
		"no price":    {make([]float64, 20), []HeldTrade{{0, 1, 1}, {2, 3, 1}, {4, 5, 1}, {6, 7, 1}, {8, 9, 1}}},
		"few":         {opens, []HeldTrade{{0, 1, 1}}},
	} {
		if _, err := EnterAtRandom([]HeldMarket{m}, 0, 0, 100, 1); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestRandomEntriesStayOnTheBars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(5, 20).Draw(t, "trades")
		at := 0
		var trades []HeldTrade
		for range n {
			entry := at + rapid.IntRange(0, 5).Draw(t, "gap")
			at = entry + rapid.IntRange(1, 9).Draw(t, "hold")
			trades = append(trades, HeldTrade{entry, at, rapid.Float64Range(.1, 10).Draw(t, "q")})
		}
		opens := make([]float64, at+1+rapid.IntRange(0, 30).Draw(t, "rest"))
		for i := range opens {
			opens[i] = rapid.Float64Range(1, 1000).Draw(t, "open")
		}
		if r, err := EnterAtRandom([]HeldMarket{{opens, trades}}, .001, .0005, 100, rapid.Uint64().Draw(t, "seed")); err != nil || !(r.PValue > 0 && r.PValue <= 1) {
			t.Fatalf("%+v, %v", r, err)
		}
	})
}

func TestBreakEvenCost(t *testing.T) {
	p := func(returns ...float64) (out []CostPoint) {
		for i, r := range returns {
			out = append(out, CostPoint{Multiple: float64(i), Return: r})
		}
		return out
	}
	near(t, "between two and three", BreakEven(p(.3, .2, .1, -.1)).V, 2.5, 1e-12)
	near(t, "exactly there", BreakEven(p(.3, 0, -.1)).V, 1, 1e-12)
	for name, points := range map[string][]CostPoint{"never good": p(-.1, -.2), "always good": p(.3, .2, .1), "one point": p(.1), "out of order": {{Multiple: 1, Return: .1}, {Multiple: 0, Return: .2}}, "no number": p(.1, math.NaN())} {
		if v := BreakEven(points); v.Valid() || v.Reason == "" {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestParameterStability(t *testing.T) {
	n := func(v ...float64) (out []Neighbour) {
		for _, x := range v {
			out = append(out, Neighbour{Score: &x})
		}
		return append(out, Neighbour{})
	}
	s, err := Stable(2, n(1.5, 1, .9, -1))
	if err != nil || s.Kept != 2 || s.Neighbours != 5 || s.Worst != -1 {
		t.Errorf("%+v, %v", s, err)
	}
	near(t, "mean", s.Mean, 2.4/5, 1e-12)
	if _, err := Stable(0, n(1)); err == nil {
		t.Error("a score of nothing has neighbours")
	}
	if _, err := Stable(1, nil); err == nil {
		t.Error("no neighbours")
	}
}

// A day's regime is known before the day: changing the last day's market, or anything after a day, moves no earlier day elsewhere.
func TestRegimesDoNotLookAhead(t *testing.T) {
	market := noise(21, 400, 0, 0)
	strat := noise(22, 400, .001, 0)
	days := make([]RegimeDay, 400)
	for i := range days {
		days[i] = RegimeDay{Return: strat[i], Market: market[i], Trades: i % 3}
	}
	all, err := Regimes(days)
	if err != nil {
		t.Fatal(err)
	}
	counts, logs := map[string]int{}, 0.0
	for _, r := range all {
		counts[r.Name] = r.Days
		if r.Name == "rising" || r.Name == "falling" || r.Name == "trend unknown" {
			logs += math.Log1p(r.Return)
		}
	}
	if counts["rising"]+counts["falling"]+counts["trend unknown"] != 400 || counts["trend unknown"] != 30 || counts["volatility unknown"] != 120 ||
		counts["quiet"]+counts["middling"]+counts["wild"] != 280 {
		t.Errorf("%+v", counts)
	}
	total := 0.0
	for _, r := range strat {
		total += math.Log1p(r)
	}
	near(t, "the regimes' returns together", logs, total, 1e-12)
	changed := append([]RegimeDay(nil), days...)
	changed[399].Market = .5
	other, _ := Regimes(changed)
	for i := range all {
		if all[i].Name != other[i].Name || all[i].Days != other[i].Days || all[i].Return != other[i].Return {
			t.Errorf("the last day's market decides about itself: %+v, %+v", all[i], other[i])
		}
	}
	if _, err := Regimes(days[:59]); err == nil {
		t.Error("59 days have regimes")
	}
}

func TestCapacity(t *testing.T) {
	var trades []SizedTrade
	for i := range 20 {
		trades = append(trades, SizedTrade{Notional: 100, Bar: 10_000 * float64(1+i), Day: 1e6, Daily: .02, Return: .004})
	}
	c, err := Room(trades)
	if err != nil || c.Known != 20 || c.Impact == nil {
		t.Fatalf("%+v, %v", c, err)
	}
	// Participation is 0.01/(1+i); its 90th percentile lies at place 17.1 of the ascending order: between 0.01/3 and 0.01/2.
	near(t, "1 %", c.OnePercent, .01/(.01/3+.1*(.01/2-.01/3)), 1e-12)
	near(t, "5 %", c.FivePercent, 5*c.OnePercent, 1e-12)
	near(t, "impact", *c.Impact, math.Pow(.004/(2*.02*math.Sqrt(100/1e6)), 2), 1e-12)
	for i := range trades {
		trades[i].Return = -.001
	}
	if c, err = Room(trades); err != nil || c.Impact != nil {
		t.Errorf("a loss has no impact to bear: %+v, %v", c, err)
	}
	if _, err := Room(trades[:9]); err == nil {
		t.Error("nine trades have a capacity")
	}
	trades[3].Notional = math.NaN()
	if _, err := Room(trades); err == nil {
		t.Error("NaN was taken")
	}
}

// The multiples are found again by trying them: by bisection on the share of trades over the limit, and on what impact leaves.
func TestCapacityIsWhereTheLimitBinds(t *testing.T) {
	t.Parallel()
	g := NewSplitMix(12)
	var trades []SizedTrade
	for i := range 201 { // so that the 90th percentile is one trade's
		trades = append(trades, SizedTrade{Notional: 50 + 100*g.Uniform(), Bar: 1e5 * math.Exp(g.Normal()), Day: 3e7 * math.Exp(g.Normal()), Daily: .01 + .04*g.Uniform(), Return: .006 + .01*g.Normal()})
		if i%50 == 0 {
			trades[i].Bar = 0 // not known
		}
	}
	trades = append(trades, SizedTrade{Notional: 100, Bar: 2e5, Day: 3e7, Daily: .02}, SizedTrade{Notional: 90, Bar: 2e5, Day: 3e7, Daily: .02}, SizedTrade{Notional: 80, Bar: 1e5, Day: 3e7, Daily: .02},
		SizedTrade{Notional: 70, Bar: 1e5, Day: 3e7, Daily: .02}, SizedTrade{Notional: 60, Bar: 1e5, Day: 3e7, Daily: .02})
	c := must(Room(trades))(t)
	if c.Known != 201 {
		t.Fatalf("%d trades are known", c.Known)
	}
	bisect := func(fits func(k float64) bool) float64 {
		low, high := 1e-6, 1e9
		for range 200 {
			if k := math.Sqrt(low * high); fits(k) {
				low = k
			} else {
				high = k
			}
		}
		return low
	}
	within := func(share float64) func(float64) bool {
		return func(k float64) bool {
			over := 0
			for _, x := range trades {
				if x.Bar > 0 && k*x.Notional > share*x.Bar {
					over++
				}
			}
			return over <= 20 // of 201 are one in ten
		}
	}
	near(t, "1 %", c.OnePercent, bisect(within(.01)), 1e-9)
	near(t, "5 %", c.FivePercent, bisect(within(.05)), 1e-9)
	near(t, "impact", *c.Impact, bisect(func(k float64) bool {
		left := 0.0
		for _, x := range trades {
			left += x.Return - 2*x.Daily*math.Sqrt(k*x.Notional/x.Day)
		}
		return left > 0
	}), 1e-9)
}

func TestPartsOfASplit(t *testing.T) {
	x := noise(4, 100, .002, 0)
	p := DescribePart(x)
	s, _ := Describe(x)
	v, _ := s.PSR(0)
	near(t, "PSR", *p.PSR, v, 1e-12)
	near(t, "Sharpe", *p.Sharpe, s.Sharpe*math.Sqrt(365), 1e-12)
	total := 0.0
	for _, r := range x {
		total += math.Log1p(r)
	}
	near(t, "return", *p.Return, math.Expm1(total), 1e-12)
	if e := DescribePart(nil); e.Days != 0 || e.Sharpe != nil || e.PSR != nil || e.Return != nil {
		t.Errorf("%+v", e)
	}
}

func BenchmarkRandomEntries(b *testing.B) {
	g := NewSplitMix(5)
	opens := make([]float64, 100_000)
	for i := range opens {
		opens[i] = 100 + g.Normal()
	}
	var trades []HeldTrade
	for i := range 500 {
		trades = append(trades, HeldTrade{i * 150, i*150 + 20, 1})
	}
	for b.Loop() {
		if _, err := EnterAtRandom([]HeldMarket{{opens, trades}}, .001, .0005, 1000, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBootstrapBands(b *testing.B) {
	x := noise(3, 1000, .001, 0)
	for b.Loop() {
		if _, err := Bootstrap(x, 2000, 0, 1); err != nil {
			b.Fatal(err)
		}
	}
}
