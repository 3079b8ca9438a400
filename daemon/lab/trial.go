package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/strategy"
	"golang.org/x/sync/errgroup"
)

const (
	maxGrid  = 24
	maxFolds = 12
)

func listStrategies(_ context.Context, _ *turn, _ string, _ research.NoArgs) (outcome, error) {
	res := research.StrategiesResult{Strategies: []research.StrategyInfo{}}
	for _, e := range strategy.Examples() {
		spec, err := strategy.Declare([]byte(e.Source))
		if err != nil {
			return outcome{}, fmt.Errorf("example %s: %w", e.Name, err)
		}
		info := research.StrategyInfo{Name: e.Name, Description: spec.Description, Markets: len(spec.Markets), Params: []research.ParamInfo{}}
		for _, p := range spec.Params {
			info.Params = append(info.Params, research.ParamInfo{Name: p.Name, Kind: p.Kind, Default: p.Default, Min: p.Min, Max: p.Max})
		}
		res.Strategies = append(res.Strategies, info)
	}
	return outcome{result: res, summary: fmt.Sprintf("%d strategies can be tried", len(res.Strategies))}, nil
}

// candidate is one strategy on its markets and bars, whatever its parameters. It must be closed.
type candidate struct {
	t     *turn
	name  string
	bench *sandbox.Bench
	data  sandbox.Data
	run   sandbox.Run // sources and settings; no parameters
}

func (t *turn) candidate(ctx context.Context, name string, markets []string, interval string) (*candidate, error) {
	hs, iv, err := t.histories(ctx, markets, interval)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(strategy.Examples(), func(e strategy.Example) bool { return e.Name == name })
	if i < 0 {
		return nil, refuse("there is no strategy %q; list_strategies names them", clipName(name))
	}
	c := &candidate{t: t, name: name, data: sandbox.Data{Interval: iv}, run: sandbox.Run{Settings: report.Default()}}
	if cash := t.state.Session.Options.Cash; cash != "" {
		if c.run.Settings.Cash, err = money.Parse(cash); err != nil {
			return nil, refuse("cash: %v", err)
		}
	}
	for _, h := range hs {
		c.data.Markets = append(c.data.Markets, h.market)
		c.data.Bars = append(c.data.Bars, h.Bars.Bars)
		c.run.Simulated = c.run.Simulated || h.Simulated
		c.run.Sources = append(c.run.Sources, h.Sources...)
	}
	slices.Sort(c.run.Sources)
	c.run.Sources = slices.Compact(c.run.Sources)
	c.bench = t.lab.Sandbox.Bench(sandbox.Script{Name: name, Source: strategy.Examples()[i].Source})
	d, err := c.bench.Declare(ctx, strategy.Options{Markets: c.data.Markets, Interval: iv})
	if err == nil {
		c.data.Told, err = ledger.Asked(ctx, t.lab.Ledger, d.Spec.Ledgers, c.data.Markets, iv, c.data.Bars)
	}
	if err != nil {
		c.bench.Close()
		return nil, backtestError(ctx, err)
	}
	c.bench.Load(c.data)
	return c, nil
}

func (c *candidate) close() { c.bench.Close() }

// with returns the content that the given parameters make.
func (c *candidate) with(ctx context.Context, params map[string]float64) (strategy.Content, error) {
	d, err := c.bench.Declare(ctx, strategy.Options{Params: params, Markets: c.data.Markets, Interval: c.data.Interval})
	if err != nil {
		return strategy.Content{}, backtestError(ctx, err)
	}
	return d.Content, nil
}

// begin writes a backtest into the trial ledger, before it runs.
func (c *candidate) begin(ctx context.Context, stage string, content *strategy.Content, from, to time.Time) (research.CampaignTrial, error) {
	t, err := backtest.Tried(c.t.state.Session.UserID, stage, c.t.state.Session.ID, c.name, content, from, to, &c.run.Settings, c.t.lab.Clock.Now())
	if err != nil {
		return t, err
	}
	for _, bars := range c.data.Bars {
		if n := len(bars); n > 0 {
			if at := bars[n-1].OpenTime().Add(c.data.Interval.Duration()); at.After(t.Read) {
				t.Read = at
			}
		}
	}
	return t, c.t.lab.Store.RecordTrial(ctx, t)
}

// end adds the result.
func (c *candidate) end(ctx context.Context, t *research.CampaignTrial, days []report.Day) error {
	if err := backtest.CameOut(t, days); err != nil {
		return err
	}
	return c.t.lab.Store.EndTrial(ctx, *t)
}

func foldDays(wf *backtest.WalkForward, n int) (days []report.Day) {
	for _, d := range wf.Days {
		if d.Fold == n {
			days = append(days, report.Day{Date: d.Date, Return: d.Return})
		}
	}
	return days
}

// record notes one backtest among the session's trials. It is called before the result is told to anybody.
func (c *candidate) record(ctx context.Context, stage string, content strategy.Content, from, to time.Time, f report.Figures) (research.Trial, error) {
	tr := research.Trial{Session: c.t.state.Session.ID, Algorithm: content.ID(), Strategy: c.name, Params: content.Params, From: from, To: to, Stage: stage,
		Sharpe: f.Sharpe, Return: f.Return, Drawdown: f.MaxDrawdown, Turnover: f.Turnover, Trades: f.Trades, CreatedAt: c.t.lab.Clock.Now().Truncate(time.Microsecond)}
	for _, m := range c.data.Markets {
		tr.Markets = append(tr.Markets, m.String())
	}
	n, err := c.t.lab.Store.AppendTrial(ctx, tr)
	tr.N = n
	return tr, err
}

// chosen is one grid point's run on a fold's training window.
type chosen struct {
	content strategy.Content
	report  *report.Report
}

// walkForward runs a candidate and counts every backtest on the way.
func walkForward(ctx context.Context, t *turn, key string, a research.WalkForwardArgs) (outcome, error) {
	if len(a.Grid) == 0 || len(a.Grid) > maxGrid || a.Folds < 2 || a.Folds > maxFolds {
		return outcome{}, refuse("want 1 to %d grid points and 2 to %d folds, not %d and %d", maxGrid, maxFolds, len(a.Grid), a.Folds)
	}
	c, err := t.candidate(ctx, a.Strategy, a.Markets, a.Interval)
	if err != nil {
		return outcome{}, err
	}
	defer c.close()
	edges, err := backtest.FoldEdges(&backtest.WalkForwardInput{Input: backtest.Input{Bars: c.data.Bars}, Markets: c.data.Markets, Interval: c.data.Interval, Folds: a.Folds})
	if err != nil {
		return outcome{}, backtestError(ctx, err)
	}
	var contents []strategy.Content // of each fold's choice
	var trials []research.Trial
	walk := sandbox.Walk{Run: c.run, Folds: a.Folds}
	for n := 1; n <= a.Folds; n++ {
		best, ts, err := c.choose(ctx, a.Grid, edges[0], edges[n])
		if err != nil {
			return outcome{}, err
		}
		trials = append(trials, ts...)
		contents = append(contents, best)
		walk.FoldParams = append(walk.FoldParams, best.Params)
	}
	begun := make([]research.CampaignTrial, a.Folds)
	for i := range begun {
		if begun[i], err = c.begin(ctx, "test", &contents[i], edges[i+1], edges[i+2]); err != nil {
			return outcome{}, err
		}
	}
	wf, err := c.bench.WalkForward(ctx, walk)
	if err != nil {
		return outcome{}, backtestError(ctx, err)
	}
	if len(wf.Folds) != a.Folds {
		return outcome{}, fmt.Errorf("walk-forward: %d folds came back, %d were asked for", len(wf.Folds), a.Folds)
	}
	for i, f := range wf.Folds {
		if err := c.end(ctx, &begun[i], foldDays(wf, f.N)); err != nil {
			return outcome{}, err
		}
		tr, err := c.record(ctx, "test", contents[i], f.From, f.To, f.Figures)
		if err != nil {
			return outcome{}, err
		}
		trials = append(trials, tr)
	}
	res, err := c.result(ctx, wf, contents)
	if err != nil {
		return outcome{}, err
	}
	res.Trials = len(trials)
	if err := t.tellTrials(ctx, key, trials); err != nil {
		return outcome{}, err
	}
	return outcome{result: res, summary: candidateLine(res)}, nil
}

// backtestError makes what is wrong with a candidate a refusal, and keeps what is wrong with the run an error.
func backtestError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var r *refusal
	if errors.As(err, &r) {
		return err
	}
	var script *strategy.ScriptError
	var limit *sandbox.LimitError
	if errors.As(err, &script) || errors.As(err, &limit) || errors.Is(err, backtest.ErrFolds) || errors.Is(err, backtest.ErrNoBars) {
		return refuse("%v", err)
	}
	return err
}

// choose runs every grid point on the bars of the training window, and nothing after it, and takes the highest Sharpe, the first of
// equals.
func (c *candidate) choose(ctx context.Context, grid []map[string]float64, from, to time.Time) (strategy.Content, []research.Trial, error) {
	runs := make([]chosen, len(grid))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, params := range grid {
		g.Go(func() error {
			content, err := c.with(gctx, params)
			if err != nil {
				return err
			}
			t, err := c.begin(gctx, "train", &content, from, to)
			if err != nil {
				return err
			}
			run := c.run
			run.Params, run.Since, run.Before = params, from, to
			rep, err := c.bench.Backtest(gctx, run, nil, nil)
			if err != nil {
				return err
			}
			runs[i] = chosen{content, rep}
			return c.end(gctx, &t, rep.Days)
		})
	}
	if err := g.Wait(); err != nil {
		return strategy.Content{}, nil, backtestError(ctx, err)
	}
	best := 0
	var trials []research.Trial
	for i, r := range runs { // recorded in the grid's order, so that a re-run counts the same
		tr, err := c.record(ctx, "train", r.content, from, to, r.report.Strat)
		if err != nil {
			return strategy.Content{}, nil, err
		}
		trials = append(trials, tr)
		if s, b := r.report.Strat.Sharpe, runs[best].report.Strat.Sharpe; s != nil && (b == nil || *s > *b) {
			best = i
		}
	}
	return runs[best].content, trials, nil
}

func (c *candidate) result(ctx context.Context, wf *backtest.WalkForward, contents []strategy.Content) (research.WalkForwardResult, error) {
	newest := contents[len(contents)-1]
	r := research.WalkForwardResult{Algorithm: newest.ID(), Strategy: c.name, Params: newest.Params, Days: len(wf.Days), Return: &wf.Return, Sharpe: wf.Sharpe,
		MaxDrawdown: &wf.Drawdown, Turnover: wf.Turnover, Trades: wf.Trades, HoldReturn: &wf.Hold, HoldSharpe: wf.HoldSharpe}
	for _, m := range c.data.Markets {
		r.Markets = append(r.Markets, m.String())
	}
	equity, peak, worst := 1.0, 1.0, 0.0
	for _, d := range wf.Days {
		equity *= 1 + d.Hold
		peak = max(peak, equity)
		worst = min(worst, equity/peak-1)
	}
	r.HoldMaxDD = &worst
	for i, f := range wf.Folds {
		r.FoldParams = append(r.FoldParams, contents[i].Params)
		r.FoldSharpe = append(r.FoldSharpe, f.Figures.Sharpe)
	}
	all, err := c.t.lab.Store.Trials(ctx, c.t.state.Session.ID)
	if err != nil {
		return r, err
	}
	r.TrialsTotal = len(all)
	return r, c.t.keep(ctx, keptWalkForward, r.Algorithm, wf)
}

func candidateLine(r research.WalkForwardResult) string {
	s := fmt.Sprintf("%s on %s: ", r.Strategy, strings.Join(r.Markets, ", "))
	if r.Return != nil {
		s += signed(*r.Return*100, 1) + " % out of sample"
	}
	if r.Sharpe != nil {
		s += ", Sharpe " + strings.Replace(fmt.Sprintf("%.2f", *r.Sharpe), "-", "−", 1)
	}
	if r.HoldReturn != nil {
		s += ", hold " + signed(*r.HoldReturn*100, 1) + " %"
	}
	return s + fmt.Sprintf("; %d trades, %d trials (%d in all)", r.Trades, r.Trials, r.TrialsTotal)
}

// tellTrials streams the trials of one call.
func (t *turn) tellTrials(ctx context.Context, key string, trials []research.Trial) error {
	es := make([]research.Event, len(trials))
	for i, tr := range trials {
		b, err := json.Marshal(tr)
		if err != nil {
			return err
		}
		es[i] = research.Event{Kind: research.EventTrial, Agent: t.agent.name, Data: b}
	}
	return t.lab.append(ctx, t.state.Session.ID, t.key("trials/"+key), es)
}

// envelope is a kept result with what it is of: without it two candidates' equal results would be one artifact.
type envelope struct {
	Kind      string          `json:"kind"`
	Algorithm string          `json:"algorithm"`
	Result    json.RawMessage `json:"result"`
}

// keep stores a result beside the session, addressed by its content.
func (t *turn) keep(ctx context.Context, kind, algorithm string, v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		b, err = json.Marshal(envelope{kind, algorithm, b})
	}
	if err != nil {
		return fmt.Errorf("%s of %s: %w", kind, algorithm, err)
	}
	sum := sha256.Sum256(b)
	return t.lab.Store.PutArtifact(ctx, research.Artifact{ID: hex.EncodeToString(sum[:]), Session: t.state.Session.ID, Kind: kind, Name: artifactName(kind, algorithm),
		MediaType: "application/json", Size: int64(len(b)), CreatedAt: t.lab.Clock.Now().Truncate(time.Microsecond)}, b)
}

func artifactName(kind, algorithm string) string { return kind + "-" + algorithm[:12] + ".json" }

// kept reads back the newest result of a kind; nil where there is none.
func (l *Lab) kept(ctx context.Context, session, kind, algorithm string) (json.RawMessage, error) {
	if len(algorithm) < 12 {
		return nil, nil
	}
	as, err := l.Store.Artifacts(ctx, session)
	if err != nil {
		return nil, err
	}
	for i := len(as) - 1; i >= 0; i-- {
		if as[i].Kind != kind || as[i].Name != artifactName(kind, algorithm) {
			continue
		}
		_, b, err := l.Store.Artifact(ctx, as[i].ID)
		if err != nil {
			return nil, err
		}
		var e envelope
		if err := json.Unmarshal(b, &e); err != nil {
			return nil, fmt.Errorf("artifact %s: %w", as[i].ID, err)
		}
		return e.Result, nil
	}
	return nil, nil
}
