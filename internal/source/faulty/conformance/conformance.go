// Package conformance is the one suite that every HTTP source must pass: what it makes of the faults of its upstream.
// It knows no exchange's format, and must never be imported outside tests.
//
// How a new source uses it, once for each shape of answer that it reads:
//
//	up := fake.New(c) // c is a clock.Manual; the fake holds still: the same few rows whenever it is asked
//	conformance.Run(t, conformance.Source{Name: "coinspot", Path: fake.Base, Clock: c, Fake: up,
//		Client: func(u upstream.Config) func(context.Context) (int, error) {
//			poll := coinspot.New(u, c).Feeds()[0].Poll
//			return func(ctx context.Context) (int, error) {
//				h, err := poll(ctx, nil)
//				return h.Len(), err
//			}
//		}})
//
// A question that takes several requests, or a POST, says its Methods; one that may be paid for is asked Once; a source that reads
// longer answers than others says its MaxBody. All else is the same for all.
package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
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
	// tells how many rows came. Of several requests each is needed for one row at least.
	Client func(upstream.Config) func(context.Context) (rows int, err error)

	Methods []string // of the requests that a new client makes for one question, in their order, but those it can do without; none: one GET
	Once    bool     // no request is made again: it may have been paid for
	MaxBody int64    // the longest answer that is read, in bytes; 0: 1 MiB
}

// Run runs the suite.
func Run(t *testing.T, s Source) {
	if len(s.Methods) == 0 {
		s.Methods = []string{http.MethodGet}
	}
	if s.MaxBody == 0 {
		s.MaxBody = 1 << 20
	}
	w := s.look(t)
	t.Run("faults", s.faults)
	t.Run("bodies", s.bodies)
	t.Run("recovery", s.recovery)
	t.Run("limits", s.limits)
	t.Run("redirect", s.redirect)
	t.Run("garbage", func(t *testing.T) { s.garbage(t, w) })
	t.Run("truncated", func(t *testing.T) { s.truncated(t, w) })
	t.Run("numbers", func(t *testing.T) { s.numbers(t, w) })
	t.Run("rows", func(t *testing.T) { s.moved(t, w) })
	t.Run("clocks", func(t *testing.T) { s.clocks(t, w) })
}

// whole is what a question brings where nothing is wrong.
type whole struct {
	rows    int
	answers [][]byte // bodies, in the order of the requests
}

// look asks once, and checks that the source is as it says.
func (s *Source) look(t *testing.T) whole {
	t.Helper()
	var out whole
	var methods []string
	srv := s.serve(t, faulty.Times(100, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		c := &copied{ResponseWriter: w}
		next.ServeHTTP(c, r)
		methods, out.answers = append(methods, r.Method), append(out.answers, c.body.Bytes())
	})...)
	var err error
	out.rows, err = s.Client(srv.config)(t.Context())
	n := len(s.Methods)
	if err != nil || out.rows == 0 || len(methods) < n || !slices.Equal(methods[:n], s.Methods) {
		t.Fatalf("%d rows by %v, want some by %v: %v", out.rows, methods, s.Methods, err)
	}
	if rows, err := s.asker(t)(n, faulty.Times(100, faulty.Body("{}"))...); err != nil || rows != out.rows {
		t.Fatalf("%d of %d rows by %v alone, where it takes %v: %v", rows, out.rows, s.Methods, methods, err)
	}
	out.answers = out.answers[:n]
	return out
}

// copied keeps what is written.
type copied struct {
	http.ResponseWriter
	body bytes.Buffer
}

// Write implements io.Writer.
func (c *copied) Write(b []byte) (int, error) {
	c.body.Write(b)
	return c.ResponseWriter.Write(b)
}

// server is the fake behind a script, on a real socket.
type server struct {
	source *Source
	config upstream.Config

	mu     sync.Mutex // guards script
	script *faulty.Handler
}

func (s *Source) serve(t *testing.T, script ...faulty.Fault) *server {
	t.Helper()
	out := &server{source: s}
	out.play(script...)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // a server that has not read the question does not see that the asker has gone
		if err != nil || !slices.Contains(s.Methods, r.Method) || r.UserAgent() == "" || r.Method == http.MethodGet && len(body) > 0 {
			t.Errorf("%s %s from %q: %v", r.Method, r.URL, r.UserAgent(), err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.Header().Set("Date", s.Clock.Now().UTC().Format(http.TimeFormat))
		out.now().ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	out.config = upstream.Config{BaseURL: srv.URL + s.Path, Clock: s.Clock, Wait: Advance(s.Clock)}
	return out
}

// play begins another script, a second later: the fake counts requests, and each client begins its own count.
func (s *server) play(script ...faulty.Fault) {
	s.source.Clock.Advance(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = faulty.New(s.source.Fake, script...)
}

func (s *server) now() *faulty.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.script
}

// asker asks a new client one question whose requests from the ith on are spoilt, as long as there are faults. All its clients use the
// same connections.
func (s *Source) asker(t *testing.T) func(i int, faults ...faulty.Fault) (rows int, err error) {
	t.Helper()
	srv := s.serve(t)
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	srv.config.HTTP = &http.Client{Transport: tr}
	return func(i int, faults ...faulty.Fault) (int, error) {
		srv.play(append(faulty.Times(i, faulty.Pass), faults...)...)
		return s.Client(srv.config)(t.Context())
	}
}

// all is a fault for every request of a question.
func (s *Source) all(f faulty.Fault) []faulty.Fault { return faulty.Times(len(s.Methods), f) }

// Advance moves a clock instead of waiting.
func Advance(c *clock.Manual) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		c.Advance(d)
		return ctx.Err()
	}
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
