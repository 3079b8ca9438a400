package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/widget"
)

// stopWaits bounds how long a turn that is told to stop may take to say so.
const stopWaits = 20 * time.Second

// Work follows a session until its turn ends, asking the person what it asks. Ctrl-C pauses the turn; it can be resumed.
func Work(ctx context.Context, f *factory.Factory, id string, after int64) error {
	c, err := f.Client(ctx)
	if err != nil {
		return err
	}
	p, err := NewPrinter(f)
	if err != nil {
		return err
	}
	in := bufio.NewReader(f.IO.In)
	for {
		err := c.SessionEvents(ctx, id, after, false, func(e research.Event) error {
			after = max(after, e.Seq)
			return p.Event(e)
		})
		if ctx.Err() != nil {
			return pause(ctx, f, id)
		}
		if err != nil {
			return err
		}
		s, err := c.Session(ctx, id)
		if err != nil {
			return err
		}
		if s.Status != research.Waiting {
			return p.End(s.Session)
		}
		if !f.IO.CanPrompt() || s.Question == nil {
			fmt.Fprintf(f.IO.Err, "session %s waits for an answer; 'omc lab chat %s' gives it\n", s.ID, s.ID)
			return nil
		}
		answer, err := ask(in, f, s.Question)
		if err != nil {
			return err
		}
		_, err = c.SendMessage(ctx, id, answer)
		var p *api.Problem
		if errors.As(err, &p) && p.Code == api.CodeBadRequest {
			fmt.Fprintln(f.IO.Err, widget.Neutralise(p.Detail)) // the session waits on: ask again
			continue
		}
		if err != nil {
			return err
		}
	}
}

// pause stops the turn after ctrl-c and says how to go on.
func pause(ctx context.Context, f *factory.Factory, id string) error {
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWaits)
	defer cancel()
	c, err := f.Client(stop)
	if err != nil {
		return err
	}
	if _, err := c.StopTurn(stop, id); err != nil {
		return err
	}
	fmt.Fprintf(f.IO.Err, "\npaused; 'omc lab resume %s' goes on\n", id)
	return ctx.Err()
}

func ask(in *bufio.Reader, f *factory.Factory, q *research.Question) (string, error) {
	fmt.Fprint(f.IO.Err, "› ")
	line, err := in.ReadString('\n')
	line = strings.TrimSpace(line)
	if line == "" && q.Default != "" {
		line = q.Default
	}
	if line == "" && err != nil {
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("no answer was given; the session waits")
		}
		return "", err
	}
	if line == "" {
		return ask(in, f, q)
	}
	return line, nil
}

// Printer writes a session's events for people, or as JSON lines where JSON is asked.
type Printer struct {
	f      *factory.Factory
	json   bool
	agent  string // who spoke last
	piece  string // streamed and not yet ended text
	flow   *flow  // where it is written
	plan   map[string]string
	trials int
}

// NewPrinter returns a printer to f's output.
func NewPrinter(f *factory.Factory) (*Printer, error) {
	format, err := f.Format()
	return &Printer{f: f, json: format == "json", plan: map[string]string{}}, err
}

func (p *Printer) style(code, s string) string {
	if !p.f.IO.Color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *Printer) line(indent int, style, text string) {
	for _, l := range widget.NeutraliseLines(text) {
		for _, w := range widget.Wrap(l, max(20, p.f.IO.Width-indent-1)) {
			fmt.Fprintln(p.f.IO.Out, strings.Repeat(" ", indent)+p.style(style, w))
		}
	}
}

// Event writes one event.
func (p *Printer) Event(e research.Event) error {
	if p.json {
		if e.Kind == research.EventDelta {
			return nil
		}
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.f.IO.Out, string(b))
		return err
	}
	if e.Kind == research.EventDelta {
		return p.delta(e)
	}
	if e.Agent != "" && e.Agent != p.agent && e.Kind != research.EventPlan {
		p.agent = e.Agent
		p.line(0, "1", "▸ "+e.Agent)
	}
	switch e.Kind {
	case research.EventUser:
		p.line(0, "36", "you  "+e.Text)
		p.agent = ""
	case research.EventText:
		return p.text(e.Text)
	case research.EventPlan:
		return p.showPlan(e.Data)
	case research.EventResult:
		return p.result(e.Data)
	case research.EventTrial:
		p.trials++
	case research.EventQuestion:
		return p.question(e.Data)
	case research.EventVerdict:
		return p.verdict(e.Data)
	case research.EventError:
		p.line(2, "31", "✗ "+e.Text)
	}
	return nil
}

// delta writes a piece of text as it comes, on a terminal only: elsewhere the whole paragraph follows.
func (p *Printer) delta(e research.Event) error {
	if !p.f.IO.OutTerminal {
		return nil
	}
	if p.piece == "" {
		if e.Agent != "" && e.Agent != p.agent {
			p.agent = e.Agent
			p.line(0, "1", "▸ "+e.Agent)
		}
		p.flow = &flow{out: p.f.IO.Out, indent: 2, width: max(20, p.f.IO.Width-1)}
	}
	p.piece += e.Text
	return p.flow.add(e.Text)
}

// text ends a paragraph: what was streamed whole is not written again.
func (p *Printer) text(whole string) error {
	streamed := p.piece
	p.piece = ""
	if streamed != "" {
		if err := p.flow.end(); err != nil {
			return err
		}
	}
	if streamed != whole {
		p.line(2, "", whole)
	}
	return nil
}

func (p *Printer) showPlan(data json.RawMessage) error {
	var steps []research.PlanStep
	if err := json.Unmarshal(data, &steps); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	first := len(p.plan) == 0
	if first {
		p.line(2, "1", "plan")
	}
	for i, s := range steps {
		if first {
			p.line(2, "", fmt.Sprintf("%d  %s", i+1, s.Title))
		}
		p.plan[s.Name] = s.State
	}
	return nil
}

func (p *Printer) result(data json.RawMessage) error {
	var r research.ToolResult
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	switch r.Tool {
	case research.ToolSubmitPlan, research.ToolVerdict, research.ToolSetBrief:
		return nil // told by their own events
	}
	took := ""
	if r.Millis >= 100 {
		took = fmt.Sprintf("  %.1f s", float64(r.Millis)/1000)
	}
	if r.Error != "" {
		p.line(2, "31", fmt.Sprintf("%-4s %s: %s", r.Ref, r.Tool, r.Error))
		return nil
	}
	p.line(2, "2", fmt.Sprintf("%-4s %s  %s%s", r.Ref, r.Tool, r.Summary, took))
	return nil
}

func (p *Printer) question(data json.RawMessage) error {
	var q research.Question
	if err := json.Unmarshal(data, &q); err != nil {
		return fmt.Errorf("question: %w", err)
	}
	p.line(2, "33", "? "+q.Text)
	for i, c := range q.Choices {
		p.line(4, "", fmt.Sprintf("%d  %s", i+1, c))
	}
	if q.Default != "" {
		p.line(4, "2", "enter takes "+q.Default)
	}
	return nil
}

func (p *Printer) verdict(data json.RawMessage) error {
	var v research.Verdict
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("verdict: %w", err)
	}
	for _, r := range v.Reasons {
		mark, style := "✗", "31"
		if r.Passed {
			mark, style = "✓", "32"
		}
		p.line(2, style, fmt.Sprintf("%s %s: %s", mark, r.Code, r.Text))
	}
	return nil
}

// End says how the turn ended and what can be done next.
func (p *Printer) End(s research.Session) error {
	if p.json {
		return nil
	}
	switch s.Status {
	case research.Done:
		fmt.Fprintf(p.f.IO.Err, "session %s is done; 'omc lab show %s' has the report", s.ID, s.ID)
		if s.Best != "" {
			fmt.Fprintf(p.f.IO.Err, ", 'omc algo show %s' the best candidate", factory.Short(s.Best))
		}
		fmt.Fprintln(p.f.IO.Err)
		return nil
	case research.Failed:
		return fmt.Errorf("session %s failed: %s; 'omc lab resume %s' tries again from where it stopped", s.ID, widget.Neutralise(s.Error), s.ID)
	}
	fmt.Fprintf(p.f.IO.Err, "session %s is %s\n", s.ID, s.Status)
	return nil
}
