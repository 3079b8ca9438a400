package faulty

import (
	"bytes"
	"context"
	"encoding/json"
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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
		"dated":    {Dated(date), 200, "Date", "Fri, 02 Jan 2026 03:04:05 GMT", whole},
		"passed":   {PageAs(200, "application/json"), 200, "Content-Type", "application/json", page},
		"number":   {Number(0, "NaN"), 200, "X-Upstream", "yes", `{"status":"ok","value":NaN}`},
		"no such":  {Number(1, "NaN"), 200, "X-Upstream", "yes", whole},
	} {
		resp, b, err := ask(t, c.fault)
		if err != nil || resp.StatusCode != c.status || resp.Header.Get(c.header) != c.want || string(b) != c.body {
			t.Errorf("%s: %v %+v %q", name, err, resp, b)
		}
	}
}

const page = "\n<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"

func TestNumbersAreFoundAndReplaced(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":1,"2":-2.5e-3,"c":"3.5","d":"x4","e":["",null,"\"5","-6",7]}`: `{"a":N,"2":N,"c":N,"d":"x4","e":["",null,"\"5",N,N]}`,
		`[1,"2", "3" ,4]`: `[N,N, N ,N]`, `"2026-01-02"`: `"2026-01-02"`, `{"1" : "2"}`: `{"1" : N}`, `"1`: `N`, `"\`: `"\`, "": "", "<a>1</a>": "<a>N</a>",
	} {
		got, _ := io.ReadAll(answers(Number(-1, "N"), body))
		if string(got) != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
		for i, at := range Numbers([]byte(body)) {
			got, _ := io.ReadAll(answers(Number(i, "N"), body))
			if want := body[:at[0]] + "N" + body[at[1]:]; string(got) != want {
				t.Errorf("%s: number %d: %s, want %s", body, i, got, want)
			}
		}
	}
}

// answers is a body as the fault leaves it.
func answers(f Fault, body string) io.Reader {
	rec := httptest.NewRecorder()
	f(rec, httptest.NewRequest("GET", "/", nil), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	return rec.Body
}

func TestRowsAreTurnedAndDoubled(t *testing.T) {
	for body, want := range map[string][2]string{
		`[[1,2],[3,4]]`: {`[[3,4],[1,2]]`, `[[1,2],[1,2],[3,4],[3,4]]`},
		` {"error":[],"result":{"b":[{"x":1},[2]],"a":[3,"4"],"last":5}} `: {`{"error":[],"result":{"b":[[2],{"x":1}],"a":[3,"4"],"last":5}}`, `{"error":[],"result":{"b":[{"x":1},{"x":1},[2],[2]],"a":[3,"4"],"last":5}}`},
		`{"a\"b":null}`: {`{"a\"b":null}`, `{"a\"b":null}`}, `[1,[2],[3]]`: {`[1,[2],[3]]`, `[1,[2],[3]]`}, `7`: {`7`, `7`}, `<a/>`: {`<a/>`, `<a/>`}, `[{}`: {`[{}`, `[{}`}, `[]x`: {`[]x`, `[]x`}, "": {"", ""},
	} {
		for i, f := range []Fault{Reversed, Doubled} {
			if got, _ := io.ReadAll(answers(f, body)); string(got) != want[i] {
				t.Errorf("%s: %s, want %s", body, got, want[i])
			}
		}
	}
}

func TestAStaleAnswerStays(t *testing.T) {
	n := 0
	up := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		w.WriteHeader(200 + n)
		_, _ = io.WriteString(w, r.URL.String())
	})
	f := Stale()
	for _, c := range []struct {
		url, body string
		status    int
	}{{"/a?x=1", "/a?x=1", 201}, {"/b", "/b", 202}, {"/a?x=1", "/a?x=1", 201}, {"/a?x=2", "/a?x=2", 203}, {"/b", "/b", 202}} {
		rec := httptest.NewRecorder()
		f(rec, httptest.NewRequest("GET", c.url, nil), up)
		if rec.Code != c.status || rec.Body.String() != c.body {
			t.Errorf("%s: %d %s", c.url, rec.Code, rec.Body)
		}
	}
}

func FuzzRewrite(f *testing.F) {
	f.Add(`{"a":[{"b":1},["2"]],"c":"\\3"}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, fault := range []Fault{Reversed, Number(0, "NaN")} {
			if got, _ := io.ReadAll(answers(fault, body)); json.Valid([]byte(body)) && len(got) == 0 {
				t.Errorf("nothing is left of %q", body)
			}
		}
		once, _ := io.ReadAll(answers(Reversed, body))
		if twice, _ := io.ReadAll(answers(Reversed, string(once))); json.Valid([]byte(body)) != json.Valid(twice) {
			t.Errorf("%q became %q", body, twice)
		}
	})
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
