package widget

import (
	"math"
	"strings"
	"time"

	"github.com/ohmycoins/omc/tui/theme"
)

// Chart is one or more curves over the same span, with an axis of values at the right and, where From and To say when, one of time below.
type Chart struct {
	Lines []Line
	// From and To are the moments of the first and the last value; both zero means that there is no axis of time.
	From, To time.Time
	// Format writes a value of the axis; nil writes it with the decimals that the axis needs.
	Format func(float64) string
	// Zero keeps zero on the axis and marks it, for returns and drawdowns.
	Zero bool
}

// View draws the chart in exactly w columns and h lines. A legend stands above where a line has a name and there are at least 6 lines.
// Below 12 columns or 3 lines, or without a single value, it is blank.
func (ch Chart) View(t *theme.Theme, w, h int) string {
	c := newCanvas(w, h, t.ASCII)
	lo, hi, ok := bounds(ch.Lines)
	if !ok || c.w < 12 || c.h < 3 {
		return c.String()
	}
	if ch.Zero {
		lo, hi = math.Min(lo, 0), math.Max(hi, 0)
	}
	top := ch.legend(c, t)
	rows := c.h - top
	timed := ch.To.After(ch.From)
	if timed {
		rows--
	}
	sc := newScale(lo, hi, rows*4)
	gutter := axis(c, sc, top, rows, ch.Format, math.NaN(), &t.Muted, &t.Border)
	plot := c.w - gutter
	if ch.Zero {
		for x := range plot {
			c.set(x, top+sc.row(0)/4, '─', &t.Border)
		}
	}
	d := newDots(plot, rows)
	for _, l := range ch.Lines {
		plotLine(d, l, sc)
	}
	d.draw(c, 0, top)
	if timed {
		ch.times(c, t, plot)
	}
	return c.String()
}

// legend writes the names of the lines on the first line, each after a piece of its stroke, and gives the lines it took.
func (ch Chart) legend(c *canvas, t *theme.Theme) int {
	named := false
	for _, l := range ch.Lines {
		named = named || l.Name != ""
	}
	if !named || c.h < 6 {
		return 0
	}
	x := 0
	for _, l := range ch.Lines {
		name := Neutralise(l.Name)
		if name == "" || x+3+Width(name) > c.w {
			continue
		}
		stroke := "━━"
		if l.Dashed {
			stroke = "╺╺"
		}
		if t.ASCII {
			stroke = strings.Repeat(string(l.plain()), 2)
		}
		x = c.text(x, 0, stroke, l.Style)
		x = c.text(x+1, 0, name, &t.Text) + 2
	}
	return 1
}

func (ch Chart) times(c *canvas, t *theme.Theme, plot int) {
	span := ch.To.Sub(ch.From)
	timeAxis(c, c.h-1, plot, plot, func(x int) time.Time {
		return ch.From.Add(time.Duration(float64(span) * float64(x) / float64(max(1, plot))))
	}, func(x int) int { return x }, nil, &t.Muted)
}
