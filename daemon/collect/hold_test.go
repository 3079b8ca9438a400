package collect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

func (w *world) state(name string) ledger.FeedState {
	w.t.Helper()
	all, err := w.db.FeedStates(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	w.t.Fatalf("no feed %s", name)
	return ledger.FeedState{}
}

// collectors tell of the world's feeds as a process does that polls.
func (w *world) collectors() *Collectors {
	c := &Collectors{store: w.db, clock: w.clock, runs: true}
	for _, f := range w.feeds {
		c.plans = append(c.plans, Plan{Feed: f})
	}
	return c
}

// What an upstream asks for is kept to by every process and feed of it, through a restart, and is no failure.
func TestAHoldOutlivesTheProcessThatWasTold(t *testing.T) {
	t.Parallel()
	polls := map[string]int{}
	var w *world
	poll := func(name string, err func() error) source.Feed {
		return source.Feed{Name: name, Poll: func(context.Context, []byte) (source.Harvest, error) {
			polls[name]++
			return source.Harvest{Read: w.clock.Now()}, err()
		}}
	}
	limited := true
	w = newWorld(t, poll("test.a", func() error {
		if limited {
			return fmt.Errorf("test: %w", &upstream.RateLimitError{RetryAfter: 10 * time.Minute})
		}
		return nil
	}), poll("test.b", func() error { return nil }), func() source.Feed {
		f := poll("other", func() error { return nil })
		f.Source = "other"
		return f
	}())
	run := func(owner string) {
		t.Helper()
		r := w.runner(owner)
		for _, f := range w.feeds {
			if err := r.Run(t.Context(), f.Name, w.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.Advance(5 * time.Second)
	}
	limited = false
	run("a")
	limited = true
	run("a")
	run("b") // another process, or the same after kill -9
	run("b")
	if polls["test.a"] != 2 || polls["test.b"] != 1 || polls["other"] != 4 {
		t.Errorf("polls %v: want the feeds of the upstream that asked for rest held, and no other", polls)
	}
	s := w.state("test.a")
	if s.HeldBy != ledger.HeldByUpstream || s.Failed != 0 || s.Failures != 0 || s.Error != "" || s.HeldUntil.Sub(w.clock.Now()) != 10*time.Minute-15*time.Second {
		t.Errorf("%+v", s)
	}
	c := w.collectors()
	x, err := c.Get(t.Context(), "test.b")
	if err != nil || x.State != api.CollectorHeld || x.HeldUntil == nil || !strings.Contains(x.Held, "fewer requests") && x.Held == "" {
		t.Errorf("%+v %v", x, err)
	}
	if _, err := c.RunNow(t.Context(), "test.a"); err == nil || !strings.Contains(err.Error(), "is held until 2026-03-01T10:10:05Z") {
		t.Errorf("a run by hand of a held feed: %v", err)
	}
	if held, err := c.Held(t.Context()); err != nil || !held["test"].Equal(s.HeldUntil) || len(held) != 1 {
		t.Errorf("%v %v", held, err)
	}
	limited = false
	w.clock.Advance(10 * time.Minute)
	run("b")
	if s := w.state("test.a"); polls["test.a"] != 3 || !s.HeldUntil.IsZero() || s.LastOK.IsZero() {
		t.Errorf("after the hold: %v, %+v", polls, s)
	}
	gaps, err := w.db.FeedGaps(t.Context(), "test.a", 9)
	if err != nil || len(gaps) != 1 || !strings.HasPrefix(gaps[0].Reason, "held back: ") {
		t.Errorf("%+v %v", gaps, err)
	}
}

// A source's own plan puts off what the schedule does, and not what a person asks for.
func TestWhatASourcePutsOffIsAskedForByHand(t *testing.T) {
	t.Parallel()
	asked := 0
	var w *world
	w = newWorld(t, source.Feed{Name: "test.a", Poll: func(ctx context.Context, _ []byte) (source.Harvest, error) {
		if !source.IsByHand(ctx) {
			return source.Harvest{}, &source.PutOff{Until: w.clock.Now().Add(time.Hour), Err: errors.New("the plan is spent until eleven")}
		}
		asked++
		return source.Harvest{Read: w.clock.Now()}, nil
	}})
	r := w.runner("a")
	tick := func() {
		t.Helper()
		if err := r.Run(t.Context(), "test.a", w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(5 * time.Second)
	}
	tick()
	tick()
	if s := w.state("test.a"); asked != 0 || s.HeldBy != ledger.HeldBySource || s.Held != "the plan is spent until eleven" || s.Failures != 0 || !s.LastOK.IsZero() {
		t.Errorf("asked %d times, %+v", asked, s)
	}
	if err := w.db.AskFeed(t.Context(), "test.a", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	tick()
	if s := w.state("test.a"); asked != 1 || !s.HeldUntil.IsZero() || s.LastOK.IsZero() {
		t.Errorf("asked %d times, %+v", asked, s)
	}
	tick()
	if asked != 1 {
		t.Errorf("asked %d times: who asks once is answered once", asked)
	}
	runs, err := w.db.FeedRuns(t.Context(), time.Time{})
	if err != nil || runs["test.a"].Runs != 1 || runs["test.a"].Failures != 0 {
		t.Errorf("%+v %v", runs, err)
	}
}

// A poll that finds nothing due is no success, and its time is not missing.
func TestAPollThatAsksNothingIsNotFresh(t *testing.T) {
	t.Parallel()
	due := true
	var w *world
	w = newWorld(t, source.Feed{Name: "test.a", Poll: func(context.Context, []byte) (source.Harvest, error) {
		if !due {
			return source.Harvest{}, nil
		}
		return source.Harvest{Read: w.clock.Now()}, nil
	}})
	r := w.runner("a")
	began := w.clock.Now()
	for i := range 20 {
		due = i == 0 || i == 19
		if err := r.Run(t.Context(), "test.a", w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		if s := w.state("test.a"); i < 19 && !s.LastOK.Equal(began) {
			t.Fatalf("after poll %d, which asked nothing, the newest success is %s", i+1, s.LastOK)
		}
		w.clock.Advance(5 * time.Second)
	}
	if gaps, err := w.collectors().Gaps(t.Context(), "", 9); err != nil || len(gaps) > 0 {
		t.Errorf("%+v %v", gaps, err)
	}
}

// An outage is a gap from the time on that it lasts for too long, not only once it is over.
func TestAnOutageIsAGapWhileItLasts(t *testing.T) {
	t.Parallel()
	var fails error
	var w *world
	w = newWorld(t, source.Feed{Name: "test.a", Poll: func(context.Context, []byte) (source.Harvest, error) {
		return source.Harvest{Read: w.clock.Now()}, fails
	}})
	r, c := w.runner("a"), w.collectors()
	began := w.clock.Now()
	for i := range 6 {
		_ = r.Run(t.Context(), "test.a", w.clock.Now())
		fails = errors.New("the moon is down")
		gaps, err := c.Gaps(t.Context(), "test.a", 9)
		x, lerr := c.Get(t.Context(), "test.a")
		if err != nil || lerr != nil || len(gaps) != x.OpenGaps {
			t.Fatalf("%+v %v, %d open %v", gaps, err, x.OpenGaps, lerr)
		}
		if lasts := i * 5; lasts > 20 && (len(gaps) != 1 || !gaps[0].Open || !gaps[0].From.Equal(began) || !gaps[0].To.Equal(w.clock.Now()) || !strings.Contains(gaps[0].Reason, "moon")) || lasts <= 20 && len(gaps) > 0 {
			t.Errorf("after %d s: %+v", lasts, gaps)
		}
		w.clock.Advance(5 * time.Second)
	}
	fails = nil
	if err := r.Run(t.Context(), "test.a", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if gaps, err := c.Gaps(t.Context(), "", 9); err != nil || len(gaps) != 1 || gaps[0].Open || gaps[0].Repaired != nil {
		t.Errorf("%+v %v", gaps, err)
	}
}

// A paused collector is not asked, and says how it goes on; one that nobody runs is off, whatever it did a moment ago.
func TestWhatCannotRunSaysSo(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, source.Feed{Name: "test.a", Poll: func(context.Context, []byte) (source.Harvest, error) {
		return source.Harvest{Read: w.clock.Now()}, nil
	}}, source.Feed{Name: "test.slow", Poll: func(context.Context, []byte) (source.Harvest, error) {
		return source.Harvest{Read: w.clock.Now()}, nil
	}})
	r, c := w.runner("a"), w.collectors()
	c.plans[1].Every, c.runs = time.Hour, false
	for _, name := range []string{"test.a", "test.slow"} {
		if err := r.Run(t.Context(), name, w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	states := func() (got [2]string) {
		all, err := c.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return [2]string{all[0].State, all[1].State}
	}
	if got := states(); got != [2]string{api.CollectorOK, api.CollectorOK} { // another process collects
		t.Error(got)
	}
	w.clock.Advance(5 * time.Minute)
	if got := states(); got != [2]string{api.CollectorOff, api.CollectorOff} {
		t.Error(got)
	}
	if err := w.db.PauseFeed(t.Context(), "test.a", true); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RunNow(t.Context(), "test.a"); err == nil || !strings.Contains(err.Error(), "omc collect resume test.a") {
		t.Error(err)
	}
}

// Events that land together count for one another as those do that land one after the other.
func TestOneLandingOrTwoScoreAlike(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var all []ledger.Event
	for i := range 4 {
		all = append(all, ledger.Event{ID: fmt.Sprint("e", i), Source: "test", Type: ledger.EventListing, Time: at.Add(time.Duration(i) * time.Minute), Title: "x", Coins: []market.Coin{"BTC"}})
	}
	scores := func(landings ...[]ledger.Event) map[string]float64 {
		w := newWorld(t, source.Feed{Name: "test.events"})
		for _, list := range landings {
			w.feeds[0].Poll = func(context.Context, []byte) (source.Harvest, error) {
				return source.Harvest{Read: w.clock.Now(), Records: ledger.Records{Events: list}}, nil
			}
			if err := w.runner("a").Run(t.Context(), "test.events", w.clock.Now()); err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(5 * time.Second)
		}
		rows, err := w.db.CatalystEvents(t.Context(), ledger.EventQuery{Window: ledger.Window{Limit: 10}})
		if err != nil || len(rows) != 4 {
			t.Fatalf("%d events, %v", len(rows), err)
		}
		out := map[string]float64{}
		for _, e := range rows {
			out[e.ID] = e.Impact
		}
		return out
	}
	want := map[string]float64{"e0": 1, "e1": 0.5, "e2": 0.3333, "e3": 0.25}
	for name, got := range map[string]map[string]float64{
		"one by one":      scores(all[:1], all[1:2], all[2:3], all[3:]),
		"together":        scores([]ledger.Event{all[2], all[0], all[3], all[1]}),
		"two by two":      scores([]ledger.Event{all[1], all[0]}, []ledger.Event{all[3], all[2]}),
		"with what stood": scores(all[:3], []ledger.Event{all[0], all[3], all[1]}),
	} {
		for id, v := range want {
			if d := got[id] - v; d > 1e-4 || d < -1e-4 {
				t.Errorf("%s: %s has %v, want %v", name, id, got[id], v)
			}
		}
	}
}
