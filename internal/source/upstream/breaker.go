package upstream

import (
	"fmt"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
)

const (
	breakAfter = 5 // requests in a row that failed
	breakFor   = 30 * time.Second
)

// breaker leaves an upstream alone that has failed too often, and then lets one request through to see whether it is back.
//
// A source decodes an answer after it has come: an answer counts as good only once the next request begins, so that it can still be
// called malformed until then.
type breaker struct {
	clock clock.Clock
	delay time.Duration

	mu       sync.Mutex // guards what follows
	failures int        // in a row
	open     bool       // until a request that was let through is answered
	until    time.Time  // while it is open: when one is let through
	probing  bool       // that one is on its way
	pending  bool       // the newest answer has not been counted yet
}

func newBreaker(c clock.Clock, delay time.Duration) *breaker {
	if delay <= 0 {
		delay = breakFor
	}
	return &breaker{clock: c, delay: delay}
}

// OpenError says that an upstream has failed so often that it is left alone for a while. It is an ErrUnavailable.
type OpenError struct {
	Until time.Time // when it is tried again
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("%v: it failed %d times in a row and is left alone until %s", ErrUnavailable, breakAfter, e.Until.UTC().Format(time.RFC3339))
}

// Unwrap returns ErrUnavailable.
func (*OpenError) Unwrap() error { return ErrUnavailable }

// check fails while nothing may be sent.
func (b *breaker) check() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed()
}

func (b *breaker) closed() error {
	if !b.open || b.pending {
		return nil
	}
	now := b.clock.Now()
	if b.until.Sub(now) > b.delay {
		b.until = now.Add(b.delay) // the clock was set back
	}
	if now.Before(b.until) {
		return &OpenError{b.until}
	}
	if b.probing {
		return &OpenError{now} // another request is finding out
	}
	return nil
}

// enter begins a request, or fails while nothing may be sent.
func (b *breaker) enter() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.closed(); err != nil {
		return err
	}
	if b.pending {
		b.pending, b.open, b.probing, b.failures = false, false, false, 0
	}
	b.probing = b.open
	return nil
}

// answered ends a request that the upstream answered.
func (b *breaker) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open || b.probing { // an answer to what was asked before it opened closes nothing
		b.pending = true
	}
}

// left ends a request that says nothing of the upstream: the next one finds out.
func (b *breaker) left() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}

// failed counts a failure, of a request or of the answer that came last.
func (b *breaker) failed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = false
	b.failures++
	if b.failures >= breakAfter && (!b.open || b.probing) {
		b.open, b.probing, b.until = true, false, b.clock.Now().Add(b.delay)
	}
}

// state is the name of the state; until is zero unless nothing may be sent.
func (b *breaker) state() (name string, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.open || b.pending:
		return "closed", time.Time{}
	case b.probing || !b.clock.Now().Before(b.until):
		return "half-open", time.Time{}
	}
	return "open", b.until
}
