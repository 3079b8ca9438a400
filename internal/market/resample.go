package market

import (
	"fmt"

	"github.com/ohmycoins/omc/internal/money"
)

// Resample groups bars of one interval into bars of a longer one that it divides: first open, highest high, lowest low, last
// close, summed volume. bars must be in time order. A group with no bar gives no bar; a group with some bars missing gives a
// bar of those that exist. The last group is left out when it has not ended by upTo (unix seconds), so that an unfinished bar
// is never seen as a finished one.
func Resample(bars []Bar, from, to Interval, upTo int64) ([]Bar, error) {
	if !from.Valid() || !to.Valid() || to < from || to%from != 0 {
		return nil, fmt.Errorf("cannot resample %s bars to %s: the longer interval must be a multiple of the shorter", from, to)
	}
	out := make([]Bar, 0, int64(len(bars))*int64(from)/int64(to)+2)
	for i := 0; i < len(bars); {
		start := to.Floor(bars[i].time)
		j := i + 1
		for j < len(bars) && bars[j].time < start+int64(to) {
			j++
		}
		if start+int64(to) > upTo {
			break
		}
		b, err := merge(start, bars[i:j])
		if err != nil {
			return nil, err
		}
		out = append(out, b)
		i = j
	}
	return out, nil
}

func merge(start int64, group []Bar) (Bar, error) {
	first, last := &group[0], &group[len(group)-1]
	high, low := first.High(), first.Low()
	volume, has := money.Zero, false
	for k := range group {
		high, low = money.Max(high, group[k].High()), money.Min(low, group[k].Low())
		if group[k].HasVolume() {
			volume, has = volume.Add(group[k].Volume()), true
		}
	}
	if !has {
		return NewBar(start, first.Open(), high, low, last.Close(), nil)
	}
	// A sum may need more than the 18 digits a bar holds: then its last decimals are rounded half-even, a part in 10^17.
	for d := volume.Decimals(); ; d-- {
		if _, fits := volume.Mantissa(d); fits || d == 0 {
			return NewBar(start, first.Open(), high, low, last.Close(), &volume)
		}
		volume = volume.RoundHalfEven(d - 1)
	}
}
