package schedule_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/schedule"
	"github.com/ohmycoins/omc/internal/store/storetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if url := os.Getenv("OMC_SCHEDULE_TEST_CHILD"); url != "" {
		if err := child(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// The tests wait more than they work, so more of them run at once than there are processors.
	flag.Parse()
	if n := flag.Lookup("test.parallel").Value; n.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		if err := n.Set("8"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// onBoth runs a test on an empty database of each kind, its parts beside one another.
func onBoth(t *testing.T, run func(t *testing.T, url string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, "sqlite:"+filepath.Join(t.TempDir(), "omc data", "jobs.db"))
	})
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, storetest.Postgres(t)) })
}

// journal collects what a test's tasks did, in any of its engines.
type journal struct {
	mu     sync.Mutex
	runs   map[string][]time.Time // ticks, by task
	inside map[string]int
	most   int           // runs of one task at the same time
	grew   chan struct{} // closed at the next run
	wrote  chan struct{} // closed at the next log line
	log    bytes.Buffer
}

// patience bounds the waits of these tests. They end as soon as what they wait for is there; a crowded machine under the race
// detector has needed forty seconds for a tick's run.
const patience = 4 * time.Minute

func newJournal() *journal {
	return &journal{runs: map[string][]time.Time{}, inside: map[string]int{}, grew: make(chan struct{}), wrote: make(chan struct{})}
}

// Write takes log lines.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.wrote)
	j.wrote = make(chan struct{})
	return j.log.Write(b)
}

// told waits until the log tells what.
func (j *journal) told(t *testing.T, what string) {
	t.Helper()
	deadline := time.After(patience)
	for {
		j.mu.Lock()
		wrote, lines := j.wrote, j.log.String()
		j.mu.Unlock()
		if strings.Contains(lines, what) {
			return
		}
		select {
		case <-wrote:
		case <-deadline:
			t.Fatalf("%q is not told:\n%s", what, lines)
		}
	}
}

func (j *journal) lines() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.log.String()
}

func (j *journal) begin(name string, tick time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.runs[name] = append(j.runs[name], tick)
	j.inside[name]++
	j.most = max(j.most, j.inside[name])
	close(j.grew)
	j.grew = make(chan struct{})
}

func (j *journal) end(name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.inside[name]--
}

func (j *journal) ticks(name string) []time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]time.Time(nil), j.runs[name]...)
}

// await waits until name ran n times.
func (j *journal) await(t *testing.T, name string, n int) []time.Time {
	t.Helper()
	deadline := time.After(patience)
	for {
		j.mu.Lock()
		grew, got := j.grew, append([]time.Time(nil), j.runs[name]...)
		j.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-grew:
		case <-deadline:
			t.Fatalf("%s ran %d times, want %d; the log:\n%s", name, len(got), n, j.lines())
		}
	}
}

// task is one that only notes its runs, and does what it is given in between.
func (j *journal) task(name string, every time.Duration, do func(ctx context.Context) error) schedule.Task {
	return schedule.Task{Name: name, Every: every, Timeout: 5 * time.Second, Run: func(ctx context.Context, tick time.Time) error {
		j.begin(name, tick)
		defer j.end(name)
		if do == nil {
			return nil
		}
		return do(ctx)
	}}
}

// checkOnce fails where a tick ran twice, or does not lie on the grid, or two runs of a task met.
func (j *journal) checkOnce(t *testing.T, tasks ...schedule.Task) {
	t.Helper()
	for _, task := range tasks {
		seen := map[time.Time]bool{}
		for _, tick := range j.ticks(task.Name) {
			if seen[tick] {
				t.Errorf("%s ran twice for %s", task.Name, tick)
			}
			seen[tick] = true
			if ns := tick.UnixNano() - int64(task.Offset); ns%int64(task.Every) != 0 || tick.Location() != time.UTC {
				t.Errorf("%s: the tick %s is not on the grid of %s + %s", task.Name, tick, task.Every, task.Offset)
			}
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.most > 1 {
		t.Errorf("%d runs of one task at the same time", j.most)
	}
}

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func open(t testing.TB, c schedule.Config) *schedule.Engine {
	t.Helper()
	e, err := schedule.OpenQuick(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

func start(t testing.TB, c schedule.Config) *schedule.Engine {
	t.Helper()
	e := open(t, c)
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func stop(t testing.TB, e *schedule.Engine) {
	t.Helper()
	if err := e.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestEachTickRunsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		engines := 2
		if strings.HasPrefix(url, "postgres") {
			engines = 3
		}
		j := newJournal()
		a, b, c := j.task("a", 100*time.Millisecond, nil), j.task("b.x-1_y", 150*time.Millisecond, nil), j.task("c", 250*time.Millisecond, nil)
		b.Offset, c.Urgent = 70*time.Millisecond, true
		// They also make the tables at once.
		var all sync.WaitGroup
		running := make(chan *schedule.Engine, engines)
		for range engines {
			all.Go(func() {
				e, err := schedule.OpenQuick(t.Context(), schedule.Config{URL: url, Tasks: []schedule.Task{a, b, c}, Log: j.logger()})
				if err != nil {
					t.Error(err)
					return
				}
				running <- e
				if err := e.Start(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		close(running)
		j.await(t, "a", 25)
		j.await(t, "b.x-1_y", 15)
		j.await(t, "c", 8)
		for e := range running {
			stop(t, e)
		}
		j.checkOnce(t, a, b, c)
		if n := strings.Count(j.lines(), "level=ERROR"); n > 0 {
			t.Errorf("%d errors in the log:\n%s", n, j.lines())
		}
	})
}

func TestTicksDuringARunAreDropped(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		release := make(chan struct{})
		first := true
		var mu sync.Mutex
		slow := j.task("slow", 100*time.Millisecond, func(ctx context.Context) error {
			mu.Lock()
			hang := first
			first = false
			mu.Unlock()
			if hang {
				<-release
			}
			return nil
		})
		other := j.task("other", 100*time.Millisecond, nil)
		c := schedule.Config{URL: url, Tasks: []schedule.Task{slow, other}, Log: j.logger()}
		start(t, c)
		start(t, c)
		j.await(t, "slow", 1)
		j.await(t, "other", 12) // a hanging task delays no other
		if n := len(j.ticks("slow")); n != 1 {
			t.Errorf("%d runs began while the first was under way", n)
		}
		released := time.Now()
		close(release)
		got := j.await(t, "slow", 4)
		if old := got[1]; old.Before(released.Add(-2 * slow.Every)) {
			t.Errorf("the tick %s of the time when the task hung ran after it was over, at %s", old, released)
		}
		j.checkOnce(t, slow, other)
		if !strings.Contains(j.lines(), "a tick was dropped") {
			t.Error("no dropped tick is told")
		}
	})
}

func TestUrgentWaitsBehindNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		var tasks []schedule.Task
		for i := range 4 {
			h := j.task(fmt.Sprintf("hang%d", i), 100*time.Millisecond, hang)
			h.Timeout = time.Minute
			tasks = append(tasks, h)
		}
		u := j.task("urgent", 100*time.Millisecond, nil)
		u.Urgent = true
		e := start(t, schedule.Config{URL: url, Tasks: append(tasks, u), Workers: 2, Log: j.logger()})
		j.await(t, "urgent", 15)
		hanging := 0
		for i := range 4 {
			hanging += len(j.ticks(fmt.Sprintf("hang%d", i)))
		}
		if hanging != 2 {
			t.Errorf("%d tasks hang, want all 2 workers", hanging)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if err := e.Close(ctx); err != nil {
			t.Error(err)
		}
		j.checkOnce(t, u)
	})
}

func TestFailuresAreLoggedAndRunAtTheNextTick(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		bad := j.task("bad", 100*time.Millisecond, func(context.Context) error { return errors.New("the moon is down") })
		worse := j.task("worse", 100*time.Millisecond, func(context.Context) error { panic("the sun too") })
		late := j.task("late", 100*time.Millisecond, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		late.Timeout = 50 * time.Millisecond
		e := start(t, schedule.Config{URL: url, Tasks: []schedule.Task{bad, worse, late}, Log: j.logger()})
		for _, n := range []string{"bad", "worse", "late"} {
			j.await(t, n, 5)
		}
		stop(t, e)
		j.checkOnce(t, bad, worse, late)
		for _, want := range []string{"the moon is down", "the sun too", "schedule_test.go", "context deadline exceeded"} {
			if !strings.Contains(j.lines(), want) {
				t.Errorf("the log does not tell %q:\n%.2000s", want, j.lines())
			}
		}
	})
}
