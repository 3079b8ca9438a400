package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/schedule"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/store"
)

// Plan is one feed with what this omc makes of it.
type Plan struct {
	source.Feed
	Needs []string // command lines without which it cannot run; none: it runs
	// Run stands in for the runner's poll; nil: the feed is polled.
	Run func(ctx context.Context, tick time.Time) error
	// Spending tells what it has cost today; nil: it costs nothing.
	Spending func(ctx context.Context, now time.Time) (*api.Spending, error)
}

// Collectors runs feeds on their schedule and tells how they do; it implements gateway.Collectors. Safe for concurrent use.
type Collectors struct {
	store  ledger.Collector
	clock  clock.Clock
	plans  []Plan
	engine *schedule.Engine
	runs   bool // here, or in another process that shares the schedule
	log    *slog.Logger

	mu    sync.Mutex // guards what follows
	day   map[string]ledger.RunStats
	dayAt time.Time
}

// Options of Open.
type Options struct {
	Schedule string // URL of the schedule's database; "": none, it only answers
	Run      bool   // poll in this process; otherwise it only asks and answers
	Alone    bool   // no other process can be polling: what was under way before this one is over
	Plans    []Plan
	Runner   *Runner
	Store    ledger.Collector
	Prune    func(context.Context) error // forgets what is kept for a while only
	Clock    clock.Clock
	Log      *slog.Logger
}

// Housekeeping is the task that forgets old polls.
const Housekeeping = "collect.housekeeping"

// Open makes the feeds' books and, where Run is set, starts their schedule. The caller closes it.
func Open(ctx context.Context, o Options) (*Collectors, error) {
	c := &Collectors{store: o.Store, clock: o.Clock, plans: o.Plans, runs: o.Run, log: o.Log}
	names := make([]string, 0, len(o.Plans))
	var tasks []schedule.Task
	for i := range o.Plans {
		p := &o.Plans[i]
		names = append(names, p.Name)
		if len(p.Needs) > 0 || !o.Run {
			continue
		}
		tasks = append(tasks, schedule.Task{Name: p.Name, Every: p.Every, Offset: stagger(p), Timeout: p.Timeout + 2*grace(&p.Feed), Urgent: p.Urgent,
			Run: func(ctx context.Context, tick time.Time) error {
				run := p.Run
				if run == nil {
					run = func(ctx context.Context, tick time.Time) error { return o.Runner.Run(ctx, p.Name, tick) }
				}
				err := run(ctx, tick)
				var told *PollError
				if errors.As(err, &told) {
					return nil
				}
				return err
			}})
	}
	if o.Run {
		tasks = append(tasks, schedule.Task{Name: Housekeeping, Every: time.Hour, Timeout: 10 * time.Minute,
			Run: func(ctx context.Context, _ time.Time) error { return o.Prune(ctx) }})
	}
	if o.Schedule == "" {
		return c, nil
	}
	if err := o.Store.EnsureFeeds(ctx, names); err != nil {
		return nil, err
	}
	var err error
	if c.engine, err = schedule.Open(ctx, schedule.Config{URL: o.Schedule, Tasks: tasks, Alone: o.Alone, Log: o.Log, Clock: o.Clock}); err != nil {
		return nil, err
	}
	if o.Run {
		if err := c.start(ctx, o.Alone); err != nil {
			return nil, errors.Join(err, c.engine.Close(ctx))
		}
	}
	return c, nil
}

// start begins the schedule, and at once with what is overdue: a poll that the last stop gave up would wait for its next tick.
func (c *Collectors) start(ctx context.Context, alone bool) error {
	if alone {
		if err := c.store.ReleaseAll(ctx); err != nil {
			return err
		}
	}
	if err := c.engine.Start(ctx); err != nil {
		return err
	}
	states, err := c.store.FeedStates(ctx)
	if err != nil {
		return err
	}
	for _, s := range states {
		p, err := c.plan(s.Name)
		if err != nil || len(p.Needs) > 0 || s.Paused || s.Runs == 0 || c.clock.Now().Sub(s.LastOK) <= p.Every {
			continue
		}
		if err := c.engine.RunNow(ctx, s.Name); err != nil {
			return err
		}
	}
	return nil
}

// stagger spreads feeds over their interval, so that not all of them ask at the full minute. Urgent ones keep the grid.
func stagger(p *Plan) time.Duration {
	if p.Urgent || p.Every < 10*time.Second {
		return 0
	}
	h := uint32(2166136261) // FNV-1a
	for i := range len(p.Name) {
		h = (h ^ uint32(p.Name[i])) * 16777619
	}
	return time.Duration(h%uint32(min(p.Every/time.Second, 60))) * time.Second
}

// Close stops the schedule: polls under way land what they have read.
func (c *Collectors) Close(ctx context.Context) error {
	if c.engine == nil {
		return nil
	}
	return c.engine.Close(ctx)
}

func (c *Collectors) plan(name string) (*Plan, error) {
	for i := range c.plans {
		if c.plans[i].Name == name {
			return &c.plans[i], nil
		}
	}
	return nil, api.NewProblem(404, api.CodeNotFound, "there is no collector %.60q; 'omc collect list' shows them", name)
}

// RunNow asks for one poll, soon, in whichever process collects.
func (c *Collectors) RunNow(ctx context.Context, name string) (api.CollectorAct, error) {
	p, err := c.plan(name)
	if err != nil {
		return api.CollectorAct{}, err
	}
	if len(p.Needs) > 0 {
		return api.CollectorAct{}, api.NewProblem(409, api.CodeConflict, "%s cannot run yet: %s", name, p.Needs[0])
	}
	if err := c.runnable(ctx, p); err != nil {
		return api.CollectorAct{}, err
	}
	err = schedule.ErrUnknown
	if c.engine != nil {
		if err := c.store.AskFeed(ctx, name, c.clock.Now()); err != nil {
			return api.CollectorAct{}, err
		}
		err = c.engine.RunNow(ctx, name)
	}
	if errors.Is(err, schedule.ErrUnknown) {
		return api.CollectorAct{}, api.NewProblem(409, api.CodeConflict, "nobody collects: collectors run in 'omc daemon start'")
	}
	return api.CollectorAct{Name: name, Asked: c.clock.Now()}, err
}

// runnable refuses a run that nothing would come of.
func (c *Collectors) runnable(ctx context.Context, p *Plan) error {
	states, err := c.store.FeedStates(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(states, func(s ledger.FeedState) bool { return s.Name == p.Name })
	switch {
	case i < 0:
	case states[i].Paused:
		return api.NewProblem(409, api.CodeConflict, "%s is paused: 'omc collect resume %s' lets it go on", p.Name, p.Name)
	case states[i].HeldBy == ledger.HeldByUpstream:
		return api.NewProblem(409, api.CodeConflict, "%s is held until %s, as its upstream asked: %s", p.Name, states[i].HeldUntil.Format(time.RFC3339), states[i].Held)
	}
	return nil
}

// Held tells until when upstreams have asked for no requests, by source.
func (c *Collectors) Held(ctx context.Context) (map[string]time.Time, error) {
	states, err := c.store.FeedStates(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]time.Time{}
	for _, s := range states {
		p, err := c.plan(s.Name)
		if err != nil || s.HeldBy != ledger.HeldByUpstream {
			continue
		}
		name := p.Source
		if name == "rss" {
			name = p.Name // a publisher
		}
		if s.HeldUntil.After(out[name]) {
			out[name] = s.HeldUntil
		}
	}
	return out, nil
}

// Pause stops a collector's polls, or lets them go on.
func (c *Collectors) Pause(ctx context.Context, name string, paused bool) (api.Collector, error) {
	if _, err := c.plan(name); err != nil {
		return api.Collector{}, err
	}
	if err := c.store.PauseFeed(ctx, name, paused); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return api.Collector{}, api.NewProblem(404, api.CodeNotFound, "collector %s has never been made: start the daemon once", name)
		}
		return api.Collector{}, err
	}
	return c.Get(ctx, name)
}

// Get tells how one collector does.
func (c *Collectors) Get(ctx context.Context, name string) (api.Collector, error) {
	if _, err := c.plan(name); err != nil {
		return api.Collector{}, err
	}
	all, err := c.List(ctx)
	if err != nil {
		return api.Collector{}, err
	}
	return all[slices.IndexFunc(all, func(x api.Collector) bool { return x.Name == name })], nil
}

// List tells how every collector does, by ledger and name.
func (c *Collectors) List(ctx context.Context) ([]api.Collector, error) {
	now := c.clock.Now()
	states, err := c.store.FeedStates(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := c.lastDay(ctx, now)
	if err != nil {
		return nil, err
	}
	gaps, err := c.store.FeedGaps(ctx, "", 10_000)
	if err != nil {
		return nil, err
	}
	open := map[string]int{}
	for i := range gaps {
		if gaps[i].Repaired == nil {
			open[gaps[i].Feed]++
		}
	}
	byName := map[string]*ledger.FeedState{}
	for i := range states {
		byName[states[i].Name] = &states[i]
	}
	for _, g := range c.lasting(states, now) {
		open[g.Feed]++
	}
	off := !c.runs && !c.collected(byName, now)
	out := make([]api.Collector, 0, len(c.plans))
	for i := range c.plans {
		p := &c.plans[i]
		s := byName[p.Name]
		if s == nil {
			s = &ledger.FeedState{Name: p.Name}
		}
		x := c.describe(p, s, runs[p.Name], now, off)
		x.OpenGaps = open[p.Name]
		if p.Spending != nil {
			if x.Spending, err = p.Spending(ctx, now); err != nil {
				return nil, err
			}
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b api.Collector) int { return ledgerOrder(a.Ledger) - ledgerOrder(b.Ledger) })
	return out, nil
}

// dayFor is how long the sums of the last day are good: they are made of tens of thousands of polls.
const dayFor = 15 * time.Second

func (c *Collectors) lastDay(ctx context.Context, now time.Time) (map[string]ledger.RunStats, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.dayAt); c.day != nil && age >= 0 && age < dayFor {
		return c.day, nil
	}
	day, err := c.store.FeedRuns(ctx, now.Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	c.day, c.dayAt = day, now
	return day, nil
}

// Polled tells when each venue's quotes were last read with success, by the source's name in the ledger.
func (c *Collectors) Polled(ctx context.Context) (map[string]time.Time, error) {
	states, err := c.store.FeedStates(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]time.Time{}
	for _, s := range states {
		if p, err := c.plan(s.Name); err == nil && p.Ledger == ledger.Exchange && s.LastOK.After(out[p.Origin()]) && (p.Bars || p.As != "") {
			out[p.Origin()] = s.LastOK
		}
	}
	return out, nil
}

func ledgerOrder(l string) int {
	return slices.Index([]string{ledger.Exchange, ledger.Glass, ledger.Human, ledger.Catalyst}, l)
}

// collected reports whether any process collects: the feed that is polled most often tells.
func (c *Collectors) collected(states map[string]*ledger.FeedState, now time.Time) bool {
	var quickest *Plan
	for i := range c.plans {
		p := &c.plans[i]
		if s := states[p.Name]; len(p.Needs) == 0 && s != nil && !s.Paused && s.HeldUntil.IsZero() && (quickest == nil || p.Every < quickest.Every) {
			quickest = p
		}
	}
	return quickest != nil && now.Sub(states[quickest.Name].LastTick) <= 2*quickest.Every+quickest.Timeout+grace(&quickest.Feed)
}

// lasting are the gaps that have begun and not ended: feeds that have gone without a success for too long.
func (c *Collectors) lasting(states []ledger.FeedState, now time.Time) (out []ledger.FeedGap) {
	for _, s := range states {
		p, err := c.plan(s.Name)
		since := s.LastOK
		if s.LastIdle.After(since) {
			since = s.LastIdle
		}
		if err != nil || s.LastOK.IsZero() || now.Sub(since) <= gapAfter(&p.Feed) {
			continue
		}
		g := ledger.FeedGap{Feed: s.Name, From: since, To: now, Open: true, Reason: "not polled"}
		switch {
		case s.Paused:
			g.Reason = "paused"
		case s.Held != "":
			g.Reason = "held back: " + s.Held
		case s.Failed > 0:
			g.Reason = fmt.Sprintf("%d polls failed, the last: %s", s.Failed, s.Error)
		}
		out = append(out, g)
	}
	return out
}

func (c *Collectors) describe(p *Plan, s *ledger.FeedState, r ledger.RunStats, now time.Time, off bool) api.Collector {
	x := api.Collector{Name: p.Name, Source: p.Source, Origin: p.Origin(), Ledger: p.Ledger, About: p.About, Needs: p.Needs, Bars: p.Bars, Every: api.In(p.Every), Timeout: api.In(p.Timeout),
		Target: api.In(p.Fresh), Runs: r.Runs, Failures: r.Failures, Rows: s.Rows, RowsDay: r.Rows, Requests: r.Requests, Quarantined: s.Quarantined,
		LastOK: orNil(s.LastOK), ErrorAt: orNil(s.ErrorAt), Error: s.Error, Failed: s.Failed, Owner: s.Owner, HeldUntil: orNil(s.HeldUntil), Held: s.Held}
	if !s.LastOK.IsZero() {
		age := api.In(max(0, now.Sub(s.LastOK)))
		x.Age = &age
	}
	if r.Runs > 0 {
		rate := float64(r.Failures) / float64(r.Runs)
		x.ErrorRate = &rate
	}
	if r.LagP99 > 0 || r.LagP50 > 0 {
		p50, p99 := api.In(r.LagP50), api.In(r.LagP99)
		x.LagP50, x.LagP99 = &p50, &p99
	}
	x.State = c.state(p, s, now)
	if off && x.State != api.CollectorNeeds && x.State != api.CollectorPaused {
		x.State = api.CollectorOff
	}
	if c.runs && x.State != api.CollectorNeeds && x.State != api.CollectorPaused {
		next := next(p, now)
		if s.HeldBy == ledger.HeldByUpstream && s.HeldUntil.After(next) {
			next = s.HeldUntil
		}
		x.NextRun = &next
	}
	return x
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func next(p *Plan, now time.Time) time.Time {
	every, offset := p.Every.Nanoseconds(), stagger(p).Nanoseconds()
	n := now.UnixNano() - offset
	return time.Unix(0, n-n%every+every+offset).UTC()
}

func (c *Collectors) state(p *Plan, s *ledger.FeedState, now time.Time) string {
	switch {
	case len(p.Needs) > 0:
		return api.CollectorNeeds
	case s.Paused:
		return api.CollectorPaused
	case !s.HeldUntil.IsZero():
		return api.CollectorHeld
	case s.Failed > 0:
		return api.CollectorFailing
	case (s.LastTick.IsZero() || s.LastOK.IsZero() && s.LastIdle.IsZero() && now.Sub(s.LastTick) <= gapAfter(&p.Feed)) && c.runs:
		return api.CollectorWaiting // its first poll has not come, or is under way
	case now.Sub(s.LastTick) <= 2*p.Every+p.Timeout+grace(&p.Feed) && !s.LastTick.IsZero():
		return api.CollectorOK
	case !c.runs:
		return api.CollectorOff
	}
	return api.CollectorLate
}

// maxListed bounds a listing of gaps or of the quarantine.
const maxListed = 1_000

// Gaps lists the times over which a collector brought nothing, those that last first, then the newest; name "" asks for all.
func (c *Collectors) Gaps(ctx context.Context, name string, limit int) ([]ledger.FeedGap, error) {
	if name != "" {
		if _, err := c.plan(name); err != nil {
			return nil, err
		}
	}
	limit = bounded(limit)
	stored, err := c.store.FeedGaps(ctx, name, limit)
	if err != nil {
		return nil, err
	}
	states, err := c.store.FeedStates(ctx)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(c.lasting(states, c.clock.Now()), func(g ledger.FeedGap) bool { return name != "" && g.Feed != name })
	slices.SortStableFunc(all, func(a, b ledger.FeedGap) int { return b.From.Compare(a.From) })
	all = append(all, stored...)
	return all[:min(len(all), limit)], nil
}

// Quarantine lists what was not taken, newest first.
func (c *Collectors) Quarantine(ctx context.Context, name string, limit int) ([]ledger.Quarantined, error) {
	if name != "" {
		if _, err := c.plan(name); err != nil {
			return nil, err
		}
	}
	return c.store.Quarantine(ctx, name, bounded(limit))
}

// Clear empties the quarantine of a collector, or of all.
func (c *Collectors) Clear(ctx context.Context, name string) (api.Cleared, error) {
	if name != "" {
		if _, err := c.plan(name); err != nil {
			return api.Cleared{}, err
		}
	}
	n, err := c.store.ClearQuarantine(ctx, name)
	return api.Cleared{Removed: n}, err
}

func bounded(limit int) int {
	if limit <= 0 || limit > maxListed {
		return maxListed
	}
	return limit
}
