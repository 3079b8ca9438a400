package upstream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// socks is a SOCKS5 proxy (RFC 1928) that opens connections for me:hunter2 only (RFC 1929).
type socks struct {
	mu    sync.Mutex // guards what follows
	asked []string   // host:port, as the client asked for it
}

var errSocks = errors.New("refused")

// serve starts the proxy and returns where it is.
func (s *socks) serve(t *testing.T) string {
	t.Helper()
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
			t.Cleanup(func() { conn.Close() })
			wg.Go(func() {
				defer conn.Close()
				if to, err := s.open(conn); err == nil {
					defer to.Close()
					go func() { _, _ = io.Copy(to, conn); to.Close() }()
					_, _ = io.Copy(conn, to)
				}
			})
		}
	})
	t.Cleanup(wg.Wait) // after the connections and the listener have been closed
	t.Cleanup(func() { lis.Close() })
	return lis.Addr().String()
}

// open speaks the protocol until the connection to the upstream is there.
func (s *socks) open(conn net.Conn) (net.Conn, error) {
	read := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(conn, b); err != nil {
			return make([]byte, n)
		}
		return b
	}
	text := func() string { return string(read(int(read(1)[0]))) }
	head := read(2)
	if methods := read(int(head[1])); head[0] != 5 || !bytes.Contains(methods, []byte{2}) {
		_, _ = conn.Write([]byte{5, 0xff})
		return nil, errSocks
	}
	_, _ = conn.Write([]byte{5, 2})
	if v, user, password := read(1)[0], text(), text(); v != 1 || user != "me" || password != "hunter2" {
		_, _ = conn.Write([]byte{1, 1})
		return nil, errSocks
	}
	_, _ = conn.Write([]byte{1, 0})
	req := read(4)
	var host string
	switch req[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = text()
	case 4:
		host = net.IP(read(16)).String()
	}
	at := net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(read(2)))))
	s.mu.Lock()
	s.asked = append(s.asked, at)
	s.mu.Unlock()
	to, err := net.Dial("tcp", at)
	if err != nil || req[0] != 5 || req[1] != 1 {
		_, _ = conn.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return nil, errSocks
	}
	_, err = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return to, err
}

// count is how many connections were asked for.
func (s *socks) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// Requests go through a SOCKS5 proxy with its user and password, in clear and over TLS, and the upstream's own refusals are not its.
func TestASocksProxyIsUsed(t *testing.T) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			var agents []string
			srv := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				agents = append(agents, r.UserAgent())
				if r.URL.Path == "/bad" {
					w.WriteHeader(http.StatusBadGateway)
				}
				_, _ = io.WriteString(w, `{"from":"the upstream"}`)
			}))
			t.Cleanup(srv.Close)
			var s socks
			b := try(t, Config{BaseURL: srv.URL, HTTP: srv.Client(), Proxies: []string{"socks5://me:hunter2@" + s.serve(t)}, Limit: 1e6})
			for range 3 {
				if a, err := b.ask(t); err != nil || string(a.Body) != `{"from":"the upstream"}` {
					t.Fatal(err)
				}
			}
			if _, err := b.Get(t.Context(), "/bad", nil); !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), "proxy") {
				t.Error(err)
			}
			if h := b.Proxies()[0]; !h.OK || h.Failures != 0 || strings.Contains(h.Host, "me") {
				t.Errorf("%+v", h)
			}
			if len(agents) != 6 || agents[0] != "omc" || s.count() != 1 || "http://"+s.asked[0] != strings.Replace(srv.URL, "https", "http", 1) { // 502 is tried three times
				t.Errorf("%q through %v, want all through one connection to %s", agents, s.asked, srv.URL)
			}
		})
	}
}

// A proxy that refuses the password, or cannot reach the upstream, is left out; nothing is told of the password.
func TestASocksProxyThatRefuses(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct{ user, base string }{"password": {"me:hunter3", ""}, "no password": {"", ""}, "unreachable": {"me:hunter2", gone.URL}} {
		var s socks
		proxy := "socks5://" + c.user + "@" + s.serve(t)
		b := try(t, Config{BaseURL: c.base, Proxies: []string{strings.Replace(proxy, "//@", "//", 1)}, Limit: 1e6})
		if _, err := b.ask(t); !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), "hunter") || b.Proxies()[0].OK || b.script.Seen() != 0 {
			t.Errorf("%s: %v %+v", name, err, b.Proxies())
		}
	}
}
