package indicator

import "math"

// newADX joins Wilder's five smoothings.
func newADX(p []float64) (Stream, error) {
	n := int(p[0])
	tr, plus, minus, adx := newSmoothed(n), newSmoothed(n), newSmoothed(n), newSmoothed(n)
	h, l, c := newMemory(), newMemory(), newMemory()
	return recursive(3, 3, 2*n, func(in, out []float64) {
		up, down := in[0]-h.swap(in[0]), -(in[1] - l.swap(in[1]))
		r := tr.Update(trueRange(in[0], in[1], c.swap(in[2])))
		pdm, mdm := up-up, down-down // NaN on the first bar
		if up > down && up > 0 {
			pdm = up
		}
		if down > up && down > 0 {
			mdm = down
		}
		a, b := 100*ratio(plus.Update(pdm), r), 100*ratio(minus.Update(mdm), r)
		out[0], out[1], out[2] = adx.Update(100*ratio(math.Abs(a-b), a+b)), a, b
	}, tr, plus, minus, adx, h, l, c)
}

// superTrend is the state of the bands.
type superTrend struct {
	upper, lower, before float64
	rising, begun        bool
}

func (s *superTrend) Reset() { *s = superTrend{} }

func newSuperTrend(atr *ATR, n int, width float64) (Stream, error) {
	s := &superTrend{}
	return recursive(3, 2, n+1, func(in, out []float64) {
		high, low, close := in[0], in[1], in[2]
		half, middle, before := float64(width*atr.Update(high, low, close)), (high+low)/2, s.before
		s.before = close
		if out[0], out[1] = nan, nan; half != half {
			s.begun = false
			return
		}
		up, down := middle+half, middle-half
		if !s.begun {
			s.begun, s.rising, s.upper, s.lower = true, close >= middle, up, down
		}
		if up < s.upper || before > s.upper {
			s.upper = up
		}
		if down > s.lower || before < s.lower {
			s.lower = down
		}
		if s.rising {
			s.rising = close > s.lower
		} else {
			s.rising = close > s.upper
		}
		if out[0], out[1] = s.upper, -1; s.rising {
			out[0], out[1] = s.lower, 1
		}
		if !finite(up) || !finite(down) {
			out[0] = math.Inf(1)
		}
	}, s, atr)
}

// parabola is the state of the parabolic stop.
type parabola struct {
	step, limit    float64
	speed, extreme float64
	value          float64
	rising         bool
	seen           int
	high, low      [2]float64 // of the two bars before, the newest first
}

func (s *parabola) Reset() { *s = parabola{step: s.step, limit: s.limit} }

func (s *parabola) update(in, out []float64) {
	high, low := in[0], in[1]
	if out[0], out[1] = nan, nan; s.seen == 0 {
		s.speed, s.extreme, s.value, s.rising = s.step, high, low, true
	} else {
		s.move(high, low)
		if out[0], out[1] = s.value, -1; s.rising {
			out[1] = 1
		}
		if !finite(s.value) {
			out[0] = math.Inf(1)
		}
	}
	s.high, s.low = [2]float64{high, s.high[0]}, [2]float64{low, s.low[0]}
	s.seen = min(s.seen+1, 2)
}

// move takes the stop one bar on; a falling trend is a rising one upside down.
func (s *parabola) move(high, low float64) {
	sign, near, far := 1.0, low, high
	bound := min(s.low[0], s.low[1])
	if !s.rising {
		sign, near, far = -1, -high, -low
		bound = min(-s.high[0], -s.high[1])
	}
	value, extreme := sign*s.value, sign*s.extreme
	stop := value + float64(s.speed*(extreme-value))
	if s.seen > 1 {
		stop = min(stop, bound)
	}
	switch {
	case near < stop:
		s.value, s.extreme, s.speed, s.rising = s.extreme, sign*near, s.step, !s.rising
		return
	case far > extreme:
		s.extreme, s.speed = sign*far, min(s.speed+s.step, s.limit)
	}
	s.value = sign * stop
}
