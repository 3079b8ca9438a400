package algo

import (
	"fmt"
	"math"
	"strings"

	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/tui/widget"
)

const (
	equityRows   = 12
	drawdownRows = 5
	axisWidth    = 12
)

// plotCurves draws equity (●), buy-and-hold (·) and drawdown for a terminal.
func plotCurves(f *factory.Factory, rep *report.Report) error {
	width := min(max(f.IO.Width-axisWidth-1, 20), 160)
	equity, hold, draw := make([]float64, width), make([]float64, width), make([]float64, width)
	if len(rep.Curve) == 0 {
		f.Say("there is no curve to draw")
		return nil
	}
	for x := range width {
		from := x * len(rep.Curve) / width
		to := max(from+1, (x+1)*len(rep.Curve)/width)
		equity[x], hold[x] = rep.Curve[to-1].Equity, rep.Curve[to-1].Hold
		for _, p := range rep.Curve[from:to] {
			draw[x] = math.Min(draw[x], p.Drawdown)
		}
	}
	mark := ""
	if rep.Simulated {
		mark = "  SIMULATED"
	}
	if _, err := fmt.Fprintf(f.IO.Out, "\nequity ●  buy and hold ·%s\n", mark); err != nil {
		return err
	}
	lo, hi := bounds(equity, hold)
	grid := newGrid(equityRows, width)
	grid.plot(hold, lo, hi, '·')
	grid.plot(equity, lo, hi, '●')
	grid.write(f, lo, hi, widget.Compact)
	fmt.Fprintln(f.IO.Out, "\ndrawdown")
	lo, _ = bounds(draw)
	grid = newGrid(drawdownRows, width)
	for x, v := range draw {
		grid.column(x, v, lo)
	}
	grid.write(f, lo, 0, widget.Percent)
	fmt.Fprintf(f.IO.Out, "%*s %s%*s\n", axisWidth, "", factory.Time(rep.From)[:10], width-10, factory.Time(rep.To)[:10])
	return nil
}

func bounds(series ...[]float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, s := range series {
		for _, v := range s {
			if !math.IsNaN(v) {
				lo, hi = math.Min(lo, v), math.Max(hi, v)
			}
		}
	}
	return lo, hi
}

type grid [][]rune

func newGrid(rows, width int) grid {
	g := make(grid, rows)
	for y := range g {
		g[y] = []rune(strings.Repeat(" ", width))
	}
	return g
}

func (g grid) plot(values []float64, lo, hi float64, r rune) {
	for x, v := range values {
		if hi <= lo {
			g[len(g)-1][x] = r
			continue
		}
		y := int(math.Round((hi - v) / (hi - lo) * float64(len(g)-1)))
		g[min(max(y, 0), len(g)-1)][x] = r
	}
}

// column hangs a bar from the top, as deep as v is between 0 and lo.
func (g grid) column(x int, v, lo float64) {
	if lo >= 0 {
		return
	}
	for y := range int(math.Ceil(v / lo * float64(len(g)))) {
		g[y][x] = '█'
	}
}

func (g grid) write(f *factory.Factory, lo, hi float64, label func(float64) string) {
	for y, row := range g {
		text := ""
		if y == 0 {
			text = label(hi)
		} else if y == len(g)-1 {
			text = label(lo)
		}
		fmt.Fprintf(f.IO.Out, "%*s ┤%s\n", axisWidth-1, text, strings.TrimRight(string(row), " "))
	}
}
