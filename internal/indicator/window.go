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
	cells []moments
	slot  int
	full  bool
	front moments
}

type moments struct{ mean, squares float64 }

func newRollingMoments(n int) rollingMoments { return rollingMoments{cells: make([]moments, n)} }

// add returns the window's moments and whether the window is full.
func (r *rollingMoments) add(x float64) (moments, bool) {
	s := r.slot
	r.front.push(x, s+1)
	all := r.front
	r.cells[s].mean = x
	s++
	if s < len(r.cells) {
		if r.full {
			newer, older := float64(s), float64(len(r.cells)-s)
			back := r.cells[s]
			d := all.mean - back.mean
			share := newer / (newer + older)
			all.squares += back.squares + float64(float64(d*d)*float64(older*share))
			all.mean = back.mean + float64(d*share)
		}
		r.slot = s
		return all, r.full
	}
	var back moments
	for i := s - 1; i >= 0; i-- {
		back.push(r.cells[i].mean, s-i)
		r.cells[i] = back
	}
	r.slot, r.front, r.full = 0, moments{}, true
	return all, true
}

func (r *rollingMoments) reset() { r.slot, r.front, r.full = 0, moments{}, false }

// push adds the count-th input (Welford).
func (m *moments) push(x float64, count int) {
	if count == 1 {
		*m = moments{mean: x, squares: x - x} // x-x carries a NaN or infinite x into the squares
		return
	}
	d := x - m.mean
	m.mean += d / float64(count)
	m.squares += float64(d * (x - m.mean))
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
