package indicator

import (
	"math"
	"slices"
)

// statistics are those of a window.
func statistics() []Spec {
	return []Spec{
		{
			Name: "regression", Params: []Param{bars("n", 14, 2, "window")}, Inputs: onClose, Outputs: []string{"value", "slope", "r2", "error"}, Unit: "of the input; slope per bar; r2 0 to 1", WarmupDoc: "n",
			Doc: "Least-squares line through the last n inputs: its value at the newest bar (EPMA), slope, R² (no value in a constant window) and the population deviation from the line.",
			build: func(p []float64) (Stream, error) {
				r, n := newRolling[trend](int(p[0])), p[0]
				return windowed(1, 4, int(n), func(in, out []float64) {
					t, full := r.add(trendOf(in[0]))
					if out[0], out[1], out[2], out[3] = nan, nan, nan, nan; full {
						spread := n * (n*n - 1) / 12
						slope := t.cross / spread
						explained := float64(slope * t.cross)
						out[0], out[1] = t.mean+float64(slope*((n-1)/2)), slope
						if t.squares > 0 {
							out[2] = min(explained/t.squares, 1)
						}
						out[3] = math.Sqrt(max(t.squares-explained, 0) / n)
					}
				}, r)
			},
		},
		{
			Name: "correlation", Params: []Param{bars("n", 20, 2, "window")}, Inputs: []string{"close", "volume"}, Outputs: []string{"value", "beta"}, Unit: "−1 to 1; beta is close per volume", WarmupDoc: "n",
			Doc:   "Pearson's correlation of the last n closes and volumes, and the slope of the first on the second; over whole columns any two series will do. No value where either is constant.",
			build: func(p []float64) (Stream, error) { return newCorrelation(int(p[0]), -1) },
		},
		{
			Name: "autocorrelation", Params: []Param{bars("n", 50, 2, "pairs in the window"), bars("lag", 1, 1, "bars between the two of a pair")}, Inputs: onClose, Outputs: single, Unit: "−1 to 1", WarmupDoc: "n+lag",
			Doc:   "Pearson's correlation of the last n inputs with those lag bars before. No value where either is constant.",
			build: func(p []float64) (Stream, error) { return newCorrelation(int(p[0]), int(p[1])) },
		},
		{
			Name: "skew", Params: []Param{bars("n", 50, 2, "window")}, Inputs: onClose, Outputs: single, Unit: "none", WarmupDoc: "n",
			Doc:         "Population skewness m₃/m₂^1.5 of the last n inputs; no value in a constant window.",
			Differences: "pandas corrects for the sample size.",
			build:       func(p []float64) (Stream, error) { return newShape(int(p[0]), 3) },
		},
		{
			Name: "kurtosis", Params: []Param{bars("n", 50, 2, "window")}, Inputs: onClose, Outputs: single, Unit: "none", WarmupDoc: "n",
			Doc:         "Population excess kurtosis m₄/m₂² − 3 of the last n inputs; no value in a constant window.",
			Differences: "pandas corrects for the sample size.",
			build:       func(p []float64) (Stream, error) { return newShape(int(p[0]), 4) },
		},
		{
			Name: "percentile_rank", Params: []Param{scanned("n", 100, 1, "earlier bars")}, Inputs: onClose, Outputs: single, Unit: unitPercent, WarmupDoc: "n+1",
			Doc: "Share of the n inputs before this one that are below it, in percent; equal ones count for nothing.",
			build: func(p []float64) (Stream, error) {
				o, d := newOrdered(int(p[0])), newDelay(1)
				return windowed(1, 1, int(p[0])+1, func(in, out []float64) {
					out[0] = nan
					if w := o.add(d.Update(in[0])); w != nil && in[0] == in[0] {
						below, _ := slices.BinarySearch(w, in[0])
						out[0] = 100 * float64(below) / p[0]
					}
				}, o, d)
			},
		},
		{
			Name: "drawdown", Params: []Param{bars("n", 100, 1, "window")}, Inputs: onClose, Outputs: single, Unit: "percent, 0 or below", WarmupDoc: "n",
			Doc: "100·(x/greatest of the last n inputs − 1).",
			build: func(p []float64) (Stream, error) {
				h := makeHighest(int(p[0]))
				return windowed(1, 1, int(p[0]), func(in, out []float64) { out[0] = 100 * (in[0]/h.Update(in[0]) - 1) }, h)
			},
		},
		{
			Name: "max_drawdown", Params: []Param{bars("n", 100, 1, "window")}, Inputs: onClose, Outputs: single, Unit: "percent, 0 or above", WarmupDoc: "n",
			Doc: "Deepest fall from an input to a later one within the last n, in percent of the former; meant for inputs above zero.",
			build: func(p []float64) (Stream, error) {
				r := newRolling[fall](int(p[0]))
				return windowed(1, 1, int(p[0]), func(in, out []float64) {
					f, full := r.add(fallOf(in[0]))
					if out[0] = nan; full {
						out[0] = 100 * f.deepest
					}
				}, r)
			},
		},
		{
			Name: "ulcer", Params: []Param{scanned("n", 14, 1, "window")}, Inputs: onClose, Outputs: single, Unit: "percent", WarmupDoc: "n",
			Doc: "Ulcer index: root of the mean square of the percentage falls of the last n inputs from the highest one up to each, within the window.",
			build: func(p []float64) (Stream, error) {
				s := newScan(int(p[0]))
				return windowed(1, 1, int(p[0]), func(in, out []float64) {
					out[0] = nan
					if w := s.add(in[0]); w != nil {
						top, sum := w[0], 0.0
						for _, x := range w {
							top = max(top, x)
							f := 100 * ((x - top) / top)
							sum += float64(f * f)
						}
						out[0] = math.Sqrt(sum / p[0])
					}
				}, s)
			},
		},
		{
			Name: "hurst", Params: []Param{scanned("n", 100, 16, "returns")}, Inputs: onClose, Outputs: single, Unit: "0 to 1", WarmupDoc: "n+1",
			Doc: "Hurst exponent by rescaled range: slope of log(mean range/deviation) over log(length) of the window's 1, 2, 4, … equal chunks of at least 8 returns x/previous x − 1, population deviation; " +
				"no value where a chunk is constant.",
			Differences: "Skender's takes log returns and another deviation, and differs in the third decimal; Anis-Lloyd's correction for short windows is not made.",
			build:       newHurst,
		},
	}
}

func newCorrelation(n, lag int) (Stream, error) {
	r, inputs, outputs, warmup := newRolling[pair](n), 2, 2, n
	d := newDelay(max(lag, 0))
	if lag >= 0 {
		inputs, outputs, warmup = 1, 1, n+lag
	}
	return windowed(inputs, outputs, warmup, func(in, out []float64) {
		x := d.Update(in[0])
		y := in[inputs-1]
		m, full := r.add(pairOf(x, y))
		if out[0] = nan; full {
			out[0] = min(max(m.xy/float64(math.Sqrt(m.xx)*math.Sqrt(m.yy)), -1), 1)
		}
		if outputs == 2 {
			if out[1] = nan; full && m.xx > 0 {
				out[1] = m.xy / m.yy
			}
		}
	}, r, d)
}

func newShape(n, moment int) (Stream, error) {
	r, size := newRolling[shape](n), float64(n)
	return windowed(1, 1, n, func(in, out []float64) {
		s, full := r.add(shapeOf(in[0]))
		v := s.m2 / size
		switch {
		case !full || v == 0:
			out[0] = nan
		case moment == 3:
			out[0] = s.m3 / size / float64(v*math.Sqrt(v))
		default:
			out[0] = s.m4/size/float64(v*v) - 3
		}
	}, r)
}

func newHurst(p []float64) (Stream, error) {
	n := int(p[0])
	m, s := newMemory(), newScan(n)
	return windowed(1, 1, n+1, func(in, out []float64) {
		before := m.swap(in[0])
		out[0] = nan
		if w := s.add(in[0]/before - 1); w != nil {
			out[0] = hurst(w)
		}
	}, m, s)
}

// hurst is the slope of log(R/S) over log(length) of the window's chunks.
func hurst(w []float64) float64 {
	var k, sx, sy, sxx, sxy float64
	for chunks := 1; len(w)/chunks >= 8; chunks *= 2 {
		size, sum := len(w)/chunks, 0.0
		for c := range chunks {
			sum += rescaled(w[c*size : (c+1)*size])
		}
		x, y := math.Log(float64(size)), math.Log(sum/float64(chunks))
		k++
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+float64(x*x), sxy+float64(x*y)
	}
	return (float64(k*sxy) - float64(sx*sy)) / (float64(k*sxx) - float64(sx*sx))
}

// rescaled is the range of the sums of distances from the mean, over the deviation.
func rescaled(w []float64) float64 {
	mean := 0.0
	for _, x := range w {
		mean += x
	}
	mean /= float64(len(w))
	at, top, bottom, squares := 0.0, math.Inf(-1), math.Inf(1), 0.0
	for _, x := range w {
		d := x - mean
		at += d
		top, bottom, squares = max(top, at), min(bottom, at), squares+float64(d*d)
	}
	return (top - bottom) / math.Sqrt(squares/float64(len(w)))
}
