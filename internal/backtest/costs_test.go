package backtest

import (
	"context"
	"testing"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
)

// A backtest at the break-even cost ends where it began, as nearly as the straight line between two multiples is the truth.
func TestBreakEvenCostLeavesNothing(t *testing.T) {
	t.Parallel()
	s := report.Default()
	s.FeeBps, s.SlippageBps = money.FromInt(24), money.FromInt(12)
	run := func(s report.Settings) *report.Report {
		rep, err := Run(context.Background(), Input{Strategy: newEMACross(5, 20), Bars: [][]market.Bar{syntheticBars(3000)}, Settings: s})
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	runs, skipped := CostRuns(s)
	if len(runs) != 4 || len(skipped) != 0 {
		t.Fatalf("%d runs, %v left out", len(runs), skipped)
	}
	var points []evidence.CostPoint
	for i, r := range runs {
		if r.Settings.FeeBps.Float64() != 24*float64(i) || r.Settings.SlippageBps.Float64() != 12*float64(i) || !r.Settings.Cash.Equal(s.Cash) {
			t.Fatalf("run %d: %+v", i, r)
		}
		p, err := CostPoint(r, run(r.Settings))
		if err != nil || p.Multiple != float64(i) || p.Trades < 10 {
			t.Fatalf("%+v, %v", p, err)
		}
		if i > 0 && p.Return >= points[i-1].Return {
			t.Fatalf("higher costs return more: %+v after %+v", p, points[i-1])
		}
		points = append(points, p)
	}
	even := evidence.BreakEven(points)
	if !even.Valid() || even.V <= 0 || even.V >= 3 {
		t.Fatalf("%+v of %+v", even, points)
	}
	by, err := money.FromFloat(even.V)
	if err != nil {
		t.Fatal(err)
	}
	s.FeeBps, s.SlippageBps = s.FeeBps.Mul(by).RoundHalfEven(3), s.SlippageBps.Mul(by).RoundHalfEven(3)
	if left := *run(s).Strat.Return; left > .05*points[0].Return || left < -.05*points[0].Return {
		t.Errorf("at %v times the costs %v is left of %v", even.V, left, points[0].Return)
	}
}

func TestCostsThatCannotBeAreNamed(t *testing.T) {
	t.Parallel()
	s := report.Default()
	s.FeeBps = money.FromInt(400)
	if runs, skipped := CostRuns(s); len(runs) != 3 || len(skipped) != 1 {
		t.Errorf("%d runs, %q", len(runs), skipped)
	}
	if _, err := CostPoint(CostRun{}, &report.Report{}); err == nil {
		t.Error("a report without a return has a point")
	}
}
