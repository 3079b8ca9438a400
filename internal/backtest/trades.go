package backtest

import (
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/trade"
)

// trades groups fills into round trips, flat to flat, market by market.
type trades struct {
	markets  []market.Market
	open     []trip
	done     []report.Trade
	notional money.Decimal // of all fills
}

// trip is one round trip under way.
type trip struct {
	t            report.Trade
	held         money.Decimal
	bought, sold money.Decimal // base coins
	paid, got    money.Decimal // notionals
	spent        money.Decimal // what the buys took from cash, fees included
	cash         money.Decimal // sum of all cash changes
}

func newTrades(markets []market.Market) trades {
	return trades{markets: markets, open: make([]trip, len(markets))}
}

func (t *trades) fill(f *trade.Fill) {
	m := 0
	for t.markets[m] != f.Market {
		m++
	}
	o := &t.open[m]
	if o.held.IsZero() {
		*o = trip{t: report.Trade{Market: f.Market, Entry: f.Time}}
	}
	change := f.CashChange()
	t.notional = t.notional.Add(f.Notional())
	o.cash = o.cash.Add(change)
	o.t.Fees = o.t.Fees.Add(f.Fee)
	o.t.Fills++
	if f.Side == trade.Buy {
		o.held, o.bought, o.paid = o.held.Add(f.Quantity), o.bought.Add(f.Quantity), o.paid.Add(f.Notional())
		o.spent = o.spent.Sub(change)
		o.t.Quantity = money.Max(o.t.Quantity, o.held)
		return
	}
	o.held, o.sold, o.got = o.held.Sub(f.Quantity), o.sold.Add(f.Quantity), o.got.Add(f.Notional())
	if o.held.IsZero() {
		at := f.Time
		o.t.Exit = &at
		o.t.ExitPrice = average(o.got, o.sold)
		t.done = append(t.done, o.close(o.cash))
	}
}

// bar counts one bar that closed with a position on market m.
func (t *trades) bar(m int) { t.open[m].t.Bars++ }

// marked lists the round trips that are still open, valued at the last closes.
func (t *trades) marked(last func(m int) money.Decimal) []report.Trade {
	var out []report.Trade
	for m := range t.open {
		o := t.open[m]
		if o.held.IsZero() {
			continue
		}
		o.t.Open = true
		o.t.ExitPrice = last(m)
		out = append(out, o.close(o.cash.Add(o.held.Mul(o.t.ExitPrice).RoundHalfEven(money.Scale))))
	}
	return out
}

// close finishes the record with its P&L.
func (o *trip) close(pnl money.Decimal) report.Trade {
	o.t.EntryPrice = average(o.paid, o.bought)
	o.t.PnL = pnl
	if o.spent.Sign() > 0 {
		o.t.Return = pnl.Float64() / o.spent.Float64()
	}
	return o.t
}

// average is notional / quantity cut at 8 decimals.
func average(notional, quantity money.Decimal) money.Decimal {
	a, err := notional.Quo(quantity)
	if err != nil {
		return money.Zero
	}
	return a.RoundDown(money.Scale)
}
