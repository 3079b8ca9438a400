package evidence

import (
	"fmt"
	"math"
)

// Sample describes a series of returns. The Sharpe ratio is per period, not annualised.
type Sample struct {
	Sharpe   float64 // mean / standard deviation (ddof 1)
	Skew     float64 // biased
	Kurtosis float64 // biased, not excess: 3 for a normal distribution
	T        int     // number of returns, at least 3
}

// Describe measures returns: at least three, finite, not all equal.
func Describe(returns []float64) (Sample, error) {
	const figure = "sharpe ratio"
	n := len(returns)
	if n < 3 {
		return Sample{}, degenerate(figure, "%d returns, at least 3 are needed", n)
	}
	if i := firstBad(returns); i >= 0 {
		return Sample{}, degenerate(figure, "return %d is not a finite number", i)
	}
	if constant(returns) {
		return Sample{}, degenerate(figure, "all returns are equal, so there is no variance")
	}
	m := mean(returns)
	var m2, m3, m4 float64
	for _, r := range returns {
		d := r - m
		m2 += d * d
		m3 += d * d * d
		m4 += d * d * d * d
	}
	sd := math.Sqrt(m2 / float64(n-1))
	m2, m3, m4 = m2/float64(n), m3/float64(n), m4/float64(n)
	s := Sample{Sharpe: m / sd, Skew: m3 / (m2 * math.Sqrt(m2)), Kurtosis: m4 / (m2 * m2), T: n}
	if !finite(s.Sharpe) || !finite(s.Skew) || !finite(s.Kurtosis) {
		return Sample{}, degenerate(figure, "the returns are too small or too large to have moments")
	}
	return s, nil
}

// spread is 1 − skew·SR + (kurtosis−1)/4·SR², the variance of the Sharpe ratio's estimate times T−1.
func (s Sample) spread(figure string) (float64, error) {
	if s.T < 3 {
		return 0, degenerate(figure, "%d returns, at least 3 are needed", s.T)
	}
	v := 1 - s.Skew*s.Sharpe + (s.Kurtosis-1)/4*s.Sharpe*s.Sharpe
	if !finite(v) {
		return 0, degenerate(figure, "the sample's moments are not finite")
	}
	if v <= 0 {
		return 0, degenerate(figure, "the variance of the estimate is %.3g, not above zero: no distribution has skew %.4g and kurtosis %.4g at this Sharpe ratio, or the sample is too small", v, s.Skew, s.Kurtosis)
	}
	return v, nil
}

// StdError is the standard deviation of the Sharpe ratio's estimate (Bailey, López de Prado 2012, eq. 8).
func (s Sample) StdError() (float64, error) {
	v, err := s.spread("standard error of the sharpe ratio")
	if err != nil {
		return 0, err
	}
	return math.Sqrt(v / float64(s.T-1)), nil
}

// PSR is the probabilistic Sharpe ratio: the probability that the true Sharpe ratio exceeds benchmark, which is per period too.
func (s Sample) PSR(benchmark float64) (float64, error) {
	const figure = "probabilistic sharpe ratio"
	v, err := s.spread(figure)
	if err != nil {
		return 0, err
	}
	if !finite(benchmark) {
		return 0, degenerate(figure, "the benchmark is not a finite number")
	}
	return phi((s.Sharpe - benchmark) / math.Sqrt(v/float64(s.T-1))), nil
}

// MinTrackRecord is the number of returns with which PSR(benchmark) would reach confidence, in (0, 1); it needs Sharpe > benchmark.
func (s Sample) MinTrackRecord(benchmark, confidence float64) (float64, error) {
	const figure = "minimum track record"
	v, err := s.spread(figure)
	if err != nil {
		return 0, err
	}
	if !finite(benchmark) {
		return 0, degenerate(figure, "the benchmark is %v", benchmark)
	}
	if !(s.Sharpe > benchmark) {
		return 0, degenerate(figure, "the sharpe ratio %.6g does not exceed the benchmark %.6g, so no length is enough", s.Sharpe, benchmark)
	}
	if !(confidence > 0 && confidence < 1) {
		return 0, degenerate(figure, "the confidence is %v, it must lie between 0 and 1", confidence)
	}
	z := quantile(confidence) / (s.Sharpe - benchmark)
	n := 1 + v*z*z
	if !finite(n) {
		return 0, degenerate(figure, "the sharpe ratio is too close to the benchmark")
	}
	return n, nil
}

const eulerGamma = 0.5772156649015329

// ExpectedMax approximates the expected maximum of n standard normal draws; n > 1 need not be whole (EffectiveTrials).
func ExpectedMax(n float64) (float64, error) {
	if !(n > 1) || !finite(n) || n > 1e15 {
		return 0, degenerate("expected maximum", "%v trials, more than 1 and at most 1e15 are needed", n)
	}
	return (1-eulerGamma)*quantile(1-1/n) + eulerGamma*quantile(1-1/(n*math.E)), nil
}

// EffectiveTrials is the number of independent trials that m trials of average correlation rho are worth: rho + (1−rho)·m. No m series have
// an average correlation below −1/(m−1).
func EffectiveTrials(rho float64, m int) (float64, error) {
	const figure, rounding = "effective trials", 1e-9
	if m < 1 || !(rho >= -1 && rho <= 1) {
		return 0, degenerate(figure, "%d trials with average correlation %v", m, rho)
	}
	if m > 1 && rho < -1/float64(m-1)-rounding {
		return 0, degenerate(figure, "%d trials cannot have an average correlation of %v, the least is %.6g", m, rho, -1/float64(m-1))
	}
	return rho + (1-rho)*float64(m), nil
}

// Deflation is a deflated Sharpe ratio and what it was made of.
type Deflation struct {
	DSR    float64 `json:"dsr"`   // PSR(SR0)
	SR0    float64 `json:"sr0"`   // the Sharpe ratio, per period, that the best of Trials worthless ones is expected to show
	Sigma  float64 `json:"sigma"` // standard deviation (ddof 1) of the trials' Sharpe ratios, per period
	Trials int     `json:"trials"`
	Note   string  `json:"note,omitempty"` // "" or what is unusual
}

const minTrials = 5

// Deflate deflates the chosen trial's Sharpe ratio by the number of tries (Bailey, López de Prado 2014). sharpes holds those of all trials that
// have one, per period; trials is the raw count of the campaign, at least len(sharpes): a trial without variance still was a try.
func Deflate(chosen Sample, sharpes []float64, trials int) (Deflation, error) {
	const figure = "deflated sharpe ratio"
	if len(sharpes) < minTrials {
		return Deflation{}, degenerate(figure, "%d trials with a sharpe ratio, at least %d are needed to know their variance", len(sharpes), minTrials)
	}
	if i := firstBad(sharpes); i >= 0 {
		return Deflation{}, degenerate(figure, "the sharpe ratio of trial %d is not a finite number", i)
	}
	if trials < len(sharpes) {
		return Deflation{}, degenerate(figure, "%d trials were counted but %d have a sharpe ratio", trials, len(sharpes))
	}
	if constant(sharpes) {
		d, err := DeflateBy(chosen, 0, trials)
		d.Note = "all trials have the same sharpe ratio, so nothing was selected: this is PSR(0)"
		return d, err
	}
	return DeflateBy(chosen, math.Sqrt(variance(sharpes)), trials)
}

// Ratio is one trial's Sharpe ratio per period, and over how many periods.
type Ratio struct {
	Sharpe float64
	Days   int // 0: as many as the chosen one's
}

// DeflateCampaign is Deflate for a campaign that anybody may have filled. The spread of the trials' Sharpe ratios is never taken to be less than what
// chance alone makes of worthless ones over as many periods as the chosen one has, 1/√T: trials that are almost the same say nothing of how far the best
// of worthless ones may lie from zero. A ratio over fewer periods is spread wider by chance alone, so that it counts as over T, times √(days/T). Where
// fewer than five trials have a ratio the spread is chance's; the count is at least five: too few trials never make a result look better than many.
func DeflateCampaign(chosen Sample, ratios []Ratio, trials int) (Deflation, error) {
	count := max(trials, len(ratios), minTrials)
	chance := 1 / math.Sqrt(float64(chosen.T))
	note := fmt.Sprintf("%d trials have a Sharpe ratio: their spread is taken to be that of chance, 1/√days, and their count at least %d", len(ratios), minTrials)
	if len(ratios) >= minTrials {
		scaled := make([]float64, len(ratios))
		for i, r := range ratios {
			if scaled[i] = r.Sharpe; r.Days > 0 {
				scaled[i] *= min(1, math.Sqrt(float64(r.Days)/float64(chosen.T)))
			}
		}
		d, err := Deflate(chosen, scaled, count)
		if err != nil || d.Sigma >= chance {
			return d, err
		}
		note = fmt.Sprintf("the trials' Sharpe ratios are spread by %.3g, less than chance alone spreads worthless ones: 1/√days is taken", d.Sigma)
	}
	d, err := DeflateBy(chosen, chance, count)
	d.Note = note
	return d, err
}

// DeflateBy is Deflate with the standard deviation of the trials' Sharpe ratios (per period, not negative) already known.
func DeflateBy(chosen Sample, sigma float64, trials int) (Deflation, error) {
	const figure = "deflated sharpe ratio"
	if !(sigma >= 0) || !finite(sigma) {
		return Deflation{}, degenerate(figure, "the deviation of the trials' sharpe ratios is %v", sigma)
	}
	if trials < minTrials {
		return Deflation{}, degenerate(figure, "%d trials, at least %d are needed", trials, minTrials)
	}
	top, err := ExpectedMax(float64(trials))
	if err != nil {
		return Deflation{}, err
	}
	d := Deflation{SR0: sigma * top, Sigma: sigma, Trials: trials}
	d.DSR, err = chosen.PSR(d.SR0)
	return d, err
}

// MinBacktestYears is the backtest length, in years, below which the best of n worthless trials is expected to show the annual Sharpe ratio
// sharpe, and the simpler upper bound 2·ln(n)/sharpe².
func MinBacktestYears(n, sharpe float64) (years, bound float64, err error) {
	top, err := ExpectedMax(n)
	if err != nil {
		return 0, 0, err
	}
	if !(sharpe > 0) || !finite(sharpe) {
		return 0, 0, degenerate("minimum backtest length", "the annual sharpe ratio is %v, it must be above zero", sharpe)
	}
	years, bound = (top/sharpe)*(top/sharpe), 2*math.Log(n)/sharpe/sharpe
	if !finite(years) || !finite(bound) {
		return 0, 0, degenerate("minimum backtest length", "the annual sharpe ratio %v is too small", sharpe)
	}
	return years, bound, nil
}
