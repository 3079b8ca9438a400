package blockchain

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/blockchain/fake"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var now = time.Date(2026, 4, 5, 15, 59, 30, 0, time.UTC)

func site(t *testing.T) (*fake.Site, source.Feed, *clock.Manual) {
	t.Helper()
	c := clock.NewManual(now)
	s := fake.New(c)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, New(upstream.Config{BaseURL: srv.URL, Clock: c, Wait: conformance.Advance(c)}).Feeds()[0], c
}

// half is a cursor of which only the market price is asked next, for a few days.
func half(at time.Time) []byte {
	out := `{"market-price":{"asked":"2026-01-01T00:00:00Z","newest":"` + at.Format(time.RFC3339) + `"}`
	for _, ch := range charts()[1:] {
		out += `,"` + ch.name + `":{"asked":"` + at.Format(time.RFC3339) + `"}`
	}
	return []byte(out + "}")
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c, theirs := clock.NewManual(now), clock.NewManual(now)
	s := fake.New(theirs)
	s.Hold(now)
	// The suite makes a client for each question, and no site allows so many so soon.
	patient := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		theirs.Advance(time.Minute)
		s.ServeHTTP(w, r)
	})
	client := func(u upstream.Config) func(context.Context) (int, error) {
		f := New(u).Feeds()[0]
		cursor := half(now)
		return func(ctx context.Context) (int, error) {
			h, err := f.Poll(ctx, cursor)
			return h.Len(), err
		}
	}
	conformance.Run(t, conformance.Source{Name: "blockchain", Clock: c, Fake: patient, Client: client, MaxBody: maxBody})
}

// The first ten polls follow one another and bring all charts; from then on a chart comes round once an hour. Never is there more
// than one request in ten seconds.
func TestPollsTakeTurns(t *testing.T) {
	t.Parallel()
	s, f, c := site(t)
	metrics := map[string]int{}
	var cursor []byte
	for i := range 40 {
		h, err := f.Poll(t.Context(), cursor)
		if err != nil || h.Len() == 0 || len(h.Rejects) != 0 || h.Read.IsZero() {
			t.Fatalf("%d: %v %v", i, err, h.Rejects)
		}
		if i == 0 && h.Len() < 2000 || i > 10 && h.Len() > 1000 {
			t.Errorf("%d: %d points", i, h.Len())
		}
		for _, m := range h.Metrics {
			if err := m.Check(c.Now()); err != nil {
				t.Fatalf("%+v: %v", m, err)
			}
		}
		metrics[h.Metrics[0].Metric]++
		if h.Again != (i < 9) || h.Since.IsZero() != (i < 9) {
			t.Errorf("%d: again %v, since %s", i, h.Again, h.Since)
		}
		if cursor = h.Cursor; !h.Again {
			c.Advance(f.Every)
		}
	}
	if len(metrics) != 10 || metrics["price_usd"] != 4 {
		t.Error(metrics)
	}
	if n := s.Most(10*time.Second - 1); n != 1 {
		t.Errorf("%d requests in ten seconds", n)
	}
}

// After an outage the charts are caught up with at once, from before it, and no day of any is missing.
func TestAnOutageLeavesNoHole(t *testing.T) {
	t.Parallel()
	_, f, c := site(t)
	days := map[string]map[int64]bool{}
	var cursor []byte
	for _, out := range []time.Duration{0, 3 * time.Hour, 40 * day, 400 * day} {
		down := c.Now()
		c.Advance(out)
		for again := true; again; {
			h, err := f.Poll(t.Context(), cursor)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range h.Metrics {
				if days[m.Metric] == nil {
					days[m.Metric] = map[int64]bool{}
				}
				days[m.Metric][m.Event.Unix()/86_400] = true
			}
			if cursor, again = h.Cursor, h.Again; again != h.Since.IsZero() || out < 100*day && h.Since.After(down) || out > 100*day && !again && h.Since.Before(down) {
				t.Errorf("after %s: again %v, since %s", out, again, h.Since)
			}
		}
	}
	for metric, seen := range days {
		var list []int64
		for d := range seen {
			list = append(list, d)
		}
		slices.Sort(list)
		holes := 0
		for i := 1; i < len(list); i++ {
			if list[i] != list[i-1]+1 {
				holes++
			}
		}
		// Of the sizes of the mempool two months are had, and Since says so.
		if want := map[bool]int{true: 1}[metric == "mempool_size_bytes"]; holes != want {
			t.Errorf("%s: %d holes, want %d", metric, holes, want)
		}
	}
}

// A chart that is gone or broken is told each time it comes round, and the others go on.
func TestABrokenChartStopsNoOther(t *testing.T) {
	t.Parallel()
	s, f, c := site(t)
	s.Set("mvrv", 404, `{"error":"not-found-or-invalid-arg"}`)
	s.Set("hash-rate", 200, `{"status":"ok","unit":"Hash Rate GH/s","values":[{"x":1714521600,"y":6e11}]}`)
	var cursor []byte
	failed, landed := 0, map[string]bool{}
	for range 20 {
		h, err := f.Poll(t.Context(), cursor)
		if err != nil {
			failed++
			if len(h.Rejects) != 1 || h.Len() != 0 || !h.Read.IsZero() {
				t.Errorf("%v %v", err, h)
			}
		}
		for _, m := range h.Metrics {
			landed[m.Metric] = true
		}
		if h.Cursor == nil || !h.Since.IsZero() {
			t.Errorf("cursor %s, since %s", h.Cursor, h.Since)
		}
		cursor = h.Cursor
		c.Advance(f.Every)
	}
	if failed != 4 || len(landed) != 8 {
		t.Errorf("%d failures, %v", failed, landed)
	}
}

func TestAHostileCursorStartsAfresh(t *testing.T) {
	t.Parallel()
	_, f, c := site(t)
	for _, bad := range []string{"x", "[]", "null", `{"market-price":1}`, `{"market-price":{"asked":"2999-01-01T00:00:00Z"}}`,
		`{"market-price":{"asked":"2026-01-01T00:00:00Z","newest":"2999-01-01T00:00:00Z"}}`, `{"market-price":{"from":"2025-01-01T00:00:00Z"}}`} {
		c.Advance(time.Minute)
		if h, err := f.Poll(t.Context(), []byte(bad)); err != nil || h.Len() < 2000 || h.Metrics[0].Metric != "price_usd" {
			t.Errorf("%s: %d, %v", bad, h.Len(), err)
		}
	}
}

func TestTooManyRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s, _, c := site(t)
	srv := httptest.NewServer(s)
	defer srv.Close()
	poll := New(upstream.Config{BaseURL: srv.URL, Clock: c, Limit: 1e9}).Feeds()[0].Poll
	var limited *upstream.RateLimitError
	for i := range 7 {
		if _, err := poll(t.Context(), half(now)); errors.As(err, &limited) != (i >= 6) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
