package widget

import (
	"math"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/theme"
)

// Gauge draws how much of a limit is used as a bar of exactly w columns: ███░░░░░. Used and limit may both be negative (a drawdown of −1.9 %
// of −8 %); a value on the other side of zero uses nothing. From three quarters on the bar warns; at the limit and beyond it ends in !,
// in the danger style. A value that is not a number, or a limit of zero, gives ? in every column: unknown is not the same as unused.
func Gauge(t *theme.Theme, used, limit float64, w int) string {
	w, _ = clampSize(w, 1)
	if w == 0 {
		return ""
	}
	share := used / limit
	if !finite(used) || math.IsNaN(limit) || limit == 0 || math.IsNaN(share) {
		return t.Warn.Render(strings.Repeat("?", w))
	}
	if share >= 1 {
		return t.Danger.Render(finish(t, strings.Repeat("█", w-1)+"!"))
	}
	style := &t.Text
	if share >= 0.75 {
		style = &t.Warn
	}
	return fill(t, share, w, style)
}

// Progress draws done of total as a bar of exactly w columns with the percentage at its right end: ████░░░░  42%. Where the total is not
// known (0 or less) the bar is empty and the end reads the count alone.
func Progress(t *theme.Theme, done, total int64, w int) string {
	w, _ = clampSize(w, 1)
	done = max(0, done)
	label := Compact(float64(done))
	share := 0.0
	if total > 0 {
		share = min(1, float64(done)/float64(total))
		// 99.9 % is not done: it reads 99 %.
		label = Number(math.Floor(share*100), 0) + "%"
	}
	label = FitRight(label, 5)
	if w <= len(label)+1 {
		return FitRight(strings.TrimSpace(label), w)
	}
	return fill(t, share, w-len(label), &t.Accent) + label
}

// fill draws a bar of w columns, share of it full. Anything above nothing shows, and less than all never looks full.
func fill(t *theme.Theme, share float64, w int, full *lipgloss.Style) string {
	n := max(0, min(w, int(math.Round(share*float64(w)))))
	if share > 0 && n == 0 {
		n = 1
	}
	if share < 1 && n == w && w > 1 {
		n = w - 1
	}
	return full.Render(finish(t, strings.Repeat("█", n))) + t.Muted.Render(finish(t, strings.Repeat("░", w-n)))
}
