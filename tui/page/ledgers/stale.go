package ledgers

import (
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/tui/page"
)

// stale gives the age of a market's newest bar where that is more than two intervals and an hour, else 0: what is kept up to date is
// never as old.
func stale(c *ledger.Coverage, now time.Time) time.Duration {
	old := now.Sub(c.Last)
	if c.Last.IsZero() || old <= 2*c.Interval.Duration()+time.Hour {
		return 0
	}
	return old
}

// age says a duration in words, rounded to the largest unit that it holds two of: 90 minutes, 17 months.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	for _, u := range []struct {
		size time.Duration
		name string
	}{{365 * day, "year"}, {365 * day / 12, "month"}, {7 * day, "week"}, {day, "day"}, {time.Hour, "hour"}} {
		if d >= 2*u.size {
			return page.Plural(int((d+u.size/2)/u.size), u.name)
		}
	}
	return page.Plural(int(d/time.Minute), "minute")
}
