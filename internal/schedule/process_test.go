package schedule_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/schedule"
)

// childTasks are those of the child process; the parent takes them up.
func childTasks(run func(ctx context.Context, name string, tick time.Time) error) []schedule.Task {
	task := func(name string, every time.Duration) schedule.Task {
		return schedule.Task{Name: name, Every: every, Timeout: 10 * time.Minute, // how soon a dead run is noticed does not hang on it
			Run: func(ctx context.Context, tick time.Time) error { return run(ctx, name, tick) }}
	}
	return []schedule.Task{task("quick", 100*time.Millisecond), task("stuck", 200*time.Millisecond), task("day", 24*time.Hour)}
}

// child runs the tasks and says so, until it is killed. Those called stuck and day never return.
func child(url string) error {
	ctx := context.Background()
	e, err := schedule.OpenQuick(ctx, schedule.Config{URL: url, Tasks: childTasks(func(_ context.Context, name string, tick time.Time) error {
		fmt.Println(name, tick.Format(time.RFC3339Nano))
		if name != "quick" {
			select {}
		}
		return nil
	})})
	if err != nil {
		return err
	}
	if err := e.Start(ctx); err != nil {
		return err
	}
	select {}
}

// life is a child process and what it has said.
type life struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	said  map[string][]string
}

func spawn(t *testing.T, url string, env ...string) *life {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), "OMC_SCHEDULE_TEST_CHILD="+url), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l := &life{cmd, bufio.NewScanner(out), map[string][]string{}}
	t.Cleanup(func() { l.kill() })
	return l
}

// next reads lines until name was said n times.
func (l *life) next(t *testing.T, name string, n int) {
	t.Helper()
	for len(l.said[name]) < n {
		if !l.lines.Scan() {
			t.Fatal("the child ended by itself")
		}
		who, tick, _ := strings.Cut(l.lines.Text(), " ")
		l.said[who] = append(l.said[who], tick)
	}
}

// kill ends it with SIGKILL and reads what it said last.
func (l *life) kill() {
	if l.cmd.ProcessState != nil {
		return
	}
	_ = l.cmd.Process.Kill()
	for l.lines.Scan() {
		who, tick, _ := strings.Cut(l.lines.Text(), " ")
		l.said[who] = append(l.said[who], tick)
	}
	_ = l.cmd.Wait()
}

// A process in another time zone is killed in the middle of two runs: the other goes on, soon with those tasks too (River itself would
// hold them back for a day).
func TestKilledProcess(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		l := spawn(t, url, "TZ=Australia/Sydney")
		l.next(t, "quick", 5)
		l.next(t, "stuck", 1)
		l.next(t, "day", 1)
		c := schedule.Config{URL: url, Log: j.logger(), Tasks: childTasks(func(_ context.Context, name string, tick time.Time) error {
			j.begin(name, tick)
			defer j.end(name)
			return nil
		})}
		e := start(t, c)
		if err := e.RunNow(t.Context(), "day"); err != nil { // while the child runs it
			t.Fatal(err)
		}
		j.await(t, "quick", 1)
		l.kill()
		j.await(t, "quick", len(j.ticks("quick"))+3)
		j.await(t, "stuck", 3)
		j.await(t, "day", 1) // the one that was asked for
		stop(t, e)
		for name, said := range l.said {
			for _, s := range said {
				tick, err := time.Parse(time.RFC3339Nano, s)
				if err != nil {
					continue // cut off by the kill
				}
				j.begin(name, tick)
				j.end(name)
			}
		}
		j.checkOnce(t, c.Tasks[:2]...)
		if n := strings.Count(j.lines(), "a run's process has died"); n != 2 {
			t.Errorf("%d dead runs are told, want 2:\n%s", n, j.lines())
		}
	})
}

// A run that does not heed its context keeps its task for as long as it lives, in all processes.
func TestOverdueRunIsNotTakenForDead(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		over := make(chan struct{})
		deaf := j.task("deaf", 100*time.Millisecond, func(context.Context) error { <-over; return nil })
		deaf.Timeout = 100 * time.Millisecond
		other := j.task("other", time.Second, nil)
		c := schedule.Config{URL: url, Tasks: []schedule.Task{deaf, other}, Log: j.logger()}
		start(t, c)
		start(t, c)
		j.await(t, "deaf", 1)
		j.await(t, "other", 5) // longer than a dead one is waited for
		if n := len(j.ticks("deaf")); n != 1 {
			t.Errorf("%d runs beside one that has not returned", n-1)
		}
		close(over)
		j.await(t, "deaf", 3)
		j.checkOnce(t, deaf)
	})
}
