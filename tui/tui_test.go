package tui

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

func (f *fake) did() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func shows(t *testing.T, m *Model, want ...string) {
	t.Helper()
	s := frame(t, m)
	for _, w := range want {
		if !strings.Contains(s, w) {
			t.Errorf("%q is missing from\n%s", w, s)
		}
	}
}

func TestDigitsOpenPages(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "lab", 100, 30)
	for i, title := range []string{"[1 Lab]", "[2 Ledgers]", "[3 Algorithms]", "[4 Floor]", "[5 Ops]"} {
		press(m, string(rune('1'+i)))
		shows(t, m, title)
	}
}

func TestOverlays(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{"promote": {"3", "p"}, "keys": {"?"}, "palette": {":"}, "kill": {"4", "k"}, "quit": {"q"}, "retire": {"3", "x"}, "start": {"3", "down", "s"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := open(t, &fake{}, "lab", 80, 24)
			press(m, keys...)
			golden(t, "over-"+name, frame(t, m))
			press(m, "esc")
			if m.over != nil {
				t.Error("esc left it open")
			}
		})
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{"chart": {"2", "enter", "left", "left"}, "gaps": {"2", "g"}, "figures": {"3", "enter"}, "evidence": {"3", "enter", "tab"}, "code": {"3", "enter", "shift+tab", "shift+tab"},
		"plan": {"1", "tab"}, "tools": {"1", "f"}, "events": {"4", "e"}, "log": {"5", "shift+tab"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := open(t, &fake{}, "lab", 80, 24)
			press(m, keys...)
			golden(t, "detail-"+name, frame(t, m))
		})
	}
}

func TestPromotionAsksWithTheReasonsAndPromotesOnY(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := open(t, f, "algo", 100, 40)
	press(m, "p")
	shows(t, m, "Promote ema-cross @a41f09 from validated to paper?", "deflated Sharpe 0.61 after 14 trials", "✓ no look-ahead:", "! deflated Sharpe:")
	press(m, "x", "enter")
	if len(f.did()) != 0 {
		t.Fatalf("promoted by other keys than y: %v", f.did())
	}
	press(m, "y")
	if got := f.did(); len(got) != 1 || got[0] != "promote a41f09c2771b5d0e paper" {
		t.Fatalf("%v", got)
	}
	shows(t, m, "ema-cross @a41f09 is now paper")
}

func TestAFailedGateCannotBeConfirmed(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := open(t, f, "algo", 100, 40)
	press(m, "down", "p")
	shows(t, m, "cannot be promoted to live yet", "✗ real orders:", "1 reason marked ✗")
	press(m, "y")
	if len(f.did()) != 0 {
		t.Fatalf("%v", f.did())
	}
}

func TestKillNeedsTheWord(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := open(t, f, "floor", 120, 40)
	press(m, "k")
	shows(t, m, "Kill switch: flatten 1 position of 2 sessions")
	write(m, "kill")
	press(m, "enter")
	shows(t, m, "that is not KILL: nothing was done")
	_, cmd := m.Update(tea.PasteMsg{Content: "KILL"})
	settle(m, cmd)
	press(m, "enter")
	if len(f.did()) != 0 {
		t.Fatalf("killed by a wrong or pasted word: %v", f.did())
	}
	press(m, "backspace", "backspace", "backspace", "backspace")
	write(m, "KILL")
	press(m, "enter")
	if got := f.did(); len(got) != 1 || got[0] != "kill" {
		t.Fatalf("%v", got)
	}
	shows(t, m, "killed: 2 sessions halted, 1 position closed")
}

func TestAQuestionStandsBeforeTheNextKey(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "floor", 120, 40)
	for _, k := range []string{"k", "K", "I", "L"} { // their commands have not run yet
		m.Update(keyPress(k))
	}
	shows(t, m, "on paper › KIL")
}

func TestStartFromAnAlgorithm(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := open(t, f, "algo", 120, 40)
	press(m, "s")
	shows(t, m, "start: it is validated, not paper")
	press(m, "esc", "down", "s")
	shows(t, m, "which prices?", "made-up prices")
	press(m, "3")
	if got := f.did(); len(got) != 1 || got[0] != "start 09c2a41f5d0e771b sim" {
		t.Fatalf("%v", got)
	}
	shows(t, m, "[4 Floor]", "started donchian-breakout")
}

func TestLabAnswersStopsAndOpens(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := open(t, f, "lab", 100, 30)
	press(m, "i", "2", "enter")
	press(m, "ctrl+c", "esc", "n")
	write(m, "try ETH instead")
	press(m, "enter")
	want := []string{"send 5e55107 2", "stop turn 5e55107", "open try ETH instead"}
	if got := f.did(); !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
}

func TestAFailedMessageIsNotLost(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := open(t, f, "lab", 100, 30)
	f.err = api.NewProblem(503, api.CodeUnavailable, "the lab is stopping; try again")
	press(m, "i")
	write(m, "a long answer")
	press(m, "enter")
	shows(t, m, "› a long answer", "send the message: the lab is stopping; try again")
}

func TestPaletteFindsActionsAndNouns(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "lab", 100, 30)
	press(m, ":")
	write(m, "algoshowdon")
	shows(t, m, "algo show donchian-breakout @09c2a4")
	press(m, "enter")
	shows(t, m, "[3 Algorithms]")
	press(m, ":")
	write(m, "floor kill")
	press(m, "enter")
	shows(t, m, "[4 Floor]", "type KILL")
	press(m, "esc", ":")
	write(m, "zzzz")
	shows(t, m, "nothing is called that")
}

func TestFilterNarrowsAndEscClears(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "data", 120, 40)
	press(m, "/")
	write(m, "shib")
	if s := frame(t, m); strings.Contains(s, "ETH/USDT") || !strings.Contains(s, "SHIB/USDT") {
		t.Errorf("not narrowed:\n%s", s)
	}
	press(m, "esc")
	shows(t, m, "ETH/USDT")
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for _, noun := range nouns {
		m := open(t, &fake{err: errors.New("dial unix /run/omc.sock: connection refused")}, noun, 100, 30)
		shows(t, m, "! no answer", "connection refused", "omc daemon status")
	}
}

func TestQuitAsksOnlyIfSomethingWouldStop(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "lab", 100, 30)
	press(m, "q")
	shows(t, m, "what works in this process pauses", "donchian-breakout")
	idle := open(t, &fake{empty: true}, "lab", 100, 30)
	_, cmd := idle.Update(keyPress("q"))
	if cmd == nil {
		t.Fatal("did not quit")
	}
	if _, ok := cmd().(tea.QuitMsg); !ok {
		t.Error("asked although nothing runs")
	}
}

// An omc that does not answer: keys still work at once, and the header says how long it waits.
func TestASlowDaemonDoesNotFreeze(t *testing.T) {
	t.Parallel()
	f := &fake{slow: make(chan struct{})}
	c := clock.NewManual(epoch)
	th := theme.For(theme.NoColor)
	m := New(context.Background(), Options{Client: f, Clock: c, Theme: &th})
	defer m.run.Close()
	m.tick = func() tea.Cmd { return nil }
	m.Update(tea.WindowSizeMsg{Width: 100, Height: 30})
	m.glance.loaded = true
	m.Init() // its commands run elsewhere and hang
	c.Advance(5 * time.Second)
	m.Update(tickMsg{})
	m.Update(keyPress("4"))
	shows(t, m, "[4 Floor]", "omc slow: waiting 5s")
	m.Update(keyPress("?"))
	shows(t, m, "every key")
}

func TestUpstreamTextIsHarmless(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "floor", 80, 24)
	press(m, "e")
	if s := frame(t, m); strings.ContainsRune(s, 0x1b) || !strings.Contains(s, "␛[31m86,100") {
		t.Errorf("an escape reached the screen, or vanished:\n%q", s)
	}
}

func TestEveryKeyAndSizeGivesAWholeFrame(t *testing.T) {
	t.Parallel()
	keys := []string{"1", "2", "3", "4", "5", "tab", "shift+tab", "enter", "esc", "up", "down", "left", "right", "home", "end", "pgup", "pgdown", "/", ":", "?", "a", "b", "e", "f", "g", "i", "j", "k", "l", "n", "o", "p",
		"r", "s", "x", "c", "t", "u", "v", "z", "V", "Q", "N", "E", "O", "W", "P", "[", "]", "+", "-", "y", "K", "ctrl+c", "backspace", "漢", "q"}
	rapid.Check(t, func(r *rapid.T) {
		m := open(t, &fake{empty: rapid.Bool().Draw(r, "empty")}, "lab", 80, 24)
		th := theme.For(rapid.SampledFrom([]theme.Profile{theme.NoColor, theme.ANSI16, theme.Dark, theme.Light}).Draw(r, "theme"))
		th.ASCII = rapid.Bool().Draw(r, "ascii")
		m.theme = th
		for range rapid.IntRange(1, 15).Draw(r, "steps") {
			if rapid.IntRange(0, 3).Draw(r, "what") == 0 {
				m.Update(tea.WindowSizeMsg{Width: rapid.IntRange(1, 220).Draw(r, "w"), Height: rapid.IntRange(1, 70).Draw(r, "h")})
			} else {
				_, cmd := m.Update(keyPress(rapid.SampledFrom(keys).Draw(r, "key")))
				settle(m, cmd)
			}
			lines := strings.Split(m.View().Content, "\n")
			if len(lines) != m.h {
				r.Fatalf("%d×%d: %d lines", m.w, m.h, len(lines))
			}
			for i, l := range lines {
				if widget.Width(l) != m.w {
					r.Fatalf("%d×%d: line %d has %d columns: %q", m.w, m.h, i, widget.Width(l), l)
				}
			}
		}
	})
}

func TestTheTerminalChoosesTheTheme(t *testing.T) {
	t.Parallel()
	m := New(context.Background(), Options{Client: &fake{}, Clock: clock.NewManual(epoch)})
	defer m.run.Close()
	m.Update(tea.EnvMsg{"TERM=xterm-256color", "COLORTERM=truecolor"})
	if m.theme.Profile != theme.Dark {
		t.Errorf("default: %v", m.theme.Profile)
	}
	m.Update(tea.BackgroundColorMsg{Color: theme.PaletteOf(theme.Light).Background})
	if m.theme.Profile != theme.Light {
		t.Errorf("light background: %v", m.theme.Profile)
	}
	m.Update(tea.EnvMsg{"TERM=linux"})
	if m.theme.Profile != theme.ANSI16 || !m.theme.ASCII {
		t.Errorf("console: %v", m.theme.Profile)
	}
	m.Update(tea.EnvMsg{"TERM=xterm-256color", "NO_COLOR=1", "LANG=en_AU.UTF-8"})
	if m.theme.Profile != theme.NoColor || m.theme.ASCII {
		t.Errorf("NO_COLOR: %v", m.theme.Profile)
	}
}

func TestPlainGlyphsReachTheWholeFrame(t *testing.T) {
	t.Parallel()
	for _, noun := range nouns {
		m := open(t, &fake{}, noun, 120, 40)
		m.theme.ASCII = true
		if i := strings.IndexFunc(frame(t, m), func(r rune) bool { return r >= 0x2500 && r < 0x2900 }); i >= 0 {
			t.Errorf("%s: a box or braille glyph is left: %q", noun, frame(t, m)[i:i+8])
		}
	}
}

func TestRunEndsOnQ(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var out bytes.Buffer
	if err := Run(ctx, Options{Client: &fake{empty: true}, Clock: clock.NewManual(epoch), Input: strings.NewReader("q"), Output: &out}); err != nil || ctx.Err() != nil {
		t.Errorf("%v, %v", err, ctx.Err())
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for _, noun := range nouns {
		var b bytes.Buffer
		if err := Plain(context.Background(), Options{Client: &fake{}, Clock: clock.NewManual(epoch)}, noun, &b); err != nil {
			t.Fatal(err)
		}
		if s := b.String(); strings.ContainsRune(s, 0x1b) || !strings.Contains(s, "PAPER 1") {
			t.Errorf("%s:\n%s", noun, s)
		}
	}
	if err := Plain(context.Background(), Options{Client: &fake{}}, "settings", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "want one of lab, data") {
		t.Errorf("%v", err)
	}
}

func BenchmarkFrame200x50(b *testing.B) {
	for _, noun := range nouns {
		b.Run(noun, func(b *testing.B) {
			m := open(b, &fake{}, noun, 200, 50)
			m.theme = theme.For(theme.Dark)
			b.ReportAllocs()
			for b.Loop() {
				m.View()
			}
		})
	}
}
