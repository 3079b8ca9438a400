package learn

import (
	"math"
	"math/bits"
	"slices"
)

// cell sums the rows of one bin: the gradient in units of 1/unitG, and in one word the hessian in units of 1/unitH above the count.
// Whole numbers add exactly, so a sum does not depend on the order of the rows and a sibling is the parent less the other child, to the bit.
type cell struct {
	g int64
	h uint64
}

type histogram = [256]cell

// sums is a cell in plain units.
type sums struct {
	g, h float64
	n    int
}

// growth says how one tree may grow.
type growth struct {
	depth, leaves int // leaves 0: no limit but the depth
	l2, minGain   float64
	minHessian    float64
	minRows       int
	monotone      []int8  // per column, or nil
	perNode       int     // columns drawn for each node; 0 takes all
	rate          float64 // what a leaf's weight is multiplied with
}

// split is a candidate: bins up to bin go left.
type split struct {
	gain        float64
	column      int
	bin         int
	missingLeft bool
	left, right cell
}

// branch is a leaf that may still be split. Its rows are grower.rows[lo:hi].
type branch struct {
	node, lo, hi, depth int
	sum                 cell
	low, high           float64 // bounds of its weight under monotone constraints
	hist                []histogram
	best                split
}

// grower grows trees on one binned table. Its buffers are reused from tree to tree.
type grower struct {
	table   *binned
	how     growth
	columns []int // that this tree may use
	draw    *generator

	each         []cell // per row
	unitG, unitH float64
	countBits    uint

	rows, spare []uint32
	gathered    []cell
	pool        [][]histogram
	open        []branch
	all         bool // the tree uses every row, in order
	nodes       []node
	leaves      []branch
	one         histogram
	order       []int
}

func newGrower(t *binned, how growth) *grower {
	how.minHessian = max(how.minHessian, math.SmallestNonzeroFloat64) // so that no weight is divided by zero
	return &grower{table: t, how: how, each: make([]cell, t.rows), rows: make([]uint32, 0, t.rows), spare: make([]uint32, t.rows),
		gathered: make([]cell, t.rows), countBits: uint(bits.Len(uint(t.rows)))}
}

// load quantises the gradients and hessians. Hessians are not below zero.
func (gr *grower) load(g, h []float64) {
	var topG, topH float64
	for i := range g {
		topG, topH = max(topG, math.Abs(g[i])), max(topH, h[i])
	}
	// Each value gets as many bits as leave room for the sum over all rows.
	gr.unitG = unit(topG, 62-int(gr.countBits))
	gr.unitH = unit(topH, 63-2*int(gr.countBits))
	for i := range g {
		gr.each[i] = cell{g: int64(math.RoundToEven(g[i] * gr.unitG)), h: uint64(h[i]*gr.unitH+.5)<<gr.countBits | 1}
	}
}

// unit is the largest power of two that maps top below 2^room.
func unit(top float64, room int) float64 {
	if top == 0 {
		return 1
	}
	_, exponent := math.Frexp(top)
	return math.Ldexp(1, min(room-exponent, 1000))
}

func (gr *grower) plain(c cell) sums {
	return sums{g: float64(c.g) / gr.unitG, h: float64(c.h>>gr.countBits) / gr.unitH, n: int(c.h & (1<<gr.countBits - 1))}
}

// grow grows one tree on the rows in gr.rows. gr.leaves then holds the leaves with their rows.
func (gr *grower) grow() []node {
	gr.all = len(gr.rows) == gr.table.rows
	gr.nodes, gr.leaves, gr.open = append(gr.nodes[:0], node{feature: -1}), gr.leaves[:0], gr.open[:0]
	root := branch{hi: len(gr.rows), low: math.Inf(-1), high: math.Inf(1)}
	for _, r := range gr.rows {
		root.sum.g += gr.each[r].g
		root.sum.h += gr.each[r].h
	}
	if gr.how.perNode == 0 {
		root.hist = gr.take()
		gr.fill(&root)
	}
	gr.push(root)
	for len(gr.open) > 0 {
		at := len(gr.open) - 1
		if gr.how.leaves > 0 {
			if len(gr.open)+len(gr.leaves) >= gr.how.leaves {
				break
			}
			for i := range gr.open {
				if gr.open[i].best.gain > gr.open[at].best.gain || gr.open[i].best.gain == gr.open[at].best.gain && gr.open[i].node < gr.open[at].node {
					at = i
				}
			}
		}
		b := gr.open[at]
		gr.open = slices.Delete(gr.open, at, at+1)
		gr.part(b)
	}
	for _, b := range gr.open {
		gr.leaf(b)
	}
	return slices.Clone(gr.nodes)
}

// push looks for the branch's best split; without one it is a leaf.
func (gr *grower) push(b branch) {
	h := &gr.how
	if s := gr.plain(b.sum); b.depth < h.depth && s.n >= 2*h.minRows && s.h >= 2*h.minHessian {
		gr.search(&b)
	}
	if b.best.gain > 0 {
		gr.open = append(gr.open, b)
		return
	}
	gr.leaf(b)
}

func (gr *grower) leaf(b branch) {
	gr.give(b.hist)
	b.hist = nil
	s := gr.plain(b.sum)
	gr.nodes[b.node] = node{feature: -1, value: gr.weight(s, b.low, b.high) * gr.how.rate, cover: s.h}
	gr.leaves = append(gr.leaves, b)
}

// part splits a branch in two and pushes both.
func (gr *grower) part(b branch) {
	s := b.best
	var goes [256]uint8 // 1: left
	for i := 0; i <= s.bin; i++ {
		goes[i] = 1
	}
	if s.missingLeft {
		goes[missingBin] = 1
	}
	bins, rows := gr.table.bins[s.column], gr.rows[b.lo:b.hi]
	right := gr.spare[:len(rows)]
	nl, nr := 0, 0
	for _, r := range rows {
		l := int(goes[bins[r]])
		rows[nl], right[nr] = r, r // at most one of the two stays
		nl += l
		nr += 1 - l
	}
	copy(rows[nl:], right[:nr])

	at := len(gr.nodes)
	gr.nodes = append(gr.nodes, node{}, node{})
	gr.nodes[b.node] = node{feature: int32(s.column), threshold: gr.table.threshold(s.column, s.bin), missingLeft: s.missingLeft, left: int32(at),
		gain: s.gain + gr.how.minGain, cover: gr.plain(b.sum).h}
	l := branch{node: at, lo: b.lo, hi: b.lo + nl, depth: b.depth + 1, sum: s.left, low: b.low, high: b.high}
	r := branch{node: at + 1, lo: b.lo + nl, hi: b.hi, depth: b.depth + 1, sum: s.right, low: b.low, high: b.high}
	if m := gr.how.monotone; m != nil && m[s.column] != 0 {
		middle := (gr.weight(gr.plain(l.sum), b.low, b.high) + gr.weight(gr.plain(r.sum), b.low, b.high)) / 2
		if m[s.column] > 0 {
			l.high, r.low = middle, middle
		} else {
			l.low, r.high = middle, middle
		}
	}
	if b.hist != nil {
		gr.inherit(&b, &l, &r)
	}
	gr.push(r)
	gr.push(l)
}

// inherit builds the smaller child's histograms and leaves the larger child the parent's less those.
func (gr *grower) inherit(b, l, r *branch) {
	if l.depth >= gr.how.depth {
		gr.give(b.hist)
		return
	}
	small, large := l, r
	if r.hi-r.lo < l.hi-l.lo {
		small, large = r, l
	}
	if large.hi-large.lo < 2*gr.how.minRows {
		gr.give(b.hist)
		return
	}
	small.hist, large.hist = gr.take(), b.hist
	gr.fill(small)
	for i := range large.hist {
		subtract(&large.hist[i], &small.hist[i])
	}
}

func subtract(from, what *histogram) {
	for i := range from {
		from[i].g -= what[i].g
		from[i].h -= what[i].h
	}
}

// take returns cleared histograms, one for each of the tree's columns.
func (gr *grower) take() []histogram {
	if n := len(gr.pool); n > 0 {
		h := gr.pool[n-1][:len(gr.columns)]
		gr.pool = gr.pool[:n-1]
		clear(h)
		return h
	}
	return make([]histogram, len(gr.columns))
}

func (gr *grower) give(h []histogram) {
	if h != nil {
		gr.pool = append(gr.pool, h)
	}
}

// fill adds the branch's rows to its histograms.
func (gr *grower) fill(b *branch) {
	if gr.all && b.depth == 0 {
		for i, c := range gr.columns {
			addAll(&b.hist[i], gr.table.bins[c], gr.each)
		}
		return
	}
	rows, each := gr.gather(b)
	i := 0
	for ; i+1 < len(gr.columns); i += 2 {
		addTwo(&b.hist[i], &b.hist[i+1], gr.table.bins[gr.columns[i]], gr.table.bins[gr.columns[i+1]], rows, each)
	}
	if i < len(gr.columns) {
		add(&b.hist[i], gr.table.bins[gr.columns[i]], rows, each)
	}
}

// gather copies the cells of the branch's rows side by side, since every column reads them.
func (gr *grower) gather(b *branch) ([]uint32, []cell) {
	rows := gr.rows[b.lo:b.hi]
	out := gr.gathered[:len(rows)]
	for i, r := range rows {
		out[i] = gr.each[r]
	}
	return rows, out
}

func addAll(h *histogram, bins []uint8, each []cell) {
	each = each[:len(bins)]
	for i, b := range bins {
		c, e := &h[b], &each[i]
		c.g += e.g
		c.h += e.h
	}
}

func add(h *histogram, bins []uint8, rows []uint32, each []cell) {
	each = each[:len(rows)]
	for i, r := range rows {
		c, e := &h[bins[r]], &each[i]
		c.g += e.g
		c.h += e.h
	}
}

func addTwo(h1, h2 *histogram, bins1, bins2 []uint8, rows []uint32, each []cell) {
	each, bins2 = each[:len(rows)], bins2[:len(bins1)]
	for i, r := range rows {
		e := &each[i]
		c, d := &h1[bins1[r]], &h2[bins2[r]]
		c.g += e.g
		c.h += e.h
		d.g += e.g
		d.h += e.h
	}
}
