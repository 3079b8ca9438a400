package ledgers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// eventKind is what can move prices: filings, listings, announcements.
func eventKind() kind {
	return kind{title: "Events", verb: "events", key: "E", help: "filings, listings, announcements, with their impact and why", many: "events",
		cols: []page.Column{{Title: "known", Right: true, Min: 5}, {Title: "type", Max: 14}, {Title: "", Keep: 3}, {Title: "impact", Right: true, Keep: 9}, {Title: "when", Right: true, Keep: 6}, {Title: "coins", Keep: 5, Max: 14},
			{Title: "source", Keep: 2, Max: 14}, {Title: "event", Grow: true}},
		every: pollEvery, load: loadEvents, empty: "Here are filings, listings, delistings and announcements, each with its likely impact from 0 to 1 and the reasons for that figure.", fill: "omc collect list"}
}

func loadEvents(ctx context.Context, c Client, _ string) ([]record, []string, error) {
	s, err := c.CatalystEvents(ctx, api.DataQuery{Limit: bookRows})
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(s.Rows, func(a, b api.CatalystRow) int {
		return cmp.Or(b.Detected.Compare(a.Detected), b.Event.Compare(a.Event))
	})
	out := make([]record, len(s.Rows))
	for i := range s.Rows {
		out[i] = eventRecord(&s.Rows[i])
	}
	return out, s.Notes, nil
}

func eventRecord(x *api.CatalystRow) record {
	figure, whole := widget.Number(x.Impact, 2), widget.Number(x.Impact, 2)+" of 1"
	if x.Why == "" { // a score without a reason is none
		figure, whole = page.None, "not scored"
	}
	bar := func(e page.Env, w int) string {
		if x.Why == "" {
			return ""
		}
		return widget.Meter(e.Theme, x.Impact, w)
	}
	return record{key: x.Source + " " + x.Type + " " + x.Event.String() + " " + x.Title, find: strings.Join([]string{x.Type, x.Source, x.Title, coinList(x.Coins)}, " "),
		row: func(e page.Env) []page.Cell {
			return []page.Cell{page.Text(page.Since(e.Now, x.Detected)), page.Text(x.Type), page.Text(bar(e, 5)), page.Text(figure), page.Text(page.Since(e.Now, x.Event)),
				page.Text(coinList(x.Coins)), page.Styled(x.Source, &e.Theme.Muted), page.Text(x.Title)}
		},
		full: func(e page.Env, w int) []string {
			out := prose(x.Title, w)
			for i := range out {
				out[i] = e.Theme.Bold.Render(out[i])
			}
			if strings.TrimSpace(x.Description) != "" {
				out = append(append(out, ""), prose(x.Description, w)...)
			}
			return append(append(out, ""), facts(e, w, [2]string{"impact", strings.TrimSpace(bar(e, 10) + " " + whole)}, [2]string{"because", page.Signs(widget.Neutralise(x.Why))},
				[2]string{"type", widget.Neutralise(x.Type)}, [2]string{"coins", widget.Neutralise(coinList(x.Coins))}, [2]string{"source", widget.Neutralise(x.Source)}, [2]string{"happens", when(e, x.Event)},
				[2]string{"known", when(e, x.Detected)}, [2]string{"address", widget.Neutralise(x.URL)})...)
		},
		say: func(now time.Time) []string {
			return []string{"known for " + page.Since(now, x.Detected), x.Type, "impact " + whole, page.Named("because", x.Why), page.Named("about", coinList(x.Coins)), "from " + x.Source, "event: " + x.Title}
		}}
}
