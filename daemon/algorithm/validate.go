package algorithm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/search"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/verdict"
)

const (
	defaultFolds  = 5
	bandResamples = 2_000
	randomEntries = 1_000
	maxBeside     = 40 // neighbours that are run
)

// Ask sets what the verdicts ask for; before the service is used.
func (s *Service) Ask(t verdict.Thresholds) { s.limits = t }

// Validate measures an algorithm over a window, all that is known to be worth measuring, and keeps the result as a bundle. Every backtest on the
// way is a trial; with the risk accepted it looks at the hold-out, once, at the end.
func (s *Service) Validate(ctx context.Context, user string, r api.ValidateRequest) (*api.Validation, error) {
	v, err := s.validation(ctx, user, &r)
	if err != nil {
		return nil, err
	}
	defer v.bench.Close()
	if err := v.prepare(ctx, &r); err != nil {
		return nil, err
	}
	if err := v.runs(ctx); err != nil {
		return nil, err
	}
	a, err := s.put(ctx, user, v.name, v.content, strategy.Provenance{Author: user, Simulated: v.run.Simulated})
	if err != nil {
		return nil, err
	}
	v.in.Algorithm, v.in.Name = a.ID, a.Name
	if v.in.Model, v.in.Cutoff, err = s.writer(ctx, user, v.content.CodeHash()); err != nil {
		return nil, err
	}
	if slices.Contains(r.AcceptRisk, api.RiskHoldout) && v.in.Sealed != nil {
		if err := v.look(ctx, r.MaxMissing); err != nil {
			return nil, err
		}
	}
	if err := v.count(ctx); err != nil {
		return nil, err
	}
	b := v.bundle()
	if err := s.keep(ctx, user, v.content, v.whole, &forwarded{v.walk, v.ahead}); err != nil {
		return nil, err
	}
	return s.keepBundle(ctx, user, b)
}

// writer is the language model that a script is known to come from, under whatever parameters and markets it was stored, and the latest cut-off
// that was said of one.
func (s *Service) writer(ctx context.Context, user, codeHash string) (model string, cutoff *time.Time, err error) {
	all, err := s.store.Algorithms(ctx, user)
	if err != nil {
		return "", nil, fmt.Errorf("who wrote the script: %w", err)
	}
	for _, a := range all {
		if at := a.Provenance.ModelCutoff; a.Content.CodeHash() == codeHash && !at.IsZero() && (cutoff == nil || at.After(*cutoff)) {
			model, cutoff = a.Provenance.Model, &at
		}
	}
	return model, cutoff, nil
}

// validation is one validation under way: of Validate, or of Verify.
type validation struct {
	s       *Service
	user    string
	name    string
	bench   *sandbox.Bench
	content strategy.Content
	spec    strategy.Spec
	base    strategy.Options
	run     sandbox.Run
	data    sandbox.Data
	view    view
	in      verdict.Inputs
	out     verdict.Findings

	shown    bool              // its window was shown already: a bundle of it was made here
	word     *verdict.Findings // nil, or whose word is taken for what the trial ledger cannot give
	whole    *report.Report
	walk     *backtest.WalkForward
	ahead    *backtest.LookAhead
	campaign research.Campaign
}

func (s *Service) validation(ctx context.Context, user string, r *api.ValidateRequest) (*validation, error) {
	if err := risks(&r.BacktestRequest); err != nil {
		return nil, err
	}
	if r.WalkForward == 0 {
		r.WalkForward = defaultFolds
	}
	name, o, err := s.resolve(ctx, user, &r.BacktestRequest)
	if err != nil {
		return nil, err
	}
	v := &validation{s: s, user: user, name: name, base: o, bench: s.sandbox.Bench(sandbox.Script{Name: name, Source: r.Source})}
	v.in = verdict.Inputs{Folds: r.WalkForward, Seed: r.Seed, Resamples: bandResamples, Entries: randomEntries, Limits: s.limits}
	v.out.Missing = map[string]string{}
	return v, nil
}

// prepare reads the bars, and settles the window to what there is, so that the same window can be asked for again.
func (v *validation) prepare(ctx context.Context, r *api.ValidateRequest) error {
	d, err := v.bench.Declare(ctx, v.base)
	if err != nil {
		return problem(err)
	}
	v.content, v.spec, v.name = d.Content, d.Spec, d.Spec.Name
	v.run = sandbox.Run{Params: v.base.Params, Settings: report.Default(), Algorithm: d.Content.ID()}
	if r.Settings != nil {
		v.run.Settings = *r.Settings
	}
	if v.run.From, v.run.To, err = window(r.From, r.To); err != nil {
		return err
	}
	if v.view, err = v.s.view(ctx, v.spec, v.run.From, v.run.To, nil); err != nil && v.shown {
		// More is sealed by now than when it was made: what its window holds was shown then.
		v.view = view{reader: v.s.ledger.Unsealed(), until: v.run.To}
		v.view.sealed, v.view.end, err = v.s.ledger.Slice(ctx, ledger.About(v.spec.Markets, v.spec.Ledgers)...)
	}
	if err != nil {
		return problem(err)
	}
	if v.data, err = v.s.read(ctx, v.spec, &v.run, &v.view, r.MaxMissing); err != nil {
		return problem(err)
	}
	v.settle()
	v.bench.Load(v.data)
	v.in.Content, v.in.From, v.in.To, v.in.Settings, v.in.Sources, v.in.Simulated = v.content, v.run.From, v.run.To, v.run.Settings, v.run.Sources, v.run.Simulated
	if !v.view.sealed.IsZero() {
		sealed := v.view.sealed
		v.in.Sealed = &sealed
	}
	return nil
}

// settle gives the window the ends that were left open: the first bar's open, and the end of what may be seen.
func (v *validation) settle() {
	first, end := int64(math.MaxInt64), int64(0)
	for _, bars := range v.data.Bars {
		first, end = min(first, bars[0].Unix()), max(end, bars[len(bars)-1].Unix()+int64(v.data.Interval))
	}
	if v.run.From.IsZero() {
		v.run.From = time.Unix(first, 0).UTC()
	}
	if v.run.To.IsZero() {
		v.run.To = time.Unix(end, 0).UTC()
	}
}

// trial runs one backtest among the counted ones.
func (v *validation) trial(ctx context.Context, stage string, c *strategy.Content, run sandbox.Run, w *view) (*report.Report, error) {
	t, err := v.s.begin(ctx, v.user, stage, v.name, c, &run, w)
	if err != nil {
		return nil, err
	}
	rep, err := v.bench.Backtest(ctx, run, nil, nil)
	if err != nil {
		return nil, problem(err)
	}
	if err := backtest.CameOut(&t, rep.Days); err != nil {
		return nil, err
	}
	if err := v.s.store.EndTrial(ctx, t); err != nil {
		return nil, fmt.Errorf("record the trial's result: %w", err)
	}
	return rep, nil
}

// runs makes every backtest but the look at the hold-out.
func (v *validation) runs(ctx context.Context) (err error) {
	if v.whole, err = v.trial(ctx, "backtest", &v.content, v.run, &v.view); err != nil {
		return err
	}
	v.in.DataHash = v.whole.DataHash
	if v.walk, err = v.bench.WalkForward(ctx, sandbox.Walk{Run: v.run, Folds: v.in.Folds}); err != nil {
		return problem(err)
	}
	if v.ahead, err = v.bench.LookAhead(ctx, sandbox.Look{Run: v.run, Seed: v.in.Seed, Budget: lookAheadBudget}); err != nil {
		return problem(err)
	}
	v.whole.Forward = forward(v.walk, v.ahead)
	if err := v.costs(ctx); err != nil {
		return err
	}
	return v.beside(ctx)
}

// costs runs it with fees and slippage times 0, 1, 2 and 3.
func (v *validation) costs(ctx context.Context) error {
	runs, skipped := backtest.CostRuns(v.run.Settings)
	if len(skipped) > 0 {
		v.out.Missing["costs"] = strings.Join(skipped, "; ")
	}
	for _, c := range runs {
		rep := v.whole
		if c.Multiple != 1 {
			run := v.run
			run.Settings = c.Settings
			var err error
			if rep, err = v.trial(ctx, research.StageCosts, &v.content, run, &v.view); err != nil {
				return err
			}
		}
		p, err := backtest.CostPoint(c, rep)
		if err != nil {
			v.out.Missing["costs"] = err.Error()
			continue
		}
		v.out.Costs = append(v.out.Costs, p)
	}
	even := evidence.BreakEven(v.out.Costs)
	if v.out.BreakEven = even.Ptr(); v.out.BreakEven == nil {
		v.out.Missing["break_even_cost"] = even.Reason
	}
	return nil
}

// beside runs the neighbouring parameters. Those that the script refuses are none.
func (v *validation) beside(ctx context.Context) error {
	points := search.Neighbours(v.spec.Params)
	var left []string
	if n := len(points); n > maxBeside {
		points = points[:maxBeside]
		left = append(left, fmt.Sprintf("%d of %d are run, of every parameter as far as they reach", maxBeside, n))
	}
	found := make([]*evidence.Neighbour, len(points))
	var idle atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range points {
		g.Go(func() error {
			o := v.base
			o.Markets, o.Interval, o.Params = v.data.Markets, v.data.Interval, map[string]float64{}
			for _, x := range v.spec.Params {
				o.Params[x.Name] = x.Value
			}
			for name, value := range p {
				o.Params[name] = value
			}
			d, err := v.bench.Declare(gctx, o)
			var script *strategy.ScriptError
			if errors.As(err, &script) {
				return nil
			}
			if err != nil {
				return problem(err)
			}
			run := v.run
			run.Params, run.Algorithm = o.Params, ""
			rep, err := v.trial(gctx, "neighbour", &d.Content, run, &v.view)
			if err != nil {
				return err
			}
			if slices.Equal(rep.Days, v.whole.Days) {
				idle.Add(1) // what the parameter says is not looked at
				return nil
			}
			found[i] = &evidence.Neighbour{Params: p, Score: rep.Strat.Sharpe}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if n := idle.Load(); n > 0 {
		left = append(left, fmt.Sprintf("%d trade as it does to the last digit and say nothing", n))
	}
	if len(left) > 0 {
		v.out.Missing["neighbours"] = strings.Join(left, "; ")
	}
	for _, n := range found {
		if n != nil {
			v.out.Beside = append(v.out.Beside, *n)
		}
	}
	if v.whole.Strat.Sharpe == nil {
		v.out.Missing["stability"] = "the strategy has no Sharpe ratio"
		return nil
	}
	st, err := evidence.Stable(*v.whole.Strat.Sharpe, v.out.Beside)
	if err != nil {
		v.out.Missing["stability"] = err.Error()
		return nil
	}
	v.out.Stability = &st
	return nil
}

// look runs it once over the sealed data.
func (v *validation) look(ctx context.Context, maxMissing float64) error {
	campaign, err := v.s.store.Campaign(ctx, v.user, v.content.CodeHash(), v.content.Markets)
	if err != nil {
		return err
	}
	run := v.run
	run.From, run.To, run.Sources = v.view.sealed, v.view.end, nil
	w := view{reader: v.s.ledger.Unsealed(), until: v.view.end, sealed: v.view.sealed, end: v.view.end, look: true}
	data, err := v.s.read(ctx, v.spec, &run, &w, maxMissing)
	if err != nil {
		return problem(err)
	}
	v.bench.Load(data)
	rep, err := v.trial(ctx, research.StageHoldout, &v.content, run, &w)
	v.bench.Load(v.data)
	if err != nil {
		return err
	}
	h := &verdict.Holdout{From: run.From, To: run.To, Figures: rep.Strat, Hold: rep.Hold}
	seen := v.view.sealed
	if campaign.Seen.After(seen) {
		seen = campaign.Seen
	}
	h.Unseen = max(0, int(v.view.end.Sub(seen)/(24*time.Hour)))
	v.out.Holdout = h
	return nil
}

// count reads the campaign, with every trial of this validation in it.
func (v *validation) count(ctx context.Context) (err error) {
	if v.campaign, err = v.s.store.Campaign(ctx, v.user, v.content.CodeHash(), v.content.Markets); err != nil {
		return err
	}
	v.in.Trials, v.in.Looks = v.campaign.Trials, v.campaign.Looks
	ratios := slices.Clone(v.campaign.Ratios)
	slices.SortFunc(ratios, func(a, b research.Ratio) int {
		return cmp.Or(cmp.Compare(a.Sharpe, b.Sharpe), cmp.Compare(a.Days, b.Days))
	})
	v.in.Ratios, v.in.RatioDays = make([]float64, len(ratios)), make([]int, len(ratios))
	for i, r := range ratios {
		v.in.Ratios[i], v.in.RatioDays[i] = r.Sharpe, r.Days
	}
	own, err := backtest.Tried(v.user, "", "", v.name, &v.content, v.run.From, v.run.To, &v.run.Settings, v.s.clock.Now())
	if err != nil {
		return err
	}
	var alike []*research.CampaignTrial // at other costs it is no other choice
	for i := range v.campaign.Ran {
		t := &v.campaign.Ran[i]
		if backtest.Costs(t.Settings) != backtest.Costs(own.Settings) || len(t.Returns) == 0 {
			continue
		}
		// The same content over a window that was said otherwise is no other choice: the longest of them stands for it, the newest of equally long ones.
		same := slices.IndexFunc(alike, func(o *research.CampaignTrial) bool { return o.Algorithm == t.Algorithm })
		switch {
		case same < 0:
			alike = append(alike, t)
		case cmp.Or(cmp.Compare(len(t.Returns), len(alike[same].Returns)), t.Recorded.Compare(alike[same].Recorded), cmp.Compare(alike[same].Key, t.Key)) > 0:
			alike[same] = t
		}
	}
	first, end := v.comparable(alike)
	for _, t := range alike {
		if covers(t, first, end) {
			v.in.Keys = append(v.in.Keys, t.Key)
		}
	}
	slices.Sort(v.in.Keys)
	return nil
}

// span is the days of the plain backtest: since 1970, end not included.
func (v *validation) span() (first, end int64) {
	if len(v.whole.Days) == 0 {
		return 0, 0
	}
	a, err1 := time.Parse(time.DateOnly, v.whole.Days[0].Date)
	b, err2 := time.Parse(time.DateOnly, v.whole.Days[len(v.whole.Days)-1].Date)
	if err1 != nil || err2 != nil {
		return 0, 0
	}
	return a.Unix() / 86400, b.Unix()/86400 + 1
}

// comparable is the stretch of days over which the most trials can be compared: that of one of them, at least half as long as the days of
// this backtest and within them. Of stretches with equally many trials it is the longest, of those the first.
func (v *validation) comparable(trials []*research.CampaignTrial) (first, end int64) {
	type days struct{ first, end int64 }
	from, to := v.span()
	seen := map[days]bool{}
	most := 0
	for _, t := range trials {
		d := days{max(from, t.FirstDay), min(to, t.FirstDay+int64(len(t.Returns)))}
		if seen[d] || d.end <= d.first || 2*(d.end-d.first) < to-from {
			continue
		}
		seen[d] = true
		n := 0
		for _, other := range trials {
			if covers(other, d.first, d.end) {
				n++
			}
		}
		if longer := d.end - d.first - (end - first); n > most || n == most && (longer > 0 || longer == 0 && d.first < first) {
			most, first, end = n, d.first, d.end
		}
	}
	return first, end
}

// covers reports that a trial ran over all of the days but two at either end: it can be compared day by day.
func covers(t *research.CampaignTrial, first, end int64) bool {
	const slack = 2
	return len(t.Returns) > 0 && t.FirstDay <= first+slack && t.FirstDay+int64(len(t.Returns)) >= end-slack
}

// place is bars' place of a moment: the bar that holds it; -1 where none does.
func place(bars []market.Bar, iv market.Interval, at time.Time) int {
	open := iv.Floor(at.Unix())
	i, ok := slices.BinarySearchFunc(bars, open, func(b market.Bar, t int64) int {
		switch u := b.Unix(); {
		case u < t:
			return -1
		case u > t:
			return 1
		}
		return 0
	})
	if !ok {
		return -1
	}
	return i
}
