package indicator

import "slices"

const (
	unitInput   = "of the input"
	unitPrice   = "of the price"
	unitPercent = "0 to 100"
)

var (
	onClose = []string{"close"}
	onBar   = []string{"high", "low", "close"}
	onFlow  = []string{"high", "low", "close", "volume"}
	onOpen  = []string{"open", "high", "low", "close"}
	single  = []string{"value"}
)

func bars(name string, def, least float64, doc string) Param {
	return Param{Name: name, Default: def, Min: least, Max: MaxPeriod, Integer: true, Doc: doc}
}

// Specs lists every indicator in alphabetical order. The result is the caller's; the slices inside it are shared and must not be changed.
func Specs() []Spec {
	all := slices.Concat(averages(), momenta(), spreads(), channels(), smoothings(), oscillators(), flows(), ranges(), swings(), trends(), statistics())
	slices.SortFunc(all, func(a, b Spec) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return all
}

func averages() []Spec {
	return []Spec{
		{
			Name: "sma", Params: []Param{bars("n", 20, 1, "window")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:   "Simple moving average: mean of the last n inputs.",
			build: func(p []float64) (Stream, error) { return newOne(NewSMA(int(p[0]))) },
		},
		{
			Name: "ema", Params: []Param{bars("n", 20, 1, "period; the weight is 2/(n+1)")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:         "Exponential moving average: e += 2/(n+1)·(x − e), seeded with the mean of the first n inputs.",
			Differences: "pandas ewm(adjust=False) seeds with the first input instead.",
			build:       func(p []float64) (Stream, error) { return newOne(NewEMA(int(p[0]))) },
		},
		{
			Name: "wma", Params: []Param{bars("n", 14, 1, "window")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:   "Linearly weighted moving average: weight n for the newest of the last n inputs, 1 for the oldest, over n(n+1)/2.",
			build: func(p []float64) (Stream, error) { return newOne(NewWMA(int(p[0]))) },
		},
	}
}

func momenta() []Spec {
	return []Spec{
		{
			Name: "rsi", Params: []Param{bars("n", 14, 1, "changes smoothed")}, Inputs: onClose, Outputs: single, Unit: unitPercent, WarmupDoc: "n+1",
			Doc:         "Wilder's relative strength index: 100·G/(G+L), G and L Wilder's smoothed rises and falls, each seeded with the mean of the first n.",
			Differences: "50 on an input that never moved; Skender gives 100, TA-Lib 0.",
			build:       func(p []float64) (Stream, error) { return newOne(NewRSI(int(p[0]))) },
		},
		{
			Name: "roc", Params: []Param{bars("n", 14, 1, "bars back")}, Inputs: onClose, Outputs: single, Unit: "percent", WarmupDoc: "n+1",
			Doc:   "Rate of change: 100·(x − x n bars ago)/(x n bars ago).",
			build: func(p []float64) (Stream, error) { return newOne(NewROC(int(p[0]))) },
		},
		{
			Name: "macd", Params: []Param{
				bars("fast", 12, 1, "fast EMA; shorter than slow"), bars("slow", 26, 2, "slow EMA"), bars("signal", 9, 1, "EMA of the line"),
			},
			Inputs: onClose, Outputs: []string{"line", "signal", "histogram"}, Unit: unitInput, WarmupDoc: "slow+signal−1 (line: slow)",
			Doc:         "line = EMA(fast) − EMA(slow); signal = EMA of line, seeded with its own first values; histogram = line − signal.",
			Differences: "TA-Lib starts the fast EMA later, at the slow one's seed, so its early values differ and then converge.",
			build: func(p []float64) (Stream, error) {
				m, err := NewMACD(int(p[0]), int(p[1]), int(p[2]))
				if err != nil {
					return nil, err
				}
				s := newMany(m, 3, func(in, out []float64) {
					v := m.Update(in[0])
					out[0], out[1], out[2] = v.Line, v.Signal, v.Histogram
				})
				s.runs = func(out, in [][]float64) { m.run(out[0], out[1], out[2], in[0]) }
				return s, nil
			},
		},
		{
			Name: "stochastic", Params: []Param{
				bars("n", 14, 1, "window of the raw value"), bars("smooth", 3, 1, "average that makes K; 1 is the fast stochastic"), bars("signal", 3, 1, "average that makes D"),
			},
			Inputs: onBar, Outputs: []string{"k", "d"}, Unit: unitPercent, WarmupDoc: "n+smooth+signal−2 (k: n+smooth−1)",
			Doc:         "raw = 100·(close − lowest low)/(highest high − lowest low) of the last n bars; k = SMA(raw, smooth); d = SMA(k, signal).",
			Differences: "raw is 50 where high and low are equal all window long; Skender gives 0.",
			build: func(p []float64) (Stream, error) {
				s, err := NewStochastic(int(p[0]), int(p[1]), int(p[2]))
				if err != nil {
					return nil, err
				}
				return newMany(s, 2, func(in, out []float64) { out[0], out[1] = s.Update(in[0], in[1], in[2]) }), nil
			},
		},
		{
			Name: "obv", Inputs: []string{"close", "volume"}, Outputs: single, Unit: "of the volume", WarmupDoc: "1",
			Doc:         "On-balance volume: starts at 0, adds the volume of a bar that closes above the one before, subtracts that of one below.",
			Differences: "Some libraries start at the first bar's volume instead of 0.",
			build: func([]float64) (Stream, error) {
				o := NewOBV()
				return newMany(o, 1, func(in, out []float64) { out[0] = o.Update(in[0], in[1]) }), nil
			},
		},
	}
}

func spreads() []Spec {
	return []Spec{
		{
			Name: "stdev", Params: []Param{bars("n", 20, 2, "window")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:         "Population standard deviation (ddof 0) of the last n inputs; exactly 0 where they are equal.",
			Differences: "pandas rolling().std() has ddof 1.",
			build:       func(p []float64) (Stream, error) { return newOne(NewStdev(int(p[0]))) },
		},
		{
			Name: "zscore", Params: []Param{bars("n", 20, 2, "window, this bar included")}, Inputs: onClose, Outputs: single, Unit: "standard deviations", WarmupDoc: "n",
			Doc:   "(x − mean)/population standard deviation of the last n inputs; NaN where they are equal.",
			build: func(p []float64) (Stream, error) { return newOne(NewZScore(int(p[0]))) },
		},
		{
			Name: "volatility", Params: []Param{bars("n", 20, 2, "returns")}, Inputs: onClose, Outputs: single, Unit: "per bar, as a fraction", WarmupDoc: "n+1",
			Doc:   "Sample standard deviation (ddof 1) of the last n log returns ln(x/previous x), not annualised.",
			build: func(p []float64) (Stream, error) { return newOne(NewVolatility(int(p[0]))) },
		},
		{
			Name: "bollinger", Params: []Param{
				bars("n", 20, 2, "window"), {Name: "width", Default: 2, Min: 1e-6, Max: 100, Doc: "standard deviations to each side"},
			},
			Inputs: onClose, Outputs: []string{"upper", "middle", "lower", "percent_b", "width"}, Unit: unitInput + "; percent_b and width are ratios", WarmupDoc: "n",
			Doc: "middle = mean of the last n inputs; upper, lower = middle ± width population standard deviations; " +
				"percent_b = (x − lower)/(upper − lower), NaN in a constant window; width = (upper − lower)/middle.",
			build: func(p []float64) (Stream, error) {
				b, err := NewBollinger(int(p[0]), p[1])
				if err != nil {
					return nil, err
				}
				return newMany(b, 5, func(in, out []float64) {
					v := b.Update(in[0])
					out[0], out[1], out[2], out[3], out[4] = v.Upper, v.Middle, v.Lower, v.PercentB, v.Width
				}), nil
			},
		},
	}
}

func channels() []Spec {
	return []Spec{
		{
			Name: "atr", Params: []Param{bars("n", 14, 1, "true ranges smoothed")}, Inputs: onBar, Outputs: single, Unit: unitPrice, WarmupDoc: "n+1",
			Doc: "Wilder's average true range: max(high − low, |high − previous close|, |low − previous close|), smoothed as " +
				"(a·(n−1) + tr)/n from the mean of the first n.",
			Differences: "The first bar, which has no previous close, is not counted; Wilder's book counts its high − low.",
			build: func(p []float64) (Stream, error) {
				a, err := NewATR(int(p[0]))
				if err != nil {
					return nil, err
				}
				s := newMany(a, 1, func(in, out []float64) { out[0] = a.Update(in[0], in[1], in[2]) })
				s.runs = func(out, in [][]float64) { a.run(out[0], in[0], in[1], in[2]) }
				return s, nil
			},
		},
		{
			Name: "donchian", Params: []Param{bars("n", 20, 1, "earlier bars")}, Inputs: []string{"high", "low"}, Outputs: []string{"upper", "middle", "lower"},
			Unit: unitPrice, WarmupDoc: "n+1",
			Doc:         "Highest high and lowest low of the n bars before this one, and their mean: a close above upper is a breakout.",
			Differences: "TradingView and TA-Lib's MAX/MIN count the bar itself; use highest and lowest for that.",
			build: func(p []float64) (Stream, error) {
				d, err := NewDonchian(int(p[0]))
				if err != nil {
					return nil, err
				}
				return newMany(d, 3, func(in, out []float64) {
					v := d.Update(in[0], in[1])
					out[0], out[1], out[2] = v.Upper, v.Middle, v.Lower
				}), nil
			},
		},
		{
			Name: "highest", Params: []Param{bars("n", 20, 1, "window, this bar included")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:   "Greatest of the last n inputs, this one included.",
			build: func(p []float64) (Stream, error) { return newOne(NewHighest(int(p[0]))) },
		},
		{
			Name: "lowest", Params: []Param{bars("n", 20, 1, "window, this bar included")}, Inputs: onClose, Outputs: single, Unit: unitInput, WarmupDoc: "n",
			Doc:   "Least of the last n inputs, this one included.",
			build: func(p []float64) (Stream, error) { return newOne(NewLowest(int(p[0]))) },
		},
	}
}
