// Package strategy owns what a strategy is: the port the engine drives, the Starlark host behind it, and the algorithm artifact.
// A strategy never learns whether it runs in a backtest, on paper or live, and never reaches anything but its Context.
package strategy

import (
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/trade"
)

// Spec is what a strategy declares before it sees any data.
type Spec struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Markets     []market.Market `json:"markets"`  // at least one; bars of one time arrive in this order
	Interval    market.Interval `json:"interval"` // of the bars it reacts to
	Warmup      int             `json:"warmup"`   // bars it needs before it may trade
	Params      []Param         `json:"params"`
}

// Param is one declared parameter with its value in this run.
type Param struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"` // int, float or bool (0 or 1)
	Default float64 `json:"default"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	Value   float64 `json:"value"`
	Doc     string  `json:"doc,omitempty"`
}

// Strategy is what the engine drives. Calls come one at a time, from one goroutine, in event order.
// An error stops the strategy: the driver winds the run down and reports it.
type Strategy interface {
	// Spec returns the declaration; it is the same for the life of the value.
	Spec() Spec
	// Init is called once before the first event.
	Init(ctx Context) error
	// OnBar is called at the close of each bar of each declared market; m indexes Spec().Markets.
	// While ctx.WarmingUp(), intents are ignored.
	OnBar(ctx Context, m int, bar *market.Bar) error
	// OnFill is called for each fill of this strategy's own orders.
	OnFill(ctx Context, f *trade.Fill) error
	// OnTimer is called when a timer set by ctx.SetTimer falls due: at the first event at or after its time.
	OnTimer(ctx Context, name string) error
}

// Context is what a strategy may see and do during a call. Valid only during that call.
type Context interface {
	// Now is the event's time: for a bar, its close.
	Now() time.Time
	// WarmingUp reports that the run is still before its first tradable bar.
	WarmingUp() bool
	// Cash is the free cash in the quote currency: not reserved by resting orders.
	Cash() money.Decimal
	// Equity is cash plus positions at their last closes.
	Equity() money.Decimal
	// Position is what is held on market m.
	Position(m int) trade.Position
	// Last is the last close of market m; zero before its first bar.
	Last(m int) money.Decimal
	// OpenOrders lists this strategy's orders on market m that are not terminal, oldest first. The slice is the caller's.
	OpenOrders(m int) []trade.Order
	// Submit asks for an order. It returns the order's id, or "" when the intent was refused; a refusal is in the audit, and code is its stable code.
	Submit(in Intent) (id string, code string)
	// Cancel asks to cancel an order of this strategy; unknown or terminal ids are ignored.
	Cancel(id string)
	// SetTimer asks for OnTimer(name) at or after at; setting a name again moves it. At most 64 timers.
	SetTimer(name string, at time.Time)
	// Log adds a line to the audit (at most 1,000 characters; at most 10,000 lines a run).
	Log(msg string)
}

// Size says how an intent's quantity is found.
type Size string

// The ways to size an intent.
const (
	ByQuantity Size = "quantity" // Amount in base coins
	ByNotional Size = "notional" // Amount in the quote currency, costs included for a buy
	ByFraction Size = "fraction" // Amount in (0,1] of free cash (buy) or of the free position (sell)
)

// Intent is what a strategy wants. Risk decides whether it becomes an order.
type Intent struct {
	Market int // index in Spec().Markets
	Side   trade.Side
	Type   trade.Type
	Size   Size
	Amount money.Decimal
	Limit  money.Decimal // for a limit order
	Tag    string        // at most 64 characters, for people
}
