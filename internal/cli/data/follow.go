package data

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/tui/widget"
)

func newFollow(f *factory.Factory) *cobra.Command {
	r := api.StreamRequest{}
	var after int64
	cmd := &cobra.Command{
		Use: "follow [MARKET...]", Short: "Quotes, texts, events and figures as they land", Args: cobra.ArbitraryArgs,
		Long: "Follow the ledgers until ctrl-c. Where the connection is cut it goes on without a gap, and says so.\n" +
			"As CSV one kind is followed, named by --kind: the columns are those of the kind's own question, after the item's number.",
		Example: "  omc data follow BTC/AUD --kind quote\n  omc data follow --kind news,event -o json\n  omc data follow --kind event --after 0 -o csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Markets = args
			if cmd.Flags().Changed("after") {
				r.After = &after
			}
			format, err := f.Format()
			if err != nil {
				return err
			}
			write, err := writer(f, format, r.Kinds)
			if err != nil {
				return err
			}
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			return c.Follow(cmd.Context(), r, func(cut client.Cut) {
				where := ""
				if cut.After >= 0 {
					where = " after item " + strconv.FormatInt(cut.After, 10)
				}
				f.Say("cut off: %s; going on%s in %s", cut.Err, where, cut.Wait)
			}, write)
		},
	}
	cmd.Flags().StringSliceVar(&r.Kinds, "kind", nil, "only these: quote, news, post, event, metric")
	cmd.Flags().Int64Var(&after, "after", 0, "go on after the item of this number; 0: begin with the oldest that is kept (default: from now on)")
	return cmd
}

// writer writes items in a format as they come.
func writer(f *factory.Factory, format string, kinds []string) (func(api.LedgerItem) error, error) {
	switch {
	case format == "json":
		return func(it api.LedgerItem) error { return json.NewEncoder(f.IO.Out).Encode(it) }, nil // one line an item
	case format != "csv":
		return func(it api.LedgerItem) error {
			_, err := fmt.Fprintln(f.IO.Out, widget.Neutralise(line(&it)))
			return err
		}, nil
	case len(kinds) != 1:
		return nil, factory.Usage("-o csv needs one --kind, for each has columns of its own: quote, news, post, event or metric; or use -o json")
	}
	switch strings.ToLower(kinds[0]) {
	case ledger.KindQuote:
		return rowsOf(f, quoteColumns(), func(it api.LedgerItem) *api.QuoteRow { return it.Quote })
	case ledger.KindNews, ledger.KindPost:
		return rowsOf(f, textColumns(), func(it api.LedgerItem) *api.LedgerItem { return &it })
	case ledger.KindEvent:
		return rowsOf(f, eventColumns(), func(it api.LedgerItem) *api.CatalystRow { return it.Event })
	case ledger.KindMetric:
		return rowsOf(f, onChainColumns(), func(it api.LedgerItem) *api.OnChainRow { return it.Metric })
	}
	return nil, factory.Usage("--kind %.40q: want one of quote, news, post, event, metric", kinds[0])
}

// rowsOf writes items of one kind as CSV: their numbers, and the columns of that kind.
func rowsOf[T any](f *factory.Factory, columns []factory.Column[T], get func(api.LedgerItem) *T) (func(api.LedgerItem) error, error) {
	type item = api.LedgerItem
	all := []factory.Column[item]{{Name: "seq", Value: func(it item) string { return strconv.FormatInt(it.Seq, 10) }}}
	for _, c := range columns {
		wide := factory.Column[item]{Name: c.Name, Value: func(it item) string { return c.Value(*get(it)) }}
		if c.Raw != nil {
			wide.Raw = func(it item) string { return c.Raw(*get(it)) }
		}
		all = append(all, wide)
	}
	w, err := factory.NewCSV(f, all)
	if err != nil {
		return nil, err
	}
	return func(it item) error {
		if err := w.Write(it); err != nil {
			return err
		}
		return w.Flush()
	}, w.Flush()
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
