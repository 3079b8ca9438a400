package page

import (
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// Column is one column of a Table. Columns of lower Keep are left out first where the table is too narrow; Keep 0 always stays.
type Column struct {
	Title string
	Right bool
	Keep  int // 0: always; else the higher the longer it stays
	Grow  bool
	Max   int // widest, 0: no bound
	Min   int // narrowest: what keeps a column from jumping as its values change
}

// Cell is one value with its style; nil is plain.
type Cell struct {
	Text  string
	Style *lipgloss.Style
}

// Text makes a neutralised cell; Styled one with a style.
func Text(s string) Cell { return Cell{Text: widget.Neutralise(s)} }

// Styled makes a neutralised cell with a style.
func Styled(s string, st *lipgloss.Style) Cell { return Cell{Text: widget.Neutralise(s), Style: st} }

// Table draws a header and the rows that fit in h lines, each exactly w columns. selected is the index of the row with the cursor,
// −1 for none. Rows hold a cell for each column.
func Table(t *theme.Theme, cols []Column, rows [][]Cell, list *List, focused bool, w, h int) []string {
	room := max(0, h-1)
	clipped := len(rows) > room && room > 1 // the last line then says how many more there are
	if clipped {
		room--
	}
	from, to := 0, min(len(rows), room)
	selected := -1
	if list != nil {
		from, to = list.Window(len(rows), room)
		selected = list.Cursor
	}
	widths := fitColumns(cols, rows, w-2)
	var out []string
	var b strings.Builder
	for i, c := range cols {
		if widths[i] > 0 {
			b.WriteString(cell(c.Title, c.Right, widths[i]))
			b.WriteString("  ")
		}
	}
	out = append(out, t.Muted.Render(widget.Fit("  "+strings.TrimRight(b.String(), " "), w)))
	for r := from; r < to; r++ {
		out = append(out, tableRow(t, cols, rows[r], widths, r == selected, focused, w))
	}
	if clipped {
		out = append(out, t.Muted.Render(widget.Fit("  "+moreRows(from, len(rows)-to), w)))
	}
	return out
}

// moreRows says how many rows are out of sight.
func moreRows(above, below int) string {
	switch {
	case below == 0:
		return "↑ " + strconv.Itoa(above) + " more"
	case above == 0:
		return "↓ " + strconv.Itoa(below) + " more"
	}
	return "↑ " + strconv.Itoa(above) + "  ↓ " + strconv.Itoa(below) + " more"
}

// TableWidth is how many columns a table needs to show everything that it holds.
func TableWidth(cols []Column, rows [][]Cell) int {
	free := make([]Column, len(cols))
	for i, c := range cols {
		free[i] = Column{Title: c.Title, Min: c.Min}
	}
	return total(fitColumns(free, rows, 1<<20)) + 2
}

// Place is where a table was drawn, from its header on, counted from the page's upper left corner. The mouse asks it.
type Place struct{ X, Y, W, H int }

// Row gives the row of l, of size rows, that is drawn at x, y; ok is false where there is none.
func (p Place) Row(l *List, size, x, y int) (row int, ok bool) {
	line := y - p.Y - 1
	if x < p.X || x >= p.X+p.W || line < 0 || line >= p.H-1 {
		return 0, false
	}
	if size > p.H-1 && p.H > 2 && line == p.H-2 { // says how many more there are
		return 0, false
	}
	row = l.top + line
	return row, row < size
}

func tableRow(t *theme.Theme, cols []Column, row []Cell, widths []int, selected, focused bool, w int) string {
	mark := "  "
	if selected {
		mark = "▸ "
	}
	var b strings.Builder
	for i, c := range cols {
		if widths[i] == 0 || i >= len(row) {
			continue
		}
		s := cell(row[i].Text, c.Right, widths[i])
		if row[i].Style != nil && !(selected && focused) {
			s = row[i].Style.Render(s)
		}
		b.WriteString(s)
		b.WriteString("  ")
	}
	line := widget.Fit(mark+strings.TrimRight(b.String(), " "), w)
	if selected && focused {
		return t.Selected.Render(line)
	}
	return line
}

func cell(s string, right bool, w int) string {
	if right {
		return widget.FitRight(s, w)
	}
	return widget.Fit(s, w)
}

// fitColumns gives each column its width; 0 for those left out.
func fitColumns(cols []Column, rows [][]Cell, w int) []int {
	widths := make([]int, len(cols))
	for i, c := range cols {
		widths[i] = widget.Width(c.Title)
		for _, r := range rows {
			if i < len(r) {
				widths[i] = max(widths[i], widget.Width(r[i].Text))
			}
		}
		widths[i] = max(widths[i], c.Min)
		if c.Max > 0 {
			widths[i] = min(widths[i], c.Max)
		}
	}
	full := slices.Clone(widths)
	for total(widths) > w {
		drop := -1
		for i, c := range cols {
			if widths[i] > 0 && c.Keep > 0 && (drop < 0 || c.Keep < cols[drop].Keep) {
				drop = i
			}
		}
		if drop < 0 {
			break
		}
		widths[drop] = 0
	}
	readd(cols, widths, full, w)
	for i, c := range cols {
		if spare := w - total(widths); c.Grow && widths[i] > 0 && spare != 0 {
			widths[i] = max(4, widths[i]+spare)
			break
		}
	}
	return widths
}

// readd brings columns back that fit after wider ones were left out, the most kept first.
func readd(cols []Column, widths, full []int, w int) {
	for range cols {
		best := -1
		for i, c := range cols {
			if widths[i] == 0 && full[i] > 0 && total(widths)+full[i]+2 <= w && (best < 0 || c.Keep > cols[best].Keep) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		widths[best] = full[best]
	}
}

func total(widths []int) int {
	sum := 0
	for _, n := range widths {
		if n > 0 {
			sum += n + 2
		}
	}
	return max(0, sum-2)
}
