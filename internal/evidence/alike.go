package evidence

import "math"

// Alike is from which correlation on two columns of returns count as one choice.
const Alike = 0.99

// Distinct returns the columns of m that are not alike one before them, in order: what differs by hardly more than its costs is one choice, and
// many of it would make any of them look sound. A column without variance is alike nothing.
func Distinct(m Matrix) []int {
	var kept []int
	var units [][]float64 // of those kept: centred, of length one
	for c := range m.Cols {
		unit, ok := unitColumn(m, c)
		if !ok {
			kept = append(kept, c)
			continue
		}
		alike := false
		for _, u := range units {
			if dot(u, unit) > Alike {
				alike = true
				break
			}
		}
		if !alike {
			kept, units = append(kept, c), append(units, unit)
		}
	}
	return kept
}

func unitColumn(m Matrix, c int) (unit []float64, ok bool) {
	unit = make([]float64, m.Rows)
	sum := 0.0
	for r := range unit {
		unit[r] = m.At(r, c)
		sum += unit[r]
	}
	mean, squares := sum/float64(m.Rows), 0.0
	for r := range unit {
		unit[r] -= mean
		squares += unit[r] * unit[r]
	}
	length := math.Sqrt(squares)
	if !(length > 0) || math.IsInf(length, 0) {
		return nil, false
	}
	for r := range unit {
		unit[r] /= length
	}
	return unit, true
}

func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s, t float64
	i := 0
	for ; i+1 < len(a); i += 2 {
		s += a[i] * b[i]
		t += a[i+1] * b[i+1]
	}
	if i < len(a) {
		s += a[i] * b[i]
	}
	return s + t
}

// Columns returns the named columns of m.
func (m Matrix) Columns(names []int) Matrix {
	out := Matrix{Rows: m.Rows, Cols: len(names), Data: make([]float64, m.Rows*len(names))}
	for r := range m.Rows {
		for j, c := range names {
			out.Data[r*len(names)+j] = m.At(r, c)
		}
	}
	return out
}
