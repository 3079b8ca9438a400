package evidence

import (
	"math"
	"math/bits"
)

// Overfit is the result of combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado, Zhu 2015).
type Overfit struct {
	PBO         float64 // share of splits whose in-sample best is in the lower half out of sample
	MeanLogit   float64
	Splits      int
	OutOfSample float64 // share of splits whose in-sample best has a mean below zero out of sample
	Slope       Value   // of the out-of-sample on the in-sample Sharpe ratio of the best
	Intercept   Value
	UsedRows    int // after the first Rows mod blocks were dropped
	Undefined   int // splits left out of Slope because the best has no variance on one side
}

const maxBlocks = 20

// block holds one column's sums over one block of rows, after the column was centred.
type block struct{ sum, squares, low, high float64 }

// overfitter walks the splits.
type overfitter struct {
	blocks []block // column-major: blocks of column 0, then of column 1, …
	means  []float64
	s, n   int // blocks, columns
	rows   int // per block
}

// ProbabilityOfOverfitting computes PBO over m (periods × trials, at least two trials) with an even number of blocks from 2 to 20, of at
// least two rows each. The cost is C(blocks, blocks/2)·blocks·trials.
func ProbabilityOfOverfitting(m Matrix, blocks int) (Overfit, error) {
	const figure = "probability of overfitting"
	if err := m.check(figure); err != nil {
		return Overfit{}, err
	}
	if blocks < 2 || blocks > maxBlocks || blocks%2 != 0 {
		return Overfit{}, degenerate(figure, "%d blocks, it takes an even number from 2 to %d", blocks, maxBlocks)
	}
	if m.Cols < 2 {
		return Overfit{}, degenerate(figure, "one trial: at least 2 are needed to choose between")
	}
	if m.Rows < 2*blocks {
		return Overfit{}, degenerate(figure, "%d periods are too few for %d blocks of at least 2", m.Rows, blocks)
	}
	o, err := newOverfitter(m, blocks)
	if err != nil {
		return Overfit{}, err
	}
	out := o.walk()
	out.UsedRows = o.rows * blocks
	return out, nil
}

// newOverfitter drops the first rows that do not fill the blocks, centres each column, and adds up the blocks.
func newOverfitter(m Matrix, s int) (*overfitter, error) {
	const figure = "probability of overfitting"
	rows := m.Rows / s
	skip := m.Rows % s
	o := &overfitter{blocks: make([]block, s*m.Cols), means: make([]float64, m.Cols), s: s, n: m.Cols, rows: rows}
	col := make([]float64, rows*s)
	varied := false
	for c := range m.Cols {
		for r := range col {
			col[r] = m.At(skip+r, c)
		}
		o.means[c] = mean(col)
		total := 0.0
		for b := range s {
			part := col[b*rows : (b+1)*rows]
			k := block{low: part[0], high: part[0]}
			for _, x := range part {
				d := x - o.means[c]
				k.sum += d
				k.squares += d * d
				k.low, k.high = min(k.low, x), max(k.high, x)
			}
			o.blocks[c*s+b] = k
			total += k.squares
		}
		if constant(col) {
			continue
		}
		if varied = true; !(total > 0) || !finite(total) {
			return nil, degenerate(figure, "the returns of trial %d are too large or too small to have a deviation", c)
		}
	}
	if !varied {
		return nil, degenerate(figure, "no trial has any variance")
	}
	return o, nil
}

// side returns the mean and the Sharpe ratio of column c over the blocks whose bit in mask is want; without variance the ratio is −Inf,
// which ranks last.
func (o *overfitter) side(c int, mask uint32, want uint32) (mu, sharpe float64) {
	k := block{low: math.Inf(1), high: math.Inf(-1)}
	for b, x := range o.blocks[c*o.s : (c+1)*o.s] {
		if mask>>b&1 != want {
			continue
		}
		k.sum += x.sum
		k.squares += x.squares
		k.low, k.high = min(k.low, x.low), max(k.high, x.high)
	}
	n := float64(o.rows * o.s / 2)
	shift := k.sum / n
	mu = o.means[c] + shift
	v := (k.squares - k.sum*shift) / (n - 1)
	if k.low == k.high || !(v > 0) {
		return mu, math.Inf(-1)
	}
	return mu, mu / math.Sqrt(v)
}

// walk visits every choice of half of the blocks.
func (o *overfitter) walk() Overfit {
	var out Overfit
	inside := make([]float64, o.n)
	losses, low, logits := 0, 0, 0.0
	var x, y []float64
	for mask := uint32(0); mask < 1<<o.s; mask++ {
		if bits.OnesCount32(mask) != o.s/2 {
			continue
		}
		best := 0
		for c := range o.n {
			_, inside[c] = o.side(c, mask, 1)
			if inside[c] > inside[best] {
				best = c
			}
		}
		mu, sr := o.side(best, mask, 0)
		below, equal := 0, 0
		for c := range o.n {
			if _, v := o.side(c, mask, 0); v < sr {
				below++
			} else if v == sr {
				equal++
			}
		}
		omega := (float64(below) + float64(equal+1)/2) / float64(o.n+1)
		logit := math.Log(omega / (1 - omega))
		out.Splits++
		logits += logit
		if logit <= 0 {
			low++
		}
		if mu < 0 {
			losses++
		}
		if math.IsInf(sr, 0) || math.IsInf(inside[best], 0) {
			out.Undefined++
			continue
		}
		x, y = append(x, inside[best]), append(y, sr)
	}
	n := float64(out.Splits)
	out.PBO, out.MeanLogit, out.OutOfSample = float64(low)/n, logits/n, float64(losses)/n
	out.Slope, out.Intercept = regress(x, y)
	return out
}

// regress fits y = intercept + slope·x by least squares.
func regress(x, y []float64) (slope, intercept Value) {
	if len(x) < 2 || constant(x) {
		v := none("the in-sample sharpe ratios do not vary")
		return v, v
	}
	mx, my := mean(x), mean(y)
	var xy, xx float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
	}
	return number(xy / xx), number(my - xy/xx*mx)
}
