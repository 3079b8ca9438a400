package backtest

import (
	"fmt"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
)

// CostRun is one backtest to run for cost sensitivity: the same in all but its costs.
type CostRun struct {
	Multiple int // of fees and slippage
	Settings report.Settings
}

// CostRuns says which backtests show what costs do: fees and slippage times 0, 1, 2 and 3. A multiple that makes a setting impossible (more than
// 1000 basis points) is left out, and named in skipped.
func CostRuns(s report.Settings) (runs []CostRun, skipped []string) {
	for multiple := range 4 {
		r := CostRun{Multiple: multiple, Settings: s}
		by := money.FromInt(int64(multiple))
		r.Settings.FeeBps, r.Settings.SlippageBps = s.FeeBps.Mul(by), s.SlippageBps.Mul(by)
		if err := r.Settings.Validate(); err != nil {
			skipped = append(skipped, fmt.Sprintf("%d times the costs: %v", multiple, err))
			continue
		}
		runs = append(runs, r)
	}
	return runs, skipped
}

// CostPoint is what a run of CostRuns came to.
func CostPoint(r CostRun, rep *report.Report) (evidence.CostPoint, error) {
	if rep.Strat.Return == nil {
		return evidence.CostPoint{}, fmt.Errorf("%d times the costs: the backtest has no return", r.Multiple)
	}
	return evidence.CostPoint{Multiple: float64(r.Multiple), Return: *rep.Strat.Return, Sharpe: rep.Strat.Sharpe, Trades: rep.Strat.Trades}, nil
}
