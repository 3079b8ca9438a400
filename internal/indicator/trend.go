package indicator

import "math"

// trends are the indicators of direction, and the bands and stops around a price.
func trends() []Spec {
	atrOf := func(n float64) *ATR { return &ATR{smooth: newWilder(int(n)), value: nan} }
	return []Spec{
		{
			Name: "aroon", Params: []Param{bars("n", 25, 1, "bars back")}, Inputs: []string{"high", "low"}, Outputs: []string{"up", "down", "oscillator"}, Unit: "0 to 100; oscillator −100 to 100", WarmupDoc: "n+1",
			Doc: "100·(n − bars since the highest high or lowest low of the last n+1 bars)/n, and up − down. Of equal ones the oldest counts.",
			build: func(p []float64) (Stream, error) {
				h, l, c := newRolling[peak](int(p[0])+1), newRolling[peak](int(p[0])+1), &count{}
				return windowed(2, 3, int(p[0])+1, func(in, out []float64) {
					c.n++
					top, full := h.add(peak{in[0], c.n})
					bottom, _ := l.add(peak{-in[1], c.n})
					if out[0], out[1], out[2] = nan, nan, nan; full && top.x == top.x && bottom.x == bottom.x {
						out[0], out[1] = 100*(p[0]-float64(c.n-top.at))/p[0], 100*(p[0]-float64(c.n-bottom.at))/p[0]
						out[2] = out[0] - out[1]
					}
				}, h, l, c)
			},
		},
		{
			Name: "adx", Params: []Param{bars("n", 14, 1, "period of all smoothings")}, Inputs: onBar, Outputs: []string{"adx", "plus_di", "minus_di"}, Unit: unitPercent, WarmupDoc: "2n (plus_di, minus_di: n+1)",
			Doc: "Wilder's directional movement: DI = 100·smoothed DM/smoothed true range, DX = 100·|difference|/sum of the two, ADX = smoothed DX; Wilder's smoothing, each seeded with the mean of its first n values; " +
				"0 where the divisor is. Recursive.",
			Differences: "TA-Lib seeds the sums with n−1 values, so its early values differ and then converge.",
			build:       newADX,
		},
		{
			Name: "vortex", Params: []Param{bars("n", 14, 1, "window")}, Inputs: onBar, Outputs: []string{"plus", "minus"}, Unit: "ratio", WarmupDoc: "n+1",
			Doc: "Vortex: sums of |high − previous low| and of |low − previous high| over the sum of true ranges of the last n bars; 0 without range.",
			build: func(p []float64) (Stream, error) {
				n := int(p[0])
				a, b, r, h, l, c := newTotal(n), newTotal(n), newTotal(n), newMemory(), newMemory(), newMemory()
				return windowed(3, 2, n+1, func(in, out []float64) {
					high, low := h.swap(in[0]), l.swap(in[1])
					tr := r.Update(trueRange(in[0], in[1], c.swap(in[2])))
					out[0], out[1] = ratio(a.Update(math.Abs(in[0]-low)), tr), ratio(b.Update(math.Abs(in[1]-high)), tr)
				}, a, b, r, h, l, c)
			},
		},
		{
			Name: "choppiness", Params: []Param{bars("n", 14, 2, "window")}, Inputs: onBar, Outputs: single, Unit: unitPercent, WarmupDoc: "n+1",
			Doc: "Choppiness index: 100·log(sum of true ranges/(highest true high − lowest true low))/log(n) of the last n bars; no value without range.",
			build: func(p []float64) (Stream, error) {
				n := int(p[0])
				t, h, l, c := newTotal(n), makeHighest(n), makeLowest(n), newMemory()
				return windowed(3, 1, n+1, func(in, out []float64) {
					before := c.swap(in[2])
					high, low := max(in[0], before), min(in[1], before)
					out[0] = 100 * (math.Log(t.Update(high-low)/(h.Update(high)-l.Update(low))) / math.Log(p[0]))
				}, t, h, l, c)
			},
		},
		{
			Name: "elder_ray", Params: []Param{bars("n", 13, 1, "EMA of the close")}, Inputs: onBar, Outputs: []string{"bull", "bear"}, Unit: unitPrice, WarmupDoc: "n",
			Doc: "Elder's bull and bear power: high − EMA(n) and low − EMA(n) of the close. Recursive.",
			build: func(p []float64) (Stream, error) {
				e := makeEMA(int(p[0]))
				return recursive(3, 2, int(p[0]), func(in, out []float64) {
					v := e.Update(in[2])
					out[0], out[1] = in[0]-v, in[1]-v
				}, e)
			},
		},
		{
			Name: "true_range", Inputs: onBar, Outputs: single, Unit: unitPrice, WarmupDoc: "2",
			Doc: "max(high − low, |high − previous close|, |low − previous close|).",
			build: func([]float64) (Stream, error) {
				m := newMemory()
				return windowed(3, 1, 2, func(in, out []float64) { out[0] = trueRange(in[0], in[1], m.swap(in[2])) }, m)
			},
		},
		{
			Name: "natr", Params: []Param{bars("n", 14, 1, "true ranges smoothed")}, Inputs: onBar, Outputs: single, Unit: "percent", WarmupDoc: "n+1",
			Doc: "100·ATR(n)/close. Recursive.",
			build: func(p []float64) (Stream, error) {
				a := atrOf(p[0])
				return recursive(3, 1, int(p[0])+1, func(in, out []float64) { out[0] = clean(100 * (a.Update(in[0], in[1], in[2]) / in[2])) }, a)
			},
		},
		{
			Name: "keltner", Params: []Param{bars("n", 20, 1, "EMA of the close"), {Name: "width", Default: 2, Min: 1e-6, Max: 100, Doc: "ranges to each side"}, bars("atr", 10, 1, "ATR")},
			Inputs: onBar, Outputs: []string{"upper", "middle", "lower"}, Unit: unitPrice, WarmupDoc: "max(n, atr+1)",
			Doc: "Keltner channel: EMA(n) of the close and width times ATR(atr) to each side. Recursive.",
			build: func(p []float64) (Stream, error) {
				e, a := makeEMA(int(p[0])), atrOf(p[2])
				return recursive(3, 3, int(max(p[0], p[2]+1)), func(in, out []float64) {
					v, half := e.Update(in[2]), float64(p[1]*a.Update(in[0], in[1], in[2]))
					out[0], out[1], out[2] = v+half, v, v-half
				}, e, a)
			},
		},
		{
			Name: "starc", Params: []Param{bars("n", 5, 1, "SMA of the close"), {Name: "width", Default: 2, Min: 1e-6, Max: 100, Doc: "ranges to each side"}, bars("atr", 10, 1, "ATR")},
			Inputs: onBar, Outputs: []string{"upper", "middle", "lower"}, Unit: unitPrice, WarmupDoc: "max(n, atr+1)",
			Doc: "Stoller's average range channel: SMA(n) of the close and width times ATR(atr) to each side. Recursive.",
			build: func(p []float64) (Stream, error) {
				e, a := makeSMA(int(p[0])), atrOf(p[2])
				return recursive(3, 3, int(max(p[0], p[2]+1)), func(in, out []float64) {
					v, half := e.Update(in[2]), float64(p[1]*a.Update(in[0], in[1], in[2]))
					out[0], out[1], out[2] = v+half, v, v-half
				}, e, a)
			},
		},
		{
			Name: "chandelier", Params: []Param{bars("n", 22, 1, "window and ATR"), {Name: "width", Default: 3, Min: 1e-6, Max: 100, Doc: "ranges"}}, Inputs: onBar, Outputs: []string{"long", "short"},
			Unit: unitPrice, WarmupDoc: "n+1",
			Doc: "Chandelier exits: highest high − width·ATR(n) for a long position, lowest low + width·ATR(n) for a short one. Recursive.",
			build: func(p []float64) (Stream, error) {
				h, l, a := makeHighest(int(p[0])), makeLowest(int(p[0])), atrOf(p[0])
				return recursive(3, 2, int(p[0])+1, func(in, out []float64) {
					r := float64(p[1] * a.Update(in[0], in[1], in[2]))
					out[0], out[1] = h.Update(in[0])-r, l.Update(in[1])+r
				}, h, l, a)
			},
		},
		{
			Name: "ichimoku", Params: []Param{bars("conversion", 9, 1, "window"), bars("base", 26, 1, "window, and bars that the spans are moved by"), bars("span", 52, 1, "window of span B")},
			Inputs: []string{"high", "low"}, Outputs: []string{"conversion", "base", "span_a", "span_b"}, Unit: unitPrice, WarmupDoc: "max(conversion, base, span)+base",
			Doc:         "Ichimoku: the middles of the ranges of three windows; span_a = (conversion + base)/2 and span_b are those of base bars ago, which is where a chart draws them.",
			Differences: "There is no lagging span: it is the close of base bars later.",
			build: func(p []float64) (Stream, error) {
				var h [3]*Highest
				var l [3]*Lowest
				a, b := newDelay(int(p[1])), newDelay(int(p[1]))
				parts := []part{a, b}
				for i := range h {
					h[i], l[i] = makeHighest(int(p[i])), makeLowest(int(p[i]))
					parts = append(parts, h[i], l[i])
				}
				return windowed(2, 4, int(max(p[0], p[1], p[2])+p[1]), func(in, out []float64) {
					var m [3]float64
					for i := range m {
						m[i] = (h[i].Update(in[0]) + l[i].Update(in[1])) / 2
					}
					out[0], out[1], out[2], out[3] = m[0], m[1], a.Update((m[0]+m[1])/2), b.Update(m[2])
				}, parts...)
			},
		},
		{
			Name: "supertrend", Params: []Param{bars("n", 10, 1, "ATR"), {Name: "width", Default: 3, Min: 1e-6, Max: 100, Doc: "ranges to each side"}}, Inputs: onBar, Outputs: []string{"value", "direction"},
			Unit: "of the price; direction is 1 or −1", WarmupDoc: "n+1",
			Doc: "SuperTrend: bands at (high + low)/2 ± width·ATR(n) that only tighten until the close passes them; value is the lower band while direction is 1, the upper one while −1. " +
				"A close at or below the lower band turns it down, one above the upper band turns it up. Recursive.",
			build: func(p []float64) (Stream, error) { return newSuperTrend(atrOf(p[0]), int(p[0]), p[1]) },
		},
		{
			Name: "psar", Params: []Param{{Name: "step", Default: 0.02, Min: 1e-6, Max: 1, Doc: "acceleration at the start and per new extreme"}, {Name: "limit", Default: 0.2, Min: 1e-6, Max: 1, Doc: "greatest acceleration"}},
			Inputs: []string{"high", "low"}, Outputs: []string{"value", "direction"}, Unit: "of the price; direction is 1 or −1", WarmupDoc: "2",
			Doc: "Wilder's parabolic stop and reverse, taken as rising at the first bar from its low; the stop stays outside the two bars before. Recursive.",
			Differences: "Skender hides everything up to the first reversal, which is known only afterwards. TA-Lib takes the first direction from the first directional movement. " +
				"The two agree from the first reversal of both.",
			build: func(p []float64) (Stream, error) {
				s := &parabola{step: p[0], limit: max(p[1], p[0])}
				return recursive(2, 2, 2, s.update, s)
			},
		},
	}
}
