// Package lab is the workstation's page of research: the conversation with the lab's agents, their plan, their sessions and reports.
// It shows what the lab says and sends what a person says; it judges nothing.
package lab

import (
	"context"
	"encoding/json"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/page"
)

// Client is what the page asks.
type Client interface {
	OpenSession(ctx context.Context, r api.LabRequest) (research.Session, error)
	Sessions(ctx context.Context) ([]research.Session, error)
	Session(ctx context.Context, id string) (api.LabSession, error)
	SessionEvents(ctx context.Context, id string, after int64, follow bool, emit func(research.Event) error) error
	SendMessage(ctx context.Context, id, text string) (research.Session, error)
	ResumeSession(ctx context.Context, id string) (research.Session, error)
	StopTurn(ctx context.Context, id string) (research.Session, error)
	CancelSession(ctx context.Context, id string) (research.Session, error)
}

// The panes, in tab order.
const (
	chat = iota
	plan
	sessions
	report
	panes
)

const (
	pollEvery   = 2 * time.Second
	followAgain = 3 * time.Second // after a stream ended
	maxEvents   = 3000            // of one conversation; older ones are left out of the page
	maxDelta    = 64 << 10        // bytes of streaming text
)

// Page is the lab.
type Page struct {
	client Client
	run    *page.Runner

	loaded  bool
	waiting bool
	asked   time.Time
	err     error
	all     []research.Session
	chosen  string
	fresh   bool // a new session is being written: none is chosen
	pane    int
	cursor  page.List
	filter  string
	scrolls [panes]page.Scroll

	input   *page.Input // while a message is written
	draft   string      // what was written and not sent
	sending bool

	stream    *page.Stream[research.Event]
	streamEnd time.Time
	streamErr error
	events    []research.Event
	seq       int64
	delta     string
	deltaOf   string
	plan      []research.PlanStep
	trials    int
	rev       int // counts changes of what the conversation shows
	open      bool
	drawn     drawn

	full    api.LabSession // of the chosen session, with its report
	fullFor string         // id and status it was asked for
}

// drawn keeps the conversation's lines until something changes.
type drawn struct {
	rev, w int
	open   bool
	rests  bool
	theme  int
	lines  []string
}

// New makes the page.
func New(c Client, run *page.Runner) *Page { return &Page{client: c, run: run} }

// Title is the page's name.
func (p *Page) Title() string { return "Lab" }

// Noun is the command line's.
func (p *Page) Noun() string { return "lab" }

type (
	sessionsMsg struct {
		all []research.Session
		err error
	}
	fullMsg struct {
		id string
		s  api.LabSession
	}
	sentMsg struct {
		doing, text, said string
		s                 research.Session
		opened            bool
		err               error
	}
)

// Poll asks for the sessions and takes a broken stream up again.
func (p *Page) Poll(now time.Time) tea.Cmd {
	var cmds []tea.Cmd
	if p.stream == nil && p.streamEnd.IsZero() {
		p.streamEnd = now
	}
	if s := p.session(); s != nil && p.stream == nil && now.Sub(p.streamEnd) > followAgain && (live(s) || p.streamErr != nil) {
		cmds = append(cmds, p.follow())
	}
	if !p.waiting && (!p.loaded || now.Sub(p.asked) >= pollEvery) {
		p.waiting, p.asked = true, now
		cmds = append(cmds, page.Read(p.run, p.client.Sessions, func(all []research.Session, err error) tea.Msg { return sessionsMsg{all, err} }))
	}
	return tea.Batch(cmds...)
}

func live(s *research.Session) bool {
	return s.Status == research.Running || s.Status == research.Waiting
}

// Update takes answers and requests.
func (p *Page) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case sessionsMsg:
		p.waiting, p.loaded, p.err = false, true, msg.err
		if msg.err == nil {
			p.all = msg.all
		}
		return tea.Batch(p.choose(), p.loadFull())
	case fullMsg:
		if msg.id == p.chosen {
			p.full = msg.s
		}
	case page.Batch[research.Event]:
		return p.take(msg)
	case sentMsg:
		return p.sent(msg)
	case page.OpenLab:
		p.chosen, p.fresh, p.filter, p.pane = msg.ID, false, "", chat
		return p.switched()
	case page.Act:
		return p.command(msg)
	}
	return nil
}

// command does what the command line's verb does to a session; a new one only gets its goal written, and waits for enter.
func (p *Page) command(msg page.Act) tea.Cmd {
	switch {
	case msg.Noun != p.Noun():
		return nil
	case msg.Verb == "sessions":
		p.pane = sessions
		return nil
	case msg.Verb == "run":
		cmd := p.Do("n")
		if msg.Text != "" {
			p.input.Set("")
			return tea.Batch(cmd, p.Paste(msg.Text))
		}
		return cmd
	}
	cmds := []tea.Cmd{p.Update(page.OpenLab{ID: msg.ID})}
	p.input = nil
	for _, a := range p.Actions() {
		switch {
		case a.Verb != msg.Verb:
		case a.Off != "":
			return tea.Batch(append(cmds, p.run.Send(page.Notice{Text: a.Label + ": " + a.Off, Bad: true}))...)
		default:
			return tea.Batch(append(cmds, p.Do(a.Key))...)
		}
	}
	return tea.Batch(cmds...)
}

func (p *Page) sent(msg sentMsg) tea.Cmd {
	p.sending = false
	if msg.err != nil {
		if msg.said != "" && p.draft == "" && (p.input == nil || p.input.Text() == "") { // nothing written is lost
			p.draft = msg.said
			if p.input != nil {
				p.input.Set(msg.said)
			}
		}
		return p.run.Send(page.Notice{Text: page.Explain(msg.doing, msg.err), Bad: true})
	}
	found := false
	for i := range p.all {
		if p.all[i].ID == msg.s.ID {
			p.all[i], found = msg.s, true
		}
	}
	if !found {
		p.all = append([]research.Session{msg.s}, p.all...)
	}
	p.rev++
	var cmds []tea.Cmd
	if msg.text != "" {
		cmds = append(cmds, p.run.Send(page.Notice{Text: msg.text}))
	}
	if msg.opened || p.chosen != msg.s.ID && p.fresh {
		p.chosen, p.fresh = msg.s.ID, false
		cmds = append(cmds, p.switched())
	} else if p.stream == nil {
		cmds = append(cmds, p.follow())
	}
	return tea.Batch(cmds...)
}

func (p *Page) shown() []research.Session {
	if p.filter == "" {
		return p.all
	}
	var out []research.Session
	for i := range p.all {
		s := &p.all[i]
		if page.Matches(s.ID+" "+s.Goal+" "+string(s.Status)+" "+s.Model, p.filter) {
			out = append(out, *s)
		}
	}
	return out
}

// session gives the chosen session, nil where there is none.
func (p *Page) session() *research.Session {
	if p.fresh {
		return nil
	}
	for i := range p.all {
		if p.all[i].ID == p.chosen {
			return &p.all[i]
		}
	}
	return nil
}

// choose keeps the cursor on the chosen session, or takes the newest.
func (p *Page) choose() tea.Cmd {
	shown := p.shown()
	for i := range shown {
		if shown[i].ID == p.chosen {
			p.cursor.Cursor = i
			return nil
		}
	}
	if p.fresh || len(shown) == 0 || p.chosen != "" {
		return nil
	}
	p.cursor.Move(0, len(shown))
	p.chosen = shown[p.cursor.Cursor].ID
	return p.switched()
}

// switched starts over with another session's conversation.
func (p *Page) switched() tea.Cmd {
	p.events, p.seq, p.delta, p.plan, p.trials, p.streamErr = nil, 0, "", nil, 0, nil
	p.scrolls, p.full, p.fullFor = [panes]page.Scroll{}, api.LabSession{}, ""
	p.rev++
	return tea.Batch(p.follow(), p.loadFull())
}

// follow opens the chosen session's stream after what is known already.
func (p *Page) follow() tea.Cmd {
	if p.stream != nil {
		p.stream.Close()
		p.stream = nil
	}
	if p.chosen == "" || p.fresh {
		return nil
	}
	p.streamErr = nil
	id, after, c := p.chosen, p.seq, p.client
	p.stream = page.Follow(p.run, func(ctx context.Context, emit func(research.Event) error) error {
		return c.SessionEvents(ctx, id, after, true, emit)
	})
	return p.stream.Next()
}

// loadFull asks for the report of a session that came to rest.
func (p *Page) loadFull() tea.Cmd {
	s := p.session()
	if s == nil || s.Status == research.Running {
		return nil
	}
	k := s.ID + " " + string(s.Status) + " " + s.UpdatedAt.String()
	if k == p.fullFor {
		return nil
	}
	p.fullFor = k
	id, c := s.ID, p.client
	return page.Read(p.run, func(ctx context.Context) (api.LabSession, error) { return c.Session(ctx, id) },
		func(f api.LabSession, err error) tea.Msg {
			if err != nil {
				return page.Notice{Text: page.Explain("read the report", err), Bad: true}
			}
			return fullMsg{id, f}
		})
}

// take adds a batch of events.
func (p *Page) take(b page.Batch[research.Event]) tea.Cmd {
	if b.Stream != p.stream {
		return nil
	}
	for i := range b.Events {
		p.event(&b.Events[i])
	}
	if n := len(p.events) - maxEvents; n > 0 {
		p.events = append(p.events[:0:0], p.events[n:]...)
	}
	if len(b.Events) > 0 {
		p.rev++
	}
	if b.Done {
		p.stream, p.streamErr, p.streamEnd = nil, b.Err, time.Time{}
		return p.loadFull()
	}
	return tea.Batch(p.stream.Next(), p.loadFull())
}

// event takes one event into what the page knows.
func (p *Page) event(e *research.Event) {
	if e.Kind == research.EventDelta {
		if p.deltaOf != e.Agent {
			p.delta, p.deltaOf = "", e.Agent
		}
		if len(p.delta) < maxDelta {
			p.delta += e.Text
		}
		return
	}
	if e.Seq != 0 && e.Seq <= p.seq {
		return
	}
	p.seq = max(p.seq, e.Seq)
	switch e.Kind {
	case research.EventText, research.EventError, research.EventStatus, research.EventQuestion:
		p.delta = ""
	case research.EventPlan:
		var steps []research.PlanStep
		if json.Unmarshal(e.Data, &steps) == nil {
			p.plan = steps
		}
		return
	case research.EventTrial:
		p.trials++
		return
	}
	if e.Kind == research.EventStatus {
		if s := p.session(); s != nil {
			s.Status = research.Status(e.Text)
		}
	}
	p.events = append(p.events, *e)
}
