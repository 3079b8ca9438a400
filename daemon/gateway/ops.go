package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/ohmycoins/omc/internal/api"
)

func (g *server) opsRoutes() {
	huma.Register(g.api, op(http.MethodGet, "/api/v1/ops/status", "ops-status", "How every part is"),
		func(ctx context.Context, _ *struct{}) (*answer[api.Status], error) {
			v, err := g.Ops.Status(ctx)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/ops/logs", "ops-logs", "The newest log lines, newest last"),
		func(ctx context.Context, in *struct {
			After int64 `query:"after" minimum:"0" doc:"lines after this number"`
			Limit int   `query:"limit" minimum:"0" maximum:"10000"`
		}) (*answer[[]api.LogLine], error) {
			v, err := g.Ops.Logs(ctx, in.After, in.Limit)
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/ops/stop", "ops-stop", "Stop the daemon gracefully"),
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			if err := g.Ops.Stop(ctx); err != nil {
				return nil, g.problem(ctx, err)
			}
			return nil, nil
		})
	g.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
	g.mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if g.Ready != nil && !g.Ready() {
			plain(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	})
	g.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, api.NewProblem(http.StatusNotFound, api.CodeNotFound, "there is no %s %.100s here; /api/v1/openapi.json lists what there is", r.Method, r.URL.Path))
	})
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the connection's own failure
}
