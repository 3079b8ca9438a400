package indicator

import "math"

// ATR is Wilder's average true range. The true range is max(high − low, |high − previous close|, |low − previous close|); the first
// bar has no previous close and is not counted, so the seed is the mean of the true ranges of bars 2 to n+1.
type ATR struct {
	smooth  wilder
	before  float64
	started bool
	value   float64
}

// NewATR makes an ATR over n ≥ 1 true ranges, which are n+1 bars.
func NewATR(n int) (*ATR, error) {
	if err := period("atr", "n", n, 1); err != nil {
		return nil, err
	}
	return &ATR{smooth: newWilder(n), value: nan}, nil
}

// Update takes the next bar and returns the range in price units. A NaN or infinite input gives NaN and starts over.
func (a *ATR) Update(high, low, close float64) float64 {
	if !finite(high) || !finite(low) || !finite(close) {
		a.Reset()
		return nan
	}
	before := a.before
	a.before = close
	if !a.started {
		a.started = true
		return nan
	}
	a.value = a.smooth.add(max(high-low, math.Abs(high-before), math.Abs(low-before)))
	if a.smooth.seen == a.smooth.n && !finite(a.value) {
		a.Reset()
	}
	return a.value
}

// Value is the last result.
func (a *ATR) Value() float64 { return a.value }

// Warmup is n+1.
func (a *ATR) Warmup() int { return a.smooth.n + 1 }

// Reset forgets everything.
func (a *ATR) Reset() {
	a.smooth.reset()
	a.before, a.started, a.value = 0, false, nan
}

// Channel is one value of Donchian; Middle is the mean of Upper and Lower.
type Channel struct{ Upper, Middle, Lower float64 }

var noChannel = Channel{Upper: nan, Middle: nan, Lower: nan}

// Donchian is the highest high and the lowest low of the n bars before this one. The bar itself is left out, so that a close above
// Upper is a breakout; Highest and Lowest count the bar itself.
type Donchian struct {
	high        rollingMax
	low         rollingMin
	next, value Channel // next holds the window that the next bar is compared with
}

// NewDonchian makes a Donchian channel over n ≥ 1 earlier bars.
func NewDonchian(n int) (*Donchian, error) {
	if err := period("donchian", "n", n, 1); err != nil {
		return nil, err
	}
	return &Donchian{high: newRollingMax(n), low: newRollingMin(n), next: noChannel, value: noChannel}, nil
}

// Update takes the next bar and returns the channel of the bars before it, in price units.
func (d *Donchian) Update(high, low float64) Channel {
	d.value = d.next
	top, full := d.high.add(orNaN(high))
	bottom, _ := d.low.add(orNaN(low))
	if full {
		d.next = Channel{Upper: clean(top), Middle: clean((top + bottom) / 2), Lower: clean(bottom)}
	}
	return d.value
}

// Value is the last result.
func (d *Donchian) Value() Channel { return d.value }

// Warmup is n+1.
func (d *Donchian) Warmup() int { return len(d.high.cells) + 1 }

// Reset forgets everything.
func (d *Donchian) Reset() {
	d.high.reset()
	d.low.reset()
	d.next, d.value = noChannel, noChannel
}

// Highest is the greatest of the last n inputs, this one included.
type Highest struct {
	window rollingMax
	value  float64
}

// NewHighest makes a Highest over n ≥ 1 bars.
func NewHighest(n int) (*Highest, error) {
	if err := period("highest", "n", n, 1); err != nil {
		return nil, err
	}
	return &Highest{window: newRollingMax(n), value: nan}, nil
}

// Update takes the next input and returns the greatest.
func (h *Highest) Update(x float64) float64 {
	if top, full := h.window.add(orNaN(x)); full {
		h.value = clean(top)
	}
	return h.value
}

// Value is the last result.
func (h *Highest) Value() float64 { return h.value }

// Warmup is n.
func (h *Highest) Warmup() int { return len(h.window.cells) }

// Reset forgets everything.
func (h *Highest) Reset() { h.window.reset(); h.value = nan }

// Lowest is the least of the last n inputs, this one included.
type Lowest struct {
	window rollingMin
	value  float64
}

// NewLowest makes a Lowest over n ≥ 1 bars.
func NewLowest(n int) (*Lowest, error) {
	if err := period("lowest", "n", n, 1); err != nil {
		return nil, err
	}
	return &Lowest{window: newRollingMin(n), value: nan}, nil
}

// Update takes the next input and returns the least.
func (l *Lowest) Update(x float64) float64 {
	if bottom, full := l.window.add(orNaN(x)); full {
		l.value = clean(bottom)
	}
	return l.value
}

// Value is the last result.
func (l *Lowest) Value() float64 { return l.value }

// Warmup is n.
func (l *Lowest) Warmup() int { return len(l.window.of.cells) }

// Reset forgets everything.
func (l *Lowest) Reset() { l.window.reset(); l.value = nan }

// OBV is Granville's on-balance volume: it starts at 0 and adds the volume of a bar that closes higher, subtracts that of one that closes
// lower. The sum is compensated (Neumaier 1974), so that millions of small volumes do not wear it down.
type OBV struct {
	before   float64
	started  bool
	sum, low float64 // low is what sum could not hold
	value    float64
}

// NewOBV makes an OBV.
func NewOBV() *OBV { return &OBV{value: nan} }

// Update takes the next bar and returns the balance in units of volume. A NaN or infinite input gives NaN and starts over from 0.
func (o *OBV) Update(close, volume float64) float64 {
	if !finite(close) || !finite(volume) {
		o.Reset()
		return nan
	}
	switch {
	case !o.started:
		o.started = true
	case close > o.before:
		o.add(volume)
	case close < o.before:
		o.add(-volume)
	}
	o.before = close
	if o.value = o.sum + o.low; !finite(o.value) {
		o.Reset()
	}
	return o.value
}

func (o *OBV) add(x float64) {
	t := o.sum + x
	if math.Abs(o.sum) >= math.Abs(x) {
		o.low += (o.sum - t) + x
	} else {
		o.low += (x - t) + o.sum
	}
	o.sum = t
}

// Value is the last result.
func (o *OBV) Value() float64 { return o.value }

// Warmup is 1.
func (o *OBV) Warmup() int { return 1 }

// Reset forgets everything.
func (o *OBV) Reset() { *o = OBV{value: nan} }
