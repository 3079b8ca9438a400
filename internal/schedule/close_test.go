package schedule_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/schedule"
)

func TestCloseLetsRunsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		release, ended := make(chan struct{}), make(chan error, 1)
		a := j.task("a", 24*time.Hour, func(ctx context.Context) error {
			<-release
			ended <- ctx.Err()
			return nil
		})
		e := start(t, schedule.Config{URL: url, Tasks: []schedule.Task{a}, Log: j.logger()})
		j.await(t, "a", 1)
		closing := make(chan error)
		go func() { closing <- e.Close(context.Background()) }()
		release <- struct{}{}
		if err := <-ended; err != nil {
			t.Errorf("the run's context had ended: %v", err)
		}
		if err := <-closing; err != nil {
			t.Error(err)
		}
		if err := e.Start(t.Context()); err == nil {
			t.Error("a closed engine starts")
		}
		if err := e.Close(t.Context()); err != nil {
			t.Errorf("closing twice: %v", err)
		}
		if strings.Contains(j.lines(), "level=ERROR") {
			t.Errorf("errors in the log:\n%s", j.lines())
		}
	})
}

func TestCloseNamesWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	j := newJournal()
	release := make(chan struct{})
	deaf := j.task("deaf", 24*time.Hour, func(context.Context) error { <-release; return nil })
	url := "sqlite:" + filepath.Join(t.TempDir(), "jobs.db")
	e, err := schedule.OpenQuick(t.Context(), schedule.Config{URL: url, Tasks: []schedule.Task{deaf}, Log: j.logger()})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	j.await(t, "deaf", 1)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Close(gone); err == nil || !strings.Contains(err.Error(), "deaf") {
		t.Errorf("closing with a run that does not end: %v", err)
	}
	close(release)
	if err := e.Close(context.Background()); err != nil { // now it does
		t.Error(err)
	}
}

// Finished jobs leave River's tables, and the schedule's row stays one a task.
func TestTablesStaySmall(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		a := j.task("a", 100*time.Millisecond, nil)
		c := schedule.Config{URL: url, Tasks: []schedule.Task{a}, Log: j.logger()}
		e := start(t, c)
		j.await(t, "a", 10)
		stop(t, e)
		db := raw(t, url)
		const jobs = "SELECT count(*) FROM river_job"
		if n := db.count(jobs); n < 9 {
			t.Fatalf("%d finished jobs", n)
		}
		db.exec("UPDATE river_job SET finalized_at = '2001-01-01 00:00:00'") // longer ago than they are kept
		a.Every = time.Hour
		c.Tasks = []schedule.Task{a}
		start(t, c)
		for deadline := time.After(patience); db.count(jobs) > 2; {
			select {
			case <-deadline:
				t.Fatalf("%d finished jobs stay", db.count(jobs))
			case <-time.After(50 * time.Millisecond):
			}
		}
		if n := db.count("SELECT count(*) FROM schedule_task"); n != 1 {
			t.Errorf("%d rows for one task", n)
		}
	})
}
