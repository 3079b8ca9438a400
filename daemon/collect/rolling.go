package collect

import (
	"context"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

// maxRoll bounds how many bars' time one poll builds after an absence; the next goes on.
const maxRoll = 288

// rollBars builds the five-minute bars that have ended by until since it was last done, from the quotes that landed. until is no later
// than the reading of the answer that lands next, and polls of a feed land one after another, so nothing can come into a bar that has
// been built. A bar is made of the last prices seen at polls: one without a poll
// has no bar, and is a gap. Building twice gives the same bars.
//
// A bar that stands on less than half of the polls that its time has room for may have missed its high and its low: that time is a gap.
func (r *Runner) rollBars(ctx context.Context, f *source.Feed, l *ledger.Landing, st *state, until, now time.Time) error {
	const step = int64(market.FiveMinutes)
	end := market.FiveMinutes.Floor(until.Unix())
	if st.Bars == 0 || st.Bars > end {
		st.Bars = end
		return nil
	}
	if end-st.Bars > 3*int64(market.Day) { // the polls are forgotten by then
		st.Bars = end - 3*int64(market.Day)
	}
	end = min(end, st.Bars+maxRoll*step)
	if st.Bars == end {
		return nil
	}
	from, to := time.Unix(st.Bars, 0).UTC(), time.Unix(end, 0).UTC()
	polls, err := r.store.Polls(ctx, f.Name, from, to)
	if err != nil {
		return err
	}
	l.Gaps = append(l.Gaps, thin(polls, f.Every)...)
	if len(polls) > 0 {
		changes, err := r.store.QuoteChanges(ctx, f.Origin(), from, to)
		if err != nil {
			return err
		}
		known := now.Unix()
		if now.Nanosecond() > 0 {
			known++ // known by the whole second after
		}
		for m, list := range changes {
			bars, err := fiveMinutes(polls, list, f.Origin(), known)
			if err != nil {
				return fmt.Errorf("bars of %s from quotes: %w", m, err)
			}
			if len(bars) == 0 {
				continue
			}
			if _, err := r.store.AppendBars(ctx, m, market.FiveMinutes, bars, false); err != nil {
				return err
			}
		}
	}
	st.Bars = end
	return nil
}

// thin are the times whose bars stand on few polls. Those without any have no bar, and are in the gaps of the feed itself.
func thin(polls ledger.PollTimes, every time.Duration) (out []ledger.FeedGap) {
	room := int(market.FiveMinutes.Duration() / every)
	for i := 0; i < len(polls); {
		open, n := market.FiveMinutes.Floor(polls[i].Unix()), 0
		for ; i < len(polls) && market.FiveMinutes.Floor(polls[i].Unix()) == open; i++ {
			n++
		}
		if n >= (room+1)/2 {
			continue
		}
		from := time.Unix(open, 0).UTC()
		to := from.Add(market.FiveMinutes.Duration())
		if k := len(out) - 1; k >= 0 && out[k].To.Equal(from) {
			out[k].To = to
			continue
		}
		out = append(out, ledger.FeedGap{From: from, To: to, Reason: fmt.Sprintf("its bars stand on less than half of %d polls each: highs and lows may be missing", room)})
	}
	return out
}

// fiveMinutes makes bars of what stood at each poll. Both lists are in time order.
func fiveMinutes(polls ledger.PollTimes, changes []ledger.StoredQuote, src string, known int64) ([]ledger.PriceBar, error) {
	var out []ledger.PriceBar
	var b builder
	i := 0
	for _, at := range polls {
		for i < len(changes) && !changes[i].Time.After(at) {
			i++
		}
		if i == 0 || changes[i-1].Gone || changes[i-1].Last.Sign() <= 0 {
			continue
		}
		open := market.FiveMinutes.Floor(at.Unix())
		if b.seen && b.open != open {
			bar, err := b.bar(src, known)
			if err != nil {
				return nil, err
			}
			out = append(out, bar)
			b = builder{}
		}
		b.add(open, &changes[i-1].Quote)
	}
	if b.seen {
		bar, err := b.bar(src, known)
		if err != nil {
			return nil, err
		}
		out = append(out, bar)
	}
	return out, nil
}

// builder is a bar under construction.
type builder struct {
	seen                   bool
	open                   int64
	first, high, low, last money.Decimal
	bid, ask               *money.Decimal
}

func (b *builder) add(open int64, q *market.Quote) {
	if !b.seen {
		b.seen, b.open, b.first, b.high, b.low = true, open, q.Last, q.Last, q.Last
	}
	b.high, b.low, b.last = money.Max(b.high, q.Last), money.Min(b.low, q.Last), q.Last
	b.bid, b.ask = some(q.Bid), some(q.Ask)
}

func some(d money.Decimal) *money.Decimal {
	if d.Sign() <= 0 {
		return nil
	}
	return &d
}

func (b *builder) bar(src string, known int64) (ledger.PriceBar, error) {
	bar, err := market.NewBar(b.open, b.first, b.high, b.low, b.last, nil)
	return ledger.PriceBar{Bar: bar, Known: max(known, b.open+int64(market.FiveMinutes)), Source: src, Bid: b.bid, Ask: b.ask}, err
}
