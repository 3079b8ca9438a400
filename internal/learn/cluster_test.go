package learn

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// complete tables of whole numbers, so that there are ties and equal rows.
func whole(t *rapid.T) [][]float64 {
	columns, rows := rapid.IntRange(1, 4).Draw(t, "columns"), rapid.IntRange(2, 40).Draw(t, "rows")
	g := generator{state: rapid.Uint64().Draw(t, "data")}
	x := make([][]float64, columns)
	for j := range x {
		x[j] = make([]float64, rows)
		for i := range x[j] {
			x[j][i] = float64(g.below(5))
		}
	}
	return x
}

// At the end each row is at its nearest centre, each centre is the mean of its rows, and the inertia is what the definition says.
func TestKMeansEndsAtAFixedPoint(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := whole(t)
		rows := len(x[0])
		o := DefaultKMeans(rapid.IntRange(1, min(rows, 6)).Draw(t, "clusters"))
		o.Seed = rapid.Uint64().Draw(t, "seed")
		m, err := ClusterRows(context.Background(), x, o)
		if err != nil {
			t.Fatal(err)
		}
		of, err := m.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		inertia, count, sum := 0.0, make([]float64, o.Clusters), make([][]float64, o.Clusters)
		for i := range rows {
			row := make([]float64, len(x))
			for j := range x {
				row[j] = x[j][i]
			}
			k, best := int(of[i]), math.Inf(1)
			for _, c := range m.Centers {
				best = min(best, distance(row, c))
			}
			if distance(row, m.Centers[k]) != best {
				t.Fatalf("row %d is in cluster %d, which is not the nearest", i, k)
			}
			if inertia += best; sum[k] == nil {
				sum[k] = make([]float64, len(x))
			}
			count[k]++
			for j, v := range row {
				sum[k][j] += v
			}
		}
		if math.Abs(inertia-m.Inertia) > 1e-9 {
			t.Fatalf("inertia is %v, by the definition %v", m.Inertia, inertia)
		}
		for k, c := range m.Centers {
			for j := range c {
				if count[k] > 0 && math.Abs(sum[k][j]/count[k]-c[j]) > 1e-9 {
					t.Fatalf("centre %d is %v, the mean of its %v rows is %v", k, c, count[k], sum[k])
				}
			}
		}
	})
}

// All rows in one place: as many clusters as wanted, none of them farther.
func TestKMeansOfEqualRows(t *testing.T) {
	t.Parallel()
	m := must(ClusterRows(context.Background(), [][]float64{{2, 2, 2, 2}, {7, 7, 7, 7}}, DefaultKMeans(3)))(t)
	if len(m.Centers) != 3 || m.Inertia != 0 {
		t.Errorf("%d centres with inertia %v", len(m.Centers), m.Inertia)
	}
}

// Components are orthonormal, their variances are those of the coordinates and not rising, and all of them together rebuild each row.
func TestComponentsRebuildTheRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := whole(t)
		rows, standardise := len(x[0]), rapid.Bool().Draw(t, "standardise")
		m, err := Principal(x, min(len(x), rows-1), standardise)
		if err != nil {
			if varies := slices.ContainsFunc(x, func(c []float64) bool { return slices.Min(c) < slices.Max(c) }); varies {
				t.Fatal(err)
			}
			return
		}
		z, err := m.Transform(x)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range m.Components {
			for l, w := range m.Components {
				want := 0.0
				if k == l {
					want = 1
				}
				if math.Abs(dot(v, w)-want) > 1e-9 {
					t.Fatalf("components %d and %d: product %v", k, l, dot(v, w))
				}
			}
			if k > 0 && m.Variance[k] > m.Variance[k-1] {
				t.Fatalf("variances rise: %v", m.Variance)
			}
			if got := dot(z[k], z[k]) / float64(rows-1); math.Abs(got-m.Variance[k]) > 1e-9 {
				t.Fatalf("component %d has the variance %v, its coordinates %v", k, m.Variance[k], got)
			}
		}
		for i := range rows {
			for j := range x {
				got := m.Mean[j]
				for k := range z {
					got += z[k][i] * m.Components[k][j] * m.Scale[j]
				}
				if math.Abs(got-x[j][i]) > 1e-6 {
					t.Fatalf("row %d column %d: rebuilt as %v, it was %v", i, j, got, x[j][i])
				}
			}
		}
	})
}
