package ledgers

import (
	"math"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

var names = [panes]string{"Coins", "Candles", "Gaps"}

// View draws the page: the names of the ledgers, and the chosen one. On a narrow screen the chart's panes have that line.
func (p *Page) View(e page.Env, w, h int) (string, *page.Caret) {
	switch {
	case p.view != priceView:
		return page.Rows(p.tabLine(e, w), p.bookView(e, w, h-1)), nil
	case w < 100 && p.opened && len(p.all) > 0:
		return p.priceView(e, w, h), nil
	}
	return page.Rows(p.tabLine(e, w), p.priceView(e, w, h-1)), nil
}

// priceView draws the markets, the chosen one's candles, and its gaps.
func (p *Page) priceView(e page.Env, w, h int) string {
	t := e.Theme
	switch {
	case p.err != nil && len(p.all) == 0:
		return page.Pane(t, "Ledgers", "", false, page.Fail(t, w, page.Explain("read the ledgers", p.err)), w, h)
	case !p.loaded:
		return page.Pane(t, "Ledgers", "", false, []string{"", "  loading…"}, w, h)
	case len(p.all) == 0:
		return page.Pane(t, "Ledgers", "", false, page.Teach(t, w,
			"Here are the markets that omc knows: prices, how much of the past they cover, candles, gaps.",
			"", "The ledgers are empty. "+e.Shell(),
			" omc data import FILE.csv.gz", " omc data fetch --help", " omc demo",
			"", "Importing the same file twice adds nothing, and no row is dropped in silence."), w, h)
	}
	switch {
	case w < 100 && !p.opened:
		return page.Pane(t, "Coins", p.note(), true, p.coinRows(e, w, h-1), w, h)
	case w < 100:
		top := page.TabsOf(t, names[:], p.pane, w, p.labels()...)
		if p.pane == gaps {
			return page.Rows(top, widget.Block(p.gapRows(e, w, h-1), w, h-1))
		}
		return page.Rows(top, widget.Block(p.chartRows(e, w, h-1), w, h-1))
	case w < 150:
		n := max(6, min(len(p.shown())+2, h/3))
		top := page.Pane(t, "Coins", p.note(), p.pane == coins, p.coinRows(e, w, n-1), w, n)
		side := 38
		left := page.Pane(t, p.title(), p.mark(), p.pane == chart, p.chartRows(e, w-side-1, h-n-1), w-side-1, h-n)
		right := page.Pane(t, p.gapTitle(), "", p.pane == gaps, p.gapRows(e, side, h-n-1), side, h-n)
		return page.Rows(top, page.Columns(t, h-n, left, right))
	}
	side := 66
	n := max(8, min(len(p.shown())+2, h/2))
	column := page.Rows(page.Pane(t, "Coins", p.note(), p.pane == coins, p.coinRows(e, side, n-1), side, n),
		page.Pane(t, p.gapTitle(), "", p.pane == gaps, p.gapRows(e, side, h-n-1), side, h-n))
	return page.Columns(t, h, column, page.Pane(t, p.title(), p.mark(), p.pane == chart, p.chartRows(e, w-side-1, h-1), w-side-1, h))
}

func (p *Page) note() string {
	if p.filter == "" {
		return ""
	}
	return "filter: " + widget.Neutralise(p.filter)
}

func (p *Page) title() string {
	c := p.item()
	if c == nil {
		return "Candles"
	}
	return c.Market.String() + " · " + p.shownInterval(c).String()
}

// labels are the title with the mark of made-up prices, the longest that fits is drawn.
func (p *Page) labels() []string {
	c := p.item()
	if c == nil {
		return nil
	}
	if c.Simulated {
		return []string{p.title() + " · SIM: made-up prices", p.title() + " · SIM", c.Market.String() + " SIM"}
	}
	return []string{p.title(), c.Market.String()}
}

func (p *Page) mark() string {
	c := p.item()
	if c == nil {
		return ""
	}
	from := strings.Join(clean(c.Sources), ", ")
	if c.Simulated {
		return "SIM: made-up prices"
	}
	return from
}

func clean(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = widget.Neutralise(s)
	}
	return out
}

func (p *Page) gapTitle() string {
	if n := p.gaps.Total; n > 0 {
		return "Gaps " + strconv.Itoa(n)
	}
	return "Gaps"
}

// complete is the share of the grid between first and last that has a bar.
func complete(c *ledger.Coverage) string {
	all := c.Bars + c.Missing
	if all == 0 {
		return page.None
	}
	share := float64(c.Bars) / float64(all) * 100
	if c.Missing > 0 { // never rounded up to what it is not
		return widget.Number(math.Min(share, 99.99), 2) + "%"
	}
	return "100%"
}

func (p *Page) coinRows(e page.Env, w, h int) []string {
	t, shown := e.Theme, p.shown()
	if len(shown) == 0 {
		return page.Teach(t, w, "No market is like that. Press esc to see all.")
	}
	curve := 12
	if w >= 110 {
		curve = 20
	}
	cols, rows := p.coinTable(e, shown, w, curve)
	return page.Table(t, cols, rows, &p.cursor, p.pane == coins, w, h)
}

// coinTable is the list of markets, its curves of so many columns.
func (p *Page) coinTable(e page.Env, shown []ledger.Coverage, w, curve int) ([]page.Column, [][]page.Cell) {
	t := e.Theme
	cols := []page.Column{{Title: "market"}, {Title: "last", Right: true, Keep: 9}, {Title: "24 h", Right: true, Keep: 8}, {Title: "trend", Keep: 6, Max: curve},
		{Title: "bars of", Keep: 5}, {Title: "bars", Right: true, Keep: 4}, {Title: "from", Keep: 3}, {Title: "to", Keep: 10}, {Title: "complete", Right: true, Keep: 5},
		{Title: "source", Keep: 2, Max: 16}}
	rows := make([][]page.Cell, len(shown))
	for i := range shown {
		c := &shown[i]
		s := p.sparks[key(c)]
		last, change := page.None, page.Text(page.None)
		if s.last > 0 {
			last = widget.Price(s.last)
		}
		to, old := page.Text(page.Day(c.Last)), stale(c, e.Now)
		switch {
		case old > 0 && w < 60:
			to = page.Styled(age(old)+" old", &t.Muted)
		case old > 0:
			to = page.Styled(page.Day(c.Last)+", "+age(old)+" old", &t.Muted)
		case s.last > 0 && !math.IsNaN(s.change): // of an old price the change is not one of these 24 hours
			change = page.Styled(widget.Percent(s.change), t.Signed(s.change))
		}
		source := strings.Join(c.Sources, ", ")
		if c.Simulated {
			source = "SIM"
		}
		line := page.Text("")
		if len(s.closes) > 1 {
			line = page.Cell{Text: widget.Spark(t, s.closes, &t.Text, curve)}
		}
		rows[i] = []page.Cell{page.Text(c.Market.String()), page.Text(last), change, line, page.Text(c.Interval.String()), page.Text(page.Count(int64(c.Bars))),
			page.Text(page.Day(c.First)), to, page.Text(complete(c)), page.Text(source)}
	}
	return cols, rows
}

// chartRows is the candles with a line of values above.
func (p *Page) chartRows(e page.Env, w, h int) []string {
	t, c := e.Theme, p.item()
	switch {
	case c == nil:
		return nil
	case p.bars.err != nil:
		return page.Fail(t, w, page.Explain("read prices of "+c.Market.String(), p.bars.err))
	case p.bars.key != p.barsFor:
		return []string{"", "  loading…"}
	case len(p.bars.candles) == 0:
		return page.Teach(t, w, "No bar of "+p.shownInterval(c).String()+" is known in this stretch. Press f for newer ones.")
	}
	n := len(p.bars.candles)
	cross := -1
	if p.cross >= 0 {
		cross = max(0, n-1-p.cross)
	}
	iv := p.shownInterval(c)
	o := widget.OHLC{Candles: p.bars.candles, Interval: iv.Duration(), Cross: cross, Values: true, Volume: true, Unit: string(c.Market.Base)}
	if p.end.IsZero() {
		o.Last = p.sparks[p.chosen].last
	}
	lines := strings.Split(widget.Candles(t, o, w-1, h-1), "\n")
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return append(lines, " "+t.Muted.Render(p.notes(e, c, iv, w-2)))
}

// notes say what the chart shows in at most w columns: what it is of first, then how old it is, then the rest that fits.
func (p *Page) notes(e page.Env, c *ledger.Coverage, iv market.Interval, w int) string {
	n := len(p.bars.candles)
	first, last := page.Minute(p.bars.candles[0].Time), page.Minute(p.bars.candles[n-1].Time)
	note, more := page.Plural(n, "bar")+" of "+iv.String()+", "+first+" to "+last+" UTC", []string(nil)
	old := stale(c, e.Now)
	if old > 0 {
		more = append(more, ", "+age(old)+" old")
		if s := p.sparks[p.chosen]; s.last > 0 && !math.IsNaN(s.change) {
			more = append(more, ", "+widget.Percent(s.change)+" in the 24 h before")
		}
		if widget.Width(note+more[0]) > w {
			note = "to " + last + " UTC"
		}
	}
	if stored := p.bars.prices.Stored; iv != stored && stored != 0 {
		more = append(more, ", made from "+stored.String())
	}
	for _, s := range more {
		if widget.Width(note+s) <= w {
			note += s
		}
	}
	return note
}

func (p *Page) gapRows(e page.Env, w, h int) []string {
	t, c := e.Theme, p.item()
	if p.gaps.err != nil {
		return page.Fail(t, w, page.Explain("read the gaps", p.gaps.err))
	}
	list := p.gaps.Gaps.Gaps
	if len(list) == 0 {
		if c != nil && c.Missing > 0 {
			return []string{"", "  loading…"}
		}
		return page.Teach(t, w, "No gap: every bar between the first and the last is there.")
	}
	cols := []page.Column{{Title: "from (UTC)"}, {Title: "to", Keep: 5}, {Title: "bars", Right: true}}
	rows := make([][]page.Cell, len(list))
	for i, g := range list {
		rows[i] = []page.Cell{page.Text(page.Minute(g.From)), page.Text(page.Minute(g.To)), page.Text(page.Count(int64(g.Bars)))}
	}
	return page.Table(t, cols, rows, &p.gapPos, p.pane == gaps, w, h)
}
