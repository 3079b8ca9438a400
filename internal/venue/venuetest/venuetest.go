// Package venuetest is the conformance suite of venue.Broker: every implementation passes it.
// It never looks behind the port; a Harness moves the market that the broker sees.
package venuetest

import (
	"context"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/risk"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/internal/venue"
)

// Market and Interval are what a harness must trade; Start is when its market opens.
var (
	Market   = market.Market{Base: "BTC", Quote: "AUD"}
	Interval = market.Hour
	Start    = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Harness is a fresh broker with 1,000 AUD and nothing else, and its market. Costs are those of report.Default.
type Harness struct {
	Broker venue.Broker
	// Trade lets the market trade for one interval that opens at the given time: it opens at open, touches low and high, closes at
	// close, with plenty of volume. The broker has answered when it returns.
	Trade func(at time.Time, open, high, low, close string)
}

// Run runs the suite; fresh must return a new harness on each call.
func Run(t *testing.T, fresh func(t *testing.T) Harness) {
	for name, test := range map[string]func(*testing.T, *account){
		"takes only what risk approved":          testZeroApproved,
		"an id is used once":                     testDuplicate,
		"a market order fills whole at the open": testMarketOrder,
		"a limit waits until it is crossed":      testLimit,
		"cancelling ends an order once":          testCancel,
		"unknown and ended orders are ignored":   testCancelUnknown,
		"fills add up and cash is never short":   testCash,
		"what is not held is not sold":           testShort,
		"updates are told once, in legal order":  testOrderOfUpdates,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &account{t: t, h: fresh(t), at: Start, orders: map[string]*trade.Order{}})
		})
	}
}

// account follows a broker's answers with the one transition table.
type account struct {
	t      *testing.T
	h      Harness
	at     time.Time
	n      int
	orders map[string]*trade.Order
	fills  []trade.Fill
}

// bar lets one interval pass and takes the broker's answers.
func (a *account) bar(open, high, low, close string) {
	a.t.Helper()
	a.h.Trade(a.at, open, high, low, close)
	a.at = a.at.Add(Interval.Duration())
	a.take()
}

func (a *account) take() {
	a.t.Helper()
	for _, u := range a.h.Broker.Updates(nil) {
		o := a.orders[u.OrderID]
		if o == nil {
			a.t.Fatalf("an update of order %s, which was never submitted", u.OrderID)
		}
		if o.State.Terminal() {
			a.t.Fatalf("order %s is %s and was told to be %s", o.ID, o.State, u.State)
		}
		if u.State != o.State {
			if err := o.To(u.State, u.Time); err != nil {
				a.t.Fatal(err)
			}
		}
		o.Quantity, o.Reason = u.Quantity, u.Reason
		if f := u.Fill; f != nil {
			o.Filled = o.Filled.Add(f.Quantity)
			a.fills = append(a.fills, *f)
			if f.OrderID != o.ID || f.Market != Market || f.Side != o.Side || f.ID == "" {
				a.t.Fatalf("fill %+v of order %+v", f, o)
			}
		}
		if o.Quantity.Less(o.Filled) || o.State == trade.Filled && !o.Filled.Equal(o.Quantity) {
			a.t.Fatalf("order %s: %s of %s filled, state %s", o.ID, o.Filled, o.Quantity, o.State)
		}
	}
}

// approve makes an approved order as if everything were allowed.
func (a *account) approve(side trade.Side, typ trade.Type, quantity, limit string) risk.Approved {
	a.t.Helper()
	a.n++
	s := report.Default()
	in := strategy.Intent{Side: side, Type: typ, Size: strategy.ByQuantity, Amount: money.MustParse(quantity)}
	if limit != "" {
		in.Limit = money.MustParse(limit)
	}
	p := risk.Proposal{ID: string(rune('a' + a.n)), Market: Market, At: a.at, Intent: in}
	st := risk.State{Warm: true, Cash: money.FromInt(1_000_000_000), Position: money.FromInt(1_000_000), Last: money.FromInt(100)}
	ok, refusal := risk.Check(&p, &st, &risk.Rules{FeeBps: s.FeeBps, SlippageBps: s.SlippageBps, MinNotional: s.MinNotional, PriceTick: s.PriceTick, QuantityStep: s.QuantityStep, MaxOpenOrders: 10})
	if refusal != nil {
		a.t.Fatal(refusal)
	}
	return ok
}

// submit sends an order and takes the first answers.
func (a *account) submit(side trade.Side, typ trade.Type, quantity, limit string) *trade.Order {
	a.t.Helper()
	ok := a.approve(side, typ, quantity, limit)
	o := ok.Order()
	o.State = trade.Sent
	a.orders[o.ID] = &o
	if err := a.h.Broker.Submit(context.Background(), ok); err != nil {
		a.t.Fatal(err)
	}
	a.take()
	return &o
}

func (a *account) state(o *trade.Order, want trade.State) {
	a.t.Helper()
	if o.State != want {
		a.t.Fatalf("order %s is %s (%s), want %s", o.ID, o.State, o.Reason, want)
	}
}

func testZeroApproved(t *testing.T, a *account) {
	if err := a.h.Broker.Submit(context.Background(), risk.Approved{}); err == nil {
		t.Fatal("an order that risk never saw was taken")
	}
	a.bar("100", "100", "100", "100")
	if len(a.fills) > 0 {
		t.Fatal("it was filled")
	}
}

func testDuplicate(t *testing.T, a *account) {
	ok := a.approve(trade.Buy, trade.MarketOrder, "1", "")
	o := ok.Order()
	o.State = trade.Sent
	a.orders[o.ID] = &o
	if err := a.h.Broker.Submit(context.Background(), ok); err != nil {
		t.Fatal(err)
	}
	if err := a.h.Broker.Submit(context.Background(), ok); err == nil {
		t.Fatal("the same order was taken twice")
	}
	a.bar("100", "100", "100", "100")
	if len(a.fills) != 1 {
		t.Fatalf("%d fills", len(a.fills))
	}
}

func testMarketOrder(t *testing.T, a *account) {
	a.bar("100", "100", "100", "100")
	o := a.submit(trade.Buy, trade.MarketOrder, "2", "")
	a.bar("101", "105", "99", "104")
	a.state(o, trade.Filled)
	if len(a.fills) != 1 || a.fills[0].Price.Less(money.FromInt(101)) {
		t.Fatalf("fills %+v", a.fills)
	}
}

func testLimit(t *testing.T, a *account) {
	a.bar("100", "100", "100", "100")
	o := a.submit(trade.Buy, trade.LimitOrder, "2", "95")
	a.state(o, trade.Open)
	a.bar("100", "101", "95", "100")
	a.state(o, trade.Open)
	a.bar("100", "101", "94", "100")
	a.state(o, trade.Filled)
	if !a.fills[0].Price.Equal(money.FromInt(95)) {
		t.Fatalf("filled at %s", a.fills[0].Price)
	}
}

func testCancel(t *testing.T, a *account) {
	o := a.submit(trade.Buy, trade.LimitOrder, "2", "95")
	for range 2 {
		if err := a.h.Broker.Cancel(context.Background(), o.ID); err != nil {
			t.Fatal(err)
		}
		a.take()
		a.state(o, trade.Cancelled)
	}
	a.bar("90", "90", "80", "90")
	if len(a.fills) > 0 {
		t.Fatal("filled after it was cancelled")
	}
}

func testCancelUnknown(t *testing.T, a *account) {
	o := a.submit(trade.Buy, trade.MarketOrder, "1", "")
	a.bar("100", "100", "100", "100")
	for _, id := range []string{"", "nobody", o.ID} {
		if err := a.h.Broker.Cancel(context.Background(), id); err != nil {
			t.Fatalf("cancel %q: %v", id, err)
		}
	}
	a.take()
	a.state(o, trade.Filled)
}

func testCash(t *testing.T, a *account) {
	a.submit(trade.Buy, trade.MarketOrder, "6", "")
	a.submit(trade.Buy, trade.MarketOrder, "6", "")
	a.bar("100", "100", "100", "100")
	cash := money.FromInt(1000)
	for i := range a.fills {
		cash = cash.Add(a.fills[i].CashChange())
	}
	if cash.Sign() < 0 || len(a.fills) != 2 || !a.fills[1].Clipped {
		t.Fatalf("cash %s after %+v", cash, a.fills)
	}
	if o := a.submit(trade.Buy, trade.LimitOrder, "1", "90"); o.State != trade.Rejected {
		t.Fatalf("a limit order without cash is %s", o.State)
	}
}

func testShort(t *testing.T, a *account) {
	if o := a.submit(trade.Sell, trade.LimitOrder, "1", "110"); o.State != trade.Rejected {
		t.Fatalf("a limit order without coins is %s", o.State)
	}
	o := a.submit(trade.Sell, trade.MarketOrder, "1", "")
	a.bar("100", "100", "100", "100")
	if !o.State.Terminal() || len(a.fills) > 0 {
		t.Fatalf("order %+v, fills %+v", o, a.fills)
	}
}

func testOrderOfUpdates(t *testing.T, a *account) {
	for i := range 6 {
		side := trade.Buy
		if i%2 == 1 {
			side = trade.Sell
		}
		a.submit(side, trade.MarketOrder, "1", "")
		a.bar("100", "120", "80", "100")
	}
	if got := a.h.Broker.Updates(nil); len(got) != 0 {
		t.Fatalf("told again: %+v", got)
	}
	if len(a.fills) != 6 {
		t.Fatalf("%d fills", len(a.fills))
	}
}
