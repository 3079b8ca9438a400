package market

import (
	"fmt"
	"strconv"
	"time"
)

// Interval is the length of a bar in seconds. Bars lie on the UTC grid of their interval, counted from 1970-01-01 00:00
// (weeks from Monday 1970-01-05).
type Interval int64

// The intervals in common use.
const (
	Minute      Interval = 60
	FiveMinutes Interval = 300
	Hour        Interval = 3600
	Day         Interval = 86400
	Week        Interval = 7 * 86400
)

// ParseInterval reads a count and a unit: 1m, 5m, 15m, 1h, 4h, 1d, 1w. Nothing under a minute or over a week is a bar here,
// and an interval must divide a day or be a day or a week, so that every bar of a day belongs to that day.
func ParseInterval(s string) (Interval, error) {
	bad := fmt.Errorf("interval %q: want a count and a unit m, h, d or w that divides a day, like 5m, 1h or 1d", clip(s))
	if len(s) < 2 || len(s) > 6 {
		return 0, bad
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if err != nil || n == 0 {
		return 0, bad
	}
	unit := map[byte]Interval{'m': Minute, 'h': Hour, 'd': Day, 'w': Week}[s[len(s)-1]]
	iv := Interval(n) * unit
	if unit == 0 || !iv.Valid() {
		return 0, bad
	}
	return iv, nil
}

// Valid reports whether i is a bar length: a whole number of minutes that divides a day, or a day, or a week.
func (i Interval) Valid() bool {
	return i == Week || i >= Minute && i <= Day && i%Minute == 0 && Day%i == 0
}

// Duration returns the interval as a time.Duration.
func (i Interval) Duration() time.Duration { return time.Duration(i) * time.Second }

// Floor returns the open time of the bar that holds the unix second t.
func (i Interval) Floor(t int64) int64 {
	offset := int64(0)
	if i == Week {
		offset = 4 * int64(Day) // 1970-01-05 was a Monday
	}
	r := (t - offset) % int64(i)
	if r < 0 {
		r += int64(i)
	}
	return t - r
}

// String writes the interval as ParseInterval reads it, in the largest unit that divides it.
func (i Interval) String() string {
	switch {
	case i == Week:
		return "1w"
	case i >= Day && i%Day == 0:
		return strconv.FormatInt(int64(i/Day), 10) + "d"
	case i >= Hour && i%Hour == 0:
		return strconv.FormatInt(int64(i/Hour), 10) + "h"
	default:
		return strconv.FormatInt(int64(i/Minute), 10) + "m"
	}
}

// MarshalText writes what String writes; nothing for the zero value.
func (i Interval) MarshalText() ([]byte, error) {
	if i == 0 {
		return nil, nil
	}
	return []byte(i.String()), nil
}

// UnmarshalText reads what ParseInterval reads; empty text is the zero value.
func (i *Interval) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = 0
		return nil
	}
	v, err := ParseInterval(string(b))
	if err != nil {
		return err
	}
	*i = v
	return nil
}
