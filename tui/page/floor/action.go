package floor

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

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
	stop, kill, open := "", p.killOff(), ""
	switch {
	case s == nil:
		stop, open = "no session", "no session"
	case !running(s):
		stop = "it is " + string(s.Status)
	}
	return []page.Action{
		{Key: "tab", Label: "pane", Help: "go to the next pane; shift+tab to the one before"},
		{Key: "n", Label: "start", Help: "start a paper session from an algorithm", Verb: "start"},
		{Key: "s", Label: "stop", Help: "stop the session; its positions stay, frozen: nothing looks after them", Verb: "stop", Off: stop},
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
		if p.killOff() == "" {
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

// Click chooses the row under the mouse, and its pane.
func (p *Page) Click(x, y int) tea.Cmd {
	sizes := [panes]int{len(p.shown()), len(p.held()), len(p.books.orders), len(p.books.trades), len(p.log)}
	for i := range p.places {
		at := p.places[i]
		if x < at.X || x >= at.X+at.W || y < at.Y || y >= at.Y+at.H {
			continue
		}
		p.pane = i
		if row, ok := at.Row(&p.lists[i], sizes[i], x, y); ok && i != events {
			return p.move(row - p.lists[i].Cursor)
		}
		return nil
	}
	return nil
}

// Filtered is what narrows the sessions, and how many it hides.
func (p *Page) Filtered() (string, int) { return p.filter, len(p.sessions) - len(p.shown()) }

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

// stop says what stays behind, and asks.
func (p *Page) stop(s *api.FloorSession) tea.Cmd {
	id, name := s.ID, widget.Neutralise(s.Strategy)
	c := p.client
	yes := page.Work(p.run, func(ctx context.Context) (api.FloorSession, error) { return c.StopFloor(ctx, id) }, func(s api.FloorSession, err error) tea.Msg {
		text := name + " stopped"
		if k := frozen(&s); k > 0 {
			text += "; " + frozenText(k) + ": nothing looks after " + themOrIt(k) + " any more"
		}
		return doneMsg{text: text, doing: "stop " + name, err: err}
	})
	told := func() (string, []string, string) {
		s := p.byID(id)
		if s == nil {
			return "Stop " + name + "?", []string{name + " " + page.Short(id) + " is gone."}, "stop it"
		}
		return "Stop " + name + "?", stopLines(s), "stop it"
	}
	title, lines, label := told()
	return p.run.Send(page.Confirm{Title: title, Lines: lines, Label: label, Yes: yes, Now: told})
}

// stopLines say what stopping a session leaves behind.
func stopLines(s *api.FloorSession) []string {
	head := widget.Neutralise(s.Strategy) + " " + page.Short(s.ID) + " stops trading."
	switch k := page.Held(s); k {
	case 0:
		return []string{head, "It holds no position: nothing stays behind."}
	case 1:
		return []string{head, "Its 1 position stays as it is, frozen: nothing looks after it any more, no stop sells it, and the kill switch no longer reaches it.", "",
			"To sell it first: n here, then k, which sells every position of every session."}
	default:
		return []string{head, "Its " + positionsText(k) + " stay as they are, frozen: nothing looks after them any more, no stop sells them, and the kill switch no longer reaches them.", "",
			"To sell them first: n here, then k, which sells every position of every session."}
	}
}

func frozenText(n int) string { return positionsText(n) + " frozen" }

func themOrIt(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
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
				Label: widget.Neutralise(a.Name), Help: page.Short(a.ID) + "  " + contentText(&a.Content),
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

func positionsText(n int) string { return page.Plural(n, "position") }
