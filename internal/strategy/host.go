package strategy

import (
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/market"
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
	state    *stateValue
	printed  []string // by the top level, until there is a Context to log to
	loading  bool

	names   []starlark.Value // of the markets, in order
	byName  map[string]int
	markets starlark.Tuple
	feeds   []feed
	ctx     ctxValue

	init, onBar, onWarmup, onFill, onTimer *starlark.Function

	two [2]starlark.Value // arguments of the handler being called
}

// feed is what the host keeps of one market.
type feed struct {
	streams []*stream
	seen    int // bars so far
	ready   int // bars with which every indicator of this market has its first value
	input   [len(inputNames)]float64
}

func newHost(p *Program, o Options) *host {
	h := &host{prog: p, opts: o, state: newState(), loading: true}
	h.thread = &starlark.Thread{Name: p.file, Print: h.print}
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
	} {
		if *f.to, err = handler(globals, h.prog.file, f.name, f.signature, f.args); err != nil {
			return err
		}
	}
	if h.onBar == nil {
		return h.fail("on_bar is missing: define it as def on_bar(ctx, bar):")
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
	f.input[inOpen], f.input[inHigh], f.input[inLow], f.input[inClose], f.input[inVolume] = bar.Floats()
	for _, s := range f.streams {
		s.update(&f.input)
	}
	f.seen++
	fn := h.onBar
	if f.seen < f.ready || c.WarmingUp() {
		if fn = h.onWarmup; fn == nil {
			return nil
		}
	}
	h.two[0], h.two[1] = &h.ctx, &barValue{bar: *bar, in: f.input, market: h.names[m]}
	return h.call(c, m, fn, 2)
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

// call runs one handler within its step limit; whatever goes wrong becomes a ScriptError.
func (h *host) call(c Context, m int, fn *starlark.Function, args int) (err error) {
	h.ctx.live, h.ctx.current = c, m
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

// print sends what the script prints to the audit. The engine bounds the lines of a run.
func (h *host) print(_ *starlark.Thread, msg string) {
	msg = strings.ToValidUTF8(clipLine(msg), "�")
	if c := h.ctx.live; c != nil {
		c.Log(msg)
	} else if len(h.printed) < maxPrint {
		h.printed = append(h.printed, msg)
	}
}
