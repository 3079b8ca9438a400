package indicator

import "slices"

// block is an aggregate of some inputs that can be joined with that of the inputs after them.
type block[T any] interface {
	join(newer T, nOlder, nNewer float64) T
}

// rolling keeps the aggregate of the last n items in the layout of window.go: the suffixes of an older block and the running aggregate
// of a newer one.
type rolling[T block[T]] struct {
	cells []T
	slot  int
	full  bool
	front T
}

func newRolling[T block[T]](n int) *rolling[T] { return &rolling[T]{cells: make([]T, n)} }

// add takes the aggregate of one input and returns the window's, and whether the window is full.
func (r *rolling[T]) add(x T) (T, bool) {
	s := r.slot
	if s == 0 {
		r.front = x
	} else {
		r.front = r.front.join(x, float64(s), 1)
	}
	all := r.front
	r.cells[s] = x
	s++
	if s < len(r.cells) {
		if r.full {
			all = r.cells[s].join(all, float64(len(r.cells)-s), float64(s))
		}
		r.slot = s
		return all, r.full
	}
	for i := s - 2; i >= 0; i-- {
		r.cells[i] = r.cells[i].join(r.cells[i+1], 1, float64(s-1-i))
	}
	r.slot, r.full = 0, true
	return all, true
}

// Reset forgets everything.
func (r *rolling[T]) Reset() { r.slot, r.full = 0, false }

// trend holds the moments of a series against its own time: enough for a straight line through it.
type trend struct{ mean, squares, cross float64 }

func trendOf(x float64) trend { return trend{mean: x, squares: x - x, cross: x - x} }

func (t trend) join(newer trend, a, b float64) trend {
	d, share, apart := newer.mean-t.mean, b/(a+b), (a+b)/2 // apart: between the middles of the two blocks, in bars
	return trend{
		mean:    t.mean + float64(d*share),
		squares: t.squares + newer.squares + float64(float64(d*d)*float64(a*share)),
		cross:   t.cross + newer.cross + float64(float64(d*apart)*float64(a*share)),
	}
}

// pair holds the co-moments of two series.
type pair struct{ mx, my, xx, yy, xy float64 }

func pairOf(x, y float64) pair {
	return pair{mx: x, my: y, xx: x - x, yy: y - y, xy: (x - x) + (y - y)}
}

func (p pair) join(newer pair, a, b float64) pair {
	dx, dy, share := newer.mx-p.mx, newer.my-p.my, b/(a+b)
	w := a * share
	return pair{
		mx: p.mx + float64(dx*share), my: p.my + float64(dy*share),
		xx: p.xx + newer.xx + float64(float64(dx*dx)*w),
		yy: p.yy + newer.yy + float64(float64(dy*dy)*w),
		xy: p.xy + newer.xy + float64(float64(dx*dy)*w),
	}
}

// shape holds the first four central moments, joined by Pébay's formulas (Sandia report SAND2008-6212, eq. 2.1).
type shape struct{ mean, m2, m3, m4 float64 }

func shapeOf(x float64) shape { return shape{mean: x, m2: x - x, m3: x - x, m4: x - x} }

func (s shape) join(newer shape, a, b float64) shape {
	n := a + b
	d := newer.mean - s.mean
	step := d / n
	d2 := float64(d * step * a * b)
	return shape{
		mean: s.mean + float64(step*b),
		m2:   s.m2 + newer.m2 + d2,
		m3:   s.m3 + newer.m3 + float64(d2*step*(a-b)) + float64(3*step*(float64(a*newer.m2)-float64(b*s.m2))),
		m4: s.m4 + newer.m4 + float64(d2*step*step*(float64(a*a)-float64(a*b)+float64(b*b))) +
			float64(6*step*step*(float64(a*a*newer.m2)+float64(b*b*s.m2))) + float64(4*step*(float64(a*newer.m3)-float64(b*s.m3))),
	}
}

// fall holds the deepest fall from a high to a later low, as a fraction of the high.
type fall struct{ high, low, deepest float64 }

func fallOf(x float64) fall { return fall{high: x, low: x, deepest: x - x} }

func (f fall) join(newer fall, _, _ float64) fall {
	return fall{
		high: max(f.high, newer.high), low: min(f.low, newer.low),
		deepest: max(f.deepest, newer.deepest, (f.high-newer.low)/f.high),
	}
}

// peak is the greatest input and its bar; of equal ones the newest. A NaN wins.
type peak struct {
	x  float64
	at int
}

func (p peak) join(newer peak, _, _ float64) peak {
	if p.x >= newer.x || p.x != p.x {
		return p
	}
	return newer
}

// ordered keeps the last n inputs sorted. It costs O(n) moves a bar, in one copy.
type ordered struct {
	ring   []float64
	slot   int
	seen   int
	bad    int // inputs in the window that are NaN
	sorted []float64
}

func newOrdered(n int) *ordered {
	return &ordered{ring: make([]float64, n), sorted: make([]float64, 0, n)}
}

// add returns the sorted window, or nil where it is not full or holds a NaN.
func (o *ordered) add(x float64) []float64 {
	if o.seen == len(o.ring) {
		if old := o.ring[o.slot]; old != old {
			o.bad--
		} else {
			i, _ := slices.BinarySearch(o.sorted, old)
			o.sorted = slices.Delete(o.sorted, i, i+1)
		}
	} else {
		o.seen++
	}
	o.ring[o.slot] = x
	if o.slot++; o.slot == len(o.ring) {
		o.slot = 0
	}
	if x != x {
		o.bad++
	} else {
		i, _ := slices.BinarySearch(o.sorted, x)
		o.sorted = slices.Insert(o.sorted, i, x)
	}
	if o.bad > 0 || o.seen < len(o.ring) {
		return nil
	}
	return o.sorted
}

// Reset forgets everything.
func (o *ordered) Reset() { o.slot, o.seen, o.bad, o.sorted = 0, 0, 0, o.sorted[:0] }

// scan keeps the last n inputs in the order they came, for definitions that must look at all of them.
type scan struct {
	ring []float64 // 2n long: each input is stored twice, so that the window is one slice
	slot int
	seen int
}

func newScan(n int) *scan { return &scan{ring: make([]float64, 2*n)} }

// add returns the window, oldest first, or nil before it is full.
func (s *scan) add(x float64) []float64 {
	n := len(s.ring) / 2
	s.ring[s.slot], s.ring[s.slot+n] = x, x
	if s.slot++; s.slot == n {
		s.slot = 0
	}
	if s.seen < n {
		if s.seen++; s.seen < n {
			return nil
		}
	}
	return s.ring[s.slot : s.slot+n]
}

// Reset forgets everything.
func (s *scan) Reset() { s.slot, s.seen = 0, 0 }
