package lab

import (
	"sync"

	"github.com/ohmycoins/omc/internal/research"
)

// hub tells those who follow a session what is new, in the order it came: a piece of streaming text, or that events are stored up to a
// number. A follower who is slow loses pieces of text, never events: those it reads from the store.
type hub struct {
	mu        sync.Mutex // guards followers
	followers map[string]map[*follower]bool
}

type follower struct {
	news   chan news     // bounded
	behind chan struct{} // holds at most one: news was full, so look at everything that is stored
}

// news is one of: a piece of text; events stored up to Seq; with neither, that the session's work has ended.
type news struct {
	delta *research.Event
	seq   int64
}

func newHub() *hub { return &hub{followers: map[string]map[*follower]bool{}} }

func (h *hub) follow(session string) (*follower, func()) {
	f := &follower{news: make(chan news, 256), behind: make(chan struct{}, 1)}
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

// stored tells that a session's events are stored up to seq; 0 that its work has ended.
func (h *hub) stored(session string, seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for f := range h.followers[session] {
		select {
		case f.news <- news{seq: seq}:
		default:
			select {
			case f.behind <- struct{}{}:
			default:
			}
		}
	}
}

func (h *hub) delta(e research.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for f := range h.followers[e.Session] {
		select {
		case f.news <- news{delta: &e}:
		default:
		}
	}
}

// discard drops the news that wait, and reports whether some told of stored events: those must be looked for again.
func (f *follower) discard() (stored bool) {
	for {
		select {
		case n := <-f.news:
			stored = stored || n.delta == nil
		default:
			return stored
		}
	}
}
