package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/research"
)

// The echo answers a line before it has read the next one: neither side may buffer.
func TestMemoryStreamsBothWays(t *testing.T) {
	m := &Memory{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := bufio.NewScanner(r.Body)
		for s.Scan() {
			fmt.Fprintln(w, "got "+s.Text())
			_ = http.NewResponseController(w).Flush()
		}
	})}
	pr, pw := io.Pipe()
	req, err := http.NewRequest("POST", "http://omc/x", pr)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(pw, "one\n") }()
	res, err := m.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(res.Body)
	for i, word := range []string{"one", "two"} {
		if i > 0 {
			go func() { _, _ = io.WriteString(pw, word+"\n") }()
		}
		if got, err := in.ReadString('\n'); err != nil || got != "got "+word+"\n" {
			t.Fatalf("answer %q, %v", got, err)
		}
	}
	_ = pw.Close()
	if _, err := in.ReadString('\n'); !errors.Is(err, io.EOF) {
		t.Fatalf("after the end: %v", err)
	}
}

func TestMemoryCancelsTheHandlerWhenTheBodyIsClosed(t *testing.T) {
	gone := make(chan struct{})
	m := &Memory{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	})}
	req, _ := http.NewRequest("GET", "http://omc/x", nil)
	res, err := m.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	<-gone
}

func TestProblemComesBackAsItWasGiven(t *testing.T) {
	for name, c := range servers(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(409)
		_, _ = io.WriteString(w, `{"status":409,"code":"walk_forward","title":"x","detail":"no walk-forward","reasons":[{"code":"a","passed":false,"text":"b"}]}`)
	}) {
		_, err := c.Algorithm(t.Context(), "abcd")
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != "walk_forward" || len(p.Errors) != 1 || p.Status != 409 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnErrorThatIsNoProblemIsBounded(t *testing.T) {
	for name, c := range servers(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(502)
		_, _ = io.WriteString(w, strings.Repeat("<html>", 10_000))
	}) {
		if _, err := c.Status(t.Context()); err == nil || len(err.Error()) > 400 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A cut stream is taken up after the last event seen; nothing comes twice.
func TestEventsGoOnAfterACut(t *testing.T) {
	for name, c := range servers(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		if r.Header.Get("Last-Event-ID") == "2" {
			_, _ = io.WriteString(w, ": alive\n\nid: 3\nevent: text\ndata: {\"seq\":3}\n\nevent: end\ndata: {}\n\n")
			return
		}
		_, _ = io.WriteString(w, "id: 1\nevent: text\ndata: {\"seq\":1}\n\nid: 2\nevent: text\ndata: {\"seq\":2}\n\nid: 3\nevent: text\ndata: {\"se")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}) {
		var got []int64
		err := c.SessionEvents(t.Context(), "s", 0, false, func(e research.Event) error { got = append(got, e.Seq); return nil })
		if err != nil || fmt.Sprint(got) != "[1 2 3]" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestAnImportThatEndsEarlyIsNotASuccess(t *testing.T) {
	for name, c := range servers(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "{\"progress\":{\"rows\":5}}\n")
	}) {
		_, err := c.Import(t.Context(), strings.NewReader("x"), api.ImportOptions{}, func(api.ImportEvent) error { return nil })
		var u *Unreachable
		if !errors.As(err, &u) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNobodyThereIsUnreachable(t *testing.T) {
	_, err := New("http://omc", Unix(t.TempDir()+"/none.sock")).Status(t.Context())
	var u *Unreachable
	if !errors.As(err, &u) {
		t.Fatal(err)
	}
}

// servers gives clients of the same handler over memory and over TCP.
func servers(t *testing.T, h http.HandlerFunc) map[string]*Client {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return map[string]*Client{"memory": New("http://omc", &Memory{Handler: h}), "tcp": New(s.URL, s.Client().Transport)}
}

func FuzzReadEvents(f *testing.F) {
	f.Add([]byte("id: 1\nevent: x\ndata: {}\n\nevent: end\ndata: {}\n\n"))
	f.Add([]byte("event: problem\ndata: {\"code\":\"x\"}\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var after int64
		_, err := readEvents(context.Background(), strings.NewReader(string(raw)), &after, func([]byte) error { return nil })
		if err == nil || after < 0 {
			t.Fatalf("a stream ended without a reason (after %d)", after)
		}
	})
}
