package market

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrColumns is wrapped by the errors of ParseColumns: the bytes are no bars.
var ErrColumns = errors.New("not columns of bars")

// MaxColumns is the most bars that one block of columns holds.
const MaxColumns = 1 << 16

// AppendColumns appends a block of at most MaxColumns bars, column by column: how many, then for each of time, open, high, low,
// close, volume and the two scales one variable-length number a bar. A time is the distance to the one before, a scale how many bars
// it goes on for; an open is the distance to the close before it, high, low and close to their open. ParseColumns gives the same
// bars back to the bit.
func AppendColumns(dst []byte, bars []Bar) ([]byte, error) {
	if len(bars) > MaxColumns {
		return dst, fmt.Errorf("a block of %d bars: at most %d are allowed", len(bars), MaxColumns)
	}
	dst = binary.AppendUvarint(dst, uint64(len(bars)))
	dst = runs(dst, bars, func(b *Bar) uint8 { return b.priceScale })
	dst = runs(dst, bars, func(b *Bar) uint8 { return b.volumeScale })
	last, step := int64(0), int64(0) // of times: the distance itself is nearly always the one before
	for i := range bars {
		d := bars[i].time - last
		dst = binary.AppendVarint(dst, d-step)
		last, step = bars[i].time, d
	}
	last = 0
	for i := range bars {
		dst = binary.AppendVarint(dst, bars[i].open-last)
		last = bars[i].close
	}
	for i := range bars {
		dst = binary.AppendVarint(dst, bars[i].high-bars[i].open)
	}
	for i := range bars {
		dst = binary.AppendVarint(dst, bars[i].low-bars[i].open)
	}
	for i := range bars {
		dst = binary.AppendVarint(dst, bars[i].close-bars[i].open)
	}
	for i := range bars {
		dst = binary.AppendVarint(dst, bars[i].volume)
	}
	return dst, nil
}

func runs(dst []byte, bars []Bar, scale func(*Bar) uint8) []byte {
	for i := 0; i < len(bars); {
		n := 1
		for i+n < len(bars) && scale(&bars[i+n]) == scale(&bars[i]) {
			n++
		}
		dst = append(binary.AppendUvarint(dst, uint64(n)), scale(&bars[i]))
		i += n
	}
	return dst
}

// ParseColumns appends the bars of one block to dst and returns what follows it. Every bar keeps what NewBar asks of one; anything else
// is an error that wraps ErrColumns, and dst is returned as it was.
func ParseColumns(dst []Bar, src []byte) (bars []Bar, rest []byte, err error) {
	c := columns{src: src}
	n := c.uvarint()
	if c.bad || n > MaxColumns || n > uint64(len(src)) { // each bar takes six bytes at least
		return dst, src, fmt.Errorf("%w: a block of %d bars in %d bytes", ErrColumns, n, len(src))
	}
	start := len(dst)
	bars = append(dst, make([]Bar, n)...)
	block := bars[start:]
	c.scales(block, func(b *Bar, s uint8) { b.priceScale = s })
	c.scales(block, func(b *Bar, s uint8) { b.volumeScale = s })
	last, step := int64(0), int64(0)
	for i := range block {
		step += c.varint()
		last += step
		block[i].time = last
	}
	// The opens need the closes, which come later: they are kept as distances until then.
	for i := range block {
		block[i].open = c.varint()
	}
	for i := range block {
		block[i].high = c.varint()
	}
	for i := range block {
		block[i].low = c.varint()
	}
	last = 0
	for i := range block {
		b := &block[i]
		b.open += last
		b.high, b.low, b.close = b.high+b.open, b.low+b.open, c.varint()+b.open
		last = b.close
	}
	for i := range block {
		block[i].volume = c.varint()
	}
	if c.bad {
		return dst, src, fmt.Errorf("%w: %d bars end after %d bytes", ErrColumns, n, len(src))
	}
	for i := range block {
		if err := block[i].possible(); err != nil {
			return dst, src, fmt.Errorf("%w: bar %d: %w", ErrColumns, i, err)
		}
	}
	return bars, c.src, nil
}

// maxMantissa bounds a price and a volume: eighteen digits.
const maxMantissa = 999_999_999_999_999_999

// possible is what NewBar sees to.
func (b *Bar) possible() error {
	switch {
	case b.low <= 0 || b.open < b.low || b.close < b.low || b.high < b.open || b.high < b.close || b.high > maxMantissa:
		return fmt.Errorf("%w: prices %d %d %d %d", ErrBar, b.open, b.high, b.low, b.close)
	case b.volume < -1 || b.volume > maxMantissa:
		return fmt.Errorf("%w: volume %d", ErrBar, b.volume)
	case int(b.priceScale) >= len(pow10) || int(b.volumeScale) >= len(pow10):
		return fmt.Errorf("%w: scales %d and %d", ErrBar, b.priceScale, b.volumeScale)
	}
	return nil
}

// columns reads numbers and remembers that they ended too soon.
type columns struct {
	src []byte
	bad bool
}

func (c *columns) uvarint() uint64 {
	v, n := binary.Uvarint(c.src)
	if n <= 0 {
		c.bad, c.src = true, nil
		return 0
	}
	c.src = c.src[n:]
	return v
}

func (c *columns) varint() int64 {
	v, n := binary.Varint(c.src)
	if n <= 0 {
		c.bad, c.src = true, nil
		return 0
	}
	c.src = c.src[n:]
	return v
}

func (c *columns) scales(block []Bar, set func(*Bar, uint8)) {
	for i := 0; i < len(block) && !c.bad; {
		n := c.uvarint()
		if c.bad || n == 0 || n > uint64(len(block)-i) || len(c.src) == 0 {
			c.bad, c.src = true, nil
			return
		}
		s := c.src[0]
		c.src = c.src[1:]
		for range min(n, math.MaxInt32) {
			set(&block[i], s)
			i++
		}
	}
}
