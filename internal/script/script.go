// Package script owns the values that scripts compute with: columns and frames, labels and models, and the modules series, label and learn.
// It knows no strategy and no bar: what it works on is what it is handed, so it can look no farther ahead than that.
package script

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// Doc is one name of a script's with what the reference says of it.
type Doc struct{ Name, Signature, Text string }

// function is a builtin with its documentation.
type function struct {
	Doc
	call func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)
}

// method is an attribute of a T; a nil args means that it is a value and not called.
type method[T any] struct {
	Doc
	get  func(T) starlark.Value
	call func(T, *starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)
}

func docs[T any](list []T, of func(T) Doc) []Doc {
	out := make([]Doc, len(list))
	for i := range list {
		out[i] = of(list[i])
	}
	return out
}

// Section is one table of the reference.
type Section struct {
	Name string
	Docs []Doc
}

// Reference is what the modules and values offer, for docs/strategies.md.
func Reference() []Section {
	f := func(f function) Doc { return f.Doc }
	return []Section{
		{"series", docs(seriesFunctions(), f)},
		{"frame", docs(frameMethods(), func(m method[*Frame]) Doc { return m.Doc })},
		{"column", docs(columnMethods(), func(m method[*Column]) Doc { return m.Doc })},
		{"label", docs(labelFunctions(), f)},
		{"labels", docs(labelsMethods(), func(m method[*Labels]) Doc { return m.Doc })},
		{"learn", docs(learnFunctions(), f)},
		{"model", docs(modelMethods(), func(m method[*Model]) Doc { return m.Doc })},
	}
}

// workKey is the thread-local name under which a thread keeps its Work.
const workKey = "omc.work"

// Work is what a script's thread has computed natively.
type Work struct {
	Begins func() // nil, or called whenever a computation of some length begins: whoever waits knows then that the script is not stuck
	// Units measure fits by what they do and not by how long it takes, so that they are the same in every run: about a value looked at.
	Units int64
	Most  int64 // Units beyond which a computation is refused; 0: none is
}

// perCell is what a method costs for each value of its column or frame: a rolling mean costs a quarter of it, a median of a long window as much.
const perCell = 12

// long is from how many units on a computation takes a while.
const long = 1_000_000

// Watch has the computations of a thread counted.
func Watch(t *starlark.Thread, w *Work) { t.SetLocal(workKey, w) }

// spend counts what is about to be computed.
func spend(t *starlark.Thread, units int64) error {
	w, ok := t.Local(workKey).(*Work)
	if !ok {
		return nil
	}
	if units < 0 || w.Most > 0 && units > w.Most-w.Units {
		return fmt.Errorf("more than %d values are to be looked at in one call of the script: train on fewer rows, columns or trees, or less often", w.Most)
	}
	if w.Units += units; units >= long && w.Begins != nil {
		w.Begins()
	}
	return nil
}

// product multiplies what a computation's cost is made of; −1 where that is beyond counting.
func product(of ...int) int64 {
	n := int64(1)
	for _, k := range of {
		if k = max(k, 1); n > math.MaxInt64/int64(k) {
			return -1
		}
		n *= int64(k)
	}
	return n
}

func members(prefix string, list []function) starlark.StringDict {
	out := starlark.StringDict{}
	for _, f := range list {
		out[f.Name] = starlark.NewBuiltin(prefix+"."+f.Name, func(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			v, err := f.call(t, b, args, kwargs)
			return v, named(b.Name(), err)
		})
	}
	return out
}

// named says whose error it is, where it does not say so itself.
func named(name string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), name) {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Series returns the module series with more members beside its own.
func Series(more starlark.StringDict) starlark.Value {
	m := members("series", seriesFunctions())
	for k, v := range more {
		m[k] = v
	}
	return &starlarkstruct.Module{Name: "series", Members: m}
}

// Label returns the module label.
func Label() starlark.Value {
	return &starlarkstruct.Module{Name: "label", Members: members("label", labelFunctions())}
}

// Learn returns the module learn.
func Learn() starlark.Value {
	return &starlarkstruct.Module{Name: "learn", Members: members("learn", learnFunctions())}
}

// attr finds a member of v in a table of methods.
func attr[T any](v T, kind, name string, table []method[T]) (starlark.Value, error) {
	i := slices.IndexFunc(table, func(m method[T]) bool { return m.Name == name })
	if i < 0 {
		return nil, nil
	}
	m := &table[i]
	if m.get != nil {
		return m.get(v), nil
	}
	return starlark.NewBuiltin(kind+"."+name, func(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if sized, ok := any(v).(interface{ cells() int64 }); ok {
			if err := spend(t, perCell*sized.cells()); err != nil {
				return nil, named(b.Name(), err)
			}
		}
		out, err := m.call(v, t, b, args, kwargs)
		return out, named(b.Name(), err)
	}), nil
}

func attrNames[T any](table []method[T]) []string {
	out := make([]string, len(table))
	for i := range table {
		out[i] = table[i].Name
	}
	slices.Sort(out)
	return out
}

// number reads an int or a float that is finite.
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

// real is a float argument that an int may be given for.
type real float64

// Unpack implements starlark.Unpacker.
func (r *real) Unpack(v starlark.Value) error {
	f, err := number(v)
	*r = real(f)
	return err
}

// names is a list of strings.
type names []string

// Unpack implements starlark.Unpacker.
func (n *names) Unpack(v starlark.Value) error {
	it, ok := v.(starlark.Iterable)
	if !ok {
		return fmt.Errorf("want a list of strings, got %s", v.Type())
	}
	iter := it.Iterate()
	defer iter.Done()
	var x starlark.Value
	for iter.Next(&x) {
		s, ok := starlark.AsString(x)
		if !ok || len(*n) == 512 {
			return fmt.Errorf("want at most 512 strings, got a %s", x.Type())
		}
		*n = append(*n, s)
	}
	return nil
}

// orNone is a number, or None where there is none.
func orNone(f float64) starlark.Value {
	if f != f {
		return starlark.None
	}
	return starlark.Float(f)
}

// span reads a length of time, milliseconds: "30m", "24h", "7d".
func span(s string) (int64, error) {
	units := map[byte]int64{'m': 60_000, 'h': 3_600_000, 'd': 86_400_000}
	n := int64(0)
	for i := 0; i < len(s); i++ {
		switch u := units[s[i]]; {
		case s[i] >= '0' && s[i] <= '9' && n < 1e9:
			n = n*10 + int64(s[i]-'0')
			continue
		case u > 0 && i > 0 && i == len(s)-1 && n <= 3660*86_400_000/u:
			return n * u, nil
		}
		break
	}
	return 0, fmt.Errorf(`%.20q: want a whole number of minutes, hours or days, at most ten years, like "30m", "24h" or "7d"`, s)
}
