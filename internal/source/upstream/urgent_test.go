package upstream

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source"
)

// mute is a Shared that never answers well.
type mute struct{}

func (mute) Reserve(context.Context, string, time.Duration) (time.Duration, error) {
	return 0, errors.New("redis does not answer")
}

// What is urgent waits behind no other request of its upstream, whether limits are shared or not, and both together keep to the limit.
func TestUrgentRequestsWaitBehindNoOthers(t *testing.T) {
	t.Parallel()
	for name, among := range map[string]Shared{"alone": nil, "the others cannot be asked": mute{}} {
		synctest.Test(t, func(t *testing.T) {
			clk := clock.Wall{} // of the test's bubble
			r := &road{clock: clk}
			const perMinute = 300
			c := New("test", Config{BaseURL: "http://test.example", HTTP: &http.Client{Transport: r}, Group: NewGroup(among), Clock: clk, Urgent: true,
				Limit: rate.Limit(perMinute) / 60}, 1)
			ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
			defer stop()
			for range 20 { // each asks again as soon as it may: the queue is never empty
				go func() {
					for ctx.Err() == nil {
						_, _ = c.Get(ctx, "/", nil) // its end
					}
				}()
			}
			worst := time.Duration(0)
			for range 50 {
				time.Sleep(5 * time.Second)
				began := time.Now()
				if _, err := c.Get(source.Urgently(ctx), "/", nil); err != nil {
					t.Fatal(name, err)
				}
				worst = max(worst, time.Since(began))
			}
			if worst > 4*time.Second && among != nil || worst > time.Second && among == nil {
				t.Errorf("%s: an urgent request waited %s", name, worst)
			}
			if r.most > perMinute || r.most < perMinute/20 {
				t.Errorf("%s: %d requests in a minute, the limit is %d", name, r.most, perMinute)
			}
			stop()
			synctest.Wait()
		})
	}
}

// A hold stops the urgent too.
func TestAHoldStopsTheUrgentToo(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	cs, r := group(nil, clk, 5)
	if _, err := cs[0].Get(t.Context(), "/busy", nil); err == nil {
		t.Fatal("no error")
	}
	var limited *RateLimitError
	if _, err := cs[0].Get(source.Urgently(t.Context()), "/", nil); !errors.As(err, &limited) || r.all != 1 {
		t.Errorf("%v after %d requests", err, r.all)
	}
	g := NewGroup(nil)
	g.Hold("test", clk.Now().Add(time.Hour), clk.Now())
	c := New("test", Config{BaseURL: "http://test.example", HTTP: &http.Client{Transport: r}, Group: g, Clock: clk}, 5)
	if _, err := c.Get(t.Context(), "/", nil); !errors.As(err, &limited) || limited.RetryAfter != time.Hour || r.all != 1 {
		t.Errorf("what was told before: %v after %d requests", err, r.all)
	}
}
