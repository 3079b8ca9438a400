package learn

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/sharedtest"
)

// table reads a reference table by row; what is not a number is NaN.
func table(t testing.TB, name string, header bool, split func(rune) bool) [][]float64 {
	t.Helper()
	f, err := os.Open(sharedtest.Path(t, "data/ref-ml/"+name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]float64
	for s := bufio.NewScanner(z); s.Scan(); {
		if header {
			header = false
			continue
		}
		var row []float64
		for _, field := range strings.FieldsFunc(s.Text(), split) {
			v, err := strconv.ParseFloat(field, 64)
			if err != nil {
				v = math.NaN()
			}
			row = append(row, v)
		}
		out = append(out, row)
	}
	return out
}

func comma(r rune) bool { return r == ',' }
func space(r rune) bool { return r == ' ' || r == '\t' }

// columnsOf turns rows into columns and takes the target's column out.
func columnsOf(rows [][]float64, target int) ([][]float64, []float64) {
	var x [][]float64
	var y []float64
	for j := range rows[0] {
		c := make([]float64, len(rows))
		for i := range rows {
			c[i] = rows[i][j]
		}
		if j == target {
			y = c
		} else {
			x = append(x, c)
		}
	}
	return x, y
}

// fifths parts rows by index%5 == 0, the reference's split.
func fifths(rows [][]float64) (train, test [][]float64) {
	for i, r := range rows {
		if i%5 == 0 {
			test = append(test, r)
		} else {
			train = append(train, r)
		}
	}
	return train, test
}

type scores struct {
	AUC, Logloss, Accuracy, F1, RMSE, MAE, R2 float64
	Intercept                                 float64
	Coef                                      []float64
}

type reference struct {
	BreastCancer struct {
		Logistic struct {
			Intercept float64
			Coef      []float64
			Test      scores
		} `json:"logistic_L2_C1"`
		Forest float64   `json:"rf200_mean10seeds_auc"`
		Boost  scores    `json:"gbdt100_lr0_1_depth3"`
		PCA    []float64 `json:"pca_standardised_explained_variance_ratio"`
	} `json:"breast_cancer"`
	Diabetes struct {
		OLS struct {
			Params []float64
			R2     float64
		}
		Ridge scores `json:"ridge_alpha1"`
		Lasso scores `json:"lasso_alpha0_1"`
	}
	Iris struct {
		Inertia float64 `json:"kmeans3_inertia"`
		Centers [][]float64
		PCA     []float64 `json:"pca_explained_variance"`
	}
	Higgs struct {
		Boost    scores `json:"hist_gbdt_100x0_1_63leaves"`
		Logistic scores
	} `json:"lightgbm_binary"`
	California struct {
		OLS   scores
		Boost scores `json:"hist_gbdt_default"`
	} `json:"california_housing"`
}

func loadReference(t testing.TB) reference {
	t.Helper()
	raw, err := os.ReadFile(sharedtest.Path(t, "data/ref-ml/reference_sklearn.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out reference
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %v, want %v ± %v", what, got, want, tolerance)
	}
}

func atLeast(t testing.TB, what string, got, want float64) {
	t.Helper()
	if !(got >= want) {
		t.Errorf("%s: got %v, want at least %v", what, got, want)
	}
}

// must fails the test on an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func cancer(t testing.TB) (x [][]float64, y []float64, tx [][]float64, ty []float64) {
	train, test := fifths(table(t, "breast_cancer.csv.gz", true, comma))
	x, y = columnsOf(train, 30)
	tx, ty = columnsOf(test, 30)
	return x, y, tx, ty
}

func judge(t *testing.T, what string, truth, p []float64, want scores) {
	t.Helper()
	auc := must(AUC(truth, p))(t)
	acc := must(Accuracy(truth, Classes(p, .5)))(t)
	loss := must(LogLoss(truth, p))(t)
	f1 := must(F1(truth, Classes(p, .5)))(t)
	t.Logf("%s: AUC %.4f (reference %.4f), accuracy %.4f (%.4f), log loss %.4f (%.4f), F1 %.4f (%.4f)", what, auc, want.AUC, acc, want.Accuracy, loss, want.Logloss, f1, want.F1)
	atLeast(t, what+" AUC", auc, want.AUC-.01)
	atLeast(t, what+" accuracy", acc, want.Accuracy-2.001/float64(len(truth)))
}

func TestReferenceBreastCancer(t *testing.T) {
	t.Parallel()
	x, y, tx, ty := cancer(t)
	ref := loadReference(t).BreastCancer
	s := Sample{Columns: x, Target: y}

	l := must(LogisticRegression(context.Background(), s, LinearOptions{Penalty: 1, Standardise: true}))(t)
	p := must(l.Predict(tx))(t)
	judge(t, "logistic regression", ty, p, ref.Logistic.Test)
	near(t, "log loss", must(LogLoss(ty, p))(t), ref.Logistic.Test.Logloss, 1e-4)
	at := l.Intercept
	for j, c := range x {
		mean, deviation := moments(c, filled([]float64{1}, len(c))[0], float64(len(c)))
		at += l.Coefficients[j] * mean
		near(t, "coefficient", l.Coefficients[j]*deviation, ref.Logistic.Coef[j], 1e-3)
	}
	near(t, "intercept", at, ref.Logistic.Intercept, 1e-3)

	o := DefaultBoost(Logistic)
	o.Depth, o.L2, o.MinHessian = 3, 0, 0
	m, _, err := Boost(context.Background(), s, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, "boosted trees", ty, must(m.Predict(tx))(t), ref.Boost)

	mean := 0.0
	for seed := range uint64(5) {
		f := DefaultForest(2, 30)
		f.Seed = seed
		auc := must(AUC(ty, must(must(Forest(context.Background(), s, f))(t).Predict(tx))(t)))(t)
		mean += auc / 5
	}
	t.Logf("forest: mean AUC %.4f (reference %.4f)", mean, ref.Forest)
	atLeast(t, "forest AUC", mean, ref.Forest-.01)

	all, _ := columnsOf(table(t, "breast_cancer.csv.gz", true, comma), 30)
	pca := must(Principal(all, 10, true))(t)
	for k, want := range ref.PCA {
		near(t, "variance ratio", pca.Ratio[k], want, 1e-9)
	}
}

func TestReferenceDiabetes(t *testing.T) {
	t.Parallel()
	ref := loadReference(t).Diabetes
	x, _ := columnsOf(table(t, "diabetes_data_raw.csv.gz", false, space), -1)
	_, y := columnsOf(table(t, "diabetes_target.csv.gz", false, space), 0)
	for _, c := range x {
		mean, deviation := moments(c, filled([]float64{1}, len(c))[0], float64(len(c)))
		for i := range c {
			c[i] = (c[i] - mean) / (deviation * math.Sqrt(float64(len(c))))
		}
	}
	s := Sample{Columns: x, Target: y}
	check := func(what string, l *Linear, intercept float64, coef []float64, tolerance float64) {
		t.Helper()
		near(t, what+" intercept", l.Intercept, intercept, tolerance)
		for j, c := range l.Coefficients {
			near(t, what+" coefficient", c, coef[j], tolerance)
		}
	}
	ols := must(Ridge(s, LinearOptions{}))(t)
	check("least squares", ols, ref.OLS.Params[0], ref.OLS.Params[1:], 1e-6)
	near(t, "R²", must(R2(y, must(ols.Predict(x))(t)))(t), ref.OLS.R2, 1e-9)
	check("ridge", must(Ridge(s, LinearOptions{Penalty: 1}))(t), ref.Ridge.Intercept, ref.Ridge.Coef, 1e-6)
	check("lasso", must(Lasso(context.Background(), s, LinearOptions{Penalty: .1}))(t), ref.Lasso.Intercept, ref.Lasso.Coef, .05) // the reference stops at a gap of 1e-4
}

func TestReferenceIris(t *testing.T) {
	t.Parallel()
	ref := loadReference(t).Iris
	x, _ := columnsOf(table(t, "iris.csv.gz", true, comma), 4)
	m := must(ClusterRows(context.Background(), x, DefaultKMeans(3)))(t)
	near(t, "inertia", m.Inertia, ref.Inertia, 1e-3)
	for _, want := range ref.Centers {
		best := math.Inf(1)
		for _, c := range m.Centers {
			best = min(best, distance(c, want))
		}
		near(t, "centre", best, 0, 1e-3)
	}
	pca := must(Principal(x, 4, false))(t)
	for k, want := range ref.PCA {
		near(t, "variance", pca.Variance[k], want, 1e-9)
	}
}

func TestReferenceHiggs(t *testing.T) {
	t.Parallel()
	ref := loadReference(t).Higgs
	x, y := columnsOf(table(t, "lightgbm_binary.train.tsv.gz", false, space), 0)
	tx, ty := columnsOf(table(t, "lightgbm_binary.test.tsv.gz", false, space), 0)
	s := Sample{Columns: x, Target: y}
	o := DefaultBoost(Logistic)
	o.Depth, o.Leaves, o.L2, o.MinHessian, o.MinRows = 32, 63, 0, 0, 20
	m, _, err := Boost(context.Background(), s, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, "boosted trees", ty, must(m.Predict(tx))(t), ref.Boost)
	l := must(LogisticRegression(context.Background(), s, LinearOptions{Penalty: 1, Standardise: true}))(t)
	judge(t, "logistic regression", ty, must(l.Predict(tx))(t), ref.Logistic)
}

func TestReferenceCalifornia(t *testing.T) {
	t.Parallel()
	ref := loadReference(t).California
	var rows [][]float64
	for _, r := range table(t, "california_housing.csv.gz", true, func(r rune) bool { return r == ',' }) {
		if len(r) == 10 {
			rows = append(rows, r[:9]) // a row without bedrooms has nine fields
		}
	}
	train, test := fifths(rows)
	x, y := columnsOf(train, 8)
	tx, ty := columnsOf(test, 8)
	s := Sample{Columns: x, Target: y}
	ols := must(Ridge(s, LinearOptions{}))(t)
	p := must(ols.Predict(tx))(t)
	near(t, "intercept", ols.Intercept, ref.OLS.Intercept, 1)
	for j, c := range ols.Coefficients {
		near(t, "coefficient", c, ref.OLS.Coef[j], math.Abs(ref.OLS.Coef[j])*1e-6)
	}
	near(t, "RMSE", must(RMSE(ty, p))(t), ref.OLS.RMSE, 1e-3)
	near(t, "MAE", must(MAE(ty, p))(t), ref.OLS.MAE, 1e-3)
	near(t, "R²", must(R2(ty, p))(t), ref.OLS.R2, 1e-8)
	o := DefaultBoost(Squared)
	o.Depth, o.Leaves, o.L2, o.MinHessian, o.MinRows = 32, 31, 0, 0, 20
	m, _, err := Boost(context.Background(), s, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	r2 := must(R2(ty, must(m.Predict(tx))(t)))(t)
	t.Logf("boosted trees: R² %.4f (reference %.4f)", r2, ref.Boost.R2)
	atLeast(t, "boosted trees R²", r2, ref.Boost.R2-.01)
}
