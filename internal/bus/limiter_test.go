package bus_test

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/bus"
)

// openRedis is another connection, as another process has one.
func openRedis(t *testing.T, prefix string) *bus.Redis {
	t.Helper()
	url := os.Getenv("OMC_TEST_REDIS_URL")
	if url == "" {
		t.Skip("OMC_TEST_REDIS_URL is not set: run under 'scripts/testenv.sh run --' to test Redis")
	}
	b, err := bus.OpenRedis(t.Context(), url, prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func freshPrefix(t *testing.T) string {
	return fmt.Sprintf("omctest%d.%d.%s:", os.Getpid(), time.Now().UnixNano(), t.Name())
}

// place was got at some moment between asked and got.
type place struct{ asked, got time.Time }

// Whatever window is laid over what several processes got, it holds no more places than the limit says and one.
func TestPlacesOfSeveralClientsNeverPassTheLimit(t *testing.T) {
	t.Parallel()
	const every = 10 * time.Millisecond
	prefix := freshPrefix(t)
	clients := []*bus.Limiter{openRedis(t, prefix).Limiter(), openRedis(t, prefix).Limiter(), openRedis(t, prefix).Limiter()}
	var (
		mu     sync.Mutex // guards places
		places []place
		wg     sync.WaitGroup
	)
	for _, l := range clients {
		for range 2 { // two requests at once of each
			wg.Go(func() {
				for n := 0; n < 10; {
					asked := time.Now()
					wait, err := l.Reserve(t.Context(), "k", every)
					if err != nil || wait > every {
						t.Errorf("%s %v", wait, err)
						return
					}
					if wait > 0 {
						<-time.After(wait)
						continue
					}
					n++
					mu.Lock()
					places = append(places, place{asked, time.Now()})
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	if len(places) != 60 {
		t.Fatalf("%d places", len(places))
	}
	for _, first := range places {
		for _, last := range places {
			within := 0
			for _, p := range places {
				if !p.asked.Before(first.asked) && !p.got.After(last.got) {
					within++
				}
			}
			// Redis' clock and this one may be slewed against each other.
			if window := last.got.Sub(first.asked); within > 1 && time.Duration(within-1)*every > window+time.Millisecond {
				t.Fatalf("%d places within %s", within, window)
			}
		}
	}
}

func TestKeysHaveTheirOwnPlaces(t *testing.T) {
	t.Parallel()
	l := openRedis(t, freshPrefix(t)).Limiter()
	for _, key := range []string{"a", "b"} {
		if wait, err := l.Reserve(t.Context(), key, time.Hour); err != nil || wait != 0 {
			t.Errorf("%s: %s %v", key, wait, err)
		}
		if wait, err := l.Reserve(t.Context(), key, time.Hour); err != nil || wait < 59*time.Minute || wait > time.Hour {
			t.Errorf("%s: %s %v", key, wait, err)
		}
	}
}

func TestAHoldKeepsEverybodyBack(t *testing.T) {
	t.Parallel()
	prefix := freshPrefix(t)
	one, other := openRedis(t, prefix).Limiter(), openRedis(t, prefix).Limiter()
	for _, d := range []time.Duration{time.Hour, time.Minute, 0} { // a later shorter one shortens nothing
		if err := one.Hold(t.Context(), "k", d); err != nil {
			t.Fatal(err)
		}
	}
	if wait, err := other.Reserve(t.Context(), "k", time.Millisecond); err != nil || wait < 59*time.Minute || wait > time.Hour {
		t.Errorf("%s %v", wait, err)
	}
	if wait, err := other.Reserve(t.Context(), "k2", time.Millisecond); err != nil || wait != 0 {
		t.Errorf("%s %v", wait, err)
	}
	if err := one.Hold(t.Context(), "k", 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	if wait, err := other.Reserve(t.Context(), "k", time.Millisecond); err != nil || wait < 119*time.Minute {
		t.Errorf("%s %v", wait, err)
	}
}

func TestNobodyToAskIsNoLeave(t *testing.T) {
	t.Parallel()
	b := openRedis(t, freshPrefix(t))
	l := b.Limiter()
	for _, c := range []struct {
		key   string
		every time.Duration
	}{{"", time.Second}, {"k", 0}, {"k", -1}} {
		if _, err := l.Reserve(t.Context(), c.key, c.every); err == nil {
			t.Errorf("%q %s: no error", c.key, c.every)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Reserve(t.Context(), "k", time.Second); err == nil {
		t.Error("a closed connection gave leave")
	}
	if err := l.Hold(t.Context(), "k", time.Second); err == nil {
		t.Error("a closed connection took a hold")
	}
}
