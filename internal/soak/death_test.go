package soak_test

import (
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

// A process that dies in a poll holds the feed for as long as the poll may last and some; then another goes on with it. It takes the
// better part of a minute, so only people who soak wait for it.
func TestAnotherProcessGoesOnWithTheFeedOfADeadOne(t *testing.T) {
	if _, long := length(t); !long {
		t.Skip("takes the better part of a minute: set OMC_SOAK=1m")
	}
	url := storetest.Postgres(t)
	t.Parallel()
	s := serve(t)
	s.settle()
	env := append(append(hurried(), small()...), "OMC_DATABASE_URL="+url)
	one := newNode(t, "soak-x", append(s.environ("soak-x"), env...))
	one.start()
	b := openBooks(t, url)
	landed := func() int64 {
		return b.number("SELECT COUNT(*) FROM collector_runs WHERE collector = 'coinspot' AND error = ''")
	}
	until(t, 30*time.Second, "CoinSpot's quotes land", func() bool { return landed() >= 5 })
	s.always("coinspot", fault{"stall", faulty.Stall})
	until(t, 30*time.Second, "CoinSpot is asked", func() bool {
		return b.number("SELECT COUNT(*) FROM collectors WHERE name = 'coinspot' AND busy_ms > 0") > 0
	})
	other := newNode(t, "soak-y", append(s.environ("soak-y"), env...))
	one.kill()
	died, before := time.Now(), landed()
	s.always("coinspot", fault{})
	other.start()
	until(t, 70*time.Second, "another process polls CoinSpot", func() bool { return landed() > before })
	t.Logf("the feed of a process that died in a poll was polled again after %s", time.Since(died).Round(100*time.Millisecond))
	stop(other)
	b.balance()
}
