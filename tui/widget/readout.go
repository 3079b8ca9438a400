package widget

import (
	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/theme"
)

// readout is how much room the numbers above a candlestick chart take, whichever candle they are of: what is shown must not come and
// go while the crosshair moves.
type readout struct{ price, change, volume int }

// timeWidth is the columns of a candle's time.
const timeWidth = len("2006-01-02 15:04")

func (o *OHLC) readout() readout {
	var price, change, volume extent
	for i := range o.Candles {
		k := &o.Candles[i]
		price.take(k.High)
		price.take(k.Low)
		if k.Open > 0 {
			change.take(k.Close/k.Open - 1)
		}
		volume.take(k.Volume)
	}
	return readout{price.width(Price), change.width(Percent), volume.width(o.volume)}
}

// extent is the least and the greatest of the values taken. Their texts stand for the widest: decimals grow towards zero, digits away
// from it, and writing every candle's numbers for each frame would cost more than the chart. One between may be a digit wider; what
// does not fit a line is then left out.
type extent struct {
	lo, hi float64
	any    bool
}

func (e *extent) take(v float64) {
	switch {
	case !finite(v):
	case !e.any:
		*e = extent{v, v, true}
	default:
		e.lo, e.hi = min(e.lo, v), max(e.hi, v)
	}
}

func (e *extent) width(text func(float64) string) int {
	if !e.any {
		return 0
	}
	return max(Width(text(e.lo)), Width(text(e.hi)))
}

func (o *OHLC) volume(v float64) string {
	if o.Unit == "" {
		return Compact(v)
	}
	return Compact(v) + " " + Neutralise(o.Unit)
}

// short is the width of time, close, change and volume; whole that of open, high and low too.
func (r readout) short() int {
	w := timeWidth + 4 + r.price + 2 + r.change
	if r.volume > 0 {
		w += 4 + r.volume
	}
	return w
}

func (r readout) whole() int { return r.short() + 3*(4+r.price) }

// valueLines says how many lines the numbers take: one where they fit, else two where the chart can spare one.
func (o *OHLC) valueLines(w, h int) int {
	if r := o.readout(); w < r.whole() && w >= r.short() && h >= 12 {
		return 2
	}
	return 1
}

// values writes the numbers of the candle with the crosshair, or of the newest, on the first lines, and how many bars each column is.
func (o *OHLC) values(c *canvas, t *theme.Theme, lines int, each int64) {
	at := o.Cross
	if at < 0 || at >= len(o.Candles) {
		at = len(o.Candles) - 1
	}
	k, r := &o.Candles[at], o.readout()
	x, y := c.text(0, 0, k.Time.UTC().Format("2006-01-02 15:04"), &t.Muted), 0
	if k.Missing() {
		c.text(x, 0, "  no bar", &t.Warn)
		return
	}
	style := t.Signed(k.Close - k.Open)
	put := func(label, value string, st *lipgloss.Style) {
		if x+2+Width(label)+Width(value) <= c.w {
			x = c.text(c.text(x, y, "  "+label, &t.Muted), y, value, st)
		}
	}
	ohl := func() {
		put("O ", Price(k.Open), &t.Text)
		put("H ", Price(k.High), &t.Text)
		put("L ", Price(k.Low), &t.Text)
	}
	if c.w >= r.whole() {
		ohl()
	}
	put("C ", Price(k.Close), style)
	if k.Open > 0 && finite(k.Open) {
		put("", Percent(k.Close/k.Open-1), style)
	}
	if finite(k.Volume) && c.w >= r.short() {
		put("V ", o.volume(k.Volume), &t.Text)
	}
	if lines > 1 {
		x, y = max(0, min(timeWidth, c.w-3*(4+r.price))), 1
		ohl()
	}
	if each > 1 {
		put("", Number(float64(each), 0)+" bars a column", &t.Muted)
	}
}
