package evidence

import (
	"math"
	"math/bits"
	"runtime"

	"golang.org/x/sync/errgroup"
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

// block holds one column's sums over one block of rows, after the column was centred, and its lowest and highest value before.
type block struct{ sum, squares, low, high float64 }

// overfitter walks the splits.
type overfitter struct {
	blocks []block // column-major: blocks of column 0, then of column 1, …
	varied []uint32
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
	o := &overfitter{blocks: make([]block, s*m.Cols), varied: make([]uint32, m.Cols), means: make([]float64, m.Cols), s: s, n: m.Cols, rows: rows}
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
			if k.low != k.high {
				o.varied[c] |= 1 << b
			}
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

// side returns the mean and the Sharpe ratio of column c over the blocks of mask; without variance the ratio is −Inf, which ranks last.
func (o *overfitter) side(c int, mask uint32) (mu, sharpe float64) {
	blocks := o.blocks[c*o.s : (c+1)*o.s]
	var sum, squares float64
	for left := mask; left != 0; left &= left - 1 {
		x := &blocks[bits.TrailingZeros32(left)]
		sum += x.sum
		squares += x.squares
	}
	n := float64(o.rows * o.s / 2)
	shift := sum / n
	mu = o.means[c] + shift
	v := (squares - sum*shift) / (n - 1)
	if !(v > 0) || o.varied[c]&mask == 0 && o.flat(c, mask) {
		return mu, math.Inf(-1)
	}
	return mu, mu / math.Sqrt(v)
}

// flat says whether column c has one value in all blocks of mask, none of which varies within itself.
func (o *overfitter) flat(c int, mask uint32) bool {
	blocks := o.blocks[c*o.s : (c+1)*o.s]
	first := blocks[bits.TrailingZeros32(mask)].low
	for left := mask; left != 0; left &= left - 1 {
		if blocks[bits.TrailingZeros32(left)].low != first {
			return false
		}
	}
	return true
}

// split is what one choice of half of the blocks gave.
type split struct {
	logit    float64
	in, out  float64 // Sharpe ratios of the best inside
	negative bool    // its mean outside is below zero
}

// walk visits every choice of half of the blocks. What is outside of one is inside of its complement, which stands as far from the end of
// the ascending order as the choice stands from its begin: so each pair is measured once.
func (o *overfitter) walk() Overfit {
	var masks []uint32
	for mask := uint32(0); mask < 1<<o.s; mask++ {
		if bits.OnesCount32(mask) == o.s/2 {
			masks = append(masks, mask)
		}
	}
	splits := make([]split, len(masks))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	pairs := len(masks) / 2
	const part = 512
	for from := 0; from < pairs; from += part {
		g.Go(func() error {
			a, b := newHalf(o.n), newHalf(o.n)
			for i := from; i < min(from+part, pairs); i++ {
				other := len(masks) - 1 - i
				a.measure(o, masks[i])
				b.measure(o, masks[other])
				splits[i], splits[other] = chosen(a, b), chosen(b, a)
			}
			return nil
		})
	}
	_ = g.Wait() // none of them fails
	return o.sum(splits)
}

// half is every column measured over one half of the rows.
type half struct{ mu, sharpe []float64 }

func newHalf(n int) half { return half{make([]float64, n), make([]float64, n)} }

func (h half) measure(o *overfitter, mask uint32) {
	for c := range h.mu {
		h.mu[c], h.sharpe[c] = o.side(c, mask)
	}
}

// chosen takes the best inside and ranks it outside.
func chosen(in, out half) split {
	best := 0
	for c, v := range in.sharpe {
		if v > in.sharpe[best] {
			best = c
		}
	}
	sr := out.sharpe[best]
	below, equal := 0, 0
	for _, v := range out.sharpe {
		if v < sr {
			below++
		} else if v == sr {
			equal++
		}
	}
	omega := (float64(below) + float64(equal+1)/2) / float64(len(in.mu)+1)
	return split{logit: math.Log(omega / (1 - omega)), in: in.sharpe[best], out: sr, negative: out.mu[best] < 0}
}

// sum adds the splits up, in their order.
func (o *overfitter) sum(splits []split) Overfit {
	out := Overfit{Splits: len(splits)}
	losses, low, logits := 0, 0, 0.0
	var x, y []float64
	for _, s := range splits {
		logits += s.logit
		if s.logit <= 0 {
			low++
		}
		if s.negative {
			losses++
		}
		if math.IsInf(s.out, 0) || math.IsInf(s.in, 0) {
			out.Undefined++
			continue
		}
		x, y = append(x, s.in), append(y, s.out)
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
