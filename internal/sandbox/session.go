package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// ErrChanged is wrapped where this omc does not run an algorithm as it was stored.
var ErrChanged = errors.New("it was made by another version of omc")

// What a child may say during one event.
const (
	maxWishes = 20_000
	maxSaid   = 16 << 20 // bytes
	maxTag    = 64       // characters
)

// Session is one strategy in a child of its own, behind the port that the engine drives: one message for each event, with all that
// the strategy may see, and one for each of its wishes. Not safe for concurrent use, but for Close.
type Session struct {
	w     *worker
	spec  strategy.Spec
	limit time.Duration

	mu     sync.Mutex
	failed error
	closed bool
}

var _ strategy.Strategy = (*Session)(nil)

// Session starts a strategy of a stored algorithm. Whoever made it must Close it. ctx bounds only the start. Where the child is not
// contained it fails with ErrUncontained.
func (h *Host) Session(ctx context.Context, name string, c strategy.Content) (*Session, error) {
	if c.Language != "starlark" {
		return nil, fmt.Errorf("algorithm %s: %w: language %q is not known; starlark is", name, ErrChanged, c.Language)
	}
	w, err := h.take(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer h.used(w)
	if err := h.contained(w); err != nil {
		w.end()
		return nil, err
	}
	var ok bool
	var d Declared
	err = w.request(ctx, kScript, Script{name, c.Script}, &ok, watcher{})
	if err == nil {
		err = w.request(ctx, kOpen, strategy.Options{Params: c.Params, Markets: c.Markets, Interval: c.Interval}, &d, watcher{})
	}
	if err == nil {
		err = d.check(c.Script)
	}
	if err == nil && d.Content.ID() != c.ID() {
		err = fmt.Errorf("algorithm %s: %w: it loads as %.12s, not as %.12s", name, ErrChanged, d.Content.ID(), c.ID())
	}
	if err != nil {
		w.end()
		return nil, err
	}
	return &Session{w: w, spec: d.Spec, limit: h.limits.Event}, nil
}

// Close ends the child.
func (s *Session) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.w.end()
}

// Spec implements strategy.Strategy.
func (s *Session) Spec() strategy.Spec { return s.spec }

// Init implements strategy.Strategy.
func (s *Session) Init(c strategy.Context) error {
	return s.event(c, eventMessage{Kind: "init"})
}

// OnBar implements strategy.Strategy.
func (s *Session) OnBar(c strategy.Context, m int, bar *market.Bar) error {
	block, err := market.AppendColumns(nil, []market.Bar{*bar})
	if err != nil {
		return err
	}
	return s.event(c, eventMessage{Kind: "bar", Market: m, Bar: block})
}

// OnFill implements strategy.Strategy.
func (s *Session) OnFill(c strategy.Context, f *trade.Fill) error {
	return s.event(c, eventMessage{Kind: "fill", Fill: f})
}

// OnTimer implements strategy.Strategy.
func (s *Session) OnTimer(c strategy.Context, name string) error {
	return s.event(c, eventMessage{Kind: "timer", Timer: name})
}

// event tells the child of one event and does what it asks for until it is done. Once it has failed, nothing more is asked of it.
func (s *Session) event(c strategy.Context, ev eventMessage) error {
	s.mu.Lock()
	err := s.failed
	if s.closed {
		err = errors.New("the strategy was closed")
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	ev.View = see(c, len(s.spec.Markets))
	payload, err := json.Marshal(ev)
	if err != nil {
		return fmt.Errorf("sandbox: event: %w", err)
	}
	err = s.w.guard(context.Background(), s.limit, func(*time.Timer) error {
		if err := s.w.conn.send(kEvent, payload); err != nil {
			return err
		}
		return s.wishes(c)
	})
	if err != nil {
		s.mu.Lock()
		s.failed = err
		s.mu.Unlock()
	}
	return err
}

// wishes carries out what the child asks for, until the event is done.
func (s *Session) wishes(c strategy.Context) error {
	said := 0
	for range maxWishes {
		k, b, err := s.w.conn.receive()
		if err != nil {
			return err
		}
		if said += len(b); said > maxSaid {
			return fmt.Errorf("%w: more than %d bytes for one event", errFrame, maxSaid)
		}
		switch k {
		case kIntent:
			var in strategy.Intent
			if err := json.Unmarshal(b, &in); err != nil {
				return fmt.Errorf("%w: an intent: %w", errFrame, err)
			}
			if err := possible(&in); err != nil {
				return fmt.Errorf("%w: an intent: %w", errFrame, err)
			}
			a := answerMessage{}
			a.ID, a.Code = c.Submit(in)
			err = s.answer(c, a)
		case kCancel:
			c.Cancel(clip(string(b), maxTag))
			err = s.answer(c, answerMessage{})
		case kTimer:
			var t timerMessage
			if err := json.Unmarshal(b, &t); err != nil {
				return fmt.Errorf("%w: a timer: %w", errFrame, err)
			}
			c.SetTimer(t.Name, time.Unix(t.Second, t.Nano).UTC())
		case kLog:
			c.Log(string(b))
		case kDone:
			return nil
		case kFailed:
			return told(b)
		case kBeat:
		default:
			return fmt.Errorf("%w: kind %q during an event", errFrame, rune(k))
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: more than %d wishes for one event", errFrame, maxWishes)
}

func (s *Session) answer(c strategy.Context, a answerMessage) error {
	a.View = see(c, len(s.spec.Markets))
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return s.w.conn.send(kAnswer, b)
}

// possible refuses an intent that no script can make: the child speaks for itself then.
func possible(in *strategy.Intent) error {
	switch {
	case in.Side != trade.Buy && in.Side != trade.Sell, in.Type != trade.MarketOrder && in.Type != trade.LimitOrder:
		return fmt.Errorf("side %.20q, type %.20q", in.Side, in.Type)
	case in.Size != strategy.ByQuantity && in.Size != strategy.ByNotional && in.Size != strategy.ByFraction:
		return fmt.Errorf("size %.20q", in.Size)
	case utf8.RuneCountInString(in.Tag) > maxTag || !utf8.ValidString(in.Tag):
		return errors.New("its tag is too long")
	}
	return nil
}
