package widget

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/tui/theme"
)

func TestGauge(t *testing.T) {
	th := theme.For(theme.NoColor)
	for _, c := range []struct {
		used, limit float64
		w           int
		want        string
	}{
		{-0.019, -0.08, 8, "██░░░░░░"}, {0, -0.03, 8, "░░░░░░░░"}, {0.001, 6, 8, "█░░░░░░░"}, {5.99, 6, 8, "███████░"}, {6, 6, 8, "███████!"},
		{9, 6, 8, "███████!"}, {0.02, -0.03, 4, "░░░░"}, {math.NaN(), 6, 3, "???"}, {1, 0, 3, "???"}, {1, math.Inf(1), 3, "░░░"}, {9, 6, 1, "!"}, {1, 2, -4, ""},
	} {
		if got := Gauge(&th, c.used, c.limit, c.w); got != c.want {
			t.Errorf("Gauge(%v, %v, %d): got %q, want %q", c.used, c.limit, c.w, got, c.want)
		}
	}
}

func TestProgress(t *testing.T) {
	th := theme.For(theme.NoColor)
	for _, c := range []struct {
		done, total int64
		w           int
		want        string
	}{
		{42, 100, 15, "████░░░░░░  42%"}, {999, 1000, 15, "█████████░  99%"}, {7, 7, 15, "██████████ 100%"}, {9, 7, 15, "██████████ 100%"},
		{1200, 0, 12, "░░░░░░░ 1.2k"}, {-5, 10, 12, "░░░░░░░   0%"}, {1, 2, 4, " 50%"}, {1, 2, 0, ""},
	} {
		if got := Progress(&th, c.done, c.total, c.w); got != c.want {
			t.Errorf("Progress(%d, %d, %d): got %q, want %q", c.done, c.total, c.w, got, c.want)
		}
	}
}

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

func TestGaugeSizes(t *testing.T) {
	everySize(t, "months", func(t *theme.Theme, w, h int) string { return Months(t, returns(), w, h) })
	everySize(t, "no months", func(t *theme.Theme, w, h int) string { return Months(t, nil, w, h) })
	for _, th := range themes() {
		for w := range 30 {
			for _, v := range []float64{-1, 0, 0.5, 0.8, 1, 2, math.NaN(), math.Inf(1), math.MaxFloat64} {
				sized(t, "gauge", Gauge(th, v, 1, w), w, 1)
				sized(t, "gauge", Gauge(th, 1, v, w), w, 1)
			}
			for _, n := range []int64{math.MinInt64, 0, 1, 999, math.MaxInt64} {
				sized(t, "progress", Progress(th, n, 1000, w), w, 1)
				sized(t, "progress", Progress(th, 1000, n, w), w, 1)
			}
		}
	}
}
