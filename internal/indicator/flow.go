package indicator

import "math"

// flows are the indicators that weigh prices by volume.
func flows() []Spec {
	return []Spec{
		{
			Name: "mfi", Params: []Param{bars("n", 14, 1, "changes")}, Inputs: onFlow, Outputs: single, Unit: unitPercent, WarmupDoc: "n+1",
			Doc:         "Money flow index: 100·rising/(rising + falling) of typical price × volume over the last n bars whose typical price rose or fell; 50 where there was no flow.",
			Differences: "Skender and TA-Lib give 100 or 0 where there was no flow at all.",
			build:       newMFI,
		},
		{
			Name: "cmf", Params: []Param{bars("n", 20, 1, "window")}, Inputs: onFlow, Outputs: single, Unit: "−1 to 1", WarmupDoc: "n",
			Doc: "Chaikin money flow: sum of multiplier × volume over sum of volume of the last n bars; the multiplier is ((close − low) − (high − close))/(high − low), 0 in a bar without range. No value where there was no volume.",
			build: func(p []float64) (Stream, error) {
				a, b := newTotal(int(p[0])), newTotal(int(p[0]))
				return windowed(4, 1, int(p[0]), func(in, out []float64) { out[0] = a.Update(moneyFlow(in)) / b.Update(in[3]) }, a, b)
			},
		},
		{
			Name: "adl", Inputs: onFlow, Outputs: single, Unit: "of the volume", WarmupDoc: "1",
			Doc: "Accumulation/distribution line: compensated running sum of multiplier × volume (see cmf), from 0. Recursive.",
			build: func([]float64) (Stream, error) {
				a := &account{}
				return recursive(4, 1, 1, func(in, out []float64) { out[0] = a.add(moneyFlow(in)) }, a)
			},
		},
		{
			Name: "chaikin_oscillator", Params: []Param{bars("fast", 3, 1, "fast EMA; shorter than slow"), bars("slow", 10, 2, "slow EMA")}, Inputs: onFlow, Outputs: single,
			Unit: "of the volume", WarmupDoc: "slow",
			Doc:         "EMA(fast) − EMA(slow) of the accumulation/distribution line, each seeded with the mean of its first values. Recursive.",
			Differences: "TA-Lib's ADOSC seeds with the first value.",
			build: func(p []float64) (Stream, error) {
				m, err := NewMACD(int(p[0]), int(p[1]), 1)
				if err != nil {
					return nil, err
				}
				a := &account{}
				return recursive(4, 1, int(p[1]), func(in, out []float64) { out[0] = m.Update(a.add(moneyFlow(in))).Line }, m, a)
			},
		},
		{
			Name: "force", Params: []Param{bars("n", 13, 1, "EMA")}, Inputs: []string{"close", "volume"}, Outputs: single, Unit: "of price × volume", WarmupDoc: "n+1",
			Doc: "Elder's force index: EMA(n) of (close − previous close) × volume, seeded with the mean of its first n values. Recursive.",
			build: func(p []float64) (Stream, error) {
				e, m := makeEMA(int(p[0])), newMemory()
				return recursive(2, 1, int(p[0])+1, func(in, out []float64) {
					before := m.swap(in[0])
					out[0] = e.Update(float64((in[0] - before) * in[1]))
				}, e, m)
			},
		},
	}
}

// moneyFlow is Chaikin's multiplier times the volume of high, low, close, volume.
func moneyFlow(in []float64) float64 {
	high, low, close := in[0], in[1], in[2]
	return float64(ratio((close-low)-(high-close), high-low) * in[3])
}

func newMFI(p []float64) (Stream, error) {
	up, down, m := newTotal(int(p[0])), newTotal(int(p[0])), newMemory()
	return windowed(4, 1, int(p[0])+1, func(in, out []float64) {
		now := typical(in)
		flow, move := float64(now*in[3]), now-m.swap(now)
		rise, drop := 0.0, 0.0
		switch {
		case move != move:
			rise, drop = nan, nan
		case move > 0:
			rise = flow
		case move < 0:
			drop = flow
		}
		r, d := up.Update(rise), down.Update(drop)
		if out[0] = 100 * (r / (r + d)); r+d == 0 {
			out[0] = 50
		}
	}, up, down, m)
}

// ranges are the volatilities that read more of a bar than its close, and the average range in percent.
func ranges() []Spec {
	ln2 := math.Ln2
	return []Spec{
		{
			Name: "parkinson", Params: []Param{bars("n", 20, 1, "window")}, Inputs: []string{"high", "low"}, Outputs: single, Unit: "per bar, as a fraction", WarmupDoc: "n",
			Doc: "Parkinson's volatility (1980): √(mean of ln(high/low)²/(4·ln 2)) of the last n bars, not annualised.",
			build: func(p []float64) (Stream, error) {
				s := makeSMA(int(p[0]))
				return windowed(2, 1, int(p[0]), func(in, out []float64) {
					r := math.Log(in[0] / in[1])
					out[0] = math.Sqrt(s.Update(float64(r*r)) / (4 * ln2))
				}, s)
			},
		},
		{
			Name: "garman_klass", Params: []Param{bars("n", 20, 1, "window")}, Inputs: onOpen, Outputs: single, Unit: "per bar, as a fraction", WarmupDoc: "n",
			Doc: "Garman and Klass's volatility (1980): √(mean of ½·ln(high/low)² − (2·ln 2 − 1)·ln(close/open)²) of the last n bars, not annualised; no value where the mean is below zero.",
			build: func(p []float64) (Stream, error) {
				s := makeSMA(int(p[0]))
				return windowed(4, 1, int(p[0]), func(in, out []float64) {
					r, c := math.Log(in[1]/in[2]), math.Log(in[3]/in[0])
					out[0] = math.Sqrt(s.Update(float64(0.5*r*r) - float64((2*ln2-1)*c*c)))
				}, s)
			},
		},
		{
			Name: "rogers_satchell", Params: []Param{bars("n", 20, 1, "window")}, Inputs: onOpen, Outputs: single, Unit: "per bar, as a fraction", WarmupDoc: "n",
			Doc: "Rogers and Satchell's volatility (1991): √(mean of ln(high/close)·ln(high/open) + ln(low/close)·ln(low/open)) of the last n bars, not annualised.",
			build: func(p []float64) (Stream, error) {
				s := makeSMA(int(p[0]))
				return windowed(4, 1, int(p[0]), func(in, out []float64) { out[0] = math.Sqrt(s.Update(rogers(in))) }, s)
			},
		},
		{
			Name: "yang_zhang", Params: []Param{bars("n", 20, 2, "window")}, Inputs: onOpen, Outputs: single, Unit: "per bar, as a fraction", WarmupDoc: "n+1",
			Doc: "Yang and Zhang's volatility (2000): √(var(ln(open/previous close)) + k·var(ln(close/open)) + (1 − k)·Rogers-Satchell mean) of the last n bars, variances with ddof 1, " +
				"k = 0.34/(1.34 + (n+1)/(n−1)), not annualised.",
			build: newYangZhang,
		},
	}
}

// rogers is one bar's term of Rogers and Satchell: open, high, low, close.
func rogers(in []float64) float64 {
	open, high, low, close := in[0], in[1], in[2], in[3]
	return float64(math.Log(high/close)*math.Log(high/open)) + float64(math.Log(low/close)*math.Log(low/open))
}

// variance is the sample variance of the last n inputs, NaN before there are n.
type variance struct{ of rollingMoments }

func newVariance(n int) *variance { return &variance{newRollingMoments(n)} }

func (v *variance) Update(x float64) float64 {
	if m, full := v.of.add(x); full {
		return m.squares / float64(len(v.of.cells)-1)
	}
	return nan
}

func (v *variance) Reset() { v.of.reset() }

func newYangZhang(p []float64) (Stream, error) {
	n := int(p[0])
	k := 0.34 / (1.34 + (p[0]+1)/(p[0]-1))
	night, day, mean, m := newVariance(n), newVariance(n), makeSMA(n), newMemory()
	return windowed(4, 1, n+1, func(in, out []float64) {
		before := m.swap(in[3])
		a, b, c := night.Update(math.Log(in[0]/before)), day.Update(math.Log(in[3]/in[0])), mean.Update(rogers(in))
		out[0] = math.Sqrt(a + float64(k*b) + float64((1-k)*c))
	}, night, day, mean, m)
}
