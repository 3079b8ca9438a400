package x

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// reach is how far back the search goes, but for a while that a poll may take.
const reach = 7*24*time.Hour - 10*time.Minute

// state is the cursor.
type state struct {
	Known   int64     `json:"known,string,omitempty"` // everything up to this post has landed
	Back    time.Time `json:"back,omitzero"`          // in place of Known, which the search does not take any more: when it was posted
	Stopped time.Time `json:"stopped,omitzero"`
	Why     string    `json:"why,omitempty"`
	As      string    `json:"as,omitempty"` // fingerprint of the token that was stopped
	// Of a reading that is not whole yet.
	Next   string    `json:"next,omitempty"`          // its next page
	Newest int64     `json:"newest,string,omitempty"` // its newest post
	Oldest time.Time `json:"oldest,omitzero"`         // of its posts
	Pages  int       `json:"pages,omitempty"`
	Stuck  bool      `json:"stuck,omitempty"` // its last page brought nothing older
}

// open reads a cursor. One that cannot be read, or that speaks of the future, is begun afresh.
func open(cursor []byte, now time.Time) state {
	var s state
	if json.Unmarshal(cursor, &s) != nil || s.Known < 0 || s.Newest < 0 || s.Next != token(s.Next) || s.Pages < 0 {
		return state{}
	}
	for _, id := range []int64{s.Known, s.Newest} {
		if id > 0 && source.Past(posted(id), now) != nil {
			return state{}
		}
	}
	for _, t := range []time.Time{s.Back, s.Oldest} {
		if !t.IsZero() && source.Past(t, now) != nil {
			return state{}
		}
	}
	if s.Known > 0 && now.Sub(posted(s.Known)) > reach {
		s.lose()
	}
	if s.Stopped.After(now.Add(resting)) {
		s.Stopped = time.Time{} // the clock was wrong, or the cursor is
	}
	return s
}

func (s *state) bytes() []byte {
	b, _ := json.Marshal(s) // texts, numbers and times always marshal
	return b
}

// as says who asks: another token is not stopped by what was said of the last one.
func (s *state) as(fingerprint string) {
	if s.As != fingerprint {
		s.Stopped, s.Why = time.Time{}, ""
	}
	s.As = fingerprint
}

// restart begins the reading afresh, at the newest post. What it has brought is read once more.
func (s *state) restart() { s.Next, s.Oldest, s.Pages, s.Stuck = "", time.Time{}, 0, false }

// lose gives up the known post as a place to read from, and keeps its time.
func (s *state) lose() {
	s.Back, s.Known = posted(s.Known), 0
	s.restart()
}

// read notes a page that was read, after which the reading goes on at next.
func (s *state) read(r *reading, next string) {
	s.Next, s.Newest = next, max(s.Newest, r.newest)
	s.Stuck = s.Pages > 0 && !r.oldest.IsZero() && !r.oldest.Before(s.Oldest)
	if s.Pages++; !r.oldest.IsZero() && (s.Oldest.IsZero() || r.oldest.Before(s.Oldest)) {
		s.Oldest = r.oldest
	}
}

// whole reports that nothing is left to be read, or nothing that may be.
func (s *state) whole() bool {
	first := s.Known == 0 && s.Back.IsZero()
	met := !s.Back.IsZero() && !s.Oldest.IsZero() && !s.Oldest.After(s.Back)
	return s.Next == "" || first || met || s.Stuck || s.Pages >= maxDepth
}

// reached tells of a whole reading from when on it was to be read, and from when on it has been.
func (s *state) reached(now time.Time) (from, reached time.Time) {
	switch from = s.Back; {
	case s.Known == 0 && s.Back.IsZero():
		return s.Oldest, s.Oldest
	case s.Known > 0:
		from = posted(s.Known)
	}
	switch window := now.Add(-reach); {
	case s.Next != "" && s.Oldest.After(from): // it ended early
		return from, s.Oldest
	case s.Known == 0 && window.After(from):
		return from, window
	}
	return from, from
}

// done is the state after a whole reading.
func (s *state) done() *state {
	out := &state{Known: max(s.Known, s.Newest), As: s.As}
	if out.Known == 0 {
		out.Back = s.Back
	}
	return out
}

// after takes the consequence of a failure.
func (s *state) after(err error, now time.Time) {
	var p *planError
	switch {
	case errors.As(err, &p):
		s.Stopped, s.Why = now.UTC().Add(resting).Truncate(time.Second), p.Error()
	case !errors.Is(err, errRefused):
	case s.Next != "": // what it refused may be the page
		s.restart()
	case s.Known > 0: // or the post
		s.lose()
	}
}

// planError says that the user's plan does not include what was asked for.
type planError struct{ why string }

// Error implements error.
func (p *planError) Error() string { return p.why }

var errRefused = fmt.Errorf("%w: the search is refused", upstream.ErrUnavailable)

// refusal is an answer without posts.
func refusal(status int, body []byte) error {
	var e struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Reason string `json:"reason"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(body, &e) // the status says enough where the body says nothing
	detail := e.Detail
	if len(e.Errors) > 0 && e.Errors[0].Message != "" {
		detail = e.Errors[0].Message
	}
	said := strings.Trim(source.Text(e.Title, 60)+": "+source.Text(detail, 120), ": ")
	switch {
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%w: the bearer token is refused; set it with '%s'", upstream.ErrUnavailable, keyLine)
	case status == http.StatusPaymentRequired || status == http.StatusForbidden && e.Title != "":
		return fmt.Errorf("%w: %w", upstream.ErrUnavailable, &planError{fmt.Sprintf("the plan of the token does not include the search (http status %d, %s)", status, said)})
	case status == http.StatusBadRequest:
		return fmt.Errorf("%w (http status 400, %s); is sources.x.query right? '%s'", errRefused, said, queryLine)
	}
	return fmt.Errorf("%w: http status %d %s", upstream.ErrUnavailable, status, said)
}
