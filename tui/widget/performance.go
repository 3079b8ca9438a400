package widget

import (
	"math"
	"strings"
	"time"

	"github.com/ohmycoins/omc/tui/theme"
)

// Performance is an equity curve beside buying and holding, with the drawdown below.
type Performance struct {
	From, To     time.Time // of the first and the last value
	Equity, Hold []float64
	Drawdown     []float64 // ratios ≤ 0
	// Return and HoldReturn stand in the legend, as the caller writes returns.
	Return, HoldReturn string
}

// Lines draws it in h lines of w columns, the drawdown only where there are at least 12 lines. Nothing below two values or 3 lines.
func (p *Performance) Lines(t *theme.Theme, w, h int) []string {
	if len(p.Equity) < 2 || h < 3 {
		return nil
	}
	low := 0
	if h >= 12 {
		low = max(4, h/4)
	}
	chart := Chart{From: p.From, To: p.To, Lines: []Line{
		{Name: "buy and hold " + p.HoldReturn, Values: p.Hold, Style: &t.Muted, Dashed: true},
		{Name: "equity " + p.Return, Values: p.Equity, Style: &t.Accent},
	}}
	up := h
	if low > 0 {
		up -= low + 1
	}
	out := indented(chart.View(t, w-1, up))
	if low == 0 {
		return out
	}
	down, worst := make([]float64, len(p.Drawdown)), 0.0
	for i, v := range p.Drawdown {
		down[i], worst = v*100, math.Min(worst, v)
	}
	out = append(out, " "+t.Muted.Render("drawdown, worst ")+t.Down.Render(Percent(worst)))
	fall := Chart{Lines: []Line{{Values: down, Style: &t.Down, Fill: true}}, Format: func(v float64) string { return Number(v, 0) + "%" }}
	return append(out, indented(fall.View(t, w-1, low))...)
}

func indented(view string) []string {
	lines := strings.Split(view, "\n")
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}
