package evidence

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Trades that fill all bars with equal holds can only be shuffled, so each random strategy earns what they did, whatever order rounding took.
func TestEntriesThatCannotMoveProveNothing(t *testing.T) {
	t.Parallel()
	g := NewSplitMix(8)
	m := HeldMarket{Opens: make([]float64, 71)}
	for i := range m.Opens {
		m.Opens[i] = 100 * math.Exp(.3*g.Normal())
	}
	for i := 0; i < 70; i += 7 {
		m.Trades = append(m.Trades, HeldTrade{Entry: i, Exit: i + 7, Quantity: 1000 / m.Opens[i]})
	}
	r := must(EnterAtRandom([]HeldMarket{m}, .001, .0005, 1000, 4))(t)
	if r.PValue != 1 || r.Better != 0 {
		t.Errorf("p %v, better than %v of strategies that are the same", r.PValue, r.Better)
	}
}

// The random strategies are recomputed here from the page: the stream, the shuffle and the sorted places, with cash in and out trade by trade.
func TestRandomEntriesAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		markets, spent := drawHeld(t)
		const fee, slip, n = .002, .001, 100
		seed := rapid.Uint64().Draw(t, "seed")
		got, err := EnterAtRandom(markets, fee, slip, n, seed)
		if err != nil {
			t.Fatal(err)
		}
		g, profits := NewSplitMix(seed), make([]float64, n)
		for s := range n {
			for _, m := range markets {
				profits[s] += onePage(g, m, fee, slip)
			}
		}
		atLeast := 1
		for _, p := range profits {
			if p >= got.Own-1e-12*spent {
				atLeast++
			}
		}
		if want := float64(atLeast) / (n + 1); math.Abs(got.PValue-want) > 2.5/(n+1) { // a tie may fall to either side of the rounding
			t.Fatalf("p %v, want %v", got.PValue, want)
		}
		below := 0
		for _, p := range profits {
			if p <= got.P50 {
				below++
			}
		}
		if below < n/2 {
			t.Fatalf("%d of %d profits up to the median %v", below, n, got.P50)
		}
	})
}

// drawHeld makes markets with trades on them, and what the trades spend.
func drawHeld(t *rapid.T) (markets []HeldMarket, spent float64) {
	for range rapid.IntRange(1, 3).Draw(t, "markets") {
		m, at := HeldMarket{}, 0
		for range rapid.IntRange(5, 9).Draw(t, "trades") {
			entry := at + rapid.IntRange(0, 4).Draw(t, "gap")
			at = entry + rapid.IntRange(1, 6).Draw(t, "hold")
			m.Trades = append(m.Trades, HeldTrade{Entry: entry, Exit: at, Quantity: rapid.Float64Range(.1, 10).Draw(t, "quantity")})
		}
		for range at + 1 + rapid.IntRange(0, 20).Draw(t, "rest") {
			m.Opens = append(m.Opens, rapid.Float64Range(1, 1000).Draw(t, "open"))
		}
		for _, x := range m.Trades {
			spent += x.Quantity * m.Opens[x.Entry]
		}
		markets = append(markets, m)
	}
	return markets, spent
}

// onePage lays one random strategy on bars by marking each bar that is held, and fails where two trades hold the same one.
func onePage(g *SplitMix, m HeldMarket, fee, slip float64) (profit float64) {
	n := len(m.Trades)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i >= 1; i-- {
		j := int(g.Uint64() % uint64(i+1))
		order[i], order[j] = order[j], order[i]
	}
	free := len(m.Opens) - 1
	for _, x := range m.Trades {
		free -= x.Exit - x.Entry
	}
	places := make([]int, free+1) // how many trades begin after so many free bars
	for range n {
		places[g.Uint64()%uint64(free+1)]++
	}
	bar, next := 0, 0
	for _, begin := range places {
		for range begin {
			x := m.Trades[order[next]]
			money := x.Quantity * m.Opens[x.Entry]
			quantity := money / m.Opens[bar]
			profit -= quantity * m.Opens[bar] * (1 + slip) * (1 + fee)
			bar += x.Exit - x.Entry
			profit += quantity * m.Opens[bar] * (1 - slip) * (1 - fee)
			next++
		}
		bar++
	}
	return profit
}
