package ledgers

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// chainKind is the figures of chains and protocols: of each series the newest value, and how it went.
func chainKind() kind {
	return kind{title: "On-chain", verb: "on-chain", key: "O", help: "figures of chains and of the protocols of a coin", many: "figures",
		cols: []page.Column{{Title: "of", Max: 24}, {Title: "metric", Max: 28}, {Title: "value", Right: true, Keep: 9}, {Title: "before", Right: true, Keep: 5}, {Title: "trend", Keep: 3, Max: 12}, {Title: "age", Right: true, Keep: 7},
			{Title: "source", Keep: 6, Max: 16}},
		every: slowly, load: loadFigures, empty: "Here are figures of chains and protocols by coin: active addresses, fees, value locked, yields. Press a to ask for one coin.", fill: "omc collect list"}
}

// series is one metric of one asset by one source, the newest first.
type series []api.OnChainRow

func loadFigures(ctx context.Context, c Client, asset string) ([]record, []string, error) {
	s, err := c.OnChainMetrics(ctx, api.DataQuery{Asset: asset, Limit: figureRows})
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(s.Rows, func(a, b api.OnChainRow) int {
		if by := b.Event.Compare(a.Event); by != 0 {
			return by
		}
		return b.Collected.Compare(a.Collected)
	})
	by := map[string]series{}
	var order []string
	for i := range s.Rows {
		r := &s.Rows[i]
		k := strings.Join([]string{string(r.Asset), r.Metric, r.Protocol, r.Source}, "\x00")
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], *r)
	}
	slices.SortFunc(order, func(a, b string) int { // those of no coin last
		if none := strings.HasPrefix(a, "\x00"); none != strings.HasPrefix(b, "\x00") {
			if none {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	out := make([]record, len(order))
	for i, k := range order {
		out[i] = by[k].record(k)
	}
	return out, s.Notes, nil
}

func (s series) record(key string) record {
	x := &s[0]
	values := make([]float64, len(s))
	for i := range s {
		values[len(s)-1-i] = s[i].Value.Float64()
	}
	of, before := strings.TrimSpace(string(x.Asset)+" "+x.Protocol), ""
	if len(s) > 1 {
		before = widget.Compact(s[1].Value.Float64())
	}
	return record{key: key, find: strings.Join([]string{string(x.Asset), x.Metric, x.Protocol, x.Source}, " "),
		row: func(e page.Env) []page.Cell {
			line := page.Text("")
			if len(values) > 1 {
				line.Text = widget.Spark(e.Theme, values, &e.Theme.Text, 12)
			}
			return []page.Cell{page.Text(of), page.Text(x.Metric), page.Text(widget.Compact(x.Value.Float64())), page.Styled(before, &e.Theme.Muted), line, page.Text(page.Since(e.Now, x.Event)),
				page.Styled(x.Source, &e.Theme.Muted)}
		},
		full: func(e page.Env, w int) []string {
			out := []string{" " + e.Theme.Bold.Render(widget.Neutralise(of+" "+x.Metric)), ""}
			out = append(out, facts(e, w, [2]string{"value", page.Quantity(x.Value)}, [2]string{"protocol", widget.Neutralise(x.Protocol)}, [2]string{"source", widget.Neutralise(x.Source)}, [2]string{"of", when(e, x.Event)},
				[2]string{"known", when(e, x.Collected)})...)
			if len(values) > 1 {
				out = append(out, "", " "+widget.Spark(e.Theme, values, &e.Theme.Text, max(0, min(w-2, len(values)))), "", e.Theme.Muted.Render(" of (UTC)           value"))
				for i := range s {
					out = append(out, " "+page.Moment(e.Now, s[i].Event)+strings.Repeat(" ", max(1, 19-len(page.Moment(e.Now, s[i].Event))))+page.Quantity(s[i].Value))
				}
			}
			return out
		},
		say: func(now time.Time) []string {
			return []string{of, x.Metric + " " + page.Quantity(x.Value), page.Named("before", before), "of " + page.Since(now, x.Event) + " ago", "from " + x.Source}
		}}
}

// walletKind is what skilled wallets do.
func walletKind() kind {
	return kind{title: "Wallets", verb: "smart-money", key: "W", help: "what skilled wallets bought and sold", many: "tokens",
		cols: []page.Column{{Title: "token"}, {Title: "net flow USD", Right: true, Keep: 9}, {Title: "buying", Right: true, Keep: 6}, {Title: "selling", Right: true, Keep: 6}, {Title: "chain", Keep: 4, Max: 14}, {Title: "age", Right: true, Keep: 7},
			{Title: "source", Keep: 3, Max: 14}},
		every: slowly, load: loadWallets, empty: "Here is what wallets that did well before bought and sold, by token. It needs a key.", fill: "omc collect list"}
}

func loadWallets(ctx context.Context, c Client, _ string) ([]record, []string, error) {
	s, err := c.SmartMoneyFlows(ctx, api.DataQuery{Limit: bookRows})
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(s.Rows, func(a, b api.SmartMoneyRow) int { return b.Event.Compare(a.Event) })
	out := make([]record, len(s.Rows))
	for i := range s.Rows {
		out[i] = walletRecord(&s.Rows[i])
	}
	return out, s.Notes, nil
}

func walletCount(n *int) string {
	if n == nil {
		return "-"
	}
	return page.Count(int64(*n))
}

// wallets are how many, and which of them are named. An upstream may tell the sum only.
func wallets(n *int, named string) string {
	if n == nil {
		return "not counted"
	}
	return strings.TrimSpace(page.Plural(*n, "wallet") + " " + named)
}

func walletRecord(x *api.SmartMoneyRow) record {
	return record{key: x.Token + " " + x.Chain + " " + x.Address + " " + x.Event.String(), find: x.Token + " " + x.Chain + " " + x.Source,
		row: func(e page.Env) []page.Cell {
			return []page.Cell{page.Text(x.Token), page.Styled(page.Gain(x.NetUSD), e.Theme.Signed(float64(x.NetUSD.Sign()))), page.Text(walletCount(x.Buying)), page.Text(walletCount(x.Selling)), page.Text(x.Chain),
				page.Text(page.Since(e.Now, x.Event)), page.Styled(x.Source, &e.Theme.Muted)}
		},
		full: func(e page.Env, w int) []string {
			clear := func(list []string) string { return widget.Neutralise(strings.Join(list, " ")) }
			out := []string{" " + e.Theme.Bold.Render(widget.Neutralise(x.Token)), ""}
			return append(out, facts(e, w, [2]string{"net flow", page.Gain(x.NetUSD) + " USD over " + page.Span(&x.Window)}, [2]string{"chain", widget.Neutralise(x.Chain)}, [2]string{"contract", widget.Neutralise(x.Address)},
				[2]string{"buying", wallets(x.Buying, clear(x.Buyers))}, [2]string{"selling", wallets(x.Selling, clear(x.Sellers))}, [2]string{"source", widget.Neutralise(x.Source)},
				[2]string{"until", when(e, x.Event)}, [2]string{"known", when(e, x.Collected)})...)
		},
		say: func(now time.Time) []string {
			return []string{x.Token + " on " + x.Chain, "net flow " + page.Gain(x.NetUSD) + " USD over " + page.Span(&x.Window), "buying: " + wallets(x.Buying, ""), "selling: " + wallets(x.Selling, ""), "until " + page.Since(now, x.Event) + " ago", "from " + x.Source}
		}}
}
