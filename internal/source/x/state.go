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
	Known   int64     `json:"known,string,omitempty"`  // everything up to this post has landed
	Newest  int64     `json:"newest,string,omitempty"` // while pages are left: the newest of those that came
	Next    string    `json:"next,omitempty"`          // the next page
	Stopped time.Time `json:"stopped,omitzero"`
	Why     string    `json:"why,omitempty"`
}

// open reads a cursor. One that cannot be read, or that speaks of the future, is begun afresh.
func open(cursor []byte, now time.Time) state {
	var s state
	if json.Unmarshal(cursor, &s) != nil || s.Known < 0 || s.Newest < 0 || s.Next != token(s.Next) {
		return state{}
	}
	for _, id := range []int64{s.Known, s.Newest} {
		if id > 0 && source.Past(posted(id), now) != nil {
			return state{}
		}
	}
	if now.Sub(posted(s.Known)) > reach {
		s.Known, s.Newest, s.Next = 0, 0, ""
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

// after takes the consequence of a failure.
func (s *state) after(err error, now time.Time) {
	var p *planError
	switch {
	case errors.As(err, &p):
		s.Stopped, s.Why = now.UTC().Add(resting).Truncate(time.Second), p.Error()
	case errors.Is(err, errRefused) && (s.Known > 0 || s.Next != ""):
		*s = state{} // what it refused may be the place; the next poll begins afresh
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
