package indicator

import "math"

// oscillators are the indicators of momentum that read one series.
func oscillators() []Spec {
	return []Spec{
		{
			Name: "momentum", Params: []Param{bars("n", 14, 1, "bars back")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n+1",
			Doc: "x − x n bars ago.",
			build: func(p []float64) (Stream, error) {
				d := newDelay(int(p[0]))
				return windowed(1, 1, int(p[0])+1, func(in, out []float64) { out[0] = in[0] - d.Update(in[0]) }, d)
			},
		},
		{
			Name: "stochrsi", Params: []Param{bars("n", 14, 1, "changes of the RSI"), bars("window", 14, 1, "bars of the stochastic"), bars("smooth", 1, 1, "average that makes K"), bars("signal", 3, 1, "average that makes D")},
			Inputs: onClose, Outputs: []string{"k", "d"}, Unit: unitPercent, WarmupDoc: "n+window+smooth+signal−2",
			Doc:         "Stochastic (k, d; 50 in a flat window) of Wilder's RSI. Recursive.",
			Differences: "TradingView smooths k over 3 bars; give smooth=3 for that. Some libraries hand out 0 to 1.",
			build: func(p []float64) (Stream, error) {
				r, err := NewRSI(int(p[0]))
				if err != nil {
					return nil, err
				}
				s, err := NewStochastic(int(p[1]), int(p[2]), int(p[3]))
				if err != nil {
					return nil, err
				}
				return recursive(1, 2, int(p[0]+p[1]+p[2]+p[3])-2, func(in, out []float64) {
					v := r.Update(in[0])
					out[0], out[1] = s.Update(v, v, v)
				}, r, s)
			},
		},
		{
			Name: "trix", Params: []Param{bars("n", 14, 1, "period; the weight is 2/(n+1)")}, Inputs: onClose, Outputs: single, Unit: "percent", WarmupDoc: "n+1",
			Doc:         "100·(e3 − previous e3)/previous e3, e3 the third of three chained EMAs, all seeded with the mean of the first n inputs. Recursive.",
			Differences: "TA-Lib seeds each stage with its own first n values and begins 2(n−1) bars later.",
			build: func(p []float64) (Stream, error) {
				c, m := newChain(int(p[0]), int(p[0]), 3), newMemory()
				return recursive(1, 1, int(p[0])+1, func(in, out []float64) {
					now := nan
					if e := c.Update(in[0]); e != nil {
						now = e[2]
					}
					before := m.swap(now)
					if out[0] = 100 * ((now - before) / before); before == 0 {
						out[0] = nan
					}
				}, c, m)
			},
		},
		{
			Name: "tsi", Params: []Param{bars("n", 25, 1, "first EMA of the changes"), bars("smooth", 13, 1, "second EMA"), bars("signal", 7, 1, "EMA of the value")},
			Inputs: onClose, Outputs: []string{"value", "signal"}, Unit: "−100 to 100", WarmupDoc: "n+smooth+signal−1 (value: n+smooth)",
			Doc:   "True strength index: 100·EMA(EMA(change))/EMA(EMA(|change|)), 0 where nothing moved; each EMA is seeded with the mean of its own first values. Recursive.",
			build: newTSI,
		},
		{
			Name: "ppo", Params: []Param{bars("fast", 12, 1, "fast EMA; shorter than slow"), bars("slow", 26, 2, "slow EMA"), bars("signal", 9, 1, "EMA of the line")},
			Inputs: onClose, Outputs: []string{"line", "signal", "histogram"}, Unit: "percent", WarmupDoc: "slow+signal−1 (line: slow)",
			Doc:         "Percentage price oscillator: 100·(EMA(fast) − EMA(slow))/EMA(slow), its EMA, and the difference. Recursive.",
			Differences: "TA-Lib's PPO uses simple averages by default. PVO is this one with source=\"volume\".",
			build: func(p []float64) (Stream, error) {
				m, err := NewMACD(int(p[0]), int(p[1]), int(p[2]))
				if err != nil {
					return nil, err
				}
				signal := makeEMA(int(p[2]))
				return recursive(1, 3, int(p[1]+p[2])-1, func(in, out []float64) {
					v := m.Update(in[0])
					line := clean(100 * (v.Line / m.slow.value))
					out[0], out[1] = line, signal.Update(line)
					out[2] = out[0] - out[1]
				}, m, signal)
			},
		},
		{
			Name: "dpo", Params: []Param{bars("n", 14, 1, "window")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "max(n, ⌊n/2⌋+2)",
			Doc:         "Detrended price oscillator: x ⌊n/2⌋+1 bars ago − SMA(n).",
			Differences: "Skender writes the same value ⌊n/2⌋+1 bars earlier, on the bar of that price, where it was not yet known.",
			build: func(p []float64) (Stream, error) {
				n := int(p[0])
				d, s := newDelay(n/2+1), makeSMA(n)
				return windowed(1, 1, max(n, n/2+2), func(in, out []float64) { out[0] = d.Update(in[0]) - s.Update(in[0]) }, d, s)
			},
		},
		{
			Name: "cmo", Params: []Param{bars("n", 14, 1, "changes")}, Inputs: onClose, Outputs: single, Unit: "−100 to 100", WarmupDoc: "n+1",
			Doc:         "Chande momentum oscillator: 100·(rises − falls)/(rises + falls), plain sums of the last n changes, 0 where nothing moved.",
			Differences: "TA-Lib smooths rises and falls as Wilder does.",
			build: func(p []float64) (Stream, error) {
				up, down, m := newTotal(int(p[0])), newTotal(int(p[0])), newMemory()
				return windowed(1, 1, int(p[0])+1, func(in, out []float64) {
					d := in[0] - m.swap(in[0])
					u, l := up.Update(max(d, 0)), down.Update(max(-d, 0))
					out[0] = 100 * ratio(u-l, u+l)
				}, up, down, m)
			},
		},
		{
			Name: "pmo", Params: []Param{bars("n", 35, 2, "first smoothing, weight 2/n"), bars("smooth", 20, 2, "second smoothing, weight 2/smooth"), bars("signal", 10, 1, "EMA of the value")},
			Inputs: onClose, Outputs: []string{"value", "signal"}, Unit: "tenths of a percent", WarmupDoc: "n+smooth+signal−1 (value: n+smooth)",
			Doc: "DecisionPoint price momentum oscillator: 10 times the twice smoothed one-bar change in percent; each smoothing is seeded with the mean of its own first values. Recursive.",
			build: func(p []float64) (Stream, error) {
				a, b, s := makeEMA(int(p[0])), makeEMA(int(p[1])), makeEMA(int(p[2]))
				a.weight, b.weight = 2/p[0], 2/p[1]
				m := newMemory()
				return recursive(1, 2, int(p[0]+p[1]+p[2])-1, func(in, out []float64) {
					before := m.swap(in[0])
					out[0] = b.Update(10 * a.Update(clean(100*(in[0]/before-1))))
					out[1] = s.Update(out[0])
				}, a, b, s, m)
			},
		},
		{
			Name: "coppock", Params: []Param{bars("long", 14, 1, "longer rate of change"), bars("short", 11, 1, "shorter rate of change"), bars("n", 10, 1, "window of the WMA")},
			Inputs: onClose, Outputs: single, Unit: "percent", WarmupDoc: "max(long, short)+n",
			Doc: "Coppock curve: WMA(n) of ROC(long) + ROC(short).",
			build: func(p []float64) (Stream, error) {
				a, b, w := newDelay(int(p[0])), newDelay(int(p[1])), makeWMA(int(p[2]))
				return windowed(1, 1, int(max(p[0], p[1])+p[2]), func(in, out []float64) {
					x, y := a.Update(in[0]), b.Update(in[0])
					out[0] = w.Update(100*((in[0]-x)/x) + 100*((in[0]-y)/y))
				}, a, b, w)
			},
		},
		{
			Name: "stc", Params: []Param{bars("fast", 23, 1, "fast EMA; shorter than slow"), bars("slow", 50, 2, "slow EMA"), bars("n", 10, 1, "bars of the stochastic"), bars("smooth", 3, 1, "average of it")},
			Inputs: onClose, Outputs: single, Unit: unitPercent, WarmupDoc: "slow+n+smooth−2",
			Doc:         "Schaff trend cycle, plain form: stochastic over n bars of EMA(fast) − EMA(slow), averaged over smooth bars; 50 in a flat window. Recursive.",
			Differences: "TradingView's takes the stochastic twice with a factor of 0.5.",
			build: func(p []float64) (Stream, error) {
				m, err := NewMACD(int(p[0]), int(p[1]), 1)
				if err != nil {
					return nil, err
				}
				s, err := NewStochastic(int(p[2]), int(p[3]), 1)
				if err != nil {
					return nil, err
				}
				return recursive(1, 1, int(p[1]+p[2]+p[3])-2, func(in, out []float64) {
					v := m.Update(in[0]).Line
					out[0], _ = s.Update(v, v, v)
				}, m, s)
			},
		},
		{
			Name: "efficiency", Params: []Param{bars("n", 10, 1, "changes")}, Inputs: onClose, Outputs: single, Unit: "0 to 1", WarmupDoc: "n+1",
			Doc: "Kaufman's efficiency ratio: |x − x n bars ago|/sum of the last n absolute changes, 0 where nothing moved.",
			build: func(p []float64) (Stream, error) {
				d, m, sum := newDelay(int(p[0])), newMemory(), newTotal(int(p[0]))
				return windowed(1, 1, int(p[0])+1, func(in, out []float64) {
					before := m.swap(in[0])
					out[0] = ratio(math.Abs(in[0]-d.Update(in[0])), sum.Update(math.Abs(in[0]-before)))
				}, d, m, sum)
			},
		},
	}
}

func newTSI(p []float64) (Stream, error) {
	a, b := makeEMA(int(p[0])), makeEMA(int(p[1]))
	c, d := makeEMA(int(p[0])), makeEMA(int(p[1]))
	s, m := makeEMA(int(p[2])), newMemory()
	return recursive(1, 2, int(p[0]+p[1]+p[2])-1, func(in, out []float64) {
		move := in[0] - m.x
		m.x = in[0]
		x, y := b.Update(a.Update(move)), d.Update(c.Update(math.Abs(move)))
		out[0] = 100 * ratio(x, y)
		out[1] = s.Update(clean(out[0]))
	}, a, b, c, d, s, m)
}
