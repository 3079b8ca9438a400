package soak_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/standin"
)

// answer is one request and what it was really answered.
type answer struct {
	upstream, path, agent string
	begun, ended          time.Time
	status                int
	fault                 string // "": none was played
	whole                 bool   // sent unspoilt to its end, to a client that was still there
	body                  []byte // of whole answers of the upstreams that the test recomputes
}

// server serves the fakes of all upstreams, spoils some answers, and remembers all. Safe for concurrent use.
type server struct {
	url   string
	all   []standin.Upstream
	press press
	coins coins

	mu      sync.Mutex // guards what follows
	calm    bool
	instead map[string]fault // of all answers of an upstream
	counts  map[string]int
	answers []answer
}

func serve(t *testing.T) *server {
	t.Helper()
	all, err := standin.All(clock.Wall{})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{all: all, instead: map[string]fault{}, counts: map[string]int{}}
	mux := http.NewServeMux()
	for _, u := range all {
		mux.Handle("/"+u.Name+"/", http.StripPrefix("/"+u.Name, s.handler(u)))
	}
	x := httptest.NewServer(mux)
	t.Cleanup(x.CloseClientConnections)
	s.url = x.URL
	s.press.begun = time.Now().Truncate(time.Minute)
	return s
}

// environ points omc to the server. Each process has an agent of its own, where the upstream puts up with that.
func (s *server) environ(agent string) []string {
	env := standin.Environ(strings.TrimPrefix(s.url, "http://"), s.all)
	for i, e := range env {
		env[i] = strings.ReplaceAll(e, "'", "")
	}
	for _, name := range []string{"COINSPOT", "RSS", "COINMETRICS", "KRAKEN", "COINBASE", "DEFILLAMA", "MEMPOOL"} {
		env = append(env, "OMC_SOURCES_"+name+"_USER_AGENT="+agent+"/1")
	}
	return env
}

// always makes an upstream answer everything with one fault; the zero fault ends that.
func (s *server) always(upstream string, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instead[upstream] = f
}

// settle ends all faults.
func (s *server) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calm = true
}

// seen are the answers so far that a test picks.
func (s *server) seen(pick func(*answer) bool) []answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []answer
	for i := range s.answers {
		if pick(&s.answers[i]) {
			out = append(out, s.answers[i])
		}
	}
	return out
}

func (s *server) handler(u standin.Upstream) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.counts[u.Name]++
		n, calm, f := s.counts[u.Name], s.calm, s.instead[u.Name]
		s.mu.Unlock()
		if f.play == nil && !calm {
			f = planned(u.Name, r.URL.Path, n)
		}
		agent, _, _ := strings.Cut(r.UserAgent(), "/")
		a := answer{upstream: u.Name, path: r.URL.Path, agent: agent, begun: time.Now(), fault: f.name}
		real := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.status, a.body = s.real(u, w, r, n)
		})
		defer func() {
			a.ended = time.Now()
			a.whole = f.play == nil && r.Context().Err() == nil
			if !a.whole || !slices.Contains([]string{"coinspot", "rss", "coinmetrics"}, u.Name) {
				a.body = nil
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.answers = append(s.answers, a)
		}()
		if f.play == nil {
			real(w, r)
			return
		}
		f.play(w, r, real)
	})
}

// real is the fake's own answer, with what this test adds to its world.
func (s *server) real(u standin.Upstream, w http.ResponseWriter, r *http.Request, n int) (int, []byte) {
	if u.Name == "rss" {
		s.press.write(u.Handler, r.URL.Path, n)
	}
	rec := httptest.NewRecorder()
	u.Handler.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	if u.Name == "coinspot" && rec.Code == 200 && strings.TrimSuffix(r.URL.Path, "/") == "/pubapi/v2/latest" {
		body = s.coins.write(body)
	}
	for k, v := range rec.Header() {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	if n%10 == 0 { // a server whose clock is wrong
		skew := time.Hour
		if n%20 == 0 {
			skew = -skew
		}
		w.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body) // whether it came is told by the context
	_ = http.NewResponseController(w).Flush()
	return rec.Code, body
}
