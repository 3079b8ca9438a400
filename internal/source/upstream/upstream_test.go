package upstream

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func get(t *testing.T, h http.HandlerFunc) (Answer, error) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return New(Config{BaseURL: srv.URL + "/", HTTP: srv.Client(), Limit: 1000}, 1).Get(t.Context(), "/x", nil)
}

func TestGetSaysWhoAsks(t *testing.T) {
	a, err := get(t, func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.Method + r.URL.Path + r.UserAgent())) })
	if err != nil || string(a.Body) != "GET/xomc" {
		t.Errorf("%v %q", err, a.Body)
	}
}

func TestAnEndlessBodyIsCutOff(t *testing.T) {
	chunk := bytes.Repeat([]byte("1"), 1<<20)
	_, err := get(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	if !errors.Is(err, ErrMalformed) {
		t.Errorf("%v", err)
	}
}

func TestFailuresAreTyped(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"500":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"page": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(" \n<html>")) },
		"cut":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("{"))
		},
	} {
		if _, err := get(t, h); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		header string
		status int
		want   RateLimitError
	}{
		{"", 429, RateLimitError{}}, {"30", 429, RateLimitError{RetryAfter: 30 * time.Second}}, {"-1", 429, RateLimitError{}},
		{"9999999", 418, RateLimitError{RetryAfter: 24 * time.Hour, Banned: true}}, {"soon", 418, RateLimitError{Banned: true}},
	} {
		_, err := get(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", c.header)
			w.WriteHeader(c.status)
		})
		var got *RateLimitError
		if !errors.As(err, &got) || *got != c.want {
			t.Errorf("%q: %v", c.header, err)
		}
	}
}

func TestASlowAnswerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer srv.Close()
	_, err := New(Config{BaseURL: srv.URL}, 1).Get(ctx, "/", nil)
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
