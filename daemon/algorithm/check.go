package algorithm

import (
	"context"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/sandbox"
)

// checkSteps is how many bars a check steps over where nothing is said, and mostSteps what it may be told.
const (
	checkSteps = 20_000_000
	mostSteps  = 2_000_000_000
)

// Check runs the look-ahead test alone. It shows no result of the strategy, but a script's error can carry one out: so it is a trial, the same as
// a backtest over that window.
func (s *Service) Check(ctx context.Context, user string, r api.CheckRequest) (*backtest.LookAhead, error) {
	if r.Cuts < 0 || r.Cuts > 10_000 || r.Steps < 0 || r.Steps > mostSteps {
		return nil, bad("%d cuts and %d steps: want at most 10000 and %d", r.Cuts, r.Steps, mostSteps)
	}
	name, o, err := s.resolve(ctx, user, &r.BacktestRequest)
	if err != nil {
		return nil, err
	}
	run := sandbox.Run{Params: o.Params, Settings: report.Default()}
	if run.From, run.To, err = window(r.From, r.To); err != nil {
		return nil, err
	}
	if r.Settings != nil {
		run.Settings = *r.Settings
	}
	bench := s.sandbox.Bench(sandbox.Script{Name: name, Source: r.Source})
	defer bench.Close()
	d, err := bench.Declare(ctx, o)
	if err != nil {
		return nil, problem(err)
	}
	v, err := s.view(ctx, d.Spec, run.From, run.To, nil)
	if err != nil {
		return nil, problem(err)
	}
	data, err := s.read(ctx, d.Spec, &run, &v, r.MaxMissing)
	if err != nil {
		return nil, problem(err)
	}
	bench.Load(data)
	if _, err := s.begin(ctx, user, "check", name, &d.Content, &run, &v); err != nil {
		return nil, err
	}
	if r.Steps == 0 {
		r.Steps = checkSteps
	}
	look, err := bench.LookAhead(ctx, sandbox.Look{Run: run, Seed: r.Seed, Cuts: r.Cuts, Budget: r.Steps})
	if err != nil {
		return nil, problem(err)
	}
	return look, nil
}
