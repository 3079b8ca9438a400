package learn

import (
	"fmt"
	"math"
)

// Link turns a model's margin, the sum of its leaves, into what it predicts.
type Link uint8

// The links.
const (
	Identity  Link = iota // the margin itself
	Sigmoid               // 1/(1 + e^−margin), the probability of class 1
	Softmaxed             // e^margin over their sum, one output per class
	Log                   // e^margin
	Share                 // margins cut to [0, 1] and divided by their sum: a forest's votes, one output per class
)

// node is a leaf, feature −1, or a question: values up to threshold go to left, others to left + 1.
type node struct {
	feature, left int32
	missingLeft   bool
	threshold     float64
	value         float64 // of a leaf
	gain          float64
	cover         float64 // the hessian of the training rows that came here
}

// Ensemble is a sum of trees. The zero value is not a model.
type Ensemble struct {
	link     Link
	features int
	base     []float64 // per output
	trees    [][]node  // the root is node 0
	groups   []int32   // the output that each tree adds to
	mean     bool      // a forest: each leaf holds its share of a mean
	single   bool      // values are rounded to float32 before they are compared, as XGBoost does

	steps  []step
	values []float64
	starts []int32
	depths []int32
	lefts  bool // a node sends missing values left
}

// step is a node as prediction reads it: the row's key at offset is compared with key. A leaf leads to itself.
type step struct {
	key    uint64
	child  uint32
	offset uint32
}

// block is how many rows are laid out together as keys: small enough for those and a tree to stay in the nearest cache. The keys of a block
// stand column by column, twice: first with missing values above all others, then with them below, for nodes that send them left.
const block = 32

// compile makes the steps of checked trees.
func (e *Ensemble) compile() {
	total := 0
	e.lefts = false
	for _, t := range e.trees {
		total += len(t)
	}
	e.steps, e.values = make([]step, 0, total), make([]float64, 0, total)
	e.starts, e.depths = make([]int32, len(e.trees)+1), make([]int32, len(e.trees))
	for i, t := range e.trees {
		for at, n := range t {
			s := step{key: math.MaxUint64, child: uint32(at)}
			if n.feature >= 0 {
				s = step{key: order(n.threshold), child: uint32(n.left), offset: uint32(n.feature) * block}
				if n.missingLeft {
					s.offset += uint32(e.features) * block
					e.lefts = true
				}
			}
			e.steps, e.values = append(e.steps, s), append(e.values, n.value)
		}
		e.starts[i+1], e.depths[i] = int32(len(e.steps)), int32(depth(t))
	}
}

// depth is the number of questions on the longest path. Children stand after their parent.
func depth(t []node) int {
	level, deepest := make([]int32, len(t)), int32(0)
	for i, n := range t {
		if n.feature >= 0 {
			level[n.left], level[n.left+1] = level[i]+1, level[i]+1
			deepest = max(deepest, level[i]+1)
		}
	}
	return int(deepest)
}

// Features is the number of columns the model takes.
func (e *Ensemble) Features() int { return e.features }

// Outputs is 1, or the number of classes where there are more than two.
func (e *Ensemble) Outputs() int { return len(e.base) }

// Trees is the number of trees.
func (e *Ensemble) Trees() int { return len(e.trees) }

// Link says what Predict makes of a margin.
func (e *Ensemble) Link() Link { return e.link }

// Truncate returns the model of the first trees alone; n counts rounds, each of Outputs trees. A forest is a mean and cannot be cut.
func (e *Ensemble) Truncate(n int) (*Ensemble, error) {
	if e.mean {
		return nil, fmt.Errorf("truncate: a forest is the mean of all its trees; grow one of fewer")
	}
	if n < 0 || n > len(e.trees)/len(e.base) {
		return nil, fmt.Errorf("truncate to %d rounds: the model has %d", n, len(e.trees)/len(e.base))
	}
	out := *e
	out.trees, out.groups = e.trees[:n*len(e.base)], e.groups[:n*len(e.base)]
	out.compile()
	return &out, nil
}

// Margin returns the sum of the leaves, one column of rows per output. NaN is a missing value.
func (e *Ensemble) Margin(columns [][]float64) ([][]float64, error) {
	if err := wide(columns, e.features); err != nil {
		return nil, err
	}
	rows, err := features(columns)
	if err != nil {
		return nil, err
	}
	if len(e.base) > 1 && rows > MaxOutputs/len(e.base) {
		return nil, fmt.Errorf("%d rows of %d outputs exceed %d numbers; predict in parts", rows, len(e.base), MaxOutputs)
	}
	out := make([][]float64, len(e.base))
	for k := range out {
		out[k] = make([]float64, rows)
		for i := range out[k] {
			out[k][i] = e.base[k]
		}
	}
	keys := make([]uint64, 2*e.features*block)
	for lo := 0; lo < rows; lo += block {
		hi := min(rows, lo+block)
		e.lay(keys, columns, lo, hi)
		for t := range e.trees {
			e.walk(t, keys, out[e.groups[t]][lo:hi])
		}
	}
	return out, nil
}

// lay writes the keys of rows lo to hi.
func (e *Ensemble) lay(keys []uint64, columns [][]float64, lo, hi int) {
	for j, c := range columns {
		c := c[lo:hi]
		a := keys[j*block:][:len(c)]
		for i, v := range c {
			if e.single {
				v = float64(float32(v))
			}
			a[i] = order(v)
			if v != v {
				a[i] = math.MaxUint64
			}
		}
		if !e.lefts {
			continue
		}
		b := keys[(e.features+j)*block:][:len(c)]
		for i, k := range a {
			b[i] = k
			if k == math.MaxUint64 {
				b[i] = 0
			}
		}
	}
}

// walk adds one tree's leaves to the margins of a block. All its rows go down a level before any goes down the next, since one row's path
// is a chain of waits. Where fewer rows are left, the rest are rows of an earlier block, and not added.
func (e *Ensemble) walk(t int, keys []uint64, out []float64) {
	steps, values := e.steps[e.starts[t]:e.starts[t+1]], e.values[e.starts[t]:e.starts[t+1]]
	var at [block]uint32
	for range e.depths[t] {
		for i := range at {
			s, right := &steps[at[i]], uint32(0)
			if keys[uint(s.offset)+uint(i)] > s.key {
				right = 1
			}
			at[i] = s.child + right
		}
	}
	for i := range out {
		out[i] += values[at[i]]
	}
}

// leafOf returns the leaf that one row of a table comes to.
func leafOf(t []node, columns [][]float64, row int) int32 {
	at := int32(0)
	for t[at].feature >= 0 {
		at = t[at].child(columns[t[at].feature][row])
	}
	return at
}

// child is where a value, NaN if missing, goes.
func (n *node) child(v float64) int32 {
	if v <= n.threshold || v != v && n.missingLeft {
		return n.left
	}
	return n.left + 1
}

// Predict returns one number per row: the value of a regression, the probability of class 1 of two, or the most probable class of more,
// the lowest of equals.
func (e *Ensemble) Predict(columns [][]float64) ([]float64, error) {
	margins, err := e.Margin(columns)
	if err != nil {
		return nil, err
	}
	out := margins[0]
	if len(margins) > 1 {
		for i := range out {
			best := 0
			for k := range margins {
				if margins[k][i] > margins[best][i] {
					best = k
				}
			}
			out[i] = float64(best)
		}
		return out, nil
	}
	switch e.link {
	case Sigmoid:
		for i, m := range out {
			out[i] = sigmoid(m)
		}
	case Log:
		for i, m := range out {
			if out[i] = math.Exp(m); !finite(out[i]) {
				return nil, fmt.Errorf("row %d: the prediction, e to the %v, is too large for a number", i, m)
			}
		}
	case Share:
		for i, m := range out {
			out[i] = max(0, min(1, m))
		}
	}
	return out, nil
}

// Probabilities returns a classifier's, one column of rows per class; they sum to one in each row.
func (e *Ensemble) Probabilities(columns [][]float64) ([][]float64, error) {
	if e.link == Identity || e.link == Log {
		return nil, fmt.Errorf("the model is a regression: it has no classes")
	}
	if len(e.base) == 1 {
		one, err := e.Predict(columns)
		if err != nil {
			return nil, err
		}
		zero := make([]float64, len(one))
		for i, p := range one {
			zero[i] = 1 - p
		}
		return [][]float64{zero, one}, nil
	}
	out, err := e.Margin(columns)
	if err != nil {
		return nil, err
	}
	row := make([]float64, len(out))
	for i := range out[0] {
		for k := range out {
			row[k] = out[k][i]
		}
		if e.link == Softmaxed {
			softmax(row)
		} else {
			share(row)
		}
		for k := range out {
			out[k][i] = row[k]
		}
	}
	return out, nil
}

func sigmoid(m float64) float64 { return 1 / (1 + math.Exp(-m)) }

// softmax replaces margins by probabilities.
func softmax(m []float64) {
	top, sum := math.Inf(-1), 0.0
	for _, v := range m {
		top = max(top, v)
	}
	for k, v := range m {
		m[k] = math.Exp(v - top)
		sum += m[k]
	}
	for k := range m {
		m[k] /= sum
	}
}

// share replaces votes by their shares; without any vote all are equal.
func share(m []float64) {
	sum := 0.0
	for k, v := range m {
		m[k] = max(0, min(1, v))
		sum += m[k]
	}
	for k := range m {
		if sum > 0 {
			m[k] /= sum
		} else {
			m[k] = 1 / float64(len(m))
		}
	}
}
