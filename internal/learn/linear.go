package learn

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// MaxDense bounds the columns of models that need a columns × columns matrix.
const MaxDense = 1_000

// Linear is Intercept + the columns times Coefficients, in the units of the columns; a Logistic one passes that through the sigmoid. A
// coefficient is 0 for a column that was constant when fitting.
type Linear struct {
	Logistic     bool
	Intercept    float64
	Coefficients []float64
}

// Margin returns the linear sum of each row.
func (l *Linear) Margin(columns [][]float64) ([]float64, error) {
	if err := wide(columns, len(l.Coefficients)); err != nil {
		return nil, err
	}
	rows, err := complete(columns)
	if err != nil {
		return nil, err
	}
	out := make([]float64, rows)
	for i := range out {
		out[i] = l.Intercept
	}
	for j, c := range columns {
		b := l.Coefficients[j]
		for i, v := range c {
			out[i] += float64(b * v)
		}
	}
	if err := vector("prediction", out, rows); err != nil {
		return nil, err
	}
	return out, nil
}

// Predict returns each row's value, or the probability of class 1.
func (l *Linear) Predict(columns [][]float64) ([]float64, error) {
	out, err := l.Margin(columns)
	if err == nil && l.Logistic {
		for i, m := range out {
			out[i] = sigmoid(m)
		}
	}
	return out, err
}

// LinearOptions say how to fit a linear model. The intercept is never penalised.
type LinearOptions struct {
	// Penalty is α of ridge (Σw(y − ŷ)² + α‖β‖²) and of lasso (Σw(y − ŷ)²/2Σw + α‖β‖₁), and 1/C of logistic regression (Σw·log loss + α‖β‖²/2).
	// 0 is plain least squares or plain logistic regression.
	Penalty float64
	// Standardise makes the penalty that of the coefficients of columns with mean 0 and population deviation 1 on this sample; those of the
	// model stay in the columns' units.
	Standardise bool
}

// maxProducts bounds the multiplications of one columns × columns matrix of sums over rows.
const maxProducts = 100_000_000_000

func affordable(rows, columns int) error {
	if rows > maxProducts/(columns*columns) {
		return fmt.Errorf("table is %d × %d: rows × columns² may be %g; use fewer rows or columns", rows, columns, float64(maxProducts))
	}
	return nil
}

// dense is a sample with its columns centred and scaled, which makes the equations as well-behaved as they can be.
type dense struct {
	rows        int
	used        []int // columns that are not constant
	z           [][]float64
	mean, scale []float64 // of the used columns
	weights     []float64
	all         float64 // sum of the weights
}

func prepare(s Sample, o LinearOptions) (*dense, error) {
	rows, err := complete(s.Columns)
	if err != nil {
		return nil, err
	}
	if len(s.Columns) > MaxDense {
		return nil, fmt.Errorf("table has %d columns, linear models take at most %d", len(s.Columns), MaxDense)
	}
	if err := affordable(rows, len(s.Columns)); err != nil {
		return nil, err
	}
	if err := between("penalty", o.Penalty, 0, 1e15); err != nil {
		return nil, err
	}
	d := &dense{rows: rows}
	if d.weights, err = weighting(s.Weights, rows); err != nil {
		return nil, err
	}
	for _, w := range d.weights {
		d.all += w
	}
	for j, c := range s.Columns {
		mean, deviation := moments(c, d.weights, d.all)
		if !finite(mean) || !finite(deviation) {
			return nil, fmt.Errorf("column %d is too large for its variance to be a number; scale it", j)
		}
		if deviation == 0 {
			continue
		}
		z := make([]float64, rows)
		for i, v := range c {
			z[i] = (v - mean) / deviation
		}
		d.used, d.z, d.mean, d.scale = append(d.used, j), append(d.z, z), append(d.mean, mean), append(d.scale, deviation)
	}
	return d, nil
}

// moments are the mean and population deviation of the rows with weight; the deviation of equal values is zero exactly. Weights are not all zero.
func moments(x, weights []float64, all float64) (mean, deviation float64) {
	first, same := math.NaN(), true
	for i, v := range x {
		if weights[i] == 0 {
			continue
		}
		if first != first {
			first = v
		}
		mean += v * (weights[i] / all)
		same = same && v == first
	}
	if same {
		return first, 0
	}
	rest := 0.0 // what rounding left in the mean
	for i, v := range x {
		rest += (v - mean) * (weights[i] / all)
	}
	mean += rest
	for i, v := range x {
		if d := v - mean; weights[i] > 0 {
			deviation += weights[i] / all * d * d
		}
	}
	return mean, math.Sqrt(deviation)
}

// penalty of the coefficient of scaled column j.
func (d *dense) penalty(o LinearOptions, j int) float64 {
	if o.Standardise {
		return o.Penalty
	}
	return o.Penalty / d.scale[j]
}

// model takes coefficients of scaled columns back to the columns' units.
func (d *dense) model(columns int, intercept float64, beta []float64, logistic bool) (*Linear, error) {
	out := &Linear{Logistic: logistic, Intercept: intercept, Coefficients: make([]float64, columns)}
	for j, at := range d.used {
		c := beta[j] / d.scale[j]
		out.Coefficients[at] = c
		out.Intercept -= c * d.mean[j]
	}
	for _, v := range append([]float64{out.Intercept}, out.Coefficients...) {
		if !finite(v) {
			return nil, fmt.Errorf("a coefficient is not a finite number; scale the columns or raise the penalty")
		}
	}
	return out, nil
}

// gram is the weighted Zᵀ·Z/Σw.
func (d *dense) gram(weights []float64) *mat.SymDense {
	p := len(d.z)
	g := mat.NewSymDense(p, nil)
	wz := make([]float64, d.rows)
	for j, z := range d.z {
		for i, v := range z {
			wz[i] = v * (weights[i] / d.all)
		}
		for k := j; k < p; k++ {
			g.SetSym(j, k, dot(wz, d.z[k]))
		}
	}
	return g
}

// dot keeps four sums, so that additions do not wait for each other.
func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += float64(a[i] * b[i])
		s1 += float64(a[i+1] * b[i+1])
		s2 += float64(a[i+2] * b[i+2])
		s3 += float64(a[i+3] * b[i+3])
	}
	for ; i < len(a); i++ {
		s0 += float64(a[i] * b[i])
	}
	return s0 + s1 + (s2 + s3)
}

// solve solves a symmetric system, or says that columns depend on each other.
func solve(a *mat.SymDense, b []float64) ([]float64, error) {
	var c mat.Cholesky
	if !c.Factorize(a) || c.Cond() > 1e13 {
		return nil, fmt.Errorf("columns depend on each other, so the coefficients are not determined; drop some or set a penalty above zero")
	}
	var x mat.VecDense
	if err := c.SolveVecTo(&x, mat.NewVecDense(len(b), b)); err != nil {
		return nil, fmt.Errorf("solve for the coefficients: %w", err)
	}
	return x.RawVector().Data, nil
}

// regression prepares a least-squares fit and returns Zᵀ·(y − mean)/Σw too.
func regression(s Sample, o LinearOptions) (d *dense, centred, zy []float64, mean float64, err error) {
	if d, err = prepare(s, o); err != nil {
		return nil, nil, nil, 0, err
	}
	like := BoostOptions{Objective: Squared}
	if _, _, err = s.check(&like); err != nil {
		return nil, nil, nil, 0, err
	}
	mean, _ = moments(s.Target, d.weights, d.all)
	centred = make([]float64, d.rows)
	for i, y := range s.Target {
		centred[i] = (y - mean) * (d.weights[i] / d.all)
	}
	zy = make([]float64, len(d.z))
	for j, z := range d.z {
		zy[j] = dot(z, centred)
	}
	return d, centred, zy, mean, nil
}

// Ridge fits least squares with a squared penalty, by the normal equations of the scaled columns.
func Ridge(s Sample, o LinearOptions) (*Linear, error) {
	d, _, zy, mean, err := regression(s, o)
	if err != nil {
		return nil, fmt.Errorf("ridge: %w", err)
	}
	if len(d.z) == 0 {
		return d.model(len(s.Columns), mean, nil, false)
	}
	g := d.gram(d.weights)
	for j := range d.z {
		extra := d.penalty(o, j) / d.all
		if !o.Standardise {
			extra /= d.scale[j]
		}
		g.SetSym(j, j, g.At(j, j)+extra)
	}
	beta, err := solve(g, zy)
	if err != nil {
		return nil, fmt.Errorf("ridge: %w", err)
	}
	return d.model(len(s.Columns), mean, beta, false)
}

const lassoSweeps = 100_000

// Lasso fits least squares with an absolute penalty, by cyclic coordinate descent until no step exceeds 1e−10 of the target's deviation. The
// context stops it between sweeps.
func Lasso(ctx context.Context, s Sample, o LinearOptions) (*Linear, error) {
	d, _, zy, mean, err := regression(s, o)
	if err != nil {
		return nil, fmt.Errorf("lasso: %w", err)
	}
	p := len(d.z)
	if p == 0 {
		return d.model(len(s.Columns), mean, nil, false)
	}
	g := d.gram(d.weights)
	if o.Penalty == 0 {
		if _, err := solve(g, zy); err != nil {
			return nil, fmt.Errorf("lasso: %w", err)
		}
	}
	_, spread := moments(s.Target, d.weights, d.all)
	beta, slope := make([]float64, p), append([]float64(nil), zy...) // slope is zy − G·beta
	for sweep := 0; ; sweep++ {
		if sweep == min(lassoSweeps, 2_000_000_000/(p*p)) {
			return nil, fmt.Errorf("lasso: no convergence after %d sweeps; columns depend on each other: drop some or raise the penalty", sweep)
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("lasso: %w", err)
		}
		largest := 0.0
		for j := range beta {
			own := g.At(j, j)
			want := soft(slope[j]+own*beta[j], d.penalty(o, j)) / own
			step := want - beta[j]
			if step == 0 {
				continue
			}
			for k := range slope {
				slope[k] -= step * g.At(j, k)
			}
			beta[j], largest = want, max(largest, math.Abs(step))
		}
		if largest <= 1e-10*spread {
			break
		}
	}
	return d.model(len(s.Columns), mean, beta, false)
}

// soft moves v toward zero by t.
func soft(v, t float64) float64 {
	switch {
	case v > t:
		return v - t
	case v < -t:
		return v + t
	}
	return 0
}
