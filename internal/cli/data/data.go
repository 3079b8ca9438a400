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
	"github.com/ohmycoins/omc/internal/money"
)

// New returns the command `omc data`.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "data", Short: "The ledgers: prices, figures, texts, events; fill them and ask them"}
	cmd.AddCommand(newImport(f), newCoins(f), newPrices(f), newStats(f), newGaps(f), newExport(f), newFetch(f), newBackfill(f), newSimulate(f),
		newQuotes(f), newTrades(f), newOnChain(f), newSmartMoney(f), newSentiment(f), newEvents(f), newOrders(f), newPositions(f), newStatistics(f), newDaily(f), newAligned(f), newAround(f), newRisk(f), newTrust(f), newFollow(f))
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

// asStored fills in the finest interval that is stored of the market, or was by the moment asked for, where none is asked for. Of a
// market without prices nothing is filled in: the answer will be empty, and say so.
func asStored(ctx context.Context, c *client.Client, q *api.PriceQuery) error {
	m, err := market.ParseMarket(q.Market)
	if err != nil {
		return &factory.UsageError{Err: err}
	}
	if q.Interval != "" {
		return nil
	}
	rows, err := c.CoverageAsOf(ctx, q.AsOf)
	if err != nil {
		return err
	}
	var finest market.Interval
	for _, r := range rows {
		if r.Market == m && (finest == 0 || r.Interval < finest) {
			finest = r.Interval
		}
	}
	if finest != 0 {
		q.Interval = finest.String()
	}
	return nil
}

func newCoins(f *factory.Factory) *cobra.Command {
	var asOf string
	cmd := &cobra.Command{
		Use: "coins", Short: "What the ledger holds, by market and interval", Args: cobra.NoArgs,
		Example: "  omc data coins\n  omc data coins --as-of 2026-06-01 -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, err := ask(cmd.Context(), f, asOf, (*client.Client).CoverageAsOf)
			if err != nil {
				return err
			}
			return factory.List(f, rows, "no prices yet: try 'omc data import FILE', 'omc data fetch BTC/USDT' or 'omc demo'", []factory.Column[ledger.Coverage]{
				{Name: "market", Value: func(r ledger.Coverage) string { return r.Market.String() }},
				{Name: "interval", Value: func(r ledger.Coverage) string { return r.Interval.String() }},
				{Name: "bars", Value: func(r ledger.Coverage) string { return strconv.Itoa(r.Bars) }, Right: true},
				stamped("first", func(r ledger.Coverage) time.Time { return r.First }),
				stamped("last", func(r ledger.Coverage) time.Time { return r.Last }),
				{Name: "missing_bars", Value: func(r ledger.Coverage) string { return strconv.Itoa(r.Missing) }, Right: true},
				{Name: "sources", Value: func(r ledger.Coverage) string { return strings.Join(r.Sources, " ") }},
				{Name: "simulated", Value: func(r ledger.Coverage) string { return strconv.FormatBool(r.Simulated) }},
			})
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "only what was known by then")
	return cmd
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

// wholePrices asks again for what came before, where one answer does not hold all that was asked for; a limit of 0 is all.
func wholePrices(ctx context.Context, c *client.Client, q api.PriceQuery) (api.Prices, error) {
	want := q.Limit
	if want == 0 || want > api.MaxPrices {
		q.Limit = api.MaxPrices
	}
	p, err := c.Prices(ctx, q)
	if err != nil || len(p.Rows) < api.MaxPrices {
		return p, err
	}
	pages := [][]api.Price{p.Rows}
	for page, have := p.Rows, len(p.Rows); len(page) == api.MaxPrices && have != want; have += len(page) {
		q.To = page[0].Timestamp.Format(time.RFC3339)
		if want > 0 {
			q.Limit = min(want-have, api.MaxPrices)
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
		stamped("timestamp", func(r api.Price) time.Time { return r.Timestamp }),
		{Name: "coin_type", Value: func(r api.Price) string { return string(r.Coin) }},
		factory.MaybeDecimalColumn("bid", func(r api.Price) *money.Decimal { return r.Bid }),
		factory.MaybeDecimalColumn("ask", func(r api.Price) *money.Decimal { return r.Ask }),
		factory.DecimalColumn("last", func(r api.Price) money.Decimal { return r.Last }),
		factory.DecimalColumn("open", func(r api.Price) money.Decimal { return r.Open }),
		factory.DecimalColumn("high", func(r api.Price) money.Decimal { return r.High }),
		factory.DecimalColumn("low", func(r api.Price) money.Decimal { return r.Low }),
		factory.DecimalColumn("close", func(r api.Price) money.Decimal { return r.Close }),
		factory.MaybeDecimalColumn("volume", func(r api.Price) *money.Decimal { return r.Volume }),
		{Name: "source", Value: func(r api.Price) string { return r.Source }},
		whole("quote", func(r api.Price) string { return string(r.Quote) }),
		{Name: "known_at", Whole: true, Value: func(r api.Price) string {
			if r.Known == nil {
				return ""
			}
			return factory.RawTime(*r.Known)
		}},
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
			return f.One(s, statLines(&s))
		},
	}
	queryFlags(cmd, &q, true)
	return cmd
}

func statLines(s *ledger.Stats) [][2]string {
	figure := func(d money.Decimal) string { // of no bars there is none
		if s.Bars == 0 {
			return "-"
		}
		return d.String()
	}
	return [][2]string{
		{"market", s.Market.String()}, {"interval", s.Interval.String()}, {"bars", strconv.Itoa(s.Bars)}, {"first", factory.Time(s.First)},
		{"last", factory.Time(s.Last)}, {"missing_bars", strconv.Itoa(s.Missing)}, {"low", figure(s.Low)}, {"high", figure(s.High)},
		{"first_open", figure(s.FirstOpen)}, {"last_close", figure(s.LastClose)}, {"zero_volume_bars", strconv.Itoa(s.ZeroVolume)},
		{"daily_volatility", factory.RawNumber(s.DailyVolatility)}, {"sources", strings.Join(s.Sources, " ")}, {"simulated", strconv.FormatBool(s.Simulated)},
	}
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
				stamped("from", func(r ledger.Gap) time.Time { return r.From }),
				stamped("to", func(r ledger.Gap) time.Time { return r.To }),
				{Name: "bars", Value: func(r ledger.Gap) string { return strconv.Itoa(r.Bars) }, Right: true},
			})
		},
	}
	queryFlags(cmd, &q, false)
	cmd.Flags().IntVar(&q.Limit, "limit", 100, "at most so many gaps")
	return cmd
}
