// Package learn owns the models of research: boosted trees, random forests, linear and logistic regression, k-means and principal
// components; their files, their metrics and the validation that does not leak. docs/learn.md states each method.
// It must never read prices or fetch data, and it never panics on what a caller hands it: bounds and bad values are errors.
//
// A table is its columns: columns[j][i] is feature j of row i. NaN in a feature is a missing value for trees and an error for everything
// else; infinities are errors everywhere. Trees are grown and asked on one thread. Fits take their chance from a seed, and give the
// same bits for the same input on every run and any number of threads (gonum shares out the largest matrix products, not their sums). Fitted models are read-only and safe for concurrent use.
package learn

import (
	"fmt"
	"math"
)

// What a table and a model may be at most. MaxCells bounds rows × columns, MaxOutputs rows × classes.
const (
	MaxRows    = 5_000_000
	MaxColumns = 4_096
	MaxCells   = 100_000_000
	MaxOutputs = 20_000_000
	MaxClasses = 100
	MaxTrees   = 10_000
	MaxNodes   = 10_000_000 // of all trees of one model together
)

func finite(x float64) bool { return x-x == 0 }

// shape returns the rows of a table, or why it is none.
func shape(columns [][]float64) (rows int, err error) {
	if len(columns) == 0 || len(columns) > MaxColumns {
		return 0, fmt.Errorf("table has %d columns, it takes 1 to %d", len(columns), MaxColumns)
	}
	rows = len(columns[0])
	if rows == 0 || rows > MaxRows {
		return 0, fmt.Errorf("table has %d rows, it takes 1 to %d", rows, MaxRows)
	}
	if rows > MaxCells/len(columns) {
		return 0, fmt.Errorf("table is %d × %d, the limit is %d cells; use fewer rows or columns", rows, len(columns), MaxCells)
	}
	for j, c := range columns {
		if len(c) != rows {
			return 0, fmt.Errorf("column %d has %d rows, column 0 has %d", j, len(c), rows)
		}
	}
	return rows, nil
}

// features checks a table in which values may be missing.
func features(columns [][]float64) (rows int, err error) {
	if rows, err = shape(columns); err != nil {
		return 0, err
	}
	for j, c := range columns {
		for i, v := range c {
			if math.IsInf(v, 0) {
				return 0, fmt.Errorf("row %d of column %d is infinite; a missing value is NaN", i, j)
			}
		}
	}
	return rows, nil
}

// complete checks a table in which nothing may be missing.
func complete(columns [][]float64) (rows int, err error) {
	if rows, err = shape(columns); err != nil {
		return 0, err
	}
	for j, c := range columns {
		for i, v := range c {
			if !finite(v) {
				return 0, fmt.Errorf("row %d of column %d is %v; this model needs finite numbers: fill or drop what is missing", i, j, v)
			}
		}
	}
	return rows, nil
}

// wide checks that a table has the columns a model was fitted on.
func wide(columns [][]float64, want int) error {
	if len(columns) != want {
		return fmt.Errorf("table has %d columns, the model was fitted on %d", len(columns), want)
	}
	return nil
}

// vector checks one number per row.
func vector(name string, x []float64, rows int) error {
	if len(x) != rows {
		return fmt.Errorf("%s has %d rows, the table has %d", name, len(x), rows)
	}
	for i, v := range x {
		if !finite(v) {
			return fmt.Errorf("row %d of the %s is %v, it must be a finite number", i, name, v)
		}
	}
	return nil
}

const maxWeight = 1e6

// weighting checks sample weights and returns them; nil stands for ones. A weight is from 0 to 1e6 and at least one is above zero.
func weighting(weights []float64, rows int) ([]float64, error) {
	if weights == nil {
		out := make([]float64, rows)
		for i := range out {
			out[i] = 1
		}
		return out, nil
	}
	if err := vector("weights", weights, rows); err != nil {
		return nil, err
	}
	sum := 0.0
	for i, w := range weights {
		if w < 0 || w > maxWeight {
			return nil, fmt.Errorf("weight of row %d is %v, it must be from 0 to %g", i, w, float64(maxWeight))
		}
		sum += w
	}
	if sum == 0 {
		return nil, fmt.Errorf("all weights are zero")
	}
	return weights, nil
}

// classes checks labels 0 … count−1.
func classes(y []float64, rows, count int) error {
	if err := vector("target", y, rows); err != nil {
		return err
	}
	for i, v := range y {
		if v != math.Trunc(v) || v < 0 || v >= float64(count) {
			return fmt.Errorf("row %d of the target is %v, classes are the whole numbers from 0 to %d", i, v, count-1)
		}
	}
	return nil
}

// between refuses an option outside [low, high].
func between(name string, v, low, high float64) error {
	if !(v >= low && v <= high) {
		return fmt.Errorf("%s is %v, it must be from %v to %v", name, v, low, high)
	}
	return nil
}

// generator is SplitMix64 (Steele, Lea, Flood 2014).
type generator struct{ state uint64 }

func (g *generator) next() uint64 {
	g.state += 0x9E3779B97F4A7C15
	z := g.state
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}

// uniform is in [0, 1).
func (g *generator) uniform() float64 { return float64(g.next()>>11) * 0x1p-53 }

// below is an index below n; its bias is below n/2⁶⁴.
func (g *generator) below(n int) int { return int(g.next() % uint64(n)) }

// fork is the generator of part i of a run, so that parts do not depend on each other's draws.
func fork(seed uint64, i int) *generator {
	g := generator{state: seed ^ 0xD1B54A32D192ED03*uint64(i+1)}
	return &generator{state: g.next()}
}
