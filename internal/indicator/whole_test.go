package indicator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// hostile makes n inputs: a walk with constant stretches, and now and then what no price is.
func hostile(r *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	x, still := 100.0, 0
	for i := range out {
		if still > 0 {
			still--
		} else if x += r.NormFloat64(); r.IntN(40) == 0 {
			still = r.IntN(30)
		}
		switch out[i] = x; r.IntN(150) {
		case 0:
			out[i] = math.NaN()
		case 1:
			out[i] = math.Inf(1 - 2*r.IntN(2))
		case 2:
			out[i] = math.MaxFloat64 * float64(1-2*r.IntN(2))
		case 3:
			out[i] = 0
		case 4:
			out[i] = math.Copysign(0, -1)
		case 5:
			out[i] = math.SmallestNonzeroFloat64
		}
	}
	return out
}

// The fast whole-series paths give the bits of Update whatever comes in, at every length around their blocks, into the input's own slice
// too.
func TestWholeSeriesAreTheStreams(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 1))
	for round := range 3000 {
		n := 1 + r.IntN(12)
		if round%10 == 0 {
			n = 1 + r.IntN(200)
		}
		size := r.IntN(6*n + 30)
		src, high, low := hostile(r, size), hostile(r, size), hostile(r, size)
		if round%3 > 0 { // without overflows the steady state is seen for longer
			for i := range src {
				if !(math.Abs(src[i]) < 1e6) {
					src[i] = 7
				}
				high[i], low[i] = src[i]+r.Float64(), src[i]-r.Float64()
			}
		}
		column := func() []float64 { return make([]float64, size) }
		check := func(name string, outs [][]float64, update func(i int) []float64) {
			t.Helper()
			for i := range size {
				for j, want := range update(i) {
					if got := outs[j][i]; !sameBits(got, want) {
						t.Fatalf("%s(%d), output %d at bar %d of %d: %v, the stream says %v; %v", name, n, j, i, size, got, want, src)
					}
				}
			}
		}
		single := func(name string, f func(dst, src []float64, n int) error, s scalar) {
			t.Helper()
			out, own := column(), append([]float64(nil), src...)
			if err := f(out, src, n); err != nil {
				t.Fatal(err)
			}
			if err := f(own, own, n); err != nil {
				t.Fatal(err)
			}
			check(name, [][]float64{out, own}, func(i int) []float64 { v := s.Update(src[i]); return []float64{v, v} })
		}
		sma, _ := NewSMA(n)
		single("sma", SMASeries, sma)
		ema, _ := NewEMA(n)
		single("ema", EMASeries, ema)
		rsi, _ := NewRSI(n)
		single("rsi", RSISeries, rsi)

		atr, _ := NewATR(n)
		out := column()
		if err := ATRSeries(out, high, low, src, n); err != nil {
			t.Fatal(err)
		}
		check("atr", [][]float64{out}, func(i int) []float64 { return []float64{atr.Update(high[i], low[i], src[i])} })

		macd, _ := NewMACD(n, n+3, 1+n/2)
		a, b, c := column(), column(), append([]float64(nil), src...)
		if err := MACDSeries(a, b, c, c, n, n+3, 1+n/2); err != nil {
			t.Fatal(err)
		}
		check("macd", [][]float64{a, b, c}, func(i int) []float64 { v := macd.Update(src[i]); return []float64{v.Line, v.Signal, v.Histogram} })

		bollinger, _ := NewBollinger(n+1, 2)
		a, b, c = append([]float64(nil), src...), column(), column()
		if err := BollingerSeries(a, b, c, a, n+1, 2); err != nil {
			t.Fatal(err)
		}
		check("bollinger", [][]float64{a, b, c}, func(i int) []float64 { v := bollinger.Update(src[i]); return []float64{v.Upper, v.Middle, v.Lower} })
	}
}

// What a fast path leaves behind is what as many Updates leave behind: the next input, and a bad one, go on from there.
func TestAStreamGoesOnAfterAFastPath(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 2))
	for range 300 {
		n := 2 + r.IntN(20)
		src, more := hostile(r, r.IntN(5*n+10)), hostile(r, 3*n)
		dst, d2, d3 := make([]float64, len(src)), make([]float64, len(src)), make([]float64, len(src))
		for name, pair := range map[string][2]func(x float64) float64{
			"sma":       pairOfRuns(func() *SMA { s, _ := NewSMA(n); return s }, func(s *SMA) { s.run(dst, src) }, src, func(s *SMA, x float64) float64 { return s.Update(x) }, (*SMA).Value),
			"ema":       pairOfRuns(func() *EMA { s, _ := NewEMA(n); return s }, func(s *EMA) { s.run(dst, src) }, src, func(s *EMA, x float64) float64 { return s.Update(x) }, (*EMA).Value),
			"rsi":       pairOfRuns(func() *RSI { s, _ := NewRSI(n); return s }, func(s *RSI) { s.run(dst, src) }, src, func(s *RSI, x float64) float64 { return s.Update(x) }, (*RSI).Value),
			"macd":      pairOfRuns(func() *MACD { s, _ := NewMACD(n, n+2, n); return s }, func(s *MACD) { s.run(dst, d2, d3, src) }, src, func(s *MACD, x float64) float64 { return s.Update(x).Histogram }, func(s *MACD) float64 { return s.Value().Signal }),
			"bollinger": pairOfRuns(func() *Bollinger { s, _ := NewBollinger(n, 2); return s }, func(s *Bollinger) { s.run(dst, d2, d3, src) }, src, func(s *Bollinger, x float64) float64 { return s.Update(x).PercentB }, func(s *Bollinger) float64 { return s.Value().Width }),
			"atr":       pairOfRuns(func() *ATR { s, _ := NewATR(n); return s }, func(s *ATR) { s.run(dst, src, src, src) }, src, func(s *ATR, x float64) float64 { return s.Update(x, x, x) }, (*ATR).Value),
		} {
			for i, x := range append([]float64{math.NaN()}, more...) {
				if i == 0 {
					x = more[0]
				}
				if got, want := pair[0](x), pair[1](x); !sameBits(got, want) {
					t.Fatalf("%s(%d) %d inputs after %d: %v, want %v", name, n, i, len(src), got, want)
				}
			}
		}
	}
}

// pairOfRuns is an indicator after its fast path, and one after as many Updates. Their first answer is the value they hold.
func pairOfRuns[S any](fresh func() S, run func(S), src []float64, update func(S, float64) float64, value func(S) float64) [2]func(float64) float64 {
	fast, slow := fresh(), fresh()
	run(fast)
	for _, x := range src {
		update(slow, x)
	}
	f, s := value(fast), value(slow)
	first := [2]bool{true, true}
	next := func(i int, of S, held float64) func(float64) float64 {
		return func(x float64) float64 {
			if first[i] {
				first[i] = false
				return held
			}
			return update(of, x)
		}
	}
	return [2]func(float64) float64{next(0, fast, f), next(1, slow, s)}
}

func ExampleSMASeries() {
	out := make([]float64, 5)
	if err := SMASeries(out, []float64{1, 2, 3, 4, 5}, 3); err != nil {
		fmt.Println(err)
	}
	fmt.Println(out)
	// Output: [NaN NaN 2 3 4]
}
