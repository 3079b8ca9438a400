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

type everyKey struct{}

// Each returns the context of a poll that comes round at an interval, as the user has set it.
func Each(ctx context.Context, every time.Duration) context.Context {
	return context.WithValue(ctx, everyKey{}, every)
}

// EachOf is the interval of the polls, or usual where the context has none.
func EachOf(ctx context.Context, usual time.Duration) time.Duration {
	if d, ok := ctx.Value(everyKey{}).(time.Duration); ok && d > 0 {
		return d
	}
	return usual
}
