package script

import (
	"errors"
	"fmt"
	"math"

	"github.com/ohmycoins/omc/internal/series"
	"go.starlark.net/starlark"
)

// Frame is a table on a time index, as a script sees it.
type Frame struct{ f *series.Frame }

// NewFrame makes a script's frame of one.
func NewFrame(f *series.Frame) *Frame { return &Frame{f} }

var (
	_ starlark.HasAttrs = (*Frame)(nil)
	_ starlark.Mapping  = (*Frame)(nil)
)

// String shows its size.
func (f *Frame) String() string {
	return fmt.Sprintf("frame(%d rows, %d columns)", f.f.Rows(), len(f.f.Columns()))
}

// Type implements starlark.Value.
func (*Frame) Type() string { return "frame" }

// Freeze implements starlark.Value.
func (*Frame) Freeze() {}

// Truth implements starlark.Value: a frame of no rows is false.
func (f *Frame) Truth() starlark.Bool { return f.f.Rows() > 0 }

// Hash implements starlark.Value.
func (*Frame) Hash() (uint32, error) { return 0, errors.New("unhashable: frame") }

// Get implements starlark.Mapping: frame["name"] is a column.
func (f *Frame) Get(k starlark.Value) (starlark.Value, bool, error) {
	name, ok := starlark.AsString(k)
	if !ok {
		return nil, false, fmt.Errorf("frame[…]: want a column's name, got %s", k.Type())
	}
	x, err := f.f.Column(name)
	if err != nil {
		return nil, false, err
	}
	return &Column{f.f.Times(), x}, true, nil
}

func (f *Frame) cells() int64 { return product(f.f.Rows(), len(f.f.Columns())) }

// AttrNames implements starlark.HasAttrs.
func (*Frame) AttrNames() []string { return attrNames(frameMethods()) }

// Attr implements starlark.HasAttrs.
func (f *Frame) Attr(name string) (starlark.Value, error) {
	return attr(f, "frame", name, frameMethods())
}

func columnNames(f *series.Frame) []string {
	var out []string
	for _, c := range f.Columns() {
		out = append(out, c.Name)
	}
	return out
}

func stringList(in []string) *starlark.List {
	out := make([]starlark.Value, len(in))
	for i, s := range in {
		out[i] = starlark.String(s)
	}
	return starlark.NewList(out)
}

func framed(f *series.Frame, err error) (starlark.Value, error) {
	if err != nil {
		return nil, err
	}
	return &Frame{f}, nil
}

func frameMethods() []method[*Frame] {
	return []method[*Frame]{
		{Doc: Doc{"rows", "f.rows", "How many rows."}, get: func(f *Frame) starlark.Value { return starlark.MakeInt(f.f.Rows()) }},
		{Doc: Doc{"columns", "f.columns", "Names of the columns. `f[\"name\"]` is one of them."}, get: func(f *Frame) starlark.Value { return stringList(columnNames(f.f)) }},
		{Doc: Doc{"with_column", "f.with_column(name, column)", "A frame with one more column of the same rows, or with that one replaced."}, call: withColumn},
		{Doc: Doc{"select", "f.select(names)", "A frame of these columns, in this order."}, call: byNames(func(f *series.Frame, n []string) (*series.Frame, error) { return f.Select(n...) })},
		{Doc: Doc{"drop", "f.drop(names)", "A frame without these columns."}, call: byNames(func(f *series.Frame, n []string) (*series.Frame, error) { return f.Drop(n...) })},
		{Doc: Doc{"drop_missing", "f.drop_missing(names=[])", "The rows in which these columns, or all, have a value."}, call: byNames(func(f *series.Frame, n []string) (*series.Frame, error) { return f.DropMissing(n...) })},
		{Doc: Doc{"tail", "f.tail(n)", "The newest n rows."}, call: tail},
		{Doc: Doc{"slice", "f.slice(start=None, end=None)", "The rows of [start, end), Unix milliseconds."}, call: slice},
		{Doc: Doc{"where", "f.where(mark)", "The rows where the column mark is neither 0 nor None."}, call: where},
		{Doc: Doc{"resample", `f.resample(every, columns, offset="0m", step="0m", incomplete=False)`, "Rows gathered into buckets of a length like \"1d\" (UTC), columns as {new: (old, what)} or {name: what}. Each answer is stamped when its bucket is complete; the one that is not yet is left out, or stamped with its last row. `step` is the length of a row whose time is its beginning; recorded rows are stamped at the bar's close, so theirs is 0."}, call: resample},
		{Doc: Doc{"join", `f.join(other, how="asof", max_age="3660d")`, "The columns of another frame beside: as of each row's time, the newest at or before it and no older than max_age; or by exact time: inner, left, outer."}, call: join},
		{Doc: Doc{"calendar", "f.calendar(part)", "Column of each row's hour, weekday (1 Monday to 7), day, month or year, UTC."}, call: calendar},
		{Doc: Doc{"indicator", "f.indicator(name, columns={}, **parameters)", "An indicator over the frame's columns of its inputs' names (close, high, low, open, volume), or those given as {input: column}, as it would have been bar by bar. A column, or a frame of its outputs."}, call: frameIndicator},
		{Doc: Doc{"group", "f.group(column, keys, what, start, end)", "Dict from key to the statistic of its rows in [start, end): the whole range at once, so say which rows it may be (None: from the first, to the last)."}, call: groupRange},
		{Doc: Doc{"last", "f.last()", "Dict of the newest row's values."}, call: lastRow},
	}
}

func byNames(of func(*series.Frame, []string) (*series.Frame, error)) func(*Frame, *starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return func(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var list names
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "names?", &list); err != nil {
			return nil, err
		}
		return framed(of(f.f, list))
	}
}

func withColumn(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	var c *Column
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "name", &name, "column", &c); err != nil {
		return nil, err
	}
	if len(name) > 100 {
		return nil, errors.New("a column's name has at most 100 bytes")
	}
	if err := (&Column{times: f.f.Times()}).same(c); err != nil {
		return nil, err
	}
	if _, err := f.f.Column(name); err != nil {
		return framed(f.f.With(name, c.values))
	}
	columns := f.f.Columns()
	for i := range columns {
		if columns[i].Name == name {
			columns[i].Values = c.values
		}
	}
	return framed(series.New(f.f.Times(), columns...))
}

func tail(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var n int
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "n", &n); err != nil {
		return nil, err
	}
	return &Frame{f.f.Tail(n)}, nil
}

// moment reads a time in Unix milliseconds, or None.
func moment(v starlark.Value, none int64) (int64, error) {
	if v == nil || v == starlark.None {
		return none, nil
	}
	i, ok := v.(starlark.Int)
	if !ok {
		return 0, fmt.Errorf("want a time in Unix milliseconds or None, got %s", v.Type())
	}
	n, ok := i.Int64()
	if !ok {
		return 0, fmt.Errorf("%s is no time", i)
	}
	return n, nil
}

func rangeOf(start, end starlark.Value) (from, to int64, err error) {
	if from, err = moment(start, math.MinInt64); err != nil {
		return 0, 0, fmt.Errorf("start: %w", err)
	}
	if to, err = moment(end, math.MaxInt64); err != nil {
		return 0, 0, fmt.Errorf("end: %w", err)
	}
	return from, to, nil
}

func slice(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var start, end starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "start?", &start, "end?", &end); err != nil {
		return nil, err
	}
	from, to, err := rangeOf(start, end)
	if err != nil {
		return nil, err
	}
	return &Frame{f.f.Slice(from, to)}, nil
}

func where(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var mark *Column
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "mark", &mark); err != nil {
		return nil, err
	}
	if err := (&Column{times: f.f.Times()}).same(mark); err != nil {
		return nil, err
	}
	return framed(f.f.Where(mark.values))
}

func resample(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var every string
	offset, step := "0m", "0m"
	var columns *starlark.Dict
	o := series.ResampleOptions{}
	err := starlark.UnpackArgs(b.Name(), args, kwargs, "every", &every, "columns", &columns, "offset?", &offset, "step?", &step, "incomplete?", &o.Incomplete)
	if err != nil {
		return nil, err
	}
	for _, s := range []struct {
		name, text string
		to         *int64
	}{{"every", every, &o.Every}, {"offset", offset, &o.Offset}, {"step", step, &o.Step}} {
		if *s.to, err = span(s.text); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for _, kv := range columns.Items() {
		as, ok := starlark.AsString(kv[0])
		old, what := as, ""
		if t, isTuple := kv[1].(starlark.Tuple); isTuple && len(t) == 2 {
			var ok1, ok2 bool
			old, ok1 = starlark.AsString(t[0])
			what, ok2 = starlark.AsString(t[1])
			ok = ok && ok1 && ok2
		} else {
			var ok1 bool
			what, ok1 = starlark.AsString(kv[1])
			ok = ok && ok1
		}
		if !ok {
			return nil, errors.New(`columns: want {"name": "last"} or {"new": ("old", "sum")}`)
		}
		s, err := series.ParseStatistic(what)
		if err != nil {
			return nil, err
		}
		o.Columns = append(o.Columns, series.Aggregate{Column: old, As: as, Statistic: s})
	}
	return framed(f.f.Resample(o))
}

func join(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var other *Frame
	how, age := "asof", "3660d"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "other", &other, "how?", &how, "max_age?", &age); err != nil {
		return nil, err
	}
	most, err := span(age)
	if err != nil {
		return nil, fmt.Errorf("max_age: %w", err)
	}
	switch how {
	case "asof":
		return framed(f.f.JoinAsOf(other.f, most))
	case "inner":
		return framed(f.f.Join(other.f, series.Inner))
	case "left":
		return framed(f.f.Join(other.f, series.Left))
	case "outer":
		return framed(f.f.Join(other.f, series.Outer))
	}
	return nil, fmt.Errorf("how is %.20q: there are asof, inner, left and outer", how)
}

func calendar(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var part string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "part", &part); err != nil {
		return nil, err
	}
	x, err := f.f.Calendar(part)
	if err != nil {
		return nil, err
	}
	return &Column{f.f.Times(), x}, nil
}

func groupRange(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var c, keys *Column
	var what string
	var start, end starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "column", &c, "keys", &keys, "what", &what, "start", &start, "end", &end); err != nil {
		return nil, err
	}
	own := &Column{times: f.f.Times()}
	if err := errors.Join(own.same(c), own.same(keys)); err != nil {
		return nil, err
	}
	from, to, err := rangeOf(start, end)
	if err != nil {
		return nil, err
	}
	s, err := series.ParseStatistic(what)
	if err != nil {
		return nil, err
	}
	groups, err := f.f.GroupAggregate(c.values, keys.values, s, from, to)
	if err != nil {
		return nil, err
	}
	out := starlark.NewDict(len(groups))
	for _, g := range groups {
		if err := out.SetKey(starlark.Float(g.Key), orNone(g.Value)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func lastRow(f *Frame, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	if f.f.Rows() == 0 {
		return starlark.None, nil
	}
	out := starlark.NewDict(len(f.f.Columns()))
	for _, c := range f.f.Columns() {
		if err := out.SetKey(starlark.String(c.Name), orNone(c.Values[f.f.Rows()-1])); err != nil {
			return nil, err
		}
	}
	return out, nil
}
