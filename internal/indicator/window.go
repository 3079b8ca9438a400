package indicator

// The four rolling aggregates share one layout. Slots are filled in turn; slot is the next one. Slots at and after slot still
// hold the suffix aggregates of the older block, those before it the raw inputs of the newer block. When the last slot is filled
// the raw inputs are folded, from the back, into the suffixes that the next n answers need.

// rollingSum is the sum of the last n inputs.
type rollingSum struct {
	cells []float64
	slot  int
	full  bool // n inputs were seen
	front float64
}

func newRollingSum(n int) rollingSum { return rollingSum{cells: make([]float64, n)} }

// add returns the window's sum and whether the window is full.
func (r *rollingSum) add(x float64) (float64, bool) {
	s := r.slot
	r.front += x
	sum := r.front
	r.cells[s] = x
	s++
	if s < len(r.cells) {
		if r.full {
			sum += r.cells[s]
		}
		r.slot = s
		return sum, r.full
	}
	for i := s - 2; i >= 0; i-- {
		r.cells[i] += r.cells[i+1]
	}
	r.slot, r.front, r.full = 0, 0, true
	return sum, true
}

func (r *rollingSum) reset() { r.slot, r.front, r.full = 0, 0, false }

// standing counts how many inputs in a row were the same. A mean of equal inputs is that input: sums would round it to one side or the
// other as the window's parts move, and two averages of a price that stands still would cross again and again.
type standing struct {
	x    float64
	rows int
}

// add returns how many inputs, this one the last, are equal; 1 for one that is not a number.
func (s *standing) add(x float64) int {
	if x != s.x {
		s.x, s.rows = x, 0
	}
	s.rows++
	return s.rows
}

func (s *standing) Reset() { *s = standing{} }

// rollingWeighted is the linearly weighted sum of the last n inputs: weight 1 for the oldest, n for the newest.
type rollingWeighted struct {
	cells       []weighted
	slot        int
	full        bool
	front       weighted
	frontLength float64
}

type weighted struct{ sum, weighted float64 }

func newRollingWeighted(n int) rollingWeighted { return rollingWeighted{cells: make([]weighted, n)} }

// add returns the window's weighted sum and whether the window is full.
func (r *rollingWeighted) add(x float64) (float64, bool) {
	s := r.slot
	r.frontLength++
	r.front.sum += x
	r.front.weighted += float64(r.frontLength * x)
	total := r.front.weighted
	r.cells[s].sum = x
	s++
	if s < len(r.cells) {
		if r.full {
			// The newer block's weights move up by the number of older inputs that remain.
			older := float64(len(r.cells) - s)
			total += r.cells[s].weighted + float64(older*r.front.sum)
		}
		r.slot = s
		return total, r.full
	}
	var back weighted
	for i := s - 1; i >= 0; i-- {
		back.sum += r.cells[i].sum
		back.weighted += back.sum
		r.cells[i] = back
	}
	r.slot, r.front, r.frontLength, r.full = 0, weighted{}, 0, true
	return total, true
}

func (r *rollingWeighted) reset() {
	r.slot, r.front, r.frontLength, r.full = 0, weighted{}, 0, false
}

// rollingMoments is the mean of the last n inputs and the sum of their squared distances from it.
type rollingMoments struct {
	cells   []moments
	inverse []float64 // 1/count, at count−1
	slot    int
	full    bool
	front   moments
}

type moments struct{ mean, squares float64 }

func newRollingMoments(n int) rollingMoments {
	r := rollingMoments{cells: make([]moments, n), inverse: make([]float64, n)}
	for i := range r.inverse {
		r.inverse[i] = 1 / float64(i+1)
	}
	return r
}

// add returns the window's moments and whether the window is full.
func (r *rollingMoments) add(x float64) (moments, bool) {
	s := r.slot
	r.front.push(x, r.inverse[s])
	all := r.front
	r.cells[s].mean = x
	s++
	if s < len(r.cells) {
		if r.full {
			all = r.cells[s].join(all, float64(len(r.cells)-s), float64(s))
		}
		r.slot = s
		return all, r.full
	}
	var back moments
	for i := s - 1; i >= 0; i-- {
		back.push(r.cells[i].mean, r.inverse[s-1-i])
		r.cells[i] = back
	}
	r.slot, r.front, r.full = 0, moments{}, true
	return all, true
}

func (r *rollingMoments) reset() { r.slot, r.front, r.full = 0, moments{}, false }

// push adds an input; inverse is 1 over their count with it (Welford). The first replaces what was there.
func (m *moments) push(x, inverse float64) {
	if inverse == 1 {
		*m = moments{mean: x, squares: x - x} // x-x carries a NaN or infinite x into the squares
		return
	}
	d := x - m.mean
	m.mean += float64(d * inverse)
	m.squares += float64(d * (x - m.mean))
}

// join adds the newer moments, of b inputs, to the older ones, of a (Chan).
func (m moments) join(newer moments, a, b float64) moments {
	d, share := newer.mean-m.mean, b/(a+b)
	return moments{
		mean:    m.mean + float64(d*share),
		squares: newer.squares + (m.squares + float64(float64(d*d)*float64(a*share))),
	}
}

// rollingMax is the greatest of the last n inputs, rollingMin the least; a NaN wins over both.
type rollingMax struct {
	cells []float64
	slot  int
	full  bool
	front float64
}

func newRollingMax(n int) rollingMax { return rollingMax{cells: make([]float64, n)} }

// add returns the window's maximum and whether the window is full.
func (r *rollingMax) add(x float64) (float64, bool) {
	s := r.slot
	if s == 0 {
		r.front = x
	} else {
		r.front = max(r.front, x)
	}
	top := r.front
	r.cells[s] = x
	s++
	if s < len(r.cells) {
		if r.full {
			top = max(top, r.cells[s])
		}
		r.slot = s
		return top, r.full
	}
	for i := s - 2; i >= 0; i-- {
		r.cells[i] = max(r.cells[i], r.cells[i+1])
	}
	r.slot, r.full = 0, true
	return top, true
}

func (r *rollingMax) reset() { r.slot, r.full = 0, false }

// rollingMin mirrors rollingMax: the minimum is the negated maximum of the negated inputs, which is exact.
type rollingMin struct{ of rollingMax }

func newRollingMin(n int) rollingMin { return rollingMin{of: newRollingMax(n)} }

func (r *rollingMin) add(x float64) (float64, bool) {
	top, full := r.of.add(-x)
	return -top, full
}

func (r *rollingMin) reset() { r.of.reset() }
