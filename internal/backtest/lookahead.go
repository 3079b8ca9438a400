package backtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/venue/sim"
)

// LookAheadInput is one test of whether a strategy's decisions depend on what it could not have known.
type LookAheadInput struct {
	// New makes a fresh strategy. It is given the bars of the run it is for, so that one which computes on a whole series is tested
	// too; one that only listens ignores them.
	New      func(bars [][]market.Bar) (strategy.Strategy, error)
	Bars     [][]market.Bar // for each declared market, in time order
	Told     fact.List      // answers to what the strategy asks of the ledgers
	Settings report.Settings
	Seed     uint64 // of the sample of cuts
	Cuts     int    // how many moments to cut at, at most; 0: 48. Half go to moments with an order, where there are so many
	// Budget is the bars to step over all runs, at most; 0: 4,000,000. The bars are cut to their newest when the runs would need more. A
	// strategy whose own computations cost much is cut at fewer moments.
	Budget int
}

// LookAhead is the result. Finding is what a gate shows: its code is "no_look_ahead".
type LookAhead struct {
	Finding  research.Reason `json:"finding"`
	Bars     int             `json:"bars"`
	Cuts     int             `json:"cuts"`    // moments tested
	Lines    int             `json:"lines"`   // decisions of the full run
	FirstBad *time.Time      `json:"first"`   // the close of the earliest bar where decisions differ
	Variant  string          `json:"variant"` // repeat, truncated or poisoned: which run differed
}

const (
	defaultCuts   = 48
	maxCuts       = 10_000
	defaultBudget = 4_000_000

	maxCost = 4_000_000_000 // units of strategy.Cost over all runs: half a minute or so
	minCuts = 4
)

// RunLookAhead runs the strategy over all bars, again over all bars, and, for each cut, over the bars up to it alone and with the
// bars after it replaced by nonsense. What was decided up to the cut must be the same to the byte.
func RunLookAhead(ctx context.Context, in LookAheadInput) (*LookAhead, error) {
	if in.New == nil || len(in.Bars) == 0 {
		return nil, errors.New("look-ahead test: it needs a way to make the strategy, and bars")
	}
	if in.Cuts <= 0 {
		in.Cuts = defaultCuts
	}
	in.Cuts = min(in.Cuts, maxCuts)
	if in.Budget <= 0 {
		in.Budget = defaultBudget
	}
	t := &lookAhead{in: &in, ctx: ctx}
	left := t.trim()
	full, err := t.decisions(in.Bars, in.Told.Facts, len(t.times))
	if err != nil {
		return nil, err
	}
	if t.cost > 0 { // a strategy that trains models takes longer than its bars tell
		in.Cuts = int(max(minCuts, min(int64(in.Cuts), maxCost/t.cost/2)))
	}
	out := &LookAhead{Bars: len(t.times), Lines: full.lines[len(full.lines)-1]}
	if out.Bars == 0 {
		return nil, fmt.Errorf("look-ahead test: %w", ErrNoBars)
	}
	again, err := t.decisions(in.Bars, in.Told.Facts, len(t.times))
	if err != nil {
		return nil, err
	}
	if bad := firstDifference(full, again, len(t.times)); bad >= 0 {
		return t.found(out, bad, "repeat"), nil
	}
	for _, c := range t.cuts(full) {
		out.Cuts++
		for _, variant := range [...]string{"truncated", "poisoned"} {
			bars, facts := t.prefix(c), t.told(c)
			if variant == "poisoned" {
				bars, facts = t.poison(c), t.nonsense(c)
			}
			got, err := t.decisions(bars, facts, c+1)
			if err != nil {
				return nil, err
			}
			if bad := firstDifference(full, got, c+1); bad >= 0 {
				return t.found(out, bad, variant), nil
			}
		}
	}
	of := fmt.Sprintf("%d bars", out.Bars)
	if left > 0 {
		of = fmt.Sprintf("the newest %d bars (%d older ones were left out)", out.Bars, left)
	}
	out.Finding = research.Reason{Code: "no_look_ahead", Passed: out.Lines > 0,
		Text: fmt.Sprintf("decisions were the same to the byte at %d cuts of %s, with the future removed and with it replaced", out.Cuts, of)}
	if out.Lines == 0 {
		out.Finding.Text = fmt.Sprintf("not tested: nothing was decided in %s; choose a window in which it asks for orders", of)
	}
	if t.study {
		out.Finding.Text += "; its on_end was not tested, it sees all that was recorded: what it reports is as honest as the script"
	}
	return out, nil
}

// lookAhead is one test under way. times are the distinct open times of all markets, oldest first.
type lookAhead struct {
	in    *LookAheadInput
	ctx   context.Context
	times []int64
	study bool

	interval market.Interval // of the strategy's bars, once it has been made
	cost     int64           // of the newest run
}

// trim keeps the newest bars so that all runs together stay within the budget, lists their times, and counts those it left out.
func (t *lookAhead) trim() (left int) {
	seen := map[int64]bool{}
	for _, bars := range t.in.Bars {
		for i := range bars {
			if u := bars[i].Unix(); !seen[u] {
				seen[u] = true
				t.times = append(t.times, u)
			}
		}
	}
	sort.Slice(t.times, func(a, b int) bool { return t.times[a] < t.times[b] })
	most := max(1, t.in.Budget/(len(t.in.Bars)*(2+2*t.in.Cuts)))
	if len(t.times) <= most {
		return 0
	}
	left = len(t.times) - most
	t.times = t.times[left:]
	kept := make([][]market.Bar, len(t.in.Bars))
	for m, bars := range t.in.Bars {
		kept[m] = bars[at(bars, time.Unix(t.times[0], 0)):]
	}
	t.in.Bars = kept
	return left
}

// cuts are the moments to test at: those with an order first, as many as half, then a seeded sample of the rest.
func (t *lookAhead) cuts(full *decisions) []int {
	r := rand.New(rand.NewPCG(t.in.Seed, 0x9e3779b97f4a7c15))
	if len(t.times) <= t.in.Cuts {
		all := make([]int, len(t.times))
		for i := range all {
			all[i] = i
		}
		return all
	}
	with := append([]int(nil), full.acted...)
	r.Shuffle(len(with), func(a, b int) { with[a], with[b] = with[b], with[a] })
	chosen := map[int]bool{}
	for _, i := range with[:min(len(with), t.in.Cuts/2)] {
		chosen[i] = true
	}
	for len(chosen) < t.in.Cuts {
		chosen[r.IntN(len(t.times))] = true
	}
	out := make([]int, 0, len(chosen))
	for i := range chosen {
		out = append(out, i)
	}
	sort.Ints(out)
	return out
}

// prefix is the bars up to time number c, copied so that nothing lies beyond.
func (t *lookAhead) prefix(c int) [][]market.Bar {
	out := make([][]market.Bar, len(t.in.Bars))
	for m, bars := range t.in.Bars {
		out[m] = append([]market.Bar(nil), bars[:at(bars, time.Unix(t.times[c]+1, 0))]...)
	}
	return out
}

// poison is all bars, with every one after time number c at a thousand times its price, turned upside down in time.
func (t *lookAhead) poison(c int) [][]market.Bar {
	out := t.prefix(c)
	for m, bars := range t.in.Bars {
		rest := bars[len(out[m]):]
		for i := range rest {
			out[m] = append(out[m], absurd(&rest[len(rest)-1-i], rest[i].Unix()))
		}
	}
	return out
}

// told is the facts that were known when the last bar of time number c closed, copied.
func (t *lookAhead) told(c int) []fact.Fact {
	return slices.Clone(knownBy(t.in.Told.Facts, t.closes(c)))
}

// nonsense is all facts, with the values of those known later turned around and a thousand times as large.
func (t *lookAhead) nonsense(c int) []fact.Fact {
	out := slices.Clone(t.in.Told.Facts)
	for i := len(knownBy(out, t.closes(c))); i < len(out); i++ {
		for k := range out[i].Values {
			out[i].Values[k] *= -1000
		}
		out[i].Gone = !out[i].Gone
	}
	slices.SortStableFunc(out, fact.Compare)
	return out
}

// closes is when the bars that open at time number c close; unix seconds.
func (t *lookAhead) closes(c int) int64 { return t.times[c] + int64(t.interval) }

func absurd(b *market.Bar, at int64) market.Bar {
	k := money.FromInt(1000)
	var volume *money.Decimal
	if b.HasVolume() {
		v := money.Zero
		volume = &v
	}
	p, err := market.NewBar(at, b.Open().Mul(k), b.High().Mul(k), b.Low().Mul(k), b.Close().Mul(k), volume)
	if err != nil { // too many digits: a price of one is as absurd
		if p, err = market.NewBar(at, money.One, money.One, money.One, money.One, volume); err != nil {
			panic(fmt.Sprintf("backtest: %v", err))
		}
	}
	return p
}

// decisions is what a run decided: after each time, how many lines so far and a running hash of them.
type decisions struct {
	lines  []int // one more than times: before the first
	hashes [][sha256.Size]byte
	acted  []int // times with an intent
	intent bool
	n      int
	buf    bytes.Buffer
}

// Line takes the audit's lines that are decisions.
func (d *decisions) Line(l engine.Line) {
	switch l.Kind {
	case "intent":
		d.intent = true
	case "refused", "approved", "cancel", "timer", "log":
	default:
		return
	}
	d.n++
	fmt.Fprintf(&d.buf, "%d %s %s\n", l.Time.UnixNano(), l.Kind, l.Body)
}

// decisions runs a fresh strategy made for bars, told the facts beforehand, over the first n times.
func (t *lookAhead) decisions(bars [][]market.Bar, facts []fact.Fact, n int) (*decisions, error) {
	s, err := t.in.New(bars)
	if err != nil {
		return nil, fmt.Errorf("look-ahead test: %w", err)
	}
	spec := s.Spec()
	if len(spec.Markets) != len(bars) {
		return nil, fmt.Errorf("look-ahead test: bars of %d markets, the strategy declares %d", len(bars), len(spec.Markets))
	}
	d := &decisions{lines: make([]int, 1, n+1), hashes: make([][sha256.Size]byte, 1, n+1)}
	e, err := engine.New(engine.Config{Strategy: s, Settings: t.in.Settings, Audit: d})
	if err != nil {
		return nil, fmt.Errorf("look-ahead test: %w", err)
	}
	v, err := sim.New(t.in.Settings, spec.Markets, spec.Interval)
	if err != nil {
		return nil, fmt.Errorf("look-ahead test: %w", err)
	}
	r := engine.NewRunner(e, v, false)
	t.interval, t.study = spec.Interval, spec.Study
	told := t.in.Told
	told.Facts = facts
	if facts, err = told.For(spec.Ledgers); err != nil {
		return nil, fmt.Errorf("look-ahead test: %w", err)
	}
	if err := tell(r, facts); err != nil {
		return nil, fmt.Errorf("look-ahead test: %w", err)
	}
	next := make([]int, len(bars))
	ev := engine.Event{Kind: engine.Bar}
	for k, at := range t.times[:n] {
		if k%checkEvery == 0 && t.ctx.Err() != nil {
			return nil, fmt.Errorf("look-ahead test: %w", t.ctx.Err())
		}
		for m := range bars {
			if next[m] < len(bars[m]) && bars[m][next[m]].Unix() == at {
				ev.Market, ev.Bar = m, bars[m][next[m]]
				next[m]++
				if err := r.Step(&ev); err != nil {
					return nil, fmt.Errorf("look-ahead test: %w", err)
				}
			}
		}
		d.seal(k)
	}
	t.cost = strategy.Cost(s) + 200*int64(len(facts))
	return d, nil
}

// seal ends time number k.
func (d *decisions) seal(k int) {
	h := d.hashes[len(d.hashes)-1]
	if d.buf.Len() > 0 {
		h = sha256.Sum256(append(h[:], d.buf.Bytes()...))
		d.buf.Reset()
	}
	d.lines, d.hashes = append(d.lines, d.n), append(d.hashes, h)
	if d.intent {
		d.acted = append(d.acted, k)
		d.intent = false
	}
}

// firstDifference is the first of n times where two runs decided differently, or −1.
func firstDifference(a, b *decisions, n int) int {
	if a.hashes[n] == b.hashes[n] {
		return -1
	}
	return sort.Search(n, func(i int) bool { return a.hashes[i+1] != b.hashes[i+1] })
}

func (t *lookAhead) found(out *LookAhead, bad int, variant string) *LookAhead {
	end := time.Unix(t.times[bad]+t.step(), 0).UTC()
	out.FirstBad, out.Variant = &end, variant
	what := map[string]string{"repeat": "a second run over the same bars decided differently: it is not a function of its data",
		"truncated": "without the bars after it the strategy decided differently: it looks ahead",
		"poisoned":  "with other bars after it the strategy decided differently: it looks ahead"}[variant]
	out.Finding = research.Reason{Code: "no_look_ahead", Passed: false, Text: fmt.Sprintf("at the bar that closed %s: %s", end.Format(time.RFC3339), what)}
	return out
}

// step is the shortest distance of two times: the bars' interval, where any two follow each other.
func (t *lookAhead) step() int64 {
	least := int64(0)
	for i := 1; i < len(t.times); i++ {
		if d := t.times[i] - t.times[i-1]; least == 0 || d < least {
			least = d
		}
	}
	return least
}
