package strategy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/script"
	"github.com/ohmycoins/omc/internal/trade"
	"go.starlark.net/starlark"
)

// host is one script at work: the Strategy behind the port. It owns the script's thread, state and indicators, and shares
// nothing that can change with another host.
type host struct {
	prog   *Program
	opts   Options
	spec   Spec
	thread *starlark.Thread

	declared bool // strategy() was called
	params   []Param
	series   []*indicatorValue
	records  []*recordValue
	results  []report.Result
	work     script.Work
	asked    []*askedStream // of series, by question
	book     *fact.Book     // nil: nothing is asked
	state    *stateValue
	printed  []string // by the top level, until there is a Context to log to
	loading  bool

	names   []starlark.Value // of the markets, in order
	byName  map[string]int
	markets starlark.Tuple
	feeds   []feed
	ctx     ctxValue

	init, onBar, onWarmup, onFill, onTimer, onEnd *starlark.Function
	short                                         *shortcut // of on_bar; nil: there is none

	wished, said int // orders, cancels, timers and lines of the call under way, and bytes of them

	two [2]starlark.Value // arguments of the handler being called
}

// feed is what the host keeps of one market.
type feed struct {
	streams []*stream
	records []*recordValue
	seen    int // bars so far
	ready   int // bars with which every indicator of this market has its first value
	input   [len(inputNames)]float64
	more    bool // indicators or records look at more of a bar than its close
}

// read takes a bar's values: all, or those that are looked at.
func (f *feed) read(bar *market.Bar, all bool) {
	if all {
		f.input[inOpen], f.input[inHigh], f.input[inLow], f.input[inClose], f.input[inVolume] = bar.Floats()
	} else {
		f.input[inClose] = bar.CloseFloat()
	}
}

func newHost(p *Program, o Options) *host {
	h := &host{prog: p, opts: o, state: newState(), loading: true}
	h.thread = &starlark.Thread{Name: p.file, Print: h.print}
	h.work.Begins = o.Progress
	h.work.Most = maxCallWork
	script.Watch(h.thread, &h.work)
	h.thread.OnMaxSteps = func(t *starlark.Thread) {
		limit := maxCallSteps
		if h.loading {
			limit = maxLoadSteps
		}
		t.Cancel(fmt.Sprintf("used more than %d interpreter steps in one call: make the loop smaller", limit))
	}
	return h
}

// load runs the top level and settles the declaration.
func (h *host) load() error {
	h.thread.SetMaxExecutionSteps(maxLoadSteps)
	globals, err := h.prog.code.Init(h.thread, h.predeclared())
	if err != nil {
		return scriptError(h.prog.file, err)
	}
	globals.Freeze() // what changes lives in state, so that a run starts from the script alone
	h.loading = false
	if !h.declared {
		return h.fail("strategy(...) was not called: declare name, markets and interval at the top level")
	}
	if err := h.checkOverrides(); err != nil {
		return err
	}
	if err := h.bindMarkets(); err != nil {
		return err
	}
	if err := h.bindIndicators(); err != nil {
		return err
	}
	if err := h.bindRecords(); err != nil {
		return err
	}
	if err := h.bindBook(); err != nil {
		return err
	}
	return h.bindHandlers(globals)
}

func (h *host) bindHandlers(globals starlark.StringDict) (err error) {
	for _, f := range []struct {
		to        **starlark.Function
		name      string
		signature string
		args      int
	}{
		{&h.init, "init", "init(ctx):", 1},
		{&h.onBar, "on_bar", "on_bar(ctx, bar):", 2},
		{&h.onWarmup, "on_warmup", "on_warmup(ctx, bar):", 2},
		{&h.onFill, "on_fill", "on_fill(ctx, fill):", 2},
		{&h.onTimer, "on_timer", "on_timer(ctx, name):", 2},
		{&h.onEnd, "on_end", "on_end(ctx):", 1},
	} {
		if *f.to, err = handler(globals, h.prog.file, f.name, f.signature, f.args); err != nil {
			return err
		}
	}
	h.spec.Study = h.onEnd != nil
	if h.onBar == nil && h.onEnd == nil {
		return h.fail("on_bar is missing: define it as def on_bar(ctx, bar):")
	}
	for m := range h.feeds {
		f := &h.feeds[m]
		f.more = len(f.records) > 0
		for _, s := range f.streams {
			f.more = f.more || s.from == nil && slices.ContainsFunc(s.inputs, func(k int) bool { return k != inClose })
		}
	}
	if !h.prog.slow {
		h.short = newShortcut(h, h.prog.onBar, h.onBar, globals)
	}
	return nil
}

func (h *host) fail(format string, args ...any) error {
	return &ScriptError{File: h.prog.file, Msg: fmt.Sprintf(format, args...)}
}

// Spec returns the declaration.
func (h *host) Spec() Spec { return h.spec }

// Init calls the script's init, if there is one.
func (h *host) Init(c Context) error {
	for _, line := range h.printed {
		c.Log(line)
	}
	h.printed = nil
	if h.init == nil {
		return nil
	}
	h.two[0] = &h.ctx
	return h.call(c, 0, h.init, 1)
}

// OnBar feeds the indicators of market m and, once all of them are ready and the run is past its warm-up, calls on_bar.
func (h *host) OnBar(c Context, m int, bar *market.Bar) error {
	f := &h.feeds[m]
	if h.book != nil {
		h.book.At(c.Now().UnixMilli())
	}
	all := f.more || h.short != nil && h.short.more
	f.read(bar, all)
	for _, s := range f.streams {
		s.update(&f.input)
	}
	f.seen++
	for _, r := range f.records {
		r.record(m, c.Now().UnixMilli(), &f.input)
	}
	fn := h.onBar
	if f.seen < f.ready || c.WarmingUp() {
		fn = h.onWarmup
	} else if h.short != nil {
		switch done, err := h.look(c, m, &f.input); {
		case done || err != nil:
			return err
		case !h.short.worthwhile():
			h.short = nil
		}
	}
	if fn == nil {
		return nil
	}
	if !all {
		f.read(bar, true)
	}
	h.two[0], h.two[1] = &h.ctx, &barValue{bar: *bar, in: f.input, market: h.names[m]}
	return h.call(c, m, fn, 2)
}

// OnFacts implements Listener.
func (h *host) OnFacts(facts []fact.Fact) error {
	if h.book == nil {
		return h.fail("%d facts for a script that asks the ledgers nothing", len(facts))
	}
	if err := h.book.Add(facts); err != nil {
		return h.fail("%v", err)
	}
	return nil
}

// OnFill calls the script's on_fill, if there is one.
func (h *host) OnFill(c Context, f *trade.Fill) error {
	if h.onFill == nil {
		return nil
	}
	m, ok := h.byName[f.Market.String()]
	if !ok {
		return h.fail("a fill on %s, which is none of this strategy's markets", f.Market)
	}
	h.two[0], h.two[1] = &h.ctx, newFill(f)
	return h.call(c, m, h.onFill, 2)
}

// OnTimer calls the script's on_timer, if there is one. The current market is the first.
func (h *host) OnTimer(c Context, name string) error {
	if h.onTimer == nil {
		return nil
	}
	h.two[0], h.two[1] = &h.ctx, starlark.String(name)
	return h.call(c, 0, h.onTimer, 2)
}

// OnEnd implements Ender: it calls the script's on_end, if there is one. The current market is the first.
func (h *host) OnEnd(c Context) error {
	if h.onEnd == nil {
		return nil
	}
	h.two[0] = &h.ctx
	return h.call(c, 0, h.onEnd, 1)
}

// Cost implements Costly.
func (h *host) Cost() int64 { return h.work.Units }

// Results implements Reporter.
func (h *host) Results() []report.Result { return h.results }

// call runs one handler within its step limit; whatever goes wrong becomes a ScriptError.
func (h *host) call(c Context, m int, fn *starlark.Function, args int) (err error) {
	h.ctx.live, h.ctx.current = c, m
	h.wished, h.said = 0, 0
	h.work.Most = h.work.Units + maxCallWork
	h.thread.SetMaxExecutionSteps(h.thread.Steps + maxCallSteps)
	defer func() {
		if r := recover(); r != nil {
			err = h.fail("the interpreter failed in %s: %v", fn.Name(), r)
		}
		h.ctx.live = nil
	}()
	if _, err := starlark.Call(h.thread, fn, h.two[:args], nil); err != nil {
		return scriptError(h.prog.file, err)
	}
	return nil
}

// wish counts what a call asks for. The bounds are below those of what a child may say for one event, so that a script ends in a session as it ends
// in a backtest.
func (h *host) wish(bytes int) error {
	h.wished++
	if h.said += bytes; h.wished > maxWishes || h.said > maxSaid {
		return fmt.Errorf("more than %d orders, cancels, timers and lines in one call, or %d MiB of lines", maxWishes, maxSaid>>20)
	}
	return nil
}

// look makes the call of on_bar without the interpreter where that can be done.
func (h *host) look(c Context, m int, bar *[len(inputNames)]float64) (done bool, err error) {
	h.ctx.live, h.ctx.current = c, m
	h.wished, h.said = 0, 0
	defer func() {
		if r := recover(); r != nil {
			done, err = true, h.fail("the interpreter failed in on_bar: %v", r)
		}
		h.ctx.live = nil
	}()
	return h.short.run(h, bar), nil
}

// print sends what the script prints to the audit. The engine bounds the lines of a run.
func (h *host) print(_ *starlark.Thread, msg string) {
	msg = strings.ToValidUTF8(clipLine(msg), "�")
	if c := h.ctx.live; c != nil {
		if err := h.wish(len(msg)); err != nil {
			h.thread.Cancel(err.Error())
			return
		}
		c.Log(msg)
	} else if len(h.printed) < maxPrint {
		h.printed = append(h.printed, msg)
	}
}
