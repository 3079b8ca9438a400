package backtest

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
)

// naive recomputes an EMA cross with all cash from the text of the candle file and the rules alone, in exact fractions. It shares
// no code with the engine, the simulator, risk or money.
type naive struct {
	fee, slip, part, cashStart *big.Rat
	maxGap                     int64

	cash, held *big.Rat
	orders     []*naiveOrder
	fills      []string
	fees       *big.Rat
	trades     []string
	gaps       int
	entryT     int64
	tradeCash  *big.Rat
	tradeFees  *big.Rat
	equity     []float64
	days       map[string]float64
	dayOrder   []string
}

type naiveOrder struct {
	done  bool
	buy   bool
	left  *big.Rat
	since int64
}

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

var ten8 = new(big.Int).Exp(big.NewInt(10), big.NewInt(8), nil)

// cut returns r as a whole number of 1e-8: mode −1 floor, 1 ceiling, 0 half to even.
func cut(r *big.Rat, mode int) *big.Rat {
	num := new(big.Int).Mul(r.Num(), ten8)
	q, m := new(big.Int).DivMod(num, r.Denom(), new(big.Int))
	switch {
	case m.Sign() == 0 || mode < 0:
	case mode > 0:
		q.Add(q, big.NewInt(1))
	default:
		c := new(big.Int).Lsh(m, 1).Cmp(r.Denom())
		if c > 0 || c == 0 && q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
	}
	return new(big.Rat).SetFrac(q, ten8)
}

func mul(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }
func add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func quo(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }

func text(r *big.Rat) string {
	s := strings.TrimRight(r.FloatString(8), "0")
	return strings.TrimSuffix(s, ".")
}

func (n *naive) match(b csvBar) {
	volume := rat(b.v)
	if volume.Sign() == 0 {
		return
	}
	room := mul(volume, n.part)
	var open []*naiveOrder
	for _, o := range n.orders {
		n.matchOne(b, o, &room)
		if !o.done {
			open = append(open, o)
		}
	}
	n.orders = open
}

func (n *naive) matchOne(b csvBar, o *naiveOrder, room **big.Rat) {
	if b.t-o.since > n.maxGap*300 {
		o.done = true
		n.gaps++
		return
	}
	o.since = b.t + 300
	one := big.NewRat(1, 1)
	var price *big.Rat
	if o.buy {
		price = cut(mul(rat(b.o), add(one, n.slip)), 1)
	} else {
		price = cut(mul(rat(b.o), sub(one, n.slip)), -1)
	}
	q := o.left
	if most := cut(*room, -1); most.Cmp(q) < 0 {
		q = most
	}
	if q.Sign() == 0 {
		return
	}
	cost := func(q *big.Rat) (*big.Rat, *big.Rat) {
		v := mul(q, price)
		return cut(v, 0), cut(mul(v, n.fee), 0)
	}
	clipped := false
	value, fee := cost(q)
	if o.buy && add(value, fee).Cmp(n.cash) > 0 {
		clipped = true
		q = cut(quo(n.cash, mul(price, add(one, n.fee))), -1)
		value, fee = cost(q)
		if add(value, fee).Cmp(n.cash) > 0 {
			panic("rounding took more than cash: choose other data or teach the naive version")
		}
		if mul(q, price).Cmp(one) < 0 {
			o.done = true
			return
		}
	}
	if !o.buy && n.held.Cmp(q) < 0 {
		o.done = true
		return
	}
	*room = sub(*room, q)
	n.book(b, o, q, price, value, fee, clipped)
}

func (n *naive) book(b csvBar, o *naiveOrder, q, price, value, fee *big.Rat, clipped bool) {
	side := "sell"
	if o.buy {
		side = "buy"
		if n.held.Sign() == 0 {
			n.entryT, n.tradeCash, n.tradeFees = b.t, new(big.Rat), new(big.Rat)
		}
		n.cash = sub(n.cash, add(value, fee))
		n.held = add(n.held, q)
		n.tradeCash = sub(n.tradeCash, add(value, fee))
	} else {
		n.cash = add(n.cash, sub(value, fee))
		n.held = sub(n.held, q)
		n.tradeCash = add(n.tradeCash, sub(value, fee))
	}
	n.fees = add(n.fees, fee)
	n.tradeFees = add(n.tradeFees, fee)
	n.fills = append(n.fills, fmt.Sprintf("%d %s %s @ %s fee %s clipped %v", b.t, side, text(q), text(price), text(fee), clipped))
	if n.held.Sign() == 0 {
		n.trades = append(n.trades, fmt.Sprintf("%d → %d pnl %s fees %s", n.entryT, b.t, text(n.tradeCash), text(n.tradeFees)))
	}
	if o.left = sub(o.left, q); clipped || o.left.Sign() == 0 {
		o.done = true
	}
}

func (n *naive) run(in []csvBar, from int64, fast, slow int) {
	n.cash, n.held, n.fees = n.cashStart, new(big.Rat), new(big.Rat)
	n.days = map[string]float64{}
	var f, s float64
	kf, ks := 2/float64(fast+1), 2/float64(slow+1)
	long := false
	one := big.NewRat(1, 1)
	for i, b := range in {
		n.match(b)
		c, err := strconv.ParseFloat(b.c, 64)
		if err != nil {
			panic(err)
		}
		if b.t >= from {
			e := add(n.cash, cut(mul(n.held, rat(b.c)), 0))
			v, _ := e.Float64()
			n.equity = append(n.equity, v)
			day := time.Unix(b.t, 0).UTC().Format(time.DateOnly)
			if _, ok := n.days[day]; !ok {
				n.dayOrder = append(n.dayOrder, day)
			}
			n.days[day] = v
		}
		if i == 0 {
			f, s = c, c
		} else {
			f = f + kf*(c-f)
			s = s + ks*(c-s)
		}
		if i < slow || (f > s) == long {
			continue
		}
		long = f > s
		if long {
			if n.cash.Sign() > 0 {
				price := mul(rat(b.c), add(one, n.slip))
				left := cut(quo(n.cash, mul(price, add(one, n.fee))), -1)
				if mul(left, price).Cmp(one) < 0 {
					continue // below the minimum notional: refused
				}
				n.orders = append(n.orders, &naiveOrder{buy: true, left: left, since: b.t + 300})
			}
		} else if n.held.Sign() > 0 {
			n.orders = append(n.orders, &naiveOrder{left: n.held, since: b.t + 300})
		}
	}
}

// holdEquity is what buying with all cash at the first open from the window's start is worth at the last close.
func (n *naive) holdEquity(in []csvBar, from int64) string {
	for in[0].t < from {
		in = in[1:]
	}
	one := big.NewRat(1, 1)
	exact := mul(rat(in[0].o), add(one, n.slip))
	price := cut(exact, 1)
	q := cut(quo(n.cashStart, mul(exact, add(one, n.fee))), -1)
	cost := func() *big.Rat { return add(cut(mul(q, price), 0), cut(mul(mul(q, price), n.fee), 0)) }
	if cost().Cmp(n.cashStart) > 0 {
		q = cut(quo(n.cashStart, mul(price, add(one, n.fee))), -1)
	}
	return text(add(sub(n.cashStart, cost()), cut(mul(q, rat(in[len(in)-1].c)), 0)))
}

func TestBacktestAgreesWithAnIndependentRecomputation(t *testing.T) {
	t.Parallel()
	at := func(s string) int64 {
		v, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.Unix()
	}
	for name, c := range map[string]struct {
		file       string
		from, to   int64
		fast, slow int
		cash       string
		holes      bool // leave out stretches of bars, and take the volume of others away
	}{
		"three months":           {"BTCUSDT", at("2022-09-01"), at("2022-12-01"), 12, 48, "10000", false},
		"the outage of 2023-03":  {"BTCUSDT", at("2023-03-20"), at("2023-03-28"), 3, 8, "10000", false},
		"the outage, bar by bar": {"ETHUSDT", at("2023-03-24"), at("2023-03-25"), 1, 2, "777.77", false},
		"a thin market":          {"LTCUSDT", at("2022-10-01"), at("2022-11-01"), 10, 40, "2500000", false},
		"holes in the data":      {"BTCUSDT", at("2022-10-01"), at("2022-10-15"), 1, 3, "10000", true},
		"holes in a thin market": {"LTCUSDT", at("2022-10-01"), at("2022-10-15"), 2, 9, "400000", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			warm := int64(c.slow) * 300
			data := rows(t, "data/binance-spot-5m/"+c.file+"-5m.csv.gz", c.from-warm, c.to)
			if c.holes {
				data = punch(data)
			}
			set := report.Default()
			set.Cash = money.MustParse(c.cash)
			rep, fills := runWithFills(t, Input{Strategy: newEMACross(c.fast, c.slow), Bars: [][]market.Bar{toBars(t, data)}, From: time.Unix(c.from, 0), Settings: set})
			n := &naive{fee: rat("0.001"), slip: rat("0.0005"), part: rat("0.1"), cashStart: rat(c.cash), maxGap: 3}
			n.run(data, c.from, c.fast, c.slow)
			compare(t, rep, fills, n)
			if !c.holes && c.file != "LTCUSDT" { // there the first bar's volume is too small for all the cash
				if got, want := rep.Hold.FinalEquity.String(), n.holdEquity(data, c.from); got != want {
					t.Errorf("buy and hold ends with %s, want %s", got, want)
				}
			}
			if c.holes && n.gaps == 0 {
				t.Error("no order met a gap: the case shows nothing")
			}
		})
	}
}

// punch leaves out one to five bars of every thirteen, and takes the volume of two in every eleven away.
func punch(in []csvBar) []csvBar {
	var out []csvBar
	for i, b := range in {
		if i > 20 && i%13 < 1+i/13%5 {
			continue
		}
		if i%11 < 2 {
			b.v = "0"
		}
		out = append(out, b)
	}
	return out
}

func compare(t *testing.T, rep *report.Report, fills []string, n *naive) {
	t.Helper()
	if len(fills) == 0 {
		t.Fatal("nothing was traded: the comparison is empty")
	}
	if len(fills) != len(n.fills) {
		t.Errorf("%d fills, the recomputation has %d", len(fills), len(n.fills))
	}
	for i := range min(len(fills), len(n.fills)) {
		if fills[i] != n.fills[i] {
			t.Fatalf("fill %d:\n got %s\nwant %s", i, fills[i], n.fills[i])
		}
	}
	var got []string
	for _, tr := range rep.Trades {
		if !tr.Open {
			got = append(got, fmt.Sprintf("%d → %d pnl %s fees %s", tr.Entry.Unix(), tr.Exit.Unix(), tr.PnL, tr.Fees))
		}
	}
	if strings.Join(got, "\n") != strings.Join(n.trades, "\n") {
		t.Errorf("trades differ:\n got %v\nwant %v", got, n.trades)
	}
	if rep.Strat.Fees.String() != text(n.fees) {
		t.Errorf("fees %s, want %s", rep.Strat.Fees, text(n.fees))
	}
	last := n.equity[len(n.equity)-1]
	if rep.Strat.FinalEquity.Float64() != last || rep.Orders.Ended["feed_gap"] != n.gaps {
		t.Errorf("final equity %s, want %v; feed gaps %v, want %d", rep.Strat.FinalEquity, last, rep.Orders.Ended, n.gaps)
	}
	deepest := 0.0
	p, _ := n.cashStart.Float64()
	var rets []float64
	before := p
	for _, e := range n.equity {
		p = math.Max(p, e)
		deepest = math.Min(deepest, (e-p)/p)
	}
	for _, d := range n.dayOrder {
		rets = append(rets, n.days[d]/before-1)
		before = n.days[d]
	}
	near(t, "max drawdown", *rep.Strat.MaxDrawdown, deepest)
	if len(rets) < 2 {
		return
	}
	mean, ss, neg := 0.0, 0.0, 0.0
	for _, r := range rets {
		mean += r / float64(len(rets))
	}
	for _, r := range rets {
		ss += math.Pow(r-mean, 2)
		neg += math.Pow(math.Min(r, 0), 2)
	}
	near(t, "sharpe", *rep.Strat.Sharpe, mean/math.Sqrt(ss/float64(len(rets)-1))*math.Sqrt(365))
	near(t, "sortino", *rep.Strat.Sortino, mean/math.Sqrt(neg/float64(len(rets)))*math.Sqrt(365))
}

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
		t.Errorf("%s %v, want %v", name, got, want)
	}
}

// runWithFills runs a backtest and reads its fills back from its trace.
func runWithFills(t *testing.T, in Input) (*report.Report, []string) {
	t.Helper()
	var fills []string
	sink := auditFunc(func(l engine.Line) {
		if l.Kind == "fill" {
			f := decodeFill(t, l.Body)
			fills = append(fills, fmt.Sprintf("%d %s %s @ %s fee %s clipped %v", f.Time.Unix(), f.Side, f.Quantity, f.Price, f.Fee, f.Clipped))
		}
	})
	in.Trace = &lineWriter{t: t, f: sink}
	rep, err := Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return rep, fills
}
