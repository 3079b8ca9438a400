// Package fake is a strict stand-in for CoinSpot's public API, version 2, in the wire format of its documentation and of what
// clients have seen. It refuses what CoinSpot refuses. It must never be part of a program that users run, and makes up no price.
package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// Base is the path of the public API.
const Base = "/pubapi/v2"

const perMinute = 1000

// Exchange is an http.Handler. Safe for concurrent use.
type Exchange struct {
	clock clock.Clock

	mu      sync.Mutex // guards what follows
	prices  map[string]prices
	window  window.Window
	status  int    // 0: well
	message string // of the refusal
}

// prices are text: CoinSpot sends strings, and "NaN" where nobody trades.
type prices struct {
	Bid  string `json:"bid"`
	Ask  string `json:"ask"`
	Last string `json:"last"`
}

// New returns an exchange without a market. The clock decides how many requests are too many.
func New(c clock.Clock) *Exchange {
	return &Exchange{clock: c, prices: map[string]prices{}, window: window.Window{Span: time.Minute}}
}

// Quote sets the prices of a market as they are to be sent, be they numbers or not.
func (x *Exchange) Quote(m market.Market, bid, ask, last string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.prices[key(m)] = prices{bid, ask, last}
}

// Delist takes a market away: the answer then does not name it.
func (x *Exchange) Delist(m market.Market) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.prices, key(m))
}

// Refuse answers every request with an error in CoinSpot's envelope, which has come with HTTP status 200 too; status 0 ends it.
func (x *Exchange) Refuse(status int, message string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.status, x.message = status, message
}

// key is btc for BTC/AUD and btc_usdt for BTC/USDT.
func key(m market.Market) string {
	k := strings.ToLower(string(m.Base))
	if m.Quote != "AUD" {
		k += "_" + strings.ToLower(string(m.Quote))
	}
	return k
}

// ServeHTTP answers with the prices of all coins, or of one at /latest/{coin} and /latest/{coin}/{market}.
func (x *Exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	path, ok := strings.CutPrefix(r.URL.Path, Base+"/latest")
	switch {
	case r.Method != http.MethodGet || !ok || path != "" && path[0] != '/':
		notFound(w)
		return
	case x.window.Add(now, 1) > perMinute:
		refuse(w, http.StatusTooManyRequests, "Too many requests")
		return
	case x.status != 0:
		refuse(w, x.status, x.message)
		return
	case path == "":
		reply(w, http.StatusOK, map[string]any{"status": "ok", "prices": x.prices})
		return
	}
	x.one(w, strings.Split(path[1:], "/"))
}

// one answers for a coin against AUD, in any case, or against a market in lower case.
func (x *Exchange) one(w http.ResponseWriter, path []string) {
	k := strings.ToLower(path[0])
	switch {
	case len(path) == 1:
		if p, ok := x.prices[k]; ok && !strings.Contains(k, "_") {
			reply(w, http.StatusOK, map[string]any{"status": "ok", "prices": p})
			return
		}
		// An unknown coin comes back with status 200 and without a price.
		reply(w, http.StatusOK, map[string]any{"status": "ok", "prices": map[string]any{}})
		return
	case len(path) == 2 && path[1] == "aud":
	case len(path) == 2:
		k += "_" + path[1]
	}
	p, ok := x.prices[k]
	if len(path) != 2 || !ok {
		notFound(w)
		return
	}
	reply(w, http.StatusOK, map[string]any{"status": "ok", "prices": p})
}

func notFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>")
}

func refuse(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"status": "error", "message": message})
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("coinspot fake: %v", err)) // maps of strings always encode
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone away misses nothing
}
