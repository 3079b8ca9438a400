package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source/faulty"
)

// fail makes n requests that end in a web page.
func (b *bench) fail(t *testing.T, n int) {
	t.Helper()
	for range n {
		b.script.Then(faulty.Page(200))
		if _, err := b.ask(t); !errors.Is(err, ErrUnavailable) {
			t.Fatal(err)
		}
	}
}

func isOpen(err error) (until time.Time, open bool) {
	var o *OpenError
	if errors.As(err, &o) {
		return o.Until, true
	}
	return time.Time{}, false
}

func TestAfterFiveFailuresTheUpstreamIsLeftAlone(t *testing.T) {
	b := try(t, Config{Limit: 1e6})
	b.fail(t, 5)
	until := b.clock.Now().Add(30 * time.Second)
	_, err := b.ask(t)
	if got, open := isOpen(err); !open || !got.Equal(until) || b.script.Seen() != 5 || !errors.Is(err, ErrUnavailable) {
		t.Fatalf("%v after %d", err, b.script.Seen())
	}
	if want := "test: unavailable: it failed 5 times in a row and is left alone until " + until.Format(time.RFC3339) + ": try again later, or ask another source"; err.Error() != want {
		t.Errorf("%s, want %s", err, want)
	}
	if s := b.Stats(); s.Breaker != "open" || !s.OpenUntil.Equal(until) {
		t.Errorf("%+v", s)
	}
	b.clock.Set(until.Add(-time.Millisecond))
	if _, err = b.ask(t); err == nil || b.script.Seen() != 5 {
		t.Error("it was asked too soon")
	}
	b.clock.Set(until)
	if s := b.Stats(); s.Breaker != "half-open" {
		t.Errorf("%+v", s)
	}
	b.fail(t, 1) // the one that is let through fails too
	if _, err = b.ask(t); err == nil || b.script.Seen() != 6 {
		t.Errorf("%v after %d", err, b.script.Seen())
	}
	b.clock.Advance(30 * time.Second)
	for range 3 {
		if _, err = b.ask(t); err != nil || b.Stats().Breaker != "closed" {
			t.Errorf("%v %s", err, b.Stats().Breaker)
		}
	}
	b.fail(t, 4) // the count begins anew
	if _, err = b.ask(t); err != nil {
		t.Error(err)
	}
	b.fail(t, 4)
	if _, err = b.ask(t); err != nil {
		t.Error(err)
	}
}

func TestTheRestCanBeShort(t *testing.T) {
	b := try(t, Config{Limit: 1e6, BreakFor: 5 * time.Second})
	b.fail(t, 5)
	if until, open := isOpen(func() error { _, err := b.ask(t); return err }()); !open || until.Sub(b.clock.Now()) != 5*time.Second {
		t.Error(until)
	}
}

// What a source finds wrong in an answer that came whole counts like an answer that did not.
func TestMalformedAnswersCount(t *testing.T) {
	b := try(t, Config{Limit: 1e6})
	for i := range 5 {
		if _, err := b.ask(t); err != nil {
			t.Fatal(i, err)
		}
		err := b.Fail(fmt.Errorf("%w: no prices", ErrMalformed))
		_ = b.Fail(err) // it is counted once
	}
	if _, err := b.ask(t); err == nil || b.script.Seen() != 5 {
		t.Errorf("%v after %d", err, b.script.Seen())
	}
	b.clock.Advance(30 * time.Second)
	if _, err := b.ask(t); err != nil {
		t.Fatal(err)
	}
	_ = b.Fail(ErrMalformed)
	if _, open := isOpen(func() error { _, err := b.ask(t); return err }()); !open {
		t.Error("a malformed answer closed it")
	}
}

func TestWhatIsNoFailureOfTheUpstreamDoesNotCount(t *testing.T) {
	b := try(t, Config{Limit: 1e6})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		_ = b.Fail(ErrUnknownSymbol)
		_ = b.Fail(fmt.Errorf("%w: %w", ErrUnavailable, ErrUnknownSymbol))
		if _, err := b.Get(gone, "/", nil); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	for range 10 {
		b.script.Then(faulty.Wait(429, "1"))
		_, _ = b.ask(t)
		b.clock.Advance(time.Second)
	}
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		b.script.Then(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			cancel()
			faulty.Stall(w, r, next)
		})
		if _, err := b.Get(ctx, "/", nil); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if _, err := b.ask(t); err != nil {
		t.Error(err)
	}
}

// A caller that gives up the one request that was let through leaves the place to the next.
func TestAnAbandonedProbeIsMadeAgain(t *testing.T) {
	b := try(t, Config{Limit: 1e6})
	b.fail(t, 5)
	b.clock.Advance(30 * time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	b.script.Then(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if _, err := b.ask(t); err == nil || !strings.Contains(err.Error(), "left alone") { // another one meanwhile
			t.Error(err)
		}
		cancel()
		faulty.Stall(w, r, next)
	})
	if _, err := b.Get(ctx, "/", nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := b.ask(t); err != nil || b.Stats().Breaker != "closed" {
		t.Error(err, b.Stats().Breaker)
	}
}

func TestAClockSetBackKeepsNothingShutForLong(t *testing.T) {
	b := try(t, Config{Limit: 1e6})
	b.fail(t, 5)
	b.clock.Advance(-24 * time.Hour)
	if until, open := isOpen(func() error { _, err := b.ask(t); return err }()); !open || until.Sub(b.clock.Now()) > 30*time.Second {
		t.Error(until)
	}
}

func TestManyFailAtOnce(t *testing.T) {
	b := try(t, Config{Limit: 1e9})
	b.script.Then(faulty.Times(40, faulty.Page(200))...)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() { _, _ = b.ask(t) })
	}
	wg.Wait()
	if s := b.Stats(); s.Breaker != "open" || s.Requests < 5 || s.Failures != s.Requests {
		t.Errorf("%+v", s)
	}
}

func TestStats(t *testing.T) {
	b := try(t, Config{Limit: 1e6})
	if s := b.Stats(); s != (Stats{Breaker: "closed"}) {
		t.Errorf("%+v", s)
	}
	if _, err := b.ask(t); err != nil {
		t.Fatal(err)
	}
	if s := b.Stats(); s != (Stats{Requests: 1, Bytes: int64(len("GET/xomc")), Breaker: "closed"}) {
		t.Errorf("%+v", s)
	}
	b.script.Then(faulty.Status(500), faulty.Status(500), faulty.Wait(429, "60"))
	_, _ = b.ask(t)
	s := b.Stats()
	if s.Requests != 4 || s.Failures != 1 || !strings.Contains(s.LastError, "rate limit") || !s.HeldUntil.Equal(b.clock.Now().Add(time.Minute)) {
		t.Errorf("%+v", s)
	}
	_, _ = b.ask(t) // nothing is sent, and nothing has failed
	if again := b.Stats(); again != s {
		t.Errorf("%+v", again)
	}
}
