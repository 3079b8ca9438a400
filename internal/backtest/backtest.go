// Package backtest runs a strategy over stored bars through the engine and the simulated venue and measures what came of it.
// It reads no store and no clock, and fills no order itself: that is venue/sim's.
package backtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/venue/sim"
)

// ErrNoBars is wrapped when the window holds no bar.
var ErrNoBars = errors.New("no bars in the window")

// Input is one backtest. The same Input gives the same report, byte for byte.
type Input struct {
	Strategy  strategy.Strategy // fresh: it has seen nothing
	Algorithm string            // content hash, where it is stored; for the report
	CodeHash  string            // for the report; "" is "go:<name>"
	Bars      [][]market.Bar    // for each declared market, in time order, bars before From for the warm-up included; read only
	Told      fact.List         // answers to what the strategy asks of the ledgers; those known after the last close are left out
	From      time.Time         // bars that open before it only warm up; zero: from the first bar
	To        time.Time         // bars that open at or after it are left out; zero: to the last bar
	Settings  report.Settings
	Sources   []string              // where the bars came from, for the report
	Simulated bool                  // any bar came from the market simulator
	Trace     io.Writer             // nil, or what gets every event, intent, approval, order and fill as JSON lines
	Progress  func(done, total int) // nil, or called now and then with bars done
	Brief     bool                  // the strategy's own figures and days alone are wanted: no buy-and-hold, hash and quality of the data, trades, months and curve
}

// checkEvery is how many bars pass between looks at the context.
const checkEvery = 1 << 14

// Run runs the backtest. Errors: bars out of order, none in the window (ErrNoBars), impossible settings, the strategy's own, ctx's.
func Run(ctx context.Context, in Input) (*report.Report, error) {
	r, err := newRun(&in)
	if err != nil {
		return nil, err
	}
	if err := r.loop(ctx); err != nil {
		return nil, err
	}
	if r.trace != nil {
		if err := r.trace.Close(); err != nil {
			return nil, err
		}
	}
	return r.report()
}

// run is one backtest under way.
type run struct {
	in     *Input
	spec   strategy.Spec
	bars   [][]market.Bar // cut to warm-up and window
	facts  []fact.Fact    // known by the last close
	total  int            // all of bars
	window int            // of them in the window
	from   int64          // unix seconds

	runner *engine.Runner
	trace  *engine.Trace
	hold   *hold // nil in brief
	meter  meter
	trades trades
	warmup int // bars that could not be traded on
	day    int64
	days   []dayEnd
	open   int64 // first bar's open in the window; −1 before it
	close  int64 // last bar's close
}

func newRun(in *Input) (*run, error) {
	spec := in.Strategy.Spec()
	r := &run{in: in, spec: spec, open: -1, day: -1, from: in.From.Unix()}
	if err := r.cut(); err != nil {
		return nil, fmt.Errorf("backtest %s: %w", spec.Name, err)
	}
	c := engine.Config{Strategy: in.Strategy, Settings: in.Settings, From: in.From}
	if in.From.IsZero() {
		c.From = time.Time{}
	}
	if in.Trace != nil {
		r.trace = engine.NewTrace(in.Trace)
		c.Audit, c.AuditInputs, c.AuditMarks = r.trace, true, true
	}
	e, err := engine.New(c)
	if err != nil {
		return nil, fmt.Errorf("backtest: %w", err)
	}
	v, err := sim.New(in.Settings, spec.Markets, spec.Interval)
	if err != nil {
		return nil, fmt.Errorf("backtest: %w", err)
	}
	r.runner = engine.NewRunner(e, v, false)
	if !in.Brief {
		if r.hold, err = newHold(in.Settings, spec.Markets, spec.Interval); err != nil {
			return nil, fmt.Errorf("backtest: %w", err)
		}
	}
	r.meter = newMeter(in.Settings.Cash.Float64(), r.window, in.Brief)
	r.trades = newTrades(spec.Markets)
	return r, nil
}

// cut keeps the window and, of the bars before it, as many as the warm-up needs.
func (r *run) cut() error {
	if len(r.in.Bars) != len(r.spec.Markets) {
		return fmt.Errorf("has bars of %d markets, the strategy declares %d", len(r.in.Bars), len(r.spec.Markets))
	}
	if r.in.From.IsZero() {
		r.from = 0
	}
	step := int64(r.spec.Interval)
	for m, bars := range r.in.Bars {
		for i := range bars {
			t := bars[i].Unix()
			if i > 0 && t <= bars[i-1].Unix() {
				return fmt.Errorf("bar %s of %s is out of order", bars[i].OpenTime().Format(time.RFC3339), r.spec.Markets[m])
			}
			if r.spec.Interval.Floor(t) != t {
				return fmt.Errorf("bar %s of %s is not on the grid of %s", bars[i].OpenTime().Format(time.RFC3339), r.spec.Markets[m], r.spec.Interval)
			}
		}
		first := sort.Search(len(bars), func(i int) bool { return bars[i].Unix() >= r.from })
		end := len(bars)
		if !r.in.To.IsZero() {
			end = sort.Search(len(bars), func(i int) bool { return bars[i].Unix() >= r.in.To.Unix() })
		}
		if end > first {
			r.window += end - first
			r.close = max(r.close, bars[end-1].Unix()+step)
		}
		end = max(end, first)
		kept := bars[max(0, first-r.spec.Warmup):end]
		r.bars = append(r.bars, kept)
		r.total += len(kept)
	}
	if r.window == 0 {
		return ErrNoBars
	}
	facts, err := r.in.Told.For(r.spec.Ledgers)
	if err != nil {
		return err
	}
	if !slices.IsSortedFunc(facts, fact.Compare) {
		return errors.New("facts are out of order")
	}
	r.facts = knownBy(facts, r.close)
	return nil
}

// tell steps facts.
func tell(r *engine.Runner, facts []fact.Fact) error {
	for part := range slices.Chunk(facts, engine.FactsInEvent) {
		ev := engine.Event{Kind: engine.Facts, Facts: part, Time: time.UnixMilli(part[len(part)-1].Known).UTC()}
		if err := r.Step(&ev); err != nil {
			return err
		}
	}
	return nil
}

// knownBy cuts facts to those known by a moment in unix seconds.
func knownBy(facts []fact.Fact, at int64) []fact.Fact {
	return facts[:sort.Search(len(facts), func(i int) bool { return facts[i].Known > at*1000 })]
}

// loop steps every bar: by time, and of one time in the declared order of the markets.
func (r *run) loop(ctx context.Context) error {
	if err := tell(r.runner, r.facts); err != nil {
		return fmt.Errorf("backtest: %w", err)
	}
	ev := engine.Event{Kind: engine.Bar}
	next := make([]int, len(r.bars))
	for done := 0; ; done++ {
		if done%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("backtest %s: %w", r.spec.Name, err)
			}
			if r.in.Progress != nil {
				r.in.Progress(done, r.total)
			}
		}
		m := -1
		for k, bars := range r.bars {
			if next[k] < len(bars) && (m < 0 || bars[next[k]].Unix() < r.bars[m][next[m]].Unix()) {
				m = k
			}
		}
		if m < 0 {
			break
		}
		ev.Market, ev.Bar = m, r.bars[m][next[m]]
		next[m]++
		if err := r.step(&ev); err != nil {
			return fmt.Errorf("backtest: %w", err)
		}
	}
	end := engine.Event{Kind: engine.End, Time: time.Unix(r.close, 0).UTC()}
	if err := r.runner.Step(&end); err != nil {
		return fmt.Errorf("backtest: %w", err)
	}
	r.endDay()
	r.meter.finish()
	if r.in.Progress != nil {
		r.in.Progress(r.total, r.total)
	}
	return nil
}

func (r *run) step(ev *engine.Event) error {
	t := ev.Bar.Unix()
	end := t + int64(r.spec.Interval)
	if day := (end - 1) / 86400; day != r.day {
		if r.open >= 0 {
			r.endDay()
		}
		r.day = day
	}
	if err := r.runner.Step(ev); err != nil {
		return err
	}
	e := r.runner.Engine()
	if !e.Warm(ev.Market) {
		r.warmup++
	}
	if t < r.from {
		return nil
	}
	if r.open < 0 {
		r.open = t
		r.meter.begin(t)
	}
	if fills := r.runner.Fills(); len(fills) > 0 {
		for i := range fills {
			r.trades.fill(&fills[i])
		}
	}
	if e.Held(ev.Market) {
		r.trades.bar(ev.Market)
	}
	if r.hold == nil {
		r.meter.mark(end, e.EquityFloat(), 0, e.Exposed(), false)
		return nil
	}
	r.hold.bar(ev.Market, &ev.Bar, e.Warm(ev.Market))
	r.meter.mark(end, e.EquityFloat(), r.hold.equity, e.Exposed(), r.hold.exposed)
	return nil
}

// endDay keeps the exact equities at the end of a day that had bars.
func (r *run) endDay() {
	d := dayEnd{day: r.day, equity: r.runner.Engine().Equity()}
	if r.hold != nil {
		d.hold = r.hold.exact()
	}
	r.days = append(r.days, d)
}

// hash is the SHA-256 over the markets, bars and facts used, in order.
func (r *run) hash() string {
	h := sha256.New()
	buf := make([]byte, 0, 1<<16)
	for m, bars := range r.bars {
		fmt.Fprintf(h, "%s %s %d\n", r.spec.Markets[m], r.spec.Interval, len(bars))
		for i := range bars {
			buf, _ = bars[i].AppendBinary(buf) // it has no error to give
			if len(buf) > 1<<16-64 {
				h.Write(buf)
				buf = buf[:0]
			}
		}
		h.Write(buf)
		buf = buf[:0]
	}
	if len(r.spec.Ledgers) > 0 {
		fmt.Fprintf(h, "facts %d\n", len(r.facts))
		for part := range slices.Chunk(r.facts, 1<<10) {
			buf = fact.Append(buf[:0], part)
			h.Write(buf)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
