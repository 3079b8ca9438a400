package factory

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/tui/widget"
)

// none is what people see where there is nothing; a script gets an empty field.
const none = "-"

// Column is one column of a listing; Name is the API's field name.
type Column[T any] struct {
	Name  string
	Value func(T) string
	Raw   func(T) string // for CSV, where it says more than Value; nil: Value, and nothing for its "-"
	Right bool           // numbers
	Whole bool           // in CSV only, which holds all there is: a table has no room for it
}

// TimeColumn is a time: to the second for people, all of it in CSV, empty where there is none.
func TimeColumn[T any](name string, get func(T) time.Time) Column[T] {
	return Column[T]{Name: name, Value: func(r T) string { return Time(get(r)) }, Raw: func(r T) string { return RawTime(get(r)) }}
}

// MaybeTimeColumn is TimeColumn of a time that may not be there.
func MaybeTimeColumn[T any](name string, get func(T) *time.Time) Column[T] {
	return TimeColumn(name, func(r T) time.Time {
		if t := get(r); t != nil {
			return *t
		}
		return time.Time{}
	})
}

// DecimalColumn is a decimal with all its digits.
func DecimalColumn[T any](name string, get func(T) money.Decimal) Column[T] {
	return Column[T]{Name: name, Right: true, Value: func(r T) string { return get(r).String() }}
}

// MaybeDecimalColumn is a decimal that may not be there.
func MaybeDecimalColumn[T any](name string, get func(T) *money.Decimal) Column[T] {
	return Column[T]{Name: name, Right: true, Value: func(r T) string {
		if d := get(r); d != nil {
			return d.String()
		}
		return none
	}}
}

// RawTime writes a time as a script reads it, with all its digits; empty for none.
func RawTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// AmountColumn is money: to the cent for people, every digit in CSV.
func AmountColumn[T any](name string, get func(T) money.Decimal) Column[T] {
	return Column[T]{Name: name, Right: true, Value: func(r T) string { return get(r).StringFixed(2) }, Raw: func(r T) string { return get(r).String() }}
}

// RatioColumn is a fraction: a percentage for people, the fraction itself in CSV, empty where there is none.
func RatioColumn[T any](name string, get func(T) *float64) Column[T] {
	return Column[T]{Name: name, Right: true, Value: func(r T) string { return Ratio(get(r)) }, Raw: func(r T) string { return RawNumber(get(r)) }}
}

// RawNumber writes a figure as a script reads it; empty for none.
func RawNumber(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

// CSV writes rows one by one, as they come.
type CSV[T any] struct {
	w       *csv.Writer
	columns []Column[T]
}

// NewCSV writes the head of a CSV.
func NewCSV[T any](f *Factory, columns []Column[T]) (*CSV[T], error) {
	c := &CSV[T]{csv.NewWriter(f.IO.Out), columns}
	return c, c.w.Write(header(columns))
}

// Write writes a row.
func (c *CSV[T]) Write(row T) error { return c.w.Write(raw(c.columns, row)) }

// Flush lets what was written be seen.
func (c *CSV[T]) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// List writes rows as the settings ask: a table for people, JSON (the API's own) or CSV. empty is said on stderr where a table has no rows.
func List[T any](f *Factory, rows []T, empty string, columns []Column[T]) error {
	format, err := f.Format()
	if err != nil {
		return err
	}
	switch format {
	case "json":
		if rows == nil {
			rows = []T{}
		}
		return f.JSON(rows)
	case "csv":
		w, err := NewCSV(f, columns)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := w.Write(r); err != nil {
				return err
			}
		}
		return w.Flush()
	}
	if len(rows) == 0 {
		fmt.Fprintln(f.IO.Err, empty)
		return nil
	}
	columns = slices.DeleteFunc(slices.Clone(columns), func(c Column[T]) bool { return c.Whole })
	align := make([]tw.Align, len(columns))
	for i, c := range columns {
		align[i] = tw.AlignLeft
		if c.Right {
			align[i] = tw.AlignRight
		}
	}
	t := tablewriter.NewTable(f.IO.Out, tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
		Borders: tw.BorderNone, Settings: tw.Settings{Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off}, Lines: tw.LinesNone},
	})), tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithAlignment(align), tablewriter.WithPadding(tw.Padding{Left: "", Right: "  ", Overwrite: true}))
	t.Header(header(columns))
	for _, r := range rows {
		row := cells(columns, r)
		for i := range row {
			row[i] = widget.Neutralise(row[i])
		}
		if err := t.Append(row); err != nil {
			return err
		}
	}
	return t.Render()
}

func header[T any](columns []Column[T]) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}

func cells[T any](columns []Column[T], row T) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Value(row)
	}
	return out
}

func raw[T any](columns []Column[T], row T) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		if c.Raw != nil {
			out[i] = c.Raw(row)
		} else if out[i] = c.Value(row); out[i] == none {
			out[i] = ""
		}
	}
	return out
}

// Format is table, json or csv.
func (f *Factory) Format() (string, error) {
	c, err := f.Config()
	if err != nil {
		return "", err
	}
	return c.Get("output"), nil
}

// JSON writes v indented.
func (f *Factory) JSON(v any) error {
	e := json.NewEncoder(f.IO.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// One writes one thing: as JSON where asked, else as lines of name and value.
func (f *Factory) One(v any, lines [][2]string) error {
	format, err := f.Format()
	if err != nil {
		return err
	}
	switch format {
	case "json":
		return f.JSON(v)
	case "csv":
		w := csv.NewWriter(f.IO.Out)
		for _, l := range lines {
			if l[1] == none {
				l[1] = ""
			}
			if err := w.Write(l[:]); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	wide := 0
	for _, l := range lines {
		wide = max(wide, len(l[0]))
	}
	for _, l := range lines {
		fmt.Fprintf(f.IO.Out, "%-*s  %s\n", wide, l[0], strings.Join(widget.NeutraliseLines(l[1]), "\n"))
	}
	return nil
}

// Time writes a time for a listing; "-" for none.
func Time(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// Ratio writes a fraction as a signed percentage; "-" for none.
func Ratio(v *float64) string {
	if v == nil {
		return none
	}
	return strconv.FormatFloat(*v*100, 'f', 2, 64) + "%"
}

// Number writes a figure; "-" for none.
func Number(v *float64) string {
	if v == nil {
		return none
	}
	return strconv.FormatFloat(*v, 'f', 3, 64)
}

// Short is the first 12 characters of an id, enough to ask by.
func Short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

// Say writes a line for people to stderr.
func (f *Factory) Say(format string, args ...any) {
	fmt.Fprintln(f.IO.Err, strings.Join(widget.NeutraliseLines(fmt.Sprintf(format, args...)), "\n"))
}

// Keys are a map's keys, sorted.
func Keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
