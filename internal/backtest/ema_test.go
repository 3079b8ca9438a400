package backtest

import (
	"bufio"
	"compress/gzip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

var btc = market.Market{Base: "BTC", Quote: "USDT"}

// emaCross is all in while the fast average is above the slow one, and out otherwise. Averages start at the first close.
type emaCross struct {
	quiet
	fast, slow   float64
	kf, ks       float64
	n            int
	long         bool
	warm         int
	fastN, slowN int
}

func newEMACross(fast, slow int) *emaCross {
	return &emaCross{kf: 2 / float64(fast+1), ks: 2 / float64(slow+1), warm: slow, fastN: fast, slowN: slow}
}

func (s *emaCross) Spec() strategy.Spec {
	return strategy.Spec{Name: "ema-cross", Markets: []market.Market{btc}, Interval: market.FiveMinutes, Warmup: s.warm, Params: []strategy.Param{
		{Name: "fast", Kind: "int", Value: float64(s.fastN)}, {Name: "slow", Kind: "int", Value: float64(s.slowN)}}}
}

func (s *emaCross) OnBar(ctx strategy.Context, m int, b *market.Bar) error {
	c := b.CloseFloat()
	if s.n == 0 {
		s.fast, s.slow = c, c
	} else {
		s.fast += s.kf * (c - s.fast)
		s.slow += s.ks * (c - s.slow)
	}
	s.n++
	if s.n <= s.warm {
		return nil
	}
	if up := s.fast > s.slow; up != s.long {
		s.long = up
		side := trade.Sell
		if up {
			side = trade.Buy
		}
		ctx.Submit(strategy.Intent{Market: m, Side: side, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: money.One})
	}
	return nil
}

// quiet is a strategy's calls that do nothing.
type quiet struct{}

func (quiet) Init(strategy.Context) error                    { return nil }
func (quiet) OnFill(strategy.Context, *trade.Fill) error     { return nil }
func (quiet) OnTimer(strategy.Context, string) error         { return nil }
func (quiet) OnBar(strategy.Context, int, *market.Bar) error { return nil }

// csvBar is one row of a shared candle file, as text.
type csvBar struct {
	t          int64
	o, h, l, c string
	v          string
}

var candles = struct {
	sync.Mutex // guards rows
	rows       map[string][]csvBar
}{rows: map[string][]csvBar{}}

// rows reads a shared candle file between two unix seconds, once.
func rows(t testing.TB, rel string, from, to int64) []csvBar {
	t.Helper()
	path := sharedtest.Path(t, rel)
	candles.Lock()
	defer candles.Unlock()
	if candles.rows[path] == nil {
		candles.rows[path] = readRows(t, path)
	}
	var out []csvBar
	for _, r := range candles.rows[path] {
		if r.t >= from && r.t < to {
			out = append(out, r)
		}
	}
	return out
}

func readRows(t testing.TB, path string) []csvBar {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []csvBar
	sc := bufio.NewScanner(z)
	for sc.Scan() {
		p := strings.Split(sc.Text(), ",")
		at, err := strconv.ParseInt(p[0], 10, 64)
		if err != nil {
			continue // the header
		}
		out = append(out, csvBar{at, p[1], p[2], p[3], p[4], p[5]})
	}
	if err := sc.Err(); err != nil || len(out) == 0 {
		t.Fatalf("%d rows, %v", len(out), err)
	}
	return out
}

func toBars(t testing.TB, in []csvBar) []market.Bar {
	t.Helper()
	out := make([]market.Bar, len(in))
	for i, r := range in {
		v, err := money.Parse(r.v)
		if err != nil {
			t.Fatal(err)
		}
		if out[i], err = market.NewBar(r.t, money.MustParse(r.o), money.MustParse(r.h), money.MustParse(r.l), money.MustParse(r.c), &v); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
