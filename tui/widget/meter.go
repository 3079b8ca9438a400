package widget

import (
	"math"
	"strings"

	"github.com/ohmycoins/omc/tui/theme"
)

// Meter draws a share between 0 and 1 as a bar of w columns: ███████░. Only what is whole is drawn full, and only what is nothing empty;
// a share that is not a number is w blanks.
func Meter(t *theme.Theme, share float64, w int) string {
	w, _ = clampSize(w, 1)
	if w == 0 || math.IsNaN(share) {
		return strings.Repeat(" ", w)
	}
	n := int(math.Round(share * float64(w)))
	switch {
	case share >= 1:
		n = w
	case share <= 0:
		n = 0
	default:
		n = max(min(1, w-1), min(n, w-1))
	}
	return finish(t, strings.Repeat("█", n)+strings.Repeat("░", w-n))
}
