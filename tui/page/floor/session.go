package floor

import (
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// small is the width below which a row leaves out where its prices come from, and all but the start of a name.
const small = 70

// mode is a session's mark in words: PAPER, SIM for made-up prices, and the feed where there is room.
func mode(t *theme.Theme, s *api.FloorSession, feed bool) (string, *lipgloss.Style) {
	m, style := strings.ToUpper(widget.Neutralise(s.Mode)), &t.Paper
	if s.Simulated {
		m, style = m+" SIM", &t.Sim
	}
	if feed && s.Feed != "sim" {
		m += " " + widget.Neutralise(s.Feed)
	}
	return m, style
}

func (p *Page) stateStyle(t *theme.Theme, s *api.FloorSession) *lipgloss.Style {
	switch {
	case s.Status == journal.Failed || s.Status == journal.Killed:
		return &t.Danger
	case frozen(s) > 0 || unwell(s) || running(s) && (p.sent != nil || p.err != nil):
		return &t.Warn
	case running(s):
		return &t.Up
	}
	return &t.Muted
}

// unwell says whether a session that trades has something wrong.
func unwell(s *api.FloorSession) bool { return running(s) && s.Health != "" && s.Health != "ok" }

// state is where a session stands, in full or in at most 12 columns: what is left out then stands in the pane below.
func (p *Page) state(s *api.FloorSession, full bool) string {
	out := string(s.Status)
	switch k := frozen(s); {
	case k > 0 && full:
		return out + ", " + frozenText(k)
	case k > 0:
		return strconv.Itoa(k) + " frozen"
	case !running(s):
		return out
	case p.sent != nil:
		return "KILL sent"
	case p.err != nil: // it ran when omc answered last
		return "was " + out
	}
	if s.Progress != nil {
		out += " " + page.Share(s.Progress)
	}
	switch {
	case !full && unwell(s):
		return string(s.Status) + " !"
	case !full && s.Warming != "":
		return "warming up"
	}
	if s.Warming != "" {
		out += ", warms up " + s.Warming
	}
	if unwell(s) {
		out += " ! " + s.Health
	}
	return out
}

func (p *Page) sessionRows(e page.Env, w, h int) []string {
	t, list := e.Theme, p.shown()
	if len(list) == 0 {
		return page.Teach(t, w, "No session has "+widget.Neutralise(p.filter)+" in its name. Press esc to see all.")
	}
	const stateColumn = 9
	cols := []page.Column{
		{Title: "strategy", Max: 22}, {Title: "id", Keep: 10}, {Title: "mode", Keep: 11}, {Title: "market", Keep: 3, Max: 18},
		{Title: "equity", Right: true, Keep: 7}, {Title: "P&L", Right: true, Keep: 8}, {Title: "return", Right: true, Keep: 6}, {Title: "max dd", Right: true, Keep: 5},
		{Title: "trades", Right: true, Keep: 1}, {Title: "state", Keep: 12, Min: 11},
	}
	if w < small {
		cols[0].Max = 12
	}
	rows := make([][]page.Cell, len(list))
	for i := range list {
		s := &list[i]
		m, style := mode(t, s, w >= small)
		gain := s.Account.Equity.Sub(s.Account.StartCash)
		rows[i] = []page.Cell{
			page.Text(s.Strategy), page.Styled(page.Short(s.ID), &t.Muted), page.Styled(m, style), page.Text(marketNames(s)),
			page.Text(page.Amount(s.Account.Equity)), page.Styled(page.Gain(gain), t.Signed(float64(gain.Sign()))), page.Text(page.Percent(s.Return)),
			page.Text(page.Percent(s.Drawdown)), page.Text(strconv.Itoa(s.Trades)), page.Styled(p.state(s, true), p.stateStyle(t, s)),
		}
	}
	if page.TableWidth(cols, rows) > w { // no column leaves for a long state
		for i := range list {
			rows[i][stateColumn] = page.Styled(p.state(&list[i], false), rows[i][stateColumn].Style)
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

// cutHeading is the heading with the start of a long name.
func (p *Page) cutHeading() string {
	s := p.session()
	if s == nil {
		return ""
	}
	return widget.Truncate(widget.Neutralise(s.Strategy), 12) + " " + page.Short(s.ID)
}

func (p *Page) shortHeading() string {
	s := p.session()
	if s == nil {
		return ""
	}
	return page.Short(s.ID)
}

// mark says in words that the money is paper, and that prices are made up, in room columns.
func (p *Page) mark(room int) string {
	s := p.session()
	if s == nil {
		return ""
	}
	m := strings.ToUpper(widget.Neutralise(s.Mode))
	if !s.Simulated {
		return m
	}
	if long := m + " · SIM: made-up prices"; widget.Width(long) <= room {
		return long
	}
	return m + " SIM"
}

// summary is the chosen session's money, what is wrong with it, and its equity's curve.
func (p *Page) summary(e page.Env, w, h int) []string {
	t, s := e.Theme, p.session()
	if s == nil || h <= 0 {
		return nil
	}
	out := append(moneyLines(t, s, w), p.trouble(t, s, w)...)
	b := &p.books
	if b.session != s.ID {
		b = &books{}
	}
	left := h - len(out)
	values := make([]float64, len(b.pnl.Curve))
	for i, c := range b.pnl.Curve {
		values[i] = c.Equity.Float64()
	}
	style := t.Signed(float64(s.Account.Equity.Sub(s.Account.StartCash).Sign()))
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

// moneyLines are a session's amounts, all of one moment.
func moneyLines(t *theme.Theme, s *api.FloorSession, w int) []string {
	gain := s.Account.Equity.Sub(s.Account.StartCash)
	today := page.None
	if before := s.Account.Before; before != nil {
		today = page.Gain(s.Account.Equity.Sub(*before))
	}
	realised, unrealised := gains(s)
	equity := " " + t.Muted.Render("equity ") + t.Bold.Render(page.Amount(s.Account.Equity)) + " " + widget.Neutralise(quote(s))
	total := t.Muted.Render("total ") + t.Signed(float64(gain.Sign())).Render(page.Gain(gain)+" ("+page.Percent(s.Return)+")")
	day := "  today "
	if s.Status.Final() {
		day = "  last day "
	}
	today = t.Muted.Render(day) + today
	fees := t.Muted.Render("  fees ") + page.Amount(s.Account.Fees)
	if w >= 60 {
		return []string{equity + "  " + total + today,
			" " + t.Muted.Render("realised ") + page.Gain(realised) + t.Muted.Render("  unrealised ") + page.Gain(unrealised) + fees}
	}
	return []string{equity + today, " " + total + fees, " " + t.Muted.Render("real. ") + page.Gain(realised) + t.Muted.Render("  unreal. ") + page.Gain(unrealised)}
}

// trouble says in full what is wrong with a session, whatever its row had room for.
func (p *Page) trouble(t *theme.Theme, s *api.FloorSession, w int) []string {
	var out []string
	add := func(text string) {
		for i, l := range widget.Wrap(widget.Neutralise(text), max(8, w-4)) {
			mark := " "
			if i == 0 {
				mark = "!"
			}
			out = append(out, " "+t.Warn.Render(mark)+" "+l)
		}
	}
	if p.err != nil {
		add(page.Explain("read the floor", p.err))
	}
	if s.Error != "" {
		add(s.Error)
	}
	if unwell(s) {
		add(s.Health)
	}
	if running(s) && s.Warming != "" {
		add("it warms up and does not trade yet: " + s.Warming)
	}
	if k := frozen(s); k > 0 {
		add("it is " + string(s.Status) + " and holds " + positionsText(k) + ", frozen: nothing looks after " + themOrIt(k) + " any more, and the kill switch does not reach " + themOrIt(k))
	}
	return out
}
