package ops

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
)

// FilterName says what a filter narrows.
func (p *Page) FilterName() string {
	switch p.filtered() {
	case feeds:
		return "collectors"
	case trust:
		return "series"
	}
	return "log"
}

// filtered is the pane that a filter narrows now.
func (p *Page) filtered() int {
	switch p.pane {
	case feeds, detail:
		return feeds
	case trust:
		return trust
	}
	return logs
}

// Filter narrows the pane that has the focus; the log where there is nothing to narrow in that.
func (p *Page) Filter(text string) {
	p.filters[p.filtered()] = text
	p.keep()
	p.scroll = page.Scroll{}
}

// Filtered is what narrows the pane, by words, and how many rows that hides; of the log's lines they are not counted.
func (p *Page) Filtered() (string, int) {
	at := p.filtered()
	switch at {
	case feeds:
		return p.filters[at], len(p.collectors) - len(p.shown())
	case trust:
		return p.filters[at], len(p.series) - len(p.shownSeries())
	}
	return p.filters[at], 0
}

// Back leaves the detail, then the filter, the log's level, then the pane.
func (p *Page) Back() bool {
	switch {
	case p.whole && p.pane == detail:
		p.whole, p.detailAt = false, page.Scroll{}
	case p.open && (p.pane == detail || p.pane == feeds):
		p.open, p.pane = false, feeds
	case p.filters[p.filtered()] != "":
		p.filters[p.filtered()] = ""
	case p.level != 0:
		p.level = 0
	case p.scroll.Off != 0:
		p.scroll.Off = 0
	case p.pane != parts:
		p.pane, p.open = parts, false
	default:
		return false
	}
	return true
}

// Actions are the page's keys now.
func (p *Page) Actions() []page.Action {
	out := []page.Action{{Key: "tab", Label: "pane", Help: "go to the next pane: health, collectors, what can be trusted, log"}}
	if p.pane == feeds || p.pane == detail {
		out = append(out, p.collectorActions()...)
	}
	at := []page.Action{
		{Key: "o", Label: "collectors", Help: "go to the collectors: state, age, lag, errors, rows, quarantine, gaps", Verb: "collect list", Quiet: p.pane == feeds},
		{Key: "t", Label: "trust", Help: "go to what can be trusted: coverage, gaps and freshness of every series", Verb: "data trust", Quiet: p.pane == trust},
		{Key: "l", Label: "level", Help: "show the log from a higher level on: all, info, warn, error", Verb: "logs"},
		{Key: "r", Label: "refresh", Help: "ask again now", Verb: "status"},
	}
	return append(out, at...)
}

// Do runs a key.
func (p *Page) Do(key string) tea.Cmd {
	switch key {
	case "tab":
		p.step(1)
	case "shift+tab":
		p.step(panes - 1)
	case "o":
		p.pane, p.open = feeds, false
	case "t":
		p.pane = trust
	case "l":
		p.pane, p.level = logs, (p.level+1)%len(levels) // what it changes is seen
		p.scroll = page.Scroll{}
	case "r":
		p.asked, p.trustAsked, p.books.asked = time.Time{}, time.Time{}, time.Time{}
		return p.Poll(p.now)
	case "up", "down", "j", "k", "pgup", "pgdown", "home", "end":
		p.move(map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -10, "pgdown": 10, "home": -1 << 30, "end": 1 << 30}[key])
		return p.askBooks(p.now)
	default:
		if p.pane == feeds || p.pane == detail {
			return p.doCollector(key)
		}
	}
	return nil
}

// step goes to another pane; the detail is one only while a collector is open.
func (p *Page) step(n int) {
	p.pane = (p.pane + n) % panes
	if p.pane == detail && !p.open {
		p.pane = (p.pane + n) % panes
	}
}

// move moves the cursor, or the text, of the pane that has the focus.
func (p *Page) move(n int) {
	switch p.pane {
	case logs:
		p.scroll.Move(-n)
	case parts:
		p.list.Move(n, len(p.status.Parts)+len(p.status.Sources))
	case trust:
		p.trustAt.Move(n, len(p.shownSeries()))
	case detail:
		if p.tab == gapsTab {
			p.gapAt.Move(n, len(p.books.gaps))
		} else {
			p.detailAt.Move(n)
		}
	case feeds:
		shown := p.shown()
		p.rows.Move(n, len(shown))
		if len(shown) > 0 {
			p.choose(shown[p.rows.Cursor].Name)
		}
	}
}

// Wheel scrolls the pane that has the focus; the health stands still, and the log scrolls in its place.
func (p *Page) Wheel(_, _, lines int) {
	if p.pane == parts {
		p.scroll.Move(-lines)
		return
	}
	p.move(lines)
}

// Click chooses the collector under the mouse.
func (p *Page) Click(x, y int) tea.Cmd {
	shown := p.shown()
	if row, ok := p.place.Row(&p.rows, len(shown), x, y); ok {
		p.pane, p.rows.Cursor = feeds, row
		p.choose(shown[row].Name)
	}
	return p.askBooks(p.now)
}
