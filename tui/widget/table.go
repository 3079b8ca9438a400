package widget

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/theme"
)

// Align says on which side of its column a cell stands.
type Align int

// Left is for words, Right for numbers.
const (
	Left Align = iota
	Right
)

// Column describes one column of a Table. Widths are in terminal columns.
type Column struct {
	Title string
	Align Align
	// Min is the least width worth showing; 0 means all of it for a Right column (a cut number misleads) and at most 8 for a Left one.
	Min int
	// Max is the greatest width; 0 means as wide as its widest cell.
	Max int
	// Priority decides who leaves first when the table is too wide: the lowest, and of equals the rightmost.
	Priority int
}

// Table shows rows of plain text under a header. Cells are neutralised; colour comes from Style.
type Table struct {
	Columns []Column
	Rows    [][]string
	// Selected is the row with the marker; any other number than that of a row means none.
	Selected int
	// Offset is the first row to show; it moves as little as needed to keep the selection visible.
	Offset int
	// Focused paints the whole selected row, not only its marker.
	Focused bool
	// Style gives the style of a cell; nil, or a nil result, means plain text.
	Style func(row, col int) *lipgloss.Style
}

// gap is the space between two columns, and the width of the marker before the first.
const gap = 2

// measured bounds how many rows decide the column widths, so that a long list costs no more than a short one.
const measured = 1000

// Scroll gives the first row to show so that selected is among height of total rows, moving offset as little as possible.
func Scroll(offset, selected, height, total int) int {
	height = max(1, height)
	if selected >= 0 && selected < total {
		offset = max(min(offset, selected), selected-height+1)
	}
	return max(0, min(offset, total-height))
}

// View draws the table in w columns and h lines; the first line is the header.
func (t Table) View(th *theme.Theme, w, h int) string {
	w, h = clampSize(w, h)
	if w == 0 || h == 0 || len(t.Columns) == 0 {
		return Block(nil, w, h)
	}
	first := Scroll(t.Offset, t.Selected, h-1, len(t.Rows))
	last := min(len(t.Rows), first+h-1)
	keep, widths := t.layout(w, first, last)

	lines := []string{t.header(th, keep, widths, w, first, last)}
	for i := first; i < last; i++ {
		lines = append(lines, t.row(th, i, keep, widths, w))
	}
	return finish(th, Block(lines, w, h))
}

func (t Table) header(th *theme.Theme, keep, widths []int, w, first, last int) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", gap))
	for k, c := range keep {
		if k > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		b.WriteString(t.Columns[c].fit(t.Columns[c].Title, widths[k]))
	}
	line := b.String()
	if last-first < len(t.Rows) && last > first {
		where := fmt.Sprintf("%d–%d of %d", first+1, last, len(t.Rows))
		if used := Width(strings.TrimRight(line, " ")); used+gap+Width(where) <= w {
			line = Fit(line, w-Width(where)) + where
		}
	}
	return th.Muted.Render(Fit(line, w))
}

func (t Table) row(th *theme.Theme, i int, keep, widths []int, w int) string {
	selected := i == t.Selected
	var b strings.Builder
	if selected {
		b.WriteString("▸ ")
	} else {
		b.WriteString("  ")
	}
	for k, c := range keep {
		if k > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		cell := t.Columns[c].fit(t.cell(i, c), widths[k])
		// A style inside the selected row would end its background at the first reset.
		if t.Style != nil && !(selected && t.Focused) {
			if st := t.Style(i, c); st != nil {
				cell = st.Render(cell)
			}
		}
		b.WriteString(cell)
	}
	line := Fit(b.String(), w)
	if selected && t.Focused {
		return th.Selected.Render(line)
	}
	return line
}

func (t Table) cell(row, col int) string {
	if col < len(t.Rows[row]) {
		return t.Rows[row][col]
	}
	return ""
}

func (c Column) fit(s string, w int) string {
	if c.Align == Right {
		return FitRight(Neutralise(s), w)
	}
	return Fit(Neutralise(s), w)
}

// layout picks the columns to keep and their widths.
func (t Table) layout(w, first, last int) (keep, widths []int) {
	natural, least := t.measure(first, last)
	for c := range t.Columns {
		keep = append(keep, c)
	}
	total := func(of []int) int {
		sum := gap
		for k, c := range keep {
			sum += of[c]
			if k > 0 {
				sum += gap
			}
		}
		return sum
	}
	for len(keep) > 1 && total(least) > w {
		drop := 0
		for k := range keep {
			if t.Columns[keep[k]].Priority <= t.Columns[keep[drop]].Priority {
				drop = k
			}
		}
		keep = append(keep[:drop], keep[drop+1:]...)
	}
	// The column with the most to spare gives first, which leaves short columns whole.
	for over := total(natural) - w; over > 0; over-- {
		widest := -1
		for _, c := range keep {
			if natural[c] > least[c] && (widest < 0 || natural[c] > natural[widest]) {
				widest = c
			}
		}
		if widest < 0 {
			break
		}
		natural[widest]--
	}
	for _, c := range keep {
		widths = append(widths, natural[c])
	}
	return keep, widths
}

// measure gives each column's natural and least width, from the first rows and those in view.
func (t Table) measure(first, last int) (natural, least []int) {
	natural, least = make([]int, len(t.Columns)), make([]int, len(t.Columns))
	for c, col := range t.Columns {
		n := Width(Neutralise(col.Title))
		for i := range min(len(t.Rows), measured) {
			n = max(n, Width(Neutralise(t.cell(i, c))))
		}
		for i := max(first, measured); i < last; i++ {
			n = max(n, Width(Neutralise(t.cell(i, c))))
		}
		n = max(n, col.Min)
		if col.Max > 0 {
			n = min(n, col.Max)
		}
		n = min(n, maxSide)
		natural[c], least[c] = n, n
		if col.Min > 0 {
			least[c] = min(n, col.Min)
		} else if col.Align == Left {
			least[c] = min(n, 8)
		}
	}
	return natural, least
}
