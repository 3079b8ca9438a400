package upstream

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source/faulty"
)

func TestRetryAfter(t *testing.T) {
	far := start.Add(-10 * time.Hour) // the upstream's clock need not be ours
	for name, c := range map[string]struct {
		fault faulty.Fault
		want  RateLimitError
	}{
		"absent":       {faulty.Wait(429, ""), RateLimitError{}},
		"seconds":      {faulty.Wait(429, "30"), RateLimitError{RetryAfter: 30 * time.Second}},
		"negative":     {faulty.Wait(429, "-1"), RateLimitError{}},
		"too long":     {faulty.Wait(418, "9999999"), RateLimitError{RetryAfter: 24 * time.Hour, Banned: true}},
		"overflow":     {faulty.Wait(429, "99999999999999999999"), RateLimitError{RetryAfter: 24 * time.Hour}},
		"underflow":    {faulty.Wait(429, "-99999999999999999999"), RateLimitError{}},
		"words":        {faulty.Wait(418, "soon"), RateLimitError{Banned: true}},
		"date":         {faulty.WaitUntil(429, start, 90*time.Second, false), RateLimitError{RetryAfter: 90 * time.Second}},
		"their date":   {faulty.WaitUntil(429, far, 90*time.Second, true), RateLimitError{RetryAfter: 90 * time.Second}},
		"past date":    {faulty.WaitUntil(429, start, -time.Hour, true), RateLimitError{}},
		"distant date": {faulty.WaitUntil(418, start, 1000*time.Hour, true), RateLimitError{RetryAfter: 24 * time.Hour, Banned: true}},
		"busy":         {faulty.Wait(503, "7"), RateLimitError{RetryAfter: 7 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := try(t, Config{}, c.fault)
			_, err := b.ask(t)
			var got *RateLimitError
			if !errors.As(err, &got) || *got != c.want || b.script.Seen() != 1 {
				t.Errorf("%v after %d", err, b.script.Seen())
			}
		})
	}
}

// After a limit nothing is sent until its time has come, whether or not the upstream said when that is.
func TestRequestsAreHeldBack(t *testing.T) {
	for name, c := range map[string]struct {
		fault faulty.Fault
		held  time.Duration
	}{
		"seconds":    {faulty.Wait(429, "40"), 40 * time.Second},
		"date":       {faulty.WaitUntil(429, start, 50*time.Second, true), 50 * time.Second},
		"silent":     {faulty.Wait(429, ""), holdLimited},
		"silent ban": {faulty.Wait(418, ""), holdBanned},
		"busy":       {faulty.Wait(503, "5"), 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := try(t, Config{}, c.fault)
			_, first := b.ask(t)
			b.clock.Set(start.Add(c.held - time.Second))
			_, err := b.ask(t)
			var limited, told *RateLimitError
			if !errors.As(err, &limited) || limited.RetryAfter <= 0 || limited.RetryAfter > time.Second || b.script.Seen() != 1 {
				t.Fatalf("%v after %d", err, b.script.Seen())
			}
			if !errors.As(first, &told) || told.Banned != limited.Banned {
				t.Errorf("%v, then %v", first, err)
			}
			b.clock.Set(start.Add(c.held))
			if _, err := b.ask(t); err != nil || b.script.Seen() != 2 {
				t.Errorf("%v after %d", err, b.script.Seen())
			}
		})
	}
}

func TestASourceCanReportALimit(t *testing.T) {
	b := try(t, Config{})
	err := b.Fail(b.Fail(&RateLimitError{RetryAfter: time.Minute}))
	if err.Error() != "test: rate limit reached; retry after 1m0s, or ask another source" {
		t.Error(err)
	}
	if _, err := b.ask(t); err == nil || b.script.Seen() != 0 {
		t.Errorf("%v after %d", err, b.script.Seen())
	}
	if b.Fail(nil) != nil {
		t.Error("no error became one")
	}
}

func TestRequestsAreSpaced(t *testing.T) {
	b := try(t, Config{Limit: 4})
	for range 5 {
		if _, err := b.ask(t); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.clock.Now().Sub(start); got != time.Second {
		t.Errorf("five requests, four a second, took %s", got)
	}
	// A clock set back gives nothing away and holds nothing up for longer than one interval.
	b.clock.Set(start.Add(-time.Hour))
	if _, err := b.ask(t); err != nil || b.clock.Now().After(start.Add(-time.Hour+time.Second)) {
		t.Errorf("%v %s", err, b.clock.Now())
	}
}

func TestWaitingForATurnEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := try(t, Config{Limit: 1})
	if _, err := b.Get(ctx, "/", nil); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := b.Get(ctx, "/", nil); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrUnavailable) || b.script.Seen() != 1 {
		t.Errorf("%v after %d", err, b.script.Seen())
	}
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := sleep(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
}

// Who gives up while waiting gives the place back.
func TestAnAbandonedPlaceIsFree(t *testing.T) {
	b := try(t, Config{Limit: 1})
	if _, err := b.ask(t); err != nil {
		t.Fatal(err)
	}
	gone := errors.New("gone")
	wait := b.pace.wait
	b.pace.wait = func(context.Context, time.Duration) error { return gone }
	for range 3 {
		if _, err := b.ask(t); !errors.Is(err, gone) {
			t.Fatal(err)
		}
	}
	b.pace.wait = wait
	if _, err := b.ask(t); err != nil || b.clock.Now().Sub(start) > time.Second {
		t.Errorf("%v after %s", err, b.clock.Now().Sub(start))
	}
}

func TestManyAskAtOnce(t *testing.T) {
	b := try(t, Config{Limit: 10}, faulty.Pass, faulty.Pass, faulty.Pass, faulty.Wait(429, "60"))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			var limited *RateLimitError
			if _, err := b.ask(t); err != nil && !errors.As(err, &limited) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := b.script.Seen()
	if _, err := b.ask(t); err == nil || b.script.Seen() != seen {
		t.Errorf("%v after a limit", err)
	}
}

func TestALaterShorterHoldShortensNothing(t *testing.T) {
	b := try(t, Config{})
	_ = b.Fail(&RateLimitError{RetryAfter: time.Hour, Banned: true})
	_ = b.Fail(&RateLimitError{RetryAfter: time.Minute})
	var limited *RateLimitError
	if _, err := b.ask(t); !errors.As(err, &limited) || limited.RetryAfter != time.Hour || !limited.Banned {
		t.Error(err)
	}
}

// The body of an answer without end is given up after a bounded number of bytes.
func TestMemoryIsBounded(t *testing.T) {
	for name, f := range map[string]faulty.Fault{"endless": faulty.Endless("["), "bomb": faulty.Bomb(256 << 20)} {
		b := try(t, Config{}, f)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := b.ask(t); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		// It counts what the fake allocates too, and what has been freed again.
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
			t.Errorf("%s: %d bytes allocated", name, grown)
		}
	}
}

func TestTheSlowerClockTellsTheTime(t *testing.T) {
	for _, c := range []struct{ theirs, want time.Duration }{{-time.Hour, -time.Hour}, {time.Hour, 0}} {
		b := try(t, Config{}, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Date", start.Add(c.theirs).Format(http.TimeFormat))
		})
		if a, err := b.ask(t); err != nil || !a.Time.Equal(start.Add(c.want)) {
			t.Errorf("%v %s", err, a.Time)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("30", "")
	f.Add("Fri, 02 Jan 2026 03:05:05 GMT", "Fri, 02 Jan 2026 03:04:05 GMT")
	f.Fuzz(func(t *testing.T, after, date string) {
		if d := retryAfter(http.Header{"Retry-After": {after}, "Date": {date}}, start); d < 0 || d > 24*time.Hour {
			t.Fatal(d)
		}
	})
}
