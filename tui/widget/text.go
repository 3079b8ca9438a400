// Package widget owns the pieces the workstation and the CLI draw with: charts, tables, panels, text. Each takes values and a size and
// gives a string of exactly that many columns and lines. It does no I/O, holds no state, and never lets upstream text reach the
// terminal with a control character in it: values given as plain strings are neutralised here.
package widget

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// maxSide bounds every width and height, so that a wrong size cannot ask for gigabytes.
const maxSide = 2000

func clampSize(w, h int) (int, int) {
	return max(0, min(w, maxSide)), max(0, min(h, maxSide))
}

// Neutralise makes s harmless to draw: control characters, escapes, bidi overrides, zero-width and other invisible characters become
// visible marks (␛, ␇, ⟨202E⟩), newlines become ⏎, tabs a space, and invalid UTF-8 becomes �. The result holds no escape sequence.
func Neutralise(s string) string {
	clean := true
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r == '\n':
			b.WriteRune('⏎')
		case r < 0x20:
			b.WriteRune(0x2400 + r)
		case r == 0x7f:
			b.WriteRune('␡')
		case hidden(r):
			fmt.Fprintf(&b, "⟨%04X⟩", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden says whether r draws nothing by itself or changes how its neighbours are drawn.
func hidden(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case !unicode.IsGraphic(r): // controls, format characters, private and unassigned ones
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	case r == 0x034F, r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r == 0x2800, r == 0x17B4, r == 0x17B5, r >= 0x180B && r <= 0x180F:
		return true
	case r == 0x0D4E, r == 0x0E33, r == 0x0EB3, r == 0xFF9E, r == 0xFF9F, r >= 0x111C2 && r <= 0x111C3, r == 0x1193F, r == 0x11941,
		r >= 0x11A84 && r <= 0x11A89, r == 0x11D46, r == 0x11F02, r >= 0x1F3FB && r <= 0x1F3FF:
		// They join their neighbour as marks do, whatever their category says.
		return true
	case unicode.Is(unicode.M, r):
		// Combining marks stack without limit and terminals disagree on their width; a visible mark keeps columns true.
		return true
	}
	return false
}

// NeutraliseLines is Neutralise that keeps line breaks (\n, \r\n) as breaks.
func NeutraliseLines(s string) []string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = Neutralise(lines[i])
	}
	return lines
}

// Width is the number of terminal columns s takes; escape sequences count nothing.
func Width(s string) int { return ansi.StringWidth(s) }

// Truncate cuts s to at most w columns, ending it with … where it was cut. Styles in s survive.
func Truncate(s string, w int) string {
	if w <= 0 {
		return ""
	}
	return ansi.Truncate(s, w, "…")
}

// Fit gives exactly w columns: cut with …, or padded on the right.
func Fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	s = Truncate(s, w)
	return s + strings.Repeat(" ", max(0, w-Width(s)))
}

// FitRight is Fit with the padding on the left, for numbers.
func FitRight(s string, w int) string {
	if w <= 0 {
		return ""
	}
	s = Truncate(s, w)
	return strings.Repeat(" ", max(0, w-Width(s))) + s
}

// Block gives exactly h lines of w columns: lines are fitted, missing ones are blank, further ones are left out.
func Block(lines []string, w, h int) string {
	w, h = clampSize(w, h)
	out := make([]string, h)
	for i := range out {
		if i < len(lines) {
			out[i] = Fit(lines[i], w)
		} else {
			out[i] = strings.Repeat(" ", w)
		}
	}
	return strings.Join(out, "\n")
}

// Wrap breaks one line of neutralised or styled text at spaces, and not at hyphens, to at most w columns a line; a wide character still
// takes two at w = 1.
func Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	// ansi.Wrap takes every hyphen for a place to break, which parts ema-cross; no neutralised text holds the private character.
	const hyphen = "\ue000"
	// ansi.Wrap lets a line that starts with a space run one column over, so its lines are cut once more.
	s = ansi.Hardwrap(ansi.Wrap(strings.ReplaceAll(s, "-", hyphen), w, " "), w, true)
	return strings.Split(strings.ReplaceAll(s, hyphen, "-"), "\n")
}
