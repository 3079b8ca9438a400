package learn

import (
	"fmt"
	"math"
	"slices"
)

// pair checks truths and predictions for one metric.
func pair(metric string, truth, predicted []float64) error {
	if len(truth) == 0 || len(truth) > MaxRows {
		return fmt.Errorf("%s: %d rows, it takes 1 to %d", metric, len(truth), MaxRows)
	}
	if err := vector("target", truth, len(truth)); err != nil {
		return fmt.Errorf("%s: %w", metric, err)
	}
	if err := vector("prediction", predicted, len(truth)); err != nil {
		return fmt.Errorf("%s: %w", metric, err)
	}
	return nil
}

// twoClasses is pair for truths 0 and 1.
func twoClasses(metric string, truth, predicted []float64) error {
	if err := pair(metric, truth, predicted); err != nil {
		return err
	}
	if err := classes(truth, len(truth), 2); err != nil {
		return fmt.Errorf("%s: %w", metric, err)
	}
	return nil
}

// AUC is the area under the receiver operating characteristic: the chance that a row of class 1 scores above one of class 0, ties half.
func AUC(truth, score []float64) (float64, error) {
	if err := twoClasses("AUC", truth, score); err != nil {
		return 0, err
	}
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case score[a] < score[b]:
			return -1
		case score[a] > score[b]:
			return 1
		}
		return 0
	})
	var zeros, ones, area float64 // area counts pairs
	for i := 0; i < len(order); {
		j, z, o := i, 0.0, 0.0
		for ; j < len(order) && score[order[j]] == score[order[i]]; j++ {
			if truth[order[j]] == 1 {
				o++
			} else {
				z++
			}
		}
		area += o*zeros + o*z/2
		zeros, ones, i = zeros+z, ones+o, j
	}
	if zeros == 0 || ones == 0 {
		return 0, fmt.Errorf("AUC: all rows are of one class")
	}
	return area / (zeros * ones), nil
}

// LogLoss is the mean of −ln of the probability given to the class that was true; probabilities of class 1 are cut to [1e−15, 1 − 1e−15].
func LogLoss(truth, probability []float64) (float64, error) {
	if err := twoClasses("log loss", truth, probability); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, p := range probability {
		if p < 0 || p > 1 {
			return 0, fmt.Errorf("log loss: row %d of the prediction is %v, a probability is from 0 to 1", i, p)
		}
		if truth[i] == 0 {
			p = 1 - p
		}
		sum -= math.Log(max(1e-15, min(1-1e-15, p)))
	}
	return sum / float64(len(truth)), nil
}

// ClassLogLoss is LogLoss of more classes: probabilities is one column of rows per class, as Probabilities returns it.
func ClassLogLoss(truth []float64, probabilities [][]float64) (float64, error) {
	const figure = "log loss of classes"
	if len(probabilities) < 2 || len(probabilities) > MaxClasses {
		return 0, fmt.Errorf("%s: %d classes, it takes 2 to %d", figure, len(probabilities), MaxClasses)
	}
	for _, p := range probabilities {
		if err := pair(figure, truth, p); err != nil {
			return 0, err
		}
	}
	if err := classes(truth, len(truth), len(probabilities)); err != nil {
		return 0, fmt.Errorf("%s: %w", figure, err)
	}
	sum := 0.0
	for i, y := range truth {
		p := probabilities[int(y)][i]
		if p < 0 || p > 1 {
			return 0, fmt.Errorf("%s: row %d of class %v is %v, a probability is from 0 to 1", figure, i, y, p)
		}
		sum -= math.Log(max(1e-15, min(1-1e-15, p)))
	}
	return sum / float64(len(truth)), nil
}

// Accuracy is the share of rows whose predicted class is the true one.
func Accuracy(truth, class []float64) (float64, error) {
	if err := pair("accuracy", truth, class); err != nil {
		return 0, err
	}
	hits := 0
	for i, c := range class {
		if c == truth[i] {
			hits++
		}
	}
	return float64(hits) / float64(len(truth)), nil
}

// Classes turns probabilities of class 1 into classes: 1 where they exceed the threshold.
func Classes(probability []float64, threshold float64) []float64 {
	out := make([]float64, len(probability))
	for i, p := range probability {
		if p > threshold {
			out[i] = 1
		}
	}
	return out
}

// Confusion counts rows by true class (first index) and predicted class, of count classes.
func Confusion(truth, class []float64, count int) ([][]int, error) {
	if count < 2 || count > MaxClasses {
		return nil, fmt.Errorf("confusion: %d classes, it takes 2 to %d", count, MaxClasses)
	}
	if err := pair("confusion", truth, class); err != nil {
		return nil, err
	}
	for _, x := range [][]float64{truth, class} {
		if err := classes(x, len(x), count); err != nil {
			return nil, fmt.Errorf("confusion: %w", err)
		}
	}
	out := make([][]int, count)
	for k := range out {
		out[k] = make([]int, count)
	}
	for i, t := range truth {
		out[int(t)][int(class[i])]++
	}
	return out, nil
}

// F1 is the harmonic mean of precision and recall of class 1. Without a row that is or is called 1 it has no value.
func F1(truth, class []float64) (float64, error) {
	c, err := Confusion(truth, class, 2)
	if err != nil {
		return 0, fmt.Errorf("F1: %w", err)
	}
	d := 2*c[1][1] + c[0][1] + c[1][0]
	if d == 0 {
		return 0, fmt.Errorf("F1: no row is or is called class 1")
	}
	return 2 * float64(c[1][1]) / float64(d), nil
}

// RMSE is the root of the mean squared error.
func RMSE(truth, predicted []float64) (float64, error) {
	if err := pair("RMSE", truth, predicted); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, p := range predicted {
		sum += (p - truth[i]) * (p - truth[i])
	}
	return number("RMSE", math.Sqrt(sum/float64(len(truth))))
}

// MAE is the mean absolute error.
func MAE(truth, predicted []float64) (float64, error) {
	if err := pair("MAE", truth, predicted); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, p := range predicted {
		sum += math.Abs(p - truth[i])
	}
	return number("MAE", sum/float64(len(truth)))
}

// R2 is 1 less the squared error over that of the truth's own mean. A constant truth has none.
func R2(truth, predicted []float64) (float64, error) {
	const figure = "R²"
	if err := pair(figure, truth, predicted); err != nil {
		return 0, err
	}
	mean := 0.0
	for _, t := range truth {
		mean += t / float64(len(truth))
	}
	left, all, same := 0.0, 0.0, true
	for i, t := range truth {
		left += (t - predicted[i]) * (t - predicted[i])
		all += (t - mean) * (t - mean)
		same = same && t == truth[0]
	}
	if same || all == 0 {
		return 0, fmt.Errorf("%s: the target is constant", figure)
	}
	return number(figure, 1-left/all)
}

func number(metric string, v float64) (float64, error) {
	if !finite(v) {
		return 0, fmt.Errorf("%s: the result is too large for a number", metric)
	}
	return v, nil
}

// Bin is one bar of a calibration curve.
type Bin struct {
	Predicted float64 // mean probability of the rows in it
	Observed  float64 // share of class 1 among them
	Rows      int
}

// Calibration sorts rows into count equal ranges of predicted probability and compares them with what happened; empty ranges are left out.
func Calibration(truth, probability []float64, count int) ([]Bin, error) {
	if count < 1 || count > 1000 {
		return nil, fmt.Errorf("calibration: %d bins, it takes 1 to 1000", count)
	}
	if err := twoClasses("calibration", truth, probability); err != nil {
		return nil, err
	}
	bins := make([]Bin, count)
	for i, p := range probability {
		if p < 0 || p > 1 {
			return nil, fmt.Errorf("calibration: row %d of the prediction is %v, a probability is from 0 to 1", i, p)
		}
		b := &bins[min(count-1, int(p*float64(count)))]
		b.Predicted, b.Observed, b.Rows = b.Predicted+p, b.Observed+truth[i], b.Rows+1
	}
	out := bins[:0]
	for _, b := range bins {
		if b.Rows > 0 {
			out = append(out, Bin{Predicted: b.Predicted / float64(b.Rows), Observed: b.Observed / float64(b.Rows), Rows: b.Rows})
		}
	}
	return out, nil
}
