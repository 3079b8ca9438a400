// Package fake is a strict stand-in for mempool.space's API, in the wire format of its documentation's examples. Its world is made up
// of waves and moves with the clock. It must never be part of a program that users run.
package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// Base is the path of the API.
const Base = "/api"

// perMinute is stricter than what mempool.space is known to allow; it does not say what that is.
const perMinute = 60

// mostAsked bounds what is remembered of requests.
const mostAsked = 100_000

// Node is an http.Handler. Safe for concurrent use.
type Node struct {
	clock clock.Clock

	mu     sync.Mutex // guards what follows
	window window.Window
	asked  []time.Time
	set    map[string]answer
	held   time.Time // zero: the world moves
}

type answer struct {
	status int
	body   string
}

// New returns a node with a world of its own. The clock moves it, and decides how many requests are too many.
func New(c clock.Clock) *Node {
	return &Node{clock: c, window: window.Window{Span: time.Minute}, set: map[string]answer{}}
}

// Set answers a path below Base with a status and body from now on; status 0 brings the world back.
func (n *Node) Set(path string, status int, body string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if status == 0 {
		delete(n.set, path)
		return
	}
	n.set[path] = answer{status, body}
}

// Hold makes the world stand still at a time, while the clock goes on; the zero time lets it move again.
func (n *Node) Hold(at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = at
}

// Most is the largest number of requests in any stretch of that length.
func (n *Node) Most(span time.Duration) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	most, w := 0, window.Window{Span: span}
	for _, t := range n.asked {
		most = max(most, w.Add(t, 1))
	}
	return most
}

// ServeHTTP answers the paths that the world has.
func (n *Node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if len(n.asked) == mostAsked {
		n.asked = n.asked[1:]
	}
	n.asked = append(n.asked, now)
	path, ok := strings.CutPrefix(r.URL.Path, Base)
	set, fixed := n.set[path]
	at := now
	if !n.held.IsZero() {
		at = n.held
	}
	body, found := world{at}.answer(path)
	switch {
	case n.window.Add(now, 1) > perMinute:
		reply(w, http.StatusTooManyRequests, "text/plain; charset=utf-8", "Too Many Requests")
	case !ok || r.Method != http.MethodGet || !fixed && !found:
		reply(w, http.StatusNotFound, "text/html; charset=utf-8", "<!DOCTYPE html><html><body><pre>Cannot "+r.Method+"</pre></body></html>")
	case fixed:
		reply(w, set.status, "application/json; charset=utf-8", set.body)
	case path == "/blocks/tip/height":
		reply(w, http.StatusOK, "text/plain; charset=utf-8", fmt.Sprint(body))
	default:
		b, err := json.Marshal(body)
		if err != nil {
			panic(fmt.Sprintf("mempool fake: %v", err)) // figures always encode
		}
		reply(w, http.StatusOK, "application/json; charset=utf-8", string(b))
	}
}

func reply(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a client that has gone away misses nothing
}
