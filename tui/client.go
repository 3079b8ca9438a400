package tui

import (
	"context"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/research"
)

// Client is all that the workstation asks of omc. internal/client.Client is one; it is safe for concurrent use.
type Client interface {
	Coverage(ctx context.Context) ([]ledger.Coverage, error)
	Prices(ctx context.Context, q api.PriceQuery) (api.Prices, error)
	Gaps(ctx context.Context, q api.PriceQuery) (api.Gaps, error)

	Quotes(ctx context.Context, q api.DataQuery) (api.Quotes, error)
	Sentiment(ctx context.Context, q api.DataQuery) (api.SentimentData, error)
	CatalystEvents(ctx context.Context, q api.DataQuery) (api.Catalysts, error)
	OnChainMetrics(ctx context.Context, q api.DataQuery) (api.OnChain, error)
	SmartMoneyFlows(ctx context.Context, q api.DataQuery) (api.SmartMoney, error)
	Trust(ctx context.Context) ([]api.TrustRow, error)

	Collectors(ctx context.Context) ([]api.Collector, error)
	RunCollector(ctx context.Context, name string) (api.CollectorAct, error)
	PauseCollector(ctx context.Context, name string, paused bool) (api.Collector, error)
	CollectorGaps(ctx context.Context, name string, limit int) ([]ledger.FeedGap, error)
	Quarantine(ctx context.Context, name string, limit int) ([]ledger.Quarantined, error)

	Algorithms(ctx context.Context) ([]api.Algorithm, error)
	Algorithm(ctx context.Context, id string) (api.Algorithm, error)
	Promote(ctx context.Context, id string, r api.PromoteRequest) (api.Algorithm, error)
	Retire(ctx context.Context, id, reason string) (api.Algorithm, error)

	OpenSession(ctx context.Context, r api.LabRequest) (research.Session, error)
	Sessions(ctx context.Context) ([]research.Session, error)
	Session(ctx context.Context, id string) (api.LabSession, error)
	SessionEvents(ctx context.Context, id string, after int64, follow bool, emit func(research.Event) error) error
	SendMessage(ctx context.Context, id, text string) (research.Session, error)
	ResumeSession(ctx context.Context, id string) (research.Session, error)
	StopTurn(ctx context.Context, id string) (research.Session, error)
	CancelSession(ctx context.Context, id string) (research.Session, error)

	StartFloor(ctx context.Context, r api.FloorRequest) (api.FloorSession, error)
	FloorSessions(ctx context.Context) ([]api.FloorSession, error)
	StopFloor(ctx context.Context, id string) (api.FloorSession, error)
	Kill(ctx context.Context, r api.KillRequest) (api.KillResult, error)
	Orders(ctx context.Context, session string, limit int) ([]api.OrderRow, error)
	Trades(ctx context.Context, session string, limit int) ([]api.FillRow, error)
	PnL(ctx context.Context, session string) ([]api.PnL, error)
	FloorEvents(ctx context.Context, id string, after int64, emit func(api.FloorEvent) error) error

	Status(ctx context.Context) (api.Status, error)
	Logs(ctx context.Context, after int64, limit int) ([]api.LogLine, error)
}
