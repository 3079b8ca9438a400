// Package facttest makes up facts for tests. It must never be imported outside them.
package facttest

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
)

// List answers the questions at random over the time of the bars and a window before it: revisions, late and scheduled items among them.
func List(queries []fact.Query, bars [][]market.Bar, seed uint64) fact.List {
	l := fact.List{Asked: queries, ReachMS: 3660 * 86_400_000}
	r := rand.New(rand.NewPCG(seed, 7))
	from, to := int64(math.MaxInt64), int64(0)
	for _, b := range bars {
		from, to = min(from, b[0].Unix()*1000), max(to, b[len(b)-1].Unix()*1000)
	}
	for i := range queries {
		at := max(0, from-queries[i].WindowMS)
		step := max(1, (to-at)/300)
		if queries[i].Kind == fact.Events {
			step *= 40 // they are rare
		}
		for key := uint64(1); at < to; key++ {
			at += r.Int64N(2 * step)
			f := fact.Fact{Query: i, Key: key, Group: key % 3, Event: at, Known: at + r.Int64N(step)}
			if queries[i].Kind == fact.Events && r.IntN(5) == 0 {
				f.Event += step / 2 // scheduled
			}
			for versions := 1 + r.IntN(5)/4; versions > 0; versions-- {
				f.Values = [3]float64{math.Round((r.Float64()*2-1)*1e4) / 1e4, float64(r.IntN(9)), float64(r.IntN(9))}
				if queries[i].Kind == fact.Events {
					f.Values[0] = math.Abs(f.Values[0])
				}
				l.Facts = append(l.Facts, f)
				f.Known += 1 + r.Int64N(3*step)
				f.Gone = r.IntN(4) == 0
			}
		}
	}
	slices.SortStableFunc(l.Facts, fact.Compare)
	return l
}
