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
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// asked are the flags that every question takes.
func asked(cmd *cobra.Command, q *api.DataQuery) {
	cmd.Flags().StringVar(&q.From, "from", "", "date or time, UTC; included")
	cmd.Flags().StringVar(&q.To, "to", "", "date or time, UTC; not included")
	cmd.Flags().StringVar(&q.AsOf, "as-of", "", "only what was known by then")
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "the newest so many rows; 0: 1,000")
}

func coinList(coins []market.Coin) string {
	s := make([]string, len(coins))
	for i, c := range coins {
		s[i] = string(c)
	}
	return strings.Join(s, " ")
}

func signed(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

func text[T any](name string, n int, get func(T) string) factory.Column[T] {
	return factory.Column[T]{Name: name, Value: func(r T) string { return clip(get(r), n) }, Raw: get}
}

func stamped[T any](name string, get func(T) time.Time) factory.Column[T] {
	return factory.TimeColumn(name, get)
}

// whole is a text that only CSV has room for.
func whole[T any](name string, get func(T) string) factory.Column[T] {
	return factory.Column[T]{Name: name, Value: get, Raw: get, Whole: true}
}

// score is a figure from −1 to 1: to two digits for people, whole in CSV.
func score[T any](name string, get func(T) float64) factory.Column[T] {
	return factory.Column[T]{Name: name, Right: true, Value: func(r T) string { return signed(get(r)) }, Raw: func(r T) string { return strconv.FormatFloat(get(r), 'g', -1, 64) }}
}

func sayAll(f *factory.Factory, notes []string) {
	for _, n := range notes {
		f.Say("%s", n)
	}
}

// ask puts a question.
func ask[Q, V any](ctx context.Context, f *factory.Factory, q Q, question func(*client.Client, context.Context, Q) (V, error)) (V, error) {
	c, err := f.Client(ctx)
	if err != nil {
		var none V
		return none, err
	}
	return question(c, ctx, q)
}

// answer writes a question's answer: whole as JSON, else its rows.
func answer[T any](f *factory.Factory, whole any, notes []string, rows []T, none string, columns []factory.Column[T]) error {
	format, err := f.Format()
	if err != nil {
		return err
	}
	if format == "json" {
		return f.JSON(whole)
	}
	sayAll(f, notes)
	return factory.List(f, rows, none, columns)
}

func newOnChain(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "on-chain [COIN]", Short: "Figures of chains and protocols", Args: cobra.MaximumNArgs(1),
		Example: "  omc data on-chain BTC --metric active_addresses --from 2026-01-01\n  omc data on-chain AAVE --as-of 2026-06-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				q.Asset = args[0]
			}
			v, err := ask(cmd.Context(), f, q, (*client.Client).OnChainMetrics)
			if err != nil {
				return err
			}
			return answer(f, v, v.Notes, v.Rows, "nothing was known: 'omc collect list' shows what is collected", onChainColumns())
		},
	}
	asked(cmd, &q)
	cmd.Flags().StringSliceVar(&q.MetricNames, "metric", nil, "only these metrics")
	cmd.Flags().StringVar(&q.Source, "from-source", "", "only what this upstream says")
	return cmd
}

func onChainColumns() []factory.Column[api.OnChainRow] {
	return []factory.Column[api.OnChainRow]{
		stamped("event_time", func(r api.OnChainRow) time.Time { return r.Event }),
		{Name: "asset", Value: func(r api.OnChainRow) string { return string(r.Asset) }},
		{Name: "metric_name", Value: func(r api.OnChainRow) string { return r.Metric }},
		factory.DecimalColumn("metric_value", func(r api.OnChainRow) money.Decimal { return r.Value }),
		{Name: "protocol", Value: func(r api.OnChainRow) string { return r.Protocol }},
		{Name: "source", Value: func(r api.OnChainRow) string { return r.Source }},
		stamped("collected_at", func(r api.OnChainRow) time.Time { return r.Collected }),
	}
}

func newSmartMoney(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "smart-money [TOKEN...]", Short: "What skilled wallets bought and sold", Example: "  omc data smart-money PEPE --from 2026-11-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Tokens = args
			v, err := ask(cmd.Context(), f, q, (*client.Client).SmartMoneyFlows)
			if err != nil {
				return err
			}
			empty := ""
			if len(v.Rows) == 0 {
				empty = noFlows(cmd.Context(), f, &q)
			}
			return answer(f, v, v.Notes, v.Rows, empty, smartMoneyColumns())
		},
	}
	asked(cmd, &q)
	return cmd
}

func smartMoneyColumns() []factory.Column[api.SmartMoneyRow] {
	wallets := func(n *int) string {
		if n == nil {
			return "-"
		}
		return strconv.Itoa(*n)
	}
	return []factory.Column[api.SmartMoneyRow]{
		stamped("event_time", func(r api.SmartMoneyRow) time.Time { return r.Event }),
		{Name: "token", Value: func(r api.SmartMoneyRow) string { return r.Token }},
		{Name: "chain", Value: func(r api.SmartMoneyRow) string { return r.Chain }},
		{Name: "window_seconds", Right: true, Value: func(r api.SmartMoneyRow) string { return strings.TrimSuffix(r.Window.Duration().String(), "0m0s") },
			Raw: func(r api.SmartMoneyRow) string { return strconv.FormatFloat(float64(r.Window), 'f', -1, 64) }},
		factory.AmountColumn("net_flow_usd", func(r api.SmartMoneyRow) money.Decimal { return r.NetUSD }),
		{Name: "buying_wallet_count", Value: func(r api.SmartMoneyRow) string { return wallets(r.Buying) }, Right: true},
		{Name: "selling_wallet_count", Value: func(r api.SmartMoneyRow) string { return wallets(r.Selling) }, Right: true},
		whole("buying_wallets", func(r api.SmartMoneyRow) string { return strings.Join(r.Buyers, " ") }),
		whole("selling_wallets", func(r api.SmartMoneyRow) string { return strings.Join(r.Sellers, " ") }),
		whole("token_address", func(r api.SmartMoneyRow) string { return r.Address }),
		{Name: "source", Value: func(r api.SmartMoneyRow) string { return r.Source }},
		stamped("collected_at", func(r api.SmartMoneyRow) time.Time { return r.Collected }),
	}
}

// noFlows says why there are no flows: what was asked for is not there, or nobody collects them because a key is missing.
func noFlows(ctx context.Context, f *factory.Factory, q *api.DataQuery) string {
	what := "no flow was known"
	if len(q.Tokens) > 0 {
		what += " of " + strings.Join(q.Tokens, ", ")
	}
	if q.From != "" || q.To != "" || q.AsOf != "" {
		what += " in that window"
	}
	feeds, err := ask(ctx, f, struct{}{}, func(c *client.Client, ctx context.Context, _ struct{}) ([]api.Collector, error) {
		return c.Collectors(ctx)
	})
	if err != nil { // then nothing can be said about the feeds
		return what
	}
	for _, feed := range feeds {
		if feed.Source == "nansen" && len(feed.Needs) > 0 {
			return what + ": flows come from Nansen, which needs a key: " + strings.Join(feed.Needs, "; ")
		}
	}
	return what + ": 'omc collect list' shows when the nansen feeds were last read"
}

func newSentiment(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "sentiment [COIN...]", Short: "News and posts with their sentiment", Example: "  omc data sentiment BTC ETH --limit 20\n  omc data sentiment --platform reddit",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Currencies = args
			v, err := ask(cmd.Context(), f, q, (*client.Client).Sentiment)
			if err != nil {
				return err
			}
			rows := make([]api.LedgerItem, 0, len(v.News)+len(v.Posts))
			for i := range v.News {
				rows = append(rows, api.LedgerItem{News: &v.News[i]})
			}
			for i := range v.Posts {
				rows = append(rows, api.LedgerItem{Post: &v.Posts[i]})
			}
			return answer(f, v, v.Notes, rows, "nothing was known: 'omc collect list' shows what is collected", textColumns())
		},
	}
	asked(cmd, &q)
	cmd.Flags().StringSliceVar(&q.Platforms, "platform", nil, "only these: reddit, x, news, or a publisher")
	return cmd
}

// textColumns are those of news and of posts, side by side.
func textColumns() []factory.Column[api.LedgerItem] {
	type item = api.LedgerItem
	pick := func(news func(*api.NewsRow) string, post func(*api.PostRow) string) func(item) string {
		return func(it item) string {
			if it.News != nil {
				return news(it.News)
			}
			return post(it.Post)
		}
	}
	at := func(news func(*api.NewsRow) time.Time, post func(*api.PostRow) time.Time) func(item) time.Time {
		return func(it item) time.Time {
			if it.News != nil {
				return news(it.News)
			}
			return post(it.Post)
		}
	}
	none := func(*api.NewsRow) string { return "" }
	return []factory.Column[item]{
		stamped("published_at", at(func(n *api.NewsRow) time.Time { return n.Published }, func(p *api.PostRow) time.Time { return p.Posted })),
		whole("kind", pick(func(*api.NewsRow) string { return "news" }, func(*api.PostRow) string { return "post" })),
		{Name: "source", Value: pick(func(n *api.NewsRow) string { return n.Source }, func(p *api.PostRow) string { return strings.TrimSuffix(p.Platform+"/"+p.Channel, "/") }),
			Raw: pick(func(n *api.NewsRow) string { return n.Source }, func(p *api.PostRow) string { return p.Platform })},
		whole("channel", pick(none, func(p *api.PostRow) string { return p.Channel })),
		{Name: "sentiment", Value: pick(func(n *api.NewsRow) string { return n.Sentiment }, func(p *api.PostRow) string { return p.Sentiment })},
		score("sentiment_score", func(it item) float64 {
			if it.News != nil {
				return it.News.Score
			}
			return it.Post.Score
		}),
		{Name: "currencies", Value: pick(func(n *api.NewsRow) string { return coinList(n.Coins) }, func(p *api.PostRow) string { return coinList(p.Coins) })},
		text("title", 80, pick(func(n *api.NewsRow) string { return n.Title }, func(p *api.PostRow) string { return p.Content })),
		whole("summary", pick(func(n *api.NewsRow) string { return n.Summary }, func(*api.PostRow) string { return "" })),
		whole("url", pick(func(n *api.NewsRow) string { return n.URL }, func(p *api.PostRow) string { return p.URL })),
		whole("engagement", pick(none, func(p *api.PostRow) string { return strconv.FormatInt(p.Engagement, 10) })),
		whole("scorer", pick(func(n *api.NewsRow) string { return n.Scorer }, func(p *api.PostRow) string { return p.Scorer })),
		stamped("collected_at", at(func(n *api.NewsRow) time.Time { return n.Collected }, func(p *api.PostRow) time.Time { return p.Collected })),
	}
}

func newEvents(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "events [COIN...]", Aliases: []string{"catalysts"}, Short: "Filings, listings, announcements, with their impact", Example: "  omc data events --type listing,delisting\n  omc data events BTC --min-impact 0.5",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Currencies = args
			v, err := ask(cmd.Context(), f, q, (*client.Client).CatalystEvents)
			if err != nil {
				return err
			}
			return answer(f, v, v.Notes, v.Rows, "nothing was known: 'omc collect list' shows what is collected", eventColumns())
		},
	}
	asked(cmd, &q)
	cmd.Flags().StringSliceVar(&q.EventTypes, "type", nil, "only these: filing, listing, delisting, halt, resume, announcement, …")
	cmd.Flags().Float64Var(&q.MinImpact, "min-impact", 0, "0 to 1")
	return cmd
}

func eventColumns() []factory.Column[api.CatalystRow] {
	return []factory.Column[api.CatalystRow]{
		stamped("event_time", func(r api.CatalystRow) time.Time { return r.Event }),
		{Name: "event_type", Value: func(r api.CatalystRow) string { return r.Type }},
		{Name: "source", Value: func(r api.CatalystRow) string { return r.Source }},
		score("impact_score", func(r api.CatalystRow) float64 { return r.Impact }),
		{Name: "currencies", Value: func(r api.CatalystRow) string { return coinList(r.Coins) }},
		text("title", 70, func(r api.CatalystRow) string { return r.Title }),
		text("impact_reason", 60, func(r api.CatalystRow) string { return r.Why }),
		stamped("detected_at", func(r api.CatalystRow) time.Time { return r.Detected }),
		whole("description", func(r api.CatalystRow) string { return r.Description }),
		whole("url", func(r api.CatalystRow) string { return r.URL }),
	}
}
