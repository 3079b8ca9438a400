package theme

import (
	"image/color"
	"math"
	"testing"
)

// luminance is WCAG 2.2's relative luminance.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	f := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*f(r) + 0.7152*f(g) + 0.0722*f(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func TestTextContrastIsReadable(t *testing.T) {
	for _, p := range []Profile{Light, Dark} {
		c := PaletteOf(p)
		pairs := map[string][2]color.Color{
			"text": {c.Text, c.Background}, "muted": {c.Muted, c.Background}, "up": {c.Up, c.Background}, "down": {c.Down, c.Background},
			"accent": {c.Accent, c.Background}, "warn": {c.Warn, c.Background}, "danger": {c.Danger, c.Background},
			"paper": {c.Paper, c.Background}, "sim": {c.Sim, c.Background}, "border": {c.Border, c.Background},
			"live band": {c.BandText, c.BandBack}, "selected": {c.SelectedText, c.SelectedBack},
		}
		for name, pair := range pairs {
			if got := contrast(pair[0], pair[1]); got < 4.5 {
				t.Errorf("%s %s: contrast %.2f, want at least 4.5", p, name, got)
			}
		}
	}
}

func TestNoColorWritesNoEscapes(t *testing.T) {
	th := For(NoColor)
	if got := th.LiveBand.Render("LIVE") + th.Danger.Render("x") + th.Selected.Render("y"); got != "LIVExy" {
		t.Errorf("got %q", got)
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		no       bool
		term, ct string
		dark     bool
		want     Profile
	}{
		{true, "xterm-256color", "truecolor", true, NoColor}, {false, "dumb", "", true, NoColor}, {false, "linux", "", true, ANSI16},
		{false, "xterm-256color", "truecolor", true, Dark}, {false, "xterm-256color", "", false, Light},
	} {
		if got := Detect(c.no, c.term, c.ct, c.dark); got != c.want {
			t.Errorf("Detect(%v): got %s, want %s", c, got, c.want)
		}
	}
}

func TestColorFGBGTellsTheBackground(t *testing.T) {
	for v, dark := range map[string]bool{"0;15": false, "0;default;15": false, "8;7": false, "15;0": true, "7;8": true, "15;default": true, "15": true, "": true, "0;-1": true, "0;99": true} {
		if got := DarkBackground(v); got != dark {
			t.Errorf("%q: dark is %v", v, got)
		}
	}
}
