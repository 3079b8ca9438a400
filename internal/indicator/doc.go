// Package indicator owns the technical indicators: each one streaming, one bar at a time, and over a whole series.
// It must never read prices by itself, look past the bar it was given, or hold money: everything here is float64.
//
// The whole-series functions give the bits of the streaming ones: they drive them, or do the same operations in the same order.
//
// Windowed indicators never subtract what leaves the window. The window is kept as two parts, the suffixes of an older block and
// the running aggregate of a newer one, and an answer joins the two; a block of n bars is folded once per n bars. So the cost is O(1) a
// bar, amortised, nothing drifts however long the series, and a NaN or an overflow is forgotten with the bar that brought it.
// Variances are joined by Chan's formula (Chan, Golub, LeVeque 1979, eq. 2.1), which is exactly zero on a constant window.
//
// Recursive indicators (EMA, RSI, MACD, ATR, OBV) have no window to leave: after a NaN or infinite input they give NaN and start
// over, which takes their whole warm-up again.
//
// An output is a finite number or NaN, never infinite. NaN means "no value": the warm-up, a bad input, or a definition that divides by
// zero. Products are rounded before they are added, so that the bits do not depend on a processor that fuses the two.
//
// The types are not safe for concurrent use. Update never allocates.
package indicator

import (
	"fmt"
	"math"
)

// MaxPeriod is the longest window or smoothing period, in bars: more than two years of 5-minute bars.
const MaxPeriod = 250_000

// period checks one window length.
func period(name, param string, n, least int) error {
	if n < least || n > MaxPeriod {
		return fmt.Errorf("%s: %s is %d, it must be from %d to %d bars", name, param, n, least, MaxPeriod)
	}
	return nil
}

var nan = math.NaN()

// finite is false for NaN and both infinities.
func finite(x float64) bool { return x-x == 0 }

// orNaN is x, or NaN where x is infinite: an infinite extreme would hide the others.
func orNaN(x float64) float64 {
	if finite(x) {
		return x
	}
	return nan
}

// clean turns an infinite value into NaN.
func clean(x float64) float64 {
	if finite(x) {
		return x
	}
	return nan
}
