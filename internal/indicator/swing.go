package indicator

import "math"

// swings are the oscillators that read highs and lows.
func swings() []Spec {
	return []Spec{
		{
			Name: "cci", Params: []Param{scanned("n", 20, 2, "window")}, Inputs: onBar, Outputs: single, Unit: "none", WarmupDoc: "n",
			Doc: "Commodity channel index: (t − mean)/(0.015·mean absolute deviation from the mean) of the last n typical prices t, 0 where they are equal.",
			build: func(p []float64) (Stream, error) {
				s := newScan(int(p[0]))
				return windowed(3, 1, int(p[0]), func(in, out []float64) {
					t := typical(in)
					out[0] = nan
					if w := s.add(t); w != nil {
						sum, away := 0.0, 0.0
						for _, x := range w {
							sum += x - w[0] // exactly 0 where all are equal
						}
						mean := w[0] + sum/p[0]
						for _, x := range w {
							away += math.Abs(x - mean)
						}
						out[0] = ratio(t-mean, 0.015*(away/p[0]))
					}
				}, s)
			},
		},
		{
			Name: "williams_r", Params: []Param{bars("n", 14, 1, "window")}, Inputs: onBar, Outputs: single, Unit: "−100 to 0", WarmupDoc: "n",
			Doc: "Williams %R: −100·(highest high − close)/(highest high − lowest low) of the last n bars; −50 where they are equal.",
			build: func(p []float64) (Stream, error) {
				h, l := makeHighest(int(p[0])), makeLowest(int(p[0]))
				return windowed(3, 1, int(p[0]), func(in, out []float64) {
					top, bottom := h.Update(in[0]), l.Update(in[1])
					if out[0] = -100 * ((top - in[2]) / (top - bottom)); top == bottom {
						out[0] = -50
					}
				}, h, l)
			},
		},
		{
			Name: "ultimate", Params: []Param{bars("short", 7, 1, "short window"), bars("middle", 14, 1, "middle window"), bars("long", 28, 1, "long window")},
			Inputs: onBar, Outputs: single, Unit: unitPercent, WarmupDoc: "max(short, middle, long)+1",
			Doc:   "Ultimate oscillator: 100·(4·a + 2·b + c)/7, each the sum of close − true low over the sum of true ranges of a window; 0 for a window without range.",
			build: newUltimate,
		},
		{
			Name: "awesome", Params: []Param{bars("fast", 5, 1, "fast window"), bars("slow", 34, 1, "slow window")}, Inputs: []string{"high", "low"}, Outputs: single, Unit: unitPrice,
			WarmupDoc: "max(fast, slow)", Doc: "Awesome oscillator: SMA(fast) − SMA(slow) of (high + low)/2.",
			build: func(p []float64) (Stream, error) {
				a, b := makeSMA(int(p[0])), makeSMA(int(p[1]))
				return windowed(2, 1, int(max(p[0], p[1])), func(in, out []float64) {
					m := (in[0] + in[1]) / 2
					out[0] = a.Update(m) - b.Update(m)
				}, a, b)
			},
		},
		{
			Name: "smi", Params: []Param{bars("n", 13, 1, "window"), bars("first", 25, 1, "first EMA"), bars("second", 2, 1, "second EMA"), bars("signal", 3, 1, "EMA of the value")},
			Inputs: onBar, Outputs: []string{"value", "signal"}, Unit: "−100 to 100", WarmupDoc: "n",
			Doc: "Stochastic momentum index: 100·EMA(EMA(close − middle))/(½·EMA(EMA(highest high − lowest low))), the middle of the last n bars' range; EMAs are seeded with their first value; 0 without range. Recursive.",
			build: func(p []float64) (Stream, error) {
				h, l := makeHighest(int(p[0])), makeLowest(int(p[0]))
				a, b, c, d := newChain(int(p[1]), 1, 1), newChain(int(p[2]), 1, 1), newChain(int(p[1]), 1, 1), newChain(int(p[2]), 1, 1)
				s := newChain(int(p[3]), 1, 1)
				return recursive(3, 2, int(p[0]), func(in, out []float64) {
					top, bottom := h.Update(in[0]), l.Update(in[1])
					out[0], out[1] = nan, nan
					if !finite(top - bottom) {
						return
					}
					x, y := b.first(a.first(in[2]-(top+bottom)/2)), d.first(c.first(top-bottom))
					out[0] = 100 * ratio(x, y/2)
					out[1] = s.first(out[0])
				}, h, l, a, b, c, d, s)
			},
		},
		{
			Name: "fisher", Params: []Param{bars("n", 10, 1, "window")}, Inputs: []string{"high", "low"}, Outputs: []string{"value", "signal"}, Unit: "none", WarmupDoc: "n+1 (value: n)",
			Doc: "Ehlers' Fisher transform of (high + low)/2: v = 0.66·(place in the last n bars' range − 0.5) + 0.67·previous v, set to ±0.999 beyond ±0.99, as Ehlers does; value = ½·ln((1+v)/(1−v)) + ½·previous value; " +
				"signal is the previous value; the place is 0.5 without range. Recursive from 0 at bar n.",
			Differences: "Skender begins on the first bar with the window that is there; the two agree once that start is forgotten.",
			build: func(p []float64) (Stream, error) {
				h, l, v, f := makeHighest(int(p[0])), makeLowest(int(p[0])), newMemory(), newMemory()
				return recursive(2, 2, int(p[0])+1, func(in, out []float64) {
					m := (in[0] + in[1]) / 2
					top, bottom := h.Update(m), l.Update(m)
					out[0], out[1] = nan, f.x
					place := (m - bottom) / (top - bottom)
					if top == bottom {
						place = 0.5
					}
					if !finite(place) {
						return
					}
					v.x = float64(0.66*(place-0.5)) + float64(0.67*zeroed(v.x))
					if math.Abs(v.x) > 0.99 {
						v.x = math.Copysign(0.999, v.x)
					}
					f.x = float64(0.5*math.Log((1+v.x)/(1-v.x))) + float64(0.5*zeroed(f.x))
					out[0] = f.x
				}, h, l, v, f)
			},
		},
		{
			Name: "bop", Params: []Param{bars("n", 14, 1, "window")}, Inputs: onOpen, Outputs: single, Unit: "−1 to 1", WarmupDoc: "n",
			Doc:         "Balance of power: SMA(n) of (close − open)/(high − low), 0 for a bar without range.",
			Differences: "TA-Lib's does not smooth: n=1.",
			build: func(p []float64) (Stream, error) {
				s := makeSMA(int(p[0]))
				return windowed(4, 1, int(p[0]), func(in, out []float64) { out[0] = s.Update(ratio(in[3]-in[0], in[1]-in[2])) }, s)
			},
		},
		{
			Name: "mass", Params: []Param{bars("n", 25, 1, "window of the sum"), bars("smooth", 9, 1, "EMAs of the range")}, Inputs: []string{"high", "low"}, Outputs: single, Unit: "none", WarmupDoc: "2·smooth+n−2",
			Doc: "Mass index: sum over n bars of EMA(high − low)/EMA(EMA(high − low)), 0 for a bar where the latter is 0; each EMA is seeded with the mean of its own first values. Recursive.",
			build: func(p []float64) (Stream, error) {
				a, b, t := makeEMA(int(p[1])), makeEMA(int(p[1])), newTotal(int(p[0]))
				return recursive(2, 1, int(2*p[1]+p[0])-2, func(in, out []float64) {
					x := a.Update(in[0] - in[1])
					out[0] = t.Update(ratio(x, b.Update(x)))
				}, a, b, t)
			},
		},
	}
}

// zeroed is x, and zero where there is none yet.
func zeroed(x float64) float64 {
	if x != x {
		return 0
	}
	return x
}

// first is the first link's value of a chain that is seeded with one input.
func (c *chain) first(x float64) float64 {
	if e := c.Update(x); e != nil {
		return e[0]
	}
	return nan
}

func newUltimate(p []float64) (Stream, error) {
	var press, reach [3]*total
	m, parts := newMemory(), []part{}
	for i := range press {
		press[i], reach[i] = newTotal(int(p[i])), newTotal(int(p[i]))
		parts = append(parts, press[i], reach[i])
	}
	return windowed(3, 1, int(max(p[0], p[1], p[2]))+1, func(in, out []float64) {
		before := m.swap(in[2])
		low := min(in[1], before)
		bp, tr := in[2]-low, max(in[0], before)-low
		sum := 0.0
		for i, w := range [3]float64{4, 2, 1} {
			sum += float64(w * ratio(press[i].Update(bp), reach[i].Update(tr)))
		}
		out[0] = 100 * (sum / 7)
	}, append(parts, m)...)
}
