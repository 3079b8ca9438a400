package series

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const hour = 3_600_000

func equal(a, b []float64) bool { return slices.EqualFunc(a, b, same) }

func column(t *testing.T, f *Frame, name string) []float64 {
	t.Helper()
	x, err := f.Column(name)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestRowsAreChosen(t *testing.T) {
	nan := math.NaN()
	f, err := New([]int64{10, 20, 30, 40}, Column{"a", []float64{1, nan, 3, 4}}, Column{"b", []float64{5, 6, nan, 8}})
	if err != nil {
		t.Fatal(err)
	}
	full, err := f.DropMissing()
	if err != nil {
		t.Fatal(err)
	}
	some, err := f.DropMissing("b")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		got  *Frame
		want []int64
	}{
		"slice": {f.Slice(20, 40), []int64{20, 30}}, "turned": {f.Slice(40, 20), nil}, "tail": {f.Tail(1), []int64{40}}, "all": {f.Tail(99), f.times},
		"none": {f.Tail(-3), nil}, "full": {full, []int64{10, 40}}, "some": {some, []int64{10, 20, 40}},
	} {
		if !slices.Equal(c.got.Times(), c.want) || len(column(t, c.got, "a")) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, c.got.Times(), c.want)
		}
	}
	if got := column(t, full, "b"); !equal(got, []float64{5, 8}) {
		t.Errorf("%v", got)
	}
	picked, err := f.Select("b")
	if err != nil || len(picked.Columns()) != 1 {
		t.Error(err)
	}
	left, err := f.Drop("b")
	if err != nil || left.Columns()[0].Name != "a" {
		t.Error(err)
	}
}

// Bars of an hour, gathered into days and by four hours with an offset: each answer is stamped when its last hour is over.
func TestResampleStampsWhenComplete(t *testing.T) {
	times, x := make([]int64, 30), make([]float64, 30)
	for i := range times {
		times[i], x[i] = int64(i)*hour, float64(i)
	}
	f, err := New(times, Column{"x", x})
	if err != nil {
		t.Fatal(err)
	}
	all := func(o ResampleOptions) *Frame {
		t.Helper()
		for s := Sum; s <= Median; s++ {
			o.Columns = append(o.Columns, Aggregate{"x", s.String(), s})
		}
		r, err := f.Resample(o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	days := all(ResampleOptions{Every: 24 * hour, Step: hour})
	if !slices.Equal(days.Times(), []int64{24 * hour}) || column(t, days, "sum")[0] != 276 || column(t, days, "first")[0] != 0 || column(t, days, "last")[0] != 23 ||
		column(t, days, "median")[0] != 11.5 || column(t, days, "count")[0] != 24 || math.Abs(column(t, days, "var")[0]-50) > 1e-9 {
		t.Errorf("%v %+v", days.Times(), days.Columns())
	}
	open := all(ResampleOptions{Every: 24 * hour, Step: hour, Incomplete: true})
	if !slices.Equal(open.Times(), []int64{24 * hour, 30 * hour}) || column(t, open, "last")[1] != 29 {
		t.Errorf("%v", open.Times())
	}
	shifted := all(ResampleOptions{Every: 4 * hour, Offset: hour, Step: hour})
	if got := shifted.Times(); got[0] != hour || got[1] != 5*hour || got[len(got)-1] != 29*hour || column(t, shifted, "count")[0] != 1 {
		t.Errorf("%v", got)
	}
	instants := all(ResampleOptions{Every: 4 * hour}) // what is complete at its own time
	if got := instants.Times(); got[0] != 0 || column(t, instants, "count")[0] != 1 || column(t, instants, "last")[1] != 4 || got[len(got)-1] != 28*hour {
		t.Errorf("%v", got)
	}
}

// No resampled row says anything of a row that was complete later than its stamp, whatever the grid.
func TestResampleDoesNotLookAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := rapid.Int64Range(0, 5).Draw(t, "step")
		o := ResampleOptions{Every: rapid.Int64Range(max(1, step), 20).Draw(t, "every"), Step: step, Incomplete: rapid.Bool().Draw(t, "incomplete"), Columns: []Aggregate{{"x", "", Sum}, {"x", "n", Count}}}
		o.Offset = rapid.Int64Range(0, o.Every-1).Draw(t, "offset")
		var times []int64
		var x []float64
		at := rapid.Int64Range(-50, 50).Draw(t, "first")
		for range rapid.IntRange(0, 30).Draw(t, "rows") {
			at += max(1, step) + rapid.Int64Range(0, 9).Draw(t, "gap")
			times, x = append(times, at), append(x, float64(at))
		}
		f, err := New(times, Column{"x", x})
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Resample(o)
		if err != nil {
			t.Fatal(err)
		}
		before := int64(math.MinInt64)
		n := must(r.Column("n"))
		for i, end := range r.Times() {
			count, sum := 0.0, 0.0
			for k, u := range times {
				if done := u + step; done > before && done <= end {
					count++
					sum += x[k]
				}
			}
			if sums := must(r.Column("x")); n[i] != count || sums[i] != sum || count == 0 {
				t.Fatalf("bucket %d that ends at %d has %v rows and %v, want %v and %v", i, end, n[i], sums[i], count, sum)
			}
			if full := (end-o.Offset)%o.Every == 0; !full && (!o.Incomplete || i < r.Rows()-1) {
				t.Fatalf("bucket %d ends at %d, in the middle of one", i, end)
			}
			before = end
		}
	})
}

func TestJoins(t *testing.T) {
	nan := math.NaN()
	a, _ := New([]int64{1, 2, 4}, Column{"a", []float64{1, 2, 4}})
	b, _ := New([]int64{2, 3, 4}, Column{"b", []float64{20, 30, 40}})
	for how, want := range map[How]struct {
		times []int64
		a, b  []float64
	}{
		Inner: {[]int64{2, 4}, []float64{2, 4}, []float64{20, 40}},
		Left:  {[]int64{1, 2, 4}, []float64{1, 2, 4}, []float64{nan, 20, 40}},
		Outer: {[]int64{1, 2, 3, 4}, []float64{1, 2, nan, 4}, []float64{nan, 20, 30, 40}},
	} {
		j, err := a.Join(b, how)
		if err != nil || !slices.Equal(j.Times(), want.times) || !equal(column(t, j, "a"), want.a) || !equal(column(t, j, "b"), want.b) {
			t.Errorf("%d: %+v %v", how, j, err)
		}
	}
	if _, err := a.Join(a, Inner); err == nil {
		t.Error("a name that both have is taken twice")
	}
}

// At each row: of what was known by then, the newest that happened, in its newest revision.
func TestJoinKnownEqualsRecomputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events, known []int64
		var y []float64
		for i := range rapid.IntRange(0, 30).Draw(t, "rows") {
			e := rapid.Int64Range(0, 20).Draw(t, "event")
			events, known, y = append(events, e), append(known, e+rapid.Int64Range(-2, 9).Draw(t, "late")), append(y, float64(i))
		}
		age := rapid.Int64Range(0, 10).Draw(t, "age")
		times := []int64{0, 3, 5, 6, 9, 12, 15, 20, 30}
		f, err := New(times)
		if err != nil {
			t.Fatal(err)
		}
		j, err := f.JoinKnown(events, known, []Column{{"y", y}}, age)
		if err != nil {
			t.Fatal(err)
		}
		got := must(j.Column("y"))
		for i, now := range times {
			best := -1
			for k := range events {
				if known[k] > now {
					continue
				}
				if best < 0 || events[k] > events[best] || events[k] == events[best] && known[k] >= known[best] {
					best = k
				}
			}
			want := math.NaN()
			if best >= 0 && events[best] <= now && now-events[best] <= age {
				want = y[best]
			}
			if !same(got[i], want) {
				t.Fatalf("at %d: %v, want %v", now, got[i], want)
			}
		}
	})
}

// What is fitted depends on the training rows alone.
func TestFitsSeeTheirTrainingRangeOnly(t *testing.T) {
	x := []float64{5, 1, 2, 3, 4, 1000, math.NaN()}
	other := slices.Clone(x)
	other[0], other[5] = -7, math.Inf(1)
	fits := func(x []float64) (out []*Fit) {
		t.Helper()
		f := frame(t, x)
		for _, fit := range []func() (*Fit, error){
			func() (*Fit, error) { return f.FitStandard("x", 1000, 5000) }, func() (*Fit, error) { return f.FitRobust("x", 1000, 5000) },
			func() (*Fit, error) { return f.FitWinsor("x", .25, 1000, 5000) }, func() (*Fit, error) { return f.FitUniform("x", 1000, 5000) },
		} {
			got, err := fit()
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, got)
		}
		return out
	}
	in := []float64{1, 2.5, 4, 100, math.NaN()}
	want := [][]float64{
		{-1.5 / math.Sqrt(5./3), 0, 1.5 / math.Sqrt(5./3), 97.5 / math.Sqrt(5./3), math.NaN()},
		{-1.5 / 1.5 * 1.3489795003921634, 0, 1.3489795003921634, 65 * 1.3489795003921634, math.NaN()},
		{1.75, 2.5, 3.25, 3.25, math.NaN()},
		{.125, .5, .875, 1, math.NaN()},
	}
	again := fits(other)
	for k, f := range fits(x) {
		got := f.Apply(in)
		for i := range got {
			if !same(got[i], again[k].Apply(in)[i]) {
				t.Errorf("%s: rows outside the training range change it", f.Method())
			}
			if !same(got[i], want[k][i]) && !(math.Abs(got[i]-want[k][i]) < 1e-12) {
				t.Errorf("%s of %v: %v, want %v", f.Method(), in[i], got[i], want[k][i])
			}
		}
	}
}

func TestLabelsAreKnownLater(t *testing.T) {
	f := frame(t, []float64{100, 101, 103, 99, 100, 100})
	l, err := f.Horizon("x", 2)
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	want := []float64{.03, 99./101 - 1, 100./103 - 1, 100./99 - 1, nan, nan}
	for i := range want {
		if !same(l.Values[i], want[i]) && !(math.Abs(l.Values[i]-want[i]) < 1e-12) {
			t.Errorf("row %d: %v, want %v", i, l.Values[i], want[i])
		}
	}
	if !slices.Equal(l.Ends, []int64{2000, 3000, 4000, 5000, 4000, 5000}) {
		t.Errorf("known at %v", l.Ends)
	}
	// Rows 2 and 3 are in three labels each, 1 and 4 in two, 0 and 5 in one: (1 + 1/2 + 1/3)/3 and (1/2 + 1/3 + 1/3)/3.
	if !(math.Abs(l.Weight[0]-11./18) < 1e-12) || !(math.Abs(l.Weight[1]-7./18) < 1e-12) || l.Weight[5] != 0 {
		t.Errorf("weights %v", l.Weight)
	}
	if s := l.Spans(); s[0].From != 0 || s[0].To != 2000 || s[5].To != 5000 {
		t.Errorf("spans %v", s)
	}
	b, err := f.TripleBarrier("x", .02, .02, 3, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 0, -1, nan, nan, nan}; !equal(b.Values, want) || b.Ends[0] != 2000 || b.Ends[2] != 3000 {
		t.Errorf("%v known at %v", b.Values, b.Ends)
	}
}

func TestGroups(t *testing.T) {
	f := frame(t, []float64{1, 2, 3, 4, math.NaN()})
	keys := []float64{7, 8, 7, math.NaN(), 7}
	got, err := GroupExpanding(f.columns[0].Values, keys, Mean, 1)
	if err != nil || !equal(got, []float64{1, 2, 2, math.NaN(), 2}) {
		t.Errorf("%v %v", got, err)
	}
	groups, err := f.GroupAggregate(f.columns[0].Values, keys, Sum, 1000, 3000)
	if err != nil || !slices.Equal(groups, []Group{{7, 3, 1}, {8, 2, 1}}) {
		t.Errorf("%v %v", groups, err)
	}
	parts, err := f.Calendar("weekday")
	if err != nil || parts[0] != 4 { // 1970 began on a Thursday
		t.Errorf("%v %v", parts, err)
	}
}

// Whatever the frame, nothing panics.
func TestDegenerateFrames(t *testing.T) {
	nan := math.NaN()
	for name, x := range map[string][]float64{"empty": {}, "one row": {1}, "all missing": {nan, nan, nan}, "infinite": {math.Inf(1), math.Inf(-1), math.Inf(1)}, "huge": {1e308, 1e308, -1e308}} {
		f := frame(t, x)
		for k, op := range operations(2) {
			got, err := op(f)
			if err != nil || len(got) != len(x) {
				t.Errorf("%s: operation %d gives %d rows, %v", name, k, len(got), err)
			}
		}
		for _, o := range []bool{true, false} {
			if _, err := f.Resample(ResampleOptions{Every: 2000, Incomplete: o, Columns: []Aggregate{{"x", "", Median}}}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := f.FitRobust("x", 0, 9000); err == nil {
			t.Errorf("%s: a fit without values", name)
		}
	}
	if _, err := New(make([]int64, 2), Column{"x", make([]float64, 2)}); err == nil {
		t.Error("repeated times")
	}
	var columns []Column
	for i := range MaxColumns + 1 {
		columns = append(columns, Column{Name: string(rune('a'+i%26)) + string(rune('a'+i/26)), Values: nil})
	}
	if _, err := New(nil, columns...); err == nil {
		t.Error("too many columns")
	}
	long := make([]int64, MaxCells/10+1)
	for i := range long {
		long[i] = int64(i)
	}
	if _, err := New(long, columns[:11]...); err == nil {
		t.Error("too many cells")
	}
}
