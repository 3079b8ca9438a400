package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/ohmycoins/omc/internal/api"
)

// Bounds of what a request may bring.
const (
	maxBody   = 4 << 20 // bytes of a JSON body
	maxImport = 8 << 30 // bytes of an imported file
	maxListed = api.MaxListed
)

// Options of a handler.
type Options struct {
	Version string
	User    string // the user on whose behalf local requests are made
	Ready   func() bool
	// Patience is how long a reader of an event stream may take no byte before it is let go. 0: 30 s.
	Patience time.Duration
	Log      *slog.Logger
}

// server joins the services to routes.
type server struct {
	Services
	Options
	api huma.API
	mux *http.ServeMux
}

// New returns the HTTP handler of all services. Safe for concurrent use.
// The routes are built at the first request, so that a short command in the same process does not wait for them.
func New(s Services, o Options) http.Handler {
	built := sync.OnceValue(func() http.Handler {
		g := build(s, o)
		return g.guard(g.mux, described(g.api.OpenAPI()))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { built().ServeHTTP(w, r) })
}

// OpenAPI returns the interface's description as JSON (OpenAPI 3.1), the same bytes for the same program.
func OpenAPI(version string) ([]byte, error) {
	raw, err := build(Services{}, Options{Version: version}).api.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func build(s Services, o Options) *server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	g := &server{Services: s, Options: o, mux: http.NewServeMux()}
	c := huma.DefaultConfig("omc", o.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/api/v1/openapi", "", ""
	c.FieldsOptionalByDefault = true
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Transformers = append(c.Transformers, coded)
	c.CreateHooks = nil // no $schema links in answers
	c.Info.Description = "Oh My Coins: ledgers, algorithms, lab, floor. Times are UTC, RFC 3339. Money is decimal, as strings. Errors are problem+json with a stable code."
	g.api = humago.New(g.mux, c)
	g.dataRoutes()
	g.askRoutes()
	g.collectRoutes()
	g.algorithmRoutes()
	g.labRoutes()
	g.floorRoutes()
	g.opsRoutes()
	return g
}

// guard turns a panic into a 500 and a log line, and refuses what no route takes.
func (g *server) guard(next *http.ServeMux, known parameters) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { // a handler's own way to cut a stream
				panic(v)
			}
			g.Log.Error("a request handler panicked", "method", r.Method, "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			writeProblem(w, api.NewProblem(http.StatusInternalServerError, api.CodeInternal, "omc failed on this request; the log has the details"))
		}()
		if p := g.absent(r.URL.Path); p != nil {
			writeProblem(w, p)
			return
		}
		if r.URL.RawQuery != "" {
			_, route := next.Handler(r)
			if p := known.refuse(route, r); p != nil {
				writeProblem(w, p)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// absent refuses calls to a part that this process runs without.
func (g *server) absent(path string) *api.Problem {
	part, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/v1/"), "/")
	missing := map[string]bool{"data": g.Data == nil || g.Fill == nil, "collect": g.Collectors == nil, "algo": g.Algorithms == nil, "lab": g.Lab == nil, "floor": g.Floor == nil, "ops": g.Ops == nil}
	if !missing[part] {
		return nil
	}
	return api.NewProblem(http.StatusServiceUnavailable, api.CodeUnavailable, "this omc runs without its %s part", part)
}

// coded gives huma's own refusals (validation, sizes) a stable code.
func coded(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := api.CodeBadRequest
	if m.Status >= 500 {
		code = api.CodeInternal
	}
	detail := m.Detail
	for _, e := range m.Errors {
		detail += "; " + strings.TrimPrefix(e.Location+": "+e.Message, ": ")
	}
	return api.NewProblem(m.Status, code, "%s", detail), nil
}

// schemaName keeps types of one name from two packages apart: research.Session, journal.Session.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
	if t.Name() == "" || pkg == "api" || pkg == "v2" || pkg == "" {
		return huma.DefaultSchemaNamer(t, hint)
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + t.Name()
}

// op describes one operation.
func op(method, path, id, summary string) huma.Operation {
	tag, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/v1/"), "/")
	return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{tag}, MaxBodyBytes: maxBody}
}

// answer wraps a body as huma wants it.
type answer[T any] struct {
	Body T
}

// reply makes a handler's result: the value, or the error as a problem.
func reply[T any](g *server, ctx context.Context, v T, err error) (*answer[T], error) {
	if err != nil {
		return nil, g.problem(ctx, err)
	}
	return &answer[T]{v}, nil
}

// problem makes any error a *api.Problem. What is not one already is a fault of omc or its machine: it is logged, and its text shown (errors hold no secrets).
func (g *server) problem(ctx context.Context, err error) error {
	var p *api.Problem
	if errors.As(err, &p) {
		return p
	}
	if ctx.Err() != nil {
		return api.NewProblem(499, api.CodeUnavailable, "the request was given up")
	}
	g.Log.Error("a request failed", "error", err)
	return api.NewProblem(http.StatusInternalServerError, api.CodeInternal, "%s", err)
}
