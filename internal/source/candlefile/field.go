package candlefile

import (
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// Times before 2001-09-09 or after 2100 are not candles of any coin; the lower bound also keeps the units apart.
const (
	minUnix = 1_000_000_000
	maxUnix = 4_102_444_800
)

// unixTime reads a count of seconds, milliseconds, microseconds or nanoseconds, told apart by magnitude, with an optional
// fraction of zeros. reason is "" when it is one.
func unixTime(b []byte) (sec int64, reason string) {
	if len(b) == 0 {
		return 0, "no timestamp"
	}
	var v int64
	i := 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		if i >= 19 || v > (1<<63-10)/10 {
			return 0, "timestamp is too long"
		}
		v = v*10 + int64(b[i]-'0')
	}
	if i > 0 && i < len(b) && b[i] == '.' {
		for i++; i < len(b) && b[i] == '0'; i++ {
		}
	}
	if i < len(b) {
		if b[i] == 'e' || b[i] == 'E' || strings.ContainsAny(string(b), "eE") && looksNumeric(b) {
			return 0, "timestamp in scientific notation has lost its digits (a spreadsheet rewrote it): get the original file"
		}
		return 0, "timestamp is not a whole number"
	}
	unit := int64(1)
	switch {
	case v >= 1e17:
		unit = 1e9
	case v >= 1e14:
		unit = 1e6
	case v >= 1e11:
		unit = 1e3
	}
	if v%unit != 0 {
		return 0, "timestamp is not on a whole second"
	}
	if v /= unit; v < minUnix || v > maxUnix {
		return 0, "timestamp lies outside 2001 to 2100"
	}
	return v, ""
}

// textTime reads a UTC date or date and time, also with an hour like 04-AM.
func textTime(b []byte) (int64, string) {
	if len(b) < 8 || len(b) > 40 {
		return 0, "date is not one of the known forms, like 2024-01-31 13:00:00"
	}
	s := string(b)
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02", "2006-01-02 03-PM", time.RFC3339, "2006-01-02T15:04:05",
		"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05Z07:00", "2006/01/02 15:04:05", "2006/01/02"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Nanosecond() != 0 {
				return 0, "date is not on a whole second"
			}
			if u := t.Unix(); u >= minUnix && u <= maxUnix {
				return u, ""
			}
			return 0, "date lies outside 2001 to 2100"
		}
	}
	return 0, "date is not one of the known forms, like 2024-01-31 13:00:00"
}

// plain is a decimal of at most 18 digits as a mantissa and a scale, trailing zeros of the fraction cut.
type plain struct {
	m     int64
	scale uint8
}

// parsePlain reads digits with an optional fraction: the fast path for nearly every row. ok is false for all else.
func parsePlain(b []byte) (p plain, ok bool) {
	if len(b) == 0 || len(b) > 30 {
		return p, false
	}
	i := 0
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if p.m >= 1e17 {
			return p, false
		}
		p.m = p.m*10 + int64(b[i]-'0')
	}
	if i == len(b) {
		return p, true
	}
	if i == 0 || b[i] != '.' {
		return p, false
	}
	end := len(b)
	for end > i+1 && b[end-1] == '0' {
		end--
	}
	if end == i+1 {
		return p, len(b) > i+1
	}
	for i++; i < end; i++ {
		if b[i]-'0' > 9 || p.m >= 1e17 {
			return p, false
		}
		p.m = p.m*10 + int64(b[i]-'0')
		p.scale++
	}
	return p, true
}

// lift brings p to scale; ok is false where it does not fit 18 digits.
func (p plain) lift(scale uint8) (int64, bool) {
	m := p.m
	for k := p.scale; k < scale; k++ {
		if m >= 1e17 {
			return 0, false
		}
		m *= 10
	}
	return m, true
}

// makeBar reads five fields; a nil volume field means that the feed has none.
func makeBar(unix int64, open, high, low, close, volume []byte) (market.Bar, error) {
	if b, ok := fastBar(unix, open, high, low, close, volume); ok {
		return b, nil
	}
	var d [4]money.Decimal
	for i, f := range [][]byte{open, high, low, close} {
		v, err := money.Parse(string(f))
		if err != nil {
			return market.Bar{}, fmt.Errorf("%s: %w", [...]string{"open", "high", "low", "close"}[i], err)
		}
		d[i] = v
	}
	if volume == nil {
		return market.NewBar(unix, d[0], d[1], d[2], d[3], nil)
	}
	v, err := money.Parse(string(volume))
	if err != nil {
		return market.Bar{}, fmt.Errorf("volume: %w", err)
	}
	// Sums made in binary floating point carry more digits than any exchange trades in.
	if v.Decimals() > 12 {
		v = v.RoundHalfEven(12)
	}
	return market.NewBar(unix, d[0], d[1], d[2], d[3], &v)
}

func fastBar(unix int64, open, high, low, close, volume []byte) (market.Bar, bool) {
	o, ok1 := parsePlain(open)
	h, ok2 := parsePlain(high)
	l, ok3 := parsePlain(low)
	c, ok4 := parsePlain(close)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return market.Bar{}, false
	}
	p := market.Packed{Time: unix, Volume: -1, PriceScale: max(o.scale, h.scale, l.scale, c.scale)}
	p.Open, ok1 = o.lift(p.PriceScale)
	p.High, ok2 = h.lift(p.PriceScale)
	p.Low, ok3 = l.lift(p.PriceScale)
	p.Close, ok4 = c.lift(p.PriceScale)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return market.Bar{}, false
	}
	if volume != nil {
		v, ok := parsePlain(volume)
		if !ok || v.scale > 12 {
			return market.Bar{}, false
		}
		p.Volume, p.VolumeScale = v.m, v.scale
	}
	b, err := market.NewBarPacked(p)
	return b, err == nil
}
