package widget

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/tui/theme"
)

func returns() []Month {
	var out []Month
	for i, r := range []float64{0.031, -0.014, 0.002, 0, -0.221, 0.0049, 1.31, 12.4, -0.99, math.NaN(), 0.08, 0.012, -0.05, 0.11, 0.021, -0.003} {
		out = append(out, Month{2024 + i/12, time.Month(i%12 + 1), r})
	}
	return append(out, Month{2025, 13, 1}, Month{2025, 0, 1})
}

func TestMonthsGolden(t *testing.T) {
	th := theme.For(theme.NoColor)
	golden(t, "months", strings.Join([]string{Months(&th, returns(), 90, 4), Months(&th, returns(), 60, 8), Months(&th, returns(), 30, 16)}, "\n---\n"))
}

func TestMonthsSizes(t *testing.T) {
	everySize(t, "months", func(t *theme.Theme, w, h int) string { return Months(t, returns(), w, h) })
	everySize(t, "no months", func(t *theme.Theme, w, h int) string { return Months(t, nil, w, h) })
}
