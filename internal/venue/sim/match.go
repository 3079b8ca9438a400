package sim

import (
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/risk"
	"github.com/ohmycoins/omc/internal/trade"
)

// moment is what orders are matched against: a whole bar, or one quote.
type moment struct {
	open      money.Decimal // what a market order pays before slippage; a limit order gets it where it is better than the limit
	low, high money.Decimal
	opens     bool          // open is the bar's first price: a limit order may be improved to it
	limited   bool          // room bounds what can be filled
	room      money.Decimal // volume left for our orders, in whole steps
	buy, sell money.Decimal // what a market order without a known spread fills at, once computed; zero before
	bar       int64         // open of the bar, unix seconds
	since     int64         // an order decided after it (unix nanoseconds) cannot fill here
	fillTime  time.Time
	known     time.Time
	next      int64 // from where max_gap counts for what is left, unix seconds
}

// OnBar matches the open orders of market m in order of arrival. A bar without any trade fills nothing.
func (v *Venue) OnBar(m int, b *market.Bar) {
	k := &v.books[m]
	if len(k.orders) == 0 {
		return
	}
	at := moment{
		open: b.Open(), low: b.Low(), high: b.High(), opens: true, bar: b.Unix(), since: b.Unix() * int64(time.Second),
		fillTime: b.OpenTime(), known: time.Unix(b.Unix()+v.interval, 0).UTC(), next: b.Unix() + v.interval,
	}
	if b.HasVolume() {
		volume := b.Volume()
		if volume.IsZero() {
			return
		}
		at.limited, at.room = true, volume.Mul(v.s.Participation).FloorTo(v.s.QuantityStep)
	}
	v.match(k, &at)
}

// OnQuote matches against a quote's last price. The first quote of a bar counts as its open. A quote has no volume, so nothing
// bounds what it fills.
func (v *Venue) OnQuote(m int, q *market.Quote) {
	if q.Last.Sign() <= 0 {
		return
	}
	k := &v.books[m]
	bar := market.Interval(v.interval).Floor(q.Time.Unix())
	opens := bar != k.quoteBar
	k.quoteBar = bar
	if len(k.orders) == 0 {
		return
	}
	v.match(k, &moment{
		open: q.Last, low: q.Last, high: q.Last, opens: opens, bar: bar, since: q.Time.UnixNano(), fillTime: q.Time, known: q.Time,
		next: bar + v.interval,
	})
}

func (v *Venue) match(k *book, at *moment) {
	for _, r := range k.orders {
		if r.placed > at.since {
			continue
		}
		if r.Type == trade.MarketOrder {
			v.matchMarket(r, k, at)
		} else {
			v.matchLimit(r, k, at)
		}
	}
	k.sweep()
}

func (v *Venue) matchMarket(r *order, k *book, at *moment) {
	if at.bar-r.reference > int64(v.s.MaxGap)*v.interval {
		v.end(r, k, trade.Cancelled, risk.FeedGap, nil, at.known)
		return
	}
	r.reference = at.next
	price := v.marketPrice(r, at)
	if price.Sign() <= 0 {
		v.end(r, k, trade.Cancelled, risk.NoPrice, nil, at.known)
		return
	}
	v.fill(r, k, at, price)
}

// marketPrice is what r fills at: the open, worse by slippage and half the spread that was known at the decision. Many orders may
// wait for volume at once, and most know no spread: their price is computed once for each side.
func (v *Venue) marketPrice(r *order, at *moment) money.Decimal {
	shared := &at.sell
	if r.Side == trade.Buy {
		shared = &at.buy
	}
	if r.halfSpread.IsZero() && shared.Sign() > 0 {
		return *shared
	}
	var price money.Decimal
	if r.Side == trade.Buy {
		price = at.open.Mul(money.BpsFactor(v.s.SlippageBps)).Add(r.halfSpread).CeilTo(v.s.PriceTick)
	} else {
		price = at.open.Mul(money.BpsFactor(v.s.SlippageBps.Neg())).Sub(r.halfSpread)
		if price.Sign() > 0 {
			price = price.FloorTo(v.s.PriceTick)
		}
	}
	if r.halfSpread.IsZero() {
		*shared = price
	}
	return price
}

// matchLimit fills where the price went strictly through the limit, at the better of limit and open.
func (v *Venue) matchLimit(r *order, k *book, at *moment) {
	price := r.Limit
	if r.Side == trade.Buy {
		if !at.low.Less(r.Limit) {
			return
		}
		if at.opens {
			price = money.Min(price, at.open.CeilTo(v.s.PriceTick))
		}
	} else {
		if !r.Limit.Less(at.high) {
			return
		}
		if at.opens {
			price = money.Max(price, at.open.FloorTo(v.s.PriceTick))
		}
	}
	v.fill(r, k, at, price)
}

// fill executes as much of r as volume, cash and coins allow.
func (v *Venue) fill(r *order, k *book, at *moment, price money.Decimal) {
	q := r.Remaining()
	if at.limited {
		if at.room.Sign() <= 0 {
			return
		}
		q = money.Min(q, at.room)
	}
	clipped := false
	if r.Side == trade.Buy {
		// What other resting buys reserved is theirs; what this one reserved is its own.
		free := v.cash.Sub(v.reserved).Add(r.reserve)
		if free.Less(risk.Cost(q, price, v.s.FeeBps)) {
			clipped = true
			if q = risk.Affordable(free, price, v.s.FeeBps, v.s.QuantityStep); q.Mul(price).Less(v.s.MinNotional) || q.IsZero() {
				v.end(r, k, trade.Cancelled, risk.InsufficientCash, nil, at.known)
				return
			}
		}
	} else if free := k.position.Sub(k.reserved).Add(r.reserve); free.Less(q) {
		v.end(r, k, trade.Cancelled, risk.InsufficientPosition, nil, at.known)
		return
	}
	f := v.execute(r, k, at, price, q)
	f.Clipped = clipped
	switch {
	case clipped:
		r.Quantity = r.Filled // the order's quantity is what cash covered
		v.end(r, k, trade.Filled, risk.Clipped, f, at.known)
	case r.Remaining().IsZero():
		v.end(r, k, trade.Filled, "", f, at.known)
	default:
		v.reserve(r, k)
		v.tell(r, trade.Open, "", f, at.known)
	}
}

// execute books a fill into the account.
func (v *Venue) execute(r *order, k *book, at *moment, price, q money.Decimal) *trade.Fill {
	r.fills++
	f := &trade.Fill{
		ID: r.ID + "." + strconv.Itoa(r.fills), OrderID: r.ID, Market: r.Market, Side: r.Side, Quantity: q, Price: price,
		Fee: money.Bps(q.Mul(price), v.s.FeeBps), Time: at.fillTime,
	}
	r.Filled = r.Filled.Add(q)
	r.UpdatedAt = at.known
	v.cash = v.cash.Add(f.CashChange())
	if r.Side == trade.Buy {
		k.position = k.position.Add(q)
	} else {
		k.position = k.position.Sub(q)
	}
	if at.limited {
		at.room = at.room.Sub(q)
	}
	return f
}
