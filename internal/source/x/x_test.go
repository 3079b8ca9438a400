package x

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
	"github.com/ohmycoins/omc/internal/source/x/fake"
)

var start = time.Date(2026, 7, 3, 11, 30, 0, 0, time.UTC)

type world struct {
	*testing.T
	up    *fake.Search
	front *faulty.Handler
	clock *clock.Manual
	url   string
	feed  source.Feed
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	c := clock.NewManual(start)
	w := &world{T: t, up: fake.New(c), clock: c}
	w.front = faulty.New(w.up)
	srv := httptest.NewServer(w.front)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	w.feed = w.with(fake.Key, "")
	return w
}

func (w *world) with(key, query string) source.Feed {
	return New(upstream.Config{BaseURL: w.url, Clock: w.clock, Wait: conformance.Advance(w.clock)}, key, query).Feeds()[0]
}

func (w *world) poll(cursor []byte) source.Harvest {
	w.Helper()
	h, err := w.feed.Poll(w.Context(), cursor)
	if err != nil {
		w.Fatal(err)
	}
	sound(w.T, h, w.clock.Now())
	return h
}

func sound(t *testing.T, h source.Harvest, now time.Time) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range h.Posts {
		if err := p.Check(now); err != nil || seen[p.ID] || p.Platform != "x" || strings.ContainsAny(p.Content, "\n\x1b") || p.Label != "" || len(p.Coins) != 0 {
			t.Errorf("%+v: %v", p, err)
		}
		seen[p.ID] = true
	}
	if h.Cursor != nil && (!json.Valid(h.Cursor) || len(h.Cursor) > 2000 || strings.Contains(string(h.Cursor), fake.Key)) {
		t.Errorf("cursor %.80s", h.Cursor)
	}
	for _, r := range h.Rejects {
		if r.Reason == "" || len(r.Bytes) == 0 {
			t.Errorf("reject %+v", r)
		}
	}
}

// idAt is an id of that time.
func idAt(t time.Time, low int64) string {
	return strconv.FormatInt((t.UnixMilli()-epoch)<<22|low, 10)
}

func one(id, more string) string {
	return `{"id":"` + id + `","text":"A","edit_history_tweet_ids":["` + id + `"]` + more + `}`
}

func raw(posts ...string) []json.RawMessage {
	out := []json.RawMessage{}
	for _, p := range posts {
		out = append(out, json.RawMessage(p))
	}
	return out
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	up := fake.New(c)
	up.Set(raw(one(idAt(start.Add(-time.Hour), 1), `,"created_at":"2026-07-03T10:30:00.000Z"`)))
	conformance.Run(t, conformance.Source{Name: "x", Clock: c, Fake: up,
		Client: func(u upstream.Config) func(context.Context) (int, error) {
			f := New(u, fake.Key, "").Feeds()[0]
			return func(ctx context.Context) (int, error) {
				h, err := f.Poll(ctx, nil)
				return h.Len(), err
			}
		}})
}

// Polled every two minutes, and after outages, the reader knows every post since it began, and no request is above the limit.
func TestEveryPost(t *testing.T) {
	w := newWorld(t)
	h := w.poll(nil)
	if h.Len() < 90 || h.Again || !h.Since.Equal(h.Posts[h.Len()-1].Posted) || w.up.Requests() != 1 {
		t.Fatalf("%d posts, since %s", h.Len(), h.Since)
	}
	began, again := h.Since, 0
	got := map[string]bool{}
	for i := range 60 {
		for _, p := range h.Posts {
			got[p.ID] = true
		}
		if h.Again {
			again++
		} else {
			w.clock.Advance(every)
		}
		if i%20 == 10 {
			w.clock.Advance(5 * time.Hour) // some 600 posts
		}
		known := h.Since
		if h = w.poll(h.Cursor); h.Again != h.Since.IsZero() || !h.Again && h.Since.Before(known) || len(h.Rejects) != 0 {
			t.Fatalf("%d posts, again %t, since %s after %s, %v", h.Len(), h.Again, h.Since, known, h.Rejects)
		}
	}
	want := fake.Posts(began, w.clock.Now().Add(-6*time.Hour))
	for _, p := range want {
		if !got[strconv.FormatInt(p.Was, 10)] {
			t.Errorf("missed %+v", p)
		}
	}
	if len(want) < 1000 || again < 3 || w.up.Most(15*time.Minute) > 450 {
		t.Errorf("%d posts, %d continuations, %d requests in a quarter of an hour", len(want), again, w.up.Most(15*time.Minute))
	}
}

func TestThePaceIsKept(t *testing.T) {
	w := newWorld(t)
	w.up.Set(raw())
	for range 900 {
		w.poll(nil)
	}
	if most := w.up.Most(15 * time.Minute); most > 407 || most < 400 {
		t.Errorf("%d requests in a quarter of an hour", most)
	}
}

func TestNoHits(t *testing.T) {
	w := newWorld(t)
	first := w.poll(nil)
	w.up.Set(raw())
	w.clock.Advance(time.Minute)
	h := w.poll(first.Cursor)
	if h.Len() != 0 || h.Again || !h.Since.Equal(first.Posts[0].Posted.Truncate(time.Millisecond)) || string(h.Cursor) != string(first.Cursor) {
		t.Errorf("%+v", h)
	}
}

// A plan without the search stops the stream for a day, also over a restart.
func TestThePlanStopsADay(t *testing.T) {
	for status, says := range map[int]string{402: "CreditsDepleted", 403: "Client Forbidden"} {
		t.Run(says, func(t *testing.T) {
			w := newWorld(t)
			first := w.poll(nil)
			w.up.Plan(status)
			out, err := w.feed.Poll(t.Context(), first.Cursor)
			if !errors.Is(err, upstream.ErrUnavailable) || !strings.Contains(err.Error(), "does not include the search (http status "+fmt.Sprint(status)+", "+says) || out.Cursor == nil {
				t.Fatal(err)
			}
			w.up.Plan(0)
			w.feed = w.with(fake.Key, "")
			w.clock.Advance(23 * time.Hour)
			if _, err := w.feed.Poll(t.Context(), out.Cursor); err == nil || !strings.Contains(err.Error(), "nothing is asked until 2026-07-04T11:30:0") || !strings.Contains(err.Error(), says) || w.up.Requests() != 2 {
				t.Errorf("%v after %d requests", err, w.up.Requests())
			}
			w.clock.Advance(2 * time.Hour)
			if h := w.poll(out.Cursor); h.Len() == 0 || !h.Again {
				t.Errorf("%d posts", h.Len())
			}
		})
	}
}

// finish polls until nothing is left to be read.
func (w *world) finish(cursor []byte) (posts int, last source.Harvest) {
	w.Helper()
	for polls := 1; ; polls++ {
		before := w.up.Requests()
		h := w.poll(cursor)
		posts += h.Len()
		if w.up.Requests()-before > maxPages || polls > 2*maxDepth {
			w.Fatalf("%d requests in poll %d", w.up.Requests()-before, polls)
		}
		if !h.Again {
			return posts, h
		}
		cursor = h.Cursor
	}
}

// After more than a week everything that the search still shows is read, and what it does not is a gap.
func TestASilenceBeyondTheSearchsReach(t *testing.T) {
	w := newWorld(t)
	h := w.poll(nil)
	known := h.Posts[0].Posted
	w.clock.Advance(8 * 24 * time.Hour)
	var posts []string
	for i := range 450 {
		posts = append(posts, one(idAt(w.clock.Now().Add(-time.Duration(i)*20*time.Minute), 1), ""))
	}
	w.up.Set(raw(posts...))
	n, h := w.finish(h.Cursor)
	window := w.clock.Now().Add(-reach)
	if n != 450 || window.Sub(h.Since).Abs() > time.Minute || len(h.Gaps) != 1 || !h.Gaps[0].From.Equal(known) || !h.Gaps[0].To.Equal(h.Since) {
		t.Errorf("%d posts since %s, gaps %+v", n, h.Since, h.Gaps)
	}
	if n, h = w.finish(h.Cursor); n != 0 || len(h.Gaps) != 0 {
		t.Errorf("%d posts, gaps %+v", n, h.Gaps)
	}
}

// A reading ends after a hundred pages, each of which costs the user money; what lies behind them is a gap.
func TestAReadingIsBounded(t *testing.T) {
	w := newWorld(t)
	h := w.poll(nil)
	known := h.Posts[0].Posted
	w.clock.Advance(6 * 24 * time.Hour) // some 17,000 posts
	before := w.up.Requests()
	n, h := w.finish(h.Cursor)
	if w.up.Requests()-before != maxDepth || n < 95*maxDepth || len(h.Gaps) != 1 || !h.Gaps[0].From.Equal(known) || !h.Gaps[0].To.Equal(h.Since) || !h.Since.After(known) {
		t.Errorf("%d posts of %d requests, since %s, gaps %+v", n, w.up.Requests()-before, h.Since, h.Gaps)
	}
	if n, h = w.finish(h.Cursor); n > 100 || len(h.Gaps) != 0 || h.Since.IsZero() {
		t.Errorf("%d posts, gaps %+v", n, h.Gaps)
	}
}

// Pages that go round in a circle end a reading, and the hole is told.
func TestPagesInACircle(t *testing.T) {
	w := newWorld(t)
	now := w.clock.Now()
	w.front.Then(faulty.Times(2, faulty.Body(string(body(one(idAt(now.Add(-time.Minute), 1), ""), one(idAt(now.Add(-2*time.Minute), 1), "")))))...)
	h := w.poll(fmt.Appendf(nil, `{"known":%q}`, idAt(now.Add(-time.Hour), 1)))
	if h.Len() != 2 || h.Again || len(h.Gaps) != 1 || h.Gaps[0].To.Sub(h.Gaps[0].From) != 58*time.Minute {
		t.Errorf("%d posts, again %v, gaps %+v", h.Len(), h.Again, h.Gaps)
	}
}

// A page that X refuses is left, and then the known post: reading begins afresh, back to where it was to go, and no hole is left.
func TestARefusedPlaceLosesNothing(t *testing.T) {
	w := newWorld(t)
	first := w.poll(nil)
	known := first.Posts[0].Posted
	w.clock.Advance(3 * time.Hour)
	h := w.poll(first.Cursor)
	w.front.Then(faulty.Times(2, faulty.Status(400))...)
	cursor := h.Cursor
	for i, next := range []string{`"known"`, `"back"`} {
		out, err := w.feed.Poll(t.Context(), cursor)
		if !errors.Is(err, errRefused) || !strings.Contains(string(out.Cursor), next) || strings.Contains(string(out.Cursor), `"next"`) {
			t.Fatalf("%d: %v %s", i, err, out.Cursor)
		}
		cursor = out.Cursor
	}
	n, h := w.finish(cursor)
	if want := len(fake.Posts(known, w.clock.Now())); n < want*9/10 || len(h.Gaps) != 0 || !h.Since.Equal(known) {
		t.Errorf("%d of %d posts since %s, gaps %+v", n, want, h.Since, h.Gaps)
	}
}

// Another token is not stopped by what was said of the last one, and a person who asks is not put off. No cursor holds a token.
func TestAnotherTokenIsTriedAtOnce(t *testing.T) {
	w := newWorld(t)
	w.up.Plan(402)
	old := w.with("another-made-up-token", "")
	w.front.Then(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Set("Authorization", "Bearer "+fake.Key)
		next.ServeHTTP(rw, r)
	})
	out, err := old.Poll(t.Context(), nil)
	if err == nil || strings.Contains(string(out.Cursor), "another-made-up") {
		t.Fatal(err, string(out.Cursor))
	}
	before := w.up.Requests()
	if _, err := old.Poll(t.Context(), out.Cursor); err == nil || w.up.Requests() != before {
		t.Errorf("%v after %d requests", err, w.up.Requests()-before)
	}
	if _, err := old.Poll(source.ByHand(t.Context()), out.Cursor); err == nil || w.up.Requests() != before+1 {
		t.Errorf("by hand: %v after %d requests", err, w.up.Requests()-before)
	}
	w.up.Plan(0)
	if h := w.poll(out.Cursor); h.Len() == 0 {
		t.Error("nothing came")
	}
}

func TestAWebPageIsKept(t *testing.T) {
	w := newWorld(t)
	w.front.Then(faulty.Page(200), faulty.Body(`{"data":`+strings.Repeat(" ", 100_000)))
	for _, size := range []int{100, 100_000} {
		h, err := w.feed.Poll(t.Context(), nil)
		if err == nil || len(h.Rejects) != 1 || h.Rejects[0].Size < size || len(h.Rejects[0].Bytes) > source.MaxPiece || h.Rejects[0].Reason == "" {
			t.Errorf("%v: %d rejects", err, len(h.Rejects))
		}
	}
}

// A failure between pages loses nothing that came, and the next poll asks for what failed.
func TestAFailureBetweenPages(t *testing.T) {
	w := newWorld(t)
	h := w.poll(nil)
	w.clock.Advance(2 * time.Hour) // some 240 posts
	w.front.Then(faulty.Pass, faulty.Status(404))
	part, err := w.feed.Poll(t.Context(), h.Cursor)
	if err == nil || len(part.Posts) < 90 || !part.Since.IsZero() {
		t.Fatalf("%v, %d posts", err, len(part.Posts))
	}
	rest := w.poll(part.Cursor)
	want := fake.Posts(h.Posts[0].Posted, w.clock.Now().Add(-time.Minute))
	if n := len(part.Posts) + len(rest.Posts); n < len(want)*9/10 || rest.Again || !rest.Since.Equal(h.Posts[0].Posted) {
		t.Errorf("%d of %d posts, since %s", n, len(want), rest.Since)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ key, query, want string }{
		{"", "", keyLine},
		{"wrong-s3cret", "", keyLine},
		{"s3cret\nx", "", keyLine},
		{fake.Key, strings.Repeat("x", 513), queryLine},
	} {
		f := w.with(c.key, c.query)
		h, err := f.Poll(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") || h.Len() != 0 || (len(f.Needs) == 1) != (c.key == "") {
			t.Errorf("%+v: %v, needs %v", c, err, f.Needs)
		}
	}
}

// When X says that the window is used up nothing is asked until it ends.
func TestTheWindowIsHeeded(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		status    int
		remaining string
	}{{200, "0"}, {429, "0"}, {429, ""}} {
		w.clock.Advance(time.Hour)
		w.front.Then(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			rw.Header().Set("X-Rate-Limit-Remaining", c.remaining)
			rw.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(w.clock.Now().Add(10*time.Minute).Unix(), 10))
			rw.Header().Set("Date", w.clock.Now().UTC().Format(http.TimeFormat))
			rw.WriteHeader(c.status)
			_, _ = rw.Write([]byte(`{"meta":{"result_count":0}}`))
		})
		var hold *upstream.RateLimitError
		if _, err := w.feed.Poll(t.Context(), nil); (err == nil) != (c.status == 200) || err != nil && (!errors.As(err, &hold) || hold.RetryAfter < 9*time.Minute) {
			t.Errorf("%+v: %v", c, err)
		}
		before := w.up.Requests()
		w.clock.Advance(9 * time.Minute)
		var limited *upstream.RateLimitError
		if _, err := w.feed.Poll(t.Context(), nil); !errors.As(err, &limited) || w.up.Requests() != before {
			t.Errorf("%+v: %v", c, err)
		}
		w.clock.Advance(time.Minute)
		w.poll(nil)
	}
}

func TestHostileCursors(t *testing.T) {
	w := newWorld(t)
	for _, cursor := range []string{"", "{", "null", "[]", `{"known":7}`, `{"known":"x"}`, `{"known":"-5"}`, `{"known":"9223372036854775807"}`, `{"known":"1"}`, `{"known":"1","newest":"2","next":"abc"}`,
		`{"next":"a b"}`, `{"newest":"9223372036854775807"}`, `{"stopped":"2999-01-01T00:00:00Z"}`,
		`{"known":"1","pages":-1}`, `{"back":"2999-01-01T00:00:00Z"}`, `{"oldest":"2999-01-01T00:00:00Z"}`} {
		if h := w.poll([]byte(cursor)); h.Len() < 90 {
			t.Errorf("%s: %d posts", cursor, h.Len())
		}
	}
}
