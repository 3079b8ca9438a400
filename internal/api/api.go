// Package api holds the wire types of omc's HTTP interface (/api/v1), shared by the server, the client, the CLI and the TUI.
// It holds no logic beyond what a type needs to be read and written.
package api

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/search"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// Problem is an error as problem+json (RFC 9457) with a stable code. It is what client calls return as errors.
type Problem struct {
	Type   string            `json:"type,omitempty"`
	Title  string            `json:"title"`
	Status int               `json:"status"`
	Code   string            `json:"code"` // stable: not_found, bad_request, conflict, refused, unavailable, internal, or a gate's or limit's code
	Detail string            `json:"detail"`
	Errors []research.Reason `json:"reasons,omitempty"` // a gate's reasons, one by one
}

// Error says code and detail.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Code + ": " + p.Title
	}
	return p.Detail
}

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names problems as such (RFC 9457).
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// The stable codes that are not a gate's or a limit's own.
const (
	CodeBadRequest  = "bad_request"
	CodeNotFound    = "not_found"
	CodeConflict    = "conflict"
	CodeRefused     = "refused"
	CodeUnavailable = "unavailable"
	CodeFailed      = "failed" // asked rightly, and it could not be done: a full disk, an upstream that does not answer
	CodeInternal    = "internal"
	CodePermission  = "not_permitted"
	CodeHoldout     = "holdout_sealed" // a window that reaches into the newest data, which research does not see
	CodeSlow        = "slow_consumer"  // an event stream's reader that fell too far behind
)

// NewProblem builds a Problem.
func NewProblem(status int, code, format string, args ...any) *Problem {
	return &Problem{Title: code, Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Version says what is running.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	Schema  int64  `json:"schema"`
}

// Most rows of one answer.
const (
	MaxPrices = MaxRows // bars
	MaxListed = 200_000 // orders, fills
)

// Health is one part's state, for /readyz, `omc daemon status`, the ops page.
type Health struct {
	Part   string    `json:"part"` // store, bus, lab, floor, feed:<name>, disk, …
	OK     bool      `json:"ok"`
	State  string    `json:"state"`
	Detail string    `json:"detail,omitempty"`
	Since  time.Time `json:"since"`
}

// Status is the daemon's whole state.
type Status struct {
	Version   Version   `json:"version"`
	Embedded  bool      `json:"embedded"` // served in the caller's own process, no daemon runs
	PID       int       `json:"pid"`
	DataDir   string    `json:"data_dir"`
	Store     string    `json:"store"` // sqlite, postgres
	Bus       string    `json:"bus"`   // memory, redis
	StartedAt time.Time `json:"started_at"`
	Ready     bool      `json:"ready"`
	Parts     []Health  `json:"parts"`
	Sources   []Source  `json:"sources"`
	Memory    uint64    `json:"memory_bytes"`
	DiskFree  uint64    `json:"disk_free_bytes"`
	DataBytes uint64    `json:"data_bytes"`
}

// Source is one upstream's health.
type Source struct {
	Name      string     `json:"name"`
	State     string     `json:"state"` // idle, ok, failing
	LastOK    *time.Time `json:"last_ok"`
	LastError string     `json:"last_error,omitempty"`
	Requests  int64      `json:"requests"`
	Failures  int64      `json:"failures"`
}

// Note counts a request that ended at now, well or with err.
func (s *Source) Note(err error, now time.Time) {
	s.Requests++
	if err != nil {
		s.State, s.LastError = "failing", err.Error()
		s.Failures++
		return
	}
	s.State, s.LastError, s.LastOK = "ok", "", &now
}

// LogLine is one line of the daemon's log.
type LogLine struct {
	Time    time.Time       `json:"time"`
	Level   string          `json:"level"`
	Message string          `json:"message"`
	Attrs   json.RawMessage `json:"attrs,omitempty"`
}

// ---- data ----

// PriceQuery selects prices. Times are RFC 3339, dates, or empty.
type PriceQuery struct {
	Market   string
	Interval string
	From     string
	To       string
	AsOf     string
	Limit    int
}

// Price is one row of prices. A nil volume means that the feed has none.
type Price struct {
	Timestamp time.Time      `json:"timestamp"` // bar open
	Coin      market.Coin    `json:"coin_type"`
	Quote     market.Coin    `json:"quote"`
	Open      money.Decimal  `json:"open"`
	High      money.Decimal  `json:"high"`
	Low       money.Decimal  `json:"low"`
	Close     money.Decimal  `json:"close"`
	Volume    *money.Decimal `json:"volume"`
	Bid       *money.Decimal `json:"bid"`
	Ask       *money.Decimal `json:"ask"`
	Last      money.Decimal  `json:"last"` // = close
	Known     *time.Time     `json:"known_at,omitempty"`
	Source    string         `json:"source,omitempty"`
}

// Prices answers a PriceQuery.
type Prices struct {
	Market    market.Market   `json:"market"`
	Interval  market.Interval `json:"interval"`
	Stored    market.Interval `json:"stored_interval"`
	Simulated bool            `json:"simulated"`
	Sources   []string        `json:"sources"`
	Rows      []Price         `json:"rows"`
	Asked
}

// Gaps answers GET /data/gaps.
type Gaps struct {
	Market   market.Market   `json:"market"`
	Interval market.Interval `json:"interval"`
	Total    int             `json:"total"`
	Gaps     []ledger.Gap    `json:"gaps"`
}

// ImportOptions travel as query parameters of POST /data/import; the body is the file's bytes.
type ImportOptions struct {
	File     string // base name, for messages and for guessing the market
	Coin     string // empty: from the file's name or content
	Quote    string
	Interval string // empty: from the file's name or the rows' spacing
	Source   string // empty: from the layout
	Replace  bool
}

// ImportEvent is one NDJSON line of an import's answer. Exactly one field is set.
type ImportEvent struct {
	Progress *ImportProgress `json:"progress,omitempty"`
	Reject   *ImportReject   `json:"reject,omitempty"`
	Conflict *ImportConflict `json:"conflict,omitempty"`
	Done     *ImportSummary  `json:"done,omitempty"`
	Problem  *Problem        `json:"problem,omitempty"`
}

// ImportProgress counts so far.
type ImportProgress struct {
	Rows int64 `json:"rows"`
}

// ImportReject is a row that could not be taken, whole, with the reason.
type ImportReject struct {
	File   string `json:"file"` // inside an archive: archive:file
	Line   int64  `json:"line"` // from 1
	Reason string `json:"reason"`
	Row    string `json:"row"` // at most 1,000 bytes
}

// ImportConflict is a bar that is stored with other values.
type ImportConflict struct {
	File    string    `json:"file"`
	Line    int64     `json:"line"`
	Time    time.Time `json:"time"`
	Stored  string    `json:"stored"`
	Offered string    `json:"offered"`
}

// ImportSummary is the end of an import.
type ImportSummary struct {
	Market    market.Market   `json:"market"`
	Interval  market.Interval `json:"interval"`
	Layout    string          `json:"layout"` // binance, kraken, cryptodatadownload, omc, generic
	Source    string          `json:"source"`
	Rows      int64           `json:"rows"`
	Added     int64           `json:"added"`
	Same      int64           `json:"same"` // already there
	Replaced  int64           `json:"replaced"`
	Conflicts int64           `json:"conflicts"`
	Rejected  int64           `json:"rejected"`
	First     *time.Time      `json:"first"`
	Last      *time.Time      `json:"last"`
}

// FetchRequest asks for public candles (POST /data/fetch): the sources are tried in order until one answers.
type FetchRequest struct {
	Markets  []string `json:"markets"`
	Interval string   `json:"interval"`
	From     string   `json:"from,omitempty"`
	To       string   `json:"to,omitempty"`
	Sources  []string `json:"sources,omitempty"` // default: kraken, coinbase, binance
}

// FetchResult says what each market got, and why a source gave nothing.
type FetchResult struct {
	Added  map[string]int    `json:"added"` // by market
	Source string            `json:"source,omitempty"`
	Errors map[string]string `json:"errors,omitempty"` // by source
}

// SimulateRequest fills the ledger from the seeded market simulator (POST /data/simulate).
type SimulateRequest struct {
	Markets  []string `json:"markets"`
	Interval string   `json:"interval"`
	From     string   `json:"from"`
	Days     int      `json:"days"`
	Seed     uint64   `json:"seed"`
}

// SimulateResult counts what was added.
type SimulateResult struct {
	Added map[string]int `json:"added"`
}

// ---- algorithms ----

// BacktestRequest runs a backtest (POST /algo/backtest). Strategy is an algorithm id (or unique prefix), the name of a built-in
// example, or, with Source set, the name to show.
type BacktestRequest struct {
	Strategy    string             `json:"strategy"`
	Source      string             `json:"source,omitempty"` // Starlark text
	Markets     []string           `json:"markets,omitempty"`
	Interval    string             `json:"interval,omitempty"`
	From        string             `json:"from,omitempty"`
	To          string             `json:"to,omitempty"`
	Params      map[string]float64 `json:"params,omitempty"`
	Settings    *report.Settings   `json:"settings,omitempty"`     // nil: the defaults
	WalkForward int                `json:"walk_forward,omitempty"` // folds; 0: one plain backtest
	MaxMissing  float64            `json:"max_missing,omitempty"`  // share of the window's bars that may be missing; 0: the setting data.max_missing
	AcceptRisk  []string           `json:"accept_risk,omitempty"`  // holdout: the window may reach into the sealed hold-out, and the look is counted
}

// RiskHoldout accepts a look at the sealed hold-out.
const RiskHoldout = "holdout"

// OptimizeRequest searches a strategy's parameters (POST /algo/optimize): over the first part of the window, and then once, with what it
// found, over the rest.
type OptimizeRequest struct {
	BacktestRequest
	Ranges    map[string]search.Range `json:"ranges"`
	Method    string                  `json:"method,omitempty"`    // grid (default), random, halving
	Points    int                     `json:"points,omitempty"`    // random, halving: how many are drawn; 0: 60
	Seed      uint64                  `json:"seed,omitempty"`      // random, halving
	Objective string                  `json:"objective,omitempty"` // sharpe (default), return, calmar
	Test      *float64                `json:"test,omitempty"`      // share of the window's time that the search does not see; nil: 0.3; 0: none is kept back
}

// ValidateRequest measures an algorithm (POST /algo/validate): a backtest, a walk-forward (5 folds where none are said), the look-ahead test, and what
// the result hangs on. The seed is that of all random parts.
type ValidateRequest struct {
	BacktestRequest
	Seed uint64 `json:"seed,omitempty"`
}

// Validation is an evidence bundle (internal/verdict) and the hash that names it.
type Validation struct {
	Hash   string          `json:"hash"`
	Bundle json.RawMessage `json:"bundle"`
}

// BundleName names a stored evidence bundle.
type BundleName struct {
	Hash      string    `json:"hash"`
	Algorithm string    `json:"algorithm"`
	Created   time.Time `json:"created_at"`
}

// VerifyRequest asks to make a bundle's measurements again (POST /evidence/verify): a stored one by its hash, or the bundle itself.
type VerifyRequest struct {
	Hash       string          `json:"hash,omitempty"`
	Bundle     json.RawMessage `json:"bundle,omitempty"`
	AcceptRisk []string        `json:"accept_risk,omitempty"` // holdout: the look at it is repeated, and counted
}

// Verification says whether a bundle's measurements came out the same.
type Verification struct {
	Hash        string   `json:"hash"`
	Same        bool     `json:"same"`
	Differences []string `json:"differences,omitempty"` // at most 20, by JSON path
	Unverified  []string `json:"unverified,omitempty"`  // what could not be measured again, and is the bundle's word
	Notes       []string `json:"notes,omitempty"`
}

// Optimization is what a search found.
type Optimization struct {
	Strategy  string                  `json:"strategy"`
	Markets   []market.Market         `json:"markets"`
	Interval  market.Interval         `json:"interval"`
	Method    string                  `json:"method"`
	Objective string                  `json:"objective"`
	Seed      uint64                  `json:"seed"`
	From      time.Time               `json:"from"`                       // of the search
	To        time.Time               `json:"to"`                         // of the search; the test begins here
	End       time.Time               `json:"end"`                        // of the test; To where there was none
	Points    []SearchPoint           `json:"points"`                     // best first; those that failed last
	Best      *SearchPoint            `json:"best"`                       // nil: none has a score
	Test      *SearchPoint            `json:"test"`                       // the best one over the rest of the window; nil: none was kept back
	Hold      *SearchPoint            `json:"test_hold"`                  // buy-and-hold there
	Trials    int                     `json:"trials"`                     // of the campaign, these among them
	Deflated  *float64                `json:"deflated_sharpe"`            // of the best one over the search, after all of them; null: cannot be told
	Around    *evidence.Neighbourhood `json:"neighbourhood"`              // of the best one, among the points of the search; null: cannot be told
	PBO       *float64                `json:"probability_of_overfitting"` // over the points that ran over the whole search; null: cannot be told
	Notes     []string                `json:"notes,omitempty"`
}

// SearchPoint is one evaluated point.
type SearchPoint struct {
	Params   map[string]float64 `json:"params,omitempty"` // those that were varied
	Share    float64            `json:"share"`            // of the search's time that it ran over, from its beginning
	Score    *float64           `json:"score"`            // null: it has none
	Return   *float64           `json:"return"`
	Sharpe   *float64           `json:"sharpe"`
	Drawdown *float64           `json:"max_drawdown"`
	Trades   int                `json:"trades"`
	Error    string             `json:"error,omitempty"`
}

// CheckRequest looks for decisions that depend on what could not be known (POST /algo/check). Params, markets and window are those of a
// backtest.
type CheckRequest struct {
	BacktestRequest
	Cuts  int    `json:"cuts,omitempty"`  // moments at which the future is taken away; 0: 48; at most 10,000
	Steps int    `json:"steps,omitempty"` // bars to step over in all; 0: 20,000,000. Older bars are left out where more would be needed
	Seed  uint64 `json:"seed,omitempty"`  // of the moments
}

// Algorithm is a stored algorithm with its evidence.
type Algorithm struct {
	strategy.Algorithm
	Evidence *strategy.Evidence `json:"evidence,omitempty"`
	Report   *report.Report     `json:"report,omitempty"` // of its newest complete walk-forward or backtest
	Gate     []research.Reason  `json:"gate,omitempty"`   // what its next promotion needs, one by one
}

// AlgorithmCreate stores a script as a draft (POST /algo).
type AlgorithmCreate struct {
	Source   string             `json:"source"`
	Params   map[string]float64 `json:"params,omitempty"`
	Markets  []string           `json:"markets,omitempty"`
	Interval string             `json:"interval,omitempty"`
	// Model is the language model that wrote the script, and ModelCutoff the date up to which it was trained; both or neither.
	Model       string `json:"model,omitempty"`
	ModelCutoff string `json:"model_cutoff,omitempty"`
}

// PromoteRequest moves an algorithm one state on (POST /algo/{id}/promote).
type PromoteRequest struct {
	To     strategy.State `json:"to"` // must be the next state; retire has its own call
	Reason string         `json:"reason,omitempty"`
}

// RetireRequest retires an algorithm (POST /algo/{id}/retire).
type RetireRequest struct {
	Reason string `json:"reason,omitempty"`
}

// Diff compares two algorithms.
type Diff struct {
	A, B   string               `json:"-"`
	Params map[string][2]string `json:"params"` // by name: value in a, value in b
	Fields map[string][2]string `json:"fields"` // markets, interval, name, …
	Script string               `json:"script"` // unified diff; empty when equal
}

// Bundle is an algorithm as a file (omc algo export, import).
type Bundle struct {
	Format    string             `json:"format"` // "omc-algorithm/1"
	Algorithm strategy.Algorithm `json:"algorithm"`
	Evidence  *strategy.Evidence `json:"evidence,omitempty"`
}

// ---- lab ----

// LabRequest opens a session (POST /lab/sessions).
type LabRequest struct {
	Goal    string           `json:"goal"`
	Model   string           `json:"model,omitempty"` // default builtin
	Options research.Options `json:"options"`
}

// LabMessage is a person's message or answer (POST /lab/sessions/{id}/messages).
type LabMessage struct {
	Text string `json:"text"`
}

// LabSession is a session with its trials, artifacts and final report in Markdown.
type LabSession struct {
	research.Session
	TrialList []research.Trial    `json:"trial_list,omitempty"`
	Artifacts []research.Artifact `json:"artifacts,omitempty"`
	Report    string              `json:"report,omitempty"`
}

// LabGraph describes the agents' graph.
type LabGraph struct {
	Nodes   []string    `json:"nodes"`
	Edges   [][2]string `json:"edges"`
	Mermaid string      `json:"mermaid"`
}

// ---- floor ----

// FloorRequest starts a session (POST /floor/sessions).
type FloorRequest struct {
	Algorithm string           `json:"algorithm"` // id or unique prefix
	Paper     bool             `json:"paper"`     // must be true for now
	Feed      string           `json:"feed"`      // coinspot, replay, sim
	From      string           `json:"from,omitempty"`
	To        string           `json:"to,omitempty"`
	Speed     float64          `json:"speed,omitempty"` // times real speed; 0: as fast as it goes
	Seed      uint64           `json:"seed,omitempty"`
	Settings  *report.Settings `json:"settings,omitempty"`
	// AcceptRisk, holdout: a replay may reach into the sealed newest data, and the look is counted.
	AcceptRisk []string `json:"accept_risk,omitempty"`
}

// FloorSession is a session with its books.
type FloorSession struct {
	journal.Session
	Account  journal.Account `json:"account"`
	Health   string          `json:"health"` // ok, or what is wrong with its feed
	Return   *float64        `json:"return"` // equity over start cash − 1
	Drawdown *float64        `json:"max_drawdown"`
	Trades   int             `json:"trades"`
	Progress *float64        `json:"progress,omitempty"` // replay: share done
	Warming  string          `json:"warming,omitempty"`  // running, but not warm yet: "12 of 96 bars"
}

// PositionRow is one position of one session.
type PositionRow struct {
	Session    string        `json:"session"`
	Status     string        `json:"session_status"` // running, or how the session ended: what it held then
	Strategy   string        `json:"strategy"`
	Market     market.Market `json:"market"`
	Coin       market.Coin   `json:"coin_type"`
	Quantity   money.Decimal `json:"quantity"`
	Average    money.Decimal `json:"average_price"`
	Cost       money.Decimal `json:"total_cost"`
	Last       money.Decimal `json:"last"`
	Value      money.Decimal `json:"value"`
	Unrealised money.Decimal `json:"unrealised_pnl"`
	Realised   money.Decimal `json:"realised_pnl"`
	Simulated  bool          `json:"simulated"`
}

// OrderRow is one order of one session.
type OrderRow struct {
	Session  string `json:"session"`
	Strategy string `json:"strategy"`
	trade.Order
}

// FillRow is one fill of one session.
type FillRow struct {
	Session  string `json:"session"`
	Strategy string `json:"strategy"`
	trade.Fill
}

// PnL is the profit and loss of one session; the parts add up: equity = start_cash + realised + unrealised.
type PnL struct {
	Session    string                `json:"session"`
	Strategy   string                `json:"strategy"`
	StartCash  money.Decimal         `json:"start_cash"`
	Cash       money.Decimal         `json:"cash"`
	Equity     money.Decimal         `json:"equity"`
	Realised   money.Decimal         `json:"realised_pnl"`
	Unrealised money.Decimal         `json:"unrealised_pnl"`
	Fees       money.Decimal         `json:"fees_paid"`
	Today      *money.Decimal        `json:"today"` // equity − last equity of the UTC day before the newest mark
	Curve      []journal.EquityPoint `json:"curve,omitempty"`
	Simulated  bool                  `json:"simulated"`
}

// KillRequest flattens and halts (POST /floor/kill). Empty Session: all.
type KillRequest struct {
	Session string `json:"session,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// KillResult says what was ended.
type KillResult struct {
	Sessions []string `json:"sessions"`
	Closed   int      `json:"positions_closed"`
}

// ReplayResult says whether a session's recorded inputs gave the recorded audit again.
type ReplayResult struct {
	Session    string `json:"session"`
	Inputs     int64  `json:"inputs"`
	Lines      int64  `json:"lines"`
	Identical  bool   `json:"identical"`
	Recorded   string `json:"recorded_hash"`
	Replayed   string `json:"replayed_hash"`
	Difference string `json:"difference,omitempty"` // the first line that differs
}

// FloorEvent is one server-sent event of a floor session.
type FloorEvent struct {
	Seq     int64         `json:"seq"`  // the audit line's; 0 for account snapshots
	Kind    string        `json:"kind"` // line, account, status
	Line    *journal.Line `json:"line,omitempty"`
	Session *FloorSession `json:"session,omitempty"`
}
