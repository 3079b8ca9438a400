package market

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ohmycoins/omc/internal/money"
)

// ErrBar is wrapped by NewBar's errors: the values cannot be a bar.
var ErrBar = errors.New("impossible bar")

// Bar is one candle, exact and compact (no pointers): prices share one decimal scale, volume has its own.
// A bar is named by its open time and is known at its close. Make one with NewBar.
type Bar struct {
	time                   int64 // open time, unix seconds
	open, high, low, close int64 // × 10^-priceScale
	volume                 int64 // × 10^-volumeScale, in base coins; -1 where the feed has none
	priceScale             uint8
	volumeScale            uint8
}

// NewBar checks and packs one candle: prices above zero, low ≤ open, close ≤ high, volume not negative.
// A nil volume means that the feed has no volume at all, which is not the same as zero.
// openTime is unix seconds. Values that need more than 18 digits at a common scale are refused.
func NewBar(openTime int64, open, high, low, close money.Decimal, volume *money.Decimal) (Bar, error) {
	if low.Sign() <= 0 {
		return Bar{}, fmt.Errorf("%w: low %s is not above zero", ErrBar, low)
	}
	if open.Less(low) || close.Less(low) || high.Less(open) || high.Less(close) {
		return Bar{}, fmt.Errorf("%w: open %s and close %s must lie between low %s and high %s", ErrBar, open, close, low, high)
	}
	b := Bar{time: openTime, volume: -1}
	var ok bool
	if b.priceScale, ok = packAll([]*int64{&b.open, &b.high, &b.low, &b.close}, open, high, low, close); !ok {
		return Bar{}, fmt.Errorf("%w: prices %s %s %s %s have too many digits", ErrBar, open, high, low, close)
	}
	if volume != nil {
		if volume.Sign() < 0 {
			return Bar{}, fmt.Errorf("%w: volume %s is negative", ErrBar, volume)
		}
		if b.volumeScale, ok = packAll([]*int64{&b.volume}, *volume); !ok {
			return Bar{}, fmt.Errorf("%w: volume %s has too many digits", ErrBar, volume)
		}
	}
	return b, nil
}

// MustBar is NewBar for tests and examples with constants; it panics on an error.
func MustBar(openTime int64, open, high, low, close, volume string) Bar {
	v := money.MustParse(volume)
	b, err := NewBar(openTime, money.MustParse(open), money.MustParse(high), money.MustParse(low), money.MustParse(close), &v)
	if err != nil {
		panic(err)
	}
	return b
}

// packAll writes the values as mantissas at their smallest common scale.
func packAll(dst []*int64, values ...money.Decimal) (scale uint8, ok bool) {
	for _, v := range values {
		scale = max(scale, v.Decimals())
	}
	for i, v := range values {
		m, fits := v.Mantissa(scale)
		if !fits {
			return 0, false
		}
		*dst[i] = m
	}
	return scale, true
}

// Unix is the bar's open time in unix seconds.
func (b *Bar) Unix() int64 { return b.time }

// OpenTime is the bar's open time, UTC.
func (b *Bar) OpenTime() time.Time { return time.Unix(b.time, 0).UTC() }

// Open is the first price.
func (b *Bar) Open() money.Decimal { return money.New(b.open, b.priceScale) }

// High is the highest price.
func (b *Bar) High() money.Decimal { return money.New(b.high, b.priceScale) }

// Low is the lowest price.
func (b *Bar) Low() money.Decimal { return money.New(b.low, b.priceScale) }

// Close is the last price.
func (b *Bar) Close() money.Decimal { return money.New(b.close, b.priceScale) }

// HasVolume reports whether the feed gave a volume at all.
func (b *Bar) HasVolume() bool { return b.volume >= 0 }

// Volume is the traded amount in base coins; zero where the feed has none (see HasVolume).
func (b *Bar) Volume() money.Decimal { return money.New(max(0, b.volume), b.volumeScale) }

// Floats returns open, high, low, close and volume as the nearest float64s; volume is NaN where the feed has none.
func (b *Bar) Floats() (open, high, low, close, volume float64) {
	volume = math.NaN()
	if b.volume >= 0 {
		volume = scaled(b.volume, b.volumeScale)
	}
	return scaled(b.open, b.priceScale), scaled(b.high, b.priceScale), scaled(b.low, b.priceScale), scaled(b.close, b.priceScale), volume
}

// CloseFloat is Close as the nearest float64.
func (b *Bar) CloseFloat() float64 { return scaled(b.close, b.priceScale) }

// Equal reports the same open time and the same values, whatever their scales.
func (b *Bar) Equal(c *Bar) bool {
	if *b == *c {
		return true
	}
	return b.time == c.time && b.HasVolume() == c.HasVolume() && b.Open().Equal(c.Open()) && b.High().Equal(c.High()) &&
		b.Low().Equal(c.Low()) && b.Close().Equal(c.Close()) && b.Volume().Equal(c.Volume())
}

// AppendBinary appends the bar's 50 bytes for hashing: time, prices, volume and scales, little endian. Equal bars made by
// NewBar give equal bytes.
func (b *Bar) AppendBinary(dst []byte) ([]byte, error) {
	for _, v := range [...]int64{b.time, b.open, b.high, b.low, b.close, b.volume} {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
	}
	return append(dst, b.priceScale, b.volumeScale), nil
}

// String writes the bar for people.
func (b Bar) String() string {
	v := "-"
	if b.HasVolume() {
		v = b.Volume().String()
	}
	return fmt.Sprintf("%s o=%s h=%s l=%s c=%s v=%s", b.OpenTime().Format("2006-01-02T15:04Z"), b.Open(), b.High(), b.Low(), b.Close(), v)
}

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// scaled is correctly rounded while the mantissa fits 53 bits, which every price of at most 15 digits does.
func scaled(m int64, scale uint8) float64 {
	if m < 1<<53 {
		return float64(m) / pow10[scale]
	}
	return money.New(m, scale).Float64()
}

// Quote is what a venue asked and bid at one moment. A zero Bid, Ask or Last means that the venue gave none.
type Quote struct {
	Market Market        `json:"market"`
	Time   time.Time     `json:"time"`  // event time, UTC
	Known  time.Time     `json:"known"` // known time, UTC
	Bid    money.Decimal `json:"bid"`
	Ask    money.Decimal `json:"ask"`
	Last   money.Decimal `json:"last"`
}

// HalfSpread is (ask − bid)/2, or zero where either side is missing or the quote is crossed.
func (q *Quote) HalfSpread() money.Decimal {
	if q.Bid.Sign() <= 0 || q.Ask.Sign() <= 0 || q.Ask.Less(q.Bid) {
		return money.Zero
	}
	return q.Ask.Sub(q.Bid).Mul(money.New(5, 1))
}
