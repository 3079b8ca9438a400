package floor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/coinspot"
	"github.com/ohmycoins/omc/internal/venue"
)

// CoinSpot makes a client of CoinSpot's public prices a Quoter that knows how its source does.
func CoinSpot(c *coinspot.Client, now clock.Clock) *Polled {
	return &Polled{c: c, clock: now, source: api.Source{Name: "coinspot", State: "idle"}}
}

// Polled is CoinSpot's public prices: those that a collector has just read, else asked for. Safe for concurrent use.
type Polled struct {
	c     *coinspot.Client
	clock clock.Clock
	// Hot gives the prices of the collector's newest poll, false where no collector polls; nil: nobody collects.
	Hot func(context.Context) (quotes []market.Quote, polled time.Time, ok bool)

	mu     sync.Mutex // guards source
	source api.Source
}

// Latest asks for all prices; the feed takes its markets from them.
func (q *Polled) Latest(ctx context.Context) ([]market.Quote, []string, error) {
	if q.Hot != nil {
		if quotes, polled, ok := q.Hot(ctx); ok && q.clock.Now().Sub(polled) < hotFor {
			return quotes, nil, nil
		}
	}
	quotes, problems, err := q.c.Latest(source.Urgently(ctx))
	if ctx.Err() == nil { // given up by us says nothing of them
		now := q.clock.Now()
		q.mu.Lock()
		q.source.Note(err, now)
		q.mu.Unlock()
	}
	bad := make([]string, 0, len(problems))
	for _, p := range problems {
		bad = append(bad, p.Key+": "+p.Reason)
	}
	return quotes, bad, err
}

// Source tells how the source does.
func (q *Polled) Source() api.Source {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.source
}

// hotFor is how old a collector's prices may be and still be taken instead of asking again.
const hotFor = 10 * time.Second

const maxBackoff = 5 * time.Minute

// quotes is a Feed that polls an upstream. It never ends and never fails: while the upstream does not answer it says so and asks
// again, less and less often. A quote that cannot be is left out, and told.
type quotes struct {
	source  Quoter
	clock   clock.Clock
	wait    func(context.Context, time.Duration) error
	poll    time.Duration
	health  func(string) // "" means well
	markets []market.Market
	now     func() time.Time // the session's newest input
	newest  time.Time        // of the quotes queued so far
	queue   []venue.Observation
	failed  int           // polls in a row
	pause   time.Duration // before the next poll
}

func openQuotes(s *Service, j *journal.Session, now func() time.Time, health func(string)) *quotes {
	return &quotes{source: s.opts.Quotes, clock: s.clock, wait: s.opts.Wait, poll: s.opts.Poll, health: health, markets: j.Markets, now: now}
}

// Quotes reports true.
func (f *quotes) Quotes() bool { return true }

// Next returns the next quote, polling as often as it must. When ctx ends a poll under way is given up and made again by the next call.
func (f *quotes) Next(ctx context.Context) (venue.Observation, error) {
	for len(f.queue) == 0 {
		if f.pause > 0 {
			if err := f.wait(ctx, f.pause); err != nil {
				f.pause = 0 // somebody wants attention: a command is followed by a look at the prices
				return venue.Observation{}, err
			}
		}
		got, bad, err := f.source.Latest(ctx)
		if ctx.Err() != nil {
			f.pause = 0
			return venue.Observation{}, ctx.Err()
		}
		if err != nil {
			f.pause = min(f.poll<<min(f.failed, 10), max(maxBackoff, f.poll))
			f.failed++
			f.health(fmt.Sprintf("no prices, %d polls failed in a row, the next in %s: %v", f.failed, f.pause, err))
			continue
		}
		f.failed, f.pause = 0, f.poll
		f.take(got, bad)
	}
	o := f.queue[0]
	f.queue = f.queue[1:]
	return o, nil
}

// take queues the quotes of the session's markets, in their declared order.
func (f *quotes) take(got []market.Quote, bad []string) {
	byMarket := make(map[market.Market]*market.Quote, len(got))
	for i := range got {
		byMarket[got[i].Market] = &got[i]
	}
	trouble, at := "", f.clock.Now()
	if now := f.now(); now.After(f.newest) {
		f.newest = now
	}
	for m, mk := range f.markets {
		q := byMarket[mk]
		if q == nil {
			trouble = fmt.Sprintf("no usable quote of %s", mk)
			for _, b := range bad {
				trouble += "; " + b
				break
			}
			continue
		}
		c := *q
		if c.Known.IsZero() {
			c.Known = at
		}
		if c.Time.IsZero() {
			c.Time = c.Known
		}
		if err := usable(&c, f.newest); err != nil {
			trouble = fmt.Sprintf("a quote of %s was left out: %v", mk, err)
			continue
		}
		f.newest = c.Time
		f.queue = append(f.queue, venue.Observation{Market: m, Quote: &c})
	}
	f.health(trouble)
}

// usable says why a quote cannot be. Time must not run backwards, whatever the clock does: a bar that has closed stays closed.
func usable(q *market.Quote, newest time.Time) error {
	switch {
	case q.Last.Sign() <= 0:
		return fmt.Errorf("last price %s is not above zero", q.Last)
	case q.Bid.Sign() < 0 || q.Ask.Sign() < 0:
		return fmt.Errorf("bid %s or ask %s is below zero", q.Bid, q.Ask)
	case q.Bid.Sign() > 0 && q.Ask.Sign() > 0 && q.Ask.Less(q.Bid):
		return fmt.Errorf("bid %s is above ask %s", q.Bid, q.Ask)
	case q.Time.Before(newest):
		return fmt.Errorf("its time %s is before %s", q.Time.Format(time.RFC3339), newest.Format(time.RFC3339))
	case q.Time.Year() < 1970 || q.Time.Year() > 2200:
		return errors.New("its time is out of range")
	}
	return nil
}
