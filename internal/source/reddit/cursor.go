package reddit

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// state is the cursor: up to where everything has been read, and how far a reading has come that goes on over several polls.
type state struct {
	Newest string    `json:"newest"`      // the newest post of the last whole reading; "": there was none
	At     time.Time `json:"at,omitzero"` // when that was posted; zero: it is not known
	// Of a reading that is not whole yet.
	After  string    `json:"after,omitempty"` // where its next page begins
	Head   string    `json:"head,omitempty"`  // its newest post
	HeadAt time.Time `json:"head_at,omitzero"`
	Oldest time.Time `json:"oldest,omitzero"` // of its posts
	Pages  int       `json:"pages,omitempty"`
	Failed int       `json:"failed,omitempty"` // requests in a row for its next page
}

// open reads a cursor. One that cannot be read, or that speaks of the future, is begun afresh.
func open(b []byte, now time.Time) state {
	var s state
	if json.Unmarshal(b, &s) != nil || number(s.Newest) == 0 || s.Pages < 0 || s.Failed < 0 {
		return state{}
	}
	for _, t := range []time.Time{s.At, s.HeadAt, s.Oldest} {
		if !t.IsZero() && source.Past(t, now) != nil {
			return state{}
		}
	}
	if s.After != "" && (number(s.After) == 0 || s.Pages >= maxDepth) {
		s = state{Newest: s.Newest, At: s.At}
	}
	return s
}

func (s state) bytes() []byte {
	b, _ := json.Marshal(s) // texts, numbers and times always marshal
	return b
}

// read notes a page that was read, after which the list goes on at after.
func (s *state) read(r *reading, after string) {
	s.After, s.Failed = after, 0
	s.Pages++
	if number(r.newest.ID) > number(s.Head) {
		s.Head, s.HeadAt = r.newest.ID, r.newest.Posted
	}
	if !r.oldest.IsZero() && (s.Oldest.IsZero() || r.oldest.Before(s.Oldest)) {
		s.Oldest = r.oldest
	}
}

// failed takes the consequence of a failure: what fails again and again may be the place in the list, which is begun afresh then. A
// limit is no failure.
func (s *state) failed(err error) {
	var limited *upstream.RateLimitError
	if s.After == "" || errors.As(err, &limited) {
		return
	}
	if s.Failed++; s.Failed >= maxTries {
		*s = state{Newest: s.Newest, At: s.At}
	}
}

// done is the state after a whole reading. A list without posts forgets nothing.
func (s state) done() state {
	if number(s.Head) > number(s.Newest) {
		return state{Newest: s.Head, At: s.HeadAt}
	}
	return state{Newest: s.Newest, At: s.At}
}
