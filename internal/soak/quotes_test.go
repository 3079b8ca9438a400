package soak_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"sort"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
)

// price is what a market is quoted at, as exact numbers; the zero value: it is not quoted.
type price struct{ bid, ask, last string }

func exact(s string) (string, bool) {
	r, ok := new(big.Rat).SetString(s)
	if !ok || strings.ContainsAny(s, "/_xXpP") || r.Sign() <= 0 {
		return "", false
	}
	return r.RatString(), true
}

// listed is what an answer of /latest says, and how many of its pieces are not to be believed.
func listed(body []byte) (map[string]price, int) {
	var a struct {
		Prices map[string]struct{ Bid, Ask, Last string }
	}
	if json.Unmarshal(body, &a) != nil {
		panic("a whole answer cannot be read")
	}
	out, bad := map[string]price{}, 0
	for k, v := range a.Prices {
		var p price
		var ok [3]bool
		p.bid, ok[0] = exact(v.Bid)
		p.ask, ok[1] = exact(v.Ask)
		p.last, ok[2] = exact(v.Last)
		if ok != [3]bool{true, true, true} || strings.ContainsAny(k, " !") || rat(p.ask).Cmp(rat(p.bid)) < 0 {
			bad++
			continue
		}
		base, quote, two := strings.Cut(k, "_")
		if !two {
			quote = "aud"
		}
		out[strings.ToUpper(base+"/"+quote)] = p
	}
	return out, bad
}

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// suspect is a price that has jumped.
type suspect struct {
	from, to *big.Rat
	seen     int
}

// ledgerOfQuotes is the plain recomputation: what is believed after each answer that landed.
type ledgerOfQuotes struct {
	stands   map[string]price
	suspects map[string]*suspect
}

// apply takes an answer, and tells what changed.
func (l *ledgerOfQuotes) apply(said map[string]price) map[string]price {
	changed := map[string]price{}
	for m, p := range said {
		if l.believes(m, rat(p.last)) {
			if l.stands[m] != p {
				changed[m] = p
			}
		} else if l.stands[m] != (price{}) {
			changed[m] = price{}
		}
	}
	for m, p := range l.stands {
		if _, ok := said[m]; !ok && p != (price{}) {
			changed[m] = price{}
		}
	}
	for m, p := range changed {
		l.stands[m] = p
	}
	return changed
}

// believes decides on a price: more than double or less than half of what it was has to stand for three answers.
func (l *ledgerOfQuotes) believes(m string, to *big.Rat) bool {
	s, from := l.suspects[m], rat(l.stands[m].last)
	if s != nil {
		from = s.from
	}
	two := big.NewRat(2, 1)
	if from.Sign() == 0 || to.Cmp(new(big.Rat).Mul(from, two)) <= 0 && from.Cmp(new(big.Rat).Mul(to, two)) <= 0 {
		delete(l.suspects, m)
		return true
	}
	if s == nil || new(big.Rat).Mul(new(big.Rat).Abs(new(big.Rat).Sub(s.to, to)), big.NewRat(10, 1)).Cmp(s.to) > 0 {
		s = &suspect{from: from, to: to}
		l.suspects[m] = s
	}
	if s.seen++; s.seen < 3 {
		return false
	}
	delete(l.suspects, m)
	return true
}

// change is one row of the quotes.
type change struct {
	price
	event int64 // unix milliseconds
}

// step is the state after one answer that landed.
type step struct {
	number       int
	known, event int64 // unix milliseconds
	stands       map[string]price
	served       time.Time
}

// quotes compares all that is stored of CoinSpot's quotes with what was served.
func (b *books) quotes(s *server) []step {
	b.t.Helper()
	served := map[int]answer{}
	for _, a := range s.seen(func(a *answer) bool {
		return a.whole && a.upstream == "coinspot" && strings.HasSuffix(a.path, "/latest")
	}) {
		said, _ := listed(a.body)
		n := new(big.Rat).Sub(rat(said["SEQ/AUD"].bid), big.NewRat(1_000_000, 1))
		served[int(n.Num().Int64())] = a
	}
	stored, err := b.db.QuoteChanges(b.t.Context(), "coinspot", time.Now().Add(-24*time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		b.t.Fatal(err)
	}
	truth := ledgerOfQuotes{stands: map[string]price{}, suspects: map[string]*suspect{}}
	want := map[string][]change{}
	var steps []step
	for m, list := range stored {
		if m.String() != "SEQ/AUD" {
			continue
		}
		for _, q := range list {
			n := int(new(big.Rat).Sub(rat(q.Bid.String()), big.NewRat(1_000_000, 1)).Num().Int64())
			a, ok := served[n]
			if q.Gone || !ok {
				b.t.Errorf("answer %d landed and was not served whole", n)
				continue
			}
			said, _ := listed(a.body)
			event := q.Time.UnixMilli()
			for name, p := range truth.apply(said) {
				want[name] = append(want[name], change{p, event})
			}
			stands := map[string]price{}
			for k, v := range truth.stands {
				stands[k] = v
			}
			steps = append(steps, step{n, q.Known.UnixMilli(), event, stands, a.ended})
			if q.Known.UnixMilli() < a.begun.UnixMilli() || event < a.begun.UnixMilli() {
				b.t.Errorf("answer %d was known at %s and begun at %s", n, q.Known, a.begun)
			}
		}
	}
	for i := 1; i < len(steps); i++ {
		if steps[i].number <= steps[i-1].number || steps[i].known < steps[i-1].known {
			b.t.Errorf("answer %d landed after answer %d, or was known before it", steps[i].number, steps[i-1].number)
		}
	}
	got := map[string][]change{}
	for m, list := range stored {
		for _, q := range list {
			c := change{event: q.Time.UnixMilli()}
			if !q.Gone {
				c.bid, c.ask, c.last = rat(q.Bid.String()).RatString(), rat(q.Ask.String()).RatString(), rat(q.Last.String()).RatString()
			}
			got[m.String()] = append(got[m.String()], c)
		}
	}
	for m := range want {
		if fmt.Sprint(got[m]) != fmt.Sprint(want[m]) {
			b.t.Errorf("%s: %d changes are stored, %d were served: %s", m, len(got[m]), len(want[m]), firstDifference(got[m], want[m]))
		}
	}
	for m := range got {
		if len(want[m]) == 0 {
			b.t.Errorf("%s is stored and was never served: %v", m, got[m])
		}
	}
	return steps
}

func firstDifference(got, want []change) string {
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			return fmt.Sprintf("from place %d on: %v, want %v", i, got[min(i, len(got)):min(i+2, len(got))], want[i:min(i+2, len(want))])
		}
	}
	return "more than was served"
}

// asOf asks for the quotes as of random times, and compares.
func (b *books) asOf(steps []step, times int) {
	b.t.Helper()
	if len(steps) < 2 {
		return
	}
	rng := rand.New(rand.NewPCG(1, 2))
	first, span := steps[0].known-500, steps[len(steps)-1].known-steps[0].known+1000
	for range times {
		at := first + rng.Int64N(span)
		i := sort.Search(len(steps), func(i int) bool { return steps[i].known > at }) - 1
		want := map[string]price{}
		if i >= 0 {
			for m, p := range steps[i].stands {
				if p != (price{}) {
					want[m] = p
				}
			}
		}
		rows, err := b.db.Quotes(b.t.Context(), ledger.QuoteQuery{Source: "coinspot", AsOf: time.UnixMilli(at)})
		if err != nil {
			b.t.Fatal(err)
		}
		got := map[string]price{}
		for _, q := range rows {
			got[q.Market.String()] = price{rat(q.Bid.String()).RatString(), rat(q.Ask.String()).RatString(), rat(q.Last.String()).RatString()}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			b.t.Errorf("quotes as of %s are not those that had landed by then:\n%v\nwant\n%v", time.UnixMilli(at).UTC(), got, want)
			return
		}
	}
}
