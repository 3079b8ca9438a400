package script

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/learn"
	"go.starlark.net/starlark"
)

// validation is one way of testing a fit out of sample, with what it is given.
type validation struct {
	features *Frame
	labels   *Labels
	fit      starlark.Callable
	weights  target
	folds    int
	embargo  string
	metric   string
}

// unpack reads the arguments that all of them have, and more.
func (v *validation) unpack(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, more ...any) error {
	v.embargo, v.metric = "0m", "auc"
	pairs := append([]any{"features", &v.features, "labels", &v.labels, "fit", &v.fit}, more...)
	return starlark.UnpackArgs(b.Name(), args, kwargs, append(pairs, "folds?", &v.folds, "embargo?", &v.embargo, "metric?", &v.metric, "weights??", &v.weights)...)
}

func folds(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v := validation{folds: 5}
	if err := v.unpack(b, args, kwargs); err != nil {
		return nil, err
	}
	return v.run(t, func(spans []evidence.Span, embargo int64) ([]evidence.Split, error) {
		if most := min(63, len(spans)); v.folds < 2 || v.folds > most {
			return nil, fmt.Errorf("%d folds of %d labelled rows: it takes 2 to %d", v.folds, len(spans), most)
		}
		return learn.Folds(spans, v.folds, embargo)
	})
}

func combinatorial(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v := validation{folds: 6}
	tested := 2
	if err := v.unpack(b, args, kwargs, "tested?", &tested); err != nil {
		return nil, err
	}
	return v.run(t, func(spans []evidence.Span, embargo int64) ([]evidence.Split, error) {
		p, err := learn.Combine(spans, v.folds, tested, embargo)
		if err != nil {
			return nil, err
		}
		return p.Splits, nil
	})
}

func walkForward(t *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v := validation{folds: 5}
	var first, window int
	if err := v.unpack(b, args, kwargs, "first", &first, "window?", &window); err != nil {
		return nil, err
	}
	return v.run(t, func(spans []evidence.Span, embargo int64) ([]evidence.Split, error) {
		return learn.WalkForward(spans, learn.Forward{Folds: v.folds, First: first, Window: window, Embargo: embargo})
	})
}

// run fits on each split's training rows and scores the test rows. Only rows whose label is known take part.
func (v *validation) run(t *starlark.Thread, plan func([]evidence.Span, int64) ([]evidence.Split, error)) (starlark.Value, error) {
	embargo, err := span(v.embargo)
	if err != nil {
		return nil, fmt.Errorf("embargo: %w", err)
	}
	of, err := metric(v.metric)
	if err != nil {
		return nil, err
	}
	y := target{c: &Column{v.labels.l.Times, v.labels.l.Values}}
	known, err := tabled(v.features, y, v.weights, false)
	if err != nil {
		return nil, err
	}
	all := v.labels.l.Spans()
	spans := make([]evidence.Span, len(known.rows))
	for i, r := range known.rows {
		spans[i] = all[r]
	}
	splits, err := plan(spans, embargo)
	if err != nil {
		return nil, err
	}
	sum, times := make([]float64, v.features.f.Rows()), make([]float64, v.features.f.Rows())
	scores := make([]starlark.Value, len(splits))
	total := 0.0
	for k, s := range splits {
		score, err := v.split(t, known, s, of, sum, times)
		if err != nil {
			return nil, fmt.Errorf("split %d of %d: %w", k+1, len(splits), err)
		}
		total += score
		scores[k] = starlark.Float(score)
	}
	for i := range sum {
		if sum[i] /= times[i]; times[i] == 0 {
			sum[i] = math.NaN()
		}
	}
	out := starlark.NewDict(3)
	for _, kv := range []starlark.Tuple{{starlark.String("scores"), starlark.NewList(scores)}, {starlark.String("mean"), starlark.Float(total / float64(len(splits)))},
		{starlark.String("predicted"), &Column{v.features.f.Times(), sum}}} {
		if err := out.SetKey(kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// split fits and scores one; it adds the predictions to sum, and counts them.
func (v *validation) split(t *starlark.Thread, known *table, s evidence.Split, of learn.Metric, sum, times []float64) (float64, error) {
	rows := func(of []int) []int {
		out := make([]int, len(of))
		for i, r := range of {
			out[i] = known.rows[r]
		}
		return out
	}
	train, test := rows(s.Train), rows(s.Test)
	x, err := framedRows(v.features.f, train)
	if err != nil {
		return 0, err
	}
	y := &Column{x.f.Times(), pick(v.labels.l.Values, train)}
	var w starlark.Value = starlark.None
	if v.weights.c != nil {
		w = &Column{x.f.Times(), pick(v.weights.c.values, train)}
	}
	got, err := starlark.Call(t, v.fit, starlark.Tuple{x, y, w}, nil)
	if err != nil {
		return 0, err
	}
	m, ok := got.(*Model)
	if !ok {
		return 0, fmt.Errorf("fit returned a %s, want a model", got.Type())
	}
	if m.seen == nil {
		return 0, errors.New("fit returned a model that was read, of whose rows nothing is known: fit one on the features and target that it is called with")
	}
	for _, at := range m.seen {
		if _, given := slices.BinarySearch(x.f.Times(), at); !given {
			return 0, errors.New("fit returned a model that was fitted on rows it was not given: what it says of them is not out of sample; fit it on the features and target that it is called with")
		}
	}
	ask, err := framedRows(v.features.f, test)
	if err != nil {
		return 0, err
	}
	predicted, err := m.predict(t, ask)
	if err != nil {
		return 0, err
	}
	for i, r := range test {
		if p := predicted.values[i]; p == p {
			sum[r] += p
			times[r]++
		}
	}
	score, err := scored(pick(v.labels.l.Values, test), predicted.values, of)
	if err != nil {
		return 0, fmt.Errorf("its score: %w", err)
	}
	return score, nil
}

var errNoPredictions = errors.New("this model predicts nothing: use transform")
