// Package report owns what a backtest says: its settings, figures, trades and curves, and how they are written for people.
// It computes no fill and reads no store.
package report

import (
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// Settings are the rules of a simulated trade that may be changed; Default has the documented ones (docs/backtesting.md).
type Settings struct {
	Cash          money.Decimal `json:"cash"`          // starting cash, quote currency
	FeeBps        money.Decimal `json:"fee_bps"`       // of notional, both sides
	SlippageBps   money.Decimal `json:"slippage_bps"`  // of the open, against the trader
	Participation money.Decimal `json:"participation"` // share of a bar's volume all orders together may take, in (0,1]
	MaxGap        int           `json:"max_gap"`       // intervals a market order waits over missing bars before it is cancelled: feed_gap
	MinNotional   money.Decimal `json:"min_notional"`  // smallest fill, quote currency
	PriceTick     money.Decimal `json:"price_tick"`    // fill prices are rounded to it against the trader
	QuantityStep  money.Decimal `json:"quantity_step"` // quantities are rounded down to it
}

// Default returns the documented defaults: 10,000 cash, 10 bps fee, 5 bps slippage, 10 % participation, 3 intervals, 1 minimum
// notional, tick and step of 8 decimals.
func Default() Settings {
	return Settings{
		Cash: money.FromInt(10_000), FeeBps: money.FromInt(10), SlippageBps: money.FromInt(5), Participation: money.New(1, 1),
		MaxGap: 3, MinNotional: money.One, PriceTick: money.New(1, money.Scale), QuantityStep: money.New(1, money.Scale),
	}
}

// Report is the result of one backtest. The same run gives the same bytes as JSON.
type Report struct {
	Strategy  string             `json:"strategy"`            // its declared name
	Algorithm string             `json:"algorithm,omitempty"` // content hash, where it is stored
	CodeHash  string             `json:"code_hash"`           // SHA-256 of the script or "go:<name>"
	Params    map[string]float64 `json:"params"`
	Markets   []market.Market    `json:"markets"`
	Interval  market.Interval    `json:"interval"`
	From      time.Time          `json:"from"` // first bar's open in the window
	To        time.Time          `json:"to"`   // last bar's close in the window
	Bars      int                `json:"bars"` // in the window, all markets together
	Warmup    int                `json:"warmup_bars"`
	DataHash  string             `json:"data_hash"`         // SHA-256 over the bars used, in order
	Sources   []string           `json:"sources"`           // where the bars came from
	Simulated bool               `json:"simulated"`         // any bar came from the market simulator
	Ledgers   []Told             `json:"ledgers,omitempty"` // what the strategy asked beside prices
	Missing   int                `json:"missing_bars"`
	Volume    string             `json:"volume_rule"` // "on", or "off: the feed has no volume"
	Settings  Settings           `json:"settings"`

	Strat   Figures  `json:"figures"`
	Hold    Figures  `json:"buy_and_hold"`
	Orders  Orders   `json:"orders"`
	Trades  []Trade  `json:"trades"`
	Months  []Month  `json:"monthly_returns"`
	Days    []Day    `json:"daily"`
	Forward *Forward `json:"walk_forward,omitempty"` // nil: none was run
	Holdout *Holdout `json:"holdout,omitempty"`      // nil: nothing is kept from research
	Curve   []Point  `json:"curve"`                  // at most 2,000 points for drawing; extremes of each stretch are kept
	Results []Result `json:"results,omitempty"`      // what the script reported
	Notes   []string `json:"notes,omitempty"`
}

// Result is something that a script found out and reported.
type Result struct {
	Name  string   `json:"name"`
	Value *float64 `json:"value"` // null for a text
	Text  string   `json:"text"`
}

// Told is what a run was told of one question to the ledgers.
type Told struct {
	Question string     `json:"question"` // sentiment of BTC over 24h
	Facts    int        `json:"facts"`    // revisions among them
	First    *time.Time `json:"first"`    // when the first was known; null where there is none
	Last     *time.Time `json:"last"`
	Assumed  string     `json:"assumed,omitempty"` // "1d": what landed later counts as known so long after it happened
}

// Figures measure one equity curve. A nil figure has no value; Reasons says why, by JSON name. Ratios are fractions: 0.1 is 10 %.
type Figures struct {
	FinalEquity     money.Decimal     `json:"final_equity"`
	PnL             money.Decimal     `json:"pnl"`
	Fees            money.Decimal     `json:"fees_paid"`
	Return          *float64          `json:"return"`
	CAGR            *float64          `json:"cagr"`
	Volatility      *float64          `json:"volatility"`
	Sharpe          *float64          `json:"sharpe"`
	Sortino         *float64          `json:"sortino"`
	Calmar          *float64          `json:"calmar"`
	MaxDrawdown     *float64          `json:"max_drawdown"`      // ≤ 0
	DrawdownSeconds *int64            `json:"drawdown_seconds"`  // from the peak to the recovery, or to the end
	Exposure        *float64          `json:"exposure"`          // share of bars that close with a position
	Turnover        *float64          `json:"turnover_per_year"` // filled notional / mean equity, per year
	Trades          int               `json:"trades"`            // closed, flat to flat
	WinRate         *float64          `json:"win_rate"`
	ProfitFactor    *float64          `json:"profit_factor"`
	Reasons         map[string]string `json:"reasons,omitempty"`
}

// Orders counts what became of the orders, refusals by their stable code.
type Orders struct {
	Submitted int            `json:"submitted"`
	Filled    int            `json:"filled"`
	Partial   int            `json:"partial"`           // ended partly filled
	Ended     map[string]int `json:"ended,omitempty"`   // cancelled or rejected without being filled whole, by code
	Refused   map[string]int `json:"refused,omitempty"` // by risk, before they became orders, by code
}

// Trade is one round trip, flat to flat, at average cost. An open one has a zero Exit and is marked at the last close.
type Trade struct {
	Market     market.Market `json:"market"`
	Entry      time.Time     `json:"entry_time"`  // first fill
	Exit       *time.Time    `json:"exit_time"`   // last fill; nil while open
	Quantity   money.Decimal `json:"quantity"`    // largest held
	EntryPrice money.Decimal `json:"entry_price"` // average of buys, without fees, cut at 8 decimals
	ExitPrice  money.Decimal `json:"exit_price"`  // average of sells, or the last close while open
	Fees       money.Decimal `json:"fees"`
	PnL        money.Decimal `json:"pnl"`    // net of fees
	Return     float64       `json:"return"` // PnL over what was paid
	Bars       int           `json:"bars"`   // bar closes held through
	Fills      int           `json:"fills"`
	Open       bool          `json:"open,omitempty"`
}

// Holdout says what of the newest data research does not see, and whether this result did.
type Holdout struct {
	From   time.Time `json:"from"`   // it begins here
	Looked bool      `json:"looked"` // this backtest reached into it
	Looks  int       `json:"looks"`  // of the whole campaign, this one among them
}

// String says it in a sentence.
func (h *Holdout) String() string {
	from := h.From.Format(time.DateOnly)
	if h.Looked {
		return fmt.Sprintf("This is look %d at the hold-out, which begins at %s: what it shows can be fitted to from now on", h.Looks, from)
	}
	return fmt.Sprintf("The newest data, from %s on, is kept as a hold-out and was not seen; looks at it so far: %d", from, h.Looks)
}

// Month is one calendar month's return, UTC.
type Month struct {
	Year   int     `json:"year"`
	Month  int     `json:"month"`
	Return float64 `json:"return"`
	Hold   float64 `json:"buy_and_hold"`
}

// Day is the last equity of one UTC day and its return over the day before.
type Day struct {
	Date   string        `json:"date"` // 2006-01-02
	Equity money.Decimal `json:"equity"`
	Return float64       `json:"return"`
	Hold   float64       `json:"buy_and_hold"` // its return of the day
}

// Point is one point of the equity curve for drawing.
type Point struct {
	Time     time.Time `json:"t"`
	Equity   float64   `json:"equity"`
	Hold     float64   `json:"hold"`
	Drawdown float64   `json:"drawdown"` // ≤ 0
}

// Curves gives the curve's columns for drawing.
func (r *Report) Curves() (equity, hold, drawdown []float64) {
	equity, hold, drawdown = make([]float64, len(r.Curve)), make([]float64, len(r.Curve)), make([]float64, len(r.Curve))
	for i, p := range r.Curve {
		equity[i], hold[i], drawdown[i] = p.Equity, p.Hold, p.Drawdown
	}
	return equity, hold, drawdown
}
