package cryptopanic

import (
	"encoding/json"
	"time"

	"github.com/ohmycoins/omc/internal/source"
)

const month = "2006-01"

// state is the cursor.
type state struct {
	Stopped time.Time            `json:"stopped,omitzero"` // nothing is asked before then
	Month   string               `json:"month"`            // of Asked
	Asked   int                  `json:"asked"`            // requests in the month
	Seen    map[string]time.Time `json:"seen"`             // the last answer's posts and their times
}

// open reads a cursor. One that cannot be read, or that speaks of the future, is begun afresh.
func open(cursor []byte, now time.Time) state {
	var s state
	if json.Unmarshal(cursor, &s) != nil || len(s.Seen) > maxPages*maxPosts || s.Asked < 0 || s.Asked > 1_000_000 {
		return state{}
	}
	for _, t := range s.Seen {
		if source.Past(t, now) != nil {
			return state{}
		}
	}
	if s.Stopped.After(nextMonth(now)) {
		s.Stopped = time.Time{} // the clock was wrong, or the cursor is
	}
	if s.Month != now.Format(month) {
		s.Asked = 0
	}
	return s
}

func (s state) bytes() []byte {
	b, _ := json.Marshal(s) // texts, numbers and times always marshal
	return b
}

// nextMonth is when the next month begins.
func nextMonth(now time.Time) time.Time {
	return time.Date(now.UTC().Year(), now.UTC().Month()+1, 1, 0, 0, 0, 0, time.UTC)
}
