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
// of the month does not need them. Once the quota is spent nothing is asked until the next month (UTC), also after a restart.
//
// Records are news of the source cryptopanic under CryptoPanic's id. A post without a time has the one at which this reader first saw
// it. Since is the time of the newest post that an answer has in common with the last one; where none is met within three pages some
// may be missed.
package cryptopanic

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

// Public is where CryptoPanic answers.
const Public = "https://cryptopanic.com/api"

const (
	keyLine  = "omc config set --secret sources.cryptopanic.key"
	planLine = "omc config set sources.cryptopanic.plan developer"
	// limit is one request in two seconds: what the plans allow in a second is not certain.
	limit      = 0.5
	maxPages   = 3
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
func (c *Client) ready(s *state, now time.Time) error {
	switch {
	case c.key == "":
		return errors.New("cryptopanic: there is no token; set one with '" + keyLine + "'")
	case c.plan != freePlan && c.plan != "growth" && c.plan != "enterprise":
		return fmt.Errorf("cryptopanic: sources.cryptopanic.plan %.40q is none of developer, growth and enterprise; set it with '%s'", c.plan, planLine)
	case s.Stopped.After(now):
		return fmt.Errorf("cryptopanic: the requests of this month are spent; nothing is asked until %s: wait, or take a larger plan at CryptoPanic",
			s.Stopped.Format(time.RFC3339))
	}
	return nil
}

// poll asks for the newest posts, and back to one that is known.
func (c *Client) poll(ctx context.Context, cursor []byte) (source.Harvest, error) {
	var h source.Harvest
	now := c.clock.Now().UTC()
	before := open(cursor, now)
	if err := c.ready(&before, now); err != nil {
		return h, err
	}
	after := state{Month: now.Format(month), Asked: before.Asked, Seen: map[string]time.Time{}}
	for page := 1; page <= maxPages; page++ {
		if page > 1 && (len(before.Seen) == 0 || !c.spare(after.Asked, now)) {
			break
		}
		after.Asked++
		posts, more, err := c.ask(ctx, page, &h)
		if err != nil {
			before.Asked, before.Month = after.Asked, after.Month
			if errors.Is(err, errSpent) {
				before.Stopped = nextMonth(now)
			}
			h.Since = time.Time{} // the next poll begins where this one did
			h.Cursor = before.bytes()
			return h, err
		}
		c.take(&h, posts, before, &after, now)
		if !more || !h.Since.IsZero() {
			break
		}
	}
	if len(after.Seen) == 0 {
		after.Seen = before.Seen
	}
	h.Cursor = after.bytes()
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
	a, err := c.up.Do(ctx, upstream.Request{Path: path, Query: q, Own: []int{400, 401, 402, 404}})
	if spent(a) {
		return nil, false, c.up.Fail(fmt.Errorf("%w (http status %d)", errSpent, a.Status))
	}
	if err != nil {
		return nil, false, err
	}
	if h.Read.IsZero() {
		h.Read = c.clock.Now()
	}
	if a.Status != http.StatusOK {
		return nil, false, c.up.Fail(refusal(a))
	}
	posts, more, err = decode(a.Body)
	if err != nil {
		err = fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
		h.Rejects = append(h.Rejects, ledger.Reject{Reason: upstream.Text(err.Error()), Bytes: a.Body[:min(len(a.Body), 4<<10)]})
		return nil, false, c.up.Fail(err)
	}
	return posts, more, nil
}

var errSpent = fmt.Errorf("%w: the requests of this month are spent, and nothing more is asked in it", upstream.ErrUnavailable)

// spent tells the end of the month's quota from a rate limit.
func spent(a upstream.Answer) bool {
	text := strings.ToLower(string(a.Body[:min(len(a.Body), 1<<10)]))
	return a.Status >= 400 && a.Status < 500 && strings.Contains(text, "quota")
}

// refusal is an answer without posts.
func refusal(a upstream.Answer) error {
	switch a.Status {
	case http.StatusUnauthorized:
		return fmt.Errorf("%w: the token is refused; set it with '%s'", upstream.ErrUnavailable, keyLine)
	case http.StatusNotFound:
		return fmt.Errorf("%w: nothing is there (http status 404); is sources.cryptopanic.plan the plan of the token?", upstream.ErrUnavailable)
	}
	return fmt.Errorf("%w: http status %d: %s", upstream.ErrUnavailable, a.Status, said(a.Body))
}
