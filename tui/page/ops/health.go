package ops

import (
	"strconv"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// facts are what runs and what it uses.
func (p *Page) facts(e page.Env) []string {
	t, s := e.Theme, &p.status
	how := "as a daemon, process " + strconv.Itoa(s.PID)
	if s.Embedded {
		how = "in this process, no daemon"
	}
	ready := t.Up.Render("ready")
	if !s.Ready {
		ready = t.Danger.Render("not ready")
	}
	fact := func(label, value string) string { return page.Fact(t, label, value, 9) }
	return []string{
		fact("runs", ready+", "+how),
		fact("version", widget.Neutralise(s.Version.Version+" "+s.Version.Commit)+t.Muted.Render("  schema "+strconv.FormatInt(s.Version.Schema, 10))),
		fact("since", page.Minute(s.StartedAt)+" UTC, "+page.Since(e.Now, s.StartedAt)),
		fact("data", widget.Neutralise(s.DataDir)),
		fact("store", widget.Neutralise(s.Store)+t.Muted.Render("  bus ")+widget.Neutralise(s.Bus)),
		fact("memory", page.Bytes(s.Memory)),
		fact("disk", page.Bytes(s.DataBytes)+" used, "+page.Bytes(s.DiskFree)+" free"),
	}
}

// partRows is the health of each part and each source.
func (p *Page) partRows(e page.Env, w, h int) []string {
	t := e.Theme
	cols := []page.Column{{Title: ""}, {Title: "part", Max: 20}, {Title: "state", Max: 18}, {Title: "since", Right: true, Keep: 5}, {Title: "requests", Right: true, Keep: 3},
		{Title: "failed", Right: true, Keep: 2}, {Title: "detail", Keep: 6, Max: max(16, w-44), Grow: true}}
	var rows [][]page.Cell
	for _, x := range p.status.Parts {
		mark, style := health(t, x.OK)
		rows = append(rows, []page.Cell{page.Styled(mark, style), page.Text(x.Part), page.Styled(x.State, style), page.Text(page.Since(e.Now, x.Since)), page.Text(""),
			page.Text(""), page.Text(x.Detail)})
	}
	for _, x := range p.status.Sources {
		mark, style := health(t, x.State != "failing")
		last := "never asked"
		since := page.None
		if x.LastOK != nil {
			since, last = page.Since(e.Now, *x.LastOK), "answered "+page.Since(e.Now, *x.LastOK)+" ago"
		}
		if x.LastError != "" {
			last = x.LastError
		}
		if x.State == "idle" {
			mark, style = "·", &t.Muted
		}
		rows = append(rows, []page.Cell{page.Styled(mark, style), page.Text(x.Name), page.Styled(x.State, style), page.Text(since), page.Text(page.Count(x.Requests)),
			page.Text(page.Count(x.Failures)), page.Text(last)})
	}
	if len(rows) == 0 {
		return page.Teach(t, w, "No part has said how it is yet.")
	}
	return page.Table(t, cols, rows, &p.list, p.pane == parts, w, h)
}

func health(t *theme.Theme, ok bool) (string, *lipgloss.Style) {
	if ok {
		return "✓", &t.Up
	}
	return "✗", &t.Danger
}
