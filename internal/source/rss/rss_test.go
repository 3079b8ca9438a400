package rss

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/rss/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var start = time.Date(2026, 7, 3, 11, 30, 0, 0, time.UTC)

type world struct {
	*testing.T
	press *fake.Press
	clock *clock.Manual
	url   string
	feeds map[string]source.Feed
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	c := clock.NewManual(start)
	w := &world{T: t, press: fake.New(c), clock: c, feeds: map[string]source.Feed{}}
	srv := httptest.NewServer(w.press)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	for _, f := range New(upstream.Config{BaseURL: w.url, Clock: c, Wait: conformance.Advance(c)}, "").Feeds() {
		w.feeds[f.Name] = f
	}
	return w
}

func (w *world) poll(name string, cursor []byte) source.Harvest {
	w.Helper()
	h, err := w.feeds[name].Poll(w.Context(), cursor)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	sound(w.T, h, w.clock.Now())
	return h
}

// sound checks what is true of every harvest.
func sound(t *testing.T, h source.Harvest, now time.Time) {
	t.Helper()
	seen := map[string]bool{}
	for _, n := range h.News {
		if err := n.Check(now); err != nil || seen[n.ID] || strings.ContainsAny(n.Title+n.Summary, "\n\x1b") || n.Label != "" {
			t.Errorf("%+v: %v", n, err)
		}
		seen[n.ID] = true
	}
	if h.Cursor != nil && (!json.Valid(h.Cursor) || len(h.Cursor) > source.MaxCursor) {
		t.Errorf("cursor %.80s", h.Cursor)
	}
	for _, r := range h.Rejects {
		if r.Reason == "" || len(r.Bytes) == 0 {
			t.Errorf("reject %+v", r)
		}
	}
}

const small = `<?xml version="1.0"?><rss version="2.0"><channel><item><title>A</title><guid>1</guid><pubDate>Fri, 03 Jul 2026 10:00:00 GMT</pubDate></item><item><title>B</title><guid>2</guid><pubDate>Fri, 03 Jul 2026 09:00:00 GMT</pubDate></item></channel></rss>`

func TestConformance(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	press := fake.New(c)
	press.Set("decrypt", small)
	conformance.Run(t, conformance.Source{Name: "rss.decrypt", Clock: c, Fake: press, MaxBody: maxBody,
		Client: func(u upstream.Config) func(context.Context) (int, error) {
			f := New(u, "decrypt=https://decrypt.co/feed").Feeds()[0]
			return func(ctx context.Context) (int, error) {
				h, err := f.Poll(ctx, nil)
				return h.Len(), err
			}
		}})
}

// Polled every five minutes for most of a day, the reader knows all that was published, as it read, and no item twice in one
// wording.
func TestEveryItemOnceAndItsRevisions(t *testing.T) {
	w := newWorld(t)
	cursors := map[string][]byte{}
	got := map[string]map[string]bool{}
	began := w.clock.Now()
	for range 20 * 12 {
		for name := range w.feeds {
			h := w.poll(name, cursors[name])
			if len(h.Rejects) != 0 || cursors[name] != nil && (h.Since.IsZero() || h.Since.After(w.clock.Now())) {
				t.Fatalf("%s: since %s, rejects %v", name, h.Since, h.Rejects)
			}
			if h.Cursor != nil {
				cursors[name] = h.Cursor
			}
			for _, n := range h.News {
				if got[n.Source] == nil {
					got[n.Source] = map[string]bool{}
				}
				got[n.Source][n.ID+" "+n.Title+" "+n.Published.String()] = true
			}
		}
		w.clock.Advance(every)
	}
	for publisher, texts := range got {
		want, revised := fake.Items(publisher, began, w.clock.Now().Add(-time.Hour)), 0
		for _, it := range want {
			title := strings.TrimSuffix(it.Title, " (updated)")
			if !texts[it.ID+" "+title+" "+it.At.String()] || title != it.Title && !texts[it.ID+" "+it.Title+" "+it.At.String()] {
				t.Errorf("%s lacks %+v", publisher, it)
			}
			if title != it.Title {
				revised++
			}
		}
		if len(want) < 30 || revised < 3 {
			t.Errorf("%s: %d items, %d revised", publisher, len(want), revised)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d publishers", len(got))
	}
}

func TestNothingNewIsNotSentAgain(t *testing.T) {
	w := newWorld(t)
	w.press.Set("decrypt", small)
	first := w.poll("rss.decrypt", nil)
	if first.Len() != 2 || !first.Since.IsZero() {
		t.Fatalf("%+v", first)
	}
	w.clock.Advance(every)
	again := w.poll("rss.decrypt", first.Cursor)
	if again.Len() != 0 || again.Cursor != nil || !again.Since.Equal(time.Date(2026, 7, 3, 10, 0, 0, 0, time.UTC)) || !again.Read.Equal(w.clock.Now()) {
		t.Errorf("%+v", again)
	}
	w.press.NoValidators("decrypt")
	if whole := w.poll("rss.decrypt", first.Cursor); whole.Len() != 2 || !whole.Since.Equal(again.Since) {
		t.Errorf("%+v", whole)
	}
}

// After a long silence the answer has nothing in common with the last one: that is not passed off as complete.
func TestAHoleIsTold(t *testing.T) {
	w := newWorld(t)
	h := w.poll("rss.coindesk", nil)
	w.clock.Advance(10 * every)
	if h = w.poll("rss.coindesk", h.Cursor); h.Since.IsZero() {
		t.Error("the answers overlap and it is not told")
	}
	w.clock.Advance(48 * time.Hour)
	known := h.News[0].Published
	for _, n := range h.News {
		if n.Published.After(known) {
			known = n.Published
		}
	}
	if h = w.poll("rss.coindesk", h.Cursor); !h.Since.IsZero() || h.Len() == 0 || len(h.Gaps) != 1 || !h.Gaps[0].From.Equal(known) || h.Gaps[0].To.Before(w.clock.Now().Add(-24*time.Hour)) {
		t.Errorf("since %s, gaps %+v", h.Since, h.Gaps)
	}
}

// An old item that stays in the feed for ever does not hide a hole.
func TestAPinnedItemHidesNoHole(t *testing.T) {
	w := newWorld(t)
	dated := func(id string, hour int) string {
		return fmt.Sprintf("<item><title>%s</title><guid>%s</guid><pubDate>Fri, 03 Jul 2026 %02d:00:00 GMT</pubDate></item>", id, id, hour)
	}
	pinned := dated("pinned", 1)
	w.press.Set("decrypt", feed(pinned+dated("d", 9)+dated("c", 8)+dated("b", 7)))
	first := w.poll("rss.decrypt", nil)
	w.clock.Advance(every)
	for body, want := range map[string]int{
		pinned + dated("e", 10) + dated("d", 9) + dated("c", 8):   9,
		pinned + dated("e", 10) + dated("c", 8) + dated("b", 7):   8, // d was withdrawn
		pinned + dated("g", 11) + dated("f", 11) + dated("e", 10): -1,
	} {
		w.press.Set("decrypt", feed(body))
		h := w.poll("rss.decrypt", first.Cursor)
		if want < 0 != h.Since.IsZero() || want > 0 && h.Since.Hour() != want {
			t.Errorf("since %s, want %d", h.Since, want)
		}
		if gap := len(h.Gaps) == 1 && h.Gaps[0].From.Hour() == 9 && h.Gaps[0].To.Hour() == 10; gap != (want < 0) || len(h.Gaps) > 1 {
			t.Errorf("gaps %+v, want %d", h.Gaps, want)
		}
	}
	// A publisher that gives all its items new ids has lost nothing.
	w.press.Set("decrypt", feed(dated("w", 9)+dated("x", 8)+dated("y", 7)+dated("z", 6)))
	if h := w.poll("rss.decrypt", first.Cursor); len(h.Gaps) != 0 || !h.Since.IsZero() {
		t.Errorf("since %s, gaps %+v", h.Since, h.Gaps)
	}
}

func TestAnUnreadableFeedIsKept(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	long := "<rss>" + strings.Repeat(" ", 100_000)
	front := faulty.New(http.NotFoundHandler(), faulty.Page(200), faulty.Body(long))
	srv := httptest.NewServer(front)
	defer srv.Close()
	f := New(upstream.Config{BaseURL: srv.URL, Clock: c, Wait: conformance.Advance(c)}, "a=https://a.example/x").Feeds()[0]
	for _, size := range []int{100, len(long)} {
		h, err := f.Poll(t.Context(), nil)
		if err == nil || len(h.Rejects) != 1 || h.Rejects[0].Size < size || len(h.Rejects[0].Bytes) > source.MaxPiece || !h.Read.IsZero() {
			t.Errorf("%v: %d rejects, read %s", err, len(h.Rejects), h.Read)
		}
	}
}

// An item without a date keeps the time of its first sight, and an empty channel forgets nothing.
func TestUndatedItems(t *testing.T) {
	w := newWorld(t)
	undated := strings.ReplaceAll(strings.ReplaceAll(small, "Fri, 03 Jul 2026 09:00:00 GMT", "yesterday"), "Fri, 03 Jul 2026 10:00:00 GMT", "")
	w.press.Set("decrypt", undated)
	first := w.poll("rss.decrypt", nil)
	w.clock.Advance(every)
	w.press.Set("decrypt", `<rss version="2.0"><channel><title>Quiet</title></channel></rss>`)
	quiet := w.poll("rss.decrypt", first.Cursor)
	w.clock.Advance(every)
	w.press.Set("decrypt", strings.Replace(undated, "<item><title>A", "<item><title>C</title><guid>3</guid></item><item><title>A", 1))
	third := w.poll("rss.decrypt", quiet.Cursor)
	if len(first.News) != 2 || quiet.Len() != 0 || len(third.News) != 3 || !third.News[0].Published.Equal(w.clock.Now()) || third.News[1].Version() != first.News[0].Version() {
		t.Errorf("%+v\n%+v", first.News, third.News)
	}
}

func TestHostileCursors(t *testing.T) {
	w := newWorld(t)
	for _, cursor := range []string{"", "{", "null", "[]", `{"seen":7}`, `{"seen":{"x":"2999-01-01T00:00:00Z"}}`, `{"seen":{"x":"0001-01-01T00:00:00Z"}}`,
		`{"validators":{"etag":"\"x\"","last_modified":"a\nb"}}`, `{"validators":{"etag":"a\r\nX: y"},"seen":{}}`} {
		if h := w.poll("rss.decrypt", []byte(cursor)); h.Len() == 0 || h.Cursor == nil {
			t.Errorf("%s: nothing came", cursor)
		}
		w.clock.Advance(time.Minute)
	}
}

// One publisher in trouble leaves the others alone.
func TestPublishersAreApart(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/decrypt/") {
			rw.WriteHeader(http.StatusTooManyRequests)
			return
		}
		w.press.ServeHTTP(rw, r)
	}))
	defer srv.Close()
	for _, f := range New(upstream.Config{BaseURL: srv.URL, Clock: w.clock, Wait: conformance.Advance(w.clock)}, "").Feeds() {
		h, err := f.Poll(t.Context(), nil)
		var limited *upstream.RateLimitError
		if f.Name == "rss.decrypt" != errors.As(err, &limited) || f.Name == "rss.decrypt" != (h.Len() == 0) {
			t.Errorf("%s: %d, %v", f.Name, h.Len(), err)
		}
	}
}

func TestThePaceIsKept(t *testing.T) {
	w := newWorld(t)
	for range 30 {
		w.poll("rss.coindesk", nil)
	}
	if got := w.press.Most(time.Minute); got > 7 || got < 6 {
		t.Errorf("%d requests in a minute", got)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"":                                       "[rss.coindesk rss.cointelegraph rss.decrypt rss.theblock rss.bitcoinmagazine]",
		" a=https://a.example/x , b-2=http://b/": "[rss.a rss.b-2]",
		",":                                      "no publisher",
		"a":                                      "the address of a is no http or https url",
		"a=ftp://x":                              "is no http or https url",
		"A=https://x":                            "is no name",
		"a=https://x,a=https://y":                "a is there twice",
		"a=https://u:s3cret@x/":                  "holds a password",
		strings.Repeat("a", 41) + "=https://x":   "is no name",
	} {
		var names []string
		feeds := New(upstream.Config{}, list).Feeds()
		for _, f := range feeds {
			names = append(names, f.Name)
			if f.Source != "rss" || f.Ledger != ledger.Human || f.Every < time.Minute || f.Timeout <= 0 || f.Fresh < f.Every || f.About == "" || len(f.Needs) != 0 {
				t.Errorf("%+v", f)
			}
		}
		got := fmt.Sprint(names)
		if got == "[rss]" {
			_, err := feeds[0].Poll(t.Context(), nil)
			if got = err.Error(); !strings.Contains(got, "omc config set sources.rss.feeds") || strings.Contains(got, "s3cret") {
				t.Error(got)
			}
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", list, got, want)
		}
	}
}

// Without a base URL every publisher is asked at its own host.
func TestHosts(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	var asked []string
	hc := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.String())
		return nil, errors.New("not here")
	})}
	for _, f := range New(upstream.Config{Clock: c, Wait: conformance.Advance(c), HTTP: hc}, "a=https://news.example/feed%2Fx/?b=1&a=2").Feeds() {
		if _, err := f.Poll(t.Context(), nil); !errors.Is(err, upstream.ErrUnavailable) || strings.Contains(err.Error(), "b=1") {
			t.Error(err)
		}
	}
	if len(asked) == 0 || asked[0] != "https://news.example/feed%2Fx/?a=2&b=1" {
		t.Error(asked)
	}
}

// A publisher that has moved is found in the list, unless a server stands in for all of them: the error says where to look.
func TestAPublisherThatHasMoved(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{"": "set sources.rss.feeds:", "http://stand.example": "set sources.rss.base_url:"} {
		c := clock.NewManual(start)
		moved := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusMovedPermanently, Header: http.Header{"Location": {"https://elsewhere.example/rss"}}, Body: http.NoBody, Request: r}, nil
		})}
		for _, f := range New(upstream.Config{BaseURL: base, Clock: c, Wait: conformance.Advance(c), HTTP: moved}, "").Feeds() {
			if _, err := f.Poll(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "redirected to https://elsewhere.example") || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
