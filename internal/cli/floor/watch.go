package floor

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/trade"
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
}

func (w *watcher) event(e api.FloorEvent) error {
	if e.Line != nil {
		return w.line(e.Line)
	}
	if e.Session == nil {
		return nil
	}
	w.last = e.Session
	a := e.Session.Account
	if w.f.IO.ErrTerminal {
		w.f.IO.Status("%s  equity %s  cash %s  %s", factory.Time(a.Time), a.Equity.StringFixed(2), a.Cash.StringFixed(2), e.Session.Status)
	} else if now := w.f.Now(); now.Sub(w.printed) >= booksEvery {
		w.printed = now
		w.books(e.Session)
	}
	return nil
}

func (w *watcher) books(s *api.FloorSession) {
	a := s.Account
	mark := ""
	if s.Simulated {
		mark = " SIMULATED"
	}
	fmt.Fprintf(w.f.IO.Out, "%s  equity %s  cash %s  fees %s  return %s  %s%s\n", factory.Time(a.Time), a.Equity.StringFixed(2), a.Cash.StringFixed(2),
		a.Fees.StringFixed(2), factory.Ratio(s.Return), s.Status, mark)
	for _, p := range a.Positions {
		if p.Quantity.Sign() > 0 {
			fmt.Fprintf(w.f.IO.Out, "  holds %s %s\n", p.Quantity, p.Market)
		}
	}
}

// line prints what a person wants to see of the audit: fills, ended orders, refusals, trouble.
func (w *watcher) line(l *journal.Line) error {
	text := ""
	switch l.Kind {
	case "fill":
		var x trade.Fill
		if json.Unmarshal(l.Body, &x) == nil {
			text = fmt.Sprintf("fill  %-4s %s %s at %s  fee %s", x.Side, x.Quantity, x.Market, x.Price, x.Fee)
		}
	case "order":
		var x trade.Order
		if json.Unmarshal(l.Body, &x) == nil && x.State != trade.Filled && x.State != "" {
			text = fmt.Sprintf("order %-4s %s %s %s %s %s", x.Side, x.Quantity, x.Market, x.Type, x.State, x.Reason)
		}
	case "refused", "status":
		text = l.Kind + " " + string(l.Body)
	}
	if text == "" {
		return nil
	}
	w.f.IO.Status("")
	_, err := fmt.Fprintln(w.f.IO.Out, factory.Time(l.Time)+"  "+text)
	return err
}
