package page

import (
	"strings"

	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// Curves draws a report's equity beside buying and holding, and the drawdown below where h has room for it: h lines of at most w columns.
// A report with fewer than two points has none.
func Curves(t *theme.Theme, r *report.Report, w, h int) []string {
	c := r.Curve
	if len(c) < 2 || h < 3 {
		return nil
	}
	equity, hold, down := make([]float64, len(c)), make([]float64, len(c)), make([]float64, len(c))
	for i := range c {
		equity[i], hold[i], down[i] = c[i].Equity, c[i].Hold, c[i].Drawdown*100
	}
	low := 0
	if h >= 12 {
		low = max(4, h/4)
	}
	chart := widget.Chart{From: c[0].Time, To: c[len(c)-1].Time, Lines: []widget.Line{
		{Name: "buy and hold " + Percent(r.Hold.Return), Values: hold, Style: &t.Muted, Dashed: true},
		{Name: "equity " + Percent(r.Strat.Return), Values: equity, Style: &t.Accent},
	}}
	up := h
	if low > 0 {
		up -= low + 1
	}
	out := indented(chart.View(t, w-1, up))
	if low == 0 {
		return out
	}
	out = append(out, " "+t.Muted.Render("drawdown, worst ")+t.Down.Render(Percent(r.Strat.MaxDrawdown)))
	fall := widget.Chart{Lines: []widget.Line{{Values: down, Style: &t.Down, Fill: true}}, Format: func(v float64) string { return widget.Number(v, 0) + "%" }}
	return append(out, indented(fall.View(t, w-1, low))...)
}

func indented(view string) []string {
	lines := strings.Split(view, "\n")
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}
