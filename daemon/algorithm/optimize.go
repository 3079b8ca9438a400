package algorithm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/search"
	"github.com/ohmycoins/omc/internal/strategy"
)

const (
	defaultPoints = 60
	defaultTest   = 0.3
	leastOverfit  = 5 // points from which the probability of overfitting is told
)

// Optimize searches parameters over the first part of the window, and runs what it found once over the rest. Every point that runs is in
// the trial ledger before it does.
func (s *Service) Optimize(ctx context.Context, user string, r api.OptimizeRequest) (*api.Optimization, error) {
	o, err := s.plan(ctx, user, &r, true)
	if err != nil {
		return nil, err
	}
	defer o.bench.Close()
	if o.shared, err = s.farm.open(ctx, o, r); err != nil {
		return nil, err
	}
	defer o.shared.close(ctx)
	for _, rung := range o.rungs {
		if err := o.run(ctx, rung); err != nil {
			return nil, err
		}
	}
	out := o.result()
	if err := o.judge(ctx, out); err != nil {
		return nil, err
	}
	if out.Best == nil {
		out.Notes = append(out.Notes, "no point has a score: each failed, never traded, or has no variance")
		return out, nil
	}
	return out, o.test(ctx, out)
}

// optimization is a search under way.
type optimization struct {
	s         *Service
	user      string
	asked     bool
	name      string
	bench     *sandbox.Bench
	base      strategy.Options // with the parameters that are not varied
	view      view
	run1      sandbox.Run // of the whole window; no varied parameters
	out       api.Optimization
	rungs     []search.Rung
	order     []*tried // as they were made
	points    []*tried
	data      sandbox.Data
	shared    *shared  // nil: this process evaluates all points
	alive     []*tried // that the next rung runs
	objective func(*report.Figures) *float64
}

// tried is one point and what became of it.
type tried struct {
	params  search.Point
	share   float64
	content strategy.Content
	unmade  error // why there is no content: the script's own error, which is the point's, or another, which ends the search
	figures report.Figures
	trial   research.CampaignTrial
	err     error
	ran     bool
}

// plan prepares a search; asked: in the process that makes it, not in one that evaluates single points of it.
func (s *Service) plan(ctx context.Context, user string, r *api.OptimizeRequest, asked bool) (*optimization, error) {
	if r.WalkForward != 0 {
		return nil, bad("walk_forward: a search keeps the end of the window back instead; walk the best point forward afterwards")
	}
	if len(r.AcceptRisk) > 0 {
		return nil, bad("accept_risk: a search does not look at the hold-out, whoever accepts it: look with one backtest of what it found")
	}
	o := &optimization{s: s, user: user, asked: asked}
	var err error
	if o.name, o.base, err = s.resolve(ctx, user, &r.BacktestRequest); err != nil {
		return nil, err
	}
	from, to, err := window(r.From, r.To)
	if err != nil {
		return nil, err
	}
	o.bench = s.sandbox.Bench(sandbox.Script{Name: o.name, Source: r.Source})
	if err := o.prepare(ctx, r, from, to); err != nil {
		o.bench.Close()
		return nil, err
	}
	return o, nil
}

func (o *optimization) prepare(ctx context.Context, r *api.OptimizeRequest, from, to time.Time) error {
	d, err := o.bench.Declare(ctx, o.base)
	if err != nil {
		return problem(err)
	}
	if err := o.draw(r, d.Spec.Params); err != nil {
		return err
	}
	o.run1 = sandbox.Run{From: from, To: to, Settings: report.Default()}
	if r.Settings != nil {
		o.run1.Settings = *r.Settings
	}
	if o.view, err = o.s.view(ctx, d.Spec, from, to, nil); err != nil {
		return problem(err)
	}
	o.base.Markets, o.base.Interval = d.Spec.Markets, d.Spec.Interval
	made := func() {}
	if o.asked {
		made = o.declare(ctx)
	}
	data, err := o.s.read(ctx, d.Spec, &o.run1, &o.view, r.MaxMissing)
	made()
	if err != nil {
		return problem(err)
	}
	o.bench.Load(data)
	o.data = data
	o.out.Strategy, o.out.Markets, o.out.Interval = d.Spec.Name, data.Markets, data.Interval
	return o.cut(data, r.Test)
}

// declare declares every point, beside what is done until the returned function is called: that waits.
func (o *optimization) declare(ctx context.Context) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, p := range o.points {
			if p.content, p.unmade = o.content(ctx, p.params); p.unmade != nil && ctx.Err() != nil {
				return
			}
		}
	}()
	return func() { <-done }
}

// draw makes the points and how they are run.
func (o *optimization) draw(r *api.OptimizeRequest, declared []strategy.Param) error {
	axes, err := search.Axes(declared, r.Ranges)
	if err != nil {
		return bad("%v", err)
	}
	switch o.out.Objective = r.Objective; r.Objective {
	case "", "sharpe":
		o.out.Objective, o.objective = "sharpe", func(f *report.Figures) *float64 { return f.Sharpe }
	case "return":
		o.objective = func(f *report.Figures) *float64 { return f.Return }
	case "calmar":
		o.objective = func(f *report.Figures) *float64 { return f.Calmar }
	default:
		return bad("objective %.20q: want sharpe, return or calmar", r.Objective)
	}
	var points []search.Point
	o.rungs = []search.Rung{{Share: 1}}
	n := r.Points
	if n == 0 {
		n = defaultPoints
	}
	switch o.out.Method, o.out.Seed = r.Method, r.Seed; r.Method {
	case "", "grid":
		o.out.Method = "grid"
		points, err = search.Grid(axes)
	case "random", "halving":
		points, err = search.Random(axes, n, r.Seed)
		if len(points) < n && err == nil {
			o.out.Notes = append(o.out.Notes, fmt.Sprintf("%d different points could be drawn of the %d asked for", len(points), n))
		}
		if r.Method == "halving" {
			o.rungs = search.Halving(len(points))
		}
	default:
		return bad("method %.20q: want grid, random or halving", r.Method)
	}
	if err != nil {
		return bad("%v", err)
	}
	for _, p := range points {
		o.points = append(o.points, &tried{params: p})
	}
	o.alive, o.order = o.points, slices.Clone(o.points)
	return nil
}

// cut keeps the end of the window back.
func (o *optimization) cut(data sandbox.Data, share *float64) error {
	keep := defaultTest
	if share != nil {
		keep = *share
	}
	if !(keep >= 0 && keep <= 0.9) {
		return bad("test %v: want the share of the window that is kept back, from 0 to 0.9", keep)
	}
	first, last := int64(math.MaxInt64), int64(0)
	for _, bars := range data.Bars {
		for i := range bars {
			if t := bars[i].Unix(); o.run1.From.IsZero() || t >= o.run1.From.Unix() {
				first = min(first, t)
				break
			}
		}
		last = max(last, bars[len(bars)-1].Unix()+int64(data.Interval))
	}
	step := int64(data.Interval)
	edge := first + int64(float64(last-first)*(1-keep))/step*step
	if edge <= first {
		return bad("the window is too short to be searched")
	}
	o.out.From, o.out.To, o.out.End = time.Unix(first, 0).UTC(), time.Unix(edge, 0).UTC(), time.Unix(last, 0).UTC()
	if keep == 0 {
		o.out.To = o.out.End
	}
	return nil
}

// run runs one rung over the points that are left, and keeps the best of them.
func (o *optimization) run(ctx context.Context, rung search.Rung) error {
	until := o.out.To
	if rung.Share < 1 {
		step := int64(o.out.Interval)
		until = o.out.From.Add(time.Duration(int64(rung.Share*o.out.To.Sub(o.out.From).Seconds())/step*step) * time.Second)
	}
	if err := o.begin(ctx, until); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	var open []*tried
	for _, p := range o.alive {
		if p.err == nil {
			p.share = rung.Share
			open = append(open, p)
		}
	}
	if o.shared != nil && len(open) >= leastShared {
		var err error
		if open, err = o.shared.run(ctx, o, open, until); err != nil {
			return err
		}
	}
	for _, p := range open {
		g.Go(func() error { return o.one(gctx, p, until) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var done []research.CampaignTrial
	for _, p := range o.alive {
		if p.ran {
			done = append(done, p.trial)
		}
	}
	if err := o.s.store.EndTrial(ctx, done...); err != nil {
		return fmt.Errorf("record the trials' results: %w", err)
	}
	if rung.Keep > 0 {
		alive := slices.Clone(o.alive)
		slices.SortStableFunc(alive, o.better)
		o.alive = alive[:min(rung.Keep, len(alive))]
	}
	return nil
}

// begin writes what a rung is about to run into the trial ledger.
func (o *optimization) begin(ctx context.Context, until time.Time) error {
	var trials []research.CampaignTrial
	for _, p := range o.alive {
		var script *strategy.ScriptError
		if errors.As(p.unmade, &script) {
			p.err = p.unmade // it cannot even be set up so: nothing runs
			continue
		}
		err := p.unmade
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return problem(err)
		}
		if p.trial, err = backtest.Tried(o.user, "optimize", "", o.name, &p.content, o.out.From, until, &o.run1.Settings, o.s.clock.Now()); err != nil {
			return err
		}
		p.trial.Read = o.view.read
		trials = append(trials, p.trial)
	}
	if err := o.s.store.RecordTrial(ctx, trials...); err != nil {
		return fmt.Errorf("record the trials: %w", err)
	}
	return nil
}

func (o *optimization) content(ctx context.Context, p search.Point) (strategy.Content, error) {
	opt := o.base
	opt.Params = o.params(p)
	d, err := o.bench.Declare(ctx, opt)
	return d.Content, err
}

// params are the fixed parameters with a point's.
func (o *optimization) params(p search.Point) map[string]float64 {
	out := maps.Clone(o.base.Params)
	if out == nil {
		out = map[string]float64{}
	}
	maps.Copy(out, p)
	return out
}

// one runs one point. What is wrong with the point alone is noted with it.
func (o *optimization) one(ctx context.Context, p *tried, until time.Time) error {
	run := o.run1
	run.Params, run.Brief = o.params(p.params), true
	if until.Before(o.out.End) {
		run.Before, run.To = until, time.Time{}
	}
	rep, err := o.bench.Backtest(ctx, run, nil, nil)
	if err != nil {
		var script *strategy.ScriptError
		var limit *sandbox.LimitError
		if ctx.Err() == nil && (errors.As(err, &script) || errors.As(err, &limit) || errors.Is(err, backtest.ErrNoBars)) {
			p.err, p.ran = err, false
			return nil
		}
		return problem(err)
	}
	p.figures, p.ran = rep.Strat, true
	return backtest.CameOut(&p.trial, rep.Days)
}

// better orders points: those that ran over more first, then by score; without one last.
func (o *optimization) better(a, b *tried) int {
	x, y := o.score(a), o.score(b)
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return 1
	case y == nil:
		return -1
	case a.share != b.share:
		return int(math.Copysign(1, b.share-a.share))
	case *x > *y:
		return -1
	case *x < *y:
		return 1
	}
	return 0
}

func (o *optimization) score(p *tried) *float64 {
	if p.err != nil || !p.ran || p.figures.Trades == 0 && p.figures.Fees.IsZero() {
		return nil
	}
	return o.objective(&p.figures)
}

func (o *optimization) result() *api.Optimization {
	slices.SortStableFunc(o.points, o.better)
	out := o.out
	for _, p := range o.points {
		out.Points = append(out.Points, o.shown(p))
	}
	if len(out.Points) > 0 && out.Points[0].Score != nil {
		out.Best = &out.Points[0]
	}
	return &out
}

func (o *optimization) shown(p *tried) api.SearchPoint {
	x := api.SearchPoint{Params: p.params, Share: p.share, Score: o.score(p), Return: p.figures.Return, Sharpe: p.figures.Sharpe, Drawdown: p.figures.MaxDrawdown,
		Trades: p.figures.Trades}
	if p.err != nil {
		x.Error = problem(p.err).Error()
	}
	return x
}

// judge says what the best point is worth after all that was tried.
func (o *optimization) judge(ctx context.Context, out *api.Optimization) error {
	content, err := o.content(ctx, nil)
	if err != nil {
		if content, err = o.points[0].content, o.points[0].unmade; err != nil {
			return problem(err)
		}
	}
	c, err := o.s.store.Campaign(ctx, o.user, content.CodeHash(), out.Markets)
	if err != nil {
		return err
	}
	out.Trials = c.Trials
	if best := o.points[0]; out.Best != nil {
		if d, err := backtest.Deflated(best.trial.Returns, &c); err == nil {
			out.Deflated = &d.DSR
		} else {
			out.Notes = append(out.Notes, "deflated Sharpe ratio: "+err.Error())
		}
	}
	if out.Best != nil {
		if n, err := o.around(); err == nil {
			out.Around = &n
		} else {
			out.Notes = append(out.Notes, err.Error())
		}
	}
	pbo, err := o.overfit()
	if out.Method == "halving" {
		err = errors.New("the points that are left were chosen on a part of these bars already")
	}
	if err != nil {
		out.Notes = append(out.Notes, "probability of overfitting: "+err.Error())
	} else {
		out.PBO = &pbo
	}
	return nil
}

// nearest is how many points around one of a random search are its neighbours.
const nearest = 8

// around compares the best point with those beside it, among those that ran over the whole search.
func (o *optimization) around() (evidence.Neighbourhood, error) {
	var names []string
	var points []evidence.TrialPoint
	for _, p := range o.points {
		if p.share != 1 {
			continue
		}
		if names == nil {
			names = slices.Sorted(maps.Keys(p.params))
		}
		t := evidence.TrialPoint{Score: o.score(p)}
		for _, name := range names {
			t.Values = append(t.Values, p.params[name])
		}
		points = append(points, t)
	}
	if o.out.Method == "grid" {
		return evidence.AroundGrid(points, 0)
	}
	return evidence.AroundNearest(points, 0, min(nearest, len(points)-1))
}

// overfit is the probability of overfitting over the points that ran over the whole search, on the days that all of them have.
func (o *optimization) overfit() (float64, error) {
	var all []*tried
	first, end := int64(math.MinInt64), int64(math.MaxInt64)
	for _, p := range o.points {
		if p.ran && p.err == nil && p.share == 1 && !flat(p.trial.Returns) {
			all = append(all, p)
			first, end = max(first, p.trial.FirstDay), min(end, p.trial.FirstDay+int64(len(p.trial.Returns)))
		}
	}
	days := int(max(0, end-first))
	if _, why := overfitBlocks(days, len(all), len(all)); why != "" {
		return 0, errors.New(why)
	}
	m := evidence.Matrix{Rows: days, Cols: len(all), Data: make([]float64, days*len(all))}
	for j, p := range all {
		for i, v := range p.trial.Returns[first-p.trial.FirstDay:][:days] {
			m.Data[i*len(all)+j] = v
		}
	}
	m = m.Columns(evidence.Distinct(m))
	blocks, why := overfitBlocks(days, m.Cols, len(all))
	if why != "" {
		return 0, errors.New(why)
	}
	over, err := evidence.ProbabilityOfOverfitting(m, blocks)
	return over.PBO, err
}

// overfitBlocks is into how many blocks the days are cut to tell the probability of overfitting over trials that differ, of all those that ran
// over the same days; or why it cannot be told.
func overfitBlocks(days, trials, all int) (blocks int, why string) {
	switch {
	case all < leastOverfit:
		return 0, fmt.Sprintf("%d trials ran over the same days, at least %d are needed", all, leastOverfit)
	case trials < leastOverfit:
		return 0, fmt.Sprintf("of %d trials over the same days %d differ by more than a correlation of %g, at least %d are needed", all, trials, evidence.Alike, leastOverfit)
	case days < 32:
		return 0, fmt.Sprintf("they have %d days in common, at least 32 are needed", days)
	case days < 160:
		return 8, ""
	case trials > 1000:
		return 10, ""
	}
	return 16, "" // 12,870 splits
}

// test runs the best point over what the search has not seen. It is a trial too.
func (o *optimization) test(ctx context.Context, out *api.Optimization) error {
	if !out.To.Before(out.End) {
		out.Notes = append(out.Notes, "nothing was kept back: every figure here is of the bars that the parameters were chosen on")
		return nil
	}
	best := o.points[0]
	run := o.run1
	run.Params, run.From = o.params(best.params), out.To
	rep, err := o.s.tried(ctx, o.user, o.bench, run, &o.view, &best.content, o.name, nil)
	if err != nil {
		return err
	}
	c, err := o.s.store.Campaign(ctx, o.user, best.content.CodeHash(), out.Markets)
	if err != nil {
		return err
	}
	out.Trials = c.Trials
	out.Test = figures(&rep.Strat, o.objective)
	out.Test.Params, out.Hold = best.params, figures(&rep.Hold, o.objective)
	return nil
}

func figures(f *report.Figures, objective func(*report.Figures) *float64) *api.SearchPoint {
	return &api.SearchPoint{Share: 1, Score: objective(f), Return: f.Return, Sharpe: f.Sharpe, Drawdown: f.MaxDrawdown, Trades: f.Trades}
}
