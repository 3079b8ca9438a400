// Package fake is a strict stand-in for CoinSpot's public API, version 2, in the wire format of its documentation and of what
// clients have seen. It refuses what CoinSpot refuses. By itself it tells of a small market that lives with the clock, all of it
// invented; a test can set every price and order. It must never be part of what a user trades on.
package fake

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// Base is the path of the public API.
const Base = "/pubapi/v2"

const (
	perMinute = 1000
	maxCame   = 100_000 // requests remembered
)

// Exchange is an http.Handler. Safe for concurrent use.
type Exchange struct {
	clock clock.Clock
	seed  uint64

	mu       sync.Mutex // guards what follows
	listings map[string]*listing
	window   window.Window
	came     []time.Time // requests, in order
	status   int         // 0: well
	message  string      // of the refusal
}

// New returns an exchange of some thirty coins whose prices walk with the clock and whose orders come and go. RFOX has no price now
// and then, RUNE cannot be bought at once, and WIF is listed ten minutes after the start. Its story is told by the clock alone: two
// of them tell the same.
func New(c clock.Clock) *Exchange { return World(c, 1) }

// World is New with another story for each seed.
func World(c clock.Clock, seed uint64) *Exchange {
	x := Empty(c)
	x.seed = seed
	for m, n := range nature() {
		x.listings[key(m)] = &listing{market: m, nature: &n}
	}
	wif := market.Market{Base: "WIF", Quote: "AUD"}
	x.listings[key(wif)] = &listing{market: wif, nature: &kind{price: 1.15, spread: 60, every: 40 * time.Second}, from: c.Now().Add(10 * time.Minute)}
	return x
}

// Empty returns an exchange without a market.
func Empty(c clock.Clock) *Exchange {
	return &Exchange{clock: c, listings: map[string]*listing{}, window: window.Window{Span: time.Minute}}
}

// Refuse answers every request with an error in CoinSpot's envelope, which has come with HTTP status 200 too; status 0 ends it.
func (x *Exchange) Refuse(status int, message string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.status, x.message = status, message
}

// Most is the largest number of requests in any stretch of that length.
func (x *Exchange) Most(span time.Duration) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	most, first := 0, 0
	for i, at := range x.came {
		for at.Sub(x.came[first]) >= span {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// Requests is how many have come.
func (x *Exchange) Requests() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.came)
}

// ServeHTTP answers GET requests: /latest, /buyprice, /sellprice, /orders/open, /orders/completed and /orders/summary/completed.
func (x *Exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if x.came = append(x.came, now); len(x.came) > maxCame {
		x.came = slices.Delete(x.came, 0, maxCame/2)
	}
	path, ok := strings.CutPrefix(r.URL.Path, Base+"/")
	switch {
	case r.Method != http.MethodGet || !ok:
		notFound(w)
		return
	case x.window.Add(now, 1) > perMinute:
		refuse(w, http.StatusTooManyRequests, "Too many requests")
		return
	case x.status != 0:
		refuse(w, x.status, x.message)
		return
	}
	for _, e := range []struct {
		path  string
		serve func(w http.ResponseWriter, what []string, now time.Time)
	}{{"latest", x.latest}, {"buyprice", x.buyPrice}, {"sellprice", x.sellPrice}, {"orders/open", x.openOrders},
		{"orders/completed", x.completedOrders}, {"orders/summary/completed", x.summary}} {
		rest, ok := strings.CutPrefix(path+"/", e.path+"/")
		if !ok {
			continue
		}
		var what []string
		if rest = strings.TrimSuffix(rest, "/"); rest != "" {
			what = strings.Split(rest, "/")
		}
		e.serve(w, what, now)
		return
	}
	notFound(w)
}

// latest answers with the prices of all coins, of one, or of one market. It asks for a market in lower case.
func (x *Exchange) latest(w http.ResponseWriter, what []string, now time.Time) {
	if len(what) == 0 {
		all := map[string]prices{}
		for k, l := range x.listings {
			if l.open(now) {
				all[k] = l.turn(x.priced(l, now))
			}
		}
		reply(w, http.StatusOK, map[string]any{"status": "ok", "prices": all})
		return
	}
	k := strings.ToLower(what[0])
	if len(what) == 2 && what[1] != "aud" {
		k += "_" + what[1]
	}
	l := x.listings[k]
	ok := l != nil && l.open(now)
	switch {
	case len(what) == 1 && (!ok || strings.Contains(k, "_")): // an unknown coin comes back with status 200 and without a price
		reply(w, http.StatusOK, map[string]any{"status": "ok", "prices": map[string]any{}})
	case len(what) > 2 || !ok:
		notFound(w)
	default:
		reply(w, http.StatusOK, map[string]any{"status": "ok", "prices": x.priced(l, now)})
	}
}

// find looks up what a path names, or refuses it: a coin in any case against AUD, or against another market in lower case.
func (x *Exchange) find(w http.ResponseWriter, what []string, now time.Time, unknownCoin string) *listing {
	if len(what) == 0 || len(what) > 2 {
		notFound(w)
		return nil
	}
	coin, quote := strings.ToLower(what[0]), "aud"
	if len(what) == 2 {
		quote = what[1]
	}
	known := false
	for _, l := range x.listings {
		if !l.open(now) || strings.ToLower(string(l.market.Base)) != coin {
			continue
		}
		if strings.ToLower(string(l.market.Quote)) == quote {
			return l
		}
		known = true
	}
	if known {
		refuse(w, http.StatusBadRequest, "Invalid market")
	} else {
		refuse(w, http.StatusBadRequest, unknownCoin)
	}
	return nil
}
