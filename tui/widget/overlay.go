package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Overlay puts the styled text top over line from column x on. The result has exactly w columns.
func Overlay(line, top string, x, w int) string {
	x = max(0, min(x, w))
	top = Truncate(top, w-x)
	end := x + Width(top)
	left := Fit(ansi.Truncate(line, x, ""), x)
	right := ""
	if end < w {
		under := Fit(line, w)
		right = ansi.TruncateLeft(under, end, "")
		if Width(right) > w-end {
			// A wide character half under top leaves as a whole.
			right = ansi.TruncateLeft(under, end+1, "")
		}
		right = strings.Repeat(" ", max(0, w-end-Width(right))) + right
	}
	return left + top + right
}
