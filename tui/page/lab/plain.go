package lab

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// Plain is the page in words: every session, and of the newest its plan, its whole conversation and its report.
func Plain(ctx context.Context, c Client, now time.Time) ([]string, error) {
	all, err := c.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	var p page.Prose
	p.Heading("Sessions: " + page.Count(int64(len(all))))
	if len(all) == 0 {
		p.Say("No session yet: omc lab run GOAL opens one.")
		return p.Lines, nil
	}
	for i := range all {
		s := &all[i]
		p.Say(page.Short(s.ID)+": "+s.Goal, stateWord(s.Status), trialsText(s.Trials), "opened "+page.Since(now, s.CreatedAt)+" ago")
	}
	s := &all[0]
	known := New(c, nil) // takes the events as the page does
	known.all, known.chosen = all, s.ID
	if err := c.SessionEvents(ctx, s.ID, 0, false, func(e research.Event) error { known.event(&e); return nil }); err != nil {
		return nil, err
	}
	full, err := c.Session(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	p.Heading("Plan of " + page.Short(s.ID))
	if len(known.plan) == 0 {
		p.Say("none")
	}
	for i := range known.plan {
		step := &known.plan[i]
		title := step.Title
		if title == "" {
			title = step.Name
		}
		p.Say(step.State+": "+title, page.Signs(step.Detail))
	}
	p.Heading("Conversation of " + page.Short(s.ID))
	p.Lines = append(p.Lines, spoken(known.events)...)
	p.Heading("Report of " + page.Short(s.ID))
	if full.Report == "" {
		p.Say("none yet")
	} else {
		p.Lines = append(p.Lines, widget.NeutraliseLines(strings.TrimSpace(page.Signs(full.Report)))...)
	}
	return p.Lines, nil
}

func stateWord(s research.Status) string {
	if s == research.Waiting {
		return "asks you"
	}
	return string(s)
}

func trialsText(n int) string {
	if n == 1 {
		return "1 trial"
	}
	return page.Count(int64(n)) + " trials"
}

// spoken is a conversation with the speaker's name before every line.
func spoken(events []research.Event) []string {
	results := map[string]research.ToolResult{}
	for i := range events {
		var r research.ToolResult
		if events[i].Kind == research.EventResult && json.Unmarshal(events[i].Data, &r) == nil {
			results[r.Ref] = r
		}
	}
	var p page.Prose
	for i := range events {
		e := &events[i]
		who := e.Agent
		if who == "" {
			who = "omc"
		}
		switch e.Kind {
		case research.EventUser:
			who = "you"
			fallthrough
		case research.EventText, research.EventError:
			if e.Kind == research.EventError {
				who = "error"
			}
			for _, l := range strings.Split(e.Text, "\n") {
				if strings.TrimSpace(l) != "" {
					p.Say(who + ": " + strings.TrimSpace(page.Signs(l)))
				}
			}
		case research.EventTool:
			p.Say(toolWords(e, who, results))
		case research.EventQuestion:
			sayQuestion(&p, e, who)
		case research.EventVerdict:
			sayVerdict(&p, e)
		case research.EventStatus:
			if s := research.Status(e.Text); atRest(s) {
				p.Say("the turn is " + string(s))
			}
		}
	}
	return p.Lines
}

func toolWords(e *research.Event, who string, results map[string]research.ToolResult) string {
	var c research.ToolCall
	if json.Unmarshal(e.Data, &c) != nil {
		return ""
	}
	r, done := results[c.Ref]
	switch {
	case !done:
		return who + " calls " + c.Tool + ": no result"
	case r.Error != "":
		return who + " calls " + c.Tool + ", it fails: " + r.Error
	}
	return who + " calls " + c.Tool + ": " + page.Signs(r.Summary)
}

func sayQuestion(p *page.Prose, e *research.Event, who string) {
	var q research.Question
	if json.Unmarshal(e.Data, &q) != nil {
		return
	}
	p.Say(who + " asks: " + q.Text)
	for i, c := range q.Choices {
		note := ""
		if c == q.Default {
			note = "taken where nobody answers"
		}
		p.Say(strconv.Itoa(i+1)+": "+c, note)
	}
}

func sayVerdict(p *page.Prose, e *research.Event) {
	var v research.Verdict
	if json.Unmarshal(e.Data, &v) != nil {
		return
	}
	word := "Verdict, it deserves no money: "
	if v.Deserves {
		word = "Verdict, it deserves money: "
	}
	p.Say(word + page.Signs(v.Headline))
	none := theme.For(theme.NoColor)
	for i := range v.Reasons {
		r := &v.Reasons[i]
		held := "holds: "
		if mark, _ := page.ReasonMark(&none, r); mark != "✓" {
			held = "does not hold: "
		}
		p.Say(held + page.ReasonLabel(r.Code) + ", " + page.Signs(r.Text))
	}
}
