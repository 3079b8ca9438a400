package floor

import (
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
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
	top := page.Tabs(e.Theme, p.counted(), p.pane, w)
	if p.pane != sessions {
		return page.Rows(top, widget.Block(p.pick(e, p.pane, w, h-1), w, h-1))
	}
	table := min(len(p.shown())+1, max(4, h-13))
	rest := h - 1 - table
	return page.Rows(top, widget.Block(p.sessionRows(e, w, table), w, table), page.Pane(e.Theme, p.heading(), p.mark(), false, p.summary(e, w, rest-1), w, rest))
}

// broad shows every pane.
func (p *Page) broad(e page.Env, w, h int) string {
	t := e.Theme
	side := 44
	if w >= wide {
		side = w / 3
	}
	main := w - side - 1
	top := max(6, min(h/3, len(p.shown())+3))
	top = max(top, min(11, h/3))
	first := page.Columns(t, top,
		page.Pane(t, "Sessions", p.filterNote(), p.pane == sessions, p.sessionRows(e, main, top-1), main, top),
		page.Pane(t, p.heading(), p.mark(), false, p.summary(e, side, top-1), side, top))
	bottom := h - top
	if w >= wide {
		half := bottom / 2
		left := page.Rows(p.paneOf(e, positions, main, half-half/3), p.paneOf(e, orders, main, bottom-half+half/3))
		right := page.Rows(p.paneOf(e, trades, side, half), p.paneOf(e, events, side, bottom-half))
		return page.Rows(first, page.Columns(t, bottom, left, right))
	}
	n := max(4, min(len(p.held())+2, bottom/3))
	lower := orders
	if p.pane == trades {
		lower = trades
	}
	left := page.Rows(p.paneOf(e, positions, main, n), p.paneOf(e, lower, main, bottom-n))
	return page.Rows(first, page.Columns(t, bottom, left, p.paneOf(e, events, side, bottom)))
}

func (p *Page) paneOf(e page.Env, i, w, h int) string {
	return page.Pane(e.Theme, p.counted()[i], "", p.pane == i, p.pick(e, i, w, h-1), w, h)
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
	return out
}

func (p *Page) filterNote() string {
	if p.filter == "" {
		return ""
	}
	return "filter: " + widget.Neutralise(p.filter)
}

// mode is a session's mark in words: PAPER, and SIM for made-up prices.
func mode(t *theme.Theme, s *api.FloorSession) (string, *lipgloss.Style) {
	m := strings.ToUpper(widget.Neutralise(s.Mode))
	if s.Simulated {
		return m + " SIM", &t.Sim
	}
	return m, &t.Paper
}

func statusStyle(t *theme.Theme, s journal.Status) *lipgloss.Style {
	switch s {
	case journal.Running:
		return &t.Up
	case journal.Failed, journal.Killed:
		return &t.Danger
	}
	return &t.Muted
}

func state(s *api.FloorSession) string {
	out := string(s.Status)
	if running(s) && s.Progress != nil {
		out += " " + page.Share(s.Progress)
	}
	if running(s) && s.Warming != "" {
		out += ", warms up " + s.Warming
	}
	if running(s) && s.Health != "" && s.Health != "ok" {
		out += " ! " + s.Health
	}
	return out
}

func (p *Page) sessionRows(e page.Env, w, h int) []string {
	t, list := e.Theme, p.shown()
	if len(list) == 0 {
		return page.Teach(t, w, "No session has "+widget.Neutralise(p.filter)+" in its name. Press esc to see all.")
	}
	cols := []page.Column{
		{Title: "strategy", Max: 22}, {Title: "id", Keep: 4}, {Title: "mode", Keep: 7}, {Title: "feed", Keep: 2}, {Title: "market", Keep: 3, Max: 18},
		{Title: "equity", Right: true}, {Title: "P&L", Right: true, Keep: 8}, {Title: "return", Right: true, Keep: 6}, {Title: "max dd", Right: true, Keep: 5},
		{Title: "fills", Right: true, Keep: 1}, {Title: "state", Keep: 9, Max: 24},
	}
	rows := make([][]page.Cell, len(list))
	for i := range list {
		s := &list[i]
		m, style := mode(t, s)
		gain := s.Account.Equity.Sub(s.Account.StartCash)
		rows[i] = []page.Cell{
			page.Text(s.Strategy), page.Styled(page.Short(s.ID), &t.Muted), page.Styled(m, style), page.Text(s.Feed), page.Text(marketNames(s)),
			page.Text(page.Amount(s.Account.Equity)), page.Styled(page.Gain(gain), t.Signed(float64(gain.Sign()))), page.Text(page.Percent(s.Return)),
			page.Text(page.Percent(s.Drawdown)), page.Text(strconv.Itoa(s.Trades)), page.Styled(state(s), statusStyle(t, s.Status)),
		}
	}
	return page.Table(t, cols, rows, &p.lists[sessions], p.pane == sessions, w, h)
}

func marketNames(s *api.FloorSession) string {
	if len(s.Markets) > 2 {
		return s.Markets[0].String() + " +" + strconv.Itoa(len(s.Markets)-1)
	}
	out := make([]string, len(s.Markets))
	for i, m := range s.Markets {
		out[i] = m.String()
	}
	return strings.Join(out, " ")
}

func (p *Page) heading() string {
	s := p.session()
	if s == nil {
		return "Equity"
	}
	return widget.Neutralise(s.Strategy) + " " + page.Short(s.ID)
}

// mark says in words that the money is paper, and that prices are made up.
func (p *Page) mark() string {
	s := p.session()
	if s == nil {
		return ""
	}
	m := strings.ToUpper(widget.Neutralise(s.Mode))
	if s.Simulated {
		m += " · SIM: made-up prices"
	}
	return m
}

// summary is the chosen session's money, its equity's curve, and what is wrong with it.
func (p *Page) summary(e page.Env, w, h int) []string {
	t, s := e.Theme, p.session()
	if s == nil || h <= 0 {
		return nil
	}
	q := widget.Neutralise(quote(s))
	gain := s.Account.Equity.Sub(s.Account.StartCash)
	b := &p.books
	if b.session != s.ID {
		b = &books{}
	}
	out := []string{
		" " + t.Muted.Render("equity ") + t.Bold.Render(page.Amount(s.Account.Equity)) + " " + q + "  " +
			t.Signed(float64(gain.Sign())).Render(page.Gain(gain)+" ("+page.Percent(s.Return)+")"),
	}
	today := page.None
	if before := s.Account.Before; before != nil {
		today = page.Gain(s.Account.Equity.Sub(*before))
	}
	realised, unrealised := gains(s)
	if w >= 60 {
		out = append(out, " "+t.Muted.Render("realised ")+page.Gain(realised)+t.Muted.Render("  unrealised ")+page.Gain(unrealised)+
			t.Muted.Render("  fees ")+page.Amount(s.Account.Fees)+t.Muted.Render("  today ")+today)
	} else {
		out = append(out, " "+t.Muted.Render("real. ")+page.Gain(realised)+t.Muted.Render("  unreal. ")+page.Gain(unrealised),
			" "+t.Muted.Render("fees  ")+page.Amount(s.Account.Fees)+t.Muted.Render("  today ")+today+t.Muted.Render("  cash ")+page.Amount(s.Account.Cash))
	}
	if s.Error != "" {
		out = append(out, " "+t.Danger.Render("! ")+widget.Neutralise(s.Error))
	}
	left := h - len(out)
	values := make([]float64, len(b.pnl.Curve))
	for i, c := range b.pnl.Curve {
		values[i] = c.Equity.Float64()
	}
	style := t.Signed(float64(gain.Sign()))
	switch {
	case len(values) < 2:
		if left > 1 {
			out = append(out, "", "  "+t.Muted.Render("the equity curve starts with the second bar"))
		}
	case left >= 4:
		first, last := b.pnl.Curve[0].Time, b.pnl.Curve[len(values)-1].Time
		chart := widget.Chart{Lines: []widget.Line{{Values: values, Style: style}}, From: first, To: last}
		out = append(out, strings.Split(chart.View(t, w-1, left), "\n")...)
	case left >= 1:
		out = append(out, " "+widget.Spark(t, values, style, w-2))
	}
	return out
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
	cols := []page.Column{{Title: "time", Keep: 4}, {Title: "market", Keep: 5}, {Title: "side"}, {Title: "quantity", Right: true, Keep: 8},
		{Title: "price", Right: true, Keep: 9}, {Title: "fee", Right: true, Keep: 3}, {Title: "cash", Right: true, Keep: 6}}
	rows := make([][]page.Cell, len(p.books.trades))
	for i := range p.books.trades {
		f := &p.books.trades[i].Fill
		rows[i] = []page.Cell{page.Text(f.Time.UTC().Format("01-02 15:04")), page.Text(f.Market.String()), page.Styled(string(f.Side), sideStyle(t, f.Side)),
			page.Text(page.Quantity(f.Quantity)), page.Text(page.Price(f.Price)), page.Text(page.Amount(f.Fee)), page.Text(page.Gain(f.CashChange()))}
	}
	return page.Table(t, cols, rows, p.cursorOf(trades), p.pane == trades, w, h)
}

func (p *Page) eventRows(e page.Env, w, h int) []string {
	t := e.Theme
	if len(p.log) == 0 && p.streamErr == nil {
		return page.Teach(t, w, "Every decision, refusal, order and fill of the session appears here as it happens.")
	}
	layout := "01-02 15:04:05"
	if w < 60 {
		layout = "15:04:05"
	}
	var lines []string
	for i := range p.log {
		ev := &p.log[i]
		kind := t.Muted.Render(widget.Fit(ev.kind, 8))
		if ev.bad {
			kind = t.Danger.Render(widget.Fit(ev.kind, 8))
		}
		lines = append(lines, widget.Fit(" "+t.Muted.Render(ev.at.UTC().Format(layout))+" "+kind+" "+ev.text, w))
	}
	if p.streamErr != nil {
		lines = append(lines, page.Fail(t, w, page.Explain("follow the session", p.streamErr))...)
	}
	shown, below := p.logScroll.Tail(lines, max(1, h))
	if below > 0 && len(shown) > 0 {
		shown = append(append([]string{}, shown[:len(shown)-1]...), t.Muted.Render(" ↓ "+strconv.Itoa(below+1)+" newer lines: end goes there"))
	}
	return shown
}
