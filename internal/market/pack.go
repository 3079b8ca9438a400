package market

import (
	"fmt"
	"math"
)

// exactFloat bounds the mantissas that a float64 keeps: a decimal of at most 15 significant digits becomes a float64 and
// comes back unchanged, because no other decimal of at most 15 digits has the same nearest float64.
const exactFloat = 1e15

// Packed is a Bar as plain integers, for stores: prices are mantissas × 10^-PriceScale, volume × 10^-VolumeScale.
type Packed struct {
	Time                   int64 // open time, unix seconds
	Open, High, Low, Close int64
	PriceScale             uint8
	Volume                 int64 // -1: the feed has none
	VolumeScale            uint8
}

// Packed returns the bar's integers.
func (b *Bar) Packed() Packed {
	return Packed{Time: b.time, Open: b.open, High: b.high, Low: b.low, Close: b.close, PriceScale: b.priceScale,
		Volume: b.volume, VolumeScale: b.volumeScale}
}

// NewBarPacked checks p as NewBar does and returns the same Bar, bit for bit, as NewBar makes of the same values.
func NewBarPacked(p Packed) (Bar, error) {
	if p.Low <= 0 || p.Open < p.Low || p.Close < p.Low || p.High < p.Open || p.High < p.Close || p.Volume < -1 ||
		p.High >= 1e18 || p.Volume >= 1e18 || p.PriceScale > 18 || p.VolumeScale > 18 {
		return Bar{}, fmt.Errorf("%w: %+v", ErrBar, p)
	}
	for p.PriceScale > 0 && p.Close%10 == 0 && p.Open%10 == 0 && p.High%10 == 0 && p.Low%10 == 0 {
		p.Open, p.High, p.Low, p.Close, p.PriceScale = p.Open/10, p.High/10, p.Low/10, p.Close/10, p.PriceScale-1
	}
	if p.Volume < 0 {
		p.VolumeScale = 0
	}
	for p.VolumeScale > 0 && p.Volume%10 == 0 {
		p.Volume, p.VolumeScale = p.Volume/10, p.VolumeScale-1
	}
	return Bar{time: p.Time, open: p.Open, high: p.High, low: p.Low, close: p.Close, volume: p.Volume,
		priceScale: p.PriceScale, volumeScale: p.VolumeScale}, nil
}

// NewBarFloats returns the bar whose decimals, each of at most 15 significant digits, are nearest to these float64s: the very
// decimals they were made from. volume is NaN where the feed has none. ErrBar where there are no such decimals, or where
// NewBar would refuse them.
func NewBarFloats(openTime int64, open, high, low, close, volume float64) (Bar, error) {
	p := Packed{Time: openTime, Volume: -1}
	var ok bool
	for ; ; p.PriceScale++ {
		if p.PriceScale > 18 {
			return Bar{}, fmt.Errorf("%w: prices %v %v %v %v have too many digits", ErrBar, open, high, low, close)
		}
		if p.Close, ok = mantissa(close, p.PriceScale); !ok {
			continue
		}
		if p.Open, ok = mantissa(open, p.PriceScale); !ok {
			continue
		}
		if p.High, ok = mantissa(high, p.PriceScale); !ok {
			continue
		}
		if p.Low, ok = mantissa(low, p.PriceScale); ok {
			break
		}
	}
	if volume == volume {
		for ; ; p.VolumeScale++ {
			if p.VolumeScale > 18 {
				return Bar{}, fmt.Errorf("%w: volume %v has too many digits", ErrBar, volume)
			}
			if p.Volume, ok = mantissa(volume, p.VolumeScale); ok {
				break
			}
		}
		if p.Volume < 0 {
			return Bar{}, fmt.Errorf("%w: volume %v is negative", ErrBar, volume)
		}
	}
	return NewBarPacked(p)
}

// mantissa returns m with m × 10^-scale nearest to f and |m| < 10^15; ok is false where there is none.
// The division of two exactly represented integers is correctly rounded, so the test is exact.
func mantissa(f float64, scale uint8) (m int64, ok bool) {
	r := math.RoundToEven(f * pow10[scale])
	return int64(r), r < exactFloat && r > -exactFloat && r/pow10[scale] == f
}
