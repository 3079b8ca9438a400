package widget

import (
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/ohmycoins/omc/tui/theme"
)

func TestOverlay(t *testing.T) {
	th := theme.For(theme.Dark)
	for _, c := range []struct {
		line, top string
		x, w      int
		want      string
	}{
		{"abcdefgh", "XY", 2, 8, "abXYefgh"}, {"ab", "XY", 4, 8, "ab  XY  "}, {"abcdefgh", "XYZ", 6, 8, "abcdefX…"}, {"abcdefgh", "XY", -3, 8, "XYcdefgh"},
		{"日本語日", "X", 1, 8, " X本語日"}, {"日本語日", "XY", 1, 8, " XY 語日"}, {"abc", "X", 9, 3, "abc"}, {"abc", "X", 0, 0, ""},
	} {
		if got := Overlay(c.line, c.top, c.x, c.w); got != c.want {
			t.Errorf("Overlay(%q, %q, %d, %d): got %q, want %q", c.line, c.top, c.x, c.w, got, c.want)
		}
		styled := Overlay(th.Up.Render(c.line), th.Danger.Render(c.top), c.x, c.w)
		if got := ansi.Strip(styled); got != c.want {
			t.Errorf("with styles: got %q, want %q", got, c.want)
		}
	}
}

func TestASCIIKeepsWidthsAndLosesGlyphs(t *testing.T) {
	th := theme.For(theme.NoColor)
	ascii := th
	ascii.ASCII = true
	drawn := []string{
		equityChart(&th).View(&th, 80, 14), Candles(&th, hourly(100), 80, 20), Spark(&th, []float64{1, 2, 3}, nil, 9),
		Months(&th, returns(), 90, 4), "│ ✓ ✗ › ▾ … ╭─╮ ═ ░",
	}
	for _, s := range drawn {
		plain := ASCII(s)
		onlyASCII(t, plain)
		if ansi.StringWidth(plain) != ansi.StringWidth(s) {
			t.Errorf("the width changed:\n%s\n%s", s, plain)
		}
	}
	if got := ASCII("\x1b[1m日─\x1b[m"); got != "\x1b[1m日-\x1b[m" {
		t.Errorf("got %q: escapes and other text must stay", got)
	}
}
