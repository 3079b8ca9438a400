package page

import (
	"math"
	"strings"
	"time"

	"github.com/ohmycoins/omc/tui/widget"
)

// Prose gathers a page as plain lines, for a screen reader or a pipe: one column, every value beside its name, nothing drawn.
type Prose struct{ Lines []string }

// Heading starts a part after an empty line.
func (p *Prose) Heading(s string) {
	if len(p.Lines) > 0 {
		p.Lines = append(p.Lines, "")
	}
	p.Lines = append(p.Lines, s)
}

// Say adds a line, its control characters made visible and the blanks that align it elsewhere left out, as are empty parts.
func (p *Prose) Say(parts ...string) {
	kept := parts[:0:0]
	for _, s := range parts {
		if s = strings.Join(strings.Fields(widget.Neutralise(s)), " "); s != "" {
			kept = append(kept, s)
		}
	}
	if len(kept) > 0 {
		p.Lines = append(p.Lines, strings.Join(kept, ", "))
	}
}

// Named is a value with its name in front, "" where there is no value.
func Named(name, value string) string {
	if value = strings.TrimSpace(value); value == "" || value == None {
		return ""
	}
	return name + " " + value
}

// Curve says a curve in words: its first and its last value, its lowest and its highest, each with its day. at gives the time of a
// value; nil leaves the times out.
func Curve(name string, values []float64, format func(float64) string, at func(i int) time.Time) string {
	first, last, low, high := -1, -1, -1, -1
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		if first < 0 {
			first, low, high = i, i, i
		}
		last = i
		if v < values[low] {
			low = i
		}
		if v > values[high] {
			high = i
		}
	}
	if first < 0 {
		return ""
	}
	say := func(word string, i int) string {
		s := word + " " + format(values[i])
		if at != nil {
			s += " on " + Minute(at(i))
		}
		return s
	}
	return name + ": " + strings.Join([]string{say("first", first), say("last", last), say("low", low), say("high", high)}, ", ")
}
