// Package fake is a strict stand-in for Nansen's API, version 1, in the wire format of its documentation and of recorded answers. Its
// world is made up of hashes and moves with the clock; its credits run out. It must never be part of a program that users run.
package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// Base is the path of the API.
const Base = "/api/v1"

const (
	perSecond = 20 // as remembered by others; Nansen's documentation does not tell
	cost      = 5
)

// Upstream is an http.Handler. Safe for concurrent use.
type Upstream struct {
	clock clock.Clock

	mu      sync.Mutex // guards what follows
	window  window.Window
	asked   []time.Time
	key     string
	credits int
	status  int // 0: well
	body    string
	rows    map[string][]json.RawMessage // in place of the world's
}

// New returns an upstream with a world of its own, a great many credits, and an open door for any key.
func New(c clock.Clock) *Upstream {
	return &Upstream{clock: c, window: window.Window{Span: time.Second}, credits: 1_000_000, rows: map[string][]json.RawMessage{}}
}

// Key sets the only key that is let in.
func (u *Upstream) Key(k string) { u.change(func() { u.key = k }) }

// Credits sets how many are left.
func (u *Upstream) Credits(n int) { u.change(func() { u.credits = n }) }

// Refuse answers every request with a status and body, for the price of an answer; status 0 ends it.
func (u *Upstream) Refuse(status int, body string) {
	u.change(func() { u.status, u.body = status, body })
}

// Rows sets all rows of a route, smart-money/netflow or smart-money/dex-trades, in the order of its pages; nil brings the world back.
func (u *Upstream) Rows(route string, rows []json.RawMessage) {
	u.change(func() {
		if u.rows[route] = rows; rows == nil {
			delete(u.rows, route)
		}
	})
}

func (u *Upstream) change(f func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f()
}

// Requests is how many requests have come.
func (u *Upstream) Requests() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.asked)
}

// Most is the largest number of requests in any stretch of that length.
func (u *Upstream) Most(span time.Duration) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	most := 0
	w := window.Window{Span: span}
	for _, t := range u.asked {
		most = max(most, w.Add(t, 1))
	}
	return most
}

// ServeHTTP answers a POST to one of the routes, and a GET of the account.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	u.asked = append(u.asked, now)
	route, ok := strings.CutPrefix(r.URL.Path, Base+"/")
	key := r.Header.Get("apiKey")
	switch {
	case u.window.Add(now, 1) > perSecond:
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusTooManyRequests, map[string]string{"error": "Rate limited"})
	case key == "" || u.key != "" && key != u.key:
		reply(w, http.StatusUnauthorized, map[string]string{"error": "Unauthorized", "message": "Invalid API key"})
	case ok && route == "account" && r.Method == http.MethodGet:
		reply(w, http.StatusOK, map[string]any{"plan": "payg", "credits_remaining": u.credits})
	case !ok || !slices.Contains([]string{"smart-money/netflow", "smart-money/dex-trades"}, route):
		u.charge(w, 1)
		reply(w, http.StatusNotFound, map[string]string{"error": "Not Found", "message": "Not Found"})
	case r.Method != http.MethodPost:
		reply(w, http.StatusMethodNotAllowed, map[string]string{"message": "Method Not Allowed"})
	case u.credits < cost:
		reply(w, http.StatusForbidden, map[string]string{"message": "Insufficient credits"})
	default:
		u.charge(w, cost)
		u.serve(w, r, route, now)
	}
}

func (u *Upstream) charge(w http.ResponseWriter, n int) {
	u.credits -= n
	w.Header().Set("X-Nansen-Credits-Cost", strconv.Itoa(n))
	w.Header().Set("X-Nansen-Credits-Remaining", strconv.Itoa(u.credits))
}

type question struct {
	Chains     []string                   `json:"chains"`
	Filters    map[string]json.RawMessage `json:"filters"`
	Pagination struct {
		Page    int `json:"page"`
		PerPage int `json:"per_page"`
	} `json:"pagination"`
	OrderBy []struct {
		Field     string `json:"field"`
		Direction string `json:"direction"`
	} `json:"order_by"`
}

func (u *Upstream) serve(w http.ResponseWriter, r *http.Request, route string, now time.Time) {
	if u.status != 0 {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(u.status)
		_, _ = io.WriteString(w, u.body) // a client that has gone away misses nothing
		return
	}
	q, refusal := read(r, route)
	if refusal != nil {
		reply(w, http.StatusUnprocessableEntity, refusal)
		return
	}
	var rows []lazy
	set, ok := u.rows[route]
	for _, raw := range set {
		rows = append(rows, func() json.RawMessage { return raw })
	}
	if !ok && route == "smart-money/netflow" {
		rows = netflow(q.Chains, q.OrderBy[0].Direction == "ASC", now)
	} else if !ok {
		rows = trades(q.Chains, now)
	}
	first := min((q.Pagination.Page-1)*q.Pagination.PerPage, len(rows))
	last := min(first+q.Pagination.PerPage, len(rows))
	page := []json.RawMessage{}
	for _, row := range rows[first:last] {
		page = append(page, row())
	}
	reply(w, http.StatusOK, map[string]any{"data": page,
		"pagination": map[string]any{"page": q.Pagination.Page, "per_page": q.Pagination.PerPage, "is_last_page": last == len(rows)}})
}

// read checks a request as strictly as Nansen does: what it does not know is refused.
func read(r *http.Request, route string) (q question, refusal map[string]string) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return q, map[string]string{"message": "Input should be a valid dictionary"}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return q, map[string]string{"message": "the body broke off"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		return q, map[string]string{"message": fmt.Sprintf("%v. Please check the API documentation for valid request fields.", err)}
	}
	if len(q.Chains) == 0 {
		return q, map[string]string{"error": "Missing field", "message": "Required field 'body -> chains' is missing", "code": "missing_field", "param": "chains"}
	}
	known := []string{"ethereum", "solana", "base", "bnb", "arbitrum", "polygon", "optimism", "avalanche", "all"}
	field := map[string]string{"smart-money/netflow": "net_flow_24h_usd", "smart-money/dex-trades": "block_timestamp"}[route]
	for _, c := range q.Chains {
		if !slices.Contains(known, c) {
			return q, map[string]string{"message": "chain '" + c + "' is not supported"}
		}
	}
	for f := range q.Filters {
		if !slices.Contains([]string{"include_smart_money_labels", "exclude_smart_money_labels", "include_stablecoins", "include_native_tokens"}, f) {
			return q, map[string]string{"message": "Field '" + f + "' is not recognized. Please check the API documentation for valid request fields."}
		}
	}
	switch {
	case len(q.OrderBy) != 1 || q.OrderBy[0].Field != field || q.OrderBy[0].Direction != "ASC" && q.OrderBy[0].Direction != "DESC":
		return q, map[string]string{"message": "order_by is not valid"}
	case q.Pagination.Page < 1 || q.Pagination.PerPage < 1 || q.Pagination.PerPage > 1000:
		return q, map[string]string{"message": "pagination is not valid"}
	}
	return q, nil
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("nansen fake: %v", err)) // maps of texts and numbers always encode
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone away misses nothing
}
