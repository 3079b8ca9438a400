package strategy

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ohmycoins/omc/internal/market"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The bounds of a script. They are part of what docs/strategies.md promises.
const (
	MaxScript     = 256 << 10      // bytes of source
	maxNesting    = 100            // brackets, prefix operators and conditionals inside one another, blocks
	maxLoadSteps  = 5_000_000      // interpreter steps of the top level
	maxCallSteps  = 2_000_000      // interpreter steps of one handler call
	maxCallWork   = 10_000_000_000 // values looked at by the fits of one handler call: a minute or so
	maxRange      = 1_000_000      // elements of one range
	maxParams     = 64             // declared parameters
	maxMarkets    = 64             // markets of one run
	maxIndicators = 64             // declared indicators
	maxState      = 1_000          // attributes of state
	maxPrint      = 100            // lines printed by the top level
	maxLine       = 1_000          // characters of one printed or logged line
	maxWishes     = 10_000         // orders, cancels, timers and lines of one handler call
	maxSaid       = 4 << 20        // bytes of lines of one handler call
	maxKeep       = 4_096          // values an indicator remembers
	defaultKeep   = 64             // values an indicator remembers when keep is not given
	maxWarmup     = 10_000_000     // declared warm-up bars
)

// Options override what a script declares. Zero values leave the declaration as it is.
type Options struct {
	Params   map[string]float64
	Markets  []market.Market
	Interval market.Interval
	// Progress, where it is not nil, is called whenever the script begins a computation that may take long, so that whoever waits knows that
	// it is not stuck.
	Progress func() `json:"-"`
}

// Program is a compiled script. It is immutable and safe for concurrent use; each New makes a strategy with its own state.
type Program struct {
	file   string
	source string
	code   *starlark.Program
	onBar  *syntax.DefStmt // nil: none at the top level, or several
	slow   bool            // without shortcuts, for tests
}

// dialect is Starlark with sets and top-level if and for; no while, no recursion, no rebinding of globals.
var dialect = syntax.FileOptions{Set: true, TopLevelControl: true}

// Compile parses and checks a script without running it. Errors are *ScriptError and carry file:line:column.
func Compile(src []byte, name string) (p *Program, err error) {
	file := fileName(name)
	if len(src) > MaxScript {
		return nil, &ScriptError{File: file, Msg: fmt.Sprintf("the script has %d bytes, at most %d are allowed", len(src), MaxScript)}
	}
	if err := checkText(src, file); err != nil {
		return nil, err
	}
	if err := checkNesting(src, file); err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, &ScriptError{File: file, Msg: fmt.Sprintf("the interpreter failed: %v", r)}
		}
	}()
	opts := dialect
	f, err := opts.Parse(file, src, 0)
	if err != nil {
		return nil, scriptError(file, err)
	}
	var load *syntax.LoadStmt
	syntax.Walk(f, func(n syntax.Node) bool {
		if l, ok := n.(*syntax.LoadStmt); ok && load == nil {
			load = l
		}
		return load == nil
	})
	if load != nil {
		at, _ := load.Span()
		return nil, &ScriptError{File: file, Line: int(at.Line), Col: int(at.Col), Msg: "load is not available: a strategy is one file"}
	}
	code, err := starlark.FileProgram(f, isPredeclared)
	if err != nil {
		return nil, scriptError(file, err)
	}
	return &Program{file: file, source: string(src), code: code, onBar: findOnBar(f)}, nil
}

// New runs the script's top level with the options and returns a fresh strategy and the content that identifies it.
func (p *Program) New(o Options) (s Strategy, c Content, err error) {
	h := newHost(p, o)
	defer func() {
		if r := recover(); r != nil {
			s, c, err = nil, Content{}, &ScriptError{File: p.file, Msg: fmt.Sprintf("the interpreter failed: %v", r)}
		}
	}()
	if err := h.load(); err != nil {
		return nil, Content{}, err
	}
	c = Content{
		Language: "starlark", Script: p.source, Params: make(map[string]float64, len(h.spec.Params)),
		Markets: slices.Clone(h.spec.Markets), Interval: h.spec.Interval,
	}
	for _, q := range h.spec.Params {
		c.Params[q.Name] = q.Value
	}
	return h, c, nil
}

// Load compiles a script and makes one strategy of it: Compile and New in one call.
func Load(src []byte, name string, o Options) (Strategy, Content, error) {
	p, err := Compile(src, name)
	if err != nil {
		return nil, Content{}, err
	}
	return p.New(o)
}

// Declare returns what a script declares, with its default parameters, without running it on data.
func Declare(src []byte) (Spec, error) {
	s, _, err := Load(src, "strategy", Options{})
	if err != nil {
		return Spec{}, err
	}
	return s.Spec(), nil
}

// Factory compiles an algorithm's content once and returns a maker of fresh strategies with exactly its parameters, markets
// and interval. The first one is made at once, so that an error shows here.
func Factory(c Content, name string) (func() (Strategy, error), error) {
	if c.Language != "starlark" {
		return nil, fmt.Errorf("algorithm %s: language %q is not known; starlark is", name, c.Language)
	}
	p, err := Compile([]byte(c.Script), name)
	if err != nil {
		return nil, err
	}
	o := Options{Params: c.Params, Markets: c.Markets, Interval: c.Interval}
	if _, _, err := p.New(o); err != nil {
		return nil, err
	}
	return func() (Strategy, error) {
		s, _, err := p.New(o)
		return s, err
	}, nil
}

// fileName makes the name of a strategy safe and recognisable in an error.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r > 0xffff {
			return '_'
		}
		return r
	}, name)
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "")
	}
	if name == "" {
		name = "strategy"
	}
	if !strings.HasSuffix(name, ".star") {
		name += ".star"
	}
	return name
}

// handler finds a function the script may define and checks how many arguments it takes.
func handler(globals starlark.StringDict, file, name, signature string, args int) (*starlark.Function, error) {
	v, ok := globals[name]
	if !ok {
		return nil, nil
	}
	f, ok := v.(*starlark.Function)
	if !ok {
		return nil, &ScriptError{File: file, Msg: fmt.Sprintf("%s is a %s; define it as a function: def %s", name, v.Type(), signature)}
	}
	if f.NumParams() != args || f.HasVarargs() || f.HasKwargs() || f.NumKwonlyParams() > 0 {
		at := f.Position()
		return nil, &ScriptError{File: file, Line: int(at.Line), Col: int(at.Col), Msg: fmt.Sprintf("%s must take exactly these arguments: def %s", name, signature)}
	}
	return f, nil
}

// number reads an int or a float. NaN and infinities are errors.
func number(v starlark.Value) (float64, error) {
	f, ok := starlark.AsFloat(v)
	if _, isBool := v.(starlark.Bool); isBool || !ok {
		return 0, fmt.Errorf("want a number, got %s", v.Type())
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("want a finite number, got %v", f)
	}
	return f, nil
}
