package lab

import (
	"context"
	"fmt"
	"math"
	"sort"

	"github.com/ohmycoins/omc/internal/indicator"
	"github.com/ohmycoins/omc/internal/research"
)

// icFolds is how many contiguous stretches an information coefficient is measured on.
const icFolds = 5

// explore measures daily behaviour. It looks at the whole research window at once, which is why it only ranks families and never
// chooses parameters: those are chosen fold by fold.
func explore(ctx context.Context, t *turn, _ string, a research.ExploreArgs) (outcome, error) {
	hs, _, err := t.histories(ctx, a.Markets, a.Interval)
	if err != nil {
		return outcome{}, err
	}
	res := research.Exploration{Markets: []research.MarketFeatures{}}
	for _, h := range hs {
		f, err := measure(dailyCloses(h.Bars.Bars))
		if err != nil {
			return outcome{}, err
		}
		f.Market = h.market.String()
		res.Markets = append(res.Markets, f)
	}
	n := 0
	for _, m := range res.Markets {
		n += len(m.Features)
	}
	return outcome{result: res, summary: fmt.Sprintf("%d features on %d markets", n, len(res.Markets))}, nil
}

func measure(closes []float64) (research.MarketFeatures, error) {
	r := logReturns(closes)
	m := research.MarketFeatures{Days: len(closes), VarianceRatio: varianceRatio(r, 5), Autocorr: autocorrelation(r), Features: []research.Feature{}}
	abs := make([]float64, len(r))
	for i, x := range r {
		abs[i] = math.Abs(x)
	}
	m.VolCluster = autocorrelation(abs)
	fs, err := features(closes)
	if err != nil {
		return m, err
	}
	for _, f := range fs {
		if v, ok := information(f.values, closes); ok {
			v.Name, v.Family = f.name, f.family
			m.Features = append(m.Features, v)
		}
	}
	return m, nil
}

// column is one predictor per day, known at that day's close; NaN before its warm-up. Signs are such that a positive IC favours the family.
type column struct {
	name, family string
	values       []float64
}

func features(closes []float64) ([]column, error) {
	n := len(closes)
	series := func(f func(dst, src []float64, n int) error, length int) ([]float64, error) {
		dst := make([]float64, n)
		return dst, f(dst, closes, length)
	}
	roc7, err := series(indicator.ROCSeries, 7)
	if err != nil {
		return nil, err
	}
	roc30, err := series(indicator.ROCSeries, 30)
	if err != nil {
		return nil, err
	}
	ema, err := series(indicator.EMASeries, 20)
	if err != nil {
		return nil, err
	}
	high, err := series(indicator.HighestSeries, 20)
	if err != nil {
		return nil, err
	}
	low, err := series(indicator.LowestSeries, 20)
	if err != nil {
		return nil, err
	}
	rsi, err := series(indicator.RSISeries, 14)
	if err != nil {
		return nil, err
	}
	z, err := series(indicator.ZScoreSeries, 20)
	if err != nil {
		return nil, err
	}
	aboveEMA, channel := make([]float64, n), make([]float64, n)
	for i, c := range closes {
		aboveEMA[i], channel[i] = c/ema[i]-1, (c-low[i])/(high[i]-low[i])
		rsi[i], z[i] = -rsi[i], -z[i]
	}
	return []column{{"return over 7 days", "momentum", roc7}, {"return over 30 days", "momentum", roc30}, {"distance to EMA 20", "trend", aboveEMA},
		{"place in 20-day channel", "breakout", channel}, {"RSI 14, low first", "reversion", rsi}, {"z-score 20, low first", "reversion", z}}, nil
}

// information is the rank correlation of a predictor with the next day's return, per fold and on average.
func information(values, closes []float64) (research.Feature, bool) {
	var x, y []float64
	for i := 0; i+1 < len(closes); i++ {
		if !math.IsNaN(values[i]) && !math.IsInf(values[i], 0) {
			x, y = append(x, values[i]), append(y, closes[i+1]/closes[i]-1)
		}
	}
	f := research.Feature{Folds: []float64{}}
	if len(x) < icFolds*20 {
		return f, false
	}
	for k := range icFolds {
		lo, hi := k*len(x)/icFolds, (k+1)*len(x)/icFolds
		c, ok := correlation(ranks(x[lo:hi]), ranks(y[lo:hi]))
		if !ok {
			return f, false
		}
		f.Folds = append(f.Folds, c)
	}
	f.IC = mean(f.Folds)
	return f, true
}

// ranks are average ranks from 1.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return x[order[i]] < x[order[j]] })
	out := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return out
}

func correlation(x, y []float64) (float64, bool) {
	mx, my := mean(x), mean(y)
	var sxy, sxx, syy float64
	for i := range x {
		sxy += (x[i] - mx) * (y[i] - my)
		sxx += (x[i] - mx) * (x[i] - mx)
		syy += (y[i] - my) * (y[i] - my)
	}
	if sxx == 0 || syy == 0 {
		return 0, false
	}
	return sxy / math.Sqrt(sxx*syy), true
}

// autocorrelation at lag one; 0 where there is no variance.
func autocorrelation(r []float64) float64 {
	if len(r) < 3 {
		return 0
	}
	c, ok := correlation(r[:len(r)-1], r[1:])
	if !ok {
		return 0
	}
	return c
}

// varianceRatio is the variance of overlapping q-day returns over q times that of one-day returns (Lo and MacKinlay 1988); 1 where there is too little data.
func varianceRatio(r []float64, q int) float64 {
	if len(r) < 4*q {
		return 1
	}
	v1 := deviation(r)
	sums := make([]float64, 0, len(r))
	for i := 0; i+q <= len(r); i++ {
		s := 0.0
		for _, x := range r[i : i+q] {
			s += x
		}
		sums = append(sums, s)
	}
	if v1 == 0 {
		return 1
	}
	return deviation(sums) * deviation(sums) / (float64(q) * v1 * v1)
}
