package script

import (
	"errors"
	"fmt"
	"math"

	"github.com/ohmycoins/omc/internal/series"
	"go.starlark.net/starlark"
)

func seriesFunctions() []function {
	return []function{
		{Doc{"frame", "series.frame(times, columns)", "A frame of lists: times in Unix milliseconds, strictly increasing, and a dict of columns, None for a missing value."}, makeFrame},
		{Doc{"standard", "series.standard(column, start, end)", "Learns mean and standard deviation of the rows in [start, end), Unix milliseconds; None for an open end, which is said and not assumed. `.apply(column)` gives (x − mean)/std."}, fitting((*series.Frame).FitStandard)},
		{Doc{"robust", "series.robust(column, start, end)", "The same by median and quartiles."}, fitting((*series.Frame).FitRobust)},
		{Doc{"uniform", "series.uniform(column, start, end)", "Learns the training values: `.apply(column)` gives each value's rank among them, 0 to 1."}, fitting((*series.Frame).FitUniform)},
		{Doc{"winsor", "series.winsor(column, p, start, end)", "Learns the p and 1 − p quantiles, to which `.apply(column)` cuts."}, winsor},
	}
}

func makeFrame(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var at *starlark.List
	var columns *starlark.Dict
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "times", &at, "columns", &columns); err != nil {
		return nil, err
	}
	index := make([]int64, at.Len())
	for i := range index {
		var err error
		if index[i], err = moment(at.Index(i), math.MinInt64); err != nil || at.Index(i) == starlark.None {
			return nil, fmt.Errorf("time %d: want Unix milliseconds", i)
		}
	}
	var list []series.Column
	for _, kv := range columns.Items() {
		name, ok := starlark.AsString(kv[0])
		v, isList := kv[1].(starlark.Indexable)
		if !ok || !isList {
			return nil, errors.New(`columns: want {"name": [numbers]}`)
		}
		if v.Len() > series.MaxRows || len(list)*len(index) > series.MaxCells {
			return nil, fmt.Errorf("column %.40q: more than %d cells", name, series.MaxCells)
		}
		c := series.Column{Name: name, Values: make([]float64, v.Len())}
		for i := range c.Values {
			x := v.Index(i)
			if c.Values[i] = math.NaN(); x != starlark.None {
				var err error
				if c.Values[i], err = number(x); err != nil {
					return nil, fmt.Errorf("column %.40q, row %d: %w", name, i, err)
				}
			}
		}
		list = append(list, c)
	}
	return framed(series.New(index, list...))
}

// Fit is what was learnt from a training range.
type Fit struct{ f *series.Fit }

var _ starlark.HasAttrs = (*Fit)(nil)

// String implements starlark.Value.
func (f *Fit) String() string { return f.f.Method() + " fit" }

// Type implements starlark.Value.
func (*Fit) Type() string { return "fit" }

// Freeze implements starlark.Value.
func (*Fit) Freeze() {}

// Truth implements starlark.Value.
func (*Fit) Truth() starlark.Bool { return true }

// Hash implements starlark.Value.
func (*Fit) Hash() (uint32, error) { return 0, errors.New("unhashable: fit") }

// AttrNames implements starlark.HasAttrs.
func (*Fit) AttrNames() []string { return []string{"apply"} }

// Attr implements starlark.HasAttrs.
func (f *Fit) Attr(name string) (starlark.Value, error) {
	if name != "apply" {
		return nil, nil
	}
	return starlark.NewBuiltin("fit.apply", func(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var c *Column
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "column", &c); err != nil {
			return nil, err
		}
		return c.with(f.f.Apply(c.values)), nil
	}), nil
}

// alone is a column as a frame of one.
func alone(c *Column) (*series.Frame, error) {
	return series.New(c.times, series.Column{Name: "column", Values: c.values})
}

func fitting(fit func(*series.Frame, string, int64, int64) (*series.Fit, error)) func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var c *Column
		var start, end starlark.Value
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "column", &c, "start", &start, "end", &end); err != nil {
			return nil, err
		}
		return learnt(c, start, end, fit)
	}
}

func learnt(c *Column, start, end starlark.Value, fit func(*series.Frame, string, int64, int64) (*series.Fit, error)) (starlark.Value, error) {
	from, to, err := rangeOf(start, end)
	if err != nil {
		return nil, err
	}
	f, err := alone(c)
	if err != nil {
		return nil, err
	}
	got, err := fit(f, "column", from, to)
	if err != nil {
		return nil, err
	}
	return &Fit{got}, nil
}

func winsor(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var c *Column
	var p real
	var start, end starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "column", &c, "p", &p, "start", &start, "end", &end); err != nil {
		return nil, err
	}
	return learnt(c, start, end, func(f *series.Frame, name string, from, to int64) (*series.Fit, error) {
		return f.FitWinsor(name, float64(p), from, to)
	})
}

// Labels are what came of each row.
type Labels struct{ l *series.Labels }

var _ starlark.HasAttrs = (*Labels)(nil)

// String implements starlark.Value.
func (l *Labels) String() string { return fmt.Sprintf("labels(%d rows)", len(l.l.Values)) }

// Type implements starlark.Value.
func (*Labels) Type() string { return "labels" }

// Freeze implements starlark.Value.
func (*Labels) Freeze() {}

// Truth implements starlark.Value.
func (l *Labels) Truth() starlark.Bool { return len(l.l.Values) > 0 }

// Hash implements starlark.Value.
func (*Labels) Hash() (uint32, error) { return 0, errors.New("unhashable: labels") }

// AttrNames implements starlark.HasAttrs.
func (*Labels) AttrNames() []string { return attrNames(labelsMethods()) }

// Attr implements starlark.HasAttrs.
func (l *Labels) Attr(name string) (starlark.Value, error) {
	return attr(l, "labels", name, labelsMethods())
}

func labelsMethods() []method[*Labels] {
	return []method[*Labels]{
		{Doc: Doc{"value", "l.value", "Column of the labels; None where a row's is not known yet."}, get: func(l *Labels) starlark.Value { return &Column{l.l.Times, l.l.Values} }},
		{Doc: Doc{"weight", "l.weight", "Column of uniqueness weights: the share of a label that is not another's too; 0 where it is not known."}, get: func(l *Labels) starlark.Value { return &Column{l.l.Times, l.l.Weight} }},
		{Doc: Doc{"known", "l.known", "How many are known."}, get: func(l *Labels) starlark.Value {
			n := 0
			for _, v := range l.l.Values {
				if v == v {
					n++
				}
			}
			return starlark.MakeInt(n)
		}},
		{Doc: Doc{"map", "l.map(function)", "Labels of other values for the same rows: the function is called with each known value and returns a number."}, call: mapLabels},
	}
}

// mapLabels calls the function once for each different value.
func mapLabels(l *Labels, t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var f starlark.Callable
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "function", &f); err != nil {
		return nil, err
	}
	out := *l.l
	out.Values = make([]float64, len(l.l.Values))
	seen := map[float64]float64{}
	for i, v := range l.l.Values {
		out.Values[i] = math.NaN()
		if v != v {
			continue
		}
		got, ok := seen[v]
		if !ok {
			r, err := starlark.Call(t, f, starlark.Tuple{starlark.Float(v)}, nil)
			if err != nil {
				return nil, err
			}
			if got, err = number(r); err != nil {
				return nil, err
			}
			seen[v] = got
		}
		out.Values[i] = got
	}
	return &Labels{&out}, nil
}

func labelFunctions() []function {
	return []function{
		{Doc{"horizon", "label.horizon(column, n)", "Labels of the return over the next n rows: x[i+n]/x[i] − 1, known at row i+n. Those of the newest n rows are not known."}, horizon},
		{Doc{"triple_barrier", "label.triple_barrier(column, n, up=0.0, down=0.0, sign=False)", "1 where the price rises by more than up within n rows first, −1 where it falls by more than down, else 0, or with `sign` the sign of the return then. A barrier of 0 is none."}, tripleBarrier},
	}
}

func horizon(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var c *Column
	var n int
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "column", &c, "n", &n); err != nil {
		return nil, err
	}
	f, err := alone(c)
	if err != nil {
		return nil, err
	}
	l, err := f.Horizon("column", n)
	if err != nil {
		return nil, err
	}
	return &Labels{l}, nil
}

func tripleBarrier(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var c *Column
	var n int
	var up, down real
	var sign bool
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "column", &c, "n", &n, "up?", &up, "down?", &down, "sign?", &sign); err != nil {
		return nil, err
	}
	f, err := alone(c)
	if err != nil {
		return nil, err
	}
	l, err := f.TripleBarrier("column", float64(up), float64(down), n, sign)
	if err != nil {
		return nil, err
	}
	return &Labels{l}, nil
}
