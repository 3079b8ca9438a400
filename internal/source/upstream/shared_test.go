package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/bus"
	"github.com/ohmycoins/omc/internal/clock"
)

// table is a Shared in memory, on a clock of the test's.
type table struct {
	clock *clock.Manual

	mu    sync.Mutex // guards what follows
	free  map[string]time.Time
	down  error
	asked int
}

func (s *table) Reserve(_ context.Context, key string, every time.Duration) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	now := s.clock.Now()
	if s.down != nil {
		return 0, s.down
	}
	if wait := s.free[key].Sub(now); wait > 0 {
		return wait, nil
	}
	s.free[key] = now.Add(every)
	return 0, nil
}

func (s *table) Hold(_ context.Context, key string, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free[key] = s.clock.Now().Add(d)
	return s.down
}

func (s *table) breaks(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

// processes are n clients of one upstream on one clock, as n processes have them, and the times at which requests came in.
func processes(t *testing.T, n int, c Config, shared *table) (clients []*Client, seen *[]time.Time) {
	t.Helper()
	seen = new([]time.Time)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*seen = append(*seen, shared.clock.Now())
		if r.URL.Path == "/busy" {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	t.Cleanup(srv.Close)
	c.BaseURL, c.Clock = srv.URL, shared.clock
	c.Wait = func(ctx context.Context, d time.Duration) error {
		shared.clock.Advance(d)
		return ctx.Err()
	}
	for range n {
		c.Group = NewGroup(shared)
		clients = append(clients, New("test", c, 1))
	}
	return clients, seen
}

// within fails where a window of a second or more holds more than limit × window + 1 requests; a shorter one may where strict is not set.
func within(t *testing.T, seen []time.Time, every time.Duration, strict bool) {
	t.Helper()
	for i := range seen {
		for j := i + 1; j < len(seen); j++ {
			window := seen[j].Sub(seen[i])
			if !strict {
				window = max(window, time.Second)
			}
			if window < time.Duration(j-i)*every {
				t.Fatalf("requests %d to %d within %s", i, j, window)
			}
		}
	}
}

func TestProcessesKeepOneLimitTogether(t *testing.T) {
	shared := &table{clock: clock.NewManual(start), free: map[string]time.Time{}}
	clients, seen := processes(t, 3, Config{Limit: 4}, shared)
	for range 20 {
		for _, c := range clients {
			if _, err := c.Get(t.Context(), "/", nil); err != nil || c.Degraded() {
				t.Fatal(err)
			}
		}
	}
	within(t, *seen, 250*time.Millisecond, true)
	if got := shared.clock.Now().Sub(start); got != 59*250*time.Millisecond {
		t.Errorf("60 requests took %s", got)
	}
}

// While nobody can say what the others do each keeps to an eighth of the limit, and goes on.
func TestWithoutOthersAnEighthIsKept(t *testing.T) {
	shared := &table{clock: clock.NewManual(start), free: map[string]time.Time{}}
	clients, seen := processes(t, 3, Config{Limit: 4}, shared)
	ask := func(rounds int, degraded bool) {
		t.Helper()
		for range rounds {
			for _, c := range clients {
				if _, err := c.Get(t.Context(), "/", nil); err != nil || c.Degraded() != degraded {
					t.Fatal(err, c.Degraded())
				}
			}
		}
	}
	ask(3, false)
	shared.breaks(errors.New("redis is gone"))
	ask(10, true)
	within(t, *seen, 250*time.Millisecond, false)
	down := (*seen)[9:]
	for i := range down {
		if i >= 3 && down[i].Sub(down[i-3]) < 2*time.Second {
			t.Errorf("one process asked again after %s", down[i].Sub(down[i-3]))
		}
	}
	if took := shared.clock.Now().Sub((*seen)[8]); took > 25*time.Second {
		t.Errorf("30 requests took %s", took)
	}
	shared.mu.Lock()
	if shared.asked > 9+8*3+24 { // nine that worked, some turns waited for, and then every five seconds
		t.Errorf("it was asked %d times", shared.asked)
	}
	shared.mu.Unlock()
	shared.breaks(nil)
	shared.clock.Advance(shareRest)
	ask(5, false)
	within(t, *seen, 250*time.Millisecond, false)
}

func TestAHoldReachesTheOtherProcesses(t *testing.T) {
	shared := &table{clock: clock.NewManual(start), free: map[string]time.Time{}}
	clients, seen := processes(t, 3, Config{Limit: 4}, shared)
	var limited *RateLimitError
	if _, err := clients[0].Get(t.Context(), "/busy", nil); !errors.As(err, &limited) {
		t.Fatal(err)
	}
	for range 3 {
		for _, c := range clients {
			if _, err := c.Get(t.Context(), "/", nil); !errors.As(err, &limited) || limited.RetryAfter > time.Minute || limited.RetryAfter < 50*time.Second {
				t.Fatal(err)
			}
		}
	}
	if len(*seen) != 1 {
		t.Errorf("%d requests", len(*seen))
	}
	shared.clock.Advance(time.Minute)
	for _, c := range clients {
		if _, err := c.Get(t.Context(), "/", nil); err != nil {
			t.Error(err)
		}
	}
}

func TestWaitingAmongProcessesEndsWithTheContext(t *testing.T) {
	shared := &table{clock: clock.NewManual(start), free: map[string]time.Time{}}
	clients, seen := processes(t, 2, Config{Limit: 4}, shared)
	if _, err := clients[0].Get(t.Context(), "/", nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := clients[1].Get(ctx, "/", nil); !errors.Is(err, context.Canceled) || len(*seen) != 1 || clients[1].Degraded() {
		t.Error(err)
	}
}

// Three processes, their own connections to one Redis, and the machine's clock.
func TestThreeProcessesOnOneRedis(t *testing.T) {
	url := os.Getenv("OMC_TEST_REDIS_URL")
	if url == "" {
		t.Skip("OMC_TEST_REDIS_URL is not set: run under 'scripts/testenv.sh run --' to test Redis")
	}
	const limit, each = 50, 15
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	prefix := "omctest" + strconv.Itoa(os.Getpid()) + "." + strconv.FormatInt(time.Now().UnixNano(), 36) + ":"
	begin := time.Now()
	var wg sync.WaitGroup
	for range 3 {
		b, err := bus.OpenRedis(t.Context(), url, prefix)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		c := New("test", Config{BaseURL: srv.URL, Limit: limit, Group: NewGroup(b.Limiter())}, 1)
		wg.Go(func() {
			for range each {
				if _, err := c.Get(t.Context(), "/", nil); err != nil || c.Degraded() {
					t.Error(err, c.Degraded())
				}
			}
		})
	}
	wg.Wait()
	if took, least := time.Since(begin), (3*each-1)*time.Second/limit; took < least {
		t.Errorf("%d requests in %s, want at least %s", 3*each, took, least)
	}
}
