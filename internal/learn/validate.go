package learn

import (
	"context"
	"fmt"

	"github.com/ohmycoins/omc/internal/evidence"
)

// Folds plans purged and embargoed k-fold validation over rows in order of time: each of n folds is tested once, by a model of the rows
// whose spans meet nothing of the fold and do not start within embargo after it (evidence.CombineSpans). spans has one span per row.
func Folds(spans []evidence.Span, n int, embargo int64) ([]evidence.Split, error) {
	p, err := Combine(spans, n, 1, embargo)
	if err != nil {
		return nil, err
	}
	return p.Splits, nil
}

// maxPlanned bounds rows × splits of a plan: each split lists its rows.
const maxPlanned = 25_000_000

func planned(rows, splits int) error {
	if rows > maxPlanned/splits {
		return fmt.Errorf("%d splits of %d rows exceed %d listed rows; use fewer folds or rows", splits, rows, maxPlanned)
	}
	return nil
}

// Combine plans combinatorial purged cross-validation, k of n folds tested at a time (evidence.CombineSpans), after it has made sure that the
// plan fits in memory: rows × splits may be 25 million.
func Combine(spans []evidence.Span, n, k int, embargo int64) (*evidence.Plan, error) {
	splits := 1
	for i := 1; n <= 63 && i <= min(k, n-k) && splits <= maxPlanned; i++ { // more folds are refused with the plan
		splits = splits * (n - i + 1) / i
	}
	if err := planned(len(spans), splits); err != nil {
		return nil, fmt.Errorf("cross-validation: %w", err)
	}
	return evidence.CombineSpans(spans, n, k, embargo)
}

// Forward says how to walk forward.
type Forward struct {
	Folds   int   // tested stretches, 1 to 1000
	First   int   // rows before the first of them, at least 1
	Window  int   // rows that a model may be trained on at most, the newest; 0 for all before the test
	Embargo int64 // in the spans' unit: also left out is what ends within so much before the test starts
}

// WalkForward plans validation in which a model only ever sees what was known before its test starts: row i is for training when its span
// ends before the test's first span starts, less the embargo. After First rows the others are cut into equal stretches, the last takes the
// remainder.
func WalkForward(spans []evidence.Span, f Forward) ([]evidence.Split, error) {
	rows := len(spans)
	if f.Folds < 1 || f.Folds > 1000 || f.First < 1 || f.First > rows || rows-f.First < f.Folds {
		return nil, fmt.Errorf("walk-forward: %d folds after %d rows cannot be cut from %d rows", f.Folds, f.First, rows)
	}
	if f.Window < 0 || f.Embargo < 0 {
		return nil, fmt.Errorf("walk-forward: window %d and embargo %d must not be below zero", f.Window, f.Embargo)
	}
	if err := planned(rows, f.Folds); err != nil {
		return nil, fmt.Errorf("walk-forward: %w", err)
	}
	for i, s := range spans {
		if s.To < s.From {
			return nil, fmt.Errorf("walk-forward: span %d ends at %d, before it starts at %d", i, s.To, s.From)
		}
		if i > 0 && s.From < spans[i-1].From {
			return nil, fmt.Errorf("walk-forward: row %d starts before row %d: rows must be in order of time", i, i-1)
		}
	}
	length := (rows - f.First) / f.Folds
	out := make([]evidence.Split, f.Folds)
	for k := range out {
		from := f.First + k*length
		to := from + length
		if k == f.Folds-1 {
			to = rows
		}
		s := evidence.Split{Tests: []int{k}}
		for i := range from {
			// Unsigned, so that the ends of time do not overflow.
			if spans[i].To < spans[from].From && uint64(spans[from].From)-uint64(spans[i].To) > uint64(f.Embargo) {
				s.Train = append(s.Train, i)
			}
		}
		if f.Window > 0 && len(s.Train) > f.Window {
			s.Train = s.Train[len(s.Train)-f.Window:]
		}
		if len(s.Train) == 0 {
			return nil, fmt.Errorf("walk-forward: nothing is left to train on for fold %d; start later or shorten the labels", k)
		}
		for i := from; i < to; i++ {
			s.Test = append(s.Test, i)
		}
		out[k] = s
	}
	return out, nil
}

// Rows returns a new sample of the rows listed, in that order.
func (s Sample) Rows(list []int) (Sample, error) {
	rows, err := shape(s.Columns)
	if err != nil {
		return Sample{}, err
	}
	if len(s.Target) != rows || s.Weights != nil && len(s.Weights) != rows {
		return Sample{}, fmt.Errorf("sample has %d rows, %d targets and %d weights", rows, len(s.Target), len(s.Weights))
	}
	for _, i := range list {
		if i < 0 || i >= rows {
			return Sample{}, fmt.Errorf("row %d of a sample of %d", i, rows)
		}
	}
	pick := func(x []float64) []float64 {
		out := make([]float64, len(list))
		for k, i := range list {
			out[k] = x[i]
		}
		return out
	}
	out := Sample{Columns: make([][]float64, len(s.Columns)), Target: pick(s.Target)}
	for j, c := range s.Columns {
		out.Columns[j] = pick(c)
	}
	if s.Weights != nil {
		out.Weights = pick(s.Weights)
	}
	return out, nil
}

// Tested is what a model said of one split's test rows.
type Tested struct {
	Rows      []int // of the whole sample
	Truth     []float64
	Predicted []float64
	Score     float64
}

// CrossValidate fits on each split's training rows alone and scores the predictions of its test rows. Whatever is fitted before the model,
// a scaler too, belongs inside fit. The context stops it between splits.
func CrossValidate(ctx context.Context, s Sample, splits []evidence.Split, fit func(ctx context.Context, train Sample) (Predictor, error), m Metric) ([]Tested, error) {
	if len(splits) == 0 {
		return nil, fmt.Errorf("cross-validation: there is no split")
	}
	out := make([]Tested, 0, len(splits))
	for k, split := range splits {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("cross-validation: %w", err)
		}
		t, err := tryOut(ctx, s, split, fit, m)
		if err != nil {
			return nil, fmt.Errorf("cross-validation: split %d of %d: %w", k+1, len(splits), err)
		}
		out = append(out, t)
	}
	return out, nil
}

func tryOut(ctx context.Context, s Sample, split evidence.Split, fit func(context.Context, Sample) (Predictor, error), m Metric) (Tested, error) {
	train, err := s.Rows(split.Train)
	if err != nil {
		return Tested{}, err
	}
	test, err := s.Rows(split.Test)
	if err != nil {
		return Tested{}, err
	}
	model, err := fit(ctx, train)
	if err != nil {
		return Tested{}, err
	}
	t := Tested{Rows: split.Test, Truth: test.Target}
	if t.Predicted, err = model.Predict(test.Columns); err != nil {
		return Tested{}, err
	}
	if t.Score, err = m(t.Truth, t.Predicted); err != nil {
		return Tested{}, err
	}
	return t, nil
}
