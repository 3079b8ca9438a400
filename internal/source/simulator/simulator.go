// Package simulator makes up markets: several correlated coins whose prices trend, range and crash, with fat tails, volatility
// that clusters and volume that follows the hours of the day. The same seed gives the same bars whatever window is asked for.
// What it makes is never real data: its source name is ledger.Simulated wherever it goes.
package simulator

import (
	"fmt"
	"math"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// Source is the source name of every bar made here.
const Source = ledger.Simulated

// The coin-independent moves are drawn per step; a bar longer than a step is merged from its steps, so that every interval tells
// of the same path.
const (
	stepSeconds = 60
	// blockSteps is a day: a day's minutes are a bridge between two daily levels, and the levels are cheap to walk from the
	// beginning, so that a window is the same whatever was asked before it.
	blockSteps = 1440
)

// Simulator makes bars of any market from one seed. Safe for concurrent use.
type Simulator struct{ seed uint64 }

// New returns a simulator; equal seeds make equal markets.
func New(seed uint64) *Simulator { return &Simulator{seed: seed} }

// coin is what sets one market apart; all of it follows from the seed and the market's name.
type coin struct {
	key        uint64
	base       float64 // the price around which it moves
	beta       float64 // share in the common move
	volatility float64 // of one step
	volume     float64 // base coins per step on an ordinary day
	scale      uint8   // decimals of the tick
}

func (s *Simulator) coin(m market.Market) coin {
	key := s.seed
	for _, c := range []byte(m.String()) {
		key = mix(key ^ uint64(c))
	}
	price, known := map[market.Coin]float64{"BTC": 60000, "ETH": 3000, "SOL": 140, "BNB": 500, "XRP": 0.6, "ADA": 0.5, "DOGE": 0.12,
		"LTC": 80, "DOT": 7, "LINK": 15, "BCH": 400, "TRX": 0.12}[m.Base]
	if !known {
		price = math.Round(100*unit(mix(key^1))+1) / 10
	}
	if m.Quote == "AUD" {
		price = price * 1.5
	}
	c := coin{key: key, base: price, beta: 0.7 + 0.3*unit(mix(key^2)), volatility: 0.0006 + 0.0005*unit(mix(key^3)), volume: 30000 / price}
	// Six to seven significant digits, as exchanges have them.
	for p := price; p < 1e6 && c.scale < 8; p *= 10 {
		c.scale++
	}
	return c
}

// Bars makes the bars of one market with open times in [from, to), unix seconds; from is rounded up to the grid.
// At most 5,000,000 at once.
func (s *Simulator) Bars(m market.Market, iv market.Interval, from, to int64) ([]market.Bar, error) {
	if !iv.Valid() {
		return nil, fmt.Errorf("simulate %s: interval %d s is not a bar length", m, int64(iv))
	}
	if f := iv.Floor(from); f != from {
		from = f + int64(iv)
	}
	if from < 0 {
		return nil, fmt.Errorf("simulate %s: the simulated market opened on 1970-01-01; ask for a later time", m)
	}
	if from >= to {
		return nil, nil
	}
	if n := (to - from + int64(iv) - 1) / int64(iv); n > 5_000_000 {
		return nil, fmt.Errorf("simulate %s: %d bars at once, the limit is 5000000; ask for less", m, n)
	}
	out := make([]market.Bar, 0, (to-from+int64(iv)-1)/int64(iv))
	w := s.Stream(m, iv, from)
	for w.next < to {
		b, err := w.Next()
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// Stream makes bars one after another. Not safe for concurrent use.
type Stream struct {
	c     coin
	sim   uint64
	iv    market.Interval
	next  int64
	block int64
	made  bool
	days  days
	steps [blockSteps]step
}

// Stream starts at the first bar that opens at or after from (unix seconds); the simulated market opened on 1970-01-01.
func (s *Simulator) Stream(m market.Market, iv market.Interval, from int64) *Stream {
	if f := iv.Floor(from); f != from {
		from = f + int64(iv)
	}
	w := &Stream{c: s.coin(m), sim: s.seed, iv: iv, next: max(0, from)}
	w.startDays()
	return w
}

// Next makes the next bar.
func (w *Stream) Next() (market.Bar, error) {
	start := w.next
	w.next += int64(w.iv)
	p := market.Packed{Time: start, PriceScale: w.c.scale, VolumeScale: 4}
	for t := start; t < w.next; t += stepSeconds {
		st := w.at(t)
		if t == start {
			p.Open, p.High, p.Low = st.open, st.high, st.low
		}
		p.High, p.Low, p.Close = max(p.High, st.high), min(p.Low, st.low), st.close
		p.Volume += st.volume
	}
	b, err := market.NewBarPacked(p)
	if err != nil {
		return market.Bar{}, fmt.Errorf("simulate a bar: %w", err)
	}
	return b, nil
}

// NextOpen is the open time of the bar that Next makes, unix seconds.
func (w *Stream) NextOpen() int64 { return w.next }

func (w *Stream) at(t int64) *step {
	day := market.Day.Floor(t) / int64(market.Day)
	if !w.made || day != w.block {
		w.fill(day)
		w.block, w.made = day, true
	}
	return &w.steps[(t-day*int64(market.Day))/stepSeconds]
}
