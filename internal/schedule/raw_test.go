package schedule_test

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ohmycoins/omc/internal/schedule"
)

// database is a test's own look into an engine's.
type database struct {
	exec  func(statement string)
	count func(query string) int
}

func raw(t *testing.T, at string) database {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if path, ok := strings.CutPrefix(at, "sqlite:"); ok {
		db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(5000)")
		check(err)
		t.Cleanup(func() { db.Close() })
		return database{
			func(statement string) { t.Helper(); _, err := db.Exec(statement); check(err) },
			func(query string) (n int) { t.Helper(); check(db.QueryRow(query).Scan(&n)); return n },
		}
	}
	u, err := url.Parse(at)
	check(err)
	q := u.Query()
	q.Del("pool_max_conns")
	u.RawQuery = q.Encode()
	db, err := pgx.Connect(t.Context(), u.String())
	check(err)
	t.Cleanup(func() { db.Close(context.Background()) })
	return database{
		func(statement string) { t.Helper(); _, err := db.Exec(t.Context(), statement); check(err) },
		func(query string) (n int) { t.Helper(); check(db.QueryRow(t.Context(), query).Scan(&n)); return n },
	}
}

// A process that stood still, or was cut off from the database, was taken for dead: what it has fetched it does not run, and beside
// what it still runs it begins nothing.
func TestTakenForDead(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		j := newJournal()
		over := make(chan struct{})
		a := j.task("a", 100*time.Millisecond, func(context.Context) error { <-over; return nil })
		day := j.task("day", 24*time.Hour, nil)
		c := schedule.Config{URL: url, Tasks: []schedule.Task{a, day}, Log: j.logger()}
		e := start(t, c)
		j.await(t, "a", 1)
		j.await(t, "day", 1)
		db := raw(t, url)
		db.exec("UPDATE schedule_task SET epoch = epoch + 1 WHERE name = 'a'")
		j.told(t, "the former run has not returned")
		close(over)
		j.await(t, "a", 3)
		stop(t, e)
		j.checkOnce(t, a)

		asker := open(t, schedule.Config{URL: url})
		if err := asker.RunNow(t.Context(), "day"); err != nil {
			t.Fatal(err)
		}
		db.exec("UPDATE schedule_task SET epoch = epoch + 1 WHERE name = 'day'")
		start(t, c)
		j.told(t, "it cannot be told to be the only run")
		if n := len(j.ticks("day")); n != 1 {
			t.Errorf("the job that was taken over ran")
		}
	})
}
