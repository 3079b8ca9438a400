// Package series owns columnar frames: numbers on a strictly increasing time index, and the operations research does on them.
// It never reads a row later than the one it answers for, and does no I/O.
package series

import (
	"fmt"
	"math"
	"sort"
)

// Bounds of a frame: a hostile caller meets an error at them.
const (
	MaxRows    = 2_000_000
	MaxColumns = 512
	MaxCells   = 20_000_000
)

// Column is a named column of values, one for each row of its frame. NaN is a missing value.
type Column struct {
	Name   string
	Values []float64
}

// Frame is a table of rows in order of time. It is immutable: operations return new frames, which may share columns.
// Times are Unix milliseconds, UTC: a script's own unit, comparable without a location, and eight bytes a row.
type Frame struct {
	times   []int64
	columns []Column
	byName  map[string]int
}

// New makes a frame of the times and columns, which the caller must not change afterwards. Times that do not strictly increase,
// a column of another length, an empty or repeated name and a frame beyond the bounds are errors.
func New(times []int64, columns ...Column) (*Frame, error) {
	if len(times) > MaxRows || len(columns) > MaxColumns || len(times)*len(columns) > MaxCells {
		return nil, fmt.Errorf("frame of %d rows × %d columns: the limits are %d rows, %d columns and %d cells",
			len(times), len(columns), MaxRows, MaxColumns, MaxCells)
	}
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return nil, fmt.Errorf("frame: row %d at %d does not come after row %d at %d: sort the rows and leave out repeats", i, times[i], i-1, times[i-1])
		}
	}
	f := &Frame{times: times, columns: append([]Column(nil), columns...), byName: make(map[string]int, len(columns))}
	for i, c := range columns {
		if c.Name == "" {
			return nil, fmt.Errorf("frame: column %d has no name", i)
		}
		if _, taken := f.byName[c.Name]; taken {
			return nil, fmt.Errorf("frame: column %q is there twice", c.Name)
		}
		if len(c.Values) != len(times) {
			return nil, fmt.Errorf("frame: column %q has %d values for %d rows", c.Name, len(c.Values), len(times))
		}
		f.byName[c.Name] = i
	}
	return f, nil
}

// some is the frame, or an empty one where there is none, so that no caller's nil is a panic.
func (f *Frame) some() *Frame {
	if f == nil {
		return &Frame{}
	}
	return f
}

// Rows is the number of rows.
func (f *Frame) Rows() int { return len(f.some().times) }

// Times is the index, in Unix milliseconds. The caller must not change it.
func (f *Frame) Times() []int64 { return f.some().times }

// Columns are the columns in their order. The caller must not change their values.
func (f *Frame) Columns() []Column { return append([]Column(nil), f.some().columns...) }

// Column returns the values of a column, which the caller must not change.
func (f *Frame) Column(name string) ([]float64, error) {
	i, ok := f.some().byName[name]
	if !ok {
		return nil, fmt.Errorf("frame: there is no column %q", name)
	}
	return f.columns[i].Values, nil
}

// With returns a frame with one more column.
func (f *Frame) With(name string, values []float64) (*Frame, error) {
	return New(f.Times(), append(f.Columns(), Column{name, values})...)
}

// Select returns a frame of some columns, in the order named.
func (f *Frame) Select(names ...string) (*Frame, error) {
	columns := make([]Column, len(names))
	for i, name := range names {
		x, err := f.Column(name)
		if err != nil {
			return nil, err
		}
		columns[i] = Column{name, x}
	}
	return New(f.Times(), columns...)
}

// Drop returns a frame without some columns.
func (f *Frame) Drop(names ...string) (*Frame, error) {
	gone := make(map[string]bool, len(names))
	for _, name := range names {
		if _, err := f.Column(name); err != nil {
			return nil, err
		}
		gone[name] = true
	}
	var kept []Column
	for _, c := range f.Columns() {
		if !gone[c.Name] {
			kept = append(kept, c)
		}
	}
	return New(f.Times(), kept...)
}

// Slice returns the rows of [from, to).
func (f *Frame) Slice(from, to int64) *Frame {
	f = f.some()
	lo := sort.Search(len(f.times), func(i int) bool { return f.times[i] >= from })
	hi := sort.Search(len(f.times), func(i int) bool { return f.times[i] >= to })
	return f.rows(lo, max(lo, hi))
}

// Tail returns the last n rows, or all there are; below zero is none.
func (f *Frame) Tail(n int) *Frame {
	f = f.some()
	return f.rows(len(f.times)-min(max(n, 0), len(f.times)), len(f.times))
}

// rows shares the rows [lo, hi).
func (f *Frame) rows(lo, hi int) *Frame {
	out := &Frame{times: f.times[lo:hi:hi], columns: make([]Column, len(f.columns)), byName: f.byName}
	for i, c := range f.columns {
		out.columns[i] = Column{c.Name, c.Values[lo:hi:hi]}
	}
	return out
}

// Where returns the rows whose mark is neither 0 nor NaN.
func (f *Frame) Where(mark []float64) (*Frame, error) {
	f = f.some()
	if len(mark) != len(f.times) {
		return nil, fmt.Errorf("frame: %d marks for %d rows", len(mark), len(f.times))
	}
	out := &Frame{columns: make([]Column, len(f.columns)), byName: f.byName}
	for i, m := range mark {
		if m != 0 && !math.IsNaN(m) {
			out.times = append(out.times, f.times[i])
		}
	}
	for k, c := range f.columns {
		values := make([]float64, 0, len(out.times))
		for i, m := range mark {
			if m != 0 && !math.IsNaN(m) {
				values = append(values, c.Values[i])
			}
		}
		out.columns[k] = Column{c.Name, values}
	}
	return out, nil
}

// DropMissing returns the rows in which every named column has a value; without names, every column.
func (f *Frame) DropMissing(names ...string) (*Frame, error) {
	f = f.some()
	of := f
	if len(names) > 0 {
		var err error
		if of, err = f.Select(names...); err != nil {
			return nil, err
		}
	}
	mark := make([]float64, len(f.times))
	for i := range mark {
		mark[i] = 1
		for _, c := range of.columns {
			if math.IsNaN(c.Values[i]) {
				mark[i] = 0
			}
		}
	}
	return f.Where(mark)
}
