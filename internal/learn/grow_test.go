package learn

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// plainTree grows a tree as the definition reads: every cut between two values, both sides for what is missing, sums over rows in float64.
type plainTree struct {
	s    Sample
	o    BoostOptions
	g, h []float64
	cuts [][]float64
}

type plainSplit struct {
	score       float64
	left, right []int
}

func (p *plainTree) sums(rows []int) (g, h float64) {
	for _, i := range rows {
		g, h = g+p.g[i], h+p.h[i]
	}
	return g, h
}

func (p *plainTree) score(rows []int) float64 {
	g, h := p.sums(rows)
	return g * g / (h + p.o.L2)
}

// best of all cuts of all columns.
func (p *plainTree) best(rows []int) (out plainSplit) {
	out.score = p.score(rows)*(1+1e-12) + p.o.MinGain
	for j, c := range p.s.Columns {
		for _, at := range append(slices.Clone(p.cuts[j]), math.MaxFloat64) {
			for _, missingLeft := range []bool{true, false} {
				var l, r []int
				for _, i := range rows {
					if v := c[i]; v <= at || v != v && missingLeft {
						l = append(l, i)
					} else {
						r = append(r, i)
					}
				}
				_, lh := p.sums(l)
				_, rh := p.sums(r)
				if len(l) < p.o.MinRows || len(r) < p.o.MinRows || lh < p.o.MinHessian || rh < p.o.MinHessian {
					continue
				}
				if s := p.score(l) + p.score(r); s > out.score {
					out = plainSplit{s, l, r}
				}
			}
		}
	}
	return out
}

// grow adds the leaf values of one tree to the margin.
func (p *plainTree) grow(rows []int, depth int, margin []float64) {
	if depth < p.o.Depth {
		if b := p.best(rows); b.left != nil {
			p.grow(b.left, depth+1, margin)
			p.grow(b.right, depth+1, margin)
			return
		}
	}
	g, h := p.sums(rows)
	for _, i := range rows {
		margin[i] += -g / (h + p.o.L2) * p.o.Rate
	}
}

func plainBoost(s Sample, o BoostOptions) []float64 {
	rows := len(s.Target)
	p := plainTree{s: s, o: o, g: make([]float64, rows), h: make([]float64, rows)}
	for _, c := range s.Columns {
		values := slices.DeleteFunc(slices.Clone(c), func(v float64) bool { return v != v })
		slices.Sort(values)
		values = slices.Compact(values)
		var cuts []float64
		for i := 1; i < len(values); i++ {
			cuts = append(cuts, (values[i-1]+values[i])/2)
		}
		p.cuts = append(p.cuts, cuts)
	}
	mean, all := 0.0, 0.0
	for i, y := range s.Target {
		mean, all = mean+y*s.Weights[i], all+s.Weights[i]
	}
	mean /= all
	if o.Objective == Logistic {
		mean = max(1e-6, min(1-1e-6, mean))
		mean = math.Log(mean / (1 - mean))
	}
	margin, every := make([]float64, rows), make([]int, rows)
	for i := range margin {
		margin[i], every[i] = mean, i
	}
	for range o.Rounds {
		for i, w := range s.Weights {
			p.g[i], p.h[i] = w*(margin[i]-s.Target[i]), w
			if o.Objective == Logistic {
				q := 1 / (1 + math.Exp(-margin[i]))
				p.g[i], p.h[i] = w*(q-s.Target[i]), w*q*(1-q)
			}
		}
		p.grow(every, 0, margin)
	}
	return margin
}

func weighted(t *rapid.T, s Sample) Sample {
	g := generator{state: rapid.Uint64().Draw(t, "weights")}
	s.Weights = make([]float64, len(s.Target))
	for i := range s.Weights {
		s.Weights[i] = .5 + g.uniform() // of unequal weights no two splits gain the same but by parting the same rows
	}
	return s
}

func TestBoostIsThePlainAlgorithm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := DefaultBoost(Objective(rapid.IntRange(0, 1).Draw(t, "objective")))
		o.Rounds, o.Depth = 3, rapid.IntRange(1, 4).Draw(t, "depth")
		o.L2 = rapid.SampledFrom([]float64{0, 1, 3}).Draw(t, "l2")
		o.MinGain = rapid.SampledFrom([]float64{0, .1}).Draw(t, "gain")
		o.MinRows = rapid.IntRange(1, 5).Draw(t, "rows of a leaf")
		o.MinHessian = rapid.SampledFrom([]float64{.01, 1}).Draw(t, "hessian")
		s := weighted(t, sampled(t, rapid.IntRange(1, 4).Draw(t, "columns"), rapid.IntRange(1, 60).Draw(t, "rows"), o.Objective, 2))
		m, _, err := Boost(context.Background(), s, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Margin(s.Columns)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range plainBoost(s, o) {
			if math.Abs(got[0][i]-want) > 1e-6 {
				t.Fatalf("row %d: %v, the plain algorithm says %v", i, got[0][i], want)
			}
		}
	})
}

// Prediction reads keys in blocks; asking node by node must say the same, of any rows.
func TestMarginIsTheWalkDownEachTree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := sampled(t, 3, rapid.IntRange(1, 80).Draw(t, "rows"), Softmax, 3)
		o := DefaultBoost(Softmax)
		o.Classes, o.Rounds, o.MinHessian, o.Leaves = 3, 4, 0, rapid.SampledFrom([]int{0, 2, 7}).Draw(t, "leaves")
		m, _, err := Boost(context.Background(), s, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		other := sampled(t, 3, rapid.IntRange(1, 80).Draw(t, "other rows"), Softmax, 3)
		got, err := m.Margin(other.Columns)
		if err != nil {
			t.Fatal(err)
		}
		for k := range got {
			for i := range got[k] {
				want := m.base[k]
				for n, tree := range m.trees {
					if int(m.groups[n]) == k {
						want += tree[leafOf(tree, other.Columns, i)].value
					}
				}
				if got[k][i] != want {
					t.Fatalf("row %d of output %d: %v, node by node %v", i, k, got[k][i], want)
				}
			}
		}
		for _, tree := range m.trees {
			leaves := 0
			for _, n := range tree {
				if n.feature < 0 {
					leaves++
				}
			}
			if o.Leaves > 0 && leaves > o.Leaves || depth(tree) > o.Depth {
				t.Fatalf("a tree has %d leaves and depth %d, the limits are %d and %d", leaves, depth(tree), o.Leaves, o.Depth)
			}
		}
	})
}

func TestMonotoneColumnsNeverTurn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := DefaultBoost(Objective(rapid.IntRange(0, 1).Draw(t, "objective")))
		direction := rapid.SampledFrom([]int{1, -1}).Draw(t, "direction")
		o.Rounds, o.MinHessian, o.Monotone = 10, 0, []int{direction, 0, 0}
		s := sampled(t, 3, rapid.IntRange(10, 100).Draw(t, "rows"), o.Objective, 2)
		m, _, err := Boost(context.Background(), s, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		g := generator{state: rapid.Uint64().Draw(t, "probe")}
		const steps = 40
		x := [][]float64{make([]float64, steps), make([]float64, steps), make([]float64, steps)}
		a, b := g.uniform()*3, g.uniform()*3
		for i := range steps {
			x[0][i], x[1][i], x[2][i] = float64(i)/10-.5, a, b
		}
		p, err := m.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < steps; i++ {
			if (p[i]-p[i-1])*float64(direction) < -1e-15 {
				t.Fatalf("from %v to %v the prediction goes from %v to %v", x[0][i-1], x[0][i], p[i-1], p[i])
			}
		}
	})
}

func TestMissingValuesGoWhereTheyFit(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, c := range []struct {
		name    string
		x, y    []float64
		missing float64
	}{
		{"with the low", []float64{1, 1, 2, 2, nan, nan}, []float64{0, 0, 9, 9, 0, 0}, 0},
		{"with the high", []float64{1, 1, 2, 2, nan, nan}, []float64{0, 0, 9, 9, 9, 9}, 9},
		{"alone", []float64{1, 2, 1, 2, nan, nan}, []float64{0, 0, 0, 0, 9, 9}, 9},
	} {
		o := DefaultBoost(Squared)
		o.Rounds, o.Rate, o.Depth, o.L2, o.MinHessian = 1, 1, 1, 0, 0
		m, _, err := Boost(context.Background(), Sample{Columns: [][]float64{c.x}, Target: c.y}, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		p := must(m.Predict([][]float64{{nan}}))(t)
		near(t, c.name, p[0], c.missing, 1e-12)
	}
}

func TestEarlyStoppingEndsAtTheBestRound(t *testing.T) {
	t.Parallel()
	for _, objective := range []Objective{Squared, Logistic, Softmax} {
		g := generator{state: 5}
		draw := func(rows int) Sample {
			s := Sample{Columns: [][]float64{make([]float64, rows), make([]float64, rows)}, Target: make([]float64, rows)}
			for i := range rows {
				s.Columns[0][i], s.Columns[1][i] = g.uniform(), g.uniform()
				if s.Target[i] = s.Columns[0][i] + g.uniform(); objective != Squared {
					s.Target[i] = math.Floor(min(1, s.Target[i]))
				}
			}
			return s
		}
		train, valid := draw(200), draw(200)
		o := DefaultBoost(objective)
		o.Rounds, o.Rate, o.Patience, o.Classes = 300, .3, 5, 2
		m, losses, err := Boost(context.Background(), train, &valid, o)
		if err != nil {
			t.Fatal(err)
		}
		best := slices.Index(losses, slices.Min(losses))
		if m.Trees() != (best+1)*m.Outputs() || len(losses) != best+1+o.Patience {
			t.Errorf("objective %d: %d trees after %d rounds, the best loss was in round %d", objective, m.Trees(), len(losses), best+1)
		}
		var loss float64
		switch objective {
		case Squared:
			rmse := must(RMSE(valid.Target, must(m.Predict(valid.Columns))(t)))(t)
			loss = rmse * rmse
		case Logistic:
			loss = must(LogLoss(valid.Target, must(m.Predict(valid.Columns))(t)))(t)
		default:
			loss = must(LogLoss(valid.Target, must(m.Probabilities(valid.Columns))(t)[1]))(t)
		}
		near(t, "best validation loss", losses[best], loss, 1e-12)
		cut := must(m.Truncate(1))(t)
		if cut.Trees() != m.Outputs() {
			t.Errorf("one round has %d trees", cut.Trees())
		}
	}
}

func TestTruncateRefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := Sample{Columns: [][]float64{{1, 2, 3, 4}}, Target: []float64{0, 1, 2, 3}}
	o := DefaultBoost(Softmax)
	o.Classes = 4
	m, _, err := Boost(context.Background(), s, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, 101, 1 << 61, 1 << 62, math.MaxInt} {
		if _, err := m.Truncate(n); err == nil {
			t.Errorf("%d rounds of a model of 100", n)
		}
	}
	f := must(Forest(context.Background(), s, DefaultForest(4, 1)))(t)
	if _, err := f.Truncate(1); err == nil {
		t.Error("a forest was cut")
	}
}
