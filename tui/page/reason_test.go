package page

import (
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

func TestReasonsNameTheirCriterionInWords(t *testing.T) {
	t.Parallel()
	th := theme.For(theme.NoColor)
	r := research.Reason{Code: "trials_deflate_sharpe", Text: "after 14 trials it deflates to 0.61 (0.95 is asked), at -20.2 % a year"}
	wide := Reason(&th, &r, 120)
	if want := "✗ deflated Sharpe: after 14 trials it deflates to 0.61 (0.95 is asked), at −20.2 % a year  trials_deflate_sharpe"; len(wide) != 1 || wide[0] != want {
		t.Errorf("%q, want %q", wide, want)
	}
	narrow := Reason(&th, &r, 34)
	if s := strings.Join(narrow, "\n"); strings.Contains(s, "trials_deflate_sharpe") || !strings.HasPrefix(s, "✗ deflated Sharpe:") {
		t.Errorf("the code takes room that there is not:\n%s", s)
	}
	for _, l := range append(narrow, wide...) {
		if widget.Width(l) > 120 {
			t.Errorf("%d columns: %q", widget.Width(l), l)
		}
	}
	if got := ReasonLabel("a_new_\x1bone"); got != "a new ␛one" {
		t.Errorf("%q", got)
	}
}

func TestWhatRefusesStandsFirst(t *testing.T) {
	t.Parallel()
	var got []string
	for _, r := range Worst([]research.Reason{{Code: "holds", Passed: true}, {Code: "warns", Advisory: true}, {Code: "refuses"}, {Code: "passed", Passed: true, Advisory: true}}) {
		got = append(got, r.Code)
	}
	if s := strings.Join(got, " "); s != "refuses warns holds passed" {
		t.Error(s)
	}
}

func TestOneMinusSign(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"-20.2 %": "−20.2 %", "fell -3 (-1.5)": "fell −3 (−1.5)", "2025-06-30": "2025-06-30", "--walk-forward 5": "--walk-forward 5", "ema-cross": "ema-cross", "x -": "x -", "| -1 |": "| −1 |", "−7": "−7"} {
		if got := Signs(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTabsSayWhatTheyAreOf(t *testing.T) {
	t.Parallel()
	th := theme.For(theme.NoColor)
	names := []string{"Coins", "Candles", "Gaps"}
	for w, want := range map[int]string{80: " BTC/USDT · 5m ─", 36: "─ BTC/USDT ─", 30: "BTC…"} {
		got := TabsOf(&th, names, 1, w, "BTC/USDT · 5m", "BTC/USDT")
		if widget.Width(got) != w || !strings.Contains(got, want) || !strings.Contains(got, "[Candles]") {
			t.Errorf("%d columns: %q", w, got)
		}
	}
	if got := TabsOf(&th, names, 0, 20, "BTC/USDT"); widget.Width(got) != 20 {
		t.Errorf("%q", got)
	}
}
