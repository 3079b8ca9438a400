package nansen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/nansen/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// asker is a fake with a row or two behind a script, on a real socket, and a question to it.
func asker(t *testing.T, timeout time.Duration, script ...faulty.Fault) (h *faulty.Handler, c *clock.Manual, ask func(context.Context) (int, error)) {
	t.Helper()
	c = clock.NewManual(start)
	up := fake.New(c)
	up.Rows("smart-money/netflow", []json.RawMessage{[]byte(`{"chain":"base","token_address":"0xab","token_symbol":"B","net_flow_24h_usd":-1.5,"trader_count":3}`)})
	h = faulty.New(up, script...)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // a server that has not read the question does not see that the asker has gone
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	f := New(upstream.Config{BaseURL: srv.URL + fake.Base, Clock: c, Wait: conformance.Advance(c), Timeout: timeout}, key).Feeds()[0]
	return h, c, func(ctx context.Context) (int, error) {
		out, err := f.Poll(ctx, nil)
		return out.Len(), err
	}
}

// Whatever goes wrong, a question is asked once only: it may have been paid for.
func TestFaultsCostOneQuestion(t *testing.T) {
	for name, c := range map[string]struct {
		fault faulty.Fault
		kind  error
	}{
		"500":           {faulty.Status(500), upstream.ErrUnavailable},
		"502 page":      {faulty.Page(502), upstream.ErrUnavailable},
		"400":           {faulty.Status(400), upstream.ErrUnavailable},
		"403":           {faulty.Status(403), upstream.ErrUnavailable},
		"200 page":      {faulty.Page(200), upstream.ErrUnavailable},
		"404 page":      {faulty.Page(404), upstream.ErrUnavailable},
		"redirect":      {faulty.Redirect(307, "http://example.invalid/"), upstream.ErrUnavailable},
		"endless":       {faulty.Endless("[1,"), upstream.ErrMalformed},
		"bomb":          {faulty.Bomb(8 << 20), upstream.ErrMalformed},
		"cut at once":   {faulty.Cut(0), upstream.ErrUnavailable},
		"cut at end":    {faulty.Cut(-1), upstream.ErrUnavailable},
		"dropped":       {faulty.Reset, upstream.ErrUnavailable},
		"no first byte": {faulty.Stall, upstream.ErrUnavailable},
		"drip":          {faulty.Drip(20 * time.Millisecond), upstream.ErrUnavailable},
		"null":          {faulty.Body("null"), upstream.ErrMalformed},
		"deep":          {faulty.Body(strings.Repeat("[", 100_000)), upstream.ErrMalformed},
		"number":        {faulty.Body(`{"data":[` + strings.Repeat("9", 900_000) + `],"pagination":{}}`), upstream.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute
			if name == "no first byte" || name == "drip" {
				timeout = 30 * time.Millisecond
			}
			h, _, ask := asker(t, timeout, faulty.Times(3, c.fault)...)
			rows, err := ask(t.Context())
			if rows != 0 || !errors.Is(err, c.kind) || h.Seen() != 1 {
				t.Fatalf("%d rows after %d requests: %v, want %v", rows, h.Seen(), err, c.kind)
			}
			if text := err.Error(); !strings.HasPrefix(text, "nansen: ") || !strings.HasSuffix(text, "ask another source") || len(text) > 420 || strings.Contains(text, key) {
				t.Errorf("the error does not say who, what and what to do: %s", text)
			}
		})
	}
}

func TestTruncatedAnswers(t *testing.T) {
	t.Parallel()
	h, c, ask := asker(t, time.Minute)
	rows, err := ask(t.Context())
	if err != nil || rows != 2 {
		t.Fatalf("%d rows: %v", rows, err)
	}
	for n := range 150 { // the answer is a little longer
		h.Then(faulty.Truncate(n))
		c.Advance(time.Minute)
		if rows, err := ask(t.Context()); rows != 0 || !errors.Is(err, upstream.ErrMalformed) && !errors.As(err, new(*upstream.OpenError)) {
			t.Errorf("%d bytes: %d rows, %v", n, rows, err)
		}
	}
}

// After a 429 Nansen is left alone for as long as it said.
func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		fault faulty.Fault
		held  time.Duration
	}{"seconds": {faulty.Wait(429, "45"), 45 * time.Second}, "date": {faulty.WaitUntil(429, start, time.Minute, true), time.Minute}, "silent": {faulty.Wait(429, ""), 30 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, clk, ask := asker(t, time.Minute, c.fault)
			var limited *upstream.RateLimitError
			if _, err := ask(t.Context()); !errors.As(err, &limited) {
				t.Fatal(err)
			}
			clk.Advance(c.held - 2*time.Second)
			if _, err := ask(t.Context()); !errors.As(err, &limited) || h.Seen() != 1 {
				t.Errorf("asked again too soon: %v after %d requests", err, h.Seen())
			}
			clk.Advance(5 * time.Second)
			if rows, err := ask(t.Context()); err != nil || rows != 2 {
				t.Errorf("%d rows: %v", rows, err)
			}
		})
	}
}
