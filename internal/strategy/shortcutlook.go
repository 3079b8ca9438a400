package strategy

import (
	"math"
	"slices"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// truth is the value in a condition.
func (v known) truth(h *host) verdict {
	switch v.kind {
	case knownNone:
		return isFalse
	case knownBool, knownInt, knownFloat:
		return holds(v.f != 0)
	case knownIndicator:
		return isTrue
	case knownPosition:
		return holds(h.ctx.live.Position(h.ctx.current).Quantity.Sign() > 0)
	}
	return notKnown
}

func holds(b bool) verdict {
	if b {
		return isTrue
	}
	return isFalse
}

// judgement is an expression of which only the truth is asked.
func (w *weaver) judgement(x syntax.Expr) judge {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return w.judgement(x.X)
	case *syntax.UnaryExpr:
		if x.Op != syntax.NOT {
			break
		}
		of := w.judgement(x.X)
		return func(h *host, bar *[len(inputNames)]float64) verdict {
			switch of(h, bar) {
			case isTrue:
				return isFalse
			case isFalse:
				return isTrue
			}
			return notKnown
		}
	case *syntax.BinaryExpr:
		switch x.Op {
		case syntax.AND, syntax.OR:
			return both(w.judgement(x.X), w.judgement(x.Y), holds(x.Op == syntax.OR))
		case syntax.EQL, syntax.NEQ, syntax.LT, syntax.GT, syntax.LE, syntax.GE:
			return comparison(x.Op, w.expression(x.X), w.expression(x.Y))
		}
	case *syntax.DotExpr:
		if w.isParam(x.X, 0) && x.Name.Name == "position" {
			return func(h *host, _ *[len(inputNames)]float64) verdict {
				return holds(h.ctx.live.Position(h.ctx.current).Quantity.Sign() > 0)
			}
		}
	}
	of := w.expression(x)
	return func(h *host, bar *[len(inputNames)]float64) verdict { return of(h, bar).truth(h) }
}

// both is "and" or "or": what ends it is what the first alone decides.
func both(a, b judge, ends verdict) judge {
	return func(h *host, bar *[len(inputNames)]float64) verdict {
		if v := a(h, bar); v == ends || v == notKnown {
			return v
		}
		return b(h, bar)
	}
}

func boolean(b bool) known {
	if b {
		return known{kind: knownBool, f: 1}
	}
	return known{kind: knownBool}
}

// fromFloat is a number, or unknown where Starlark's order of NaN would matter.
func fromFloat(f float64) known {
	if f != f {
		return known{}
	}
	return known{kind: knownFloat, f: f}
}

// orMissing is an indicator's value: None where there is none.
func orMissing(f float64) known {
	if f != f {
		return known{kind: knownNone}
	}
	return known{kind: knownFloat, f: f}
}

// constant is a frozen value of Starlark's as a shortcut knows it.
func constant(v starlark.Value) known {
	switch v := v.(type) {
	case starlark.NoneType:
		return known{kind: knownNone}
	case starlark.Bool:
		return boolean(bool(v))
	case starlark.Int:
		if n, ok := v.Int64(); ok && n >= -exactInt && n <= exactInt {
			return known{kind: knownInt, f: float64(n)}
		}
	case starlark.Float:
		return fromFloat(float64(v))
	case *indicatorValue:
		return known{kind: knownIndicator, of: v, ago: int32(v.ago)}
	}
	return known{}
}

// market is a text as a market's index.
func (w *weaver) market(name string) known {
	if i, ok := w.h.byName[name]; ok {
		return known{kind: knownMarket, f: float64(i)}
	}
	return known{kind: knownMarket, f: -1}
}

func always(v known) look {
	if v.kind == unknown {
		return noLook
	}
	return func(*host, *[len(inputNames)]float64) known { return v }
}

func (w *weaver) local(i int) look {
	return func(h *host, _ *[len(inputNames)]float64) known { return h.short.locals[i] }
}

func (w *weaver) expression(x syntax.Expr) look {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return w.expression(x.X)
	case *syntax.Literal:
		switch v := x.Value.(type) {
		case int64:
			return always(constant(starlark.MakeInt64(v)))
		case float64:
			return always(fromFloat(v))
		case string:
			if x.Token == syntax.STRING {
				return always(w.market(v))
			}
		}
	case *syntax.Ident:
		return w.name(x)
	case *syntax.DotExpr:
		return w.attribute(x)
	case *syntax.IndexExpr:
		return w.index(x)
	case *syntax.CallExpr:
		return w.call(x)
	case *syntax.UnaryExpr:
		return w.unary(x)
	case *syntax.CondExpr:
		test, yes, no := w.judgement(x.Cond), w.expression(x.True), w.expression(x.False)
		return func(h *host, bar *[len(inputNames)]float64) known {
			switch test(h, bar) {
			case isTrue:
				return yes(h, bar)
			case isFalse:
				return no(h, bar)
			}
			return known{}
		}
	case *syntax.BinaryExpr:
		return w.binary(x)
	}
	return noLook
}

func (w *weaver) name(x *syntax.Ident) look {
	b, ok := x.Binding.(*resolve.Binding)
	if !ok {
		return noLook
	}
	switch b.Scope {
	case resolve.Local:
		if b.Index >= 2 {
			return w.local(b.Index)
		}
	case resolve.Global:
		if v, ok := w.globals[x.Name]; ok {
			return always(constant(v))
		}
	case resolve.Universal:
		return always(constant(starlark.Universe[x.Name]))
	}
	return noLook
}

func (w *weaver) attribute(x *syntax.DotExpr) look {
	name := x.Name.Name
	switch {
	case w.isParam(x.X, 1):
		if i := slices.Index(inputNames[:], name); i >= 0 {
			w.sc.more = w.sc.more || i != inClose
			return func(_ *host, bar *[len(inputNames)]float64) known { return orMissing(bar[i]) }
		}
		if name == "market" {
			return currentMarket
		}
	case w.isParam(x.X, 0):
		switch name {
		case "position":
			return always(known{kind: knownPosition})
		case "market":
			return currentMarket
		}
	default:
		return output(w.expression(x.X), name)
	}
	return noLook
}

func currentMarket(h *host, _ *[len(inputNames)]float64) known {
	return known{kind: knownMarket, f: float64(h.ctx.current)}
}

// output is an attribute of what may be an indicator.
func output(of look, name string) look {
	return func(h *host, bar *[len(inputNames)]float64) known {
		v := of(h, bar)
		if v.kind != knownIndicator {
			return known{}
		}
		i := 0
		if name != "value" {
			switch name {
			case "ready", "warmup", "back", "on", "values":
				return known{}
			}
			if i = slices.Index(v.of.spec.Outputs, name); i < 0 {
				return known{}
			}
		}
		return v.read(0, i)
	}
}

// read is an indicator's output n bars before.
func (v known) read(n, out int) known {
	s := v.of.bound
	if s == nil {
		if s = v.of.streams[v.of.h.ctx.current]; s == nil {
			return known{}
		}
	}
	return orMissing(s.back(int(v.ago)+n, out))
}

func (w *weaver) index(x *syntax.IndexExpr) look {
	of, at := w.expression(x.X), w.expression(x.Y)
	if dot, ok := x.X.(*syntax.DotExpr); ok && dot.Name.Name == "markets" && w.isParam(dot.X, 0) {
		return func(h *host, bar *[len(inputNames)]float64) known {
			i := at(h, bar)
			n := int(i.f)
			if n < 0 {
				n += len(h.names)
			}
			if i.kind != knownInt || n < 0 || n >= len(h.names) {
				return known{}
			}
			return known{kind: knownMarket, f: float64(n)}
		}
	}
	return func(h *host, bar *[len(inputNames)]float64) known {
		v, i := of(h, bar), at(h, bar)
		if v.kind != knownIndicator || i.kind != knownInt || i.f < 0 || i.f >= float64(v.of.keep-int(v.ago)) {
			return known{} // a negative index counts from the oldest value: the interpreter knows
		}
		return v.read(int(i.f), 0)
	}
}

// call is x.back(n), abs, min, max, or one of the crossings.
func (w *weaver) call(x *syntax.CallExpr) look {
	args := make([]look, len(x.Args))
	for i, a := range x.Args {
		switch a := a.(type) {
		case *syntax.UnaryExpr:
			if a.Op == syntax.STAR || a.Op == syntax.STARSTAR {
				return noLook
			}
		case *syntax.BinaryExpr:
			if a.Op == syntax.EQ {
				return noLook
			}
		}
		args[i] = w.expression(a)
	}
	if dot, ok := x.Fn.(*syntax.DotExpr); ok && dot.Name.Name == "back" && len(args) == 1 {
		of := w.expression(dot.X)
		return func(h *host, bar *[len(inputNames)]float64) known {
			v, n := of(h, bar), args[0](h, bar)
			if v.kind != knownIndicator || n.kind != knownInt || n.f < 0 || n.f >= float64(v.of.keep-int(v.ago)) {
				return known{}
			}
			v.ago += int32(n.f)
			return v
		}
	}
	id, ok := x.Fn.(*syntax.Ident)
	if !ok {
		return noLook
	}
	b, ok := id.Binding.(*resolve.Binding)
	switch {
	case !ok:
	case b.Scope == resolve.Universal && id.Name == "abs" && len(args) == 1:
		return func(h *host, bar *[len(inputNames)]float64) known {
			v := args[0](h, bar)
			if !v.number() {
				return known{}
			}
			v.f = math.Abs(v.f)
			return v
		}
	case b.Scope == resolve.Universal && (id.Name == "min" || id.Name == "max") && len(args) >= 2:
		return extreme(args, id.Name == "max")
	case b.Scope == resolve.Predeclared && (id.Name == "crossed_above" || id.Name == "crossed_below") && len(args) == 2:
		sign := 1.0
		if id.Name == "crossed_below" {
			sign = -1
		}
		return crossing(args[0], args[1], sign)
	}
	return noLook
}

// extreme is min or max: the first of equal ones.
func extreme(args []look, most bool) look {
	return func(h *host, bar *[len(inputNames)]float64) known {
		best := args[0](h, bar)
		if !best.number() {
			return known{}
		}
		for _, a := range args[1:] {
			v := a(h, bar)
			if !v.number() {
				return known{}
			}
			if most && v.f > best.f || !most && v.f < best.f {
				best = v
			}
		}
		return best
	}
}

func crossing(a, b look, sign float64) look {
	return func(h *host, bar *[len(inputNames)]float64) known {
		x, y := a(h, bar), b(h, bar)
		x0, x1, ok1 := x.nowAndBefore()
		y0, y1, ok2 := y.nowAndBefore()
		if !ok1 || !ok2 {
			return known{}
		}
		return boolean(sign*(x1-y1) <= 0 && sign*(x0-y0) > 0)
	}
}

func (v known) nowAndBefore() (now, before float64, ok bool) {
	switch v.kind {
	case knownInt, knownFloat:
		return v.f, v.f, !math.IsInf(v.f, 0)
	case knownIndicator:
		before = math.NaN() // older than what it remembers
		if int(v.ago)+1 < v.of.keep {
			before = v.read(1, 0).orNaN()
		}
		return v.read(0, 0).orNaN(), before, v.of.bound != nil || v.of.streams[v.of.h.ctx.current] != nil
	}
	return 0, 0, false
}

func (v known) orNaN() float64 {
	if v.kind == knownFloat {
		return v.f
	}
	return math.NaN()
}

func (v known) number() bool { return v.kind == knownInt || v.kind == knownFloat }

func (w *weaver) unary(x *syntax.UnaryExpr) look {
	if x.X == nil {
		return noLook
	}
	switch x.Op {
	case syntax.NOT:
		return w.judgement(x).value()
	case syntax.MINUS:
		of := w.expression(x.X)
		return func(h *host, bar *[len(inputNames)]float64) known {
			v := of(h, bar)
			if !v.number() {
				return known{}
			}
			v.f = -v.f
			return v
		}
	}
	return noLook
}

func (w *weaver) binary(x *syntax.BinaryExpr) look {
	a, b := w.expression(x.X), w.expression(x.Y)
	switch x.Op {
	case syntax.AND, syntax.OR:
		stops := holds(x.Op == syntax.OR)
		return func(h *host, bar *[len(inputNames)]float64) known {
			v := a(h, bar)
			switch v.truth(h) {
			case notKnown:
				return known{}
			case stops:
				return v
			}
			return b(h, bar)
		}
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.GT, syntax.LE, syntax.GE:
		return comparison(x.Op, a, b).value()
	case syntax.PLUS, syntax.MINUS, syntax.STAR, syntax.SLASH:
		return calculation(x.Op, a, b)
	}
	return noLook
}

// value is the truth as a bool.
func (j judge) value() look {
	return func(h *host, bar *[len(inputNames)]float64) known {
		switch j(h, bar) {
		case isTrue:
			return known{kind: knownBool, f: 1}
		case isFalse:
			return known{kind: knownBool}
		}
		return known{}
	}
}

func comparison(op syntax.Token, a, b look) judge {
	return func(h *host, bar *[len(inputNames)]float64) verdict {
		v, u := a(h, bar), b(h, bar)
		if v.number() && u.number() {
			switch op {
			case syntax.LT:
				return holds(v.f < u.f)
			case syntax.GT:
				return holds(v.f > u.f)
			case syntax.LE:
				return holds(v.f <= u.f)
			case syntax.GE:
				return holds(v.f >= u.f)
			}
			return holds((v.f == u.f) == (op == syntax.EQL))
		}
		if op != syntax.EQL && op != syntax.NEQ || v.kind == unknown || u.kind == unknown {
			return notKnown
		}
		equal := false
		if v.kind == u.kind {
			switch {
			case v.kind == knownNone || v.kind == knownBool:
				equal = v.f == u.f
			case v.kind == knownMarket && (v.f >= 0 || u.f >= 0):
				equal = v.f == u.f
			default:
				return notKnown
			}
		}
		return holds(equal == (op == syntax.EQL))
	}
}

// calculation is of two numbers: ints for as long as float64 computes them exactly, and no division by zero.
func calculation(op syntax.Token, a, b look) look {
	return func(h *host, bar *[len(inputNames)]float64) known {
		v, u := a(h, bar), b(h, bar)
		if !v.number() || !u.number() {
			return known{}
		}
		var f float64
		switch op {
		case syntax.PLUS:
			f = v.f + u.f
		case syntax.MINUS:
			f = v.f - u.f
		case syntax.STAR:
			f = v.f * u.f
		default:
			if u.f == 0 {
				return known{}
			}
			return fromFloat(v.f / u.f)
		}
		if v.kind == knownInt && u.kind == knownInt {
			if math.Abs(f) >= exactInt { // it may have been rounded to that
				return known{}
			}
			return known{kind: knownInt, f: f}
		}
		return fromFloat(f)
	}
}
