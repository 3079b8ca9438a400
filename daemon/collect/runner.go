package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/bus"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/store"
)

// Bounds of one turn of a feed.
const (
	maxPages    = 20               // polls in a row while the upstream has more
	slowGrace   = 15 * time.Second // after a poll's timeout, for landing what it brought
	urgentGrace = 3 * time.Second  // of a feed that may not stand still for long where a process has died
)

// grace is how long a feed's poll may take to land, after its timeout.
func grace(f *source.Feed) time.Duration {
	if f.Urgent {
		return urgentGrace
	}
	return slowGrace
}

// gapAfter is how long a feed may go without a success before that is a gap.
func gapAfter(f *source.Feed) time.Duration { return 2*f.Every + f.Timeout }

// Ledgers is what the runner reads and fills.
type Ledgers interface {
	ledger.Collector
	ledger.Writer
	CatalystEvents(ctx context.Context, q ledger.EventQuery) ([]ledger.EventRow, error)
	Quotes(ctx context.Context, q ledger.QuoteQuery) ([]ledger.QuoteRow, error)
}

// Judge adds to records what no upstream says: sentiment, coins named in a text, the impact of an event. It does no I/O.
type Judge interface {
	Sentiment(text string) ledger.Sentiment
	Coins(text string) []market.Coin
	// Impact scores an event; recent are the events of the thirty days before it.
	Impact(e *ledger.Event, recent []ledger.EventRow) (score float64, why string)
}

// Runner polls feeds and lands what they bring. Safe for concurrent use, and in several processes on one store.
type Runner struct {
	store Ledgers
	clock clock.Clock
	bus   bus.Bus
	judge Judge
	log   *slog.Logger
	owner string
	feeds map[string]*source.Feed

	mu     sync.Mutex        // guards landed
	landed map[string]string // version of each event that has landed from here, by source and id
}

// NewRunner returns a runner of the feeds; owner names this process.
func NewRunner(s Ledgers, c clock.Clock, b bus.Bus, j Judge, log *slog.Logger, owner string, feeds []source.Feed) *Runner {
	r := &Runner{store: s, clock: c, bus: b, judge: j, log: log, owner: owner, feeds: map[string]*source.Feed{}, landed: map[string]string{}}
	for i := range feeds {
		r.feeds[feeds[i].Name] = &feeds[i]
	}
	return r
}

// state is what the runner keeps of a feed between polls, beside the feed's own cursor.
type state struct {
	Feed json.RawMessage  `json:"feed,omitempty"`
	Held map[string]*held `json:"held,omitempty"` // quotes that jumped, by market
	Bars int64            `json:"bars,omitempty"` // unix seconds up to which bars were built from quotes
}

// Run polls a feed at its tick, unless another process does, or it is paused. The error is the upstream's, or the store's; it is in
// the feed's books already where they could be written.
func (r *Runner) Run(ctx context.Context, name string, tick time.Time) error {
	f, ok := r.feeds[name]
	if !ok {
		return fmt.Errorf("feed %q: there is none of that name", name)
	}
	for range maxPages {
		claim, begun, err := r.store.Begin(ctx, name, r.owner, tick, r.clock.Now().Add(lease))
		if err != nil || !begun {
			return err
		}
		release := r.keep(ctx, claim)
		again, err := r.poll(ctx, f, claim, tick)
		release()
		if err != nil || !again || ctx.Err() != nil {
			return err
		}
		if now := r.clock.Now(); now.After(tick) {
			tick = now
		} else {
			tick = tick.Add(time.Millisecond)
		}
	}
	return nil
}

// poll asks the upstream once and lands what it said.
func (r *Runner) poll(ctx context.Context, f *source.Feed, claim ledger.Claim, tick time.Time) (again bool, err error) {
	var st state
	if len(claim.Cursor) > 0 && json.Unmarshal(claim.Cursor, &st) != nil {
		st = state{} // a cursor that cannot be read is begun anew; what it led to has landed
	}
	l := ledger.Landing{Claim: claim, Source: f.Origin(), Tick: tick, Started: r.clock.Now(), GapAfter: gapAfter(f)}
	var sent source.Requests
	asking := source.Counting(ctx, &sent)
	asking = source.Each(asking, f.Every)
	if f.Urgent {
		asking = source.Urgently(asking)
	}
	if claim.Asked {
		asking = source.ByHand(asking)
	}
	h, failure := r.ask(asking, f, st.Feed)
	l.Requests = sent.Count()
	l.Records, l.Rejects, l.Whole, l.Read, l.Since, l.Gaps = h.Records, h.Rejects, h.Whole, h.Read, h.Since, h.Gaps
	if failure != nil {
		l.Err = source.Text(failure.Error(), 1000)
		l.Since, l.Whole = time.Time{}, false
	}
	if h.Cursor != nil {
		st.Feed = h.Cursor
	}
	// What was read is landed even when omc is stopping; a poll that was given up says nothing of the upstream, and is begun again.
	land, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace(f))
	defer cancel()
	l.GivenUp = failure != nil && ctx.Err() != nil
	if !l.GivenUp {
		l.Hold, l.Idle = putOff(failure, l.Started), failure == nil && idle(&h, l.Requests)
	}
	if err := r.prepare(land, f, claim, &l, &st); err != nil {
		return false, err
	}
	if l.Cursor, err = json.Marshal(st); err != nil {
		return false, fmt.Errorf("feed %s: its cursor: %w", f.Name, err)
	}
	got, err := r.store.Land(land, l)
	if errors.Is(err, store.ErrConflict) {
		r.log.Info("a poll came too late and was dropped", "feed", f.Name)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r.remember(l.Records.Events)
	if !l.Hold.Until.IsZero() {
		r.log.Info("a feed is put off", "feed", f.Name, "until", l.Hold.Until, "by", l.Hold.By, "why", failure)
		if l.Hold.By == ledger.HeldByUpstream {
			if err := r.store.HoldFeeds(land, r.family(f), l.Hold, l.Err); err != nil {
				return false, err
			}
		}
	}
	if l.GivenUp || !l.Hold.Until.IsZero() {
		failure = nil
	} else {
		r.note(f, claim, failure)
	}
	r.tell(land, f, &l, got)
	if failure != nil {
		return false, &PollError{f.Name, failure}
	}
	return h.Again && !l.GivenUp && l.Hold.Until.IsZero(), nil
}

// PollError is an upstream's failure. It is in the feed's books.
type PollError struct {
	Feed string
	Err  error
}

// Error implements error.
func (e *PollError) Error() string { return "feed " + e.Feed + ": " + e.Err.Error() }

// Unwrap returns the failure.
func (e *PollError) Unwrap() error { return e.Err }

// note logs when a feed begins to fail and when it goes well again: what fails every five seconds would fill the log.
func (r *Runner) note(f *source.Feed, claim ledger.Claim, failure error) {
	switch {
	case failure != nil && claim.Failed == 0:
		r.log.Warn("a feed fails", "feed", f.Name, "error", failure)
	case failure == nil && claim.Failed > 0:
		r.log.Info("a feed goes well again", "feed", f.Name, "failed", claim.Failed)
	}
}

// ask polls within the feed's timeout; a feed that panics has failed, and nobody else.
func (r *Runner) ask(ctx context.Context, f *source.Feed, cursor []byte) (h source.Harvest, err error) {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			h, err = source.Harvest{}, fmt.Errorf("the source panicked: %v", v)
			r.log.Error("a source panicked", "feed", f.Name, "panic", v)
		}
	}()
	h, err = f.Poll(ctx, cursor)
	if len(h.Cursor) > source.MaxCursor {
		h.Cursor = nil
		err = errors.Join(err, fmt.Errorf("a cursor of %d bytes was left aside, the limit is %d", len(h.Cursor), source.MaxCursor))
	}
	if h.Cursor != nil && !json.Valid(h.Cursor) {
		h.Cursor = nil
		err = errors.Join(err, errors.New("a cursor that is no JSON was left aside"))
	}
	return h, err
}

// prepare checks and completes what a poll brought, and builds the bars that have ended.
func (r *Runner) prepare(ctx context.Context, f *source.Feed, claim ledger.Claim, l *ledger.Landing, st *state) error {
	now := r.clock.Now()
	l.Rejects = append(l.Rejects, check(&l.Records, now)...)
	if err := r.complete(ctx, &l.Records); err != nil {
		return err
	}
	if len(l.Records.Quotes) > 0 {
		rejects, err := r.holdJumps(ctx, f.Origin(), claim, l.Records.Quotes, st)
		if err != nil {
			return err
		}
		l.Rejects = append(l.Rejects, rejects.pieces...)
		l.Records.Quotes = rejects.rest
	}
	if f.Bars {
		until := now
		if !l.Read.IsZero() && l.Read.Before(now) {
			until = l.Read // read within a bar and landing after its end, it still belongs to that bar
		}
		return r.rollBars(ctx, f, l, st, until, now)
	}
	return nil
}
