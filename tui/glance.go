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
	loaded   bool
	asked    time.Time // when the newest question was asked
	waiting  bool
	lag      time.Duration // of the newest answer
	err      error
	failing  time.Time // since when there is no answer
	answered time.Time // when the newest answer without an error came
	status   api.Status
	lab      []research.Session
}

type glanceMsg struct {
	glance
	floor []api.FloorSession
	err   error
}

// The sessions of the floor are not the glance's: it asks for them and gives them to the pages, and what it says of them it reads off
// the floor page's list, so that a frame shows one state of a session.
type floorList interface{ Sessions() []api.FloorSession }

func (m *Model) sessions() []api.FloorSession {
	for _, p := range m.pages {
		if f, ok := p.(floorList); ok {
			return f.Sessions()
		}
	}
	return nil
}

// poll asks again when it is time.
func (g *glance) poll(m *Model) tea.Cmd {
	if g.waiting || g.loaded && m.now.Sub(g.asked) < glanceEvery {
		return nil
	}
	g.waiting, g.asked = true, m.now
	c := m.client
	return page.Read(m.run, func(ctx context.Context) (glanceMsg, error) {
		var a glanceMsg
		var errs [3]error
		a.status, errs[0] = c.Status(ctx)
		if errs[0] == nil {
			a.floor, errs[1] = c.FloorSessions(ctx)
			a.lab, errs[2] = c.Sessions(ctx)
		}
		return a, errors.Join(errs[:]...)
	}, func(a glanceMsg, err error) tea.Msg {
		a.err = err
		return a
	})
}

func (g *glance) take(m *Model, msg glanceMsg) tea.Cmd {
	g.waiting, g.loaded, g.lag = false, true, m.now.Sub(g.asked)
	if msg.err != nil && g.err == nil {
		g.failing = m.now
	}
	g.err = msg.err
	if msg.err != nil {
		return nil
	}
	g.status, g.lab, g.answered = msg.status, msg.lab, m.now
	return m.deliver(page.FloorSessions{List: msg.floor})
}

// stopsWithUs lists what would pause if this process ended.
func (m *Model) stopsWithUs() []string {
	g := &m.glance
	if !g.status.Embedded {
		return nil
	}
	var out []string
	for _, s := range m.sessions() {
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
func (m *Model) running() []api.FloorSession {
	var out []api.FloorSession
	for _, s := range m.sessions() {
		if s.Status == journal.Running {
			out = append(out, s)
		}
	}
	return out
}

// remindFor is how long the header reminds of positions that were left alone; the floor page always tells.
const remindFor = 24 * time.Hour

// frozen counts the positions that sessions which were ended lately still hold, and those sessions.
func (m *Model) frozen() (positions, ended int) {
	for _, s := range m.sessions() {
		if n := page.Held(&s); n > 0 && page.LeftAlone(&s) && m.now.Sub(s.UpdatedAt) < remindFor {
			positions += n
			ended++
		}
	}
	return positions, ended
}

// purse is the money of the running sessions of one quote currency. Made-up money is never added to other money.
type purse struct {
	quote     string
	simulated bool
	sessions  int
	equity    money.Decimal
	today     money.Decimal // of those that traded before today
	before    money.Decimal // what those had at the end of the day before
	drawdown  float64       // the worst of them
	hasToday  bool
}

// purses adds up the running sessions by currency, the made-up ones last, else the one with the most sessions first.
func (m *Model) purses() []purse {
	type kind struct {
		quote     string
		simulated bool
	}
	by := map[kind]*purse{}
	for _, s := range m.running() {
		if len(s.Markets) == 0 {
			continue
		}
		k := kind{widget.Neutralise(string(s.Markets[0].Quote)), s.Simulated}
		p := by[k]
		if p == nil {
			p = &purse{quote: k.quote, simulated: k.simulated}
			by[k] = p
		}
		p.sessions++
		p.equity = p.equity.Add(s.Account.Equity)
		if b := s.Account.Before; b != nil {
			p.today, p.before, p.hasToday = p.today.Add(s.Account.Equity.Sub(*b)), p.before.Add(*b), true
		}
		if s.Drawdown != nil {
			p.drawdown = min(p.drawdown, *s.Drawdown)
		}
	}
	out := make([]purse, 0, len(by))
	for _, p := range by {
		out = append(out, *p)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		switch {
		case a.simulated != b.simulated:
			return b.simulated
		case a.sessions != b.sessions:
			return a.sessions > b.sessions
		}
		return a.quote < b.quote
	})
	return out
}

// wrong lists what is wrong, the worst first.
func (m *Model) wrong() []string {
	g := &m.glance
	var out []string
	for _, p := range g.status.Parts {
		if !p.OK {
			out = append(out, widget.Neutralise(p.Part)+" "+widget.Neutralise(p.State))
		}
	}
	for _, s := range m.sessions() {
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
