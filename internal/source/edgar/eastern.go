package edgar

import "time"

// eastern reads a wall time of New York as an instant: UTC−4 from the second Sunday of March to the first of November, each at 2:00,
// as since 2007; else UTC−5. It is spelt out so that it does not hang on the machine's time zone files.
func eastern(wall time.Time) time.Time {
	y := wall.Year()
	begin := time.Date(y, time.March, 8+sundayAfter(y, time.March, 8), 2, 0, 0, 0, time.UTC)
	end := time.Date(y, time.November, 1+sundayAfter(y, time.November, 1), 2, 0, 0, 0, time.UTC)
	if !wall.Before(begin) && wall.Before(end) {
		return wall.Add(4 * time.Hour)
	}
	return wall.Add(5 * time.Hour)
}

// sundayAfter is the days from a date to the next Sunday, 0 on one.
func sundayAfter(y int, m time.Month, d int) int {
	return (7 - int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Weekday())) % 7
}

// easternLabels reports that a filer's acceptance times are New York's wall times although they end in Z, which the SEC's files of
// some filers are to this day and those of others are not (seen in recordings of 2026). EDGAR accepts filings from 6:00 to 22:00 in
// New York, which is never between 3:00 and 10:00 in UTC, and in UTC is often between 22:30 and 3:00. A file is read as New York's
// only where that is clear: many times that UTC rules out, few that New York rules out, and none that would lie in the future.
func easternLabels(times []time.Time, now time.Time) bool {
	notUTC, notEastern := 0, 0
	for _, t := range times {
		if eastern(t).After(now.Add(5 * time.Minute)) {
			return false
		}
		switch minute := t.Hour()*60 + t.Minute(); {
		case minute >= 6*60 && minute < 10*60:
			notUTC++
		case minute >= 22*60+30 || minute < 3*60:
			notEastern++
		}
	}
	return notUTC >= 5 && notUTC > 2*notEastern
}
