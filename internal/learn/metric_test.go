package learn

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestAUCCountsPairs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(2, 40).Draw(t, "rows")
		g := generator{state: rapid.Uint64().Draw(t, "data")}
		y, score := make([]float64, rows), make([]float64, rows)
		for i := range y {
			y[i], score[i] = float64(g.below(2)), float64(g.below(6))
		}
		y[0], y[1] = 0, 1
		won, pairs := 0.0, 0.0
		for i := range y {
			for j := range y {
				if y[i] == 1 && y[j] == 0 {
					if pairs++; score[i] > score[j] {
						won++
					} else if score[i] == score[j] {
						won += .5
					}
				}
			}
		}
		if got, err := AUC(y, score); err != nil || math.Abs(got-won/pairs) > 1e-15 {
			t.Fatalf("AUC is %v, %v; by pairs it is %v", got, err, won/pairs)
		}
	})
}

func TestMetricsByHand(t *testing.T) {
	t.Parallel()
	y, p := []float64{0, 0, 1, 1}, []float64{.1, .6, .4, .9}
	near(t, "log loss", must(LogLoss(y, p))(t), -(math.Log(.9)+math.Log(.4)+math.Log(.4)+math.Log(.9))/4, 1e-15)
	near(t, "log loss of a certain error", must(LogLoss([]float64{1}, []float64{0}))(t), -math.Log(1e-15), 1e-12)
	near(t, "log loss of three classes", must(ClassLogLoss([]float64{0, 2}, [][]float64{{.5, .25}, {.25, .25}, {.25, .5}}))(t), math.Log(2), 1e-15)
	class := Classes(p, .5)
	near(t, "accuracy", must(Accuracy(y, class))(t), .5, 0)
	near(t, "F1", must(F1(y, class))(t), .5, 0)
	c := must(Confusion(y, []float64{0, 1, 2, 1}, 3))(t)
	if c[0][0] != 1 || c[0][1] != 1 || c[1][2] != 1 || c[1][1] != 1 || c[2][0] != 0 {
		t.Errorf("confusion %v", c)
	}
	a, b := []float64{1, 2, 3, 6}, []float64{1, 3, 3, 4}
	near(t, "RMSE", must(RMSE(a, b))(t), math.Sqrt(5./4), 1e-15)
	near(t, "MAE", must(MAE(a, b))(t), .75, 1e-15)
	near(t, "R²", must(R2(a, b))(t), 1-5./14, 1e-15)
	bins := must(Calibration(y, p, 2))(t)
	if len(bins) != 2 || bins[0].Rows != 2 || bins[0].Observed != .5 || math.Abs(bins[0].Predicted-.25) > 1e-15 || math.Abs(bins[1].Predicted-.75) > 1e-15 {
		t.Errorf("calibration %v", bins)
	}
	if last := must(Calibration([]float64{1}, []float64{1}, 10))(t); len(last) != 1 || last[0].Rows != 1 {
		t.Errorf("a probability of one is in %v", last)
	}
}

func TestMetricsRefuse(t *testing.T) {
	t.Parallel()
	nan, one := []float64{math.NaN(), 0}, []float64{1, 1}
	metrics := map[string]Metric{"AUC": AUC, "log loss": LogLoss, "accuracy": Accuracy, "F1": F1, "RMSE": RMSE, "MAE": MAE, "R²": R2,
		"confusion":   func(y, p []float64) (float64, error) { _, err := Confusion(y, p, 2); return 0, err },
		"calibration": func(y, p []float64) (float64, error) { _, err := Calibration(y, p, 5); return 0, err },
	}
	for name, m := range metrics {
		for _, bad := range [][2][]float64{{nil, nil}, {one, nil}, {nan, one}, {one, nan}, {one, {1, math.Inf(1)}}} {
			if v, err := m(bad[0], bad[1]); err == nil {
				t.Errorf("%s of %v and %v is %v", name, bad[0], bad[1], v)
			}
		}
	}
	for name, err := range map[string]error{
		"AUC of one class":           second(AUC(one, []float64{0, 1})),
		"F1 without class 1":         second(F1([]float64{0}, []float64{0})),
		"R² of a constant":           second(R2([]float64{.1, .1}, []float64{1, 2})),
		"RMSE beyond a number":       second(RMSE([]float64{1e308}, []float64{-1e308})),
		"log loss of 1.5":            second(LogLoss([]float64{1}, []float64{1.5})),
		"log loss of one column":     second(ClassLogLoss(one, [][]float64{one})),
		"log loss of a short column": second(ClassLogLoss(one, [][]float64{one, {1}})),
		"log loss of a third class":  second(ClassLogLoss([]float64{2}, [][]float64{{1}, {0}})),
		"a class of three":           second(Confusion([]float64{2}, []float64{0}, 2)),
		"a class that is none":       second(Confusion([]float64{.5}, []float64{0}, 2)),
		"classes without end":        second(Confusion(one, one, 1_000_000_000)),
		"calibration without end":    second(Calibration(one, one, 1_000_000_000)),
		"calibration outside 0 to 1": second(Calibration([]float64{1}, []float64{-.5}, 5)),
	} {
		if err == nil {
			t.Errorf("%s has a value", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }
