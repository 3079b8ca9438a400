package floor

import (
	"strconv"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// Widths from which more than one pane shows.
const (
	twoColumns = 100
	wide       = 150
)

var names = [panes]string{"Sessions", "Positions", "Orders", "Fills", "Events"}

// View draws the page.
func (p *Page) View(e page.Env, w, h int) (string, *page.Caret) {
	t := e.Theme
	switch {
	case p.err != nil && len(p.sessions) == 0:
		return page.Pane(t, "Floor", "", false, page.Fail(t, w, page.Explain("read the floor", p.err)), w, h), nil
	case !p.loaded:
		return page.Pane(t, "Floor", "", false, []string{"", "  loading…"}, w, h), nil
	case len(p.sessions) == 0:
		return page.Pane(t, "Floor", "", false, page.Teach(t, w,
			"Here algorithms trade: their sessions, positions, orders and profit and loss, as they happen.",
			"", "Nothing has traded yet. Press n to start an algorithm on paper, or run:",
			" omc floor start ALGO --paper --feed coinspot",
			"", "An algorithm comes here when it is promoted to paper (page 3, p). Without one, let omc show the whole way:",
			" omc demo"), w, h), nil
	}
	if w < twoColumns || h < 18 {
		return p.narrow(e, w, h), nil
	}
	return p.broad(e, w, h), nil
}

// narrow shows one pane, the others as names above it.
func (p *Page) narrow(e page.Env, w, h int) string {
	t := e.Theme
	p.places = [panes]page.Place{}
	p.places[p.pane] = page.Place{Y: 1, W: w, H: h - 1}
	if p.pane != sessions {
		tabs := p.counted()
		if w < small { // whose they are counts for more than how many
			tabs = names[:]
		}
		top := page.TabsOf(t, tabs, p.pane, w, p.heading()+" "+p.mark(0), p.heading(), p.cutHeading(), p.shortHeading())
		return page.Rows(top, widget.Block(p.pick(e, p.pane, w, h-1), w, h-1))
	}
	top := page.TabsOf(t, p.counted(), p.pane, w, p.filterNote())
	table := min(len(p.shown())+1, max(4, h-13))
	rest := h - 1 - table
	p.places[sessions].H = table
	return page.Rows(top, widget.Block(p.sessionRows(e, w, table), w, table), page.Pane(t, p.heading(), p.mark(w-widget.Width(p.heading())-8), false, p.summary(e, w, rest-1), w, rest))
}

// broad shows every pane.
func (p *Page) broad(e page.Env, w, h int) string {
	t := e.Theme
	side := 40
	if w >= wide {
		side = w / 3
	}
	main := w - side - 1
	top := max(6, min(h/3, len(p.shown())+3))
	top = max(top, min(11, h/3))
	if s := p.session(); s != nil { // what is wrong is said whole
		if trouble := p.trouble(t, s, side); len(trouble) > 0 {
			top = max(top, min(h/2, len(moneyLines(t, s, side))+len(trouble)+1))
		}
	}
	p.places = [panes]page.Place{sessions: {Y: 1, W: main, H: top - 1}}
	first := page.Columns(t, top,
		page.Pane(t, p.counted()[sessions], p.filterNote(), p.pane == sessions, p.sessionRows(e, main, top-1), main, top),
		page.Pane(t, p.heading(), p.mark(side-widget.Width(p.heading())-8), false, p.summary(e, side, top-1), side, top))
	bottom := h - top
	if w >= wide {
		half := bottom / 2
		left := page.Rows(p.paneOf(e, positions, page.Place{Y: top, W: main, H: half - half/3}), p.paneOf(e, orders, page.Place{Y: top + half - half/3, W: main, H: bottom - half + half/3}))
		right := page.Rows(p.paneOf(e, trades, page.Place{X: main + 1, Y: top, W: side, H: half}), p.paneOf(e, events, page.Place{X: main + 1, Y: top + half, W: side, H: bottom - half}))
		return page.Rows(first, page.Columns(t, bottom, left, right))
	}
	n := max(4, min(len(p.held())+2, bottom/3))
	lower := orders
	if p.pane == trades {
		lower = trades
	}
	left := page.Rows(p.paneOf(e, positions, page.Place{Y: top, W: main, H: n}), p.paneOf(e, lower, page.Place{Y: top + n, W: main, H: bottom - n}))
	return page.Rows(first, page.Columns(t, bottom, left, p.paneOf(e, events, page.Place{X: main + 1, Y: top, W: side, H: bottom})))
}

// paneOf draws a pane of the chosen session at a place, and notes where its rows are.
func (p *Page) paneOf(e page.Env, i int, at page.Place) string {
	p.places[i] = page.Place{X: at.X, Y: at.Y + 1, W: at.W, H: at.H - 1}
	return page.Pane(e.Theme, p.counted()[i], p.shortHeading(), p.pane == i, p.pick(e, i, at.W, at.H-1), at.W, at.H)
}

func (p *Page) pick(e page.Env, i, w, h int) []string {
	switch i {
	case positions:
		return p.positionRows(e, w, h)
	case orders:
		return p.orderRows(e, w, h)
	case trades:
		return p.tradeRows(e, w, h)
	case events:
		return p.eventRows(e, w, h)
	}
	return p.sessionRows(e, w, h)
}

// counted are the panes' names with how much they hold.
func (p *Page) counted() []string {
	n := [panes]int{len(p.shown()), len(p.held()), len(p.books.orders), len(p.books.trades), 0}
	out := make([]string, panes)
	for i, s := range names {
		out[i] = s
		if n[i] > 0 {
			out[i] += " " + strconv.Itoa(n[i])
		}
	}
	if all := len(p.sessions); n[sessions] < all {
		out[sessions] = names[sessions] + " " + strconv.Itoa(n[sessions]) + " of " + strconv.Itoa(all)
	}
	return out
}

func (p *Page) filterNote() string {
	if p.filter == "" {
		return ""
	}
	return "filter: " + widget.Neutralise(p.filter)
}

func (p *Page) positionRows(e page.Env, w, h int) []string {
	t := e.Theme
	if len(p.held()) == 0 {
		return page.Teach(t, w, "No position: the session holds only cash.")
	}
	cols := []page.Column{{Title: "coin"}, {Title: "quantity", Right: true, Keep: 8}, {Title: "average", Right: true, Keep: 6}, {Title: "last", Right: true, Keep: 5},
		{Title: "value", Right: true, Keep: 7}, {Title: "unrealised", Right: true, Keep: 9}, {Title: "realised", Right: true, Keep: 3}, {Title: "quote", Keep: 2}}
	held := p.held()
	rows := make([][]page.Cell, len(held))
	for i := range held {
		r := &held[i]
		rows[i] = []page.Cell{page.Text(string(r.Market.Base)), page.Text(page.Quantity(r.Quantity)), page.Text(page.Price(r.Average)), page.Text(page.Price(r.Last)),
			page.Text(page.Amount(r.Value)), page.Styled(page.Gain(r.Unrealised), t.Signed(float64(r.Unrealised.Sign()))), page.Text(page.Gain(r.Realised)),
			page.Styled(string(r.Market.Quote), &t.Muted)}
	}
	return page.Table(t, cols, rows, p.cursorOf(positions), p.pane == positions, w, h)
}

// cursorOf gives the pane's cursor while it has the focus.
func (p *Page) cursorOf(i int) *page.List {
	if p.pane != i {
		return nil
	}
	return &p.lists[i]
}

func orderStyle(t *theme.Theme, s trade.State) *lipgloss.Style {
	switch s {
	case trade.Filled:
		return &t.Up
	case trade.Unknown, trade.Rejected:
		return &t.Danger
	case trade.Cancelled:
		return &t.Muted
	}
	return &t.Accent
}

func (p *Page) orderRows(e page.Env, w, h int) []string {
	t := e.Theme
	if len(p.books.orders) == 0 {
		return page.Teach(t, w, "No order yet: the strategy has not decided to trade.")
	}
	cols := []page.Column{{Title: "order", Keep: 3, Max: 12}, {Title: "market", Keep: 7}, {Title: "side"}, {Title: "quantity", Right: true, Keep: 8},
		{Title: "price", Right: true, Keep: 6}, {Title: "fee", Right: true, Keep: 2}, {Title: "state", Keep: 9, Max: 28}, {Title: "age", Right: true, Keep: 5}}
	rows := make([][]page.Cell, len(p.books.orders))
	for i := range p.books.orders {
		o := &p.books.orders[i]
		price := page.None
		switch {
		case !o.AveragePrice.IsZero():
			price = page.Price(o.AveragePrice)
		case !o.Limit.IsZero():
			price = "≤ " + page.Price(o.Limit)
			if o.Side == trade.Sell {
				price = "≥ " + page.Price(o.Limit)
			}
		}
		state := string(o.State)
		if o.Reason != "" {
			state += " (" + o.Reason + ")"
		}
		rows[i] = []page.Cell{page.Text(o.ID), page.Text(o.Market.String()), page.Styled(string(o.Side), sideStyle(t, o.Side)), page.Text(page.Quantity(o.Quantity)),
			page.Text(price), page.Text(page.Amount(o.Fee)), page.Styled(state, orderStyle(t, o.State)), page.Text(page.Since(p.moment(e), o.PlacedAt))}
	}
	return page.Table(t, cols, rows, p.cursorOf(orders), p.pane == orders, w, h)
}

// moment is now, or for a session in another time (a replay, a simulation) the newest moment of that.
func (p *Page) moment(e page.Env) time.Time {
	if s := p.session(); s != nil && s.Feed != "coinspot" && !s.Account.Time.IsZero() {
		return s.Account.Time
	}
	return e.Now
}

func sideStyle(t *theme.Theme, s trade.Side) *lipgloss.Style {
	if s == trade.Buy {
		return &t.Up
	}
	return &t.Down
}

func (p *Page) tradeRows(e page.Env, w, h int) []string {
	t := e.Theme
	if len(p.books.trades) == 0 {
		return page.Teach(t, w, "No fill yet.")
	}
	cols := []page.Column{{Title: "time", Keep: 10}, {Title: "market", Keep: 2}, {Title: "side"}, {Title: "quantity", Right: true, Keep: 8},
		{Title: "price", Right: true, Keep: 9}, {Title: "fee", Right: true, Keep: 3}, {Title: "cash", Right: true, Keep: 6}}
	rows := make([][]page.Cell, len(p.books.trades))
	for i := range p.books.trades {
		f := &p.books.trades[i].Fill
		rows[i] = []page.Cell{page.Text(page.Moment(e.Now, f.Time)), page.Text(f.Market.String()), page.Styled(string(f.Side), sideStyle(t, f.Side)),
			page.Text(page.Quantity(f.Quantity)), page.Text(page.Price(f.Price)), page.Text(page.Amount(f.Fee)), page.Text(page.Gain(f.CashChange()))}
	}
	return page.Table(t, cols, rows, p.cursorOf(trades), p.pane == trades, w, h)
}
