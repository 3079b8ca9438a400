package page

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// ReasonLabel names a criterion of a verdict or a gate in words, the unknown ones by their code's own.
func ReasonLabel(code string) string {
	switch code {
	case "trials_deflate_sharpe", "deflated_sharpe":
		return "deflated Sharpe"
	case "lookahead", "look_ahead":
		return "no look-ahead"
	case "walk_forward":
		return "walk-forward"
	case "beats_hold", "beats_holding":
		return "beats holding"
	case "costs":
		return "survives double costs"
	case "unstable":
		return "steady over time"
	case "too_short":
		return "long enough"
	case "too_few_trades":
		return "enough trades"
	case "too_frequent":
		return "as seldom as asked"
	case "evidence_fresh":
		return "fresh evidence"
	case "live_not_available":
		return "real orders"
	case "no_paper_record":
		return "record on paper"
	case "no_named_approval":
		return "approved by a person"
	case "no_credentials":
		return "venue credentials"
	case "sandbox_missing":
		return "own sandbox"
	case "no_candidate":
		return "a candidate"
	}
	return widget.Neutralise(strings.ReplaceAll(code, "_", " "))
}

// ReasonMark gives the mark of a criterion: ✓ it holds, ! it does not and refuses nothing, ✗ it does not.
func ReasonMark(t *theme.Theme, r *research.Reason) (string, *lipgloss.Style) {
	switch {
	case r.Passed:
		return "✓", &t.Up
	case r.Advisory:
		return "!", &t.Warn
	}
	return "✗", &t.Danger
}

// ReasonText is a criterion on one line: ✗ deflated Sharpe: what was measured.
func ReasonText(r *research.Reason) string {
	none := theme.For(theme.NoColor)
	mark, _ := ReasonMark(&none, r)
	return mark + " " + ReasonLabel(r.Code) + ": " + Signs(widget.Neutralise(r.Text))
}

// Reason draws a criterion in lines of at most w columns; its code, which other programs use, stands behind it where that takes no
// line of its own.
func Reason(t *theme.Theme, r *research.Reason, w int) []string {
	mark, style := ReasonMark(t, r)
	lines := widget.Wrap(ReasonLabel(r.Code)+": "+Signs(widget.Neutralise(r.Text)), max(10, w-2))
	code := widget.Neutralise(r.Code)
	if last := len(lines) - 1; code != "" && widget.Width(lines[last])+2+widget.Width(code)+2 <= w {
		lines[last] += "  " + t.Muted.Render(code)
	}
	for i := range lines {
		if i > 0 {
			mark = " "
		}
		lines[i] = style.Render(mark) + " " + lines[i]
	}
	return lines
}

// Worst gives the criteria in the order that a person must read them: those that refuse, those that warn, those that hold.
func Worst(list []research.Reason) []research.Reason {
	out := make([]research.Reason, 0, len(list))
	for _, take := range []func(*research.Reason) bool{
		func(r *research.Reason) bool { return !r.Passed && !r.Advisory },
		func(r *research.Reason) bool { return !r.Passed && r.Advisory },
		func(r *research.Reason) bool { return r.Passed },
	} {
		for i := range list {
			if take(&list[i]) {
				out = append(out, list[i])
			}
		}
	}
	return out
}

// Signs writes the hyphen before a number as the minus sign that every other number has.
func Signs(s string) string {
	if !strings.Contains(s, "-") {
		return s
	}
	var b strings.Builder
	before := ' '
	for i, r := range s {
		if r == '-' && strings.ContainsRune(" (|*", before) && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
			r = '−'
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}
