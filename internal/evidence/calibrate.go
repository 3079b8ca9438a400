package evidence

import "math"

// Thresholds are what the statistics of a campaign's returns must reach.
type Thresholds struct {
	DSR float64 // at least
	PBO float64 // at most
}

// NoiseCampaign is one made-up campaign: how many trials, over how many days, and what is planted.
type NoiseCampaign struct {
	Trials, Days int
	Edge         float64 // annual Sharpe ratio added to one trial; 0: pure noise
	Blocks       int     // of the cross-validation, even
	Correlation  float64 // of any two trials, 0 to 1: variants of one strategy resemble each other
	Seed         uint64
}

// Judged is what the statistics say of a made-up campaign's best trial.
type Judged struct {
	DSR, PBO, PSR float64
	Planted       bool // the best trial is the one with the edge
	Pass          bool // it reaches both thresholds
}

const noiseDaily = 0.01 // standard deviation of a day

// Try makes a campaign of trials with normal daily returns (1 % a day; trial Trials/2 has the edge), takes the one with the highest
// Sharpe ratio as a search would, and judges it. The returns of a day are 1 %·(√Correlation·z + √(1 − Correlation)·y), z one draw for the day, made
// before those of its trials and only where there is a correlation. The same seed gives the same campaign.
func (c NoiseCampaign) Try(t Thresholds) (Judged, error) {
	const figure = "noise campaign"
	if c.Trials < minTrials || c.Days < 4*c.Blocks || c.Blocks < 2 || float64(c.Trials)*float64(c.Days) > 10_000_000 || !finite(c.Edge) || !(c.Correlation >= 0 && c.Correlation <= 1) {
		return Judged{}, degenerate(figure, "%d trials of %d days in %d blocks, with an edge of %v and a correlation of %v", c.Trials, c.Days, c.Blocks, c.Edge, c.Correlation)
	}
	m, planted := c.returns(), c.Trials/2
	ratios := make([]Ratio, c.Trials)
	column := make([]float64, c.Days)
	best, chosen := 0, Sample{}
	for j := range c.Trials {
		for d := range column {
			column[d] = m.At(d, j)
		}
		s, err := Describe(column)
		if err != nil {
			return Judged{}, err
		}
		if ratios[j].Sharpe = s.Sharpe; j == 0 || s.Sharpe > ratios[best].Sharpe {
			best, chosen = j, s
		}
	}
	d, err := DeflateCampaign(chosen, ratios, c.Trials)
	if err != nil {
		return Judged{}, err
	}
	over, err := ProbabilityOfOverfitting(m.Columns(Distinct(m)), c.Blocks)
	if err != nil {
		return Judged{}, err
	}
	psr, err := chosen.PSR(0)
	if err != nil {
		return Judged{}, err
	}
	return Judged{DSR: d.DSR, PBO: over.PBO, PSR: psr, Planted: best == planted && c.Edge != 0, Pass: d.DSR >= t.DSR && over.PBO <= t.PBO}, nil
}

// returns makes the campaign's days × trials.
func (c NoiseCampaign) returns() Matrix {
	gen := NewSplitMix(c.Seed)
	m := Matrix{Rows: c.Days, Cols: c.Trials, Data: make([]float64, c.Days*c.Trials)}
	own, common := math.Sqrt(1-c.Correlation), 0.0
	for i := range m.Data {
		if i%c.Trials == 0 && c.Correlation > 0 {
			common = math.Sqrt(c.Correlation) * gen.Normal()
		}
		m.Data[i] = noiseDaily * (common + own*gen.Normal())
	}
	planted, edge := c.Trials/2, c.Edge/math.Sqrt(DaysPerYear)*noiseDaily
	for d := range c.Days {
		m.Data[d*c.Trials+planted] += edge
	}
	return m
}
