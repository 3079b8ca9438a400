package ledgers

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// quoteKind is what venues quote now.
func quoteKind() kind {
	return kind{title: "Quotes", verb: "quotes", key: "Q", help: "what venues quote now", many: "markets",
		cols: []page.Column{{Title: "market"}, {Title: "bid", Right: true, Keep: 8}, {Title: "ask", Right: true, Keep: 8}, {Title: "last", Right: true, Keep: 9}, {Title: "spread bps", Right: true, Keep: 5},
			{Title: "for", Right: true, Keep: 6, Min: 4}, {Title: "source", Keep: 7, Max: 16}},
		every: pollEvery, load: loadQuotes, empty: "Here is what venues quote now: bid, ask and last of every listed coin, and since when it stands.", fill: "omc collect run coinspot"}
}

func loadQuotes(ctx context.Context, c Client, _ string) ([]record, []string, error) {
	s, err := c.Quotes(ctx, api.DataQuery{})
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(s.Rows, func(a, b api.QuoteRow) int { return strings.Compare(a.Market.String(), b.Market.String()) })
	out := make([]record, len(s.Rows))
	for i := range s.Rows {
		out[i] = quoteRecord(&s.Rows[i])
	}
	return out, s.Notes, nil
}

// price writes a price that there may not be.
func price(d *money.Decimal) string {
	if d == nil {
		return page.None
	}
	return page.Price(*d)
}

// spread is the distance of bid and ask over their middle, in basis points; a dash where one is missing.
func spread(x *api.QuoteRow) string {
	if x.Bid == nil || x.Ask == nil {
		return page.None
	}
	bid, ask := x.Bid.Float64(), x.Ask.Float64()
	if bid+ask <= 0 {
		return page.None
	}
	return widget.Number((ask-bid)/((ask+bid)/2)*1e4, 1)
}

func quoteRecord(x *api.QuoteRow) record {
	name := x.Market.String()
	gone := x.Bid == nil && x.Ask == nil && x.Last == nil
	return record{key: name + " " + x.Source, find: name + " " + x.Source,
		row: func(e page.Env) []page.Cell {
			last := page.Text(price(x.Last))
			if gone {
				last = page.Styled("not quoted", &e.Theme.Muted)
			}
			return []page.Cell{page.Text(name), page.Text(price(x.Bid)), page.Text(price(x.Ask)), last, page.Text(spread(x)), page.Text(page.Since(e.Now, x.Since)), page.Styled(x.Source, &e.Theme.Muted)}
		},
		full: func(e page.Env, w int) []string {
			polled := ""
			if x.Polled != nil {
				polled = when(e, *x.Polled)
			}
			out := []string{" " + e.Theme.Bold.Render(widget.Neutralise(name)), ""}
			if gone {
				out = append(out, prose("The venue quotes this market no more.", w)...)
			}
			exact := func(d *money.Decimal) string {
				if d == nil {
					return ""
				}
				return page.Quantity(*d) + " " + widget.Neutralise(string(x.Market.Quote))
			}
			return append(out, facts(e, w, [2]string{"bid", exact(x.Bid)}, [2]string{"ask", exact(x.Ask)}, [2]string{"last", exact(x.Last)}, [2]string{"spread bps", spread(x)},
				[2]string{"source", widget.Neutralise(x.Source)}, [2]string{"stands", when(e, x.Since)}, [2]string{"asked", polled})...)
		},
		say: func(now time.Time) []string {
			if gone {
				return []string{name, "not quoted by " + x.Source}
			}
			return []string{name, page.Named("bid", price(x.Bid)), page.Named("ask", price(x.Ask)), page.Named("last", price(x.Last)), "for " + page.Since(now, x.Since), "from " + x.Source}
		}}
}
