package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/strategy"
)

// Kinds of kept results.
const (
	keptWalkForward = "walk-forward"
	keptLookAhead   = "look-ahead"
	keptBacktest    = "backtest"
	keptEvaluation  = "evaluation"
)

// named finds the candidate of this session that an algorithm id means.
func (t *turn) named(ctx context.Context, id string) (*candidate, research.WalkForwardResult, error) {
	for i := len(t.state.Task.Results) - 1; i >= 0; i-- {
		r := t.state.Task.Results[i]
		if r.Tool != research.ToolWalkForward || r.Error != "" {
			continue
		}
		var w research.WalkForwardResult
		if err := json.Unmarshal(r.Result, &w); err != nil {
			return nil, w, err
		}
		if w.Algorithm != id {
			continue
		}
		c, err := t.candidate(ctx, w.Strategy, w.Markets, t.state.Task.Brief.Interval)
		return c, w, err
	}
	return nil, research.WalkForwardResult{}, refuse("no candidate of this session has the id %.20q; walk one forward first", id)
}

func checkLookAhead(ctx context.Context, t *turn, _ string, a research.AlgorithmArgs) (outcome, error) {
	c, w, err := t.named(ctx, a.Algorithm)
	if err != nil {
		return outcome{}, err
	}
	defer c.close()
	run := c.run
	run.Params = w.Params
	la, err := c.bench.LookAhead(ctx, sandbox.Look{Run: run, Seed: 1})
	if err != nil {
		return outcome{}, backtestError(ctx, err)
	}
	if err := t.keep(ctx, keptLookAhead, a.Algorithm, la); err != nil {
		return outcome{}, err
	}
	res := research.LookAheadResult{OK: la.Finding.Passed, Checks: la.Cuts, Detail: la.Finding.Text}
	return outcome{result: res, summary: la.Finding.Text}, nil
}

// evaluateCandidate says what the out-of-sample record is worth. It first runs the final parameters over the whole window and the folds at
// double costs; the first is a trial, the second changes only the costs of trials already counted.
func evaluateCandidate(ctx context.Context, t *turn, _ string, a research.AlgorithmArgs) (outcome, error) {
	c, w, err := t.named(ctx, a.Algorithm)
	if err != nil {
		return outcome{}, err
	}
	defer c.close()
	raw, err := t.lab.kept(ctx, t.state.Session.ID, keptWalkForward, a.Algorithm)
	if err != nil {
		return outcome{}, err
	}
	var wf backtest.WalkForward
	if err := json.Unmarshal(raw, &wf); err != nil {
		return outcome{}, fmt.Errorf("the walk-forward record of %s: %w", a.Algorithm, err)
	}
	if err := c.whole(ctx, w); err != nil {
		return outcome{}, err
	}
	double, err := c.doubleCosts(ctx, w, len(wf.Folds))
	if err != nil {
		return outcome{}, err
	}
	trials, err := t.lab.Store.Trials(ctx, t.state.Session.ID)
	if err != nil {
		return outcome{}, err
	}
	e := research.Evaluation{Algorithm: a.Algorithm, Days: len(wf.Days), Sharpe: wf.Sharpe, Trials: len(trials), MaxDrawdown: &wf.Drawdown, Turnover: wf.Turnover,
		Return: &wf.Return, HoldReturn: &wf.Hold, HoldSharpe: wf.HoldSharpe, HoldMaxDD: w.HoldMaxDD, ReturnCosts2x: &double.Return, SharpeCosts2x: double.Sharpe,
		PositiveFolds: wf.Positive, Folds: len(wf.Folds)}
	if e.Days > 0 {
		e.TradesPerDay = float64(wf.Trades) / float64(e.Days)
	}
	daily := make([]float64, len(wf.Days))
	for i, d := range wf.Days {
		daily[i] = d.Return
	}
	content, err := c.with(ctx, w.Params)
	if err != nil {
		return outcome{}, err
	}
	campaign, err := t.lab.Store.Campaign(ctx, t.state.Session.UserID, content.CodeHash(), c.data.Markets)
	if err != nil {
		return outcome{}, err
	}
	campaign.Trials = max(campaign.Trials, e.Trials)
	e.Trials = campaign.Trials
	deflate(&e, daily, &campaign)
	if err := t.keep(ctx, keptEvaluation, a.Algorithm, e); err != nil {
		return outcome{}, err
	}
	return outcome{result: e, summary: evaluationLine(e)}, nil
}

func evaluationLine(e research.Evaluation) string {
	parts := []string{fmt.Sprintf("%d days, %d trials", e.Days, e.Trials)}
	if e.Sharpe != nil {
		parts = append(parts, fmt.Sprintf("Sharpe %.2f", *e.Sharpe))
	}
	if e.DSR != nil {
		parts = append(parts, fmt.Sprintf("deflated to %.2f", *e.DSR))
	}
	if e.ReturnCosts2x != nil {
		parts = append(parts, "at double costs "+signed(*e.ReturnCosts2x*100, 1)+" %")
	}
	return strings.Join(parts, ", ")
}

// whole runs the final parameters over the research window, for the algorithm's own page. It is a trial.
func (c *candidate) whole(ctx context.Context, w research.WalkForwardResult) error {
	content, err := c.with(ctx, w.Params)
	if err != nil {
		return err
	}
	begun, err := c.begin(ctx, "whole", &content, time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	run := c.run
	run.Params, run.Algorithm = w.Params, content.ID()
	rep, err := c.bench.Backtest(ctx, run, nil, nil)
	if err != nil {
		return backtestError(ctx, err)
	}
	if err := c.end(ctx, &begun, rep.Days); err != nil {
		return err
	}
	rep.Notes = append(rep.Notes, "in sample: the parameters were chosen on this window; what counts is the walk-forward beside it")
	if _, err := c.record(ctx, "whole", content, rep.From, rep.To, rep.Strat); err != nil {
		return err
	}
	return c.t.keep(ctx, keptBacktest, content.ID(), rep)
}

// doubleCosts runs the folds again with the parameters that were chosen, at twice the fee and slippage.
func (c *candidate) doubleCosts(ctx context.Context, w research.WalkForwardResult, folds int) (*backtest.WalkForward, error) {
	two := money.FromInt(2)
	walk := sandbox.Walk{Run: c.run, Folds: folds, FoldParams: w.FoldParams}
	walk.Settings.FeeBps, walk.Settings.SlippageBps = walk.Settings.FeeBps.Mul(two), walk.Settings.SlippageBps.Mul(two)
	wf, err := c.bench.WalkForward(ctx, walk)
	if err != nil {
		return nil, backtestError(ctx, err)
	}
	return wf, nil
}

// recordVerdict keeps the judged candidate as a draft algorithm with its evidence, whatever the verdict: a person may still look at it
// on paper. An algorithm that was promoted before keeps the evidence it was promoted on.
func (l *Lab) recordVerdict(ctx context.Context, t *turn, v research.Verdict) error {
	s := t.state.Session
	c, w, err := t.named(ctx, v.Algorithm)
	if err != nil {
		return err
	}
	defer c.close()
	content, err := c.with(ctx, w.Params)
	if err != nil {
		return err
	}
	kept := map[string]json.RawMessage{}
	for _, kind := range []string{keptEvaluation, keptWalkForward, keptLookAhead, keptBacktest} {
		if kept[kind], err = l.kept(ctx, s.ID, kind, v.Algorithm); err != nil {
			return err
		}
	}
	var e research.Evaluation
	if len(kept[keptEvaluation]) > 0 {
		if err := json.Unmarshal(kept[keptEvaluation], &e); err != nil {
			return fmt.Errorf("evaluation of %s: %w", v.Algorithm, err)
		}
	}
	bars := c.data.Bars[0]
	dataTo := bars[len(bars)-1].OpenTime().Add(c.data.Interval.Duration())
	ev := strategy.Evidence{Algorithm: content.ID(), Reasons: v.Reasons, DSR: e.DSR, Trials: e.Trials, UpdatedAt: l.Clock.Now().Truncate(time.Microsecond),
		WalkForward: kept[keptWalkForward], LookAhead: kept[keptLookAhead], DataTo: dataTo}
	a := strategy.Algorithm{ID: content.ID(), Name: c.name, Content: content, State: strategy.Draft, CreatedAt: ev.UpdatedAt, StateSince: ev.UpdatedAt,
		Provenance: strategy.Provenance{Session: s.ID, Model: s.Model, DataFrom: bars[0].OpenTime(), DataTo: dataTo,
			DataHash: dataHash(bars), TrialsBefore: e.Trials, Simulated: c.run.Simulated, CodeHash: content.CodeHash()}}
	known, _, err := l.Store.PutAlgorithm(ctx, s.UserID, a)
	if err != nil {
		return err
	}
	if known.State == strategy.Draft { // what an algorithm was promoted on stands; this session keeps its own findings
		if err := l.Store.PutEvidence(ctx, ev, kept[keptBacktest]); err != nil {
			return err
		}
	}
	cur, err := l.Store.Session(ctx, s.UserID, s.ID)
	if err != nil {
		return err
	}
	cur.Best, cur.Verdict, cur.Trials = v.Algorithm, v.Headline, e.Trials
	return l.Store.UpdateSession(ctx, cur)
}
