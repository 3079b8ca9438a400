package strategy

import (
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/trade"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// At most bars a strategy looks at its indicators and does nothing. A shortcut is as much of on_bar as can be looked at without the
// interpreter: assignments to locals, conditions, arithmetic and comparisons of numbers, indicators, the bar and the position. It runs first.
// Where it comes to the end of on_bar, or to a last statement that is a plain ctx.buy, ctx.sell or ctx.close, the call is done. Wherever it
// comes to anything else (another call, a value of another kind, what would be an error) it has changed nothing, and the interpreter makes the
// whole call: so a script does the same with and without it, and what it does not know costs speed alone.
type shortcut struct {
	body   []step
	locals []known
	more   bool // it looks at more of a bar than its close
	looked int  // calls
	done   int  // of these needed no interpreter
}

// giveUp is after how many calls a shortcut that mostly needs the interpreter is left out.
const giveUp = 4096

// known is a value that a shortcut can compute with. The zero known is none: whoever sees it leaves the call to the interpreter.
type known struct {
	kind knownKind
	ago  int32           // of an indicator
	f    float64         // of a number; 1 or 0 of a bool; of a market its index, −1 for a text that is no market's name
	of   *indicatorValue // of an indicator
}

type knownKind uint8

const (
	unknown knownKind = iota
	knownNone
	knownBool
	knownInt // with a magnitude of at most 2⁵³, where float64 computes as Starlark's ints do; its −0 cannot be told from 0
	knownFloat
	knownMarket
	knownIndicator
	knownPosition
)

const exactInt = 1 << 53

// outcome is how a step ended.
type outcome uint8

const (
	goOn     outcome = iota
	returned         // on_bar is over
	leave            // the interpreter is to make the whole call
)

// verdict is the truth of a condition.
type verdict uint8

const (
	isFalse verdict = iota
	isTrue
	notKnown
)

type (
	judge func(h *host, bar *[len(inputNames)]float64) verdict
	look  func(h *host, bar *[len(inputNames)]float64) known
	step  func(h *host, bar *[len(inputNames)]float64) outcome
)

// findOnBar returns the one top-level definition of on_bar, or nil.
func findOnBar(f *syntax.File) (def *syntax.DefStmt) {
	for _, s := range f.Stmts {
		if d, ok := s.(*syntax.DefStmt); ok && d.Name.Name == "on_bar" {
			if def != nil {
				return nil
			}
			def = d
		}
	}
	return def
}

// newShortcut makes the shortcut of a handler, nil where there is nothing to be had. globals are frozen.
func newShortcut(h *host, def *syntax.DefStmt, fn *starlark.Function, globals starlark.StringDict) *shortcut {
	if def == nil || fn == nil || fn.Position() != def.Def {
		return nil
	}
	info, ok := def.Function.(*resolve.Function)
	if !ok || len(info.Params) != 2 {
		return nil
	}
	w := &weaver{h: h, globals: globals, sc: &shortcut{locals: make([]known, len(info.Locals))}}
	for _, l := range info.Locals {
		if l.Scope != resolve.Local {
			return nil // shared with a function inside
		}
	}
	w.sc.body = w.block(def.Body, true)
	if w.rebinds {
		return nil
	}
	return w.sc
}

// run makes the call, or says that the interpreter has to.
func (s *shortcut) run(h *host, bar *[len(inputNames)]float64) bool {
	s.looked++
	clear(s.locals)
	for _, st := range s.body {
		switch st(h, bar) {
		case returned:
			s.done++
			return true
		case leave:
			return false
		}
	}
	s.done++
	return true
}

// worthwhile is false for one that should be left out. It goes by calls, not by time, but no result depends on it.
func (s *shortcut) worthwhile() bool { return s.looked < giveUp || s.done*8 >= s.looked }

// weaver makes a shortcut of a syntax tree whose names are resolved.
type weaver struct {
	h       *host
	globals starlark.StringDict
	sc      *shortcut
	rebinds bool // ctx or bar is assigned
}

func leaves(*host, *[len(inputNames)]float64) outcome { return leave }

func noLook(*host, *[len(inputNames)]float64) known { return known{} }

// block makes the steps of statements; last: nothing of on_bar comes after them.
func (w *weaver) block(stmts []syntax.Stmt, last bool) []step {
	out := make([]step, 0, len(stmts))
	for i, s := range stmts {
		ends := last && i == len(stmts)-1 || i+1 < len(stmts) && isReturn(stmts[i+1])
		out = append(out, w.statement(s, ends))
	}
	return out
}

func isReturn(s syntax.Stmt) bool {
	r, ok := s.(*syntax.ReturnStmt)
	return ok && r.Result == nil
}

func (w *weaver) statement(s syntax.Stmt, last bool) step {
	switch s := s.(type) {
	case *syntax.BranchStmt:
		if s.Token == syntax.PASS {
			return func(*host, *[len(inputNames)]float64) outcome { return goOn }
		}
	case *syntax.ReturnStmt:
		if isReturn(s) {
			return func(*host, *[len(inputNames)]float64) outcome { return returned }
		}
	case *syntax.AssignStmt:
		return w.assignment(s)
	case *syntax.IfStmt:
		return w.condition(s, last)
	case *syntax.ExprStmt:
		if lit, ok := s.X.(*syntax.Literal); ok && lit.Token == syntax.STRING {
			return func(*host, *[len(inputNames)]float64) outcome { return goOn }
		}
		if call, ok := s.X.(*syntax.CallExpr); ok {
			return w.action(call, last)
		}
	}
	return leaves
}

func (w *weaver) assignment(s *syntax.AssignStmt) step {
	id, ok := s.LHS.(*syntax.Ident)
	if !ok {
		return leaves
	}
	b, ok := id.Binding.(*resolve.Binding)
	if !ok || b.Scope != resolve.Local {
		return leaves
	}
	if b.Index < 2 {
		w.rebinds = true
		return leaves
	}
	to, x := b.Index, w.expression(s.RHS)
	switch s.Op {
	case syntax.EQ:
	case syntax.PLUS_EQ, syntax.MINUS_EQ, syntax.STAR_EQ, syntax.SLASH_EQ:
		x = calculation(s.Op-syntax.PLUS_EQ+syntax.PLUS, w.local(to), x)
	default:
		return leaves
	}
	return func(h *host, bar *[len(inputNames)]float64) outcome {
		v := x(h, bar)
		if v.kind == unknown {
			return leave
		}
		h.short.locals[to] = v
		return goOn
	}
}

func (w *weaver) condition(s *syntax.IfStmt, last bool) step {
	test := w.judgement(s.Cond)
	yes, no := w.block(s.True, last), w.block(s.False, last)
	return func(h *host, bar *[len(inputNames)]float64) outcome {
		steps := no
		switch test(h, bar) {
		case isTrue:
			steps = yes
		case notKnown:
			return leave
		}
		for _, st := range steps {
			if o := st(h, bar); o != goOn {
				return o
			}
		}
		return goOn
	}
}

// action is ctx.buy, ctx.sell or ctx.close of the current market, with no argument or a tag. It must be last: after it the interpreter could no
// more begin from the start.
func (w *weaver) action(call *syntax.CallExpr, last bool) step {
	dot, ok := call.Fn.(*syntax.DotExpr)
	if !ok || !w.isParam(dot.X, 0) {
		return leaves
	}
	name := dot.Name.Name
	tag := ""
	if name == "close" {
		tag = "close"
	}
	for _, a := range call.Args {
		kv, ok := a.(*syntax.BinaryExpr)
		if !ok || kv.Op != syntax.EQ || len(call.Args) != 1 {
			return leaves
		}
		key, ok1 := kv.X.(*syntax.Ident)
		lit, ok2 := kv.Y.(*syntax.Literal)
		if !ok1 || !ok2 || key.Name != "tag" || lit.Token != syntax.STRING {
			return leaves
		}
		tag, _ = lit.Value.(string)
	}
	in := Intent{Type: trade.MarketOrder, Size: ByFraction, Amount: money.One, Tag: tag}
	switch name {
	case "buy":
		in.Side = trade.Buy
	case "sell", "close":
		in.Side = trade.Sell
	default:
		return leaves
	}
	closes := name == "close"
	return func(h *host, _ *[len(inputNames)]float64) outcome {
		c := &h.ctx
		if closes && c.live.Position(c.current).Quantity.Sign() <= 0 {
			return goOn // ctx.close has nothing to do
		}
		if !last {
			return leave
		}
		in := in
		in.Market = c.current
		if _, err := c.submit(in); err != nil {
			return leave
		}
		return returned
	}
}

func (w *weaver) isParam(x syntax.Expr, index int) bool {
	id, ok := x.(*syntax.Ident)
	if !ok {
		return false
	}
	b, ok := id.Binding.(*resolve.Binding)
	return ok && b.Scope == resolve.Local && b.Index == index
}
