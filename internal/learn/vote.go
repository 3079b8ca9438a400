package learn

import (
	"math"
	"slices"
)

// voter grows a tree of several classes: one structure that lowers the Gini impurity of all classes at once, which is their squared errors
// added. It is laid out as a tree for each class, with that class's leaves.
type voter struct {
	f       *woods
	classes int
	of      []uint8 // each row's class

	rows, spare []uint32
	cells       []float64 // weight by bin and class
	counts      []int32   // rows by bin
	seen        []int     // bins with rows
	left, right []float64
	order       []int
	trees       [][]node // being grown, by class
}

// ballot is a node that may still be split.
type ballot struct {
	node, lo, hi, depth int
	sums                []float64 // weight by class
	all                 float64
}

// vote is the best split of a node so far.
type vote struct {
	score       float64
	column, bin int
	missingLeft bool
}

func newVoter(f *woods) *voter {
	k := f.o.Classes
	v := &voter{f: f, classes: k, of: make([]uint8, f.rows), spare: make([]uint32, f.rows), cells: make([]float64, 256*k), counts: make([]int32, 256),
		left: make([]float64, k), right: make([]float64, k), trees: make([][]node, k)}
	for i, t := range f.target {
		v.of[i] = uint8(t)
	}
	return v
}

// grow grows the tree of the rows that the woods have drawn.
func (v *voter) grow() [][]node {
	for k := range v.trees {
		v.trees[k] = append(v.trees[k][:0], node{feature: -1})
	}
	v.rows = append(v.rows[:0], v.f.grower.rows...)
	open := []ballot{v.ballot(0, 0, len(v.rows), 0)}
	for len(open) > 0 {
		b := open[len(open)-1]
		open = open[:len(open)-1]
		best, ok := v.search(&b)
		if !ok {
			v.leaf(&b)
			continue
		}
		l, r := v.part(&b, best)
		open = append(open, r, l)
	}
	out := make([][]node, v.classes)
	for k := range out {
		out[k] = slices.Clone(v.trees[k])
	}
	return out
}

func (v *voter) ballot(at, lo, hi, depth int) ballot {
	b := ballot{node: at, lo: lo, hi: hi, depth: depth, sums: make([]float64, v.classes)}
	for _, r := range v.rows[lo:hi] {
		b.sums[v.of[r]] += v.f.h[r]
	}
	for _, s := range b.sums {
		b.all += s
	}
	return b
}

// purity is Σ(weight of a class)²/weight: the higher, the purer.
func purity(sums []float64, all float64) float64 {
	s := 0.0
	for _, w := range sums {
		s += w * w
	}
	return s / all
}

// search looks for the split that makes the node's children purest: of equal ones the one that was looked at first.
func (v *voter) search(b *ballot) (best vote, ok bool) {
	o := &v.f.o
	if b.depth >= o.Depth || b.hi-b.lo < 2*o.MinRows {
		return best, false
	}
	least := purity(b.sums, b.all) * (1 + 1e-12) // what is below is rounding, as in a leaf of one class
	best.score = least
	v.order = append(v.order[:0], v.f.usable...)
	for i := range v.order {
		if o.Columns > 0 && i >= o.Columns && best.score > least {
			break
		}
		j := i
		if o.Columns > 0 {
			j += v.f.grower.draw.below(len(v.order) - i)
		}
		v.order[i], v.order[j] = v.order[j], v.order[i]
		v.scan(b, v.order[i], &best)
	}
	return best, best.score > least
}

// scan tries every cut of one column, and where values are missing both sides for them.
func (v *voter) scan(b *ballot, column int, best *vote) {
	bins, k := v.f.grower.table.bins[column], v.classes
	v.seen = v.seen[:0]
	for _, r := range v.rows[b.lo:b.hi] {
		at := int(bins[r])
		if v.counts[at] == 0 {
			v.seen = append(v.seen, at)
		}
		v.counts[at]++
		v.cells[at*k+int(v.of[r])] += v.f.h[r]
	}
	slices.Sort(v.seen)
	missing := v.f.grower.table.missing[column] && v.counts[missingBin] > 0
	present := v.seen
	if missing {
		present = v.seen[:len(v.seen)-1] // its bin is the last
		v.sweep(b, column, present, true, best)
	}
	v.sweep(b, column, present, false, best)
	for _, at := range v.seen {
		v.counts[at] = 0
		clear(v.cells[at*k : at*k+k])
	}
}

// sweep moves the cut from the lowest bin with rows up.
func (v *voter) sweep(b *ballot, column int, present []int, missingLeft bool, best *vote) {
	k, rows := v.classes, 0
	clear(v.left)
	if missingLeft {
		rows = int(v.counts[missingBin])
		copy(v.left, v.cells[missingBin*k:missingBin*k+k])
	}
	for _, at := range present {
		rows += int(v.counts[at])
		left, right := 0.0, 0.0
		for c, w := range v.cells[at*k : at*k+k] {
			v.left[c] += w
			v.right[c] = b.sums[c] - v.left[c]
			left += v.left[c]
			right += v.right[c]
		}
		if rows < v.f.o.MinRows || !(left > 0) {
			continue
		}
		if b.hi-b.lo-rows < max(1, v.f.o.MinRows) || !(right > 0) {
			return
		}
		if score := purity(v.left, left) + purity(v.right, right); score > best.score {
			*best = vote{score: score, column: column, bin: at, missingLeft: missingLeft}
		}
	}
}

// part splits a node in two.
func (v *voter) part(b *ballot, best vote) (l, r ballot) {
	bins, rows, right := v.f.grower.table.bins[best.column], v.rows[b.lo:b.hi], v.spare[:0]
	n := 0
	for _, row := range rows {
		if at := int(bins[row]); at == missingBin && best.missingLeft || at != missingBin && at <= best.bin {
			rows[n] = row
			n++
		} else {
			right = append(right, row)
		}
	}
	copy(rows[n:], right)
	at := len(v.trees[0])
	l, r = v.ballot(at, b.lo, b.lo+n, b.depth+1), v.ballot(at+1, b.lo+n, b.hi, b.depth+1)
	for k := range v.trees {
		gain := l.sums[k]*l.sums[k]/l.all + r.sums[k]*r.sums[k]/r.all - b.sums[k]*b.sums[k]/b.all
		v.trees[k] = append(v.trees[k], node{feature: -1}, node{feature: -1})
		v.trees[k][b.node] = node{feature: int32(best.column), threshold: v.f.grower.table.threshold(best.column, best.bin), missingLeft: best.missingLeft,
			left: int32(at), gain: math.Max(0, gain), cover: b.all}
	}
	return l, r
}

func (v *voter) leaf(b *ballot) {
	rate := v.f.grower.how.rate
	for k := range v.trees {
		v.trees[k][b.node] = node{feature: -1, value: (b.sums[k]/b.all - v.f.model.base[k]) * rate, cover: b.all}
	}
}
