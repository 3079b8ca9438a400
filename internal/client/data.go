package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
)

func priceQuery(q api.PriceQuery) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"market": q.Market, "interval": q.Interval, "from": q.From, "to": q.To, "as_of": q.AsOf} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Limit != 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Coverage lists what the ledger holds.
func (c *Client) Coverage(ctx context.Context) ([]ledger.Coverage, error) {
	return get[[]ledger.Coverage](ctx, c, "/data/coins", nil)
}

// CoverageAsOf asks get_available_coins as of a moment: what the ledger held then. "" is now.
func (c *Client) CoverageAsOf(ctx context.Context, asOf string) ([]ledger.Coverage, error) {
	return get[[]ledger.Coverage](ctx, c, "/data/coins", priceQuery(api.PriceQuery{AsOf: asOf}))
}

// Prices reads prices of one market.
func (c *Client) Prices(ctx context.Context, q api.PriceQuery) (api.Prices, error) {
	return get[api.Prices](ctx, c, "/data/prices", priceQuery(q))
}

// Stats describes one market's stored prices.
func (c *Client) Stats(ctx context.Context, q api.PriceQuery) (ledger.Stats, error) {
	return get[ledger.Stats](ctx, c, "/data/stats", priceQuery(q))
}

// Gaps lists runs of missing bars.
func (c *Client) Gaps(ctx context.Context, q api.PriceQuery) (api.Gaps, error) {
	return get[api.Gaps](ctx, c, "/data/gaps", priceQuery(q))
}

// Export writes CSV to w as it arrives.
func (c *Client) Export(ctx context.Context, q api.PriceQuery, w io.Writer) error {
	res, err := c.request(ctx, http.MethodGet, "/data/export", priceQuery(q), nil, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(w, res.Body)
	return err
}

// Import sends one file and tells emit what happened. It ends with nil after a Done event; a Problem comes back as the error.
func (c *Client) Import(ctx context.Context, r io.Reader, o api.ImportOptions, emit func(api.ImportEvent) error) (api.ImportSummary, error) {
	q := url.Values{}
	for name, value := range map[string]string{"file": o.File, "coin": o.Coin, "quote": o.Quote, "interval": o.Interval, "source": o.Source} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if o.Replace {
		q.Set("replace", "true")
	}
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	res, err := c.request(ctx, http.MethodPost, "/data/import", q, io.NopCloser(r), header)
	if err != nil {
		return api.ImportSummary{}, err
	}
	defer res.Body.Close()
	var done *api.ImportSummary
	err = readLines(ctx, res.Body, func(line []byte) error {
		var e api.ImportEvent
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		switch {
		case e.Problem != nil:
			return e.Problem
		case e.Done != nil:
			done = e.Done
		}
		return emit(e)
	})
	if err != nil {
		return api.ImportSummary{}, err
	}
	if done == nil {
		return api.ImportSummary{}, &Unreachable{Err: io.ErrUnexpectedEOF}
	}
	return *done, nil
}

// Fetch asks for public candles.
func (c *Client) Fetch(ctx context.Context, r api.FetchRequest) (api.FetchResult, error) {
	return post[api.FetchResult](ctx, c, "/data/fetch", r)
}

// Simulate fills the ledger from the market simulator.
func (c *Client) Simulate(ctx context.Context, r api.SimulateRequest) (api.SimulateResult, error) {
	return post[api.SimulateResult](ctx, c, "/data/simulate", r)
}
