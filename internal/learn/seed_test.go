package learn

import (
	"bytes"
	"context"
	"runtime"
	"testing"
)

// Not parallel: it changes how many threads there are.
func TestTheSameSeedGivesTheSameBitsOnAnyThreads(t *testing.T) {
	x, y := generated(2_000, 3)
	s := Sample{Columns: x, Target: y}
	wide := make([][]float64, 200) // enough for gonum to share the work out
	g := generator{state: 4}
	for j := range wide {
		wide[j] = make([]float64, 400)
		for i := range wide[j] {
			wide[j][i] = g.uniform()
		}
	}
	ctx := context.Background()
	fit := func(seed uint64) [][]byte {
		o := DefaultBoost(Logistic)
		o.Rounds, o.RowSample, o.ColumnSample, o.Seed = 10, .6, .5, seed
		b, _, err := Boost(ctx, s, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		f := DefaultForest(2, 30)
		f.Trees, f.Seed = 5, seed
		k := DefaultKMeans(5)
		k.Seed, k.Restarts = seed, 2
		var out [][]byte
		for _, m := range []Model{b, must(Forest(ctx, s, f))(t), must(ClusterRows(ctx, x, k))(t), must(Principal(wide, 200, true))(t),
			must(LogisticRegression(ctx, Sample{Columns: wide, Target: y[:400]}, LinearOptions{Penalty: 1}))(t),
			must(Ridge(Sample{Columns: wide, Target: wide[0]}, LinearOptions{Penalty: 1}))(t), must(Lasso(ctx, s, LinearOptions{Penalty: .001}))(t)} {
			out = append(out, must(Encode(m))(t))
		}
		return out
	}
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	one := fit(7)
	runtime.GOMAXPROCS(8)
	for i, m := range fit(7) {
		if !bytes.Equal(m, one[i]) {
			t.Errorf("model %d depends on the number of threads", i)
		}
	}
	for i, m := range fit(8)[:3] {
		if bytes.Equal(m, one[i]) {
			t.Errorf("model %d does not depend on the seed", i)
		}
	}
}
