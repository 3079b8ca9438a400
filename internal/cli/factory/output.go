package factory

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
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

// Column is one column of a listing; Name is the API's field name.
type Column[T any] struct {
	Name  string
	Value func(T) string
	Raw   func(T) string // for CSV, where it says more than Value; nil: Value
	Right bool           // numbers
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

// List writes rows as the settings ask: a table for people, JSON (the API's own) or CSV. none is said on stderr where a table has no rows.
func List[T any](f *Factory, rows []T, none string, columns []Column[T]) error {
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
		w := csv.NewWriter(f.IO.Out)
		if err := w.Write(header(columns)); err != nil {
			return err
		}
		for _, r := range rows {
			if err := w.Write(raw(columns, r)); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	if len(rows) == 0 {
		fmt.Fprintln(f.IO.Err, none)
		return nil
	}
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
		} else {
			out[i] = c.Value(row)
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
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// Ratio writes a fraction as a signed percentage; "-" for none.
func Ratio(v *float64) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v*100, 'f', 2, 64) + "%"
}

// Number writes a figure; "-" for none.
func Number(v *float64) string {
	if v == nil {
		return "-"
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
