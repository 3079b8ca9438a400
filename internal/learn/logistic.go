package learn

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

const logisticSteps = 100

// LogisticRegression fits classes 0 and 1 by Newton's method with a squared penalty. Classes that a plane parts need a penalty above zero:
// without one their coefficients grow without end, which is an error. The context stops it between steps.
func LogisticRegression(ctx context.Context, s Sample, o LinearOptions) (*Linear, error) {
	d, err := prepare(s, o)
	if err != nil {
		return nil, fmt.Errorf("logistic regression: %w", err)
	}
	if err := classes(s.Target, d.rows, 2); err != nil {
		return nil, fmt.Errorf("logistic regression: %w", err)
	}
	ones := 0.0
	for i, y := range s.Target {
		ones += y * d.weights[i]
	}
	if ones == 0 || ones == d.all {
		return nil, fmt.Errorf("logistic regression: all rows are of one class")
	}
	n := newton{d: d, y: s.Target, penalties: make([]float64, len(d.z)+1), beta: make([]float64, len(d.z)+1), margin: make([]float64, d.rows)}
	for j := range d.z {
		n.penalties[j] = d.penalty(o, j) / d.all
		if !o.Standardise {
			n.penalties[j] /= d.scale[j]
		}
	}
	n.beta[len(d.z)] = math.Log(ones / (d.all - ones))
	if len(d.z) == 0 {
		return d.model(len(s.Columns), n.beta[0], nil, true)
	}
	if err := n.run(ctx); err != nil {
		return nil, fmt.Errorf("logistic regression: %w", err)
	}
	return d.model(len(s.Columns), n.beta[len(d.z)], n.beta[:len(d.z)], true)
}

// newton is one fit on scaled columns; the last coefficient is the intercept.
type newton struct {
	d         *dense
	y         []float64
	penalties []float64
	beta      []float64
	margin    []float64
}

// loss per unit of weight of the coefficients beta; it fills the margins.
func (n *newton) loss(beta []float64) float64 {
	p := len(n.d.z)
	for i := range n.margin {
		n.margin[i] = beta[p]
	}
	sum := 0.0
	for j, z := range n.d.z {
		b := beta[j]
		for i, v := range z {
			n.margin[i] += float64(b * v)
		}
		sum += n.penalties[j] * b * b / 2
	}
	for i, m := range n.margin {
		sum += n.d.weights[i] / n.d.all * (softplus(m) - n.y[i]*m)
	}
	return sum
}

func (n *newton) run(ctx context.Context) error {
	p := len(n.d.z)
	residual, curve := make([]float64, n.d.rows), make([]float64, n.d.rows)
	slope, next := make([]float64, p+1), make([]float64, p+1)
	const near = 1e-9 // of the decrement, twice the loss above the minimum
	loss, last := n.loss(n.beta), math.Inf(1)
	for range logisticSteps {
		if err := ctx.Err(); err != nil {
			return err
		}
		slope[p] = 0
		for i, m := range n.margin {
			q := sigmoid(m)
			w := n.d.weights[i]
			residual[i], curve[i] = w/n.d.all*(n.y[i]-q), w*q*(1-q)
			slope[p] += residual[i]
		}
		for j, z := range n.d.z {
			slope[j] = dot(z, residual) - n.penalties[j]*n.beta[j]
		}
		step, err := n.step(curve, slope)
		if err != nil {
			return err
		}
		decrement := dot(step, slope)
		small := decrement <= near && largest(step) <= .01*(1+largest(n.beta)) // the classes' being parted takes long steps to the last
		if small && (decrement <= 1e-18 || decrement >= last/4) {
			return nil
		}
		// So close to the minimum the loss no longer tells two points apart, but the whole step is right, until rounding is all of it.
		if last = decrement; small {
			for j := range n.beta {
				n.beta[j] += step[j]
			}
			loss = n.loss(n.beta)
			continue
		}
		// Halve the step until the loss falls.
		better := false
		for scale := 1.0; scale > 1e-10; scale /= 2 {
			for j := range next {
				next[j] = n.beta[j] + scale*step[j]
			}
			if l := n.loss(next); l < loss {
				loss, better = l, true
				copy(n.beta, next)
				break
			}
		}
		if !better {
			return fmt.Errorf("the loss cannot be lowered further; raise the penalty")
		}
		for _, b := range n.beta[:p] {
			if math.Abs(b) > 1e4 {
				return fmt.Errorf("the coefficients grow without end: the classes are parted by a plane; set a penalty above zero")
			}
		}
	}
	return fmt.Errorf("no convergence after %d steps; raise the penalty", logisticSteps)
}

// largest is the greatest magnitude in x.
func largest(x []float64) float64 {
	top := 0.0
	for _, v := range x {
		top = max(top, math.Abs(v))
	}
	return top
}

// step solves the second-order model of the loss.
func (n *newton) step(curve, slope []float64) ([]float64, error) {
	p := len(n.d.z)
	g := n.d.gram(curve)
	h := mat.NewSymDense(p+1, nil)
	sum := 0.0
	for _, c := range curve {
		sum += c / n.d.all
	}
	for j := range p {
		for k := j; k < p; k++ {
			h.SetSym(j, k, g.At(j, k))
		}
		h.SetSym(j, j, g.At(j, j)+n.penalties[j])
		h.SetSym(j, p, dot(n.d.z[j], curve)/n.d.all)
	}
	h.SetSym(p, p, sum)
	// As separable classes come closer to certain, the curvature vanishes: a system that cannot be solved means the same as one that grows.
	x, err := solve(h, append([]float64(nil), slope...))
	if err != nil {
		return nil, fmt.Errorf("%w; classes that a plane parts need one too", err)
	}
	return x, nil
}
