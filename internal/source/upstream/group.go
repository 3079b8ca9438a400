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

// Hold keeps the requests of an upstream's clients back until then: what another process, or this one before it was started again, was
// told. Clients that are made later heed it too.
func (g *Group) Hold(name string, until, now time.Time) {
	l := g.lane(name, rate.Inf, false, now)
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.until) {
		l.until = until
	}
}

// NewGroup returns the group of a process; among keeps limits among all processes, nil: this one is alone.
func NewGroup(among Shared) *Group { return &Group{among: among, lanes: map[string]*lane{}} }

// lane is where the clients of one upstream wait for their turns, and why they are held back.
type lane struct {
	limit    rate.Limit // of all requests
	ordinary track
	urgent   track // nothing waits here but what is urgent; used where a client may be
	split    bool

	mu     sync.Mutex // guards until and banned
	until  time.Time
	banned bool
}

// track is one queue of a lane.
type track struct {
	limiter *rate.Limiter
	shared  *sharing // nil: this process is alone
}

// urgentShare is the part of a limit that urgent requests have for themselves, where there are any: a quarter, or half of one that is
// under a request a second.
func urgentShare(limit rate.Limit) rate.Limit {
	if limit < 1 {
		return 0.5
	}
	return 0.25
}

// lane returns that of an upstream, no faster than limit, with a track for urgent requests where urgent says that there are some. Of no
// group it is a new one.
func (g *Group) lane(name string, limit rate.Limit, urgent bool, now time.Time) *lane {
	if g == nil {
		l := newLane(name, nil)
		l.slow(limit, urgent, now)
		return l
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lanes[name]
	if l == nil {
		l = newLane(name, g.among)
		g.lanes[name] = l
	}
	l.slow(limit, urgent, now)
	return l
}

func newLane(name string, among Shared) *lane {
	l := &lane{limit: rate.Inf, ordinary: track{limiter: rate.NewLimiter(rate.Inf, 1)}, urgent: track{limiter: rate.NewLimiter(rate.Inf, 1)}}
	if among != nil {
		l.ordinary.shared, l.urgent.shared = newSharing(name, among, l.ordinary.limiter, aloneShare), newSharing(name+".urgent", among, l.urgent.limiter, urgentAloneShare)
	}
	return l
}

// slow makes the lane no faster than limit, and splits it where urgent requests come.
func (l *lane) slow(limit rate.Limit, urgent bool, now time.Time) {
	if limit >= l.limit && (!urgent || l.split) {
		return
	}
	l.limit, l.split = min(limit, l.limit), l.split || urgent
	if !l.split || l.limit == rate.Inf {
		l.ordinary.limiter.SetLimitAt(now, l.limit)
		return
	}
	// Each track may have one request more than its rate in a window: a minute's worth of that is taken off.
	part := func(share rate.Limit) rate.Limit { return max(l.limit*share-1.0/60, l.limit*share/2) }
	l.ordinary.limiter.SetLimitAt(now, part(1-urgentShare(l.limit)))
	l.urgent.limiter.SetLimitAt(now, part(urgentShare(l.limit)))
}

// track is the queue of a request.
func (l *lane) track(urgent bool) *track {
	if urgent && l.split {
		return &l.urgent
	}
	return &l.ordinary
}
