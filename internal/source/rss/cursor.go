package rss

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// state is the cursor: what the last answer was, by its items' marks.
type state struct {
	Validators upstream.Validators  `json:"validators"`
	Seen       map[string]time.Time `json:"seen"` // the items' times, which for those without a date is when they were first seen
}

// open reads a cursor. One that cannot be read, or that speaks of the future, is begun afresh.
func open(cursor []byte, now time.Time) state {
	var s state
	if json.Unmarshal(cursor, &s) != nil || len(s.Seen) > maxItems {
		return state{}
	}
	for _, t := range s.Seen {
		if source.Past(t, now) != nil {
			return state{}
		}
	}
	if len(s.Seen) == 0 {
		s.Validators = upstream.Validators{} // nothing is known of what they stand for
	}
	return s
}

func (s state) bytes() []byte {
	b, _ := json.Marshal(s) // texts and times always marshal
	return b
}

// newest is the time of the newest item.
func (s state) newest() time.Time {
	var out time.Time
	for _, t := range s.Seen {
		if t.After(out) {
			out = t
		}
	}
	return out
}

// meeting is how many of the newest known items may show that two answers overlap: older ones may be pinned, and prove nothing.
const meeting = 3

// recent reports whether an item is among the newest that are known.
func (s state) recent(mark string) bool {
	at, ok := s.Seen[mark]
	newer := 0
	for _, t := range s.Seen {
		if t.After(at) {
			newer++
		}
	}
	return ok && newer < meeting
}

// mark is a short stand-in for an id.
func mark(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
