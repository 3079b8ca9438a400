// Package engine turns events into orders: Process is one pure step that drives a strategy, asks risk, and keeps the books.
// It does no I/O, has no clock of its own and cannot be told whether it runs in a backtest, on paper or live.
package engine

import (
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/risk"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// Config is what an engine starts from. The same Config and events give the same effects and audit.
type Config struct {
	Strategy      strategy.Strategy
	Settings      report.Settings // valid: see report.Settings.Validate
	From          time.Time       // bars that open before it only warm up; zero: trading begins after the warm-up bars
	MaxOpenOrders int             // over all markets; 0: 100
	IDPrefix      string          // of order ids: <prefix>1, <prefix>2, …; "" means "o"
	Audit         Audit           // nil: no audit is made
	AuditInputs   bool            // the audit has a line for each input too
	AuditMarks    bool            // and one for the equity at each bar's close
}

const (
	defaultOpenOrders = 100
	maxTimers         = 64
	maxLogLine        = 1_000
	maxLogLines       = 10_000
)

// Effect is what must be done because of an event: submit an order, or cancel one.
type Effect struct {
	Submit risk.Approved // valid: submit it
	Cancel string        // not empty: cancel this order
}

// Engine is one strategy with its books. Not safe for concurrent use.
type Engine struct {
	strat    strategy.Strategy
	spec     strategy.Spec
	rules    risk.Rules
	interval int64 // seconds
	from     int64 // unix seconds
	prefix   string
	view     view
	audit    auditor

	now     int64 // unix nanoseconds
	current int   // market of the bar in OnBar, else -1

	cash      money.Decimal
	cashFloat float64
	fees      money.Decimal
	reserved  money.Decimal // by resting buys
	books     []book
	held      int // markets with a position
	equity    float64

	live     []*order // not terminal, oldest first
	nextID   int64
	timers   []timer
	due      int64 // earliest timer, unix nanoseconds
	logLines int
	halted   string // "", StopCommand or KillCommand
	stats    Stats

	effects []Effect
	changed []trade.Order
	fills   []trade.Fill
}

// book is what is known and held on one market.
type book struct {
	market     market.Market
	bar        market.Bar // newest
	observed   bool       // its step has begun, and the strategy has not seen it yet
	seen       int        // bars so far
	warm       bool
	close      float64
	halfSpread money.Decimal
	pos        trade.Position
	posFloat   float64
	reserved   money.Decimal // coins, by resting sells
}

// order is one live order with what it reserves.
type order struct {
	trade.Order
	m       int
	reserve money.Decimal // cash of a resting buy, coins of a resting sell
	flatten bool          // made by the kill switch
}

type timer struct {
	name string
	at   int64 // unix nanoseconds
}

// Stats counts what became of intents and orders.
type Stats struct {
	Submitted int
	Filled    int
	Partial   int
	Ended     map[string]int // cancelled or rejected without being filled whole, by code
	Refused   map[string]int // by code
}

// New checks the configuration, calls the strategy's Init and returns the engine.
func New(c Config) (*Engine, error) {
	spec := c.Strategy.Spec()
	if len(spec.Markets) == 0 || len(spec.Markets) > 64 {
		return nil, fmt.Errorf("strategy %s: declares %d markets, want 1 to 64", spec.Name, len(spec.Markets))
	}
	for i, m := range spec.Markets {
		if m.Quote != spec.Markets[0].Quote {
			return nil, fmt.Errorf("strategy %s: markets %s and %s have different quote currencies", spec.Name, spec.Markets[0], m)
		}
		for _, n := range spec.Markets[:i] {
			if n == m {
				return nil, fmt.Errorf("strategy %s: declares market %s twice", spec.Name, m)
			}
		}
	}
	if !spec.Interval.Valid() {
		return nil, fmt.Errorf("strategy %s: %d seconds is no bar length", spec.Name, int64(spec.Interval))
	}
	if err := c.Settings.Validate(); err != nil {
		return nil, fmt.Errorf("strategy %s: %w", spec.Name, err)
	}
	if c.MaxOpenOrders <= 0 {
		c.MaxOpenOrders = defaultOpenOrders
	}
	if c.IDPrefix == "" {
		c.IDPrefix = "o"
	}
	e := &Engine{
		strat: c.Strategy, spec: spec, rules: Rules(c.Settings, c.MaxOpenOrders), interval: int64(spec.Interval), prefix: c.IDPrefix,
		audit: auditor{sink: c.Audit, inputs: c.AuditInputs, marks: c.AuditMarks}, current: -1,
		cash: c.Settings.Cash, cashFloat: c.Settings.Cash.Float64(), books: make([]book, len(spec.Markets)),
		stats: Stats{Ended: map[string]int{}, Refused: map[string]int{}},
	}
	if !c.From.IsZero() {
		e.from = c.From.Unix()
	}
	for i, m := range spec.Markets {
		e.books[i] = book{market: m, pos: trade.Position{Market: m}}
	}
	e.equity = e.cashFloat
	e.view.e = e
	if err := e.strat.Init(&e.view); err != nil {
		return nil, fmt.Errorf("strategy %s: init: %w", spec.Name, err)
	}
	return e, nil
}

// Rules are the risk rules of settings.
func Rules(s report.Settings, maxOpenOrders int) risk.Rules {
	return risk.Rules{FeeBps: s.FeeBps, SlippageBps: s.SlippageBps, MinNotional: s.MinNotional, PriceTick: s.PriceTick,
		QuantityStep: s.QuantityStep, MaxOpenOrders: maxOpenOrders}
}

// Spec is the strategy's declaration.
func (e *Engine) Spec() *strategy.Spec { return &e.spec }

// Now is the newest event's time, UTC.
func (e *Engine) Now() time.Time { return time.Unix(0, e.now).UTC() }

// Cash is all cash, reserved or not.
func (e *Engine) Cash() money.Decimal { return e.cash }

// Reserved is the cash that resting buys hold back.
func (e *Engine) Reserved() money.Decimal { return e.reserved }

// Fees is what was paid so far.
func (e *Engine) Fees() money.Decimal { return e.fees }

// Equity is cash plus positions at their last closes, exact.
func (e *Engine) Equity() money.Decimal {
	v := e.cash
	if e.held > 0 {
		for i := range e.books {
			if b := &e.books[i]; !b.pos.Quantity.IsZero() {
				v = v.Add(b.pos.Value(b.last()))
			}
		}
	}
	return v
}

// EquityFloat is Equity at the newest bar's close as a float64, for statistics: it costs nothing to read.
func (e *Engine) EquityFloat() float64 { return e.equity }

// Exposed reports that any position is held.
func (e *Engine) Exposed() bool { return e.held > 0 }

// Held reports that market m has a position.
func (e *Engine) Held(m int) bool { return e.books[m].posFloat != 0 }

// Warm reports that market m may be traded.
func (e *Engine) Warm(m int) bool { return e.books[m].warm }

// Seen counts the bars of market m so far.
func (e *Engine) Seen(m int) int { return e.books[m].seen }

// Position is what is held on market m.
func (e *Engine) Position(m int) trade.Position { return e.books[m].pos }

// Last is the last close of market m and the time of that close; zeros before the first bar.
func (e *Engine) Last(m int) (money.Decimal, time.Time) {
	b := &e.books[m]
	if !b.priced() {
		return money.Zero, time.Time{}
	}
	return b.bar.Close(), time.Unix(b.bar.Unix()+e.interval, 0).UTC()
}

// OpenOrders lists the orders that are not terminal, oldest first. The slice is the caller's.
func (e *Engine) OpenOrders() []trade.Order {
	out := make([]trade.Order, 0, len(e.live))
	for _, o := range e.live {
		out = append(out, o.Order)
	}
	return out
}

// Halted is "", or the command that halted it.
func (e *Engine) Halted() string { return e.halted }

// Flat reports that nothing is held and no order is open: a killed session is done.
func (e *Engine) Flat() bool { return e.held == 0 && len(e.live) == 0 }

// Stats counts what became of intents and orders so far. The maps are the engine's.
func (e *Engine) Stats() *Stats { return &e.stats }

// priced reports that a bar has come.
func (b *book) priced() bool { return b.seen > 0 || b.observed }

func (b *book) last() money.Decimal {
	if !b.priced() {
		return money.Zero
	}
	return b.bar.Close()
}

// free is the cash no resting buy holds back.
func (e *Engine) free() money.Decimal { return money.Max(money.Zero, e.cash.Sub(e.reserved)) }
