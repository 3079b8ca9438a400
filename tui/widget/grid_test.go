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

// The year's return stands in the line of January to June: without a name it reads as July's.
func TestAYearsReturnIsNamedAtEveryWidth(t *testing.T) {
	th := theme.For(theme.NoColor)
	for _, w := range []int{90, 60, 50, 30} {
		lines := strings.Split(Months(&th, returns()[:6], w, 8), "\n")
		name, value := strings.Index(lines[0], "year"), strings.Index(lines[1], "2024")
		if name < 0 || value != 0 {
			t.Fatalf("%d columns: the first lines are %q", w, lines[:2])
		}
		if head, sum := len(strings.TrimRight(lines[0], " ")), Width(strings.TrimRight(lines[1], " ")); head != sum {
			t.Errorf("%d columns: the name ends at %d, the value at %d:\n%s", w, head, sum, strings.Join(lines, "\n"))
		}
	}
}
