// Package fake is a strict stand-in for CryptoPanic's API, version 2. Its news is made up and moves with the clock. It must never be
// part of a program that users run.
package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// Base is the path of the API, and Key the token that it takes.
const (
	Base = "/api"
	Key  = "made-up-cryptopanic-token"
)

const (
	perMinute = 120
	perPage   = 20
	maxPage   = 50
	mostAsked = 100_000 // bounds what is remembered of requests
)

// Panic is an http.Handler. Safe for concurrent use.
type Panic struct {
	clock clock.Clock

	mu     sync.Mutex // guards what follows
	window window.Window
	asked  []time.Time
	plan   string
	quota  int // requests a month; 0: without end
	month  string
	used   int
	set    []json.RawMessage // nil: the world
}

// New returns an API of the plan developer with a world of its own. The clock moves it, and decides how many requests are too many.
func New(c clock.Clock) *Panic {
	return &Panic{clock: c, plan: "developer", window: window.Window{Span: time.Minute}}
}

// Set makes these the posts from now on; nil brings the world back.
func (p *Panic) Set(posts []json.RawMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = posts
}

// Quota is how many requests a calendar month (UTC) has from now on; 0 is without end.
func (p *Panic) Quota(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quota = n
}

// Plans makes the token one of another plan.
func (p *Panic) Plans(plan string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = plan
}

// Most is the largest number of requests in any stretch of that length.
func (p *Panic) Most(span time.Duration) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	most, w := 0, window.Window{Span: span}
	for _, t := range p.asked {
		most = max(most, w.Add(t, 1))
	}
	return most
}

// Requests is how many have come in.
func (p *Panic) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// ServeHTTP answers with a page of posts.
func (p *Panic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if len(p.asked) == mostAsked {
		p.asked = p.asked[1:]
	}
	p.asked = append(p.asked, now)
	plan, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Base+"/"), "/")
	q := r.URL.Query()
	switch {
	case r.UserAgent() == "" || strings.HasPrefix(r.UserAgent(), "Go-http-client"):
		reply(w, http.StatusForbidden, "text/html; charset=utf-8", "<!DOCTYPE html><title>Attention Required!</title>")
	case !strings.HasPrefix(r.URL.Path, Base+"/") || rest != "v2/posts/" || plan != "developer" && plan != "growth" && plan != "enterprise":
		reply(w, http.StatusNotFound, "text/html; charset=utf-8", "<!DOCTYPE html><title>Page not found</title>")
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, "Method not allowed")
	case q.Get("auth_token") != Key:
		refuse(w, http.StatusUnauthorized, "Token not found")
	case plan != p.plan:
		refuse(w, http.StatusForbidden, "Your plan does not include this endpoint")
	case p.window.Add(now, 1) > perMinute:
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusTooManyRequests, "Too many requests")
	case p.spent(now):
		refuse(w, http.StatusTooManyRequests, "API monthly quota exceeded - Upgrade your API plan: /developers/api/plans/")
	default:
		p.page(w, r, now)
	}
}

// spent counts a request against the month.
func (p *Panic) spent(now time.Time) bool {
	if m := now.UTC().Format("2006-01"); m != p.month {
		p.month, p.used = m, 0
	}
	p.used++
	return p.quota > 0 && p.used > p.quota
}

func (p *Panic) page(w http.ResponseWriter, r *http.Request, now time.Time) {
	n := 1
	if text := r.URL.Query().Get("page"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxPage {
			refuse(w, http.StatusNotFound, "Invalid page.")
			return
		}
	}
	posts := p.set
	if posts == nil {
		for _, t := range Texts(now.Add(-14*24*time.Hour), now) {
			posts = append(posts, t.wire())
		}
	}
	first, last := min((n-1)*perPage, len(posts)), min(n*perPage, len(posts))
	address := func(page int) any {
		if page < 1 || page > maxPage || (page-1)*perPage >= len(posts) {
			return nil
		}
		return fmt.Sprintf("http://%s%s?auth_token=%s&page=%d", r.Host, r.URL.Path, Key, page)
	}
	body, err := json.Marshal(map[string]any{"next": address(n + 1), "previous": address(n - 1), "results": append([]json.RawMessage{}, posts[first:last]...)})
	if err != nil {
		panic("cryptopanic fake: " + err.Error()) // only what is set badly does not encode
	}
	reply(w, http.StatusOK, "application/json", string(body))
}

func refuse(w http.ResponseWriter, status int, info string) {
	body, _ := json.Marshal(map[string]string{"status": "api_error", "info": info}) // text always encodes
	reply(w, status, "application/json", string(body))
}

func reply(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a client that has gone away misses nothing
}
