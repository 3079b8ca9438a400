package ops

import (
	"strconv"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// stateMark gives a collector's mark and colour; the word stands beside it.
func stateMark(t *theme.Theme, state string) (string, *lipgloss.Style) {
	switch state {
	case api.CollectorOK:
		return "✓", &t.Up
	case api.CollectorFailing:
		return "✗", &t.Danger
	case api.CollectorLate, api.CollectorHeld:
		return "!", &t.Warn
	case api.CollectorNeeds:
		return "?", &t.Accent
	case api.CollectorPaused:
		return "=", &t.Warn
	case api.CollectorWaiting:
		return "…", &t.Muted
	}
	return "·", &t.Muted
}

// behind says whether a collector's newest success is older than its target and its schedule together allow.
func behind(c *api.Collector) bool { return c.Age != nil && *c.Age > max(c.Target, c.Every+c.Timeout) }

// collectorRows is the table of collectors, below a word on why none is polled where that is so.
func (p *Page) collectorRows(e page.Env, x, y, w, h int) []string {
	t := e.Theme
	p.place = page.Place{}
	switch {
	case p.collectErr != nil:
		return page.Fail(t, w, page.Explain("ask for the collectors", p.collectErr))
	case len(p.collectors) == 0:
		return page.Teach(t, w, "Collectors fill the ledgers: quotes, news, events, figures of chains. This omc has none.")
	}
	shown := p.shown()
	if len(shown) == 0 {
		return page.Teach(t, w, "No collector is like that. Press esc to see all.")
	}
	var out []string
	if idle(p.collectors, p.status.Embedded) {
		out = nobody(e, w)
	}
	cols := []page.Column{{Title: ""}, {Title: "collector", Max: 26}, {Title: "ledger", Keep: 4}, {Title: "state"}, {Title: "age / target", Right: true, Keep: 9},
		{Title: "lag p99", Right: true, Keep: 5}, {Title: "errors 24h", Right: true, Keep: 7}, {Title: "rows", Right: true, Keep: 6}, {Title: "quarantined", Right: true, Keep: 3},
		{Title: "gaps", Right: true, Keep: 8}, {Title: "next run", Right: true, Keep: 2, Min: 6}, {Title: "last error", Keep: 1, Max: max(12, w-118)}}
	rows := make([][]page.Cell, len(shown))
	for i := range shown {
		rows[i] = p.collectorRow(e, &shown[i])
	}
	p.place = page.Place{X: x, Y: y + len(out), W: w, H: max(0, h-len(out))}
	return append(out, page.Table(t, cols, rows, &p.rows, p.pane == feeds, w, h-len(out))...)
}

// nobody says that no process collects, and what makes one.
func nobody(e page.Env, w int) []string {
	text := " Nobody collects now: collectors run in the daemon, in a shell: "
	if e.Embedded {
		text = " Nobody collects now: press q, then in a shell: "
	}
	command := "omc daemon start"
	if widget.Width(text)+len(command) > w {
		text = " Nobody collects now: "
	}
	return []string{e.Theme.Warn.Render(text) + e.Theme.Code.Render(command)}
}

func (p *Page) collectorRow(e page.Env, c *api.Collector) []page.Cell {
	t := e.Theme
	mark, style := stateMark(t, c.State)
	count := func(n int64, st *lipgloss.Style) page.Cell {
		if n == 0 {
			return page.Styled("0", &t.Muted)
		}
		return page.Styled(page.Count(n), st)
	}
	age := page.Text(page.Span(c.Age) + " / " + page.Span(&c.Target))
	if behind(c) {
		age.Style = &t.Warn
	}
	errors := page.Text(page.Share(c.ErrorRate))
	if c.ErrorRate != nil && *c.ErrorRate > 0 {
		errors.Style = &t.Warn
	}
	last := page.Text("")
	if c.State == api.CollectorFailing {
		last = page.Styled(c.Error, &t.Muted)
	} else if c.HeldUntil != nil {
		last = page.Styled("until "+c.HeldUntil.UTC().Format("15:04:05")+" UTC: "+c.Held, &t.Muted)
	}
	return []page.Cell{page.Styled(mark, style), page.Text(c.Name), page.Styled(c.Ledger, &t.Muted), page.Styled(c.State, style), age, page.Text(page.Span(c.LagP99)), errors,
		page.Text(page.Count(c.Rows)), count(c.Quarantined, &t.Warn), count(int64(c.OpenGaps), &t.Warn), page.Text(due(e.Now, c.NextRun)), last}
}

// due says when a poll is next: in 8s, now, or a dash.
func due(now time.Time, next *time.Time) string {
	switch {
	case next == nil:
		return page.None
	case !next.After(now):
		return "now"
	}
	return widget.Ago(now.Sub(*next))
}

// shownSeries are the series that the filter leaves.
func (p *Page) shownSeries() []api.TrustRow {
	if p.filters[trust] == "" {
		return p.series
	}
	var out []api.TrustRow
	for i := range p.series {
		r := &p.series[i]
		if page.Matches(r.Ledger+" "+r.Subject+" "+r.Source+" "+freshWord(r), p.filters[trust]) {
			out = append(out, *r)
		}
	}
	return out
}

// freshWord says whether a series is as fresh as it has to be; history has no target.
func freshWord(r *api.TrustRow) string {
	switch {
	case r.Fresh == nil:
		return page.None
	case *r.Fresh:
		return "fresh"
	}
	return "stale"
}

// distrusted sorts what is stale before what has gaps, before the rest.
func distrusted(r *api.TrustRow) int {
	switch {
	case r.Fresh != nil && !*r.Fresh:
		return 0
	case r.Gaps > 0:
		return 1
	}
	return 2
}

// distrust says in words what of the series cannot be trusted: 2 stale, 3 with gaps.
func distrust(all []api.TrustRow) string {
	stale, holes := 0, 0
	for i := range all {
		if all[i].Fresh != nil && !*all[i].Fresh {
			stale++
		}
		if all[i].Gaps > 0 {
			holes++
		}
	}
	out := ""
	if stale > 0 {
		out = strconv.Itoa(stale) + " stale"
	}
	if holes > 0 {
		if out != "" {
			out += ", "
		}
		out += strconv.Itoa(holes) + " with gaps"
	}
	return out
}

// covered writes a share of a grid; what is not whole is never rounded up to it.
func covered(v *float64) string {
	switch {
	case v == nil:
		return page.None
	case *v < 1:
		return widget.Number(min(*v*100, 99.99), 2) + "%"
	}
	return "100%"
}

// trustRows is the table of what can be trusted.
func (p *Page) trustRows(e page.Env, w, h int) []string {
	t := e.Theme
	switch {
	case p.trustErr != nil:
		return page.Fail(t, w, page.Explain("ask what can be trusted", p.trustErr))
	case !p.trustLoaded:
		return []string{"", "  loading…"}
	case len(p.series) == 0:
		return page.Teach(t, w, "Here is how far each series can be trusted: how much of it is there, its gaps, how old its end is.", "", "The ledgers are empty. "+e.Shell(),
			" omc daemon start", " omc data import FILE.csv.gz")
	}
	shown := p.shownSeries()
	if len(shown) == 0 {
		return page.Teach(t, w, "No series is like that. Press esc to see all.")
	}
	cols := []page.Column{{Title: ""}, {Title: "series", Max: 30}, {Title: "source", Keep: 4, Max: 18}, {Title: "ledger", Keep: 2}, {Title: "rows", Right: true, Keep: 3}, {Title: "coverage", Keep: 6},
		{Title: "", Right: true, Keep: 7}, {Title: "gaps", Right: true, Keep: 8}, {Title: "missing", Right: true, Keep: 5}, {Title: "age / target", Right: true, Keep: 9}, {Title: "", Keep: 10}}
	rows := make([][]page.Cell, len(shown))
	for i := range shown {
		rows[i] = trustRow(t, &shown[i])
	}
	return page.Table(t, cols, rows, &p.trustAt, p.pane == trust, w, h)
}

func trustRow(t *theme.Theme, r *api.TrustRow) []page.Cell {
	mark, style := " ", (*lipgloss.Style)(nil)
	if r.Fresh != nil {
		mark, style = "✓", &t.Up
		if !*r.Fresh {
			mark, style = "!", &t.Danger
		}
	}
	bar, age := page.Text(""), page.Text(page.Span(r.Age))
	if r.Coverage != nil {
		bar.Text = widget.Meter(t, *r.Coverage, 8)
		if *r.Coverage < 1 {
			bar.Style = &t.Warn
		}
	}
	if r.Target != nil {
		age = page.Styled(page.Span(r.Age)+" / "+page.Span(r.Target), style)
	}
	count := func(n int) page.Cell {
		switch {
		case r.Coverage == nil && n == 0:
			return page.Text(page.None)
		case n == 0:
			return page.Styled("0", &t.Muted)
		}
		return page.Styled(page.Count(int64(n)), &t.Warn)
	}
	return []page.Cell{page.Styled(mark, style), page.Text(r.Subject), page.Text(r.Source), page.Styled(r.Ledger, &t.Muted), page.Text(page.Count(r.Rows)), bar, page.Text(covered(r.Coverage)),
		count(r.Gaps), count(r.Missing), age, page.Styled(freshWord(r), style)}
}
