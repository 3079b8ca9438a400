package reddit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/reddit/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var start = time.Date(2026, 7, 3, 11, 30, 0, 0, time.UTC)

type world struct {
	*testing.T
	site  *fake.Site
	front *faulty.Handler
	clock *clock.Manual
	url   string
	feeds map[string]source.Feed
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	c := clock.NewManual(start)
	w := &world{T: t, site: fake.New(c), clock: c, feeds: map[string]source.Feed{}}
	w.front = faulty.New(w.site)
	srv := httptest.NewServer(w.front)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	for _, f := range w.with(Config{ID: fake.ID, Secret: fake.Secret}) {
		w.feeds[f.Name] = f
	}
	return w
}

func (w *world) with(c Config) []source.Feed {
	return New(upstream.Config{BaseURL: w.url, Clock: w.clock, Wait: conformance.Advance(w.clock)}, c).Feeds()
}

func (w *world) poll(name string, cursor []byte) source.Harvest {
	w.Helper()
	h, err := w.feeds["reddit."+name].Poll(w.Context(), cursor)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	sound(w.T, h, w.clock.Now())
	return h
}

func sound(t *testing.T, h source.Harvest, now time.Time) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range h.Posts {
		if err := p.Check(now); err != nil || seen[p.ID] || p.Platform != "reddit" || strings.ContainsAny(p.Content, "\n\x1b") || p.Label != "" || len(p.Coins) != 0 {
			t.Errorf("%+v: %v", p, err)
		}
		seen[p.ID] = true
	}
	if h.Cursor != nil && (!json.Valid(h.Cursor) || strings.Contains(string(h.Cursor), "token")) {
		t.Errorf("cursor %.80s", h.Cursor)
	}
	for _, r := range h.Rejects {
		if r.Reason == "" {
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

func one(id int, more string) string {
	return fmt.Sprintf(`{"name":"t3_%d","title":"A","selftext":"","created_utc":%d.0,"score":3,"permalink":"/r/Bitcoin/comments/%d/a/"%s}`, id, start.Unix()-1000+int64(id), id, more)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	site := fake.New(c)
	site.Set("Bitcoin", raw(one(100, "")))
	conformance.Run(t, conformance.Source{Name: "reddit", Clock: c, Fake: site, Methods: []string{"POST", "GET"}, MaxBody: maxBody,
		Client: func(u upstream.Config) func(context.Context) (int, error) {
			client := New(u, Config{ID: fake.ID, Secret: fake.Secret, Subreddits: "Bitcoin"})
			return func(ctx context.Context) (int, error) {
				h, err := client.Feeds()[0].Poll(ctx, nil)
				return h.Len(), err
			}
		}})
}

// Polled once a minute for hours, and after outages that three pages bridge, the reader knows every post and its edits.
func TestEveryPost(t *testing.T) {
	w := newWorld(t)
	var cursor []byte
	got := map[string]bool{}
	began := w.clock.Now()
	for i := range 150 {
		h := w.poll("cryptocurrency", cursor)
		if len(h.Rejects) != 0 || h.Since.IsZero() || cursor != nil && h.Since.After(w.clock.Now().Add(-time.Hour)) {
			t.Fatalf("since %s, %v", h.Since, h.Rejects)
		}
		cursor = h.Cursor
		for _, p := range h.Posts {
			got[p.ID] = true
			got[p.ID+" "+p.Content] = true
		}
		w.clock.Advance(time.Minute)
		if i%50 == 49 {
			w.clock.Advance(20 * time.Hour) // some 200 posts
		}
	}
	want := fake.Posts("cryptocurrency", began.Add(-time.Hour), w.clock.Now().Add(-21*time.Hour))
	hidden := 0
	for _, p := range want {
		if p.Hidden {
			hidden++
		} else if !got[p.Name] {
			t.Errorf("missed %+v", p)
		}
	}
	if len(want) < 400 || hidden < 10 || len(got) < len(want)*11/10 {
		t.Errorf("%d posts, %d hidden, %d wordings", len(want), hidden, len(got))
	}
	if most := w.site.Most(time.Minute); most > 61 {
		t.Errorf("%d requests in a minute", most)
	}
	if n := w.site.Tokens(); n < 3 || n > 15 {
		t.Errorf("%d tokens", n)
	}
}

// What three pages do not reach is read by the next polls, at once, and the silence before has no hole then.
func TestALongSilenceIsReadOverSeveralPolls(t *testing.T) {
	w := newWorld(t)
	h := w.poll("bitcoin", nil)
	known := w.clock.Now()
	w.clock.Advance(48 * time.Hour) // some 480 posts
	got, polls := map[string]bool{}, 0
	for again := true; again; again = h.Again {
		before := w.site.Requests()
		h = w.poll("bitcoin", h.Cursor)
		if polls++; polls > 5 || w.site.Requests()-before > maxPages+1 || len(h.Gaps) != 0 || h.Since.IsZero() != h.Again {
			t.Fatalf("poll %d: %d requests, since %s, gaps %v", polls, w.site.Requests()-before, h.Since, h.Gaps)
		}
		for _, p := range h.Posts {
			got[p.ID] = true
		}
		w.clock.Advance(time.Second)
	}
	if polls < 2 || h.Since.After(known) {
		t.Errorf("%d polls, since %s", polls, h.Since)
	}
	for _, p := range fake.Posts("bitcoin", known, known.Add(48*time.Hour)) {
		if !p.Hidden && !got[p.Name] {
			t.Errorf("missed %s of %s", p.Name, p.At)
		}
	}
	before := w.site.Requests()
	if h = w.poll("bitcoin", h.Cursor); w.site.Requests() != before+1 || h.Again || h.Since.IsZero() {
		t.Errorf("%d requests, since %s", w.site.Requests()-before, h.Since)
	}
}

// What Reddit shows no more is a gap from what was known to the oldest post that it shows.
func TestWhatTheListNoLongerShowsIsAGap(t *testing.T) {
	w := newWorld(t)
	w.site.Set("bitcoin", raw(one(100, "")))
	h := w.poll("bitcoin", nil)
	var posts []string
	for id := 900; id > 200; id-- {
		posts = append(posts, one(id, ""))
	}
	w.site.Set("bitcoin", raw(posts...))
	w.clock.Advance(time.Hour)
	for range 3 {
		if h = w.poll("bitcoin", h.Cursor); !h.Again {
			break
		}
	}
	from, to := start.Add(-900*time.Second), start.Add(-799*time.Second)
	if h.Again || len(h.Gaps) != 1 || !h.Gaps[0].From.Equal(from) || !h.Gaps[0].To.Equal(to) || !h.Since.Equal(to) || !strings.Contains(h.Gaps[0].Reason, "r/Bitcoin") {
		t.Errorf("again %v, since %s, gaps %+v", h.Again, h.Since, h.Gaps)
	}
	if h = w.poll("bitcoin", h.Cursor); len(h.Gaps) != 0 || h.Again {
		t.Errorf("again %v, gaps %+v", h.Again, h.Gaps)
	}
}

// A place in the list that cannot be read is given up after a while, and the list read from its head; nothing that was known is lost.
func TestAReadingThatBreaksOffGoesOn(t *testing.T) {
	w := newWorld(t)
	h := w.poll("bitcoin", nil)
	known := h.Cursor
	w.clock.Advance(48 * time.Hour)
	h = w.poll("bitcoin", h.Cursor)
	w.front.Then(faulty.Times(maxTries, faulty.Body(`{"kind":"x"}`))...)
	for i := range maxTries {
		got, err := w.feeds["reddit.bitcoin"].Poll(t.Context(), h.Cursor)
		if !errors.Is(err, upstream.ErrMalformed) || len(got.Rejects) != 1 || string(got.Rejects[0].Bytes) != `{"kind":"x"}` {
			t.Fatalf("%d: %v %+v", i, err, got.Rejects)
		}
		h.Cursor = got.Cursor
	}
	if string(h.Cursor) != string(known) {
		t.Errorf("cursor %s, want %s", h.Cursor, known)
	}
}

// One token serves all subreddits, until shortly before its end; one that is refused is replaced once.
func TestTokens(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"bitcoin", "solana", "ethtrader"} {
		w.poll(name, nil)
	}
	w.clock.Set(start.Add(58 * time.Minute))
	if w.poll("bitcoin", nil); w.site.Tokens() != 1 {
		t.Errorf("%d tokens", w.site.Tokens())
	}
	w.clock.Set(start.Add(59*time.Minute + 30*time.Second))
	if w.poll("bitcoin", nil); w.site.Tokens() != 2 {
		t.Errorf("%d tokens", w.site.Tokens())
	}
	w.site.Revoke()
	if w.poll("bitcoin", nil); w.site.Tokens() != 3 {
		t.Errorf("%d tokens", w.site.Tokens())
	}
	w.front.Then(faulty.Status(401), faulty.Pass, faulty.Status(401))
	before := w.site.Requests()
	if _, err := w.feeds["reddit.bitcoin"].Poll(t.Context(), nil); !errors.Is(err, upstream.ErrUnavailable) || !strings.Contains(err.Error(), "a new token is refused too") || w.site.Requests() != before+1 {
		t.Errorf("%v after %d requests", err, w.site.Requests()-before)
	}
}

// A refused application is told with the lines that set another, and not tried again every minute.
func TestTheApplicationIsRefused(t *testing.T) {
	w := newWorld(t)
	feeds := w.with(Config{ID: fake.ID, Secret: "wrong-s3cret"})
	for range 5 {
		for _, f := range feeds {
			h, err := f.Poll(t.Context(), nil)
			if !errors.Is(err, upstream.ErrUnavailable) || !strings.Contains(err.Error(), "omc config set --secret sources.reddit.client_secret") || strings.Contains(err.Error(), "s3cret") || h.Len() != 0 {
				t.Fatal(err)
			}
		}
		w.clock.Advance(time.Minute)
	}
	if w.site.Requests() != 1 {
		t.Errorf("%d requests", w.site.Requests())
	}
	w.clock.Advance(10 * time.Minute)
	if _, err := feeds[0].Poll(t.Context(), nil); err == nil || w.site.Requests() != 2 {
		t.Errorf("%v after %d requests", err, w.site.Requests())
	}
}

func TestSettings(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		cfg   Config
		names string
		needs int
		want  string
	}{
		{Config{}, "[reddit.cryptocurrency reddit.bitcoin reddit.ethtrader reddit.cryptomarkets reddit.solana]", 2, "omc config set --secret sources.reddit.client_id"},
		{Config{ID: "x", Secret: " "}, "", 1, "omc config set --secret sources.reddit.client_secret"},
		{Config{ID: fake.ID, Secret: fake.Secret, Subreddits: "r/Bitcoin, bitcoin,solana"}, "[reddit.bitcoin reddit.solana]", 0, ""},
		{Config{ID: fake.ID, Secret: fake.Secret, Subreddits: "a/b"}, "[reddit]", 0, "omc config set sources.reddit.subreddits"},
		{Config{ID: fake.ID, Secret: fake.Secret, Subreddits: ","}, "[reddit]", 0, "0 names"},
		{Config{ID: fake.ID, Secret: fake.Secret, UserAgent: "a\nb"}, "", 0, "sources.reddit.user_agent"},
	} {
		var names []string
		for _, f := range w.with(c.cfg) {
			names = append(names, f.Name)
			if len(f.Needs) != c.needs || f.Ledger != ledger.Human || f.Source != "reddit" || f.Fresh < f.Every || f.Timeout <= 0 || f.About == "" {
				t.Errorf("%+v", f)
			}
			_, err := f.Poll(t.Context(), nil)
			if got := fmt.Sprint(err); !strings.Contains(got, c.want) || (err == nil) != (c.want == "") {
				t.Errorf("%+v: %v", c.cfg, err)
			}
		}
		if c.names != "" && fmt.Sprint(names) != c.names {
			t.Errorf("%+v: %s", c.cfg, names)
		}
	}
}

// A subreddit that is closed says so, and does not count as a failure of Reddit: the breaker leaves the others alone.
func TestClosedSubreddits(t *testing.T) {
	w := newWorld(t)
	feeds := w.with(Config{ID: fake.ID, Secret: fake.Secret, Subreddits: "private1,quarantined1,banned1,gone1,Bitcoin"})
	for sub, why := range map[string]string{"private1": "private", "quarantined1": "quarantined", "banned1": "banned"} {
		w.site.Close(sub, why)
	}
	for range 3 {
		for i, want := range []string{"r/private1 is private", "r/quarantined1 is quarantined", "r/banned1 is banned or not there", "r/gone1 is not there", ""} {
			h, err := feeds[i].Poll(t.Context(), nil)
			if got := fmt.Sprint(err); !strings.Contains(got, want) || (want == "") != (err == nil) || want == "" && h.Len() == 0 {
				t.Errorf("%s: %v", feeds[i].Name, err)
			}
		}
	}
}

// When Reddit says that the window is used up nothing is asked until it ends.
func TestTheWindowIsHeeded(t *testing.T) {
	w := newWorld(t)
	w.poll("bitcoin", nil)
	for header, held := range map[string]bool{"0.0": true, "0.9": true, "1.0": false, "x": false, "NaN": false, "": false} {
		w.clock.Advance(time.Hour)
		w.front.Then(faulty.Pass, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			rw.Header().Set("X-Ratelimit-Remaining", header)
			rw.Header().Set("X-Ratelimit-Reset", "247")
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(`{"kind":"Listing","data":{"children":[],"after":null}}`))
		})
		w.poll("bitcoin", nil)
		before := w.site.Requests()
		w.clock.Advance(240 * time.Second)
		_, err := w.feeds["reddit.bitcoin"].Poll(t.Context(), nil)
		if held != (err != nil) || held != (w.site.Requests() == before) {
			t.Errorf("%q: %v", header, err)
		}
		w.clock.Advance(8 * time.Second)
		w.poll("bitcoin", nil)
	}
}

// Too many requests are a hold until the time that Reddit names, not a failure whose end nobody knows.
func TestTooManyRequestsAreAHold(t *testing.T) {
	w := newWorld(t)
	w.poll("bitcoin", nil)
	w.front.Then(func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		rw.Header().Set("X-Ratelimit-Remaining", "0.0")
		rw.Header().Set("X-Ratelimit-Reset", "247")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	for _, left := range []time.Duration{247 * time.Second, 187 * time.Second} {
		_, err := w.feeds["reddit.bitcoin"].Poll(t.Context(), nil)
		var hold *upstream.RateLimitError
		if !errors.As(err, &hold) || (hold.RetryAfter-left).Abs() > 2*time.Second {
			t.Errorf("%v, want a hold of %s", err, left)
		}
		w.clock.Advance(time.Minute)
	}
}

// A poll that uses up the window brings what it read, and leaves the rest for later.
func TestTheLastRequestOfTheWindow(t *testing.T) {
	w := newWorld(t)
	h := w.poll("bitcoin", nil)
	w.clock.Advance(30 * time.Hour)
	w.front.Then(faulty.Pass, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(lastOf{rw}, r)
	})
	before := w.site.Requests()
	h = w.poll("bitcoin", h.Cursor)
	if h.Len() < 50 || h.Again || !h.Since.IsZero() || w.site.Requests() != before+2 {
		t.Errorf("%d posts of %d requests, again %v, since %s", h.Len(), w.site.Requests()-before, h.Again, h.Since)
	}
	w.clock.Advance(5 * time.Minute)
	if h = w.poll("bitcoin", h.Cursor); h.Since.IsZero() || h.Since.After(start) || len(h.Gaps) != 0 {
		t.Errorf("since %s, gaps %v", h.Since, h.Gaps)
	}
}

// lastOf says that no requests are left.
type lastOf struct{ http.ResponseWriter }

func (l lastOf) WriteHeader(status int) {
	l.Header().Set("X-Ratelimit-Remaining", "0.0")
	l.Header().Set("X-Ratelimit-Reset", "247")
	l.ResponseWriter.WriteHeader(status)
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	agent := runtime.GOOS + ":omc:1.2.3"
	for ours, want := range map[string]string{"omc/1.2.3": agent, "omc/" + strings.Repeat("1", 60): runtime.GOOS + ":omc:v1", "omc/a b": runtime.GOOS + ":omc:v1", "curl": runtime.GOOS + ":omc:v1"} {
		if got, err := userAgent("", ours); err != nil || got != want {
			t.Errorf("%q: %q %v", ours, got, err)
		}
	}
	for in, want := range map[string]string{
		"": agent, "/u/Jane_Doe": agent + " (by /u/Jane_Doe)", "u/jane-doe": agent + " (by /u/jane-doe)", "janedoe": agent + " (by /u/janedoe)",
		"linux:org.example.reader:v1.2.3 (by /u/janedoe)": "linux:org.example.reader:v1.2.3 (by /u/janedoe)",
		"Mozilla/5.0 (X11)": "", "linux:reader:v1": "", "linux:reader (by /u/janedoe)": "", "a:b:c (by /u/x)": "", "a:b c:d (by /u/janedoe)": "", "a:b:c (by /u/jane\ndoe)": "",
	} {
		if got, err := userAgent(in, "omc/1.2.3"); (err == nil) != (want != "") || err == nil && got != want || err != nil && !strings.Contains(err.Error(), "omc config set sources.reddit.user_agent /u/name") {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
}

func TestAWebPageIsKept(t *testing.T) {
	w := newWorld(t)
	w.front.Then(faulty.Page(200))
	h, err := w.feeds["reddit.bitcoin"].Poll(t.Context(), nil)
	if err == nil || len(h.Rejects) != 1 || !strings.Contains(h.Rejects[0].Reason, "request for a token") || h.Rejects[0].Size == 0 {
		t.Errorf("%v: %+v", err, h.Rejects)
	}
	w.front.Then(faulty.Pass, faulty.Page(200))
	h, err = w.feeds["reddit.bitcoin"].Poll(t.Context(), nil)
	if err == nil || len(h.Rejects) != 1 || !strings.Contains(h.Rejects[0].Reason, "r/Bitcoin: ") || h.Rejects[0].Size == 0 {
		t.Errorf("%v: %+v", err, h.Rejects)
	}
}

// A token is no piece for people to look at.
func TestAnAnswerWithATokenIsNotKept(t *testing.T) {
	w := newWorld(t)
	for _, f := range []faulty.Fault{faulty.Body(`{"access_token":"s3cret","token_type":"bearer"`), func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = rw.Write([]byte(`{"access_token":"s3cret","token_type":"bearer","expires_in":3600}`))
	}} {
		w.front.Then(f)
		if h, err := w.feeds["reddit.bitcoin"].Poll(t.Context(), nil); err == nil || strings.Contains(err.Error(), "s3cret") || len(h.Rejects) != 0 {
			t.Errorf("%v: %+v", err, h.Rejects)
		}
		w.clock.Advance(time.Hour)
	}
}

func TestHostileCursors(t *testing.T) {
	w := newWorld(t)
	for _, cursor := range []string{"", "{", "null", "[]", `{"newest":7}`, `{"newest":"t3_"}`, `{"newest":"t3_zzzzzzzzzzzz"}`, `{"newest":"t1_5"}`, `{"newest":"t3_99999999999999999999"}`,
		`{"newest":"t3_5","at":"2999-01-01T00:00:00Z"}`, `{"newest":"t3_5","after":"../x"}`, `{"newest":"t3_5","after":"t3_9","pages":-1}`, `{"newest":"t3_5","after":"t3_9","pages":99}`} {
		h := w.poll("solana", []byte(cursor))
		if h.Len() == 0 || string(h.Cursor) == cursor {
			t.Errorf("%s: nothing came", cursor)
		}
	}
}
