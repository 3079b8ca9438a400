// Package fake is a strict stand-in for CoinMetrics' community API, in the wire format of its OpenAPI description. Its world is made up of
// waves and moves with the clock. It must never be part of a program that users run.
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

// Base is the path of the API.
const Base = "/v4"

// What the community API permits.
const (
	span    = 6 * time.Second
	perSpan = 10
)

// mostAsked bounds what is remembered of requests.
const mostAsked = 100_000

// Site is an http.Handler. Safe for concurrent use.
type Site struct {
	clock clock.Clock

	mu      sync.Mutex // guards what follows
	window  window.Window
	asked   []time.Time
	held    time.Time // zero: the world moves
	revised map[string]float64
	paid    map[string]bool
	set     map[string]answer
}

type answer struct {
	status int
	body   string
}

// New returns a site with a world of its own. The clock moves it, and decides how many requests are too many.
func New(c clock.Clock) *Site {
	return &Site{clock: c, window: window.Window{Span: span}, revised: map[string]float64{}, paid: map[string]bool{}, set: map[string]answer{}}
}

// Set answers a path below Base with a status and body from now on; status 0 brings the world back.
func (s *Site) Set(path string, status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if status == 0 {
		delete(s.set, path)
		return
	}
	s.set[path] = answer{status, body}
}

// Revise multiplies what is said of an asset's metric on a day.
func (s *Site) Revise(asset, metric string, day time.Time, factor float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revised[asset+metric+day.UTC().Format(time.DateOnly)] = factor
}

// Charge makes an asset's metric one that must be paid for, or free again.
func (s *Site) Charge(asset, metric string, paid bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paid[asset+metric] = paid
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

// ServeHTTP answers the paths that the world has.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if len(s.asked) == mostAsked {
		s.asked = s.asked[1:]
	}
	s.asked = append(s.asked, now)
	if s.window.Add(now, 1) > perSpan {
		refuse(w, http.StatusTooManyRequests, "too_many_requests", "Too many requests.")
		return
	}
	if !s.held.IsZero() {
		now = s.held
	}
	if a, ok := s.set[r.URL.Path[min(len(Base), len(r.URL.Path)):]]; ok {
		reply(w, a.status, a.body)
		return
	}
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && r.URL.Path == Base+"/catalog-v2/asset-metrics":
		s.catalog(w, r, q, now)
	case r.Method == http.MethodGet && r.URL.Path == Base+"/timeseries/asset-metrics":
		s.timeseries(w, r, q, now)
	default:
		refuse(w, http.StatusNotFound, "not_found", "Requested resource is not found.")
	}
}

// page sends rows and, where there are more, where they are.
func page(w http.ResponseWriter, r *http.Request, rows []map[string]any, next string) {
	body := map[string]any{"data": rows}
	if next != "" {
		q := r.URL.Query()
		q.Set("next_page_token", next)
		body["next_page_token"], body["next_page_url"] = next, (&url.URL{Scheme: "https", Host: "community-api.coinmetrics.io", Path: r.URL.Path, RawQuery: q.Encode()}).String()
	}
	reply(w, http.StatusOK, encode(body))
}

func bad(w http.ResponseWriter, name, value string) {
	refuse(w, http.StatusBadRequest, "bad_parameter", fmt.Sprintf("Bad parameter '%s'. Value '%s' is not supported.", name, value))
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	reply(w, status, encode(map[string]any{"error": map[string]string{"type": kind, "message": message}}))
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("coinmetrics fake: %v", err)) // texts always encode
	}
	return string(b)
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a client that has gone away misses nothing
}
