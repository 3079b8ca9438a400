// Package floor is the workstation's page of trading sessions: their books, orders, events and the kill switch. It decides nothing
// about trading: it shows what the floor says and asks it to start, stop or kill.
package floor

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/tui/page"
)

// Client is what the page asks.
type Client interface {
	Algorithms(ctx context.Context) ([]api.Algorithm, error)
	StartFloor(ctx context.Context, r api.FloorRequest) (api.FloorSession, error)
	FloorSessions(ctx context.Context) ([]api.FloorSession, error)
	StopFloor(ctx context.Context, id string) (api.FloorSession, error)
	Kill(ctx context.Context, r api.KillRequest) (api.KillResult, error)
	Orders(ctx context.Context, session string, limit int) ([]api.OrderRow, error)
	Trades(ctx context.Context, session string, limit int) ([]api.FillRow, error)
	PnL(ctx context.Context, session string) ([]api.PnL, error)
	Coverage(ctx context.Context) ([]ledger.Coverage, error)
	FloorEvents(ctx context.Context, id string, after int64, emit func(api.FloorEvent) error) error
}

// The panes, in tab order.
const (
	sessions = iota
	positions
	orders
	trades
	events
	panes
)

const (
	pollEvery = time.Second
	maxRows   = 200 // orders and trades asked for
	maxEvents = 1000

	followAgain = 3 * time.Second // after a stream was cut
)

// Page is the floor.
type Page struct {
	page.NoText

	client Client
	run    *page.Runner

	loaded   bool
	waiting  bool
	asked    time.Time
	now      time.Time // of the newest poll
	err      error
	sessions []api.FloorSession
	chosen   string // id of the session under the cursor
	pane     int
	lists    [panes]page.List
	filter   string
	places   [panes]page.Place // where rows were drawn last, for the mouse
	sent     *killed           // the kill switch, from when it was sent until the answer is in the sessions
	start    startChoice       // what the start dialog tells

	books    books
	bookWait bool

	stream    *page.Stream[api.FloorEvent]
	streamOf  string
	streamErr error
	streamEnd time.Time // when it was seen to have ended
	log       []event
	logScroll page.Scroll
	logSeq    int64
}

// books are what is known of one session beyond its line.
type books struct {
	session string
	orders  []api.OrderRow
	trades  []api.FillRow
	pnl     api.PnL // for its curve; the amounts shown are the account's
}

// New makes the page.
func New(c Client, run *page.Runner) *Page { return &Page{client: c, run: run} }

// Title is the page's name.
func (p *Page) Title() string { return "Floor" }

// Noun is the command line's.
func (p *Page) Noun() string { return "floor" }

type (
	sessionsMsg struct {
		list []api.FloorSession
		err  error
	}
	booksMsg struct {
		books
		err error
	}
	startMsg struct {
		list []api.Algorithm
		err  error
	}
	doneMsg struct {
		text, doing string
		session     string
		err         error
	}
)

// Poll asks for the sessions and, of the chosen one, for its books.
func (p *Page) Poll(now time.Time) tea.Cmd {
	p.now = now
	if p.waiting || p.loaded && now.Sub(p.asked) < pollEvery {
		return nil
	}
	p.waiting, p.asked = true, now
	return tea.Batch(p.again(now), page.Read(p.run, p.client.FloorSessions, func(l []api.FloorSession, err error) tea.Msg { return sessionsMsg{l, err} }), p.loadBooks())
}

// loadBooks asks for the chosen session's orders, trades and equity curve.
func (p *Page) loadBooks() tea.Cmd {
	if p.chosen == "" || p.bookWait {
		return nil
	}
	p.bookWait = true
	c, id := p.client, p.chosen
	return page.Read(p.run, func(ctx context.Context) (books, error) {
		b := books{session: id}
		var err error
		if b.orders, err = c.Orders(ctx, id, maxRows); err != nil {
			return b, err
		}
		if b.trades, err = c.Trades(ctx, id, maxRows); err != nil {
			return b, err
		}
		list, err := c.PnL(ctx, id)
		if len(list) > 0 {
			b.pnl = list[0]
		}
		return b, err
	}, func(b books, err error) tea.Msg { return booksMsg{b, err} })
}

// Update takes answers and requests.
func (p *Page) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case sessionsMsg:
		p.waiting, p.loaded, p.err = false, true, msg.err
		if msg.err == nil {
			p.merge(msg.list)
		}
		return p.choose()
	case page.FloorSessions:
		p.merge(msg.List)
		if p.chosen == "" { // the page was never shown: its first answer opens what it follows
			return nil
		}
		p.loaded, p.err = true, nil
		return p.choose()
	case killSentMsg:
		return p.send()
	case killedMsg:
		return p.answered(msg)
	case startInfoMsg:
		p.start.take(msg)
	case booksMsg:
		p.bookWait = false
		switch {
		case msg.session != p.chosen: // the cursor moved on meanwhile
			return p.loadBooks()
		case msg.err != nil:
			p.err = msg.err
		default:
			p.books = msg.books
		}
	case page.Batch[api.FloorEvent]:
		return p.take(msg)
	case startMsg:
		return p.offer(msg)
	case doneMsg:
		return p.done(msg)
	case page.OpenFloor:
		p.chosen, p.filter = msg.ID, ""
		return tea.Batch(p.choose(), p.loadBooks())
	case page.StartFloor:
		return tea.Batch(p.feeds(msg.ID, msg.Name), p.start.load(p, msg.ID))
	}
	return nil
}

func (p *Page) done(msg doneMsg) tea.Cmd {
	if msg.err != nil {
		return p.run.Send(page.Notice{Text: page.Explain(msg.doing, msg.err), Bad: true})
	}
	if msg.session != "" {
		p.chosen, p.filter, p.pane = msg.session, "", sessions
	}
	p.waiting = true
	return tea.Batch(p.run.Send(page.Notice{Text: msg.text}),
		page.Read(p.run, p.client.FloorSessions, func(l []api.FloorSession, err error) tea.Msg { return sessionsMsg{l, err} }))
}

// shown gives the sessions that the filter lets through.
func (p *Page) shown() []api.FloorSession {
	if p.filter == "" {
		return p.sessions
	}
	var out []api.FloorSession
	for _, s := range p.sessions {
		text := s.ID + " " + s.Strategy + " " + s.Algorithm + " " + s.Feed + " " + string(s.Status)
		for _, m := range s.Markets {
			text += " " + m.String()
		}
		if page.Matches(text, p.filter) {
			out = append(out, s)
		}
	}
	return out
}

// session gives the chosen session, nil where there is none.
func (p *Page) session() *api.FloorSession { return p.byID(p.chosen) }

func (p *Page) byID(id string) *api.FloorSession {
	for i := range p.sessions {
		if p.sessions[i].ID == id {
			return &p.sessions[i]
		}
	}
	return nil
}

// choose keeps the cursor on the chosen session, or chooses what is under it, and follows its events.
func (p *Page) choose() tea.Cmd {
	list := p.shown()
	found := false
	for i, s := range list {
		if s.ID == p.chosen {
			p.lists[sessions].Cursor, found = i, true
		}
	}
	if !found && len(list) > 0 {
		p.lists[sessions].Move(0, len(list))
		p.chosen = list[p.lists[sessions].Cursor].ID
	}
	if len(p.sessions) == 0 {
		p.chosen = ""
	}
	if p.chosen == p.streamOf || p.chosen == "" {
		return nil
	}
	return tea.Batch(p.follow(), p.loadBooks())
}

// again takes the stream of a running session up where it was cut.
func (p *Page) again(now time.Time) tea.Cmd {
	switch {
	case p.stream != nil || p.streamOf == "" || p.streamOf != p.chosen || !running(p.session()):
		return nil
	case p.streamEnd.IsZero():
		p.streamEnd = now
		return nil
	case now.Sub(p.streamEnd) < followAgain:
		return nil
	}
	return p.follow()
}

// follow opens the chosen session's stream, after what is known of it, and leaves the one before.
func (p *Page) follow() tea.Cmd {
	if p.stream != nil {
		p.stream.Close()
	}
	if p.streamOf != p.chosen {
		p.log, p.logSeq, p.logScroll = nil, 0, page.Scroll{}
	}
	p.streamErr = nil
	id, after, c := p.chosen, p.logSeq, p.client
	p.streamOf = id
	p.stream = page.Follow(p.run, func(ctx context.Context, emit func(api.FloorEvent) error) error {
		return c.FloorEvents(ctx, id, after, emit)
	})
	return p.stream.Next()
}

// take adds a batch of events to the log.
func (p *Page) take(b page.Batch[api.FloorEvent]) tea.Cmd {
	if b.Stream != p.stream {
		return nil
	}
	for _, e := range b.Events {
		if e.Session != nil {
			p.replace(*e.Session)
		}
		if e.Line == nil || e.Line.Seq <= p.logSeq {
			continue
		}
		p.logSeq = e.Line.Seq
		if ev, ok := describe(e.Line); ok {
			p.log = append(p.log, ev)
		}
	}
	if n := len(p.log) - maxEvents; n > 0 {
		p.log = append(p.log[:0:0], p.log[n:]...)
	}
	if b.Done {
		p.stream, p.streamErr, p.streamEnd = nil, b.Err, time.Time{}
		return nil
	}
	return p.stream.Next()
}

// quote is a session's quote currency.
func quote(s *api.FloorSession) string {
	if s == nil || len(s.Markets) == 0 {
		return ""
	}
	return string(s.Markets[0].Quote)
}

func running(s *api.FloorSession) bool { return s != nil && s.Status == journal.Running }
