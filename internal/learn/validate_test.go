package learn

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ohmycoins/omc/internal/evidence"
)

// periods draws label spans in order of their starts.
func periods(t *rapid.T) []evidence.Span {
	out := make([]evidence.Span, rapid.IntRange(10, 80).Draw(t, "rows"))
	g, at := generator{state: rapid.Uint64().Draw(t, "spans")}, int64(0)
	for i := range out {
		at += int64(g.below(3))
		out[i] = evidence.Span{From: at, To: at + int64(g.below(6))}
	}
	return out
}

func TestFoldsNeitherMeetNorFollowWithinTheEmbargo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spans, embargo := periods(t), rapid.Int64Range(0, 4).Draw(t, "embargo")
		n := rapid.IntRange(2, 5).Draw(t, "folds")
		k := rapid.IntRange(1, n-1).Draw(t, "tested")
		plan, err := Combine(spans, n, k, embargo)
		if err != nil {
			if !strings.Contains(err.Error(), "nothing is left") {
				t.Fatal(err)
			}
			return
		}
		for _, s := range plan.Splits {
			for _, i := range s.Train {
				for _, j := range s.Test {
					a, b := spans[i], spans[j]
					if a.From <= b.To && b.From <= a.To {
						t.Fatalf("training span %v meets test span %v", a, b)
					}
				}
			}
			for _, f := range s.Tests {
				fold, end := plan.Folds[f], int64(math.MinInt64)
				for _, b := range spans[fold.From:fold.To] {
					end = max(end, b.To)
				}
				for _, i := range s.Train {
					if a := spans[i]; a.From > spans[fold.From].From && a.From <= end+embargo {
						t.Fatalf("training span %v starts within %d after a test that ends at %d", a, embargo, end)
					}
				}
			}
		}
		if k > 1 {
			return
		}
		tested := 0
		for _, s := range plan.Splits {
			tested += len(s.Test)
		}
		if tested != len(spans) {
			t.Fatalf("%d of %d rows are tested", tested, len(spans))
		}
	})
}

func TestWalkForwardTrainsOnWhatWasKnown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spans := periods(t)
		f := Forward{Folds: rapid.IntRange(1, 4).Draw(t, "folds"), First: rapid.IntRange(1, 6).Draw(t, "first"),
			Window: rapid.IntRange(0, 10).Draw(t, "window"), Embargo: rapid.Int64Range(0, 3).Draw(t, "embargo")}
		splits, err := WalkForward(spans, f)
		if err != nil {
			if !strings.Contains(err.Error(), "nothing is left") {
				t.Fatal(err)
			}
			return
		}
		next := f.First
		for _, s := range splits {
			start := spans[s.Test[0]].From
			var want []int
			for i, a := range spans {
				if i < s.Test[0] && a.To+f.Embargo < start {
					want = append(want, i)
				}
			}
			if f.Window > 0 {
				want = want[max(0, len(want)-f.Window):]
			}
			if !slices.Equal(s.Train, want) {
				t.Fatalf("a test from %d trains on %v, known are %v", start, s.Train, want)
			}
			for _, i := range s.Test {
				if i != next {
					t.Fatalf("row %d is tested, %d is next", i, next)
				}
				next++
			}
		}
		if next != len(spans) {
			t.Fatalf("tests end at row %d of %d", next, len(spans))
		}
	})
}

func TestPlansAreBounded(t *testing.T) {
	t.Parallel()
	spans := make([]evidence.Span, 100_000)
	for i := range spans {
		spans[i] = evidence.Span{From: int64(i), To: int64(i)}
	}
	for name, err := range map[string]error{
		"many combinations":          second(Combine(spans, 20, 4, 0)),
		"endless folds":              second(Combine(spans, math.MaxInt, 3, 0)),
		"folds below zero":           second(Folds(spans, -1, 0)),
		"one fold":                   second(Folds(spans, 1, 0)),
		"no spans":                   second(Folds(nil, 5, 0)),
		"many steps":                 second(WalkForward(spans, Forward{Folds: 1000, First: 10})),
		"no steps":                   second(WalkForward(spans, Forward{First: 10})),
		"no first rows":              second(WalkForward(spans, Forward{Folds: 2})),
		"more first rows than rows":  second(WalkForward(spans, Forward{Folds: 2, First: math.MaxInt})),
		"an embargo below zero":      second(WalkForward(spans, Forward{Folds: 2, First: 5, Embargo: -1})),
		"an embargo over everything": second(WalkForward(spans, Forward{Folds: 2, First: 5, Embargo: math.MaxInt64})),
		"rows out of order":          second(WalkForward([]evidence.Span{{From: 2, To: 2}, {From: 1, To: 1}}, Forward{Folds: 1, First: 1})),
		"a span that ends too early": second(WalkForward([]evidence.Span{{From: 2, To: 1}, {From: 3, To: 3}}, Forward{Folds: 1, First: 1})),
	} {
		if err == nil {
			t.Errorf("%s: planned", name)
		}
	}
	ends := []evidence.Span{{From: math.MinInt64, To: math.MinInt64}, {From: math.MaxInt64, To: math.MaxInt64}}
	if _, err := WalkForward(ends, Forward{Folds: 1, First: 1, Embargo: 5}); err != nil {
		t.Errorf("from the first moment to the last: %v", err)
	}
}

func TestCrossValidationFitsOnTrainingRowsAlone(t *testing.T) {
	t.Parallel()
	rows := 50
	s := Sample{Columns: [][]float64{make([]float64, rows)}, Target: make([]float64, rows), Weights: make([]float64, rows)}
	spans := make([]evidence.Span, rows)
	for i := range rows {
		s.Columns[0][i], s.Target[i], s.Weights[i] = float64(i), 2*float64(i), 1+float64(i)
		spans[i] = evidence.Span{From: int64(i), To: int64(i) + 2}
	}
	splits := must(Folds(spans, 5, 1))(t)
	at := 0
	fit := func(_ context.Context, train Sample) (Predictor, error) {
		for k, i := range splits[at].Train {
			if train.Columns[0][k] != float64(i) || train.Target[k] != 2*float64(i) || train.Weights[k] != 1+float64(i) {
				t.Errorf("split %d, row %d of its training sample is not row %d", at, k, i)
			}
		}
		if len(train.Target) != len(splits[at].Train) {
			t.Errorf("split %d is fitted on %d rows, planned are %d", at, len(train.Target), len(splits[at].Train))
		}
		at++
		return Ridge(train, LinearOptions{})
	}
	tested := must(CrossValidate(context.Background(), s, splits, fit, RMSE))(t)
	if len(tested) != 5 || at != 5 {
		t.Fatalf("%d splits of 5", len(tested))
	}
	for _, c := range tested {
		near(t, "RMSE", c.Score, 0, 1e-9)
		for k, i := range c.Rows {
			near(t, "prediction", c.Predicted[k], 2*float64(i), 1e-9)
		}
	}
	broken := errors.New("broken")
	_, err := CrossValidate(context.Background(), s, splits, func(context.Context, Sample) (Predictor, error) { return nil, broken }, RMSE)
	if !errors.Is(err, broken) {
		t.Errorf("a fit's error becomes %v", err)
	}
	if _, err := CrossValidate(context.Background(), s, []evidence.Split{{Train: []int{0, 99}, Test: []int{1}}}, fit, RMSE); err == nil {
		t.Error("a row that is not there was used")
	}
}
