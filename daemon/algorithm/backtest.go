package algorithm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/strategy"
)

// lookAheadBudget is how many bars the look-ahead test of a walk-forward may step over: a few seconds of work.
const lookAheadBudget = 4_000_000

// Backtest runs one backtest and returns its report. With WalkForward folds it also walks forward with the same parameters in every
// fold, tests for look-ahead, stores the algorithm as a draft where it is not stored yet, and keeps the evidence beside it.
// trace, when not nil, gets the plain backtest's events as JSON lines.
func (s *Service) Backtest(ctx context.Context, user string, r api.BacktestRequest, trace io.Writer) (*report.Report, error) {
	name, o, err := s.resolve(ctx, user, &r)
	if err != nil {
		return nil, err
	}
	from, to, err := window(r.From, r.To)
	if err != nil {
		return nil, err
	}
	if err := risks(&r); err != nil {
		return nil, err
	}
	bench := s.sandbox.Bench(sandbox.Script{Name: name, Source: r.Source})
	defer bench.Close()
	d, err := bench.Declare(ctx, o)
	if err != nil {
		return nil, problem(err)
	}
	run := sandbox.Run{Params: o.Params, From: from, To: to, Settings: report.Default()}
	if r.Settings != nil {
		run.Settings = *r.Settings
	}
	v, err := s.view(ctx, d.Spec, from, to, r.AcceptRisk)
	if err != nil {
		return nil, problem(err)
	}
	data, err := s.read(ctx, d.Spec, &run, &v, r.MaxMissing)
	if err != nil {
		return nil, problem(err)
	}
	if r.WalkForward > 0 {
		run.Algorithm = d.Content.ID() // stored as soon as everything has run to its end
	} else if found, err := s.store.AlgorithmsByPrefix(ctx, user, d.Content.ID()); err != nil {
		return nil, fmt.Errorf("find algorithm %.12s: %w", d.Content.ID(), err)
	} else if len(found) == 1 {
		run.Algorithm = found[0].ID
	}
	bench.Load(data)
	rep, err := s.tried(ctx, user, bench, run, &v, &d.Content, name, trace)
	if err != nil {
		return nil, err
	}
	if run.Algorithm == "" {
		return rep, nil
	}
	var f *forwarded
	if r.WalkForward > 0 {
		if f, err = walk(ctx, bench, run, r.WalkForward); err != nil {
			return nil, err
		}
		rep.Forward = forward(f.walk, f.look)
		if _, err := s.put(ctx, user, rep.Strategy, d.Content, strategy.Provenance{Author: user, Simulated: run.Simulated}); err != nil {
			return nil, err
		}
	}
	if err := s.keep(ctx, user, d.Content, rep, f); err != nil {
		return nil, err
	}
	return rep, nil
}

// tried runs a backtest, which is in the trial ledger before it begins: its result is shown to nobody whose count does not have it.
func (s *Service) tried(ctx context.Context, user string, bench *sandbox.Bench, run sandbox.Run, v *view, c *strategy.Content, name string, trace io.Writer) (*report.Report, error) {
	t, err := s.begin(ctx, user, "backtest", name, c, &run, v)
	if err != nil {
		return nil, err
	}
	rep, err := bench.Backtest(ctx, run, trace, nil)
	if err != nil {
		return nil, problem(err)
	}
	if err := backtest.CameOut(&t, rep.Days); err != nil {
		return nil, err
	}
	if err := s.store.EndTrial(ctx, t); err != nil {
		return nil, fmt.Errorf("record the trial's result: %w", err)
	}
	rep.Holdout, err = s.holdout(ctx, user, c, v)
	return rep, err
}

// resolve finds the script that is meant, puts it into r.Source, and returns its name and options.
func (s *Service) resolve(ctx context.Context, user string, r *api.BacktestRequest) (string, strategy.Options, error) {
	o, err := options(r.Params, r.Markets, r.Interval)
	if err != nil {
		return "", o, err
	}
	if r.Source != "" {
		return r.Strategy, o, nil
	}
	if ex, ok := strategy.FindExample(r.Strategy); ok {
		r.Source = ex.Source
		return ex.Name, o, nil
	}
	a, err := s.find(ctx, user, r.Strategy)
	if err != nil {
		var names []string
		for _, ex := range strategy.Examples() {
			names = append(names, ex.Name)
		}
		if p, ok := err.(*api.Problem); ok && p.Code != api.CodeConflict {
			return "", o, api.NewProblem(http.StatusNotFound, api.CodeNotFound,
				"strategy %.64q: no file, no stored algorithm's id, and no built-in example; the examples are %s", r.Strategy, strings.Join(names, ", "))
		}
		return "", o, err
	}
	r.Source = a.Content.Script
	params := make(map[string]float64, len(a.Content.Params))
	for k, v := range a.Content.Params {
		params[k] = v
	}
	for k, v := range o.Params {
		params[k] = v
	}
	o.Params = params
	if len(o.Markets) == 0 {
		o.Markets = a.Content.Markets
	}
	if o.Interval == 0 {
		o.Interval = a.Content.Interval
	}
	return a.Name, o, nil
}

// window reads from and to: RFC 3339 or a date, which means its midnight UTC. to is not included.
func window(from, to string) (f, t time.Time, err error) {
	if f, err = moment("from", from); err != nil {
		return f, t, err
	}
	if t, err = moment("to", to); err != nil {
		return f, t, err
	}
	if !f.IsZero() && !t.IsZero() && !f.Before(t) {
		return f, t, bad("from %s is not before to %s", f.Format(time.RFC3339), t.Format(time.RFC3339))
	}
	return f, t, nil
}

func moment(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			if t = t.UTC(); t.Year() < 1970 || t.Year() > 2200 {
				return time.Time{}, bad("%s: %.40q is outside 1970 to 2200", name, text)
			}
			return t, nil
		}
	}
	return time.Time{}, bad("%s: %.40q: want a date like 2024-06-01 or a time like 2024-06-01T12:00:00Z", name, text)
}

// read returns the bars of every market, as many before the window as the warm-up needs and the ledger has, and what the strategy asks of
// the ledgers beside, and notes in the run where the bars came from.
func (s *Service) read(ctx context.Context, spec strategy.Spec, run *sandbox.Run, v *view, maxMissing float64) (sandbox.Data, error) {
	if maxMissing <= 0 {
		maxMissing = s.maxMissing
	}
	sources := map[string]bool{}
	data := sandbox.Data{Markets: spec.Markets, Interval: spec.Interval, Bars: make([][]market.Bar, len(spec.Markets))}
	for i, m := range spec.Markets {
		q := ledger.BarQuery{Market: m, Interval: spec.Interval, From: run.From, To: v.until}
		bars, err := v.reader.PriceBars(ctx, q)
		if err != nil {
			return data, fmt.Errorf("read bars of %s: %w", m, err)
		}
		if len(bars.Bars) == 0 {
			return data, s.noBars(ctx, m, spec.Interval, run)
		}
		if err := ledger.CheckHoles(m, spec.Interval, bars.Bars, maxMissing); err != nil {
			return data, err
		}
		parts := []ledger.Bars{bars}
		if spec.Warmup > 0 && !run.From.IsZero() {
			before, err := v.reader.PriceBars(ctx, ledger.BarQuery{Market: m, Interval: spec.Interval, To: run.From, Limit: spec.Warmup})
			if err != nil {
				return data, fmt.Errorf("read warm-up bars of %s: %w", m, err)
			}
			parts = []ledger.Bars{before, bars}
		}
		for _, p := range parts {
			if data.Bars[i] == nil {
				data.Bars[i] = p.Bars
			} else {
				data.Bars[i] = append(data.Bars[i], p.Bars...)
			}
			run.Simulated = run.Simulated || p.Simulated
			for _, name := range p.Sources {
				sources[name] = true
			}
		}
	}
	for name := range sources {
		run.Sources = append(run.Sources, name)
	}
	slices.Sort(run.Sources)
	for _, bars := range data.Bars {
		if at := bars[len(bars)-1].OpenTime().Add(spec.Interval.Duration()); at.After(v.read) {
			v.read = at
		}
	}
	var err error
	data.Told, err = ledger.Asked(ctx, v.reader, spec.Ledgers, spec.Markets, spec.Interval, data.Bars)
	return data, err
}

// noBars says what the ledger has instead of what was asked for.
func (s *Service) noBars(ctx context.Context, m market.Market, iv market.Interval, run *sandbox.Run) error {
	all, err := s.ledger.Coverage(ctx)
	if err != nil {
		return fmt.Errorf("read coverage: %w", err)
	}
	var has, others []string
	for _, c := range all {
		if c.Market == m {
			has = append(has, fmt.Sprintf("%s from %s to %s", c.Interval, c.First.Format(time.DateOnly), c.Last.Format(time.DateOnly)))
		} else if text := c.Market.String(); !slices.Contains(others, text) && len(others) < 10 {
			others = append(others, text)
		}
	}
	switch {
	case len(has) > 0:
		return api.NewProblem(http.StatusNotFound, api.CodeNotFound, "no %s bars of %s in the window%s; the ledger has %s", iv, m, spoken(run), strings.Join(has, ", "))
	case len(others) > 0:
		return api.NewProblem(http.StatusNotFound, api.CodeNotFound, "the ledger has no bars of %s; it has %s. 'omc data import' or 'omc data fetch' adds more", m, strings.Join(others, ", "))
	}
	return api.NewProblem(http.StatusNotFound, api.CodeNotFound, "the ledger has no bars of %s, or of anything: add some with 'omc data import' or 'omc data fetch'", m)
}

func spoken(run *sandbox.Run) string {
	text := ""
	if !run.From.IsZero() {
		text += " from " + run.From.Format(time.RFC3339)
	}
	if !run.To.IsZero() {
		text += " to " + run.To.Format(time.RFC3339)
	}
	return text
}

// keep stores what a backtest of a stored algorithm showed: with a walk-forward all of it, without one (f is nil) its report,
// unless that would stand beside another backtest's walk-forward.
func (s *Service) keep(ctx context.Context, user string, c strategy.Content, rep *report.Report, f *forwarded) error {
	id := rep.Algorithm
	body, err := json.Marshal(rep)
	if err != nil {
		return fmt.Errorf("report of %.12s: %w", id, err)
	}
	s.evidence.Lock()
	defer s.evidence.Unlock()
	e, _, err := s.known(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case e == nil:
		e = &strategy.Evidence{Algorithm: id, UpdatedAt: s.now()}
	case f == nil && len(e.WalkForward) > 0:
		return nil
	}
	if f != nil {
		e.UpdatedAt, e.DataTo = s.now(), later(e.DataTo, rep.To)
		if err := f.into(e); err != nil {
			return err
		}
		if err := s.deflate(ctx, user, &c, f.walk, e); err != nil {
			return err
		}
		a, err := s.store.Algorithm(ctx, user, id)
		if err != nil {
			return fmt.Errorf("algorithm %.12s: %w", id, err)
		}
		if e.Reasons, err = s.gate(ctx, user, a, e, rep.Simulated, strategy.Validated); err != nil {
			return err
		}
	}
	if err := s.store.PutEvidence(ctx, *e, body); err != nil {
		return fmt.Errorf("keep evidence of %.12s: %w", id, err)
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// walk runs the walk-forward and the look-ahead test over the same bars and settings as the plain backtest.
func walk(ctx context.Context, bench *sandbox.Bench, run sandbox.Run, folds int) (*forwarded, error) {
	w, err := bench.WalkForward(ctx, sandbox.Walk{Run: run, Folds: folds})
	if err != nil {
		return nil, problem(err)
	}
	l, err := bench.LookAhead(ctx, sandbox.Look{Run: run, Budget: lookAheadBudget})
	if err != nil {
		return nil, problem(err)
	}
	return &forwarded{w, l}, nil
}

// forwarded is what a walk-forward and the look-ahead test beside it found.
type forwarded struct {
	walk *backtest.WalkForward
	look *backtest.LookAhead
}

// into writes it into the evidence.
func (f *forwarded) into(e *strategy.Evidence) (err error) {
	if e.WalkForward, err = json.Marshal(f.walk); err != nil {
		return fmt.Errorf("walk-forward: %w", err)
	}
	if e.LookAhead, err = json.Marshal(f.look); err != nil {
		return fmt.Errorf("look-ahead test: %w", err)
	}
	return nil
}

// deflate counts what was tried before this result, and says what the out-of-sample days are worth after that.
func (s *Service) deflate(ctx context.Context, user string, c *strategy.Content, wf *backtest.WalkForward, e *strategy.Evidence) error {
	campaign, err := s.store.Campaign(ctx, user, c.CodeHash(), c.Markets)
	if err != nil {
		return err
	}
	known, err := s.trials(ctx, user, c.ID(), c.CodeHash())
	if err != nil {
		return err
	}
	e.Trials = max(e.Trials, known, campaign.Trials)
	campaign.Trials, e.DSR = e.Trials, nil
	daily := make([]float64, len(wf.Days))
	for i, d := range wf.Days {
		daily[i] = d.Return
	}
	if d, err := backtest.Deflated(daily, &campaign); err == nil { // otherwise there is no ratio to deflate, which the gate says
		e.DSR = &d.DSR
	}
	return nil
}

// forward is what the report shows of a walk-forward.
func forward(w *backtest.WalkForward, l *backtest.LookAhead) *report.Forward {
	out := &report.Forward{From: w.From, To: w.To, Return: w.Return, Hold: w.Hold, Sharpe: w.Sharpe, HoldSharpe: w.HoldSharpe, Drawdown: w.Drawdown,
		Trades: w.Trades, Positive: w.Positive, NoLookAhead: l.Finding.Passed, LookAhead: l.Finding.Text}
	for i := range w.Folds {
		f := &w.Folds[i]
		out.Folds = append(out.Folds, report.ForwardFold{N: f.N, From: f.From, To: f.To, Return: f.Figures.Return, Hold: f.Hold.Return,
			Sharpe: f.Figures.Sharpe, Drawdown: f.Figures.MaxDrawdown, Trades: f.Figures.Trades})
	}
	return out
}

// trials counts what is known to have been tried without the trial ledger, by an omc that had none: the variants of the same script with
// a walk-forward, this one included, or, where an algorithm of the lab is among them, at least the trials its session had counted.
func (s *Service) trials(ctx context.Context, user, id, code string) (int, error) {
	all, err := s.store.Algorithms(ctx, user)
	if err != nil {
		return 0, fmt.Errorf("count trials: %w", err)
	}
	n, before := 1, 0
	for _, a := range all {
		if a.Content.CodeHash() != code {
			continue
		}
		before = max(before, a.Provenance.TrialsBefore)
		if a.ID == id {
			continue
		}
		e, _, err := s.known(ctx, a.ID)
		if err != nil {
			return 0, err
		}
		if e != nil && len(e.WalkForward) > 0 {
			n++
		}
	}
	return n + before, nil
}
