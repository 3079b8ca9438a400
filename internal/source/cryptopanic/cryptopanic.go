// Package cryptopanic reads the news that CryptoPanic gathers from publishers, from version 2 of its API. It needs a token, follows no
// address that an answer holds (the next page's holds the token), and keeps the tags of coins but no votes and no panic score.
//
// The format is known from a client that transcribes CryptoPanic's reference of 2026 and from live bodies that two projects quote.
// Unverified: a whole recorded answer of version 2, the errors of a bad token (401) and of a plan that may not ask (403), and what the
// free plan leaves out: every field of a post but its id and title may be missing.
//
//	setting                      what
//	sources.cryptopanic.key      the token (secret)
//	sources.cryptopanic.plan     developer (default), growth or enterprise: part of the address
//	sources.cryptopanic.base_url default https://cryptopanic.com/api
//
// The free plan, developer, has about 100 requests a month: it is asked every eight hours, and for further pages only where the rest
// of the month does not need them. Once the quota is spent nothing is asked until the next month (UTC), also after a restart, unless
// another token or plan is set, or a person asks by hand.
//
// Records are news of the publisher that CryptoPanic names, of cryptopanic where it names none, under CryptoPanic's id. A post keeps
// the publisher and the time under which it was first seen where it comes again without. Instruments that are no coins are left out.
//
// A poll reads back to a post of the last reading, three pages at most; where there are more the next polls go on from there, for the
// fifty pages that there are. Since is the time of the newest post that was met. Where none is met, or the quota forbids to go on, what
// came between is a gap.
package cryptopanic

import (
	"bytes"
	"context"
	"encoding/json"
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

// Public is where CryptoPanic answers.
const Public = "https://cryptopanic.com/api"

const (
	keyLine  = "omc config set --secret sources.cryptopanic.key"
	planLine = "omc config set sources.cryptopanic.plan developer"
	// limit is one request in two seconds: what the plans allow in a second is not certain.
	limit      = 0.5
	maxPages   = 3   // in one poll
	maxDepth   = 50  // in one reading; CryptoPanic has no more
	freeQuota  = 100 // requests a month of the plan developer
	freeEvery  = 8 * time.Hour
	paidEvery  = 5 * time.Minute
	freePlan   = "developer"
	oneTimeout = 2 * time.Minute
)

// Client asks for posts. Safe for concurrent use.
type Client struct {
	up    *upstream.Client
	clock clock.Clock
	key   string
	plan  string
	every time.Duration
}

// New returns a client with the user's token; plan "" is developer. What is wrong with either is told by polling.
func New(c upstream.Config, key, plan string) *Client {
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if c.BaseURL == "" {
		c.BaseURL = Public
	}
	out := &Client{up: upstream.New("cryptopanic", c, limit), clock: c.Clock, key: strings.TrimSpace(key), plan: strings.TrimSpace(plan), every: paidEvery}
	if out.plan == "" {
		out.plan = freePlan
	}
	if out.plan == freePlan {
		out.every = freeEvery
	}
	return out
}

// Feeds are the posts.
func (c *Client) Feeds() []source.Feed {
	f := source.Feed{Name: "cryptopanic", Source: "cryptopanic", Ledger: ledger.Human, About: "news that CryptoPanic gathers, with its tags of coins",
		Every: c.every, Timeout: oneTimeout, Fresh: c.every + 5*time.Minute, Poll: c.poll}
	if c.key == "" {
		f.Needs = []string{"sources.cryptopanic.key"}
	}
	return []source.Feed{f}
}

// ready says why nothing can be asked.
func (c *Client) ready(s *state, now time.Time, byHand bool) error {
	switch {
	case c.key == "":
		return errors.New("cryptopanic: there is no token; set one with '" + keyLine + "'")
	case c.plan != freePlan && c.plan != "growth" && c.plan != "enterprise":
		return fmt.Errorf("cryptopanic: sources.cryptopanic.plan %.40q is none of developer, growth and enterprise; set it with '%s'", c.plan, planLine)
	case s.Stopped.After(now) && !byHand:
		return &source.PutOff{Until: s.Stopped, Err: fmt.Errorf("cryptopanic: the requests of this month are spent; nothing is asked until %s, or until another token or plan is set",
			s.Stopped.Format(time.RFC3339))}
	}
	return nil
}

// poll asks for the newest posts, and back to one that is known, or further on where the last poll left off.
func (c *Client) poll(ctx context.Context, cursor []byte) (source.Harvest, error) {
	var h source.Harvest
	now := c.clock.Now().UTC()
	s := open(cursor, now)
	s.as(source.Fingerprint(c.plan, c.key))
	if err := c.ready(&s, now, source.IsByHand(ctx)); err != nil {
		return h, err
	}
	s.Stopped, s.Month = time.Time{}, now.Format(month)
	for n := 1; ; n++ {
		s.Asked++
		posts, more, err := c.ask(ctx, s.next(), &h)
		if err != nil {
			if errors.Is(err, errSpent) {
				s.Stopped = nextMonth(now)
				err = &source.PutOff{Until: s.Stopped, Err: err}
			}
			s.failed(err)
			h.Cursor = s.bytes() // what came lands, and what failed is asked for next
			return h, err
		}
		h.Since = c.take(&h, posts, &s, now)
		s.Page, s.ReadAt, s.Failed = s.next(), now, 0
		if !h.Since.IsZero() || !more || s.Page >= maxDepth || len(s.Seen) == 0 {
			break
		}
		if !c.spare(s.Asked, now) {
			break
		}
		if n == maxPages {
			h.Again, h.Cursor = true, s.bytes()
			return h, nil
		}
	}
	if known := newest(s.Seen); !known.IsZero() && h.Since.IsZero() {
		h.Since = oldest(s.Found)
		h.Gap(known, h.Since, "none of %d pages met what was known, and no more could be asked for", s.Page)
	}
	h.Cursor = s.done().bytes()
	return h, nil
}

// spare reports that a further page leaves enough of the quota for the month's other polls.
func (c *Client) spare(asked int, now time.Time) bool {
	return c.plan != freePlan || asked+int(nextMonth(now).Sub(now)/c.every)+1 < freeQuota
}

// ask reads a page; more says that there is another.
func (c *Client) ask(ctx context.Context, page int, h *source.Harvest) (posts []post, more bool, err error) {
	q := url.Values{"auth_token": {c.key}, "public": {"true"}, "kind": {"news"}, "regions": {"en"}}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	path := "/" + c.plan + "/v2/posts/"
	a, err := c.up.Do(ctx, upstream.Request{Path: path, Query: q, Own: []int{400, 401, 402, 403, 404}})
	a.Body = c.mask(a.Body)
	switch {
	case spent(a):
		return nil, false, c.up.Fail(fmt.Errorf("%w (http status %d)", errSpent, a.Status))
	case err != nil:
		h.Unread(a.Status, a.Body, path, err)
		return nil, false, err
	case a.Status == http.StatusNotFound && page > 1:
		return nil, false, nil // the list has become shorter
	case a.Status != http.StatusOK:
		return nil, false, c.up.Fail(refusal(a))
	}
	posts, more, err = decode(a.Body)
	if err != nil {
		err = fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
		h.Unread(a.Status, a.Body, path, err)
		return nil, false, c.up.Fail(err)
	}
	if h.Read.IsZero() {
		h.Read = c.clock.Now()
	}
	return posts, more, nil
}

// mask takes the token out of an answer, which repeats it in the addresses of other pages: pieces of it are kept for people to see.
func (c *Client) mask(body []byte) []byte {
	if len(c.key) < 8 {
		return body // it is none, and would be found everywhere
	}
	for _, k := range []string{c.key, url.QueryEscape(c.key)} {
		body = bytes.ReplaceAll(body, []byte(k), []byte("***"))
	}
	return body
}

var errSpent = fmt.Errorf("%w: the requests of this month are spent, and nothing more is asked in it", upstream.ErrUnavailable)

// spent tells the end of the month's quota from a rate limit, and from news of quotas.
func spent(a upstream.Answer) bool {
	if !strings.Contains(strings.ToLower(string(a.Body[:min(len(a.Body), 1<<10)])), "quota") {
		return false
	}
	var e struct {
		Status  string          `json:"status"`
		Results json.RawMessage `json:"results"`
	}
	return a.Status >= 400 && a.Status < 500 || a.Status == http.StatusOK && json.Unmarshal(a.Body, &e) == nil && e.Status == "api_error" && e.Results == nil
}

// refusal is an answer without posts.
func refusal(a upstream.Answer) error {
	switch {
	case a.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w: the token is refused; set it with '%s'", upstream.ErrUnavailable, keyLine)
	case a.Status == http.StatusForbidden && !bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<")):
		return fmt.Errorf("%w: the plan may not ask that (http status 403: %s); is sources.cryptopanic.plan the plan of the token?", upstream.ErrUnavailable, said(a.Body))
	case a.Status == http.StatusForbidden:
		return fmt.Errorf("%w: http status 403, which refuses this address or country", upstream.ErrUnavailable)
	case a.Status == http.StatusNotFound:
		return fmt.Errorf("%w: nothing is there (http status 404); is sources.cryptopanic.plan the plan of the token?", upstream.ErrUnavailable)
	}
	return fmt.Errorf("%w: http status %d: %s", upstream.ErrUnavailable, a.Status, said(a.Body))
}
