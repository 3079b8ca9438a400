package source

import (
	"context"
	"sync/atomic"
)

// Requests counts what is sent to upstreams on behalf of a context.
type Requests struct{ n atomic.Int64 }

// Sent counts one request.
func (r *Requests) Sent() {
	if r != nil {
		r.n.Add(1)
	}
}

// Count is how many have been sent.
func (r *Requests) Count() int64 { return r.n.Load() }

type requestsKey struct{}

// Counting returns a context whose requests r counts.
func Counting(ctx context.Context, r *Requests) context.Context {
	return context.WithValue(ctx, requestsKey{}, r)
}

// CounterOf is the context's counter, nil where nobody counts.
func CounterOf(ctx context.Context) *Requests {
	r, _ := ctx.Value(requestsKey{}).(*Requests)
	return r
}
