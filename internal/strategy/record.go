package strategy

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ohmycoins/omc/internal/script"
	"github.com/ohmycoins/omc/internal/series"
	"go.starlark.net/starlark"
)

// Bounds of what a script records.
const (
	maxRecords     = 16
	maxRecordRows  = 500_000
	maxRecordCells = 8_000_000 // of all records and markets together
	defaultRecord  = 5_000
)

// recordValue is a declared record: one row for each bar of each market, of what was known at the bar's close.
type recordValue struct {
	h      *host
	keep   int
	market string
	names  []string
	of     []recorded // by column
	logs   []*recordLog
}

// recorded says where a column comes from: a bar's value, or an output of an indicator or a ledger's series.
type recorded struct {
	input  int // of a bar; below 0: an indicator
	from   *indicatorValue
	output int
}

// recordLog is the rows of one market. Frames share its slices, so rows are only added; what is too old is left behind by a copy.
type recordLog struct {
	times   []int64
	columns [][]float64
}

var _ starlark.HasAttrs = (*recordValue)(nil)

func (*recordValue) String() string        { return "record" }
func (*recordValue) Type() string          { return "record" }
func (*recordValue) Freeze()               {}
func (*recordValue) Truth() starlark.Bool  { return true }
func (*recordValue) Hash() (uint32, error) { return 0, errors.New("unhashable: record") }

// recordMembers is the reference of a record.
func recordMembers() []builtin {
	return []builtin{
		{"frame", "r.frame(n=None, market=None)", "Frame of the newest n rows, or of all that are kept, of the current market or another. A row's time is the close of its bar, its values are what was known then."},
		{"rows", "r.rows", "How many rows the current market has."},
	}
}

func (*recordValue) AttrNames() []string { return memberNames(recordMembers()) }

// Attr reads a member.
func (r *recordValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "frame":
		return starlark.NewBuiltin("record.frame", r.callFrame), nil
	case "rows":
		l, err := r.log(r.h.ctx.current)
		if err != nil {
			return nil, err
		}
		return starlark.MakeInt(min(len(l.times), r.keep)), nil
	}
	return nil, nil
}

func (r *recordValue) log(m int) (*recordLog, error) {
	if r.h.loading || r.logs == nil {
		return nil, errors.New("record: it has no rows at the top level: read it in a handler")
	}
	return r.logs[m], nil
}

func (r *recordValue) callFrame(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var n, name starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "n?", &n, "market?", &name); err != nil {
		return nil, err
	}
	m := r.h.ctx.current
	if name != nil && name != starlark.None {
		text, ok := starlark.AsString(name)
		if !ok {
			return nil, fmt.Errorf("%s: market: want a string, got %s", b.Name(), name.Type())
		}
		var err error
		if m, err = r.h.findMarket(text); err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	l, err := r.log(m)
	if err != nil {
		return nil, err
	}
	rows := r.keep
	if n != nil && n != starlark.None {
		if rows, err = starlark.AsInt32(n); err != nil || rows < 0 {
			return nil, fmt.Errorf("%s: n: want a whole number of rows, not below zero", b.Name())
		}
	}
	first := max(0, len(l.times)-min(rows, r.keep))
	columns := make([]series.Column, len(r.names))
	for i, name := range r.names {
		columns[i] = series.Column{Name: name, Values: l.columns[i][first:len(l.times):len(l.times)]}
	}
	f, err := series.New(l.times[first:len(l.times):len(l.times)], columns...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return script.NewFrame(f), nil
}

// declareRecord is series.record.
func (h *host) declareRecord(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	switch {
	case !h.loading:
		return nil, fmt.Errorf("%s: declare records at the top level, so that they have the bars from the first on", b.Name())
	case len(args) > 0:
		return nil, fmt.Errorf(`%s: name the columns, like close="close", rsi=rsi`, b.Name())
	case len(h.records) == maxRecords:
		return nil, fmt.Errorf("%s: at most %d records are allowed", b.Name(), maxRecords)
	}
	r := &recordValue{h: h, keep: defaultRecord}
	for _, kv := range kwargs {
		key := string(kv[0].(starlark.String))
		switch key {
		case "keep":
			n, err := starlark.AsInt32(kv[1])
			if err != nil || n < 1 || n > maxRecordRows {
				return nil, fmt.Errorf("%s: keep: want a whole number from 1 to %d", b.Name(), maxRecordRows)
			}
			r.keep = n
		case "market":
			s, ok := starlark.AsString(kv[1])
			if !ok {
				return nil, fmt.Errorf("%s: market: want a string, got %s", b.Name(), kv[1].Type())
			}
			r.market = s
		default:
			of, err := recordedFrom(kv[1])
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", b.Name(), clipLine(key), err)
			}
			r.names, r.of = append(r.names, key), append(r.of, of)
		}
	}
	if len(r.names) == 0 || len(r.names) > series.MaxColumns {
		return nil, fmt.Errorf("%s: %d columns, from 1 to %d are possible", b.Name(), len(r.names), series.MaxColumns)
	}
	h.records = append(h.records, r)
	return r, nil
}

func recordedFrom(v starlark.Value) (recorded, error) {
	output := ""
	if t, ok := v.(starlark.Tuple); ok && len(t) == 2 {
		name, isText := starlark.AsString(t[1])
		if !isText {
			return recorded{}, fmt.Errorf("want an output's name, got %s", t[1].Type())
		}
		v, output = t[0], name
	}
	switch v := v.(type) {
	case starlark.String:
		i := slices.Index(sources, string(v))
		if i < 0 || output != "" {
			return recorded{}, fmt.Errorf("a bar has no %q", clipLine(string(v)))
		}
		return recorded{input: i}, nil
	case *indicatorValue:
		r := recorded{input: -1, from: v}
		if output != "" {
			if r.output = slices.Index(v.spec.Outputs, output); r.output < 0 {
				return r, fmt.Errorf("%s has no output %q; it has %v", v.spec.Name, clipLine(output), v.spec.Outputs)
			}
		}
		return r, nil
	}
	return recorded{}, fmt.Errorf(`want "close" and the like, an indicator, a ledger series, or (indicator, "output"), got %s`, v.Type())
}

// bindRecords opens each record's logs.
func (h *host) bindRecords() error {
	cells := 0
	for _, r := range h.records {
		only := -1
		if r.market != "" {
			m, err := h.findMarket(r.market)
			if err != nil {
				return h.fail("series.record: %v", err)
			}
			only = m
		}
		r.logs = make([]*recordLog, len(h.feeds))
		for m := range h.feeds {
			if only >= 0 && m != only {
				continue
			}
			if cells += 2 * r.keep * (len(r.names) + 1); cells > maxRecordCells {
				return h.fail("the records of all markets together hold more than %d values: use a smaller keep, fewer columns or fewer markets", maxRecordCells/2)
			}
			r.logs[m] = &recordLog{columns: make([][]float64, len(r.names))}
			h.feeds[m].records = append(h.feeds[m].records, r)
		}
		for m := range r.logs {
			if only >= 0 {
				r.logs[m] = r.logs[only]
			}
		}
	}
	return nil
}

// record adds the row of market m's bar that closes at now.
func (r *recordValue) record(m int, now int64, in *[len(inputNames)]float64) {
	l := r.logs[m]
	if len(l.times) >= 2*r.keep {
		l.times = append(make([]int64, 0, 2*r.keep), l.times[len(l.times)-r.keep:]...)
		for i, c := range l.columns {
			l.columns[i] = append(make([]float64, 0, 2*r.keep), c[len(c)-r.keep:]...)
		}
	}
	l.times = append(l.times, now)
	for i, of := range r.of {
		var v float64
		if of.input < 0 {
			v = of.from.streams[m].back(0, of.output)
		} else {
			v = inputOf(in, of.input)
		}
		if math.IsInf(v, 0) {
			v = math.NaN()
		}
		l.columns[i] = append(l.columns[i], v)
	}
}

// inputOf is a value of a bar, or one derived from it.
func inputOf(bar *[len(inputNames)]float64, k int) float64 {
	switch k {
	case inHL2:
		return (bar[inHigh] + bar[inLow]) / 2
	case inHLC3:
		return (bar[inHigh] + bar[inLow] + bar[inClose]) / 3
	case inOHLC4:
		return (bar[inOpen] + bar[inHigh] + bar[inLow] + bar[inClose]) / 4
	}
	return bar[k]
}
