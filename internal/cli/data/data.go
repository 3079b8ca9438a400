// Package data has the commands on prices: import, fetch, simulate, and reading what is there.
// It reads files of the user; the ledger itself is omc's.
package data

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// New returns the command `omc data`.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "data", Short: "The ledgers: prices, figures, texts, events; fill them and ask them"}
	cmd.AddCommand(newImport(f), newCoins(f), newPrices(f), newStats(f), newGaps(f), newExport(f), newFetch(f), newBackfill(f), newSimulate(f),
		newQuotes(f), newOnChain(f), newSmartMoney(f), newSentiment(f), newEvents(f), newOrders(f), newPositions(f), newStatistics(f), newDaily(f), newAligned(f), newAround(f), newRisk(f), newTrust(f), newFollow(f))
	return cmd
}

func queryFlags(cmd *cobra.Command, q *api.PriceQuery, window bool) {
	cmd.Flags().StringVar(&q.Interval, "interval", "", "bar length: 5m, 1h, 1d … (default: the finest that is stored)")
	if window {
		cmd.Flags().StringVar(&q.From, "from", "", "date or time, UTC; included")
		cmd.Flags().StringVar(&q.To, "to", "", "date or time, UTC; not included")
		cmd.Flags().StringVar(&q.AsOf, "as-of", "", "only what was known by then")
	}
}

// asStored fills in the finest interval that is stored of the market, where none is asked for.
func asStored(ctx context.Context, c *client.Client, q *api.PriceQuery) error {
	m, err := market.ParseMarket(q.Market)
	if err != nil {
		return &factory.UsageError{Err: err}
	}
	if q.Interval != "" {
		return nil
	}
	rows, err := c.Coverage(ctx)
	if err != nil {
		return err
	}
	var finest market.Interval
	for _, r := range rows {
		if r.Market == m && (finest == 0 || r.Interval < finest) {
			finest = r.Interval
		}
	}
	if finest == 0 {
		return api.NewProblem(404, api.CodeNotFound, "the ledger has no prices of %s; 'omc data coins' lists what there is", m)
	}
	q.Interval = finest.String()
	return nil
}

func newCoins(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "coins", Short: "What the ledger holds, by market and interval", Args: cobra.NoArgs,
		Example: "  omc data coins\n  omc data coins -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			rows, err := c.Coverage(cmd.Context())
			if err != nil {
				return err
			}
			return factory.List(f, rows, "no prices yet: try 'omc data import FILE', 'omc data fetch BTC/USDT' or 'omc demo'", []factory.Column[ledger.Coverage]{
				{Name: "market", Value: func(r ledger.Coverage) string { return r.Market.String() }},
				{Name: "interval", Value: func(r ledger.Coverage) string { return r.Interval.String() }},
				{Name: "bars", Value: func(r ledger.Coverage) string { return strconv.Itoa(r.Bars) }, Right: true},
				{Name: "first", Value: func(r ledger.Coverage) string { return factory.Time(r.First) }},
				{Name: "last", Value: func(r ledger.Coverage) string { return factory.Time(r.Last) }},
				{Name: "missing_bars", Value: func(r ledger.Coverage) string { return strconv.Itoa(r.Missing) }, Right: true},
				{Name: "sources", Value: func(r ledger.Coverage) string { return strings.Join(r.Sources, " ") }},
				{Name: "simulated", Value: func(r ledger.Coverage) string { return strconv.FormatBool(r.Simulated) }},
			})
		},
	}
}

func newPrices(f *factory.Factory) *cobra.Command {
	q := api.PriceQuery{}
	cmd := &cobra.Command{
		Use: "prices MARKET", Short: "Prices of one market", Args: cobra.ExactArgs(1),
		Example: "  omc data prices BTC/USDT --interval 1h --limit 24\n  omc data prices ETH/USDT --from 2024-01-01 --to 2024-02-01 -o csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Market = args[0]
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if err := asStored(cmd.Context(), c, &q); err != nil {
				return err
			}
			if q.Limit < 0 {
				return factory.Usage("--limit %d: want 0 (all) or more", q.Limit)
			}
			p, err := wholePrices(cmd.Context(), c, q)
			if err != nil {
				return err
			}
			if format, err := f.Format(); err != nil || format == "json" {
				if err != nil {
					return err
				}
				return f.JSON(p)
			}
			notes(f, p)
			return factory.List(f, p.Rows, "no prices in that window: 'omc data coins' lists what there is", priceColumns())
		},
	}
	queryFlags(cmd, &q, true)
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "the newest so many rows; 0: all")
	return cmd
}

// wholePrices asks again for what came before, where one answer does not hold all that was asked for.
func wholePrices(ctx context.Context, c *client.Client, q api.PriceQuery) (api.Prices, error) {
	p, err := c.Prices(ctx, q)
	if err != nil || len(p.Rows) < api.MaxPrices {
		return p, err
	}
	pages, want := [][]api.Price{p.Rows}, q.Limit
	for page, have := p.Rows, len(p.Rows); len(page) == api.MaxPrices && have != want; have += len(page) {
		q.To = page[0].Timestamp.Format(time.RFC3339)
		if want > 0 {
			q.Limit = want - have
		}
		next, err := c.Prices(ctx, q)
		if err != nil {
			return p, err
		}
		page = next.Rows
		pages = append(pages, page)
		p.Simulated = p.Simulated || next.Simulated
	}
	slices.Reverse(pages)
	p.Rows, p.Notes = slices.Concat(pages...), slices.DeleteFunc(p.Notes, func(n string) bool { return strings.HasPrefix(n, "only the newest ") })
	return p, nil
}

func notes(f *factory.Factory, p api.Prices) {
	if p.Simulated {
		f.Say("SIMULATED: these prices come from omc's market simulator, not from a market")
	}
	for _, n := range p.Notes {
		f.Say("%s", n)
	}
}

func priceColumns() []factory.Column[api.Price] {
	return []factory.Column[api.Price]{
		{Name: "timestamp", Value: func(r api.Price) string { return factory.Time(r.Timestamp) }},
		{Name: "coin_type", Value: func(r api.Price) string { return string(r.Coin) }},
		{Name: "open", Value: func(r api.Price) string { return r.Open.String() }, Right: true},
		{Name: "high", Value: func(r api.Price) string { return r.High.String() }, Right: true},
		{Name: "low", Value: func(r api.Price) string { return r.Low.String() }, Right: true},
		{Name: "close", Value: func(r api.Price) string { return r.Close.String() }, Right: true},
		{Name: "volume", Right: true, Value: func(r api.Price) string {
			if r.Volume == nil {
				return "-"
			}
			return r.Volume.String()
		}, Raw: func(r api.Price) string {
			if r.Volume == nil {
				return ""
			}
			return r.Volume.String()
		}},
		{Name: "source", Value: func(r api.Price) string { return r.Source }},
	}
}

func newStats(f *factory.Factory) *cobra.Command {
	q := api.PriceQuery{}
	cmd := &cobra.Command{
		Use: "stats MARKET", Short: "Figures of one market's stored prices", Args: cobra.ExactArgs(1), Example: "  omc data stats BTC/USDT --from 2024-01-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Market = args[0]
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if err := asStored(cmd.Context(), c, &q); err != nil {
				return err
			}
			s, err := c.Stats(cmd.Context(), q)
			if err != nil {
				return err
			}
			return f.One(s, [][2]string{
				{"market", s.Market.String()}, {"interval", s.Interval.String()}, {"bars", strconv.Itoa(s.Bars)}, {"first", factory.Time(s.First)},
				{"last", factory.Time(s.Last)}, {"missing_bars", strconv.Itoa(s.Missing)}, {"low", s.Low.String()}, {"high", s.High.String()},
				{"first_open", s.FirstOpen.String()}, {"last_close", s.LastClose.String()}, {"zero_volume_bars", strconv.Itoa(s.ZeroVolume)},
				{"daily_volatility", factory.RawNumber(s.DailyVolatility)}, {"sources", strings.Join(s.Sources, " ")}, {"simulated", strconv.FormatBool(s.Simulated)},
			})
		},
	}
	queryFlags(cmd, &q, true)
	return cmd
}

func newGaps(f *factory.Factory) *cobra.Command {
	q := api.PriceQuery{}
	cmd := &cobra.Command{
		Use: "gaps MARKET", Short: "Runs of missing bars", Args: cobra.ExactArgs(1), Example: "  omc data gaps SOL/USDT",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Market = args[0]
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if err := asStored(cmd.Context(), c, &q); err != nil {
				return err
			}
			g, err := c.Gaps(cmd.Context(), q)
			if err != nil {
				return err
			}
			if g.Total > len(g.Gaps) {
				f.Say("the oldest %d of %d gaps", len(g.Gaps), g.Total)
			}
			return factory.List(f, g.Gaps, "no gaps", []factory.Column[ledger.Gap]{
				{Name: "from", Value: func(r ledger.Gap) string { return factory.Time(r.From) }},
				{Name: "to", Value: func(r ledger.Gap) string { return factory.Time(r.To) }},
				{Name: "bars", Value: func(r ledger.Gap) string { return strconv.Itoa(r.Bars) }, Right: true},
			})
		},
	}
	queryFlags(cmd, &q, false)
	cmd.Flags().IntVar(&q.Limit, "limit", 100, "at most so many gaps")
	return cmd
}
