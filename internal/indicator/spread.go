package indicator

import "math"

// Stdev is the population standard deviation (ddof 0) of the last n inputs.
type Stdev struct {
	window rollingMoments
	value  float64
}

// NewStdev makes a Stdev over n ≥ 2 bars.
func NewStdev(n int) (*Stdev, error) {
	if err := period("stdev", "n", n, 2); err != nil {
		return nil, err
	}
	return &Stdev{window: newRollingMoments(n), value: nan}, nil
}

// Update takes the next input and returns the deviation.
func (s *Stdev) Update(x float64) float64 {
	if m, full := s.window.add(x); full {
		s.value = clean(math.Sqrt(m.squares / float64(len(s.window.cells))))
	}
	return s.value
}

// Value is the last result.
func (s *Stdev) Value() float64 { return s.value }

// Warmup is n.
func (s *Stdev) Warmup() int { return len(s.window.cells) }

// Reset forgets everything.
func (s *Stdev) Reset() { s.window.reset(); s.value = nan }

// ZScore is (input − mean)/sd over the last n inputs, this one included, with the population sd; NaN where the window is constant.
type ZScore struct {
	window rollingMoments
	value  float64
}

// NewZScore makes a ZScore over n ≥ 2 bars.
func NewZScore(n int) (*ZScore, error) {
	if err := period("zscore", "n", n, 2); err != nil {
		return nil, err
	}
	return &ZScore{window: newRollingMoments(n), value: nan}, nil
}

// Update takes the next input and returns its score.
func (z *ZScore) Update(x float64) float64 {
	if m, full := z.window.add(x); full {
		z.value = clean((x - m.mean) / math.Sqrt(m.squares/float64(len(z.window.cells))))
	}
	return z.value
}

// Value is the last result.
func (z *ZScore) Value() float64 { return z.value }

// Warmup is n.
func (z *ZScore) Warmup() int { return len(z.window.cells) }

// Reset forgets everything.
func (z *ZScore) Reset() { z.window.reset(); z.value = nan }

// Volatility is the sample standard deviation (ddof 1) of the last n log returns, per bar, not annualised.
type Volatility struct {
	window rollingMoments
	before float64
	value  float64
}

// NewVolatility makes a Volatility over n ≥ 2 returns, which are n+1 bars.
func NewVolatility(n int) (*Volatility, error) {
	if err := period("volatility", "n", n, 2); err != nil {
		return nil, err
	}
	v := &Volatility{window: newRollingMoments(n)}
	v.Reset()
	return v, nil
}

// Update takes the next price and returns the volatility. A price that is not above zero spoils the two returns that need it.
func (v *Volatility) Update(x float64) float64 {
	before := v.before
	v.before = x
	if before == 0 { // the first bar has no return
		if x == 0 {
			v.before = nan
		}
		return v.value
	}
	if !(x > 0) {
		x, v.before = nan, nan
	}
	if m, full := v.window.add(math.Log(x / before)); full {
		v.value = clean(math.Sqrt(m.squares / float64(len(v.window.cells)-1)))
	}
	return v.value
}

// Value is the last result.
func (v *Volatility) Value() float64 { return v.value }

// Warmup is n+1.
func (v *Volatility) Warmup() int { return len(v.window.cells) + 1 }

// Reset forgets everything.
func (v *Volatility) Reset() { v.window.reset(); v.before, v.value = 0, nan }

// Bands are Bollinger's: the mean of the last n inputs and width population standard deviations to each side.
type Bands struct {
	Upper, Middle, Lower float64
	PercentB             float64 // (input − lower)/(upper − lower); NaN where the window is constant
	Width                float64 // (upper − lower)/middle; NaN where middle is zero
}

var noBands = Bands{Upper: nan, Middle: nan, Lower: nan, PercentB: nan, Width: nan}

// Bollinger gives the Bollinger bands of the last n inputs.
type Bollinger struct {
	window rollingMoments
	width  float64
	value  Bands
}

// NewBollinger makes Bollinger bands over n ≥ 2 bars, width standard deviations (above 0, at most 100) to each side.
func NewBollinger(n int, width float64) (*Bollinger, error) {
	if err := period("bollinger", "n", n, 2); err != nil {
		return nil, err
	}
	if err := within("bollinger", "width", width, 1e-6, 100); err != nil {
		return nil, err
	}
	return &Bollinger{window: newRollingMoments(n), width: width, value: noBands}, nil
}

// Update takes the next input and returns the bands.
func (b *Bollinger) Update(x float64) Bands {
	m, full := b.window.add(x)
	if !full {
		return b.value
	}
	b.value = b.around(m, x)
	return b.value
}

func (b *Bollinger) around(m moments, x float64) Bands {
	half := float64(b.width * math.Sqrt(float64(m.squares*b.window.inverse[len(b.window.cells)-1])))
	up, low := m.mean+half, m.mean-half
	return Bands{
		Upper: clean(up), Middle: clean(m.mean), Lower: clean(low),
		PercentB: clean((x - low) / (up - low)), Width: clean((up - low) / m.mean),
	}
}

// Value is the last result.
func (b *Bollinger) Value() Bands { return b.value }

// Warmup is n.
func (b *Bollinger) Warmup() int { return len(b.window.cells) }

// Reset forgets everything.
func (b *Bollinger) Reset() { b.window.reset(); b.value = noBands }
