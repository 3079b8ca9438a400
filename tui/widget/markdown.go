package widget

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/theme"
)

// gap is the space between two columns of a table.
const gap = 2

// maxCells bounds the columns of a table, so that a line of nothing but bars does not become ten thousand of them.
const maxCells = 24

// Markdown draws the part of Markdown that models and reports write: headings, paragraphs, lists, quotes, code, tables, rules, **bold**,
// `code` and links. It gives lines of at most w columns. The text is neutralised; what it does not know, or what has no end yet, is shown
// as it is written.
func Markdown(t *theme.Theme, src string, w int) []string {
	w, _ = clampSize(w, 0)
	if w == 0 {
		return nil
	}
	m := &markdown{t: t, w: w, in: NeutraliseLines(strings.ReplaceAll(src, "\t", "    "))}
	for len(m.in) > 0 {
		m.block()
	}
	for len(m.out) > 0 && m.out[len(m.out)-1] == "" {
		m.out = m.out[:len(m.out)-1]
	}
	for i := range m.out {
		m.out[i] = finish(t, Truncate(m.out[i], w))
	}
	return m.out
}

type markdown struct {
	t       *theme.Theme
	w       int
	in, out []string
}

// block reads one block from the head of the input.
func (m *markdown) block() {
	line := strings.TrimRight(m.in[0], " ")
	trimmed := strings.TrimLeft(line, " ")
	switch level := headingLevel(trimmed); {
	case trimmed == "":
		m.in = m.in[1:]
		m.blank()
	case strings.HasPrefix(trimmed, "```"), strings.HasPrefix(trimmed, "~~~"):
		m.fence(trimmed[:3])
	case level > 0:
		m.in = m.in[1:]
		m.heading(strings.TrimSpace(strings.Trim(trimmed, "#")), level)
	case isRule(trimmed):
		m.in = m.in[1:]
		m.out = append(m.out, m.t.Border.Render(strings.Repeat("─", m.w)))
	case strings.HasPrefix(trimmed, "|") && len(m.in) > 1 && isSeparator(m.in[1]):
		m.table()
	case strings.HasPrefix(trimmed, ">"):
		m.in = m.in[1:]
		text := strings.TrimLeft(trimmed, "> ")
		m.hang(m.t.Muted.Render("│")+" ", m.t.Muted.Render("│")+" ", 2, inline(m.t, text, &m.t.Muted))
	default:
		m.paragraph(line)
	}
}

func (m *markdown) blank() {
	if len(m.out) > 0 && m.out[len(m.out)-1] != "" {
		m.out = append(m.out, "")
	}
}

// hang adds text whose first line starts with first and whose others start with rest, both indent columns wide.
func (m *markdown) hang(first, rest string, indent int, text []glyph) {
	if m.w <= indent {
		first, rest, indent = "", "", 0
	}
	for i, l := range flow(text, m.w-indent) {
		if i == 0 {
			l = first + l
		} else {
			l = rest + l
		}
		m.out = append(m.out, l)
	}
}

func (m *markdown) heading(text string, level int) {
	m.blank()
	lines := flow(inline(m.t, text, &m.t.Title), m.w)
	m.out = append(m.out, lines...)
	if level <= 2 {
		// A stroke, not only weight: a terminal without colour shows no bold.
		stroke := "─"
		if level == 1 {
			stroke = "═"
		}
		m.out = append(m.out, m.t.Border.Render(strings.Repeat(stroke, Width(lines[0]))))
	}
}

func (m *markdown) fence(mark string) {
	m.in = m.in[1:]
	indent := min(2, m.w-1)
	for len(m.in) > 0 {
		line := m.in[0]
		m.in = m.in[1:]
		if strings.HasPrefix(strings.TrimLeft(line, " "), mark) {
			return
		}
		for _, part := range Wrap(line, m.w-indent) {
			m.out = append(m.out, strings.Repeat(" ", indent)+m.t.Code.Render(part))
		}
	}
}

// paragraph reads lines up to the next block; a list item is a paragraph with a mark and an indent.
func (m *markdown) paragraph(line string) {
	mark, text, indent := listItem(line)
	m.in = m.in[1:]
	for len(m.in) > 0 && !m.startsBlock(m.in[0]) {
		text += " " + strings.TrimSpace(m.in[0])
		m.in = m.in[1:]
	}
	pad := strings.Repeat(" ", indent)
	if mark == "" {
		m.hang("", "", 0, inline(m.t, text, nil))
		return
	}
	width := indent + Width(mark) + 1
	m.hang(pad+m.t.Accent.Render(mark)+" ", strings.Repeat(" ", width), width, inline(m.t, text, nil))
}

func (m *markdown) startsBlock(line string) bool {
	s := strings.TrimSpace(line)
	if s == "" || headingLevel(s) > 0 || isRule(s) {
		return true
	}
	if mark, _, _ := listItem(line); mark != "" {
		return true
	}
	return s[0] == '>' || s[0] == '|' || strings.HasPrefix(s, "```") || strings.HasPrefix(s, "~~~")
}

// listItem splits a list item into its mark (• or 3.), its text and the columns it is indented by; without a mark all of it is text.
func listItem(line string) (mark, text string, indent int) {
	text = strings.TrimLeft(line, " ")
	indent = min(12, (len(line)-len(text))/2*2)
	for _, m := range []string{"- ", "* ", "+ "} {
		if strings.HasPrefix(text, m) {
			return "•", strings.TrimSpace(text[2:]), indent
		}
	}
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	if digits > 0 && digits < 5 && (strings.HasPrefix(text[digits:], ". ") || strings.HasPrefix(text[digits:], ") ")) {
		return text[:digits+1], strings.TrimSpace(text[digits+2:]), indent
	}
	return "", strings.TrimSpace(text), 0
}

func headingLevel(s string) int {
	n := len(s) - len(strings.TrimLeft(s, "#"))
	if n == 0 || n > 6 || !strings.HasPrefix(s[n:], " ") || strings.Trim(s, "# ") == "" {
		return 0
	}
	return n
}

func isRule(s string) bool {
	s = strings.ReplaceAll(s, " ", "")
	return len(s) >= 3 && (strings.Trim(s, "-") == "" || strings.Trim(s, "*") == "" || strings.Trim(s, "_") == "")
}

func isSeparator(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "|") && strings.Contains(s, "-") && strings.Trim(s, "|-: ") == ""
}

// cells splits a row of a table; a bar after \ belongs to its cell.
func cells(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	var out []string
	for part := range strings.SplitSeq(strings.ReplaceAll(line, `\|`, "\x00"), "|") {
		if len(out) == maxCells {
			break
		}
		out = append(out, strings.TrimSpace(strings.ReplaceAll(part, "\x00", `\|`)))
	}
	return out
}

// table draws a table; cells that are too wide for the screen wrap inside their column, none is cut. Where words would have to be
// broken its rows are written one below the other instead.
func (m *markdown) table() {
	head, marks := cells(m.in[0]), cells(m.in[1])
	rows := [][]string{head}
	m.in = m.in[2:]
	for len(m.in) > 0 && strings.HasPrefix(strings.TrimSpace(m.in[0]), "|") {
		rows = append(rows, cells(m.in[0]))
		m.in = m.in[1:]
	}
	right := make([]bool, len(head))
	widths := make([]int, len(head))
	for c := range head {
		right[c] = c < len(marks) && strings.HasSuffix(marks[c], ":") && !strings.HasPrefix(marks[c], ":")
		for _, r := range rows {
			if c < len(r) {
				widths[c] = max(widths[c], Width(paint(inline(m.t, r[c], nil))))
			}
		}
		widths[c] = max(1, widths[c])
	}
	words, room := m.longestWords(rows, len(head)), m.w-gap*(len(head)-1)
	if needed := sum(words); needed > room && len(head) > 1 {
		m.records(rows)
		return
	}
	shrink(widths, words, room)
	for i, r := range rows {
		var base *lipgloss.Style
		if i == 0 {
			base = &m.t.Title
		}
		m.tableRow(r, widths, right, base)
		if i == 0 {
			var rule []string
			for _, w := range widths {
				rule = append(rule, strings.Repeat("─", w))
			}
			m.out = append(m.out, m.t.Border.Render(strings.Join(rule, strings.Repeat(" ", gap))))
		}
	}
}

func (m *markdown) tableRow(r []string, widths []int, right []bool, base *lipgloss.Style) {
	columns, height := make([][]string, len(widths)), 1
	for c := range widths {
		if c < len(r) {
			columns[c] = flow(inline(m.t, r[c], base), widths[c])
			height = max(height, len(columns[c]))
		}
	}
	for y := range height {
		line := make([]string, len(widths))
		for c, w := range widths {
			text := ""
			if y < len(columns[c]) {
				text = columns[c][y]
			}
			line[c] = Fit(text, w)
			if right[c] {
				line[c] = FitRight(text, w)
			}
		}
		m.out = append(m.out, strings.TrimRight(strings.Join(line, strings.Repeat(" ", gap)), " "))
	}
}

// records writes each row as its first cell, and below it the other ones behind their columns' names.
func (m *markdown) records(rows [][]string) {
	head := rows[0]
	for _, r := range rows[1:] {
		m.hang("", "", 0, inline(m.t, r[0], &m.t.Title))
		var parts []glyph
		for c := 1; c < min(len(r), len(head)); c++ {
			if r[c] == "" {
				continue
			}
			if len(parts) > 0 {
				parts = append(parts, glyph{',', nil}, glyph{' ', nil})
			}
			parts = append(parts, inline(m.t, head[c]+" ", &m.t.Muted)...)
			parts = append(parts, inline(m.t, r[c], nil)...)
		}
		if len(parts) > 0 {
			m.hang("  ", "  ", 2, parts)
		}
	}
}

func sum(list []int) int {
	n := 0
	for _, v := range list {
		n += v
	}
	return n
}

// longestWords gives the widest word of each column: narrower it would be broken.
func (m *markdown) longestWords(rows [][]string, n int) []int {
	out := make([]int, n)
	for c := range out {
		out[c] = 1
		for _, r := range rows {
			if c >= len(r) {
				continue
			}
			for word := range strings.FieldsSeq(paint(inline(m.t, r[c], nil))) {
				out[c] = max(out[c], Width(word))
			}
		}
	}
	return out
}

// shrink takes columns from the widest until they fit into w, from those that need not break a word as long as there are any; each
// keeps one.
func shrink(widths, words []int, w int) {
	all := 0
	for i := range widths {
		widths[i] = min(widths[i], maxSide)
		all += widths[i]
	}
	for ; all > w; all-- {
		widest := -1
		for i := range widths {
			switch spare := widths[i] > words[i]; {
			case widest < 0,
				spare && widths[widest] <= words[widest],
				spare == (widths[widest] > words[widest]) && widths[i] > widths[widest]:
				widest = i
			}
		}
		if widths[widest] <= 1 {
			return
		}
		widths[widest]--
	}
}
