package ops

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// The tabs of the detail.
const (
	statusTab = iota
	gapsTab
	quarantineTab
	tabs
)

// books are what is listed of one collector.
type books struct {
	name    string
	asked   time.Time
	waiting bool
	loaded  bool
	gaps    []ledger.FeedGap
	pieces  []ledger.Quarantined
	err     error
}

type (
	booksMsg struct {
		name   string
		gaps   []ledger.FeedGap
		pieces []ledger.Quarantined
		err    error
	}
	ranMsg struct {
		name string
		err  error
	}
	pausedMsg struct {
		now    api.Collector
		paused bool
		err    error
	}
	pauseMsg struct{ name string }
)

// takeCollectors takes the newest answer; the cursor stays on the collector that it was on.
func (p *Page) takeCollectors(all []api.Collector, err error) {
	p.collectErr = err
	if err != nil {
		return
	}
	slices.SortStableFunc(all, func(a, b api.Collector) int { return urgency(a.State) - urgency(b.State) })
	p.collectors = all
	p.keep()
}

// keep leaves the cursor on the chosen collector while others come and go, or takes the one under it.
func (p *Page) keep() {
	shown := p.shown()
	for i := range shown {
		if shown[i].Name == p.chosen {
			p.rows.Cursor = i
			return
		}
	}
	if len(shown) > 0 {
		p.rows.Move(0, len(shown))
		p.choose(shown[p.rows.Cursor].Name)
	}
}

// urgency sorts what fails before what is late, before the rest in the order of the ledgers.
func urgency(state string) int {
	switch state {
	case api.CollectorFailing:
		return 0
	case api.CollectorLate, api.CollectorHeld:
		return 1
	}
	return 2
}

// shown are the collectors that the filter leaves.
func (p *Page) shown() []api.Collector {
	if p.filters[feeds] == "" {
		return p.collectors
	}
	var out []api.Collector
	for i := range p.collectors {
		c := &p.collectors[i]
		if page.Matches(c.Name+" "+c.Ledger+" "+c.State+" "+c.Source, p.filters[feeds]) {
			out = append(out, *c)
		}
	}
	return out
}

// item is the chosen collector, nil where there is none.
func (p *Page) item() *api.Collector {
	for i := range p.collectors {
		if p.collectors[i].Name == p.chosen {
			return &p.collectors[i]
		}
	}
	return nil
}

func (p *Page) choose(name string) {
	if name != p.chosen {
		p.chosen, p.detailAt, p.gapAt, p.whole = name, page.Scroll{}, page.List{}, false
	}
}

// Subject names the chosen collector.
func (p *Page) Subject() string {
	if p.pane == feeds || p.pane == detail {
		return widget.Neutralise(p.chosen)
	}
	return ""
}

// Entries are the collectors, for the palette.
func (p *Page) Entries() []page.Entry {
	out := make([]page.Entry, 0, len(p.collectors))
	for i := range p.collectors {
		c := &p.collectors[i]
		out = append(out, page.Entry{Title: "collect status " + c.Name, Help: c.Ledger + ", " + c.State + ": " + c.About, Msg: page.OpenCollector{Name: c.Name}})
	}
	return out
}

// askBooks asks for the gaps and the quarantine of the open collector when it is time.
func (p *Page) askBooks(now time.Time) tea.Cmd {
	b := &p.books
	if !p.open || p.chosen == "" {
		return nil
	}
	if b.name == p.chosen && (b.waiting || now.Sub(b.asked) < pollEvery) {
		return nil
	}
	if b.name != p.chosen {
		*b = books{name: p.chosen}
	}
	b.waiting, b.asked = true, now
	c, name := p.client, p.chosen
	return page.Read(p.run, func(ctx context.Context) (booksMsg, error) {
		m := booksMsg{name: name}
		var err error
		if m.gaps, err = c.CollectorGaps(ctx, name, maxBooks); err != nil {
			return m, err
		}
		m.pieces, err = c.Quarantine(ctx, name, maxBooks)
		return m, err
	}, func(m booksMsg, err error) tea.Msg {
		m.name, m.err = name, err
		return m
	})
}

func (p *Page) takeBooks(m booksMsg) {
	if b := &p.books; b.name == m.name {
		b.waiting, b.loaded, b.err = false, true, m.err
		if m.err == nil {
			b.gaps, b.pieces = m.gaps, m.pieces
		}
	}
}

func (p *Page) openDetail(tab int) tea.Cmd {
	p.open, p.tab, p.detailAt, p.whole = true, tab, page.Scroll{}, false
	if p.item() != nil {
		p.pane = detail
	}
	return p.askBooks(p.now)
}

// collectorActions are the keys on the chosen collector.
func (p *Page) collectorActions() []page.Action {
	c := p.item()
	none, run, pause, resume, line := "", "", "", "", ""
	switch {
	case c == nil:
		none = "no collector"
		run, pause, resume, line = none, none, none, none
	default:
		paused := c.State == api.CollectorPaused
		if len(c.Needs) > 0 {
			run = "it needs a setting: see its status"
		} else {
			line = "it needs nothing"
		}
		if paused {
			run, pause = "it is paused", "it is paused"
		} else {
			resume = "it is not paused"
		}
	}
	out := []page.Action{
		{Key: "enter", Label: "open", Help: "show the collector whole: last error, what it needs, runs, gaps, quarantine", Verb: "collect status", Off: none, Quiet: p.pane == detail},
		{Key: "n", Label: "run now", Help: "poll soon, whatever the schedule says", Verb: "collect run", Off: run},
		{Key: "p", Label: "pause", Help: "stop its polls, also after a restart; asks where prices would stop", Verb: "collect pause", Off: pause, Quiet: pause != ""},
		{Key: "u", Label: "resume", Help: "let its polls go on", Verb: "collect resume", Off: resume, Quiet: resume != ""},
		{Key: "g", Label: "gaps", Help: "the times over which it brought nothing", Verb: "collect gaps", Off: none, Quiet: p.pane == feeds},
		{Key: "z", Label: "quarantine", Help: "what could not be taken: the bytes and the reason", Verb: "collect quarantine", Off: none, Quiet: p.pane == feeds},
		{Key: "c", Label: "copy", Help: "copy the command line that it needs to the terminal's clipboard", Off: line, Quiet: line != ""},
	}
	if p.pane == detail && p.tab == quarantineTab {
		out = append(out, page.Action{Key: "x", Label: "whole", Help: "show the pieces of the quarantine whole, or their first lines"})
	}
	if p.pane == detail {
		out = append(out, page.Action{Key: "left", Label: "tab", Help: "status, gaps or quarantine; right goes on", Quiet: true})
	}
	return out
}

// doCollector runs a key on the chosen collector.
func (p *Page) doCollector(key string) tea.Cmd {
	c := p.item()
	if c == nil {
		return nil
	}
	switch key {
	case "enter":
		return p.openDetail(statusTab)
	case "g":
		return p.openDetail(gapsTab)
	case "z":
		return p.openDetail(quarantineTab)
	case "left", "right":
		if p.pane == detail {
			return p.openDetail((p.tab + map[string]int{"left": tabs - 1, "right": 1}[key]) % tabs)
		}
	case "x":
		p.whole, p.detailAt = !p.whole, page.Scroll{}
	case "n":
		client, name := p.client, c.Name
		return page.Work(p.run, func(ctx context.Context) (api.CollectorAct, error) { return client.RunCollector(ctx, name) },
			func(_ api.CollectorAct, err error) tea.Msg { return ranMsg{name, err} })
	case "p":
		return p.askPause(c)
	case "u":
		return p.setPaused(c.Name, false)
	case "c":
		if len(c.Needs) > 0 {
			return tea.Batch(tea.SetClipboard(c.Needs[0]), p.run.Send(page.Notice{Text: "given to the terminal's clipboard: " + c.Needs[0]}))
		}
	}
	return nil
}

// askPause pauses a collector; where that stops prices it asks before.
func (p *Page) askPause(c *api.Collector) tea.Cmd {
	if !c.Bars {
		return p.setPaused(c.Name, true)
	}
	name := widget.Neutralise(c.Name)
	return p.run.Send(page.Confirm{Title: "Pause " + name + ", the feed of prices?", Word: "PAUSE", Label: "stop the prices of " + name,
		Lines: []string{"No quote of " + widget.Neutralise(c.Source) + " is taken until it is resumed, also after a restart.",
			"What is quoted meanwhile is lost: the venue has no history of it, and the five-minute bars that are built from it get a gap."},
		Yes: func() tea.Msg { return pauseMsg{c.Name} }})
}

func (p *Page) setPaused(name string, paused bool) tea.Cmd {
	client := p.client
	return page.Work(p.run, func(ctx context.Context) (api.Collector, error) { return client.PauseCollector(ctx, name, paused) },
		func(now api.Collector, err error) tea.Msg { now.Name = name; return pausedMsg{now, paused, err} })
}

func (p *Page) ran(m ranMsg) tea.Cmd {
	p.asked = time.Time{}
	if m.err != nil {
		return p.run.Send(page.Notice{Text: page.Explain("run "+m.name, m.err), Bad: true})
	}
	return p.run.Send(page.Notice{Text: m.name + " polls soon: its row tells what came of it"})
}

func (p *Page) paused(m pausedMsg) tea.Cmd {
	verb, done := "resume ", " goes on"
	if m.paused {
		verb, done = "pause ", " is paused; u lets it go on"
	}
	if m.err != nil {
		return p.run.Send(page.Notice{Text: page.Explain(verb+m.now.Name, m.err), Bad: true})
	}
	for i := range p.collectors {
		if p.collectors[i].Name == m.now.Name {
			p.collectors[i].State = m.now.State
		}
	}
	p.asked = time.Time{}
	return p.run.Send(page.Notice{Text: m.now.Name + done})
}

// troubles say in words which collectors do not run as they should: 1 failing, 2 late, 3 needs.
func troubles(all []api.Collector) string {
	n := map[string]int{}
	for i := range all {
		n[all[i].State]++
	}
	var out []string
	for _, state := range []string{api.CollectorFailing, api.CollectorLate, api.CollectorHeld, api.CollectorPaused, api.CollectorNeeds} {
		if n[state] > 0 {
			out = append(out, strconv.Itoa(n[state])+" "+state)
		}
	}
	return strings.Join(out, ", ")
}

// idle says whether nobody collects: no collector is polled, though some could be. An omc that works in this process is the only one on
// its data, so there a poll of a while ago is none of now; else another process may have made it.
func idle(all []api.Collector, embedded bool) bool {
	could := false
	for i := range all {
		c := &all[i]
		switch {
		case c.NextRun != nil || c.State == api.CollectorOK && !embedded:
			return false
		case c.State != api.CollectorNeeds && c.State != api.CollectorPaused:
			could = true
		}
	}
	return could
}
