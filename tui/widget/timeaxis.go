package widget

import (
	"time"

	"charm.land/lipgloss/v2"
)

// timeAxis writes times on line y below the n columns of a chart, where a month, a day, an hour or another round span begins; room is
// how wide the text may get. at gives a column's time, pos its place; label nil writes what of it differs from the label before.
func timeAxis(c *canvas, y, room, n int, at func(i int) time.Time, pos func(i int) int, label func(time.Time) string, st *lipgloss.Style) {
	if n < 1 {
		return
	}
	span := roundSpan(at(n-1).Sub(at(0)), max(1, (pos(n-1)-pos(0))/14))
	next, before := pos(0), time.Time{}
	for i := range n {
		t := at(i).UTC()
		if pos(i) < next || (i > 0 && !span.between(at(i-1), t)) {
			continue
		}
		// The hour that begins within the column is written, not the minute the column happens to begin at.
		if i > 0 {
			t = span.start(t)
		}
		s := span.text(t, before)
		if label != nil {
			s = Neutralise(label(t))
		}
		if pos(i)+Width(s) > room {
			if before.IsZero() && Width(s) <= room {
				c.text(room-Width(s), y, s, st)
			}
			return
		}
		// The first column seldom starts a round span; its label yields to a round one close by.
		if i == 0 && span.startsWithin(at, min(n, (Width(s)+2)/max(1, pos(min(1, n-1))-pos(0)))) {
			continue
		}
		c.text(pos(i), y, s, st)
		next, before = pos(i)+Width(s)+2, t
	}
}

// rounding is a span of time with round beginnings: every 6 hours, every 2 days, every 3 months.
type rounding struct {
	seconds int64
	months  int64 // instead of seconds, if not 0
}

// roundSpan gives the shortest span of which at most n fit into d.
func roundSpan(d time.Duration, n int) rounding {
	const minute, hour, day = 60, 3600, 86400
	seconds := int64(d / time.Second)
	for _, s := range []int64{minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 6 * hour, 12 * hour, day, 2 * day, 5 * day, 10 * day} {
		if seconds/s <= int64(n) {
			return rounding{seconds: s}
		}
	}
	for _, m := range []int64{1, 2, 3, 6, 12, 24, 60} {
		if seconds/(30*day) <= m*int64(n) {
			return rounding{months: m}
		}
	}
	return rounding{months: 120}
}

// start gives the beginning of the span that t is in.
func (r rounding) start(t time.Time) time.Time {
	if r.months > 0 {
		m := floorDiv(int64(t.Year())*12+int64(t.Month())-1, r.months) * r.months
		return time.Date(int(floorDiv(m, 12)), time.Month(m-floorDiv(m, 12)*12+1), 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Unix(floorDiv(t.Unix(), r.seconds)*r.seconds, 0).UTC()
}

// between says whether a span begins after a and not after b.
func (r rounding) between(a, b time.Time) bool { return !r.start(a.UTC()).Equal(r.start(b.UTC())) }

// startsWithin says whether a span begins in one of the first n columns but the very first.
func (r rounding) startsWithin(at func(int) time.Time, n int) bool {
	for i := 1; i < n; i++ {
		if r.between(at(i-1), at(i)) {
			return true
		}
	}
	return false
}

// text writes what of t differs from the label before: its year, its month, its day, or its time.
func (r rounding) text(t, before time.Time) string {
	switch {
	case r.months > 0 && t.Year() != before.Year():
		return t.Format("Jan 2006")
	case r.months > 0:
		return t.Format("Jan")
	case t.Year() != before.Year() && !before.IsZero():
		return t.Format("2 Jan 2006")
	case t.YearDay() != before.YearDay() || before.IsZero():
		return t.Format("2 Jan")
	}
	return t.Format("15:04")
}
