package widget

import (
	"math"

	"charm.land/lipgloss/v2"
)

// Line is one curve of a Chart. Values are evenly spaced; a NaN is a gap.
type Line struct {
	Values []float64
	Style  *lipgloss.Style
	Fill   bool // down to the bottom, or up to the top where every value is zero or less
	Dashed bool // so that a second curve reads without colour
	// Name stands in the legend of a Chart.
	Name string
}

// plain is the character that the line is made of on an ASCII terminal.
func (l *Line) plain() rune {
	if l.Dashed {
		return '.'
	}
	return '*'
}

// dots is a grid of braille dots, two by four to a column, coloured by the newest line that set one of a column's dots.
type dots struct {
	w, h  int // in columns and lines
	bits  []uint8
	style []*lipgloss.Style
	plain []rune // what stands for a column's dots where braille cannot be drawn
}

func newDots(w, h int) *dots {
	return &dots{w: w, h: h, bits: make([]uint8, w*h), style: make([]*lipgloss.Style, w*h), plain: make([]rune, w*h)}
}

// brailleBit maps a dot inside its column: [y][x].
var brailleBit = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func (d *dots) set(x, y int, s *lipgloss.Style, plain rune) {
	if x < 0 || y < 0 || x >= d.w*2 || y >= d.h*4 {
		return
	}
	i := y/4*d.w + x/2
	d.bits[i] |= brailleBit[y%4][x%2]
	d.style[i], d.plain[i] = s, plain
}

// draw puts the dots on c at x, y.
func (d *dots) draw(c *canvas, x, y int) {
	for i, b := range d.bits {
		if b == 0 {
			continue
		}
		r := rune(0x2800) + rune(b)
		if c.ascii {
			r = d.plain[i]
		}
		c.set(x+i%d.w, y+i/d.w, r, d.style[i])
	}
}

// stretch gives the least and the greatest value that dot column i of n shows, and the last; NaN where there is none. Where there are
// more values than dots, a short spike still shows.
func stretch(v []float64, i, n int) (lo, hi, last float64) {
	lo, hi, last = math.Inf(1), math.Inf(-1), math.NaN()
	if len(v) == 0 {
		return lo, hi, last
	}
	from, to := i*len(v)/n, (i+1)*len(v)/n
	if len(v) <= n {
		from = 0
		if n > 1 {
			from = int(math.Round(float64(i) * float64(len(v)-1) / float64(n-1)))
		}
		to = from + 1
	}
	for _, x := range v[from:to] {
		if finite(x) {
			lo, hi, last = math.Min(lo, x), math.Max(hi, x), x
		}
	}
	return lo, hi, last
}

// bounds gives the smallest and the largest value, 0 and 0 where there is none.
func bounds(lines []Line) (lo, hi float64, ok bool) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, l := range lines {
		for _, v := range l.Values {
			if finite(v) {
				lo, hi = math.Min(lo, v), math.Max(hi, v)
			}
		}
	}
	if lo > hi {
		return 0, 0, false
	}
	return lo, hi, true
}

// plotLine draws one line into the dots.
func plotLine(d *dots, l Line, sc scale) {
	base := d.h*4 - 1
	if l.Fill && sc.hi <= 0 {
		base = 0
	}
	prev := -1
	for x := range d.w * 2 {
		lo, hi, last := stretch(l.Values, x, d.w*2)
		if math.IsNaN(last) {
			prev = -1
			continue
		}
		y := sc.row(last)
		from, to := sc.row(hi), sc.row(lo)
		if prev >= 0 {
			from, to = min(prev, from), max(prev, to)
		}
		if l.Fill {
			from, to = min(from, base), max(to, base)
		}
		prev = y
		if l.Dashed && x%6 >= 3 {
			continue
		}
		for i := from; i <= to; i++ {
			d.set(x, i, l.Style, l.plain())
		}
	}
}

// axis writes the labels of a scale at the right edge of c, on h lines from y on, with a thin grid, and gives the columns it took: room
// for Price(also) too. 0 means that there was no room.
func axis(c *canvas, sc scale, y, h int, format func(float64) string, also float64, label, grid *lipgloss.Style) int {
	ticks, dec := sc.ticks(h)
	if format == nil {
		format = func(v float64) string { return Number(v, dec) }
	}
	gutter := 1
	if finite(also) {
		gutter = Width(Price(also)) + 2
	}
	for _, v := range ticks {
		gutter = max(gutter, Width(Neutralise(format(v)))+2)
	}
	if gutter > c.w/2 {
		return 0
	}
	used := map[int]bool{}
	for _, v := range ticks {
		row := y + sc.row(v)*h/max(1, sc.rows)
		if used[row] {
			continue
		}
		used[row] = true
		for x := 0; x < c.w-gutter; x += 4 {
			c.set(x, row, '┄', grid)
		}
		s := Neutralise(format(v))
		c.set(c.w-gutter, row, '┤', grid)
		c.text(c.w-Width(s), row, s, label)
	}
	return gutter
}
