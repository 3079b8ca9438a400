package storetest

import (
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/store"
)

// searches: a point is one worker's at a time, its first result stands, and nothing is given out for somebody who is gone.
func searches(t *testing.T, w world) {
	ctx, db := t.Context(), w.db
	must(t, db.OpenSearch(ctx, store.Search{ID: "s", User: "u", Request: "{}", DataHash: "h"}))
	wants(t, db.OpenSearch(ctx, store.Search{}), store.ErrInvalid)
	must(t, db.AddPoints(ctx, "s", []store.SearchPoint{{N: 0, Args: "a"}, {N: 1, Args: "b"}, {N: 2, Args: "c"}}))
	claim := func(n int64, worker string) bool {
		t.Helper()
		s, p, ok, err := db.ClaimPoint(ctx, "s", n, worker)
		must(t, err)
		if ok && (s.User != "u" || s.DataHash != "h" || s.Request != "{}" || p.N != n || p.Args != string(rune('a'+n))) {
			t.Errorf("%+v %+v", s, p)
		}
		return ok
	}
	mine := func(n int64, worker string) bool {
		t.Helper()
		ok, err := db.BeatPoint(ctx, "s", n, worker)
		must(t, err)
		return ok
	}
	ended := func(n int64, result string) bool {
		t.Helper()
		ok, err := db.EndPoint(ctx, "s", n, result)
		must(t, err)
		return ok
	}
	equal(t, got(db.SearchLoad(ctx))(t), store.SearchLoad{Searches: 1, Points: 3})
	equal(t, claim(0, "x"), true)
	equal(t, claim(0, "y"), false)
	equal(t, claim(9, "y"), false)
	equal(t, mine(0, "x"), true)
	equal(t, mine(0, "y"), false)
	w.clock.Advance(10 * time.Second)
	must(t, db.KeepSearch(ctx, "s"))
	equal(t, claim(1, "x"), true)
	equal(t, ended(1, "done"), true)
	equal(t, ended(1, "other"), false)
	equal(t, claim(1, "y"), false)
	equal(t, got(db.SearchLoad(ctx))(t), store.SearchLoad{Searches: 1, Points: 3, Made: 1, UnderWay: 1, Processes: 1})
	first := got(db.TakePoints(ctx, "s"))(t)
	if len(first) != 1 || first[0] != (store.SearchPoint{N: 1, Args: "b", Result: "done"}) || len(got(db.TakePoints(ctx, "s"))(t)) != 0 {
		t.Errorf("taken: %+v", first)
	}
	equal(t, len(got(db.SilentPoints(ctx, "s"))(t)), 0)
	w.clock.Advance(6 * time.Second) // x said nothing for 16 s
	equal(t, got(db.SearchLoad(ctx))(t), store.SearchLoad{Searches: 1, Points: 3, Made: 1})
	if s := got(db.SilentPoints(ctx, "s"))(t); len(s) != 1 || s[0] != 0 {
		t.Errorf("silent: %v", s)
	}
	equal(t, mine(0, "x"), false)
	equal(t, claim(0, "y"), true)
	w.clock.Advance(40 * time.Second) // whoever asked is gone
	equal(t, claim(2, "y"), false)
	equal(t, got(db.SearchLoad(ctx))(t), store.SearchLoad{})
	must(t, db.KeepSearch(ctx, "s"))
	equal(t, claim(2, "y"), true)
	must(t, db.CloseSearch(ctx, "s"))
	equal(t, mine(2, "y"), false)
	equal(t, ended(2, "late"), false)
	equal(t, claim(2, "y"), false)
	must(t, db.OpenSearch(ctx, store.Search{ID: "t", User: "u"}))
	must(t, db.AddPoints(ctx, "t", []store.SearchPoint{{N: 0}}))
	w.clock.Advance(time.Hour)
	must(t, db.PruneSearches(ctx))
	must(t, db.OpenSearch(ctx, store.Search{ID: "t", User: "u"})) // the id is free again
}
