package widget

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/sharedtest"
)

// harmless fails the test if s still holds something a terminal would act on or hide.
func harmless(t *testing.T, in, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%q: result is not UTF-8: %q", in, s)
	}
	for _, r := range s {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Mn, unicode.Me) {
			t.Errorf("%q: %U is left in %q", in, r, s)
		}
	}
}

func TestNeutraliseShowsWhatItDisarms(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "\x1b[31mred": "␛[31mred", "a\nb\tc": "a⏎b c", "\x7f\x07": "␡␇",
		"a\u202eb": "a⟨202E⟩b", "a\u200bb": "a⟨200B⟩b", "\u009b31m": "⟨009B⟩31m", "\xff": "\ufffd", "e\u0301": "e⟨0301⟩", "日本": "日本",
	} {
		if got := Neutralise(in); got != want {
			t.Errorf("Neutralise(%q): got %q, want %q", in, got, want)
		}
	}
}

// A character whose width depends on its neighbour would move every column after it.
func TestNeutralisedCharactersKeepTheirWidth(t *testing.T) {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		s := Neutralise(string(r))
		if w := Width(s); w < 1 || Width(" "+s) != 1+w || Width("x"+s+" ") != 2+w {
			t.Errorf("%U: %d columns alone, %d after a space, %d between others", r, w, Width(" "+s), Width("x"+s+" ")-2)
		}
	}
}

func TestNeutraliseCorpora(t *testing.T) {
	for _, rel := range []string{
		"corpora/blns/blns.txt", "corpora/fuzzdb/control-chars/terminal-escape-codes.txt", "corpora/fuzzdb/control-chars/HexValsAllBytes.txt",
		"corpora/fuzzdb/control-chars/NullByteRepresentations.txt",
	} {
		t.Run(rel, func(t *testing.T) {
			raw, err := os.ReadFile(sharedtest.Path(t, rel))
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(string(raw), "\n") {
				harmless(t, line, Neutralise(line))
			}
		})
	}
}

func FuzzTextIsHarmlessAndFits(f *testing.F) {
	f.Add("\x1b]0;title\x07日本", 7, 3)
	f.Add(" 000000000000000", 7, 1)
	f.Add("\u202eevil\r\nx", 0, 0)
	f.Fuzz(func(t *testing.T, s string, w, h int) {
		w, h = w%300, h%100
		clean := Neutralise(s)
		harmless(t, s, clean)
		if got := Width(Fit(clean, w)); got != max(0, w) {
			t.Errorf("Fit(%q, %d): %d columns", clean, w, got)
		}
		if got := Width(FitRight(clean, w)); got != max(0, w) {
			t.Errorf("FitRight(%q, %d): %d columns", clean, w, got)
		}
		if got := Width(Overlay(clean, clean, h, w)); got != max(0, w) {
			t.Errorf("Overlay(%q, %d, %d): %d columns", clean, h, w, got)
		}
		for _, l := range Wrap(clean, w) {
			if w > 1 && Width(l) > w {
				t.Errorf("Wrap(%q, %d): line %q is too wide", clean, w, l)
			}
		}
		if lines := strings.Split(Block(NeutraliseLines(s), w, h), "\n"); h > 0 && len(lines) != h {
			t.Errorf("Block: %d lines, want %d", len(lines), h)
		}
	})
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Price(4120.1), "4,120.10"}, {Price(12480.22), "12,480.22"}, {Price(1.204113), "1.2041"}, {Price(0.00001234), "0.000012340"},
		{Price(math.NaN()), "–"}, {Price(math.Inf(-1)), "–"}, {Price(0), "0.00"}, {Number(-0.001, 2), "0.00"}, {Number(-1234567.5, 1), "−1,234,567.5"},
		{Change(84.1, 2), "+84.10"}, {Change(-12.07, 2), "−12.07"}, {Change(0, 2), "0.00"}, {Change(0.001, 2), "0.00"},
		{Percent(0.0068), "+0.68%"}, {Percent(-0.14), "−14.0%"}, {Percent(3.1), "+310%"},
		{Compact(12400), "12.4k"}, {Compact(999.99), "1.0k"}, {Compact(999), "999"}, {Compact(999_960), "1.0M"}, {Compact(3.1e6), "3.1M"}, {Compact(0), "0"},
		{Ago(9 * time.Second), "9s"}, {Ago(6 * time.Hour), "6h"}, {Ago(50 * time.Hour), "2d"}, {Ago(-9 * time.Second), "in 9s"},
		{Ago(math.MinInt64), "in 15250w"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
