// Package trade holds what is ordered and what came of it: orders with their one transition table, fills, positions and P&L.
// It does no I/O and decides nothing; a position changes only by fills.
package trade

import (
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// Side is buy or sell.
type Side string

// The two sides.
const (
	Buy  Side = "buy"
	Sell Side = "sell"
)

// Type is how an order asks to be filled.
type Type string

// The order types.
const (
	MarketOrder Type = "market" // at the next open, whatever it is
	LimitOrder  Type = "limit"  // at the limit or better, resting until filled or cancelled
)

// State is where an order stands.
type State string

// The states. Filled, Cancelled and Rejected are terminal.
const (
	Planned   State = "planned"   // journalled, not yet sent
	Sent      State = "sent"      // handed to the venue, not yet acknowledged
	Open      State = "open"      // accepted, nothing or part of it filled
	Filled    State = "filled"    // filled whole
	Cancelled State = "cancelled" // ended by us, by the venue or by a rule, perhaps partly filled
	Rejected  State = "rejected"  // the venue refused it: nothing was filled
	Unknown   State = "unknown"   // sent, and the outcome is not known: never failed, never resent
)

// next is the one transition table of an order.
var next = map[State][]State{
	Planned: {Sent, Cancelled},
	Sent:    {Open, Filled, Cancelled, Rejected, Unknown},
	Open:    {Filled, Cancelled, Unknown},
	Unknown: {Open, Filled, Cancelled, Rejected},
}

// Terminal reports whether nothing can follow s.
func (s State) Terminal() bool { return s == Filled || s == Cancelled || s == Rejected }

// Can reports whether an order in state s may go to state to.
func (s State) Can(to State) bool {
	for _, t := range next[s] {
		if t == to {
			return true
		}
	}
	return false
}

// Order is one order on one market. Quantity and Filled are in base coins, Limit and AveragePrice in the quote currency,
// Fee in the quote currency.
type Order struct {
	ID           string        `json:"id"`
	Market       market.Market `json:"market"`
	Side         Side          `json:"side"`
	Type         Type          `json:"type"`
	Quantity     money.Decimal `json:"quantity"`
	Limit        money.Decimal `json:"limit"` // zero for a market order
	State        State         `json:"state"`
	Reason       string        `json:"reason,omitempty"` // the stable code of why it was cancelled or rejected: feed_gap, insufficient_cash, …
	Filled       money.Decimal `json:"filled"`
	AveragePrice money.Decimal `json:"average_price"` // of what is filled, cut at 8 decimals; for display
	Fee          money.Decimal `json:"fee"`
	Tag          string        `json:"tag,omitempty"` // the strategy's own name for why
	PlacedAt     time.Time     `json:"placed_at"`     // the decision, UTC
	UpdatedAt    time.Time     `json:"updated_at"`
}

// Remaining is the quantity not filled yet.
func (o *Order) Remaining() money.Decimal { return o.Quantity.Sub(o.Filled) }

// To moves the order to state s, or says why it may not.
func (o *Order) To(s State, at time.Time) error {
	if !o.State.Can(s) {
		return fmt.Errorf("order %s: %s cannot become %s", o.ID, o.State, s)
	}
	o.State, o.UpdatedAt = s, at
	return nil
}

// Fill is one execution. Price is in the quote currency per base coin; Fee in the quote currency.
type Fill struct {
	ID       string        `json:"id"`
	OrderID  string        `json:"order_id"`
	Market   market.Market `json:"market"`
	Side     Side          `json:"side"`
	Quantity money.Decimal `json:"quantity"`
	Price    money.Decimal `json:"price"`
	Fee      money.Decimal `json:"fee"`
	Time     time.Time     `json:"time"`              // in simulation the open time of the bar it happened in
	Clipped  bool          `json:"clipped,omitempty"` // cash fell short at the fill, so the quantity was cut
}

// Notional is quantity × price, exact to 16 decimals.
func (f *Fill) Notional() money.Decimal { return f.Quantity.Mul(f.Price) }

// CashChange is what the fill does to cash, fee included, kept to 8 decimals: the notional is rounded half-even.
func (f *Fill) CashChange() money.Decimal {
	n := f.Notional().RoundHalfEven(money.Scale)
	if f.Side == Buy {
		return n.Add(f.Fee).Neg()
	}
	return n.Sub(f.Fee)
}
