package upstream

import (
	"sync"
	"time"
)

// Stats are what a client did since it was made, on all hosts of its upstream.
type Stats struct {
	Requests  int64     // sent, repeated ones included
	Failures  int64     // of requests that were sent, after their repetitions, and of answers that could not be used
	Bytes     int64     // of bodies, decompressed
	LastError string    // "": none yet
	Breaker   string    // closed, open or half-open
	OpenUntil time.Time // when an open breaker lets a request through; zero: it is not open
	HeldUntil time.Time // nothing is sent before, as the upstream asked; zero or past: it may be
	Degraded  bool      // the limit cannot be shared at the moment, and an eighth of it is kept to
}

type stats struct {
	mu  sync.Mutex // guards now
	now Stats
}

func (s *stats) sent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Requests++
}

func (s *stats) read(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Bytes += int64(n)
}

func (s *stats) failed(err error) {
	text := Text(err.Error())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Failures++
	s.now.LastError = text
}

// Stats tells how the client fares.
func (c *Client) Stats() Stats {
	c.stats.mu.Lock()
	out := c.stats.now
	c.stats.mu.Unlock()
	out.Breaker, out.OpenUntil = c.breaker.state()
	out.HeldUntil, out.Degraded = c.pace.state()
	return out
}

// Degraded reports that the limit cannot be shared with other processes at the moment: an eighth of it is kept to.
func (c *Client) Degraded() bool { return c.Stats().Degraded }

// Proxies tells how each configured proxy fares, in their order.
func (c *Client) Proxies() []ProxyHealth { return c.proxies.health() }
