package mempool

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/mempool/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var now = time.Date(2026, 4, 5, 15, 59, 30, 0, time.UTC)

func node(t *testing.T) (*fake.Node, map[string]source.Feed, *clock.Manual) {
	t.Helper()
	c := clock.NewManual(now)
	n := fake.New(c)
	srv := httptest.NewServer(n)
	t.Cleanup(srv.Close)
	return n, feeds(New(upstream.Config{BaseURL: srv.URL + fake.Base, Clock: c, Wait: conformance.Advance(c)})), c
}

func feeds(c *Client) map[string]source.Feed {
	out := map[string]source.Feed{}
	for _, f := range c.Feeds() {
		out[f.Name] = f
	}
	return out
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, f := range New(upstream.Config{}).Feeds() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewManual(now)
			client := func(u upstream.Config) func(context.Context) (int, error) {
				poll := feeds(New(u))[f.Name].Poll
				return func(ctx context.Context) (int, error) {
					cursor, _ := json.Marshal(history{c.Now()})
					h, err := poll(ctx, cursor)
					return h.Len(), err
				}
			}
			n := fake.New(c)
			n.Hold(now)
			n.Set("/v1/mining/hashrate/1m", 200, `{"hashrates":[{"timestamp":1775260800,"avgHashrate":998000000000000000000},{"timestamp":1775347200,"avgHashrate":1e21}],"difficulty":[{"time":1775265042,"difficulty":1.4e14}]}`)
			conformance.Run(t, conformance.Source{Name: "mempool", Path: fake.Base, Clock: c, Fake: n, Client: client})
		})
	}
}

// Each feed brings good records of the world, none twice, and the feeds together the metrics of the package comment.
func TestEveryFeedBringsItsFigures(t *testing.T) {
	t.Parallel()
	_, all, c := node(t)
	got := map[string]bool{}
	for name, f := range all {
		h, err := f.Poll(t.Context(), nil)
		if err != nil || h.Len() == 0 || len(h.Rejects) != 0 || h.Read.IsZero() {
			t.Fatalf("%s: %v %v", name, err, h.Rejects)
		}
		seen := map[ledger.Metric]bool{}
		for _, m := range h.Metrics {
			if err := m.Check(c.Now()); err != nil || m.Asset != "BTC" {
				t.Errorf("%s: %+v: %v", name, m, err)
			}
			m.Value = m.Value.Sub(m.Value)
			if seen[m] {
				t.Errorf("%s: %+v twice", name, m)
			}
			seen[m], got[m.Metric] = true, true
		}
		if f.Ledger != ledger.Glass || f.Source != "mempool" || f.Every < time.Minute || f.Timeout <= 0 || f.Fresh <= f.Every || f.About == "" || len(f.Needs) != 0 {
			t.Errorf("%+v", f)
		}
	}
	if len(got) != 22 {
		t.Errorf("%d metrics: %v", len(got), got)
	}
}

func TestPartOfAHeightIsNone(t *testing.T) {
	t.Parallel()
	n, all, c := node(t)
	poll := all["mempool.tip"].Poll
	for _, body := range []string{"", "9", "94", "943", "9430", "94301", "9430120", "94301.2", "null", "NaN", `{"height":943012}`} {
		c.Advance(10 * time.Minute) // after five bad answers it is left alone for a while
		n.Set("/blocks/tip/height", 200, body)
		h, err := poll(t.Context(), nil)
		if !errors.Is(err, upstream.ErrMalformed) || h.Len() != 0 || !h.Read.IsZero() || len(h.Rejects) != min(len(body), 1) || body != "" && string(h.Rejects[0].Bytes) != body {
			t.Errorf("%s: %v %v", body, h, err)
		}
	}
	c.Advance(10 * time.Minute)
	for _, body := range []string{"943012", "943012\n", `"943012"`} {
		n.Set("/blocks/tip/height", 200, body)
		if h, err := poll(t.Context(), nil); err != nil || h.Len() != 1 || h.Metrics[0].Value.String() != "943012" {
			t.Errorf("%s: %v %v", body, h, err)
		}
	}
}

// After an outage of any length the period reaches back past the newest known day, and no day is missing.
func TestHashratesGrowWithTheOutage(t *testing.T) {
	t.Parallel()
	_, all, c := node(t)
	poll := all["mempool.hashrate"].Poll
	days := map[time.Time]bool{}
	var cursor []byte
	for i, out := range []time.Duration{0, time.Hour, 23 * 24 * time.Hour, 26 * 24 * time.Hour, 88 * 24 * time.Hour, 200 * 24 * time.Hour, 400 * 24 * time.Hour, 900 * 24 * time.Hour} {
		before := c.Now()
		c.Advance(out)
		h, err := poll(t.Context(), cursor)
		if err != nil || h.Cursor == nil || i > 0 && h.Since.After(before) {
			t.Fatalf("%d: %v, since %s, known until %s", i, err, h.Since, before)
		}
		for _, m := range h.Metrics {
			if m.Metric == hashRate {
				days[m.Event] = true
			}
		}
		cursor = h.Cursor
	}
	var list []time.Time
	for d := range days {
		list = append(list, d)
	}
	slices.SortFunc(list, time.Time.Compare)
	for i := 1; i < len(list); i++ {
		if list[i].Sub(list[i-1]) != 24*time.Hour {
			t.Errorf("nothing between %s and %s", list[i-1], list[i])
		}
	}
	if len(list) < 1600 {
		t.Errorf("%d days", len(list))
	}
}

// The first poll asks for years, the next for a month; a cursor that is none starts afresh.
func TestCursors(t *testing.T) {
	t.Parallel()
	_, all, _ := node(t)
	poll := all["mempool.hashrate"].Poll
	first, err := poll(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := poll(t.Context(), first.Cursor)
	if err != nil || second.Len() > 40 || first.Len() < 1000 {
		t.Errorf("%v: %d, then %d", err, first.Len(), second.Len())
	}
	for _, bad := range []string{"x", "[]", `{"newest":"x"}`, `{"newest":"2999-01-01T00:00:00Z"}`, "null"} {
		h, err := poll(t.Context(), []byte(bad))
		if err != nil || h.Len() != first.Len() {
			t.Errorf("%s: %d, %v", bad, h.Len(), err)
		}
	}
}

// All feeds at once keep to a request in two seconds.
func TestThePaceIsKept(t *testing.T) {
	t.Parallel()
	n, all, c := node(t)
	for range 20 {
		for _, f := range all {
			if _, err := f.Poll(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := n.Most(time.Minute); got > 31 || got < 29 {
		t.Errorf("%d requests in a minute", got)
	}
	n.Set("/mempool", 418, "")
	c.Advance(time.Minute)
	var limited *upstream.RateLimitError
	if _, err := all["mempool.queue"].Poll(t.Context(), nil); !errors.As(err, &limited) || !limited.Banned {
		t.Error(err)
	}
}
