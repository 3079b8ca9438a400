package upstream

import (
	"fmt"

	"github.com/ohmycoins/omc/internal/market"
)

// lastOpen is 2200-01-01: a time past it is in another unit.
const lastOpen = 7258118400

// CheckOpen refuses an open time, in unix seconds, that no candle of the interval can have.
func CheckOpen(open int64, iv market.Interval) error {
	if open < 0 || open > lastOpen {
		return fmt.Errorf("it opens at %d, which is out of range or in another unit", open)
	}
	if iv.Floor(open) != open {
		return fmt.Errorf("it opens at %d, which is off the %s grid", open, iv)
	}
	return nil
}
