package upstream

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Group is what the clients of one process share: those of one upstream, by its name, wait for their turns at one pace, the slowest
// that any of them wants, and are held back together once one of them met a limit. A breaker each of them has for itself: what fails
// for one use of an upstream must not keep another, a price that an order waits for, from being asked. Safe for concurrent use.
//
// The limit is stated by the clients that have been made: make them before the first request.
type Group struct {
	among Shared

	mu    sync.Mutex // guards lanes
	lanes map[string]*lane
}

// NewGroup returns the group of a process; among keeps limits among all processes, nil: this one is alone.
func NewGroup(among Shared) *Group { return &Group{among: among, lanes: map[string]*lane{}} }

// lane is where the clients of one upstream wait for their turns, and why they are held back.
type lane struct {
	limiter *rate.Limiter
	shared  *sharing // nil: this process is alone

	mu     sync.Mutex // guards until and banned
	until  time.Time
	banned bool
}

// lane returns that of an upstream, no faster than limit. Of no group it is a new one.
func (g *Group) lane(name string, limit rate.Limit, now time.Time) *lane {
	if g == nil {
		return &lane{limiter: rate.NewLimiter(limit, 1)}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lanes[name]
	switch {
	case l == nil:
		l = &lane{limiter: rate.NewLimiter(limit, 1)}
		if g.among != nil {
			l.shared = newSharing(name, g.among, l.limiter)
		}
		g.lanes[name] = l
	case limit < l.limiter.Limit():
		l.limiter.SetLimitAt(now, limit)
	}
	return l
}
