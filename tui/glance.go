package tui

import (
	"context"
	"errors"
	"sort"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// glanceEvery is how often the header asks; slowAnswer is from when on it says that it waits.
const (
	glanceEvery = 2 * time.Second
	slowAnswer  = 1500 * time.Millisecond
)

// glance is what the header knows: am I making money, is anything wrong, what is the lab doing.
type glance struct {
	loaded  bool
	asked   time.Time // when the newest question was asked
	waiting bool
	lag     time.Duration // of the newest answer
	err     error
	failing time.Time // since when there is no answer
	status  api.Status
	floor   []api.FloorSession
	pnl     []api.PnL
	lab     []research.Session
}

type glanceMsg struct {
	glance
	err error
}

// poll asks again when it is time.
func (g *glance) poll(m *Model) tea.Cmd {
	if g.waiting || g.loaded && m.now.Sub(g.asked) < glanceEvery {
		return nil
	}
	g.waiting, g.asked = true, m.now
	c := m.client
	return page.Read(m.run, func(ctx context.Context) (glance, error) {
		var a glance
		var errs [4]error
		a.status, errs[0] = c.Status(ctx)
		if errs[0] == nil {
			a.floor, errs[1] = c.FloorSessions(ctx)
			a.pnl, errs[2] = c.PnL(ctx, "")
			a.lab, errs[3] = c.Sessions(ctx)
		}
		return a, errors.Join(errs[:]...)
	}, func(a glance, err error) tea.Msg { return glanceMsg{a, err} })
}

func (g *glance) take(m *Model, msg glanceMsg) tea.Cmd {
	g.waiting, g.loaded, g.lag = false, true, m.now.Sub(g.asked)
	if msg.err != nil && g.err == nil {
		g.failing = m.now
	}
	g.err = msg.err
	if msg.status.PID != 0 || msg.err == nil {
		g.status, g.floor, g.pnl, g.lab = msg.status, msg.floor, msg.pnl, msg.lab
	}
	return nil
}

// stopsWithUs lists what would pause if this process ended.
func (g *glance) stopsWithUs() []string {
	if !g.status.Embedded {
		return nil
	}
	var out []string
	for _, s := range g.floor {
		if !s.Status.Final() {
			out = append(out, "floor  "+widget.Neutralise(s.Strategy)+" "+page.Short(s.ID))
		}
	}
	for _, s := range g.lab {
		if s.Status == research.Running {
			out = append(out, "lab    "+widget.Neutralise(s.Goal))
		}
	}
	if len(out) > 6 {
		out = append(out[:6], "… and "+strconv.Itoa(len(out)-6)+" more")
	}
	return out
}

// running gives the floor sessions that trade now.
func (g *glance) running() []api.FloorSession {
	var out []api.FloorSession
	for _, s := range g.floor {
		if s.Status == journal.Running {
			out = append(out, s)
		}
	}
	return out
}

// purse is the money of the running sessions of one quote currency.
type purse struct {
	quote         string
	equity, today money.Decimal
	start         money.Decimal
	drawdown      float64 // the worst of them
	hasToday      bool
}

// purses adds up the running sessions by currency, the one with the most sessions first.
func (g *glance) purses() []purse {
	today := map[string]*money.Decimal{}
	for i := range g.pnl {
		today[g.pnl[i].Session] = g.pnl[i].Today
	}
	byQuote, counts := map[string]*purse{}, map[string]int{}
	for _, s := range g.running() {
		if len(s.Markets) == 0 {
			continue
		}
		q := widget.Neutralise(string(s.Markets[0].Quote))
		p := byQuote[q]
		if p == nil {
			p = &purse{quote: q}
			byQuote[q] = p
		}
		counts[q]++
		p.equity, p.start = p.equity.Add(s.Account.Equity), p.start.Add(s.Account.StartCash)
		if t := today[s.ID]; t != nil {
			p.today, p.hasToday = p.today.Add(*t), true
		}
		if s.Drawdown != nil {
			p.drawdown = min(p.drawdown, *s.Drawdown)
		}
	}
	out := make([]purse, 0, len(byQuote))
	for _, p := range byQuote {
		out = append(out, *p)
	}
	sort.Slice(out, func(i, j int) bool {
		if a, b := counts[out[i].quote], counts[out[j].quote]; a != b {
			return a > b
		}
		return out[i].quote < out[j].quote
	})
	return out
}

// wrong lists what is wrong, the worst first.
func (g *glance) wrong() []string {
	var out []string
	for _, p := range g.status.Parts {
		if !p.OK {
			out = append(out, widget.Neutralise(p.Part)+" "+widget.Neutralise(p.State))
		}
	}
	for _, s := range g.floor {
		if s.Status == journal.Running && s.Health != "" && s.Health != "ok" {
			out = append(out, widget.Neutralise(s.Strategy)+" "+widget.Neutralise(s.Health))
		}
	}
	for _, s := range g.status.Sources {
		if s.State == "failing" {
			out = append(out, widget.Neutralise(s.Name)+" failing")
		}
	}
	return out
}

// labNow says in few words what the lab does.
func (g *glance) labNow() string {
	n := map[research.Status]int{}
	for _, s := range g.lab {
		n[s.Status]++
	}
	var parts []string
	if n[research.Waiting] > 0 {
		parts = append(parts, strconv.Itoa(n[research.Waiting])+" asks you")
	}
	if n[research.Running] > 0 {
		parts = append(parts, strconv.Itoa(n[research.Running])+" running")
	}
	if n[research.Paused] > 0 && len(parts) == 0 {
		parts = append(parts, strconv.Itoa(n[research.Paused])+" paused")
	}
	if len(parts) == 0 {
		return "lab idle"
	}
	return "lab " + strings.Join(parts, ", ")
}
