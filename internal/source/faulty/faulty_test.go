package faulty

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

const whole = `{"status":"ok","value":12345}`

var upstream = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Upstream", "yes")
	io.WriteString(w, whole)
})

// ask plays a fault and returns the answer with as much of its body as came, at most a MiB.
func ask(t *testing.T, f Fault) (*http.Response, []byte, error) {
	t.Helper()
	srv := httptest.NewServer(New(upstream, f))
	t.Cleanup(srv.Close)
	c := srv.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp, b, err
}

func TestAScriptIsPlayedInOrderAndThenPasses(t *testing.T) {
	h := New(upstream, append(Times(2, Status(500)), Pass, Status(503))...)
	h.Then(Status(418))
	srv := httptest.NewServer(h)
	defer srv.Close()
	for i, want := range []int{500, 500, 200, 503, 418, 200, 200} {
		resp, err := srv.Client().Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("request %d: %d, want %d", i, resp.StatusCode, want)
		}
	}
	if h.Seen() != 7 || h.Left() != 0 {
		t.Error(h.Seen(), h.Left())
	}
}

func TestWholeAnswers(t *testing.T) {
	date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		fault        Fault
		status       int
		header, want string
		body         string
	}{
		"status":   {Status(502), 502, "Content-Type", "application/json", `{"fault":502}`},
		"body":     {Body("NaN"), 200, "Content-Type", "application/json", "NaN"},
		"seconds":  {Wait(429, "30"), 429, "Retry-After", "30", `{"fault":429}`},
		"silent":   {Wait(418, ""), 418, "Retry-After", "", `{"fault":418}`},
		"date":     {WaitUntil(429, date, time.Minute, true), 429, "Retry-After", "Fri, 02 Jan 2026 03:05:05 GMT", `{"fault":429}`},
		"shown":    {WaitUntil(429, date, time.Minute, true), 429, "Date", "Fri, 02 Jan 2026 03:04:05 GMT", `{"fault":429}`},
		"hidden":   {WaitUntil(429, date, time.Minute, false), 429, "Date", "", `{"fault":429}`},
		"redirect": {Redirect(302, "http://elsewhere.invalid/"), 302, "Location", "http://elsewhere.invalid/", ""},
		"start":    {Truncate(10), 200, "X-Upstream", "yes", whole[:10]},
		"end":      {Truncate(-1), 200, "X-Upstream", "yes", whole[:len(whole)-1]},
		"drip":     {Drip(time.Microsecond), 200, "X-Upstream", "yes", whole},
		"header":   {Header(100_000), 200, "X-Upstream", "yes", whole},
	} {
		resp, b, err := ask(t, c.fault)
		if err != nil || resp.StatusCode != c.status || resp.Header.Get(c.header) != c.want || string(b) != c.body {
			t.Errorf("%s: %v %+v %q", name, err, resp, b)
		}
	}
}

func TestAPageIsNotJSON(t *testing.T) {
	if resp, b, err := ask(t, Page(200)); err != nil || resp.StatusCode != 200 || !bytes.Contains(b, []byte("<html>")) {
		t.Errorf("%v %q", err, b)
	}
}

func TestBrokenConnections(t *testing.T) {
	if _, b, err := ask(t, Cut(5)); !errors.Is(err, io.ErrUnexpectedEOF) || string(b) != whole[:5] {
		t.Errorf("cut: %v %q", err, b)
	}
	if resp, _, err := ask(t, Reset); err == nil {
		t.Errorf("reset: %+v", resp)
	}
}

func TestBodiesWithoutEndOrMeasure(t *testing.T) {
	if _, b, err := ask(t, Endless("[1,")); err != nil || len(b) != 1<<20 || !bytes.HasPrefix(b, []byte("[1,[1,")) {
		t.Errorf("endless: %v %d", err, len(b))
	}
	if _, b, err := ask(t, Bomb(3<<20)); err != nil || len(b) != 1<<20 || len(bytes.TrimSpace(b)) != 0 {
		t.Errorf("bomb: %v %d", err, len(b))
	}
	if _, b, err := ask(t, Bomb(1000)); err != nil || len(b) != 1002 {
		t.Errorf("small bomb: %v %d", err, len(b))
	}
}

func TestAFaultCanBePlayedAgain(t *testing.T) {
	for name, f := range map[string]Fault{"header": Header(10), "bomb": Bomb(10)} {
		first, b1, err1 := ask(t, f)
		second, b2, err2 := ask(t, f)
		if err1 != nil || err2 != nil || !bytes.Equal(b1, b2) || len(first.Header) != len(second.Header) {
			t.Errorf("%s: %v %v %q %q", name, err1, err2, b1, b2)
		}
	}
}

func TestAStallLastsUntilTheClientGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reached, left := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(New(upstream, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		close(reached)
		Stall(w, r, next)
		close(left)
	}))
	defer srv.Close()
	go func() {
		<-reached
		cancel()
	}()
	req, err := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Client().Do(req); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-left
}
