package evidence

import (
	"math"
	"slices"
)

// HeldTrade is one round trip on the bars of one market: bought at the open of bar Entry, sold at the open of bar Exit.
type HeldTrade struct {
	Entry, Exit int     // bars; Exit > Entry
	Quantity    float64 // base coins
}

// HeldMarket is a market's opens and the round trips on it, which do not overlap.
type HeldMarket struct {
	Opens  []float64
	Trades []HeldTrade
}

// RandomEntries compares round trips with others that were entered at random.
type RandomEntries struct {
	Own        float64 `json:"own"`    // profit of the trades themselves, by the same reckoning
	P5         float64 `json:"p5"`     // of the random ones' profits
	P50        float64 `json:"p50"`    //
	P95        float64 `json:"p95"`    //
	PValue     float64 `json:"p"`      // (1 + those whose profit is at least Own) / (1 + Strategies)
	Better     float64 `json:"better"` // share of the random ones whose profit is below Own, by more than rounding makes
	Strategies int     `json:"strategies"`
	Trades     int     `json:"trades"` // of each
	Seed       uint64  `json:"seed"`
}

const (
	maxEntryTouch = 2_000_000_000 // trades × strategies
	minEntries    = 5
	entryRounding = 1e-12 // of the money spent: profits nearer than this are equal, in whatever order they were added up
)

// EnterAtRandom draws strategies of as many trades, held as long and with as much money, entered at other moments: in each market the
// holding times are shuffled and laid on the bars so that none overlap, each at a place of the free time that is drawn on its own. A trade of quantity
// q costs q·o·(1+s)·(1+f) at the open o it is bought at and brings q·o·(1−s)·(1−f) at the one it is sold at; a random one has the quantity
// that spends the same as the trade it stands for. fee and slippage are fractions, per side. Prices are not rounded to a tick, so Own is a
// backtest's profit of the same trades to within its rounding. The same seed gives the same answer.
func EnterAtRandom(markets []HeldMarket, fee, slippage float64, strategies int, seed uint64) (RandomEntries, error) {
	const figure = "random entries"
	if err := checkHeld(markets, fee, slippage, strategies); err != nil {
		return RandomEntries{}, err
	}
	out := RandomEntries{Strategies: strategies, Seed: seed}
	buy, sell := (1+slippage)*(1+fee), (1-slippage)*(1-fee)
	spent := 0.0
	for _, m := range markets {
		for _, t := range m.Trades {
			out.Own += t.Quantity * (m.Opens[t.Exit]*sell - m.Opens[t.Entry]*buy)
			spent += t.Quantity * m.Opens[t.Entry]
			out.Trades++
		}
	}
	if !finite(out.Own) || !finite(spent) {
		return RandomEntries{}, degenerate(figure, "the profit is beyond numbers")
	}
	gen := NewSplitMix(seed)
	profits := make([]float64, strategies)
	var order, gaps []int
	below := 0
	for i := range profits {
		for _, m := range markets {
			var profit float64
			profit, order, gaps = layout(gen, &m, buy, sell, order, gaps)
			profits[i] += profit
		}
		if !finite(profits[i]) {
			return RandomEntries{}, degenerate(figure, "the profit of a random strategy is beyond numbers")
		}
		if profits[i] < out.Own-entryRounding*spent {
			below++
		}
	}
	out.Better = float64(below) / float64(strategies)
	out.PValue = float64(1+strategies-below) / float64(1+strategies)
	slices.Sort(profits)
	out.P5, out.P50, out.P95 = percentile(profits, .05), percentile(profits, .5), percentile(profits, .95)
	if !finite(out.P5) || !finite(out.P50) || !finite(out.P95) {
		return RandomEntries{}, degenerate(figure, "the profits lie too far apart")
	}
	return out, nil
}

func checkHeld(markets []HeldMarket, fee, slippage float64, strategies int) error {
	const figure = "random entries"
	if !(fee >= 0 && fee < 1) || !(slippage >= 0 && slippage < 1) {
		return degenerate(figure, "a fee of %v and a slippage of %v: fractions from 0 up to 1 are wanted", fee, slippage)
	}
	trades := 0
	for m := range markets {
		h := &markets[m]
		for i, o := range h.Opens {
			if !(o > 0) || !finite(o) {
				return degenerate(figure, "open %d of market %d is %v, it must be above zero", i, m, o)
			}
		}
		end := 0
		for i, t := range h.Trades {
			if t.Entry < end || t.Exit <= t.Entry || t.Exit >= len(h.Opens) {
				return degenerate(figure, "trade %d of market %d is held from bar %d to %d: trades must be in order, not overlap and end within %d bars", i, m, t.Entry, t.Exit, len(h.Opens))
			}
			if !(t.Quantity > 0) || !finite(t.Quantity) {
				return degenerate(figure, "trade %d of market %d has the quantity %v", i, m, t.Quantity)
			}
			end = t.Exit
		}
		trades += len(h.Trades)
	}
	switch {
	case trades < minEntries:
		return degenerate(figure, "%d closed trades, at least %d are needed", trades, minEntries)
	case strategies < 100 || float64(strategies)*float64(trades) > maxEntryTouch:
		return degenerate(figure, "%d strategies of %d trades: it takes 100 or more, and up to %d trades in all", strategies, trades, maxEntryTouch)
	}
	return nil
}

// layout draws one random strategy on a market and returns its profit, with the room it used.
func layout(gen *SplitMix, m *HeldMarket, buy, sell float64, order, gaps []int) (float64, []int, []int) {
	n := len(m.Trades)
	order, gaps = slices.Grow(order[:0], n)[:n], slices.Grow(gaps[:0], n)[:n]
	held := 0
	for i := range order {
		order[i] = i
		held += m.Trades[i].Exit - m.Trades[i].Entry
	}
	for i := n - 1; i > 0; i-- { // Fisher and Yates
		j := gen.intn(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	free := len(m.Opens) - 1 - held // bars between, before and after the trades
	for i := range gaps {
		gaps[i] = gen.intn(free + 1)
	}
	slices.Sort(gaps)
	profit, before := 0.0, 0
	for i, k := range order {
		t := &m.Trades[k]
		length := t.Exit - t.Entry
		entry := gaps[i] + before
		spent := t.Quantity * m.Opens[t.Entry]
		profit += spent / m.Opens[entry] * (m.Opens[entry+length]*sell - m.Opens[entry]*buy)
		before += length
	}
	return profit, order, gaps
}

// CostPoint is what a strategy returns when costs are a multiple of what they are.
type CostPoint struct {
	Multiple float64  `json:"multiple"`
	Return   float64  `json:"return"`
	Sharpe   *float64 `json:"sharpe"`
	Trades   int      `json:"trades"`
}

// BreakEven is the multiple of the costs at which the return is nothing, on the straight line between the two points around it, from the
// lowest multiple up. Points are in order of their multiples, at least two. Without one in reach there is a reason.
func BreakEven(points []CostPoint) Value {
	for i := range points {
		if !finite(points[i].Return) || i > 0 && !(points[i].Multiple > points[i-1].Multiple) {
			return none("the points are not in order")
		}
	}
	switch {
	case len(points) < 2:
		return none("%d points, at least two are needed", len(points))
	case points[0].Return <= 0:
		return none("it returns %.4g with %g times the costs: no cost is low enough", points[0].Return, points[0].Multiple)
	}
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		if b.Return <= 0 {
			return number(a.Multiple + a.Return/(a.Return-b.Return)*(b.Multiple-a.Multiple))
		}
	}
	last := points[len(points)-1]
	return none("above %g: it still returns %.4g there", last.Multiple, last.Return)
}

// Neighbour is a point beside the chosen one, with its score; nil: it has none.
type Neighbour struct {
	Params map[string]float64 `json:"params"`
	Score  *float64           `json:"score"`
}

// Stability says whether the points beside a chosen one are about as good.
type Stability struct {
	Chosen     float64 `json:"chosen"`     // its score
	Neighbours int     `json:"neighbours"` // how many were tried
	Kept       int     `json:"kept"`       // those that keep its sign and at least half of its score
	Share      float64 `json:"share"`
	Mean       float64 `json:"mean"`  // of the neighbours' scores; one without counts as zero
	Worst      float64 `json:"worst"` // of the neighbours' scores
}

// Stable compares a chosen score with those of its neighbours: a good one that stands alone among bad ones was found by luck.
func Stable(chosen float64, beside []Neighbour) (Stability, error) {
	const figure = "parameter stability"
	if !finite(chosen) || chosen == 0 {
		return Stability{}, degenerate(figure, "the chosen point's score is %v", chosen)
	}
	if len(beside) == 0 {
		return Stability{}, degenerate(figure, "no parameter has a neighbour")
	}
	s := Stability{Chosen: chosen, Neighbours: len(beside), Worst: math.Inf(1)}
	for i, n := range beside {
		v := 0.0
		if n.Score != nil {
			v = *n.Score
		}
		if !finite(v) {
			return Stability{}, degenerate(figure, "the score of neighbour %d is not finite", i)
		}
		if v/chosen >= 0.5 {
			s.Kept++
		}
		s.Mean += v / float64(len(beside))
		s.Worst = min(s.Worst, v)
	}
	s.Share = float64(s.Kept) / float64(s.Neighbours)
	return s, nil
}
