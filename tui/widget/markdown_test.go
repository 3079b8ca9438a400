package widget

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/ohmycoins/omc/tui/theme"
)

const answer = "# ETH momentum, session 7\n" +
	"Two readings of **one trade a day** change the fees by 40 %; `ema(12,48)` with\nthe volume filter was *best* in 4 of 5 folds.\n\n" +
	"## What was tried\n" +
	"- plain crossover: loses after costs, 2 * 3 * 4 stays, so does snake_case_name\n" +
	"  - with a stop of 3 %: loses a little less, and this line is long enough to wrap\n" +
	"12. [the report](https://example.org/r/14?a=1) \\*not bold\\*\n\n" +
	"| variant | Sharpe | note |\n|---|---:|:--|\n| `ema(12,48)` | 1.08 | **kept**, because volume features helped in four of five folds |\n| ema(5,20) | −0.31 | costs eat it \\| twice |\n| short |\n\n" +
	"> past returns say little about the next ones\n\n```go\nfor i := range 3 {\n\tfmt.Println(i)\n}\n```\n---\n### Next\nunfinished **bold and `code"

func TestMarkdownGolden(t *testing.T) {
	th := theme.For(theme.NoColor)
	golden(t, "markdown72", strings.Join(Markdown(&th, answer, 72), "\n"))
	golden(t, "markdown36", strings.Join(Markdown(&th, answer, 36), "\n"))
	ascii := theme.For(theme.NoColor)
	ascii.ASCII = true
	onlyASCII(t, strings.Join(Markdown(&ascii, answer, 72), "\n"))
}

func TestMarkdownStyles(t *testing.T) {
	th := theme.For(theme.Dark)
	lines := Markdown(&th, "a **b c** `d`", 3)
	want := []string{"a " + th.Bold.Render("b"), th.Bold.Render("c") + " " + th.Code.Render("d")}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
	// A style open at the end of a line would colour the pane beside it.
	for _, l := range Markdown(&th, answer, 20) {
		if i := strings.LastIndex(l, "\x1b["); i >= 0 && !strings.HasPrefix(l[i:], "\x1b[m") {
			t.Errorf("a style is left open in %q", l)
		}
	}
}

func TestMarkdownReadsHostileTextInTime(t *testing.T) {
	th := theme.For(theme.NoColor)
	for _, s := range []string{"*a ", "[", "`", "**", "|", "> ", "_a", "[a](", "- ", "\\", "#"} {
		start := time.Now()
		Markdown(&th, strings.Repeat(s, 100_000/len(s)), 80)
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("%q repeated took %v", s, d)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add(answer, 40)
	f.Add("| a |\n|-|\n| \x00 \x1b[31m 日本 |", 3)
	f.Add("**a*_b_`c", 1)
	f.Fuzz(func(t *testing.T, src string, w int) {
		w %= 200
		for _, th := range themes() {
			for _, l := range Markdown(th, src, w) {
				if Width(l) > w {
					t.Errorf("%d columns, want at most %d: %q", Width(l), w, l)
				}
				harmless(t, src, ansi.Strip(l))
			}
		}
	})
}
