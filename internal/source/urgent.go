package source

import "context"

type urgentKey struct{}

// Urgently returns the context of requests that wait behind no others of their upstream: they have a part of its limit to themselves.
func Urgently(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// IsUrgent reports that the requests wait behind no others.
func IsUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }
