// Package gateway serves omc's HTTP interface: it turns requests into calls on the daemon's services and their answers into
// JSON, problem+json and event streams. It holds no state of its own and decides nothing a service should decide.
package gateway

import (
	"context"
	"io"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
)

// Every service method may return an *api.Problem as its error; any other error becomes code "internal" and is logged.
// user is the id of the user on whose behalf the call is made.

// Data answers questions about the ledgers, as of any moment (daemon/data). It has no way to write.
type Data interface {
	Coverage(ctx context.Context, asOf string) ([]ledger.Coverage, error)
	Prices(ctx context.Context, q api.PriceQuery) (api.Prices, error)
	Stats(ctx context.Context, q api.PriceQuery) (ledger.Stats, error)
	Gaps(ctx context.Context, q api.PriceQuery) (api.Gaps, error)
	// Export writes CSV rows (timestamp,open,high,low,close,volume and source) in time order.
	Export(ctx context.Context, q api.PriceQuery, w io.Writer) error

	OnChainMetrics(ctx context.Context, q api.DataQuery) (api.OnChain, error)
	SmartMoneyFlows(ctx context.Context, q api.DataQuery) (api.SmartMoney, error)
	Sentiment(ctx context.Context, q api.DataQuery) (api.SentimentData, error)
	CatalystEvents(ctx context.Context, q api.DataQuery) (api.Catalysts, error)
	Statistics(ctx context.Context, q api.DataQuery) (api.Statistics, error)
	Quotes(ctx context.Context, q api.DataQuery) (api.Quotes, error)
	Trades(ctx context.Context, q api.DataQuery) (api.Trades, error)
	OrderHistory(ctx context.Context, user string, q api.DataQuery) (api.Orders, error)
	UserPositions(ctx context.Context, user string, q api.DataQuery) (api.Positions, error)
	Aligned(ctx context.Context, q api.PriceQuery) (api.Aligned, error)
	Around(ctx context.Context, r api.AroundRequest) (api.Around, error)
	Risk(ctx context.Context, user string, q api.RiskRequest) (api.Risk, error)
	Trust(ctx context.Context) ([]api.TrustRow, error)
	Daily(ctx context.Context, q api.PriceQuery) (api.Daily, error)
	// Stream tells emit what lands, in order and without a gap, until ctx ends.
	Stream(ctx context.Context, r api.StreamRequest, emit func(api.LedgerItem) error) error
}

// Fill puts prices into the ledger (daemon/collect).
type Fill interface {
	// Import reads one file from r and tells emit what happened; the last event is Done or Problem.
	Import(ctx context.Context, r io.Reader, o api.ImportOptions, emit func(api.ImportEvent) error) error
	Fetch(ctx context.Context, r api.FetchRequest) (api.FetchResult, error)
	Simulate(ctx context.Context, r api.SimulateRequest) (api.SimulateResult, error)
	// Backfill fills history and repairs gaps; the last event is Done or Problem. Broken off, the same request goes on.
	Backfill(ctx context.Context, r api.BackfillRequest, emit func(api.BackfillEvent) error) error
}

// Collectors are the feeds that fill the ledgers on a schedule (daemon/collect).
type Collectors interface {
	List(ctx context.Context) ([]api.Collector, error)
	Get(ctx context.Context, name string) (api.Collector, error)
	RunNow(ctx context.Context, name string) (api.CollectorAct, error)
	Pause(ctx context.Context, name string, paused bool) (api.Collector, error)
	Gaps(ctx context.Context, name string, limit int) ([]ledger.FeedGap, error)
	Quarantine(ctx context.Context, name string, limit int) ([]ledger.Quarantined, error)
	Clear(ctx context.Context, name string) (api.Cleared, error)
}

// Algorithms runs backtests and keeps algorithms and their evidence (daemon/algorithm).
type Algorithms interface {
	// Backtest runs one backtest; trace, when not nil, gets every event, intent, approval, order and fill as JSON lines.
	Backtest(ctx context.Context, user string, r api.BacktestRequest, trace io.Writer) (*report.Report, error)
	Optimize(ctx context.Context, user string, r api.OptimizeRequest) (*api.Optimization, error)
	Validate(ctx context.Context, user string, r api.ValidateRequest) (*api.Validation, error)
	Verify(ctx context.Context, user string, r api.VerifyRequest) (*api.Verification, error)
	Bundles(ctx context.Context, user, id string) ([]api.BundleName, error)
	Evidence(ctx context.Context, user, hash string) (*api.Validation, error)
	Check(ctx context.Context, user string, r api.CheckRequest) (*backtest.LookAhead, error)
	Create(ctx context.Context, user string, r api.AlgorithmCreate) (api.Algorithm, error)
	List(ctx context.Context, user string) ([]api.Algorithm, error)  // newest first, without Report
	Get(ctx context.Context, user, id string) (api.Algorithm, error) // id or unique prefix of at least 4 characters
	Diff(ctx context.Context, user, a, b string) (api.Diff, error)
	Promote(ctx context.Context, user, id string, r api.PromoteRequest) (api.Algorithm, error) // refusals: *api.Problem with the gate's reasons
	Retire(ctx context.Context, user, id, reason string) (api.Algorithm, error)
	Export(ctx context.Context, user, id string) (api.Bundle, error)
	Import(ctx context.Context, user string, b api.Bundle) (api.Algorithm, error) // always arrives as a draft
	Examples() []api.AlgorithmCreate                                              // the built-in example strategies
}

// Lab runs research sessions (daemon/lab).
type Lab interface {
	Open(ctx context.Context, user string, r api.LabRequest) (research.Session, error) // starts working at once, in the background
	Sessions(ctx context.Context, user string) ([]research.Session, error)
	Get(ctx context.Context, user, id string) (api.LabSession, error)
	// Events streams the session's events after seq, stored ones first, until ctx ends or the session's turn ends and follow is false.
	Events(ctx context.Context, user, id string, after int64, follow bool, emit func(research.Event) error) error
	Send(ctx context.Context, user, id string, m api.LabMessage) (research.Session, error) // an answer when it waits, a new turn when it is done
	Resume(ctx context.Context, user, id string) (research.Session, error)
	StopTurn(ctx context.Context, user, id string) (research.Session, error) // pauses the turn, the session stays
	Cancel(ctx context.Context, user, id string) (research.Session, error)
	Graph() api.LabGraph
}

// Floor runs promoted algorithms (daemon/floor).
type Floor interface {
	Start(ctx context.Context, user string, r api.FloorRequest) (api.FloorSession, error)
	Sessions(ctx context.Context, user string) ([]api.FloorSession, error) // newest first
	Get(ctx context.Context, user, id string) (api.FloorSession, error)    // id or unique prefix
	Stop(ctx context.Context, user, id string) (api.FloorSession, error)
	Kill(ctx context.Context, user string, r api.KillRequest) (api.KillResult, error)
	Positions(ctx context.Context, user, session string) ([]api.PositionRow, error) // session "" : all
	Orders(ctx context.Context, user, session string, limit int) ([]api.OrderRow, error)
	Trades(ctx context.Context, user, session string, limit int) ([]api.FillRow, error)
	PnL(ctx context.Context, user, session string) ([]api.PnL, error) // with Curve when session is named
	// Events streams the session's audit lines after seq and account snapshots, until ctx ends or the session is final.
	Events(ctx context.Context, user, id string, after int64, emit func(api.FloorEvent) error) error
	Audit(ctx context.Context, user, id string, after int64, limit int) ([]journal.Line, error)
	Replay(ctx context.Context, user, id string) (api.ReplayResult, error)
}

// Ops tells how the system is (daemon).
type Ops interface {
	Status(ctx context.Context) (api.Status, error)
	Logs(ctx context.Context, after int64, limit int) ([]api.LogLine, error) // newest last
	Stop(ctx context.Context) error                                          // asks the daemon to stop gracefully
}

// Services are all that the gateway serves.
type Services struct {
	Data       Data
	Fill       Fill
	Collectors Collectors
	Algorithms Algorithms
	Lab        Lab
	Floor      Floor
	Ops        Ops
}
