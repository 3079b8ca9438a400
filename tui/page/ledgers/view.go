package ledgers

import (
	"math"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

var names = [panes]string{"Coins", "Candles", "Gaps"}

// View draws the page.
func (p *Page) View(e page.Env, w, h int) (string, *page.Caret) {
	t := e.Theme
	switch {
	case p.err != nil && len(p.all) == 0:
		return page.Pane(t, "Ledgers", "", false, page.Fail(t, w, page.Explain("read the ledgers", p.err)), w, h), nil
	case !p.loaded:
		return page.Pane(t, "Ledgers", "", false, []string{"", "  loading…"}, w, h), nil
	case len(p.all) == 0:
		return page.Pane(t, "Ledgers", "", false, page.Teach(t, w,
			"Here are the markets that omc knows: prices, how much of the past they cover, candles, gaps.",
			"", "The ledgers are empty. Fill them with one of these:",
			" omc data import FILE.csv.gz", " omc demo",
			"", "Importing the same file twice adds nothing, and no row is dropped in silence."), w, h), nil
	}
	switch {
	case w < 100 && !p.opened:
		return page.Pane(t, "Coins", p.note(), true, p.coinRows(e, w, h-1), w, h), nil
	case w < 100:
		top := page.Tabs(t, names[:], p.pane, w)
		if p.pane == gaps {
			return page.Rows(top, widget.Block(p.gapRows(e, w, h-1), w, h-1)), nil
		}
		return page.Rows(top, widget.Block(p.chartRows(e, w, h-1), w, h-1)), nil
	case w < 150:
		n := max(6, min(len(p.shown())+2, h/3))
		top := page.Pane(t, "Coins", p.note(), p.pane == coins, p.coinRows(e, w, n-1), w, n)
		side := 38
		left := page.Pane(t, p.title(), p.mark(), p.pane == chart, p.chartRows(e, w-side-1, h-n-1), w-side-1, h-n)
		right := page.Pane(t, p.gapTitle(), "", p.pane == gaps, p.gapRows(e, side, h-n-1), side, h-n)
		return page.Rows(top, page.Columns(t, h-n, left, right)), nil
	}
	side := 66
	n := max(8, min(len(p.shown())+2, h/2))
	column := page.Rows(page.Pane(t, "Coins", p.note(), p.pane == coins, p.coinRows(e, side, n-1), side, n),
		page.Pane(t, p.gapTitle(), "", p.pane == gaps, p.gapRows(e, side, h-n-1), side, h-n))
	return page.Columns(t, h, column, page.Pane(t, p.title(), p.mark(), p.pane == chart, p.chartRows(e, w-side-1, h-1), w-side-1, h)), nil
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
	cols := []page.Column{{Title: "market"}, {Title: "last", Right: true, Keep: 9}, {Title: "24 h", Right: true, Keep: 8}, {Title: "trend", Keep: 6, Max: curve},
		{Title: "bars of", Keep: 5}, {Title: "bars", Right: true, Keep: 4}, {Title: "from", Keep: 3}, {Title: "to", Keep: 7}, {Title: "complete", Right: true, Keep: 5},
		{Title: "source", Keep: 2, Max: 16}}
	rows := make([][]page.Cell, len(shown))
	for i := range shown {
		c := &shown[i]
		s := p.sparks[c.Market.String()]
		last, change := page.None, page.Text(page.None)
		if len(s.closes) > 0 {
			last = widget.Price(s.last)
			if !math.IsNaN(s.change) {
				change = page.Styled(widget.Percent(s.change), t.Signed(s.change))
			}
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
			page.Text(page.Day(c.First)), page.Text(page.Day(c.Last)), page.Text(complete(c)), page.Text(source)}
	}
	return page.Table(t, cols, rows, &p.cursor, p.pane == coins, w, h)
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
	o := widget.OHLC{Candles: p.bars.candles, Interval: iv.Duration(), Cross: cross, Values: true, Volume: true}
	lines := strings.Split(widget.Candles(t, o, w-1, h-1), "\n")
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	note := strconv.Itoa(n) + " bars of " + iv.String() + ", " + page.Minute(p.bars.candles[0].Time) + " to " + page.Minute(p.bars.candles[n-1].Time) + " UTC"
	if iv != p.bars.prices.Stored && p.bars.prices.Stored != 0 {
		note += ", made from " + p.bars.prices.Stored.String()
	}
	return append(lines, " "+t.Muted.Render(note))
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
