package ops

import (
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// brief is how many lines of a piece of the quarantine are shown before it is asked for whole.
const brief = 3

// detailTabs are the names of the detail's tabs, with how much there is.
func (p *Page) detailTabs() []string {
	out := []string{"Status", "Gaps", "Quarantine"}
	if c := p.item(); c != nil {
		if c.OpenGaps > 0 {
			out[gapsTab] += " " + strconv.Itoa(c.OpenGaps)
		}
		if c.Quarantined > 0 {
			out[quarantineTab] += " " + page.Count(c.Quarantined)
		}
	}
	return out
}

// detailBlock is the open collector: a line of tabs, and the chosen one, w columns and h lines.
func (p *Page) detailBlock(e page.Env, w, h int) string {
	name := widget.Neutralise(p.chosen)
	if p.pane == detail {
		name = "▸" + name
	}
	top := page.TabsOf(e.Theme, p.detailTabs(), p.tab, w, name)
	return page.Rows(top, widget.Block(p.detailRows(e, w, h-1), w, h-1))
}

func (p *Page) detailRows(e page.Env, w, h int) []string {
	t, c, b := e.Theme, p.item(), &p.books
	switch {
	case c == nil:
		return page.Teach(t, w, "There is no collector "+widget.Neutralise(p.chosen)+". Press esc to see all.")
	case p.tab == statusTab:
		return p.scrolled(e, statusLines(e, c, w), h)
	case b.err != nil:
		return page.Fail(t, w, page.Explain("read the books of "+c.Name, b.err))
	case b.name != c.Name || !b.loaded:
		return []string{"", "  loading…"}
	case p.tab == gapsTab:
		return p.gapRows(e, w, h)
	case len(b.pieces) == 0:
		return page.Teach(t, w, "The quarantine is empty: every piece of its answers was taken.", "",
			"A piece that is malformed or absurd is not stored as data. It lands here with its bytes and the reason.")
	}
	var lines []string
	for i := range b.pieces {
		lines = append(lines, piece(e, &b.pieces[i], p.whole, w)...)
	}
	return p.scrolled(e, lines, h)
}

// scrolled is the part of a text that is seen.
func (p *Page) scrolled(e page.Env, lines []string, h int) []string {
	shown, below := p.detailAt.Head(lines, max(1, h))
	if below > 0 && len(shown) > 1 {
		shown = append(append([]string{}, shown[:len(shown)-1]...), e.Theme.Muted.Render("  ↓ "+page.Plural(below+1, "more line")))
	}
	return shown
}

// statusLines is all that is known of how a collector does.
func statusLines(e page.Env, c *api.Collector, w int) []string {
	t := e.Theme
	mark, style := stateMark(t, c.State)
	var out []string
	say := func(s string) {
		for _, l := range widget.Wrap(s, max(8, w-2)) {
			out = append(out, " "+l)
		}
	}
	say(widget.Neutralise(c.About))
	for _, n := range c.Needs { // each on a line of its own, to be copied whole
		out = append(out, " "+t.Warn.Render("It needs, in a shell (c copies it):"))
		for _, l := range widget.Wrap(widget.Neutralise(n), max(8, w-3)) {
			out = append(out, "  "+t.Code.Render(l))
		}
	}
	if c.Error != "" {
		when := ""
		if c.ErrorAt != nil {
			when = ", " + page.MomentSeconds(e.Now, *c.ErrorAt) + " UTC, " + page.Since(e.Now, *c.ErrorAt) + " ago"
		}
		out = append(out, " "+t.Danger.Render("Last error")+t.Muted.Render(when))
		for _, l := range widget.Wrap(page.Signs(widget.Neutralise(c.Error)), max(8, w-3)) {
			out = append(out, "  "+l)
		}
	}
	fact := func(label, value string) { out = append(out, page.Fact(t, label, value, 11)) }
	word := style.Render(mark + " " + c.State)
	if c.Failed > 0 {
		word += ", " + page.Plural(c.Failed, "failure") + " in a row"
	}
	fact("state", word)
	if c.HeldUntil != nil {
		out = append(out, " "+t.Warn.Render("Held until ")+page.MomentSeconds(e.Now, *c.HeldUntil)+" UTC")
		for _, l := range widget.Wrap(page.Signs(widget.Neutralise(c.Held)), max(8, w-3)) {
			out = append(out, "  "+l)
		}
	}
	fact("ledger", widget.Neutralise(c.Ledger)+t.Muted.Render("  source ")+widget.Neutralise(c.Source))
	age := page.Span(c.Age)
	if behind(c) {
		age = t.Warn.Render(age + ", older than it should be")
	}
	fact("age", age+t.Muted.Render("  target ")+page.Span(&c.Target))
	if c.LastOK != nil {
		fact("last ok", page.MomentSeconds(e.Now, *c.LastOK)+" UTC, "+page.Since(e.Now, *c.LastOK)+" ago")
	}
	fact("schedule", "every "+page.Span(&c.Every)+t.Muted.Render("  timeout ")+page.Span(&c.Timeout)+t.Muted.Render("  next ")+due(e.Now, c.NextRun))
	fact("lag", "p50 "+page.Span(c.LagP50)+"  p99 "+page.Span(c.LagP99)+t.Muted.Render("  from event to known, 24 h"))
	fact("polls 24 h", page.Count(c.Runs)+", "+page.Count(c.Failures)+" failed ("+page.Share(c.ErrorRate)+"), "+page.Count(c.Requests)+" requests")
	fact("rows", page.Count(c.Rows)+", "+page.Count(c.RowsDay)+" in 24 h")
	fact("quarantined", page.Count(c.Quarantined)+t.Muted.Render("  open gaps ")+strconv.Itoa(c.OpenGaps))
	if c.Owner != "" {
		fact("polled by", widget.Neutralise(c.Owner))
	}
	return out
}

func (p *Page) gapRows(e page.Env, w, h int) []string {
	t, list := e.Theme, p.books.gaps
	if len(list) == 0 {
		return page.Teach(t, w, "No gap: it has brought something whenever it should have.")
	}
	cols := []page.Column{{Title: "from (UTC)"}, {Title: "to", Keep: 4}, {Title: "for", Right: true, Keep: 6}, {Title: "repaired", Keep: 5}, {Title: "reason", Keep: 7, Max: 120, Grow: true}}
	rows := make([][]page.Cell, len(list))
	for i := range list {
		rows[i] = gapRow(e, &list[i])
	}
	return page.Table(t, cols, rows, &p.gapAt, p.pane == detail, w, h)
}

func gapRow(e page.Env, g *ledger.FeedGap) []page.Cell {
	t := e.Theme
	length := api.In(g.To.Sub(g.From))
	repaired := page.Styled("no", &t.Warn)
	if g.Repaired != nil {
		repaired = page.Styled(page.Moment(e.Now, *g.Repaired), &t.Up)
	}
	return []page.Cell{page.Text(page.MomentSeconds(e.Now, g.From)), page.Text(page.MomentSeconds(e.Now, g.To)), page.Text(page.Span(&length)), repaired, page.Text(g.Reason)}
}

// piece is one piece of the quarantine: when it was seen, why it was not taken, and its bytes.
func piece(e page.Env, q *ledger.Quarantined, whole bool, w int) []string {
	t := e.Theme
	head := " " + page.MomentSeconds(e.Now, q.Last) + " UTC, " + page.Since(e.Now, q.Last) + " ago"
	if q.Seen > 1 {
		head += ", seen " + page.Count(q.Seen) + " times since " + page.Moment(e.Now, q.First)
	}
	head += ", " + page.Bytes(uint64(max(0, q.Size)))
	out := []string{t.Muted.Render(widget.Truncate(head, w))}
	for _, l := range widget.Wrap(page.Signs(widget.Neutralise(strings.TrimSpace(q.Reason))), max(8, w-3)) {
		out = append(out, "  "+t.Warn.Render(l))
	}
	kept := q.Bytes
	if !whole {
		kept = kept[:min(len(kept), brief*max(8, w))] // more is not seen
	}
	lines := page.Raw(kept, w-5)
	more := !whole && (len(lines) > brief || len(kept) < len(q.Bytes))
	if more {
		lines = lines[:min(len(lines), brief)]
	}
	for _, l := range lines {
		out = append(out, "  "+t.Border.Render("│")+" "+widget.Truncate(l, w-4))
	}
	switch {
	case more:
		out = append(out, "  "+t.Border.Render("│")+t.Muted.Render(" … x shows it whole"))
	case q.Size > int64(len(q.Bytes)):
		out = append(out, "  "+t.Border.Render("│")+t.Muted.Render(" … of "+page.Count(q.Size)+" bytes the first "+page.Count(int64(len(q.Bytes)))+" are kept"))
	}
	return append(out, "")
}
