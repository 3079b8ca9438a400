package widget

import (
	"math"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/theme"
)

// area is the part of a canvas where prices are drawn, two rows of the scale to a line.
type area struct {
	c       *canvas
	t       *theme.Theme
	y, w, h int
	n       int // how many bars there are
	sc      scale
}

// col gives the column of bar i: the newest stands at the axis, and few bars stand up to three columns apart.
func (a *area) col(i int) int {
	pitch := max(1, min(3, a.w/max(1, a.n)))
	return a.w - (a.n-i)*pitch
}

// candle draws one bar: a wick as a line, the body in half lines. A gap gets a dot at the bottom, so that it is not taken for calm.
func (a *area) candle(b *bar, x int) {
	if b.n == 0 {
		a.c.set(x, a.y+a.h-1, '·', &a.t.Warn)
		return
	}
	up := b.Close >= b.Open
	style := &a.t.Down
	if up {
		style = &a.t.Up
	}
	high, low := a.sc.row(b.High), a.sc.row(b.Low)
	top, bottom := a.sc.row(math.Max(b.Open, b.Close)), a.sc.row(math.Min(b.Open, b.Close))
	part := func(row int) int {
		switch {
		case row >= top && row <= bottom:
			return 2
		case row >= high && row <= low:
			return 1
		}
		return 0
	}
	for y := high / 2; y <= low/2; y++ {
		upper, lower := part(2*y), part(2*y+1)
		r := glyphUp[upper][lower]
		if !up {
			r = glyphDown[upper][lower]
		}
		if a.c.ascii {
			r = '|'
			if upper == 2 || lower == 2 {
				r = '#'
				if up {
					r = 'o'
				}
			}
		}
		a.c.set(x, a.y+y, r, style)
	}
}

// The glyphs of a cell by what its upper and its lower half hold: nothing, wick, body. The halves of a falling body cover the wick.
var (
	glyphUp   = [3][3]rune{{' ', '╷', '╻'}, {'╵', '│', '╽'}, {'╹', '╿', '┃'}}
	glyphDown = [3][3]rune{{' ', '╷', '▄'}, {'╵', '│', '▄'}, {'▀', '▀', '█'}}
)

// mark writes a value at the right edge at its height, over the axis.
func (a *area) mark(v float64, sign rune, st *lipgloss.Style) {
	if !finite(v) {
		return
	}
	s := Price(v)
	x, y := a.c.w-Width(s), a.y+a.sc.row(v)/2
	if x <= a.w {
		return
	}
	for i := a.w; i < x; i++ {
		a.c.set(i, y, ' ', nil)
	}
	a.c.set(a.w, y, sign, st)
	a.c.text(x, y, s, st)
}

// crosshair draws a line through column x and one at the candle's close, behind what is there.
func (a *area) crosshair(k *Candle, x int) {
	for y := a.y; y < a.y+a.h; y++ {
		if r := a.c.at(x, y); r == ' ' || r == '┄' {
			a.c.set(x, y, '┆', &a.t.Accent)
		}
	}
	if k.Missing() {
		return
	}
	y := a.y + a.sc.row(k.Close)/2
	for i := range a.w {
		if r := a.c.at(i, y); r == ' ' || r == '┄' {
			a.c.set(i, y, '┄', &a.t.Accent)
		}
	}
	a.mark(k.Close, '▸', &a.t.Accent)
}

// volumes draws the volumes as bars of eighths on h lines from y on, and the greatest at the right edge.
func (a *area) volumes(bars []bar, y, h int) {
	top := 0.0
	for i := range bars {
		if finite(bars[i].Volume) {
			top = math.Max(top, bars[i].Volume)
		}
	}
	if top <= 0 {
		return
	}
	for x := range bars {
		v := bars[x].Volume
		if !finite(v) || v <= 0 {
			continue
		}
		eighths := max(1, int(math.Round(v/top*float64(h*8))))
		for row := range h {
			if n := min(8, eighths-(h-1-row)*8); n > 0 {
				a.c.set(a.col(x), y+row, rune(0x2580+n), &a.t.Muted)
			}
		}
	}
	if s := Compact(top); a.c.w-Width(s) > a.w {
		a.c.text(a.c.w-Width(s), y, s, &a.t.Muted)
	}
}
