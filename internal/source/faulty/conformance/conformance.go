// Package conformance is the one suite that every HTTP source must pass: what it makes of the faults of its upstream.
// It knows no exchange's format, and must never be imported outside tests.
package conformance

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Source is a client and the fake of its upstream.
type Source struct {
	Name  string
	Path  string // of the base URL
	Clock *clock.Manual
	Fake  http.Handler // on Clock
	// Client makes a client and returns a function that asks it for something to which the fake has an answer of a few rows, and
	// tells how many rows came.
	Client func(upstream.Config) func(context.Context) (rows int, err error)
}

// server is the fake behind a script, on a real socket.
type server struct {
	*faulty.Handler
	config upstream.Config
}

func (s *Source) serve(t *testing.T, script ...faulty.Fault) *server {
	t.Helper()
	s.Clock.Advance(time.Second) // the fake counts requests, and each client begins its own count
	h := faulty.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.UserAgent() == "" || r.ContentLength > 0 {
			t.Errorf("%s %s from %q", r.Method, r.URL, r.UserAgent())
		}
		s.Fake.ServeHTTP(w, r)
	}), script...)
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return &server{h, upstream.Config{BaseURL: srv.URL + s.Path, Clock: s.Clock, Wait: Advance(s.Clock)}}
}

// Advance moves a clock instead of waiting.
func Advance(c *clock.Manual) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		c.Advance(d)
		return ctx.Err()
	}
}

// Run runs the suite.
func Run(t *testing.T, s Source) {
	t.Run("faults", s.faults)
	t.Run("garbage", s.garbage)
	t.Run("truncated", s.truncated)
	t.Run("recovery", s.recovery)
	t.Run("limits", s.limits)
	t.Run("redirect", s.redirect)
}

// check fails where an error does not say who, what and what to do.
func (s *Source) check(t *testing.T, what string, err, kind error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	text := err.Error()
	if !strings.HasPrefix(text, s.Name+": ") || strings.Count(text, s.Name+": ") != 1 || !strings.HasSuffix(text, "ask another source") || len(text) > 420 || strings.Contains(text, "http://127") {
		t.Errorf("%s: the error does not say who, what and what to do: %s", what, text)
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

func (s *Source) faults(t *testing.T) {
	for name, c := range map[string]struct {
		fault faulty.Fault
		kind  error
		most  int // requests
	}{
		"500":           {faulty.Status(500), upstream.ErrUnavailable, 3},
		"502 page":      {faulty.Page(502), upstream.ErrUnavailable, 3},
		"400":           {faulty.Status(400), nil, 1},
		"404":           {faulty.Status(404), nil, 1},
		"403":           {faulty.Status(403), upstream.ErrUnavailable, 1},
		"200 page":      {faulty.Page(200), upstream.ErrUnavailable, 1},
		"404 page":      {faulty.Page(404), upstream.ErrUnavailable, 1},
		"endless":       {faulty.Endless("[1,"), upstream.ErrMalformed, 1},
		"bomb":          {faulty.Bomb(8 << 20), upstream.ErrMalformed, 1},
		"cut at once":   {faulty.Cut(0), upstream.ErrUnavailable, 3},
		"cut":           {faulty.Cut(25), upstream.ErrUnavailable, 3},
		"cut at end":    {faulty.Cut(-1), upstream.ErrUnavailable, 3},
		"dropped":       {faulty.Reset, upstream.ErrUnavailable, 6},
		"huge header":   {faulty.Header(1 << 20), upstream.ErrUnavailable, 3},
		"no first byte": {faulty.Stall, upstream.ErrUnavailable, 1},
		"drip":          {faulty.Drip(20 * time.Millisecond), upstream.ErrUnavailable, 1},
	} {
		srv := s.serve(t, faulty.Times(8, c.fault)...)
		if name == "no first byte" || name == "drip" {
			srv.config.Timeout = 30 * time.Millisecond
		}
		rows, err := s.Client(srv.config)(t.Context())
		s.check(t, name, err, c.kind)
		if rows != 0 || srv.Seen() == 0 || srv.Seen() > c.most {
			t.Errorf("%s: %d rows after %d requests, want at most %d", name, rows, srv.Seen(), c.most)
		}
	}
}

// garbage is JSON of another shape, or none: an error or nothing, never a panic and never a row.
func (s *Source) garbage(t *testing.T) {
	for _, body := range []string{
		"", " ", "null", "true", "0", `""`, "{}", "[]", "[[]]", "[null]", "[{}]", `{"error":{}}`, `{"result":[]}`, `{"prices":[]}`, "NaN", "-", "[1e999]",
		"\xff\xfe", "\x00", "\xef\xbb\xbf[]", `{"status":"ok","prices":null}`, `{"status":1}`, `{"error":[null],"result":null}`,
		`{"error":[],"result":{"last":null}}`, `{"error":[],"result":{"X":null,"last":1}}`, `{"error":[],"result":{"X":[null],"last":1}}`,
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 100_000), strings.Repeat("[],", 300_000), "[" + strings.Repeat("[],", 300_000) + "[]]",
		"[" + strings.Repeat("9", 1_000_000) + "]", `[["` + strings.Repeat("9", 900_000) + `"]]`, `{"message":"` + strings.Repeat("\\u001b", 1000) + `"}`,
	} {
		srv := s.serve(t, faulty.Body(body))
		rows, err := s.Client(srv.config)(t.Context())
		what := upstream.Text(body[:min(len(body), 40)])
		if rows != 0 {
			t.Errorf("%q: %d rows", what, rows)
		}
		if err != nil {
			s.check(t, what, err, nil)
		}
	}
}

// truncated cuts the answer short at every byte, as though it were whole.
func (s *Source) truncated(t *testing.T) {
	srv := s.serve(t)
	length := 0
	srv.Then(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		c := &counter{ResponseWriter: w}
		next.ServeHTTP(c, r)
		length = c.n
	})
	if rows, err := s.Client(srv.config)(t.Context()); err != nil || rows == 0 || length == 0 {
		t.Fatalf("%d rows, %d bytes: %v", rows, length, err)
	}
	for n := range length {
		srv.Then(faulty.Truncate(n))
		s.Clock.Advance(time.Second)
		if rows, err := s.Client(srv.config)(t.Context()); rows != 0 || !errors.Is(err, upstream.ErrMalformed) {
			t.Errorf("%d of %d bytes: %d rows, %v", n, length, rows, err)
		}
	}
}

type counter struct {
	http.ResponseWriter
	n int
}

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	c.n += len(b)
	return c.ResponseWriter.Write(b)
}

// recovery: trouble that passes is not told.
func (s *Source) recovery(t *testing.T) {
	for name, script := range map[string][]faulty.Fault{
		"two 500":      faulty.Times(2, faulty.Status(500)),
		"cut, dropped": {faulty.Cut(20), faulty.Reset},
		"slow":         {faulty.Drip(time.Microsecond)},
		"redirect home": {func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			faulty.Redirect(307, r.URL.RequestURI())(w, r, next)
		}},
	} {
		srv := s.serve(t, script...)
		if rows, err := s.Client(srv.config)(t.Context()); err != nil || rows == 0 || srv.Left() != 0 {
			t.Errorf("%s: %d rows, %v", name, rows, err)
		}
	}
}

// limits: after one the upstream is left alone until the time it named.
func (s *Source) limits(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(now time.Time) faulty.Fault
		held  time.Duration
	}{
		"429 seconds": {func(time.Time) faulty.Fault { return faulty.Wait(429, "45") }, 45 * time.Second},
		"429 date":    {func(now time.Time) faulty.Fault { return faulty.WaitUntil(429, now, time.Minute, false) }, 59 * time.Second},
		"429 skewed":  {func(now time.Time) faulty.Fault { return faulty.WaitUntil(429, now.Add(-time.Hour), time.Minute, true) }, time.Minute},
		"429 silent":  {func(time.Time) faulty.Fault { return faulty.Wait(429, "") }, 30 * time.Second},
		"418 silent":  {func(time.Time) faulty.Fault { return faulty.Wait(418, "") }, 2 * time.Minute},
		"418 seconds": {func(time.Time) faulty.Fault { return faulty.Wait(418, "300") }, 5 * time.Minute},
		"503 seconds": {func(time.Time) faulty.Fault { return faulty.Wait(503, "10") }, 10 * time.Second},
	} {
		srv := s.serve(t)
		srv.Then(c.fault(s.Clock.Now()))
		ask := s.Client(srv.config)
		_, err := ask(t.Context())
		var limited *upstream.RateLimitError
		if s.check(t, name, err, nil); !errors.As(err, &limited) || limited.Banned != strings.HasPrefix(name, "418") {
			t.Errorf("%s: %v", name, err)
		}
		s.Clock.Advance(c.held - time.Second)
		if _, err := ask(t.Context()); !errors.As(err, &limited) || srv.Seen() != 1 {
			t.Errorf("%s: asked again too soon: %v after %d requests", name, err, srv.Seen())
		}
		s.Clock.Advance(2 * time.Second)
		if rows, err := ask(t.Context()); err != nil || rows == 0 {
			t.Errorf("%s: %d rows, %v", name, rows, err)
		}
	}
}

func (s *Source) redirect(t *testing.T) {
	elsewhere := faulty.New(s.Fake)
	other := httptest.NewServer(elsewhere)
	defer other.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		srv := s.serve(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			faulty.Redirect(code, other.URL+r.URL.RequestURI())(w, r, next)
		})
		_, err := s.Client(srv.config)(t.Context())
		if !errors.Is(err, upstream.ErrUnavailable) || elsewhere.Seen() != 0 || !strings.Contains(err.Error(), "sources."+s.Name+".base_url") || strings.Contains(err.Error(), "?") {
			t.Errorf("%d: %v, %d requests elsewhere", code, err, elsewhere.Seen())
		}
	}
}
