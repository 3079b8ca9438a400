package page

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/tui/widget"
)

// None stands where there is no value.
const None = "–"

// minus replaces the hyphen of a negative number by the sign that lines up with +.
func minus(s string) string {
	if strings.HasPrefix(s, "-") {
		return "−" + s[1:]
	}
	return s
}

// Amount writes an amount of a quote currency with two decimals and thousands apart: 12,480.22. Tiny amounts keep their digits.
func Amount(d money.Decimal) string {
	if f := d.Float64(); f != 0 && f < 0.01 && f > -0.01 {
		return Price(d)
	}
	return minus(report.Amount(d))
}

// Gain is Amount with a sign in front of whatever is not zero.
func Gain(d money.Decimal) string {
	if s := Amount(d); d.Sign() > 0 && strings.Trim(s, "0.,") != "" {
		return "+" + s
	} else if strings.Trim(s, "−0.,") != "" {
		return s
	}
	return "0.00"
}

// Price writes a price with the digits its size deserves.
func Price(d money.Decimal) string { return widget.Price(d.Float64()) }

// Quantity writes a quantity of coins in full up to 8 decimals, its needless zeros left out.
func Quantity(d money.Decimal) string {
	s := d.RoundDown(money.Scale).String()
	whole, frac, ok := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	if ok {
		b.WriteString("." + frac)
	}
	if d.Sign() < 0 {
		return "−" + b.String()
	}
	return b.String()
}

// Percent writes a fraction as a signed percentage; a dash for nil.
func Percent(v *float64) string {
	if v == nil {
		return None
	}
	return widget.Percent(*v)
}

// Share writes a fraction between 0 and 1 as a percentage without a sign; a dash for nil.
func Share(v *float64) string {
	if v == nil {
		return None
	}
	return widget.Number(*v*100, 1) + "%"
}

// Ratio writes a ratio with two decimals; a dash for nil.
func Ratio(v *float64) string {
	if v == nil {
		return None
	}
	return widget.Number(*v, 2)
}

// Count writes a whole number with thousands apart.
func Count(n int64) string { return widget.Number(float64(n), 0) }

// Bytes writes a size: 41 MB, 1.9 GB.
func Bytes(n uint64) string {
	f := float64(n)
	for _, u := range []struct {
		size float64
		name string
	}{{1 << 40, "TB"}, {1 << 30, "GB"}, {1 << 20, "MB"}, {1 << 10, "kB"}} {
		if f >= u.size {
			dec := 0
			if f/u.size < 10 {
				dec = 1
			}
			return widget.Number(f/u.size, dec) + " " + u.name
		}
	}
	return strconv.FormatUint(n, 10) + " B"
}

// Since writes how long ago t was, or a dash for the zero time.
func Since(now, t time.Time) string {
	if t.IsZero() {
		return None
	}
	d := now.Sub(t)
	if d < 0 && d > -2*time.Second { // two clocks
		d = 0
	}
	return widget.Ago(d)
}

// Minute writes a moment to the minute, UTC.
func Minute(t time.Time) string {
	if t.IsZero() {
		return None
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// Moment writes a moment to the minute, UTC; its year only where that is not now's.
func Moment(now, t time.Time) string { return moment(now, t, "15:04") }

// MomentSeconds is Moment to the second.
func MomentSeconds(now, t time.Time) string { return moment(now, t, time.TimeOnly) }

func moment(now, t time.Time, clock string) string {
	switch {
	case t.IsZero():
		return None
	case t.UTC().Year() == now.UTC().Year():
		return t.UTC().Format("01-02 " + clock)
	}
	return t.UTC().Format(time.DateOnly + " " + clock)
}

// Day writes a date, UTC.
func Day(t time.Time) string {
	if t.IsZero() {
		return None
	}
	return t.UTC().Format(time.DateOnly)
}

// Params writes parameters in name order: fast=12 slow=48.
func Params(p map[string]float64) string {
	names := make([]string, 0, len(p))
	for n := range p {
		names = append(names, n)
	}
	sort.Strings(names)
	for i, n := range names {
		names[i] = widget.Neutralise(n) + "=" + strconv.FormatFloat(p[n], 'g', 6, 64)
	}
	return strings.Join(names, " ")
}

// Plural writes a number of things: 1 bar, 2,000 bars.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(int64(n)) + " " + noun + "s"
}

// Short shortens an id for people: @1a2b3c.
func Short(id string) string {
	id = widget.Neutralise(id)
	if len(id) > 6 && strings.IndexFunc(id, func(r rune) bool { return r > 0x7f }) < 0 {
		id = id[:6]
	}
	return "@" + id
}

// Matches says whether text holds every word of the filter, whatever the case.
func Matches(text, filter string) bool {
	text = strings.ToLower(text)
	for _, word := range strings.Fields(strings.ToLower(filter)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
