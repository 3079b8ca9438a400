package collect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// check drops the records that cannot be kept, and returns them as rejects. Sources check what they read; this is the last door,
// the same for all.
func check(r *ledger.Records, now time.Time) []ledger.Reject {
	var out []ledger.Reject
	r.Quotes = sound(r.Quotes, &out, func(q *market.Quote) error { return ledger.CheckQuote(q, now) })
	r.Fundamentals = sound(r.Fundamentals, &out, func(v *ledger.Fundamental) error { return v.Check(now) })
	r.Metrics = sound(r.Metrics, &out, func(v *ledger.Metric) error { return v.Check(now) })
	r.Flows = sound(r.Flows, &out, func(v *ledger.Flow) error { return v.Check(now) })
	r.News = sound(r.News, &out, func(v *ledger.News) error { return v.Check(now) })
	r.Posts = sound(r.Posts, &out, func(v *ledger.Post) error { return v.Check(now) })
	r.Events = sound(r.Events, &out, func(v *ledger.Event) error { return v.Check(now) })
	r.Trades = sound(r.Trades, &out, func(v *ledger.MarketTrade) error { return v.Check(now) })
	return out
}

func sound[T any](list []T, rejects *[]ledger.Reject, check func(*T) error) []T {
	kept := list[:0]
	for i := range list {
		if err := check(&list[i]); err != nil {
			*rejects = append(*rejects, ledger.Reject{Reason: err.Error(), Bytes: written(list[i])})
			continue
		}
		kept = append(kept, list[i])
	}
	return kept
}

func written(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Appendf(nil, "%+v", v)
	}
	return b
}

// A price that moves by more than jump times from one poll to the next is held back until it has stood, within settled, for so many
// polls: most such prices are mistakes of the venue, and none is traded on at once.
const (
	jumpTimes   = 2
	settledPart = 10 // within a tenth
	stoodPolls  = 3
	forgetAfter = time.Hour // without a look at the market, any price may be new
)

// held is a quote that jumped.
type held struct {
	From  money.Decimal `json:"from"`  // the price before
	Price money.Decimal `json:"price"` // where it jumped to
	Seen  int           `json:"seen"`  // polls
}

// jumped is what became of the quotes.
type jumped struct {
	rest   []market.Quote
	pieces []ledger.Reject
}

// holdJumps takes out the quotes that jumped and have not stood yet.
func (r *Runner) holdJumps(ctx context.Context, src string, claim ledger.Claim, quotes []market.Quote, st *state) (jumped, error) {
	var out jumped
	before := map[market.Market]money.Decimal{}
	if now := r.clock.Now(); !claim.LastOK.IsZero() && now.Sub(claim.LastOK) < forgetAfter {
		rows, err := r.store.Quotes(ctx, ledger.QuoteQuery{Source: src})
		if err != nil {
			return out, err
		}
		for i := range rows {
			before[rows[i].Market] = level(&rows[i].Quote)
		}
	} else {
		st.Held = nil
	}
	for i := range quotes {
		q := &quotes[i]
		key, p := q.Market.String(), level(q)
		h := st.Held[key]
		from := before[q.Market]
		if h != nil {
			from = h.From
		}
		if from.Sign() <= 0 || !jump(from, p) {
			delete(st.Held, key)
			out.rest = append(out.rest, *q)
			continue
		}
		if h == nil || !near(h.Price, p) {
			h = &held{From: from, Price: p}
			if st.Held == nil {
				st.Held = map[string]*held{}
			}
			st.Held[key] = h
		}
		if h.Seen++; h.Seen >= stoodPolls {
			delete(st.Held, key)
			out.rest = append(out.rest, *q)
			continue
		}
		out.pieces = append(out.pieces, ledger.Reject{Bytes: written(*q),
			Reason: fmt.Sprintf("jump: %s from %s to %s; it is taken once it has stood for %d polls", q.Market, h.From, p, stoodPolls)})
	}
	return out, nil
}

// level is what a quote is compared by.
func level(q *market.Quote) money.Decimal {
	switch {
	case q.Last.Sign() > 0:
		return q.Last
	case q.Bid.Sign() > 0:
		return q.Bid
	}
	return q.Ask
}

func jump(from, to money.Decimal) bool {
	n := money.FromInt(jumpTimes)
	return from.Mul(n).Less(to) || to.Mul(n).Less(from)
}

func near(a, b money.Decimal) bool {
	return !a.Less(a.Sub(b).Abs().Mul(money.FromInt(settledPart)))
}

// complete adds what no upstream says.
func (r *Runner) complete(ctx context.Context, rec *ledger.Records) error {
	for i := range rec.News {
		n := &rec.News[i]
		text := strings.TrimSpace(n.Title + ". " + n.Summary)
		n.Sentiment, n.Coins = r.judge.Sentiment(text), ledger.Merge(n.Coins, r.judge.Coins(text))
	}
	for i := range rec.Posts {
		p := &rec.Posts[i]
		p.Sentiment, p.Coins = r.judge.Sentiment(p.Content), ledger.Merge(p.Coins, r.judge.Coins(p.Content))
	}
	if len(rec.Events) == 0 {
		return nil
	}
	return r.weigh(ctx, rec.Events)
}

// novelty is how far back an event's likes count.
const novelty = 30 * 24 * time.Hour

// maxKnown bounds the events remembered as landed.
const maxKnown = 20_000

// known reports that all the events have landed from this process as they are: most polls show what the one before showed.
func (r *Runner) known(events []ledger.Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		if e := &events[i]; r.landed[e.Source+"\x00"+e.ID] != e.Version() {
			return false
		}
	}
	return true
}

// remember notes that the events have landed.
func (r *Runner) remember(events []ledger.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.landed)+len(events) > maxKnown {
		r.landed = map[string]string{} // then they are weighed once more
	}
	for i := range events {
		e := &events[i]
		r.landed[e.Source+"\x00"+e.ID] = e.Version()
	}
}

// weigh scores events. One that is known keeps its score: that is the store's doing, which drops what has not changed.
func (r *Runner) weigh(ctx context.Context, events []ledger.Event) error {
	if r.known(events) {
		return nil
	}
	first, last := events[0].Time, events[0].Time
	for i := range events {
		if t := events[i].Time; t.Before(first) {
			first = t
		} else if t.After(last) {
			last = t
		}
	}
	recent, err := r.store.CatalystEvents(ctx, ledger.EventQuery{Window: ledger.Window{From: first.Add(-novelty), To: last.Add(time.Millisecond), Limit: 20_000}})
	if err != nil {
		return err
	}
	// What lands together counts as what had landed before, the earlier for the later: one poll or two make no difference.
	order, here := make([]*ledger.Event, len(events)), map[[2]string]bool{}
	for i := range events {
		e := &events[i]
		e.Coins = ledger.Merge(e.Coins, nil)
		order[i], here[[2]string{e.Source, e.ID}] = e, true
	}
	slices.SortStableFunc(order, compareEvents)
	recent = slices.DeleteFunc(recent, func(o ledger.EventRow) bool { return here[[2]string{o.Source, o.ID}] })
	for i, e := range order {
		var before []ledger.EventRow
		for j := range recent {
			if o := &recent[j]; compareEvents(&o.Event, e) < 0 && o.Time.After(e.Time.Add(-novelty)) {
				before = append(before, *o)
			}
		}
		for _, o := range order[:i] {
			if o.Time.After(e.Time.Add(-novelty)) && (o.ID != e.ID || o.Source != e.Source) {
				before = append(before, ledger.EventRow{Event: *o})
			}
		}
		e.Impact, e.Why = r.judge.Impact(e, before)
	}
	return nil
}

// compareEvents orders events by time, and those of one moment by what they are.
func compareEvents(a, b *ledger.Event) int {
	return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Source, b.Source), strings.Compare(a.ID, b.ID))
}
