package learn

import (
	"context"
	"math"
	"strings"
	"testing"
)

func TestTreesOfDegenerateInput(t *testing.T) {
	t.Parallel()
	ctx, nan := context.Background(), math.NaN()
	constant, none, varied := []float64{3, 3, 3, 3}, []float64{nan, nan, nan, nan}, []float64{1, 2, 3, 4}
	for _, c := range []struct {
		name string
		x    [][]float64
		y    []float64
		w    []float64
		want float64 // everywhere
	}{
		{"constant columns", [][]float64{constant}, []float64{0, 1, 0, 1}, nil, .5},
		{"nothing but missing values", [][]float64{none, none}, []float64{0, 1, 0, 1}, nil, .5},
		{"one class", [][]float64{varied}, []float64{1, 1, 1, 1}, nil, 1},
		{"one class with weight", [][]float64{varied}, []float64{1, 1, 0, 0}, []float64{1, 1, 0, 0}, 1},
		{"one row", [][]float64{{5}}, []float64{0}, nil, 0},
	} {
		s := Sample{Columns: c.x, Target: c.y, Weights: c.w}
		for _, objective := range []Objective{Squared, Logistic} {
			o := DefaultBoost(objective)
			o.MinHessian = 0
			m, _, err := Boost(ctx, s, nil, o)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			for i, p := range must(m.Predict(c.x))(t) {
				if math.Abs(p-c.want) > 2e-6 {
					t.Errorf("%s, objective %d: row %d is %v, want %v", c.name, objective, i, p, c.want)
				}
			}
		}
		for _, classes := range []int{0, 2} {
			m := must(Forest(ctx, s, func() ForestOptions { o := DefaultForest(classes, 1); o.Bootstrap = false; return o }()))(t)
			for i, p := range must(m.Predict(c.x))(t) {
				if math.Abs(p-c.want) > 1e-12 {
					t.Errorf("%s, forest of %d classes: row %d is %v, want %v", c.name, classes, i, p, c.want)
				}
			}
		}
		o := DefaultBoost(Softmax)
		o.Classes = 3
		m, _, err := Boost(ctx, s, nil, o)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for i, p := range must(m.Probabilities(c.x))(t)[2] {
			if p > 1e-5 {
				t.Errorf("%s: row %d may be of a class that is not there: %v", c.name, i, p)
			}
		}
	}
}

// Values at the ends of what a number holds neither overflow nor part wrongly.
func TestTreesOfExtremeValues(t *testing.T) {
	t.Parallel()
	x := [][]float64{{-math.MaxFloat64, -5e-324, 0, 5e-324, math.MaxFloat64, math.Copysign(0, -1)}}
	y := []float64{-maxTarget, 1, 2, 3, maxTarget, 2}
	o := DefaultBoost(Squared)
	o.Rounds, o.Rate, o.L2, o.MinHessian = 1, 1, 0, 0
	m, _, err := Boost(context.Background(), Sample{Columns: x, Target: y}, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	p := must(m.Predict(x))(t)
	near(t, "lowest", p[0], -maxTarget, maxTarget*1e-12)
	near(t, "highest", p[4], maxTarget, maxTarget*1e-12)
	if p[2] != p[5] {
		t.Errorf("the two zeros are %v and %v", p[2], p[5])
	}
}

func TestOptionsAndTablesAreBounded(t *testing.T) {
	t.Parallel()
	ctx, nan := context.Background(), math.NaN()
	x, y := [][]float64{{1, 2, 3}}, []float64{0, 1, 1}
	boost := func(s Sample, change func(*BoostOptions)) error {
		o := DefaultBoost(Logistic)
		change(&o)
		_, _, err := Boost(ctx, s, nil, o)
		return err
	}
	forest := func(columns int, change func(*ForestOptions)) error {
		o := DefaultForest(2, 1)
		change(&o)
		s := Sample{Columns: make([][]float64, columns), Target: y}
		for j := range s.Columns {
			s.Columns[j] = x[0]
		}
		return second(Forest(ctx, s, o))
	}
	good := Sample{Columns: x, Target: y}
	many := make([][]float64, MaxColumns+1)
	same := func(*BoostOptions) {}
	ended, end := context.WithCancel(ctx)
	end()
	_, _, stopped := Boost(ended, good, nil, DefaultBoost(Logistic))
	for _, c := range []struct {
		name, say string
		err       error
	}{
		{"no column", "columns", boost(Sample{}, same)},
		{"too many columns", "columns", boost(Sample{Columns: many, Target: y}, same)},
		{"no row", "rows", boost(Sample{Columns: [][]float64{{}}}, same)},
		{"ragged columns", "column 1", boost(Sample{Columns: [][]float64{{1, 2, 3}, {1}}, Target: y}, same)},
		{"an infinite value", "infinite", boost(Sample{Columns: [][]float64{{1, math.Inf(-1), 3}}, Target: y}, same)},
		{"a short target", "target", boost(Sample{Columns: x, Target: y[:2]}, same)},
		{"a class of half", "classes", boost(Sample{Columns: x, Target: []float64{0, .5, 1}}, same)},
		{"a missing target", "target", boost(Sample{Columns: x, Target: []float64{0, nan, 1}}, same)},
		{"a huge target", "beyond", boost(Sample{Columns: x, Target: []float64{0, 1e200, 1}}, func(o *BoostOptions) { o.Objective = Squared })},
		{"a huge weight", "weight", boost(Sample{Columns: x, Target: y, Weights: []float64{1, 1e9, 1}}, same)},
		{"no weight at all", "all weights are zero", boost(Sample{Columns: x, Target: y, Weights: []float64{0, 0, 0}}, same)},
		{"rounds", "rounds", boost(good, func(o *BoostOptions) { o.Rounds = MaxTrees + 1 })},
		{"no rounds", "rounds", boost(good, func(o *BoostOptions) { o.Rounds = 0 })},
		{"trees of classes", "trees", boost(good, func(o *BoostOptions) { o.Objective, o.Classes, o.Rounds = Softmax, 100, 101 })},
		{"classes", "classes", boost(good, func(o *BoostOptions) { o.Objective, o.Classes = Softmax, MaxClasses+1 })},
		{"an unknown objective", "objective", boost(good, func(o *BoostOptions) { o.Objective = 9 })},
		{"depth", "depth", boost(good, func(o *BoostOptions) { o.Depth = 33 })},
		{"leaves", "leaves", boost(good, func(o *BoostOptions) { o.Leaves = 1 << 30 })},
		{"bins", "bins", boost(good, func(o *BoostOptions) { o.Bins = 256 })},
		{"one bin", "bins", boost(good, func(o *BoostOptions) { o.Bins = 1 })},
		{"rate", "rate", boost(good, func(o *BoostOptions) { o.Rate = nan })},
		{"l2", "l2", boost(good, func(o *BoostOptions) { o.L2 = -1 })},
		{"row sample", "row sample", boost(good, func(o *BoostOptions) { o.RowSample = 0 })},
		{"monotone columns", "monotone", boost(good, func(o *BoostOptions) { o.Monotone = []int{1, 1} })},
		{"monotone direction", "monotone", boost(good, func(o *BoostOptions) { o.Monotone = []int{2} })},
		{"patience without validation", "validation", boost(good, func(o *BoostOptions) { o.Patience = 3 })},
		{"a stopped context", "canceled", stopped},
		{"trees of a forest", "trees", forest(1, func(o *ForestOptions) { o.Trees = MaxTrees + 1 })},
		{"columns of a node", "columns of a node", forest(1, func(o *ForestOptions) { o.Columns = 2 })},
		{"depth of a forest", "depth", forest(1, func(o *ForestOptions) { o.Depth = 65 })},
		{"memory of a forest", "memory", forest(3_000, func(o *ForestOptions) { o.Columns = 0 })},
		{"clusters", "clusters", second(ClusterRows(ctx, x, DefaultKMeans(4)))},
		{"no clusters", "clusters", second(ClusterRows(ctx, x, DefaultKMeans(0)))},
		{"clusters of huge values", "beyond", second(ClusterRows(ctx, [][]float64{{1e200, 0}}, DefaultKMeans(1)))},
		{"clusters of missing values", "finite", second(ClusterRows(ctx, [][]float64{{nan, 0}}, DefaultKMeans(1)))},
		{"components", "components", second(Principal(x, 2, false))},
		{"components of one row", "one row", second(Principal([][]float64{{1}}, 1, false))},
		{"components of constants", "do not vary", second(Principal([][]float64{{1, 1, 1}}, 1, true))},
		{"work of a covariance", "columns²", affordable(MaxRows, MaxDense)},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.say) {
			t.Errorf("%s: got %v, want it to say %q", c.name, c.err, c.say)
		}
	}
	m, _, err := Boost(ctx, good, nil, DefaultBoost(Logistic))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range [][][]float64{nil, {{}}, {{1}, {2}}, {{math.Inf(1)}}} {
		if _, err := m.Predict(table); err == nil {
			t.Errorf("a model of one column predicts %v", table)
		}
		if _, _, err := m.SHAP(ctx, table, 0); err == nil {
			t.Errorf("a model of one column explains %v", table)
		}
	}
	if _, _, err := m.SHAP(ctx, x, 1); err == nil {
		t.Error("a second output of one was explained")
	}
}
