package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/internal/venue"
)

// Runner is the one loop of engine and simulated venue: a backtest, a paper session and a replay step it with their inputs and
// get the same audit for the same inputs. Not safe for concurrent use.
type Runner struct {
	engine  *Engine
	venue   venue.Simulated
	quotes  *builder // nil: the feed gives bars
	updates []venue.Update
	failed  error
	ended   bool
}

// NewRunner joins an engine that has seen nothing yet and a fresh venue with the same settings. quotes says that prices come as
// quotes: bars are then built from them on the interval's grid, and orders are matched against quotes instead of bars. Bars given
// before the first quote are its past: they warm the strategy up and fill nothing.
func NewRunner(e *Engine, v venue.Simulated, quotes bool) *Runner {
	r := &Runner{engine: e, venue: v}
	if quotes {
		r.quotes = &builder{interval: e.spec.Interval, bars: make([]building, len(e.books))}
	}
	return r
}

// Engine is the engine, for reading its books between steps.
func (r *Runner) Engine() *Engine { return r.engine }

// Orders are copies of the orders that the newest step changed, one for each change, oldest first. Good until the next Step.
func (r *Runner) Orders() []trade.Order { return r.engine.changed }

// Fills are the fills of the newest step. Good until the next Step.
func (r *Runner) Fills() []trade.Fill { return r.engine.fills }

// Inputs counts the steps so far.
func (r *Runner) Inputs() int64 { return r.engine.audit.input }

// Step takes one input: a Bar, Quote, Facts, Clock, Command or End. In one bar's step, in this order: the market's open orders are
// matched against the bar and its fills told, due timers fire, equity is marked, and the strategy sees the bar. All of it is decided
// at the bar's close.
// After an error every further step returns it.
func (r *Runner) Step(ev *Event) error {
	if r.failed != nil {
		return r.failed
	}
	e := r.engine
	e.audit.input++
	if len(e.fills)+len(e.changed) > 0 {
		e.fills, e.changed = e.fills[:0], e.changed[:0]
	}
	if err := r.step(ev); err != nil {
		r.failed = err
		return err
	}
	return nil
}

func (r *Runner) step(ev *Event) error {
	if r.ended {
		return fmt.Errorf("%s after the end of the feed", ev.Kind)
	}
	if r.engine.audit.on() {
		if err := r.line(ev); err != nil {
			return err
		}
	}
	switch ev.Kind {
	case Bar:
		if r.quotes != nil && r.quotes.begun {
			return errors.New("a bar after a quote in a session fed by quotes")
		}
		return r.bar(ev, r.quotes == nil)
	case Quote:
		if r.quotes != nil {
			return r.quote(ev)
		}
		return r.process(ev)
	case Facts:
		return r.process(ev)
	case Clock, Command:
		if err := r.closeBars(ev.Time.Unix()); err != nil {
			return err
		}
		return r.process(ev)
	case End:
		if err := r.closeBars(ev.Time.Unix()); err != nil {
			return err
		}
		r.ended = true
		if err := r.process(ev); err != nil {
			return err
		}
		r.venue.End(r.engine.Now())
		return r.settle()
	}
	return fmt.Errorf("step: %w: %s", ErrEvent, ev.Kind)
}

// line audits the input itself.
func (r *Runner) line(ev *Event) error {
	at := ev.Time
	switch ev.Kind {
	case Bar:
		at = time.Unix(ev.Bar.Unix()+r.engine.interval, 0)
	case Quote:
		if ev.Quote == nil {
			return fmt.Errorf("step: %w: no quote in it", ErrEvent)
		}
		at = ev.Quote.Time
	}
	r.engine.audit.event(ev, at.UTC())
	return nil
}

// bar steps one bar. Where bars come from quotes, those have been matched already.
func (r *Runner) bar(ev *Event, match bool) error {
	if match && uint(ev.Market) < uint(len(r.engine.books)) {
		if err := r.engine.observe(ev.Market, &ev.Bar); err != nil {
			return err
		}
		r.venue.OnBar(ev.Market, &ev.Bar)
		if r.venue.Busy() {
			if err := r.settle(); err != nil {
				return err
			}
		}
	}
	return r.process(ev)
}

func (r *Runner) quote(ev *Event) error {
	if uint(ev.Market) >= uint(len(r.engine.books)) || ev.Quote == nil {
		return fmt.Errorf("quote: market %d is not declared", ev.Market)
	}
	if err := r.closeBars(ev.Quote.Time.Unix()); err != nil {
		return err
	}
	if err := r.quotes.add(ev.Market, ev.Quote); err != nil {
		return err
	}
	r.venue.OnQuote(ev.Market, ev.Quote)
	if err := r.settle(); err != nil {
		return err
	}
	return r.process(ev)
}

// closeBars steps the bars built from quotes that have ended by now (unix seconds), by close and then in declared order.
func (r *Runner) closeBars(now int64) error {
	if r.quotes == nil {
		return nil
	}
	for {
		m, b, err := r.quotes.next(now)
		if err != nil || m < 0 {
			return err
		}
		ev := Event{Kind: Bar, Market: m, Bar: b}
		if err := r.bar(&ev, false); err != nil {
			return err
		}
	}
}

// process lets the engine take the event and carries out its effects.
func (r *Runner) process(ev *Event) error {
	effects, err := r.engine.Process(ev)
	if err != nil {
		return err
	}
	if len(effects) == 0 {
		return nil
	}
	if err := r.apply(effects); err != nil {
		return err
	}
	return r.settle()
}

func (r *Runner) apply(effects []Effect) error {
	ctx := context.Background() // a simulated venue never waits
	for i := range effects {
		if id := effects[i].Cancel; id != "" {
			if err := r.venue.Cancel(ctx, id); err != nil {
				return fmt.Errorf("cancel order %s: %w", id, err)
			}
			continue
		}
		if err := r.venue.Submit(ctx, effects[i].Submit); err != nil {
			return fmt.Errorf("submit order %s: %w", effects[i].Submit.Order().ID, err)
		}
	}
	return nil
}

// settle tells the engine everything the venue has to say, until it is quiet.
func (r *Runner) settle() error {
	for r.venue.Busy() {
		r.updates = r.venue.Updates(r.updates[:0])
		for i := range r.updates {
			effects, err := r.engine.Process(&Event{Kind: Update, Update: &r.updates[i]})
			if err != nil {
				return err
			}
			if err := r.apply(effects); err != nil {
				return err
			}
		}
	}
	return nil
}

// builder makes bars without volume from quotes' last prices.
type builder struct {
	interval market.Interval
	bars     []building
	begun    bool // a quote has come
}

type building struct {
	active     bool
	start      int64 // unix seconds
	newest     time.Time
	o, h, l, c money.Decimal
}

// add counts a quote into its market's bar. The bars before it must have been taken by next.
func (b *builder) add(m int, q *market.Quote) error {
	b.begun = true
	w := &b.bars[m]
	if q.Time.Before(w.newest) {
		return fmt.Errorf("quote of %s at %s follows one at %s", q.Market, q.Time.Format(time.RFC3339Nano), w.newest.Format(time.RFC3339Nano))
	}
	w.newest = q.Time
	switch {
	case q.Last.Sign() <= 0:
	case !w.active:
		w.active, w.start = true, b.interval.Floor(q.Time.Unix())
		w.o, w.h, w.l, w.c = q.Last, q.Last, q.Last, q.Last
	default:
		w.c = q.Last
		if w.h.Less(q.Last) {
			w.h = q.Last
		}
		if q.Last.Less(w.l) {
			w.l = q.Last
		}
	}
	return nil
}

// next takes the earliest bar that has ended by now; m is −1 where there is none.
func (b *builder) next(now int64) (int, market.Bar, error) {
	best := -1
	for m := range b.bars {
		w := &b.bars[m]
		if w.active && w.start+int64(b.interval) <= now && (best < 0 || w.start < b.bars[best].start) {
			best = m
		}
	}
	if best < 0 {
		return -1, market.Bar{}, nil
	}
	w := &b.bars[best]
	w.active = false
	bar, err := market.NewBar(w.start, w.o, w.h, w.l, w.c, nil)
	return best, bar, err
}
