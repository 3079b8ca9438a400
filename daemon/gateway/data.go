package gateway

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
)

// SeriesQuery is the bars of one market over a window. huma reads an embedded struct only where its name is exported.
type SeriesQuery struct {
	Market   string `query:"market" doc:"BASE/QUOTE" example:"BTC/USDT" maxLength:"50"`
	Interval string `query:"interval" doc:"5m, 1h, 1d, …; resampled where it is not stored" maxLength:"10"`
	From     string `query:"from" doc:"date or RFC 3339 time; the first bar by default" maxLength:"40"`
	To       string `query:"to" doc:"bars that open before it; all by default" maxLength:"40"`
	AsOf     string `query:"as_of" doc:"only what was known by then" maxLength:"40"`
}

func (q *SeriesQuery) api() api.PriceQuery {
	return api.PriceQuery{Market: q.Market, Interval: q.Interval, From: q.From, To: q.To, AsOf: q.AsOf}
}

// priceQuery is api.PriceQuery as query parameters.
type priceQuery struct {
	SeriesQuery
	Limit int `query:"limit" doc:"the newest so many; 0: 1,000" minimum:"0" maximum:"100000"`
}

func (q *priceQuery) api() api.PriceQuery {
	out := q.SeriesQuery.api()
	out.Limit = q.Limit
	return out
}

func (g *server) dataRoutes() {
	huma.Register(g.api, op(http.MethodGet, "/api/v1/data/coins", "data-coins", "get_available_coins: what the ledger holds, by market and stored interval"),
		func(ctx context.Context, q *struct {
			AsOf string `query:"as_of" doc:"only what was known by then" maxLength:"40"`
		}) (*answer[[]ledger.Coverage], error) {
			v, err := g.Data.Coverage(ctx, q.AsOf)
			return reply(g, ctx, orEmpty(v), err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/data/prices", "data-prices", "fetch_price_data: bars of one market"),
		func(ctx context.Context, q *priceQuery) (*answer[api.Prices], error) {
			v, err := g.Data.Prices(ctx, q.api())
			v.Rows = orEmpty(v.Rows)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/data/stats", "data-stats", "Statistics of one market's stored bars"),
		func(ctx context.Context, q *SeriesQuery) (*answer[ledger.Stats], error) {
			v, err := g.Data.Stats(ctx, q.api())
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodGet, "/api/v1/data/gaps", "data-gaps", "Runs of missing bars of one market, oldest first"),
		func(ctx context.Context, q *struct {
			Market   string `query:"market" doc:"BASE/QUOTE" example:"BTC/USDT" maxLength:"50"`
			Interval string `query:"interval" doc:"5m, 1h, 1d, …" maxLength:"10"`
			Limit    int    `query:"limit" doc:"the oldest so many; 0: 1,000" minimum:"0" maximum:"10000"`
		}) (*answer[api.Gaps], error) {
			v, err := g.Data.Gaps(ctx, api.PriceQuery{Market: q.Market, Interval: q.Interval, Limit: q.Limit})
			v.Gaps = orEmpty(v.Gaps)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/data/fetch", "data-fetch", "Fetch public candles; sources are tried in order until one answers"),
		func(ctx context.Context, in *struct{ Body api.FetchRequest }) (*answer[api.FetchResult], error) {
			v, err := g.Fill.Fetch(ctx, in.Body)
			return reply(g, ctx, v, err)
		})
	huma.Register(g.api, op(http.MethodPost, "/api/v1/data/simulate", "data-simulate", "Fill the ledger from the market simulator"),
		func(ctx context.Context, in *struct{ Body api.SimulateRequest }) (*answer[api.SimulateResult], error) {
			v, err := g.Fill.Simulate(ctx, in.Body)
			return reply(g, ctx, v, err)
		})
	g.stream(op(http.MethodPost, "/api/v1/data/backfill", "data-backfill", "Fill history and repair gaps from exchanges (body: markets, interval, from, to, sources); the answer is JSON lines of progress and the summary"),
		"application/x-ndjson", nil, g.backfill)
	g.stream(op(http.MethodPost, "/api/v1/data/import", "data-import", "Import a file of candles; the answer is JSON lines of progress, rejects, conflicts and the summary"),
		"application/x-ndjson", []string{"file", "coin", "quote", "interval", "source", "replace"}, g.importFile)
	g.stream(op(http.MethodGet, "/api/v1/data/export", "data-export", "Bars of one market as CSV"),
		"text/csv; charset=utf-8", []string{"market", "interval", "from", "to", "as_of"}, g.exportCSV)
}

func (g *server) importFile(s *stream, r *http.Request) error {
	q := r.URL.Query()
	o := api.ImportOptions{File: q.Get("file"), Coin: q.Get("coin"), Quote: q.Get("quote"), Interval: q.Get("interval"), Source: q.Get("source"), Replace: q.Get("replace") == "true"}
	for _, v := range []string{o.File, o.Coin, o.Quote, o.Interval, o.Source} {
		if len(v) > 300 {
			return api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "a query parameter has %d bytes; the limit is 300", len(v))
		}
	}
	// Progress goes out while the body still comes in.
	_ = http.NewResponseController(s.w).EnableFullDuplex() // refused only where it is the rule anyway
	return g.Fill.Import(r.Context(), http.MaxBytesReader(s.w, r.Body, maxImport), o, func(e api.ImportEvent) error { return s.line(e) })
}

func (g *server) backfill(s *stream, r *http.Request) error {
	var in api.BackfillRequest
	d := json.NewDecoder(http.MaxBytesReader(s.w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "the request's body: %s", err)
	}
	return g.Fill.Backfill(r.Context(), in, func(e api.BackfillEvent) error { return s.line(e) })
}

func (g *server) exportCSV(s *stream, r *http.Request) error {
	q := r.URL.Query()
	return g.Data.Export(r.Context(), api.PriceQuery{Market: q.Get("market"), Interval: q.Get("interval"), From: q.Get("from"), To: q.Get("to"), AsOf: q.Get("as_of")}, s)
}

// orEmpty makes an empty listing [] and not null.
func orEmpty[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}
