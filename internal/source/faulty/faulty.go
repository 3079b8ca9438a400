// Package faulty breaks the answers of an HTTP server on purpose, one scripted fault after the other.
// It stands in front of a fake or a recorded upstream, in tests and in 'omc dev upstreams'; nothing that users run on real data has it.
package faulty

import (
	"net/http"
	"sync"
)

// Fault spoils one answer. It may ask next for the answer that it spoils. A fault that waits must end when the request's
// context does.
type Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Handler plays a script of faults, one to a request and in order, then passes every request on. Safe for concurrent use.
type Handler struct {
	next http.Handler

	mu     sync.Mutex // guards what follows
	script []Fault
	seen   int
}

// New returns a handler that plays the script in front of next.
func New(next http.Handler, script ...Fault) *Handler { return &Handler{next: next, script: script} }

// Then adds faults to the end of the script.
func (h *Handler) Then(script ...Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.script = append(h.script, script...)
}

// Seen is how many requests have come in, spoilt or not.
func (h *Handler) Seen() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen
}

// Left is how many faults have not been played yet.
func (h *Handler) Left() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.script)
}

// ServeHTTP plays the next fault, or passes the request on.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := h.turn(); f != nil {
		f(w, r, h.next)
		return
	}
	h.next.ServeHTTP(w, r)
}

func (h *Handler) turn() Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen++
	if len(h.script) == 0 {
		return nil
	}
	f := h.script[0]
	h.script = h.script[1:]
	return f
}

// Pass spoils nothing: a script can let a request through before the next fault.
func Pass(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }

// Times is a fault n times over.
func Times(n int, f Fault) []Fault {
	out := make([]Fault, n)
	for i := range out {
		out[i] = f
	}
	return out
}
