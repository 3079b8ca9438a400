package bus_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/bus"
	"github.com/ohmycoins/omc/internal/bus/bustest"
	"github.com/ohmycoins/omc/internal/clock"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	bustest.Run(t, func(*testing.T) bustest.Harness {
		c := clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		return bustest.Harness{Bus: bus.NewMemory(c), Advance: c.Advance}
	})
}

func TestRedis(t *testing.T) {
	url := os.Getenv("OMC_TEST_REDIS_URL")
	if url == "" {
		t.Skip("OMC_TEST_REDIS_URL is not set: run under 'scripts/testenv.sh run --' to test Redis")
	}
	n := 0
	bustest.Run(t, func(t *testing.T) bustest.Harness {
		n++
		b, err := bus.OpenRedis(t.Context(), url, fmt.Sprintf("omctest%d.%d.%d:", os.Getpid(), time.Now().UnixNano(), n))
		if err != nil {
			t.Fatal(err)
		}
		// A real server's values expire by its own clock: nothing but waiting lets its time pass.
		return bustest.Harness{Bus: b, Advance: func(d time.Duration) { <-time.After(d) }}
	})
}

func TestMemoryCacheIsBounded(t *testing.T) {
	b := bus.NewMemory(clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	value := make([]byte, bus.MaxPayload)
	for i := range 100 {
		if err := b.Set(t.Context(), fmt.Sprint(i), value, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	kept := 0
	for i := range 100 {
		if _, ok, _ := b.Get(t.Context(), fmt.Sprint(i)); ok {
			kept++
		}
	}
	if kept == 0 || kept > 64 {
		t.Fatalf("%d MiB are kept", kept)
	}
	if _, ok, _ := b.Get(t.Context(), "99"); !ok {
		t.Fatal("the newest value is gone")
	}
}

func TestOpenRedisNeverTellsThePassword(t *testing.T) {
	for _, url := range []string{"redis://u:hunter2@127.0.0.1:1/0", "http://u:hunter2@x"} {
		_, err := bus.OpenRedis(t.Context(), url, "")
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}
