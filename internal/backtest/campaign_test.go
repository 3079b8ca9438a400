package backtest

import (
	"math"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/research"
)

// Trials that are almost one make no result look better, and a few days make none look worse.
func TestTheSpreadOfTrialsIsAtLeastChances(t *testing.T) {
	t.Parallel()
	daily := make([]float64, 400)
	for i := range daily {
		daily[i] = 0.001 + 0.01*math.Sin(float64(i)*1.7)
	}
	campaign := func(n int, sharpe func(int) float64, days int) *research.Campaign {
		c := &research.Campaign{Trials: n}
		for i := range n {
			c.Ratios = append(c.Ratios, research.Ratio{Sharpe: sharpe(i), Days: days})
		}
		return c
	}
	wide := func(i int) float64 { return 0.15 * math.Sin(float64(i)*2.3) }
	honest, err := Deflated(daily, campaign(60, wide, 400))
	if err != nil || honest.Note != "" || honest.Sigma < 0.05 {
		t.Fatalf("%+v, %v", honest, err)
	}
	decoys := campaign(60, wide, 400)
	for i := range 3000 {
		decoys.Ratios, decoys.Trials = append(decoys.Ratios, research.Ratio{Sharpe: 0.1 + 1e-6*float64(i), Days: 400}), decoys.Trials+1
	}
	flooded, err := Deflated(daily, decoys)
	if err != nil || flooded.Sigma != 1/math.Sqrt(400) || !strings.Contains(flooded.Note, "less than chance") || flooded.Trials != 3060 {
		t.Errorf("%+v, %v", flooded, err)
	}
	clones, err := Deflated(daily, campaign(5, func(i int) float64 { return 0.1 + 1e-5*float64(i) }, 400))
	if err != nil || clones.Sigma != 1/math.Sqrt(400) || clones.SR0 <= 0.05 {
		t.Errorf("%+v, %v", clones, err)
	}
	few, err := Deflated(daily, campaign(2, wide, 400))
	if err != nil || few.Sigma != 1/math.Sqrt(400) || few.Trials != 5 {
		t.Errorf("%+v, %v", few, err)
	}
	// Four days of a ratio of half are what chance makes of four days.
	brief := campaign(60, wide, 400)
	for range 3 {
		brief.Ratios, brief.Trials = append(brief.Ratios, research.Ratio{Sharpe: -0.5, Days: 4}), brief.Trials+1
	}
	looked, err := Deflated(daily, brief)
	if err != nil || math.Abs(looked.Sigma-honest.Sigma) > 0.05*honest.Sigma {
		t.Errorf("%+v, %v; without: %+v", looked, err, honest)
	}
}
