package learn

import (
	"context"
	"math"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// sampled draws a small table with ties and missing values, and a target.
func sampled(t *rapid.T, columns, rows int, objective Objective, count int) Sample {
	g := generator{state: rapid.Uint64().Draw(t, "data")}
	s := Sample{Columns: make([][]float64, columns), Target: make([]float64, rows)}
	for j := range s.Columns {
		s.Columns[j] = make([]float64, rows)
		for i := range s.Columns[j] {
			s.Columns[j][i] = math.Floor(g.uniform()*12) / 4
			if g.below(7) == 0 {
				s.Columns[j][i] = math.NaN()
			}
		}
	}
	for i := range s.Target {
		if s.Target[i] = g.uniform()*4 - 2; objective != Squared {
			s.Target[i] = float64(g.below(count))
		}
		if v := s.Columns[0][i]; objective == Squared && v == v {
			s.Target[i] += v
		}
	}
	return s
}

// expected is what a tree gives on average when only the columns of known are known.
func expected(t []node, at int32, row []float64, known uint) float64 {
	n := t[at]
	if n.feature < 0 {
		return n.value
	}
	if known>>n.feature&1 == 1 {
		return expected(t, n.child(row[n.feature]), row, known)
	}
	l, r := t[n.left].cover, t[n.left+1].cover
	return (l*expected(t, n.left, row, known) + r*expected(t, n.left+1, row, known)) / (l + r)
}

// shapley is the definition: a column's worth over all subsets of the others.
func shapley(e *Ensemble, row []float64, output, column int) float64 {
	p, sum := e.features, 0.0
	factorial := func(n int) float64 { return math.Gamma(float64(n) + 1) }
	for known := uint(0); known < 1<<p; known++ {
		if known>>column&1 == 1 {
			continue
		}
		k := bits.OnesCount(known)
		weight := factorial(k) * factorial(p-k-1) / factorial(p)
		for i, t := range e.trees {
			if int(e.groups[i]) == output {
				sum += weight * (expected(t, 0, row, known|1<<column) - expected(t, 0, row, known))
			}
		}
	}
	return sum
}

func TestSHAPIsShapleysDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := DefaultBoost(Objective(rapid.IntRange(0, 2).Draw(t, "objective")))
		o.Rounds, o.Depth, o.MinHessian, o.Classes = 3, rapid.IntRange(1, 6).Draw(t, "depth"), 0, 3
		count := 2
		if o.Objective == Softmax {
			count = 3
		}
		s := sampled(t, rapid.IntRange(1, 5).Draw(t, "columns"), rapid.IntRange(2, 40).Draw(t, "rows"), o.Objective, count)
		m, _, err := Boost(context.Background(), s, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		margins, err := m.Margin(s.Columns)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float64, len(s.Columns))
		for k := range m.Outputs() {
			parts, average, err := m.SHAP(context.Background(), s.Columns, k)
			if err != nil {
				t.Fatal(err)
			}
			for i := range s.Target {
				sum := average
				for j := range row {
					row[j] = s.Columns[j][i]
					sum += parts[j][i]
				}
				if math.Abs(sum-margins[k][i]) > 1e-12*(1+math.Abs(sum)) {
					t.Fatalf("row %d: the parts make %v, the margin is %v", i, sum, margins[k][i])
				}
				if i > 4 {
					continue
				}
				for j := range row {
					if want := shapley(m, row, k, j); math.Abs(parts[j][i]-want) > 1e-12 {
						t.Fatalf("row %d column %d: %v, by the definition %v", i, j, parts[j][i], want)
					}
				}
			}
		}
	})
}

// A chain of questions about as many columns, each of which few rows leave, is where the paper's way loses all digits.
func TestSHAPOfLongPathsAddsUp(t *testing.T) {
	t.Parallel()
	for _, long := range []int{64, maxPath} {
		e := &Ensemble{features: long, base: []float64{0}, groups: []int32{0}}
		tree := make([]node, 2*long+1)
		for at := 0; at < 2*long; at += 2 {
			tree[at] = node{feature: int32(at / 2), left: int32(at + 1), threshold: 0, cover: float64(10*long - at/2)}
			tree[at+1] = node{feature: -1, value: float64(at % 7), cover: 1}
		}
		// The question stands in the right child, the leaf in the left.
		tree[2*long] = node{feature: -1, value: 5, cover: float64(9 * long)}
		e.trees = [][]node{tree}
		if err := sound(tree, long); err != nil {
			t.Fatal(err)
		}
		e.compile()
		g := generator{state: 3}
		x := make([][]float64, long)
		for j := range x {
			x[j] = make([]float64, 5)
			for i := 1; i < len(x[j]); i++ {
				if x[j][i] = 1; i > 1 && g.below(10) == 0 {
					x[j][i] = -1
				}
			}
		}
		parts, average, err := e.SHAP(context.Background(), x, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := must(e.Margin(x))(t)
		for i := range x[0] {
			sum := average
			for j := range parts {
				sum += parts[j][i]
			}
			near(t, "sum of the parts", sum, want[0][i], 1e-10)
		}
	}
}
