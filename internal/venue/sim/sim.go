// Package sim is the simulated venue: it fills orders against bars or quotes by the rules of docs/backtesting.md.
// It has no clock and no chance, and does no I/O: the same calls give the same updates. It never learns who trades.
package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/risk"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/internal/venue"
)

// ErrNotApproved is returned for a zero risk.Approved.
var ErrNotApproved = errors.New("order was not approved by risk")

// ErrDuplicate is wrapped when an order id was used before.
var ErrDuplicate = errors.New("order id was used before")

// Venue is one account on the simulated venue. Not safe for concurrent use.
type Venue struct {
	s        report.Settings
	interval int64 // seconds
	index    map[market.Market]int
	cash     money.Decimal
	reserved money.Decimal // by resting buys
	books    []book
	ids      map[string]bool
	updates  []venue.Update
}

var _ venue.Simulated = (*Venue)(nil)

// book is one market's open orders in order of arrival, and the coins held.
type book struct {
	market   market.Market
	orders   []*order
	position money.Decimal
	reserved money.Decimal // by resting sells
	quoteBar int64         // open of the newest quote's bar, unix seconds; −1 before the first
}

// order is one open order.
type order struct {
	trade.Order
	halfSpread money.Decimal
	placed     int64 // decision, unix nanoseconds: only a bar that opens at or after it can fill the order
	reference  int64 // max_gap counts from here, unix seconds: the decision, then the close of the last bar it was matched with
	reserve    money.Decimal
	fills      int
}

// New returns a venue account with s.Cash and nothing else. The markets' order is that of OnBar's and OnQuote's m.
func New(s report.Settings, markets []market.Market, interval market.Interval) (*Venue, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("simulated venue: %w", err)
	}
	if !interval.Valid() {
		return nil, fmt.Errorf("simulated venue: %d seconds is no bar length", int64(interval))
	}
	v := &Venue{s: s, interval: int64(interval), index: map[market.Market]int{}, cash: s.Cash, ids: map[string]bool{}, books: make([]book, len(markets))}
	for i, m := range markets {
		v.index[m] = i
		v.books[i] = book{market: m, quoteBar: -1}
	}
	return v, nil
}

// Cash is all cash of the account, reserved or not.
func (v *Venue) Cash() money.Decimal { return v.cash }

// Position is the coins held on market m.
func (v *Venue) Position(m int) money.Decimal { return v.books[m].position }

// Reserved is the cash that resting buys hold back.
func (v *Venue) Reserved() money.Decimal { return v.reserved }

// Busy reports that Updates has something to tell.
func (v *Venue) Busy() bool { return len(v.updates) > 0 }

// Updates appends what happened since the last call to dst.
func (v *Venue) Updates(dst []venue.Update) []venue.Update {
	dst = append(dst, v.updates...)
	clear(v.updates)
	v.updates = v.updates[:0]
	return dst
}

// Submit takes an order. A limit order that the free cash or coins do not cover, or that would meet one's own resting order, is
// rejected by an update.
func (v *Venue) Submit(_ context.Context, a risk.Approved) error {
	if !a.Valid() {
		return ErrNotApproved
	}
	o := a.Order()
	m, ok := v.index[o.Market]
	if !ok {
		return fmt.Errorf("order %s: market %s is not traded here", o.ID, o.Market)
	}
	if v.ids[o.ID] {
		return fmt.Errorf("order %s: %w", o.ID, ErrDuplicate)
	}
	v.ids[o.ID] = true
	o.State = trade.Open
	r := &order{Order: o, halfSpread: a.HalfSpread(), placed: o.PlacedAt.UnixNano(), reference: o.PlacedAt.Unix()}
	b := &v.books[m]
	if code := v.refusal(r, b); code != "" {
		v.tell(r, trade.Rejected, code, nil, o.PlacedAt)
		return nil
	}
	b.orders = append(b.orders, r)
	v.reserve(r, b)
	v.tell(r, trade.Open, "", nil, o.PlacedAt)
	return nil
}

func (v *Venue) refusal(r *order, b *book) risk.Code {
	if r.Type != trade.LimitOrder {
		return ""
	}
	for _, x := range b.orders {
		if x.Type != trade.LimitOrder || x.Side == r.Side {
			continue
		}
		if r.Side == trade.Buy && !r.Limit.Less(x.Limit) || r.Side == trade.Sell && !x.Limit.Less(r.Limit) {
			return risk.SelfCross
		}
	}
	if r.Side == trade.Buy {
		if v.cash.Sub(v.reserved).Less(risk.Cost(r.Quantity, r.Limit, v.s.FeeBps)) {
			return risk.InsufficientCash
		}
	} else if b.position.Sub(b.reserved).Less(r.Quantity) {
		return risk.InsufficientPosition
	}
	return ""
}

// Cancel ends an open order.
func (v *Venue) Cancel(_ context.Context, id string) error {
	for i := range v.books {
		b := &v.books[i]
		for _, r := range b.orders {
			if r.ID == id {
				v.end(r, b, trade.Cancelled, risk.ByRequest, nil, r.UpdatedAt)
				b.sweep()
				return nil
			}
		}
	}
	return nil
}

// End cancels every open order: end_of_data.
func (v *Venue) End(at time.Time) {
	for i := range v.books {
		b := &v.books[i]
		for _, r := range b.orders {
			v.end(r, b, trade.Cancelled, risk.EndOfData, nil, at)
		}
		b.sweep()
	}
}

// end moves an order to a terminal state, gives back what it reserved, and tells.
func (v *Venue) end(r *order, b *book, s trade.State, code risk.Code, f *trade.Fill, at time.Time) {
	r.State = s
	v.reserve(r, b)
	v.tell(r, s, code, f, at)
}

// reserve brings what r holds back up to date.
func (v *Venue) reserve(r *order, b *book) {
	if r.Type != trade.LimitOrder {
		return
	}
	want := money.Zero
	if !r.State.Terminal() {
		want = r.Remaining()
		if r.Side == trade.Buy {
			want = risk.Cost(want, r.Limit, v.s.FeeBps)
		}
	}
	if r.Side == trade.Buy {
		v.reserved = v.reserved.Add(want).Sub(r.reserve)
	} else {
		b.reserved = b.reserved.Add(want).Sub(r.reserve)
	}
	r.reserve = want
}

func (v *Venue) tell(r *order, s trade.State, code risk.Code, f *trade.Fill, at time.Time) {
	v.updates = append(v.updates, venue.Update{OrderID: r.ID, State: s, Reason: string(code), Quantity: r.Quantity, Fill: f, Time: at})
}

// sweep drops the orders that have ended.
func (b *book) sweep() {
	kept := b.orders[:0]
	for _, r := range b.orders {
		if !r.State.Terminal() {
			kept = append(kept, r)
		}
	}
	clear(b.orders[len(kept):])
	b.orders = kept
}
