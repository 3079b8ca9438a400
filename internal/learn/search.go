package learn

import "math"

// search finds the branch's best split: of equal gains the one that was looked at first.
func (gr *grower) search(b *branch) {
	parent := gr.plain(b.sum)
	whole := gr.score(parent, gr.weight(parent, b.low, b.high))
	least := gr.how.minGain + whole + 1e-12*math.Abs(whole) // what is below is rounding, as in a leaf of equal targets
	if gr.how.perNode == 0 {
		for i, c := range gr.columns {
			gr.scan(b, &b.hist[i], c, least)
		}
		return
	}
	// Columns are drawn without repeating until enough were looked at and one of them can split.
	rows, each := gr.gather(b)
	gr.order = append(gr.order[:0], gr.columns...)
	for i := range gr.order {
		if i >= gr.how.perNode && b.best.gain > 0 {
			return
		}
		j := i + gr.draw.below(len(gr.order)-i)
		gr.order[i], gr.order[j] = gr.order[j], gr.order[i]
		c := gr.order[i]
		gr.one = histogram{}
		add(&gr.one, gr.table.bins[c], rows, each)
		gr.scan(b, &gr.one, c, least)
	}
}

// scan tries every cut of one column, and where values are missing both sides for them; all the missing against all the present too.
func (gr *grower) scan(b *branch, h *histogram, column int, least float64) {
	cuts := len(gr.table.cuts[column])
	if absent := h[missingBin]; gr.table.missing[column] && absent.h != 0 {
		gr.sweep(b, h[:cuts], absent, column, least)
		gr.sweep(b, h[:cuts+1], cell{}, column, least)
		return
	}
	gr.sweep(b, h[:cuts], cell{}, column, least)
}

// sweep moves the cut from the lowest bin up; start is what is on the left already.
func (gr *grower) sweep(b *branch, bins []cell, start cell, column int, least float64) {
	how := &gr.how
	left, total := start, b.sum
	perG, perH, mask := 1/gr.unitG, 1/gr.unitH, uint64(1)<<gr.countBits-1
	minRows, l2 := uint64(how.minRows), how.l2
	bounded := how.monotone != nil
	top := b.best.gain + least
	for i, c := range bins {
		if c.h == 0 {
			continue // no row is here: the cut before it is the same
		}
		left.g += c.g
		left.h += c.h
		right := cell{g: total.g - left.g, h: total.h - left.h}
		if left.h&mask < minRows {
			continue
		}
		if right.h&mask < minRows {
			return
		}
		lh, rh := float64(int64(left.h>>gr.countBits))*perH, float64(int64(right.h>>gr.countBits))*perH
		if lh < how.minHessian || rh < how.minHessian {
			continue
		}
		lg, rg := float64(left.g)*perG, float64(right.g)*perG
		var score float64
		if bounded {
			var ok bool
			if score, ok = gr.constrained(sums{g: lg, h: lh}, sums{g: rg, h: rh}, b, column); !ok {
				continue
			}
		} else {
			score = float64(lg*lg)/(lh+l2) + float64(rg*rg)/(rh+l2)
		}
		if score > top {
			top = score
			b.best = split{gain: score - least, column: column, bin: i, missingLeft: start.h != 0, left: left, right: right}
		}
	}
}

// constrained scores a split whose leaves are bounded, and refuses one against the column's direction.
func (gr *grower) constrained(l, r sums, b *branch, column int) (score float64, ok bool) {
	wl, wr := gr.weight(l, b.low, b.high), gr.weight(r, b.low, b.high)
	switch d := gr.how.monotone[column]; {
	case d > 0 && wl > wr, d < 0 && wl < wr:
		return 0, false
	}
	return gr.score(l, wl) + gr.score(r, wr), true
}

// weight is the leaf weight that lowers the loss most within the bounds.
func (gr *grower) weight(s sums, low, high float64) float64 {
	d := s.h + gr.how.l2
	if d <= 0 {
		return max(low, min(high, 0))
	}
	return max(low, min(high, -s.g/d))
}

// score is twice by how much a leaf of weight w lowers the loss; G²/(H + λ) where w is not bounded.
func (gr *grower) score(s sums, w float64) float64 {
	return -(2*float64(s.g*w) + float64((s.h+gr.how.l2)*float64(w*w)))
}
