package widget

import (
	"strings"

	"github.com/ohmycoins/omc/tui/theme"
)

// ASCII replaces the glyphs that the workstation draws with by plain ones of the same width; escape sequences and other text stay.
func ASCII(s string) string { return strings.Map(plainRune, s) }

func plainRune(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r >= 0x2800 && r <= 0x28ff: // braille
		return '.'
	case r >= 0x2581 && r <= 0x2588: // bars
		return rune("._-=+*##"[r-0x2581])
	case r >= 0x2400 && r <= 0x2421, r == '\ufffd': // control characters made visible
		return '?'
	}
	switch r {
	case '─', '━', '−', '–', '┄', '╺':
		return '-'
	case '│', '┃', '┆', '║', '╵', '╷', '╹', '╻', '╿', '╽':
		return '|'
	case '▸', '▶', '›', '⟩':
		return '>'
	case '◂', '⟨':
		return '<'
	case '▓', '▀':
		return '#'
	case '░', '·':
		return '.'
	case '•':
		return '*'
	case '…':
		return '~'
	case '╭', '╮', '╰', '╯', '┼', '├', '┤', '┬', '┴', '╔', '╗', '╚', '╝':
		return '+'
	case '═':
		return '='
	case '✓', '▾':
		return 'v'
	case '✗', '×':
		return 'x'
	case '⏎':
		return '^'
	}
	return r
}

// finish is the last step of every widget: on an ASCII terminal its own glyphs become plain ones.
func finish(th *theme.Theme, s string) string {
	if th.ASCII {
		return ASCII(s)
	}
	return s
}
