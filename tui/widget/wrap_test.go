package widget

import (
	"slices"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/tui/theme"
)

func TestWrapKeepsHyphenatedWordsWhole(t *testing.T) {
	th := theme.For(theme.Dark)
	if got, want := Wrap("the best one, ema-cross, lost", 18), []string{"the best one,", "ema-cross, lost"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, l := range Wrap(th.Bold.Render("walk-forward look-ahead out-of-sample"), 13) {
		if Width(l) > 13 || strings.HasSuffix(l, "-") {
			t.Errorf("%q", l)
		}
	}
	if got := Wrap("a-word-longer-than-the-line", 10); len(got) != 3 || strings.Join(got, "") != "a-word-longer-than-the-line" {
		t.Errorf("%q", got)
	}
}

func TestTablesBreakNoWordWhileAnotherColumnHasRoom(t *testing.T) {
	th := theme.For(theme.NoColor)
	src := "| strategy | parameters | out of sample | Sharpe |\n|---|---|---|---:|\n" +
		"| ema-cross | fast=12 slow=48 trend=200 | −20.2 % against +8.1 % for holding | −0.31 |\n"
	got := strings.Join(Markdown(&th, src, 58), "\n")
	for _, word := range []string{"ema-cross", "strategy", "parameters", "trend=200", "against"} {
		if !strings.Contains(got, word) {
			t.Errorf("%q is broken:\n%s", word, got)
		}
	}
}

func TestATableTooWideForItsWordsIsWrittenAsRecords(t *testing.T) {
	th := theme.For(theme.NoColor)
	src := "| strategy | market | trials | return | Sharpe | drawdown | trades | hold |\n|---|---|--:|--:|--:|--:|--:|--:|\n" +
		"| bollinger-reversion | BTC/USDT | 40 | −27.6 % | −0.85 | −35.8 % | 93 | +350.7 % |\n| rsi-reversion | ETH/USDT | 40 | −31.9 % | −0.58 | | 108 | +48.4 % |\n"
	want := "bollinger-reversion\n  market BTC/USDT, trials 40, return −27.6 %, Sharpe\n  −0.85, drawdown −35.8 %, trades 93, hold +350.7 %\n" +
		"rsi-reversion\n  market ETH/USDT, trials 40, return −31.9 %, Sharpe\n  −0.58, trades 108, hold +48.4 %"
	if got := strings.Join(Markdown(&th, src, 54), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Markdown(&th, src, 100); !strings.HasPrefix(got[1], "──") {
		t.Errorf("with room it is no table:\n%s", strings.Join(got, "\n"))
	}
}
