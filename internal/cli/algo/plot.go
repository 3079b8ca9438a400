package algo

import (
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

const (
	plotLines = 24
	plotWidth = 160 // at most
)

// plotCurves draws equity, buy-and-hold and drawdown for a terminal.
func plotCurves(f *factory.Factory, rep *report.Report) error {
	if len(rep.Curve) < 2 {
		f.Say("there is no curve to draw")
		return nil
	}
	profile := theme.NoColor
	if f.IO.Color {
		profile = theme.ANSI16 // readable on light and dark
	}
	t := theme.For(profile)
	equity, hold, down := rep.Curves()
	drawn := widget.Performance{From: rep.Curve[0].Time, To: rep.Curve[len(rep.Curve)-1].Time, Equity: equity, Hold: hold, Drawdown: down,
		Return: percent(rep.Strat.Return), HoldReturn: percent(rep.Hold.Return)}
	lines := drawn.Lines(&t, min(f.IO.Width-1, plotWidth), plotLines)
	if rep.Simulated {
		lines = append([]string{"SIMULATED prices"}, lines...)
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	_, err := fmt.Fprintf(f.IO.Out, "\n%s\n", strings.Join(lines, "\n"))
	return err
}

func percent(v *float64) string {
	if v == nil {
		return "–"
	}
	return widget.Percent(*v)
}
