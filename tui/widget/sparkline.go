package widget

import (
	"math"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/theme"
)

// Spark draws values as one line of w bars (▁▂▃▄▅▆▇█), from their lowest to their highest. Where there are more values than columns a
// bar shows the last of its stretch; a NaN is a gap; values that are all the same stand at half height.
func Spark(t *theme.Theme, values []float64, style *lipgloss.Style, w int) string {
	w, _ = clampSize(w, 1)
	lo, hi, ok := bounds([]Line{{Values: values}})
	var b strings.Builder
	for x := range w {
		_, _, v := stretch(values, x, w)
		switch {
		case !ok || math.IsNaN(v):
			b.WriteByte(' ')
		case hi <= lo:
			b.WriteRune('▄')
		default:
			b.WriteRune('▁' + rune(math.Round((v-lo)/(hi-lo)*7)))
		}
	}
	s := finish(t, b.String())
	if style != nil && ok {
		return style.Render(s)
	}
	return s
}
