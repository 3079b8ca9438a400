package algorithms

import (
	"context"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// FilterName says what a filter narrows.
func (p *Page) FilterName() string { return "algorithms" }

// Filter narrows the list.
func (p *Page) Filter(text string) { p.filter = text }

// Filtered says what filter is kept and how much of the list it hides.
func (p *Page) Filtered() (text string, hidden int) { return p.filter, len(p.all) - len(p.shown()) }

// Back leaves the filter, then the detail.
func (p *Page) Back() bool {
	switch {
	case p.opened || p.pane != list:
		p.opened, p.pane = false, list
	case p.filter != "":
		p.filter = ""
	default:
		return false
	}
	return true
}

// Actions are the page's keys now.
func (p *Page) Actions() []page.Action {
	a := p.item()
	promote, retire, start, lab, open := "", "", "", "", ""
	switch {
	case a == nil:
		open = "no algorithm"
		promote, retire, start, lab = open, open, open, open
	default:
		if a.State.Next() == "" {
			promote = "nothing follows " + string(a.State)
		} else if p.detail == nil {
			promote = "loading its evidence"
		}
		if retired(a) {
			retire = "already retired"
		}
		if a.State != strategy.Paper {
			start = "it is " + string(a.State) + ", not paper"
		}
		if a.Provenance.Session == "" {
			lab = "no lab session made it"
		}
	}
	return []page.Action{
		{Key: "enter", Label: "open", Help: "show its figures, evidence, trades and code", Verb: "show", Off: open},
		{Key: "tab", Label: "pane", Help: "go to the next pane"},
		{Key: "p", Label: "promote", Help: "promote it one state, after its evidence and the gate's reasons", Verb: "promote", Off: promote},
		{Key: "s", Label: "start", Help: "start it on paper", Verb: "floor start", Off: start},
		{Key: "x", Label: "retire", Help: "retire it: it can no longer be started or promoted", Verb: "retire", Off: retire},
		{Key: "o", Label: "session", Help: "show the lab session that made it", Off: lab, Quiet: true},
	}
}

// Subject names the chosen algorithm.
func (p *Page) Subject() string {
	if p.item() == nil {
		return ""
	}
	return p.heading()
}

// Entries are the algorithms, for the palette.
func (p *Page) Entries() []page.Entry {
	out := make([]page.Entry, 0, len(p.all))
	for i := range p.all {
		a := &p.all[i]
		out = append(out, page.Entry{Title: "algo show " + a.Name + " " + page.Short(a.ID), Help: string(a.State) + "  " + page.Params(a.Content.Params), Msg: page.OpenAlgorithm{ID: a.ID}})
	}
	return out
}

// Do runs a key.
func (p *Page) Do(key string) tea.Cmd {
	p.pending = ""
	a := p.item()
	switch key {
	case "enter":
		if a != nil {
			p.opened = true
			if p.pane == list {
				p.pane = figures
			}
		}
	case "tab", "shift+tab":
		step := 1
		if key == "shift+tab" {
			step = panes - 1
		}
		p.pane = (p.pane + step) % panes
		p.opened = p.pane != list
	case "up", "down", "j", "k", "pgup", "pgdown", "home", "end":
		return p.move(map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -10, "pgdown": 10, "home": -1 << 30, "end": 1 << 30}[key])
	case "p":
		if p.detail != nil && a != nil && a.State.Next() != "" {
			return p.promote(a)
		}
	case "x":
		if a != nil && !retired(a) {
			return p.retire(a)
		}
	case "s":
		if a != nil && a.State == strategy.Paper {
			return p.run.Send(page.StartFloor{ID: a.ID, Name: a.Name})
		}
	case "o":
		if a != nil && a.Provenance.Session != "" {
			return p.run.Send(page.OpenLab{ID: a.Provenance.Session})
		}
	}
	return nil
}

func (p *Page) move(n int) tea.Cmd {
	if p.pane != list {
		p.scrolls[p.pane].Move(n)
		return nil
	}
	shown := p.shown()
	p.cursor.Move(n, len(shown))
	if len(shown) > 0 {
		p.chosen = shown[p.cursor.Cursor].ID
		p.scrolls = [panes]page.Scroll{}
	}
	return p.choose()
}

// Wheel scrolls the pane of the detail that has the focus.
func (p *Page) Wheel(_, _, lines int) {
	if p.pane != list {
		p.scrolls[p.pane].Move(lines)
	}
}

// promote states what speaks against it first, then the evidence, then what holds, and asks.
func (p *Page) promote(a *api.Algorithm) tea.Cmd {
	next, id, name := a.State.Next(), a.ID, widget.Neutralise(a.Name)
	lines, missing := promoteLines(a, p.verdict)
	c := page.Confirm{Title: "Promote " + name + " " + page.Short(id) + " from " + string(a.State) + " to " + string(next) + "?", Lines: lines, Label: "promote to " + string(next)}
	if missing > 0 {
		c.Title = name + " " + page.Short(id) + " cannot be promoted to " + string(next) + " yet"
		c.Off = page.Plural(missing, "reason") + " marked ✗ must hold first. Nothing was changed."
	}
	client := p.client
	c.Yes = page.Work(p.run, func(ctx context.Context) (api.Algorithm, error) {
		return client.Promote(ctx, id, api.PromoteRequest{To: next, Reason: "promoted in the workstation"})
	}, func(a api.Algorithm, err error) tea.Msg {
		return movedMsg{doing: "promote " + name, text: name + " " + page.Short(id) + " is now " + string(a.State), err: err}
	})
	return p.run.Send(c)
}

// retire asks for the word: what is retired does not come back.
func (p *Page) retire(a *api.Algorithm) tea.Cmd {
	id, name, client := a.ID, widget.Neutralise(a.Name), p.client
	yes := page.Work(p.run, func(ctx context.Context) (api.Algorithm, error) {
		return client.Retire(ctx, id, "retired in the workstation")
	},
		func(_ api.Algorithm, err error) tea.Msg {
			return movedMsg{doing: "retire " + name, text: name + " " + page.Short(id) + " is retired", err: err}
		})
	return p.run.Send(page.Confirm{
		Title: "Retire " + name + " " + page.Short(id) + "?",
		Lines: []string{"It can no longer be started or promoted; its record stays. This cannot be taken back."},
		Word:  "RETIRE", Label: "retire it", Yes: yes,
	})
}

// promoteLines are what a person must know before promoting: the lab's verdict and what does not hold stand first. missing counts the
// criteria that refuse.
func promoteLines(a *api.Algorithm, verdict string) (lines []string, missing int) {
	if verdict != "" {
		lines = append(lines, verdict)
	}
	reasons := page.Worst(a.Gate)
	failing := 0
	for i := range reasons {
		if r := &reasons[i]; !r.Passed {
			failing++
			if !r.Advisory {
				missing++
			}
			lines = append(lines, page.ReasonText(r))
		}
	}
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	lines = append(lines, evidenceLines(a)...)
	if failing < len(reasons) {
		lines = append(lines, "", "What holds of all that the gate to "+string(a.State.Next())+" asks:")
	}
	for i := failing; i < len(reasons); i++ {
		lines = append(lines, page.ReasonText(&reasons[i]))
	}
	return lines, missing
}

// evidenceLines say in a few lines what is known of an algorithm's worth.
func evidenceLines(a *api.Algorithm) []string {
	if a.Evidence == nil && a.Report == nil {
		return []string{"There is no evidence of its worth yet: omc algo backtest " + a.ID[:min(12, len(a.ID))] + " --walk-forward 5"}
	}
	var out []string
	if r := a.Report; r != nil {
		made := ""
		if r.Simulated {
			made = "  SIM: made-up prices"
		}
		out = append(out,
			"Tested  "+page.Day(r.From)+" to "+page.Day(r.To)+", "+strings.TrimSpace(page.Count(int64(r.Bars)))+" bars"+made,
			"Return  "+page.Percent(r.Strat.Return)+" against "+page.Percent(r.Hold.Return)+" for buying and holding",
			"Sharpe  "+page.Ratio(r.Strat.Sharpe)+" against "+page.Ratio(r.Hold.Sharpe)+", worst drawdown "+page.Percent(r.Strat.MaxDrawdown)+", "+strconv.Itoa(r.Strat.Trades)+" trades")
	}
	if e := a.Evidence; e != nil {
		out = append(out, "Luck    deflated Sharpe "+page.Ratio(e.DSR)+" after "+page.Plural(e.Trials, "trial")+" (0.95 and more is convincing)")
	}
	return out
}
