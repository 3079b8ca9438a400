// Package upstream is what every HTTP source shares: bounded, paced requests, the limits that the clients of a process and processes
// keep together (Group, Shared), a circuit breaker, proxies, and the kinds of failure.
// It knows no exchange's format, follows no redirect to another host, and never puts a query or a password into an error.
//
// A source makes one Client by New, one sibling by At for each further host of the same upstream (Bases says which), asks by Get or Do,
// judges the statuses that are left to it, and passes what it cannot use through Fail: that names the upstream and the way out, and
// tells the breaker. What the upstream does not know is ErrUnknownSymbol, which is no failure of its.
//
// The breaker is a few lines here and not failsafe-go's: that one reads the machine's clock and lets nobody else set it (v0.9.8).
package upstream

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/ohmycoins/omc/internal/clock"
)

// Config is how to reach an upstream.
type Config struct {
	BaseURL   string                                     // without a query
	Setting   string                                     // where the user sets BaseURL; "": sources.<upstream>.base_url
	HTTP      *http.Client                               // nil: a client of its own; its redirect policy is not used
	UserAgent string                                     // upstreams refuse requests without one; "": omc
	Limit     rate.Limit                                 // requests per second; 0: the source's default
	Urgent    bool                                       // some requests are source.Urgently: they have a part of the limit to themselves
	Group     *Group                                     // of the clients that keep one limit together; nil: this one is alone
	Timeout   time.Duration                              // of one Do with its retries, once its turn has come; 0: 20 s
	BreakFor  time.Duration                              // how long nothing is sent once 5 requests in a row have failed; 0: 30 s
	Proxies   []string                                   // http, https and socks5 urls, used in turn; none: the environment's
	Clock     clock.Clock                                // nil: the machine's
	Wait      func(context.Context, time.Duration) error // ends early with ctx's error; nil: on the machine's clock
}

// Client makes requests to one host of an upstream. Safe for concurrent use.
type Client struct {
	*core
	base *url.URL // nil: the configured one is none
}

// core is what all hosts of an upstream share.
type core struct {
	name, agent string
	section     string // of the settings: sources.rss for rss.coindesk
	setting     string // that says where it is
	http        http.Client
	timeout     time.Duration
	pace        *pace
	breaker     *breaker
	proxies     *proxies // nil: none are configured
	stats       stats
	problem     error // why nothing can be asked
}

const (
	maxHeader    = 64 << 10
	maxRedirects = 3
	// tries bounds how often a request is made that may be repeated and got no answer.
	tries   = 3
	pause   = 200 * time.Millisecond // before the second try; doubled before the third
	timeout = 20 * time.Second
)

// New returns a client of the upstream name, of which what follows a dot names a part (rss.coindesk); limit is the source's own, in
// requests per second, where c sets none. No window of any length holds more than limit × window + 1 requests, whatever clients there
// are of it in the group. What is wrong with c is told by every request.
func New(name string, c Config, limit rate.Limit) *Client {
	if c.UserAgent == "" {
		c.UserAgent = "omc"
	}
	if c.Limit > 0 {
		limit = c.Limit
	}
	if c.Timeout <= 0 {
		c.Timeout = timeout
	}
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if c.Wait == nil {
		c.Wait = sleep
	}
	out := &core{name: name, agent: c.UserAgent, setting: c.Setting, timeout: c.Timeout, breaker: newBreaker(c.Clock, c.BreakFor),
		pace: newPace(name, c, limit)}
	part, _, _ := strings.Cut(name, ".")
	out.section = "sources." + part
	if out.setting == "" {
		out.setting = out.section + ".base_url"
	}
	if c.HTTP != nil {
		out.http = *c.HTTP // the caller's own stays as it is
	} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t = t.Clone()
		t.MaxResponseHeaderBytes = maxHeader
		out.http.Transport = t
	}
	out.http.CheckRedirect = out.redirect
	if len(c.Proxies) > 0 {
		out.problem = out.through(c.Proxies)
	}
	return (&Client{core: out}).At(c.BaseURL)
}

// At returns a sibling on another host of the same upstream: its pace, holds, breaker, proxies, connections and name are the same.
func (c *Client) At(baseURL string) *Client {
	out := &Client{core: c.core}
	if u, err := url.Parse(baseURL); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.RawQuery == "" {
		out.base = u
	}
	return out
}

// Bases are the base URLs of an upstream with several hosts, base's first and then one for each of others: the public ones where base
// is "" or the public default def; where another is configured, a mirror or a test, it stands for all of them.
func Bases(base, def string, others ...string) []string {
	if base == "" || strings.TrimRight(base, "/") == strings.TrimRight(def, "/") {
		return append([]string{def}, others...)
	}
	out := make([]string, 1+len(others))
	for i := range out {
		out[i] = base
	}
	return out
}

var errRedirect = fmt.Errorf("%w: redirected", ErrUnavailable)

// redirect keeps a request, and with it what it says about the user, on the host it was meant for, and what it is.
func (c *core) redirect(r *http.Request, via []*http.Request) error {
	if r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme {
		return fmt.Errorf("%w to %s, which is not followed: if it has moved, set %s", errRedirect, Text(r.URL.Scheme+"://"+r.URL.Host), c.setting)
	}
	if r.Method != via[0].Method {
		return fmt.Errorf("%w from %s to %s, which is not followed", errRedirect, via[0].Method, r.Method)
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("%w more than %d times", errRedirect, maxRedirects)
	}
	return nil
}
