package series

import (
	"math"
	"testing"
)

// A frame that is not there has no rows and no columns, and no operation on it panics.
func TestNoFrame(t *testing.T) {
	var f *Frame
	if f.Rows() != 0 || len(f.Times()) != 0 || len(f.Columns()) != 0 || f.Slice(0, 9).Rows() != 0 || f.Tail(3).Rows() != 0 {
		t.Error("it has rows")
	}
	right := frame(t, []float64{1})
	for name, op := range map[string]func() (*Frame, error){
		"with": func() (*Frame, error) { return f.With("x", nil) }, "drop": func() (*Frame, error) { return f.Drop() },
		"select": func() (*Frame, error) { return f.Select() }, "where": func() (*Frame, error) { return f.Where(nil) },
		"drop missing": func() (*Frame, error) { return f.DropMissing() }, "as of": func() (*Frame, error) { return f.JoinAsOf(right, 1) },
		"known": func() (*Frame, error) { return f.JoinKnown(nil, nil, nil, 1) }, "join": func() (*Frame, error) { return f.Join(right, Inner) },
	} {
		if got, err := op(); err != nil || got.Rows() != 0 {
			t.Errorf("%s: %d rows, %v", name, got.Rows(), err)
		}
	}
	_, column := f.Column("x")
	_, resampled := f.Resample(ResampleOptions{Every: 1, Columns: []Aggregate{{Column: "x"}}})
	_, fitted := f.FitStandard("x", 0, 9)
	_, label := f.Horizon("x", 1)
	_, barrier := f.TripleBarrier("x", 1, 1, 1, false)
	for i, err := range []error{column, resampled, fitted, label, barrier} {
		if err == nil {
			t.Errorf("case %d: a column that is not there", i)
		}
	}
	if hours, err := f.Calendar("hour"); err != nil || len(hours) != 0 {
		t.Errorf("%v %v", hours, err)
	}
	if groups, err := f.GroupAggregate(nil, nil, Sum, 0, 9); err != nil || len(groups) != 0 {
		t.Errorf("%v %v", groups, err)
	}
}

// Bounds hold before work is done: flat prices would be followed for 10^12 steps, a bucket's end would wrap around.
func TestHostileSizesAreRefused(t *testing.T) {
	flat := make([]float64, 200_000)
	for i := range flat {
		flat[i] = 1
	}
	f := frame(t, flat)
	_, far := f.TripleBarrier("x", .1, .1, math.MaxInt, false)
	_, late := f.Resample(ResampleOptions{Every: math.MaxInt64, Step: math.MaxInt64, Columns: []Aggregate{{Column: "x"}}})
	_, strange := f.Resample(ResampleOptions{Every: 1000, Columns: []Aggregate{{"x", "", 99}}})
	_, grown := GroupExpanding(flat, flat, 99, 1)
	_, grouped := f.GroupAggregate(flat, flat, 99, 0, 9)
	for i, err := range []error{far, late, strange, grown, grouped} {
		if err == nil {
			t.Errorf("case %d is not refused", i)
		}
	}
	// One value over and over: a rank by counting the equal ones would take 4·10^10 steps.
	fit, err := f.FitUniform("x", 0, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	if got := fit.Apply(flat); got[0] != .5 || got[len(got)-1] != .5 {
		t.Errorf("%v", got[0])
	}
}
