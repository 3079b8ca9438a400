package source

import (
	"context"
	"time"
)

type handKey struct{}

// ByHand returns the context of a poll that a person asked for: what a source puts off of its own accord (not due yet, a plan that is
// spent) it asks for all the same, once. What the upstream itself asked for is kept to.
func ByHand(ctx context.Context) context.Context { return context.WithValue(ctx, handKey{}, true) }

// IsByHand reports that a person asked for the poll.
func IsByHand(ctx context.Context) bool { return ctx.Value(handKey{}) != nil }

// PutOff is the error of a poll that its source put off without asking: it says until when, and that is no failure of the upstream.
// A source that may be asked again before then, because a setting has changed for instance, sees to that by itself: poll as ever.
type PutOff struct {
	Until time.Time
	Err   error // why, for people, with the time
}

// Error implements error.
func (p *PutOff) Error() string { return p.Err.Error() }

// Unwrap returns why.
func (p *PutOff) Unwrap() error { return p.Err }
