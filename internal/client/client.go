// Package client is the typed HTTP client of omc's interface, over any http.RoundTripper: a unix socket, TLS, or memory.
// It decides nothing and keeps nothing; every error a service gave comes back as the same *api.Problem.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/ohmycoins/omc/internal/api"
)

const (
	prefix      = "/api/v1"
	maxAnswer   = 512 << 20 // bytes of one JSON answer
	maxProblem  = 1 << 20
	maxLine     = 16 << 20 // bytes of one streamed line or event
	problemType = "application/problem+json"
)

// Client calls one omc. It is safe for concurrent use.
type Client struct {
	base string
	http *http.Client
}

// New makes a client of the interface at base ("http://omc"), reached through transport.
func New(base string, transport http.RoundTripper) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), http: &http.Client{Transport: transport}}
}

// Unreachable is the error of a call that got no answer at all.
type Unreachable struct {
	Err error
}

// Error says what could not be reached.
func (u *Unreachable) Error() string { return "omc does not answer: " + u.Err.Error() }

// Unwrap returns the transport's error.
func (u *Unreachable) Unwrap() error { return u.Err }

func (c *Client) request(ctx context.Context, method, path string, q url.Values, body io.Reader, header http.Header) (*http.Response, error) {
	u := c.base + prefix + path
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	res, err := c.do(ctx, method, u, body, header)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 400 {
		defer res.Body.Close()
		return nil, readProblem(res)
	}
	return res, nil
}

// do makes the call. No answer at all is an *Unreachable.
func (c *Client) do(ctx context.Context, method, u string, body io.Reader, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u, body)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, &Unreachable{Err: err}
	}
	return res, nil
}

func readProblem(res *http.Response) error {
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	p := &api.Problem{}
	if err == nil && strings.HasPrefix(res.Header.Get("Content-Type"), problemType) && json.Unmarshal(raw, p) == nil && p.Code != "" {
		return p
	}
	text := strings.TrimSpace(string(raw))
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return api.NewProblem(res.StatusCode, api.CodeInternal, "omc answered %s: %s", res.Status, text)
}

// call sends in (nil: no body) and reads the answer into out (nil: discarded).
func (c *Client) call(ctx context.Context, method, path string, q url.Values, in, out any) error {
	var body io.Reader
	header := http.Header{"Accept": {"application/json"}}
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("request %s: %w", path, err)
		}
		body = bytes.NewReader(raw)
		header.Set("Content-Type", "application/json")
	}
	res, err := c.request(ctx, method, path, q, body, header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if out == nil {
		return nil
	}
	limited := &io.LimitedReader{R: res.Body, N: maxAnswer}
	if err := json.NewDecoder(limited).Decode(out); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("answer of %s: %w", path, err)
	}
	return nil
}

// Alive asks whether anybody answers at all; any answer will do.
func (c *Client) Alive(ctx context.Context) error {
	res, err := c.do(ctx, http.MethodGet, c.base+"/healthz", nil, nil)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func get[T any](ctx context.Context, c *Client, path string, q url.Values) (T, error) {
	var out T
	err := c.call(ctx, http.MethodGet, path, q, nil, &out)
	return out, err
}

func post[T any](ctx context.Context, c *Client, path string, in any) (T, error) {
	var out T
	err := c.call(ctx, http.MethodPost, path, nil, in, &out)
	return out, err
}

func esc(id string) string { return url.PathEscape(id) }
