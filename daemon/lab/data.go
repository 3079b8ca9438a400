package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
)

// windowed is the only ledger an agent reaches: nothing that happened outside the research window, or was known after its end.
type windowed struct {
	ledger   *ledger.Sealed
	from, to time.Time // to zero: no end
}

func (t *turn) window(ctx context.Context) (windowed, error) {
	w := windowed{ledger: t.lab.Ledger}
	var err error
	if w.from, err = parseTime(t.state.Session.Options.From); err != nil {
		return w, err
	}
	if w.to, err = parseTime(t.state.Session.Options.To); err != nil || !w.to.IsZero() {
		return w, err
	}
	w.to, err = w.ledger.Until(ctx) // of a session from before there was a hold-out
	return w, err
}

// bars returns one market's bars inside the window.
func (w windowed) bars(ctx context.Context, m market.Market, iv market.Interval) (ledger.Bars, error) {
	to := w.to
	sealed, err := w.ledger.Until(ctx, m)
	if err != nil {
		return ledger.Bars{}, err
	}
	if !sealed.IsZero() && (to.IsZero() || to.After(sealed)) {
		to = sealed // its newest bar is older than those of other markets
	}
	return w.ledger.PriceBars(ctx, ledger.BarQuery{Market: m, Interval: iv, From: w.from, To: to, AsOf: w.to})
}

// history is one market's bars with what a backtest says of them.
type history struct {
	market market.Market
	ledger.Bars
}

// histories reads several markets; a market without bars is refused by name.
func (t *turn) histories(ctx context.Context, markets []string, interval string) ([]history, market.Interval, error) {
	iv, err := market.ParseInterval(interval)
	if err != nil {
		return nil, 0, refuse("%v", err)
	}
	if len(markets) == 0 || len(markets) > 20 {
		return nil, 0, refuse("%d markets: want 1 to 20", len(markets))
	}
	w, err := t.window(ctx)
	if err != nil {
		return nil, 0, err
	}
	var out []history
	for _, name := range markets {
		m, err := market.ParseMarket(name)
		if err != nil {
			return nil, 0, refuse("%v", err)
		}
		b, err := w.bars(ctx, m, iv)
		if err != nil {
			return nil, 0, err
		}
		if len(b.Bars) == 0 {
			return nil, 0, refuse("there are no %s bars of %s in the research window", iv, m)
		}
		limit := t.state.Session.Options.MaxMissing
		if limit <= 0 {
			limit = t.lab.MaxMissing
		}
		if err := ledger.CheckHoles(m, iv, b.Bars, limit); err != nil {
			return nil, 0, refuse("%v", err)
		}
		out = append(out, history{m, b})
	}
	return out, iv, nil
}

func listCoins(ctx context.Context, t *turn, _ string, _ research.NoArgs) (outcome, error) {
	w, err := t.window(ctx)
	if err != nil {
		return outcome{}, err
	}
	cs, err := t.lab.Ledger.Coverage(ctx)
	if err != nil {
		return outcome{}, err
	}
	res := research.CoinsResult{Coins: []research.CoinCoverage{}}
	for _, c := range cs {
		first, last := c.First, c.Last
		if first.Before(w.from) {
			first = w.from
		}
		if !w.to.IsZero() && !last.Before(w.to) {
			last = w.to.Add(-c.Interval.Duration())
		}
		if !first.Before(last) {
			continue
		}
		// Counted by share: what lies beyond the window is not looked at.
		share := last.Sub(first).Seconds() / math.Max(1, c.Last.Sub(c.First).Seconds())
		res.Coins = append(res.Coins, research.CoinCoverage{Market: c.Market.String(), Interval: c.Interval.String(), Bars: int(float64(c.Bars) * share),
			First: first, Last: last, Missing: int(float64(c.Missing) * share), Simulated: c.Simulated})
	}
	n := len(res.Coins)
	return outcome{result: res, summary: fmt.Sprintf("%d markets have history", n), rows: &n}, nil
}

func fetchPrices(ctx context.Context, t *turn, _ string, a research.FetchArgs) (outcome, error) {
	hs, iv, err := t.histories(ctx, []string{a.Market}, a.Interval)
	if err != nil {
		return outcome{}, err
	}
	h := hs[0]
	first, last := &h.Bars.Bars[0], &h.Bars.Bars[len(h.Bars.Bars)-1]
	days := dailyCloses(h.Bars.Bars)
	grid := int((last.Unix()-first.Unix())/int64(iv)) + 1
	d := research.Dataset{Market: h.market.String(), Interval: iv.String(), Bars: len(h.Bars.Bars), First: first.OpenTime(), Last: last.OpenTime(),
		Missing: grid - len(h.Bars.Bars), DataHash: dataHash(h.Bars.Bars), Simulated: h.Simulated, DailyVol: deviation(logReturns(days)), MaxDrawdown: deepest(h.Bars.Bars)}
	open, _, _, _, _ := first.Floats()
	d.Return = last.CloseFloat()/open - 1
	return outcome{result: d, summary: fmt.Sprintf("%d bars of %s at %s, %d missing", d.Bars, d.Market, d.Interval, d.Missing), rows: &d.Bars}, nil
}

// dailyCloses are the last closes of each UTC day, in order.
func dailyCloses(bars []market.Bar) []float64 {
	var out []float64
	day := int64(math.MinInt64)
	for i := range bars {
		if d := bars[i].Unix() / int64(market.Day); d != day {
			day = d
			out = append(out, 0)
		}
		out[len(out)-1] = bars[i].CloseFloat()
	}
	return out
}

func logReturns(x []float64) []float64 {
	if len(x) < 2 {
		return nil
	}
	out := make([]float64, len(x)-1)
	for i := range out {
		out[i] = math.Log(x[i+1] / x[i])
	}
	return out
}

// deviation is the sample standard deviation; 0 for under two values.
func deviation(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	m := mean(x)
	s := 0.0
	for _, v := range x {
		s += (v - m) * (v - m)
	}
	return math.Sqrt(s / float64(len(x)-1))
}

func mean(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// deepest is the largest fall of the closes from a peak, ≤ 0.
func deepest(bars []market.Bar) float64 {
	peak, worst := 0.0, 0.0
	for i := range bars {
		c := bars[i].CloseFloat()
		peak = math.Max(peak, c)
		worst = math.Min(worst, c/peak-1)
	}
	return worst
}

// dataHash is the SHA-256 over the bars, in order.
func dataHash(bars []market.Bar) string {
	h := sha256.New()
	buf := make([]byte, 0, 128)
	for i := range bars {
		buf, _ = bars[i].AppendBinary(buf[:0]) // it has no error to give
		h.Write(buf)
	}
	return hex.EncodeToString(h.Sum(nil))
}
