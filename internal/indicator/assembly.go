package indicator

import "math"

// MaxScan is the longest window, in bars, of an indicator that must look at all of its window at every bar.
const MaxScan = 10_000

// scanned is bars with the lower limit of MaxScan.
func scanned(name string, def, least float64, doc string) Param {
	p := bars(name, def, least, doc)
	p.Max = MaxScan
	return p
}

// part is anything that an assembly must be able to forget.
type part interface{ Reset() }

// assembly is an indicator put together from parts. Its update writes all outputs; what is not finite is handed out as NaN.
//
// A row with a bad input reaches the parts of a windowed assembly as NaN in every column, so that it leaves with its bar. A recursive
// one has no window to leave: it gives NaN and starts over, and does the same where its own arithmetic overflows, which update says by
// writing an infinite output.
type assembly struct {
	warmup    int
	recursive bool
	update    func(in, out []float64)
	parts     []part
	row, out  []float64
}

func windowed(inputs, outputs, warmup int, update func(in, out []float64), parts ...part) (Stream, error) {
	a := &assembly{warmup: warmup, update: update, parts: parts, row: make([]float64, inputs), out: make([]float64, outputs)}
	a.blank()
	return a, nil
}

func recursive(inputs, outputs, warmup int, update func(in, out []float64), parts ...part) (Stream, error) {
	s, err := windowed(inputs, outputs, warmup, update, parts...)
	s.(*assembly).recursive = true
	return s, err
}

// Update takes the next bar.
func (a *assembly) Update(in []float64) {
	bad := false
	for i := range a.row {
		a.row[i] = in[i]
		bad = bad || !finite(in[i])
	}
	switch {
	case bad && a.recursive:
		a.Reset()
		return
	case bad:
		for i := range a.row {
			a.row[i] = nan
		}
	}
	a.update(a.row, a.out)
	for i, v := range a.out {
		if finite(v) {
			continue
		}
		if a.recursive && math.IsInf(v, 0) {
			a.Reset()
			return
		}
		a.out[i] = nan
	}
}

// Out is overwritten by the next Update.
func (a *assembly) Out() []float64 { return a.out }

// Warmup is the number of bars with which every output has its first value.
func (a *assembly) Warmup() int { return a.warmup }

// Reset forgets everything.
func (a *assembly) Reset() {
	for _, p := range a.parts {
		p.Reset()
	}
	a.blank()
}

func (a *assembly) blank() {
	for i := range a.out {
		a.out[i] = nan
	}
}

// The makers below are for periods that Spec.New has already checked.

func makeSMA(n int) *SMA         { return &SMA{sum: newRollingSum(n), n: float64(n), value: nan} }
func makeEMA(n int) *EMA         { return &EMA{weight: 2 / float64(n+1), n: n, value: nan} }
func makeHighest(n int) *Highest { return &Highest{window: newRollingMax(n), value: nan} }
func makeLowest(n int) *Lowest   { return &Lowest{window: newRollingMin(n), value: nan} }
func makeWMA(n int) *WMA {
	return &WMA{sum: newRollingWeighted(n), weight: float64(n) * float64(n+1) / 2, value: nan}
}

// delay hands out the input of n bars ago, NaN before there is one.
type delay struct {
	ring []float64
	slot int
}

func newDelay(n int) *delay {
	d := &delay{ring: make([]float64, n)}
	d.Reset()
	return d
}

func (d *delay) Update(x float64) float64 {
	if len(d.ring) == 0 {
		return x
	}
	old := d.ring[d.slot]
	d.ring[d.slot] = x
	if d.slot++; d.slot == len(d.ring) {
		d.slot = 0
	}
	return old
}

func (d *delay) Reset() {
	d.slot = 0
	for i := range d.ring {
		d.ring[i] = nan
	}
}

// total is the sum of the last n inputs, NaN before there are n.
type total struct{ of rollingSum }

func newTotal(n int) *total { return &total{newRollingSum(n)} }

func (t *total) Update(x float64) float64 {
	if sum, full := t.of.add(x); full {
		return sum
	}
	return nan
}

func (t *total) Reset() { t.of.reset() }

// smoothed is Wilder's smoothing that gives NaN and starts over where its input or its value is not finite.
type smoothed struct{ of wilder }

func newSmoothed(n int) *smoothed { return &smoothed{newWilder(n)} }

func (s *smoothed) Update(x float64) float64 {
	v := s.of.add(x)
	if !finite(x) || !finite(s.of.sum) || s.of.seen == s.of.n && !finite(v) {
		s.of.reset()
		return nan
	}
	return v
}

func (s *smoothed) Reset() { s.of.reset() }

// chain is one exponential average after another, at most six, all seeded with the mean of the first seed inputs. It gives NaN and
// starts over where it overflows.
type chain struct {
	weight     float64
	seed, seen int
	sum        float64
	at         []float64
}

func newChain(n, seed, links int) *chain {
	return &chain{weight: 2 / float64(n+1), seed: seed, at: make([]float64, links)}
}

// Update returns the links' values, or nil before the seed.
func (c *chain) Update(x float64) []float64 {
	if c.seen < c.seed {
		c.seen++
		if c.sum += x; !finite(c.sum) {
			c.Reset()
			return nil
		}
		if c.seen < c.seed {
			return nil
		}
		for i := range c.at {
			c.at[i] = c.sum / float64(c.seed)
		}
		return c.at
	}
	for i := range c.at {
		c.at[i] += float64(c.weight * (x - c.at[i]))
		x = c.at[i]
	}
	if !finite(x) {
		c.Reset()
		return nil
	}
	return c.at
}

func (c *chain) Reset() { c.seen, c.sum = 0, 0 }

// memory is one value that Reset makes NaN again.
type memory struct{ x float64 }

func newMemory() *memory { return &memory{nan} }

// swap stores x and returns what was stored.
func (m *memory) swap(x float64) float64 {
	old := m.x
	m.x = x
	return old
}

func (m *memory) Reset() { m.x = nan }

// account is a running sum that is compensated (Neumaier 1974), so that it does not drift.
type account struct{ sum, low float64 }

// add returns the new sum; one that is not finite starts over and is handed out as infinite.
func (a *account) add(x float64) float64 {
	t := a.sum + x
	if math.Abs(a.sum) >= math.Abs(x) {
		a.low += (a.sum - t) + x
	} else {
		a.low += (x - t) + a.sum
	}
	a.sum = t
	if v := t + a.low; finite(v) {
		return v
	}
	a.Reset()
	return math.Inf(1)
}

func (a *account) Reset() { *a = account{} }

// ratio is a/b, and zero where b is zero: for definitions that state so.
func ratio(a, b float64) float64 {
	if b == 0 && finite(a) {
		return 0
	}
	return a / b
}

// trueRange is max(high − low, |high − previous close|, |low − previous close|).
func trueRange(high, low, before float64) float64 {
	return max(high-low, math.Abs(high-before), math.Abs(low-before))
}
