package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/api"
)

// ops is an Ops that does what its test wants; the gateway must turn each of it into an answer.
type ops struct{ status func() (api.Status, error) }

func (o ops) Status(context.Context) (api.Status, error)              { return o.status() }
func (o ops) Logs(context.Context, int64, int) ([]api.LogLine, error) { return nil, nil }
func (o ops) Stop(context.Context) error                              { return nil }

func TestEveryErrorIsAProblemWithACode(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		status             func() (api.Status, error)
		wantStatus         int
		wantCode           string
	}{
		"service's own":  {"GET", "/api/v1/ops/status", "", func() (api.Status, error) { return api.Status{}, api.NewProblem(409, "walk_forward", "x") }, 409, "walk_forward"},
		"any other":      {"GET", "/api/v1/ops/status", "", func() (api.Status, error) { return api.Status{}, errors.New("boom") }, 500, api.CodeInternal},
		"panic":          {"GET", "/api/v1/ops/status", "", func() (api.Status, error) { panic("boom") }, 500, api.CodeInternal},
		"no such route":  {"GET", "/api/v1/nothing", "", nil, 404, api.CodeNotFound},
		"absent part":    {"GET", "/api/v1/floor/sessions", "", nil, 503, api.CodeUnavailable},
		"bad query":      {"GET", "/api/v1/ops/logs?limit=-1", "", nil, 422, api.CodeBadRequest},
		"over the limit": {"GET", "/api/v1/ops/logs?limit=1000000", "", nil, 422, api.CodeBadRequest},
		"absent stream":  {"GET", "/api/v1/lab/sessions/x/events", "", nil, 503, api.CodeUnavailable},
	} {
		var log bytes.Buffer
		h := New(Services{Ops: ops{c.status}}, Options{Log: slog.New(slog.NewJSONHandler(&log, nil))})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c.method, c.path, strings.NewReader(c.body)))
		var p api.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != c.wantStatus || p.Code != c.wantCode || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s %q (%v)", name, w.Code, w.Header().Get("Content-Type"), w.Body, err)
		}
		if c.wantStatus == 500 && !strings.Contains(log.String(), "boom") {
			t.Errorf("%s: the log does not say why: %q", name, log.String())
		}
	}
}

func TestReadinessFollowsTheSystem(t *testing.T) {
	ready := false
	h := New(Services{}, Options{Ready: func() bool { return ready }})
	for _, want := range []int{503, 200} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		if w.Code != want {
			t.Errorf("ready %t: %d", ready, w.Code)
		}
		ready = true
	}
}

func TestAnEmptyListingIsAnArray(t *testing.T) {
	h := New(Services{Ops: ops{}}, Options{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/ops/logs", nil))
	if strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("%q", w.Body)
	}
}
