package ledgers

import (
	"slices"
	"strconv"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// tabLine is the line with the names of the ledgers, and of which coin the figures are.
func (p *Page) tabLine(e page.Env, w int) string {
	names := make([]string, views)
	for v := range names {
		names[v] = kinds(v).title
	}
	label := []string{""}
	if b := p.book(); b != nil {
		label = p.bookLabels(b)
	}
	return page.TabsOf(e.Theme, names, p.view, w, label...)
}

// bookLabels say how much is listed and of whom, the longest that fits is drawn.
func (p *Page) bookLabels(b *book) []string {
	if !b.loaded || b.err != nil {
		return []string{""}
	}
	text := strconv.Itoa(len(b.shown()))
	if b.total > len(b.records) {
		text += " of " + page.Count(int64(b.total))
	}
	text += " " + kinds(p.view).many
	if p.view == chainView {
		if p.asset == "" {
			text += " of all coins"
		} else {
			text += " of " + widget.Neutralise(p.asset)
		}
	}
	if len(b.notes) > 0 {
		return []string{text + " · " + widget.Neutralise(b.notes[0]), text, ""}
	}
	return []string{text, ""}
}

// bookView draws a ledger: its list, and what the chosen record says beside it or in its place.
func (p *Page) bookView(e page.Env, w, h int) string {
	b, k := p.book(), kinds(p.view)
	if lines := p.bookState(e, b, k, w); lines != nil {
		return widget.Block(lines, w, h)
	}
	list := func(w int) []string {
		shown := b.shown()
		rows := make([][]page.Cell, len(shown))
		for i := range shown {
			rows[i] = shown[i].row(e)
		}
		cols := slices.Clone(k.cols)
		for i := range cols {
			if cols[i].Grow { // what is long leaves room for the columns beside it
				cols[i].Max = max(20, w/2)
			}
		}
		return page.Table(e.Theme, cols, rows, &b.list, !b.opened, w, h)
	}
	switch x := b.item(); {
	case x == nil:
		return widget.Block(list(w), w, h)
	case w < 100 && b.opened:
		return page.Pane(e.Theme, "The record", "esc: the list", true, b.lines(e, x, w, h-1), w, h)
	case w < 100:
		return widget.Block(list(w), w, h)
	default:
		left := w * 3 / 5
		return page.Columns(e.Theme, h, widget.Block(list(left), left, h), page.Pane(e.Theme, "The record", "", b.opened, b.lines(e, x, w-left-1, h-1), w-left-1, h))
	}
}

// bookState is what stands in place of a list that is not there; nil where there is one.
func (p *Page) bookState(e page.Env, b *book, k *kind, w int) []string {
	switch {
	case b.err != nil && len(b.records) == 0:
		return page.Fail(e.Theme, w, page.Explain("read "+k.title, b.err))
	case !b.loaded:
		return []string{"", "  loading…"}
	case len(b.records) == 0 && p.view == chainView && p.asset != "":
		return page.Teach(e.Theme, w, "Nothing is known of "+widget.Neutralise(p.asset)+". Press a to ask for another coin, or for all.")
	case len(b.records) == 0:
		return page.Teach(e.Theme, w, k.empty, "", "There is nothing yet: collectors bring it while the daemon runs. "+e.Shell(), " omc daemon start", " "+k.fill)
	case len(b.shown()) == 0:
		return page.Teach(e.Theme, w, "None is like that. Press esc to see all.")
	}
	return nil
}

// lines is the part of a record that is seen.
func (b *book) lines(e page.Env, x *record, w, h int) []string {
	all := x.full(e, w)
	shown, below := b.scroll.Head(all, max(1, h))
	if below > 0 && len(shown) > 1 {
		shown = append(append([]string{}, shown[:len(shown)-1]...), e.Theme.Muted.Render(" ↓ "+page.Plural(below+1, "more line")))
	}
	return shown
}
