package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/wire"
	"github.com/ohmycoins/omc/internal/sharedtest"
)

const key = "sk-canary-0123456789abcdef"

// ask makes one request of one call.
func ask(t *testing.T, tr *wire.Transport, url string) ([]byte, *llm.Error) {
	t.Helper()
	var body []byte
	err := tr.Call(t.Context(), func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("{}"))
		if err != nil {
			return err
		}
		r, err := tr.Client().Do(req)
		if err != nil {
			return errors.New("a library that says: " + err.Error()) // what the failure was is lost
		}
		defer func() { _ = r.Body.Close() }()
		body, err = io.ReadAll(r.Body)
		return err
	})
	if err == nil {
		return body, nil
	}
	var e *llm.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	return body, e
}

// serves answers everything alike.
func serves(t *testing.T, status int, header map[string]string, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // who has gone misses it
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// Failures as they were seen in logs of each provider.
func TestTranscribedFailures(t *testing.T) {
	t.Parallel()
	root := sharedtest.Path(t, "wire/fixtures/llm")
	for _, c := range []struct {
		file   string
		status int
		kind   llm.Kind
		after  time.Duration
	}{
		{"anthropic/errors-transcribed/429-org-input-tokens.json", 429, llm.KindRate, 0},
		{"anthropic/errors-transcribed/429-rate_limit_error.json", 429, llm.KindRate, 0},
		{"anthropic/errors-transcribed/529-overloaded_error.json", 529, llm.KindOverloaded, 0},
		{"openai/errors-transcribed/429-credit_balance_exhausted.json", 429, llm.KindQuota, 0},
		{"openai/errors-transcribed/429-insufficient_quota.json", 429, llm.KindQuota, 0},
		{"openai/errors-transcribed/429-rate_limit.json", 429, llm.KindRate, 84 * time.Millisecond},
		{"openai/errors-transcribed/429-request_too_large.json", 429, llm.KindContext, 0},
	} {
		body, err := os.ReadFile(filepath.Join(root, c.file))
		if err != nil {
			t.Fatal(err)
		}
		_, e := ask(t, &wire.Transport{Provider: "x", Keys: []string{key}}, serves(t, c.status, nil, string(body)))
		if e == nil || e.Kind != c.kind || e.RetryAfter != c.after || e.Status != c.status || e.Unsent != (c.status < 500) || e.Text == "without a message" {
			t.Errorf("%s: %+v", c.file, e)
		}
	}
}

func TestFailuresOfEveryShape(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		kind   llm.Kind
		after  time.Duration
		text   string
	}{
		{"a text", 404, nil, `{"error":"model \"x\" not found, try pulling it first"}`, llm.KindModel, 0, "try pulling"},
		{"xai", 400, nil, `{"code":"invalid-argument","error":"Incorrect API key provided: sk***ef."}`, llm.KindAuth, 0, "Incorrect API key"},
		{"google's key", 400, nil, `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`, llm.KindAuth, 0, "not valid"},
		{"google's limit", 429, nil, `{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x"},{"retryDelay":"48s"}]}}`, llm.KindRate, 48 * time.Second, "quota"},
		{"in a list", 503, nil, `[{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]`, llm.KindOverloaded, 0, "overloaded"},
		{"details of another kind", 429, map[string]string{"Retry-After": "1", "Retry-After-Ms": "0"}, `{"error":{"code":"RateLimitReached","message":"slow down","details":"a text"}}`, llm.KindRate, time.Second, "slow down"},
		{"milliseconds", 429, map[string]string{"Retry-After": "9", "Retry-After-Ms": "250"}, `{}`, llm.KindRate, 250 * time.Millisecond, "without a message"},
		{"a date", 429, map[string]string{"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, ``, llm.KindRate, 30 * time.Second, "without a message"},
		{"a year", 429, map[string]string{"Retry-After": "31536000"}, ``, llm.KindRate, 24 * time.Hour, ""},
		{"no money", 402, nil, `{"error":{"message":"Insufficient credits","code":402}}`, llm.KindQuota, 0, "credits"},
		{"anthropic's money", 400, nil, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}`, llm.KindQuota, 0, "credit"},
		{"azure's filter", 400, nil, `{"error":{"code":"content_filter","message":"filtered","innererror":{"code":"ResponsibleAIPolicyViolation"},"status":400}}`, llm.KindRefused, 0, "filtered"},
		{"a page", 502, nil, `<html>`, llm.KindOverloaded, 0, "without a message"},
		{"a redirect", 302, map[string]string{"Location": "http://elsewhere.invalid/"}, ``, llm.KindRequest, 0, ""},
		{"the key", 500, nil, `{"error":{"message":"at x?key=` + key + ` with\nBearer ` + key + `"}}`, llm.KindOverloaded, 0, "at x?key=******** with Bearer ********"},
		{"much", 400, nil, `{"error":{"message":"` + strings.Repeat("é", 5000) + `"}}`, llm.KindRequest, 0, "é"},
	} {
		_, e := ask(t, &wire.Transport{Provider: "x", Keys: []string{key}}, serves(t, c.status, c.header, c.body))
		if e == nil || e.Kind != c.kind || e.RetryAfter != c.after || e.Status != c.status || !strings.Contains(e.Text, c.text) || len(e.Text) > 400 || !utf8.ValidString(e.Text) || strings.Contains(e.Text, key) {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
}

func TestOneCallIsOneRequest(t *testing.T) {
	t.Parallel()
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++ }))
	defer s.Close()
	tr := &wire.Transport{Provider: "x"}
	err := tr.Call(t.Context(), func(ctx context.Context) error {
		for range 3 {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
			if err != nil {
				return err
			}
			r, err := tr.Client().Do(req)
			if err != nil {
				continue // a library that asks again
			}
			_ = r.Body.Close()
		}
		return nil
	})
	var e *llm.Error
	if !errors.As(err, &e) || asked != 1 || e.Unsent {
		t.Errorf("%d requests, %v", asked, err)
	}
	req, _ := http.NewRequest(http.MethodGet, s.URL, nil)
	if r, err := tr.Client().Do(req); err == nil {
		_ = r.Body.Close()
		t.Error("a request outside of a call was sent")
	}
}

func TestSilenceEndsACall(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server sees that its client has gone once it has read the request
		if r.URL.Path == "/slowly" {       // more often than the silence, for longer than it
			for range 8 {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(50 * time.Millisecond)
			}
			return
		}
		if r.URL.Path == "/half" {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}))
	defer s.Close()
	tr := &wire.Transport{Provider: "x", Silence: 300 * time.Millisecond}
	if body, e := ask(t, tr, s.URL+"/slowly"); e != nil || len(body) != 8 {
		t.Errorf("%q %+v", body, e)
	}
	if _, e := ask(t, tr, s.URL+"/half"); e == nil || e.Kind != llm.KindSilent || e.Status != 200 || e.Unsent {
		t.Errorf("%+v", e)
	}
	if _, e := ask(t, tr, s.URL+"/nothing"); e == nil || e.Kind != llm.KindSilent || e.Status != 0 || e.Unsent {
		t.Errorf("%+v", e)
	}
	s.Close()
	if _, e := ask(t, tr, s.URL); e == nil || e.Kind != llm.KindNetwork || !e.Unsent {
		t.Errorf("%+v", e)
	}
}

func TestEndlessBodiesEnd(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // see above
		if r.URL.Path == "/fails" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	tr := &wire.Transport{Provider: "x"}
	if body, e := ask(t, tr, s.URL); e == nil || e.Kind != llm.KindBroken || len(body) > wire.MaxBody+1<<20 {
		t.Errorf("%d bytes, %+v", len(body), e)
	}
	if _, e := ask(t, tr, s.URL+"/fails"); e == nil || e.Kind != llm.KindOverloaded {
		t.Errorf("%+v", e)
	}
}

// Whatever a failure's body holds, there is an error that can be shown.
func FuzzFailure(f *testing.F) {
	f.Add(429, "7", `{"error":{"message":"x","code":429,"details":[{"retryDelay":"-9999999999h"}]}}`)
	f.Add(400, "1e300", `[[[`)
	f.Add(500, "Mon, 23 Nov 2026 10:00:30 GMT", `{"error":"`+key+`"}`)
	f.Fuzz(func(t *testing.T, status int, after, body string) {
		if status < 300 || status > 599 {
			status = 500
		}
		header := http.Header{"Retry-After": {after}}
		base := roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}, nil
		})
		_, e := ask(t, &wire.Transport{Provider: "x", Keys: []string{key}, Base: base}, "http://localhost/")
		if e == nil || e.Text == "" || len(e.Text) > 400 || strings.Contains(e.Text, key) || strings.ContainsAny(e.Text, "\r\n") || e.RetryAfter < 0 || e.RetryAfter > 24*time.Hour || e.Status != status {
			t.Errorf("%+v", e)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
