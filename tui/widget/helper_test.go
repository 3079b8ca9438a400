package widget

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/ohmycoins/omc/tui/theme"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.txt, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	got += "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s\nwant:\n%s", path, got, want)
	}
}

// sized fails unless s is exactly h lines of w columns, and holds no control character besides the theme's own styles.
func sized(t *testing.T, what, s string, w, h int) {
	t.Helper()
	w, h = clampSize(w, h)
	lines := strings.Split(s, "\n")
	if h == 0 {
		if s != "" {
			t.Errorf("%s %d×0: %q, want nothing", what, w, s)
		}
		return
	}
	if len(lines) != h {
		t.Errorf("%s %d×%d: %d lines", what, w, h, len(lines))
	}
	for i, l := range lines {
		if Width(l) != w {
			t.Errorf("%s %d×%d: line %d is %d columns: %q", what, w, h, i, Width(l), l)
			return
		}
		harmless(t, what, ansi.Strip(l))
	}
}

func themes() []*theme.Theme {
	plain, dark, ascii := theme.For(theme.NoColor), theme.For(theme.Dark), theme.For(theme.NoColor)
	ascii.ASCII = true
	return []*theme.Theme{&plain, &dark, &ascii}
}

// everySize draws at many small sizes and some large ones in each theme, and checks that the size is met.
func everySize(t *testing.T, what string, draw func(th *theme.Theme, w, h int) string) {
	t.Helper()
	for _, th := range themes() {
		for _, w := range []int{-1, 0, 1, 2, 3, 4, 5, 7, 8, 10, 13, 20, 30, 41, 80, 120} {
			for _, h := range []int{-1, 0, 1, 2, 3, 4, 5, 6, 9, 24} {
				sized(t, what, draw(th, w, h), w, h)
			}
		}
	}
}

// onlyASCII fails if s, drawn from plain input with an ASCII theme, holds anything else.
func onlyASCII(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if r >= 0x80 {
			t.Fatalf("%q (%U) in an ASCII drawing:\n%s", r, r, s)
		}
	}
}
