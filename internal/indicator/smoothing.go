package indicator

import "math"

// smoothings are the moving averages beyond the three simplest.
func smoothings() []Spec {
	return []Spec{
		{
			Name: "dema", Params: []Param{bars("n", 20, 1, "period; the weight is 2/(n+1)")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:         "Double exponential moving average: 2·e1 − e2, e2 the EMA of e1; both are seeded with the mean of the first n inputs. Recursive.",
			Differences: "TA-Lib and pandas-ta seed e2 with the mean of the first n values of e1, so they begin n−1 bars later and differ until that is forgotten.",
			build: func(p []float64) (Stream, error) {
				c := newChain(int(p[0]), int(p[0]), 2)
				return recursive(1, 1, int(p[0]), func(in, out []float64) {
					out[0] = nan
					if e := c.Update(in[0]); e != nil {
						out[0] = float64(2*e[0]) - e[1]
					}
				}, c)
			},
		},
		{
			Name: "tema", Params: []Param{bars("n", 20, 1, "period; the weight is 2/(n+1)")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:         "Triple exponential moving average: 3·e1 − 3·e2 + e3, each the EMA of the one before; all are seeded with the mean of the first n inputs. Recursive.",
			Differences: "TA-Lib seeds each stage with its own first n values and begins 2(n−1) bars later.",
			build: func(p []float64) (Stream, error) {
				c := newChain(int(p[0]), int(p[0]), 3)
				return recursive(1, 1, int(p[0]), func(in, out []float64) {
					out[0] = nan
					if e := c.Update(in[0]); e != nil {
						out[0] = float64(3*e[0]) - float64(3*e[1]) + e[2]
					}
				}, c)
			},
		},
		{
			Name: "t3", Params: []Param{bars("n", 5, 1, "period; the weight is 2/(n+1)"), {Name: "factor", Default: 0.7, Min: 0, Max: 1, Doc: "volume factor"}},
			Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "1",
			Doc:         "Tillson's T3: −a³·e6 + (3a²+3a³)·e5 − (6a²+3a+3a³)·e4 + (1+3a+a³+3a²)·e3 over six chained EMAs, all seeded with the first input. Recursive.",
			Differences: "TA-Lib seeds with means of n values and begins 6(n−1) bars later.",
			build:       newT3,
		},
		{
			Name: "hma", Params: []Param{bars("n", 14, 2, "window")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n+⌊√n⌋−1",
			Doc: "Hull moving average: WMA over ⌊√n⌋ bars of 2·WMA(⌊n/2⌋) − WMA(n).",
			build: func(p []float64) (Stream, error) {
				n := int(p[0])
				root := int(math.Sqrt(float64(n)))
				half, whole, last := makeWMA(n/2), makeWMA(n), makeWMA(root)
				return windowed(1, 1, n+root-1, func(in, out []float64) {
					out[0] = last.Update(float64(2*half.Update(in[0])) - whole.Update(in[0]))
				}, half, whole, last)
			},
		},
		{
			Name: "kama", Params: []Param{bars("n", 10, 1, "changes of the efficiency ratio"), bars("fast", 2, 1, "EMA period at efficiency 1"), bars("slow", 30, 1, "EMA period at efficiency 0")},
			Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc: "Kaufman's adaptive average: k += c²·(x − k), c = er·(2/(fast+1) − 2/(slow+1)) + 2/(slow+1), er = |x − x n bars ago|/sum of the last n absolute changes " +
				"(0 where nothing moved). Seeded with the n-th input. Recursive.",
			Differences: "TA-Lib has no value on bar n, where Skender and this one give the seed.",
			build:       newKAMA,
		},
		{
			Name: "smma", Params: []Param{bars("n", 20, 1, "period; the weight is 1/n")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:         "Wilder's smoothed average (RMA): (s·(n−1) + x)/n, seeded with the mean of the first n inputs. Recursive.",
			Differences: "pandas ewm(alpha=1/n) seeds with the first input.",
			build: func(p []float64) (Stream, error) {
				s := newSmoothed(int(p[0]))
				return recursive(1, 1, int(p[0]), func(in, out []float64) { out[0] = s.Update(in[0]) }, s)
			},
		},
		{
			Name: "alma", Params: []Param{scanned("n", 9, 1, "window"), {Name: "offset", Default: 0.85, Min: 0, Max: 1, Doc: "centre of the weights; 1 is the newest bar"},
				{Name: "sigma", Default: 6, Min: 0.1, Max: 1000, Doc: "n/sigma is the width of the weights in bars"}},
			Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:   "Arnaud Legoux average: weights exp(−(i − offset·(n−1))²/(2·(n/sigma)²)), i from 0 for the oldest; each bar sums its window anew.",
			build: newALMA,
		},
		{
			Name: "trima", Params: []Param{bars("n", 20, 1, "window")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc: "Triangular average: SMA over ⌊n/2⌋+1 bars of the SMA over ⌈n/2⌉ bars.",
			build: func(p []float64) (Stream, error) {
				n := int(p[0])
				a, b := makeSMA((n+1)/2), makeSMA(n/2+1)
				return windowed(1, 1, n, func(in, out []float64) { out[0] = b.Update(a.Update(in[0])) }, a, b)
			},
		},
		{
			Name: "zlema", Params: []Param{bars("n", 20, 1, "period; the weight is 2/(n+1)")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n+⌊(n−1)/2⌋",
			Doc: "Zero-lag EMA (Ehlers and Way): EMA of 2·x − x ⌊(n−1)/2⌋ bars ago, seeded with the mean of its first n values. Recursive.",
			build: func(p []float64) (Stream, error) {
				n := int(p[0])
				d, e := newDelay((n-1)/2), makeEMA(n)
				return recursive(1, 1, n+(n-1)/2, func(in, out []float64) { out[0] = e.Update(float64(2*in[0]) - d.Update(in[0])) }, d, e)
			},
		},
		{
			Name: "mcginley", Params: []Param{bars("n", 14, 1, "period"), {Name: "k", Default: 0.6, Min: 0.01, Max: 10, Doc: "share of the period"}},
			Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "2",
			Doc:         "McGinley's dynamic: m += (x − m)/(k·n·(x/m)⁴), seeded with the first input, which is not handed out. Recursive; starts over where the step is not finite or the input is not above zero.",
			Differences: "Skender gives the same; McGinley's first paper has no k.",
			build: func(p []float64) (Stream, error) {
				m, by := newMemory(), float64(p[1]*p[0])
				return recursive(1, 1, 2, func(in, out []float64) {
					out[0] = nan
					x, before := in[0], m.x
					if !(x > 0) {
						m.Reset()
						return
					}
					if m.x = x; before != before {
						return
					}
					q := x / before
					q *= q
					q *= q
					if v := before + (x-before)/float64(by*q); v > 0 {
						m.x, out[0] = v, v
					} else {
						m.Reset()
					}
				}, m)
			},
		},
		{
			Name: "vwma", Params: []Param{bars("n", 14, 1, "window")}, Inputs: []string{"close", "volume"}, Outputs: single, Unit: unitPrice, WarmupDoc: "n",
			Doc:   "Volume-weighted average of the last n closes; no value where they had no volume.",
			build: func(p []float64) (Stream, error) { return newVWMA(int(p[0]), 2) },
		},
		{
			Name: "rolling_vwap", Params: []Param{bars("n", 20, 1, "window")}, Inputs: onFlow, Outputs: single, Unit: unitPrice, WarmupDoc: "n",
			Doc:   "Volume-weighted average of (high + low + close)/3 of the last n bars; no value where they had no volume.",
			build: func(p []float64) (Stream, error) { return newVWMA(int(p[0]), 4) },
		},
		{
			Name: "vwap", Inputs: onFlow, Outputs: single, Unit: unitPrice, WarmupDoc: "1",
			Doc:         "Volume-weighted average of (high + low + close)/3 anchored at the first bar, by compensated sums; no value before the first volume. Recursive: a bad bar is a new anchor.",
			Differences: "Trading platforms anchor it anew each session; coins have none. rolling_vwap forgets.",
			build: func([]float64) (Stream, error) {
				paid, volume := &account{}, &account{}
				return recursive(4, 1, 1, func(in, out []float64) {
					money, v := paid.add(float64(typical(in)*in[3])), volume.add(in[3])
					switch {
					case math.IsInf(money, 0) || math.IsInf(v, 0):
						out[0] = math.Inf(1)
					case v == 0:
						out[0] = nan
					default:
						out[0] = money / v
					}
				}, paid, volume)
			},
		},
		{
			Name: "median", Params: []Param{scanned("n", 20, 1, "window")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc: "Median of the last n inputs: the mean of the two middle ones where n is even.",
			build: func(p []float64) (Stream, error) {
				o, n := newOrdered(int(p[0])), int(p[0])
				return windowed(1, 1, n, func(in, out []float64) {
					out[0] = nan
					if w := o.add(in[0]); w != nil {
						out[0] = w[(n-1)/2]/2 + w[n/2]/2
					}
				}, o)
			},
		},
		{
			Name: "envelope", Params: []Param{bars("n", 20, 1, "window"), {Name: "percent", Default: 2.5, Min: 0, Max: 100, Doc: "of the average, to each side"}},
			Inputs: onClose, Outputs: []string{"upper", "middle", "lower"}, Unit: unitInput, WarmupDoc: "n",
			Doc: "Moving average envelope: SMA(n) and percent of it to each side.",
			build: func(p []float64) (Stream, error) {
				s, by := makeSMA(int(p[0])), p[1]/100
				return windowed(1, 3, int(p[0]), func(in, out []float64) {
					m := s.Update(in[0])
					half := float64(m * by)
					out[0], out[1], out[2] = m+half, m, m-half
				}, s)
			},
		},
	}
}

// typical is (high + low + close)/3 of a row that begins with them.
func typical(in []float64) float64 { return (in[0] + in[1] + in[2]) / 3 }

func newT3(p []float64) (Stream, error) {
	c, a := newChain(int(p[0]), 1, 6), p[1]
	c1, c2 := -a*a*a, 3*a*a+3*a*a*a
	c3, c4 := -6*a*a-3*a-3*a*a*a, 1+3*a+a*a*a+3*a*a
	return recursive(1, 1, 1, func(in, out []float64) {
		out[0] = nan
		if e := c.Update(in[0]); e != nil {
			out[0] = float64(c1*e[5]) + float64(c2*e[4]) + float64(c3*e[3]) + float64(c4*e[2])
		}
	}, c)
}

func newKAMA(p []float64) (Stream, error) {
	n := int(p[0])
	fast, slow := 2/(p[1]+1), 2/(p[2]+1)
	old, path, before, value := newDelay(n), newTotal(n), newMemory(), newMemory()
	seen := &count{}
	return recursive(1, 1, n, func(in, out []float64) {
		x := in[0]
		from := old.Update(x)
		way := nan
		if prev := before.swap(x); prev == prev {
			way = path.Update(math.Abs(x - prev))
		}
		if seen.n < n {
			seen.n++
		}
		switch {
		case seen.n < n:
		case value.x != value.x:
			value.x = x
		default:
			c := float64(ratio(math.Abs(x-from), way)*(fast-slow)) + slow
			value.x += float64(float64(c*c) * (x - value.x))
			if !finite(value.x) {
				value.x = math.Inf(1)
			}
		}
		out[0] = value.x
	}, old, path, before, value, seen)
}

// count counts bars.
type count struct{ n int }

func (c *count) Reset() { c.n = 0 }

func newALMA(p []float64) (Stream, error) {
	n := int(p[0])
	w, norm := make([]float64, n), 0.0
	m, s := p[1]*(p[0]-1), p[0]/p[2]
	for i := range w {
		d := float64(i) - m
		w[i] = math.Exp(-(d * d) / (2 * s * s))
		norm += w[i]
	}
	win := newScan(n)
	return windowed(1, 1, n, func(in, out []float64) {
		out[0] = nan
		if x := win.add(in[0]); x != nil {
			sum := 0.0
			for i, v := range x {
				sum += float64(w[i] * v)
			}
			out[0] = sum / norm
		}
	}, win)
}

// newVWMA weighs the close, or with four inputs the typical price, by the volume, which is the last input.
func newVWMA(n, inputs int) (Stream, error) {
	paid, volume, same := newTotal(n), newTotal(n), &standing{}
	return windowed(inputs, 1, n, func(in, out []float64) {
		price, v := in[0], in[inputs-1]
		if inputs == 4 {
			price = typical(in)
		}
		rows := same.add(price)
		if out[0] = paid.Update(float64(price*v)) / volume.Update(v); rows >= n && finite(out[0]) {
			out[0] = same.x
		}
	}, paid, volume, same)
}
