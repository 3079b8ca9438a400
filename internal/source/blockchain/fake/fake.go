// Package fake is a strict stand-in for the charts of blockchain.com, in the wire format of their description. Its world is made up of
// waves and moves with the clock. It must never be part of a program that users run.
package fake

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// perMinute is what one request in ten seconds comes to.
const perMinute = 6

// mostAsked bounds what is remembered of requests.
const mostAsked = 100_000

// Site is an http.Handler. Safe for concurrent use.
type Site struct {
	clock clock.Clock

	mu     sync.Mutex // guards what follows
	window window.Window
	asked  []time.Time
	held   time.Time // zero: the world moves
	set    map[string]answer
}

type answer struct {
	status int
	body   string
}

// New returns a site with a world of its own. The clock moves it, and decides how many requests are too many.
func New(c clock.Clock) *Site {
	return &Site{clock: c, window: window.Window{Span: time.Minute}, set: map[string]answer{}}
}

// Set answers for a chart with a status and body from now on; status 0 brings the world back.
func (s *Site) Set(chart string, status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if status == 0 {
		delete(s.set, chart)
		return
	}
	s.set[chart] = answer{status, body}
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

// ServeHTTP answers for the charts that the world has.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if len(s.asked) == mostAsked {
		s.asked = s.asked[1:]
	}
	s.asked = append(s.asked, now)
	name, ok := strings.CutPrefix(r.URL.Path, "/charts/")
	ch, known := charts()[name]
	q := r.URL.Query()
	span, good := timespan(q.Get("timespan"))
	set, fixed := s.set[name]
	if !s.held.IsZero() {
		now = s.held
	}
	switch {
	case s.window.Add(s.clock.Now(), 1) > perMinute:
		reply(w, http.StatusTooManyRequests, `{"error":"too-many-requests","message":"Maximum concurrent requests for this endpoint reached."}`)
	case fixed:
		reply(w, set.status, set.body)
	case r.Method != http.MethodGet || !ok || !known:
		reply(w, http.StatusNotFound, `{"error":"not-found-or-invalid-arg","message":"Item not found or argument invalid"}`)
	case !good || q.Get("format") != "json" && q.Has("format"):
		reply(w, http.StatusBadRequest, `{"error":"invalid-arg","message":"Invalid timespan or format"}`)
	default:
		reply(w, http.StatusOK, ch.body(name, now, span, q.Get("sampled") != "false"))
	}
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a client that has gone away misses nothing
}

// timespan reads a count and a unit, like 30days.
func timespan(s string) (time.Duration, bool) {
	for unit, d := range map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour, "year": 365 * 24 * time.Hour} {
		for _, u := range []string{unit, unit + "s"} {
			if n, err := strconv.Atoi(strings.TrimSuffix(s, u)); err == nil && strings.HasSuffix(s, u) && n > 0 && n <= 10_000 {
				return time.Duration(n) * d, true
			}
		}
	}
	return 0, false
}

// chart is a wave between two figures.
type chart struct {
	title, unit string
	low, high   float64
	step        time.Duration
}

func charts() map[string]chart {
	const day = 24 * time.Hour
	return map[string]chart{
		"hash-rate": {"Hash Rate", "Hash Rate TH/s", 9e8, 1.1e9, day}, "n-unique-addresses": {"Unique Addresses Used", "Unique Addresses", 4e5, 7e5, day},
		"n-transactions": {"Confirmed Transactions Per Day", "Transactions", 3e5, 6e5, day}, "transaction-fees": {"Total Transaction Fees (BTC)", "BTC", 3, 30, day},
		"miners-revenue": {"Miners Revenue", "USD", 3e7, 6e7, day}, "difficulty": {"Network Difficulty", "Difficulty", 1.2e14, 1.5e14, day}, "mvrv": {"Market Value to Realised Value", "", 1.2, 2.8, day},
		"market-price": {"Market Price (USD)", "USD", 6e4, 1.2e5, day}, "trade-volume": {"Exchange Trade Volume (USD)", "USD", 1e8, 9e8, day},
		"mempool-size": {"Mempool Size", "Bytes", 1e6, 9e7, 15 * time.Minute},
	}
}

// at is the figure of a time. The newest day's is an estimate, which settles a day later.
func (c chart) at(name string, t, now time.Time) float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	v := c.low + (c.high-c.low)*(1+math.Sin(float64(t.Unix()/60)/(90*1440)+float64(h.Sum32()%628)/100))/2
	if now.Sub(t) < 24*time.Hour && c.step == 24*time.Hour {
		v *= 1.01
	}
	return math.Round(v*1000) / 1000
}

// body is a chart from span ago until now, at most 1500 points where it is sampled.
func (c chart) body(name string, now time.Time, span time.Duration, sampled bool) string {
	type point struct {
		X int64   `json:"x"`
		Y float64 `json:"y"`
	}
	from := now.Add(-span)
	if first := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC); from.Before(first) {
		from = first
	}
	from = from.Add(c.step - 1).Truncate(c.step)
	step := c.step
	for sampled && now.Sub(from)/step > 1500 {
		step *= 2
	}
	points := []point{}
	for t := from; !t.After(now); t = t.Add(step) {
		points = append(points, point{t.Unix(), c.at(name, t, now)})
	}
	b, err := json.Marshal(map[string]any{"status": "ok", "name": c.title, "unit": c.unit, "period": "day", "description": "Made up for tests.", "values": points})
	if err != nil {
		panic(fmt.Sprintf("blockchain fake: %v", err)) // figures always encode
	}
	return string(b)
}
