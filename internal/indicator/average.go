package indicator

// SMA is the simple moving average of the last n inputs.
type SMA struct {
	sum   rollingSum
	same  standing
	n     float64
	value float64
}

// NewSMA makes an SMA over n ≥ 1 bars.
func NewSMA(n int) (*SMA, error) {
	if err := period("sma", "n", n, 1); err != nil {
		return nil, err
	}
	return &SMA{sum: newRollingSum(n), n: float64(n), value: nan}, nil
}

// Update takes the next input and returns the average.
func (s *SMA) Update(x float64) float64 {
	same := s.same.add(x)
	if sum, full := s.sum.add(x); full {
		if s.value = clean(sum / s.n); same >= len(s.sum.cells) {
			s.value = clean(s.same.x)
		}
	}
	return s.value
}

// Value is the last result.
func (s *SMA) Value() float64 { return s.value }

// Warmup is n.
func (s *SMA) Warmup() int { return int(s.n) }

// Reset forgets everything.
func (s *SMA) Reset() { s.sum.reset(); s.same.Reset(); s.value = nan }

// EMA is the exponential moving average with weight 2/(n+1), seeded with the simple average of the first n inputs.
type EMA struct {
	weight float64
	n      int
	seen   int // inputs since the start or the last bad input, up to n
	sum    float64
	value  float64
}

// NewEMA makes an EMA of n ≥ 1 bars.
func NewEMA(n int) (*EMA, error) {
	if err := period("ema", "n", n, 1); err != nil {
		return nil, err
	}
	return &EMA{weight: 2 / float64(n+1), n: n, value: nan}, nil
}

// Update takes the next input and returns the average. A NaN or infinite input gives NaN and starts over.
func (e *EMA) Update(x float64) float64 {
	if e.seen == e.n {
		e.value += float64(e.weight * (x - e.value))
		if !finite(e.value) {
			e.Reset()
		}
		return e.value
	}
	e.seen++
	e.sum += x
	if !finite(e.sum) {
		e.Reset()
		return nan
	}
	if e.seen == e.n {
		e.value = e.sum / float64(e.n)
	}
	return e.value
}

// Value is the last result.
func (e *EMA) Value() float64 { return e.value }

// Warmup is n.
func (e *EMA) Warmup() int { return e.n }

// Reset forgets everything.
func (e *EMA) Reset() { e.seen, e.sum, e.value = 0, 0, nan }

// WMA is the linearly weighted moving average: weight n for the newest of the last n inputs, 1 for the oldest.
type WMA struct {
	sum    rollingWeighted
	same   standing
	weight float64
	value  float64
}

// NewWMA makes a WMA over n ≥ 1 bars.
func NewWMA(n int) (*WMA, error) {
	if err := period("wma", "n", n, 1); err != nil {
		return nil, err
	}
	return &WMA{sum: newRollingWeighted(n), weight: float64(n) * float64(n+1) / 2, value: nan}, nil
}

// Update takes the next input and returns the average.
func (w *WMA) Update(x float64) float64 {
	same := w.same.add(x)
	if sum, full := w.sum.add(x); full {
		if w.value = clean(sum / w.weight); same >= len(w.sum.cells) {
			w.value = clean(w.same.x)
		}
	}
	return w.value
}

// Value is the last result.
func (w *WMA) Value() float64 { return w.value }

// Warmup is n.
func (w *WMA) Warmup() int { return len(w.sum.cells) }

// Reset forgets everything.
func (w *WMA) Reset() { w.sum.reset(); w.same.Reset(); w.value = nan }

// wilder is Wilder's smoothing: the mean of the first n inputs, then (previous·(n−1) + input)/n.
type wilder struct {
	n, seen int
	sum     float64
	value   float64
}

func newWilder(n int) wilder { return wilder{n: n, value: nan} }

// add returns the smoothed value, NaN before n inputs. The caller resets it when the value is not finite.
func (w *wilder) add(x float64) float64 {
	if w.seen == w.n {
		w.value = (float64(w.value*float64(w.n-1)) + x) / float64(w.n)
		return w.value
	}
	w.seen++
	w.sum += x
	if w.seen == w.n {
		w.value = w.sum / float64(w.n)
	}
	return w.value
}

func (w *wilder) reset() { w.seen, w.sum, w.value = 0, 0, nan }
