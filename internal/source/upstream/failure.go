package upstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The kinds of failure; errors of sources wrap one of them, or are a RateLimitError.
var (
	ErrUnknownSymbol = errors.New("the market is unknown there")
	ErrUnavailable   = errors.New("unavailable")
	ErrMalformed     = errors.New("malformed answer")
)

// RateLimitError says that the upstream wants fewer requests.
type RateLimitError struct {
	RetryAfter time.Duration // 0: it did not say
	Banned     bool          // it has shut this address out
}

func (e *RateLimitError) Error() string {
	text := "rate limit reached"
	if e.Banned {
		text = "this address is banned for too many requests"
	}
	if e.RetryAfter > 0 {
		text += fmt.Sprintf("; retry after %s", max(e.RetryAfter.Round(time.Second), time.Second))
	}
	return text
}

// Failure is an error of one upstream: its text names the upstream and the way out, and is short whatever the upstream sent.
type Failure struct {
	Upstream string
	Err      error // wraps a kind of failure
}

func (f *Failure) Error() string { return f.Upstream + ": " + Text(f.Err.Error()) + wayOut(f.Err) }

// Unwrap returns what went wrong.
func (f *Failure) Unwrap() error { return f.Err }

func wayOut(err error) string {
	var limited *RateLimitError
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &limited) && limited.RetryAfter > 0:
		return ", or ask another source"
	case errors.As(err, &limited):
		return ": try again in a few minutes, or ask another source"
	case errors.Is(err, ErrUnknownSymbol):
		return ": check its name, or ask another source"
	case errors.Is(err, ErrMalformed):
		return ": nothing of it was used; try again later, or ask another source"
	case errors.Is(err, ErrUnavailable):
		return ": try again later, or ask another source"
	}
	return ""
}

// Text shortens what an upstream said, for an error: printable characters only.
func Text(s string) string {
	const most = 300 // bytes
	if len(s) > 4*most {
		s = s[:4*most] // it may be megabytes
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\uFFFD' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// Said is what an upstream said with an error, shortened and after a colon; "" where it said nothing.
func Said(body []byte) string {
	if text := strings.TrimSpace(Text(string(body))); text != "" {
		return ": " + text
	}
	return ""
}
