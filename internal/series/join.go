package series

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// JoinAsOf adds right's columns to f: each row takes right's last row at or before its own time (a value known AT the time is known), and
// NaN where there is none or it is older than maxAge milliseconds. A maxAge below zero is an error. Names must not repeat.
func (f *Frame) JoinAsOf(right *Frame, maxAge int64) (*Frame, error) {
	f = f.some()
	if right == nil {
		return nil, fmt.Errorf("as-of join: there is no right frame")
	}
	if maxAge < 0 {
		return nil, fmt.Errorf("as-of join: the maximum age is %d ms, it must not be below zero", maxAge)
	}
	if n := len(f.columns) + len(right.columns); n > MaxColumns || n*len(f.times) > MaxCells {
		return nil, fmt.Errorf("as-of join: %d rows × %d columns are beyond the limits of %d columns and %d cells", len(f.times), n, MaxColumns, MaxCells)
	}
	from, j := make([]int, len(f.times)), -1
	for i, t := range f.times {
		for j+1 < len(right.times) && right.times[j+1] <= t {
			j++
		}
		from[i] = j
		if j >= 0 && uint64(t)-uint64(right.times[j]) > uint64(maxAge) {
			from[i] = -1
		}
	}
	return f.take(right.columns, from)
}

// JoinKnown is JoinAsOf for rows that became known later than they happened: right's times are when they happened, known when each was known, and
// the same time may be there several times in what revisions are, so right is given as columns. Each row of f takes, of what was known by
// its time, the newest that happened, and of that the newest revision.
func (f *Frame) JoinKnown(events, known []int64, columns []Column, maxAge int64) (*Frame, error) {
	if maxAge < 0 {
		return nil, fmt.Errorf("known join: the maximum age is %d ms, it must not be below zero", maxAge)
	}
	f = f.some()
	if len(events) != len(known) || len(events) > MaxRows {
		return nil, fmt.Errorf("known join: %d times and %d known times, at most %d", len(events), len(known), MaxRows)
	}
	for _, c := range columns {
		if len(c.Values) != len(events) {
			return nil, fmt.Errorf("known join: column %q has %d values for %d rows", c.Name, len(c.Values), len(events))
		}
	}
	if n := len(f.columns) + len(columns); n > MaxColumns || n*len(f.times) > MaxCells {
		return nil, fmt.Errorf("known join: %d rows × %d columns are beyond the limits of %d columns and %d cells", len(f.times), n, MaxColumns, MaxCells)
	}
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return known[order[a]] < known[order[b]] })
	from := make([]int, len(f.times))
	best, next := -1, 0 // best is the newest event so far; a later known one of the same event replaces it
	for i, t := range f.times {
		for ; next < len(order) && known[order[next]] <= t; next++ {
			if k := order[next]; best < 0 || events[k] >= events[best] {
				best = k
			}
		}
		from[i] = best
		if best >= 0 && (events[best] > t || uint64(t)-uint64(events[best]) > uint64(maxAge)) {
			from[i] = -1
		}
	}
	return f.take(columns, from)
}

// take adds columns, each row of them from the row of theirs that is given; below zero is none.
func (f *Frame) take(columns []Column, from []int) (*Frame, error) {
	out := f.Columns()
	for _, c := range columns {
		values := make([]float64, len(from))
		for i, r := range from {
			values[i] = math.NaN()
			if r >= 0 {
				values[i] = c.Values[r]
			}
		}
		out = append(out, Column{c.Name, values})
	}
	return New(f.times, out...)
}

// How says which rows a join by exact time keeps.
type How uint8

// The joins.
const (
	Inner How = iota // times that both have
	Left             // those of the left
	Outer            // those of either
)

// Join joins by exact time; what a side does not have is NaN. Names must not repeat.
func (f *Frame) Join(right *Frame, how How) (*Frame, error) {
	f = f.some()
	if right == nil || how > Outer {
		return nil, fmt.Errorf("join: there is no right frame, or no join %d", how)
	}
	times := f.times
	switch how {
	case Inner:
		times = nil
		for _, t := range f.times {
			if _, ok := slices.BinarySearch(right.times, t); ok {
				times = append(times, t)
			}
		}
	case Outer:
		times = append(slices.Clone(f.times), right.times...)
		slices.Sort(times)
		times = slices.Compact(times)
	}
	n := len(f.columns) + len(right.columns)
	if len(times) > MaxRows || n > MaxColumns || n*len(times) > MaxCells {
		return nil, fmt.Errorf("join: %d rows × %d columns are beyond the limits of %d rows, %d columns and %d cells", len(times), n, MaxRows, MaxColumns, MaxCells)
	}
	out := &Frame{times: times}
	for _, side := range []*Frame{f, right} {
		from := make([]int, len(times))
		for i, t := range times {
			from[i] = -1
			if k, ok := slices.BinarySearch(side.times, t); ok {
				from[i] = k
			}
		}
		var err error
		if out, err = out.take(side.columns, from); err != nil {
			return nil, err
		}
	}
	return out, nil
}
