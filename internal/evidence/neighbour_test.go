package evidence

import (
	"math"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

func point(score float64, values ...float64) TrialPoint {
	return TrialPoint{Values: values, Score: &score}
}

// A grid of 3 × 3 with uneven steps:
//
//	       1    5    6
//	10    1.0  2.0  0.9
//	20    1.2  3.0  −
//	40   −1.0  1.5  not tried
func TestNeighboursOnAGridWorkedByHand(t *testing.T) {
	t.Parallel()
	points := []TrialPoint{point(1, 1, 10), point(2, 5, 10), point(.9, 6, 10), point(1.2, 1, 20), point(3, 5, 20), {Values: []float64{6, 20}}, point(-1, 1, 40), point(1.5, 5, 40)}
	n := must(AroundGrid(points, 4))(t)
	// Neighbours 2, 1.2, none and 1.5: of these 2 and 1.5 keep half of 3.
	if n.Neighbours != 4 || n.Kept != 2 || n.Absent != 0 || n.Share != .5 || n.Worst != 0 {
		t.Errorf("%+v", n)
	}
	near(t, "mean of the neighbours", n.Mean, 4.7/4, 1e-12)
	near(t, "mean around", n.Around, 7.7/5, 1e-12)
	// Around the others: 4.2/3, 6.9/4, 2.9/3, 4.2/4, (6,20) has no score, 1.7/3, 3.5/3.
	if n.Ranked != 7 || n.Rank != 2 {
		t.Errorf("rank %v of %d", n.Rank, n.Ranked)
	}
	if n = must(AroundGrid(points, 7))(t); n.Absent != 1 || n.Neighbours != 2 || n.Kept != 1 {
		t.Errorf("beside the place that was not tried: %+v", n)
	}
	again := append(slices.Clone(points), point(99, 5, 20)) // tried twice
	if m := must(AroundGrid(again, 8))(t); m.Chosen != 3 || m.Neighbours != 4 || m.Ranked != 7 {
		t.Errorf("%+v", m)
	}
}

// Every neighbour on a grid is recomputed by comparing all pairs of points.
func TestGridNeighboursDifferByOneStep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		axes := [][]float64{{1, 2, 4, 8}, {-.5, 0, .25}, {3, 30}}
		var points []TrialPoint
		for _, x := range axes[0] {
			for _, y := range axes[1] {
				for _, z := range axes[2] {
					if rapid.IntRange(0, 3).Draw(t, "tried") > 0 {
						points = append(points, point(rapid.Float64Range(.5, 2).Draw(t, "score"), x, y, z))
					}
				}
			}
		}
		if len(points) == 0 {
			return
		}
		chosen := rapid.IntRange(0, len(points)-1).Draw(t, "chosen")
		present := func(a int) (values []float64) { // on axis a among the points tried
			for _, p := range points {
				if !slices.Contains(values, p.Values[a]) {
					values = append(values, p.Values[a])
				}
			}
			sort.Float64s(values)
			return values
		}
		direct := func(p, q TrialPoint) bool {
			steps := 0
			for a := range p.Values {
				v := present(a)
				steps += int(math.Abs(float64(slices.Index(v, p.Values[a]) - slices.Index(v, q.Values[a]))))
			}
			return steps == 1
		}
		around := func(i int) (sum float64, n int) {
			for _, q := range points {
				if direct(points[i], q) {
					sum, n = sum+*q.Score, n+1
				}
			}
			return sum, n
		}
		sum, beside := around(chosen)
		got, err := AroundGrid(points, chosen)
		if beside == 0 {
			if err == nil {
				t.Fatalf("a point alone has %+v", got)
			}
			return
		}
		if err != nil || got.Neighbours != beside || math.Abs(got.Mean-sum/float64(beside)) > 1e-12 {
			t.Fatalf("%+v, %v; want %d neighbours", got, err, beside)
		}
		higher, equal := 0, 0
		for i := range points {
			s, n := around(i)
			switch m := (s + *points[i].Score) / float64(n+1); {
			case n == 0:
			case m > got.Around+1e-12:
				higher++
			case m > got.Around-1e-12:
				equal++
			}
		}
		if got.Rank < float64(higher+1) || got.Rank > float64(higher+equal) {
			t.Fatalf("rank %v with %d above and %d as high", got.Rank, higher, equal)
		}
	})
}

func TestNearestPointsOfARandomSearch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var points []TrialPoint
		for range rapid.IntRange(3, 25).Draw(t, "points") {
			points = append(points, point(rapid.Float64Range(.5, 2).Draw(t, "score"), float64(rapid.IntRange(0, 9).Draw(t, "x")), 1000*float64(rapid.IntRange(0, 5).Draw(t, "y")), 7))
		}
		chosen, k := rapid.IntRange(0, len(points)-1).Draw(t, "chosen"), rapid.IntRange(1, 2).Draw(t, "k")
		var kept []TrialPoint // the first of equal ones
		own := -1
		for _, p := range points {
			i := slices.IndexFunc(kept, func(q TrialPoint) bool { return slices.Equal(p.Values, q.Values) })
			if i < 0 {
				kept = append(kept, p)
			}
			if own < 0 && slices.Equal(p.Values, points[chosen].Values) {
				own = len(kept) - 1
			}
		}
		width := func(a int) float64 {
			low, high := kept[0].Values[a], kept[0].Values[a]
			for _, p := range kept {
				low, high = math.Min(low, p.Values[a]), math.Max(high, p.Values[a])
			}
			return math.Max(high-low, 1)
		}
		far := func(p TrialPoint) float64 {
			return math.Hypot((p.Values[0]-kept[own].Values[0])/width(0), (p.Values[1]-kept[own].Values[1])/width(1))
		}
		chosenScore := *kept[own].Score
		others := slices.Delete(slices.Clone(kept), own, own+1)
		sort.SliceStable(others, func(i, j int) bool { return far(others[i]) < far(others[j])-1e-12 })
		got, err := AroundNearest(points, chosen, k)
		if len(others) == 0 {
			if err == nil {
				t.Fatal("points that are all equal have neighbours")
			}
			return
		}
		n := min(k, len(others))
		if err != nil || got.Neighbours != n || got.Chosen != chosenScore {
			t.Fatalf("%+v, %v", got, err)
		}
		if n < len(others) && far(others[n])-far(others[n-1]) < 1e-9 {
			return // equally near ones: rounding decides
		}
		sum := 0.0
		for _, p := range others[:n] {
			sum += *p.Score
		}
		if math.Abs(got.Mean-sum/float64(n)) > 1e-12 {
			t.Fatalf("mean %v, want %v", got.Mean, sum/float64(n))
		}
	})
}

func TestEquallyNearAndEquallyHigh(t *testing.T) {
	t.Parallel()
	row := []TrialPoint{point(5, 2), point(3, 0), point(4, 1), point(5, 4), point(3, 3)} // along the axis 3, 4, 5, 3, 5
	n := must(AroundNearest(row, 2, 1))(t)
	if n.Neighbours != 1 || n.Mean != 5 { // 2 was tried before 0
		t.Errorf("%+v", n)
	}
	// With one neighbour each: (2) 5 and 4, (0) 3 and 4, (1) 4 and 5, (4) 5 and 3, (3) 3 and 5.
	if n.Around != 4.5 || n.Ranked != 5 || n.Rank != 1.5 {
		t.Errorf("around %v, rank %v of %d", n.Around, n.Rank, n.Ranked)
	}
	if n = must(AroundNearest(row, 3, 1))(t); n.Around != 4 || n.Rank != 3.5 {
		t.Errorf("around %v, rank %v of %d", n.Around, n.Rank, n.Ranked)
	}
}

func TestNeighbourhoodRefuses(t *testing.T) {
	t.Parallel()
	good := []TrialPoint{point(1, 1), point(2, 2), point(3, 3)}
	for name, c := range map[string]struct {
		points []TrialPoint
		chosen int
	}{
		"nothing": {nil, 0}, "beyond the points": {good, 3}, "below the points": {good, -1}, "no parameter": {[]TrialPoint{point(1), point(2)}, 0},
		"another width": {[]TrialPoint{point(1, 1), point(2, 2, 2)}, 0}, "a value that is not finite": {[]TrialPoint{point(1, 1), point(2, math.NaN())}, 0},
		"a score that is not finite": {[]TrialPoint{point(1, 1), point(math.Inf(1), 2)}, 0}, "a score of nothing": {[]TrialPoint{point(0, 1), point(2, 2)}, 0},
		"no score": {[]TrialPoint{{Values: []float64{1}}, point(2, 2)}, 0}, "alone": {[]TrialPoint{point(1, 1)}, 0},
	} {
		_, err := AroundGrid(c.points, c.chosen)
		refused(t, name, err)
		_, err = AroundNearest(c.points, c.chosen, 1)
		refused(t, name, err)
	}
	for _, k := range []int{0, 3} {
		_, err := AroundNearest(good, 0, k)
		refused(t, "too many or no neighbours", err)
	}
	wide := must(AroundNearest([]TrialPoint{point(1, -1e308), point(1, 1e308), point(1, 9e307)}, 1, 1))(t)
	if wide.Neighbours != 1 || wide.Kept != 1 {
		t.Errorf("%+v", wide)
	}
}

// As far below as above is equally near, whatever the axis is scaled by; and means of the same scores are equal in whatever order they are added.
func TestTiesAreNotBrokenByRounding(t *testing.T) {
	t.Parallel()
	for width := 4.0; width < 60; width++ {
		for v := 2.0; v < width-1; v++ {
			row := []TrialPoint{point(1, 0), point(1, width), point(5, v), point(7, v+1), point(9, v-1)}
			if n := must(AroundNearest(row, 2, 1))(t); n.Mean != 7 {
				t.Fatalf("%v of 0 to %v: the mean of its nearest is %v, want that of the one tried first", v, width, n.Mean)
			}
		}
	}
	a := point(.1, 0)
	b := point(.2, 1)
	c := point(.3, 2) // each of a clique of three: .1 + .2 + .3 in three orders
	if n := must(AroundNearest([]TrialPoint{a, b, c}, 0, 2))(t); n.Rank != 2 {
		t.Errorf("rank %v of three equal means", n.Rank)
	}
}
