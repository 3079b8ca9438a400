package lab

import (
	"encoding/json"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// gutter is how wide the column with the speaker is.
const gutter = 13

// maxOpen bounds the lines of an opened tool call.
const maxOpen = 40

// conversation gives the lines of the conversation at width w, kept until something changes.
func (p *Page) conversation(t *theme.Theme, w int) []string {
	d := &p.drawn
	session := p.session()
	rests := session != nil && atRest(session.Status)
	if d.lines != nil && d.rev == p.rev && d.w == w && d.open == p.open && d.rests == rests && d.theme == int(t.Profile) {
		return d.lines
	}
	s := script{t: t, w: w, open: p.open, calls: map[string]research.ToolResult{}, stopped: len(p.events)}
	if !rests {
		s.stopped = 0
	}
	for i := range p.events {
		e := &p.events[i]
		switch e.Kind {
		case research.EventResult:
			var r research.ToolResult
			if json.Unmarshal(e.Data, &r) == nil {
				s.calls[r.Ref] = r
			}
		case research.EventStatus:
			if atRest(research.Status(e.Text)) {
				s.stopped = max(s.stopped, i)
			}
		}
	}
	for i := range p.events {
		s.at = i
		s.event(&p.events[i])
	}
	if p.delta != "" {
		s.say(p.deltaOf, &t.Text, p.delta+" ▌")
	}
	for i, l := range s.out {
		s.out[i] = widget.Truncate(l, w)
	}
	*d = drawn{rev: p.rev, w: w, open: p.open, rests: rests, theme: int(t.Profile), lines: s.out}
	return s.out
}

// atRest says whether no tool works in a session of this state.
func atRest(s research.Status) bool {
	switch s {
	case research.Paused, research.Done, research.Failed, research.Cancelled:
		return true
	}
	return false
}

// script writes a conversation as lines.
type script struct {
	t       *theme.Theme
	w       int
	open    bool
	calls   map[string]research.ToolResult
	at      int // the event that is written
	stopped int // of the events before it, a call without a result has ended without one
	out     []string
	who     string // the newest speaker
	tools   bool   // the newest lines were tool calls
}

func (s *script) event(e *research.Event) {
	t := s.t
	switch e.Kind {
	case research.EventUser:
		s.say("you", &t.Accent, e.Text)
	case research.EventText:
		s.say(e.Agent, &t.Text, e.Text)
	case research.EventTool:
		s.tool(e)
	case research.EventQuestion:
		s.question(e)
	case research.EventVerdict:
		s.verdict(e)
	case research.EventError:
		s.say("error", &t.Danger, e.Text)
	case research.EventStatus:
		switch research.Status(e.Text) {
		case research.Paused, research.Failed, research.Cancelled:
			s.blank()
			s.out = append(s.out, " "+t.Muted.Render(widget.Fit("", gutter)+"— the turn is "+widget.Neutralise(e.Text)+" —"))
			s.who = ""
		}
	}
}

func (s *script) blank() {
	if len(s.out) > 0 {
		s.out = append(s.out, "")
	}
	s.tools = false
}

// say writes words beside their speaker; further paragraphs of the same speaker stay below without the name.
func (s *script) say(who string, style *lipgloss.Style, text string) {
	if who == "" {
		who = "omc"
	}
	who = widget.Neutralise(who)
	name := who
	if s.who == who {
		name = ""
	}
	s.blank()
	first := true
	for _, l := range widget.NeutraliseLines(page.Signs(text)) {
		for _, part := range widget.Wrap(strings.TrimRight(l, " "), max(10, s.w-gutter-2)) {
			label := widget.Fit("", gutter)
			if first {
				label = style.Bold(s.t.Profile != theme.NoColor).Render(widget.Fit(name, gutter))
				first = false
			}
			s.out = append(s.out, " "+label+part)
		}
	}
	s.who = who
}

// tool writes a tool's call on one line, opened with its arguments and its result.
func (s *script) tool(e *research.Event) {
	var c research.ToolCall
	if json.Unmarshal(e.Data, &c) != nil {
		return
	}
	if !s.tools {
		s.blank()
		s.tools = true
	}
	r, done := s.calls[c.Ref]
	mark, state, style := "▸", "running…", &s.t.Accent
	took := ""
	if s.at < s.stopped {
		mark, state, style = "–", "stopped", &s.t.Muted
	}
	if done {
		mark, state, style = "✓", r.Summary, &s.t.Muted
		took = strconv.FormatFloat(float64(r.Millis)/1000, 'f', 1, 64) + " s"
		if r.Error != "" {
			mark, state, style = "✗", r.Error, &s.t.Danger
		}
	}
	head := " " + style.Render(mark+" "+widget.Fit(widget.Neutralise(e.Agent+" · "+c.Tool), 30)) + " "
	room := s.w - widget.Width(head) - widget.Width(took) - 2
	s.out = append(s.out, head+widget.Fit(page.Signs(widget.Neutralise(state)), room)+" "+s.t.Muted.Render(took))
	s.who = ""
	if !s.open {
		return
	}
	s.block("asked", c.Args)
	if done {
		s.block("got", r.Result)
	}
}

// block writes JSON indented, as far as maxOpen lines.
func (s *script) block(label string, raw json.RawMessage) {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return
	}
	lines := strings.Split(string(b), "\n")
	for i, l := range lines {
		if i == maxOpen {
			s.out = append(s.out, "     "+s.t.Muted.Render("… "+strconv.Itoa(len(lines)-maxOpen)+" more lines"))
			return
		}
		head := widget.Fit("", 6)
		if i == 0 {
			head = widget.Fit(label, 6)
		}
		s.out = append(s.out, "   "+s.t.Muted.Render(head)+widget.Neutralise(l))
	}
}

func (s *script) question(e *research.Event) {
	var q research.Question
	if json.Unmarshal(e.Data, &q) != nil {
		return
	}
	s.say(e.Agent, &s.t.Warn, q.Text)
	for i, c := range q.Choices {
		note := ""
		if c == q.Default {
			note = s.t.Muted.Render("  (taken where nobody answers)")
		}
		for k, l := range widget.Wrap(widget.Neutralise(c), max(10, s.w-gutter-8)) {
			n := "   "
			if k == 0 {
				n = strconv.Itoa(i+1) + "  "
			}
			s.out = append(s.out, " "+widget.Fit("", gutter)+s.t.Accent.Render(n)+l+note)
			note = ""
		}
	}
}

func (s *script) verdict(e *research.Event) {
	var v research.Verdict
	if json.Unmarshal(e.Data, &v) != nil {
		return
	}
	style, word := &s.t.Warn, "verdict: no money"
	if v.Deserves {
		style, word = &s.t.Up, "verdict: deserves money"
	}
	s.blank()
	s.out = append(s.out, page.Rule(s.t, word, "", false, max(10, s.w-1)))
	for _, l := range widget.Wrap(page.Signs(widget.Neutralise(v.Headline)), max(10, s.w-4)) {
		s.out = append(s.out, "  "+style.Render(l))
	}
	for i := range v.Reasons {
		for _, l := range page.Reason(s.t, &v.Reasons[i], max(12, s.w-4)) {
			s.out = append(s.out, "  "+l)
		}
	}
	s.who = ""
}
