package api

import (
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// ---- collectors ----

// The states of a collector.
const (
	CollectorOK      = "ok"      // its newest poll went well, and not long ago
	CollectorLate    = "late"    // it should have been polled by now
	CollectorFailing = "failing" // its newest poll failed
	CollectorPaused  = "paused"
	CollectorNeeds   = "needs" // a setting is missing: see Needs
	CollectorWaiting = "waiting"
	CollectorHeld    = "held" // put off until HeldUntil: see Held
	CollectorOff     = "off"  // no daemon collects
)

// Collector is one feed with how it does.
type Collector struct {
	Name    string   `json:"name"`
	Source  string   `json:"source"`
	Origin  string   `json:"origin"` // the name its quotes are stored by: its source, where it has none of its own
	Ledger  string   `json:"ledger"`
	About   string   `json:"description"`
	State   string   `json:"state"`
	Needs   []string `json:"needs,omitempty"` // command lines that enable it
	Bars    bool     `json:"builds_bars"`     // five-minute bars are built from its quotes
	Every   Seconds  `json:"every_seconds"`
	Timeout Seconds  `json:"timeout_seconds"`
	Target  Seconds  `json:"freshness_target_seconds"`
	Age     *Seconds `json:"age_seconds"` // since its newest successful poll
	// LagP50 and LagP99 are, over the polls of a day that brought something new, how old its newest record was when it was stored: from
	// the time that the upstream gives it (a text's publication, a trade's, a figure's day) on. Where the upstream gives no time, as for
	// quotes and listings, from the moment of reading on: the change itself then lies up to Every further back.
	LagP50   *Seconds `json:"lag_p50_seconds"`
	LagP99   *Seconds `json:"lag_p99_seconds"`
	Runs     int64    `json:"runs_24h"`
	Failures int64    `json:"failures_24h"`
	// ErrorRate is failures over runs of the last day; nil without a run.
	ErrorRate   *float64   `json:"error_rate_24h"`
	Rows        int64      `json:"rows"`
	RowsDay     int64      `json:"rows_24h"`
	Requests    int64      `json:"requests_24h"`
	Quarantined int64      `json:"quarantined"`
	OpenGaps    int        `json:"open_gaps"`
	LastOK      *time.Time `json:"last_ok"`
	NextRun     *time.Time `json:"next_run"`
	Failed      int        `json:"failed_in_a_row"`
	Error       string     `json:"error,omitempty"`
	ErrorAt     *time.Time `json:"error_at"`
	Spending    *Spending  `json:"spending,omitempty"` // of today
	Owner       string     `json:"owner,omitempty"`    // the process that polls it just now
	HeldUntil   *time.Time `json:"held_until"`         // null: nothing holds it
	Held        string     `json:"held,omitempty"`     // why
}

// Spending is what a collector that asks a model has spent in a UTC day, and the most it may. What was reserved for a request counts
// until its answer tells what it came to.
type Spending struct {
	Day          string `json:"day"`
	Requests     int64  `json:"requests"`
	MostRequests int64  `json:"max_requests"`
	Tokens       int64  `json:"tokens"`
	MostTokens   int64  `json:"max_tokens"`
	Priced       bool   `json:"priced"` // false: no price is known, and only requests and tokens bound it
	USD          string `json:"usd,omitempty"`
	MostUSD      string `json:"max_usd,omitempty"`
	Rescored     int64  `json:"rescored"`
	Rejected     int64  `json:"rejected"`
}

// Seconds is a duration in seconds, with milliseconds.
type Seconds float64

// In makes a duration Seconds.
func In(d time.Duration) Seconds {
	return Seconds(float64(d.Round(time.Millisecond)) / float64(time.Second))
}

// Duration is s as a duration, in whole milliseconds.
func (s Seconds) Duration() time.Duration {
	return time.Duration(float64(s) * float64(time.Second)).Round(time.Millisecond)
}

// CollectorAct answers a run that was asked for.
type CollectorAct struct {
	Name  string    `json:"name"`
	Asked time.Time `json:"asked_at"`
}

// Cleared counts what was removed from the quarantine.
type Cleared struct {
	Removed int64 `json:"removed"`
}

// TrustRow says how far one series of the ledgers can be trusted.
type TrustRow struct {
	Ledger   string     `json:"ledger"`
	Subject  string     `json:"subject"` // BTC/AUD 5m, or a feed
	Source   string     `json:"source"`
	First    *time.Time `json:"first"`
	Last     *time.Time `json:"last"`
	Rows     int64      `json:"rows"`
	Coverage *float64   `json:"coverage"` // of the places between first and last, how many are filled; nil where there is no grid
	Gaps     int        `json:"gaps"`
	Missing  int        `json:"missing"`
	Age      *Seconds   `json:"age_seconds"` // of the newest row; of quotes, which are stored as they change: since they were last read
	Target   *Seconds   `json:"freshness_target_seconds"`
	Fresh    *bool      `json:"fresh"` // within the target; nil where there is none
}

// BackfillRequest asks for history to be filled from exchanges (POST /data/backfill): what is stored is left as it is, holes are
// filled. Where it is broken off, the same request goes on.
type BackfillRequest struct {
	Markets  []string `json:"markets"`
	Interval string   `json:"interval"`
	From     string   `json:"from"`
	To       string   `json:"to,omitempty"`
	Sources  []string `json:"sources,omitempty"`
}

// BackfillEvent is one NDJSON line of a backfill's answer. Exactly one field is set.
type BackfillEvent struct {
	Progress *BackfillProgress `json:"progress,omitempty"`
	Done     *BackfillSummary  `json:"done,omitempty"`
	Problem  *Problem          `json:"problem,omitempty"`
}

// BackfillProgress is how far a market has come.
type BackfillProgress struct {
	Market market.Market `json:"market"`
	Source string        `json:"source"`
	Hole   ledger.Gap    `json:"hole"` // which is being filled
	Added  int           `json:"added"`
	Left   int           `json:"left"` // places still to ask for
}

// BackfillSummary is the end of a backfill.
type BackfillSummary struct {
	Markets []BackfillMarket `json:"markets"`
}

// BackfillMarket is what became of one market.
type BackfillMarket struct {
	Market  market.Market     `json:"market"`
	Added   int               `json:"added"`
	Missing int               `json:"missing"` // places in the window that no source could fill
	Errors  map[string]string `json:"errors,omitempty"`
}
