package learn

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// A forest's prediction is the mean over its trees of the mean target of the training rows in the row's leaf: with one unbootstrapped tree
// grown to the end that is the mean target of the rows that are equal to it.
func TestAFullTreeRemembersItsRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		classes := rapid.SampledFrom([]int{0, 2, 3}).Draw(t, "classes")
		objective := Squared
		if classes > 0 {
			objective = Softmax
		}
		columns := rapid.IntRange(1, 3).Draw(t, "columns")
		s := weighted(t, sampled(t, columns, rapid.IntRange(1, 60).Draw(t, "rows"), objective, max(classes, 1)))
		o := DefaultForest(classes, columns)
		o.Trees, o.Bootstrap, o.Seed = rapid.IntRange(1, 3).Draw(t, "trees"), false, rapid.Uint64().Draw(t, "seed")
		o.Columns = rapid.IntRange(0, columns).Draw(t, "columns of a node")
		m, err := Forest(context.Background(), s, o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Predict(s.Columns)
		if classes > 2 {
			var p [][]float64
			if p, err = m.Probabilities(s.Columns); err == nil {
				got = p[2]
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Target {
			sum, all := 0.0, 0.0
			for k := range s.Target {
				equal := true
				for _, c := range s.Columns {
					equal = equal && (c[i] == c[k] || c[i] != c[i] && c[k] != c[k])
				}
				if equal {
					v := s.Target[k]
					if classes > 2 {
						v = map[bool]float64{true: 1}[v == 2]
					}
					sum, all = sum+s.Weights[k]*v, all+s.Weights[k]
				}
			}
			if want := sum / all; math.Abs(got[i]-want) > 1e-6 {
				t.Fatalf("row %d: %v, the mean of the rows like it is %v", i, got[i], want)
			}
		}
	})
}

func TestForestSharesSumToOne(t *testing.T) {
	t.Parallel()
	x, y := generated(500, 11)
	for i := range y {
		y[i] += float64(i % 3 / 2)
	}
	o := DefaultForest(3, 30)
	o.Trees = 7
	m := must(Forest(context.Background(), Sample{Columns: x, Target: y}, o))(t)
	if m.Trees() != 21 || m.Outputs() != 3 {
		t.Errorf("%d trees of %d outputs", m.Trees(), m.Outputs())
	}
	p := must(m.Probabilities(x))(t)
	for i := range y {
		near(t, "sum of shares", p[0][i]+p[1][i]+p[2][i], 1, 1e-12)
	}
}

func TestImportanceFindsTheColumnThatMatters(t *testing.T) {
	t.Parallel()
	g := generator{state: 2}
	s := Sample{Columns: [][]float64{make([]float64, 400), make([]float64, 400), make([]float64, 400)}, Target: make([]float64, 400)}
	for i := range s.Target {
		s.Columns[0][i], s.Columns[1][i], s.Columns[2][i] = g.uniform(), g.uniform(), 3
		s.Target[i] = math.Floor(2 * s.Columns[1][i])
	}
	o := DefaultBoost(Logistic)
	o.Rounds = 20
	m, _, err := Boost(context.Background(), s, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	gain, splits := m.Importance()
	if gain[1] < 100*gain[0] || splits[1] == 0 || gain[2] != 0 || splits[2] != 0 {
		t.Errorf("gains %v, splits %v", gain, splits)
	}
	before := s.Columns[1][7]
	fall := must(Permutation(context.Background(), m, s.Columns, s.Target, AUC, 5, 1))(t)
	if fall[1] < .3 || math.Abs(fall[0]) > .01 || fall[2] != 0 {
		t.Errorf("shuffling lowers the AUC by %v", fall)
	}
	again := must(Permutation(context.Background(), m, s.Columns, s.Target, AUC, 5, 1))(t)
	if fall[1] != again[1] || s.Columns[1][7] != before {
		t.Errorf("the same seed shuffles to %v and %v, or the table was changed", fall, again)
	}
	if _, err := Permutation(context.Background(), m, s.Columns, s.Target, AUC, 0, 1); err == nil {
		t.Error("no repeats were averaged")
	}
}
