package indicator

import "fmt"

// RSI is Wilder's relative strength index: 100·G/(G+L), G and L Wilder's smoothed rises and falls. It is 50 while neither ever moved.
type RSI struct {
	gain, loss wilder
	before     float64
	started    bool
	value      float64
}

// NewRSI makes an RSI over n ≥ 1 changes, which are n+1 bars.
func NewRSI(n int) (*RSI, error) {
	if err := period("rsi", "n", n, 1); err != nil {
		return nil, err
	}
	return &RSI{gain: newWilder(n), loss: newWilder(n), value: nan}, nil
}

// Update takes the next input and returns the index, 0 to 100. A NaN or infinite input gives NaN and starts over.
func (r *RSI) Update(x float64) float64 {
	if !finite(x) {
		r.Reset()
		return nan
	}
	change := x - r.before
	r.before = x
	if !r.started {
		r.started = true
		return nan
	}
	var g, l float64
	if change > 0 {
		g = r.gain.add(change)
		l = r.loss.add(0)
	} else {
		g = r.gain.add(0)
		l = r.loss.add(-change)
	}
	if r.gain.seen < r.gain.n {
		return nan
	}
	total := g + l
	switch {
	case !finite(total):
		r.Reset()
	case change == 0 && r.value == r.value: // both shrank by the same factor; computing it would move the last digit
	case total == 0:
		r.value = 50
	default:
		r.value = 100 * (g / total)
	}
	return r.value
}

// Value is the last result.
func (r *RSI) Value() float64 { return r.value }

// Warmup is n+1.
func (r *RSI) Warmup() int { return r.gain.n + 1 }

// Reset forgets everything.
func (r *RSI) Reset() {
	r.gain.reset()
	r.loss.reset()
	r.before, r.started, r.value = 0, false, nan
}

// ROC is the rate of change over n bars in percent: 100·(input − input n bars ago)/input n bars ago; NaN where that was zero.
type ROC struct {
	ring  []float64
	slot  int
	full  bool
	value float64
}

// NewROC makes an ROC over n ≥ 1 bars.
func NewROC(n int) (*ROC, error) {
	if err := period("roc", "n", n, 1); err != nil {
		return nil, err
	}
	return &ROC{ring: make([]float64, n), value: nan}, nil
}

// Update takes the next input and returns the change in percent.
func (r *ROC) Update(x float64) float64 {
	old := r.ring[r.slot]
	r.ring[r.slot] = x
	if r.full {
		r.value = clean((x - old) / old * 100)
	}
	if r.slot++; r.slot == len(r.ring) {
		r.slot, r.full = 0, true
	}
	return r.value
}

// Value is the last result.
func (r *ROC) Value() float64 { return r.value }

// Warmup is n+1.
func (r *ROC) Warmup() int { return len(r.ring) + 1 }

// Reset forgets everything.
func (r *ROC) Reset() { r.slot, r.full, r.value = 0, false, nan }

// Convergence is one value of MACD: Line = fast EMA − slow EMA, Signal = EMA of Line, Histogram = Line − Signal.
type Convergence struct{ Line, Signal, Histogram float64 }

var noConvergence = Convergence{Line: nan, Signal: nan, Histogram: nan}

// MACD is the moving average convergence/divergence. Every EMA is seeded with the simple average of its own first inputs, so the line
// begins at bar slow and the signal at bar slow+signal−1.
type MACD struct {
	fast, slow, signal *EMA
	value              Convergence
}

// NewMACD makes a MACD; fast must be shorter than slow.
func NewMACD(fast, slow, signal int) (*MACD, error) {
	for _, p := range []struct {
		name string
		n    int
	}{{"fast", fast}, {"slow", slow}, {"signal", signal}} {
		if err := period("macd", p.name, p.n, 1); err != nil {
			return nil, err
		}
	}
	if fast >= slow {
		return nil, fmt.Errorf("macd: fast is %d, it must be shorter than slow, which is %d", fast, slow)
	}
	f, _ := NewEMA(fast) // the periods were checked above
	s, _ := NewEMA(slow)
	g, _ := NewEMA(signal)
	return &MACD{fast: f, slow: s, signal: g, value: noConvergence}, nil
}

// Update takes the next input and returns the three values. A NaN or infinite input gives NaN and starts over.
func (m *MACD) Update(x float64) Convergence {
	line := clean(m.fast.Update(x) - m.slow.Update(x))
	signal := m.signal.Update(line)
	m.value = Convergence{Line: line, Signal: signal, Histogram: clean(line - signal)}
	return m.value
}

// Value is the last result.
func (m *MACD) Value() Convergence { return m.value }

// Warmup is slow+signal−1; the line is there from bar slow.
func (m *MACD) Warmup() int { return m.slow.n + m.signal.n - 1 }

// Reset forgets everything.
func (m *MACD) Reset() {
	m.fast.Reset()
	m.slow.Reset()
	m.signal.Reset()
	m.value = noConvergence
}

// Stochastic is the slow stochastic oscillator: raw = 100·(close − lowest low)/(highest high − lowest low) over n bars, 50 where they are
// equal; K is the simple average of the last smooth raws and D that of the last signal Ks.
type Stochastic struct {
	high        rollingMax
	low         rollingMin
	smooth, sig *SMA
	k, d        float64
}

// NewStochastic makes a stochastic over n bars; smooth 1 gives the fast one.
func NewStochastic(n, smooth, signal int) (*Stochastic, error) {
	if err := period("stochastic", "n", n, 1); err != nil {
		return nil, err
	}
	k, err := NewSMA(smooth)
	if err != nil {
		return nil, fmt.Errorf("stochastic: smooth: %w", err)
	}
	d, err := NewSMA(signal)
	if err != nil {
		return nil, fmt.Errorf("stochastic: signal: %w", err)
	}
	return &Stochastic{high: newRollingMax(n), low: newRollingMin(n), smooth: k, sig: d, k: nan, d: nan}, nil
}

// Update takes the next bar and returns K and D, 0 to 100.
func (s *Stochastic) Update(high, low, close float64) (k, d float64) {
	top, full := s.high.add(orNaN(high))
	bottom, _ := s.low.add(orNaN(low))
	if !full {
		return nan, nan
	}
	raw := 100 * ((close - bottom) / (top - bottom))
	if top == bottom && finite(close) {
		raw = 50
	}
	s.k = s.smooth.Update(raw)
	if s.smooth.sum.full {
		s.d = s.sig.Update(s.k)
	}
	return s.k, s.d
}

// K is the last smoothed value.
func (s *Stochastic) K() float64 { return s.k }

// D is the last signal.
func (s *Stochastic) D() float64 { return s.d }

// Warmup is n+smooth+signal−2; K is there from bar n+smooth−1.
func (s *Stochastic) Warmup() int {
	return len(s.high.cells) + s.smooth.Warmup() + s.sig.Warmup() - 2
}

// Reset forgets everything.
func (s *Stochastic) Reset() {
	s.high.reset()
	s.low.reset()
	s.smooth.Reset()
	s.sig.Reset()
	s.k, s.d = nan, nan
}
