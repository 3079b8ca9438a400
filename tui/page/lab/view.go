package lab

import (
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

var names = [panes]string{"Conversation", "Plan", "Sessions", "Report"}

// View draws the page.
func (p *Page) View(e page.Env, w, h int) (string, *page.Caret) {
	t := e.Theme
	if p.err != nil && len(p.all) == 0 {
		return page.Pane(t, "Lab", "", false, page.Fail(t, w, page.Explain("list the sessions", p.err)), w, h), nil
	}
	if w < 100 {
		top := page.Tabs(t, names[:], p.pane, w)
		if p.pane == chat {
			strip := p.strip(t, w)
			n := 1 + len(strip)
			body, caret := p.chatView(e, w, h-n)
			return page.Rows(append(append([]string{top}, strip...), body)...), caret.down(n).Caret
		}
		return page.Rows(top, widget.Block(p.pick(e, p.pane, w, h-1), w, h-1)), nil
	}
	side := 34
	if w >= 150 {
		side = 44
	}
	planned := p.planHeight(t, side, h)
	left := page.Rows(page.Pane(t, "Plan", "", p.pane == plan, p.planRows(e, side, planned-1), side, planned),
		page.Pane(t, "Sessions", p.note(), p.pane == sessions, p.sessionRows(e, side, h-planned-1), side, h-planned))
	main := w - side - 1
	var right string
	if w >= 150 && p.full.Report != "" {
		rw := main * 2 / 5
		main -= rw + 1
		right = page.Pane(t, "Report", "", p.pane == report, p.reportRows(e, rw, h-1), rw, h)
	}
	if w < 150 && p.pane == report {
		return page.Columns(t, h, left, page.Pane(t, "Report", p.heading(), true, p.reportRows(e, main, h-1), main, h)), nil
	}
	body, caret := p.chatView(e, main, h-1)
	head := page.Rule(t, "Conversation", p.heading(), p.pane == chat, main)
	return page.Columns(t, h, left, page.Rows(head, body), right), caret.down(1).right(side + 1)
}

// planHeight is how many lines the plan's pane takes of h above the sessions: all it needs, if the sessions leave it.
func (p *Page) planHeight(t *theme.Theme, w, h int) int {
	s := p.session()
	if s == nil {
		return 9
	}
	return max(9, min(len(p.planLines(t, s, w, stepMost))+1, max(h*3/5, h-len(p.shown())-3)))
}

// strip says on one line how far the plan has come, where there is no room for it beside the conversation.
func (p *Page) strip(t *theme.Theme, w int) []string {
	if len(p.plan) == 0 || p.session() == nil {
		return nil
	}
	var b strings.Builder
	for _, step := range p.plan {
		mark, style := stepMark(t, step.State)
		switch step.State {
		case "done", "failed", "skipped":
			b.WriteString(style.Render(mark))
		case "running":
			b.WriteString(style.Render(mark+" "+widget.Neutralise(step.Title)) + t.Muted.Render(" "+widget.Neutralise(step.Detail)+" "))
		default:
			b.WriteString(t.Muted.Render("·"))
		}
	}
	return []string{widget.Fit(" "+t.Muted.Render("plan ")+b.String()+t.Muted.Render("   trials ")+strconv.Itoa(max(p.trials, p.session().Trials)), w)}
}

// spot is a caret that may be missing.
type spot struct{ *page.Caret }

func (s spot) down(n int) spot {
	if s.Caret == nil {
		return s
	}
	return spot{&page.Caret{X: s.X, Y: s.Y + n}}
}

func (s spot) right(n int) *page.Caret {
	if s.Caret == nil {
		return nil
	}
	return &page.Caret{X: s.X + n, Y: s.Y}
}

func (p *Page) pick(e page.Env, i, w, h int) []string {
	switch i {
	case plan:
		return p.planRows(e, w, h)
	case sessions:
		return p.sessionRows(e, w, h)
	}
	return p.reportRows(e, w, h)
}

func (p *Page) note() string {
	if p.filter == "" {
		return ""
	}
	return "filter: " + widget.Neutralise(p.filter)
}

func (p *Page) heading() string {
	s := p.session()
	if s == nil {
		return ""
	}
	return page.Short(s.ID) + " " + widget.Neutralise(s.Model) + ", " + string(s.Status)
}

// chatView is the conversation above the line that is written.
func (p *Page) chatView(e page.Env, w, h int) (string, spot) {
	t := e.Theme
	lines := p.chatLines(e, w)
	shown, below := p.scrolls[chat].Tail(lines, max(1, h-2))
	shown = append([]string{}, shown...)
	if below > 0 && len(shown) > 0 {
		shown[len(shown)-1] = t.Muted.Render(" ↓ " + strconv.Itoa(below+1) + " newer lines: end goes there")
	}
	body := widget.Block(shown, w, h-2)
	rule := t.Border.Render(strings.Repeat("─", w))
	if p.input != nil {
		text, x := p.input.View(max(1, w-4))
		return page.Rows(body, rule, widget.Fit(" "+t.Accent.Render("›")+" "+text, w)), spot{&page.Caret{X: 3 + x, Y: h - 1}}
	}
	return page.Rows(body, rule, widget.Fit(" "+t.Muted.Render("› "+p.invitation()), w)), spot{}
}

// invitation says what can be written now.
func (p *Page) invitation() string {
	s := p.session()
	switch {
	case p.sending:
		return "sending…"
	case p.draft != "":
		return widget.Neutralise(p.draft)
	case s == nil:
		return "press i and write a goal: find a momentum strategy on BTC"
	case s.Status == research.Waiting && s.Question != nil && len(s.Question.Choices) > 0:
		return "it asks you: press i, then 1–" + strconv.Itoa(len(s.Question.Choices)) + " or your own words, then enter"
	case s.Status == research.Waiting:
		return "it asks you: press i and answer"
	case s.Status == research.Running:
		return "working… ctrl+c stops the turn"
	case s.Status == research.Paused:
		return "paused: r goes on"
	}
	return "press i to ask on, n for a new session"
}

func (p *Page) chatLines(e page.Env, w int) []string {
	t, s := e.Theme, p.session()
	if s == nil {
		if !p.loaded {
			return []string{"", "  loading…"}
		}
		return page.Teach(t, w,
			"Here you talk to the lab. Say what you look for; it retrieves data, tries strategies with fees and slippage, counts every trial, and says whether anything deserves money.",
			"", "Press i, write a goal, press enter:",
			" find a momentum strategy on BTC, at most one trade a day", " is there anything in mean reversion on ETH?",
			"", "The same without the workstation. "+e.Shell(), " omc lab run \"find a momentum strategy on BTC\"",
			"", "It works with the built-in research procedure: no key, no account.")
	}
	lines := p.conversation(t, w)
	if len(lines) == 0 {
		lines = []string{"", "  " + t.Muted.Render("loading the conversation…")}
	}
	if p.streamErr != nil {
		lines = append(append([]string{}, lines...), page.Fail(t, w, page.Explain("follow the session", p.streamErr))...)
	}
	return lines
}

func stepMark(t *theme.Theme, state string) (string, *lipgloss.Style) {
	switch state {
	case "done":
		return "✓", &t.Up
	case "running":
		return "▸", &t.Accent
	case "failed":
		return "✗", &t.Danger
	case "skipped":
		return "–", &t.Muted
	}
	return " ", &t.Muted
}

// planRows is the plan with where it stands, and the session's figures.
func (p *Page) planRows(e page.Env, w, h int) []string {
	t, s := e.Theme, p.session()
	if s == nil {
		return page.Teach(t, w, "The plan of the session and how far it has come appear here.")
	}
	lines := p.planLines(t, s, w, stepMost)
	for most := stepMost - 1; len(lines) > h && most > 0; most-- { // where lines are few, what is too long is cut
		lines = p.planLines(t, s, w, most)
	}
	shown, _ := p.scrolls[plan].Head(lines, h)
	return shown
}

// stepMost bounds the lines of one step of the plan.
const stepMost = 12

// planLines are the lines of the plan, most of them at most for a step and for the goal.
func (p *Page) planLines(t *theme.Theme, s *research.Session, w, most int) []string {
	goal := first(widget.Wrap(widget.Neutralise(s.Goal), w-3), max(2, most))
	var lines []string
	for _, l := range goal {
		lines = append(lines, " "+t.Bold.Render(l))
	}
	lines = append(lines, "")
	if len(p.plan) == 0 && atRest(s.Status) {
		lines = append(lines, " "+t.Muted.Render("it made no plan"))
	} else if len(p.plan) == 0 {
		lines = append(lines, " "+t.Muted.Render("no plan yet"))
	}
	for i := range p.plan {
		lines = append(lines, stepLines(t, &p.plan[i], w, most)...)
	}
	trials := max(p.trials, s.Trials)
	lines = append(lines, "", " "+t.Muted.Render("state  ")+statusWord(t, s.Status), " "+t.Muted.Render("trials ")+strconv.Itoa(trials)+t.Muted.Render(", each one counted"))
	if s.Best != "" {
		lines = append(lines, " "+t.Muted.Render("best   ")+page.Short(s.Best)+t.Muted.Render("  a shows it"))
	}
	if s.Error != "" {
		lines = append(lines, page.Fail(t, w, s.Error)...)
	}
	return lines
}

// stepLines are one step of the plan on most lines at most, its detail below the title where both do not fit on one.
func stepLines(t *theme.Theme, step *research.PlanStep, w, most int) []string {
	mark, style := stepMark(t, step.State)
	title, detail := widget.Neutralise(step.Title), page.Signs(widget.Neutralise(step.Detail))
	if title == "" {
		title = widget.Neutralise(step.Name)
	}
	emphasis := &t.Text
	if step.State == "running" {
		emphasis = style
	}
	head := style.Render(mark) + " " + emphasis.Render(title)
	if detail != "" {
		head += t.Muted.Render("  " + detail)
	}
	if most == 1 || widget.Width(head)+1 <= w {
		return []string{" " + head}
	}
	var out []string
	for i, l := range first(widget.Wrap(title, max(8, w-4)), most) {
		if i > 0 {
			mark = " "
		}
		out = append(out, " "+style.Render(mark)+" "+emphasis.Render(l))
	}
	if left := most - len(out); left > 0 && detail != "" {
		for _, l := range first(widget.Wrap(detail, max(8, w-6)), left) {
			out = append(out, "     "+t.Muted.Render(l))
		}
	}
	return out
}

func first(lines []string, n int) []string {
	if len(lines) > n {
		lines = append([]string{}, lines[:n]...)
		lines[n-1] = strings.TrimRight(lines[n-1], " .,;:") + "…"
	}
	return lines
}

func statusStyle(t *theme.Theme, s research.Status) *lipgloss.Style {
	switch s {
	case research.Running:
		return &t.Accent
	case research.Waiting:
		return &t.Warn
	case research.Failed:
		return &t.Danger
	case research.Done:
		return &t.Up
	}
	return &t.Muted
}

func statusWord(t *theme.Theme, s research.Status) string {
	word := widget.Neutralise(string(s))
	if s == research.Waiting {
		word = "asks you"
	}
	return statusStyle(t, s).Render(word)
}

func (p *Page) sessionRows(e page.Env, w, h int) []string {
	t, shown := e.Theme, p.shown()
	if len(shown) == 0 {
		if p.filter != "" {
			return page.Teach(t, w, "No session is like that. Press esc to see all.")
		}
		return page.Teach(t, w, "No session yet: n opens one.")
	}
	cols := []page.Column{{Title: "goal", Max: 70, Grow: true}, {Title: "state"}, {Title: "trials", Right: true, Keep: 2}, {Title: "id", Keep: 1}, {Title: "age", Right: true, Keep: 3}}
	rows := make([][]page.Cell, len(shown))
	for i := range shown {
		s := &shown[i]
		word := string(s.Status)
		if s.Status == research.Waiting {
			word = "asks you"
		}
		rows[i] = []page.Cell{page.Text(s.Goal), page.Styled(word, statusStyle(t, s.Status)), page.Text(strconv.Itoa(s.Trials)), page.Styled(page.Short(s.ID), &t.Muted),
			page.Text(page.Since(e.Now, s.CreatedAt))}
	}
	cols[0].Max = goalWidth(cols, rows, w)
	return page.Table(t, cols, rows, &p.cursor, p.pane == sessions, w, h)
}

// goalWidth is how wide the goals may be beside all other columns, so that a long one is cut and no column pushed out.
func goalWidth(cols []page.Column, rows [][]page.Cell, w int) int {
	const shortest = 16 // of a goal that still says something
	rest := 2
	for i, c := range cols[1:] {
		widest := widget.Width(c.Title)
		for _, r := range rows {
			widest = max(widest, widget.Width(r[i+1].Text))
		}
		rest += 2 + widest
	}
	return max(shortest, min(70, w-rest))
}

// reportRows is the session's report, its Markdown drawn plainly.
func (p *Page) reportRows(e page.Env, w, h int) []string {
	t := e.Theme
	if p.full.Report == "" {
		return page.Teach(t, w, "The session's report appears here when it is done: what was tried, what it is worth after all trials, and the verdict with its reasons.")
	}
	lines := widget.Markdown(t, page.Signs(p.full.Report), w-2)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	shown, below := p.scrolls[report].Head(lines, h)
	if below > 0 && len(shown) > 0 {
		shown = append(append([]string{}, shown[:len(shown)-1]...), t.Muted.Render(" ↓ "+strconv.Itoa(below+1)+" more lines"))
	}
	return shown
}
