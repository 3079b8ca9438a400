// Package upstream is what every HTTP source shares: one bounded, paced GET and the kinds of failure.
// It knows no exchange's format, follows no redirect to another host, and never puts a query or a password into an error.
package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
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
	HTTP      *http.Client                               // nil: a client of its own; its redirect policy is not used
	UserAgent string                                     // upstreams refuse requests without one; "": omc
	Limit     rate.Limit                                 // requests per second; 0: the source's default
	Timeout   time.Duration                              // of one Get with its retries, once its turn has come; 0: 20 s
	Clock     clock.Clock                                // nil: the machine's
	Wait      func(context.Context, time.Duration) error // ends early with ctx's error; nil: on the machine's clock
}

// Client makes GET requests. Safe for concurrent use.
type Client struct {
	name, agent string
	base        *url.URL // nil: the configured one is none
	http        http.Client
	timeout     time.Duration
	pace        pace
}

const (
	// maxBody is five times the longest whole answer of any source, 1000 candles of about 200 bytes. Decoded, hostile bytes
	// take some twenty times their size.
	maxBody      = 1 << 20
	maxHeader    = 64 << 10
	maxRedirects = 3
	// tries bounds how often a GET is made that changes nothing and got no answer.
	tries   = 3
	pause   = 200 * time.Millisecond // before the second try; doubled before the third
	timeout = 20 * time.Second
)

// New returns a client of the upstream name; limit is the source's own, in requests per second, where c sets none.
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
	out := &Client{name: name, agent: c.UserAgent, timeout: c.Timeout,
		pace: pace{clock: c.Clock, wait: c.Wait, limiter: rate.NewLimiter(limit, 1)}}
	if u, err := url.Parse(c.BaseURL); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.RawQuery == "" {
		out.base = u
	}
	if c.HTTP != nil {
		out.http = *c.HTTP // the caller's own stays as it is
	} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t = t.Clone()
		t.MaxResponseHeaderBytes = maxHeader
		out.http.Transport = t
	}
	out.http.CheckRedirect = out.redirect
	return out
}

var errRedirect = fmt.Errorf("%w: redirected", ErrUnavailable)

// redirect keeps a request, and with it what it says about the user, on the host it was meant for.
func (c *Client) redirect(r *http.Request, via []*http.Request) error {
	if r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme {
		return fmt.Errorf("%w to %s, which is not followed: if it has moved, set sources.%s.base_url", errRedirect, Text(r.URL.Scheme+"://"+r.URL.Host), c.name)
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("%w more than %d times", errRedirect, maxRedirects)
	}
	return nil
}

// Answer is a response's status, header and whole body.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Time is the upstream's clock or ours, whichever is behind: what closes after it may not be over yet, even where our
	// clock is fast.
	Time time.Time
}

// Get asks for a path, again where a connection broke or the upstream met an error of its own, and at most three times.
// 429, 418, 403, 451, 5xx and web pages come back as errors; other statuses are the caller's to judge. After a limit was
// reached it fails without asking until the upstream will answer again.
func (c *Client) Get(ctx context.Context, path string, query url.Values) (Answer, error) {
	a, err := c.get(ctx, path, query)
	if err != nil {
		return a, c.Fail(err)
	}
	return a, nil
}

// Fail names the upstream and the way out in an error; nil stays nil. A RateLimitError holds further requests back.
func (c *Client) Fail(err error) error {
	if err == nil {
		return nil
	}
	var limited *RateLimitError
	if errors.As(err, &limited) {
		c.pace.hold(limited)
	}
	var f *Failure
	if errors.As(err, &f) {
		return err
	}
	return &Failure{Upstream: c.name, Err: err}
}

func (c *Client) get(ctx context.Context, path string, query url.Values) (Answer, error) {
	if c.base == nil {
		return Answer{}, fmt.Errorf("%w: sources.%s.base_url must be an http or https url without a query", ErrUnavailable, c.name)
	}
	u := c.base.JoinPath(path)
	u.RawQuery = query.Encode()
	if err := c.pace.turn(ctx); err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	for try := 1; ; try++ {
		a, again, err := c.once(ctx, u.String())
		if err == nil || !again || try == tries {
			return a, err
		}
		if c.pace.wait(ctx, pause<<(try-1)) != nil || c.pace.turn(ctx) != nil {
			return a, err // why the answer failed says more than why it was not asked for again
		}
	}
}

// once makes one request; again reports that the same request may well succeed.
func (c *Client) once(ctx context.Context, u string) (a Answer, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return a, false, fmt.Errorf("%w: sources.%s.base_url is no url", ErrUnavailable, c.name)
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return a, ctx.Err() == nil && !settled(err), transportError(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if len(body) > maxBody {
		return a, false, fmt.Errorf("%w: over %d bytes", ErrMalformed, maxBody)
	}
	if err != nil {
		return a, ctx.Err() == nil, transportError(ctx, err)
	}
	a = Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Time: c.pace.clock.Now()}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil && date.Before(a.Time) {
		a.Time = date
	}
	again, err = c.judge(a)
	return a, again, err
}

// judge turns statuses that mean the same everywhere into errors.
func (c *Client) judge(a Answer) (again bool, err error) {
	after := retryAfter(a.Header, c.pace.clock.Now())
	switch {
	case a.Status == http.StatusTooManyRequests || a.Status == http.StatusTeapot:
		return false, &RateLimitError{RetryAfter: after, Banned: a.Status == http.StatusTeapot}
	case a.Status == http.StatusServiceUnavailable && after > 0:
		return false, fmt.Errorf("%w: http status 503: %w", ErrUnavailable, &RateLimitError{RetryAfter: after})
	case a.Status >= 500:
		return true, fmt.Errorf("%w: http status %d", ErrUnavailable, a.Status)
	case a.Status == http.StatusForbidden || a.Status == http.StatusUnavailableForLegalReasons:
		return false, fmt.Errorf("%w: http status %d, which refuses this address or country", ErrUnavailable, a.Status)
	case a.Status >= 300 && a.Status < 400:
		return false, fmt.Errorf("%w: http status %d", ErrUnavailable, a.Status)
	case bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<")), strings.HasPrefix(a.Header.Get("Content-Type"), "text/html"):
		return false, fmt.Errorf("%w: a web page instead of data (http status %d)", ErrUnavailable, a.Status)
	}
	return false, nil
}

// settled reports an error that asking again at once will not change: nobody was reached, or a redirect was refused.
func settled(err error) bool {
	var op *net.OpError
	return errors.Is(err, errRedirect) || errors.As(err, &op) && op.Op == "dial"
}

// transportError leaves out the url, whose query and password are nobody's business.
func transportError(ctx context.Context, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case errors.Is(err, errRedirect):
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w: no whole answer in time: %w", ErrUnavailable, ctx.Err())
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
