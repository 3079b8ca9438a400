// Package risk decides whether what a strategy wants may become an order: Check turns an intent into Approved or a Refusal.
// It sizes the order, holds no state, sends nothing, and is the only package that can make an Approved.
package risk

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// Code is the stable code of a refusal: the same in reports, audit, CLI, TUI and API.
type Code string

// The codes of Check. FeedGap and those after it are a venue's: why an order ended, not why it was refused.
const (
	Halted               Code = "halted"                // the session was stopped or killed
	NotWarm              Code = "not_warm"              // the market has not seen its warm-up bars, or the window has not begun
	NoPrice              Code = "no_price"              // the market has no close yet, or a price rounds to zero
	BadOrder             Code = "bad_order"             // an unknown market, side, type or way to size, or a tag of over 64 characters
	BadQuantity          Code = "bad_quantity"          // not above zero, a fraction above 1, or nothing left after rounding to the step
	BadLimit             Code = "bad_limit"             // a limit order without a limit above zero, or a market order with one
	MaxOpenOrders        Code = "max_open_orders"       // as many orders are open as may be
	SelfCross            Code = "self_cross"            // it would trade against one's own resting order
	MinNotional          Code = "min_notional"          // worth less than the venue's smallest order
	InsufficientCash     Code = "insufficient_cash"     // the free cash does not cover it with costs
	InsufficientPosition Code = "insufficient_position" // it sells more than is held and free: spot, long only
	MaxTimers            Code = "max_timers"            // as many timers are set as may be

	FeedGap   Code = "feed_gap"    // the next bar opened too late for a market order
	EndOfData Code = "end_of_data" // the feed ended while the order was open
	Clipped   Code = "clipped"     // cash fell short at the fill: the quantity was cut to what it covers, and that was filled
	ByRequest Code = "by_request"  // the strategy, the stop command or the kill switch cancelled it
)

// Refusal says why an intent became no order. It is an error value whose text starts with the code. In JSON it is its code and its detail.
type Refusal struct {
	Code   Code
	format string
	args   []any
}

// Refuse makes a refusal. Its text is written when it is asked for: a backtest may make one at every bar and read none.
func Refuse(code Code, format string, args ...any) *Refusal { return &Refusal{code, format, args} }

// Detail is the reason, for a person.
func (r *Refusal) Detail() string { return fmt.Sprintf(r.format, r.args...) }

// Error is "code: detail".
func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Detail() }

// MarshalJSON implements json.Marshaler.
func (r *Refusal) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code   Code   `json:"code"`
		Detail string `json:"detail"`
	}{r.Code, r.Detail()})
}

// Rules are the costs and bounds an order is checked against.
type Rules struct {
	FeeBps        money.Decimal
	SlippageBps   money.Decimal
	MinNotional   money.Decimal // quote currency
	PriceTick     money.Decimal // above zero
	QuantityStep  money.Decimal // above zero
	MaxOpenOrders int           // over all markets
}

// Proposal is one intent with what makes it an order.
type Proposal struct {
	ID     string // of the order it would become
	Market market.Market
	At     time.Time // the decision, UTC
	Intent strategy.Intent
	Whole  bool // sell everything that is free, whatever the intent's amount: the kill switch
}

// State is what the books say at the decision. Amounts are free: what resting orders reserve is not in them.
type State struct {
	Halted     bool
	Warm       bool
	OpenOrders int           // over all markets
	Cash       money.Decimal // free, quote currency
	Position   money.Decimal // free, base coins
	Last       money.Decimal // last close; zero before the first
	HalfSpread money.Decimal // of the last quote known; zero where there is none
	OwnBuy     money.Decimal // highest limit of one's own resting buys on the market; zero: none
	OwnSell    money.Decimal // lowest limit of one's own resting sells on the market; zero: none
}

// Approved is an order that risk let through. Its zero value approves nothing and every broker refuses it.
type Approved struct {
	order      trade.Order
	halfSpread money.Decimal
	ok         bool
}

// Order is a copy of the order, in state planned.
func (a Approved) Order() trade.Order { return a.order }

// HalfSpread is half the spread of the last quote known at the decision; zero where none was.
func (a Approved) HalfSpread() money.Decimal { return a.halfSpread }

// Valid reports that Check made it.
func (a Approved) Valid() bool { return a.ok }
