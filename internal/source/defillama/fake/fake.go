// Package fake is a strict stand-in for all hosts of DeFiLlama at once, in the wire format of its OpenAPI description and of recorded
// answers. Its world is made up of names and hashes and moves with the clock. It must never be part of a program that users run.
package fake

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// perMinute is DeFiLlama's soft limit.
const perMinute = 500

// Upstream is an http.Handler. Safe for concurrent use.
type Upstream struct {
	clock clock.Clock

	mu      sync.Mutex // guards what follows
	window  window.Window
	asked   []time.Time
	set     map[string]answer
	revised map[string]float64
}

type answer struct {
	status int
	body   string
}

// New returns an upstream with a world of its own. The clock moves it, and decides how many requests are too many.
func New(c clock.Clock) *Upstream {
	return &Upstream{clock: c, window: window.Window{Span: time.Minute}, set: map[string]answer{}, revised: map[string]float64{}}
}

// Set answers a path, without its query, with a status and body from now on; status 0 brings the world back.
func (u *Upstream) Set(path string, status int, body string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if status == 0 {
		delete(u.set, path)
		return
	}
	u.set[path] = answer{status, body}
}

// Revise changes what the histories say of a day, by a factor: name is a slug, a chain, or "" for all chains.
func (u *Upstream) Revise(name string, day time.Time, factor float64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.revised[name+day.UTC().Format(time.DateOnly)] = factor
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

// Requests is how many requests have come.
func (u *Upstream) Requests() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.asked)
}

// ServeHTTP answers a request to any of the hosts: their paths differ.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	u.asked = append(u.asked, now)
	switch {
	case r.UserAgent() == "" || strings.HasPrefix(r.UserAgent(), "Go-http-client"):
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head></html>")
		return
	case u.window.Add(now, 1) > perMinute:
		text(w, http.StatusTooManyRequests, "Too many requests")
		return
	case r.Method != http.MethodGet:
		text(w, http.StatusNotFound, "Not found")
		return
	}
	if a, ok := u.set[r.URL.Path]; ok {
		send(w, r, a.status, []byte(a.body))
		return
	}
	u.route(w, r, now)
}

func (u *Upstream) route(w http.ResponseWriter, r *http.Request, now time.Time) {
	dir, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	var v any
	status, missing := http.StatusNotFound, "Not found"
	switch {
	case r.URL.Path == "/protocols":
		v = u.protocols(now)
	case dir == "protocol":
		v, status, missing = u.protocol(name, now), http.StatusBadRequest, "Protocol not found"
	case r.URL.Path == "/v2/chains":
		v = u.chains(now)
	case r.URL.Path == "/v2/historicalChainTvl":
		v = u.chainDays("", 120e9, now)
	case strings.HasPrefix(r.URL.Path, "/v2/historicalChainTvl/"):
		if c, ok := chainNamed(strings.TrimPrefix(name, "historicalChainTvl/")); ok {
			v = u.chainDays(c.name, c.tvl, now)
		} else {
			missing = "Chain not found"
		}
	case dir == "overview":
		v, status, missing = u.overview(name, q, now), http.StatusBadRequest, "Bad Request"
	case r.URL.Path == "/stablecoins":
		v = u.stablecoins(q.Get("includePrices") == "true", now)
	case r.URL.Path == "/pools":
		v = u.pools(now)
	case strings.HasPrefix(r.URL.Path, "/prices/current/"):
		v = prices(strings.TrimPrefix(name, "current/"), now)
	}
	if v == nil {
		text(w, status, missing)
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("defillama fake: %v", err)) // maps of texts and numbers always encode
	}
	send(w, r, http.StatusOK, b)
}

// send answers, or says that the client has it already.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := fnv.New64a()
	_, _ = h.Write(body) // never fails
	tag := `W/"` + strconv.FormatUint(h.Sum64(), 16) + `"`
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusOK {
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone away misses nothing
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// overview answers for fees and dexs, of all chains or of one; nil where something is asked that there is not.
func (u *Upstream) overview(name string, q url.Values, now time.Time) any {
	kind, of, _ := strings.Cut(name, "/")
	share := map[string]float64{"fees": 0.0006, "dexs": 0.05}[kind]
	switch q.Get("dataType") {
	case "", "dailyFees", "dailyVolume":
	case "dailyRevenue", "dailyHoldersRevenue":
		share *= 0.3
	default:
		return nil
	}
	c, known := chainNamed(of)
	if share == 0 || of != "" && !known {
		return nil
	}
	rows, total := []any{}, 0.0
	for _, p := range world() {
		v := u.level(p.slug+kind, p.tvl*share, now)
		if of != "" {
			v *= c.tvl / 120e9
		}
		total += v
		rows = append(rows, map[string]any{"defillamaId": p.id, "id": p.id, "name": p.name, "displayName": p.name, "module": p.slug, "slug": p.slug, "category": "Dexs",
			"chains": []string{"Ethereum"}, "protocolType": "protocol", "latestFetchIsOk": true, "methodology": map[string]string{"Fees": "made up"},
			"total24h": v, "total48hto24h": v, "total7d": 7 * v, "total30d": nil, "average1y": nil, "totalAllTime": nil, "change_1d": 0.5,
			"breakdown24h": map[string]any{"ethereum": map[string]float64{p.name: v}}})
	}
	rows = append(rows, map[string]any{"defillamaId": "9999", "name": "Silent", "slug": "silent", "total24h": nil, "breakdown24h": nil})
	out := map[string]any{"protocols": rows, "total24h": total, "total7d": 7 * total, "change_1d": 0.5, "chain": nil, "allChains": []string{"Ethereum", "Solana"},
		"totalDataChart": []any{}, "totalDataChartBreakdown": []any{}}
	if of != "" {
		out["chain"] = of
	}
	if q.Get("excludeTotalDataChart") != "true" {
		out["totalDataChart"] = []any{[]any{now.Truncate(24 * time.Hour).Unix(), total}}
	}
	return out
}
