// Package fake is a strict stand-in for Kraken's public OHLC endpoint, in the wire format of its documentation and of recorded
// answers. It refuses what Kraken refuses. It must never be part of a program that users run, and makes up no price.
package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// Path is the one path that the exchange knows.
const Path = "/0/public/OHLC"

// kept is how many intervals Kraken keeps, the open one included. One without a trade has no row, so that an answer may hold
// fewer rows.
const kept = 720

// Exchange is an http.Handler. Safe for concurrent use.
type Exchange struct {
	clock clock.Clock

	mu     sync.Mutex // guards what follows
	books  map[string]*book
	window window.Window
}

type book struct {
	name string // as Kraken keys it
	bars map[market.Interval][]market.Bar
}

// New returns an exchange that lists no market. The clock decides which candle is open and how many requests are too many.
func New(c clock.Clock) *Exchange {
	return &Exchange{clock: c, books: map[string]*book{}, window: window.Window{Span: time.Second}}
}

// List adds a market, and candles of it: at most one to an interval, oldest first. A candle that opens in the future is held back
// until its time.
func (x *Exchange) List(m market.Market, iv market.Interval, bars ...market.Bar) {
	x.mu.Lock()
	defer x.mu.Unlock()
	alt, key := names(m)
	b := x.books[alt]
	if b == nil {
		b = &book{name: key, bars: map[market.Interval][]market.Bar{}}
		x.books[alt], x.books[key] = b, b
	}
	b.bars[iv] = append(b.bars[iv], bars...)
}

// names are what a request may call a market, XBTUSD, and Kraken's own name for it, XXBTZUSD: the oldest coins and currencies
// have a letter in front, in pairs with each other only.
func names(m market.Market) (alt, key string) {
	code := func(c market.Coin) string {
		switch c {
		case "BTC":
			return "XBT"
		case "DOGE":
			return "XDG"
		}
		return string(c)
	}
	base, quote := code(m.Base), code(m.Quote)
	old := slices.Contains([]string{"XBT", "ETH", "LTC", "XRP", "ETC", "XLM", "XMR", "ZEC", "REP", "MLN"}, base)
	if old && slices.Contains([]string{"USD", "EUR", "GBP", "CAD", "JPY"}, quote) {
		return base + quote, "X" + base + "Z" + quote
	}
	return base + quote, base + quote
}

// ServeHTTP answers with the candles of a market, or refuses with HTTP 200 and an error.
func (x *Exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if r.Method != http.MethodGet || r.URL.Path != Path {
		w.WriteHeader(http.StatusNotFound)
		refuse(w, "EGeneral:Unknown method")
		return
	}
	if x.window.Add(now, 1) > 1 {
		refuse(w, "EGeneral:Too many requests")
		return
	}
	b, iv, since, err := x.read(r.URL.Query())
	if err != nil {
		refuse(w, err.Error())
		return
	}
	rows, last := candles(b.bars[iv], iv, now.Unix(), since)
	reply(w, map[string]any{"error": []string{}, "result": map[string]any{b.name: rows, "last": last}})
}

type refusal string

func (r refusal) Error() string { return string(r) }

const badArguments = refusal("EGeneral:Invalid arguments")

func (x *Exchange) read(q url.Values) (b *book, iv market.Interval, since int64, err error) {
	for k, v := range q {
		if !slices.Contains([]string{"pair", "interval", "since"}, k) || len(v) != 1 {
			return nil, 0, 0, badArguments
		}
	}
	if b = x.books[q.Get("pair")]; b == nil {
		return nil, 0, 0, refusal("EQuery:Unknown asset pair")
	}
	minutes := int64(1)
	if q.Has("interval") {
		if minutes, err = strconv.ParseInt(q.Get("interval"), 10, 32); err != nil {
			return nil, 0, 0, badArguments
		}
	}
	if !slices.Contains([]int64{1, 5, 15, 30, 60, 240, 1440, 10080, 21600}, minutes) {
		return nil, 0, 0, badArguments
	}
	if q.Has("since") {
		if since, err = strconv.ParseInt(q.Get("since"), 10, 64); err != nil {
			return nil, 0, 0, badArguments
		}
	}
	return b, market.Interval(minutes * 60), since, nil
}

// candles are the rows after since, of the newest intervals only. The last one is open, and is there whatever since says; last
// is the newest closed one.
func candles(bars []market.Bar, iv market.Interval, now, since int64) (rows [][]any, last int64) {
	open := iv.Floor(now)
	last = open - int64(iv)
	rows = [][]any{}
	var newest *market.Bar
	for i := range bars {
		b := &bars[i]
		if b.Unix() > open {
			break
		}
		newest = b
		if b.Unix() <= open-kept*int64(iv) || b.Unix() <= since && b.Unix() < open {
			continue
		}
		rows = append(rows, row(b))
	}
	if newest != nil && newest.Unix() < open {
		p := newest.Close().String() // nothing has been traded in the open interval yet
		rows = append(rows, []any{open, p, p, p, p, "0.0", "0.00000000", 0})
	}
	return rows, last
}

func row(b *market.Bar) []any {
	trades := 0
	if b.Volume().Sign() > 0 {
		trades = 7
	}
	return []any{b.Unix(), b.Open().String(), b.High().String(), b.Low().String(), b.Close().String(), b.Close().String(), b.Volume().StringFixed(8), trades}
}

func refuse(w http.ResponseWriter, text string) { reply(w, map[string]any{"error": []string{text}}) }

func reply(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("kraken fake: %v", err)) // maps of strings and numbers always encode
	}
	_, _ = w.Write(b) // a client that has gone away misses nothing
}
