package search_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ohmycoins/omc/internal/search"
	"github.com/ohmycoins/omc/internal/strategy"
)

var declared = []strategy.Param{
	{Name: "fast", Kind: "int", Min: 2, Max: 200}, {Name: "size", Kind: "float", Min: 0, Max: 1}, {Name: "short", Kind: "bool"},
}

func axes(t *testing.T, r map[string]search.Range) []search.Axis {
	t.Helper()
	a, err := search.Axes(declared, r)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestGridHasEveryCombinationOnce(t *testing.T) {
	a := axes(t, map[string]search.Range{"size": {Min: 0.1, Max: 0.3, Step: 0.1}, "fast": {Values: []float64{5, 50}}, "short": {Values: []float64{0, 1}}})
	got, err := search.Grid(a)
	if err != nil {
		t.Fatal(err)
	}
	var want []search.Point
	for _, fast := range []float64{5, 50} {
		for _, size := range []float64{0.1, 0.2, 0.3} {
			for _, short := range []float64{0, 1} {
				want = append(want, search.Point{"fast": fast, "size": size, "short": short})
			}
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d points, want %d", len(got), len(want))
	}
	for i := range want {
		for name, v := range want[i] {
			if math.Abs(got[i][name]-v) > 1e-12 {
				t.Errorf("point %d: %v, want %v", i, got[i], want[i])
			}
		}
	}
}

func TestRangesAreRefused(t *testing.T) {
	for name, r := range map[string]map[string]search.Range{
		"none":           {},
		"unknown":        {"slow": {Values: []float64{1}}},
		"outside":        {"fast": {Min: 1, Max: 10, Step: 1}},
		"not whole":      {"fast": {Values: []float64{2.5}}},
		"a broken step":  {"fast": {Min: 2, Max: 10, Step: 1.5}},
		"twice":          {"fast": {Values: []float64{3, 3}}},
		"backwards":      {"fast": {Min: 10, Max: 5, Step: 1}},
		"NaN":            {"size": {Values: []float64{math.NaN()}}},
		"NaN step":       {"size": {Min: 0, Max: 1, Step: math.NaN()}},
		"infinite":       {"size": {Min: 0, Max: math.Inf(1), Step: 1}},
		"negative step":  {"size": {Min: 0, Max: 1, Step: -0.1}},
		"bool beyond":    {"short": {Values: []float64{2}}},
		"too wide steps": {"size": {Min: 0, Max: 1, Step: 2}},
	} {
		if _, err := search.Axes(declared, r); !errors.Is(err, search.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, r := range map[string]map[string]search.Range{
		"no step":   {"fast": {Min: 2, Max: 10}},
		"too many":  {"size": {Min: 0, Max: 1, Step: 1e-6}},
		"too large": {"size": {Min: 0, Max: 1, Step: 0.01}, "fast": {Min: 2, Max: 200, Step: 1}},
	} {
		if _, err := search.Grid(axes(t, r)); !errors.Is(err, search.ErrRange) {
			t.Errorf("grid, %s: %v", name, err)
		}
	}
}

func TestRandomPointsAreInRangeDifferentAndTheSameBySeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := map[string]search.Range{"fast": {Min: 2, Max: float64(rapid.IntRange(3, 200).Draw(t, "top"))}, "size": {Min: 0.25, Max: 0.5}}
		a, err := search.Axes(declared, r)
		if err != nil {
			t.Fatal(err)
		}
		n, seed := rapid.IntRange(1, 60).Draw(t, "n"), rapid.Uint64().Draw(t, "seed")
		got, err := search.Random(a, n, seed)
		if err != nil || len(got) != n {
			t.Fatalf("%d points, %v", len(got), err)
		}
		again, _ := search.Random(a, n, seed)
		if !cmp.Equal(got, again) {
			t.Fatal("the same seed gives other points")
		}
		for _, p := range got {
			if p["fast"] != math.Trunc(p["fast"]) || p["fast"] < 2 || p["fast"] > r["fast"].Max || p["size"] < 0.25 || p["size"] >= 0.5 {
				t.Fatalf("%v is out of range", p)
			}
		}
	})
	few, err := search.Random(axes(t, map[string]search.Range{"short": {Values: []float64{0, 1}}}), 10, 1)
	if err != nil || len(few) != 2 || fmt.Sprint(few[0]) == fmt.Sprint(few[1]) {
		t.Errorf("%v, %v: want both values once", few, err)
	}
	hits := map[float64]int{}
	for seed := range uint64(3000) {
		p, err := search.Random(axes(t, map[string]search.Range{"fast": {Min: 2, Max: 4}}), 1, seed)
		if err != nil {
			t.Fatal(err)
		}
		hits[p[0]["fast"]]++
	}
	for v := 2.0; v <= 4; v++ {
		if hits[v] < 900 || hits[v] > 1100 {
			t.Errorf("%v was drawn %d times of 3000", v, hits[v])
		}
	}
}

func TestHalvingEndsWithTheWholeWindow(t *testing.T) {
	if got, want := search.Halving(27), []search.Rung{{Share: 1.0 / 9, Keep: 9}, {Share: 1.0 / 3, Keep: 3}, {Share: 1}}; !slices.EqualFunc(got, want, func(a, b search.Rung) bool {
		return math.Abs(a.Share-b.Share) < 1e-15 && a.Keep == b.Keep
	}) {
		t.Errorf("%v, want %v", got, want)
	}
	for n := 1; n < 400; n++ {
		r := search.Halving(n)
		left := n
		for i, s := range r {
			if i < len(r)-1 && (s.Keep < 1 || s.Keep > left) || s.Share <= 0 || i > 0 && s.Share <= r[i-1].Share {
				t.Fatalf("%d points: %v", n, r)
			}
			left = s.Keep
		}
		if last := r[len(r)-1]; last.Share != 1 || last.Keep != 0 {
			t.Fatalf("%d points: %v", n, r)
		}
	}
}
