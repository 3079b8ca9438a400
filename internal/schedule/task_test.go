package schedule_test

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ohmycoins/omc/internal/schedule"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

func good() schedule.Task {
	return schedule.Task{Name: "a", Every: time.Minute, Timeout: time.Second, Run: func(context.Context, time.Time) error { return nil }}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		want   string
		change func(*schedule.Task)
	}{
		{"name", func(t *schedule.Task) { t.Name = "" }},
		{"name", func(t *schedule.Task) { t.Name = "A" }},
		{"name", func(t *schedule.Task) { t.Name = "a b" }},
		{"name", func(t *schedule.Task) { t.Name = "a\n" }},
		{"name", func(t *schedule.Task) { t.Name = strings.Repeat("x", 65) }},
		{"every", func(t *schedule.Task) { t.Every = 99 * time.Millisecond }},
		{"every", func(t *schedule.Task) { t.Every = 32 * 24 * time.Hour }},
		{"offset", func(t *schedule.Task) { t.Offset = -1 }},
		{"offset", func(t *schedule.Task) { t.Offset = time.Minute }},
		{"timeout", func(t *schedule.Task) { t.Timeout = 0 }},
		{"timeout", func(t *schedule.Task) { t.Timeout = 25 * time.Hour }},
		{"nothing to run", func(t *schedule.Task) { t.Run = nil }},
	} {
		task := good()
		tc.change(&task)
		path := "sqlite:" + t.TempDir() + "/jobs.db"
		_, err := schedule.Open(t.Context(), schedule.Config{URL: path, Tasks: []schedule.Task{task}})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %s", task, err, tc.want)
		}
		if _, err := os.Stat(strings.TrimPrefix(path, "sqlite:")); err == nil {
			t.Error("a refused engine made its file")
		}
	}
	for _, c := range []schedule.Config{
		{URL: "sqlite:" + t.TempDir() + "/jobs.db", Tasks: []schedule.Task{good(), good()}},
		{URL: "sqlite:" + t.TempDir() + "/jobs.db", Tasks: []schedule.Task{good()}, Workers: -1},
		{URL: "sqlite:"}, {URL: "mysql://x"}, {URL: ""},
	} {
		if _, err := schedule.Open(t.Context(), c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

func TestSecretsOfTheURL(t *testing.T) {
	t.Parallel()
	j := newJournal()
	for _, u := range []string{
		"postgres://me:hunter2@127.0.0.1:1/omc?connect_timeout=1",
		"postgres://me:hunter2@127.0.0.1:1/omc?pool_max_conns=hunter2",
		"postgres://me:hunter2@[::1/omc",
	} {
		_, err := schedule.Open(t.Context(), schedule.Config{URL: u, Tasks: []schedule.Task{good()}, Log: j.logger()})
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(j.lines(), "hunter2") {
			t.Errorf("%v\n%s", err, j.lines())
		}
	}
}

// The database ends all connections: the schedule goes on with new ones.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	base := storetest.Postgres(t)
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("application_name", q.Get("search_path"))
	u.RawQuery = q.Encode()
	j := newJournal()
	a := j.task("a", 100*time.Millisecond, nil)
	start(t, schedule.Config{URL: u.String(), Tasks: []schedule.Task{a}, Log: j.logger()})
	j.await(t, "a", 3)
	q.Del("pool_max_conns")
	q.Set("application_name", "breaker")
	u.RawQuery = q.Encode()
	c, err := pgx.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	tag, err := c.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", q.Get("search_path"))
	if err != nil || tag.RowsAffected() < 2 {
		t.Fatalf("%d connections, %v", tag.RowsAffected(), err)
	}
	j.await(t, "a", len(j.ticks("a"))+4)
	j.checkOnce(t, a)
}

func FuzzTickAt(f *testing.F) {
	f.Add(int64(1_790_000_000_000_000_000), int64(time.Hour), int64(time.Minute))
	f.Add(int64(-5), int64(100*time.Millisecond), int64(0))
	f.Add(int64(1_790_000_000_000_000_001), int64(7*24*time.Hour), int64(3*24*time.Hour+1))
	f.Fuzz(func(t *testing.T, at, every, offset int64) {
		task := good()
		task.Every, task.Offset = time.Duration(every), time.Duration(offset)
		if task.Check() != nil || at < -1<<61 || at > 1<<62 {
			t.Skip()
		}
		now := time.Unix(0, at)
		tick := task.TickAt(now)
		if tick.After(now) || !tick.Add(task.Every).After(now) || (tick.UnixNano()-offset)%every != 0 || tick.Location() != time.UTC {
			t.Errorf("at %d every %d offset %d: %d", at, every, offset, tick.UnixNano())
		}
		if again := task.TickAt(tick); !again.Equal(tick) {
			t.Errorf("the tick of %s is %s", tick, again)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"coinspot.latest", "a", "", "A", "ä", "a\x00", "../x", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		task := good()
		task.Name = name
		plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == "" && len(name) > 0 && len(name) <= 64
		if (task.Check() == nil) != plain {
			t.Errorf("%q: %v", name, task.Check())
		}
	})
}
