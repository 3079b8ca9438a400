package evidence

import (
	"math"
	"slices"
)

// Band is where a figure lies over resamples of the returns: its observed value and the percentiles of the resamples'.
type Band struct {
	Observed  float64 `json:"observed"`
	P5        float64 `json:"p5"`
	P25       float64 `json:"p25"`
	P50       float64 `json:"p50"`
	P75       float64 `json:"p75"`
	P95       float64 `json:"p95"`
	Resamples int     `json:"resamples"` // those in which the figure has a value
}

// Bands are the bootstrap bands of a series of daily returns.
type Bands struct {
	Return   Band    `json:"return"`       // compounded over the whole series
	Annual   Band    `json:"annual"`       // (1 + return)^(365.25/days) − 1: its percentiles are those of the return, taken for a year
	Drawdown Band    `json:"max_drawdown"` // of the compounded equity, ≤ 0
	Sharpe   Band    `json:"sharpe"`       // annual, √365
	Block    float64 `json:"mean_block"`   // days
	Seed     uint64  `json:"seed"`
}

const (
	minBandDays   = 20
	maxBandTouch  = 2_000_000_000 // days × resamples
	minBandSample = 100           // resamples
)

// Bootstrap resamples daily returns by the stationary bootstrap of Politis and Romano (1994), resamples times (100 to 100,000), in runs of
// mean length block; 0 takes BlockLength's. It needs 20 returns above −1 that are not all equal. The same seed gives the same bands.
func Bootstrap(daily []float64, resamples int, block float64, seed uint64) (Bands, error) {
	const figure = "bootstrap bands"
	t := len(daily)
	switch {
	case t < minBandDays:
		return Bands{}, degenerate(figure, "%d days, at least %d are needed", t, minBandDays)
	case resamples < minBandSample || resamples > maxResamples || float64(t)*float64(resamples) > maxBandTouch:
		return Bands{}, degenerate(figure, "%d resamples of %d days: it takes %d to %d, and days × resamples up to %d", resamples, t, minBandSample, maxResamples, maxBandTouch)
	case block != 0 && !(block >= 1 && block <= float64(t)):
		return Bands{}, degenerate(figure, "a mean block of %v days, it must be from 1 to %d", block, t)
	}
	if _, err := Describe(daily); err != nil {
		return Bands{}, err
	}
	for i, r := range daily {
		if r <= -1 {
			return Bands{}, degenerate(figure, "the return of day %d is %v: an account that lost everything has no bands", i, r)
		}
	}
	if block == 0 {
		var err error
		if block, err = BlockLength(daily); err != nil {
			return Bands{}, err
		}
	}
	out := Bands{Block: block, Seed: seed}
	obs := measure(daily, nil)
	out.Return.Observed, out.Drawdown.Observed, out.Sharpe.Observed = obs.total, obs.fall, obs.sharpe
	out.Annual.Observed = annual(obs.total, t)
	if !finite(obs.total) || !finite(out.Annual.Observed) {
		return Bands{}, degenerate(figure, "the returns compound to more than a number holds")
	}
	gen, restart := NewSplitMix(seed), 1/block
	draws := make([]int, t)
	var totals, years, falls, ratios []float64
	for range resamples {
		draw(gen, restart, draws)
		m := measure(daily, draws)
		if finite(m.total) {
			totals, falls = append(totals, m.total), append(falls, m.fall)
			if y := annual(m.total, t); finite(y) {
				years = append(years, y)
			}
		}
		if finite(m.sharpe) {
			ratios = append(ratios, m.sharpe)
		}
	}
	if len(totals) == 0 || len(years) == 0 || len(ratios) == 0 {
		return Bands{}, degenerate(figure, "no resample has a value")
	}
	out.Return.fill(totals)
	out.Annual.fill(years)
	out.Drawdown.fill(falls)
	out.Sharpe.fill(ratios)
	return out, nil
}

// annual is a return over days taken for a year, as CAGR does.
func annual(total float64, days int) float64 {
	return math.Pow(1+total, SecondsPerYear/86400/float64(days)) - 1
}

// draw fills the places of one stationary resample: the first at random, each next one the one after it, or, with probability restart,
// one at random. The order of draws from the stream is that of RealityCheck.
func draw(gen *SplitMix, restart float64, places []int) {
	t := len(places)
	at := gen.intn(t)
	places[0] = at
	for i := 1; i < t; i++ {
		if gen.Uniform() < restart {
			at = gen.intn(t)
		} else if at++; at == t {
			at = 0
		}
		places[i] = at
	}
}

type measures struct{ total, fall, sharpe float64 }

// measure gives the figures of returns in the order of places; nil: as they stand. A series without variance has no ratio: NaN.
func measure(returns []float64, places []int) measures {
	equity, peak, deepest, sum := 1.0, 1.0, 0.0, 0.0
	at := func(i int) float64 {
		if places != nil {
			return returns[places[i]]
		}
		return returns[i]
	}
	n := len(returns)
	low, high := at(0), at(0)
	for i := range n {
		r := at(i)
		equity *= 1 + r
		peak = max(peak, equity)
		deepest = min(deepest, equity/peak-1)
		sum += r
		low, high = min(low, r), max(high, r)
	}
	m := measures{total: equity - 1, fall: deepest, sharpe: math.NaN()}
	if low == high {
		return m
	}
	mean, squares := sum/float64(n), 0.0
	for i := range n {
		d := at(i) - mean
		squares += d * d
	}
	m.sharpe = mean / math.Sqrt(squares/float64(n-1)) * math.Sqrt(DaysPerYear)
	return m
}

func (b *Band) fill(values []float64) {
	slices.Sort(values)
	b.Resamples = len(values)
	b.P5, b.P25, b.P50, b.P75, b.P95 = percentile(values, .05), percentile(values, .25), percentile(values, .5), percentile(values, .75), percentile(values, .95)
}

// percentile interpolates between the order statistics around (n−1)·p of sorted values.
func percentile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	i := int(h)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}

// BlockLength is the mean block with which the stationary bootstrap estimates a mean's variance best (Politis, White 2004, as corrected by
// Patton, Politis, White 2009): from 1 to the smaller of 3·√T and T/3, rounded up. It needs 20 returns that are not all equal.
func BlockLength(returns []float64) (float64, error) {
	const figure = "block length"
	t := len(returns)
	if t < minBandDays {
		return 0, degenerate(figure, "%d returns, at least %d are needed", t, minBandDays)
	}
	if _, err := Describe(returns); err != nil {
		return 0, err
	}
	m := mean(returns)
	autocovariance := func(k int) float64 {
		s := 0.0
		for i := k; i < t; i++ {
			s += (returns[i] - m) * (returns[i-k] - m)
		}
		return s / float64(t)
	}
	logT := math.Log10(float64(t))
	run := max(5, int(math.Ceil(math.Sqrt(logT)))) // so many insignificant lags in a row end the search
	most := int(math.Ceil(math.Sqrt(float64(t)))) + run
	r0 := autocovariance(0)
	bound := 2 * math.Sqrt(logT/float64(t))
	covariances := []float64{r0}
	quiet, last := 0, 0 // lags in a row under the bound; the last one above it
	for k := 1; k <= most && k < t && quiet < run; k++ {
		c := autocovariance(k)
		covariances = append(covariances, c)
		if math.Abs(c/r0) < bound {
			quiet++
		} else {
			quiet, last = 0, k
		}
	}
	m2 := min(2*max(last, 1), most, t-1)
	for k := len(covariances); k <= m2; k++ { // the search may end before twice the last significant lag
		covariances = append(covariances, autocovariance(k))
	}
	g, long := 0.0, covariances[0]
	for k := 1; k <= m2; k++ {
		w := min(1, 2*(1-float64(k)/float64(m2)))
		g += 2 * w * float64(k) * covariances[k]
		long += 2 * w * covariances[k]
	}
	top := math.Ceil(min(3*math.Sqrt(float64(t)), float64(t)/3))
	if d := 2 * long * long; d > 0 {
		if b := math.Cbrt(2*g*g/d) * math.Cbrt(float64(t)); finite(b) {
			return min(max(b, 1), top), nil
		}
	}
	return 1, nil
}
