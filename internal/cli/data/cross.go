package data

import (
	"fmt"
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

func figure[T any](name string, get func(T) *float64) factory.Column[T] {
	return factory.Column[T]{Name: name, Right: true, Value: func(r T) string { return factory.Number(get(r)) }, Raw: func(r T) string { return factory.RawNumber(get(r)) }}
}

func count[T any](name string, get func(T) int) factory.Column[T] {
	return factory.Column[T]{Name: name, Right: true, Value: func(r T) string { return strconv.Itoa(get(r)) }}
}

func newAligned(f *factory.Factory) *cobra.Command {
	q := api.PriceQuery{}
	cmd := &cobra.Command{
		Use: "aligned MARKET", Short: "Prices and sentiment on one grid", Args: cobra.ExactArgs(1),
		Long:    "Each bar with the texts and events of its coin that became known while it was open: a row holds nothing that was not known at its close.",
		Example: "  omc data aligned BTC/AUD --interval 1h --from 2026-11-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Market = args[0]
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if err := asStored(cmd.Context(), c, &q); err != nil {
				return err
			}
			v, err := c.Aligned(cmd.Context(), q)
			if err != nil {
				return err
			}
			return answer(f, v, v.Notes, v.Rows, "no prices in that window: 'omc data coins' lists what there is", []factory.Column[api.AlignedRow]{
				stamped("timestamp", func(r api.AlignedRow) time.Time { return r.Timestamp }),
				{Name: "close", Value: func(r api.AlignedRow) string { return r.Close.String() }, Right: true},
				factory.RatioColumn("return", func(r api.AlignedRow) *float64 { return r.Return }),
				count("news_count", func(r api.AlignedRow) int { return r.News }), figure("news_score", func(r api.AlignedRow) *float64 { return r.NewsScore }),
				count("post_count", func(r api.AlignedRow) int { return r.Posts }), figure("post_score", func(r api.AlignedRow) *float64 { return r.PostScore }),
				count("event_count", func(r api.AlignedRow) int { return r.Events }), figure("event_impact", func(r api.AlignedRow) *float64 { return r.Impact }),
			})
		},
	}
	queryFlags(cmd, &q, true)
	cmd.Flags().IntVar(&q.Limit, "limit", 48, "the newest so many bars")
	return cmd
}

func newDaily(f *factory.Factory) *cobra.Command {
	q := api.PriceQuery{}
	cmd := &cobra.Command{
		Use: "daily MARKET", Short: "One market by UTC day", Args: cobra.ExactArgs(1), Example: "  omc data daily BTC/AUD --from 2026-01-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Market = args[0]
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if err := asStored(cmd.Context(), c, &q); err != nil {
				return err
			}
			v, err := c.Daily(cmd.Context(), q)
			if err != nil {
				return err
			}
			return answer(f, v, v.Notes, v.Rows, "no whole day in that window: 'omc data coins' lists what there is", []factory.Column[ledger.DaySummary]{
				{Name: "day", Value: func(r ledger.DaySummary) string { return r.Day.Format(time.DateOnly) }},
				{Name: "open", Value: func(r ledger.DaySummary) string { return r.Open.String() }, Right: true},
				{Name: "high", Value: func(r ledger.DaySummary) string { return r.High.String() }, Right: true},
				{Name: "low", Value: func(r ledger.DaySummary) string { return r.Low.String() }, Right: true},
				{Name: "close", Value: func(r ledger.DaySummary) string { return r.Close.String() }, Right: true},
				{Name: "volume", Value: func(r ledger.DaySummary) string {
					if r.Volume == nil {
						return "-"
					}
					return r.Volume.String()
				}, Right: true},
				factory.RatioColumn("realised_volatility", func(r ledger.DaySummary) *float64 { return r.Volatility }),
				{Name: "bars", Value: func(r ledger.DaySummary) string { return strconv.Itoa(r.Bars) + "/" + strconv.Itoa(r.Places) }, Raw: func(r ledger.DaySummary) string { return strconv.Itoa(r.Bars) }, Right: true},
			})
		},
	}
	queryFlags(cmd, &q, true)
	cmd.Flags().IntVar(&q.Limit, "limit", 30, "the newest so many days; 0: all")
	return cmd
}

func newAround(f *factory.Factory) *cobra.Command {
	r := api.AroundRequest{}
	cmd := &cobra.Command{
		Use: "around TIME", Short: "Events, texts and prices around a moment", Args: cobra.ExactArgs(1),
		Example: "  omc data around 2026-11-20T14:00:00Z --coin BTC --market BTC/AUD --hours 6",
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Time = args[0]
			v, err := ask(cmd.Context(), f, r, (*client.Client).Around)
			if err != nil {
				return err
			}
			type row struct {
				at                 time.Time
				kind, source, what string
				score              *float64
			}
			var rows []row
			for _, p := range v.Prices {
				if p.Close != nil {
					rows = append(rows, row{v.Time, "price " + p.Offset, p.Market.String(), p.Close.String() + " (" + factory.Ratio(p.Change) + ")", nil})
				}
			}
			for i := range v.Events {
				e := &v.Events[i]
				rows = append(rows, row{e.Event, e.Type, e.Source, e.Title, &e.Impact})
			}
			for i := range v.News {
				n := &v.News[i]
				rows = append(rows, row{n.Published, "news", n.Source, n.Title, &n.Score})
			}
			for i := range v.Posts {
				p := &v.Posts[i]
				rows = append(rows, row{p.Posted, "post", p.Platform, p.Content, &p.Score})
			}
			for _, m := range v.Metrics {
				rows = append(rows, row{m.Event, m.Metric, m.Source, m.Value.String(), nil})
			}
			return answer(f, v, v.Notes, rows, "nothing was known around that moment", []factory.Column[row]{
				stamped("event_time", func(r row) time.Time { return r.at }),
				{Name: "kind", Value: func(r row) string { return r.kind }},
				{Name: "source", Value: func(r row) string { return r.source }},
				figure("score", func(r row) *float64 { return r.score }),
				text("what", 90, func(r row) string { return r.what }),
			})
		},
	}
	cmd.Flags().StringVar(&r.Currency, "coin", "", "only this coin")
	cmd.Flags().StringVar(&r.Market, "market", "", "show its prices before and after")
	cmd.Flags().IntVar(&r.Hours, "hours", 24, "on both sides")
	cmd.Flags().StringVar(&r.AsOf, "as-of", "", "only what was known by then")
	return cmd
}

func newRisk(f *factory.Factory) *cobra.Command {
	r := api.RiskRequest{}
	cmd := &cobra.Command{
		Use: "risk", Short: "What your holdings may lose", Args: cobra.NoArgs, Example: "  omc data risk --days 180",
		RunE: func(cmd *cobra.Command, _ []string) error {
			v, err := ask(cmd.Context(), f, r, (*client.Client).Risk)
			if err != nil {
				return err
			}
			if format, err := f.Format(); err != nil || format != "table" {
				if err != nil {
					return err
				}
				return answer(f, v, v.Notes, v.Holdings, "", holdings(string(v.Quote)))
			}
			if err := answer(f, v, v.Notes, v.Holdings, "nothing is held", holdings(string(v.Quote))); err != nil {
				return err
			}
			fmt.Fprintf(f.IO.Out, "\nvalue %s %s, daily volatility %s, value at risk 95 %% %s a day, max drawdown %s over %d days, effective holdings %s\n",
				v.Value.StringFixed(2), v.Quote, factory.Ratio(v.Volatility), factory.Ratio(v.VaR95), factory.Ratio(v.Drawdown), v.Days, factory.Number(v.Effective))
			return nil
		},
	}
	cmd.Flags().StringVar(&r.Quote, "quote", "AUD", "currency to value them in")
	cmd.Flags().IntVar(&r.Days, "days", 90, "days of history")
	cmd.Flags().StringVar(&r.AsOf, "as-of", "", "only what was known by then")
	return cmd
}

func holdings(quote string) []factory.Column[api.RiskHolding] {
	dec := func(d *money.Decimal) string {
		if d == nil {
			return "-"
		}
		return d.StringFixed(2)
	}
	return []factory.Column[api.RiskHolding]{
		{Name: "coin_type", Value: func(r api.RiskHolding) string { return string(r.Coin) }},
		{Name: "quantity", Value: func(r api.RiskHolding) string { return r.Quantity.String() }, Right: true},
		{Name: "price", Value: func(r api.RiskHolding) string { return dec(r.Price) }, Right: true},
		{Name: "value_" + strings.ToLower(quote), Value: func(r api.RiskHolding) string { return dec(r.Value) }, Right: true},
		factory.RatioColumn("weight", func(r api.RiskHolding) *float64 { return r.Weight }),
		factory.RatioColumn("daily_volatility", func(r api.RiskHolding) *float64 { return r.Volatility }),
	}
}

func newTrust(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "trust", Short: "Coverage, gaps and freshness of every series", Args: cobra.NoArgs, Example: "  omc data trust",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			rows, err := c.Trust(cmd.Context())
			if err != nil {
				return err
			}
			age := func(s *api.Seconds) string {
				if s == nil {
					return "-"
				}
				return s.Duration().Round(time.Second).String()
			}
			return factory.List(f, rows, "the ledgers are empty", []factory.Column[api.TrustRow]{
				{Name: "ledger", Value: func(r api.TrustRow) string { return r.Ledger }},
				{Name: "subject", Value: func(r api.TrustRow) string { return r.Subject }},
				{Name: "source", Value: func(r api.TrustRow) string { return r.Source }},
				{Name: "rows", Value: func(r api.TrustRow) string { return strconv.FormatInt(r.Rows, 10) }, Right: true},
				factory.RatioColumn("coverage", func(r api.TrustRow) *float64 { return r.Coverage }),
				count("gaps", func(r api.TrustRow) int { return r.Gaps }), count("missing", func(r api.TrustRow) int { return r.Missing }),
				{Name: "age", Value: func(r api.TrustRow) string { return age(r.Age) }, Right: true},
				{Name: "fresh", Value: func(r api.TrustRow) string {
					if r.Fresh == nil {
						return "-"
					}
					return strconv.FormatBool(*r.Fresh)
				}},
			})
		},
	}
}
