package tui

import (
	"strconv"
	"time"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// header answers the three questions: money, wrong, lab. What does not fit is left out whole, the least important first.
func (m *Model) header() string {
	t, g := &m.theme, &m.glance
	right := m.wrongNow() + " "
	if m.w >= 60 && g.err == nil {
		lab := g.labNow()
		if !g.loaded {
			lab = "loading…"
		}
		right = lab + "   " + right
	}
	left := t.Header.Render(" omc ")
	if len(m.running()) > 0 {
		left += m.marks()
		for _, part := range m.money() {
			if widget.Width(left)+widget.Width(part)+widget.Width(right)+2 > m.w {
				break // what follows says less without it
			}
			left += part
		}
	} else if g.loaded && g.err == nil {
		left += "   " + t.Muted.Render("nothing trades")
		if k, n := m.frozen(); k > 0 && m.w >= 100 {
			left += t.Muted.Render(", " + page.Plural(n, "ended session") + " " + holds(n) + " " + page.Plural(k, "position"))
		}
	}
	return widget.Fit(widget.Fit(left, max(0, m.w-widget.Width(right)-1))+" "+right, m.w)
}

func holds(n int) string {
	if n == 1 {
		return "holds"
	}
	return "hold"
}

// marks say in words how many sessions trade on what: LIVE, PAPER, and SIM for made-up prices. Each session counts once.
func (m *Model) marks() string {
	t, sim, real, paper := &m.theme, 0, 0, 0
	for _, s := range m.running() {
		switch {
		case s.Simulated:
			sim++
		case s.Mode != "paper":
			real++
		default:
			paper++
		}
	}
	out := ""
	if real > 0 {
		out += " " + t.LiveBand.Render(" LIVE "+strconv.Itoa(real)+" ")
	}
	if paper > 0 {
		out += " " + t.Paper.Render("PAPER "+strconv.Itoa(paper))
	}
	if sim > 0 {
		if out != "" {
			out += t.Muted.Render(" ·")
		}
		out += " " + t.Sim.Render("SIM "+strconv.Itoa(sim))
	}
	return out
}

// money is the running sessions' equity, today's change, the drawdown, and what is made up or in other currencies, by itself.
func (m *Model) money() []string {
	t := &m.theme
	all := m.purses()
	if len(all) == 0 {
		return nil
	}
	p := &all[0]
	label := "equity "
	if p.simulated {
		label = "SIM equity "
	}
	out := []string{"   " + t.Muted.Render(label) + t.Bold.Render(page.Amount(p.equity)) + " " + p.quote}
	if at := m.asOf(); at != "" {
		return append(out, t.Muted.Render("  "+at))
	}
	if p.hasToday {
		style := t.Signed(float64(p.today.Sign()))
		out = append(out, t.Muted.Render("  today ")+style.Render(page.Gain(p.today)))
		if before := p.before.Float64(); before > 0 {
			out = append(out, style.Render(" ("+widget.Percent(p.today.Float64()/before)+")"))
		}
	}
	out = append(out, t.Muted.Render("  dd ")+widget.Percent(p.drawdown))
	others := 0
	for i := range all[1:] {
		q := &all[1+i]
		if q.simulated && !p.simulated {
			out = append(out, t.Muted.Render("  SIM equity ")+page.Amount(q.equity)+" "+q.quote)
		} else {
			others++
		}
	}
	if others > 0 {
		out = append(out, t.Muted.Render("  and in "+strconv.Itoa(others)+" more "+map[bool]string{true: "currency", false: "currencies"}[others == 1]))
	}
	return out
}

// asOf says of when the amounts are, where omc has not answered since.
func (m *Model) asOf() string {
	g := &m.glance
	if g.answered.IsZero() || g.err == nil && !m.waits() {
		return ""
	}
	return "as of " + g.answered.UTC().Format(time.TimeOnly)
}

// waits says whether omc takes long to answer.
func (m *Model) waits() bool {
	return m.glance.waiting && m.glance.loaded && m.now.Sub(m.glance.asked) > slowAnswer
}

// wrongNow says whether anything is wrong, in a word and a count. What cannot be known is not called well.
func (m *Model) wrongNow() string {
	g, t := &m.glance, &m.theme
	for _, p := range m.pages {
		if u, ok := p.(page.Urgent); ok {
			if text := u.Urgent(m.now); text != "" {
				return t.Danger.Render("! " + text)
			}
		}
	}
	wrong := m.wrong()
	frozen, _ := m.frozen()
	switch {
	case g.err != nil:
		return t.Danger.Render("! no answer for " + widget.Ago(max(0, m.now.Sub(g.failing))))
	case m.waits():
		return t.Warn.Render("omc slow: waiting " + widget.Ago(m.now.Sub(g.asked)))
	case !g.loaded:
		return ""
	case len(wrong) > 0 && m.w >= 140:
		return m.lag() + t.Danger.Render("! "+strconv.Itoa(len(wrong))+" wrong: "+widget.Truncate(wrong[0], 24))
	case len(wrong) > 0:
		return m.lag() + t.Danger.Render("! "+strconv.Itoa(len(wrong))+" wrong")
	case frozen > 0 && m.w < 100:
		return m.lag() + t.Warn.Render("! "+strconv.Itoa(frozen)+" frozen")
	case frozen > 0:
		return m.lag() + t.Warn.Render("! "+page.Plural(frozen, "position")+" frozen")
	}
	return m.lag() + t.Up.Render("✓ all well")
}

// lag says how long the newest answer took, where that was long.
func (m *Model) lag() string {
	if g := &m.glance; g.lag > slowAnswer {
		return m.theme.Warn.Render("lag "+strconv.FormatFloat(g.lag.Seconds(), 'f', 1, 64)+"s") + "   "
	}
	return ""
}
