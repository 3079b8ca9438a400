package series

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Aggregate is one column of a resampled frame.
type Aggregate struct {
	Column    string
	As        string // the new column's name; "" is the old one
	Statistic Statistic
}

// ResampleOptions say how rows are gathered. Buckets are [k·Every + Offset, (k+1)·Every + Offset), Unix milliseconds, UTC.
type ResampleOptions struct {
	Every, Offset int64
	// Open says that a row's time is when its value begins to hold, like a bar's open: Step later it is complete. 0: it is complete at its time.
	Step int64
	// Incomplete keeps the last bucket though rows of it may be to come, stamped with the time at which its last row was complete.
	Incomplete bool
	Columns    []Aggregate
}

// maxEvery keeps a bucket's end within an int64: past it the end would wrap around to before its rows.
const maxEvery = math.MaxInt64 / 8

// Resample gathers rows into buckets. Each answer is stamped with the moment at which it was complete, the end of its bucket, and never with
// an earlier one; empty buckets have no row. A row belongs to the bucket in which it is complete: one that is complete at a bucket's very end
// belongs to it. A bucket that the frame does not reach the end of is left out.
func (f *Frame) Resample(o ResampleOptions) (*Frame, error) {
	if o.Every < 1 || o.Step < 0 || o.Step > o.Every || o.Offset < 0 || o.Offset >= o.Every || o.Every > maxEvery {
		return nil, fmt.Errorf("resample to %d ms, offset %d, rows of %d ms: buckets are at least 1 ms and as long as a row, at most %d ms, offsets shorter than a bucket", o.Every, o.Offset, o.Step, int64(maxEvery))
	}
	f = f.some()
	if len(o.Columns) == 0 || len(o.Columns) > MaxColumns {
		return nil, fmt.Errorf("resample: %d columns, from 1 to %d are possible", len(o.Columns), MaxColumns)
	}
	// A row is complete at its time plus the step; its bucket ends at the first edge at or after that.
	edge := func(t int64) int64 {
		t += o.Step - o.Offset
		k := t / o.Every
		if t%o.Every > 0 {
			k++
		}
		return k*o.Every + o.Offset
	}
	var times []int64
	var starts []int
	for i, t := range f.times {
		if t > math.MaxInt64/4 || t < math.MinInt64/4 {
			return nil, fmt.Errorf("resample: row %d is at %d, beyond all calendars", i, t)
		}
		if e := edge(t); len(times) == 0 || e != times[len(times)-1] {
			times, starts = append(times, e), append(starts, i)
		}
	}
	starts = append(starts, len(f.times))
	if n := len(times); n > 0 {
		if last := f.times[len(f.times)-1] + o.Step; last < times[n-1] {
			if times[n-1] = last; !o.Incomplete {
				times, starts = times[:n-1], starts[:n]
			}
		}
	}
	columns := make([]Column, len(o.Columns))
	for k, a := range o.Columns {
		x, err := f.Column(a.Column)
		if err != nil {
			return nil, fmt.Errorf("resample: %w", err)
		}
		if err := a.Statistic.check(); err != nil {
			return nil, fmt.Errorf("resample %q: %w", a.Column, err)
		}
		if columns[k].Name = a.As; a.As == "" {
			columns[k].Name = a.Column
		}
		columns[k].Values = make([]float64, len(times))
		for i := range times {
			columns[k].Values[i] = Reduce(x[starts[i]:starts[i+1]], a.Statistic)
		}
	}
	return New(times, columns...)
}

// Reduce reduces values to one number, NaN where there is none.
func Reduce(x []float64, s Statistic) float64 {
	switch s {
	case First:
		for _, v := range x {
			if v == v {
				return v
			}
		}
		return math.NaN()
	case Last:
		for i := len(x) - 1; i >= 0; i-- {
			if x[i] == x[i] {
				return x[i]
			}
		}
		return math.NaN()
	case Median:
		return QuantileOf(x, .5)
	}
	var t total
	for _, v := range x {
		t = s.join(t, one(v))
	}
	return s.answer(t, 1)
}

// QuantileOf is the p-quantile of all values (type 7), NaN without any.
func QuantileOf(x []float64, p float64) float64 {
	in := make([]float64, 0, len(x))
	for _, v := range x {
		if v == v {
			in = append(in, v)
		}
	}
	if len(in) == 0 || !(p >= 0 && p <= 1) {
		return math.NaN()
	}
	slices.Sort(in)
	return quantile(in, p)
}

// Calendar returns a part of each row's time, UTC: hour (0 to 23), weekday (1 Monday to 7 Sunday), day (of the month), month or year.
func (f *Frame) Calendar(part string) ([]float64, error) {
	of := map[string]func(time.Time) int{"hour": time.Time.Hour, "day": time.Time.Day, "year": time.Time.Year,
		"month": func(t time.Time) int { return int(t.Month()) }, "weekday": func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }}[part]
	if of == nil {
		return nil, fmt.Errorf("calendar %.20q: there are hour, weekday, day, month and year", part)
	}
	f = f.some()
	out := make([]float64, len(f.times))
	for i, t := range f.times {
		out[i] = float64(of(time.UnixMilli(t).UTC()))
	}
	return out, nil
}

const maxGroups = 10_000

// GroupExpanding reduces, at each row, the values so far of the rows that have its key, its own included: the past alone. A row whose key is
// NaN has no answer.
func GroupExpanding(x, keys []float64, s Statistic, minPeriods int) ([]float64, error) {
	if len(x) != len(keys) || minPeriods < 1 {
		return nil, fmt.Errorf("group: %d values, %d keys, at least %d values", len(x), len(keys), minPeriods)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("group: %w", err)
	}
	if s == Median || s == First || s == Last {
		return nil, fmt.Errorf("group: %s is no statistic of what grows", s)
	}
	groups := map[float64]total{}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.NaN()
		k := keys[i]
		if k != k {
			continue
		}
		t := s.join(groups[k], one(v))
		groups[k] = t
		out[i] = s.answer(t, minPeriods)
		if len(groups) > maxGroups {
			return nil, fmt.Errorf("group: more than %d different keys", maxGroups)
		}
	}
	return out, nil
}

// Group is one key's number over a range.
type Group struct {
	Key, Value float64
	Rows       int
}

// GroupAggregate reduces the values of each key over the rows of [from, to): the whole range at once, so the caller says which rows that may be.
func (f *Frame) GroupAggregate(x, keys []float64, s Statistic, from, to int64) ([]Group, error) {
	f = f.some()
	if len(x) != len(f.times) || len(keys) != len(f.times) {
		return nil, fmt.Errorf("group: %d values and %d keys for %d rows", len(x), len(keys), len(f.times))
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("group: %w", err)
	}
	by := map[float64][]float64{}
	for i, t := range f.times {
		if t < from || t >= to || keys[i] != keys[i] {
			continue
		}
		by[keys[i]] = append(by[keys[i]], x[i])
		if len(by) > maxGroups {
			return nil, fmt.Errorf("group: more than %d different keys", maxGroups)
		}
	}
	var out []Group
	for k, v := range by {
		out = append(out, Group{k, Reduce(v, s), len(v)})
	}
	slices.SortFunc(out, func(a, b Group) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return out, nil
}
