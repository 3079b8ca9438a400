package floor

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/tui/widget"
)

func newStatus(f *factory.Factory) *cobra.Command {
	return listing(f, "status", "Floor sessions, newest first", "no floor sessions: 'omc floor start ALGO --paper' starts one", false,
		func(ctx context.Context, c *client.Client, session string, _ int) ([]api.FloorSession, error) {
			if session == "" {
				return c.FloorSessions(ctx)
			}
			s, err := c.FloorSession(ctx, session)
			return []api.FloorSession{s}, err
		}, sessionColumns())
}

func writeSessions(f *factory.Factory, rows []api.FloorSession) error {
	return factory.List(f, rows, "no floor sessions", sessionColumns())
}

func sessionColumns() []factory.Column[api.FloorSession] {
	type s = api.FloorSession
	return []factory.Column[s]{
		{Name: "id", Value: func(r s) string { return r.ID }}, {Name: "strategy", Value: func(r s) string { return r.Strategy }},
		{Name: "mode", Value: func(r s) string { return r.Mode }}, {Name: "feed", Value: func(r s) string { return r.Feed }},
		{Name: "status", Value: func(r s) string { return string(r.Status) }}, {Name: "warming", Value: func(r s) string { return r.Warming }},
		{Name: "health", Value: func(r s) string { return widget.Truncate(r.Health, 48) }, Raw: func(r s) string { return r.Health }},
		factory.AmountColumn("equity", func(r s) money.Decimal { return r.Account.Equity }),
		factory.RatioColumn("return", func(r s) *float64 { return r.Return }),
		factory.RatioColumn("max_drawdown", func(r s) *float64 { return r.Drawdown }),
		{Name: "trades", Value: func(r s) string { return strconv.Itoa(r.Trades) }, Right: true},
		{Name: "simulated", Value: func(r s) string { return strconv.FormatBool(r.Simulated) }},
		{Name: "updated_at", Value: func(r s) string { return factory.Time(r.UpdatedAt) }},
	}
}

func newPositions(f *factory.Factory) *cobra.Command {
	type p = api.PositionRow
	return listing(f, "positions", "What is held", "no positions", false,
		func(ctx context.Context, c *client.Client, session string, _ int) ([]p, error) {
			return c.Positions(ctx, session)
		},
		[]factory.Column[p]{
			{Name: "session", Value: func(r p) string { return r.Session }}, {Name: "session_status", Value: func(r p) string { return r.Status }},
			{Name: "strategy", Value: func(r p) string { return r.Strategy }},
			{Name: "market", Value: func(r p) string { return r.Market.String() }},
			{Name: "quantity", Value: func(r p) string { return r.Quantity.String() }, Right: true},
			{Name: "average_price", Value: func(r p) string { return r.Average.String() }, Right: true},
			{Name: "last", Value: func(r p) string { return r.Last.String() }, Right: true},
			factory.AmountColumn("value", func(r p) money.Decimal { return r.Value }),
			factory.AmountColumn("unrealised_pnl", func(r p) money.Decimal { return r.Unrealised }),
			factory.AmountColumn("realised_pnl", func(r p) money.Decimal { return r.Realised }),
			{Name: "simulated", Value: func(r p) string { return strconv.FormatBool(r.Simulated) }},
		})
}

func newOrders(f *factory.Factory) *cobra.Command {
	type o = api.OrderRow
	return listing(f, "orders", "Orders, newest first", "no orders", true,
		func(ctx context.Context, c *client.Client, session string, n int) ([]o, error) {
			return c.Orders(ctx, session, n)
		},
		[]factory.Column[o]{
			{Name: "placed_at", Value: func(r o) string { return factory.Time(r.PlacedAt) }}, {Name: "session", Value: func(r o) string { return r.Session }},
			{Name: "id", Value: func(r o) string { return r.ID }}, {Name: "market", Value: func(r o) string { return r.Market.String() }},
			{Name: "side", Value: func(r o) string { return string(r.Side) }}, {Name: "type", Value: func(r o) string { return string(r.Type) }},
			{Name: "quantity", Value: func(r o) string { return r.Quantity.String() }, Right: true},
			{Name: "filled", Value: func(r o) string { return r.Filled.String() }, Right: true},
			{Name: "average_price", Value: func(r o) string { return r.AveragePrice.String() }, Right: true},
			{Name: "state", Value: func(r o) string { return string(r.State) }}, {Name: "reason", Value: func(r o) string { return r.Reason }},
			{Name: "tag", Value: func(r o) string { return r.Tag }},
		})
}

func newTrades(f *factory.Factory) *cobra.Command {
	type t = api.FillRow
	return listing(f, "trades", "Fills, newest first", "no fills", true,
		func(ctx context.Context, c *client.Client, session string, n int) ([]t, error) {
			return c.Trades(ctx, session, n)
		},
		[]factory.Column[t]{
			{Name: "time", Value: func(r t) string { return factory.Time(r.Time) }}, {Name: "session", Value: func(r t) string { return r.Session }},
			{Name: "id", Value: func(r t) string { return r.ID }}, {Name: "order_id", Value: func(r t) string { return r.OrderID }},
			{Name: "market", Value: func(r t) string { return r.Market.String() }}, {Name: "side", Value: func(r t) string { return string(r.Side) }},
			{Name: "quantity", Value: func(r t) string { return r.Quantity.String() }, Right: true},
			{Name: "price", Value: func(r t) string { return r.Price.String() }, Right: true},
			{Name: "fee", Value: func(r t) string { return r.Fee.String() }, Right: true},
		})
}

func newPnL(f *factory.Factory) *cobra.Command {
	type p = api.PnL
	return listing(f, "pnl", "Profit and loss by session", "no floor sessions", false,
		func(ctx context.Context, c *client.Client, session string, _ int) ([]p, error) {
			return c.PnL(ctx, session)
		},
		[]factory.Column[p]{
			{Name: "session", Value: func(r p) string { return r.Session }}, {Name: "strategy", Value: func(r p) string { return r.Strategy }},
			factory.AmountColumn("start_cash", func(r p) money.Decimal { return r.StartCash }),
			factory.AmountColumn("cash", func(r p) money.Decimal { return r.Cash }),
			factory.AmountColumn("equity", func(r p) money.Decimal { return r.Equity }),
			factory.AmountColumn("realised_pnl", func(r p) money.Decimal { return r.Realised }),
			factory.AmountColumn("unrealised_pnl", func(r p) money.Decimal { return r.Unrealised }),
			factory.AmountColumn("fees_paid", func(r p) money.Decimal { return r.Fees }),
			{Name: "simulated", Value: func(r p) string { return strconv.FormatBool(r.Simulated) }},
		})
}
