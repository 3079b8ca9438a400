package lab

import (
	"math"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/research"
)

// year turns a daily Sharpe ratio into an annual one (docs/evidence.md: evidence is computed on daily returns).
var year = math.Sqrt(365)

// deflate fills in what the out-of-sample days are worth after all the campaign's trials, those of other sessions among them: N is their
// raw number, and the variance is taken over the Sharpe ratios of those that have one.
func deflate(e *research.Evaluation, daily []float64, c *research.Campaign) {
	missing := func(err error) { e.ReasonsMissing = append(e.ReasonsMissing, err.Error()) }
	s, err := evidence.Describe(daily)
	if err != nil {
		missing(err)
		return
	}
	if p, err := s.PSR(0); err != nil {
		missing(err)
	} else {
		e.PSR = &p
	}
	if n, err := s.MinTrackRecord(0, 0.95); err != nil {
		missing(err)
	} else {
		e.MinTrackDays = &n
	}
	d, err := backtest.Deflated(daily, c)
	if err != nil {
		missing(err)
		return
	}
	top := d.SR0 * year
	e.DSR, e.ExpectedMax = &d.DSR, &top
}
