package widget

import (
	"math"
	"time"

	"github.com/ohmycoins/omc/tui/theme"
)

// Candle is one bar of a candlestick chart. A NaN close is a missing bar: its place stays empty, and says so.
type Candle struct {
	Time                           time.Time
	Open, High, Low, Close, Volume float64
}

// Missing says whether there is no bar at this place.
func (c *Candle) Missing() bool { return !finite(c.Close) }

// OHLC says how a candlestick chart is drawn.
type OHLC struct {
	Candles []Candle
	// Interval is the time from one bar to the next: bars stand where their time is, so a missing one leaves a gap. At 0 they
	// stand side by side.
	Interval time.Duration
	Cross    int // index of the candle with the crosshair; −1 for none
	// Last is the newest price where it is newer than the last candle, as it is where the bar under way is left out; 0 takes the last
	// candle's close. It is marked at the axis.
	Last   float64
	Values bool
	Volume bool
	// Unit stands behind volumes: BTC.
	Unit string
	// Label writes a time under the chart; nil picks what differs from the label before: 14:00, 23 Nov, 2025.
	Label func(time.Time) string
}

// bar is what one column of the chart shows: one candle, or several in one.
type bar struct {
	Candle
	n int // how many candles; 0 is a gap
}

// Candles draws a candlestick chart in exactly w columns and h lines: prices at the right, times below; with Volume a strip of volumes
// between, with Values a line above with the numbers of the candle with the crosshair (or of the newest). Where there are more bars
// than columns, every k bars become one. Rising bodies are thin (┃), falling ones full (█), so the direction reads without colour.
func Candles(t *theme.Theme, o OHLC, w, h int) string {
	c := newCanvas(w, h, t.ASCII)
	lo, hi, ok := candleBounds(o.Candles)
	if c.w < 16 || c.h < 4 || !ok {
		return c.String()
	}
	last, move := o.newest()
	if finite(last) {
		lo, hi = math.Min(lo, last), math.Max(hi, last)
	}
	top, vol := 0, 0
	if o.Values && c.h >= 6 {
		top = o.valueLines(c.w, c.h)
	}
	if o.Volume && c.h >= 12 {
		vol = c.h / 6
	}
	rows := c.h - top - 1 - vol
	sc := newScale(lo, hi, rows*2)
	gutter := axis(c, sc, top, rows, nil, last, &t.Muted, &t.Border)
	plot := c.w - gutter
	bars, each, cross := o.columns(plot)
	if top > 0 {
		o.values(c, t, top, each)
	}
	a := area{c: c, t: t, y: top, w: plot, h: rows, n: len(bars), sc: sc}
	for x := range bars {
		a.candle(&bars[x], a.col(x))
	}
	if gutter > 0 {
		a.mark(last, '◂', t.Signed(move))
	}
	if cross >= 0 {
		a.crosshair(&o.Candles[o.Cross], a.col(cross))
	}
	if vol > 0 {
		a.volumes(bars, top+rows, vol)
	}
	timeAxis(c, c.h-1, plot, len(bars), func(x int) time.Time { return bars[x].Time }, a.col, o.Label, &t.Muted)
	return c.String()
}

// newest gives the newest price, and how far it is from where its candle opened or, past the candles, from the last of them.
func (o *OHLC) newest() (last, move float64) {
	for i := len(o.Candles) - 1; i >= 0; i-- {
		k := &o.Candles[i]
		switch {
		case k.Missing():
		case o.Last > 0 && finite(o.Last):
			return o.Last, o.Last - k.Close
		default:
			return k.Close, k.Close - k.Open
		}
	}
	return math.NaN(), 0
}

// columns puts the candles into at most n columns and gives them, how many bars are one column, and the column of the crosshair, −1
// for none. Groups start at multiples of their length since 1970, so that a new bar does not redraw the old ones differently.
func (o *OHLC) columns(n int) ([]bar, int64, int) {
	slot := func(i int) int64 { return int64(i) }
	if o.Interval > 0 {
		slot = func(i int) int64 { return floorDiv(int64(o.Candles[i].Time.Sub(time.Unix(0, 0))), int64(o.Interval)) }
	}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range o.Candles {
		first, last = min(first, slot(i)), max(last, slot(i))
	}
	// As floats: the difference of two hostile times may not fit an integer.
	k := max(1, int64(math.Ceil((float64(last)-float64(first)+1)/float64(n))))
	for floorDiv(last, k)-floorDiv(first, k) >= int64(n) {
		k += max(1, k/8)
	}
	base := floorDiv(first, k)
	bars := make([]bar, floorDiv(last, k)-base+1)
	for x := range bars {
		if o.Interval > 0 {
			// In this order the product stays within the times there are.
			bars[x].Time = time.Unix(0, 0).Add(time.Duration((base + int64(x)) * k * int64(o.Interval))).UTC()
		} else {
			bars[x].Time = o.Candles[min(len(o.Candles)-1, int((base+int64(x))*k))].Time
		}
	}
	cross := -1
	for i := range o.Candles {
		x := int(floorDiv(slot(i), k) - base)
		bars[x].add(&o.Candles[i])
		if i == o.Cross {
			cross = x
		}
	}
	return bars, k, cross
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// add makes c part of the bar: the first open, the highest high, the lowest low, the last close, the volumes together.
func (b *bar) add(c *Candle) {
	if c.Missing() {
		return
	}
	open, high, low, volume := c.Open, c.High, c.Low, c.Volume
	if !finite(open) {
		open = c.Close
	}
	// What the feed calls high and low is not trusted to enclose the body.
	top, bottom := math.Max(open, c.Close), math.Min(open, c.Close)
	if !finite(high) || high < top {
		high = top
	}
	if !finite(low) || low > bottom {
		low = bottom
	}
	if !finite(volume) || volume < 0 {
		volume = 0
	}
	if b.n == 0 {
		b.Open, b.High, b.Low = open, high, low
	}
	b.High, b.Low, b.Close = math.Max(b.High, high), math.Min(b.Low, low), c.Close
	b.Volume += volume
	b.n++
}

func candleBounds(cs []Candle) (lo, hi float64, ok bool) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for i := range cs {
		if cs[i].Missing() {
			continue
		}
		var b bar
		b.add(&cs[i])
		lo, hi = math.Min(lo, b.Low), math.Max(hi, b.High)
	}
	return lo, hi, lo <= hi
}
