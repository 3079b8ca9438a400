package learn

import (
	"context"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// line draws a complete, weighted sample of columns of very different sizes.
func line(t *rapid.T, classes bool) Sample {
	columns, rows := rapid.IntRange(1, 5).Draw(t, "columns"), rapid.IntRange(20, 60).Draw(t, "rows")
	g := generator{state: rapid.Uint64().Draw(t, "data")}
	s := Sample{Columns: make([][]float64, columns), Target: make([]float64, rows), Weights: make([]float64, rows)}
	for j := range s.Columns {
		s.Columns[j] = make([]float64, rows)
		for i := range rows {
			s.Columns[j][i] = (g.uniform() + 3) * math.Pow(10, float64(j-2))
			s.Target[i] += s.Columns[j][i] * math.Pow(10, float64(2-j)) * float64(j+1)
		}
	}
	for i := range rows {
		if s.Target[i] += g.uniform(); classes {
			s.Target[i] = float64(g.below(2))
		}
		s.Weights[i] = math.Floor(g.uniform()*4) / 2 // some are zero
	}
	s.Weights[0], s.Weights[1] = 1, 1
	if classes {
		s.Target[0], s.Target[1] = 0, 1
	}
	return s
}

// units returns the penalty's unit of each coefficient: 1, or the column's deviation.
func units(s Sample, o LinearOptions) []float64 {
	out := make([]float64, len(s.Columns))
	all := 0.0
	for _, w := range s.Weights {
		all += w
	}
	for j, c := range s.Columns {
		if out[j] = 1; o.Standardise {
			mean, square := 0.0, 0.0
			for i, v := range c {
				mean += s.Weights[i] * v / all
			}
			for i, v := range c {
				square += s.Weights[i] * (v - mean) * (v - mean) / all
			}
			out[j] = math.Sqrt(square)
		}
	}
	return out
}

// slopes returns the derivatives of the weighted loss, half the squared error or the log loss, by each coefficient and the intercept.
func slopes(t *rapid.T, s Sample, l *Linear) []float64 {
	p, err := l.Predict(s.Columns)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(s.Columns)+1)
	for i, v := range p {
		r := s.Weights[i] * (v - s.Target[i])
		for j, c := range s.Columns {
			out[j] += r * c[i]
		}
		out[len(s.Columns)] += r
	}
	return out
}

// Where the derivatives are zero is the least loss, since all three losses are convex.
func TestLinearModelsAreAtTheirMinimum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := LinearOptions{Penalty: rapid.SampledFrom([]float64{.01, 1, 20}).Draw(t, "penalty"), Standardise: rapid.Bool().Draw(t, "standardise")}
		kind := rapid.IntRange(0, 2).Draw(t, "kind")
		s := line(t, kind == 1)
		all := 0.0
		for _, w := range s.Weights {
			all += w
		}
		var l *Linear
		var err error
		switch kind {
		case 0:
			l, err = Ridge(s, o)
		case 1:
			l, err = LogisticRegression(context.Background(), s, o)
		default:
			l, err = Lasso(context.Background(), s, o)
		}
		if err != nil {
			t.Fatal(err)
		}
		slope, unit := slopes(t, s, l), units(s, o)
		size := 0.0 // of what the derivatives are made of
		for i, y := range s.Target {
			size += s.Weights[i] * math.Abs(y)
		}
		size = 1e-8 * (size + 1)
		if math.Abs(slope[len(unit)]) > size {
			t.Fatalf("the intercept's derivative is %v", slope[len(unit)])
		}
		for j, c := range l.Coefficients {
			top := 0.0
			for _, v := range s.Columns[j] {
				top = max(top, math.Abs(v))
			}
			got := slope[j]
			if kind < 2 {
				got += o.Penalty * c * unit[j] * unit[j]
			} else if c != 0 {
				got += all * o.Penalty * unit[j] * math.Copysign(1, c)
			} else {
				got = max(0, math.Abs(got)-all*o.Penalty*unit[j])
			}
			if math.Abs(got) > size*max(top, 1e-300) {
				t.Fatalf("kind %d: the derivative by coefficient %d, %v, is %v; it may be %v", kind, j, c, got, size*top)
			}
		}
	})
}

func TestLinearModelsOfDegenerateInput(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := [][]float64{{1, 2, 3, 4}, {5, 5, 5, 5}}
	l := must(Ridge(Sample{Columns: x, Target: []float64{2, 4, 6, 8}}, LinearOptions{}))(t)
	near(t, "slope", l.Coefficients[0], 2, 1e-12)
	if l.Coefficients[1] != 0 {
		t.Errorf("a constant column has the coefficient %v", l.Coefficients[1])
	}
	// A column that varies only where nothing weighs is constant.
	l = must(Ridge(Sample{Columns: [][]float64{{.1, .1, .1, 7}}, Target: []float64{1, 2, 3, 9}, Weights: []float64{1, 1, 1, 0}}, LinearOptions{}))(t)
	near(t, "intercept", l.Intercept, 2, 1e-12)
	if l.Coefficients[0] != 0 {
		t.Errorf("a column without weight has the coefficient %v", l.Coefficients[0])
	}
	for name, fit := range map[string]func(Sample) (*Linear, error){
		"ridge": func(s Sample) (*Linear, error) { return Ridge(s, LinearOptions{Penalty: 1}) },
		"lasso": func(s Sample) (*Linear, error) { return Lasso(ctx, s, LinearOptions{Penalty: 1}) },
	} {
		l := must(fit(Sample{Columns: [][]float64{{3}, {4}}, Target: []float64{7}}))(t)
		if p := must(l.Predict([][]float64{{0}, {100}}))(t); p[0] != 7 {
			t.Errorf("%s of one row predicts %v, its mean is 7", name, p[0])
		}
		l = must(fit(Sample{Columns: [][]float64{{3, 4, 5}}, Target: []float64{.1, .1, .1}}))(t)
		if l.Coefficients[0] != 0 || l.Intercept != .1 {
			t.Errorf("%s of a constant target: %v", name, l)
		}
	}
	logit := func(s Sample, penalty float64) error {
		_, err := LogisticRegression(ctx, s, LinearOptions{Penalty: penalty})
		return err
	}
	ridge := func(s Sample, penalty float64) error { _, err := Ridge(s, LinearOptions{Penalty: penalty}); return err }
	lasso := func(s Sample, penalty float64) error {
		_, err := Lasso(ctx, s, LinearOptions{Penalty: penalty})
		return err
	}
	even := must(LogisticRegression(ctx, Sample{Columns: x[1:], Target: []float64{0, 1, 1, 1}}, LinearOptions{}))(t)
	near(t, "share of ones of a constant column", must(even.Predict(x[1:]))(t)[0], .75, 1e-15)
	twins := [][]float64{{1, 2, 3, 5}, {2, 4, 6, 10}}
	for _, c := range []struct {
		name, say string
		err       error
	}{
		{"one class", "one class", logit(Sample{Columns: x, Target: []float64{1, 1, 1, 1}}, 1)},
		{"one class with weight", "one class", logit(Sample{Columns: x, Target: []float64{1, 1, 1, 0}, Weights: []float64{1, 1, 1, 0}}, 1)},
		{"parted classes", "penalty", logit(Sample{Columns: x, Target: []float64{0, 0, 1, 1}}, 0)},
		{"dependent columns", "depend", ridge(Sample{Columns: twins, Target: []float64{1, 2, 3, 5}}, 0)},
		{"dependent columns of a lasso", "depend", lasso(Sample{Columns: twins, Target: []float64{1, 2, 3, 5}}, 0)},
		{"missing values", "finite", ridge(Sample{Columns: [][]float64{{1, math.NaN()}}, Target: []float64{1, 2}}, 1)},
		{"no weight", "all weights are zero", ridge(Sample{Columns: x, Target: []float64{1, 2, 3, 4}, Weights: make([]float64, 4)}, 1)},
		{"a negative weight", "weight of row 1", ridge(Sample{Columns: x, Target: []float64{1, 2, 3, 4}, Weights: []float64{1, -1, 1, 1}}, 1)},
		{"an endless penalty", "penalty", ridge(Sample{Columns: x, Target: []float64{1, 2, 3, 4}}, math.Inf(1))},
		{"a penalty that is no number", "penalty", ridge(Sample{Columns: x, Target: []float64{1, 2, 3, 4}}, math.NaN())},
		{"huge values", "too large", ridge(Sample{Columns: [][]float64{{1e308, -1e308}}, Target: []float64{1, 2}}, 1)},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.say) {
			t.Errorf("%s: got %v, want it to say %q", c.name, c.err, c.say)
		}
	}
	if err := logit(Sample{Columns: x, Target: []float64{0, 0, 1, 1}}, .1); err != nil {
		t.Errorf("parted classes with a penalty: %v", err)
	}
}
