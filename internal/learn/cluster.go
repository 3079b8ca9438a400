package learn

import (
	"context"
	"fmt"
	"math"
)

// KMeansOptions say how to look for clusters. DefaultKMeans fills them.
type KMeansOptions struct {
	Clusters   int // 1 to 1000
	Restarts   int // fits from different starts, of which the best is kept; 1 to 100
	Iterations int // of one fit, 1 to 10,000
	Seed       uint64
}

// DefaultKMeans returns ten starts of at most 300 iterations, as scikit-learn does.
func DefaultKMeans(clusters int) KMeansOptions {
	return KMeansOptions{Clusters: clusters, Restarts: 10, Iterations: 300}
}

// KMeans is a set of cluster centres.
type KMeans struct {
	Centers [][]float64 // clusters × columns
	Inertia float64     // the sum of squared distances of the training rows to their centres
}

const maxClusterCells = 25_000_000

// ClusterRows fits k-means by Lloyd's iterations from k-means++ starts (Arthur, Vassilvitskii 2007), until no row changes its cluster. A
// cluster that loses all rows takes the row farthest from its centre. Columns count as they are: scale them first. The
// context stops it between iterations.
func ClusterRows(ctx context.Context, columns [][]float64, o KMeansOptions) (*KMeans, error) {
	rows, err := complete(columns)
	if err != nil {
		return nil, fmt.Errorf("k-means: %w", err)
	}
	if rows > maxClusterCells/len(columns) {
		return nil, fmt.Errorf("k-means: table is %d × %d, the limit is %d cells", rows, len(columns), maxClusterCells)
	}
	if o.Clusters < 1 || o.Clusters > min(rows, 1000) {
		return nil, fmt.Errorf("k-means: %d clusters, it takes 1 to %d", o.Clusters, min(rows, 1000))
	}
	if o.Restarts < 1 || o.Restarts > 100 || o.Iterations < 1 || o.Iterations > 10_000 {
		return nil, fmt.Errorf("k-means: %d restarts of %d iterations, it takes 1 to 100 of 1 to 10000", o.Restarts, o.Iterations)
	}
	if err := squarable(columns); err != nil {
		return nil, fmt.Errorf("k-means: %w", err)
	}
	l := lloyd{p: len(columns), rows: rows, x: make([]float64, rows*len(columns)), of: make([]int, rows), distance: make([]float64, rows)}
	for j, c := range columns {
		for i, v := range c {
			l.x[i*l.p+j] = v
		}
	}
	var best *KMeans
	for r := range o.Restarts {
		l.start(o.Clusters, fork(o.Seed, r))
		for range o.Iterations {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("k-means: %w", err)
			}
			if !l.move() {
				break
			}
		}
		l.assign()
		m := &KMeans{}
		for _, d := range l.distance {
			m.Inertia += d
		}
		if best == nil || m.Inertia < best.Inertia {
			for k := range o.Clusters {
				m.Centers = append(m.Centers, append([]float64(nil), l.centers[k*l.p:(k+1)*l.p]...))
			}
			best = m
		}
	}
	return best, nil
}

// squarable checks that no squared distance overflows.
func squarable(lists [][]float64) error {
	for j, c := range lists {
		for i, v := range c {
			if math.Abs(v) > maxTarget {
				return fmt.Errorf("row %d of column %d is %v, beyond ±%g", i, j, v, float64(maxTarget))
			}
		}
	}
	return nil
}

// Predict returns each row's cluster: the nearest centre, the first of equals.
func (m *KMeans) Predict(columns [][]float64) ([]float64, error) {
	if err := wide(columns, m.Features()); err != nil {
		return nil, fmt.Errorf("k-means: %w", err)
	}
	rows, err := complete(columns)
	if err != nil {
		return nil, fmt.Errorf("k-means: %w", err)
	}
	if err := squarable(columns); err != nil {
		return nil, fmt.Errorf("k-means: %w", err)
	}
	out, x := make([]float64, rows), make([]float64, len(columns))
	for i := range out {
		for j, c := range columns {
			x[j] = c[i]
		}
		best := math.Inf(1)
		for k, c := range m.Centers {
			if d := distance(x, c); d < best {
				best, out[i] = d, float64(k)
			}
		}
	}
	return out, nil
}

func distance(a, b []float64) float64 {
	b = b[:len(a)]
	sum := 0.0
	for j, v := range a {
		d := v - b[j]
		sum += float64(d * d)
	}
	return sum
}

// lloyd is one fit; rows lie side by side.
type lloyd struct {
	p, rows  int
	x        []float64
	centers  []float64
	of       []int // the cluster of each row
	distance []float64
}

func (l *lloyd) row(i int) []float64 { return l.x[i*l.p : (i+1)*l.p] }

// start draws each centre from the rows by their squared distance to the centres before it.
func (l *lloyd) start(clusters int, draw *generator) {
	l.centers = append(l.centers[:0], l.row(draw.below(l.rows))...)
	for i := range l.rows {
		l.distance[i] = distance(l.row(i), l.centers)
	}
	for k := 1; k < clusters; k++ {
		sum := 0.0
		for _, d := range l.distance {
			sum += d
		}
		at, left := draw.below(l.rows), draw.uniform()*sum // where all rows are centres already any will do
		for i, d := range l.distance {
			if d > 0 {
				at = i
				if left -= d; left < 0 {
					break
				}
			}
		}
		l.centers = append(l.centers, l.row(at)...)
		c := l.centers[k*l.p:]
		for i := range l.rows {
			l.distance[i] = min(l.distance[i], distance(l.row(i), c))
		}
	}
	for i := range l.of {
		l.of[i] = -1
	}
}

// assign gives each row its nearest centre and reports whether one changed.
func (l *lloyd) assign() bool {
	changed := false
	for i := range l.rows {
		best, at, row := math.Inf(1), 0, l.row(i)
		for k := 0; k*l.p < len(l.centers); k++ {
			if d := distance(row, l.centers[k*l.p:(k+1)*l.p]); d < best {
				best, at = d, k
			}
		}
		changed = changed || l.of[i] != at
		l.of[i], l.distance[i] = at, best
	}
	return changed
}

// move assigns the rows and moves the centres to their means; it reports whether anything changed.
func (l *lloyd) move() bool {
	if !l.assign() {
		return false
	}
	count := make([]int, len(l.centers)/l.p)
	for _, k := range l.of {
		count[k]++
	}
	for k, n := range count {
		if n > 0 {
			continue
		}
		far := 0
		for i, d := range l.distance {
			if d > l.distance[far] && count[l.of[i]] > 1 {
				far = i
			}
		}
		if count[l.of[far]] > 1 {
			count[l.of[far]]--
			l.of[far], l.distance[far] = k, 0
			count[k] = 1
		}
	}
	for k, n := range count {
		if n > 0 {
			clear(l.centers[k*l.p : (k+1)*l.p])
		}
	}
	for i, k := range l.of {
		c := l.centers[k*l.p : (k+1)*l.p]
		for j, v := range l.row(i) {
			c[j] += v / float64(count[k])
		}
	}
	return true
}
