package script

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/learn"
	"github.com/ohmycoins/omc/internal/series"
	"go.starlark.net/starlark"
)

// Model is a fitted model with the names of the columns it takes.
type Model struct {
	m     learn.Model
	names []string
	seen  []int64 // times of the rows it was fitted on; nil: it was read
	until int64   // up to when it knows what came, Unix milliseconds
}

var _ starlark.HasAttrs = (*Model)(nil)

// String says what it is.
func (m *Model) String() string {
	return fmt.Sprintf("model(%s of %d columns)", m.kind(), len(m.names))
}

// Type implements starlark.Value.
func (*Model) Type() string { return "model" }

// Freeze implements starlark.Value.
func (*Model) Freeze() {}

// Truth implements starlark.Value.
func (*Model) Truth() starlark.Bool { return true }

// Hash implements starlark.Value.
func (*Model) Hash() (uint32, error) { return 0, errors.New("unhashable: model") }

// AttrNames implements starlark.HasAttrs.
func (*Model) AttrNames() []string { return attrNames(modelMethods()) }

// Attr implements starlark.HasAttrs.
func (m *Model) Attr(name string) (starlark.Value, error) {
	return attr(m, "model", name, modelMethods())
}

func (m *Model) kind() string {
	switch m.m.(type) {
	case *learn.Ensemble:
		return "trees"
	case *learn.Linear:
		return "linear"
	case *learn.KMeans:
		return "k-means"
	}
	return "pca"
}

func modelMethods() []method[*Model] {
	return []method[*Model]{
		{Doc: Doc{"kind", "m.kind", "trees, linear, k-means or pca."}, get: func(m *Model) starlark.Value { return starlark.String(m.kind()) }},
		{Doc: Doc{"columns", "m.columns", "The columns that it was fitted on: a frame that it is asked about must have them."}, get: func(m *Model) starlark.Value { return stringList(m.names) }},
		{Doc: Doc{"predict", "m.predict(frame)", "Column of predictions: a value, the probability of class 1, the most probable class of more, or the cluster. None for a row that lacks a value, but for trees, which take it as missing."}, call: predictCall},
		{Doc: Doc{"probabilities", "m.probabilities(frame)", "Frame of the classes' probabilities: p0, p1, …"}, call: probabilities},
		{Doc: Doc{"transform", "m.transform(frame)", "Frame of the principal components: c0, c1, …"}, call: transform},
		{Doc: Doc{"importance", "m.importance()", "Dict from column to the gain of its splits, or to the coefficient of a linear model."}, call: importance},
		{Doc: Doc{"shap", "m.shap(frame, output=0)", "Frame of each column's part in the margin of each row, and `average`; a row's parts add up to its margin."}, call: shap},
		{Doc: Doc{"save", "m.save()", "The model as text, for learn.read."}, call: save},
	}
}

// ask returns the model's columns of a frame, and which rows are asked; dense asks only whole ones.
func (m *Model) ask(f *Frame, dense bool) (*table, error) {
	picked, err := f.f.Select(m.names...)
	if err != nil {
		return nil, err
	}
	if times := f.f.Times(); m.seen == nil && len(times) > 0 && times[0] < m.until {
		return nil, fmt.Errorf("the model was trained until %s and knows what came of the row of %s: ask it about later rows alone, or begin the run there (--from)",
			moments(m.until), moments(times[0]))
	}
	return tabled(&Frame{picked}, target{}, target{}, dense)
}

func moments(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// spread puts answers back where their rows are.
func spread(n int, rows []int, x []float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	for i, r := range rows {
		out[r] = x[i]
	}
	return out
}

func (m *Model) predict(th *starlark.Thread, f *Frame) (*Column, error) {
	_, trees := m.m.(*learn.Ensemble)
	p, ok := m.m.(learn.Predictor)
	if !ok {
		return nil, errNoPredictions
	}
	t, err := m.ask(f, !trees)
	if err != nil {
		return nil, err
	}
	if e, ok := m.m.(*learn.Ensemble); ok && th != nil {
		if err := spend(th, product(len(t.rows), e.Trees())); err != nil {
			return nil, err
		}
	}
	if len(t.rows) == 0 {
		return &Column{f.f.Times(), spread(f.f.Rows(), nil, nil)}, nil
	}
	x, err := p.Predict(t.Columns)
	if err != nil {
		return nil, err
	}
	return &Column{f.f.Times(), spread(f.f.Rows(), t.rows, x)}, nil
}

func oneFrame(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, more ...any) (*Frame, error) {
	var f *Frame
	err := starlark.UnpackArgs(b.Name(), args, kwargs, append([]any{"frame", &f}, more...)...)
	return f, err
}

func predictCall(m *Model, th *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f, err := oneFrame(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	c, err := m.predict(th, f)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// columnsOf makes a frame of answers by column.
func columnsOf(f *Frame, t *table, prefix string, x [][]float64) (starlark.Value, error) {
	var columns []series.Column
	for i := range x {
		columns = append(columns, series.Column{Name: fmt.Sprintf("%s%d", prefix, i), Values: spread(f.f.Rows(), t.rows, x[i])})
	}
	return framed(series.New(f.f.Times(), columns...))
}

func probabilities(m *Model, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f, err := oneFrame(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	e, ok := m.m.(*learn.Ensemble)
	if !ok {
		return nil, fmt.Errorf("a %s model has no classes", m.kind())
	}
	t, err := m.ask(f, false)
	if err != nil {
		return nil, err
	}
	x, err := e.Probabilities(t.Columns)
	if err != nil {
		return nil, err
	}
	return columnsOf(f, t, "p", x)
}

func transform(m *Model, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f, err := oneFrame(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	p, ok := m.m.(*learn.PCA)
	if !ok {
		return nil, fmt.Errorf("a %s model has no components", m.kind())
	}
	t, err := m.ask(f, true)
	if err != nil {
		return nil, err
	}
	x, err := p.Transform(t.Columns)
	if err != nil {
		return nil, err
	}
	return columnsOf(f, t, "c", x)
}

func importance(m *Model, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	var of []float64
	switch v := m.m.(type) {
	case *learn.Ensemble:
		of, _ = v.Importance()
	case *learn.Linear:
		of = v.Coefficients
	default:
		return nil, fmt.Errorf("a %s model has none", m.kind())
	}
	out := starlark.NewDict(len(of))
	for i, v := range of {
		if err := out.SetKey(starlark.String(m.names[i]), starlark.Float(v)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func shap(m *Model, th *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	output := 0
	f, err := oneFrame(b, args, kwargs, "output?", &output)
	if err != nil {
		return nil, err
	}
	e, ok := m.m.(*learn.Ensemble)
	if !ok {
		return nil, fmt.Errorf("SHAP values are of trees, this is a %s model", m.kind())
	}
	t, err := m.ask(f, false)
	if err != nil {
		return nil, err
	}
	if err := spend(th, product(500, len(t.rows), e.Trees())); err != nil {
		return nil, err
	}
	parts, average, err := e.SHAP(context.Background(), t.Columns, output)
	if err != nil {
		return nil, err
	}
	var columns []series.Column
	for i, p := range parts {
		columns = append(columns, series.Column{Name: m.names[i], Values: p})
	}
	mean := make([]float64, f.f.Rows())
	for i := range mean {
		mean[i] = average
	}
	if !strings.Contains("\x00"+strings.Join(m.names, "\x00")+"\x00", "\x00average\x00") {
		columns = append(columns, series.Column{Name: "average", Values: mean})
	}
	return framed(series.New(f.f.Times(), columns...))
}

func save(m *Model, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	data, err := learn.Encode(m.m)
	if err != nil {
		return nil, err
	}
	return starlark.String(savedMark + strconv.FormatInt(m.until, 10) + ":" + base64.StdEncoding.EncodeToString(data)), nil
}

// savedMark begins a saved model's text; until when it was trained follows.
const savedMark = "omc:"

// until reads a day or Unix milliseconds; 0 for none.
func until(v starlark.Value) (int64, error) {
	if s, ok := starlark.AsString(v); ok {
		if s == "" {
			return 0, nil
		}
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return 0, fmt.Errorf("trained_until: %.40q: want a day like \"2024-05-31\", or Unix milliseconds", s)
		}
		return at.AddDate(0, 0, 1).UnixMilli(), nil // that day's bars were among them
	}
	return moment(v, 0)
}

func read(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	var columns names
	var said starlark.Value = starlark.String("")
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "text", &text, "columns", &columns, "trained_until?", &said); err != nil {
		return nil, err
	}
	known, err := until(said)
	if err != nil {
		return nil, err
	}
	data, trimmed := []byte(text), strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(trimmed, savedMark); ok {
		at, body, _ := strings.Cut(rest, ":")
		own, err := strconv.ParseInt(at, 10, 64)
		if err != nil || own <= 0 {
			return nil, fmt.Errorf("the saved model does not say until when it was trained: %.20q", at)
		}
		known, trimmed = max(known, own), body
	}
	if known <= 0 {
		return nil, errors.New(`say until when the model was trained, like trained_until = "2024-05-31": of what came before it knows the answer`)
	}
	if !strings.HasPrefix(trimmed, "{") {
		if data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(trimmed), "")); err != nil {
			return nil, errors.New("the text is neither a model of model.save() nor XGBoost's JSON, nor base64")
		}
	}
	m, err := learn.Decode(data)
	if err != nil {
		x, xerr := learn.LoadXGBoost(data)
		if xerr != nil {
			return nil, fmt.Errorf("as omc's: %w; as XGBoost's: %w", err, xerr)
		}
		m = x
	}
	if m.Features() != len(columns) {
		return nil, fmt.Errorf("the model takes %d columns, %d are named", m.Features(), len(columns))
	}
	for i, name := range columns {
		for _, other := range columns[:i] {
			if name == other {
				return nil, fmt.Errorf("column %.40q is named twice", name)
			}
		}
	}
	return &Model{m: m, names: columns, until: known}, nil
}
