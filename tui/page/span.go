package page

import (
	"math"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/api"
)

// Span writes a duration in the units of the command line, with a decimal where it is not whole: 0.4s, 96s, 3.5m, 2h, 4.1d; a dash for
// nil.
func Span(s *api.Seconds) string {
	if s == nil {
		return None
	}
	d := s.Duration()
	one := func(v float64, unit string) string {
		dec := 1
		if v == math.Trunc(v) {
			dec = 0
		}
		return strconv.FormatFloat(v, 'f', dec, 64) + unit
	}
	switch {
	case d >= 48*time.Hour:
		return one(d.Hours()/24, "d")
	case d >= 2*time.Hour:
		return one(d.Hours(), "h")
	case d >= 2*time.Minute:
		return one(d.Minutes(), "m")
	case d >= 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 0, 64) + "s"
	}
	return one(d.Seconds(), "s")
}
