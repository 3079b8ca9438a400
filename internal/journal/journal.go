// Package journal owns the records of the floor: sessions, their inputs, their audit, and the books that follow from them.
// A session's audit is a pure function of its start and its inputs; the journal keeps both, so that it can be replayed.
package journal

import (
	"encoding/json"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/trade"
)

// Status is where a floor session stands.
type Status string

// The statuses. Stopped, Finished, Failed and Killed are final.
const (
	Running  Status = "running"
	Stopped  Status = "stopped"  // by a person; positions stay as they are
	Finished Status = "finished" // the feed ended
	Failed   Status = "failed"   // the strategy or the feed failed; Error says how
	Killed   Status = "killed"   // flattened and halted by the kill switch
)

// Final reports that the session will not run again.
func (s Status) Final() bool { return s != Running }

// Session is one algorithm running on one venue account.
type Session struct {
	ID        string          `json:"id"`
	UserID    string          `json:"user_id"`
	Algorithm string          `json:"algorithm"` // content hash
	Strategy  string          `json:"strategy"`  // its declared name
	Mode      string          `json:"mode"`      // paper; later live
	Feed      string          `json:"feed"`      // replay, sim, coinspot
	Markets   []market.Market `json:"markets"`
	Interval  market.Interval `json:"interval"`
	Settings  report.Settings `json:"settings"`
	Warmup    int             `json:"warmup"` // bars of a market that its strategy sees before it may trade there
	FeedArgs  FeedArgs        `json:"feed_args"`
	Simulated bool            `json:"simulated"` // its prices come from the market simulator
	Status    Status          `json:"status"`
	Error     string          `json:"error,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
}

// FeedArgs say where a session's prices come from, enough to open the feed again after a restart.
type FeedArgs struct {
	From  time.Time `json:"from"`  // first bar's open that may be traded
	To    time.Time `json:"to"`    // replay: bars open before it
	Speed float64   `json:"speed"` // replay, sim: times real speed; 0: as fast as it goes
	Seed  uint64    `json:"seed"`  // sim
}

// Input is one thing the engine was told, in order: a bar, a quote, a broker's answer, a command, a timer's moment.
// Body is its JSON, byte for byte as it was given.
type Input struct {
	Session string          `json:"session"`
	Seq     int64           `json:"seq"` // from 1, without holes
	Time    time.Time       `json:"time"`
	Kind    string          `json:"kind"`
	Body    json.RawMessage `json:"body"`
}

// Line is one line of the audit: what the engine did with an input. Hash chains it to the line before: SHA-256 in hex over the
// previous hash, seq, input, time in unix nanoseconds, kind and body, each after a line feed.
type Line struct {
	Session string          `json:"session"`
	Seq     int64           `json:"seq"` // from 1, without holes
	Input   int64           `json:"input"`
	Time    time.Time       `json:"time"`
	Kind    string          `json:"kind"` // intent, refused, order, fill, cancel, log, mark, status
	Body    json.RawMessage `json:"body"`
	Hash    string          `json:"hash"`
}

// Account is the books of a session after its newest input.
type Account struct {
	Session   string           `json:"session"`
	Input     int64            `json:"input"` // newest input in the books
	Cash      money.Decimal    `json:"cash"`
	Reserved  money.Decimal    `json:"reserved"`
	Equity    money.Decimal    `json:"equity"`
	StartCash money.Decimal    `json:"start_cash"`
	Peak      money.Decimal    `json:"peak_equity"`
	Fees      money.Decimal    `json:"fees"`
	Drawdown  float64          `json:"max_drawdown"`            // largest fall from the peak at a bar's close, a ratio ≤ 0
	Closed    int              `json:"closed_trades"`           // round trips, flat to flat
	Before    *money.Decimal   `json:"equity_before,omitempty"` // last equity of the UTC day before the newest mark's; nil on the first day
	Bars      int              `json:"bars"`                    // seen so far, of the market with the fewest
	Positions []trade.Position `json:"positions"`
	Marks     []Mark           `json:"marks"`
	Time      time.Time        `json:"time"` // of the newest input
}

// Mark is a market's last close.
type Mark struct {
	Market market.Market `json:"market"`
	Price  money.Decimal `json:"price"`
	Time   time.Time     `json:"time"`
}

// Batch is what one commit adds: inputs, the audit they caused, orders and fills as they stand, and the books after.
// It lands whole or not at all.
type Batch struct {
	Session string
	Inputs  []Input
	Lines   []Line
	Orders  []trade.Order // new or changed
	Fills   []trade.Fill  // new
	Account Account
	Equity  []EquityPoint // marks of the batch, thinned by the caller
	Status  Status        // "" leaves it
	Error   string
}

// EquityPoint is the session's equity at one bar's close.
type EquityPoint struct {
	Time   time.Time     `json:"t"`
	Equity money.Decimal `json:"equity"`
}
