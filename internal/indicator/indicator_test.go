package indicator

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// exactStdev is the two-pass standard deviation with exact sums.
func exactStdev(x []float64, ddof int) float64 {
	mean := exactSum(x) / float64(len(x))
	sq := make([]float64, len(x))
	for i, v := range x {
		sq[i] = (v - mean) * (v - mean)
	}
	return math.Sqrt(exactSum(sq) / float64(len(x)-ddof))
}

// exactSum adds without rounding until the end.
func exactSum(x []float64) float64 {
	sum := new(big.Float).SetPrec(400)
	for _, v := range x {
		sum.Add(sum, new(big.Float).SetFloat64(v))
	}
	f, _ := sum.Float64()
	return f
}

func sameBits(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// walk is a seeded price path that crosses four orders of magnitude, as coins do.
func walk(n int) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, n)
	p := 50_000.0
	for i := range x {
		p *= math.Exp(0.004 * r.NormFloat64())
		if p > 5e5 || p < 5 {
			p = 50_000
		}
		x[i] = math.Round(p*100) / 100
	}
	return x
}

// TestDrift compares the last of 400,000 bars, and a sample before it, with exact recomputation of the window.
func TestDrift(t *testing.T) {
	t.Parallel()
	const bars = 400_000
	src := walk(bars)
	for _, n := range []int{2, 20, 1000} {
		sma, wma, sd := make([]float64, bars), make([]float64, bars), make([]float64, bars)
		for _, err := range []error{SMASeries(sma, src, n), WMASeries(wma, src, n), StdevSeries(sd, src, n)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for i := n - 1; i < bars; i += 997 {
			if i+997 >= bars {
				i = bars - 1
			}
			win := src[i-n+1 : i+1]
			weighted := make([]float64, n)
			for k, v := range win {
				weighted[k] = v * float64(k+1)
			}
			for _, c := range []struct {
				name      string
				got, want float64
			}{
				{"sma", sma[i], exactSum(win) / float64(n)},
				{"wma", wma[i], exactSum(weighted) / (float64(n) * float64(n+1) / 2)},
				{"stdev", sd[i], exactStdev(win, 0)},
			} {
				if math.Abs(c.got-c.want) > 1e-10*c.want {
					t.Fatalf("%s(%d) bar %d: got %v, want %v", c.name, n, i, c.got, c.want)
				}
			}
		}
	}
}

// TestOBVDrift adds volumes that a plain float sum would lose.
func TestOBVDrift(t *testing.T) {
	t.Parallel()
	o := NewOBV()
	o.Update(1, 0)
	o.Update(2, 1e15)
	last := 0.0
	for i := range 400_000 {
		last = o.Update(float64(3+i), 0.1)
	}
	if want := 1e15 + 40_000; last != want {
		t.Fatalf("got %v, want %v", last, want)
	}
}

// TestConstantWindowHasNoVariance holds after any earlier values: the zero is exact.
func TestConstantWindowHasNoVariance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "n")
		before := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 0, 100).Draw(t, "before")
		level := rapid.Float64Range(-1e9, 1e9).Draw(t, "level")
		sd, _ := NewStdev(n)
		z, _ := NewZScore(n)
		for _, x := range before {
			sd.Update(x)
			z.Update(x)
		}
		for range n {
			sd.Update(level)
			z.Update(level)
		}
		if sd.Value() != 0 || !math.IsNaN(z.Value()) {
			t.Fatalf("stdev %v, zscore %v; want 0 and NaN", sd.Value(), z.Value())
		}
	})
}

// drawBars draws the columns of a spec, hostile values among them.
func drawBars(t *rapid.T, spec Spec, n int) [][]float64 {
	one := rapid.OneOf(rapid.Float64Range(1, 100), rapid.Float64Range(1, 100), rapid.Float64Range(1, 100),
		rapid.Float64(), rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -1, 7, 7}))
	in := make([][]float64, len(spec.Inputs))
	for j := range in {
		in[j] = rapid.SliceOfN(one, n, n).Draw(t, spec.Inputs[j])
	}
	return in
}

// shortParams draws small valid parameters. Where they do not go together, as a slow average that is faster than the fast one, they are
// drawn again.
func shortParams(t *rapid.T, spec Spec) []float64 {
	p := make([]float64, len(spec.Params))
	for range 50 {
		for i, q := range spec.Params {
			low := int(math.Ceil(q.Min))
			p[i] = float64(rapid.IntRange(low, max(low, min(9, int(q.Max)))).Draw(t, q.Name))
		}
		if _, err := spec.New(p...); err == nil {
			return p
		}
	}
	t.Skip("no parameters that go together were drawn")
	return nil
}

// TestOutputsNeverInfinite also holds each series to its own streaming form and to its prefix: a later bar changes no earlier answer.
func TestOutputsNeverInfinite(t *testing.T) {
	t.Parallel()
	for _, spec := range Specs() {
		t.Run(spec.Name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				n := rapid.IntRange(1, 60).Draw(t, "bars")
				in, p := drawBars(t, spec, n), shortParams(t, spec)
				whole, err := spec.Series(in, p...)
				if err != nil {
					t.Fatal(err)
				}
				st, err := spec.New(p...)
				if err != nil {
					t.Fatal(err)
				}
				row := make([]float64, len(in))
				for pass := range 2 { // the second one after Reset
					for i := range n {
						for j := range in {
							row[j] = in[j][i]
						}
						st.Update(row)
						for j, v := range st.Out() {
							if !sameBits(v, whole[j][i]) || math.IsInf(v, 0) {
								t.Fatalf("pass %d bar %d %s: streaming %v, series %v", pass, i, spec.Outputs[j], v, whole[j][i])
							}
						}
					}
					st.Reset()
				}
			})
		})
	}
}

// TestTypedSeriesEqualSpecs holds the typed whole-series functions to the generic ones, bit for bit.
func TestTypedSeriesEqualSpecs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spec := rapid.SampledFrom(Specs()).Draw(t, "spec")
		n := rapid.IntRange(1, 60).Draw(t, "bars")
		in, p := drawBars(t, spec, n), shortParams(t, spec)
		want, err := spec.Series(in, p...)
		if err != nil {
			t.Fatal(err)
		}
		got := make([][]float64, len(want))
		for j := range got {
			got[j] = make([]float64, n)
		}
		switch spec.Name {
		case "macd":
			err = MACDSeries(got[0], got[1], got[2], in[0], int(p[0]), int(p[1]), int(p[2]))
		case "bollinger":
			got = got[:3]
			err = BollingerSeries(got[0], got[1], got[2], in[0], int(p[0]), p[1])
		case "stochastic":
			err = StochasticSeries(got[0], got[1], in[0], in[1], in[2], int(p[0]), int(p[1]), int(p[2]))
		case "donchian":
			err = DonchianSeries(got[0], got[1], got[2], in[0], in[1], int(p[0]))
		case "atr":
			err = ATRSeries(got[0], in[0], in[1], in[2], int(p[0]))
		case "obv":
			err = OBVSeries(got[0], in[0], in[1])
		default:
			f, typed := map[string]func(dst, src []float64, n int) error{
				"sma": SMASeries, "ema": EMASeries, "wma": WMASeries, "rsi": RSISeries, "roc": ROCSeries, "stdev": StdevSeries,
				"zscore": ZScoreSeries, "volatility": VolatilitySeries, "highest": HighestSeries, "lowest": LowestSeries,
			}[spec.Name]
			if !typed {
				t.Skip("it has no typed whole-series function")
			}
			err = f(got[0], in[0], int(p[0]))
		}
		if err != nil {
			t.Fatal(err)
		}
		for j := range got {
			if !slices.EqualFunc(got[j], want[j], sameBits) {
				t.Fatalf("%s %s: got %v, want %v", spec.Name, spec.Outputs[j], got[j], want[j])
			}
		}
	})
}

// TestWarmup feeds clean bars: at the stated bar every output has its first value, one bar earlier one of them has none.
func TestWarmup(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, spec := range Specs() {
		st, err := spec.New()
		if err != nil {
			t.Fatal(err)
		}
		complete := func() bool {
			return !slices.ContainsFunc(st.Out(), math.IsNaN)
		}
		row := make([]float64, len(spec.Inputs))
		for i := 1; i <= st.Warmup()+300; i++ {
			open, last := 100+r.Float64(), 100+r.Float64()
			bar := map[string]float64{"open": open, "close": last, "high": max(open, last) + r.Float64(), "low": min(open, last) - r.Float64(), "volume": 1 + r.Float64()}
			for j, name := range spec.Inputs {
				if v, ok := bar[name]; ok {
					row[j] = v
				} else {
					row[j] = 100 + r.Float64()
				}
			}
			st.Update(row)
			if complete() != (i >= st.Warmup()) {
				t.Fatalf("%s bar %d: complete is %v, the warm-up is %d", spec.Name, i, complete(), st.Warmup())
			}
		}
	}
}

// TestNaNLeavesWithItsBar puts one NaN into a long clean series: windowed indicators have no value exactly while it is in the window,
// recursive ones until their warm-up is over again.
func TestNaNLeavesWithItsBar(t *testing.T) {
	t.Parallel()
	const n, at, bars = 7, 40, 80
	for name, c := range map[string]struct{ from, to int }{ // bars without a value, both included
		"sma": {at, at + n - 1}, "wma": {at, at + n - 1}, "stdev": {at, at + n - 1}, "zscore": {at, at + n - 1}, "bollinger": {at, at + n - 1},
		"highest": {at, at + n - 1}, "lowest": {at, at + n - 1}, "volatility": {at, at + n}, "donchian": {at + 1, at + n},
		"ema": {at, at + n - 1}, "rsi": {at, at + n}, "atr": {at, at + n}, "obv": {at, at},
	} {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			spec, _ := Find(name)
			r := rand.New(rand.NewPCG(5, 6))
			in := make([][]float64, len(spec.Inputs))
			for i := range bars {
				for j := range in {
					in[j] = append(in[j], 100+r.Float64())
					if i == at {
						in[j][i] = bad
					}
				}
			}
			var p []float64
			if len(spec.Params) > 0 {
				p = []float64{n}
			}
			out, err := spec.Series(in, p...)
			if err != nil {
				t.Fatal(err)
			}
			for i := 20; i < bars; i++ {
				v := out[0][i]
				want := i >= c.from && i <= c.to
				if math.IsNaN(v) != want {
					t.Fatalf("%s with %v at %d: bar %d is %v", name, bad, at, i, v)
				}
			}
		}
	}
}

func TestROCSpoiltTwice(t *testing.T) {
	t.Parallel()
	src := []float64{1, 2, math.NaN(), 4, 0, 6, 7}
	dst := make([]float64, len(src))
	if err := ROCSeries(dst, src, 2); err != nil {
		t.Fatal(err)
	}
	want := []float64{nan, nan, nan, 100, nan, 50, nan}
	if !slices.EqualFunc(dst, want, sameBits) {
		t.Fatalf("got %v, want %v", dst, want)
	}
}

func TestFlatSeries(t *testing.T) {
	t.Parallel()
	rsi, _ := NewRSI(3)
	sto, _ := NewStochastic(3, 1, 1)
	for range 10 {
		rsi.Update(5)
		sto.Update(5, 5, 5)
	}
	if rsi.Value() != 50 || sto.K() != 50 || sto.D() != 50 {
		t.Fatalf("rsi %v, stochastic %v %v; want 50", rsi.Value(), sto.K(), sto.D())
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, spec := range Specs() {
		for i, p := range spec.Params {
			for _, bad := range []float64{p.Min - 1, 0, -1, p.Max + 1, math.NaN(), math.Inf(1)} {
				if bad >= p.Min && bad <= p.Max {
					continue
				}
				params := make([]float64, len(spec.Params))
				for k, q := range spec.Params {
					params[k] = q.Default
				}
				params[i] = bad
				if _, err := spec.New(params...); err == nil {
					t.Errorf("%s accepted %s = %v", spec.Name, p.Name, bad)
				}
			}
			if p.Integer {
				if _, err := spec.New(append(make([]float64, i), 2.5)...); err == nil {
					t.Errorf("%s accepted a fraction", spec.Name)
				}
			}
		}
		if _, err := spec.New(make([]float64, len(spec.Params)+1)...); err == nil {
			t.Errorf("%s accepted too many parameters", spec.Name)
		}
		if _, err := spec.Resolve(map[string]float64{"nothing": 1}); err == nil {
			t.Errorf("%s accepted an unknown parameter", spec.Name)
		}
		if _, err := spec.Series(nil); err == nil {
			t.Errorf("%s accepted no columns", spec.Name)
		}
	}
	if _, err := NewMACD(26, 12, 9); err == nil {
		t.Error("macd accepted fast > slow")
	}
	if err := SMASeries(make([]float64, 2), make([]float64, 3), 2); err == nil {
		t.Error("sma accepted columns of two lengths")
	}
}

func TestResolveFillsDefaults(t *testing.T) {
	t.Parallel()
	spec, _ := Find("macd")
	got, err := spec.Resolve(map[string]float64{"signal": 5})
	if err != nil || !slices.Equal(got, []float64{12, 26, 5}) {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestUpdateNeverAllocates(t *testing.T) {
	for _, spec := range Specs() {
		st, err := spec.New()
		if err != nil {
			t.Fatal(err)
		}
		row := []float64{3, 4, 1, 2}[:len(spec.Inputs)]
		if a := testing.AllocsPerRun(500, func() { row[0]++; st.Update(row); _ = st.Out() }); a != 0 {
			t.Errorf("%s: %v allocations per update", spec.Name, a)
		}
	}
}

// BenchmarkStream drives each indicator through the generic port; "copy" is the same loop without an indicator.
func BenchmarkStream(b *testing.B) {
	src := walk(1 << 16)
	run := func(b *testing.B, inputs int, update func(in []float64)) {
		row := make([]float64, inputs)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			for k := range 1024 {
				x := src[(i<<10|k)&(len(src)-1)]
				for j := range row {
					row[j] = x
				}
				update(row)
			}
		}
		b.ReportMetric(1024*float64(b.N)/b.Elapsed().Seconds(), "bars/s")
	}
	var sink float64
	b.Run("copy", func(b *testing.B) { run(b, 1, func(in []float64) { sink = in[0] }) })
	_ = sink
	for _, spec := range Specs() {
		st, err := spec.New()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(spec.Name, func(b *testing.B) { run(b, len(spec.Inputs), st.Update) })
	}
}
