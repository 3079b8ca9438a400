// Package reddit reads the new posts of subreddits through Reddit's API, as an application of the user's. It reads no comments, keeps
// no author's name, and writes nothing to Reddit.
//
// The format is known from exchanges that PRAW, Async PRAW and prawcore recorded between 2016 and 2026. Unverified: for whom Reddit
// opens its API at present (commercial use needs its consent), and what it makes of a user agent that names no user.
//
//	setting                    what
//	sources.reddit.client_id, sources.reddit.client_secret   of an application of the user's (secret)
//	sources.reddit.user_agent  platform:application:version (by /u/name), as Reddit asks for
//	sources.reddit.subreddits  names, comma separated, in place of Subreddits
//	sources.reddit.base_url    default https://oauth.reddit.com, and https://www.reddit.com for tokens; another stands for both
//
// There is one stream for each subreddit, polled once a minute; all keep to one request a second, under Reddit's 100 a minute, and
// stop where its x-ratelimit headers say that the window is used up. A poll pages back to the newest post that the last one knew, three
// pages of a hundred posts at most; what is older than that stays missed. Since is the time of the oldest post that was read: the list
// is in the order of time.
//
// Passed over are posts marked over_18 (not news of a market), stickied ones (they stand outside the order of time), and those that
// were removed or deleted (their text is gone; what was known of them stays). A post whose author deleted the account is kept. An
// edited text is a revision. Content is the title and, after a dash, the text. Engagement is the score, 0 where it is below.
package reddit

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

// Public is where Reddit's API answers those with a token; tokens come from the site.
const (
	Public = "https://oauth.reddit.com"
	site   = "https://www.reddit.com"
)

const (
	limit    = 1 // request a second; Reddit allows 100 a minute
	maxPages = 3
	perPage  = 100
	maxSubs  = 30
	maxBody  = 4 << 20 // a hundred posts of 40,000 letters at most, as a rule far shorter
	keyLines = "omc config set --secret sources.reddit.client_id and omc config set --secret sources.reddit.client_secret"
	agent    = "go:omc:v1"
)

// Subreddits are those that are read by default.
const Subreddits = "CryptoCurrency,Bitcoin,ethtrader,CryptoMarkets,solana"

// Config is what Reddit needs beside how to reach it.
type Config struct {
	ID, Secret string // of the user's application
	UserAgent  string // "": one that names the program only
	Subreddits string // comma separated; "": Subreddits
}

// Client makes the feeds. It keeps nothing between polls but the token. Safe for concurrent use.
type Client struct {
	up      *upstream.Client
	clock   clock.Clock
	tokens  *tokens
	subs    []string
	needs   []string
	problem error // why it cannot ask
}

// New returns a client. What is wrong with cfg is told by polling.
func New(c upstream.Config, cfg Config) *Client {
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if c.UserAgent = strings.TrimSpace(cfg.UserAgent); c.UserAgent == "" {
		c.UserAgent = agent
	}
	hosts := upstream.Bases(c.BaseURL, Public, site)
	c.BaseURL = hosts[0]
	out := &Client{clock: c.Clock, up: upstream.New("reddit", c, limit)}
	id, secret := strings.TrimSpace(cfg.ID), strings.TrimSpace(cfg.Secret)
	out.tokens = newTokens(out.up.At(hosts[1]), c.Clock, id, secret)
	if id == "" {
		out.needs = append(out.needs, "sources.reddit.client_id")
	}
	if secret == "" {
		out.needs = append(out.needs, "sources.reddit.client_secret")
	}
	if len(out.needs) > 0 {
		out.problem = errors.New("reddit: there is no application to ask as; set one with " + keyLines)
	}
	if strings.Trim(c.UserAgent, printable) != "" || len(c.UserAgent) > 200 {
		out.problem = errors.New("reddit: sources.reddit.user_agent wants up to 200 plain letters: platform:application:version (by /u/name)")
	}
	var err error
	if out.subs, err = parseSubs(cfg.Subreddits); err != nil {
		out.subs, out.problem = nil, fmt.Errorf("reddit: sources.reddit.subreddits: %w; omc config set sources.reddit.subreddits CryptoCurrency,Bitcoin", err)
	}
	return out
}

const printable = " !#$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz|~"

// parseSubs reads names of subreddits, each once.
func parseSubs(list string) ([]string, error) {
	if strings.TrimSpace(list) == "" {
		list = Subreddits
	}
	var out []string
	seen := map[string]bool{}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimPrefix(strings.TrimSpace(name), "r/")
		if name == "" || seen[strings.ToLower(name)] {
			continue
		}
		if len(name) < 2 || len(name) > 21 || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return nil, fmt.Errorf("%.40q is no name of a subreddit", name)
		}
		seen[strings.ToLower(name)] = true
		out = append(out, name)
	}
	if len(out) == 0 || len(out) > maxSubs {
		return nil, fmt.Errorf("%d names, want 1 to %d", len(out), maxSubs)
	}
	return out, nil
}

// Feeds are one for each subreddit.
func (c *Client) Feeds() []source.Feed {
	feed := func(name, about string, poll func(context.Context, []byte) (source.Harvest, error)) source.Feed {
		return source.Feed{Name: name, Source: "reddit", Ledger: ledger.Human, About: about, Every: time.Minute, Timeout: 2 * time.Minute,
			Fresh: 2 * time.Minute, Needs: c.needs, Poll: poll}
	}
	if len(c.subs) == 0 {
		return []source.Feed{feed("reddit", "new posts of subreddits", func(ctx context.Context, cursor []byte) (source.Harvest, error) { return c.poll(ctx, "", cursor) })}
	}
	var out []source.Feed
	for _, s := range c.subs {
		out = append(out, feed("reddit."+strings.ToLower(s), "new posts of r/"+s,
			func(ctx context.Context, cursor []byte) (source.Harvest, error) { return c.poll(ctx, s, cursor) }))
	}
	return out
}

// poll reads the new posts of a subreddit, back to the newest known one.
func (c *Client) poll(ctx context.Context, sub string, cursor []byte) (source.Harvest, error) {
	var h source.Harvest
	if c.problem != nil {
		return h, c.problem
	}
	known := open(cursor)
	r := reading{sub: sub, now: c.clock.Now(), seen: map[string]bool{}}
	after := ""
	for range maxPages {
		page, err := c.page(ctx, sub, after, &h)
		if err != nil {
			return h, err // what came lands; the next poll begins where this one did
		}
		met := r.take(&h, page.posts, known)
		if after = page.after; after == "" || met {
			break
		}
	}
	h.Since, h.Cursor = r.oldest, r.cursor(known)
	return h, nil
}

// page asks for a page of the list, with a new token where Reddit takes the present one no more.
func (c *Client) page(ctx context.Context, sub, after string, h *source.Harvest) (listing, error) {
	q := url.Values{"limit": {strconv.Itoa(perPage)}, "raw_json": {"1"}}
	if after != "" {
		q.Set("after", after)
	}
	var a upstream.Answer
	refused := ""
	for {
		token, err := c.tokens.get(ctx, refused)
		if err != nil {
			return listing{}, err
		}
		a, err = c.up.Do(ctx, upstream.Request{Path: "/r/" + sub + "/new", Query: q, MaxBody: maxBody, Header: http.Header{"Authorization": {"bearer " + token}},
			Own: []int{401, 403, 404}})
		heed(c.up, a.Header, a.Status == http.StatusTooManyRequests)
		if err != nil {
			return listing{}, err
		}
		if a.Status != http.StatusUnauthorized {
			break
		}
		if refused != "" {
			return listing{}, c.up.Fail(fmt.Errorf("%w: a new token is refused too (http status 401); is the application allowed to read?", upstream.ErrUnavailable))
		}
		refused = token
	}
	if h.Read.IsZero() {
		h.Read = c.clock.Now()
	}
	if a.Status != http.StatusOK {
		return listing{}, c.up.Fail(refusal(sub, a))
	}
	page, err := decode(a.Body)
	switch {
	case errors.Is(err, errNoPosts):
		return listing{}, c.up.Fail(fmt.Errorf("r/%s is not there: check sources.reddit.subreddits, or ask another source", sub))
	case err != nil:
		err = fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
		h.Rejects = append(h.Rejects, ledger.Reject{Reason: upstream.Text(err.Error()), Bytes: a.Body[:min(len(a.Body), 4<<10)]})
		return listing{}, c.up.Fail(err)
	}
	return page, nil
}

// heed keeps back further requests where Reddit says that no more are left in its window of ten minutes, or that there were too many.
func heed(up *upstream.Client, h http.Header, tooMany bool) {
	remaining, err := strconv.ParseFloat(h.Get("X-Ratelimit-Remaining"), 64)
	reset, err2 := strconv.ParseFloat(h.Get("X-Ratelimit-Reset"), 64)
	if err2 == nil && reset > 0 && reset <= 3600 && (tooMany || err == nil && remaining < 1) {
		_ = up.Fail(&upstream.RateLimitError{RetryAfter: time.Duration(reset * float64(time.Second))}) // for the hold; the answer is good
	}
}
