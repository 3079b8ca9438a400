package upstream

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// road answers every request, and knows the most there were in a minute.
type road struct {
	clock clock.Clock

	mu     sync.Mutex // guards what follows
	window window.Window
	all    int
	most   int
}

// RoundTrip implements http.RoundTripper.
func (r *road) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.window.Span = time.Minute
	r.most = max(r.most, r.window.Add(r.clock.Now(), 1))
	r.all++
	out := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}
	switch req.URL.Path {
	case "/busy":
		out.StatusCode, out.Header = http.StatusTooManyRequests, http.Header{"Retry-After": {"60"}}
	case "/broken":
		return nil, io.ErrUnexpectedEOF
	}
	return out, nil
}

// group makes a client of one upstream for each of the sources' own limits, all of one group, on a clock that waiting moves.
func group(among Shared, clk *clock.Manual, limits ...rate.Limit) ([]*Client, *road) {
	r := &road{clock: clk}
	c := Config{BaseURL: "http://test.example", HTTP: &http.Client{Transport: r}, Group: NewGroup(among), Clock: clk}
	c.Wait = func(ctx context.Context, d time.Duration) error {
		clk.Advance(d)
		return ctx.Err()
	}
	var out []*Client
	for _, l := range limits {
		out = append(out, New("test", c, l))
	}
	return out, r
}

// Three clients of one upstream are within its limit together, in every minute: alone, and beside other processes.
func TestClientsOfAGroupKeepOneLimit(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string][3]rate.Limit{"equal": {5, 5, 5}, "the least counts": {10, 5, rate.Inf}, "rare": {0.25, 0.25, 0.25}} {
		for _, alone := range []bool{true, false} {
			clk := clock.NewManual(start)
			var among Shared
			if !alone {
				among = &table{clock: clk, free: map[string]time.Time{}}
			}
			clients, r := group(among, clk, limits[:]...)
			least := min(limits[0], limits[1])
			chance := rand.New(rand.NewPCG(7, 7))
			for i := range 1500 {
				if chance.IntN(400) == 0 {
					clk.Advance(time.Duration(chance.IntN(40)) * time.Second)
				}
				if _, err := clients[chance.IntN(3)].Get(t.Context(), "/", nil); err != nil {
					t.Fatalf("%s: request %d: %v", name, i, err)
				}
			}
			if want := int(60 * least); r.most != want {
				t.Errorf("%s, alone %t: %d requests in a minute, want %d", name, alone, r.most, want)
			}
		}
	}
}

// At once, and on a clock that no request moves.
func TestClientsOfAGroupAskAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &road{clock: clock.Wall{}}
		g := NewGroup(nil)
		var wg sync.WaitGroup
		for range 3 {
			c := New("test", Config{BaseURL: "http://test.example", HTTP: &http.Client{Transport: r}, Group: g}, 2)
			for range 4 {
				wg.Go(func() {
					for range 50 {
						if _, err := c.Get(t.Context(), "/", nil); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		if r.all != 600 || r.most != 120 {
			t.Errorf("%d requests, %d in a minute", r.all, r.most)
		}
	})
}

func TestAHoldReachesTheGroup(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(start)
	clients, r := group(nil, clk, 5, 5, 5)
	other := New("other", Config{BaseURL: "http://test.example", HTTP: &http.Client{Transport: r}, Group: NewGroup(nil), Clock: clk}, 5)
	var limited *RateLimitError
	if _, err := clients[1].Get(t.Context(), "/busy", nil); !errors.As(err, &limited) {
		t.Fatal(err)
	}
	for _, c := range clients {
		if _, err := c.Get(t.Context(), "/", nil); !errors.As(err, &limited) || limited.RetryAfter != time.Minute || !c.Stats().HeldUntil.Equal(start.Add(time.Minute)) {
			t.Errorf("%v", err)
		}
	}
	if r.all != 1 {
		t.Errorf("%d requests", r.all)
	}
	if _, err := other.Get(t.Context(), "/", nil); err != nil {
		t.Errorf("another upstream is held back: %v", err)
	}
	clk.Advance(time.Minute)
	for _, c := range clients {
		if _, err := c.Get(t.Context(), "/", nil); err != nil {
			t.Error(err)
		}
	}
}

// What one client cannot get, the others may: none is stopped by another's breaker.
func TestABreakerIsEachClientsOwn(t *testing.T) {
	t.Parallel()
	clients, r := group(nil, clock.NewManual(start), 5, 5)
	var open *OpenError
	for range breakAfter {
		if _, err := clients[0].Get(t.Context(), "/broken", nil); !errors.Is(err, ErrUnavailable) || errors.As(err, &open) {
			t.Fatal(err)
		}
	}
	if _, err := clients[0].Get(t.Context(), "/", nil); !errors.As(err, &open) {
		t.Fatal(err)
	}
	before := r.all
	if _, err := clients[1].Get(t.Context(), "/", nil); err != nil || r.all != before+1 || clients[1].Stats().Breaker != "closed" {
		t.Errorf("%v, %+v", err, clients[1].Stats())
	}
}

// Every way out that an error names is a setting: that of the part's upstream, or the one that the source says.
func TestErrorsNameTheSetting(t *testing.T) {
	t.Parallel()
	moved := &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusMovedPermanently, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: http.NoBody, Request: r}, nil
	})}
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{BaseURL: "http://test.example", HTTP: moved}, "set sources.test.base_url:"},
		{Config{BaseURL: "http://test.example", HTTP: moved, Setting: "sources.test.feeds"}, "set sources.test.feeds:"},
		{Config{BaseURL: "nowhere", Setting: "sources.test.feeds"}, ": sources.test.feeds must be"},
		{Config{BaseURL: "nowhere"}, ": sources.test.base_url must be"},
		{Config{BaseURL: "http://test.example", Proxies: []string{"x"}}, "entry 1 of sources.test.proxies is no url"},
	} {
		_, err := New("test.part", c.config, 1).Get(t.Context(), "/", nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "test.part: ") {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

type trip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (t trip) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
