package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// forward is a real proxy: it passes plain requests on and opens tunnels, for me:hunter2 only.
type forward struct {
	mu     sync.Mutex // guards what follows
	seen   []string   // methods
	status int        // refuses with this instead
}

func (f *forward) refuse(status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status = status
}

func (f *forward) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seen)
}

func (f *forward) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.seen = append(f.seen, r.Method)
	status := f.status
	f.mu.Unlock()
	if auth := r.Header.Get("Proxy-Authorization"); auth != "Basic bWU6aHVudGVyMg==" {
		status = http.StatusProxyAuthRequired
	}
	switch {
	case status != 0:
		w.WriteHeader(status)
	case r.Method == http.MethodConnect:
		tunnel(w, r.Host)
	default:
		r.RequestURI = ""
		r.Header.Del("Proxy-Authorization")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}
}

func tunnel(w http.ResponseWriter, host string) {
	to, err := net.Dial("tcp", host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer to.Close()
	from, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer from.Close()
	_, _ = io.WriteString(from, "HTTP/1.1 200 Connection established\r\n\r\n")
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(to, from); to.Close() })
	_, _ = io.Copy(from, to)
	from.Close()
	wg.Wait()
}

// serve starts a proxy and returns its url with the password.
func (f *forward) serve(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	return strings.Replace(srv.URL, "//", "//me:hunter2@", 1)
}

func TestProxiesAreUsedInTurn(t *testing.T) {
	var f [3]forward
	var urls []string
	for i := range f {
		urls = append(urls, f[i].serve(t))
	}
	b := try(t, Config{Proxies: urls, Limit: 1e6})
	for range 6 {
		if a, err := b.ask(t); err != nil || string(a.Body) != "GET/xomc" {
			t.Fatal(err)
		}
	}
	for i := range f {
		if f[i].count() != 2 {
			t.Errorf("proxy %d was asked %d times", i, f[i].count())
		}
	}
	for i, h := range b.Proxies() {
		if !h.OK || h.Failures != 0 || strings.Contains(h.Host, "@") || !strings.HasSuffix(urls[i], h.Host) {
			t.Errorf("%+v", h)
		}
	}
}

// A proxy that does not work is left out for ever longer; another one takes the request over.
func TestAProxyThatFailsIsLeftOut(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	var good, bad forward
	gone := strings.Replace(closed.URL, "//", "//me:hunter2@", 1)
	for name, c := range map[string]struct {
		url    string
		status int
	}{"gone": {gone, 0}, "407": {"", 407}, "502": {"", 502}} {
		bad = forward{}
		url := c.url
		if url == "" {
			bad.refuse(c.status)
			url = bad.serve(t)
		}
		b := try(t, Config{Proxies: []string{url, good.serve(t)}, Limit: 1e6})
		for _, rest := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 320 * time.Second, 10 * time.Minute, 10 * time.Minute} {
			for range 2 {
				if _, err := b.ask(t); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			h := b.Proxies()
			if left := h[0].Until.Sub(b.clock.Now()); h[0].OK || left > rest || left < rest-time.Second || !h[1].OK {
				t.Errorf("%s: %+v, %s left of %s", name, h, left, rest)
			}
			b.clock.Set(h[0].Until)
		}
		if c.status != 0 {
			bad.refuse(0)
			for range 2 {
				if _, err := b.ask(t); err != nil {
					t.Fatal(err)
				}
			}
			if h := b.Proxies(); !h[0].OK || h[0].Failures != 0 {
				t.Errorf("%s: %+v", name, h)
			}
		}
	}
}

func TestAllProxiesOut(t *testing.T) {
	var f forward
	f.refuse(407)
	b := try(t, Config{Proxies: []string{f.serve(t), f.serve(t)}, Limit: 1e6})
	for range 10 {
		_, err := b.ask(t)
		if err == nil || !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "me:") {
			t.Fatal(err)
		}
	}
	_, err := b.ask(t)
	if !strings.Contains(err.Error(), "all 2 of sources.test.proxies have failed; the next is tried again at 2026-") || f.count() != 2 || b.script.Seen() != 0 {
		t.Errorf("%v after %d", err, f.count())
	}
	f.refuse(0)
	b.clock.Advance(time.Minute)
	if _, err := b.ask(t); err != nil { // that no proxy works says nothing of the upstream: its breaker is closed
		t.Error(err)
	}
}

func TestATunnelIsOpenedForHTTPS(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = io.WriteString(w, "{}")
	}))
	defer srv.Close()
	var good, bad forward
	bad.refuse(403)
	b := try(t, Config{BaseURL: srv.URL, HTTP: srv.Client(), Proxies: []string{bad.serve(t), good.serve(t)}, Limit: 1e6})
	for range 3 {
		if _, err := b.ask(t); err != nil {
			t.Fatal(err)
		}
	}
	if h := b.Proxies(); h[0].OK || h[0].Failures != 1 || !h[1].OK || bad.count() != 1 || good.count() != 1 || good.seen[0] != "CONNECT" {
		t.Errorf("%+v %v", h, good.seen)
	}
	// Within a tunnel the upstream's own 502 is not the proxy's.
	if _, err := b.Get(t.Context(), "/bad", nil); !errors.Is(err, ErrUnavailable) || !b.Proxies()[1].OK {
		t.Error(err)
	}
}

func TestASocksProxyThatIsNotThere(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	})
	var good forward
	b := try(t, Config{Proxies: []string{"socks5://me:hunter2@" + lis.Addr().String(), good.serve(t)}})
	if _, err := b.ask(t); err != nil || b.Proxies()[0].OK || good.count() != 1 {
		t.Errorf("%v %+v", err, b.Proxies())
	}
	lis.Close()
	wg.Wait()
}

func TestAPostThatWasNotSentIsSentThroughAnotherProxy(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	var good forward
	b := try(t, Config{Proxies: []string{closed.URL, good.serve(t)}})
	if a, err := b.Do(t.Context(), Request{Method: "POST", Path: "/x", Body: []byte("x")}); err != nil || string(a.Body) != "POST/xomc" {
		t.Error(err)
	}
}

func TestProxiesThatAreNone(t *testing.T) {
	for _, list := range [][]string{{"ftp://me:hunter2@h"}, {"http://me:hunter2@[::1"}, {""}, {"http://"}, {"http://ok", "hunter2"}, make([]string, maxProxies+1)} {
		b := try(t, Config{Proxies: list})
		if _, err := b.ask(t); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "sources.test.proxies") || strings.Contains(err.Error(), "hunter2") || b.script.Seen() != 0 {
			t.Errorf("%.100q: %v", list, err)
		}
	}
	b := try(t, Config{Proxies: []string{"http://h"}, HTTP: &http.Client{Transport: rounder{}}})
	if _, err := b.ask(t); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "sources.test.proxies") {
		t.Error(err)
	}
	if h := try(t, Config{}).Proxies(); len(h) != 0 {
		t.Error(h)
	}
}

type rounder struct{}

func (rounder) RoundTrip(*http.Request) (*http.Response, error) { return nil, context.Canceled }
