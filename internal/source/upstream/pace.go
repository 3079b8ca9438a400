package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source"
)

// How long requests are held back where an upstream does not say. A ban grows with every request made during it.
const (
	holdLimited = 30 * time.Second
	holdBanned  = 2 * time.Minute
	holdMost    = 24 * time.Hour
)

// pace spaces requests, and holds them back while the upstream has asked for that.
type pace struct {
	clock clock.Clock
	wait  func(context.Context, time.Duration) error
	*lane
}

func newPace(name string, c Config, limit rate.Limit) *pace {
	return &pace{c.Clock, c.Wait, c.Group.lane(name, limit, c.Urgent, c.Clock.Now())}
}

// turn waits for the next free place. While requests are held back it fails at once: the wait may be hours.
func (p *pace) turn(ctx context.Context) error {
	if err := p.open(); err != nil {
		return err
	}
	t := p.track(source.IsUrgent(ctx))
	if err := p.await(ctx, t.limiter); err != nil {
		return err
	}
	if t.shared != nil && t.limiter.Limit() != rate.Inf {
		if err := p.share(ctx, t.shared); err != nil {
			return err
		}
	}
	return p.open() // another request may have met the limit meanwhile
}

// await waits for a place of a limiter in this process.
func (p *pace) await(ctx context.Context, l *rate.Limiter) error {
	now := p.clock.Now()
	r := l.ReserveN(now, 1)
	if d := r.DelayFrom(now); d > 0 {
		if err := p.wait(ctx, d); err != nil {
			r.CancelAt(p.clock.Now())
			return fmt.Errorf("%w: wait for a turn: %w", ErrUnavailable, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: wait for a turn: %w", ErrUnavailable, err)
	}
	return nil
}

func (p *pace) open() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if left := p.until.Sub(p.clock.Now()); left > 0 {
		return &RateLimitError{RetryAfter: min(left, holdMost), Banned: p.banned}
	}
	return nil
}

// hold keeps requests back for as long as e says, or for a while where it does not say; here, and in other processes where they can
// be told.
func (p *pace) hold(e *RateLimitError) {
	d := e.RetryAfter
	switch {
	case d <= 0 && e.Banned:
		d = holdBanned
	case d <= 0:
		d = holdLimited
	}
	d = min(d, holdMost)
	if !p.keep(d, e.Banned) {
		return
	}
	for _, t := range []*track{&p.ordinary, &p.urgent} {
		if t.shared != nil && (t == &p.ordinary || p.split) {
			t.shared.tell(d)
		}
	}
}

// keep reports whether requests are held back for longer than before.
func (p *pace) keep(d time.Duration, banned bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := p.clock.Now().Add(d)
	if !until.After(p.until) {
		return false
	}
	p.until, p.banned = until, banned
	return true
}

func (p *pace) state() (heldUntil time.Time, degraded bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	alone := func(t *track) bool { return t.shared != nil && t.shared.alone.Load() != nil }
	return p.until, alone(&p.ordinary) || alone(&p.urgent)
}

// sleep waits on the machine's clock.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// retryAfter reads a count of seconds or an HTTP date, at most a day; 0 where there is neither. A date is compared with the
// upstream's own clock where it shows it, so that a wrong clock here does not matter.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	n, err := strconv.ParseInt(v, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(max(0, min(n, int64(holdMost/time.Second)))) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, min(at.Sub(now), holdMost))
}
