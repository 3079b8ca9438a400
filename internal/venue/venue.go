// Package venue holds the ports to where prices come from and where orders go: Feed and Broker.
// It knows no venue by name, and a Broker takes nothing that risk has not approved.
package venue

import (
	"context"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/risk"
	"github.com/ohmycoins/omc/internal/trade"
)

// Feed tells what the market did, in time order. Used from one goroutine.
type Feed interface {
	// Next returns the next observation, waiting until there is one. io.EOF means that the feed has ended; other errors are
	// final too. It returns ctx's error when ctx ends.
	Next(ctx context.Context) (Observation, error)
	// Quotes reports that the feed gives quotes; else it gives finished bars.
	Quotes() bool
}

// Observation is one bar or one quote of market number Market (an index in the strategy's declared markets). Exactly one is set.
type Observation struct {
	Market int
	Bar    *market.Bar
	Quote  *market.Quote
}

// Broker takes orders to a venue. What became of them is told by Updates, in order, and never by Submit's error.
type Broker interface {
	// Submit hands over an approved order. An error means that it was certainly not sent: a zero Approved, an id used before,
	// a broker that is shut down.
	Submit(ctx context.Context, a risk.Approved) error
	// Cancel asks to cancel an order. Unknown and ended orders are ignored.
	Cancel(ctx context.Context, id string) error
	// Updates appends what has happened since the last call to dst, in order, and returns it.
	Updates(dst []Update) []Update
}

// Simulated is a Broker whose market is told to it.
type Simulated interface {
	Broker
	// OnBar matches open orders of market m against one finished bar.
	OnBar(m int, b *market.Bar)
	// OnQuote matches open orders of market m against one quote.
	OnQuote(m int, q *market.Quote)
	// End cancels every open order: the feed has ended.
	End(at time.Time)
	// Busy reports that Updates has something to tell.
	Busy() bool
}

// Update is one change of an order: a new state, a fill, or both.
type Update struct {
	OrderID  string        `json:"order_id"`
	State    trade.State   `json:"state"`
	Reason   string        `json:"reason,omitempty"` // stable code (risk.Code) of an ending, or of a cut quantity
	Quantity money.Decimal `json:"quantity"`         // the order's, after the update: clipping cuts it
	Fill     *trade.Fill   `json:"fill,omitempty"`
	Time     time.Time     `json:"time"` // when it became known, UTC: a bar's close
}
