package strategy

import (
	"fmt"
	"math"
	"slices"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/indicator"
	"go.starlark.net/starlark"
)

// indicatorValue is a declared indicator as a script sees it: on the current market, or on one market n bars ago.
type indicatorValue struct {
	h       *host
	spec    indicator.Spec
	params  []float64
	inputs  []int
	market  string
	source  string
	keep    int
	warmup  int
	of      *indicatorValue  // whose first output it reads; nil: a bar's values
	ask     *fact.Query      // a ledger's series, of each market's coin where it names none; nil: an indicator
	first   indicator.Stream // made at the declaration, taken by the first market
	streams []*stream        // by market

	bound *stream // of a view made by on() or back()
	ago   int     // of a view made by back()
}

var (
	_ starlark.HasAttrs  = (*indicatorValue)(nil)
	_ starlark.Indexable = (*indicatorValue)(nil)
)

func (v *indicatorValue) String() string {
	if f, err := v.read(0, 0); err == nil && f == f {
		return fmt.Sprintf("%s=%v", v.spec.Name, f)
	}
	return v.spec.Name + "=None"
}
func (*indicatorValue) Type() string           { return "indicator" }
func (*indicatorValue) Freeze()                {}
func (v *indicatorValue) Truth() starlark.Bool { return true }
func (*indicatorValue) Hash() (uint32, error)  { return 0, fmt.Errorf("unhashable: indicator") }

// indicatorMembers is the reference of an indicator's attributes.
func indicatorMembers() []builtin {
	return []builtin{
		{"value", "x.value", "The newest value, or None while there is none; for several outputs the first of them. Each output is an attribute too, like `macd.signal`."},
		{"ready", "x.ready", "True when every output has a value; of a ledger series: when the first has."},
		{"warmup", "x.warmup", "Bars with which every output has its first value."},
		{"back", "x.back(n)", "The indicator as it was n bars ago, n below `keep`. `x[n]` is short for `x.back(n).value`."},
		{"on", "x.on(market)", "The indicator on another market."},
		{"values", "x.values(n)", "List of the last n values of the first output, oldest first; None where there was none."},
	}
}

// AttrNames lists the outputs and the members.
func (v *indicatorValue) AttrNames() []string {
	names := slices.Clone(v.spec.Outputs)
	for _, m := range indicatorMembers() {
		if !slices.Contains(names, m.name) {
			names = append(names, m.name)
		}
	}
	slices.Sort(names)
	return names
}

// Attr reads an output or a member.
func (v *indicatorValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "value":
		return v.output(0)
	case "ready":
		for i := range v.spec.Outputs {
			if v.ask != nil && i > 0 {
				break
			}
			if f, err := v.read(0, i); err != nil || f != f {
				return starlark.False, err
			}
		}
		return starlark.True, nil
	case "warmup":
		return starlark.MakeInt(v.warmup), nil
	case "back":
		return starlark.NewBuiltin("back", v.callBack), nil
	case "on":
		return starlark.NewBuiltin("on", v.callOn), nil
	case "values":
		return starlark.NewBuiltin("values", v.callValues), nil
	}
	if i := slices.Index(v.spec.Outputs, name); i >= 0 {
		return v.output(i)
	}
	return nil, nil
}

func (v *indicatorValue) output(i int) (starlark.Value, error) {
	f, err := v.read(0, i)
	if err != nil {
		return nil, err
	}
	return floatOrNone(f), nil
}

// read returns output out as it was n bars before the view's own moment.
func (v *indicatorValue) read(n, out int) (float64, error) {
	s := v.bound
	if s == nil {
		if v.h.loading || v.streams == nil {
			return 0, fmt.Errorf("%s has no value at the top level: read it in on_bar", v.spec.Name)
		}
		s = v.streams[v.h.ctx.current]
	}
	return s.back(v.ago+n, out), nil
}

// Len is how many values are remembered.
func (v *indicatorValue) Len() int { return v.keep - v.ago }

// Index returns the value of i bars ago.
func (v *indicatorValue) Index(i int) starlark.Value {
	f, err := v.read(i, 0)
	if err != nil {
		return starlark.None
	}
	return floatOrNone(f)
}

// Get implements starlark.Mapping, which x[n] asks first: of a sequence, x[-1] would be the oldest value that is kept, and is meant as the newest.
func (v *indicatorValue) Get(key starlark.Value) (starlark.Value, bool, error) {
	n, err := starlark.AsInt32(key)
	if err != nil {
		return nil, false, fmt.Errorf("an indicator has values of bars back, %s[0] the newest: %w", v.spec.Name, err)
	}
	if n < 0 || n >= v.Len() {
		return nil, false, fmt.Errorf("%s[%d]: want bars back from 0, the newest, to %d", v.spec.Name, n, v.Len()-1)
	}
	return v.Index(n), true, nil
}

func (v *indicatorValue) view(n int) (*indicatorValue, error) {
	if _, err := v.read(0, 0); err != nil {
		return nil, err
	}
	w := *v
	if w.bound == nil {
		w.bound = v.streams[v.h.ctx.current]
	}
	w.ago += n
	return &w, nil
}

func (v *indicatorValue) callBack(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var n int
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &n); err != nil {
		return nil, err
	}
	if n < 0 || v.ago+n >= v.keep {
		return nil, fmt.Errorf("back: %s remembers %d values, so n must be from 0 to %d; raise keep where it is declared", v.spec.Name, v.keep, v.keep-1)
	}
	return v.view(n)
}

func (v *indicatorValue) callOn(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &name); err != nil {
		return nil, err
	}
	m, err := v.h.findMarket(name)
	if err != nil {
		return nil, fmt.Errorf("on: %w", err)
	}
	w, err := v.view(0)
	if err != nil {
		return nil, err
	}
	w.bound = v.streams[m]
	return w, nil
}

func (v *indicatorValue) callValues(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var n int
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &n); err != nil {
		return nil, err
	}
	if n < 1 || v.ago+n > v.keep {
		return nil, fmt.Errorf("values: %s remembers %d values; raise keep where it is declared", v.spec.Name, v.keep)
	}
	out := make([]starlark.Value, n)
	for i := range out {
		f, err := v.read(n-1-i, 0)
		if err != nil {
			return nil, err
		}
		out[i] = floatOrNone(f)
	}
	return starlark.NewList(out), nil
}

// crossed makes crossed_above (sign 1) and crossed_below (sign -1).
func crossed(sign float64) func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if len(args) != 2 || len(kwargs) != 0 {
			return nil, fmt.Errorf("%s: want two indicators or numbers", b.Name())
		}
		a0, a1, err := nowAndBefore(args[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
		b0, b1, err := nowAndBefore(args[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
		return starlark.Bool(sign*(a1-b1) <= 0 && sign*(a0-b0) > 0), nil // false where any is NaN
	}
}

func nowAndBefore(v starlark.Value) (now, before float64, err error) {
	if x, ok := v.(*indicatorValue); ok {
		if now, err = x.read(0, 0); err != nil {
			return 0, 0, err
		}
		if before, err = x.read(1, 0); x.ago+1 >= x.keep {
			before = math.NaN() // older than what it remembers
		}
		return now, before, err
	}
	now, err = number(v)
	return now, now, err
}

func floatOrNone(f float64) starlark.Value {
	if f != f {
		return starlark.None
	}
	return starlark.Float(f)
}
