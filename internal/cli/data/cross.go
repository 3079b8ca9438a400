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
	"github.com/ohmycoins/omc/internal/market"
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
				factory.DecimalColumn("close", func(r api.AlignedRow) money.Decimal { return r.Close }),
				factory.RatioColumn("return", func(r api.AlignedRow) *float64 { return r.Return }),
				count("news_count", func(r api.AlignedRow) int { return r.News }), figure("news_score", func(r api.AlignedRow) *float64 { return r.NewsScore }),
				count("post_count", func(r api.AlignedRow) int { return r.Posts }), figure("post_score", func(r api.AlignedRow) *float64 { return r.PostScore }),
				count("event_count", func(r api.AlignedRow) int { return r.Events }), figure("event_impact", func(r api.AlignedRow) *float64 { return r.Impact }),
			})
		},
	}
	queryFlags(cmd, &q, true)
	cmd.Flags().IntVar(&q.Limit, "limit", 48, "the newest so many bars; 0: 1,000")
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
				factory.MaybeDecimalColumn("volume", func(r ledger.DaySummary) *money.Decimal { return r.Volume }),
				factory.RatioColumn("realised_volatility", func(r ledger.DaySummary) *float64 { return r.Volatility }),
				{Name: "bars", Value: func(r ledger.DaySummary) string { return strconv.Itoa(r.Bars) + "/" + strconv.Itoa(r.Places) }, Raw: func(r ledger.DaySummary) string { return strconv.Itoa(r.Bars) }, Right: true},
				whole("places", func(r ledger.DaySummary) string { return strconv.Itoa(r.Places) }),
			})
		},
	}
	queryFlags(cmd, &q, true)
	cmd.Flags().IntVar(&q.Limit, "limit", 30, "the newest so many days; 0: 1,000")
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
			return answer(f, v, v.Notes, happened(&v), "nothing was known around that moment", happeningColumns())
		},
	}
	cmd.Flags().StringVar(&r.Currency, "coin", "", "only this coin")
	cmd.Flags().StringVar(&r.Market, "market", "", "show its prices before and after")
	cmd.Flags().IntVar(&r.Hours, "hours", 24, "on both sides")
	cmd.Flags().IntVar(&r.Limit, "limit", 0, "of each kind, those nearest to the moment; 0: 500")
	cmd.Flags().StringVar(&r.AsOf, "as-of", "", "only what was known by then")
	return cmd
}

// happening is anything that happened around a moment.
type happening struct {
	at           time.Time
	kind, source string
	what         string // a title, a text, a market, a coin
	value        *money.Decimal
	score        *float64 // impact, sentiment, change of a price
	coins        []market.Coin
	url          string
	known        time.Time
}

func happened(v *api.Around) (rows []happening) {
	for i := range v.Prices {
		p := &v.Prices[i]
		if d, err := time.ParseDuration(p.Offset); err == nil && p.Close != nil {
			rows = append(rows, happening{at: v.Time.Add(d), kind: "price " + p.Offset, what: p.Market.String(), value: p.Close, score: p.Change})
		}
	}
	for i := range v.Events {
		e := &v.Events[i]
		rows = append(rows, happening{e.Event, e.Type, e.Source, e.Title, nil, &e.Impact, e.Coins, e.URL, e.Detected})
	}
	for i := range v.News {
		n := &v.News[i]
		rows = append(rows, happening{n.Published, "news", n.Source, n.Title, nil, &n.Score, n.Coins, n.URL, n.Collected})
	}
	for i := range v.Posts {
		p := &v.Posts[i]
		rows = append(rows, happening{p.Posted, "post", p.Platform, p.Content, nil, &p.Score, p.Coins, p.URL, p.Collected})
	}
	for i := range v.Metrics {
		m := &v.Metrics[i]
		rows = append(rows, happening{m.Event, m.Metric, m.Source, strings.TrimSpace(string(m.Asset) + " " + m.Protocol), &m.Value, nil, []market.Coin{m.Asset}, "", m.Collected})
	}
	return rows
}

func happeningColumns() []factory.Column[happening] {
	return []factory.Column[happening]{
		stamped("event_time", func(r happening) time.Time { return r.at }),
		{Name: "kind", Value: func(r happening) string { return r.kind }},
		{Name: "source", Value: func(r happening) string { return r.source }},
		factory.MaybeDecimalColumn("value", func(r happening) *money.Decimal { return r.value }),
		figure("score", func(r happening) *float64 { return r.score }),
		text("what", 90, func(r happening) string { return r.what }),
		whole("currencies", func(r happening) string { return coinList(r.coins) }),
		whole("url", func(r happening) string { return r.url }),
		{Name: "collected_at", Whole: true, Value: func(r happening) string { return factory.RawTime(r.known) }},
	}
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
	exact := func(d *money.Decimal) string {
		if d == nil {
			return ""
		}
		return d.String()
	}
	return []factory.Column[api.RiskHolding]{
		{Name: "coin_type", Value: func(r api.RiskHolding) string { return string(r.Coin) }},
		{Name: "quantity", Value: func(r api.RiskHolding) string { return r.Quantity.String() }, Right: true},
		{Name: "price", Value: func(r api.RiskHolding) string { return dec(r.Price) }, Raw: func(r api.RiskHolding) string { return exact(r.Price) }, Right: true},
		{Name: "value_" + strings.ToLower(quote), Value: func(r api.RiskHolding) string { return dec(r.Value) }, Raw: func(r api.RiskHolding) string { return exact(r.Value) }, Right: true},
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
			seconds := func(s *api.Seconds) string {
				if s == nil {
					return ""
				}
				return strconv.FormatFloat(float64(*s), 'f', -1, 64)
			}
			at := func(t *time.Time) string {
				if t == nil {
					return ""
				}
				return factory.RawTime(*t)
			}
			return factory.List(f, rows, "the ledgers are empty", []factory.Column[api.TrustRow]{
				{Name: "ledger", Value: func(r api.TrustRow) string { return r.Ledger }},
				{Name: "subject", Value: func(r api.TrustRow) string { return r.Subject }},
				{Name: "source", Value: func(r api.TrustRow) string { return r.Source }},
				{Name: "rows", Value: func(r api.TrustRow) string { return strconv.FormatInt(r.Rows, 10) }, Right: true},
				factory.RatioColumn("coverage", func(r api.TrustRow) *float64 { return r.Coverage }),
				count("gaps", func(r api.TrustRow) int { return r.Gaps }), count("missing", func(r api.TrustRow) int { return r.Missing }),
				{Name: "age", Value: func(r api.TrustRow) string { return age(r.Age) }, Raw: func(r api.TrustRow) string { return seconds(r.Age) }, Right: true},
				{Name: "freshness_target", Value: func(r api.TrustRow) string { return age(r.Target) }, Raw: func(r api.TrustRow) string { return seconds(r.Target) }, Right: true},
				{Name: "fresh", Value: func(r api.TrustRow) string {
					if r.Fresh == nil {
						return "-"
					}
					return strconv.FormatBool(*r.Fresh)
				}},
				{Name: "first", Whole: true, Value: func(r api.TrustRow) string { return at(r.First) }},
				{Name: "last", Whole: true, Value: func(r api.TrustRow) string { return at(r.Last) }},
			})
		},
	}
}
