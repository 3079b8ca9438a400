package upstream

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Shared keeps the limit of an upstream among all processes that ask it; bus.Limiter does.
type Shared interface {
	// Reserve takes the place of one request of key where it is free at this moment: wait is 0 then, and the next place is free
	// after every. Otherwise it takes none, and says after what time to ask again. A wait that is much longer than every is that of a
	// hold (see Holder).
	Reserve(ctx context.Context, key string, every time.Duration) (wait time.Duration, err error)
}

// Holder is a Shared that can also keep all processes back, as one of them was told to be.
type Holder interface {
	Hold(ctx context.Context, key string, d time.Duration) error
}

const (
	// aloneShare: while the limit cannot be shared, up to so many processes stay within it together, each by itself. Only the
	// places of two may coincide then, for nobody knows of the others'.
	aloneShare = 8
	// urgentAloneShare is that of urgent requests: one process at a time has the feed that makes them, the others only what trades.
	urgentAloneShare = 2
	shareWait        = time.Second     // for an answer of Shared
	shareRest        = 5 * time.Second // before a Shared that failed is asked again
	// heldOver is the least wait that is taken for a hold: no request waits longer for its turn among other processes.
	heldOver = 10 * time.Second
)

// sharing is the place of one upstream's limit among all processes.
type sharing struct {
	by    Shared
	key   string
	pace  *rate.Limiter         // of this process; its limit is that of all
	parts rate.Limit            // of the limit, one of which this process takes while it is alone
	alone atomic.Pointer[alone] // nil: Shared works
}

// alone is how this process goes on by itself.
type alone struct {
	limiter *rate.Limiter
	asked   atomic.Int64 // when Shared was asked last, unix nanoseconds
}

func newSharing(name string, by Shared, pace *rate.Limiter, parts rate.Limit) *sharing {
	return &sharing{by: by, key: "upstream." + name, pace: pace, parts: parts}
}

// every is the time from one place to the next.
func (s *sharing) every() time.Duration {
	return max(time.Duration(float64(time.Second)/float64(s.pace.Limit())), 1)
}

// share waits for a place among all processes. Where that cannot be had it waits for one of the few that this process takes by itself.
func (p *pace) share(ctx context.Context, s *sharing) error {
	for {
		if a := s.alone.Load(); a != nil && a.resting(p.clock.Now()) {
			return p.await(ctx, a.limiter)
		}
		wait, err := s.reserve(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%w: wait for a turn: %w", ErrUnavailable, ctx.Err())
		case err != nil:
			return p.await(ctx, s.degrade(p.clock.Now()))
		case wait <= 0:
			s.alone.Store(nil)
			return nil
		}
		s.alone.Store(nil)
		if wait > max(heldOver, 2*s.every()) {
			p.keep(min(wait, holdMost), false)
			return &RateLimitError{RetryAfter: min(wait, holdMost)}
		}
		if err := p.wait(ctx, wait); err != nil {
			return fmt.Errorf("%w: wait for a turn: %w", ErrUnavailable, err)
		}
	}
}

func (s *sharing) reserve(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, shareWait)
	defer cancel()
	return s.by.Reserve(ctx, s.key, s.every())
}

// degrade goes on alone. The first place is free after a whole interval: others may have taken one just now.
func (s *sharing) degrade(now time.Time) *rate.Limiter {
	a := s.alone.Load()
	if a == nil {
		fresh := &alone{limiter: rate.NewLimiter(s.pace.Limit()/s.parts, 1)}
		fresh.limiter.ReserveN(now, 1)
		if a = fresh; !s.alone.CompareAndSwap(nil, fresh) {
			if other := s.alone.Load(); other != nil {
				a = other
			}
		}
	}
	a.asked.Store(now.UnixNano())
	return a.limiter
}

// resting reports that Shared failed a moment ago.
func (a *alone) resting(now time.Time) bool {
	since := now.Sub(time.Unix(0, a.asked.Load()))
	return since >= 0 && since < shareRest
}

// tell passes a hold on to the other processes. Where that fails they are told by the upstream, as this one was.
func (s *sharing) tell(d time.Duration) {
	if h, ok := s.by.(Holder); ok {
		ctx, cancel := context.WithTimeout(context.Background(), shareWait)
		defer cancel()
		_ = h.Hold(ctx, s.key, d)
	}
}
