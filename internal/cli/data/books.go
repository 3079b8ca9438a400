package data

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
)

func newOrders(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "orders", Short: "Your orders; by default of the last 30 days", Args: cobra.NoArgs, Example: "  omc data orders --from 2026-01-01",
		RunE: func(cmd *cobra.Command, _ []string) error {
			v, err := ask(cmd.Context(), f, q, (*client.Client).OrderHistory)
			if err != nil {
				return err
			}
			return answer(f, v, v.Notes, v.Rows, "no orders in that window", []factory.Column[api.OrderHistoryRow]{
				stamped("placed_at", func(r api.OrderHistoryRow) time.Time { return r.Placed }),
				{Name: "market", Value: func(r api.OrderHistoryRow) string { return string(r.Coin) + "/" + string(r.Quote) }},
				{Name: "side", Value: func(r api.OrderHistoryRow) string { return r.Side }},
				{Name: "quantity", Value: func(r api.OrderHistoryRow) string { return r.Quantity.String() }, Right: true},
				{Name: "price", Value: func(r api.OrderHistoryRow) string { return r.Price.String() }, Right: true},
				{Name: "status", Value: func(r api.OrderHistoryRow) string { return r.Status }},
				{Name: "filled_quantity", Value: func(r api.OrderHistoryRow) string { return r.Filled.String() }, Right: true},
				factory.MaybeTimeColumn("filled_at", func(r api.OrderHistoryRow) *time.Time { return r.FilledAt }),
				whole("type", func(r api.OrderHistoryRow) string { return r.Type }), whole("id", func(r api.OrderHistoryRow) string { return r.ID }),
				{Name: "session", Value: func(r api.OrderHistoryRow) string { return factory.Short(r.Session) }, Raw: func(r api.OrderHistoryRow) string { return r.Session }},
			})
		},
	}
	asked(cmd, &q)
	return cmd
}

func newPositions(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "positions", Short: "What you hold, by session", Args: cobra.NoArgs, Example: "  omc data positions --as-of 2026-06-01",
		RunE: func(cmd *cobra.Command, _ []string) error {
			v, err := ask(cmd.Context(), f, q, (*client.Client).UserPositions)
			if err != nil {
				return err
			}
			return answer(f, v, v.Notes, v.Rows, "nothing is held", []factory.Column[api.HoldingRow]{
				{Name: "coin_type", Value: func(r api.HoldingRow) string { return string(r.Coin) }},
				{Name: "quantity", Value: func(r api.HoldingRow) string { return r.Quantity.String() }, Right: true},
				{Name: "average_price", Value: func(r api.HoldingRow) string { return r.Average.String() }, Right: true},
				{Name: "total_cost", Value: func(r api.HoldingRow) string { return r.Cost.String() }, Right: true},
				{Name: "quote", Value: func(r api.HoldingRow) string { return string(r.Quote) }},
				{Name: "session", Value: func(r api.HoldingRow) string { return factory.Short(r.Session) }, Raw: func(r api.HoldingRow) string { return r.Session }},
			})
		},
	}
	cmd.Flags().StringVar(&q.AsOf, "as-of", "", "only what was known by then")
	return cmd
}

func newQuotes(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "quotes [MARKET...]", Short: "What venues quoted last", Example: "  omc data quotes BTC/AUD\n  omc data quotes --as-of 2026-11-01T10:00:00Z",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Markets = args
			v, err := ask(cmd.Context(), f, q, (*client.Client).Quotes)
			if err != nil {
				return err
			}
			return answer(f, v, v.Notes, v.Rows, "no quotes yet: they come with 'omc daemon start'", quoteColumns())
		},
	}
	cmd.Flags().StringVar(&q.AsOf, "as-of", "", "only what was known by then")
	cmd.Flags().StringVar(&q.Source, "from-source", "", "only this venue")
	return cmd
}

func newTrades(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "trades MARKET", Short: "What traded on a market", Args: cobra.ExactArgs(1), Example: "  omc data trades BTC/AUD --limit 20",
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := ask(cmd.Context(), f, q, func(c *client.Client, ctx context.Context, q api.DataQuery) (api.Trades, error) {
				return c.MarketTrades(ctx, args[0], q)
			})
			if err != nil {
				return err
			}
			return answer(f, v, v.Notes, v.Rows, "no trade was known: CoinSpot's are collected, some markets at a time", []factory.Column[api.TradeRow]{
				stamped("traded_at", func(r api.TradeRow) time.Time { return r.Time }),
				{Name: "market", Value: func(r api.TradeRow) string { return r.Market.String() }},
				{Name: "side", Value: func(r api.TradeRow) string { return r.Side }},
				factory.DecimalColumn("price", func(r api.TradeRow) money.Decimal { return r.Price }),
				factory.DecimalColumn("amount", func(r api.TradeRow) money.Decimal { return r.Amount }),
				{Name: "source", Value: func(r api.TradeRow) string { return r.Source }},
				stamped("collected_at", func(r api.TradeRow) time.Time { return r.Collected }),
				whole("id", func(r api.TradeRow) string { return r.ID }),
			})
		},
	}
	asked(cmd, &q)
	cmd.Flags().StringVar(&q.Source, "from-source", "", "only this venue")
	return cmd
}

func quoteColumns() []factory.Column[api.QuoteRow] {
	return []factory.Column[api.QuoteRow]{
		{Name: "market", Value: func(r api.QuoteRow) string { return r.Market.String() }},
		{Name: "source", Value: func(r api.QuoteRow) string { return r.Source }},
		factory.MaybeDecimalColumn("bid", func(r api.QuoteRow) *money.Decimal { return r.Bid }),
		factory.MaybeDecimalColumn("ask", func(r api.QuoteRow) *money.Decimal { return r.Ask }),
		factory.MaybeDecimalColumn("last", func(r api.QuoteRow) *money.Decimal { return r.Last }),
		stamped("since", func(r api.QuoteRow) time.Time { return r.Since }),
		factory.MaybeTimeColumn("polled_at", func(r api.QuoteRow) *time.Time { return r.Polled }),
	}
}

func newStatistics(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "ledgers", Short: "How much the ledgers hold of what, by source", Args: cobra.NoArgs, Example: "  omc data ledgers",
		RunE: func(cmd *cobra.Command, _ []string) error {
			v, err := ask(cmd.Context(), f, q, (*client.Client).Statistics)
			if err != nil {
				return err
			}
			rows := v.Ledgers
			for _, p := range v.Prices {
				rows = append(rows, ledger.TableStats{Ledger: ledger.Exchange, Kind: p.Market.String() + " " + p.Interval.String(), Source: strings.Join(p.Sources, " "),
					Rows: int64(p.Bars), First: p.First, Last: p.Last})
			}
			return answer(f, v, v.Notes, rows, "the ledgers are empty", []factory.Column[ledger.TableStats]{
				{Name: "ledger", Value: func(r ledger.TableStats) string { return r.Ledger }},
				{Name: "kind", Value: func(r ledger.TableStats) string { return r.Kind }},
				{Name: "source", Value: func(r ledger.TableStats) string { return r.Source }},
				{Name: "rows", Value: func(r ledger.TableStats) string { return strconv.FormatInt(r.Rows, 10) }, Right: true},
				{Name: "revisions", Value: func(r ledger.TableStats) string { return strconv.FormatInt(r.Revisions, 10) }, Right: true},
				stamped("first", func(r ledger.TableStats) time.Time { return r.First }),
				stamped("last", func(r ledger.TableStats) time.Time { return r.Last }),
				{Name: "last_known", Whole: true, Value: func(r ledger.TableStats) string { return factory.RawTime(r.LastKnown) }},
			})
		},
	}
	cmd.Flags().StringVar(&q.AsOf, "as-of", "", "only what was known by then")
	return cmd
}
