package trade

import (
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"pgregory.net/rapid"
)

var btc = market.Market{Base: "BTC", Quote: "USDT"}

func TestValueChangesOnlyByFills(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cash := money.FromInt(1_000_000)
		start := cash
		p := Position{Market: btc}
		for i := range rapid.IntRange(1, 40).Draw(t, "fills") {
			f := Fill{ID: "f", Market: btc, Side: Buy, Price: money.New(rapid.Int64Range(1, 1e13).Draw(t, "price"), 8)}
			f.Quantity = money.New(rapid.Int64Range(1, 1e10).Draw(t, "qty"), 8)
			if i%2 == 1 && rapid.Bool().Draw(t, "sell") {
				f.Side = Sell
				f.Quantity = money.Min(f.Quantity, p.Quantity)
				if f.Quantity.IsZero() {
					continue
				}
			}
			f.Fee = money.Bps(f.Notional(), money.FromInt(10))
			before := p
			if err := p.Apply(&f); err != nil {
				t.Fatal(err)
			}
			cash = cash.Add(f.CashChange())
			// What left cash is in the cost or was realised: nothing is made or lost by bookkeeping.
			if got := cash.Add(p.Cost).Sub(p.Realised); !got.Equal(start) {
				t.Fatalf("cash %s + cost %s − realised %s = %s, started with %s (before %+v)", cash, p.Cost, p.Realised, got, start, before)
			}
			if p.Quantity.IsZero() && !p.Cost.IsZero() {
				t.Fatalf("flat, but %s of cost is left", p.Cost)
			}
		}
	})
}

func TestSellingMoreThanHeldIsRefusedAndChangesNothing(t *testing.T) {
	p := Position{Market: btc, Quantity: money.FromInt(1), Cost: money.FromInt(100)}
	before := p
	f := Fill{Side: Sell, Market: btc, Quantity: money.MustParse("1.00000001"), Price: money.FromInt(100)}
	if err := p.Apply(&f); err == nil || p != before {
		t.Fatalf("%v, %+v", err, p)
	}
}

func TestNoOrderReachesTwoTerminalStates(t *testing.T) {
	all := []State{Planned, Sent, Open, Filled, Cancelled, Rejected, Unknown}
	rapid.Check(t, func(t *rapid.T) {
		o := Order{ID: "o", State: Planned}
		terminal := 0
		for _, s := range rapid.SliceOfN(rapid.SampledFrom(all), 1, 30).Draw(t, "moves") {
			if o.To(s, time.Unix(0, 0)) == nil && s.Terminal() {
				terminal++
			}
		}
		if terminal > 1 {
			t.Fatalf("%d terminal states", terminal)
		}
	})
	for _, s := range all {
		if s.Terminal() != (len(next[s]) == 0) {
			t.Errorf("%s: terminal %v, but the table lists %v", s, s.Terminal(), next[s])
		}
	}
	if Sent.Can(Planned) || Unknown.Can(Sent) || Unknown.Can(Planned) {
		t.Error("an order whose outcome is unknown could be sent again")
	}
}
