// Package fake is a strict stand-in for Coinbase Exchange's public candles endpoint, in the wire format of its documentation and
// of recorded answers. It refuses what Coinbase refuses. It must never be part of a program that users run, and makes up no price.
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
	maxBuckets = 300 // of a request with a range
	early      = 3   // rows that precede such a range: the documentation warns of them
	newest     = 350 // rows of an answer without a range, as recorded
	perSecond  = 10
)

// Exchange is an http.Handler. Safe for concurrent use.
type Exchange struct {
	clock clock.Clock

	mu       sync.Mutex // guards what follows
	products map[string]map[market.Interval][]market.Bar
	window   window.Window
}

// New returns an exchange that lists no product. The clock decides which candles exist yet and how many requests are too many.
func New(c clock.Clock) *Exchange {
	return &Exchange{clock: c, products: map[string]map[market.Interval][]market.Bar{}, window: window.Window{Span: time.Second}}
}

// List adds a product, and candles of it, oldest first. Those without a volume are left out of answers, as the exchange does where
// nobody has traded; those that open in the future are held back until their time.
func (x *Exchange) List(m market.Market, iv market.Interval, bars ...market.Bar) {
	x.mu.Lock()
	defer x.mu.Unlock()
	id := string(m.Base) + "-" + string(m.Quote)
	if x.products[id] == nil {
		x.products[id] = map[market.Interval][]market.Bar{}
	}
	x.products[id][iv] = append(x.products[id][iv], bars...)
}

// ServeHTTP answers with the candles of a product, newest first, or refuses.
func (x *Exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if r.Header.Get("User-Agent") == "" {
		refuse(w, 400, "User-Agent header is required.")
		return
	}
	if x.window.Add(now, 1) > perSecond {
		refuse(w, 429, "Public rate limit exceeded")
		return
	}
	id, ok := strings.CutPrefix(r.URL.Path, "/products/")
	id, suffix := strings.CutSuffix(id, "/candles")
	product := x.products[id]
	if r.Method != http.MethodGet || !ok || !suffix || product == nil {
		refuse(w, 404, "NotFound")
		return
	}
	iv, from, to, err := read(r.URL.Query())
	if err != nil {
		refuse(w, 400, err.Error())
		return
	}
	reply(w, candles(product[iv], iv, from, to, now.Unix()))
}

type refusal string

func (r refusal) Error() string { return string(r) }

// read returns the range in unix seconds, both ends inclusive; from 0 means the newest candles. A range with one end is none.
func read(q url.Values) (iv market.Interval, from, to int64, err error) {
	for k, v := range q {
		if !slices.Contains([]string{"granularity", "start", "end"}, k) || len(v) != 1 {
			return 0, 0, 0, refusal("Unsupported parameter " + k)
		}
	}
	n, err := strconv.ParseInt(q.Get("granularity"), 10, 32)
	if err != nil || !slices.Contains([]int64{60, 300, 900, 3600, 21600, 86400}, n) {
		return 0, 0, 0, refusal("Unsupported granularity")
	}
	if q.Get("start") == "" || q.Get("end") == "" {
		return market.Interval(n), 0, 0, nil
	}
	if from, err = instant(q.Get("start")); err != nil {
		return 0, 0, 0, refusal("Invalid start")
	}
	if to, err = instant(q.Get("end")); err != nil || to < from {
		return 0, 0, 0, refusal("Invalid end")
	}
	if (to-from)/n > maxBuckets {
		return 0, 0, 0, refusal("granularity too small for the requested time range. Count of aggregations requested exceeds 300")
	}
	return market.Interval(n), from, to, nil
}

// instant reads unix seconds or ISO 8601.
func instant(s string) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		return n, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	return t.Unix(), err
}

// candles are rows of time, low, high, open, close, volume as JSON numbers. The newest one may still be open.
func candles(bars []market.Bar, iv market.Interval, from, to, now int64) [][]any {
	rows := [][]any{}
	for i := len(bars) - 1; i >= 0; i-- {
		b := &bars[i]
		ranged := from == 0 && len(rows) < newest || from != 0 && b.Unix() >= from-early*int64(iv) && b.Unix() <= to
		if !ranged || b.Volume().Sign() == 0 || b.Unix() > iv.Floor(now) {
			continue
		}
		rows = append(rows, []any{b.Unix(), json.Number(b.Low().String()), json.Number(b.High().String()), json.Number(b.Open().String()),
			json.Number(b.Close().String()), json.Number(b.Volume().String())})
	}
	return rows
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	reply(w, map[string]string{"message": text})
}

func reply(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("coinbase fake: %v", err)) // lists of numbers always encode
	}
	_, _ = w.Write(b) // a client that has gone away misses nothing
}
