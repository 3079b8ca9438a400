package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
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

	maxResults = 200
	maxResult  = 200 // bytes of a name or a text
)

// Session is one strategy in a child of its own, behind the port that the engine drives: one message for each event, with all that
// the strategy may see, and one for each of its wishes. Not safe for concurrent use, but for Close.
type Session struct {
	w     *worker
	spec  strategy.Spec
	limit time.Duration

	results []report.Result

	mu     sync.Mutex
	failed error
	closed bool
}

var (
	_ strategy.Strategy = (*Session)(nil)
	_ strategy.Listener = (*Session)(nil)
)

// Session starts a strategy of a stored algorithm. Whoever made it must Close it. ctx bounds only the start. Where the child is not
// contained it fails with ErrUncontained.
func (h *Host) Session(ctx context.Context, name string, c strategy.Content) (*Session, error) {
	if c.Language != "starlark" {
		return nil, fmt.Errorf("algorithm %s: %w: language %q is not known; starlark is", name, ErrChanged, c.Language)
	}
	w, d, err := h.open(ctx, name, c, 0)
	if err == nil && len(d.Spec.Ledgers) > 0 {
		// One that asks the ledgers is given the room that its backtest had. It is reserved, not used.
		w.end()
		w, d, err = h.open(ctx, name, c, fact.MaxFacts*toldFact)
	}
	if err != nil {
		return nil, err
	}
	return &Session{w: w, spec: d.Spec, limit: h.limits.Event}, nil
}

// open has a child load an algorithm's script; extra is memory beyond that of every child.
func (h *Host) open(ctx context.Context, name string, c strategy.Content, extra int64) (*worker, Declared, error) {
	var ok bool
	var d Declared
	w, err := h.take(ctx, extra)
	if err != nil {
		return nil, d, err
	}
	defer h.used(w)
	if err := h.contained(w); err != nil {
		w.end()
		return nil, d, err
	}
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
		return nil, d, err
	}
	return w, d, nil
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

// OnEnd implements strategy.Ender.
func (s *Session) OnEnd(c strategy.Context) error { return s.event(c, eventMessage{Kind: "end"}) }

// OnFacts implements strategy.Listener.
func (s *Session) OnFacts(facts []fact.Fact) error {
	for part := range slices.Chunk(facts, factsInBlock) {
		if err := s.event(silent{}, eventMessage{Kind: "facts", Facts: fact.Append(nil, part)}); err != nil {
			return err
		}
	}
	return nil
}

// factsInBlock is how many facts travel in one frame.
const factsInBlock = 10_000

// silent is the Context of what calls no handler: nothing is to be seen, and nothing can be asked for.
type silent struct{}

var _ strategy.Context = silent{}

func (silent) Now() time.Time                           { return time.Time{} }
func (silent) WarmingUp() bool                          { return true }
func (silent) Cash() money.Decimal                      { return money.Zero }
func (silent) Equity() money.Decimal                    { return money.Zero }
func (silent) Position(int) trade.Position              { return trade.Position{} }
func (silent) Last(int) money.Decimal                   { return money.Zero }
func (silent) OpenOrders(int) []trade.Order             { return nil }
func (silent) Submit(strategy.Intent) (id, code string) { return "", "not_during_facts" }
func (silent) Cancel(string)                            {}
func (silent) SetTimer(string, time.Time)               {}
func (silent) Log(string)                               {}

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
			return s.done(b)
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

// done takes what the script found out, which comes with the end.
func (s *Session) done(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	var r []report.Result
	if err := json.Unmarshal(b, &r); err != nil || len(r) > maxResults {
		return fmt.Errorf("%w: %d results: %v", errFrame, len(r), err)
	}
	for i := range r {
		r[i].Name, r[i].Text = clip(r[i].Name, maxResult), clip(r[i].Text, maxResult)
	}
	s.results = r
	return nil
}

// Results implements strategy.Reporter.
func (s *Session) Results() []report.Result { return s.results }

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
