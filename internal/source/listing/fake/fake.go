// Package fake is a strict stand-in for what exchanges say of their markets: CoinSpot's /latest, Coinbase's /products, Kraken's Assets
// and AssetPairs, and Binance's announcements, in the wire formats of their recordings, on one handler. It refuses what they refuse.
// It is for tests and omc dev upstreams; its coins and announcements are invented.
package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// The venues.
const (
	CoinSpot = "coinspot"
	Coinbase = "coinbase"
	Kraken   = "kraken"
	Binance  = "binance"
)

// Base is the path of CoinSpot's public API; the other venues' paths begin at the root.
const Base = "/pubapi/v2"

// Market is a line of a venue's list. Status is the venue's own word: of CoinSpot a price (NaN where nobody trades), of Coinbase
// online, offline, delisted, post_only, limit_only, cancel_only, auction_mode or trading_disabled, of Kraken online, post_only, ….
type Market struct{ Base, Quote, Status string }

// Article is an announcement of Binance's.
type Article struct {
	ID      int64
	TextID  bool // the id is sent as text
	Catalog int
	Title   string
	At      time.Time
}

// Venues is an http.Handler. Safe for concurrent use.
type Venues struct {
	clock clock.Clock

	mu       sync.Mutex // guards what follows
	still    bool
	markets  map[string][]Market // by venue
	assets   map[string]string   // status by Kraken's name
	articles []Article
	gate     bool                      // Binance takes everybody for a robot
	windows  map[string]*window.Window // by venue
	times    map[string][]time.Time
}

// New returns venues with a small world of their own, whose markets come and go with the clock.
func New(c clock.Clock) *Venues {
	return &Venues{clock: c, markets: map[string][]Market{}, assets: map[string]string{}, times: map[string][]time.Time{},
		windows: map[string]*window.Window{CoinSpot: {Span: time.Minute}, Coinbase: {Span: time.Second}, Kraken: {Span: 10 * time.Second}, Binance: {Span: time.Second}}}
}

// mostKept are times of requests to a venue, for Most.
const mostKept = 100_000

// limit is of requests within a venue's window.
func limit(venue string) int {
	switch venue {
	case CoinSpot:
		return 1000
	case Kraken:
		return 15 // about one a second, with some credit
	}
	return 10
}

// Still takes the world away: what is Set is all there is.
func (x *Venues) Still() *Venues {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.still = true
	return x
}

// Set lists markets at a venue, or changes their status.
func (x *Venues) Set(venue string, markets ...Market) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, m := range markets {
		x.drop(venue, m)
		x.markets[venue] = append(x.markets[venue], m)
	}
}

// Drop takes markets off a venue's list.
func (x *Venues) Drop(venue string, markets ...Market) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, m := range markets {
		x.drop(venue, m)
	}
}

func (x *Venues) drop(venue string, m Market) {
	x.markets[venue] = slices.DeleteFunc(x.markets[venue], func(o Market) bool { return o.Base == m.Base && o.Quote == m.Quote })
}

// SetAsset names a coin of Kraken's, or changes its status; "" takes it away.
func (x *Venues) SetAsset(name, status string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.assets[name] = status
	if status == "" {
		delete(x.assets, name)
	}
}

// Announce publishes articles of Binance's. They are shown from their time on.
func (x *Venues) Announce(a ...Article) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.articles = append(x.articles, a...)
}

// Gate makes Binance take everybody for a robot, or ends that.
func (x *Venues) Gate(on bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.gate = on
}

// Most is the most requests that came to a venue within any stretch of time as long as w.
func (x *Venues) Most(venue string, w time.Duration) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	most, begin := 0, 0
	for i, t := range x.times[venue] {
		for !x.times[venue][begin].After(t.Add(-w)) {
			begin++
		}
		most = max(most, i-begin+1)
	}
	return most
}

// ServeHTTP answers for all venues; their paths tell them apart.
func (x *Venues) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	venue, serve := x.route(r.URL.Path)
	if venue == "" || r.Method != http.MethodGet {
		page(w, http.StatusNotFound, "404 Not Found")
		return
	}
	if x.times[venue] = append(x.times[venue], now); len(x.times[venue]) > mostKept {
		x.times[venue] = slices.Clone(x.times[venue][mostKept/2:])
	}
	over := x.windows[venue].Add(now, 1) > limit(venue)
	switch {
	case r.UserAgent() == "":
		page(w, http.StatusForbidden, "403 Forbidden")
	case over && venue == Kraken:
		reply(w, http.StatusOK, map[string]any{"error": []string{"EGeneral:Too many requests"}})
	case over:
		reply(w, http.StatusTooManyRequests, map[string]string{"status": "error", "message": "Too many requests"})
	default:
		serve(w, r, now)
	}
}

func (x *Venues) route(path string) (venue string, serve func(http.ResponseWriter, *http.Request, time.Time)) {
	switch path {
	case Base + "/latest":
		return CoinSpot, x.latest
	case "/products":
		return Coinbase, x.products
	case "/0/public/AssetPairs":
		return Kraken, x.pairs
	case "/0/public/Assets":
		return Kraken, x.assetList
	case "/bapi/composite/v1/public/cms/article/list/query":
		return Binance, x.catalog
	}
	return "", nil
}

func (x *Venues) list(venue string, now time.Time) []Market {
	if x.still {
		return x.markets[venue]
	}
	return append(world(venue, now), x.markets[venue]...)
}

func (x *Venues) latest(w http.ResponseWriter, _ *http.Request, now time.Time) {
	prices := map[string]any{}
	for _, m := range x.list(CoinSpot, now) {
		key := strings.ToLower(m.Base)
		if m.Quote != "AUD" {
			key += "_" + strings.ToLower(m.Quote)
		}
		prices[key] = map[string]string{"bid": m.Status, "ask": m.Status, "last": m.Status}
	}
	reply(w, http.StatusOK, map[string]any{"status": "ok", "prices": prices})
}

func (x *Venues) products(w http.ResponseWriter, _ *http.Request, now time.Time) {
	out := []any{}
	for _, m := range x.list(Coinbase, now) {
		status := m.Status
		row := map[string]any{"id": m.Base + "-" + m.Quote, "base_currency": m.Base, "quote_currency": m.Quote, "display_name": m.Base + "-" + m.Quote, "status_message": ""}
		for _, flag := range []string{"post_only", "limit_only", "cancel_only", "auction_mode", "trading_disabled"} {
			row[flag] = status == flag || flag == "trading_disabled" && status == "delisted"
			if status == flag {
				status = "online"
			}
		}
		row["status"] = status
		out = append(out, row)
	}
	reply(w, http.StatusOK, out)
}

func (x *Venues) pairs(w http.ResponseWriter, _ *http.Request, now time.Time) {
	result := map[string]any{}
	for _, m := range x.list(Kraken, now) {
		result[m.Base+m.Quote] = map[string]any{"altname": m.Base + m.Quote, "wsname": m.Base + "/" + m.Quote, "aclass_base": "currency", "base": m.Base,
			"aclass_quote": "currency", "quote": m.Quote, "status": m.Status}
	}
	result["XXBTZUSD.d"] = map[string]any{"altname": "XBTUSD.d", "aclass_base": "currency", "base": "XXBT", "quote": "ZUSD", "status": "online"}
	reply(w, http.StatusOK, map[string]any{"error": []string{}, "result": result})
}

func (x *Venues) assetList(w http.ResponseWriter, _ *http.Request, now time.Time) {
	result := map[string]any{"DOT.S": map[string]any{"aclass": "currency", "altname": "DOT.S", "status": "enabled"}}
	add := func(name, status string) {
		result[name] = map[string]any{"aclass": "currency", "altname": name, "decimals": 8, "display_decimals": 6, "status": status}
	}
	if !x.still {
		for _, m := range world(Kraken, now.Add(10*time.Minute)) { // a coin is named before its market opens
			add(m.Base, "enabled")
		}
	}
	for name, status := range x.assets {
		add(name, status)
	}
	reply(w, http.StatusOK, map[string]any{"error": []string{}, "result": result})
}

func (x *Venues) catalog(w http.ResponseWriter, r *http.Request, now time.Time) {
	q := r.URL.Query()
	number := func(key string) int {
		n, _ := strconv.Atoi(q.Get(key)) // 0 is refused
		return n
	}
	id, pageNo, size := number("catalogId"), number("pageNo"), number("pageSize")
	switch {
	case x.gate && now.Second()%2 == 0:
		w.WriteHeader(http.StatusAccepted)
		return
	case x.gate, !strings.HasPrefix(r.UserAgent(), "Mozilla/5.0"):
		page(w, http.StatusForbidden, "403 Forbidden")
		return
	case q.Get("type") != "1" || pageNo < 1 || !slices.Contains([]int{50, 20, 15, 10, 5, 3, 2}, size):
		reply(w, http.StatusOK, map[string]any{"code": "000002", "message": "illegal parameter", "data": nil, "success": false})
		return
	}
	var all []Article
	if !x.still {
		all = announcements(now)
	}
	all = append(all, x.articles...)
	all = slices.DeleteFunc(all, func(a Article) bool { return a.Catalog != id || a.At.After(now) })
	slices.SortStableFunc(all, func(a, b Article) int { return b.At.Compare(a.At) })
	total := len(all)
	all = all[min(total, (pageNo-1)*size):min(total, pageNo*size)]
	rows := []any{}
	for _, a := range all {
		var id any = a.ID
		if a.TextID {
			id = strconv.FormatInt(a.ID, 10)
		}
		rows = append(rows, map[string]any{"id": id, "code": fmt.Sprintf("%032x", a.ID), "title": a.Title, "type": 1, "releaseDate": a.At.UnixMilli()})
	}
	reply(w, http.StatusOK, map[string]any{"code": "000000", "message": nil, "messageDetail": nil, "success": true, "data": map[string]any{"catalogs": []any{
		map[string]any{"catalogId": id, "parentCatalogId": nil, "catalogName": "Announcements", "catalogType": 1, "total": total, "articles": rows}}}})
}

func page(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>"+title+"</title></head><body>"+title+"</body></html>")
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("listing fake: %v", err)) // maps of texts and numbers always encode
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone away misses nothing
}
