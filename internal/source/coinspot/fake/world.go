package fake

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/market"
)

// kind is what a market is like.
type kind struct {
	price     float64       // about which it walks
	spread    float64       // ask over bid, in basis points
	every     time.Duration // between chances of a trade
	vanishes  bool          // has no price now and then
	noInstant bool          // cannot be bought or sold at once
}

// nature is the market that this package has made up.
func nature() map[market.Market]kind {
	out := map[market.Market]kind{}
	for coin, k := range map[market.Coin]kind{
		"BTC": {price: 128_400, spread: 25, every: 4 * time.Second}, "ETH": {price: 4_520, spread: 30, every: 5 * time.Second},
		"SOL": {price: 231, spread: 40, every: 7 * time.Second}, "XRP": {price: 3.41, spread: 35, every: 6 * time.Second},
		"DOGE": {price: 0.2413, spread: 45, every: 9 * time.Second}, "ADA": {price: 0.871, spread: 50, every: 11 * time.Second},
		"LTC": {price: 143, spread: 55, every: 25 * time.Second}, "LINK": {price: 26.2, spread: 60, every: 21 * time.Second},
		"DOT": {price: 5.84, spread: 60, every: 30 * time.Second}, "AVAX": {price: 34.9, spread: 60, every: 30 * time.Second},
		"POL": {price: 0.362, spread: 80, every: 50 * time.Second}, "SHIB": {price: 0.0000192, spread: 90, every: 35 * time.Second},
		"TRX": {price: 0.513, spread: 60, every: 45 * time.Second}, "XLM": {price: 0.447, spread: 60, every: 40 * time.Second},
		"BCH": {price: 843, spread: 80, every: 70 * time.Second}, "UNI": {price: 11.6, spread: 90, every: 80 * time.Second},
		"ATOM": {price: 6.12, spread: 90, every: 90 * time.Second}, "NEAR": {price: 4.03, spread: 90, every: 75 * time.Second},
		"ALGO": {price: 0.318, spread: 95, every: 80 * time.Second}, "FIL": {price: 3.44, spread: 110, every: 2 * time.Minute},
		"HBAR": {price: 0.296, spread: 60, every: 30 * time.Second}, "ETC": {price: 29.3, spread: 110, every: 2 * time.Minute},
		"AAVE": {price: 402, spread: 100, every: 90 * time.Second}, "USDT": {price: 1.527, spread: 12, every: 8 * time.Second},
		"USDC": {price: 1.526, spread: 15, every: 14 * time.Second}, "PEPE": {price: 0.0000151, spread: 120, every: 25 * time.Second},
		"SUI": {price: 5.11, spread: 60, every: 20 * time.Second}, "ARB": {price: 0.583, spread: 100, every: 70 * time.Second},
		"OP": {price: 0.944, spread: 100, every: 90 * time.Second}, "RUNE": {price: 1.73, spread: 140, every: 3 * time.Minute, noInstant: true},
		"RFOX": {price: 0.00214, spread: 900, every: 20 * time.Minute, vanishes: true},
	} {
		out[market.Market{Base: coin, Quote: "AUD"}] = k
	}
	out[market.Market{Base: "BTC", Quote: "USDT"}] = kind{price: 84_090, spread: 120, every: 2 * time.Minute}
	out[market.Market{Base: "ETH", Quote: "USDT"}] = kind{price: 2_960, spread: 150, every: 4 * time.Minute}
	return out
}

// draw is a number in [0, 1) for a listing, a purpose and a count: the same whenever it is asked for.
func (x *Exchange) draw(l *listing, purpose string, n int64) float64 {
	h := uint64(14695981039346656037) ^ x.seed*0x9e3779b97f4a7c15 // FNV-1a, then mixed
	for _, s := range []string{string(l.market.Base), string(l.market.Quote), purpose} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h *= 1099511628211
	}
	h ^= uint64(n) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return float64((h^h>>31)>>11) / (1 << 53)
}

// swing is how far prices move up or down over a time.
type swing struct {
	name string
	span time.Duration
	by   float64
}

func swings() [5]swing {
	return [...]swing{{"second", 4 * time.Second, 0.0003}, {"minute", 40 * time.Second, 0.0012}, {"hour", 17 * time.Minute, 0.006},
		{"day", 5 * time.Hour, 0.02}, {"week", 41 * time.Hour, 0.06}}
}

// middle is the price of a living market, between its bid and its ask.
func (x *Exchange) middle(l *listing, at time.Time) float64 {
	total := 0.0
	for _, s := range swings() {
		n, part := at.UnixNano()/int64(s.span), float64(at.UnixNano()%int64(s.span))/float64(s.span)
		from, to := x.draw(l, s.name, n), x.draw(l, s.name, n+1)
		total += s.by * (2*(from+part*(to-from)) - 1)
	}
	return l.nature.price * math.Exp(total)
}

// bidAsk are the best prices of a living market.
func (x *Exchange) bidAsk(l *listing, at time.Time) (bid, ask float64) {
	mid := x.middle(l, at)
	return mid * (1 - l.nature.spread/20_000), mid * (1 + l.nature.spread/20_000)
}

// gone reports that a market has no price for some minutes.
func (x *Exchange) gone(l *listing, at time.Time) bool {
	return l.nature.vanishes && x.draw(l, "gone", at.Unix()/150) < 0.3
}

// priced is what /latest says of a market.
func (x *Exchange) priced(l *listing, now time.Time) prices {
	switch {
	case l.fixed != nil:
		return *l.fixed
	case l.nature == nil, x.gone(l, now):
		return prices{"NaN", "NaN", "NaN"}
	}
	bid, ask := x.bidAsk(l, now)
	p := prices{figure(bid), figure(ask), figure(bid)}
	x.trades(l, now, func(t trade) bool { p.Last = figure(t.rate); return false })
	return p
}

// rated is what a coin is bought and sold for at once.
func (x *Exchange) rated(l *listing, now time.Time) rates {
	switch {
	case l.rates != nil:
		return *l.rates
	case l.nature == nil && l.fixed != nil:
		return rates{l.fixed.Ask, l.fixed.Bid}
	case l.nature == nil, l.nature.noInstant:
		return rates{}
	case x.gone(l, now):
		return rates{"NaN", "NaN"}
	}
	bid, ask := x.bidAsk(l, now)
	return rates{figure(ask * 1.01), figure(bid * 0.99)}
}

// figure writes a price as CoinSpot does: at least six digits where it can, at most eight of them after the point.
func figure(v float64) string {
	digits := 8
	if v >= 1e-3 {
		digits = max(2, 5-int(math.Floor(math.Log10(v))))
	}
	return strconv.FormatFloat(v, 'f', min(digits, 8), 64)
}

// trade is one completed order.
type trade struct {
	at           time.Time
	sell         bool
	amount, rate float64
	twins        int // how many there are that look like it
}

const (
	shown  = 100    // completed orders of each side
	chance = 0.7    // of a trade, whenever there may be one
	asFar  = 10_000 // chances looked back at
)

// trades tells the completed orders of a living market from the newest back, until it is told to stop.
func (x *Exchange) trades(l *listing, now time.Time, tell func(trade) (more bool)) {
	every := int64(l.nature.every)
	for k := now.UnixNano() / every; k > now.UnixNano()/every-asFar; k-- {
		if x.draw(l, "trade", k) >= chance {
			continue
		}
		at := time.Unix(0, k*every+int64(x.draw(l, "what", 4*k)*float64(every))).UTC().Truncate(time.Millisecond)
		if at.After(now) || at.Before(l.from) {
			continue
		}
		bid, ask := x.bidAsk(l, at)
		t := trade{at: at, sell: x.draw(l, "what", 4*k+1) < 0.5, rate: ask, twins: 1}
		if t.sell {
			t.rate = bid
		}
		size := x.draw(l, "what", 4*k+2)
		t.amount = (20 + 4_000*size*size*size) / t.rate
		if x.draw(l, "what", 4*k+3) < 0.04 {
			t.twins = 2
		}
		if !tell(t) {
			return
		}
	}
}

// row is an order as the lists write it: numbers, not text.
func (l *listing) row(amount, rate float64, sold time.Time) json.RawMessage {
	a, r := strconv.FormatFloat(amount, 'f', 8, 64), figure(rate)
	rounded, _ := strconv.ParseFloat(r, 64) // what figure writes is a number
	kept, _ := strconv.ParseFloat(a, 64)
	out := fmt.Sprintf(`{"amount":%s,"rate":%s,"total":%s,"coin":%q,"market":%q`, a, r, strconv.FormatFloat(kept*rounded, 'f', 8, 64), string(l.market.Base), l.market.String())
	if !sold.IsZero() {
		out += fmt.Sprintf(`,"solddate":%q`, sold.Format("2006-01-02T15:04:05.000Z"))
	}
	return json.RawMessage(out + "}")
}

// completed are the newest orders that were filled, at most so many of each side.
func (x *Exchange) completed(l *listing, now time.Time) Orders {
	switch {
	case l.completed != nil:
		return *l.completed
	case l.nature == nil:
		return Orders{}
	}
	var o Orders
	x.trades(l, now, func(t trade) bool {
		side := &o.Buys
		if t.sell {
			side = &o.Sells
		}
		for range t.twins {
			if len(*side) < shown {
				*side = append(*side, l.row(t.amount, t.rate, t.at))
			}
		}
		return len(o.Buys) < shown || len(o.Sells) < shown
	})
	return o
}

// book are the open orders, best first. It changes every few seconds.
func (x *Exchange) book(l *listing, now time.Time) Orders {
	switch {
	case l.book != nil:
		return *l.book
	case l.nature == nil, x.gone(l, now):
		return Orders{}
	}
	var o Orders
	bid, ask := x.bidAsk(l, now)
	step := now.Unix() / 3
	for i := range int64(20 + 40*x.draw(l, "levels", step)) {
		away := float64(i) * (0.0004 + 0.0004*x.draw(l, "away", step))
		bidSize, askSize := x.draw(l, "bids", 100*step+i), x.draw(l, "asks", 100*step+i)
		o.Buys = append(o.Buys, l.row((100+9_000*bidSize*bidSize)/bid, bid*(1-away), time.Time{}))
		o.Sells = append(o.Sells, l.row((100+9_000*askSize*askSize)/ask, ask*(1+away), time.Time{}))
	}
	return o
}
