package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source/faulty"
)

// answers is a fault that sends what it is told.
func answers(status int, contentType, body string) faulty.Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestDoSendsWhatItIsTold(t *testing.T) {
	var got *http.Request
	var body []byte
	b := try(t, Config{UserAgent: "me me@example.org"}, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	_, err := b.Do(t.Context(), Request{Method: "POST", Path: "/p", Query: url.Values{"q": {"a b"}}, Header: http.Header{"apikey": {"k"}},
		Body: []byte(`{"x":1}`), ContentType: "application/json", Accept: "application/atom+xml", If: Validators{ETag: `"e"`, LastModified: "Fri"}})
	if err != nil {
		t.Fatal(err)
	}
	h := got.Header
	if got.Method != "POST" || got.URL.String() != "/p?q=a+b" || string(body) != `{"x":1}` || got.UserAgent() != "me me@example.org" || h.Get("Apikey") != "k" ||
		h.Get("Content-Type") != "application/json" || h.Get("Accept") != "application/atom+xml" || h.Get("If-None-Match") != `"e"` || h.Get("If-Modified-Since") != "Fri" {
		t.Errorf("%s %s %v %s", got.Method, got.URL, h, body)
	}
}

// A request that may have had an effect is made once, unless repeating it is said to be safe.
func TestOnlyWhatMayBeRepeatedIsRepeated(t *testing.T) {
	for name, f := range map[string]faulty.Fault{"500": faulty.Status(500), "cut": faulty.Cut(2), "reset": faulty.Reset} {
		for _, repeatable := range []bool{false, true} {
			b := try(t, Config{}, f)
			a, err := b.Do(t.Context(), Request{Method: "POST", Path: "/", Body: []byte("x"), Repeatable: repeatable})
			if repeatable != (err == nil) || repeatable && (b.script.Seen() != 2 || string(a.Body) != "POST/omc") || !repeatable && b.script.Seen() != 1 {
				t.Errorf("%s, %t: %v after %d", name, repeatable, err, b.script.Seen())
			}
		}
	}
}

func TestAPostIsNotTurnedIntoAnotherRequest(t *testing.T) {
	for _, code := range []int{301, 302, 303} {
		b := try(t, Config{}, faulty.Redirect(code, "/other"))
		_, err := b.Do(t.Context(), Request{Method: "POST", Path: "/", Body: []byte("x"), Repeatable: true})
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "from POST to GET") || b.script.Seen() != 1 {
			t.Errorf("%d: %v after %d", code, err, b.script.Seen())
		}
	}
}

func TestOwnStatusesAreTheCallers(t *testing.T) {
	for _, status := range []int{402, 403, 404, 429, 500, 503} {
		for body, kind := range map[string]string{`{"code":7}`: "application/json", "<html>no</html>": "text/html"} {
			b := try(t, Config{}, answers(status, kind, body))
			a, err := b.Do(t.Context(), Request{Path: "/", Own: []int{402, 403, 404, 429, 500, 503}, Read: func(io.Reader) error { return errors.New("read") }})
			if err != nil || a.Status != status || string(a.Body) != body || b.script.Seen() != 1 {
				t.Errorf("%d: %v %+v after %d", status, err, a, b.script.Seen())
			}
		}
	}
}

func TestXMLIsNoWebPage(t *testing.T) {
	const feed = `<?xml version="1.0"?>` + "\n<!-- a feed --><rss></rss>"
	for _, c := range []struct {
		kind, body string
		xml, ok    bool
	}{
		{"application/rss+xml", feed, true, true},
		{"text/html; charset=utf-8", feed, true, true},
		{"text/xml", "\xef\xbb\xbf \n<feed/>", true, true},
		{"application/rss+xml", feed, false, false},
		{"application/rss+xml", "<!DOCTYPE html><html></html>", true, false},
		{"application/xml", "<?xml version='1.0'?>\n<!DOCTYPE\n HTML PUBLIC '-//W3C//DTD XHTML'><html/>", true, false},
		{"application/rss+xml", "<HTML lang=en>", true, false},
		{"application/json", "<html>", false, false},
		{"application/json", "\xef\xbb\xbf<html>", false, false},
		{"TEXT/HTML", "{}", false, false},
		{"application/xml", "<?xml never ends", true, true},
	} {
		for _, read := range []func(io.Reader) error{nil, func(r io.Reader) error { return nil }} {
			_, err := try(t, Config{}, answers(200, c.kind, c.body)).Do(t.Context(), Request{Path: "/", XML: c.xml, Read: read})
			if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "web page") {
				t.Errorf("%q %q, %t: %v", c.kind, c.body, c.xml, err)
			}
		}
	}
}

func TestWhatHasNotChangedIsNotSentAgain(t *testing.T) {
	mark := Validators{ETag: `W/"1"`, LastModified: "Fri, 02 Jan 2026 03:04:05 GMT"}
	serve := func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("ETag", mark.ETag)
		if r.Header.Get("If-None-Match") == mark.ETag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Last-Modified", mark.LastModified)
		_, _ = io.WriteString(w, "{}")
	}
	b := try(t, Config{}, serve, serve)
	a, err := b.Do(t.Context(), Request{Path: "/"})
	if err != nil || a.NotModified || a.Validators != mark {
		t.Fatalf("%v %+v", err, a)
	}
	a, err = b.Do(t.Context(), Request{Path: "/", If: a.Validators, Read: func(io.Reader) error { return errors.New("read") }})
	if err != nil || !a.NotModified || len(a.Body) != 0 || a.Validators != mark {
		t.Errorf("%v %+v", err, a)
	}
	if _, err = try(t, Config{}, faulty.Status(304)).Do(t.Context(), Request{Path: "/"}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a 304 that nobody asked for: %v", err)
	}
}

func TestHostileValidatorsAreNotKept(t *testing.T) {
	for _, h := range []http.Header{{"Etag": {strings.Repeat("x", 2000)}}, {"Last-Modified": {"a\rb"}}, {"Etag": {"a\x7f"}}} {
		if v := validators(h); v != (Validators{}) {
			t.Errorf("%.40q", v)
		}
	}
}

// decode reads a body of {"status":…} and what follows.
func decode(r io.Reader) error {
	var v struct{ Value int }
	return json.NewDecoder(r).Decode(&v)
}

func TestABodyIsReadAsItComesIn(t *testing.T) {
	whole := `{"value":1}` + strings.Repeat(" ", 100_000)
	var got int64
	a, err := try(t, Config{}, faulty.Body(whole)).Do(t.Context(), Request{Path: "/", Read: func(r io.Reader) (err error) {
		got, err = io.Copy(io.Discard, r)
		return err
	}})
	if err != nil || got != int64(len(whole)) || len(a.Body) != 0 || a.Status != 200 || !a.Time.Equal(start) && a.Time.After(start) {
		t.Errorf("%v %d %+v", err, got, a)
	}
}

func TestReadIsCalledOnceAndItsFaultsAreTold(t *testing.T) {
	own := fmt.Errorf("%w: no such coin", ErrUnknownSymbol)
	long := `{"value":1,"x":"` + strings.Repeat("y", 50_000) + `"}`
	read := func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }
	never := func(r io.Reader) error { return nil } // it reads nothing, and is content
	for name, c := range map[string]struct {
		fault faulty.Fault
		read  func(io.Reader) error
		kind  error
		says  string
		calls int
	}{
		"malformed":       {faulty.Body("[1]"), decode, ErrMalformed, "cannot unmarshal", 1},
		"ends early":      {faulty.Body(`{"value":`), decode, ErrMalformed, "unexpected EOF", 1},
		"of another kind": {faulty.Body("{}"), func(io.Reader) error { return own }, ErrUnknownSymbol, "no such coin", 1},
		"cut":             {cut(long, 40_000), read, ErrUnavailable, "unexpected EOF", 1},
		"cut unseen":      {cut(long, 40_000), never, ErrUnavailable, "unexpected EOF", 1},
		"cut, well read":  {cut(`{"value":1}`+strings.Repeat(" ", 50_000), 40_000), decode, ErrUnavailable, "unexpected EOF", 1},
		"cut at once":     {cut(long, 100), read, ErrUnavailable, "unexpected EOF", 0},
		"endless":         {faulty.Endless("[1,"), read, ErrMalformed, "over 200000 bytes", 1},
		"endless tail":    {faulty.Endless(`{"value":1} `), decode, ErrMalformed, "over 200000 bytes", 1},
		"bomb":            {faulty.Bomb(64 << 20), decode, ErrMalformed, "over 200000 bytes", 1},
		"page":            {faulty.Page(200), read, ErrUnavailable, "web page", 0},
		"page as json":    {answers(200, "application/json", "<html>"), read, ErrUnavailable, "web page", 0},
		"500":             {faulty.Status(500), read, ErrUnavailable, "http status 500", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := try(t, Config{}, faulty.Times(3, c.fault)...)
			calls := 0
			_, err := b.Do(t.Context(), Request{Path: "/", MaxBody: 200_000, Read: func(r io.Reader) error {
				calls++
				return c.read(r)
			}})
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || calls != c.calls {
				t.Errorf("%v after %d calls", err, calls)
			}
			if want := 3 - 2*min(1, c.calls); !strings.HasPrefix(name, "page") && b.script.Seen() != want {
				t.Errorf("asked %d times, want %d", b.script.Seen(), want)
			}
		})
	}
}

// cut sends n bytes of a body that was to be longer.
func cut(body string, n int) faulty.Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		faulty.Cut(n)(w, r, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	}
}

func TestASlowBodyEndsInTime(t *testing.T) {
	for _, f := range []faulty.Fault{faulty.Drip(10 * time.Millisecond), drip(2000)} {
		b := try(t, Config{Timeout: 40 * time.Millisecond}, f)
		_, err := b.Do(t.Context(), Request{Path: "/", Read: func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }})
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "no whole answer in time") || b.script.Seen() != 1 {
			t.Errorf("%v after %d", err, b.script.Seen())
		}
	}
}

// drip sends n bytes at once and then nothing.
func drip(n int) faulty.Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = w.Write(bytes.Repeat([]byte(" "), n))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

func TestMaxBodyCanBeLarge(t *testing.T) {
	b := try(t, Config{}, faulty.Body(strings.Repeat("1", 3<<20)), faulty.Body(strings.Repeat("1", 3<<20)))
	if a, err := b.Do(t.Context(), Request{Path: "/", MaxBody: 3 << 20}); err != nil || len(a.Body) != 3<<20 {
		t.Errorf("%v %d", err, len(a.Body))
	}
	if _, err := b.Do(t.Context(), Request{Path: "/", MaxBody: 3<<20 - 1}); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
}

func TestSiblingsShareWhatTheUpstreamSees(t *testing.T) {
	b := try(t, Config{Limit: 1}, faulty.Pass, faulty.Pass, faulty.Wait(429, "60"))
	other := httptest.NewServer(b.script)
	defer other.Close()
	sibling := b.At(other.URL + "/v2")
	for i, c := range []*Client{b.Client, sibling} {
		a, err := c.Get(t.Context(), "/x", nil)
		if want := []string{"GET/xomc", "GET/v2/xomc"}[i]; err != nil || string(a.Body) != want {
			t.Errorf("%v %q", err, a.Body)
		}
	}
	if got := b.clock.Now().Sub(start); got != time.Second {
		t.Errorf("two requests, one a second, took %s", got)
	}
	var limited *RateLimitError
	if _, err := sibling.Get(t.Context(), "/", nil); !errors.As(err, &limited) {
		t.Error(err)
	}
	if _, err := b.ask(t); !errors.As(err, &limited) || b.script.Seen() != 3 {
		t.Errorf("%v after %d", err, b.script.Seen())
	}
	if _, err := b.At("no url").Get(t.Context(), "/", nil); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}

func TestBases(t *testing.T) {
	for base, want := range map[string][]string{
		"":              {"https://a", "https://b", "https://c"},
		"https://a":     {"https://a", "https://b", "https://c"},
		"https://a/":    {"https://a", "https://b", "https://c"},
		"http://mirror": {"http://mirror", "http://mirror", "http://mirror"},
	} {
		if got := Bases(base, "https://a", "https://b", "https://c"); !slices.Equal(got, want) {
			t.Errorf("%q: %v", base, got)
		}
	}
}

func TestAMethodThatIsNone(t *testing.T) {
	b := try(t, Config{})
	if _, err := b.Do(t.Context(), Request{Method: "G T", Path: "/"}); err == nil || b.script.Seen() != 0 {
		t.Error(err)
	}
	if _, err := b.Do(context.Background(), Request{Method: "HEAD", Path: "/"}); err != nil {
		t.Error(err)
	}
}
