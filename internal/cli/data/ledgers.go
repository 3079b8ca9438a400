package data

import (
	"context"
	"encoding/json"
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
	"github.com/ohmycoins/omc/tui/widget"
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
	return factory.Column[T]{Name: name, Value: func(r T) string { return factory.Time(get(r)) }}
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
			return answer(f, v, v.Notes, v.Rows, "nothing was known: 'omc collect list' shows what is collected", []factory.Column[api.OnChainRow]{
				stamped("event_time", func(r api.OnChainRow) time.Time { return r.Event }),
				{Name: "asset", Value: func(r api.OnChainRow) string { return string(r.Asset) }},
				{Name: "metric_name", Value: func(r api.OnChainRow) string { return r.Metric }},
				{Name: "metric_value", Value: func(r api.OnChainRow) string { return r.Value.String() }, Right: true},
				{Name: "protocol", Value: func(r api.OnChainRow) string { return r.Protocol }},
				{Name: "source", Value: func(r api.OnChainRow) string { return r.Source }},
				stamped("collected_at", func(r api.OnChainRow) time.Time { return r.Collected }),
			})
		},
	}
	asked(cmd, &q)
	cmd.Flags().StringSliceVar(&q.MetricNames, "metric", nil, "only these metrics")
	cmd.Flags().StringVar(&q.Source, "from-source", "", "only what this upstream says")
	return cmd
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
			return answer(f, v, v.Notes, v.Rows, "nothing was known: flows need a key ('omc collect list' says which line sets it)", []factory.Column[api.SmartMoneyRow]{
				stamped("event_time", func(r api.SmartMoneyRow) time.Time { return r.Event }),
				{Name: "token", Value: func(r api.SmartMoneyRow) string { return r.Token }},
				{Name: "chain", Value: func(r api.SmartMoneyRow) string { return r.Chain }},
				factory.AmountColumn("net_flow_usd", func(r api.SmartMoneyRow) money.Decimal { return r.NetUSD }),
				{Name: "buying_wallet_count", Value: func(r api.SmartMoneyRow) string { return strconv.Itoa(r.Buying) }, Right: true},
				{Name: "selling_wallet_count", Value: func(r api.SmartMoneyRow) string { return strconv.Itoa(r.Selling) }, Right: true},
				{Name: "source", Value: func(r api.SmartMoneyRow) string { return r.Source }},
				stamped("collected_at", func(r api.SmartMoneyRow) time.Time { return r.Collected }),
			})
		},
	}
	asked(cmd, &q)
	return cmd
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
			type row struct {
				at, known         time.Time
				from, label, what string
				score             float64
				coins             []market.Coin
			}
			var rows []row
			for _, n := range v.News {
				rows = append(rows, row{n.Published, n.Collected, n.Source, n.Sentiment, n.Title, n.Score, n.Coins})
			}
			for _, p := range v.Posts {
				rows = append(rows, row{p.Posted, p.Collected, strings.TrimSuffix(p.Platform+"/"+p.Channel, "/"), p.Sentiment, p.Content, p.Score, p.Coins})
			}
			return answer(f, v, v.Notes, rows, "nothing was known: 'omc collect list' shows what is collected", []factory.Column[row]{
				stamped("published_at", func(r row) time.Time { return r.at }),
				{Name: "source", Value: func(r row) string { return r.from }},
				{Name: "sentiment", Value: func(r row) string { return r.label }},
				{Name: "sentiment_score", Value: func(r row) string { return signed(r.score) }, Right: true},
				{Name: "currencies", Value: func(r row) string { return coinList(r.coins) }},
				text("title", 80, func(r row) string { return r.what }),
			})
		},
	}
	asked(cmd, &q)
	cmd.Flags().StringSliceVar(&q.Platforms, "platform", nil, "only these: reddit, x, news, or a publisher")
	return cmd
}

func newEvents(f *factory.Factory) *cobra.Command {
	q := api.DataQuery{}
	cmd := &cobra.Command{
		Use: "events [COIN...]", Short: "Filings, listings, announcements, with their impact", Example: "  omc data events --type listing,delisting\n  omc data events BTC --min-impact 0.5",
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Currencies = args
			v, err := ask(cmd.Context(), f, q, (*client.Client).CatalystEvents)
			if err != nil {
				return err
			}
			return answer(f, v, v.Notes, v.Rows, "nothing was known: 'omc collect list' shows what is collected", []factory.Column[api.CatalystRow]{
				stamped("event_time", func(r api.CatalystRow) time.Time { return r.Event }),
				{Name: "event_type", Value: func(r api.CatalystRow) string { return r.Type }},
				{Name: "source", Value: func(r api.CatalystRow) string { return r.Source }},
				{Name: "impact_score", Value: func(r api.CatalystRow) string { return signed(r.Impact) }, Right: true},
				{Name: "currencies", Value: func(r api.CatalystRow) string { return coinList(r.Coins) }},
				text("title", 70, func(r api.CatalystRow) string { return r.Title }),
				text("impact_reason", 60, func(r api.CatalystRow) string { return r.Why }),
				stamped("detected_at", func(r api.CatalystRow) time.Time { return r.Detected }),
			})
		},
	}
	asked(cmd, &q)
	cmd.Flags().StringSliceVar(&q.EventTypes, "type", nil, "only these: filing, listing, delisting, halt, resume, announcement, …")
	cmd.Flags().Float64Var(&q.MinImpact, "min-impact", 0, "0 to 1")
	return cmd
}

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
				{Name: "filled_at", Value: func(r api.OrderHistoryRow) string {
					if r.FilledAt == nil {
						return "-"
					}
					return factory.Time(*r.FilledAt)
				}},
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
			dec := func(d *money.Decimal) string {
				if d == nil {
					return "-"
				}
				return d.String()
			}
			return answer(f, v, v.Notes, v.Rows, "no quotes yet: they come with 'omc daemon start'", []factory.Column[api.QuoteRow]{
				{Name: "market", Value: func(r api.QuoteRow) string { return r.Market.String() }},
				{Name: "source", Value: func(r api.QuoteRow) string { return r.Source }},
				{Name: "bid", Value: func(r api.QuoteRow) string { return dec(r.Bid) }, Right: true},
				{Name: "ask", Value: func(r api.QuoteRow) string { return dec(r.Ask) }, Right: true},
				{Name: "last", Value: func(r api.QuoteRow) string { return dec(r.Last) }, Right: true},
				stamped("since", func(r api.QuoteRow) time.Time { return r.Since }),
				{Name: "polled_at", Value: func(r api.QuoteRow) string {
					if r.Polled == nil {
						return "-"
					}
					return factory.Time(*r.Polled)
				}},
			})
		},
	}
	cmd.Flags().StringVar(&q.AsOf, "as-of", "", "only what was known by then")
	cmd.Flags().StringVar(&q.Source, "from-source", "", "only this venue")
	return cmd
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
				rows = append(rows, ledger.TableStats{Ledger: ledger.Glass, Kind: p.Market.String() + " " + p.Interval.String(), Source: strings.Join(p.Sources, " "),
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
			})
		},
	}
	cmd.Flags().StringVar(&q.AsOf, "as-of", "", "only what was known by then")
	return cmd
}

func newBackfill(f *factory.Factory) *cobra.Command {
	r := api.BackfillRequest{}
	cmd := &cobra.Command{
		Use: "backfill MARKET...", Short: "Fill history and repair gaps from Kraken, Coinbase or Binance", Args: cobra.MinimumNArgs(1),
		Long: "Fill what is not stored of a window, oldest first; what is stored is left as it is. Broken off, the same command goes on where it was.\n" +
			"For many years the exchanges' bulk files are quicker: see 'omc data import'.",
		Example: "  omc data backfill BTC/AUD ETH/AUD --from 2025-01-01\n  omc data backfill BTC/USD --interval 1h --from 2020-01-01 --source coinbase",
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Markets = args
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			done, err := c.Backfill(cmd.Context(), r, func(e api.BackfillEvent) error {
				if p := e.Progress; p != nil {
					f.IO.Status("%s from %s: %d added, %d to ask for …", p.Market, p.Source, p.Added, p.Left)
				}
				return nil
			})
			f.IO.Status("")
			if err != nil {
				return err
			}
			for _, m := range done.Markets {
				for _, name := range factory.Keys(m.Errors) {
					f.Say("%s: %s: %s", m.Market, name, m.Errors[name])
				}
			}
			return answer(f, done, nil, done.Markets, "nothing to fill", []factory.Column[api.BackfillMarket]{
				{Name: "market", Value: func(r api.BackfillMarket) string { return r.Market.String() }},
				{Name: "added", Value: func(r api.BackfillMarket) string { return strconv.Itoa(r.Added) }, Right: true},
				{Name: "missing", Value: func(r api.BackfillMarket) string { return strconv.Itoa(r.Missing) }, Right: true},
			})
		},
	}
	cmd.Flags().StringVar(&r.Interval, "interval", "5m", "bar length")
	cmd.Flags().StringVar(&r.From, "from", "", "date or time, UTC")
	cmd.Flags().StringVar(&r.To, "to", "", "date or time, UTC; not included (default: now)")
	cmd.Flags().StringSliceVar(&r.Sources, "source", nil, "only these, in this order")
	_ = cmd.MarkFlagRequired("from") // it fails only where the flag is not there
	return cmd
}

func newFollow(f *factory.Factory) *cobra.Command {
	r := api.StreamRequest{}
	cmd := &cobra.Command{
		Use: "follow [MARKET...]", Short: "Quotes, texts, events and figures as they land", Args: cobra.ArbitraryArgs,
		Long:    "Follow the ledgers until ctrl-c. Where the connection is cut it goes on without a gap.",
		Example: "  omc data follow BTC/AUD --kind quote\n  omc data follow --kind news,event -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Markets = args
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			format, err := f.Format()
			if err != nil {
				return err
			}
			return c.Follow(cmd.Context(), r, func(it api.LedgerItem) error {
				if format == "json" {
					return json.NewEncoder(f.IO.Out).Encode(it) // one line an item
				}
				_, err := fmt.Fprintln(f.IO.Out, widget.Neutralise(line(&it)))
				return err
			})
		},
	}
	cmd.Flags().StringSliceVar(&r.Kinds, "kind", nil, "only these: quote, news, post, event, metric")
	cmd.Flags().Int64Var(&r.After, "after", 0, "go on after the item of this number")
	return cmd
}

// line is one item for a person.
func line(it *api.LedgerItem) string {
	dec := func(d *money.Decimal) string {
		if d == nil {
			return "-"
		}
		return d.String()
	}
	switch {
	case it.Quote != nil:
		q := it.Quote
		if q.Bid == nil && q.Ask == nil && q.Last == nil {
			return fmt.Sprintf("%s  %-14s %s quotes it no more", factory.Time(q.Since), q.Market, q.Source)
		}
		return fmt.Sprintf("%s  %-14s bid %s  ask %s  last %s  %s", factory.Time(q.Since), q.Market, dec(q.Bid), dec(q.Ask), dec(q.Last), q.Source)
	case it.News != nil:
		n := it.News
		return fmt.Sprintf("%s  news   %-8s %+.2f  %s: %s  [%s]", factory.Time(n.Published), n.Sentiment, n.Score, n.Source, n.Title, coinList(n.Coins))
	case it.Post != nil:
		p := it.Post
		return fmt.Sprintf("%s  post   %-8s %+.2f  %s: %s  [%s]", factory.Time(p.Posted), p.Sentiment, p.Score, p.Platform, clip(p.Content, 120), coinList(p.Coins))
	case it.Event != nil:
		e := it.Event
		return fmt.Sprintf("%s  %-10s impact %.2f  %s  [%s]", factory.Time(e.Event), e.Type, e.Impact, e.Title, coinList(e.Coins))
	case it.Metric != nil:
		m := it.Metric
		return fmt.Sprintf("%s  %-6s %s %s  %s", factory.Time(m.Event), m.Asset, m.Metric, m.Value, m.Source)
	}
	return it.Kind
}
