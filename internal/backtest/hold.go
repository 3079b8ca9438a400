package backtest

import (
	"context"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/risk"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/internal/venue"
	"github.com/ohmycoins/omc/internal/venue/sim"
)

// hold is buy-and-hold: all cash, in equal parts where there are several markets, bought at each market's first tradable open by
// the simulator's own rules, and held.
type hold struct {
	s       report.Settings
	rules   risk.Rules
	markets []market.Market
	venue   *sim.Venue
	placed  []bool
	held    []float64
	close   []float64
	last    []market.Bar
	cash    float64
	equity  float64
	exposed bool

	fees     money.Decimal
	notional money.Decimal
	trades   trades
	updates  []venue.Update
}

func newHold(s report.Settings, markets []market.Market, interval market.Interval) (*hold, error) {
	v, err := sim.New(s, markets, interval)
	if err != nil {
		return nil, err
	}
	n := len(markets)
	cash := s.Cash.Float64()
	return &hold{s: s, rules: engine.Rules(s, n), markets: markets, venue: v, placed: make([]bool, n), held: make([]float64, n),
		close: make([]float64, n), last: make([]market.Bar, n), cash: cash, equity: cash, trades: newTrades(markets)}, nil
}

// bar takes one bar of the window. tradable says that the strategy may trade on it.
func (h *hold) bar(m int, b *market.Bar, tradable bool) {
	if tradable && !h.placed[m] && (!b.HasVolume() || !b.Volume().IsZero()) {
		h.placed[m] = true
		h.buy(m, b)
	}
	h.venue.OnBar(m, b)
	if h.venue.Busy() {
		h.take()
	}
	h.close[m], h.last[m] = b.CloseFloat(), *b
	h.equity = h.cash
	for k, q := range h.held {
		h.equity += q * h.close[k]
	}
	if h.exposed && h.held[m] != 0 {
		h.trades.bar(m)
	}
}

// buy places the market's share of the cash just before b opens.
func (h *hold) buy(m int, b *market.Bar) {
	in := strategy.Intent{Market: m, Side: trade.Buy, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: money.One, Tag: "hold"}
	if n := len(h.markets); n > 1 {
		share, err := h.s.Cash.Quo(money.FromInt(int64(n)))
		if err != nil {
			return
		}
		in.Size, in.Amount = strategy.ByNotional, share.RoundDown(money.Scale)
	}
	p := risk.Proposal{ID: fmt.Sprintf("hold%d", m+1), Market: h.markets[m], At: time.Unix(b.Unix(), 0).UTC(), Intent: in}
	s := risk.State{Warm: true, Cash: h.venue.Cash(), Last: b.Open()}
	a, refusal := risk.Check(&p, &s, &h.rules)
	if refusal != nil {
		return // too little cash to buy anything: it holds cash, and its figures say so
	}
	if err := h.venue.Submit(context.Background(), a); err != nil {
		panic(fmt.Sprintf("backtest: buy and hold: %v", err)) // approved, once, on a declared market
	}
}

func (h *hold) take() {
	h.updates = h.venue.Updates(h.updates[:0])
	for i := range h.updates {
		f := h.updates[i].Fill
		if f == nil {
			continue
		}
		h.fees = h.fees.Add(f.Fee)
		h.notional = h.notional.Add(f.Notional())
		h.trades.fill(f)
		h.exposed = true
	}
	h.cash = h.venue.Cash().Float64()
	for m := range h.held {
		h.held[m] = h.venue.Position(m).Float64()
	}
}

// exact is the equity at the last closes.
func (h *hold) exact() money.Decimal {
	v := h.venue.Cash()
	for m := range h.held {
		if h.held[m] != 0 {
			v = v.Add(h.venue.Position(m).Mul(h.last[m].Close()).RoundHalfEven(money.Scale))
		}
	}
	return v
}
