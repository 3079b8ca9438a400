// Package fake is a strict stand-in for the feeds of five publishers, in the dialects that these write. Its news is made up and moves
// with the clock. It must never be part of a program that users run.
package fake

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// perMinute is what a publisher's edge puts up with; none says what it is.
const perMinute = 120

// mostAsked bounds what is remembered of requests.
const mostAsked = 100_000

// Press is an http.Handler for all publishers: the first part of a path is the publisher's name. Safe for concurrent use.
type Press struct {
	clock clock.Clock

	mu      sync.Mutex // guards what follows
	windows map[string]*window.Window
	asked   []time.Time
	set     map[string]string
	silent  map[string]bool
}

// New returns a press with a world of its own. The clock moves it, and decides how many requests are too many.
func New(c clock.Clock) *Press {
	return &Press{clock: c, windows: map[string]*window.Window{}, set: map[string]string{}, silent: map[string]bool{}}
}

// Set makes a body the feed of a publisher from now on; "" brings the world back.
func (p *Press) Set(publisher, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set[publisher] = body; body == "" {
		delete(p.set, publisher)
	}
}

// NoValidators makes a publisher answer whole every time.
func (p *Press) NoValidators(publisher string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent[publisher] = true
}

// Most is the largest number of requests in any stretch of that length.
func (p *Press) Most(span time.Duration) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	most, w := 0, window.Window{Span: span}
	for _, t := range p.asked {
		most = max(most, w.Add(t, 1))
	}
	return most
}

// Requests is how many have come in.
func (p *Press) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// paths are where the publishers' feeds stand.
func paths(publisher string) string {
	return map[string]string{
		"coindesk": "/arc/outboundfeeds/rss/?outputType=xml", "cointelegraph": "/rss", "decrypt": "/feed", "theblock": "/rss.xml", "bitcoinmagazine": "/feed",
	}[publisher]
}

// ServeHTTP answers with a publisher's feed.
func (p *Press) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if len(p.asked) == mostAsked {
		p.asked = p.asked[1:]
	}
	p.asked = append(p.asked, now)
	name, path, _ := strings.Cut(strings.TrimPrefix(r.URL.RequestURI(), "/"), "/")
	if p.windows[name] == nil && paths(name) != "" {
		p.windows[name] = &window.Window{Span: time.Minute}
	}
	switch {
	case paths(name) == "" || "/"+path != paths(name):
		page(w, http.StatusNotFound, "Page not found")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		page(w, http.StatusMethodNotAllowed, "Method not allowed")
	case r.UserAgent() == "" || strings.HasPrefix(r.UserAgent(), "Go-http-client"):
		page(w, http.StatusForbidden, "Attention Required! | Cloudflare")
	case p.windows[name].Add(now, 1) > perMinute:
		w.Header().Set("Retry-After", "60")
		page(w, http.StatusTooManyRequests, "Too many requests")
	default:
		p.feed(w, r, name, now)
	}
}

func (p *Press) feed(w http.ResponseWriter, r *http.Request, name string, now time.Time) {
	body, fixed := p.set[name]
	changed := now
	if !fixed {
		body, changed = world{name, now}.feed()
	}
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(body)))[:18] + `"`
	if !p.silent[name] {
		w.Header().Set("ETag", tag)
		w.Header().Set("Last-Modified", changed.UTC().Format(http.TimeFormat))
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Content-Type", map[bool]string{true: "application/atom+xml; charset=utf-8", false: "application/rss+xml; charset=utf-8"}[name == "theblock"])
	_, _ = io.WriteString(w, body) // a client that has gone away misses nothing
}

func page(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>"+title+"</title></head><body></body></html>")
}
