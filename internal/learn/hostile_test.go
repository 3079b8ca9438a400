package learn

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Whatever stands in a table and in the options, a fit is an error or a model that predicts numbers.
func TestHostileInputIsAnErrorOrAModel(t *testing.T) {
	t.Parallel()
	wild := rapid.SampledFrom([]float64{0, 0, 1, 1, 1, 2, 3, -1, .5, math.NaN(), math.Inf(1), math.MaxFloat64, -math.MaxFloat64, 1e150, -1e150, 1e-300, 5e-324})
	mild := rapid.SampledFrom([]float64{0, 1, 2, 3, -1, .5, 1e-8, 1e8})
	number := rapid.SampledFrom([]int{1, 1, 1, 2, 2, 3, 0, -1, 5, math.MaxInt, math.MinInt})
	rapid.Check(t, func(t *rapid.T) {
		value := mild
		if rapid.Bool().Draw(t, "wild") {
			value = wild
		}
		rows := rapid.IntRange(0, 12).Draw(t, "rows") // of none at all too
		list := func(name string) []float64 {
			n := rows
			if rapid.IntRange(0, 100).Draw(t, "ragged") == 77 {
				n++
			}
			return rapid.SliceOfN(value, n, n).Draw(t, name)
		}
		var s Sample
		for range rapid.SampledFrom([]int{2, 3, 1, 0}).Draw(t, "columns") {
			s.Columns = append(s.Columns, list("column"))
		}
		s.Target = list("target")
		if rapid.Bool().Draw(t, "two classes") {
			for i := range s.Target {
				s.Target[i] = float64(i % 2)
			}
		}
		if rapid.Bool().Draw(t, "weigh") {
			s.Weights = list("weights")
		}
		check := func(m Model, err error) {
			if err == nil {
				readable(t, m, s.Columns)
			}
		}
		ctx := context.Background()
		o := DefaultBoost(Objective(rapid.IntRange(0, 3).Draw(t, "objective")))
		o.Rounds, o.Classes, o.Depth, o.Leaves = rapid.SampledFrom([]int{1, 3, 0, -1, math.MaxInt}).Draw(t, "rounds"), number.Draw(t, "classes"), number.Draw(t, "depth"), number.Draw(t, "leaves")
		if rapid.Bool().Draw(t, "sane") {
			o.Rounds, o.Depth, o.Leaves, o.Classes = 3, 3, 0, 4
			o.MinHessian, o.L2 = float64(rows%2), float64(rows%3)
		} else {
			o.Rate, o.L2, o.RowSample, o.ColumnSample = value.Draw(t, "rate"), value.Draw(t, "l2"), value.Draw(t, "row sample"), value.Draw(t, "column sample")
			o.MinRows, o.Bins, o.MinGain, o.MinHessian = number.Draw(t, "min rows"), number.Draw(t, "bins"), value.Draw(t, "gain"), value.Draw(t, "hessian")
		}
		if m, losses, err := Boost(ctx, s, &s, o); err == nil {
			for i, l := range losses {
				if !finite(l) {
					t.Fatalf("loss of round %d is %v", i, l)
				}
			}
			check(m, nil)
		}
		f := DefaultForest(rapid.SampledFrom([]int{0, 0, 2, 2, 3, 1, -1, math.MaxInt}).Draw(t, "classes of a forest"), 3)
		f.Trees, f.Columns, f.Depth = 2, rapid.SampledFrom([]int{0, 0, 1, 1, 2, -1, math.MaxInt}).Draw(t, "columns of a node"), rapid.SampledFrom([]int{4, 64, 0}).Draw(t, "depth of a forest")
		if m, err := Forest(ctx, s, f); err == nil {
			check(m, nil)
		}
		l := LinearOptions{Penalty: value.Draw(t, "penalty"), Standardise: rapid.Bool().Draw(t, "standardise")}
		if m, err := Ridge(s, l); err == nil {
			check(m, nil)
		}
		if m, err := Lasso(ctx, s, l); err == nil {
			check(m, nil)
		}
		if m, err := LogisticRegression(ctx, s, l); err == nil {
			check(m, nil)
		}
		k := DefaultKMeans(number.Draw(t, "clusters"))
		k.Restarts = 2
		if m, err := ClusterRows(ctx, s.Columns, k); err == nil {
			check(m, nil)
		}
		if m, err := Principal(s.Columns, number.Draw(t, "components"), l.Standardise); err == nil {
			check(m, nil)
		}
	})
}

// readable checks that a fitted model's file can be read and that it predicts the table it was fitted on.
func readable(t *rapid.T, m Model, x [][]float64) {
	file, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(file); err != nil {
		t.Fatalf("%T: what was fitted cannot be read: %v", m, err)
	}
	p, ok := m.(Predictor)
	if !ok {
		return
	}
	out, err := p.Predict(x)
	if err != nil {
		t.Fatalf("%T: its own table cannot be predicted: %v", m, err)
	}
	for i, v := range out {
		if !finite(v) {
			t.Fatalf("%T: row %d is predicted as %v", m, i, v)
		}
	}
}
