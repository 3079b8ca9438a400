package widget

import (
	"math"
	"sort"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/theme"
)

// Month is the return of one calendar month as a fraction: 0.031 is +3.1 %.
type Month struct {
	Year   int
	Month  time.Month
	Return float64
}

// monthsWidth is the least width of the whole grid: the year, twelve months and the year's sum in columns of six.
const monthsWidth = 5 + 13*6

// Months draws monthly returns in percent as a grid of years by months, the newest year first, each year's compounded return at its
// right under its own name, in exactly w columns and h lines. Where twelve months do not fit side by side, a year takes two lines of six
// or four of three.
func Months(t *theme.Theme, months []Month, w, h int) string {
	w, h = clampSize(w, h)
	years := map[int]*[12]float64{}
	var order []int
	for _, m := range months {
		if m.Month < time.January || m.Month > time.December {
			continue
		}
		y := years[m.Year]
		if y == nil {
			y = new([12]float64)
			for i := range y {
				y[i] = math.NaN()
			}
			years[m.Year] = y
			order = append(order, m.Year)
		}
		y[m.Month-1] = m.Return
	}
	sort.Sort(sort.Reverse(sort.IntSlice(order)))

	per := 12
	for per > 3 && w < monthsWidth-(12-per)*6 {
		per /= 2
	}
	var lines []string
	if per == 12 {
		lines = append(lines, monthNames(t, 0, 12)+t.Muted.Render(FitRight("year", 6)))
	}
	for _, year := range order {
		lines = append(lines, yearLines(t, year, years[year], per)...)
	}
	return finish(t, Block(lines, w, h))
}

func monthNames(t *theme.Theme, from, to int) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", 5))
	for m := from; m < to; m++ {
		b.WriteString(FitRight(time.Month(m + 1).String()[:3], 6))
	}
	return t.Muted.Render(b.String())
}

// yearLines draws one year, per months to a line; with more than one line to a year each has its month names above.
func yearLines(t *theme.Theme, year int, returns *[12]float64, per int) []string {
	total, any := 1.0, false
	for _, r := range returns {
		if finite(r) {
			total *= 1 + r
			any = true
		}
	}
	sum := math.NaN()
	if any {
		sum = total - 1
	}
	var lines []string
	for from := 0; from < 12; from += per {
		label := ""
		if from == 0 {
			label = Number(float64(year), 0)
			label = strings.ReplaceAll(label, ",", "")
		}
		line := Fit(label, 5)
		for _, r := range returns[from : from+per] {
			line += monthCell(t, r)
		}
		if from == 0 {
			line += yearStyle(t, sum).Render(monthText(sum))
		}
		if per < 12 {
			names := monthNames(t, from, from+per)
			if from == 0 {
				names += t.Muted.Render(FitRight("year", 6))
			}
			lines = append(lines, names)
		}
		lines = append(lines, line)
	}
	return lines
}

// monthText writes a return in percent in six columns; what does not fit with a decimal goes without, and 1,000 % and more as a multiple.
func monthText(r float64) string {
	if !finite(r) {
		return FitRight("·", 6)
	}
	s := Change(r*100, 1)
	if Width(s) > 5 {
		s = Change(r*100, 0)
	}
	if Width(s) > 5 {
		s = "×" + Compact(r+1)
		if r < 99 {
			s = "×" + Number(r+1, 1)
		}
	}
	return FitRight(s, 6)
}

func monthCell(t *theme.Theme, r float64) string {
	if !finite(r) {
		return t.Muted.Render(monthText(r))
	}
	return t.Signed(r).Render(monthText(r))
}

func yearStyle(t *theme.Theme, r float64) *lipgloss.Style {
	st := t.Signed(r).Bold(t.Profile != theme.NoColor)
	return &st
}
