package lab

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// Typing says whether a message is being written.
func (p *Page) Typing() bool { return p.input != nil }

// Type takes a key of the message.
func (p *Page) Type(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		p.leave()
	case "enter":
		return p.send()
	case "ctrl+c":
		s := p.session()
		switch {
		case s != nil && live(s):
			p.leave() // so that r, which the answer names, is a key and not a letter
			return p.stop()
		case p.input.Text() != "":
			p.input.Set("")
		default:
			p.input = nil
		}
	case "pgup", "up":
		p.scrolls[chat].Move(5)
	case "pgdown", "down":
		p.scrolls[chat].Move(-5)
	default:
		p.input.Key(k)
	}
	return nil
}

// leave ends writing; what was written is kept.
func (p *Page) leave() { p.draft, p.input = p.input.Text(), nil }

// maxMessage is the bytes that omc takes as one goal or message; what is longer is refused and not cut.
const maxMessage = 4000

// Paste puts text into the message, or refuses it whole.
func (p *Page) Paste(text string) tea.Cmd {
	if n := len(p.input.Text()) + len(text); n > maxMessage {
		return p.run.Send(page.Notice{Text: "not pasted: with it the message has " + page.Count(int64(n)) + " bytes, the limit is " + page.Count(maxMessage), Bad: true})
	}
	p.input.Insert(text)
	return nil
}

// Subject names the chosen session.
func (p *Page) Subject() string {
	s := p.session()
	if s == nil {
		return ""
	}
	return named(s)
}

func named(s *research.Session) string {
	return page.Short(s.ID) + " " + widget.Truncate(widget.Neutralise(s.Goal), 24)
}

// FilterName says what a filter narrows.
func (p *Page) FilterName() string { return "sessions" }

// Filter narrows the list of sessions and shows it.
func (p *Page) Filter(text string) {
	p.filter = text
	if text != "" {
		p.pane = sessions
	}
}

// Filtered says what filter is kept and how much of the list it hides.
func (p *Page) Filtered() (text string, hidden int) { return p.filter, len(p.all) - len(p.shown()) }

// Back leaves the filter, the scroll, the pane, and a new session that was not sent.
func (p *Page) Back() bool {
	switch {
	case p.filter != "":
		p.filter = ""
	case p.scrolls[p.pane].Off != 0:
		p.scrolls[p.pane].Off = 0
	case p.pane != chat:
		p.pane = chat
	case p.fresh && p.chosen != "":
		p.fresh = false
		p.rev++
	default:
		return false
	}
	return true
}

// Actions are the page's keys now.
func (p *Page) Actions() []page.Action {
	s := p.session()
	stop, resume, cancel, best := "", "", "", ""
	switch {
	case s == nil:
		stop, resume, cancel, best = "no session", "no session", "no session", "no session"
	default:
		if !live(s) {
			stop = "no turn runs"
		}
		if s.Status != research.Paused && s.Status != research.Failed {
			resume = "it is " + string(s.Status)
		}
		if s.Status == research.Done || s.Status == research.Cancelled || s.Status == research.Failed {
			cancel = "it is " + string(s.Status)
		}
		if s.Best == "" {
			best = "no candidate yet"
		}
	}
	stopKey := page.Action{Key: "ctrl+c", Label: "stop turn", Help: "stop the turn; the session stays and can be resumed", Verb: "stop", Off: stop}
	if p.input != nil {
		return []page.Action{
			{Key: "enter", Label: "send"}, {Key: "esc", Label: "leave writing"}, stopKey, {Key: "↑↓", Label: "scroll"},
		}
	}
	write := page.Action{Key: "i", Label: "write", Help: "write a message; answer a question by its number", Verb: "chat"}
	switch {
	case s != nil && s.Status == research.Waiting:
		write.Label = "answer"
	case p.pane == sessions:
		write.Quiet = true
	}
	open := page.Action{Key: "enter", Label: "open", Help: "open the session under the cursor", Quiet: p.pane != sessions}
	return []page.Action{
		write, open, stopKey,
		{Key: "n", Label: "new", Help: "open a new session with a goal", Verb: "run"},
		{Key: "r", Label: "resume", Help: "go on with a paused session", Verb: "resume", Off: resume},
		{Key: "tab", Label: "pane", Help: "go to the next pane: conversation, plan, sessions, report"},
		{Key: "f", Label: "fold", Help: "open or fold the calls of tools"},
		{Key: "a", Label: "algorithm", Help: "show the best candidate", Verb: "best", Off: best, Quiet: best != ""},
		{Key: "x", Label: "cancel", Help: "end the session", Verb: "cancel", Off: cancel, Quiet: true},
	}
}

// Entries are the sessions, for the palette.
func (p *Page) Entries() []page.Entry {
	out := make([]page.Entry, 0, len(p.all))
	for i := range p.all {
		s := &p.all[i]
		out = append(out, page.Entry{Title: "lab show " + named(s), Help: string(s.Status) + "  " + s.Goal, Msg: page.OpenLab{ID: s.ID}})
	}
	return out
}

// Do runs a key.
func (p *Page) Do(key string) tea.Cmd {
	s := p.session()
	switch key {
	case "i":
		p.write()
	case "enter":
		if p.pane == sessions {
			return p.openChosen()
		}
		p.write()
	case "n":
		p.fresh, p.pane = true, chat
		p.rev++
		p.write()
	case "tab":
		p.pane = (p.pane + 1) % panes
	case "shift+tab":
		p.pane = (p.pane + panes - 1) % panes
	case "f":
		p.open = !p.open
	case "ctrl+c":
		if s != nil && live(s) {
			return p.stop()
		}
	case "r":
		if s != nil && (s.Status == research.Paused || s.Status == research.Failed) {
			return p.act("resume", "the session goes on", s.ID, p.client.ResumeSession)
		}
	case "x":
		if s != nil {
			yes := p.act("cancel", "the session is cancelled", s.ID, p.client.CancelSession)
			return p.run.Send(page.Confirm{Title: "End this session?", Lines: []string{widget.Neutralise(s.Goal), "", "Its trials and candidates stay; it will not be resumed."}, Label: "end it", Yes: yes})
		}
	case "a":
		if s != nil && s.Best != "" {
			return p.run.Send(page.OpenAlgorithm{ID: s.Best})
		}
	case "up", "down", "j", "k", "pgup", "pgdown", "home", "end":
		p.move(map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -10, "pgdown": 10, "home": -1 << 30, "end": 1 << 30}[key])
	}
	return nil
}

func (p *Page) move(n int) {
	switch p.pane {
	case sessions:
		p.cursor.Move(n, len(p.shown()))
	case chat:
		p.scrolls[chat].Move(-n)
	default:
		p.scrolls[p.pane].Move(n)
	}
}

// Wheel scrolls the pane that has the focus.
func (p *Page) Wheel(_, _, lines int) { p.move(lines) }

func (p *Page) write() {
	p.pane = chat
	p.scrolls[chat].Off = 0
	if p.input == nil {
		p.input = page.NewInput(p.draft)
		p.draft = ""
	}
}

func (p *Page) openChosen() tea.Cmd {
	shown := p.shown()
	if len(shown) == 0 {
		return nil
	}
	p.cursor.Move(0, len(shown))
	id := shown[p.cursor.Cursor].ID
	p.pane, p.filter = chat, ""
	if id == p.chosen && !p.fresh {
		return nil
	}
	p.chosen, p.fresh = id, false
	return p.switched()
}

// stop pauses the turn.
func (p *Page) stop() tea.Cmd {
	return p.act("stop the turn", "the turn stopped; r resumes it", p.chosen, p.client.StopTurn)
}

func (p *Page) act(doing, text, id string, fn func(context.Context, string) (research.Session, error)) tea.Cmd {
	return page.Work(p.run, func(ctx context.Context) (research.Session, error) { return fn(ctx, id) },
		func(s research.Session, err error) tea.Msg { return sentMsg{doing: doing, text: text, s: s, err: err} })
}

// send gives the message to the session, or opens one with it as its goal.
func (p *Page) send() tea.Cmd {
	text := strings.TrimSpace(p.input.Text())
	s := p.session()
	switch {
	case text == "" || p.sending:
		return nil
	case len(text) > maxMessage:
		return p.run.Send(page.Notice{Text: "not sent: the message has " + page.Count(int64(len(text))) + " bytes, the limit is " + page.Count(maxMessage), Bad: true})
	case s != nil && s.Status == research.Running:
		return p.run.Send(page.Notice{Text: "a turn runs: wait for it, or stop it with ctrl+c and then send", Bad: true})
	}
	p.sending = true
	p.input.Set("")
	c := p.client
	if s == nil {
		return page.Work(p.run, func(ctx context.Context) (research.Session, error) {
			return c.OpenSession(ctx, api.LabRequest{Goal: text, Options: research.Options{Interactive: true}})
		}, func(s research.Session, err error) tea.Msg {
			return sentMsg{doing: "open a session", said: text, s: s, opened: true, err: err}
		})
	}
	id := s.ID
	return page.Work(p.run, func(ctx context.Context) (research.Session, error) { return c.SendMessage(ctx, id, text) },
		func(s research.Session, err error) tea.Msg {
			return sentMsg{doing: "send the message", said: text, s: s, err: err}
		})
}
