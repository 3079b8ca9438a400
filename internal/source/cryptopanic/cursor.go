package cryptopanic

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	month    = "2006-01"
	maxKnown = maxPages * maxPosts // posts of the last reading that are remembered
	maxTries = 3                   // to go on with a reading, before it is begun afresh
	goOn     = time.Hour           // within which a reading goes on: pages are numbered from the newest post, and what has left the list meanwhile would not be noticed
)

// state is the cursor.
type state struct {
	Stopped time.Time            `json:"stopped,omitzero"`  // nothing is asked before then
	As      string               `json:"as,omitempty"`      // fingerprint of the plan and the token
	Month   string               `json:"month"`             // of Asked
	Asked   int                  `json:"asked"`             // requests in the month
	Seen    map[string]time.Time `json:"seen"`              // the newest posts of the last whole reading, and their times
	Sources map[string]string    `json:"sources,omitempty"` // the publishers of posts in Seen and Found
	// Of a reading that is not whole yet.
	Found  map[string]time.Time `json:"found,omitempty"`  // its posts, and their times
	Page   int                  `json:"page,omitempty"`   // its last page
	ReadAt time.Time            `json:"read_at,omitzero"` // when that was read
	Failed int                  `json:"failed,omitempty"` // requests in a row for the next
}

// open reads a cursor. One that cannot be read, or that speaks of the future, is begun afresh.
func open(cursor []byte, now time.Time) state {
	fresh := state{Found: map[string]time.Time{}, Sources: map[string]string{}}
	var s state
	if json.Unmarshal(cursor, &s) != nil || len(s.Seen) > maxKnown || len(s.Found) > maxDepth*maxPosts || s.Asked < 0 || s.Asked > 1_000_000 || s.Page < 0 || s.Page >= maxDepth {
		return fresh
	}
	for _, m := range []map[string]time.Time{s.Seen, s.Found} {
		for _, t := range m {
			if source.Past(t, now) != nil {
				return fresh
			}
		}
	}
	for _, name := range s.Sources {
		if name == "" || source.Text(name, maxSource) != name {
			return fresh
		}
	}
	if s.Stopped.After(nextMonth(now)) {
		s.Stopped = time.Time{} // the clock was wrong, or the cursor is
	}
	if s.Month != now.Format(month) {
		s.Asked = 0
	}
	if away := now.Sub(s.ReadAt); s.Found == nil || away > goOn || away < 0 {
		s.restart()
	}
	if s.Sources == nil {
		s.Sources = fresh.Sources
	}
	return s
}

func (s state) bytes() []byte {
	b, _ := json.Marshal(s) // texts, numbers and times always marshal
	return b
}

// as says who asks: another token, or another plan, has a quota of its own.
func (s *state) as(fingerprint string) {
	if s.As != "" && s.As != fingerprint {
		s.Stopped, s.Asked = time.Time{}, 0
	}
	s.As = fingerprint
}

// restart begins a reading at the first page. What it has brought is read once more.
func (s *state) restart() { s.Found, s.Page, s.Failed = map[string]time.Time{}, 0, 0 }

// recent reports that a post of that time is among the newest of the last reading.
func (s *state) recent(at time.Time) bool {
	newer := 0
	for _, t := range s.Seen {
		if t.After(at) {
			newer++
		}
	}
	return newer < meeting
}

// next is the page to ask for.
func (s *state) next() int { return s.Page + 1 }

// failed takes the consequence of a failure: what fails again and again may be the page, and the list is begun afresh. The end of a
// quota and a limit are no failures.
func (s *state) failed(err error) {
	var limited *upstream.RateLimitError
	if s.Page == 0 || errors.As(err, &limited) || errors.Is(err, errSpent) {
		return
	}
	if s.Failed++; s.Failed >= maxTries {
		s.restart()
	}
}

// done is the state after a whole reading. A list without posts forgets nothing.
func (s state) done() state {
	out := s
	out.ReadAt = time.Time{}
	if out.restart(); len(s.Found) > 0 {
		out.Seen = s.Found
	}
	if over := len(out.Seen) - maxKnown; over > 0 {
		out.Seen = maps.Clone(out.Seen)
		ids := slices.SortedFunc(maps.Keys(out.Seen), func(a, b string) int { return out.Seen[a].Compare(out.Seen[b]) })
		for _, id := range ids[:over] {
			delete(out.Seen, id)
		}
	}
	out.Sources = map[string]string{}
	for id := range out.Seen {
		if name, ok := s.Sources[id]; ok {
			out.Sources[id] = name
		}
	}
	return out
}

// newest is the latest of the times, and oldest the earliest; zero where there is none.
func newest(m map[string]time.Time) time.Time {
	return slices.MaxFunc(append(slices.Collect(maps.Values(m)), time.Time{}), time.Time.Compare)
}

func oldest(m map[string]time.Time) (out time.Time) {
	for _, t := range m {
		if out.IsZero() || t.Before(out) {
			out = t
		}
	}
	return out
}

// nextMonth is when the next month begins.
func nextMonth(now time.Time) time.Time {
	return time.Date(now.UTC().Year(), now.UTC().Month()+1, 1, 0, 0, 0, 0, time.UTC)
}
