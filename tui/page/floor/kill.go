package floor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// killed is a kill switch that was sent and not answered yet.
type killed struct {
	at        time.Time
	positions int // open when it was sent
}

type (
	killSentMsg struct{}
	killedMsg   struct {
		result    api.KillResult
		positions int
		err       error
	}
)

// killOff says why the kill switch does not work now.
func (p *Page) killOff() string {
	left := 0
	for i := range p.sessions {
		left += frozen(&p.sessions[i])
	}
	switch {
	case p.sent != nil:
		return "KILL is sent, its answer is awaited"
	case p.alive() > 0:
		return ""
	case left > 0:
		return "nothing runs; it does not reach " + positionsText(left) + " of ended sessions"
	}
	return "nothing runs"
}

// Urgent says, for the header, that a kill switch waits for its answer.
func (p *Page) Urgent(now time.Time) string {
	if p.sent == nil {
		return ""
	}
	return "KILL sent, waiting " + widget.Ago(max(0, now.Sub(p.sent.at)))
}

// kill asks for the word before everything is sold.
func (p *Page) kill() tea.Cmd {
	title, lines, label := p.killText()
	return p.run.Send(page.Confirm{Title: title, Lines: lines, Word: "KILL", Label: label, Now: p.killText, Yes: func() tea.Msg { return killSentMsg{} }})
}

// killText says what the kill switch would do to the sessions as they are now.
func (p *Page) killText() (title string, lines []string, label string) {
	n, open := 0, 0
	for i := range p.sessions {
		s := &p.sessions[i]
		if !running(s) {
			continue
		}
		n++
		k := page.Held(s)
		open += k
		lines = append(lines, fmt.Sprintf("%s  %s  %s, equity %s %s", widget.Fit(widget.Neutralise(s.Strategy), 18), page.Short(s.ID), positionsText(k),
			page.Amount(s.Account.Equity), widget.Neutralise(quote(s))))
	}
	if len(lines) > 8 {
		lines = append(lines[:8], "… and "+strconv.Itoa(len(lines)-8)+" more")
	}
	lines = append(lines, "", "Every open order is cancelled, every position is sold at the market's price, and the sessions halt for good. This cannot be taken back.")
	return fmt.Sprintf("Kill switch: flatten %s of %s", positionsText(open), page.Plural(n, "session")), lines, "flatten " + positionsText(open) + " on paper"
}

// send sends the kill switch. Until its answer comes the header says how long it waits.
func (p *Page) send() tea.Cmd {
	if p.sent != nil {
		return nil
	}
	open := p.open()
	p.sent = &killed{at: p.now, positions: open}
	c := p.client
	return page.Work(p.run, func(ctx context.Context) (api.KillResult, error) {
		return c.Kill(ctx, api.KillRequest{Reason: "kill switch in the workstation"})
	}, func(r api.KillResult, err error) tea.Msg { return killedMsg{r, open, err} })
}

// answered says what became of the kill switch: first the outcome, then what to do, then the cause.
func (p *Page) answered(msg killedMsg) tea.Cmd {
	p.sent = nil
	open := positionsText(msg.positions)
	var refused *api.Problem
	switch {
	case msg.err == nil:
		text := fmt.Sprintf("killed: %s halted, %s closed", page.Plural(len(msg.result.Sessions), "session"), positionsText(msg.result.Closed))
		return p.done(doneMsg{text: text})
	case page.NotReached(msg.err):
		return p.run.Send(page.Notice{Text: "NOT killed, " + open + " open: run 'omc daemon start'; " + page.Unanswered(msg.err), Bad: true, Keep: true})
	case errors.As(msg.err, &refused):
		return p.run.Send(page.Notice{Text: "NOT all killed: " + refused.Error() + "; " + open + " was open, see the rows", Bad: true, Keep: true})
	}
	return p.run.Send(page.Notice{Text: "KILL was sent, its outcome is NOT KNOWN (" + open + "): 'omc daemon status'; " + page.Unanswered(msg.err), Bad: true, Keep: true})
}

// open counts the positions of the sessions that trade.
func (p *Page) open() int {
	n := 0
	for i := range p.sessions {
		if running(&p.sessions[i]) {
			n += page.Held(&p.sessions[i])
		}
	}
	return n
}
