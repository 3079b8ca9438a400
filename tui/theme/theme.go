// Package theme owns the workstation's colours: what each meaning (up, down, live, muted…) looks like on a given terminal.
// It never reads the environment and never lets colour be the only carrier of a meaning: words, signs and shapes are the widgets' duty.
package theme

import (
	"image/color"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
)

// Profile says what the terminal can show.
type Profile int

// The profiles. NoColor writes no escape sequence at all.
const (
	NoColor Profile = iota
	ANSI16
	Light
	Dark
)

// String gives the profile's name as used in the configuration.
func (p Profile) String() string {
	switch p {
	case ANSI16:
		return "16"
	case Light:
		return "light"
	case Dark:
		return "dark"
	}
	return "none"
}

// Detect picks a profile from what the caller knows: whether colour was refused (NO_COLOR or --no-color), TERM, COLORTERM,
// and whether the background is dark.
func Detect(noColor bool, term, colorTerm string, darkBackground bool) Profile {
	switch {
	case noColor || term == "dumb" || term == "":
		return NoColor
	case term == "linux" || term == "vt100" || term == "ansi" || (colorTerm == "" && (term == "xterm" || term == "screen")):
		return ANSI16
	case darkBackground:
		return Dark
	}
	return Light
}

// DarkBackground reads COLORFGBG, which terminals set to the numbers of their foreground and background: 15;0, 0;default;15. It says
// dark of what it cannot read, as most terminals are.
func DarkBackground(colorFGBG string) bool {
	fields := strings.Split(colorFGBG, ";")
	switch n, err := strconv.Atoi(fields[len(fields)-1]); {
	case err != nil || len(fields) < 2:
		return true
	case n == 7 || n >= 9 && n <= 15:
		return false
	}
	return true
}

// Palette is the set of colours that the styles are made of. Background is assumed, not painted.
type Palette struct {
	Background, Text, Muted, Up, Down, Accent, Warn, Danger, Paper, Sim, Border color.Color
	BandText, BandBack, SelectedText, SelectedBack                              color.Color
}

// Theme holds one style per meaning. ASCII asks the widgets to draw without box, block and braille glyphs.
type Theme struct {
	Profile Profile
	ASCII   bool

	Text, Muted, Up, Down, Accent, Warn, Danger     lipgloss.Style
	LiveBand, Paper, Sim, Header, Footer            lipgloss.Style
	Selected, Border, LiveBorder, Title, Bold, Code lipgloss.Style
}

// For gives the theme of a profile.
func For(p Profile) Theme {
	if p == NoColor {
		return Theme{Profile: p}
	}
	c := PaletteOf(p)
	fg := func(x color.Color) lipgloss.Style { return lipgloss.NewStyle().Foreground(x) }
	return Theme{
		Profile: p,
		Text:    lipgloss.NewStyle(), Muted: fg(c.Muted), Up: fg(c.Up), Down: fg(c.Down), Accent: fg(c.Accent),
		Warn: fg(c.Warn), Danger: fg(c.Danger).Bold(true),
		LiveBand: fg(c.BandText).Background(c.BandBack).Bold(true),
		Paper:    fg(c.Paper).Bold(true), Sim: fg(c.Sim).Bold(true),
		Header: fg(c.Accent).Bold(true), Footer: fg(c.Muted),
		Selected: fg(c.SelectedText).Background(c.SelectedBack),
		Border:   fg(c.Border), LiveBorder: fg(c.Danger).Bold(true),
		Title: lipgloss.NewStyle().Bold(true), Bold: lipgloss.NewStyle().Bold(true), Code: fg(c.Accent),
	}
}

// PaletteOf gives the colours of a profile; the zero Palette for NoColor.
func PaletteOf(p Profile) Palette {
	x := lipgloss.Color
	switch p {
	case Dark:
		return Palette{
			Background: x("#16181d"), Text: x("#e6e6e6"), Muted: x("#9aa4b2"), Up: x("#5bd68a"), Down: x("#ff7b72"),
			Accent: x("#79b8ff"), Warn: x("#f2cc60"), Danger: x("#ff7b72"), Paper: x("#79b8ff"), Sim: x("#d2a8ff"), Border: x("#7d8694"),
			BandText: x("#ffffff"), BandBack: x("#b3261e"), SelectedText: x("#ffffff"), SelectedBack: x("#264f78"),
		}
	case Light:
		return Palette{
			Background: x("#ffffff"), Text: x("#1f2328"), Muted: x("#5f6368"), Up: x("#0a6b2d"), Down: x("#b3261e"),
			Accent: x("#0b57d0"), Warn: x("#7a4f00"), Danger: x("#b3261e"), Paper: x("#0b57d0"), Sim: x("#6e40aa"), Border: x("#6b7280"),
			BandText: x("#ffffff"), BandBack: x("#b3261e"), SelectedText: x("#1f2328"), SelectedBack: x("#cfe2ff"),
		}
	case ANSI16:
		return Palette{
			Background: x("0"), Text: x("7"), Muted: x("8"), Up: x("2"), Down: x("1"), Accent: x("6"), Warn: x("3"), Danger: x("1"),
			Paper: x("6"), Sim: x("5"), Border: x("8"), BandText: x("15"), BandBack: x("1"), SelectedText: x("0"), SelectedBack: x("6"),
		}
	}
	return Palette{}
}

// Signed gives Up, Down or Text by the sign of v. The caller still writes the sign.
func (t *Theme) Signed(v float64) *lipgloss.Style {
	switch {
	case v > 0:
		return &t.Up
	case v < 0:
		return &t.Down
	}
	return &t.Text
}
