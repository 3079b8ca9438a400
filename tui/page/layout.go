package page

import (
	"strings"

	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// Pane draws a titled pane of exactly w columns and h lines: a rule with the title (and a note at its right end), then the lines.
// The focused pane has ▸ before its title and a double rule.
func Pane(t *theme.Theme, title, note string, focused bool, lines []string, w, h int) string {
	if w <= 0 || h <= 0 {
		return ""
	}
	return Rule(t, title, note, focused, w) + rest(lines, w, h-1)
}

func rest(lines []string, w, h int) string {
	if h <= 0 {
		return ""
	}
	return "\n" + widget.Block(lines, w, h)
}

// Rule is the line above a pane.
func Rule(t *theme.Theme, title, note string, focused bool, w int) string {
	dash, mark, style := "─", " ", &t.Border
	if focused {
		dash, mark, style = "━", "▸", &t.Accent
	}
	title = widget.Truncate(title, max(0, w-5))
	head := mark + title + " "
	if title == "" {
		head = ""
	}
	used := widget.Width(head) + 1
	if note != "" && used+widget.Width(note)+4 <= w {
		tail := " " + note + " "
		fill := w - used - widget.Width(tail) - 1
		return style.Render(dash) + boldIf(t, focused, head) + style.Render(strings.Repeat(dash, max(0, fill))) + t.Muted.Render(tail) + style.Render(dash)
	}
	return widget.Fit(style.Render(dash)+boldIf(t, focused, head)+style.Render(strings.Repeat(dash, max(0, w-used))), w)
}

func boldIf(t *theme.Theme, focused bool, s string) string {
	if focused {
		return t.Header.Render(s)
	}
	return t.Bold.Render(s)
}

// Columns sets blocks of the same height beside each other with a thin line between them. Each block is as wide as its lines are.
func Columns(t *theme.Theme, h int, blocks ...string) string {
	bar := t.Border.Render("│")
	split := make([][]string, 0, len(blocks))
	for _, b := range blocks {
		if b != "" {
			split = append(split, strings.Split(b, "\n"))
		}
	}
	var out strings.Builder
	for y := range h {
		if y > 0 {
			out.WriteByte('\n')
		}
		for i, lines := range split {
			if i > 0 {
				out.WriteString(bar)
			}
			if y < len(lines) {
				out.WriteString(lines[y])
			}
		}
	}
	return out.String()
}

// Rows sets blocks above each other; empty ones are left out.
func Rows(blocks ...string) string {
	out := blocks[:0:0]
	for _, b := range blocks {
		if b != "" {
			out = append(out, b)
		}
	}
	return strings.Join(out, "\n")
}

// Teach is an empty state: what this will show, and the keys or commands that fill it, wrapped to w. Lines starting with a
// blank are commands and stay as they are.
func Teach(t *theme.Theme, w int, lines ...string) []string {
	out := []string{""}
	for _, l := range lines {
		if strings.HasPrefix(l, " ") {
			out = append(out, "  "+t.Code.Render(widget.Truncate(l, max(0, w-3))))
			continue
		}
		for _, p := range widget.Wrap(l, max(8, w-3)) {
			out = append(out, "  "+p)
		}
	}
	return out
}

// Fail is how a pane says that something did not work.
func Fail(t *theme.Theme, w int, text string) []string {
	out := []string{""}
	text, advice, advised := strings.Cut(widget.Neutralise(text), seeAlso)
	for i, p := range widget.Wrap(text, max(8, w-5)) {
		mark := "  "
		if i == 0 {
			mark = "! "
		}
		out = append(out, " "+t.Danger.Render(mark)+p)
	}
	if advised { // on a line of its own, so that the command in it is not broken
		out = append(out, "   see "+advice)
	}
	return out
}

// Fact is a line "label  value", the label padded to labelW.
func Fact(t *theme.Theme, label, value string, labelW int) string {
	return " " + t.Muted.Render(widget.Fit(label, labelW)) + " " + value
}

// List keeps the cursor and the scroll of a list. The zero List is at its top.
type List struct{ Cursor, top int }

// Move moves the cursor by n within a list of size items.
func (l *List) Move(n, size int) { l.Cursor = max(0, min(l.Cursor+n, size-1)) }

// Window says which items of size show on h lines, the cursor among them.
func (l *List) Window(size, h int) (from, to int) {
	l.Cursor = max(0, min(l.Cursor, size-1))
	h = max(1, h)
	if l.Cursor < l.top {
		l.top = l.Cursor
	}
	if l.Cursor >= l.top+h {
		l.top = l.Cursor - h + 1
	}
	l.top = max(0, min(l.top, size-h))
	return l.top, min(size, l.top+h)
}

// Scroll keeps the scroll of a text. At zero it follows the end (or the start, for texts read from the top).
type Scroll struct{ Off int }

// Move scrolls by n.
func (s *Scroll) Move(n int) { s.Off = max(0, s.Off+n) }

// Tail gives the h lines that end Off lines above the end, and how many are below.
func (s *Scroll) Tail(lines []string, h int) ([]string, int) {
	s.Off = max(0, min(s.Off, len(lines)-h))
	end := len(lines) - s.Off
	return lines[max(0, end-h):end], s.Off
}

// Head gives the h lines that start Off lines below the start, and how many are below them.
func (s *Scroll) Head(lines []string, h int) ([]string, int) {
	s.Off = max(0, min(s.Off, len(lines)-h))
	end := min(len(lines), s.Off+max(0, h))
	return lines[s.Off:end], len(lines) - end
}

// Tabs is a line with the names of panes, the chosen one in brackets.
func Tabs(t *theme.Theme, names []string, chosen, w int) string {
	var b strings.Builder
	for i, n := range names {
		if i == chosen {
			b.WriteString(t.Header.Render("[" + n + "]"))
		} else {
			b.WriteString(t.Muted.Render(" " + n + " "))
		}
	}
	used := widget.Width(b.String())
	return widget.Fit(b.String()+t.Border.Render(strings.Repeat("─", max(0, w-used))), w)
}
