package lab

import (
	"sync"

	"github.com/ohmycoins/omc/internal/research"
)

// hub wakes those who follow a session when something was stored, and hands them pieces of streaming text as they come.
// A follower who is slow loses pieces of text, never events: those it reads from the store.
type hub struct {
	mu        sync.Mutex // guards followers
	followers map[string]map[*follower]bool
}

type follower struct {
	woken  chan struct{}       // holds at most one: "look again"
	deltas chan research.Event // bounded; full means dropped
}

func newHub() *hub { return &hub{followers: map[string]map[*follower]bool{}} }

func (h *hub) follow(session string) (*follower, func()) {
	f := &follower{woken: make(chan struct{}, 1), deltas: make(chan research.Event, 256)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.followers[session] == nil {
		h.followers[session] = map[*follower]bool{}
	}
	h.followers[session][f] = true
	return f, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.followers[session], f)
		if len(h.followers[session]) == 0 {
			delete(h.followers, session)
		}
	}
}

func (h *hub) wake(session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for f := range h.followers[session] {
		select {
		case f.woken <- struct{}{}:
		default:
		}
	}
}

func (h *hub) delta(e research.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for f := range h.followers[e.Session] {
		select {
		case f.deltas <- e:
		default:
		}
	}
}
