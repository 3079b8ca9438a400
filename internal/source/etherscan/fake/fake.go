// Package fake is a strict stand-in for Etherscan's API, version 2, in the wire format of recorded answers: errors have HTTP status 200.
// Its world is made up of waves and moves with the clock. It must never be part of a program that users run.
package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// What a free key may do.
const (
	perSecond = 3
	perDay    = 100_000
	badKeys   = 5 // in half a minute; then the address is shut out for as long
)

// Site is an http.Handler. Safe for concurrent use.
type Site struct {
	clock clock.Clock

	mu          sync.Mutex // guards what follows
	second, day window.Window
	wrong       window.Window // keys
	asked       []time.Time
	held        time.Time // zero: the world moves
	key         string    // "": any is good
	set         map[string]answer
}

type answer struct {
	status int
	body   string
}

// New returns a site with a world of its own, to which any key is good. The clock moves it, and decides how many requests are too many.
func New(c clock.Clock) *Site {
	return &Site{clock: c, second: window.Window{Span: time.Second}, day: window.Window{Span: 24 * time.Hour},
		wrong: window.Window{Span: 30 * time.Second}, set: map[string]answer{}}
}

// Require refuses every other key from now on.
func (s *Site) Require(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
}

// Set answers for an action with a status and body from now on; status 0 brings the world back.
func (s *Site) Set(action string, status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if status == 0 {
		delete(s.set, action)
		return
	}
	s.set[action] = answer{status, body}
}

// Hold makes the world stand still at a time, while the clock goes on; the zero time lets it move again.
func (s *Site) Hold(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = at
}

// Most is the largest number of requests in any stretch of that length.
func (s *Site) Most(span time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most, w := 0, window.Window{Span: span}
	for _, t := range s.asked {
		most = max(most, w.Add(t, 1))
	}
	return most
}

// ServeHTTP answers the actions that the world has.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if len(s.asked) == perDay {
		s.asked = s.asked[1:]
	}
	s.asked = append(s.asked, now)
	if r.URL.Path != "/v2/api" || r.Method != http.MethodGet {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><body>404</body></html>")
		return
	}
	q := r.URL.Query()
	set, fixed := s.set[q.Get("action")]
	why := s.refuse(q, now)
	if !s.held.IsZero() {
		now = s.held
	}
	switch {
	case why != "":
		reply(w, http.StatusOK, envelope("0", "NOTOK", why))
	case fixed:
		reply(w, set.status, set.body)
	default:
		reply(w, http.StatusOK, world{now}.answer(q))
	}
}

// refuse says why a request is not answered, or nothing.
func (s *Site) refuse(q url.Values, now time.Time) string {
	switch {
	case s.wrong.Sum(now) >= badKeys:
		return "Too many invalid api key attempts, please try again later"
	case q.Get("apikey") == "" || s.key != "" && q.Get("apikey") != s.key:
		s.wrong.Add(now, 1)
		return "Invalid API Key"
	case q.Get("chainid") == "":
		return "Missing or unsupported chainid parameter (required for v2 api), please see https://api.etherscan.io/v2/chainlist for the list of supported chainids"
	case q.Get("chainid") != "1":
		return "Free API access is not supported for this chain. Please upgrade your api plan for full chain coverage. https://etherscan.io/apis"
	case s.day.Add(now, 1) > perDay:
		return "Max daily rate limit reached, please upgrade your plan"
	case s.second.Add(now, 1) > perSecond:
		return "Max rate limit reached, please use API Key for higher rate limit"
	}
	return ""
}

func envelope(status, message string, result any) string {
	return encode(map[string]any{"status": status, "message": message, "result": result})
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("etherscan fake: %v", err)) // texts always encode
	}
	return string(b)
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a client that has gone away misses nothing
}
