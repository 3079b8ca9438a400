// Package strategy owns what a strategy is: the port the engine drives, the Starlark host behind it, and the algorithm artifact.
// A strategy never learns whether it runs in a backtest, on paper or live, and never reaches anything but its Context.
package strategy

import (
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
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
	Ledgers     []fact.Query    `json:"ledgers,omitempty"` // what it asks of the ledgers beside prices; a fact's Query indexes it
	Study       bool            `json:"study,omitempty"`   // it does something when the bars have ended
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

// Listener is a strategy that asks the ledgers something. It is told facts at any time, also long before they were known, and lets none
// be seen before the event that it is called with has passed the moment at which it was known.
type Listener interface {
	OnFacts(facts []fact.Fact) error
}

// Tell tells a strategy facts. One that asks nothing is told nothing.
func Tell(s Strategy, facts []fact.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	l, ok := s.(Listener)
	if !ok {
		return fmt.Errorf("strategy %s asks the ledgers nothing, and is told %d facts", s.Spec().Name, len(facts))
	}
	return l.OnFacts(facts)
}

// Ender is a strategy that does something when the feed has ended.
type Ender interface {
	OnEnd(ctx Context) error
}

// End tells a strategy that the feed has ended.
func End(s Strategy, ctx Context) error {
	if e, ok := s.(Ender); ok {
		return e.OnEnd(ctx)
	}
	return nil
}

// Costly is a strategy that computes more than a few numbers for each bar.
type Costly interface {
	// Cost is what it has computed so far, about a value looked at for each unit: the same for the same run.
	Cost() int64
}

// Cost is what a strategy has computed so far; 0 where it does not say.
func Cost(s Strategy) int64 {
	if c, ok := s.(Costly); ok {
		return c.Cost()
	}
	return 0
}

// Reporter is a strategy that found something out beside what it earned.
type Reporter interface {
	Results() []report.Result
}

// Results are what a strategy found out; none where it reports nothing.
func Results(s Strategy) []report.Result {
	if r, ok := s.(Reporter); ok {
		return r.Results()
	}
	return nil
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
