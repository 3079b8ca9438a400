package series

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Whatever the times, a window of a duration is its rows by definition, and later rows do not change it.
func TestRollingDurationEqualsRecomputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Map(rapid.IntRange(-9e6, 9e6), func(n int) float64 { return float64(n) / 1e6 }), rapid.Just(math.NaN()))
		x := rapid.SliceOfN(value, 0, 40).Draw(t, "x")
		times, at := make([]int64, len(x)), int64(-20)
		for i := range times {
			at += rapid.Int64Range(1, 6).Draw(t, "gap")
			times[i] = at
		}
		span, least, cut := rapid.Int64Range(1, 30).Draw(t, "span"), rapid.IntRange(1, 4).Draw(t, "least"), rapid.IntRange(0, len(x)).Draw(t, "cut")
		f, err := New(times, Column{"x", x})
		if err != nil {
			t.Fatal(err)
		}
		short, err := New(times[:cut], Column{"x", x[:cut]})
		if err != nil {
			t.Fatal(err)
		}
		for s := Sum; s <= Count; s++ {
			got, prefix := must(f.RollingDuration("x", s, span, least)), must(short.RollingDuration("x", s, span, least))
			for i := range x {
				lo := i
				for lo > 0 && times[i]-times[lo-1] < span {
					lo--
				}
				want := measured(x[lo:i+1], x[lo:i+1], x[i], least)[s.String()]
				if !same(got[i], want) && !(math.Abs(got[i]-want) < 1e-9) {
					t.Fatalf("%s over %d ms at row %d: %v, want %v", s, span, i, got[i], want)
				}
				if i < cut && !same(got[i], prefix[i]) {
					t.Fatalf("%s at row %d: %v, by the prefix %v", s, i, got[i], prefix[i])
				}
			}
		}
	})
}

func TestRollingDurationRefuses(t *testing.T) {
	f := frame(t, []float64{1, 2})
	_, span := f.RollingDuration("x", Sum, 0, 1)
	_, least := f.RollingDuration("x", Sum, 1, 0)
	_, median := f.RollingDuration("x", Median, 1, 1)
	_, column := f.RollingDuration("y", Sum, 1, 1)
	for i, err := range []error{span, least, median, column} {
		if err == nil {
			t.Errorf("case %d is not refused", i)
		}
	}
	if got := must(f.RollingDuration("x", Sum, math.MaxInt64, math.MaxInt)); !math.IsNaN(got[1]) {
		t.Errorf("%v", got)
	}
}

func TestQuantileBins(t *testing.T) {
	f := frame(t, []float64{1, 2, 3, 4, 5, 1000})
	fit, err := f.FitQuantiles("x", 4, 0, 5000) // edges 2, 3 and 4
	if err != nil {
		t.Fatal(err)
	}
	if got := fit.Apply([]float64{-9, 2, 2.5, 4, math.Inf(1), math.NaN()}); !equal(got, []float64{0, 1, 1, 3, 3, math.NaN()}) {
		t.Errorf("%v", got)
	}
	for _, bins := range []int{1, 1001} {
		if _, err := f.FitQuantiles("x", bins, 0, 5000); err == nil {
			t.Errorf("%d bins are not refused", bins)
		}
	}
	var none *Fit
	if got := none.Apply([]float64{1}); !math.IsNaN(got[0]) {
		t.Errorf("no fit gives %v", got)
	}
}

func TestInverseUndoesApply(t *testing.T) {
	f := frame(t, []float64{1, 2, 4, 8})
	fit, err := f.FitStandard("x", 0, 9000)
	if err != nil {
		t.Fatal(err)
	}
	back := must(fit.Inverse(fit.Apply([]float64{-3, 5})))
	if math.Abs(back[0]+3) > 1e-12 || math.Abs(back[1]-5) > 1e-12 {
		t.Errorf("%v", back)
	}
	uniform, err := f.FitUniform("x", 0, 9000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := uniform.Inverse([]float64{.5}); err == nil {
		t.Error("ranks were undone")
	}
}
