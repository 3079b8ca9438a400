package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/faulty"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench is a client on a clock of its own against a scripted server.
type bench struct {
	*Client
	clock  *clock.Manual
	script *faulty.Handler
	url    string

	mu    sync.Mutex // guards waits
	waits []time.Duration
}

func (b *bench) wait(ctx context.Context, d time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waits = append(b.waits, d)
	b.clock.Advance(d)
	return ctx.Err()
}

func try(t *testing.T, c Config, script ...faulty.Fault) *bench {
	t.Helper()
	b := &bench{clock: clock.NewManual(start)}
	b.script = faulty.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		_, _ = w.Write([]byte(r.Method + r.URL.Path + r.UserAgent()))
	}), script...)
	srv := httptest.NewServer(b.script)
	t.Cleanup(srv.Close)
	b.url = srv.URL
	if c.BaseURL == "" {
		c.BaseURL = srv.URL + "/"
	}
	c.Clock, c.Wait = b.clock, b.wait
	b.Client = New("test", c, 1000)
	return b
}

func (b *bench) ask(t *testing.T) (Answer, error) {
	t.Helper()
	return b.Get(t.Context(), "/x", url.Values{"secret": {"hunter2"}})
}

func TestGetSaysWhoAsks(t *testing.T) {
	a, err := try(t, Config{}).ask(t)
	if err != nil || string(a.Body) != "GET/xomc" || !a.Time.Equal(start) {
		t.Errorf("%v %q %s", err, a.Body, a.Time)
	}
}

// Every fault ends in an error that names the upstream, the reason and the way out, and tells nothing of the query.
func TestFaults(t *testing.T) {
	slow := Config{Timeout: 30 * time.Millisecond}
	for name, c := range map[string]struct {
		config Config
		fault  faulty.Fault
		kind   error
		says   string
		asked  int
	}{
		"500":           {Config{}, faulty.Status(500), ErrUnavailable, "http status 500", 3},
		"503":           {Config{}, faulty.Status(503), ErrUnavailable, "http status 503", 3},
		"403":           {Config{}, faulty.Status(403), ErrUnavailable, "refuses this address", 1},
		"451":           {Config{}, faulty.Status(451), ErrUnavailable, "refuses this address or country", 1},
		"page":          {Config{}, faulty.Page(200), ErrUnavailable, "a web page instead of data (http status 200)", 1},
		"error page":    {Config{}, faulty.Page(502), ErrUnavailable, "http status 502", 3},
		"cut":           {Config{}, faulty.Cut(3), ErrUnavailable, "unexpected EOF", 3},
		"no body":       {Config{}, faulty.Cut(0), ErrUnavailable, "EOF", 3},
		"endless":       {Config{}, faulty.Endless("1"), ErrMalformed, "over 1048576 bytes", 1},
		"bomb":          {Config{}, faulty.Bomb(64 << 20), ErrMalformed, "over 1048576 bytes", 1},
		"no first byte": {slow, faulty.Stall, ErrUnavailable, "no whole answer in time", 1},
		"drip":          {slow, faulty.Drip(10 * time.Millisecond), ErrUnavailable, "no whole answer in time", 1},
		"redirect":      {Config{}, faulty.Redirect(302, "http://elsewhere.invalid/?token=hunter2"), ErrUnavailable, "redirected to http://elsewhere.invalid, which is not followed: if it has moved, set sources.test.base_url", 1},
		"elsewhere":     {Config{}, faulty.Redirect(308, "//elsewhere.invalid:1/hunter2"), ErrUnavailable, "elsewhere.invalid:1, which is not followed", 1},
		"loop":          {Config{}, faulty.Redirect(307, "/x?secret=hunter2"), ErrUnavailable, "more than 3 times", 4},
		"nowhere":       {Config{}, faulty.Status(304), ErrUnavailable, "http status 304", 1},
		"header":        {Config{}, faulty.Header(1 << 20), ErrUnavailable, "header", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := try(t, c.config, faulty.Times(4, c.fault)...)
			_, err := b.ask(t)
			var f *Failure
			if !errors.Is(err, c.kind) || !errors.As(err, &f) || f.Upstream != "test" {
				t.Fatalf("%v", err)
			}
			text := err.Error()
			if !strings.HasPrefix(text, "test: ") || !strings.Contains(text, c.says) || !strings.HasSuffix(text, "ask another source") || strings.Contains(text, "hunter2") || len(text) > 400 {
				t.Errorf("%s", text)
			}
			if n := b.script.Seen(); n != c.asked {
				t.Errorf("asked %d times, want %d", n, c.asked)
			}
		})
	}
}

// A connection that was kept may have been closed by the other side meanwhile: net/http itself asks again once on a new one.
func TestADroppedConnectionIsTriedAgain(t *testing.T) {
	b := try(t, Config{}, faulty.Reset)
	if a, err := b.ask(t); err != nil || string(a.Body) != "GET/xomc" {
		t.Errorf("%v %q", err, a.Body)
	}
	b = try(t, Config{}, faulty.Times(20, faulty.Fault(faulty.Reset))...)
	if _, err := b.ask(t); !errors.Is(err, ErrUnavailable) || b.script.Seen() != tries {
		t.Errorf("%v after %d", err, b.script.Seen())
	}
}

func TestNobodyThereIsNotAskedAgain(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	b := try(t, Config{BaseURL: srv.URL})
	_, err := b.ask(t)
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "connection refused") || len(b.waits) != 0 {
		t.Errorf("%v %v", err, b.waits)
	}
}

func TestSecondThoughtsAreSpaced(t *testing.T) {
	b := try(t, Config{Limit: 2}, faulty.Status(500), faulty.Cut(1))
	if a, err := b.ask(t); err != nil || string(a.Body) != "GET/xomc" {
		t.Fatalf("%v %q", err, a.Body)
	}
	want := []time.Duration{200 * time.Millisecond, 300 * time.Millisecond, 400 * time.Millisecond, 100 * time.Millisecond}
	if len(b.waits) != len(want) {
		t.Fatal(b.waits)
	}
	for i := range want {
		if b.waits[i] != want[i] {
			t.Error(b.waits)
		}
	}
}

func TestBadBaseURLs(t *testing.T) {
	for _, u := range []string{"ftp://h/", "http://user:hunter2@[::1", "", "http:///x", "http://h/?key=hunter2"} {
		_, err := New("test", Config{BaseURL: u}, 1).Get(t.Context(), "/", nil)
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "sources.test.base_url") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", u, err)
		}
	}
	srv := httptest.NewServer(nil)
	srv.Close()
	_, err := New("test", Config{BaseURL: strings.Replace(srv.URL, "//", "//me:hunter2@", 1)}, 1).Get(t.Context(), "/", nil)
	if !errors.Is(err, ErrUnavailable) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "me:") {
		t.Error(err)
	}
}

func TestTheCallersClientIsLeftAlone(t *testing.T) {
	mine := &http.Client{}
	New("test", Config{BaseURL: "http://h", HTTP: mine}, 1)
	if mine.CheckRedirect != nil {
		t.Error("the caller's redirect policy was changed")
	}
}

func TestASlowAnswerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := try(t, Config{}, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		cancel()
		faulty.Stall(w, r, next)
	})
	_, err := b.Get(ctx, "/", nil)
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) || err.Error() != "test: unavailable: context canceled" {
		t.Errorf("%v", err)
	}
}

func TestAFailureIsShortAndPrintable(t *testing.T) {
	err := try(t, Config{}).Fail(fmt.Errorf("%w: \x1b[2J%s", ErrMalformed, strings.Repeat("x", 1<<20)))
	if text := err.Error(); len(text) > 400 || strings.Contains(text, "\x1b") || !strings.HasPrefix(text, "test: malformed answer:") || !strings.HasSuffix(text, "ask another source") {
		t.Errorf("%d bytes: %.400q", len(text), text)
	}
}

func TestTextIsShortAndPrintable(t *testing.T) {
	for _, s := range []string{strings.Repeat("é", 1<<20), "\x1b[31mred\x00\u009b", string([]byte{0xff, 0xfe})} {
		got := Text(s)
		if len(got) > 310 || strings.ContainsAny(got, "\x1b\x00\u009b\uFFFD") {
			t.Errorf("%q", got)
		}
	}
}
