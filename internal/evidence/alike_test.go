package evidence

import (
	"slices"
	"testing"
)

func TestDistinctColumns(t *testing.T) {
	t.Parallel()
	g := NewSplitMix(5)
	const rows = 300
	m := Matrix{Rows: rows, Cols: 7, Data: make([]float64, rows*7)}
	for r := range rows {
		a, b := g.Normal(), g.Normal()
		for c, v := range []float64{a, 2*a - 0.3, b, a + 0.01*b, -a, 0, a + b} { // itself scaled and moved, another, almost itself, its opposite, nothing, half of each
			m.Data[r*7+c] = v
		}
	}
	if got := Distinct(m); !slices.Equal(got, []int{0, 2, 4, 5, 6}) {
		t.Errorf("%v", got)
	}
	sub := m.Columns([]int{6, 0})
	if sub.Cols != 2 || sub.At(7, 0) != m.At(7, 6) || sub.At(299, 1) != m.At(299, 0) {
		t.Errorf("%v", sub.Data[:4])
	}
}
