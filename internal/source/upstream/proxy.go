package upstream

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
)

const (
	maxProxies = 1000
	// A proxy that failed is left out for proxyRest, doubled with each further failure, and proxyMost at most.
	proxyRest = 10 * time.Second
	proxyMost = 10 * time.Minute
	// proxyDial leaves time for another proxy within the request's own.
	proxyDial = 5 * time.Second
)

var errNoProxy = fmt.Errorf("%w: no proxy works", ErrUnavailable)

// ProxyHealth is how a proxy fares.
type ProxyHealth struct {
	Host     string // and port: never a user or a password
	OK       bool   // it is in use
	Failures int    // in a row
	Until    time.Time
}

// proxies are used in turn. A nil one is none at all: the environment's are used.
type proxies struct {
	clock   clock.Clock
	section string // of the settings

	mu   sync.Mutex // guards what follows
	list []*proxy
	next int
}

type proxy struct {
	url      *url.URL
	host     string
	failures int // in a row
	until    time.Time
}

// proxyKey is where a request's context keeps its proxy.
type proxyKey struct{}

// through sends all requests through the proxies.
func (c *core) through(list []string) error {
	p := &proxies{clock: c.pace.clock, section: c.section}
	if len(list) > maxProxies {
		return fmt.Errorf("%w: %s.proxies has %d entries, the limit is %d", ErrUnavailable, c.section, len(list), maxProxies)
	}
	for i, s := range list {
		u, err := url.Parse(s) // its error would show the password
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
			return fmt.Errorf("%w: entry %d of %s.proxies is no url like http://user:password@host:port (or https, or socks5)", ErrUnavailable, i+1, c.section)
		}
		p.list = append(p.list, &proxy{url: u, host: Text(u.Host)})
	}
	rt := c.http.Transport
	if rt == nil {
		rt = http.DefaultTransport
	}
	t, ok := rt.(*http.Transport)
	if !ok {
		return fmt.Errorf("%w: %s.proxies cannot be used with a transport of another kind", ErrUnavailable, c.section)
	}
	t = t.Clone()
	t.DialContext = (&net.Dialer{Timeout: proxyDial}).DialContext
	t.Proxy = func(r *http.Request) (*url.URL, error) {
		if via, ok := r.Context().Value(proxyKey{}).(*proxy); ok {
			return via.url, nil
		}
		return nil, errNoProxy
	}
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("it answered http status %d", resp.StatusCode)
		}
		return nil
	}
	c.http.Transport, c.proxies = t, p
	return nil
}

// pick gives a request the next proxy that works; nil where none are configured.
func (p *proxies) pick(ctx context.Context) (context.Context, *proxy, error) {
	if p == nil {
		return ctx, nil, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	first := now.Add(proxyMost)
	for range p.list {
		via := p.list[p.next%len(p.list)]
		p.next = (p.next + 1) % len(p.list)
		if left := via.until.Sub(now); left <= 0 || left > proxyMost { // the clock may have been set back
			return context.WithValue(ctx, proxyKey{}, via), via, nil
		}
		if via.until.Before(first) {
			first = via.until
		}
	}
	return ctx, nil, fmt.Errorf("%w: all %d of %s.proxies have failed; the next is tried again at %s", errNoProxy, len(p.list), p.section, first.UTC().Format(time.RFC3339))
}

func (p *proxies) failed(via *proxy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if via.failures > 0 && now.Before(via.until) {
		return // another request has told already
	}
	via.until = now.Add(min(proxyRest<<min(via.failures, 10), proxyMost))
	via.failures++
}

// judge tells by a status whether it was the proxy that answered. Inside a tunnel the upstream did.
func (p *proxies) judge(via *proxy, scheme string, status int) error {
	if scheme == "http" && via.url.Scheme != "socks5" && (status == http.StatusProxyAuthRequired || status == http.StatusBadGateway) {
		p.failed(via)
		return fmt.Errorf("%w: proxy %s: http status %d", ErrUnavailable, via.host, status)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	via.failures, via.until = 0, time.Time{}
	return nil
}

func (p *proxies) health() []ProxyHealth {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	out := make([]ProxyHealth, len(p.list))
	for i, via := range p.list {
		out[i] = ProxyHealth{Host: via.host, OK: !now.Before(via.until), Failures: via.failures, Until: via.until}
	}
	return out
}
