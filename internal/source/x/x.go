// Package x reads posts on X by its API's recent search, version 2, with the user's own bearer token. It is off without one: X gives
// nothing away, and what is read is charged to the user's plan. It keeps no author, and writes nothing to X.
//
// The format is known from exchanges that Tweepy recorded in 2021 and 2022 and from refusals that users quote up to 2026. Unverified:
// what the plans of today allow and cost, and how an id that is too old for the search is refused (taken to be status 400).
//
//	setting             what
//	sources.x.key       the bearer token (secret)
//	sources.x.query     what to search for, in X's language, in place of Query
//	sources.x.base_url  default https://api.x.com
//
// A poll reads at most three pages of a hundred posts, from the newest back to the newest that is known; where there are more it goes
// on from there at once in the next poll, for a hundred pages in all, since each post is charged. The first poll reads one page. Since
// is the time of the post that was known, which its id holds. The search reaches back seven days: what was not read by then, or lies
// behind the hundred pages, is a gap. A window that is used up is a hold until its end, and told as one (upstream.RateLimitError).
//
// An edited post is a revision of the post that it was first. Content is the text with X's escapes undone; engagement are the likes.
// A plan that does not include the search (402, 403) stops the stream for a day, or until another token is set; who asks by hand asks.
package x

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Public is where X's API answers.
const Public = "https://api.x.com"

// Query is what is searched for by default.
const Query = "(bitcoin OR ethereum OR solana OR $BTC OR $ETH OR $SOL) lang:en -is:retweet -is:reply"

const (
	keyLine   = "omc config set --secret sources.x.key"
	queryLine = "omc config set sources.x.query"
	every     = 2 * time.Minute
	// limit keeps under X's 450 requests in 15 minutes, in any stretch of that length.
	limit    = 0.45
	perPage  = 100
	maxPages = 3   // in one poll
	maxDepth = 100 // in one reading; a hundred pages are what the small plans allow in a month
	maxQuery = 512
	resting  = 24 * time.Hour
)

// Client asks for posts. Safe for concurrent use.
type Client struct {
	up    *upstream.Client
	clock clock.Clock
	key   string
	query string
}

// New returns a client with the user's bearer token; query "" is Query. What is wrong with either is told by polling.
func New(c upstream.Config, key, query string) *Client {
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if c.BaseURL == "" {
		c.BaseURL = Public
	}
	if query = strings.TrimSpace(query); query == "" {
		query = Query
	}
	return &Client{up: upstream.New("x", c, limit), clock: c.Clock, key: strings.TrimSpace(key), query: query}
}

// Feeds are the posts that the search finds.
func (c *Client) Feeds() []source.Feed {
	f := source.Feed{Name: "x", Source: "x", Ledger: ledger.Human, About: "posts on X that a search finds; charged to your plan",
		Every: every, Timeout: 90 * time.Second, Fresh: every + time.Minute, Poll: c.poll}
	if c.key == "" {
		f.Needs = []string{"sources.x.key"}
	}
	return []source.Feed{f}
}

func (c *Client) ready(s *state, now time.Time, byHand bool) error {
	switch {
	case c.key == "":
		return errors.New("x: there is no bearer token; set one with '" + keyLine + "'")
	case strings.Trim(c.key, keyLetters) != "":
		return errors.New("x: the bearer token holds letters that none has; set it with '" + keyLine + "'")
	case len(c.query) > maxQuery:
		return fmt.Errorf("x: sources.x.query has %d bytes, X takes %d; shorten it with '%s'", len(c.query), maxQuery, queryLine)
	case s.Stopped.After(now) && !byHand:
		return &source.PutOff{Until: s.Stopped, Err: fmt.Errorf("x: %s; nothing is asked until %s, when the plan is tried again, or until another token is set",
			source.Text(s.Why, 200), s.Stopped.UTC().Format(time.RFC3339))}
	}
	return nil
}

const keyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=%"

// poll reads the posts since the newest known one, or further on where the last poll left off.
func (c *Client) poll(ctx context.Context, cursor []byte) (source.Harvest, error) {
	var h source.Harvest
	now := c.clock.Now()
	s := open(cursor, now)
	s.as(source.Fingerprint(c.key))
	if err := c.ready(&s, now, source.IsByHand(ctx)); err != nil {
		return h, err
	}
	s.Stopped, s.Why = time.Time{}, ""
	r := reading{now: now, seen: map[string]bool{}}
	for n := 1; ; n++ {
		page, err := c.page(ctx, &s, &h)
		if err != nil {
			s.after(err, now)
			h.Cursor = s.bytes() // what came lands, and what failed is asked for next
			return h, err
		}
		r.take(&h, page)
		s.read(&r, page.next)
		if s.whole() {
			break
		}
		if n == maxPages || page.last {
			h.Again, h.Cursor = !page.last, s.bytes()
			return h, nil
		}
	}
	from, reached := s.reached(now)
	if h.Since = reached; reached.After(from) {
		h.Gap(from, reached, "X was read back to %s, after %d pages, and not to what was known", reached.Format(time.RFC3339), s.Pages)
	}
	h.Cursor = s.done().bytes()
	return h, nil
}

// page asks for a page of posts.
func (c *Client) page(ctx context.Context, s *state, h *source.Harvest) (page, error) {
	q := url.Values{"query": {c.query}, "max_results": {strconv.Itoa(perPage)}, "tweet.fields": {"created_at,public_metrics"}}
	if s.Known > 0 {
		q.Set("since_id", strconv.FormatInt(s.Known, 10))
	}
	if s.Next != "" {
		q.Set("next_token", s.Next)
	}
	a, err := c.up.Do(ctx, upstream.Request{Path: "/2/tweets/search/recent", Query: q, Header: http.Header{"Authorization": {"Bearer " + c.key}}, Own: []int{400, 401, 402, 403, 404}})
	last, err := c.heed(a, err)
	if err != nil {
		h.Unread(a.Status, a.Body, "search", err)
		return page{}, err
	}
	if a.Status != http.StatusOK {
		return page{}, c.up.Fail(refusal(a.Status, a.Body))
	}
	p, err := decode(a.Body)
	if err != nil {
		err = fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
		h.Unread(a.Status, a.Body, "search", err)
		return page{}, c.up.Fail(err)
	}
	if h.Read.IsZero() {
		h.Read = c.clock.Now()
	}
	p.last = last
	return p, nil
}

// heed keeps back further requests until the window ends in which X says that none are left. The error of too many says until when.
// last reports a good answer after which nothing more can be asked for.
func (c *Client) heed(a upstream.Answer, err error) (last bool, _ error) {
	var limited *upstream.RateLimitError
	tooMany := errors.As(err, &limited)
	reset, bad := strconv.ParseInt(a.Header.Get("X-Rate-Limit-Reset"), 10, 64)
	if bad != nil || !tooMany && a.Header.Get("X-Rate-Limit-Remaining") != "0" {
		return false, err
	}
	now := c.clock.Now()
	if date, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		now = date // both times are of X's clock
	}
	wait := time.Unix(reset, 0).Sub(now)
	if wait <= 0 || wait > time.Hour || tooMany && limited.RetryAfter >= wait {
		return false, err
	}
	hold := c.up.Fail(&upstream.RateLimitError{RetryAfter: wait})
	if tooMany {
		return false, hold
	}
	return err == nil, err // the answer tells itself
}
