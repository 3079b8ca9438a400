package algorithms

import (
	"context"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// plainTrades bounds the trades that are written.
const plainTrades = 20

// Plain is the page in words: every algorithm, and the newest of them in full.
func Plain(ctx context.Context, c Client, now time.Time) ([]string, error) {
	all, err := c.Algorithms(ctx)
	if err != nil {
		return nil, err
	}
	var p page.Prose
	p.Heading("Algorithms: " + page.Count(int64(len(all))))
	if len(all) == 0 {
		p.Say("There is none yet: omc lab run GOAL lets the lab look for one.")
		return p.Lines, nil
	}
	for i := range all {
		a := &all[i]
		sim := ""
		if a.Provenance.Simulated {
			sim = "SIM: made-up prices"
		}
		dsr := ""
		if a.Evidence != nil {
			dsr = page.Named("deflated Sharpe", page.Ratio(a.Evidence.DSR)) + " after " + page.Plural(a.Evidence.Trials, "trial")
		}
		p.Say(a.Name+" "+page.Short(a.ID), string(a.State), sim, markets(a), a.Content.Interval.String()+" bars", dsr, "made "+page.Since(now, a.CreatedAt)+" ago")
	}
	d, err := readDetail(ctx, c, all[0].ID)
	if err != nil {
		return nil, err
	}
	plainDetail(&p, &d)
	return p.Lines, nil
}

func plainDetail(p *page.Prose, d *detail) {
	a := &d.Algorithm
	name := widget.Neutralise(a.Name) + " " + page.Short(a.ID)
	p.Heading("Figures of " + name)
	plainReport(p, a)
	p.Heading("Evidence of " + name)
	p.Say(d.verdict)
	for _, l := range evidenceLines(a) {
		p.Say(l)
	}
	if a.Evidence != nil {
		for i := range a.Evidence.Reasons {
			p.Say(reasonWords(page.ReasonText(&a.Evidence.Reasons[i])))
		}
	}
	if len(a.Gate) > 0 {
		p.Heading("The gate to " + string(a.State.Next()))
		for i := range a.Gate {
			p.Say(reasonWords(page.ReasonText(&a.Gate[i])))
		}
	}
	p.Heading("Parameters: " + page.Params(a.Content.Params))
	p.Heading("Code")
	p.Lines = append(p.Lines, widget.NeutraliseLines(a.Content.Script)...)
}

// reasonWords says a criterion's mark as a word, for who does not see it.
func reasonWords(s string) string {
	for mark, word := range map[string]string{"✓ ": "holds: ", "✗ ": "does not hold: ", "! ": "does not hold, refuses nothing: "} {
		if len(s) > len(mark) && s[:len(mark)] == mark {
			return word + s[len(mark):]
		}
	}
	return s
}

func plainReport(p *page.Prose, a *api.Algorithm) {
	r := a.Report
	if r == nil {
		p.Say("No backtest is kept of it: omc algo backtest " + short(a.ID) + " --walk-forward 5")
		return
	}
	for _, f := range figureList(r) {
		p.Say(f[0]+" "+f[1], page.Named("buy and hold", f[2]))
	}
	equity, hold, down := r.Curves()
	at := func(i int) time.Time { return r.Curve[i].Time }
	percent := func(v float64) string { return widget.Percent(v) }
	for _, line := range []string{page.Curve("Equity", equity, widget.Price, at), page.Curve("Buying and holding", hold, widget.Price, at), page.Curve("Drawdown", down, percent, at)} {
		if line != "" {
			p.Lines = append(p.Lines, line)
		}
	}
	for _, m := range r.Months {
		p.Say("Return of "+time.Month(m.Month).String()+" "+strconv.Itoa(m.Year)+" "+widget.Percent(m.Return), "buy and hold "+widget.Percent(m.Hold))
	}
	n := len(r.Trades)
	p.Heading("Newest trades: " + strconv.Itoa(min(n, plainTrades)) + " of " + strconv.Itoa(n))
	for i := n - 1; i >= max(0, n-plainTrades); i-- {
		x := &r.Trades[i]
		exit := "still open"
		if x.Exit != nil {
			exit = "out " + page.Minute(*x.Exit) + " at " + page.Price(x.ExitPrice)
		}
		p.Say(string(x.Market.Base), "in "+page.Minute(x.Entry)+" at "+page.Price(x.EntryPrice), exit, "profit or loss "+page.Gain(x.PnL), "return "+page.Percent(&x.Return))
	}
}
