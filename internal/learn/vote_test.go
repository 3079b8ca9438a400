package learn

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// plainVote grows a tree of classes as the definition reads, every cut between two values, and writes the shares of each row's leaf.
func plainVote(s Sample, classes, depth, minRows int, rows []int, shares [][]float64) {
	sums := func(rows []int) (of []float64, all float64) {
		of = make([]float64, classes)
		for _, i := range rows {
			of[int(s.Target[i])]++
		}
		return of, float64(len(rows))
	}
	of, all := sums(rows)
	top := purity(of, all) * (1 + 1e-12)
	var left, right []int
	for _, c := range s.Columns {
		var values []float64
		gaps := false
		for i := range s.Target { // cuts lie between the values of the whole column
			if v := c[i]; v == v {
				values = append(values, v)
			}
		}
		for _, i := range rows {
			gaps = gaps || math.IsNaN(c[i])
		}
		slices.Sort(values)
		values = slices.Compact(values)
		for _, missingLeft := range []bool{true, false} {
			if missingLeft && !gaps {
				continue
			}
			for _, at := range values {
				var l, r []int
				present := false
				for _, i := range rows {
					present = present || c[i] <= at
					if v := c[i]; v <= at || v != v && missingLeft {
						l = append(l, i)
					} else {
						r = append(r, i)
					}
				}
				if len(l) < minRows || len(r) < minRows || !present { // all that is missing against the rest comes last, of equal ones
					continue
				}
				ls, la := sums(l)
				rs, ra := sums(r)
				if score := purity(ls, la) + purity(rs, ra); score > top {
					top, left, right = score, l, r
				}
			}
		}
	}
	if depth == 0 || len(rows) < 2*minRows || left == nil {
		for _, i := range rows {
			shares[i] = make([]float64, classes)
			for k := range of {
				shares[i][k] = of[k] / all
			}
		}
		return
	}
	plainVote(s, classes, depth-1, minRows, left, shares)
	plainVote(s, classes, depth-1, minRows, right, shares)
}

// A tree of several classes is the one of the definition: all classes' impurity at once, missing values to the better side, rows a leaf.
func TestATreeOfClassesAsTheDefinitionReads(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		classes, rows := rapid.IntRange(3, 5).Draw(t, "classes"), rapid.IntRange(2, 40).Draw(t, "rows")
		s := Sample{Target: make([]float64, rows)}
		for i := range s.Target {
			s.Target[i] = float64(rapid.IntRange(0, classes-1).Draw(t, "class"))
		}
		for range rapid.IntRange(1, 3).Draw(t, "columns") {
			c := make([]float64, rows)
			for i := range c {
				if c[i] = float64(rapid.IntRange(-4, 5).Draw(t, "value")); c[i] == 5 {
					c[i] = math.NaN()
				}
			}
			s.Columns = append(s.Columns, c)
		}
		o := DefaultForest(classes, len(s.Columns))
		o.Trees, o.Columns, o.Bootstrap = 1, 0, false
		o.Depth, o.MinRows = rapid.IntRange(1, 8).Draw(t, "depth"), rapid.IntRange(1, 4).Draw(t, "rows of a leaf")
		m, err := Forest(context.Background(), s, o)
		if err != nil {
			t.Fatal(err)
		}
		want, all := make([][]float64, rows), make([]int, rows)
		for i := range all {
			all[i] = i
		}
		plainVote(s, classes, o.Depth, o.MinRows, all, want)
		got, err := m.Probabilities(s.Columns)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			for k := range want[i] {
				if math.Abs(got[k][i]-want[i][k]) > 1e-9 {
					t.Fatalf("row %d, class %d: share %v, want %v", i, k, got[k][i], want[i][k])
				}
			}
		}
	})
}
