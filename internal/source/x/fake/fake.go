// Package fake is a strict stand-in for X's recent search. Its posts are made up and move with the clock. It must never be part of a
// program that users run.
package fake

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/upstream/window"
)

// Key is the bearer token that it takes.
const Key = "made-up-bearer-token"

const (
	perWindow = 450
	rest      = 15 * time.Minute
	week      = 7 * 24 * time.Hour
	mostAsked = 100_000 // bounds what is remembered of requests
)

// Search is an http.Handler. Safe for concurrent use.
type Search struct {
	clock clock.Clock

	mu      sync.Mutex // guards what follows
	asked   []time.Time
	begun   time.Time // of the window of requests
	used    int
	refused int // a status; 0: the plan has the search
	set     []json.RawMessage
	fixed   bool
	partial bool
}

// New returns a search over a world of its own. The clock moves it, and decides how many requests are too many.
func New(c clock.Clock) *Search { return &Search{clock: c} }

// Set makes these the posts, newest first, from now on.
func (s *Search) Set(posts []json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set, s.fixed = posts, true
}

// Plan makes every search end with a status, 402 or 403, as for a plan without it; 0 ends that.
func (s *Search) Plan(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = status
}

// Partial puts an error beside the posts of each answer.
func (s *Search) Partial(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partial = on
}

// Most is the largest number of requests in any stretch of that length.
func (s *Search) Most(span time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most, w := 0, window.Window{Span: span}
	for _, t := range s.asked {
		most = max(most, w.Add(t, 1))
	}
	return most
}

// Requests is how many have come in.
func (s *Search) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// ServeHTTP answers a search.
func (s *Search) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if len(s.asked) == mostAsked {
		s.asked = s.asked[1:]
	}
	s.asked = append(s.asked, now)
	q := r.URL.Query()
	switch {
	case r.URL.Path != "/2/tweets/search/recent":
		w.WriteHeader(http.StatusNotFound)
	case r.Method != http.MethodGet:
		problem(w, http.StatusMethodNotAllowed, "Method Not Allowed", "Method Not Allowed", "about:blank")
	case r.Header.Get("Authorization") != "Bearer "+Key:
		problem(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized", "about:blank")
	case !s.count(w, now):
		problem(w, http.StatusTooManyRequests, "Too Many Requests", "Too Many Requests", "about:blank")
	case s.refused == http.StatusPaymentRequired:
		problem(w, s.refused, "CreditsDepleted", "Your enrolled account does not have any credits to fulfill this request.", "https://api.twitter.com/2/problems/credits")
	case s.refused != 0:
		problem(w, s.refused, "Client Forbidden", "Your client is not enrolled.", "https://api.twitter.com/2/problems/client-forbidden")
	default:
		if field, message := wrong(q, now); field != "" {
			reply(w, http.StatusBadRequest, map[string]any{"errors": []any{map[string]any{"parameters": map[string]any{field: []string{q.Get(field)}}, "message": message}},
				"title": "Invalid Request", "detail": "One or more parameters to your request was invalid.", "type": "https://api.twitter.com/2/problems/invalid-request"})
			return
		}
		s.page(w, q, now)
	}
}

// count counts a request in X's window, and says so in the header.
func (s *Search) count(w http.ResponseWriter, now time.Time) bool {
	if now.Sub(s.begun) >= rest || now.Before(s.begun) {
		s.begun, s.used = now, 0
	}
	s.used++
	w.Header().Set("X-Rate-Limit-Limit", strconv.Itoa(perWindow))
	w.Header().Set("X-Rate-Limit-Remaining", strconv.Itoa(max(0, perWindow-s.used)))
	w.Header().Set("X-Rate-Limit-Reset", strconv.FormatInt(s.begun.Add(rest).Unix()+1, 10))
	return s.used <= perWindow
}

// wrong names the first parameter that X would refuse.
func wrong(q url.Values, now time.Time) (field, message string) {
	n, err := strconv.Atoi(q.Get("max_results"))
	since, err2 := strconv.ParseInt(q.Get("since_id"), 10, 64)
	_, tokenErr := place(q.Get("next_token"))
	switch {
	case q.Get("query") == "" || len(q.Get("query")) > 512:
		return "query", "Rules must be 1 to 512 characters"
	case q.Has("max_results") && (err != nil || n < 10 || n > 100):
		return "max_results", "The max_results query parameter value is not between 10 and 100"
	case q.Has("since_id") && (err2 != nil || since <= 0):
		return "since_id", "The since_id query parameter value is not a valid id"
	case q.Has("since_id") && now.Sub(at(since)) > week:
		return "since_id", "'since_id' must be a tweet id created after " + now.Add(-week).UTC().Format("2006-01-02T15:04Z")
	case q.Has("next_token") && tokenErr != nil:
		return "next_token", "The next_token query parameter value is not valid"
	}
	for _, f := range strings.Split(q.Get("tweet.fields"), ",") {
		if f != "" && f != "created_at" && f != "public_metrics" && f != "author_id" && f != "entities" && f != "lang" {
			return "tweet.fields", "The tweet.fields query parameter value [" + f + "] is not known"
		}
	}
	return "", ""
}

// place is the post behind which a page begins; 0: at the newest.
func place(token string) (int64, error) {
	if token == "" {
		return 0, nil
	}
	text, ok := strings.CutPrefix(token, "b26v89c19zqg8")
	if !ok {
		return 0, fmt.Errorf("%.20q is no token", token)
	}
	return strconv.ParseInt(text, 36, 64)
}

func (s *Search) page(w http.ResponseWriter, q url.Values, now time.Time) {
	n, err := strconv.Atoi(q.Get("max_results"))
	if err != nil {
		n = 10
	}
	since, _ := strconv.ParseInt(q.Get("since_id"), 10, 64) // wrong has seen both
	before, _ := place(q.Get("next_token"))
	var posts []json.RawMessage
	var last int64
	more := false
	for p := range s.all(now, since, before) {
		if id := idOf(p); id <= since || before > 0 && id >= before {
			continue
		}
		if len(posts) == n {
			more = true
			break
		}
		posts, last = append(posts, p), idOf(p)
	}
	meta := map[string]any{"result_count": len(posts)}
	body := map[string]any{"meta": meta}
	if len(posts) > 0 {
		body["data"] = posts
		meta["newest_id"], meta["oldest_id"] = strconv.FormatInt(idOf(posts[0]), 10), strconv.FormatInt(last, 10)
	}
	if more {
		meta["next_token"] = "b26v89c19zqg8" + strconv.FormatInt(last, 36)
	}
	if s.partial {
		body["errors"] = []any{map[string]any{"title": "Not Found Error", "detail": "Could not find user with ids: [7].", "resource_type": "user", "type": "https://api.twitter.com/2/problems/resource-not-found"}}
	}
	reply(w, http.StatusOK, body)
}

// all are the posts that a search finds behind a place in the list, newest first, written as they are asked for.
func (s *Search) all(now time.Time, since, before int64) iter.Seq[json.RawMessage] {
	if s.fixed {
		return slices.Values(s.set)
	}
	from, to := now.Add(-week), now
	if t := at(since); since > 0 && t.After(from) {
		from = t
	}
	if before > 0 {
		to = at(before)
	}
	return func(yield func(json.RawMessage) bool) {
		for ; to.After(from); to = to.Add(-time.Hour) {
			begin := to.Add(-time.Hour)
			if begin.Before(from) {
				begin = from
			}
			for _, p := range Posts(begin, to) {
				if !yield(p.wire(now)) {
					return
				}
			}
		}
	}
}

func idOf(post json.RawMessage) int64 {
	var p struct {
		ID int64 `json:"id,string"`
	}
	_ = json.Unmarshal(post, &p) // a post without an id is behind every other
	return p.ID
}

func problem(w http.ResponseWriter, status int, title, detail, kind string) {
	reply(w, status, map[string]any{"title": title, "detail": detail, "type": kind, "status": status})
}

func reply(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("x fake: " + err.Error()) // only what is set badly does not encode
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone away misses nothing
}
