package schedule_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ohmycoins/omc/internal/schedule"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

// The database's own clock is set back by an hour while a job is queued: River alone would hold it for that hour.
func TestDatabaseClockSetBack(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	schema := q.Get("search_path")
	q.Set("search_path", schema+",pg_catalog") // so that the schema's now() hides PostgreSQL's
	u.RawQuery = q.Encode()
	q.Del("pool_max_conns")
	plain := *u
	plain.RawQuery = q.Encode()
	db, err := pgx.Connect(t.Context(), plain.String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	setBack := func(hours string) {
		_, err := db.Exec(t.Context(), "CREATE OR REPLACE FUNCTION "+schema+".now() RETURNS timestamptz LANGUAGE sql AS "+
			"$$ SELECT clock_timestamp() - interval '"+hours+" hours' $$")
		if err != nil {
			t.Fatal(err)
		}
	}
	setBack("0")
	j := newJournal()
	rare := j.task("rare", 24*time.Hour, nil)
	c := schedule.Config{URL: u.String(), Tasks: []schedule.Task{rare}, Log: j.logger()}
	e := start(t, c)
	j.await(t, "rare", 1)
	stop(t, e)
	asker := open(t, schedule.Config{URL: u.String()})
	if err := asker.RunNow(t.Context(), "rare"); err != nil {
		t.Fatal(err)
	}
	setBack("1")
	start(t, c)
	j.await(t, "rare", 2)
}
