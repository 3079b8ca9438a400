package schedule_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/schedule"
)

func TestRunNow(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		asker := open(t, schedule.Config{URL: url, Log: j.logger()})
		for _, name := range []string{"rare", "", "no such", strings.Repeat("x", 1000)} {
			if err := asker.RunNow(t.Context(), name); !errors.Is(err, schedule.ErrUnknown) {
				t.Errorf("%.20q before anybody runs it: %v", name, err)
			}
		}
		ask := func() time.Time {
			t.Helper()
			at := time.Now()
			if err := asker.RunNow(t.Context(), "rare"); err != nil {
				t.Fatal(err)
			}
			return at
		}
		release := make(chan struct{})
		rare := j.task("rare", 24*time.Hour, func(context.Context) error { <-release; return nil })
		c := schedule.Config{URL: url, Tasks: []schedule.Task{rare}, Log: j.logger()}
		e := start(t, c)
		j.await(t, "rare", 1) // the day's tick

		// Asked twice while it is under way: once more after it.
		first := ask()
		last := ask()
		release <- struct{}{}
		if tick := j.await(t, "rare", 2)[1]; tick.Before(first) || tick.After(last.Add(time.Second)) {
			t.Errorf("the asked run's tick is %s, it was asked for at %s and %s", tick, first, last)
		}
		release <- struct{}{}
		// Asked at the moment it is over.
		ask()
		j.await(t, "rare", 3)
		release <- struct{}{}
		stop(t, e)

		// Asked twice before it began, while no process runs tasks: once.
		ask()
		ask()
		e = start(t, c)
		j.await(t, "rare", 4)
		close(release)
		stop(t, e)
		if n := len(j.ticks("rare")); n != 4 {
			t.Errorf("rare ran %d times, want 4", n)
		}
		j.checkOnce(t)
		if err := asker.RunNow(t.Context(), "else"); !errors.Is(err, schedule.ErrUnknown) {
			t.Errorf("an unknown name: %v", err)
		}
	})
}

// Two processes with other tasks on one database: each runs its own, and asks for the other's.
func TestProcessesOfOtherTasks(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		a, b := j.task("a", 100*time.Millisecond, nil), j.task("b", 24*time.Hour, nil)
		one := start(t, schedule.Config{URL: url, Tasks: []schedule.Task{a}, Log: j.logger()})
		start(t, schedule.Config{URL: url, Tasks: []schedule.Task{b}, Log: j.logger()})
		j.await(t, "b", 1)
		if err := one.RunNow(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		j.await(t, "b", 2)
		j.await(t, "a", 5)
		j.checkOnce(t, a)
	})
}

// shifted is the machine's clock, set wrong by so much.
type shifted struct{ by atomic.Int64 }

func (s *shifted) Now() time.Time { return time.Now().Add(time.Duration(s.by.Load())).UTC().Round(0) }

func TestRestartGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		var clock shifted
		quick, slow := j.task("quick", 200*time.Millisecond, nil), j.task("slow", 24*time.Hour, nil)
		c := schedule.Config{URL: url, Tasks: []schedule.Task{quick, slow}, Log: j.logger(), Clock: &clock}
		e := start(t, c)
		j.await(t, "quick", 4)
		j.await(t, "slow", 1)
		stop(t, e)
		before := len(j.ticks("quick"))
		clock.by.Store(int64(10 * time.Second)) // fifty ticks in which nothing ran
		began := clock.Now()
		e = start(t, c)
		got := j.await(t, "quick", before+4)
		stop(t, e)
		for _, tick := range got[before:] {
			if tick.Before(began.Add(-2 * quick.Every)) {
				t.Errorf("the tick %s of the time when nothing ran was made up for at %s", tick, began)
			}
		}
		if days := j.ticks("slow"); len(days) > 1 && days[0].Equal(days[1]) {
			t.Errorf("a day's tick ran twice: %s", days)
		}
		j.checkOnce(t, quick, slow)
	})
}

func TestClockThatIsSet(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		var clock shifted
		a := j.task("a", 100*time.Millisecond, nil)
		c := schedule.Config{URL: url, Tasks: []schedule.Task{a}, Log: j.logger(), Clock: &clock}
		start(t, c)
		start(t, c)
		n := len(j.await(t, "a", 5))
		for _, by := range []time.Duration{time.Hour, time.Hour - 500*time.Millisecond} { // an hour on, half a second back
			clock.by.Store(int64(by))
			n = len(j.await(t, "a", n+5))
		}
		j.checkOnce(t, a) // also in the half second that was there twice
		clock.by.Store(0)
		back := clock.Now()
		got := j.await(t, "a", n+5)
		for _, tick := range got[n+1:] { // one may have been planned before
			if d := tick.Sub(back); d < -a.Every || d > 20*time.Second {
				t.Errorf("after the clock was set back to %s the tick %s ran", back, tick)
			}
		}
		if !strings.Contains(j.lines(), "the clock was set back") {
			t.Error("nothing is told of the clock")
		}
	})
}
