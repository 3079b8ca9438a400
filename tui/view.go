package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// The lines above and below a page, and the smallest terminal that is drawn in.
const (
	headerLines = 2
	footerLines = 2
	minWidth    = 40
	minHeight   = 10
)

// View draws the whole terminal.
func (m *Model) View() tea.View {
	frame, caret := m.frame()
	v := tea.NewView(frame)
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "omc · " + m.pages[m.at].Title()
	if caret != nil {
		v.Cursor = tea.NewCursor(caret.X, caret.Y)
	}
	return v
}

// frame gives exactly h lines of w columns, and where the caret is.
func (m *Model) frame() (string, *page.Caret) {
	if m.w <= 0 || m.h <= 0 {
		return "", nil
	}
	if m.w < minWidth || m.h < minHeight {
		return widget.Block([]string{"omc needs " + strconv.Itoa(minWidth) + "×" + strconv.Itoa(minHeight), "this is " + strconv.Itoa(m.w) + "×" + strconv.Itoa(m.h)}, m.w, m.h), nil
	}
	h := m.h - headerLines - footerLines
	body, caret := m.pages[m.at].View(page.Env{Theme: &m.theme, Now: m.now}, m.w, h)
	body = widget.Block(strings.Split(body, "\n"), m.w, h)
	if caret != nil && caret.Y < h {
		caret = &page.Caret{X: caret.X, Y: caret.Y + headerLines}
	} else {
		caret = nil
	}
	if m.over != nil {
		body, caret = m.cover(body, h)
	}
	line, lineCaret := m.line()
	if lineCaret != nil {
		caret = lineCaret
	}
	frame := page.Rows(m.header(), m.tabs(), body, line, m.keyBar())
	if m.theme.ASCII {
		frame = widget.ASCII(frame)
	}
	return frame, caret
}

// header answers the three questions: money, wrong, lab. What does not fit is left out whole, the least important first.
func (m *Model) header() string {
	t, g := &m.theme, &m.glance
	right := m.wrongNow() + " "
	if m.w >= 60 {
		lab := g.labNow()
		if !g.loaded {
			lab = "loading…"
		}
		right = lab + "   " + right
	}
	if lag := m.lag(); lag != "" {
		right = t.Warn.Render(lag) + "   " + right
	}
	left := t.Header.Render(" omc ")
	if len(g.running()) > 0 {
		left += m.marks()
		for _, part := range m.money() {
			if widget.Width(left)+widget.Width(part)+widget.Width(right)+2 <= m.w {
				left += part
			}
		}
	} else if g.loaded && g.err == nil {
		left += "   " + t.Muted.Render("nothing trades")
	}
	return widget.Fit(widget.Fit(left, max(0, m.w-widget.Width(right)-1))+" "+right, m.w)
}

// marks say in words how many sessions trade, and on what: PAPER money, SIM prices.
func (m *Model) marks() string {
	t, sim, real := &m.theme, 0, 0
	live := m.glance.running()
	for i := range live {
		if live[i].Simulated {
			sim++
		}
		if live[i].Mode != "paper" {
			real++
		}
	}
	out := " " + t.Paper.Render("PAPER "+strconv.Itoa(len(live)-real))
	if real > 0 {
		out = " " + t.LiveBand.Render(" LIVE "+strconv.Itoa(real)+" ") + out
	}
	if sim > 0 {
		out += t.Muted.Render(" · ") + t.Sim.Render("SIM "+strconv.Itoa(sim))
	}
	return out
}

// money is the running sessions' equity, today's change, its share, the drawdown, and what is in other currencies.
func (m *Model) money() []string {
	t := &m.theme
	all := m.glance.purses()
	if len(all) == 0 {
		return nil
	}
	p := all[0]
	out := []string{"   " + t.Muted.Render("equity ") + t.Bold.Render(page.Amount(p.equity)) + " " + p.quote}
	if p.hasToday {
		style := t.Signed(float64(p.today.Sign()))
		out = append(out, t.Muted.Render("  today ")+style.Render(page.Gain(p.today)))
		if before := p.equity.Sub(p.today).Float64(); before > 0 {
			out = append(out, style.Render(" ("+widget.Percent(p.today.Float64()/before)+")"))
		}
	}
	out = append(out, t.Muted.Render("  dd ")+widget.Percent(p.drawdown))
	if len(all) > 1 {
		out = append(out, t.Muted.Render("  and "+strconv.Itoa(len(all)-1)+" more currencies"))
	}
	return out
}

// wrongNow says whether anything is wrong, in a word and a count.
func (m *Model) wrongNow() string {
	g, t := &m.glance, &m.theme
	switch wrong := g.wrong(); {
	case g.err != nil:
		return t.Danger.Render("! no answer")
	case !g.loaded:
		return ""
	case len(wrong) == 0:
		return t.Up.Render("✓ all well")
	case m.w >= 140:
		return t.Danger.Render("! " + strconv.Itoa(len(wrong)) + " wrong: " + widget.Truncate(wrong[0], 24))
	default:
		return t.Danger.Render("! " + strconv.Itoa(len(wrong)) + " wrong")
	}
}

// lag says how long omc takes to answer, where that is long.
func (m *Model) lag() string {
	g := &m.glance
	switch {
	case g.waiting && g.loaded && m.now.Sub(g.asked) > slowAnswer:
		return "omc slow: waiting " + widget.Ago(m.now.Sub(g.asked))
	case g.err != nil && !g.failing.IsZero():
		return "for " + widget.Ago(m.now.Sub(g.failing))
	case g.lag > slowAnswer:
		return "lag " + strconv.FormatFloat(g.lag.Seconds(), 'f', 1, 64) + "s"
	}
	return ""
}

func (m *Model) tab(i int) string {
	s := strconv.Itoa(i+1) + " " + m.pages[i].Title()
	if i == m.at {
		return "[" + s + "]"
	}
	return " " + s + " "
}

// tabs is the line with the pages' names and the time.
func (m *Model) tabs() string {
	t := &m.theme
	var b strings.Builder
	for i := range m.pages {
		if i == m.at {
			b.WriteString(t.Header.Render(m.tab(i)))
		} else {
			b.WriteString(t.Muted.Render(m.tab(i)))
		}
	}
	clock := m.now.UTC().Format("Mon 2 Jan 15:04:05") + " UTC "
	if m.w < 80 {
		clock = m.now.UTC().Format("15:04:05") + " "
	}
	left := b.String()
	return widget.Fit(left, m.w-len(clock)) + t.Muted.Render(clock)
}

// line is the one above the footer: the filter being written, or the newest notice.
func (m *Model) line() (string, *page.Caret) {
	t := &m.theme
	if m.filter != nil {
		label := " filter " + m.pages[m.at].FilterName() + " › "
		text, x := m.filter.View(max(1, m.w-widget.Width(label)))
		return widget.Fit(t.Accent.Render(label)+text, m.w), &page.Caret{X: widget.Width(label) + x, Y: m.h - footerLines}
	}
	if m.notice.Text == "" {
		return page.Blank(m.w), nil
	}
	text := widget.Neutralise(m.notice.Text)
	if m.notice.Bad {
		return widget.Fit(t.Danger.Render(" ! ")+text, m.w), nil
	}
	return widget.Fit(t.Up.Render(" ✓ ")+text, m.w), nil
}

// keyBar lists the keys that work now. A key that does not work is shown with the reason where there is room, and left out else.
func (m *Model) keyBar() string {
	t := &m.theme
	type item struct {
		text string
		off  bool
	}
	var items []item
	width := 1
	add := func(a page.Action, off string) {
		s := t.Accent.Render(a.Key) + " " + a.Label
		if off != "" {
			s = t.Muted.Render(a.Key + " " + a.Label + " (" + off + ")")
		}
		items = append(items, item{s, off != ""})
		width += widget.Width(s) + 2
	}
	var off []page.Action
	for _, a := range m.footer() {
		switch {
		case a.Quiet:
		case a.Off != "":
			off = append(off, a)
		default:
			add(a, "")
		}
	}
	for _, a := range off {
		if w := widget.Width(a.Key + " " + a.Label + " (" + a.Off + ")"); width+w+2 <= m.w {
			add(a, a.Off)
		}
	}
	// The last ones, which work on every page, stay; the ones before them give way.
	for width > m.w && len(items) > 3 {
		cut := max(0, len(items)-4)
		width -= widget.Width(items[cut].text) + 2
		items = append(items[:cut], items[cut+1:]...)
	}
	var b strings.Builder
	b.WriteByte(' ')
	for _, i := range items {
		b.WriteString(i.text + "  ")
	}
	return widget.Fit(strings.TrimRight(b.String(), " "), m.w)
}

// cover draws what lies above the page in a box in the middle of it.
func (m *Model) cover(body string, h int) (string, *page.Caret) {
	t := &m.theme
	inner := min(m.w-6, 84)
	lines, caret := m.over.lines(m, inner, h-2)
	lines = lines[:min(len(lines), h-2)]
	x, y := (m.w-inner-4)/2, max(0, (h-len(lines)-2)/3)
	box := make([]string, 0, len(lines)+2)
	box = append(box, t.Accent.Render("╭"+strings.Repeat("─", inner+2)+"╮"))
	for _, l := range lines {
		box = append(box, t.Accent.Render("│")+" "+widget.Fit(l, inner)+" "+t.Accent.Render("│"))
	}
	box = append(box, t.Accent.Render("╰"+strings.Repeat("─", inner+2)+"╯"))
	under := strings.Split(body, "\n")
	for i, l := range box {
		if y+i < len(under) {
			under[y+i] = widget.Overlay(under[y+i], l, x, m.w)
		}
	}
	if caret != nil {
		caret = &page.Caret{X: x + 2 + caret.X, Y: headerLines + y + 1 + caret.Y}
	}
	return strings.Join(under, "\n"), caret
}
