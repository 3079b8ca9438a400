package conformance

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// faults: what spoils every answer ends in an error that helps, and in no row.
func (s *Source) faults(t *testing.T) {
	for name, c := range map[string]struct {
		fault faulty.Fault
		kind  error
		most  int // times that a request is made
	}{
		"500":           {faulty.Status(500), upstream.ErrUnavailable, 3},
		"502 page":      {faulty.Page(502), upstream.ErrUnavailable, 3},
		"400":           {faulty.Status(400), nil, 1},
		"402":           {faulty.Status(402), nil, 1},
		"404":           {faulty.Status(404), nil, 1},
		"403":           {faulty.Status(403), upstream.ErrUnavailable, 1},
		"200 page":      {faulty.Page(200), upstream.ErrUnavailable, 1},
		"page as data":  {faulty.PageAs(200, "application/json"), upstream.ErrUnavailable, 1},
		"404 page":      {faulty.Page(404), upstream.ErrUnavailable, 1},
		"cut at once":   {faulty.Cut(0), upstream.ErrUnavailable, 3},
		"cut":           {faulty.Cut(25), upstream.ErrUnavailable, 3},
		"cut at end":    {faulty.Cut(-1), upstream.ErrUnavailable, 3},
		"dropped":       {faulty.Reset, upstream.ErrUnavailable, 6},
		"huge header":   {faulty.Header(1 << 20), upstream.ErrUnavailable, 3},
		"no first byte": {faulty.Stall, upstream.ErrUnavailable, 1},
		"drip":          {faulty.Drip(20 * time.Millisecond), upstream.ErrUnavailable, 1},
	} {
		if s.Once {
			c.most = 1
		}
		c.most *= len(s.Methods)
		srv := s.serve(t, faulty.Times(c.most+1, c.fault)...)
		slow := name == "no first byte" || name == "drip"
		if slow {
			srv.config.Timeout = 50 * time.Millisecond // a busy machine may need as long to connect
		}
		rows, err := s.Client(srv.config)(t.Context())
		s.check(t, name, err, c.kind)
		if seen := srv.now().Seen(); rows != 0 || seen == 0 && !slow || seen > c.most {
			t.Errorf("%s: %d rows after %d requests, want at most %d", name, rows, seen, c.most)
		}
	}
}

// bodies that never end, or are a thousand times as long as they come, are read as far as the source's own bound and no further.
func (s *Source) bodies(t *testing.T) {
	for name, f := range map[string]faulty.Fault{"endless": faulty.Endless("[1,"), "endless space": faulty.Endless(" "), "bomb": faulty.Bomb(int(16 * s.MaxBody))} {
		for i := range s.Methods {
			var read atomic.Int64
			srv := s.serve(t, append(faulty.Times(i, faulty.Pass), f)...)
			tr := &http.Transport{}
			srv.config.HTTP = &http.Client{Transport: metered{tr, &read}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := s.Client(srv.config)(t.Context())
			runtime.ReadMemStats(&after)
			tr.CloseIdleConnections()
			s.check(t, name, err, upstream.ErrMalformed)
			// What other tests take meanwhile is in the heap as well.
			if grown := int64(after.HeapSys) - int64(before.HeapSys); read.Load() > s.MaxBody+int64(len(s.Methods))<<16 || grown > 8*s.MaxBody+128<<20 {
				t.Errorf("%s: %d bytes were read, want at most %d; the heap grew by %d", name, read.Load(), s.MaxBody, grown)
			}
		}
	}
}

// metered counts the bytes of bodies, decompressed.
type metered struct {
	http.RoundTripper
	read *atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (m metered) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := m.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(resp.Body, m), resp.Body}
	}
	return resp, err
}

// Write implements io.Writer.
func (m metered) Write(b []byte) (int, error) {
	m.read.Add(int64(len(b)))
	return len(b), nil
}

// recovery: trouble that passes is not told.
func (s *Source) recovery(t *testing.T) {
	for name, c := range map[string]struct {
		again  bool // it passes only where the request is made again
		script []faulty.Fault
	}{
		"two 500":      {true, faulty.Times(2, faulty.Status(500))},
		"cut, dropped": {true, []faulty.Fault{faulty.Cut(20), faulty.Reset}},
		"slow":         {false, []faulty.Fault{faulty.Drip(time.Microsecond)}},
		"redirect home": {false, []faulty.Fault{func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			faulty.Redirect(307, r.URL.RequestURI())(w, r, next)
		}}},
	} {
		if c.again && s.Once {
			continue // faults counts its requests
		}
		srv := s.serve(t, c.script...)
		if rows, err := s.Client(srv.config)(t.Context()); err != nil || rows == 0 || srv.now().Left() != 0 {
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
		script := srv.now()
		script.Then(c.fault(s.Clock.Now()))
		ask := s.Client(srv.config)
		_, err := ask(t.Context())
		var limited *upstream.RateLimitError
		if s.check(t, name, err, nil); !errors.As(err, &limited) || limited.Banned != strings.HasPrefix(name, "418") {
			t.Errorf("%s: %v", name, err)
		}
		s.Clock.Advance(c.held - time.Second)
		if _, err := ask(t.Context()); !errors.As(err, &limited) || script.Seen() != 1 {
			t.Errorf("%s: asked again too soon: %v after %d requests", name, err, script.Seen())
		}
		s.Clock.Advance(2 * time.Second)
		if rows, err := ask(t.Context()); err != nil || rows == 0 {
			t.Errorf("%s: %d rows, %v", name, rows, err)
		}
	}
}

// redirect: a request is for one host only, and the error names the setting that says which.
func (s *Source) redirect(t *testing.T) {
	elsewhere := faulty.New(s.Fake)
	other := httptest.NewServer(elsewhere)
	defer other.Close()
	upstreams, _, _ := strings.Cut(s.Name, ".")
	for _, code := range []int{301, 302, 303, 307, 308} {
		srv := s.serve(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			faulty.Redirect(code, other.URL+r.URL.RequestURI())(w, r, next)
		})
		_, err := s.Client(srv.config)(t.Context())
		if !errors.Is(err, upstream.ErrUnavailable) || elsewhere.Seen() != 0 || !strings.Contains(err.Error(), "set sources."+upstreams+".base_url:") || strings.Contains(err.Error(), "?") {
			t.Errorf("%d: %v, %d requests elsewhere", code, err, elsewhere.Seen())
		}
	}
}
