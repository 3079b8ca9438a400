package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/report"
)

type byID struct {
	ID string `path:"id" maxLength:"100" doc:"id, or a unique prefix of at least 4 characters"`
}

func (g *server) algorithmRoutes() {
	huma.Register(g.api, op(http.MethodPost, "/api/v1/algo/backtest", "algo-backtest", "Run one backtest, or a walk-forward"),
		func(ctx context.Context, in *struct{ Body api.BacktestRequest }) (*answer[*report.Report], error) {
			v, err := g.Algorithms.Backtest(ctx, g.User, in.Body, nil)
			return reply(g, ctx, v, err)
		})
	g.stream(op(http.MethodPost, "/api/v1/algo/trace", "algo-trace", "Run one backtest; the answer is its trace as JSON lines, the last one {\"report\": …}"),
		"application/x-ndjson", nil, g.trace)
	huma.Register(g.api, op(http.MethodPost, "/api/v1/algo/optimize", "algo-optimize", "Search a strategy's parameters"),
		func(ctx context.Context, in *struct{ Body api.OptimizeRequest }) (*answer[*api.Optimization], error) {
			v, err := g.Algorithms.Optimize(ctx, g.User, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/algo/validate", "algo-validate", "Measure an algorithm and keep the evidence as a bundle"),
		func(ctx context.Context, in *struct{ Body api.ValidateRequest }) (*answer[*api.Validation], error) {
			v, err := g.Algorithms.Validate(ctx, g.User, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/evidence", "evidence-list", "Evidence bundles, newest first"),
		func(ctx context.Context, in *struct {
			Algorithm string `query:"algorithm" maxLength:"100" doc:"id or unique prefix; all algorithms by default"`
		}) (*answer[[]api.BundleName], error) {
			v, err := g.Algorithms.Bundles(ctx, g.User, in.Algorithm)
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/evidence/{hash}", "evidence-get", "One evidence bundle"),
		func(ctx context.Context, in *struct {
			Hash string `path:"hash" maxLength:"100" doc:"hash, or a unique prefix of at least 4 characters"`
		}) (*answer[*api.Validation], error) {
			v, err := g.Algorithms.Evidence(ctx, g.User, in.Hash)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/evidence/verify", "evidence-verify", "Make a bundle's measurements again and compare them"),
		func(ctx context.Context, in *struct{ Body api.VerifyRequest }) (*answer[*api.Verification], error) {
			v, err := g.Algorithms.Verify(ctx, g.User, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/algo/check", "algo-check", "Look for decisions that depend on the future"),
		func(ctx context.Context, in *struct{ Body api.CheckRequest }) (*answer[*backtest.LookAhead], error) {
			v, err := g.Algorithms.Check(ctx, g.User, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/algo", "algo-list", "Algorithms, newest first"),
		func(ctx context.Context, _ *struct{}) (*answer[[]api.Algorithm], error) {
			v, err := g.Algorithms.List(ctx, g.User)
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/algo", "algo-create", "Store a script as a draft algorithm"),
		func(ctx context.Context, in *struct{ Body api.AlgorithmCreate }) (*answer[api.Algorithm], error) {
			v, err := g.Algorithms.Create(ctx, g.User, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/algo/examples", "algo-examples", "The built-in example strategies"),
		func(ctx context.Context, _ *struct{}) (*answer[[]api.AlgorithmCreate], error) {
			return reply(g, ctx, orEmpty(g.Algorithms.Examples()), nil)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/algo/import", "algo-import", "Import an exported algorithm; it arrives as a draft"),
		func(ctx context.Context, in *struct{ Body api.Bundle }) (*answer[api.Algorithm], error) {
			v, err := g.Algorithms.Import(ctx, g.User, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/algo/{id}", "algo-get", "One algorithm with its evidence, report and what its next promotion needs"),
		func(ctx context.Context, in *byID) (*answer[api.Algorithm], error) {
			v, err := g.Algorithms.Get(ctx, g.User, in.ID)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/algo/{id}/diff/{other}", "algo-diff", "What differs between two algorithms"),
		func(ctx context.Context, in *struct {
			ID    string `path:"id" maxLength:"100" doc:"id, or a unique prefix of at least 4 characters"`
			Other string `path:"other" maxLength:"100"`
		}) (*answer[api.Diff], error) {
			v, err := g.Algorithms.Diff(ctx, g.User, in.ID, in.Other)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/algo/{id}/promote", "algo-promote", "Move an algorithm one state on, where the gate lets it"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"100" doc:"id, or a unique prefix of at least 4 characters"`
			Body api.PromoteRequest
		}) (*answer[api.Algorithm], error) {
			v, err := g.Algorithms.Promote(ctx, g.User, in.ID, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/algo/{id}/retire", "algo-retire", "Retire an algorithm"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"100" doc:"id, or a unique prefix of at least 4 characters"`
			Body api.RetireRequest
		}) (*answer[api.Algorithm], error) {
			v, err := g.Algorithms.Retire(ctx, g.User, in.ID, in.Body.Reason)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/algo/{id}/export", "algo-export", "An algorithm as a file"),
		func(ctx context.Context, in *byID) (*answer[api.Bundle], error) {
			v, err := g.Algorithms.Export(ctx, g.User, in.ID)
			return reply(g, ctx, v, err)
		})
}

// trace runs a backtest and streams its trace, then its report.
func (g *server) trace(s *stream, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(s.w, r.Body, maxBody))
	if err != nil {
		return api.NewProblem(http.StatusRequestEntityTooLarge, api.CodeBadRequest, "the request is over %d bytes", maxBody)
	}
	var q api.BacktestRequest
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		return api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "the request is not a backtest: %v", err)
	}
	rep, err := g.Algorithms.Backtest(r.Context(), g.User, q, s)
	if err != nil {
		return err
	}
	return s.line(map[string]any{"report": rep})
}
