package ops

import (
	"strings"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// wide is from how many columns on more than one pane is drawn; roomy from how many on the log stands beside what can be trusted.
const (
	wide  = 100
	roomy = 160
)

// View draws the page.
func (p *Page) View(e page.Env, w, h int) (string, *page.Caret) {
	t := e.Theme
	p.place = page.Place{}
	if p.err != nil {
		lines := page.Fail(t, w, page.Explain("ask how omc is", p.err))
		advice := []string{"What you can do in a shell:", " omc daemon status", " omc daemon logs", " omc doctor"}
		if page.NotReached(p.err) {
			advice = []string{"What you can do in a shell; this page asks again by itself:", " omc daemon start", " omc daemon logs", " omc doctor"}
		}
		lines = append(lines, page.Teach(t, w, advice...)...)
		return page.Pane(t, "Ops", "", false, lines, w, h), nil
	}
	if !p.loaded {
		return page.Pane(t, "Ops", "", false, []string{"", "  loading…"}, w, h), nil
	}
	if w < wide {
		return p.narrow(e, w, h), nil
	}
	n := max(9, min(len(p.status.Parts)+len(p.status.Sources)+2, h/4))
	side := 48
	top := page.Columns(t, n, page.Pane(t, "Health", "", p.pane == parts, p.partRows(e, w-side-1, n-1), w-side-1, n), page.Pane(t, "This omc", "", false, p.facts(e), side, n))
	room := (h - n) / 2
	switch { // what has the focus has the room
	case p.pane == feeds && !p.open:
		room = h - n - 6
	case p.pane == trust || p.pane == detail:
		room = (h - n) / 3
	}
	m := max(6, min(len(p.shown())+3, room))
	middle := page.Pane(t, "Collectors", p.feedNote(), p.pane == feeds, p.collectorRows(e, 0, n+1, w, m-1), w, m)
	return page.Rows(top, middle, p.bottom(e, w, h-n-m)), nil
}

// narrow draws one pane with the names of all above it.
func (p *Page) narrow(e page.Env, w, h int) string {
	t := e.Theme
	if p.open && (p.pane == detail || p.pane == feeds) {
		return p.detailBlock(e, w, h)
	}
	names, at, note := []string{"Health", "Collectors", "Trust", "Log"}, p.pane, ""
	if at > detail {
		at--
	}
	var lines []string
	switch p.pane {
	case feeds:
		lines, note = p.collectorRows(e, 0, 1, w, h-1), p.feedNote()
	case trust:
		lines, note = p.trustRows(e, w, h-1), p.trustNote()
	case logs:
		lines, note = p.logRows(e, w, h-1), p.logNote()
	default:
		n := min(len(p.status.Parts)+len(p.status.Sources)+2, h-9)
		return page.Rows(page.TabsOf(t, names, 0, w), widget.Block(p.partRows(e, w, n), w, n), page.Pane(t, "This omc", "", false, p.facts(e), w, h-1-n))
	}
	return page.Rows(page.TabsOf(t, names, at, w, note), widget.Block(lines, w, h-1))
}

// bottom is what stands below the collectors: the open one, else what can be trusted and the log, one of them where there is little room.
func (p *Page) bottom(e page.Env, w, h int) string {
	t, all := e.Theme, w
	log := func(w int) string {
		note := p.logNote()
		if note == "" && all < roomy {
			note = "t: what can be trusted"
		}
		return page.Pane(t, "Log", note, p.pane == logs, p.logRows(e, w, h-1), w, h)
	}
	trusted := func(w int) string {
		return page.Pane(t, "What can be trusted", p.trustNote(), p.pane == trust, p.trustRows(e, w, h-1), w, h)
	}
	second := log
	if p.pane == trust || p.open {
		second = trusted
	}
	switch {
	case w < roomy && p.open && p.pane != trust && p.pane != logs:
		return p.detailBlock(e, w, h)
	case w < roomy && p.pane == trust:
		return trusted(w)
	case w < roomy:
		return log(w)
	case p.open && p.pane == logs:
		second = log
		fallthrough
	case p.open:
		left := w * 11 / 20
		return page.Columns(t, h, p.detailBlock(e, left, h), second(w-left-1))
	}
	left := w * 11 / 20
	return page.Columns(t, h, trusted(left), log(w-left-1))
}

func (p *Page) feedNote() string { return p.note(feeds, troubles(p.collectors)) }

func (p *Page) trustNote() string { return p.note(trust, distrust(p.series)) }

// note joins what is said of a pane with its filter.
func (p *Page) note(pane int, text string) string {
	var out []string
	if text != "" {
		out = append(out, text)
	}
	if f := p.filters[pane]; f != "" {
		out = append(out, "filter: "+widget.Neutralise(f))
	}
	return strings.Join(out, ", ")
}
