package algo

import (
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
)

const (
	plotLines = 24
	plotWidth = 160 // at most
)

// plotCurves draws equity, buy-and-hold and drawdown for a terminal.
func plotCurves(f *factory.Factory, rep *report.Report) error {
	profile := theme.NoColor
	if f.IO.Color {
		profile = theme.ANSI16 // readable on light and dark
	}
	t := theme.For(profile)
	lines := page.Curves(&t, rep, min(f.IO.Width-1, plotWidth), plotLines)
	if lines == nil {
		f.Say("there is no curve to draw")
		return nil
	}
	if rep.Simulated {
		lines = append([]string{"SIMULATED prices"}, lines...)
	}
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	_, err := fmt.Fprintf(f.IO.Out, "\n%s\n", strings.Join(lines, "\n"))
	return err
}
