package ledgers

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/tui/page"
)

// FilterName says what a filter narrows.
func (p *Page) FilterName() string { return kinds(p.view).many }

// Filter narrows what is listed.
func (p *Page) Filter(text string) {
	if b := p.book(); b != nil {
		b.filter, b.opened = text, false
		b.keep()
		return
	}
	p.filter = text
}

// Filtered says what filter is kept and how much of the list it hides.
func (p *Page) Filtered() (text string, hidden int) {
	if b := p.book(); b != nil {
		return b.filter, len(b.records) - len(b.shown())
	}
	return p.filter, len(p.all) - len(p.shown())
}

// Back leaves the record, then the filter, then the ledger; of prices the crosshair, then the chart, then the filter.
func (p *Page) Back() bool {
	b := p.book()
	switch {
	case b != nil && b.opened:
		b.opened = false
	case b != nil && b.filter != "":
		p.Filter("")
	case b != nil:
		p.view = priceView
	case p.cross >= 0:
		p.cross = -1
	case p.opened || p.pane != coins:
		p.opened, p.pane = false, coins
	case p.filter != "":
		p.filter = ""
	default:
		return false
	}
	return true
}

// Actions are the page's keys now.
func (p *Page) Actions() []page.Action {
	if p.view != priceView {
		return p.bookActions()
	}
	c := p.item()
	none, newest := "", ""
	if c == nil {
		none = "no market"
	}
	if p.end.IsZero() {
		newest = "these are the newest bars"
	}
	cross := none
	if cross == "" && len(p.bars.candles) == 0 {
		cross = "no bars"
	}
	out := []page.Action{
		{Key: "enter", Label: "chart", Help: "show the market's candles", Verb: "prices", Off: none},
		{Key: "tab", Label: "pane", Help: "go to the next pane: coins, candles, gaps"},
		{Key: "[", Label: "shorter", Help: "a shorter interval, down to the stored one", Off: p.stepOff(-1)},
		{Key: "]", Label: "longer bars", Help: "a longer interval", Off: p.stepOff(1)},
		{Key: "+", Label: "range", Help: "fewer bars, drawn wider; − shows more", Off: none},
		{Key: "-", Label: "more bars", Help: "more bars; where they are more than columns, several become one", Off: none, Quiet: true},
		{Key: "left", Label: "crosshair", Help: "move the crosshair to an older bar; right to a newer one; home and end to the edges", Off: cross},
		{Key: "b", Label: "older", Help: "show older bars", Off: cross},
		{Key: "f", Label: "newer", Help: "show newer bars", Off: newest},
		{Key: "g", Label: "gaps", Help: "list the gaps; enter shows the bars around one", Verb: "gaps", Off: none, Quiet: true},
	}
	return slices.Insert(out, 1, p.viewActions()...)
}

// stepOff says why the interval cannot be changed by step.
func (p *Page) stepOff(step int) string {
	c := p.item()
	if c == nil {
		return "no market"
	}
	if p.stepped(step) == 0 {
		if step < 0 {
			return c.Interval.String() + " is as stored"
		}
		return "the longest"
	}
	return ""
}

// stepped gives the next interval that is a multiple of the stored one; 0 where there is none.
func (p *Page) stepped(step int) market.Interval {
	c := p.item()
	now := p.shownInterval(c)
	best := market.Interval(0)
	for _, iv := range append([]market.Interval{c.Interval}, intervals...) {
		if iv%c.Interval != 0 {
			continue
		}
		if step > 0 && iv > now && (best == 0 || iv < best) || step < 0 && iv < now && iv > best {
			best = iv
		}
	}
	return best
}

// Subject names the chosen market.
func (p *Page) Subject() string {
	if p.view != priceView {
		return ""
	}
	if c := p.item(); c != nil {
		return c.Market.String()
	}
	return ""
}

// Entries are the markets, for the palette.
func (p *Page) Entries() []page.Entry {
	out := make([]page.Entry, 0, len(p.all))
	seen := map[string]bool{}
	for i := range p.all {
		m := p.all[i].Market.String()
		if !seen[m] {
			seen[m] = true
			out = append(out, page.Entry{Title: "data prices " + m, Help: page.Plural(p.all[i].Bars, "bar") + " of " + p.all[i].Interval.String(), Msg: page.OpenMarket{Market: m}})
		}
	}
	return out
}

// Do runs a key.
func (p *Page) Do(key string) tea.Cmd {
	switch key {
	case "v":
		return p.turn(p.view + 1)
	case "V":
		return p.turn(p.view - 1)
	}
	for v := range views {
		if kinds(v).key == key {
			return p.turn(v)
		}
	}
	if p.view != priceView {
		return p.doBook(key)
	}
	c := p.item()
	switch key {
	case "tab":
		p.pane = (p.pane + 1) % panes
		p.opened = p.pane != coins
	case "shift+tab":
		p.pane = (p.pane + panes - 1) % panes
		p.opened = p.pane != coins
	case "up", "down", "j", "k", "pgup", "pgdown":
		return p.move(map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -10, "pgdown": 10}[key])
	case "home", "end":
		if p.pane == chart {
			p.cross = map[string]int{"home": len(p.bars.candles) - 1, "end": 0}[key]
			return nil
		}
		return p.move(map[string]int{"home": -1 << 30, "end": 1 << 30}[key])
	case "g":
		p.pane, p.opened = gaps, true
	}
	if c == nil {
		return nil
	}
	switch key {
	case "enter":
		if p.pane == gaps {
			return p.toGap()
		}
		p.pane, p.opened = chart, true
	case "[", "]":
		if iv := p.stepped(map[string]int{"[": -1, "]": 1}[key]); iv != 0 {
			p.interval, p.cross = iv, -1
			return p.loadBars(c)
		}
	case "+", "=", "-":
		p.span = max(0, min(p.span+map[string]int{"+": -1, "=": -1, "-": 1}[key], len(spans)-1))
		p.cross = -1
		return p.loadBars(c)
	case "left":
		p.cross = min(p.cross+1, len(p.bars.candles)-1)
	case "right":
		p.cross = max(p.cross-1, 0)
	case "b":
		return p.page(-1)
	case "f":
		return p.page(1)
	}
	return nil
}

func (p *Page) move(n int) tea.Cmd {
	if p.pane == gaps {
		p.gapPos.Move(n, len(p.gaps.Gaps.Gaps))
		return nil
	}
	shown := p.shown()
	p.cursor.Move(n, len(shown))
	if len(shown) > 0 {
		p.chosen = key(&shown[p.cursor.Cursor])
	}
	return p.choose()
}

// page shows older or newer bars: by half of what the chart shows.
func (p *Page) page(way int) tea.Cmd {
	c := p.item()
	if len(p.bars.candles) == 0 || way > 0 && p.end.IsZero() {
		return nil
	}
	step := p.shownInterval(c).Duration() * time.Duration(spans[p.span]) / 2
	end := p.end
	if end.IsZero() {
		end = c.Last.Add(c.Interval.Duration())
	}
	end = end.Add(time.Duration(way) * step)
	switch {
	case !end.After(c.First):
		return p.run.Send(page.Notice{Text: "the first bar is of " + page.Minute(c.First), Bad: true})
	case end.After(c.Last):
		end = time.Time{}
	}
	p.end, p.cross = end, -1
	return p.loadBars(c)
}

// toGap shows the bars around the gap under the cursor.
func (p *Page) toGap() tea.Cmd {
	list := p.gaps.Gaps.Gaps
	if len(list) == 0 {
		return nil
	}
	c, g := p.item(), list[min(p.gapPos.Cursor, len(list)-1)]
	p.interval, p.cross = 0, -1
	p.end = g.To.Add(c.Interval.Duration() * 40)
	if p.end.After(c.Last) {
		p.end = time.Time{}
	}
	p.pane, p.opened = chart, true
	return tea.Batch(p.loadBars(c), p.run.Send(page.Notice{Text: "the gap of " + page.Plural(g.Bars, "bar") + " from " + page.Minute(g.From) + " to " + page.Minute(g.To) + " UTC"}))
}

// Wheel scrolls the pane that has the focus; over the chart it moves the crosshair.
func (p *Page) Wheel(_, _, lines int) {
	if b := p.book(); b != nil {
		b.move(lines)
		return
	}
	switch p.pane {
	case gaps:
		p.gapPos.Move(lines, len(p.gaps.Gaps.Gaps))
	case chart:
		p.cross = max(0, min(p.cross-lines, len(p.bars.candles)-1))
	}
}
