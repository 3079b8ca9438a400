package coinspot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
)

const (
	// allThereIs is the length from which a list of completed orders may have been cut: the shortest bound that anybody has told of.
	allThereIs = 20
	// lateRows is how long after its time an order may come into the list, clocks that differ included.
	lateRows = time.Minute
	// away is the time without a poll that went well after which all markets must come round before anything is said of the past.
	away = 2 * tradesEvery
	// busyPerPoll are the busy markets that a poll asks for beside those whose turn it is.
	busyPerPoll = 5
)

// trail is the cursor of the trades: the place, and what has been read of each market without a hole.
type trail struct {
	place
	Last   time.Time          `json:"last"`   // when a poll last went well
	Steady time.Time          `json:"steady"` // since when they have gone well without a pause
	Seen   map[string]stretch `json:"seen,omitempty"`
	// Busy are the markets whose last list reached back less far than a round of the markets takes, with how far, in milliseconds.
	Busy map[string]int64 `json:"busy,omitempty"`
}

// stretch is a time, in unix milliseconds, of which every trade has been read.
type stretch struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	Read int64 `json:"read,omitempty"` // when that was
}

// pollTrades brings the newest completed orders of the next few markets, and of those that are so busy that they cannot wait for their
// turn. CoinSpot has no pages: what falls out of a list between two looks at it is missed, and a gap says so.
func (c *Client) pollTrades(ctx context.Context, cursor []byte) (source.Harvest, error) {
	var h source.Harvest
	s, err := c.latest(ctx, &h)
	if err != nil {
		return h, err
	}
	at := open[trail](cursor)
	at.begin(s.listed, h.Read)
	ask := func(ctx context.Context, m market.Market) error {
		var reach time.Time
		read, err := c.ask(ctx, "/orders/completed/"+segment(m), &h, func(status int, body []byte) (err error) {
			reach, err = decodeTrades(status, body, m, c.clock.Now(), &h)
			return err
		})
		if errors.Is(err, errUnlisted) { // there is no list that trades could be missing from
			reach = ledger.Earliest
		} else if err != nil {
			return err
		}
		if from, hole := at.join(m, reach, read, len(s.listed)); hole {
			h.Gap(from, reach, "trades of %s: more than its list holds between two looks at it", m)
		}
		return err
	}
	for _, m := range at.pressing(s.listed) {
		if err = ask(ctx, m); err != nil && !errors.Is(err, errUnlisted) {
			delete(at.Busy, m.String()) // it waits for its turn, and keeps no other from theirs
			return closed(h, at, err)
		}
	}
	err = at.each(ctx, s.listed, tradesPerPoll, ask)
	if err == nil {
		at.Last = h.Read
		h.Since = at.since(s.listed)
	}
	return closed(h, at, err)
}

// begin forgets markets that are listed no more, and what a broken cursor says of the future.
func (t *trail) begin(listed []market.Market, now time.Time) {
	if gone := now.Sub(t.Last); gone > away || gone < 0 {
		t.Steady = now
	}
	keep := make(map[string]stretch, len(listed))
	for _, m := range listed {
		if s, ok := t.Seen[m.String()]; ok && s.To <= now.UnixMilli() && s.From <= s.To && s.Read <= now.UnixMilli() {
			keep[m.String()] = s
		}
	}
	t.Seen = keep
	busy := map[string]int64{}
	for name, span := range t.Busy {
		if _, ok := keep[name]; ok && span >= 0 {
			busy[name] = span
		}
	}
	t.Busy = busy
}

// pressing are the listed markets whose lists would run over before their turn comes: those with the shortest first.
func (t *trail) pressing(listed []market.Market) (out []market.Market) {
	turn := map[market.Market]bool{}
	for _, m := range t.next(listed, tradesPerPoll) {
		turn[m] = true
	}
	for _, m := range listed {
		if _, busy := t.Busy[m.String()]; busy && !turn[m] {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b market.Market) int { return cmp.Compare(t.Busy[a.String()], t.Busy[b.String()]) })
	return out[:min(len(out), busyPerPoll)]
}

// join notes that an answer read at a time holds every trade of a market from reach on. It reports a hole behind what had been read of
// the market before, and where that begins.
func (t *trail) join(m market.Market, reach, read time.Time, listed int) (from time.Time, hole bool) {
	s, ok := t.Seen[m.String()]
	if back := read.Sub(reach); back < 2*round(listed) {
		t.Busy[m.String()] = max(0, back.Milliseconds())
	} else {
		delete(t.Busy, m.String())
	}
	from = time.UnixMilli(s.Read)
	hole = ok && s.Read > 0 && reach.After(from)
	if from := reach.UnixMilli(); !ok || from > s.To || from < s.From { // a hole between them, or more than was known
		s.From = from
	}
	s.To, s.Read = max(s.From, read.Add(-lateRows).UnixMilli()), read.UnixMilli()
	t.Seen[m.String()] = s
	return from, hole
}

// round is how long it takes until every market has had its turn.
func round(listed int) time.Duration {
	return time.Duration((listed+tradesPerPoll-1)/tradesPerPoll) * tradesEvery
}

// since is from when on no trade of any market is missing, to within one round of the markets; zero until all have come round.
func (t *trail) since(listed []market.Market) time.Time {
	from := ledger.Earliest.UnixMilli()
	for _, m := range listed {
		s, ok := t.Seen[m.String()]
		if !ok || s.To < t.Steady.Add(-lateRows).UnixMilli() {
			return time.Time{}
		}
		from = max(from, s.From)
	}
	return time.UnixMilli(from).UTC()
}

// decodeTrades reads an answer of /orders/completed into h. It holds every trade from reach on.
func decodeTrades(status int, body []byte, m market.Market, now time.Time, h *source.Harvest) (reach time.Time, err error) {
	s, err := decodeSides(status, body)
	if err != nil {
		return reach, err
	}
	reach = ledger.Earliest
	// Two trades may be equal in all that is told. Then they are told apart by their place among their equals.
	equals := map[string]int{}
	for _, side := range []struct {
		name string
		rows []json.RawMessage
	}{{"buy", s.Buyorders}, {"sell", s.Sellorders}} {
		oldest := now
		for _, raw := range side.rows {
			t, err := decodeTrade(raw, m, side.name, now)
			if err != nil {
				h.Reject(raw, "%s %s: %v", m, side.name, err)
				continue
			}
			n := equals[t.ID]
			equals[t.ID]++
			t.ID = fmt.Sprintf("%s #%d", t.ID, n)
			h.Trades = append(h.Trades, t)
			if t.Time.Before(oldest) {
				oldest = t.Time
			}
		}
		if len(side.rows) >= allThereIs && oldest.After(reach) {
			reach = oldest
		}
	}
	return reach, nil
}

// decodeTrade reads one completed order. Its ID has no place among equals yet.
func decodeTrade(raw json.RawMessage, m market.Market, side string, now time.Time) (ledger.MarketTrade, error) {
	o, err := decodeOrder(raw, m)
	if err != nil {
		return ledger.MarketTrade{}, err
	}
	if o.sold.IsZero() {
		return ledger.MarketTrade{}, errors.New("solddate is missing")
	}
	t := ledger.MarketTrade{Market: m, Time: o.sold, Side: side, Price: o.rate, Amount: o.amount,
		ID: fmt.Sprintf("%s %s %s @ %s", o.sold.Format(time.RFC3339Nano), side, o.amount, o.rate)}
	return t, t.Check(now)
}
