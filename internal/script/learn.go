package script

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ohmycoins/omc/internal/learn"
	"github.com/ohmycoins/omc/internal/series"
	"go.starlark.net/starlark"
)

func learnFunctions() []function {
	return []function{
		{Doc{"boost", `learn.boost(features, target, objective="squared", classes=0, rounds=100, rate=0.1, depth=6, leaves=0, bins=255, l2=1.0, min_gain=0.0, min_hessian=1.0, min_rows=1, row_sample=1.0, column_sample=1.0, monotone={}, valid=None, valid_target=None, patience=0, weights=None, seed=0)`,
			"Gradient-boosted trees; objective squared, logistic (targets 0 and 1) or softmax (0 to classes−1). `monotone` maps a column to 1 or −1. With `valid` and `patience` it stops early."}, boost},
		{Doc{"forest", "learn.forest(features, target, classes=0, trees=100, depth=64, min_rows=1, columns=-1, bins=255, bootstrap=True, weights=None, seed=0)", "Random forest: classes 0 for a regression; `columns` drawn for each node, −1 for √columns of a classifier and all of a regression."}, forest},
		{Doc{"ridge", "learn.ridge(features, target, penalty=1.0, standardise=True, weights=None)", "Least squares with a squared penalty. Rows without a value somewhere are left out, as by the two below."}, linear(func(s learn.Sample, o learn.LinearOptions) (*learn.Linear, error) { return learn.Ridge(s, o) })},
		{Doc{"lasso", "learn.lasso(features, target, penalty=1.0, standardise=True, weights=None)", "Least squares with an absolute penalty."}, linear(func(s learn.Sample, o learn.LinearOptions) (*learn.Linear, error) {
			return learn.Lasso(context.Background(), s, o)
		})},
		{Doc{"logistic", "learn.logistic(features, target, penalty=1.0, standardise=True, weights=None)", "Logistic regression of targets 0 and 1."}, linear(func(s learn.Sample, o learn.LinearOptions) (*learn.Linear, error) {
			return learn.LogisticRegression(context.Background(), s, o)
		})},
		{Doc{"kmeans", "learn.kmeans(features, clusters, restarts=10, seed=0)", "k-means; predict gives the nearest cluster. Scale the columns first."}, kmeans},
		{Doc{"pca", "learn.pca(features, n, standardise=True)", "Principal components; transform gives them."}, pca},
		{Doc{"read", `learn.read(text, columns, trained_until="")`, "A model from `model.save()`, or an XGBoost model (JSON or UBJ in base64), with the names of its columns in order. It cannot be asked about rows from before it was trained: `model.save()` knows until when that was; of another model say it, as a day like \"2024-05-31\" or in Unix milliseconds."}, read},
		{Doc{"folds", `learn.folds(features, labels, fit, folds=5, embargo="0m", metric="auc", weights=None)`, "Purged and embargoed k-fold validation. `fit(features, target, weights)` returns a model of the training rows alone; one of other rows is refused. Returns a dict: scores of the folds, their mean, and the column of predictions out of sample."}, folds},
		{Doc{"combinatorial", `learn.combinatorial(features, labels, fit, folds=6, tested=2, embargo="0m", metric="auc", weights=None)`, "Combinatorial purged validation: every choice of folds is tested once; predictions are means over the tests of a row."}, combinatorial},
		{Doc{"walk_forward", `learn.walk_forward(features, labels, fit, first, folds=5, window=0, embargo="0m", metric="auc", weights=None)`, "Each stretch is predicted by a model of what was known before it: after `first` rows, from the newest `window` rows, 0 for all."}, walkForward},
		{Doc{"auc", "learn.auc(truth, score), accuracy, f1, log_loss, r2, rmse, mae", "Metrics of two columns; rows where either has no value are left out. Accuracy and f1 call a score above 0.5 class 1."}, measured("auc")},
		{Doc{"accuracy", "learn.accuracy(truth, score)", "Share of rows whose class is right."}, measured("accuracy")},
		{Doc{"f1", "learn.f1(truth, score)", "Harmonic mean of precision and recall of class 1."}, measured("f1")},
		{Doc{"log_loss", "learn.log_loss(truth, probability)", "Mean of −ln of the probability of what was true."}, measured("log_loss")},
		{Doc{"r2", "learn.r2(truth, predicted)", "1 less the squared error over that of the mean."}, measured("r2")},
		{Doc{"rmse", "learn.rmse(truth, predicted)", "Root of the mean squared error."}, measured("rmse")},
		{Doc{"mae", "learn.mae(truth, predicted)", "Mean absolute error."}, measured("mae")},
	}
}

var errNoTarget = errors.New("the target is None: want a column or labels")

// target is a column, or labels, which stand for their values.
type target struct {
	c    *Column
	ends []int64 // of labels: when each was known
}

// Unpack implements starlark.Unpacker.
func (t *target) Unpack(v starlark.Value) error {
	switch v := v.(type) {
	case *Column:
		t.c = v
	case *Labels:
		t.c, t.ends = &Column{v.l.Times, v.l.Values}, v.l.Ends
	case starlark.NoneType:
	default:
		return fmt.Errorf("want a column or labels, got %s", v.Type())
	}
	return nil
}

// table is a sample with where its rows stand in the frame, and what its columns are called.
type table struct {
	learn.Sample
	rows  []int
	times []int64 // of the rows
	until int64   // up to when something was known that a fit of it learns from
	names []string
}

// tabled puts features, target and weights together. Rows without a target are left out: what came of them is not known. dense leaves out
// the rows without a feature too.
func tabled(f *Frame, y, w target, dense bool) (*table, error) {
	own := &Column{times: f.f.Times()}
	for _, c := range []target{y, w} {
		if c.c != nil {
			if err := own.same(c.c); err != nil {
				return nil, err
			}
		}
	}
	columns := f.f.Columns()
	if len(columns) == 0 {
		return nil, errors.New("the features have no column")
	}
	t := &table{}
	for i := range f.f.Rows() {
		whole := y.c == nil || y.c.values[i] == y.c.values[i]
		for k := 0; dense && whole && k < len(columns); k++ {
			whole = columns[k].Values[i] == columns[k].Values[i]
		}
		if whole {
			t.rows = append(t.rows, i)
		}
	}
	for _, c := range columns {
		t.names = append(t.names, c.Name)
		t.Columns = append(t.Columns, pick(c.Values, t.rows))
	}
	t.times = make([]int64, len(t.rows))
	for i, r := range t.rows {
		t.times[i] = f.f.Times()[r]
		t.until = max(t.until, t.times[i])
		if y.ends != nil {
			t.until = max(t.until, y.ends[r])
		}
	}
	if y.c != nil {
		t.Target = pick(y.c.values, t.rows)
	}
	if w.c != nil {
		t.Weights = pick(w.c.values, t.rows)
	}
	return t, nil
}

func pick(x []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for i, r := range rows {
		out[i] = x[r]
	}
	return out
}

func boost(th *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var f, valid *Frame
	var y, w, validTarget target
	o := learn.DefaultBoost(learn.Squared)
	objective, seed := "squared", 0
	rate, l2, gain, hessian, rowShare, columnShare := real(o.Rate), real(o.L2), real(o.MinGain), real(o.MinHessian), real(1), real(1)
	var monotone *starlark.Dict
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "features", &f, "target", &y, "objective?", &objective, "classes?", &o.Classes, "rounds?", &o.Rounds, "rate?", &rate, "depth?", &o.Depth,
		"leaves?", &o.Leaves, "bins?", &o.Bins, "l2?", &l2, "min_gain?", &gain, "min_hessian?", &hessian, "min_rows?", &o.MinRows, "row_sample?", &rowShare, "column_sample?", &columnShare,
		"monotone?", &monotone, "valid??", &valid, "valid_target??", &validTarget, "patience?", &o.Patience, "weights??", &w, "seed?", &seed); err != nil {
		return nil, err
	}
	switch objective {
	case "squared":
	case "logistic":
		o.Objective = learn.Logistic
	case "softmax":
		o.Objective = learn.Softmax
	default:
		return nil, fmt.Errorf("objective %.20q: there are squared, logistic and softmax", objective)
	}
	o.Rate, o.L2, o.MinGain, o.MinHessian, o.RowSample, o.ColumnSample, o.Seed = float64(rate), float64(l2), float64(gain), float64(hessian), float64(rowShare), float64(columnShare), uint64(seed)
	if y.c == nil {
		return nil, errNoTarget
	}
	t, err := tabled(f, y, w, false)
	if err != nil {
		return nil, err
	}
	if monotone != nil && monotone.Len() > 0 {
		if o.Monotone, err = directions(monotone, t.names); err != nil {
			return nil, err
		}
	}
	var check *learn.Sample
	if valid != nil {
		of, err := valid.f.Select(t.names...)
		if err != nil {
			return nil, fmt.Errorf("valid: %w", err)
		}
		v, err := tabled(&Frame{of}, validTarget, target{}, false)
		if err != nil {
			return nil, fmt.Errorf("valid: %w", err)
		}
		check = &v.Sample
		t.times, t.until = append(t.times, v.times...), max(t.until, v.until) // where it stops is learnt from these
	}
	if err := spend(th, product(len(t.rows), len(t.Columns), o.Rounds, o.Classes)); err != nil {
		return nil, err
	}
	m, _, err := learn.Boost(context.Background(), t.Sample, check, o)
	if err != nil {
		return nil, err
	}
	return &Model{m: m, names: t.names, seen: t.times, until: t.until}, nil
}

// directions turns {"column": 1} into one number for each column.
func directions(d *starlark.Dict, names []string) ([]int, error) {
	out := make([]int, len(names))
	found := 0
	for i, name := range names {
		v, ok, err := d.Get(starlark.String(name))
		if err != nil {
			return nil, err
		}
		if ok {
			found++
			if out[i], err = starlark.AsInt32(v); err != nil || out[i] < -1 || out[i] > 1 {
				return nil, fmt.Errorf("monotone: %.40q: want 1, 0 or -1", name)
			}
		}
	}
	if found != d.Len() {
		return nil, fmt.Errorf("monotone: it names %d columns that are not among the features", d.Len()-found)
	}
	return out, nil
}

func forest(th *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var f *Frame
	var y, w target
	classes, trees, depth, least, columns, bins, bootstrap, seed := 0, 100, 64, 1, -1, 255, true, 0
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "features", &f, "target", &y, "classes?", &classes, "trees?", &trees, "depth?", &depth, "min_rows?", &least, "columns?", &columns,
		"bins?", &bins, "bootstrap?", &bootstrap, "weights??", &w, "seed?", &seed); err != nil {
		return nil, err
	}
	if y.c == nil {
		return nil, errNoTarget
	}
	t, err := tabled(f, y, w, false)
	if err != nil {
		return nil, err
	}
	o := learn.DefaultForest(classes, len(t.Columns))
	o.Trees, o.Depth, o.MinRows, o.Bins, o.Bootstrap, o.Seed = trees, depth, least, bins, bootstrap, uint64(seed)
	if columns >= 0 {
		o.Columns = columns
	}
	if err := spend(th, product(4, len(t.rows), len(t.Columns), trees, classes)); err != nil {
		return nil, err
	}
	m, err := learn.Forest(context.Background(), t.Sample, o)
	if err != nil {
		return nil, err
	}
	return &Model{m: m, names: t.names, seen: t.times, until: t.until}, nil
}

func linear(fit func(learn.Sample, learn.LinearOptions) (*learn.Linear, error)) func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return func(th *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var f *Frame
		var y, w target
		penalty, standardise := real(1), true
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "features", &f, "target", &y, "penalty?", &penalty, "standardise?", &standardise, "weights??", &w); err != nil {
			return nil, err
		}
		if y.c == nil {
			return nil, errNoTarget
		}
		t, err := tabled(f, y, w, true)
		if err != nil {
			return nil, err
		}
		if err := spend(th, product(10, len(t.rows), len(t.Columns), len(t.Columns))); err != nil {
			return nil, err
		}
		m, err := fit(t.Sample, learn.LinearOptions{Penalty: float64(penalty), Standardise: standardise})
		if err != nil {
			return nil, err
		}
		return &Model{m: m, names: t.names, seen: t.times, until: t.until}, nil
	}
}

func kmeans(th *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var f *Frame
	var clusters, seed int
	restarts := 10
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "features", &f, "clusters", &clusters, "restarts?", &restarts, "seed?", &seed); err != nil {
		return nil, err
	}
	t, err := tabled(f, target{}, target{}, true)
	if err != nil {
		return nil, err
	}
	o := learn.DefaultKMeans(clusters)
	o.Restarts, o.Seed = restarts, uint64(seed)
	if err := spend(th, product(20, len(t.rows), len(t.Columns), clusters, restarts)); err != nil {
		return nil, err
	}
	m, err := learn.ClusterRows(context.Background(), t.Columns, o)
	if err != nil {
		return nil, err
	}
	return &Model{m: m, names: t.names, seen: t.times, until: t.until}, nil
}

func pca(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var f *Frame
	var n int
	standardise := true
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "features", &f, "n", &n, "standardise?", &standardise); err != nil {
		return nil, err
	}
	t, err := tabled(f, target{}, target{}, true)
	if err != nil {
		return nil, err
	}
	m, err := learn.Principal(t.Columns, n, standardise)
	if err != nil {
		return nil, err
	}
	return &Model{m: m, names: t.names, seen: t.times, until: t.until}, nil
}

// metric scores two lists.
func metric(name string) (learn.Metric, error) {
	class := func(of learn.Metric) learn.Metric {
		return func(truth, score []float64) (float64, error) { return of(truth, learn.Classes(score, .5)) }
	}
	m, ok := map[string]learn.Metric{"auc": learn.AUC, "accuracy": class(learn.Accuracy), "f1": class(learn.F1), "log_loss": learn.LogLoss, "r2": learn.R2, "rmse": learn.RMSE, "mae": learn.MAE}[name]
	if !ok {
		return nil, fmt.Errorf("metric %.20q: there are auc, accuracy, f1, log_loss, r2, rmse and mae", name)
	}
	return m, nil
}

func measured(name string) func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var truth, score target
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "truth", &truth, "score", &score); err != nil {
			return nil, err
		}
		if truth.c == nil || score.c == nil {
			return nil, errors.New("want two columns")
		}
		if err := truth.c.same(score.c); err != nil {
			return nil, err
		}
		of, err := metric(name)
		if err != nil {
			return nil, err
		}
		v, err := scored(truth.c.values, score.c.values, of)
		if err != nil {
			return nil, err
		}
		return starlark.Float(v), nil
	}
}

// scored measures the rows that have both.
func scored(truth, score []float64, of learn.Metric) (float64, error) {
	var a, b []float64
	for i := range truth {
		if truth[i] == truth[i] && score[i] == score[i] {
			a, b = append(a, truth[i]), append(b, score[i])
		}
	}
	v, err := of(a, b)
	if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		err = errors.New("it has no value")
	}
	return v, err
}

// framedRows is a frame of some rows.
func framedRows(f *series.Frame, rows []int) (*Frame, error) {
	at := make([]int64, len(rows))
	for i, r := range rows {
		at[i] = f.Times()[r]
	}
	var columns []series.Column
	for _, c := range f.Columns() {
		columns = append(columns, series.Column{Name: c.Name, Values: pick(c.Values, rows)})
	}
	out, err := series.New(at, columns...)
	return &Frame{out}, err
}
