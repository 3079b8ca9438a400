package learn

import (
	"context"
	"fmt"
)

// Importance returns per column the sum of its splits' gains and their number.
func (e *Ensemble) Importance() (gain []float64, splits []int) {
	gain, splits = make([]float64, e.features), make([]int, e.features)
	for _, t := range e.trees {
		for _, n := range t {
			if n.feature >= 0 {
				gain[n.feature] += n.gain
				splits[n.feature]++
			}
		}
	}
	return gain, splits
}

// Metric scores predictions against the truth.
type Metric func(truth, predicted []float64) (float64, error)

// Predictor is what Permutation asks: a fitted model's Predict.
type Predictor interface {
	Predict(columns [][]float64) ([]float64, error)
}

// Permutation returns per column how much the metric falls, on average of repeats, when the column's values are shuffled over the rows
// (Breiman 2001): below zero means that the column misleads on this table. For a loss, where less is better, give its negative.
// The context stops it between predictions.
func Permutation(ctx context.Context, p Predictor, columns [][]float64, truth []float64, m Metric, repeats int, seed uint64) ([]float64, error) {
	if repeats < 1 || repeats > 1000 {
		return nil, fmt.Errorf("permutation importance: %d repeats, it takes 1 to 1000", repeats)
	}
	rows, err := features(columns)
	if err != nil {
		return nil, fmt.Errorf("permutation importance: %w", err)
	}
	score := func(table [][]float64) (float64, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		predicted, err := p.Predict(table)
		if err != nil {
			return 0, err
		}
		return m(truth, predicted)
	}
	whole, err := score(columns)
	if err != nil {
		return nil, fmt.Errorf("permutation importance: %w", err)
	}
	table, shuffled := append([][]float64(nil), columns...), make([]float64, rows)
	out := make([]float64, len(columns))
	for j := range columns {
		draw := fork(seed, j)
		copy(shuffled, columns[j])
		table[j] = shuffled
		for range repeats {
			for i := rows - 1; i > 0; i-- {
				k := draw.below(i + 1)
				shuffled[i], shuffled[k] = shuffled[k], shuffled[i]
			}
			s, err := score(table)
			if err != nil {
				return nil, fmt.Errorf("permutation importance of column %d: %w", j, err)
			}
			out[j] += (whole - s) / float64(repeats)
		}
		table[j] = columns[j]
		if !finite(out[j]) {
			return nil, fmt.Errorf("permutation importance of column %d: the metric is not a finite number", j)
		}
	}
	return out, nil
}
