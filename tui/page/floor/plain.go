package floor

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// Bounds of the page in words, and how long it waits for the first and for a further event of a session that goes on.
const (
	plainSessions = 5
	plainRows     = 20
	firstEvent    = 2 * time.Second
	nextEvent     = 300 * time.Millisecond
)

// Plain is the page in words: every session, and of the newest ones, those that run first, what they hold and what they did.
func Plain(ctx context.Context, c Client, now time.Time) ([]string, error) {
	all, err := c.FloorSessions(ctx)
	if err != nil {
		return nil, err
	}
	var p page.Prose
	p.Heading("Sessions: " + page.Count(int64(len(all))))
	if len(all) == 0 {
		p.Say("No session yet: omc floor start ALGO --paper starts one.")
	}
	var told []*api.FloorSession
	for _, alive := range []bool{true, false} {
		for i := range all {
			if s := &all[i]; running(s) == alive {
				plainSession(&p, s)
				told = append(told, s)
			}
		}
	}
	for _, s := range told[:min(len(told), plainSessions)] {
		if err := plainBooks(ctx, c, &p, s, now); err != nil {
			return nil, err
		}
	}
	return p.Lines, nil
}

func sessionName(s *api.FloorSession) string { return s.Strategy + " " + page.Short(s.ID) }

func plainSession(p *page.Prose, s *api.FloorSession) {
	mode, q := "PAPER", " "+quote(s)
	if s.Mode != "paper" {
		mode = "LIVE"
	}
	if s.Simulated {
		mode += ", SIM: made-up prices"
	}
	health := ""
	if running(s) && s.Health != "ok" {
		health = s.Health
	}
	markets := ""
	for i, m := range s.Markets {
		if i > 0 {
			markets += " and "
		}
		markets += m.String()
	}
	p.Say(sessionName(s), mode, string(s.Status), health, markets, s.Feed+" prices", "equity "+page.Amount(s.Account.Equity)+q, page.Named("return", page.Percent(s.Return)),
		page.Named("max drawdown", page.Percent(s.Drawdown)), "cash "+page.Amount(s.Account.Cash)+q, "fees "+page.Amount(s.Account.Fees)+q)
}

func plainBooks(ctx context.Context, c Client, p *page.Prose, s *api.FloorSession, now time.Time) error {
	name, q := sessionName(s), " "+quote(s)
	p.Heading("Positions of " + widget.Neutralise(name))
	flat := true
	for i := range s.Account.Positions {
		x := &s.Account.Positions[i]
		if x.Quantity.IsZero() {
			continue
		}
		flat = false
		last := mark(s, x.Market)
		p.Say(page.Quantity(x.Quantity)+" "+string(x.Market.Base), "average price with fees "+page.Price(x.AveragePrice())+q, "last "+page.Price(last)+q,
			"value "+page.Amount(x.Value(last))+q, "profit or loss "+page.Gain(x.Unrealised(last))+q)
	}
	if flat {
		p.Say("none")
	}
	pnl, err := c.PnL(ctx, s.ID)
	if err != nil {
		return err
	}
	for i := range pnl {
		curve := pnl[i].Curve
		values := make([]float64, len(curve))
		for k := range curve {
			values[k] = curve[k].Equity.Float64()
		}
		if line := page.Curve("Equity", values, widget.Price, func(k int) time.Time { return curve[k].Time }); line != "" {
			p.Lines = append(p.Lines, line)
		}
	}
	orders, err := c.Orders(ctx, s.ID, plainRows)
	if err != nil {
		return err
	}
	p.Heading("Newest orders: " + page.Count(int64(len(orders))))
	for i := range orders {
		o := &orders[i]
		p.Say(page.Minute(o.PlacedAt), string(o.Side)+" "+page.Quantity(o.Quantity)+" "+string(o.Market.Base), string(o.Type), string(o.State), o.Reason)
	}
	fills, err := c.Trades(ctx, s.ID, plainRows)
	if err != nil {
		return err
	}
	p.Heading("Newest fills: " + page.Count(int64(len(fills))))
	for i := range fills {
		f := &fills[i]
		p.Say(page.Minute(f.Time), string(f.Side)+" "+page.Quantity(f.Quantity)+" "+string(f.Market.Base), "at "+page.Price(f.Price)+q, "fee "+page.Amount(f.Fee)+q)
	}
	list, err := newestEvents(ctx, c, s.ID)
	if err != nil {
		return err
	}
	p.Heading("Newest events: " + page.Count(int64(len(list))))
	for _, e := range list {
		p.Say(page.Minute(e.at), e.kind+": "+strings.ReplaceAll(e.text, " → ", ", now "))
	}
	return nil
}

// newestEvents gives the end of a session's log, oldest first. The stream of a session that goes on has no end: what is stored has
// come when it falls silent.
func newestEvents(ctx context.Context, c Client, id string) ([]event, error) {
	follow, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex // guards out: emit may be called by another goroutine
	var out []event
	silence := time.AfterFunc(firstEvent, stop)
	defer silence.Stop()
	err := c.FloorEvents(follow, id, 0, func(e api.FloorEvent) error {
		silence.Reset(nextEvent)
		if e.Line == nil {
			return nil
		}
		if d, ok := describe(e.Line); ok {
			mu.Lock()
			out = append(out, d)
			if len(out) > plainRows {
				out = out[1:]
			}
			mu.Unlock()
		}
		return nil
	})
	mu.Lock()
	defer mu.Unlock()
	if err != nil && follow.Err() != nil && ctx.Err() == nil { // it fell silent
		err = nil
	}
	return out, err
}
