package floor

import (
	"context"
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// Typing is never so: the page has no text of its own.
func (p *Page) Typing() bool { return false }

// Type is not called, as Typing is never so.
func (p *Page) Type(tea.KeyPressMsg) tea.Cmd { return nil }

// Paste is not called, as Typing is never so.
func (p *Page) Paste(string) tea.Cmd { return nil }

// FilterName says what a filter narrows.
func (p *Page) FilterName() string { return "sessions" }

// Filter narrows the sessions.
func (p *Page) Filter(text string) { p.filter = text }

// Back leaves the filter, then the pane.
func (p *Page) Back() bool {
	switch {
	case p.filter != "":
		p.filter = ""
	case p.logScroll.Off != 0:
		p.logScroll.Off = 0
	case p.pane != sessions:
		p.pane = sessions
	default:
		return false
	}
	return true
}

// Actions are the page's keys now.
func (p *Page) Actions() []page.Action {
	s := p.session()
	stop, kill, open := "", "", ""
	switch {
	case s == nil:
		stop, open = "no session", "no session"
	case !running(s):
		stop = "it is " + string(s.Status)
	}
	if p.alive() == 0 {
		kill = "nothing runs"
	}
	return []page.Action{
		{Key: "tab", Label: "pane", Help: "go to the next pane; shift+tab to the one before"},
		{Key: "n", Label: "start", Help: "start a paper session from an algorithm", Verb: "start"},
		{Key: "s", Label: "stop", Help: "stop the session; its positions stay as they are", Verb: "stop", Off: stop},
		{Key: "k", Label: "kill…", Help: "kill switch: sell every position and halt every session", Verb: "kill", Off: kill},
		{Key: "a", Label: "algorithm", Help: "show the session's algorithm", Verb: "algorithm", Off: open, Quiet: true},
		{Key: "e", Label: "events", Help: "go to the event log", Verb: "audit", Off: open, Quiet: true},
	}
}

// Entries are the sessions, for the palette.
func (p *Page) Entries() []page.Entry {
	out := make([]page.Entry, 0, len(p.sessions))
	for _, s := range p.sessions {
		out = append(out, page.Entry{Title: "floor status " + s.Strategy + " " + page.Short(s.ID), Help: string(s.Status) + ", " + s.Feed, Msg: page.OpenFloor{ID: s.ID}})
	}
	return out
}

// Do runs a key.
func (p *Page) Do(key string) tea.Cmd {
	s := p.session()
	switch key {
	case "tab":
		p.pane = (p.pane + 1) % panes
	case "shift+tab":
		p.pane = (p.pane + panes - 1) % panes
	case "up", "down", "j", "pgup", "pgdown", "home", "end":
		return p.move(map[string]int{"up": -1, "down": 1, "j": 1, "pgup": -10, "pgdown": 10, "home": -1 << 30, "end": 1 << 30}[key])
	case "e":
		p.pane = events
	case "a":
		if s != nil {
			return p.run.Send(page.OpenAlgorithm{ID: s.Algorithm})
		}
	case "n":
		return page.Read(p.run, p.client.Algorithms, func(l []api.Algorithm, err error) tea.Msg { return startMsg{l, err} })
	case "s":
		if running(s) {
			return p.stop(s)
		}
	case "k":
		if p.alive() > 0 {
			return p.kill()
		}
	}
	return nil
}

func (p *Page) move(n int) tea.Cmd {
	switch p.pane {
	case sessions:
		list := p.shown()
		p.lists[sessions].Move(n, len(list))
		if len(list) > 0 {
			p.chosen = list[p.lists[sessions].Cursor].ID
		}
		return p.choose()
	case events:
		p.logScroll.Move(-n)
	case positions:
		p.lists[positions].Move(n, len(p.held()))
	case orders:
		p.lists[orders].Move(n, len(p.books.orders))
	case trades:
		p.lists[trades].Move(n, len(p.books.trades))
	}
	return nil
}

// Wheel scrolls the pane that has the focus.
func (p *Page) Wheel(_, _, lines int) {
	if p.pane == sessions { // moving between sessions opens streams: not by the wheel
		return
	}
	_ = p.move(lines) // only the sessions' pane gives a command
}

// alive counts the sessions that trade.
func (p *Page) alive() int {
	n := 0
	for i := range p.sessions {
		if running(&p.sessions[i]) {
			n++
		}
	}
	return n
}

func (p *Page) stop(s *api.FloorSession) tea.Cmd {
	id, name := s.ID, widget.Neutralise(s.Strategy)
	lines := []string{name + " " + page.Short(id) + " stops trading.", "Its " + positionsText(held(s)) + " stay as they are: nothing is sold."}
	c := p.client
	yes := page.Work(p.run, func(ctx context.Context) (api.FloorSession, error) { return c.StopFloor(ctx, id) }, func(_ api.FloorSession, err error) tea.Msg {
		return doneMsg{text: name + " stopped; its positions stay", doing: "stop " + name, err: err}
	})
	return p.run.Send(page.Confirm{Title: "Stop " + name + "?", Lines: lines, Label: "stop it", Yes: yes})
}

// kill asks for the word before everything is sold.
func (p *Page) kill() tea.Cmd {
	n, open := 0, 0
	var lines []string
	for i := range p.sessions {
		s := &p.sessions[i]
		if !running(s) {
			continue
		}
		n++
		k := held(s)
		open += k
		lines = append(lines, fmt.Sprintf("%s  %s  %s, equity %s %s", widget.Fit(widget.Neutralise(s.Strategy), 18), page.Short(s.ID), positionsText(k),
			page.Amount(s.Account.Equity), widget.Neutralise(quote(s))))
	}
	if len(lines) > 8 {
		lines = append(lines[:8], "… and "+strconv.Itoa(len(lines)-8)+" more")
	}
	lines = append(lines, "", "Every open order is cancelled, every position is sold at the market's price, and the sessions halt for good. This cannot be taken back.")
	c := p.client
	yes := page.Work(p.run, func(ctx context.Context) (api.KillResult, error) {
		return c.Kill(ctx, api.KillRequest{Reason: "kill switch in the workstation"})
	}, func(r api.KillResult, err error) tea.Msg {
		return doneMsg{text: fmt.Sprintf("killed: %s halted, %s closed", plural(len(r.Sessions), "session"), positionsText(r.Closed)), doing: "kill", err: err}
	})
	return p.run.Send(page.Confirm{
		Title: fmt.Sprintf("Kill switch: flatten %s of %s", positionsText(open), plural(n, "session")),
		Lines: lines, Word: "KILL", Label: "flatten " + positionsText(open) + " on paper", Yes: yes,
	})
}

// offer lets the person choose one of the algorithms that may trade on paper.
func (p *Page) offer(msg startMsg) tea.Cmd {
	if msg.err != nil {
		return p.run.Send(page.Notice{Text: page.Explain("list algorithms", msg.err), Bad: true})
	}
	c := page.Choice{Title: "Start on paper: which algorithm?"}
	for _, a := range msg.list {
		if a.State == strategy.Paper && len(c.Options) < 9 {
			c.Options = append(c.Options, page.Option{
				Label: widget.Neutralise(a.Name), Help: page.Short(a.ID) + "  " + page.Params(a.Content.Params),
				Msg: page.StartFloor{ID: a.ID, Name: a.Name},
			})
		}
	}
	if len(c.Options) == 0 {
		return p.run.Send(page.Confirm{
			Title: "No algorithm may trade on paper yet",
			Lines: []string{"An algorithm comes here when it is promoted to paper: open page 3, choose one, press p.", "Or: omc algo promote ID --to paper"},
			Off:   "Nothing was started.",
		})
	}
	return p.run.Send(c)
}

// feeds lets the person choose where prices come from.
func (p *Page) feeds(id, name string) tea.Cmd {
	start := func(r api.FloorRequest) tea.Cmd {
		r.Algorithm, r.Paper = id, true
		c := p.client
		return page.Work(p.run, func(ctx context.Context) (api.FloorSession, error) { return c.StartFloor(ctx, r) }, func(s api.FloorSession, err error) tea.Msg {
			return doneMsg{text: "started " + widget.Neutralise(s.Strategy) + " " + page.Short(s.ID) + " on paper", doing: "start " + name, session: s.ID, err: err}
		})
	}
	return p.run.Send(page.Choice{
		Title: "Start " + widget.Neutralise(name) + " " + page.Short(id) + " on paper: which prices?",
		Lines: []string{"Paper: orders are filled by omc's own simulator, with fees and slippage; no venue hears of them."},
		Options: []page.Option{
			{Label: "coinspot", Help: "CoinSpot's public prices, as they come", Do: start(api.FloorRequest{Feed: "coinspot"})},
			{Label: "replay", Help: "stored bars after its data, 3,600× real speed", Do: start(api.FloorRequest{Feed: "replay", Speed: 3600})},
			{Label: "sim", Help: "made-up prices (SIM), 300× real speed", Do: start(api.FloorRequest{Feed: "sim", Speed: 300})},
		},
	})
}

// held counts a session's open positions.
func held(s *api.FloorSession) int {
	n := 0
	for i := range s.Account.Positions {
		if !s.Account.Positions[i].Quantity.IsZero() {
			n++
		}
	}
	return n
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

func positionsText(n int) string { return plural(n, "position") }
