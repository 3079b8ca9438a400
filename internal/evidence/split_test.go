package evidence

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// steps are the spans [i, i+2].
func steps(n int) []Span {
	out := make([]Span, n)
	for i := range out {
		out[i] = Span{int64(i), int64(i) + 2}
	}
	return out
}

func TestPurgeWorkedNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		test    Span
		embargo int64
		want    []int
	}{
		{Span{1, 2}, 0, []int{3, 4, 5, 6, 7, 8, 9}},
		{Span{8, 11}, 0, []int{0, 1, 2, 3, 4, 5}},
		{Span{6, 8}, 0, []int{0, 1, 2, 3, 9}},
		{Span{1, 2}, 2, []int{5, 6, 7, 8, 9}},     // after the test only
		{Span{8, 11}, 5, []int{0, 1, 2, 3, 4, 5}}, // never before it
	} {
		got, err := Purge(steps(10), []Span{c.test}, c.embargo)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("test %v, embargo %d: got %v, %v, want %v", c.test, c.embargo, got, err, c.want)
		}
	}
	got, err := Purge(steps(10), []Span{{1, 2}, {8, 11}}, 1)
	if err != nil || !slices.Equal(got, []int{4, 5}) {
		t.Errorf("two tests: got %v, %v", got, err)
	}
	wide := []Span{{0, 100}, {math.MinInt64, -1}, {math.MaxInt64, math.MaxInt64}} // it envelops the test; the ends of time
	if got, err = Purge(wide, []Span{{6, 8}}, 0); err != nil || !slices.Equal(got, []int{1, 2}) {
		t.Errorf("enveloping: got %v, %v", got, err)
	}
	if got, err = Purge(wide, []Span{{6, 8}}, math.MaxInt64); err != nil || !slices.Equal(got, []int{1}) {
		t.Errorf("endless embargo: got %v, %v", got, err)
	}
}

func trains(p *Plan) [][]int {
	out := make([][]int, len(p.Splits))
	for i, s := range p.Splits {
		out[i] = s.Train
	}
	return out
}

func TestCombineRowsWorkedNumbers(t *testing.T) {
	t.Parallel()
	p, err := CombineRows(12, 3, 2, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(trains(p)); got != "[[9 10 11] [5 6] [0 1 2]]" {
		t.Errorf("purge 1: %s", got)
	}
	if p, err = CombineRows(12, 3, 2, 0, 1); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(trains(p)); got != "[[9 10 11] [5 6 7] [0 1 2 3]]" {
		t.Errorf("embargo 1: %s", got)
	}
	if got := fmt.Sprint(p.Splits[1].Tests, p.Splits[1].Test); got != "[0 2] [0 1 2 3 8 9 10 11]" {
		t.Errorf("the second split: %s", got)
	}
	if p, err = CombineRows(12, 5, 2, 0, 0); err != nil {
		t.Fatal(err)
	}
	if len(p.Splits) != 10 || p.Paths != 4 || p.Folds[4] != (Fold{8, 12}) {
		t.Errorf("%d splits, %d paths, folds %v", len(p.Splits), p.Paths, p.Folds)
	}
}

// Each path tests each fold once, in a split of its own, and no test is used twice.
func TestPathsCoverTheHistory(t *testing.T) {
	t.Parallel()
	p, err := CombineRows(30, 6, 3, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Splits) != 20 || p.Paths != 10 {
		t.Fatalf("%d splits, %d paths", len(p.Splits), p.Paths)
	}
	used := map[[2]int]bool{}
	for j := range p.Paths {
		for f, s := range p.Path(j) {
			if !slices.Contains(p.Splits[s].Tests, f) || used[[2]int{f, s}] {
				t.Errorf("path %d: split %d does not test fold %d, or was used before", j, s, f)
			}
			used[[2]int{f, s}] = true
		}
	}
	if len(used) != len(p.Splits)*3 {
		t.Errorf("%d tests are in a path, want %d", len(used), len(p.Splits)*3)
	}
	if p.Path(-1) != nil || p.Path(p.Paths) != nil {
		t.Error("a path that does not exist")
	}
}

// No training row sees a moment that a test row sees, and none starts within the embargo.
func TestCombineSpansLeaksNothing(t *testing.T) {
	t.Parallel()
	g := NewSplitMix(9)
	spans := make([]Span, 60)
	for i := range spans {
		spans[i] = Span{int64(i) * 10, int64(i)*10 + int64(g.intn(70))}
	}
	const embargo = 25
	p, err := CombineSpans(spans, 6, 2, embargo)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Splits) != 15 || p.Paths != 5 {
		t.Fatalf("%d splits, %d paths", len(p.Splits), p.Paths)
	}
	purged := 0
	for _, s := range p.Splits {
		purged += len(spans) - len(s.Train) - len(s.Test)
		for _, a := range s.Train {
			for _, b := range s.Test {
				if spans[a].meets(spans[b]) || a > b && spans[a].From-spans[b].To <= embargo && spans[a].From > spans[b].To {
					t.Fatalf("split %v trains on %v beside the test of %v", s.Tests, spans[a], spans[b])
				}
			}
		}
	}
	if purged == 0 {
		t.Error("nothing was purged: the case shows nothing")
	}
	plain := make([]Span, 12) // labels known at once need no purge, so both rules agree
	for i := range plain {
		plain[i] = Span{int64(i), int64(i)}
	}
	a, err := CombineSpans(plain, 3, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(trains(a)); got != "[[9 10 11] [5 6 7] [0 1 2 3]]" {
		t.Errorf("by spans: %s", got)
	}
}

func TestSplitsRefuse(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func() error{
		"C(20,10)":       func() error { _, err := CombineRows(1000, 20, 10, 0, 0); return err },
		"C(63,31)":       func() error { _, err := CombineRows(1000, 63, 31, 0, 0); return err },
		"one fold":       func() error { _, err := CombineRows(10, 1, 1, 0, 0); return err },
		"all tested":     func() error { _, err := CombineRows(10, 3, 3, 0, 0); return err },
		"none tested":    func() error { _, err := CombineRows(10, 3, 0, 0, 0); return err },
		"too many folds": func() error { _, err := CombineRows(100, 64, 1, 0, 0); return err },
		"few rows":       func() error { _, err := CombineRows(2, 3, 1, 0, 0); return err },
		"purge":          func() error { _, err := CombineRows(12, 3, 1, -1, 0); return err },
		"embargo":        func() error { _, err := CombineRows(12, 3, 1, 0, 13); return err },
		"nothing left":   func() error { _, err := CombineRows(12, 3, 2, 4, 0); return err },
		"no test":        func() error { _, err := Purge(steps(3), nil, 0); return err },
		"backward span":  func() error { _, err := Purge([]Span{{2, 1}}, steps(1), 0); return err },
		"backward test":  func() error { _, err := Purge(steps(1), []Span{{2, 1}}, 0); return err },
		"embargo < 0":    func() error { _, err := Purge(steps(1), steps(1), -1); return err },
		"order":          func() error { _, err := CombineSpans([]Span{{1, 2}, {0, 1}}, 2, 1, 0); return err },
		"one long label": func() error { _, err := CombineSpans([]Span{{0, 9}, {1, 2}, {3, 4}}, 3, 1, 0); return err },
	} {
		refused(t, name, f())
	}
}
