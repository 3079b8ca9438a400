// Package upstream is what every HTTP source shares: one bounded, rate-limited GET and the kinds of failure.
// It knows no exchange's format, and never retries: whoever asks decides whether to ask again.
package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// The kinds of failure; errors of sources wrap one of them.
var (
	ErrUnknownSymbol = errors.New("the market is unknown there")
	ErrUnavailable   = errors.New("unavailable")
	ErrMalformed     = errors.New("malformed answer")
)

// RateLimitError says that the upstream wants fewer requests.
type RateLimitError struct {
	RetryAfter time.Duration // 0: it did not say
	Banned     bool          // it has shut this address out
}

func (e *RateLimitError) Error() string {
	text := "rate limit reached"
	if e.Banned {
		text = "this address is banned for too many requests"
	}
	if e.RetryAfter > 0 {
		text += fmt.Sprintf("; retry after %s", e.RetryAfter)
	}
	return text
}

// Config is how to reach an upstream.
type Config struct {
	BaseURL   string       // without a trailing slash
	HTTP      *http.Client // nil: a client of its own
	UserAgent string       // upstreams refuse requests without one; "" : omc
	Limit     rate.Limit   // requests per second; 0: the source's default
}

// Client makes GET requests. Safe for concurrent use.
type Client struct {
	base, agent string
	http        *http.Client
	limiter     *rate.Limiter
}

const (
	maxBody = 16 << 20
	timeout = 20 * time.Second
)

// New returns a client; limit is the source's own where c sets none.
func New(c Config, limit rate.Limit) *Client {
	if c.HTTP == nil {
		c.HTTP = &http.Client{}
	}
	if c.UserAgent == "" {
		c.UserAgent = "omc"
	}
	if c.Limit > 0 {
		limit = c.Limit
	}
	return &Client{base: strings.TrimRight(c.BaseURL, "/"), agent: c.UserAgent, http: c.HTTP, limiter: rate.NewLimiter(limit, 1)}
}

// Answer is a response's status, header and whole body.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Get asks for a path. 429, 418 and 5xx come back as errors; other statuses are the caller's to judge.
func (c *Client) Get(ctx context.Context, path string, query url.Values) (Answer, error) {
	if err := c.limiter.Wait(ctx); err != nil {
		return Answer{}, fmt.Errorf("wait for a turn: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	u := c.base + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return Answer{}, fmt.Errorf("base url: %w", err)
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return Answer{}, fmt.Errorf("%w: read the answer: %w", ErrUnavailable, err)
	}
	if len(body) > maxBody {
		return Answer{}, fmt.Errorf("%w: over %d bytes", ErrMalformed, maxBody)
	}
	a := Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
	switch {
	case a.Status == http.StatusTooManyRequests || a.Status == http.StatusTeapot:
		return a, &RateLimitError{RetryAfter: retryAfter(a.Header), Banned: a.Status == http.StatusTeapot}
	case a.Status >= 500 || a.Status == 451 || a.Status == 403:
		return a, fmt.Errorf("%w: http status %d", ErrUnavailable, a.Status)
	case strings.HasPrefix(strings.TrimSpace(string(body[:min(len(body), 64)])), "<"):
		return a, fmt.Errorf("%w: a web page instead of data (http status %d)", ErrUnavailable, a.Status)
	}
	return a, nil
}

// retryAfter reads a count of seconds, at most a day.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, 86400)) * time.Second
}

// Text shortens what an upstream said, for an error: printable characters only.
func Text(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}
