package widget

import (
	"math"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// canvas is a grid of single-column cells; runs of one style are rendered together, which keeps a full frame cheap.
type canvas struct {
	w, h  int
	glyph []rune
	style []*lipgloss.Style
	ascii bool
}

func newCanvas(w, h int, ascii bool) *canvas {
	w, h = clampSize(w, h)
	c := &canvas{w: w, h: h, glyph: make([]rune, w*h), style: make([]*lipgloss.Style, w*h), ascii: ascii}
	for i := range c.glyph {
		c.glyph[i] = ' '
	}
	return c
}

func (c *canvas) set(x, y int, r rune, s *lipgloss.Style) {
	if x >= 0 && x < c.w && y >= 0 && y < c.h {
		c.glyph[y*c.w+x], c.style[y*c.w+x] = r, s
	}
}

func (c *canvas) at(x, y int) rune {
	if x >= 0 && x < c.w && y >= 0 && y < c.h {
		return c.glyph[y*c.w+x]
	}
	return ' '
}

// text writes s at x, y, cut at the right edge; characters wider or narrower than a column become '?'. It returns the next x.
func (c *canvas) text(x, y int, s string, st *lipgloss.Style) int {
	for _, r := range Neutralise(s) {
		if r >= 0x80 && ansi.StringWidth(string(r)) != 1 {
			r = '?'
		}
		c.set(x, y, r, st)
		x++
	}
	return x
}

func (c *canvas) String() string {
	var b strings.Builder
	b.Grow(len(c.glyph) * 4)
	pens := map[*lipgloss.Style]pen{}
	for y := range c.h {
		if y > 0 {
			b.WriteByte('\n')
		}
		row, styles := c.glyph[y*c.w:(y+1)*c.w], c.style[y*c.w:(y+1)*c.w]
		for x := 0; x < c.w; {
			end := x + 1
			for end < c.w && styles[end] == styles[x] {
				end++
			}
			s := string(row[x:end])
			if c.ascii {
				s = ASCII(s)
			}
			if st := styles[x]; st != nil {
				p, ok := pens[st]
				if !ok {
					p = penOf(st)
					pens[st] = p
				}
				s = p.before + s + p.after
			}
			b.WriteString(s)
			x = end
		}
	}
	return b.String()
}

// pen is what a style writes around a text. Asking the style once per frame and not once per run makes a frame five times cheaper.
type pen struct{ before, after string }

// penOf takes only colours and attributes of a style: a canvas has no place for its paddings and borders.
func penOf(st *lipgloss.Style) pen {
	before, after, _ := strings.Cut(st.Inline(true).Render("x"), "x")
	return pen{before, after}
}

// finite says whether v can be plotted; magnitudes near the float's end are refused because their differences overflow.
func finite(v float64) bool { return !math.IsNaN(v) && math.Abs(v) < 1e300 }

// niceStep gives the 1-2-5 step that cuts span into at most n parts.
func niceStep(span float64, n int) float64 {
	if !(span > 0) || n < 1 {
		return 1
	}
	raw := span / float64(n)
	mag := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*mag >= raw {
			return m * mag
		}
	}
	return 10 * mag
}

// scale maps values to rows of sub-cells: row 0 is the top.
type scale struct {
	lo, hi float64
	rows   int
}

func newScale(lo, hi float64, rows int) scale {
	if !(hi > lo) {
		pad := math.Max(math.Abs(lo)*0.01, 1e-9)
		lo, hi = lo-pad, hi+pad
	}
	return scale{lo, hi, rows}
}

func (s scale) row(v float64) int {
	if s.rows < 1 {
		return 0
	}
	f := (s.hi - v) / (s.hi - s.lo) * float64(s.rows-1)
	return max(0, min(s.rows-1, int(math.Round(f))))
}

// ticks gives the values to label on an axis of rows lines, and the decimals they need: one for every three lines or so, and two at
// least where there is room, because one number alone says nothing of the scale.
func (s scale) ticks(rows int) ([]float64, int) {
	var out []float64
	dec := 0
	for n := max(1, rows/3); n <= max(rows, 5) && len(out) < 2; n++ {
		step := niceStep(s.hi-s.lo, n)
		dec = max(0, -int(math.Floor(math.Log10(step)+1e-9)))
		out = out[:0]
		for i := math.Ceil(s.lo / step); i*step <= s.hi && len(out) < 100; i++ {
			out = append(out, i*step)
			if i+1 == i {
				break
			}
		}
	}
	return out, dec
}
