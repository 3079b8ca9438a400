package evidence

import (
	"math"
	"slices"
	"testing"
)

var worked = []float64{100, 101, 103, 102, 99, 97, 100, 104}

func TestTripleBarrierWorkedNumbers(t *testing.T) {
	t.Parallel()
	b := Barriers{Target: .02, Profit: 1, Loss: 1, Vertical: 3}
	want := []Event{
		{0, 2, .03, 1, UpperBarrier}, {1, 4, -.01980198019801982, 0, VerticalBarrier}, {2, 4, -.03883495145631066, -1, LowerBarrier},
		{3, 4, -.02941176470588236, -1, LowerBarrier}, {4, 5, -.02020202020202022, -1, LowerBarrier}, {5, 6, .030927835051546282, 1, UpperBarrier},
	}
	check := func(got []Event, err error) {
		t.Helper()
		if err != nil || len(got) != len(want) {
			t.Fatalf("got %v, %v", got, err)
		}
		for i, e := range got {
			near(t, "return", e.Return, want[i].Return, 1e-9)
			w := want[i]
			w.Return = e.Return
			if e != w {
				t.Errorf("got %+v, want %+v", e, w)
			}
		}
	}
	starts := []int{0, 1, 2, 3, 4, 5}
	check(TripleBarrier(worked, starts, b))
	b.SignVertical, want[1].Label = true, -1
	check(TripleBarrier(worked, starts, b))
	// Of all bars, 6 too is known before the closes end, though its vertical barrier lies beyond them; 7 has no bar after it.
	want = append(want, Event{6, 7, .04, 1, UpperBarrier})
	check(TripleBarrier(worked, nil, b))
}

func TestUniquenessWorkedNumbers(t *testing.T) {
	t.Parallel()
	events, err := TripleBarrier(worked, []int{0, 1, 2, 3, 4, 5}, Barriers{Target: .02, Profit: 1, Loss: 1, Vertical: 3})
	if err != nil {
		t.Fatal(err)
	}
	count, err := Concurrency(events, 7)
	if err != nil || !slices.Equal(count, []int{1, 2, 3, 3, 4, 2, 1}) {
		t.Errorf("concurrency %v, %v", count, err)
	}
	got, err := Uniqueness(events, len(worked))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{.611111111111111, .35416666666666663, .3055555555555555, .29166666666666663, .375, .75} {
		near(t, "uniqueness", got[i], want, 1e-9)
	}
	if s := events[1].Span(); s != (Span{1, 4}) {
		t.Errorf("span %v", s)
	}
}

func TestTripleBarrierEdges(t *testing.T) {
	t.Parallel()
	both := Barriers{Target: .25, Profit: 1, Loss: 1, Vertical: 2, SignVertical: true}
	for name, c := range map[string]struct {
		closes []float64
		b      Barriers
		want   []Event
	}{
		"touching is not crossing":           {[]float64{100, 125, 100}, both, []Event{{0, 2, 0, 0, VerticalBarrier}}},
		"from below too":                     {[]float64{100, 75, 112.5}, both, []Event{{0, 2, .125, 1, VerticalBarrier}, {1, 2, .5, 1, UpperBarrier}}},
		"cut off and not resolved":           {[]float64{100, 101}, both, []Event{}},
		"cut off but resolved":               {[]float64{100, 200}, both, []Event{{0, 1, 1, 1, UpperBarrier}}},
		"no upper barrier":                   {[]float64{100, 200, 300}, Barriers{Target: .25, Loss: 1, Vertical: 2}, []Event{{0, 2, 2, 0, VerticalBarrier}}},
		"no lower barrier":                   {[]float64{100, 12.5, 25}, Barriers{Target: .25, Profit: 1, Vertical: 1}, []Event{{0, 1, -.875, 0, VerticalBarrier}, {1, 2, 1, 1, UpperBarrier}}},
		"a crossing at the vertical barrier": {[]float64{100, 100, 200}, both, []Event{{0, 2, 1, 1, UpperBarrier}, {1, 2, 1, 1, UpperBarrier}}},
		"no bars":                            {nil, both, []Event{}},
	} {
		got, err := TripleBarrier(c.closes, nil, c.b)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestLabelsRefuse(t *testing.T) {
	t.Parallel()
	ok := Barriers{Target: .02, Profit: 1, Loss: 1, Vertical: 3}
	label := func(closes []float64, starts []int, change func(*Barriers)) error {
		b := ok
		change(&b)
		_, err := TripleBarrier(closes, starts, b)
		return err
	}
	same := func(*Barriers) {}
	count := func(bars int, e ...Event) error { _, err := Uniqueness(e, bars); return err }
	for name, err := range map[string]error{
		"target 0":        label(worked, nil, func(b *Barriers) { b.Target = 0 }),
		"target NaN":      label(worked, nil, func(b *Barriers) { b.Target = math.NaN() }),
		"target infinite": label(worked, nil, func(b *Barriers) { b.Target = math.Inf(1) }),
		"profit below 0":  label(worked, nil, func(b *Barriers) { b.Profit = -1 }),
		"loss NaN":        label(worked, nil, func(b *Barriers) { b.Loss = math.NaN() }),
		"no vertical":     label(worked, nil, func(b *Barriers) { b.Vertical = 0 }),
		"close 0":         label([]float64{1, 0}, nil, same),
		"close NaN":       label([]float64{1, math.NaN()}, nil, same),
		"start below":     label(worked, []int{-1}, same),
		"start beyond":    label(worked, []int{8}, same),
		"overflow":        label([]float64{1e-300, 1e300}, nil, same),
		"bars":            count(-1),
		"too many bars":   count(maxLabelBars + 1),
		"event beyond":    count(3, Event{From: 1, To: 3}),
		"event before":    count(3, Event{From: -1, To: 1}),
		"event backward":  count(3, Event{From: 2, To: 1}),
	} {
		refused(t, name, err)
	}
}
