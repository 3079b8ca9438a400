// Package reddit reads the new posts of subreddits through Reddit's API, as an application of the user's. It reads no comments, keeps
// no author's name, and writes nothing to Reddit.
//
// The format is known from exchanges that PRAW, Async PRAW and prawcore recorded between 2016 and 2026. Unverified: for whom Reddit
// opens its API at present (commercial use needs its consent), and what it makes of a user agent that names no user.
//
//	setting                    what
//	sources.reddit.client_id, sources.reddit.client_secret   of an application of the user's (secret)
//	sources.reddit.user_agent  the name of the user at Reddit (/u/name), or the whole: platform:application:version (by /u/name)
//	sources.reddit.subreddits  names, comma separated, in place of Subreddits
//	sources.reddit.base_url    default https://oauth.reddit.com, and https://www.reddit.com for tokens; another stands for both
//
// There is one stream for each subreddit, polled once a minute; all keep to one request a second, under Reddit's 100 a minute, and
// stop where its x-ratelimit headers say that the window is used up: that is a hold, and told as one (upstream.RateLimitError). A poll
// reads three pages of a hundred posts at most, back to the newest post that is known; where there are more the next polls go on from
// there, until that post is met or the list ends, some thousand posts back. What came between is a gap then. The first poll reads three
// pages. Since is the time of the oldest post that was read: the list is in the order of time.
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
	"runtime"
	"slices"
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
	maxPages = 3 // in one poll
	perPage  = 100
	maxDepth = 15 // pages of one list; Reddit shows ten
	maxTries = 3  // to go on in a list, before it is begun afresh
	maxSubs  = 30
	maxBody  = 4 << 20 // a hundred posts of 40,000 letters at most, as a rule far shorter
	keyLines = "omc config set --secret sources.reddit.client_id and omc config set --secret sources.reddit.client_secret"
)

// Subreddits are those that are read by default.
const Subreddits = "CryptoCurrency,Bitcoin,ethtrader,CryptoMarkets,solana"

// Config is what Reddit needs beside how to reach it.
type Config struct {
	ID, Secret string // of the user's application
	UserAgent  string // the user's name at Reddit, or the whole; "": one that names the program only
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
	var badAgent error
	c.UserAgent, badAgent = userAgent(cfg.UserAgent, c.UserAgent)
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
	if badAgent != nil {
		out.problem = badAgent
	}
	var err error
	if out.subs, err = parseSubs(cfg.Subreddits); err != nil {
		out.subs, out.problem = nil, fmt.Errorf("reddit: sources.reddit.subreddits: %w; omc config set sources.reddit.subreddits CryptoCurrency,Bitcoin", err)
	}
	return out
}

// userAgent is what Reddit wants of those who ask: platform:application:version (by /u/name). ours names the program elsewhere, as
// omc/<version>.
func userAgent(s, ours string) (string, error) {
	version := strings.TrimPrefix(ours, "omc/")
	if version == "" || version == ours || len(version) > 50 || strings.Trim(version, agentLetters) != "" {
		version = "v1"
	}
	agent := runtime.GOOS + ":omc:" + version
	s = strings.TrimSpace(s)
	name := strings.TrimPrefix(strings.TrimPrefix(s, "/"), "u/")
	switch {
	case s == "":
		return agent, nil
	case userName(name):
		return agent + " (by /u/" + name + ")", nil
	}
	head, by, ok := strings.Cut(strings.TrimSuffix(s, ")"), " (by /u/")
	parts := strings.Split(head, ":")
	if !ok || !strings.HasSuffix(s, ")") || !userName(by) || len(s) > 200 || len(parts) != 3 || slices.ContainsFunc(parts, func(p string) bool { return p == "" || strings.Trim(p, agentLetters) != "" }) {
		return agent, errors.New("reddit: sources.reddit.user_agent wants your name at Reddit, like /u/name, or platform:application:version (by /u/name); omc config set sources.reddit.user_agent /u/name")
	}
	return s, nil
}

const (
	nameLetters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	agentLetters = nameLetters + "."
)

func userName(s string) bool {
	return len(s) >= 3 && len(s) <= 20 && strings.Trim(s, nameLetters) == ""
}

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

// poll reads the new posts of a subreddit, back to the newest known one, or further on where the last poll left off.
func (c *Client) poll(ctx context.Context, sub string, b []byte) (source.Harvest, error) {
	var h source.Harvest
	if c.problem != nil {
		return h, c.problem
	}
	r := reading{sub: sub, now: c.clock.Now(), seen: map[string]bool{}}
	s := open(b, r.now)
	known, met := number(s.Newest), false
	for n := 1; ; n++ {
		page, err := c.page(ctx, sub, s.After, &h)
		if err != nil {
			s.failed(err)
			h.Cursor = s.bytes() // what came lands, and what failed is asked for next
			return h, err
		}
		met = r.take(&h, page.posts, known)
		s.read(&r, page.after)
		if s.After == "" || met || s.Pages >= maxDepth {
			break
		}
		if n == maxPages || page.last {
			if known == 0 {
				break
			}
			h.Again, h.Cursor = !page.last, s.bytes()
			return h, nil
		}
	}
	if known > 0 && !met {
		h.Gap(s.At, s.Oldest, "the list of r/%s ends, after %d pages, before it meets what was known", sub, s.Pages)
	}
	h.Since, h.Cursor = s.Oldest, s.done().bytes()
	return h, nil
}

// page asks for a page of the list, with a new token where Reddit takes the present one no more.
func (c *Client) page(ctx context.Context, sub, after string, h *source.Harvest) (listing, error) {
	q := url.Values{"limit": {strconv.Itoa(perPage)}, "raw_json": {"1"}}
	if after != "" {
		q.Set("after", after)
	}
	var a upstream.Answer
	last, refused := false, ""
	for {
		token, err := c.tokens.get(ctx, refused, h)
		if err != nil {
			return listing{}, err
		}
		a, err = c.up.Do(ctx, upstream.Request{Path: "/r/" + sub + "/new", Query: q, MaxBody: maxBody, Header: http.Header{"Authorization": {"bearer " + token}},
			Own: []int{401, 403, 404}})
		if last, err = heed(c.up, a, err); err != nil {
			h.Unread(a.Status, a.Body, "r/"+sub, err)
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
	if a.Status != http.StatusOK {
		return listing{}, c.up.Fail(refusal(sub, a))
	}
	page, err := decode(a.Body)
	switch {
	case errors.Is(err, errNoPosts):
		return listing{}, c.up.Fail(fmt.Errorf("r/%s is not there: check sources.reddit.subreddits, or ask another source", sub))
	case err != nil:
		err = fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
		h.Unread(a.Status, a.Body, "r/"+sub, err)
		return listing{}, c.up.Fail(err)
	}
	if h.Read.IsZero() {
		h.Read = c.clock.Now()
	}
	page.last = last
	return page, nil
}

// heed keeps back further requests where Reddit says that no more are left in its window of ten minutes, or that there were too many.
// The error of too many says until when. last reports a good answer after which nothing more can be asked for.
func heed(up *upstream.Client, a upstream.Answer, err error) (last bool, _ error) {
	remaining, err1 := strconv.ParseFloat(a.Header.Get("X-Ratelimit-Remaining"), 64)
	reset, err2 := strconv.ParseFloat(a.Header.Get("X-Ratelimit-Reset"), 64)
	if err2 != nil || !(reset > 0 && reset <= 3600) {
		return false, err
	}
	hold := &upstream.RateLimitError{RetryAfter: time.Duration(reset * float64(time.Second))}
	var limited *upstream.RateLimitError
	switch {
	case errors.As(err, &limited) && limited.RetryAfter < hold.RetryAfter:
		return false, up.Fail(hold)
	case err == nil && err1 == nil && remaining < 1:
		_ = up.Fail(hold) // for the hold; the answer is good
		return true, nil
	}
	return false, err
}
