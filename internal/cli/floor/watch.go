package floor

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/tui/widget"
)

// booksEvery is how often equity is printed where there is no terminal to keep it on one line.
const booksEvery = 2 * time.Second

// Watch follows a session until it is final or ctx ends: orders and fills as lines, equity on the status line.
func Watch(ctx context.Context, f *factory.Factory, c *client.Client, id string, after int64) error {
	format, err := f.Format()
	if err != nil {
		return err
	}
	w := &watcher{f: f}
	err = c.FloorEvents(ctx, id, after, func(e api.FloorEvent) error {
		if format == "json" {
			raw, err := json.Marshal(e)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(f.IO.Out, "%s\n", raw)
			return err
		}
		return w.event(e)
	})
	f.IO.Status("")
	if err == nil && w.last != nil && format != "json" {
		w.books(w.last)
	}
	return err
}

type watcher struct {
	f       *factory.Factory
	last    *api.FloorSession
	printed time.Time
	health  string
}

func (w *watcher) event(e api.FloorEvent) error {
	if e.Line != nil {
		return w.line(e.Line)
	}
	if e.Session == nil {
		return nil
	}
	if h := e.Session.Health; h != w.health && (h != "ok" || w.health != "") {
		w.f.IO.Status("")
		w.f.Say("%s: %s", e.Session.ID, h)
	}
	w.health, w.last = e.Session.Health, e.Session
	if e.Session.Account.Input == 0 {
		return nil // nothing has come in: there is no moment to speak of
	}
	if w.f.IO.ErrTerminal {
		w.f.IO.Status("%s", standing(e.Session))
	} else if now := w.f.Now(); now.Sub(w.printed) >= booksEvery {
		w.printed = now
		w.books(e.Session)
	}
	return nil
}

func (w *watcher) books(s *api.FloorSession) {
	fmt.Fprintln(w.f.IO.Out, standing(s))
}

// standing says in one line how a session stands: equity, what was won or lost since the start, what is held.
func standing(s *api.FloorSession) string {
	a := &s.Account
	var b strings.Builder
	fmt.Fprintf(&b, "%s  equity %s  P&L %s (%s)  ", moment(a.Time), a.Equity.StringFixed(2), gain(a), factory.Ratio(s.Return))
	held := 0
	for _, p := range a.Positions {
		if p.Quantity.Sign() > 0 {
			fmt.Fprintf(&b, "%s %s  ", p.Quantity, p.Market.Base)
			held++
		}
	}
	if held == 0 {
		b.WriteString("flat  ")
	}
	b.WriteString(string(s.Status))
	if s.Simulated {
		b.WriteString(" SIMULATED")
	}
	return b.String()
}

// gain is what the session has won or lost since its start, with its sign.
func gain(a *journal.Account) string {
	won := a.Equity.Sub(a.StartCash)
	if won.Sign() > 0 {
		return "+" + won.StringFixed(2)
	}
	return won.StringFixed(2)
}

// line prints what a person wants to see of the audit: fills, orders, refusals, what the strategy says, trouble.
func (w *watcher) line(l *journal.Line) error {
	text, at := "", l.Time
	switch l.Kind {
	case "fill":
		var x trade.Fill
		if json.Unmarshal(l.Body, &x) == nil {
			at = x.Time // a fill in a bar is told when the bar has closed
			text = fmt.Sprintf("fill  %-4s %s %s at %s  fee %s", x.Side, x.Quantity, x.Market, x.Price, x.Fee.StringFixed(2))
		}
	case "order":
		var x trade.Order
		if json.Unmarshal(l.Body, &x) == nil && x.State != trade.Filled && x.State != "" {
			text = strings.TrimRight(fmt.Sprintf("order %-4s %s %s %s %s %s", x.Side, x.Quantity, x.Market, x.Type, x.State, x.Reason), " ")
		}
	case "refused":
		var x struct{ Code, Detail string }
		if json.Unmarshal(l.Body, &x) == nil {
			text = "refused by " + x.Code + ": " + x.Detail
		}
	case "status":
		var x struct{ Halted string }
		if json.Unmarshal(l.Body, &x) == nil && x.Halted != "" {
			text = "halted by " + x.Halted
		}
	case "log":
		var x struct{ Text string }
		if json.Unmarshal(l.Body, &x) == nil {
			text = "log   " + x.Text
		}
	}
	if text == "" {
		return nil
	}
	w.f.IO.Status("")
	_, err := fmt.Fprintln(w.f.IO.Out, moment(at)+"  "+widget.Neutralise(text))
	return err
}

// moment is a time as somebody watching reads it: UTC, without seconds where they are zero.
func moment(t time.Time) string {
	if t.Second() == 0 {
		return t.UTC().Format("2006-01-02 15:04")
	}
	return t.UTC().Format(time.DateTime)
}
