package learn

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// PCA turns rows to the directions in which they vary most.
type PCA struct {
	Mean       []float64   // of each column on the sample it was fitted on
	Scale      []float64   // what each column is divided by: 1, or its population deviation there
	Components [][]float64 // components × columns, unit vectors, whose largest entry by size is above zero
	Variance   []float64   // along each component, ddof 1, not rising
	Ratio      []float64   // of the variance of all columns
}

// Principal fits n principal components by the eigenvectors of the covariance; with standardise, of the correlation. A constant column is
// left as it is.
func Principal(columns [][]float64, n int, standardise bool) (*PCA, error) {
	rows, err := complete(columns)
	if err != nil {
		return nil, fmt.Errorf("principal components: %w", err)
	}
	p := len(columns)
	if p > MaxDense {
		return nil, fmt.Errorf("principal components: table has %d columns, it takes at most %d", p, MaxDense)
	}
	if err := affordable(rows, p); err != nil {
		return nil, fmt.Errorf("principal components: %w", err)
	}
	if rows < 2 {
		return nil, fmt.Errorf("principal components: one row has no variance")
	}
	if n < 1 || n > min(p, rows-1) {
		return nil, fmt.Errorf("principal components: %d components, it takes 1 to %d with %d rows of %d columns", n, min(p, rows-1), rows, p)
	}
	m := &PCA{Mean: make([]float64, p), Scale: make([]float64, p)}
	ones, z := make([]float64, rows), make([][]float64, p)
	for i := range ones {
		ones[i] = 1
	}
	for j, c := range columns {
		mean, deviation := moments(c, ones, float64(rows))
		if !finite(mean) || !finite(deviation) {
			return nil, fmt.Errorf("principal components: column %d is too large for its variance to be a number; scale it", j)
		}
		m.Mean[j], m.Scale[j] = mean, 1
		if standardise && deviation > 0 {
			m.Scale[j] = deviation
		}
		z[j] = make([]float64, rows)
		for i, v := range c {
			z[j][i] = (v - mean) / m.Scale[j]
		}
	}
	g, total := mat.NewSymDense(p, nil), 0.0
	for j := range z {
		for k := j; k < p; k++ {
			g.SetSym(j, k, dot(z[j], z[k])/float64(rows-1))
		}
		total += g.At(j, j)
	}
	if !(total > 0) || !finite(total) {
		return nil, fmt.Errorf("principal components: the columns do not vary, or beyond what a number holds")
	}
	var e mat.EigenSym
	if !e.Factorize(g, true) {
		return nil, fmt.Errorf("principal components: the eigenvectors were not found")
	}
	values := e.Values(nil)
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	for k := range n {
		at := p - 1 - k
		v, top := make([]float64, p), 0
		for j := range v {
			if v[j] = vectors.At(j, at); math.Abs(v[j]) > math.Abs(v[top]) {
				top = j
			}
		}
		if v[top] < 0 {
			for j := range v {
				v[j] = -v[j]
			}
		}
		variance := max(0, values[at])
		m.Components, m.Variance, m.Ratio = append(m.Components, v), append(m.Variance, variance), append(m.Ratio, variance/total)
	}
	return m, nil
}

// Transform returns the rows' coordinates: components × rows.
func (m *PCA) Transform(columns [][]float64) ([][]float64, error) {
	if err := wide(columns, len(m.Mean)); err != nil {
		return nil, fmt.Errorf("principal components: %w", err)
	}
	rows, err := complete(columns)
	if err != nil {
		return nil, fmt.Errorf("principal components: %w", err)
	}
	out := make([][]float64, len(m.Components))
	for k, v := range m.Components {
		out[k] = make([]float64, rows)
		for j, c := range columns {
			for i, x := range c {
				out[k][i] += float64((x - m.Mean[j]) / m.Scale[j] * v[j])
			}
		}
		if err := vector("coordinate", out[k], rows); err != nil {
			return nil, fmt.Errorf("principal components: %w", err)
		}
	}
	return out, nil
}
