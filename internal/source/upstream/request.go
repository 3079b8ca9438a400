package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/source"
)

// Request is one question. The zero value of each field but Path is an ordinary one.
type Request struct {
	Method      string // "": GET
	Path        string // below the base URL
	Query       url.Values
	Header      http.Header // further headers: an api key, an authorization
	Body        []byte
	ContentType string // of Body
	Accept      string // "": application/json
	MaxBody     int64  // bytes of an answer, decompressed; 0: 1 MiB
	// Repeatable says that asking twice does no harm: a GET never does; another method is tried once unless this is set.
	Repeatable bool
	Own        []int // statuses that the caller judges itself, whatever their body is
	XML        bool  // an answer may begin with <; an html document still is none
	If         Validators
	// Read, where it is set, is given the body of an answer of 200 to 299 as it comes in; Answer.Body is empty then. It is called at
	// most once: what fails from then on is not tried again. Its error is an ErrMalformed, unless it is of another kind; a body that is
	// too long, or ends early, is told whatever Read made of it.
	Read func(io.Reader) error
}

// Validators are what an upstream gave to tell whether an answer has changed since. The zero value is none.
type Validators struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"` // as it was sent
}

// maxValidator bounds what is kept of an upstream's header to be sent back to it.
const maxValidator = 1 << 10

// Answer is a response's status, header and whole body.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Time is the upstream's clock or ours, whichever is behind: what closes after it may not be over yet, even where our
	// clock is fast.
	Time time.Time
	// NotModified says that the answer is still the one that Request.If came with.
	NotModified bool
	Validators  Validators // for the If of the next request
}

// Get asks for a path: a Do with nothing else in it.
func (c *Client) Get(ctx context.Context, path string, query url.Values) (Answer, error) {
	return c.Do(ctx, Request{Path: path, Query: query})
}

// Do makes a request, again where a connection broke or the upstream met an error of its own and repeating is safe, and at most three
// times. 429, 418, 403, 451, 3xx, 5xx and web pages come back as errors; other statuses, and Own ones, are the caller's to judge.
// After a limit was reached, or while the breaker is open, it fails without asking.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	a, err := c.do(ctx, r)
	if err == nil {
		return a, nil
	}
	return a, &Failure{Upstream: c.name, Err: err}
}

// Fail names the upstream and the way out in an error; nil stays nil. A RateLimitError holds further requests back, and what was
// unavailable or malformed counts for the breaker. What came from Do has been counted.
func (c *Client) Fail(err error) error {
	var f *Failure
	if err == nil || errors.As(err, &f) {
		return err
	}
	c.note(err)
	return &Failure{Upstream: c.name, Err: err}
}

// note makes of a failure of the upstream what follows from it.
func (c *Client) note(err error) {
	c.stats.failed(err)
	var limited *RateLimitError
	switch {
	case errors.As(err, &limited):
		c.pace.hold(limited)
	case errors.Is(err, ErrUnknownSymbol), errors.Is(err, context.Canceled):
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrMalformed):
		c.breaker.failed()
	}
}

func (c *Client) do(ctx context.Context, r Request) (Answer, error) {
	u, err := c.address(&r)
	if err != nil {
		return Answer{}, err
	}
	if err := c.breaker.check(); err != nil {
		return Answer{}, err
	}
	if err := c.pace.turn(ctx); err != nil {
		return Answer{}, err
	}
	if err := c.breaker.enter(); err != nil { // others may have failed meanwhile
		return Answer{}, err
	}
	a, err := c.tried(ctx, u, &r)
	var limited *RateLimitError
	switch {
	case err == nil:
		c.breaker.answered()
	case ctx.Err() != nil || errors.Is(err, errNoProxy):
		c.breaker.left() // it was not the upstream's doing
	default:
		if errors.As(err, &limited) {
			c.breaker.answered()
		}
		c.note(err)
	}
	return a, err
}

// address checks a request and says where it goes.
func (c *Client) address(r *Request) (string, error) {
	if c.problem != nil {
		return "", c.problem
	}
	if c.base == nil {
		return "", fmt.Errorf("%w: %s must be an http or https url without a query", ErrUnavailable, c.setting)
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		r.Repeatable = true
	}
	if r.Accept == "" {
		r.Accept = "application/json"
	}
	if r.MaxBody <= 0 {
		r.MaxBody = maxBody
	}
	u := c.base.JoinPath(r.Path)
	u.RawQuery = r.Query.Encode()
	return u.String(), nil
}

func (c *Client) tried(ctx context.Context, u string, r *Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	for try := 1; ; try++ {
		a, again, err := c.once(ctx, u, r)
		if err == nil || !again || try == tries {
			return a, err
		}
		if c.pace.wait(ctx, pause<<(try-1)) != nil || c.pace.turn(ctx) != nil {
			return a, err // why the answer failed says more than why it was not asked for again
		}
	}
}

// once makes one request; again reports that the same request may well succeed, and does no harm.
func (c *Client) once(ctx context.Context, u string, r *Request) (a Answer, again bool, err error) {
	ctx, via, err := c.proxies.pick(ctx)
	if err != nil {
		return a, false, err
	}
	connected := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	req, err := c.build(ctx, u, r)
	if err != nil {
		return a, false, err
	}
	c.stats.sent()
	source.CounterOf(ctx).Sent()
	resp, err := c.http.Do(req)
	if err != nil {
		if via != nil && !connected && !errors.Is(ctx.Err(), context.Canceled) {
			c.proxies.failed(via)
			return a, ctx.Err() == nil, fmt.Errorf("proxy %s: %w", via.host, transportError(ctx, err)) // nothing was sent
		}
		return a, r.Repeatable && ctx.Err() == nil && !settled(err), transportError(ctx, err)
	}
	defer resp.Body.Close()
	if via != nil {
		if err := c.proxies.judge(via, req.URL.Scheme, resp.StatusCode); err != nil {
			return a, r.Repeatable, err
		}
	}
	a = Answer{Status: resp.StatusCode, Header: resp.Header, Time: c.pace.clock.Now()}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil && date.Before(a.Time) {
		a.Time = date
	}
	a.Validators = validators(resp.Header)
	again, err = c.read(ctx, &a, resp.Body, r)
	return a, again && r.Repeatable, err
}

func (c *Client) build(ctx context.Context, u string, r *Request) (*http.Request, error) {
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is no url, or %.20q no method", ErrUnavailable, c.setting, r.Method)
	}
	set := func(key, value string) {
		if value != "" {
			req.Header.Set(key, value)
		}
	}
	set("User-Agent", c.agent)
	set("Accept", r.Accept)
	set("Content-Type", r.ContentType)
	set("If-None-Match", r.If.ETag)
	set("If-Modified-Since", r.If.LastModified)
	for k, v := range r.Header {
		req.Header[http.CanonicalHeaderKey(k)] = slices.Clone(v)
	}
	return req, nil
}

// validators are those of an answer; what could not be sent back as it came is none.
func validators(h http.Header) Validators {
	fit := func(s string) string {
		for i := range len(s) {
			if s[i] < ' ' || s[i] == 0x7f {
				return ""
			}
		}
		if len(s) > maxValidator {
			return ""
		}
		return s
	}
	return Validators{ETag: fit(h.Get("ETag")), LastModified: fit(h.Get("Last-Modified"))}
}
