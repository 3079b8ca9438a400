package engine_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/internal/venue/sim"
	"pgregory.net/rapid"
)

// wild submits and cancels what a fixed list says, in turn.
type wild struct {
	intents []strategy.Intent
	n       int
	ids     []string
}

func (w *wild) Spec() strategy.Spec {
	return strategy.Spec{Name: "wild", Interval: market.Hour, Markets: []market.Market{{Base: "BTC", Quote: "AUD"}, {Base: "ETH", Quote: "AUD"}}}
}
func (w *wild) Init(strategy.Context) error { return nil }
func (w *wild) OnBar(ctx strategy.Context, _ int, _ *market.Bar) error {
	for range 2 {
		in := w.intents[w.n%len(w.intents)]
		w.n++
		if id, _ := ctx.Submit(in); id != "" {
			w.ids = append(w.ids, id)
		}
	}
	if w.n%6 == 0 && len(w.ids) > 0 {
		ctx.Cancel(w.ids[len(w.ids)-1])
	}
	return nil
}
func (w *wild) OnFill(ctx strategy.Context, f *trade.Fill) error {
	ctx.SetTimer(f.OrderID, f.Time.Add(2*time.Hour))
	return nil
}
func (w *wild) OnTimer(ctx strategy.Context, name string) error { ctx.Cancel(name); return nil }

func drawIntent(t *rapid.T) strategy.Intent {
	in := strategy.Intent{
		Market: rapid.IntRange(0, 1).Draw(t, "market"),
		Side:   rapid.SampledFrom([]trade.Side{trade.Buy, trade.Sell}).Draw(t, "side"),
		Type:   rapid.SampledFrom([]trade.Type{trade.MarketOrder, trade.LimitOrder}).Draw(t, "type"),
		Size:   rapid.SampledFrom([]strategy.Size{strategy.ByQuantity, strategy.ByNotional, strategy.ByFraction}).Draw(t, "size"),
		Amount: money.New(rapid.Int64Range(1, 1e9).Draw(t, "amount"), 8),
	}
	if in.Size != strategy.ByFraction && rapid.Bool().Draw(t, "large") {
		in.Amount = in.Amount.Mul(money.FromInt(100))
	} else if in.Size == strategy.ByFraction {
		in.Amount = money.Min(in.Amount, money.One)
	}
	if in.Type == trade.LimitOrder {
		in.Limit = money.New(rapid.Int64Range(1, 3e10).Draw(t, "limit"), 8)
	}
	return in
}

func drawBars(t *rapid.T) []engine.Event {
	var out []engine.Event
	at := int64(1_700_000_000 / 3600 * 3600)
	for range rapid.IntRange(2, 40).Draw(t, "bars") {
		at += 3600 * rapid.SampledFrom([]int64{1, 1, 1, 1, 5}).Draw(t, "step")
		for m := range 2 {
			if rapid.IntRange(0, 9).Draw(t, "missing") == 0 {
				continue
			}
			price := func(name string) money.Decimal { return money.New(rapid.Int64Range(1, 2e10).Draw(t, name), 8) }
			o, c := price("open"), price("close")
			volume := money.New(rapid.Int64Range(0, 1e12).Draw(t, "volume"), 8)
			b, err := market.NewBar(at, o, money.Max(money.Max(o, c), price("high")), money.Min(money.Min(o, c), price("low")), c, &volume)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, engine.Event{Kind: engine.Bar, Market: m, Bar: b})
		}
	}
	return out
}

func fresh(t *rapid.T, intents []strategy.Intent, s report.Settings, trace *engine.Trace) (*engine.Runner, *sim.Venue) {
	w := &wild{intents: intents}
	e, err := engine.New(engine.Config{Strategy: w, Settings: s, Audit: trace, AuditInputs: true, AuditMarks: true, MaxOpenOrders: 6})
	if err != nil {
		t.Fatal(err)
	}
	v, err := sim.New(s, w.Spec().Markets, market.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return engine.NewRunner(e, v, false), v
}

func TestValueChangesOnlyByFillsAndFees(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		intents := rapid.SliceOfN(rapid.Custom(drawIntent), 1, 12).Draw(t, "intents")
		events := drawBars(t)
		if rapid.Bool().Draw(t, "kill") {
			k := len(events) / 2
			at := events[max(0, k-1)].Bar.OpenTime().Add(time.Hour)
			events = append(events[:k:k], append([]engine.Event{{Kind: engine.Command, Command: engine.KillCommand, Time: at}}, events[k:]...)...)
		}
		s := report.Default()
		s.Cash = money.New(rapid.Int64Range(1, 1e12).Draw(t, "cash"), 8)
		s.FeeBps = money.New(rapid.Int64Range(0, 10000).Draw(t, "fee"), 2)

		var first bytes.Buffer
		trace := engine.NewTrace(&first)
		r, v := fresh(t, intents, s, trace)
		e := r.Engine()
		cash := s.Cash
		quantity := [2]money.Decimal{}
		for i := range events {
			if err := r.Step(&events[i]); err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Fills() {
				cash = cash.Add(f.CashChange())
				m := strings.Index("BE", string(f.Market.Base[:1]))
				if f.Side == trade.Buy {
					quantity[m] = quantity[m].Add(f.Quantity)
				} else {
					quantity[m] = quantity[m].Sub(f.Quantity)
				}
			}
			value := cash
			for m := range quantity {
				last, _ := e.Last(m)
				value = value.Add(quantity[m].Mul(last).RoundHalfEven(money.Scale))
				if !e.Position(m).Quantity.Equal(quantity[m]) || !v.Position(m).Equal(quantity[m]) || quantity[m].Sign() < 0 {
					t.Fatalf("market %d: engine %s, venue %s, by fills %s", m, e.Position(m).Quantity, v.Position(m), quantity[m])
				}
			}
			if !e.Cash().Equal(cash) || !v.Cash().Equal(cash) || cash.Sign() < 0 || cash.Decimals() > money.Scale {
				t.Fatalf("cash: engine %s, venue %s, by fills %s", e.Cash(), v.Cash(), cash)
			}
			if !e.Equity().Equal(value) || e.Reserved().Sign() < 0 || !e.Reserved().Equal(v.Reserved()) {
				t.Fatalf("equity %s, by fills %s; reserved %s and %s", e.Equity(), value, e.Reserved(), v.Reserved())
			}
		}
		if err := trace.Close(); err != nil {
			t.Fatal(err)
		}

		// The same inputs, written and read back as a journal does, give the same audit.
		var second bytes.Buffer
		trace = engine.NewTrace(&second)
		r, _ = fresh(t, intents, s, trace)
		for i := range events {
			kind, body, err := events[i].Encode()
			if err != nil {
				t.Fatal(err)
			}
			ev, err := engine.DecodeEvent(kind, body)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Step(&ev); err != nil {
				t.Fatal(err)
			}
		}
		if err := trace.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatal("the audit of the replay differs")
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add("bar", []byte(`{"market":0,"t":1659312000,"open":"1","high":"2","low":"0.5","close":"1.5","volume":null}`))
	f.Add("quote", []byte(`{"market":0,"quote":{"market":"BTC/AUD","time":"2024-01-01T00:00:00Z","known":"2024-01-01T00:00:00Z","bid":"1","ask":"2","last":"1.5"}}`))
	f.Add("command", []byte(`{"t":"2024-01-01T00:00:00Z","command":"kill"}`))
	f.Add("update", []byte(`{"order_id":"o1","state":"open","quantity":"1","time":"2024-01-01T00:00:00Z"}`))
	f.Add("clock", []byte(`{"t":"9999-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		ev, err := engine.DecodeEvent(kind, body)
		if err != nil {
			return
		}
		k, b, err := ev.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := engine.DecodeEvent(k, b)
		if err != nil {
			t.Fatalf("%s %s: %v", k, b, err)
		}
		_, c, err := again.Encode()
		if err != nil || !bytes.Equal(b, c) {
			t.Fatalf("%s became %s (%v)", b, c, err)
		}
	})
}
