package strategy

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/script"
	starmath "go.starlark.net/lib/math"
	"go.starlark.net/starlark"
)

// builtin is one predeclared name with what the reference says of it.
type builtin struct{ name, signature, doc string }

// builtins are the names every script finds. The reference in docs/strategies.md is generated from this list.
func builtins() []builtin {
	return []builtin{
		{"strategy", `strategy(name, markets=[…], interval="1h", description="", warmup=0)`, "Declares the strategy; call it once, at the top level. Markets and interval are defaults that the user may override. The warm-up is the longest of the indicators', or `warmup` bars where that is more."},
		{"param", `param(name, default, min=…, max=…, doc="")`, "Declares a parameter and returns its value in this run. The kind follows the default: int, float or bool. `min` and `max` are needed except for a bool."},
		{"ind", "ind.NAME(…, market=None, source=\"close\", keep=64)", "Declares an indicator (table below), updated before each bar. Without `market` it is kept for every market, and read on the current one. `source` is open, high, low, close, volume, hl2, hlc3 or ohlc4, or another indicator or ledger series, of which the first output is read (bars on which that has no value are passed over), for indicators of one input. `keep` is how many values it remembers, at most 4096."},
		{"ledger", "ledger.sentiment(…), .events(…), .flows(…), .metric(…)", "Declares a series of the ledgers (table below), as known at each bar's close. It is read like an indicator."},
		{"series", "series.record(…), series.standard(…), …", "Records of bars as frames, and transformations of columns (tables below)."},
		{"label", "label.horizon(…), label.triple_barrier(…)", "What came of a row, which is known only later."},
		{"learn", "learn.boost(…), learn.ridge(…), …", "Models, their validation and their metrics."},
		{"state", "state.NAME = value", "The script's memory between calls. Module variables are frozen after the top level."},
		{"crossed_above", "crossed_above(a, b)", "True when a was at or below b one bar ago and is above it now. a and b are indicators or numbers; False while either has no value."},
		{"crossed_below", "crossed_below(a, b)", "True when a was at or above b one bar ago and is below it now."},
		{"math", "math.sqrt(x), …", "Starlark's math module: ceil, floor, fabs, sqrt, exp, log, pow, pi, … Logarithm and trigonometry included."},
		{"range", "range(stop), range(start, stop, step)", "As in Starlark, at most 1,000,000 elements."},
	}
}

func isPredeclared(name string) bool {
	return slices.ContainsFunc(builtins(), func(b builtin) bool { return b.name == name })
}

func (h *host) predeclared() starlark.StringDict {
	return starlark.StringDict{
		"strategy":      starlark.NewBuiltin("strategy", h.declareStrategy),
		"param":         starlark.NewBuiltin("param", h.declareParam),
		"ind":           &indicatorModule{h},
		"ledger":        h.ledgerModule(),
		"series":        script.Series(starlark.StringDict{"record": starlark.NewBuiltin("series.record", h.declareRecord)}),
		"label":         script.Label(),
		"learn":         script.Learn(),
		"state":         h.state,
		"crossed_above": starlark.NewBuiltin("crossed_above", crossed(1)),
		"crossed_below": starlark.NewBuiltin("crossed_below", crossed(-1)),
		"math":          starmath.Module,
		"range":         starlark.NewBuiltin("range", boundedRange),
	}
}

func boundedRange(t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := starlark.Call(t, starlark.Universe["range"], args, kwargs)
	if err == nil && starlark.Len(v) > maxRange {
		return nil, fmt.Errorf("range has %d elements, at most %d are allowed", starlark.Len(v), maxRange)
	}
	return v, err
}

var (
	strategyName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	paramName    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
)

func (h *host) declareStrategy(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var (
		name, description, interval string
		markets                     *starlark.List
		warmup                      int
	)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "name", &name, "markets?", &markets, "interval?", &interval,
		"description?", &description, "warmup?", &warmup); err != nil {
		return nil, err
	}
	switch {
	case !h.loading || h.declared:
		return nil, fmt.Errorf("strategy: call it once, at the top level")
	case !strategyName.MatchString(name):
		return nil, fmt.Errorf("strategy: name %q: want at most 64 lower-case letters, digits and hyphens, like ema-cross", clipLine(name))
	case warmup < 0 || warmup > maxWarmup:
		return nil, fmt.Errorf("strategy: warmup is %d, it must be from 0 to %d bars", warmup, maxWarmup)
	case len(description) > maxLine:
		return nil, fmt.Errorf("strategy: the description has %d characters, at most %d are allowed", len(description), maxLine)
	}
	h.declared = true
	h.spec.Name, h.spec.Description, h.spec.Warmup = name, description, warmup
	if interval != "" {
		iv, err := market.ParseInterval(interval)
		if err != nil {
			return nil, fmt.Errorf("strategy: %w", err)
		}
		h.spec.Interval = iv
	}
	for i := 0; markets != nil && i < markets.Len(); i++ {
		s, ok := starlark.AsString(markets.Index(i))
		if !ok {
			return nil, fmt.Errorf(`strategy: markets: want strings like "BTC/USDT", got %s`, markets.Index(i).Type())
		}
		m, err := market.ParseMarket(s)
		if err != nil {
			return nil, fmt.Errorf("strategy: %w", err)
		}
		h.spec.Markets = append(h.spec.Markets, m)
	}
	return starlark.None, nil
}

// bindMarkets settles markets and interval from the declaration and the options.
func (h *host) bindMarkets() error {
	if len(h.opts.Markets) > 0 {
		h.spec.Markets = slices.Clone(h.opts.Markets)
	}
	if h.opts.Interval != 0 {
		h.spec.Interval = h.opts.Interval
	}
	switch n := len(h.spec.Markets); {
	case n == 0:
		return h.fail("no market: declare markets in strategy(...), or name one for this run")
	case n > maxMarkets:
		return h.fail("%d markets, at most %d are allowed", n, maxMarkets)
	case h.spec.Interval == 0:
		return h.fail("no interval: declare interval in strategy(...), or name one for this run")
	case !h.spec.Interval.Valid():
		return h.fail("interval %d seconds is not a bar length", int64(h.spec.Interval))
	}
	h.byName = make(map[string]int, len(h.spec.Markets))
	for i, m := range h.spec.Markets {
		if m == (market.Market{}) {
			return h.fail("market %d has no name", i+1)
		}
		if m.Quote != h.spec.Markets[0].Quote {
			return h.fail("%s and %s have different quote currencies: a strategy has one cash account", h.spec.Markets[0], m)
		}
		if _, twice := h.byName[m.String()]; twice {
			return h.fail("%s is declared twice", m)
		}
		h.byName[m.String()] = i
		h.names = append(h.names, starlark.String(m.String()))
	}
	h.markets = h.names
	h.feeds = make([]feed, len(h.names))
	h.ctx.bind(h)
	return nil
}

func (h *host) declareParam(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var (
		name, doc      string
		def, low, high starlark.Value
	)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "name", &name, "default", &def, "min?", &low, "max?", &high, "doc?", &doc); err != nil {
		return nil, err
	}
	switch {
	case !h.loading:
		return nil, fmt.Errorf("param: declare parameters at the top level")
	case !paramName.MatchString(name):
		return nil, fmt.Errorf("param: name %q: want a lower-case letter and at most 31 letters, digits and underscores", clipLine(name))
	case slices.ContainsFunc(h.params, func(q Param) bool { return q.Name == name }):
		return nil, fmt.Errorf("param: %s is declared twice", name)
	case len(h.params) == maxParams:
		return nil, fmt.Errorf("param: at most %d parameters are allowed", maxParams)
	case len(doc) > maxLine:
		return nil, fmt.Errorf("param: doc of %s is longer than %d characters", name, maxLine)
	}
	p := Param{Name: name, Doc: doc}
	if err := p.shape(def, low, high); err != nil {
		return nil, fmt.Errorf("param %s: %w", name, err)
	}
	p.Value = p.Default
	if v, ok := h.opts.Params[name]; ok {
		p.Value = v
		if v == 0 {
			p.Value = 0 // not −0, which would be another content
		}
	}
	if err := p.check(p.Value); err != nil {
		return nil, err
	}
	h.params = append(h.params, p)
	switch p.Kind {
	case "bool":
		return starlark.Bool(p.Value != 0), nil
	case "int":
		return starlark.MakeInt64(int64(p.Value)), nil
	default:
		return starlark.Float(p.Value), nil
	}
}

// shape sets kind, default and bounds from what the script gave.
func (p *Param) shape(def, low, high starlark.Value) (err error) {
	switch d := def.(type) {
	case starlark.Bool:
		p.Kind, p.Max = "bool", 1
		if d {
			p.Default = 1
		}
		if low != nil || high != nil {
			return fmt.Errorf("a bool has no min and max")
		}
		return nil
	case starlark.Int:
		p.Kind = "int"
	case starlark.Float:
		p.Kind = "float"
	default:
		return fmt.Errorf("the default must be an int, a float or a bool, got %s", def.Type())
	}
	if low == nil || high == nil {
		return fmt.Errorf("give min and max, so that a value can be checked and a search knows its range")
	}
	for _, f := range []struct {
		name string
		v    starlark.Value
		to   *float64
	}{{"default", def, &p.Default}, {"min", low, &p.Min}, {"max", high, &p.Max}} {
		if *f.to, err = number(f.v); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if p.Kind == "int" && (*f.to != math.Trunc(*f.to) || math.Abs(*f.to) > 1<<53) {
			return fmt.Errorf("%s is %v: an int parameter needs whole numbers", f.name, *f.to)
		}
	}
	if p.Min > p.Max {
		return fmt.Errorf("min %v is above max %v", p.Min, p.Max)
	}
	return p.check(p.Default)
}

// check says whether v is allowed, and what is.
func (p *Param) check(v float64) error {
	ok := v >= p.Min && v <= p.Max && (p.Kind == "float" || v == math.Trunc(v))
	if ok {
		return nil
	}
	return fmt.Errorf("parameter %s is %v; allowed is %s", p.Name, v, p.allowed())
}

// allowed describes the values of a parameter.
func (p *Param) allowed() string {
	switch p.Kind {
	case "bool":
		return "0 or 1"
	case "int":
		return fmt.Sprintf("a whole number from %v to %v (default %v)", p.Min, p.Max, p.Default)
	default:
		return fmt.Sprintf("a number from %v to %v (default %v)", p.Min, p.Max, p.Default)
	}
}

// checkOverrides refuses parameters that the script does not declare.
func (h *host) checkOverrides() error {
	h.spec.Params = h.params
	if h.spec.Params == nil {
		h.spec.Params = []Param{}
	}
	for _, name := range slices.Sorted(maps.Keys(h.opts.Params)) {
		if slices.ContainsFunc(h.params, func(p Param) bool { return p.Name == name }) {
			continue
		}
		known := make([]string, len(h.params))
		for i := range h.params {
			known[i] = fmt.Sprintf("%s: %s", h.params[i].Name, h.params[i].allowed())
		}
		if len(known) == 0 {
			return h.fail("unknown parameter %q: %s has no parameters", clipLine(name), h.spec.Name)
		}
		return h.fail("unknown parameter %q; %s has %s", clipLine(name), h.spec.Name, strings.Join(known, "; "))
	}
	return nil
}
