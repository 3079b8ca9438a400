package tui

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

var update = flag.Bool("golden", false, "write the golden frames anew")

var sizes = [][2]int{{80, 24}, {120, 40}, {200, 60}}

// open makes a workstation over f, at a size, on a page, everything loaded. Its clock stands still and it does not tick.
func open(t testing.TB, f *fake, noun string, w, h int) *Model {
	t.Helper()
	th := theme.For(theme.NoColor)
	m := New(context.Background(), Options{Client: f, Clock: clock.NewManual(epoch), Theme: &th, Version: "0.1.0", Page: noun})
	m.tick = func() tea.Cmd { return nil }
	t.Cleanup(m.run.Close)
	m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	settle(m, m.Init())
	return m
}

var special = map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "backspace": tea.KeyBackspace}

func keyPress(s string) tea.KeyPressMsg {
	if r, ok := special[s]; ok {
		return tea.KeyPressMsg{Code: r}
	}
	if rest, ok := strings.CutPrefix(s, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}
	}
	if rest, ok := strings.CutPrefix(s, "shift+"); ok {
		return tea.KeyPressMsg{Code: special[rest], Mod: tea.ModShift}
	}
	if rest, ok := strings.CutPrefix(s, "alt+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModAlt}
	}
	return tea.KeyPressMsg{Code: []rune(s)[0], Text: s}
}

// press gives keys and runs what they cause. A word in <> is one key: <enter>.
func press(m *Model, keys ...string) {
	for _, k := range keys {
		_, cmd := m.Update(keyPress(k))
		settle(m, cmd)
	}
}

func write(m *Model, text string) {
	for _, r := range text {
		press(m, string(r))
	}
}

func frame(t testing.TB, m *Model) string {
	t.Helper()
	s := m.View().Content
	lines := strings.Split(s, "\n")
	if len(lines) != m.h {
		t.Fatalf("%d×%d: the frame has %d lines", m.w, m.h, len(lines))
	}
	for i, l := range lines {
		if n := widget.Width(l); n != m.w {
			t.Fatalf("%d×%d: line %d has %d columns: %q", m.w, m.h, i, n, l)
		}
	}
	return s
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	got = strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with go test ./tui -golden, and read it", err)
	}
	if string(want) != got {
		t.Errorf("%s differs.\n--- want\n%s\n--- got\n%s", name, want, got)
	}
}

var nouns = []string{"lab", "data", "algo", "floor", "daemon"}

func TestFrames(t *testing.T) {
	for _, noun := range nouns {
		for _, size := range sizes {
			name := noun + "-" + strconv.Itoa(size[0])
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				golden(t, name, frame(t, open(t, &fake{}, noun, size[0], size[1])))
			})
		}
		t.Run(noun+"-empty", func(t *testing.T) {
			t.Parallel()
			golden(t, noun+"-empty", frame(t, open(t, &fake{empty: true}, noun, 80, 24)))
		})
	}
}
