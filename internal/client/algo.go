package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/report"
)

// Optimize searches a strategy's parameters.
func (c *Client) Optimize(ctx context.Context, r api.OptimizeRequest) (*api.Optimization, error) {
	return post[*api.Optimization](ctx, c, "/algo/optimize", r)
}

// Validate measures an algorithm and keeps the evidence as a bundle.
func (c *Client) Validate(ctx context.Context, r api.ValidateRequest) (*api.Validation, error) {
	return post[*api.Validation](ctx, c, "/algo/validate", r)
}

// Verify makes a bundle's measurements again and compares them.
func (c *Client) Verify(ctx context.Context, r api.VerifyRequest) (*api.Verification, error) {
	return post[*api.Verification](ctx, c, "/evidence/verify", r)
}

// Bundles names the evidence bundles of an algorithm, or of all where it is "".
func (c *Client) Bundles(ctx context.Context, algorithm string) ([]api.BundleName, error) {
	return get[[]api.BundleName](ctx, c, "/evidence", url.Values{"algorithm": {algorithm}})
}

// Evidence returns one bundle.
func (c *Client) Evidence(ctx context.Context, hash string) (*api.Validation, error) {
	return get[*api.Validation](ctx, c, "/evidence/"+url.PathEscape(hash), nil)
}

// Check looks for decisions of a strategy that depend on the future.
func (c *Client) Check(ctx context.Context, r api.CheckRequest) (*backtest.LookAhead, error) {
	return post[*backtest.LookAhead](ctx, c, "/algo/check", r)
}

// Backtest runs one backtest. With a trace writer every event, intent, approval, order and fill is written to it as JSON lines.
func (c *Client) Backtest(ctx context.Context, r api.BacktestRequest, trace io.Writer) (*report.Report, error) {
	if trace == nil {
		return post[*report.Report](ctx, c, "/algo/backtest", r)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	res, err := c.request(ctx, http.MethodPost, "/algo/trace", nil, bytes.NewReader(raw), http.Header{"Content-Type": {"application/json"}})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var rep *report.Report
	err = readLines(ctx, res.Body, func(line []byte) error {
		if !bytes.HasPrefix(line, []byte(`{"report":`)) && !bytes.HasPrefix(line, []byte(`{"problem":`)) {
			_, err := trace.Write(append(line, '\n'))
			return err
		}
		var last struct {
			Report  *report.Report
			Problem *api.Problem
		}
		if err := json.Unmarshal(line, &last); err != nil {
			return err
		}
		if last.Problem != nil {
			return last.Problem
		}
		rep = last.Report
		return nil
	})
	if err == nil && rep == nil {
		err = &Unreachable{Err: io.ErrUnexpectedEOF}
	}
	return rep, err
}

// CreateAlgorithm stores a script as a draft.
func (c *Client) CreateAlgorithm(ctx context.Context, r api.AlgorithmCreate) (api.Algorithm, error) {
	return post[api.Algorithm](ctx, c, "/algo", r)
}

// Algorithms lists algorithms, newest first.
func (c *Client) Algorithms(ctx context.Context) ([]api.Algorithm, error) {
	return get[[]api.Algorithm](ctx, c, "/algo", nil)
}

// Algorithm reads one algorithm by id or unique prefix.
func (c *Client) Algorithm(ctx context.Context, id string) (api.Algorithm, error) {
	return get[api.Algorithm](ctx, c, "/algo/"+esc(id), nil)
}

// Diff compares two algorithms.
func (c *Client) Diff(ctx context.Context, a, b string) (api.Diff, error) {
	d, err := get[api.Diff](ctx, c, "/algo/"+esc(a)+"/diff/"+esc(b), nil)
	d.A, d.B = a, b
	return d, err
}

// Promote moves an algorithm one state on; a refusal is an *api.Problem with the gate's reasons.
func (c *Client) Promote(ctx context.Context, id string, r api.PromoteRequest) (api.Algorithm, error) {
	return post[api.Algorithm](ctx, c, "/algo/"+esc(id)+"/promote", r)
}

// Retire retires an algorithm.
func (c *Client) Retire(ctx context.Context, id, reason string) (api.Algorithm, error) {
	return post[api.Algorithm](ctx, c, "/algo/"+esc(id)+"/retire", api.RetireRequest{Reason: reason})
}

// ExportAlgorithm reads an algorithm as a bundle.
func (c *Client) ExportAlgorithm(ctx context.Context, id string) (api.Bundle, error) {
	return get[api.Bundle](ctx, c, "/algo/"+esc(id)+"/export", nil)
}

// ImportAlgorithm stores a bundle; it arrives as a draft.
func (c *Client) ImportAlgorithm(ctx context.Context, b api.Bundle) (api.Algorithm, error) {
	return post[api.Algorithm](ctx, c, "/algo/import", b)
}

// Examples lists the built-in example strategies.
func (c *Client) Examples(ctx context.Context) ([]api.AlgorithmCreate, error) {
	return get[[]api.AlgorithmCreate](ctx, c, "/algo/examples", nil)
}
