// Package ops is the workstation's page of how omc itself is: the health of each part and source, the collectors that fill the ledgers,
// how far what they brought can be trusted, the log, disk and memory. Beside looking it only asks collectors to poll, to pause and to go
// on; it starts and stops no process.
package ops

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/tui/page"
)

// Client is what the page asks.
type Client interface {
	Status(ctx context.Context) (api.Status, error)
	Logs(ctx context.Context, after int64, limit int) ([]api.LogLine, error)
	Collectors(ctx context.Context) ([]api.Collector, error)
	RunCollector(ctx context.Context, name string) (api.CollectorAct, error)
	PauseCollector(ctx context.Context, name string, paused bool) (api.Collector, error)
	CollectorGaps(ctx context.Context, name string, limit int) ([]ledger.FeedGap, error)
	Quarantine(ctx context.Context, name string, limit int) ([]ledger.Quarantined, error)
	Trust(ctx context.Context) ([]api.TrustRow, error)
}

// The panes, in tab order. The detail is one of them while a collector is open.
const (
	parts = iota
	feeds
	detail
	trust
	logs
	panes
)

const (
	pollEvery  = 2 * time.Second
	trustEvery = 10 * time.Second // it counts what is missing of every series
	maxLog     = 500
	maxBooks   = 200 // gaps, and pieces of the quarantine, that are listed of a collector
)

// Page is the state of omc.
type Page struct {
	page.NoText

	client  Client
	run     *page.Runner
	loaded  bool
	waiting bool
	now     time.Time // of the newest Poll
	asked   time.Time
	err     error
	status  api.Status
	log     []api.LogLine
	logErr  error
	pane    int
	list    page.List
	scroll  page.Scroll
	filters [panes]string
	level   int

	collectors []api.Collector
	collectErr error
	chosen     string // name of the collector under the cursor
	rows       page.List
	place      page.Place // where the collectors were drawn last, for the mouse
	open       bool       // the chosen collector's detail is shown
	tab        int        // of the detail
	whole      bool       // pieces of the quarantine are shown whole
	detailAt   page.Scroll
	gapAt      page.List
	books      books

	series       []api.TrustRow
	trustErr     error
	trustLoaded  bool
	trustWaiting bool
	trustAsked   time.Time
	trustAt      page.List
}

// New makes the page.
func New(c Client, run *page.Runner) *Page { return &Page{client: c, run: run} }

// Title is the page's name.
func (p *Page) Title() string { return "Ops" }

// Noun is the command line's.
func (p *Page) Noun() string { return "daemon" }

type answer struct {
	status     api.Status
	log        []api.LogLine
	logErr     error
	collectors []api.Collector
	collectErr error
}

type (
	answerMsg struct {
		answer
		err error
	}
	trustMsg struct {
		series []api.TrustRow
		err    error
	}
)

// Poll asks for the state, the newest log lines and the collectors, less often for what can be trusted, and for the open collector.
func (p *Page) Poll(now time.Time) tea.Cmd {
	p.now = now
	cmds := []tea.Cmd{p.askBooks(now)}
	if !p.waiting && (!p.loaded || now.Sub(p.asked) >= pollEvery) {
		p.waiting, p.asked = true, now
		cmds = append(cmds, p.ask())
	}
	if !p.trustWaiting && (!p.trustLoaded || now.Sub(p.trustAsked) >= trustEvery) {
		p.trustWaiting, p.trustAsked = true, now
		cmds = append(cmds, page.Read(p.run, p.client.Trust, func(rows []api.TrustRow, err error) tea.Msg { return trustMsg{rows, err} }))
	}
	return tea.Batch(cmds...)
}

func (p *Page) ask() tea.Cmd {
	c := p.client
	return page.Read(p.run, func(ctx context.Context) (answer, error) {
		var a answer
		var err error
		if a.status, err = c.Status(ctx); err != nil {
			return a, err
		}
		a.log, a.logErr = c.Logs(ctx, 0, maxLog)
		a.collectors, a.collectErr = c.Collectors(ctx)
		return a, nil
	}, func(a answer, err error) tea.Msg { return answerMsg{a, err} })
}

// Update takes answers and requests.
func (p *Page) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answerMsg:
		p.waiting, p.loaded, p.err = false, true, msg.err
		if msg.err == nil {
			p.status, p.log, p.logErr = msg.status, msg.log, msg.logErr
			p.takeCollectors(msg.collectors, msg.collectErr)
		}
	case trustMsg:
		p.trustWaiting, p.trustLoaded, p.trustErr = false, true, msg.err
		if msg.err == nil {
			p.series = msg.series
			slices.SortStableFunc(p.series, func(a, b api.TrustRow) int { return distrusted(&a) - distrusted(&b) })
		}
	case booksMsg:
		p.takeBooks(msg)
	case ranMsg:
		return p.ran(msg)
	case pauseMsg:
		return p.setPaused(msg.name, true)
	case pausedMsg:
		return p.paused(msg)
	case page.OpenCollector:
		p.filters[feeds], p.chosen = "", msg.Name
		p.pane = feeds
		return p.openDetail(statusTab)
	}
	return nil
}
