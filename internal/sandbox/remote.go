package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// session makes the strategy of one Session and then answers its events until the parent closes the pipe.
func (s *server) session(payload []byte) error {
	var o strategy.Options
	err := json.Unmarshal(payload, &o)
	if err == nil {
		var strat strategy.Strategy
		var d Declared
		if strat, d, err = s.opened(o); err == nil {
			if err := s.reply(kOK, d); err != nil {
				return err
			}
			return s.events(strat, len(d.Spec.Markets))
		}
	}
	return s.fail(err)
}

func (s *server) opened(o strategy.Options) (strat strategy.Strategy, d Declared, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the script failed: %v", r)
		}
	}()
	return s.declare(o)
}

func (s *server) events(strat strategy.Strategy, markets int) error {
	for {
		k, payload, err := s.receive()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if k != kEvent {
			return fmt.Errorf("%w: kind %q is no event", errFrame, rune(k))
		}
		var ev eventMessage
		if err := json.Unmarshal(payload, &ev); err != nil {
			return fmt.Errorf("%w: event: %w", errFrame, err)
		}
		c := &remote{s: s, view: ev.View}
		err = c.call(strat, &ev, markets)
		switch {
		case c.broken != nil:
			return c.broken
		case err != nil:
			err = s.fail(err)
		case ev.Kind == "end":
			err = s.reply(kDone, strategy.Results(strat))
		default:
			err = s.send(kDone, nil)
		}
		if err != nil {
			return err
		}
	}
}

// remote is the strategy.Context of the child: what the parent showed with the event, and wishes that go to it as they are made.
type remote struct {
	s      *server
	view   view
	broken error // of the pipe
}

var _ strategy.Context = (*remote)(nil)

func (c *remote) call(strat strategy.Strategy, ev *eventMessage, markets int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the script failed: %v", r)
		}
	}()
	if uint(ev.Market) >= uint(markets) || len(ev.View.Markets) != markets {
		return fmt.Errorf("%w: an event of market %d with a view of %d, the strategy has %d", errFrame, ev.Market, len(ev.View.Markets), markets)
	}
	switch ev.Kind {
	case "init":
		return strat.Init(c)
	case "bar":
		bars, _, err := market.ParseColumns(nil, ev.Bar)
		if err != nil || len(bars) != 1 {
			return fmt.Errorf("%w: %d bars in an event: %w", errFrame, len(bars), err)
		}
		return strat.OnBar(c, ev.Market, &bars[0])
	case "fill":
		if ev.Fill == nil {
			return fmt.Errorf("%w: a fill without one", errFrame)
		}
		return strat.OnFill(c, ev.Fill)
	case "facts":
		facts, err := fact.Parse(nil, ev.Facts)
		if err != nil {
			return fmt.Errorf("%w: %w", errFrame, err)
		}
		return strategy.Tell(strat, facts)
	case "end":
		return strategy.End(strat, c)
	case "timer":
		return strat.OnTimer(c, ev.Timer)
	}
	return fmt.Errorf("%w: event %.20q", errFrame, ev.Kind)
}

// Now implements strategy.Context.
func (c *remote) Now() time.Time { return c.view.Now }

// WarmingUp implements strategy.Context.
func (c *remote) WarmingUp() bool { return c.view.Warming }

// Cash implements strategy.Context.
func (c *remote) Cash() money.Decimal { return c.view.Cash }

// Equity implements strategy.Context.
func (c *remote) Equity() money.Decimal { return c.view.Equity }

// Position implements strategy.Context.
func (c *remote) Position(m int) trade.Position {
	if uint(m) >= uint(len(c.view.Markets)) {
		return trade.Position{}
	}
	return c.view.Markets[m].Position
}

// Last implements strategy.Context.
func (c *remote) Last(m int) money.Decimal {
	if uint(m) >= uint(len(c.view.Markets)) {
		return money.Zero
	}
	return c.view.Markets[m].Last
}

// OpenOrders implements strategy.Context.
func (c *remote) OpenOrders(m int) []trade.Order {
	if uint(m) >= uint(len(c.view.Markets)) {
		return nil
	}
	return append([]trade.Order(nil), c.view.Markets[m].Orders...)
}

// Submit implements strategy.Context.
func (c *remote) Submit(in strategy.Intent) (id, code string) {
	b, err := json.Marshal(in)
	if err != nil {
		return "", "bad_intent"
	}
	a := c.ask(kIntent, b)
	return a.ID, a.Code
}

// Cancel implements strategy.Context.
func (c *remote) Cancel(id string) { c.ask(kCancel, []byte(id)) }

// ask sends a wish and takes the answer, and what is to be seen after it.
func (c *remote) ask(k kind, payload []byte) (a answerMessage) {
	if c.broken != nil {
		return a
	}
	if c.broken = c.s.send(k, payload); c.broken != nil {
		return a
	}
	got, reply, err := c.s.receive()
	switch {
	case err != nil:
		c.broken = err
	case got != kAnswer:
		c.broken = fmt.Errorf("%w: kind %q instead of an answer", errFrame, rune(got))
	default:
		if c.broken = json.Unmarshal(reply, &a); c.broken == nil {
			c.view = a.View
		}
	}
	return a
}

// SetTimer implements strategy.Context.
func (c *remote) SetTimer(name string, at time.Time) {
	b, err := json.Marshal(timerMessage{name, at.Unix(), int64(at.Nanosecond())})
	if c.broken == nil {
		c.broken = errors.Join(err, c.s.send(kTimer, b))
	}
}

// Log implements strategy.Context.
func (c *remote) Log(msg string) {
	if c.broken == nil {
		c.broken = c.s.send(kLog, []byte(msg))
	}
}
