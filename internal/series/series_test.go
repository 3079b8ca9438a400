package series

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func frame(t fataler, x []float64) *Frame {
	times := make([]int64, len(x))
	for i := range times {
		times[i] = int64(i) * 1000
	}
	f, err := New(times, Column{"x", x})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

type fataler interface{ Fatal(...any) }

func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b }

func TestNothingLooksAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64Range(-9, 9), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), 0}))
		x := rapid.SliceOfN(value, 1, 40).Draw(t, "x")
		n := rapid.IntRange(1, 50).Draw(t, "n")
		cut := rapid.IntRange(0, len(x)).Draw(t, "cut")
		late := append([]float64(nil), x...)
		for i := cut; i < len(x); i++ {
			late[i] = rapid.SampledFrom([]float64{math.NaN(), 1e308, math.Inf(-1)}).Draw(t, "poison")
		}
		ops := operations(n)
		for k, op := range ops {
			whole, err := op(frame(t, x))
			if err != nil {
				t.Fatal(err)
			}
			short, err := op(frame(t, x[:cut]))
			if err != nil {
				t.Fatal(err)
			}
			poisoned, err := op(frame(t, late))
			if err != nil {
				t.Fatal(err)
			}
			for i := range cut {
				if !same(whole[i], short[i]) || !same(whole[i], poisoned[i]) {
					t.Fatalf("operation %d, row %d: %v, by the prefix %v, poisoned %v", k, i, whole[i], short[i], poisoned[i])
				}
			}
		}
	})
}

// operations are those that answer each row by its past, over a column x and windows of n rows.
func operations(n int) []func(*Frame) ([]float64, error) {
	of := func(op func(x []float64) ([]float64, error)) func(*Frame) ([]float64, error) {
		return func(f *Frame) ([]float64, error) { return op(f.columns[0].Values) }
	}
	plain := func(op func(x []float64) []float64) func(*Frame) ([]float64, error) {
		return func(f *Frame) ([]float64, error) { return op(f.columns[0].Values), nil }
	}
	w := Window{n, max(1, n/2)}
	ops := []func(*Frame) ([]float64, error){
		of(func(x []float64) ([]float64, error) { return Lag(x, n-1) }),
		of(func(x []float64) ([]float64, error) { return Difference(x, n) }),
		of(func(x []float64) ([]float64, error) { return PercentChange(x, n) }),
		of(func(x []float64) ([]float64, error) { return LogReturn(x, n) }),
		of(func(x []float64) ([]float64, error) { return ExponentialMean(x, float64(n), n%2 == 0) }),
		of(func(x []float64) ([]float64, error) { return ZScore(x, w) }),
		of(func(x []float64) ([]float64, error) { return Quantiles(x, .3, w) }),
		of(func(x []float64) ([]float64, error) { return Rank(x, w) }),
		of(func(x []float64) ([]float64, error) { return GroupExpanding(x, x, Count, 1) }),
		plain(CumulativeSum), plain(CumulativeProduct), plain(CumulativeMax), plain(Drawdown),
		func(f *Frame) ([]float64, error) { return f.Calendar("hour") },
		func(f *Frame) ([]float64, error) {
			j, err := f.JoinAsOf(&Frame{times: f.times, columns: []Column{{"y", f.columns[0].Values}}}, 5000)
			if err != nil {
				return nil, err
			}
			return j.Column("y")
		},
		func(f *Frame) ([]float64, error) {
			known := make([]int64, len(f.times))
			for i, t := range f.times {
				known[i] = t + int64(i*7%5)*1000
			}
			j, err := f.JoinKnown(f.times, known, []Column{{"y", f.columns[0].Values}}, 9000)
			if err != nil {
				return nil, err
			}
			return j.Column("y")
		},
	}
	for m := Correlation; m <= Beta; m++ {
		ops = append(ops, of(func(x []float64) ([]float64, error) {
			y, err := Lag(x, 1)
			if err != nil {
				return nil, err
			}
			return RollingPair(x, y, m, Window{n, 1})
		}))
	}
	for s := Sum; s <= Count; s++ {
		ops = append(ops, of(func(x []float64) ([]float64, error) { return Rolling(x, s, Window{n, 1}) }),
			of(func(x []float64) ([]float64, error) { return Expanding(x, s, 1) }))
	}
	return ops
}

func TestRollingEqualsRecomputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Map(rapid.IntRange(-9e6, 9e6), func(n int) float64 { return float64(n) / 1e6 }), rapid.Just(math.NaN()), rapid.SampledFrom([]float64{0, 1, 2}))
		x := rapid.SliceOfN(value, 0, 40).Draw(t, "x")
		y := rapid.SliceOfN(value, len(x), len(x)).Draw(t, "y")
		n := rapid.IntRange(1, 12).Draw(t, "n")
		least := rapid.IntRange(1, n).Draw(t, "least")
		w := Window{n, least}
		got := map[string][]float64{}
		for s := Sum; s <= Count; s++ {
			got[s.String()] = must(Rolling(x, s, w))
		}
		got["median"], got["quantile"], got["rank"], got["zscore"] = must(Rolling(x, Median, w)), must(Quantiles(x, .3, w)), must(Rank(x, w)), must(ZScore(x, w))
		got["corr"], got["cov"], got["beta"] = must(RollingPair(x, y, Correlation, w)), must(RollingPair(x, y, Covariance, w)), must(RollingPair(x, y, Beta, w))
		for i := range x {
			lo := max(0, i+1-n)
			want := measured(x[lo:i+1], y[lo:i+1], x[i], least)
			for name, v := range got {
				if !same(v[i], want[name]) && !(math.Abs(v[i]-want[name]) < 1e-9) {
					t.Fatalf("%s of %d rows, at least %d, at %d: %v, want %v", name, n, least, i, v[i], want[name])
				}
			}
		}
	})
}

func must(x []float64, err error) []float64 {
	if err != nil {
		panic(err)
	}
	return x
}

// measured computes a window's figures by their definitions; v is its last value.
func measured(x, y []float64, v float64, least int) map[string]float64 {
	nan := math.NaN()
	out := map[string]float64{"sum": nan, "mean": nan, "min": nan, "max": nan, "var": nan, "std": nan, "median": nan, "quantile": nan, "rank": nan, "zscore": nan, "corr": nan, "cov": nan, "beta": nan}
	var in, px, py []float64
	for i := range x {
		if x[i] == x[i] {
			in = append(in, x[i])
			if y[i] == y[i] {
				px, py = append(px, x[i]), append(py, y[i])
			}
		}
	}
	mean := func(x []float64) float64 {
		s := 0.0
		for _, v := range x {
			s += v
		}
		return s / float64(len(x))
	}
	co := func(x, y []float64) float64 {
		s, mx, my := 0.0, mean(x), mean(y)
		for i := range x {
			s += (x[i] - mx) * (y[i] - my)
		}
		return s / float64(len(x)-1)
	}
	constant := func(x []float64) bool { return slices.Min(x) == slices.Max(x) }
	n := float64(len(in))
	if out["count"] = n; len(in) < least && least > 1 {
		out["count"] = nan
	}
	if len(in) >= least {
		out["mean"], out["sum"], out["min"], out["max"] = mean(in), mean(in)*n, slices.Min(in), slices.Max(in)
		if len(in) > 1 {
			out["var"] = co(in, in)
			if out["std"] = math.Sqrt(out["var"]); !constant(in) {
				out["zscore"] = (v - out["mean"]) / out["std"]
			}
		}
		below, equal := 0.0, 0.0
		for _, w := range in {
			if w < v {
				below++
			} else if w == v {
				equal++
			}
		}
		if v == v {
			out["rank"] = (below + equal/2) / n
		}
		slices.Sort(in)
		of := func(p float64) float64 {
			at := p * (n - 1)
			lo := math.Floor(at)
			hi := min(lo+1, n-1)
			return in[int(lo)]*(1-at+lo) + in[int(hi)]*(at-lo)
		}
		out["median"], out["quantile"] = of(.5), of(.3)
	}
	if len(px) >= max(2, least) {
		out["cov"] = co(px, py)
		if !constant(py) {
			out["beta"] = co(px, py) / co(py, py)
			if !constant(px) {
				out["corr"] = co(px, py) / math.Sqrt(co(px, px)*co(py, py))
			}
		}
	}
	return out
}

func TestExpandingSumDoesNotDrift(t *testing.T) {
	x, exact := make([]float64, 400_000), new(big.Float).SetPrec(300)
	for i := range x {
		x[i] = 1e6*math.Sin(float64(i)) + 0.1
		exact.Add(exact, big.NewFloat(x[i]))
	}
	got, err := Expanding(x, Sum, 1)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := exact.Float64(); math.Abs(got[len(x)-1]-want) > 1e-9 {
		t.Fatalf("%v, exactly %v", got[len(x)-1], want)
	}
}

func TestRefusals(t *testing.T) {
	f := frame(t, []float64{1, 2})
	_, unsorted := New([]int64{2, 1})
	_, repeated := New([]int64{1, 1})
	_, uneven := New([]int64{1}, Column{"x", nil})
	_, twice := New(nil, Column{"x", nil}, Column{"x", nil})
	_, long := New(make([]int64, MaxRows+1))
	x := []float64{1, 2}
	_, ahead := Lag(x, -1)
	_, still := Difference(x, 0)
	_, unknown := f.Column("y")
	_, wide := Rolling(x, Sum, Window{1, 2})
	_, endless := Rolling(x, First, Window{1, 1})
	_, half := Quantiles(x, 1.5, Window{1, 1})
	_, uneven2 := RollingPair(x, x[:1], Beta, Window{1, 1})
	_, span := ExponentialMean(x, 0, true)
	_, none := f.JoinAsOf(nil, 1)
	_, none2 := f.Join(nil, Inner)
	_, known := f.JoinKnown([]int64{1}, nil, nil, 1)
	_, mark := f.Where(nil)
	_, part := f.Calendar("minute")
	_, every := f.Resample(ResampleOptions{Every: 0, Columns: []Aggregate{{Column: "x"}}})
	_, nothing := f.Resample(ResampleOptions{Every: 1})
	_, train := f.FitStandard("x", 0, 1)
	_, constant := frame(t, []float64{3, 3, 3}).FitStandard("x", 0, 9e12)
	_, winsor := f.FitWinsor("x", .5, 0, 9e12)
	_, clip := Clip(x, 2, 1)
	_, horizon := f.Horizon("x", 0)
	_, barrier := f.TripleBarrier("x", 0, 0, 3, false)
	_, price := frame(t, []float64{1, 0}).Horizon("x", 1)
	_, stat := ParseStatistic("mode")
	_, gone := f.Select("y")
	_, dropped := f.Drop("y")
	_, aged := f.JoinAsOf(f, -1)
	for i, err := range []error{unsorted, repeated, uneven, twice, long, ahead, still, unknown, wide, aged, endless, half, uneven2, span, none, none2, known, mark, part, every,
		nothing, train, constant, winsor, clip, horizon, barrier, price, stat, gone, dropped} {
		if err == nil {
			t.Errorf("case %d is not refused", i)
		}
	}
}

func TestJoinAsOfAges(t *testing.T) {
	left, _ := New([]int64{5, 10, 12, 13})
	right, _ := New([]int64{10, 20}, Column{"y", []float64{7, 8}})
	j, err := left.JoinAsOf(right, 2)
	if err != nil {
		t.Fatal(err)
	}
	y, _ := j.Column("y")
	for i, want := range []float64{math.NaN(), 7, 7, math.NaN()} {
		if !same(y[i], want) {
			t.Errorf("row %d: %v, want %v", i, y[i], want)
		}
	}
}

func BenchmarkRolling(b *testing.B) {
	x := make([]float64, 100_000)
	out := make([]float64, len(x))
	b.Run("copy", func(b *testing.B) {
		for b.Loop() {
			copy(out, x)
		}
	})
	for _, s := range []Statistic{Sum, Mean, Max, Std, Median} {
		b.Run(s.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := Rolling(x, s, Window{50, 50}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
