package cryptopanic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/cryptopanic/fake"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var start = time.Date(2026, 7, 3, 11, 30, 0, 0, time.UTC)

type world struct {
	*testing.T
	up    *fake.Panic
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
	w.url = srv.URL + fake.Base
	w.feed = w.with(fake.Key, "")
	return w
}

func (w *world) with(key, plan string) source.Feed {
	return New(upstream.Config{BaseURL: w.url, Clock: w.clock, Wait: conformance.Advance(w.clock)}, key, plan).Feeds()[0]
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
	for _, n := range h.News {
		if err := n.Check(now); err != nil || seen[n.ID] || n.Source == "" || n.Label != "" {
			t.Errorf("%+v: %v", n, err)
		}
		seen[n.ID] = true
	}
	if h.Cursor != nil && (!json.Valid(h.Cursor) || len(h.Cursor) > source.MaxCursor || strings.Contains(string(h.Cursor), fake.Key)) {
		t.Errorf("cursor %.80s", h.Cursor)
	}
	for _, r := range h.Rejects {
		if r.Reason == "" || strings.Contains(r.Reason+string(r.Bytes), fake.Key) {
			t.Errorf("reject %+v", r)
		}
	}
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
	up.Set(raw(`{"id":7,"title":"A","published_at":"2026-07-03T10:00:00Z","instruments":[{"code":"BTC"}]}`))
	conformance.Run(t, conformance.Source{Name: "cryptopanic", Path: fake.Base, Clock: c, Fake: up,
		Client: func(u upstream.Config) func(context.Context) (int, error) {
			f := New(u, fake.Key, "").Feeds()[0]
			return func(ctx context.Context) (int, error) {
				h, err := f.Poll(ctx, nil)
				return h.Len(), err
			}
		}})
}

// Polled as it wants to be for a month, on the free plan, the reader misses no post and stays within the quota.
func TestAMonthOnTheFreePlan(t *testing.T) {
	w := newWorld(t)
	w.clock.Set(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC))
	w.up.Quota(freeQuota)
	var cursor []byte
	got := map[string]bool{}
	for range 31 * 3 {
		h := w.poll(cursor)
		if len(h.Rejects) != 0 || cursor != nil && h.Since.IsZero() {
			t.Fatalf("%s: since %s, %v", w.clock.Now(), h.Since, h.Rejects)
		}
		cursor = h.Cursor
		for _, n := range h.News {
			got[n.ID+" "+strings.TrimSuffix(n.Title, " (corrected)")] = true
		}
		w.clock.Set(w.clock.Now().Truncate(freeEvery).Add(freeEvery))
	}
	want := fake.Texts(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 31, 16, 0, 0, 0, time.UTC))
	for _, text := range want {
		if !got[fmt.Sprint(text.ID, " ", strings.TrimSuffix(text.Title, " (corrected)"))] {
			t.Errorf("missed %+v", text)
		}
	}
	if n := w.up.Requests(); n > freeQuota || len(want) < 500 {
		t.Errorf("%d requests, %d posts", n, len(want))
	}
}

// After an outage the reader pages back to what it knows, but not so far that the month's other polls go without.
func TestPagesBack(t *testing.T) {
	w := newWorld(t)
	h := w.poll(nil)
	w.clock.Advance(24 * time.Hour) // some 27 posts
	before := w.up.Requests()
	if h = w.poll(h.Cursor); w.up.Requests() != before+2 || h.Since.IsZero() || len(h.News) != 40 {
		t.Errorf("%d requests, %d posts, since %s", w.up.Requests()-before, len(h.News), h.Since)
	}
	known := h.Since
	w.clock.Advance(6 * 24 * time.Hour) // some 160 posts
	n, polls := 0, 0
	for again := true; again; again = h.Again {
		before = w.up.Requests()
		h = w.poll(h.Cursor)
		n += len(h.News)
		if polls++; polls > 4 || w.up.Requests()-before > maxPages || len(h.Gaps) != 0 || h.Again != h.Since.IsZero() {
			t.Fatalf("poll %d: %d requests, since %s, gaps %+v", polls, w.up.Requests()-before, h.Since, h.Gaps)
		}
	}
	if want := len(fake.Texts(known, w.clock.Now())); polls < 2 || n < want*8/10 || h.Since.After(w.clock.Now().Add(-6*24*time.Hour)) {
		t.Errorf("%d polls, %d of %d posts, since %s", polls, n, want, h.Since)
	}
}

// What the quota forbids to read is a gap, from what was known to the oldest post that came.
func TestWhatTheQuotaForbidsIsAGap(t *testing.T) {
	w := newWorld(t)
	h := w.poll(nil)
	known := h.News[0].Published
	var s state
	if err := json.Unmarshal(h.Cursor, &s); err != nil {
		t.Fatal(err)
	}
	s.Asked = 60
	w.clock.Advance(48 * time.Hour)
	before := w.up.Requests()
	h = w.poll(s.bytes())
	if last := h.News[len(h.News)-1].Published; w.up.Requests() != before+1 || !h.Since.Equal(last) || len(h.Gaps) != 1 || !h.Gaps[0].From.Equal(known) || !h.Gaps[0].To.Equal(last) {
		t.Errorf("%d requests, since %s, gaps %+v", w.up.Requests()-before, h.Since, h.Gaps)
	}
	w.clock.Advance(freeEvery)
	if h = w.poll(h.Cursor); len(h.Gaps) != 0 {
		t.Errorf("gaps %+v", h.Gaps)
	}
}

// A pinned post that was known does not show that the page reaches back to the last reading.
func TestAPinnedPostHidesNoHole(t *testing.T) {
	w := newWorld(t)
	dated := func(id int, at time.Time) string {
		return fmt.Sprintf(`{"id":%d,"title":"A","published_at":%q}`, id, at.Format(time.RFC3339))
	}
	pinned := dated(1, start.Add(-100*time.Hour))
	posts := []string{pinned}
	for i := range 5 {
		posts = append(posts, dated(10-i, start.Add(-time.Duration(i)*time.Hour)))
	}
	w.up.Set(raw(posts...))
	h := w.poll(nil)
	w.clock.Advance(2 * 24 * time.Hour)
	posts = []string{pinned}
	for i := range 40 {
		posts = append(posts, dated(100-i, w.clock.Now().Add(-time.Duration(i)*time.Hour)))
	}
	for i := range 5 {
		posts = append(posts, dated(10-i, start.Add(-time.Duration(i)*time.Hour)))
	}
	w.up.Set(raw(posts...))
	if h = w.poll(h.Cursor); len(h.News) != 46 || !h.Since.Equal(start) || len(h.Gaps) != 0 {
		t.Errorf("%d posts, since %s, gaps %+v", len(h.News), h.Since, h.Gaps)
	}
}

// A list that ends before it meets what was known leaves a gap; a page that is there no more is its end.
func TestTheListEndsBeforeWhatIsKnown(t *testing.T) {
	w := newWorld(t)
	w.feed = w.with(fake.Key, "developer")
	first := w.poll(nil)
	known := first.News[0].Published
	w.clock.Advance(30 * 24 * time.Hour)
	w.clock.Set(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC))
	var posts []string
	for i := range 20 {
		posts = append(posts, fmt.Sprintf(`{"id":%d,"title":"A","published_at":%q}`, 900-i, w.clock.Now().Add(-time.Duration(i)*time.Hour).Format(time.RFC3339)))
	}
	w.front.Then(faulty.Body(`{"next":"x","results":[`+strings.Join(posts, ",")+`]}`), func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		rw.WriteHeader(http.StatusNotFound)
		_, _ = rw.Write([]byte(`{"status":"api_error","info":"Invalid page."}`))
	})
	h := w.poll(first.Cursor)
	if oldest := w.clock.Now().Add(-19 * time.Hour); h.Again || len(h.Gaps) != 1 || !h.Gaps[0].From.Equal(known) || h.Gaps[0].To.Sub(oldest).Abs() > time.Minute || !h.Since.Equal(h.Gaps[0].To) {
		t.Errorf("again %v, since %s, gaps %+v", h.Again, h.Since, h.Gaps)
	}
}

// A larger plan, or another token, is asked at once, and so it is when a person asks. No cursor holds a token.
func TestAnotherPlanIsTriedAtOnce(t *testing.T) {
	w := newWorld(t)
	w.up.Quota(1)
	h := w.poll(nil)
	w.clock.Advance(freeEvery)
	out, err := w.feed.Poll(t.Context(), h.Cursor)
	if !errors.Is(err, errSpent) {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	before := w.up.Requests()
	var off *source.PutOff
	if _, err = w.feed.Poll(t.Context(), out.Cursor); !errors.As(err, &off) || !off.Until.Equal(time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)) || w.up.Requests() != before {
		t.Errorf("%v after %d requests", err, w.up.Requests()-before)
	}
	if _, err = w.feed.Poll(source.ByHand(t.Context()), out.Cursor); !errors.Is(err, errSpent) || w.up.Requests() != before+1 {
		t.Errorf("by hand: %v after %d requests", err, w.up.Requests()-before)
	}
	w.clock.Advance(time.Minute)
	w.up.Quota(0)
	w.up.Plans("growth")
	w.feed = w.with(fake.Key, "growth")
	if h = w.poll(out.Cursor); h.Len() == 0 || h.Since.IsZero() {
		t.Errorf("%d posts, since %s", h.Len(), h.Since)
	}
	var s state
	if err := json.Unmarshal(h.Cursor, &s); err != nil || s.Asked != 1 || !s.Stopped.IsZero() {
		t.Errorf("%s: %v", h.Cursor, err)
	}
}

// A post is its publisher's. It keeps the one under which it was first seen, so that it lands once.
func TestAPostIsItsPublishers(t *testing.T) {
	w := newWorld(t)
	named := `{"id":1,"title":"A","published_at":"2026-07-03T10:00:00Z","source":{"title":" Coin\nDesk ","domain":"coindesk.com"}}`
	w.up.Set(raw(named, `{"id":2,"title":"B","published_at":"2026-07-03T09:00:00Z","source":{"title":null,"domain":"x.example"}}`, `{"id":3,"title":"C","published_at":"2026-07-03T08:00:00Z","source":null}`))
	h := w.poll(nil)
	spell := func() (s string) {
		for _, n := range h.News {
			s += n.ID + " " + n.Source + "; "
		}
		return s
	}
	const want = "1 Coin Desk; 2 x.example; 3 cryptopanic; "
	if spell() != want {
		t.Error(spell())
	}
	w.up.Set(raw(strings.Replace(named, `"source"`, `"x"`, 1), `{"id":2,"title":"B","published_at":"2026-07-03T09:00:00Z","source":{"title":"X"}}`, `{"id":3,"title":"C","published_at":"2026-07-03T08:00:00Z","source":{"title":"Y"}}`))
	if h = w.poll(h.Cursor); spell() != want {
		t.Error(spell())
	}
	if h = w.poll([]byte(`{"month":"2026-07","asked":3,"seen":{"1":"2026-07-03T10:00:00Z"}}`)); !strings.HasPrefix(spell(), "1 cryptopanic; 2 X; ") {
		t.Errorf("after a cursor without publishers: %s", spell())
	}
}

// One bad part costs itself, not the post.
func TestABadPartIsLeftOut(t *testing.T) {
	w := newWorld(t)
	w.up.Set(raw(`{"id":1,"title":"A","published_at":"2026-07-03T10:00:00Z","description":7,"source":"x","original_url":[],"url":"https://x.example/1","instruments":[{"code":"BTC"},{"code":5},"ETH",{"code":"SOL"},null]}`,
		`{"id":2,"title":"B","published_at":"2026-07-03T09:00:00Z","content":"<p>the whole</p>","instruments":{"code":"BTC"}}`))
	h := w.poll(nil)
	if len(h.News) != 2 || h.News[1].Summary != "the whole" || fmt.Sprint(h.News[0].Coins) != "[BTC SOL]" || h.News[0].URL != "https://x.example/1" || len(h.Rejects) != 7 {
		t.Fatalf("%+v\n%+v", h.News, h.Rejects)
	}
	var reasons []string
	for _, r := range h.Rejects {
		reasons = append(reasons, r.Reason+": "+string(r.Bytes))
	}
	for _, want := range []string{`post 1 is taken without its instrument, which cannot be read: {"code":5}`, `post 1 is taken without its instrument, which cannot be read: "ETH"`,
		`post 1 is taken without its description, which cannot be read: 7`, `post 2 is taken without its instruments, which cannot be read: {"code":"BTC"}`} {
		if !slices.Contains(reasons, want) {
			t.Errorf("%q is not among %q", want, reasons)
		}
	}
}

// What cannot be read as a whole is kept, but not the token that its addresses hold.
func TestAnUnreadableAnswerIsKept(t *testing.T) {
	w := newWorld(t)
	w.front.Then(faulty.Page(200), faulty.Body(`{"next":"http://x/?auth_token=`+fake.Key+`","results":7`))
	for i, says := range []string{"a web page", "malformed"} {
		h, err := w.feed.Poll(t.Context(), nil)
		sound(t, h, w.clock.Now())
		if err == nil || len(h.Rejects) != 1 || !strings.Contains(h.Rejects[0].Reason, says) || len(h.Rejects[0].Bytes) == 0 || strings.Contains(string(h.Rejects[0].Bytes), "auth_token=***") != (i == 1) {
			t.Errorf("%v: %+v", err, h.Rejects)
		}
	}
}

// The quota is remembered over a restart, and forgotten when the next month begins.
func TestTheQuotaStopsTheMonth(t *testing.T) {
	w := newWorld(t)
	w.up.Quota(1)
	h := w.poll(nil)
	w.clock.Advance(freeEvery)
	out, err := w.feed.Poll(t.Context(), h.Cursor)
	if !errors.Is(err, upstream.ErrUnavailable) || !strings.Contains(err.Error(), "requests of this month are spent") || out.Cursor == nil || w.up.Requests() != 2 {
		t.Fatalf("%v, cursor %s", err, out.Cursor)
	}
	w.feed = w.with(fake.Key, "developer")
	w.clock.Set(time.Date(2026, 7, 31, 23, 59, 0, 0, time.UTC))
	if _, err := w.feed.Poll(t.Context(), out.Cursor); err == nil || !strings.Contains(err.Error(), "2026-08-01T00:00:00Z") || w.up.Requests() != 2 {
		t.Errorf("%v after %d requests", err, w.up.Requests())
	}
	w.clock.Set(time.Date(2026, 8, 1, 0, 0, 1, 0, time.UTC))
	w.up.Quota(freeQuota)
	if h := w.poll(out.Cursor); h.Len() == 0 || !h.Again || w.up.Requests() != 2+maxPages {
		t.Errorf("%d posts after %d requests", h.Len(), w.up.Requests())
	}
}

// The recorded body of a spent quota is one, whatever its status; a rate limit is not.
func TestSpent(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/news/cryptopanic/error-429-quota.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status int
		body   string
		want   bool
	}{{429, string(body), true}, {403, string(body), true}, {200, string(body), true}, {200, `{"results":[{"title":"A quota for miners","status":"api_error"}]}`, false}, {500, string(body), false}, {429, `{"status":"api_error","info":"Too many requests"}`, false}, {429, "", false}} {
		if got := spent(upstream.Answer{Status: c.status, Body: []byte(c.body)}); got != c.want {
			t.Errorf("%d %s: %t", c.status, c.body, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ key, plan, want string }{
		{"", "", keyLine},
		{"wrong-s3cret", "", keyLine},
		{fake.Key, "gold", planLine},
		{fake.Key, "growth", "403"},
	} {
		f := w.with(c.key, c.plan)
		h, err := f.Poll(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "auth_token") || h.Len() != 0 || (len(f.Needs) == 1) != (c.key == "") {
			t.Errorf("%+v: %v, needs %v", c, err, f.Needs)
		}
		w.clock.Advance(time.Minute)
	}
	if f := w.with(fake.Key, "enterprise"); f.Every != paidEvery {
		t.Error(f.Every)
	}
}

func TestHostileCursors(t *testing.T) {
	w := newWorld(t)
	for _, cursor := range []string{"", "{", "null", "[]", `{"stopped":"2999-01-01T00:00:00Z"}`, `{"seen":{"1":"2999-01-01T00:00:00Z"}}`, `{"asked":-5}`, `{"asked":"x"}`, `{"month":"2026-07","asked":99999999999}`, `{"page":-1}`, `{"page":50}`, `{"found":{"1":"2999-01-01T00:00:00Z"}}`, `{"sources":{"1":"a\nb"}}`} {
		if h := w.poll([]byte(cursor)); h.Len() == 0 || !h.Since.IsZero() {
			t.Errorf("%s: %d posts, since %s", cursor, h.Len(), h.Since)
		}
	}
}

// A post without a time keeps that of its first sight; what is bad costs only itself.
func TestNullsAndBadPosts(t *testing.T) {
	w := newWorld(t)
	w.up.Set(raw(`{"id":2,"title":"B","published_at":null,"instruments":null,"source":null}`, `{"id":1,"title":"A","created_at":"2026-07-03T10:00:00+02:00","original_url":"javascript:x","url":"https://x.example/1","instruments":[{"code":"btc"},{"code":"BTC"},{"code":"$!"},{"code":null}]}`,
		`{"id":"x","title":"C"}`, `{"id":-1,"title":"C"}`, `{"id":4,"title":null}`, `{"id":5,"title":"C","published_at":"1751537400"}`, `{"id":6,"title":"C","published_at":"2099-01-01T00:00:00Z"}`, `7`))
	first := w.poll(nil)
	w.clock.Advance(time.Hour)
	second := w.poll(first.Cursor)
	if len(first.News) != 2 || len(first.Rejects) != 8 || len(second.News) != 2 {
		t.Fatalf("%+v", first)
	}
	a, b := first.News[1], first.News[0]
	if fmt.Sprint(a.Coins) != "[BTC]" || a.URL != "https://x.example/1" || !a.Published.Equal(time.Date(2026, 7, 3, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", a)
	}
	if !b.Published.Equal(start) || second.News[0].Version() != b.Version() {
		t.Errorf("%+v %+v", b, second.News[0])
	}
}

func TestRecorded(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"posts_v2.json":               "12345 2025-01-15T10:30:00Z [BTC] https://coindesk.com/bitcoin-surges true",
		"posts_v2_nulls.json":         "1 0001-01-01T00:00:00Z []  false",
		"posts_v1_2018_recorded.json": "1245186 2018-03-01T21:00:44Z [] https://cryptopanic.com/news/1245186/Bitfinex-Decrease-BTC-Withdrawal-Fees-By-25 true",
	} {
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/news/cryptopanic/"+name))
			if err != nil {
				t.Fatal(err)
			}
			posts, more, err := decode(body)
			if err != nil || len(posts) != 1 || posts[0].err != nil || more != (name == "posts_v2.json") {
				t.Fatalf("%v %+v", err, posts)
			}
			n := posts[0].n
			if got := fmt.Sprint(n.ID, " ", n.Published.Format(time.RFC3339), " ", n.Coins, " ", n.URL, " ", posts[0].dated); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
}

func TestTheFakeIsStrict(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path, agent string
		status              int
	}{
		{"GET", "/developer/v2/posts/?auth_token=" + fake.Key, "x", 200},
		{"GET", "/developer/v2/posts/?page=51&auth_token=" + fake.Key, "x", 404},
		{"GET", "/developer/v2/posts?auth_token=" + fake.Key, "x", 404},
		{"GET", "/v1/posts/?auth_token=" + fake.Key, "x", 404},
		{"GET", "/developer/v2/posts/", "x", 401},
		{"POST", "/developer/v2/posts/?auth_token=" + fake.Key, "x", 405},
		{"GET", "/developer/v2/posts/?auth_token=" + fake.Key, "", 403},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, w.url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", c.agent)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, resp.StatusCode, c.status)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"next":"x","results":[{"id":1,"title":"A","published_at":"2026-07-03T10:00:00Z","instruments":[{"code":"BTC"}]}]}`, `{"results":null}`, `{"results":[null,7,{"id":"9"}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		posts, _, err := decode([]byte(body))
		if err != nil && len(posts) != 0 {
			t.Error("posts beside an error")
		}
		var h source.Harvest
		s := open(nil, start)
		(&Client{}).take(&h, posts, &s, start)
		sound(t, h, start)
	})
}
