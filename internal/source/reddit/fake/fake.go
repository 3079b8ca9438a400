// Package fake is a strict stand-in for Reddit: its tokens and its lists of new posts. Its posts are made up and move with the clock.
// It must never be part of a program that users run.
package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// ID and Secret are of the application that it knows.
const (
	ID     = "made-up-app"
	Secret = "made-up-secret"
)

// agent is how Reddit wants to be told who asks.
var agent = regexp.MustCompile(`^[^:\s]+:[^:\s]+:[^:\s]+( \(by /u/[A-Za-z0-9_-]{3,20}\))?$`)

const (
	lasts     = time.Hour // a token
	perWindow = 1000      // requests in rest; 100 a minute on average
	rest      = 10 * time.Minute
	mostAsked = 100_000 // bounds what is remembered of requests
)

// Site is an http.Handler for both of Reddit's hosts. Safe for concurrent use.
type Site struct {
	clock clock.Clock

	mu     sync.Mutex // guards what follows
	asked  []time.Time
	begun  time.Time // of the window of requests
	used   int
	tokens map[string]time.Time // when each ends
	given  int
	set    map[string][]json.RawMessage
	closed map[string]string // why a subreddit is
}

// New returns a site with a world of its own. The clock moves it, and decides how many requests are too many.
func New(c clock.Clock) *Site {
	return &Site{clock: c, tokens: map[string]time.Time{}, set: map[string][]json.RawMessage{}, closed: map[string]string{}}
}

// Set makes these the posts of a subreddit, newest first, from now on; nil brings the world back.
func (s *Site) Set(sub string, posts []json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set[strings.ToLower(sub)] = posts; posts == nil {
		delete(s.set, strings.ToLower(sub))
	}
}

// Close makes a subreddit private, quarantined or banned.
func (s *Site) Close(sub, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed[strings.ToLower(sub)] = why
}

// Revoke ends all tokens.
func (s *Site) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = map[string]time.Time{}
}

// Tokens is how many were given.
func (s *Site) Tokens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given
}

// Most is the largest number of requests in any stretch of that length.
func (s *Site) Most(span time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most, w := 0, window.Window{Span: span}
	for _, t := range s.asked {
		most = max(most, w.Add(t, 1))
	}
	return most
}

// Requests is how many have come in.
func (s *Site) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// ServeHTTP gives tokens and lists.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if len(s.asked) == mostAsked {
		s.asked = s.asked[1:]
	}
	s.asked = append(s.asked, now)
	sub, isList := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/r/"), "/new")
	switch {
	case !agent.MatchString(r.UserAgent()):
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, "<!doctype html><html><head><title>Too Many Requests</title></head></html>")
	case r.URL.Path == "/api/v1/access_token":
		s.token(w, r, now)
	case r.URL.Path == "/subreddits/search":
		reply(w, http.StatusOK, map[string]any{"kind": "Listing", "data": map[string]any{"children": []any{map[string]any{"kind": "t5", "data": map[string]any{"display_name": "another"}}}, "after": nil}})
	case !strings.HasPrefix(r.URL.Path, "/r/") || !isList || strings.Contains(sub, "/"):
		refuse(w, http.StatusNotFound, "Not Found", "")
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed", "")
	case !s.live(r, now):
		w.Header().Set("WWW-Authenticate", `Bearer realm="reddit", error="invalid_token"`)
		refuse(w, http.StatusUnauthorized, "Unauthorized", "")
	case !s.count(w, now):
		refuse(w, http.StatusTooManyRequests, "Too Many Requests", "")
	default:
		s.list(w, r, strings.ToLower(sub), now)
	}
}

// token gives one to the application.
func (s *Site) token(w http.ResponseWriter, r *http.Request, now time.Time) {
	id, secret, ok := r.BasicAuth()
	switch {
	case r.Method != http.MethodPost:
		refuse(w, http.StatusMethodNotAllowed, "Method Not Allowed", "")
	case !ok || id != ID || secret != Secret:
		refuse(w, http.StatusUnauthorized, "Unauthorized", "")
	case r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.ParseForm() != nil || r.PostForm.Get("grant_type") != "client_credentials":
		reply(w, http.StatusOK, map[string]any{"error": "unsupported_grant_type"})
	default:
		s.given++
		token := fmt.Sprintf("made-up-token-%d", s.given)
		s.tokens[token] = now.Add(lasts)
		reply(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": int(lasts.Seconds()), "scope": "*"})
	}
}

func (s *Site) live(r *http.Request, now time.Time) bool {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(kind, "bearer") && s.tokens[token].After(now)
}

// count counts a request in Reddit's window, and says so in the header.
func (s *Site) count(w http.ResponseWriter, now time.Time) bool {
	if now.Sub(s.begun) >= rest || now.Before(s.begun) {
		s.begun, s.used = now, 0
	}
	s.used++
	w.Header().Set("X-Ratelimit-Used", strconv.Itoa(s.used))
	w.Header().Set("X-Ratelimit-Remaining", strconv.FormatFloat(float64(max(0, perWindow-s.used)), 'f', 1, 64))
	w.Header().Set("X-Ratelimit-Reset", strconv.Itoa(max(1, int(s.begun.Add(rest).Sub(now).Seconds()))))
	return s.used <= perWindow
}

func (s *Site) list(w http.ResponseWriter, r *http.Request, sub string, now time.Time) {
	set, fixed := s.set[sub]
	switch why := s.closed[sub]; {
	case why == "banned":
		refuse(w, http.StatusNotFound, "Not Found", "banned")
		return
	case why != "":
		refuse(w, http.StatusForbidden, "Forbidden", why)
		return
	case !fixed && !known(sub):
		http.Redirect(w, r, "/subreddits/search?q="+sub, http.StatusFound)
		return
	}
	posts := make([]entry, 0, depth)
	for _, p := range set {
		posts = append(posts, entry{nameOf(p), func() json.RawMessage { return p }})
	}
	if !fixed {
		for _, p := range Posts(sub, now.Add(-4*24*time.Hour), now) {
			posts = append(posts, entry{p.Name, func() json.RawMessage { return p.wire(sub, now) }})
		}
	}
	posts = posts[:min(len(posts), depth)]
	q := r.URL.Query()
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 1 || n > 100 {
		n = 25
	}
	first := 0
	if after := q.Get("after"); after != "" {
		for first < len(posts) && posts[first].name != after {
			first++
		}
		first++
	}
	first = min(first, len(posts))
	last := min(first+n, len(posts))
	children := []any{}
	for _, p := range posts[first:last] {
		children = append(children, map[string]any{"kind": "t3", "data": p.wire()})
	}
	var next any
	if last < len(posts) {
		next = posts[last-1].name
	}
	reply(w, http.StatusOK, map[string]any{"kind": "Listing", "data": map[string]any{"modhash": nil, "dist": len(children), "children": children, "after": next, "before": nil}})
}

// entry is a post that is written out only where it is asked for.
type entry struct {
	name string
	wire func() json.RawMessage
}

func nameOf(post json.RawMessage) string {
	var p struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(post, &p) // a post without a name is none that a page ends with
	return p.Name
}

func refuse(w http.ResponseWriter, status int, message, reason string) {
	body := map[string]any{"message": message, "error": status}
	if reason != "" {
		body["reason"] = reason
	}
	reply(w, status, body)
}

func reply(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("reddit fake: " + err.Error()) // only what is set badly does not encode
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone away misses nothing
}
