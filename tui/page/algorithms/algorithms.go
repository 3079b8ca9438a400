// Package algorithms is the workstation's page of algorithms: what they are, where they came from, what is known of their worth, and
// their promotion. The gate decides; the page states its reasons before anything is confirmed.
package algorithms

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/tui/page"
)

// Client is what the page asks.
type Client interface {
	Algorithms(ctx context.Context) ([]api.Algorithm, error)
	Algorithm(ctx context.Context, id string) (api.Algorithm, error)
	Promote(ctx context.Context, id string, r api.PromoteRequest) (api.Algorithm, error)
	Retire(ctx context.Context, id, reason string) (api.Algorithm, error)
	SessionEvents(ctx context.Context, id string, after int64, follow bool, emit func(research.Event) error) error
}

// The panes of the detail, in tab order; the list is before them.
const (
	list = iota
	figures
	gate
	trades
	code
	panes
)

const pollEvery = 3 * time.Second

// Page is the algorithms.
type Page struct {
	page.NoText

	client Client
	run    *page.Runner

	loaded   bool
	waiting  bool
	asked    time.Time
	err      error
	all      []api.Algorithm
	chosen   string
	wanted   string // asked for by its id: kept although the list may not have it yet
	opened   bool   // narrow terminals: the detail shows
	pane     int
	cursor   page.List
	scrolls  [panes]page.Scroll
	filter   string
	detail   *api.Algorithm // of the chosen one, nil while it loads
	loading  string
	detailOf string
	detErr   error
	verdict  string // of the lab on the chosen one, with its mark; empty where there is none
	pending  string // key to run on the chosen one as soon as its detail is there
}

// New makes the page.
func New(c Client, run *page.Runner) *Page { return &Page{client: c, run: run} }

// Title is the page's name.
func (p *Page) Title() string { return "Algorithms" }

// Noun is the command line's.
func (p *Page) Noun() string { return "algo" }

type (
	listMsg struct {
		all []api.Algorithm
		err error
	}
	detailMsg struct {
		id  string
		a   detail
		err error
	}
	movedMsg struct {
		doing, text string
		err         error
	}
)

// Poll asks for the list.
func (p *Page) Poll(now time.Time) tea.Cmd {
	if p.waiting || p.loaded && now.Sub(p.asked) < pollEvery {
		return nil
	}
	p.asked = now
	return p.reload()
}

func (p *Page) reload() tea.Cmd {
	p.waiting = true
	return page.Read(p.run, p.client.Algorithms, func(all []api.Algorithm, err error) tea.Msg { return listMsg{all, err} })
}

// Update takes answers and requests.
func (p *Page) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case listMsg:
		p.waiting, p.loaded, p.err = false, true, msg.err
		if msg.err == nil {
			p.all = msg.all
		}
		return p.choose()
	case detailMsg:
		if p.loading == msg.id {
			p.loading = ""
		}
		if msg.id != p.chosen {
			return p.choose()
		}
		p.detailOf, p.detErr = msg.id, msg.err
		if msg.err == nil {
			p.detail, p.verdict = &msg.a.Algorithm, msg.a.verdict
		}
		return p.runPending()
	case movedMsg:
		if msg.err != nil {
			return tea.Batch(p.run.Send(page.Notice{Text: page.Explain(msg.doing, msg.err), Bad: true}), p.reread())
		}
		return tea.Batch(p.run.Send(page.Notice{Text: msg.text}), p.reload(), p.reread())
	case page.OpenAlgorithm:
		p.chosen, p.wanted, p.filter, p.opened = msg.ID, msg.ID, "", true
		if p.pane == list {
			p.pane = figures
		}
		return tea.Batch(p.reload(), p.choose())
	case page.Act:
		return p.act(msg)
	}
	return nil
}

// act does what the command line's verb does to one algorithm, once it is known well enough to ask for it.
func (p *Page) act(msg page.Act) tea.Cmd {
	if msg.Noun != p.Noun() {
		return nil
	}
	for _, a := range p.Actions() {
		if a.Verb == msg.Verb {
			p.chosen, p.wanted, p.filter, p.pending = msg.ID, msg.ID, "", a.Key
			return tea.Batch(p.choose(), p.runPending())
		}
	}
	return nil
}

// runPending runs the key that waits for the chosen algorithm's detail.
func (p *Page) runPending() tea.Cmd {
	if p.pending == "" || p.detailOf != p.chosen {
		return nil
	}
	key := p.pending
	p.pending = ""
	if p.detErr != nil {
		return p.run.Send(page.Notice{Text: page.Explain("show the algorithm", p.detErr), Bad: true})
	}
	for _, a := range p.Actions() {
		if a.Key == key && a.Off != "" {
			return p.run.Send(page.Notice{Text: a.Label + ": " + a.Off, Bad: true})
		}
	}
	return p.Do(key)
}

// reread asks for the chosen algorithm again.
func (p *Page) reread() tea.Cmd {
	p.detailOf = ""
	return p.choose()
}

// shown gives the algorithms that the filter lets through.
func (p *Page) shown() []api.Algorithm {
	if p.filter == "" {
		return p.all
	}
	var out []api.Algorithm
	for i := range p.all {
		a := &p.all[i]
		text := a.ID + " " + a.Name + " " + string(a.State) + " " + a.Provenance.Session
		for _, m := range a.Content.Markets {
			text += " " + m.String()
		}
		if page.Matches(text, p.filter) {
			out = append(out, *a)
		}
	}
	return out
}

// choose keeps the cursor on the chosen algorithm, or takes the one under it, and loads its detail.
func (p *Page) choose() tea.Cmd {
	shown := p.shown()
	found := false
	for i := range shown {
		if shown[i].ID == p.chosen {
			p.cursor.Cursor, found = i, true
		}
	}
	if !found && len(shown) > 0 && p.chosen != p.wanted || p.chosen == "" && len(shown) > 0 {
		p.cursor.Move(0, len(shown))
		p.chosen = shown[p.cursor.Cursor].ID
	}
	if p.chosen == "" || p.chosen == p.detailOf || p.loading != "" {
		return nil
	}
	id, c := p.chosen, p.client
	if p.detail != nil && p.detail.ID != id {
		p.detail, p.verdict = nil, ""
	}
	p.loading, p.detErr = id, nil
	return page.Read(p.run, func(ctx context.Context) (detail, error) { return readDetail(ctx, c, id) },
		func(a detail, err error) tea.Msg { return detailMsg{id, a, err} })
}

// item gives the chosen algorithm: in full where it is loaded, else as the list has it.
func (p *Page) item() *api.Algorithm {
	if p.detail != nil && p.detail.ID == p.chosen {
		return p.detail
	}
	for i := range p.all {
		if p.all[i].ID == p.chosen {
			return &p.all[i]
		}
	}
	return nil
}

func retired(a *api.Algorithm) bool { return a.State == strategy.Retired }
