package floor

import "sync"

// hub wakes those who follow a session when its journal has grown. What they see they read from the store, at their own pace: a
// slow follower never holds a session up.
type hub struct {
	mu        sync.Mutex // guards followers
	followers map[string]map[chan struct{}]bool
}

func newHub() *hub { return &hub{followers: map[string]map[chan struct{}]bool{}} }

// follow returns a channel that holds at most one "look again".
func (h *hub) follow(session string) (woken <-chan struct{}, leave func()) {
	f := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.followers[session] == nil {
		h.followers[session] = map[chan struct{}]bool{}
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
		case f <- struct{}{}:
		default:
		}
	}
}
