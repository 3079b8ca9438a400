// Package fake is a strict stand-in for Binance's public klines endpoint, in the wire format of its documentation and of recorded
// answers. It refuses what Binance refuses. It must never be part of a program that users run, and makes up no price.
package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

const (
	// Path is the one path that the exchange knows.
	Path = "/api/v3/klines"

	weight    = 2    // of one request
	maxWeight = 6000 // in a minute
	maxLimit  = 1000
	banFor    = 2 * time.Minute // the shortest; real ones last up to three days
)

// Exchange is an http.Handler. Safe for concurrent use.
type Exchange struct {
	clock clock.Clock

	mu      sync.Mutex // guards what follows
	symbols map[string]map[market.Interval][]market.Bar
	window  window.Window
	warned  time.Time // until when a further request leads to a ban
	banned  time.Time // until when there is no answer
}

// New returns an exchange that lists no symbol. The clock decides which candles exist yet and how many requests are too many.
func New(c clock.Clock) *Exchange {
	return &Exchange{clock: c, symbols: map[string]map[market.Interval][]market.Bar{}, window: window.Window{Span: time.Minute}}
}

// List adds a symbol, and candles of it, oldest first. Those that open in the future are held back until their time.
func (x *Exchange) List(m market.Market, iv market.Interval, bars ...market.Bar) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := string(m.Base) + string(m.Quote)
	if x.symbols[s] == nil {
		x.symbols[s] = map[market.Interval][]market.Bar{}
	}
	x.symbols[s][iv] = append(x.symbols[s][iv], bars...)
}

// Spend uses up request weight, as another program behind the same address would.
func (x *Exchange) Spend(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.window.Add(x.clock.Now(), n)
}

// ServeHTTP answers with the candles of a symbol, or refuses.
func (x *Exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if x.limited(w, now) {
		return
	}
	if r.URL.Path != Path {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	q, refused := x.read(r.URL.Query())
	if refused != nil {
		w.WriteHeader(http.StatusBadRequest)
		reply(w, refused)
		return
	}
	reply(w, q.klines(now.UnixMilli()))
}

// limited counts a request and answers it where it is one too many: with 429 at first, with a ban when the client goes on.
func (x *Exchange) limited(w http.ResponseWriter, now time.Time) bool {
	used := x.window.Add(now, weight)
	w.Header().Set("X-MBX-USED-WEIGHT", strconv.Itoa(used))
	w.Header().Set("X-MBX-USED-WEIGHT-1M", strconv.Itoa(used))
	switch {
	case now.Before(x.banned), now.Before(x.warned):
		if !now.Before(x.banned) {
			x.banned = now.Add(banFor)
		}
		turnAway(w, http.StatusTeapot, x.banned.Sub(now), fmt.Sprintf("Way too much request weight used; IP banned until %d. Please use WebSocket Streams for live updates to avoid bans.", x.banned.UnixMilli()))
		return true
	case used > maxWeight:
		x.warned = now.Add(time.Minute)
		turnAway(w, http.StatusTooManyRequests, time.Minute, "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.")
		return true
	}
	return false
}

func turnAway(w http.ResponseWriter, status int, d time.Duration, text string) {
	w.Header().Set("Retry-After", strconv.Itoa(int((d+time.Second-1)/time.Second)))
	w.WriteHeader(status)
	reply(w, &problem{-1003, text})
}

type problem struct {
	Code int    `json:"code"`
	Msg  string `json:"msg"`
}

// query is a request for candles; times are unix milliseconds, both ends inclusive.
type query struct {
	bars     []market.Bar
	iv       market.Interval
	from, to int64
	limit    int
}

// legal are the characters of a symbol.
const legal = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

func (x *Exchange) read(v url.Values) (q query, refused *problem) {
	for k, values := range v {
		if !slices.Contains([]string{"symbol", "interval", "startTime", "endTime", "limit"}, k) || len(values) != 1 {
			return q, &problem{-1104, "Not all sent parameters were read; read '5' parameter(s) but was sent '6'."}
		}
	}
	for _, k := range []string{"symbol", "interval"} {
		if v.Get(k) == "" {
			return q, &problem{-1102, "Mandatory parameter '" + k + "' was not sent, was empty/null, or malformed."}
		}
	}
	if strings.Trim(v.Get("symbol"), legal) != "" || len(v.Get("symbol")) > 20 {
		return q, &problem{-1100, "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'."}
	}
	symbol := x.symbols[v.Get("symbol")]
	if symbol == nil {
		return q, &problem{-1121, "Invalid symbol."}
	}
	if !slices.Contains([]string{"1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"}, v.Get("interval")) {
		return q, &problem{-1120, "Invalid interval."}
	}
	if iv, err := market.ParseInterval(v.Get("interval")); err == nil { // 1s, 3d and 1M have no bars here
		q.iv, q.bars = iv, symbol[iv]
	}
	q.limit, q.to = 500, 1<<62
	for k, to := range map[string]*int64{"startTime": &q.from, "endTime": &q.to} {
		if n, err := strconv.ParseInt(v.Get(k), 10, 64); err == nil && n >= 0 {
			*to = n
		} else if v.Has(k) {
			return q, &problem{-1100, "Illegal characters found in parameter '" + k + "'; legal range is '^[0-9]{1,20}$'."}
		}
	}
	if v.Has("limit") {
		n, err := strconv.Atoi(v.Get("limit"))
		if err != nil || n < 1 || n > maxLimit {
			return q, &problem{-1130, "Data sent for parameter 'limit' is not valid."}
		}
		q.limit = n
	}
	return q, nil
}

// klines are rows of twelve with prices as strings. The newest one may still be open. Without a start they are the newest.
func (q *query) klines(now int64) [][]any {
	rows := [][]any{}
	for i := range q.bars {
		b := &q.bars[i]
		ms := b.Unix() * 1000
		if ms < q.from || ms > q.to || ms > now {
			continue
		}
		trades, volume := 0, b.Volume()
		if volume.Sign() > 0 {
			trades = 5
		}
		amount := volume.Mul(b.Close()).StringFixed(8)
		rows = append(rows, []any{ms, b.Open().StringFixed(8), b.High().StringFixed(8), b.Low().StringFixed(8), b.Close().StringFixed(8), volume.StringFixed(8),
			ms + int64(q.iv)*1000 - 1, amount, trades, volume.StringFixed(8), amount, "0"})
		if q.from > 0 && len(rows) == q.limit {
			break
		}
	}
	return rows[max(0, len(rows)-q.limit):]
}

func reply(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("binance fake: %v", err)) // lists of strings and numbers always encode
	}
	_, _ = w.Write(b) // a client that has gone away misses nothing
}
