package fake

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/market"
)

// listing is one market: what it is like, and what a test has set of it.
type listing struct {
	market    market.Market
	nature    *kind     // nil: all that it says was set
	from      time.Time // listed since
	fixed     *prices
	rates     *rates
	book      *Orders
	completed *Orders
	spoil     func(prices) prices // nil: its prices are told as they are
	left      int                 // answers yet to spoil
}

// prices are text: CoinSpot sends strings, and "NaN" where nobody trades.
type prices struct {
	Bid  string `json:"bid"`
	Ask  string `json:"ask"`
	Last string `json:"last"`
}

// rates are what a coin can be bought and sold for at once; "" where it cannot.
type rates struct{ buy, sell string }

// Orders are the rows of both sides of a list as they are to be sent, newest or best first.
type Orders struct{ Buys, Sells []json.RawMessage }

// open reports whether the market is listed yet.
func (l *listing) open(now time.Time) bool { return !now.Before(l.from) }

// turn spoils the prices of one answer where that is asked for.
func (l *listing) turn(p prices) prices {
	if l.left == 0 {
		return p
	}
	l.left--
	return l.spoil(p)
}

// key is btc for BTC/AUD and btc_usdt for BTC/USDT.
func key(m market.Market) string {
	k := strings.ToLower(string(m.Base))
	if m.Quote != "AUD" {
		k += "_" + strings.ToLower(string(m.Quote))
	}
	return k
}

// set changes a listing, which is made where there is none.
func (x *Exchange) set(m market.Market, change func(*listing)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.listings[key(m)]
	if l == nil {
		l = &listing{market: m}
		x.listings[key(m)] = l
	}
	change(l)
}

// Quote sets the prices of a market as they are to be sent, be they numbers or not.
func (x *Exchange) Quote(m market.Market, bid, ask, last string) {
	x.set(m, func(l *listing) { l.fixed = &prices{bid, ask, last} })
}

// Rate sets for what a coin is bought and sold at once; "": it is not.
func (x *Exchange) Rate(m market.Market, buy, sell string) {
	x.set(m, func(l *listing) { l.rates = &rates{buy, sell} })
}

// Book sets the open orders of a market.
func (x *Exchange) Book(m market.Market, o Orders) { x.set(m, func(l *listing) { l.book = &o }) }

// Completed sets the completed orders of a market.
func (x *Exchange) Completed(m market.Market, o Orders) {
	x.set(m, func(l *listing) { l.completed = &o })
}

// List adds a market that lives from now on, about a price.
func (x *Exchange) List(m market.Market, price float64) {
	now := x.clock.Now()
	x.set(m, func(l *listing) { l.nature, l.from = &kind{price: price, spread: 50, every: 20 * time.Second}, now })
}

// Delist takes a market away: no answer names it any more.
func (x *Exchange) Delist(m market.Market) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.listings, key(m))
}

// NaN makes the next n answers of /latest say "NaN" of a market.
func (x *Exchange) NaN(m market.Market, n int) {
	x.spoil(m, n, func(prices) prices { return prices{"NaN", "NaN", "NaN"} })
}

// Cross makes the next n answers of /latest tell the bid of a market as its ask, and its ask as its bid.
func (x *Exchange) Cross(m market.Market, n int) {
	x.spoil(m, n, func(p prices) prices { return prices{p.Ask, p.Bid, p.Last} })
}

// Leap makes the next n answers of /latest tell the prices of a market times a factor: a mistake of CoinSpot's.
func (x *Exchange) Leap(m market.Market, factor float64, n int) {
	times := func(s string) string {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v != v {
			return s
		}
		return figure(v * factor)
	}
	x.spoil(m, n, func(p prices) prices { return prices{times(p.Bid), times(p.Ask), times(p.Last)} })
}

func (x *Exchange) spoil(m market.Market, n int, how func(prices) prices) {
	x.set(m, func(l *listing) { l.spoil, l.left = how, n })
}
