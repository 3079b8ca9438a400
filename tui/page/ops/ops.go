// Package ops is the workstation's page of how omc itself is: the health of each part and source, the log, disk and memory. It only
// looks; it starts and stops nothing.
package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// Client is what the page asks.
type Client interface {
	Status(ctx context.Context) (api.Status, error)
	Logs(ctx context.Context, after int64, limit int) ([]api.LogLine, error)
}

// The panes, in tab order.
const (
	parts = iota
	logs
	panes
)

const (
	pollEvery = 2 * time.Second
	maxLog    = 500
)

// levels are the log's levels from the least, as the level key steps through them; "" is all.
var levels = []string{"", "INFO", "WARN", "ERROR"}

// Page is the state of omc.
type Page struct {
	page.NoText

	client  Client
	run     *page.Runner
	loaded  bool
	waiting bool
	asked   time.Time
	err     error
	status  api.Status
	log     []api.LogLine
	logErr  error
	pane    int
	list    page.List
	scroll  page.Scroll
	filter  string
	level   int
}

// New makes the page.
func New(c Client, run *page.Runner) *Page { return &Page{client: c, run: run} }

// Title is the page's name.
func (p *Page) Title() string { return "Ops" }

// Noun is the command line's.
func (p *Page) Noun() string { return "daemon" }

type answer struct {
	status api.Status
	log    []api.LogLine
	logErr error
}

type answerMsg struct {
	answer
	err error
}

// Poll asks for the state and the newest log lines.
func (p *Page) Poll(now time.Time) tea.Cmd {
	if p.waiting || p.loaded && now.Sub(p.asked) < pollEvery {
		return nil
	}
	p.waiting, p.asked = true, now
	c := p.client
	return page.Read(p.run, func(ctx context.Context) (answer, error) {
		var a answer
		var err error
		if a.status, err = c.Status(ctx); err != nil {
			return a, err
		}
		a.log, a.logErr = c.Logs(ctx, 0, maxLog)
		return a, nil
	}, func(a answer, err error) tea.Msg { return answerMsg{a, err} })
}

// Update takes the answer.
func (p *Page) Update(msg tea.Msg) tea.Cmd {
	if m, ok := msg.(answerMsg); ok {
		p.waiting, p.loaded, p.err = false, true, m.err
		if m.err == nil {
			p.status, p.log, p.logErr = m.status, m.log, m.logErr
		}
	}
	return nil
}

// Entries are none: the page has no records of its own.
func (p *Page) Entries() []page.Entry { return nil }

// FilterName says what a filter narrows.
func (p *Page) FilterName() string { return "log" }

// Filter narrows the log.
func (p *Page) Filter(text string) { p.filter, p.scroll = text, page.Scroll{} }

// Back leaves the filter, the level, then the pane.
func (p *Page) Back() bool {
	switch {
	case p.filter != "":
		p.filter = ""
	case p.level != 0:
		p.level = 0
	case p.scroll.Off != 0:
		p.scroll.Off = 0
	case p.pane != parts:
		p.pane = parts
	default:
		return false
	}
	return true
}

// Actions are the page's keys now.
func (p *Page) Actions() []page.Action {
	return []page.Action{
		{Key: "tab", Label: "pane", Help: "go to the next pane"},
		{Key: "l", Label: "level", Help: "show the log from a higher level on: all, info, warn, error", Verb: "logs"},
		{Key: "r", Label: "refresh", Help: "ask again now", Verb: "status"},
	}
}

// Do runs a key.
func (p *Page) Do(key string) tea.Cmd {
	switch key {
	case "tab", "shift+tab":
		p.pane = (p.pane + 1) % panes
	case "l":
		p.pane, p.level = logs, (p.level+1)%len(levels) // what it changes is seen
		p.scroll = page.Scroll{}
	case "r":
		p.asked = time.Time{}
		return p.Poll(time.Unix(1<<32, 0))
	case "up", "down", "j", "k", "pgup", "pgdown", "home", "end":
		n := map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -10, "pgdown": 10, "home": -1 << 30, "end": 1 << 30}[key]
		if p.pane == logs {
			p.scroll.Move(-n)
		} else {
			p.list.Move(n, len(p.status.Parts)+len(p.status.Sources))
		}
	}
	return nil
}

// Wheel scrolls the log.
func (p *Page) Wheel(_, _, lines int) { p.scroll.Move(-lines) }

// Filtered is what narrows the log, by words; how many lines that hides is not counted.
func (p *Page) Filtered() (string, int) { return p.filter, 0 }

// View draws the page.
func (p *Page) View(e page.Env, w, h int) (string, *page.Caret) {
	t := e.Theme
	if p.err != nil {
		lines := page.Fail(t, w, page.Explain("ask how omc is", p.err))
		advice := []string{"What you can do in a shell:", " omc daemon status", " omc daemon logs", " omc doctor"}
		if page.NotReached(p.err) {
			advice = []string{"What you can do in a shell; this page asks again by itself:", " omc daemon start", " omc daemon logs", " omc doctor"}
		}
		lines = append(lines, page.Teach(t, w, advice...)...)
		return page.Pane(t, "Ops", "", false, lines, w, h), nil
	}
	if !p.loaded {
		return page.Pane(t, "Ops", "", false, []string{"", "  loading…"}, w, h), nil
	}
	n := len(p.status.Parts) + len(p.status.Sources) + 2
	if w < 100 {
		top := page.TabsOf(t, []string{"Health", "Log"}, p.pane, w, p.logNote())
		if p.pane == logs {
			return page.Rows(top, widget.Block(p.logRows(e, w, h-1), w, h-1)), nil
		}
		n = min(n, h-9)
		return page.Rows(top, widget.Block(p.partRows(e, w, n), w, n), page.Pane(t, "This omc", "", false, p.facts(e), w, h-1-n)), nil
	}
	n = max(12, min(n, h/2))
	side := 48
	left := page.Pane(t, "Health", "", p.pane == parts, p.partRows(e, w-side-1, n-1), w-side-1, n)
	right := page.Pane(t, "This omc", "", false, p.facts(e), side, n)
	return page.Rows(page.Columns(t, n, left, right), page.Pane(t, "Log", p.logNote(), p.pane == logs, p.logRows(e, w, h-n-1), w, h-n)), nil
}

// facts are what runs and what it uses.
func (p *Page) facts(e page.Env) []string {
	t, s := e.Theme, &p.status
	how := "as a daemon, process " + strconv.Itoa(s.PID)
	if s.Embedded {
		how = "in this process, no daemon"
	}
	ready := t.Up.Render("ready")
	if !s.Ready {
		ready = t.Danger.Render("not ready")
	}
	fact := func(label, value string) string { return page.Fact(t, label, value, 9) }
	return []string{
		fact("runs", ready+", "+how),
		fact("version", widget.Neutralise(s.Version.Version+" "+s.Version.Commit)+t.Muted.Render("  schema "+strconv.FormatInt(s.Version.Schema, 10))),
		fact("since", page.Minute(s.StartedAt)+" UTC, "+page.Since(e.Now, s.StartedAt)),
		fact("data", widget.Neutralise(s.DataDir)),
		fact("store", widget.Neutralise(s.Store)+t.Muted.Render("  bus ")+widget.Neutralise(s.Bus)),
		fact("memory", page.Bytes(s.Memory)),
		fact("disk", page.Bytes(s.DataBytes)+" used, "+page.Bytes(s.DiskFree)+" free"),
	}
}

// partRows is the health of each part and each source.
func (p *Page) partRows(e page.Env, w, h int) []string {
	t := e.Theme
	cols := []page.Column{{Title: ""}, {Title: "part", Max: 20}, {Title: "state", Max: 18}, {Title: "since", Right: true, Keep: 5}, {Title: "requests", Right: true, Keep: 3},
		{Title: "failed", Right: true, Keep: 2}, {Title: "detail", Keep: 6, Max: 90, Grow: true}}
	var rows [][]page.Cell
	for _, x := range p.status.Parts {
		mark, style := health(t, x.OK)
		rows = append(rows, []page.Cell{page.Styled(mark, style), page.Text(x.Part), page.Styled(x.State, style), page.Text(page.Since(e.Now, x.Since)), page.Text(""),
			page.Text(""), page.Text(x.Detail)})
	}
	for _, x := range p.status.Sources {
		mark, style := health(t, x.State != "failing")
		last := "never asked"
		since := page.None
		if x.LastOK != nil {
			since, last = page.Since(e.Now, *x.LastOK), "answered "+page.Since(e.Now, *x.LastOK)+" ago"
		}
		if x.LastError != "" {
			last = x.LastError
		}
		if x.State == "idle" {
			mark, style = "·", &t.Muted
		}
		rows = append(rows, []page.Cell{page.Styled(mark, style), page.Text(x.Name), page.Styled(x.State, style), page.Text(since), page.Text(page.Count(x.Requests)),
			page.Text(page.Count(x.Failures)), page.Text(last)})
	}
	if len(rows) == 0 {
		return page.Teach(t, w, "No part has said how it is yet.")
	}
	return page.Table(t, cols, rows, &p.list, p.pane == parts, w, h)
}

func health(t *theme.Theme, ok bool) (string, *lipgloss.Style) {
	if ok {
		return "✓", &t.Up
	}
	return "✗", &t.Danger
}

func (p *Page) logNote() string {
	var out []string
	if l := levels[p.level]; l != "" {
		out = append(out, "level "+strings.ToLower(l)+" or worse")
	}
	if p.filter != "" {
		out = append(out, "filter: "+widget.Neutralise(p.filter))
	}
	return strings.Join(out, ", ")
}

func rank(level string) int {
	for i, l := range levels {
		if strings.HasPrefix(strings.ToUpper(level), l) && l != "" {
			return i
		}
	}
	return 0
}

// logRows is the log's tail.
func (p *Page) logRows(e page.Env, w, h int) []string {
	t := e.Theme
	if p.logErr != nil {
		return page.Fail(t, w, page.Explain("read the log", p.logErr))
	}
	var lines []string
	for i := range p.log {
		l := &p.log[i]
		text := widget.Neutralise(l.Message) + attrs(l.Attrs)
		if rank(l.Level) < p.level || !page.Matches(l.Level+" "+text, p.filter) {
			continue
		}
		style := &t.Muted
		switch rank(l.Level) {
		case 2:
			style = &t.Warn
		case 3:
			style = &t.Danger
		}
		lines = append(lines, widget.Fit(" "+t.Muted.Render(l.Time.UTC().Format("15:04:05"))+" "+style.Render(widget.Fit(widget.Neutralise(l.Level), 5))+" "+text, w))
	}
	if len(lines) == 0 {
		if p.filter != "" || p.level > 0 {
			return page.Teach(t, w, "No line of the newest "+page.Count(int64(len(p.log)))+" of the log is "+p.logNote()+". Press esc to see all.")
		}
		return page.Teach(t, w, "The log is empty. What omc does, and what goes wrong, appears here.")
	}
	shown, below := p.scroll.Tail(lines, max(1, h))
	if below > 0 && len(shown) > 0 {
		shown = append(append([]string{}, shown[:len(shown)-1]...), t.Muted.Render(fmt.Sprintf(" ↓ %d newer lines: end goes there", below+1)))
	}
	return shown
}

// attrs writes a line's attributes as key=value in key order.
func attrs(raw json.RawMessage) string {
	var m map[string]any
	if len(raw) == 0 || json.Unmarshal(raw, &m) != nil {
		return ""
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, " %s=%v", k, m[k])
	}
	return widget.Neutralise(b.String())
}
