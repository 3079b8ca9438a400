package widget

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// noValue stands where a number is missing, not a number or infinite.
const noValue = "–"

// Decimals gives how many decimals a value of this magnitude is shown with: two for money-sized values, more for small coins, so that
// about five significant digits stay visible.
func Decimals(v float64) int {
	v = math.Abs(v)
	switch {
	case v == 0 || v >= 100 || math.IsNaN(v) || math.IsInf(v, 0):
		return 2
	case v >= 10:
		return 3
	case v >= 1:
		return 4
	}
	return min(12, 4-int(math.Floor(math.Log10(v))))
}

// Number shows v with thousands separators and dec decimals; – for NaN and infinities, and powers of ten beyond 1e15.
func Number(v float64, dec int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return noValue
	}
	if math.Abs(v) >= 1e15 {
		return strings.Replace(strconv.FormatFloat(v, 'e', 2, 64), "-", "−", 1)
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', max(0, min(dec, 12)), 64)
	whole, frac, _ := strings.Cut(s, ".")
	var b strings.Builder
	if v < 0 && strings.Trim(s, "0.") != "" {
		b.WriteString("−")
	}
	for i, c := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(c)
	}
	if frac != "" {
		b.WriteByte('.')
		b.WriteString(frac)
	}
	return b.String()
}

// Price shows a price or an amount with the decimals its magnitude deserves.
func Price(v float64) string { return Number(v, Decimals(v)) }

// Change shows a difference with dec decimals and always a sign; zero has none.
func Change(v float64, dec int) string {
	s := Number(v, dec)
	if v > 0 && s != noValue && strings.Trim(s, "0.,") != "" {
		return "+" + s
	}
	return s
}

// Percent shows a ratio (0.0068) as a signed percentage (+0.68%).
func Percent(ratio float64) string {
	v := ratio * 100
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return noValue
	}
	dec := 2
	if math.Abs(v) >= 100 {
		dec = 0
	} else if math.Abs(v) >= 10 {
		dec = 1
	}
	return Change(v, dec) + "%"
}

// Compact shows v in at most about six characters: 950, 12.4k, 3.1M, 2.0B.
func Compact(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return noValue
	}
	a := math.Abs(v)
	for _, u := range []struct {
		min  float64
		name string
	}{{1e12, "T"}, {1e9, "B"}, {1e6, "M"}, {1e3, "k"}} {
		// The next unit starts where rounding would reach it: 999,960 is 1.0M, not 1,000.0k.
		if a >= u.min*0.99995 {
			return Number(v/u.min, 1) + u.name
		}
	}
	if a >= 100 || a == 0 {
		return Number(v, 0)
	}
	return Number(v, min(2, Decimals(v)))
}

// Ago shows a duration in its largest unit: 9s, 45m, 6h, 2d, 3w. Negative durations read "in 9s".
func Ago(d time.Duration) string {
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		return "in " + Ago(-d)
	}
	n := func(unit time.Duration, s string) string { return strconv.FormatInt(int64(d/unit), 10) + s }
	switch {
	case d < time.Minute:
		return n(time.Second, "s")
	case d < time.Hour:
		return n(time.Minute, "m")
	case d < 48*time.Hour:
		return n(time.Hour, "h")
	case d < 21*24*time.Hour:
		return n(24*time.Hour, "d")
	}
	return n(7*24*time.Hour, "w")
}
