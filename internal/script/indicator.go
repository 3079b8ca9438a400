package script

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ohmycoins/omc/internal/indicator"
	"github.com/ohmycoins/omc/internal/series"
	"go.starlark.net/starlark"
)

// indicatorCall is a whole-series indicator's name with its parameters, as a script gives them.
func indicatorCall(args starlark.Tuple, kwargs []starlark.Tuple, apart string) (spec indicator.Spec, params []float64, other starlark.Value, err error) {
	if len(args) != 1 {
		return spec, nil, nil, fmt.Errorf(`want the indicator's name and then its parameters by name, like ("rsi", n = 14); %d arguments are without a name`, len(args))
	}
	name, ok := starlark.AsString(args[0])
	if !ok {
		return spec, nil, nil, fmt.Errorf("want the indicator's name, got %s", args[0].Type())
	}
	if spec, ok = indicator.Find(name); !ok {
		return spec, nil, nil, fmt.Errorf("no indicator %.40q: dir(ind) lists them", name)
	}
	given := map[string]float64{}
	for _, kv := range kwargs {
		key := string(kv[0].(starlark.String))
		if apart != "" && key == apart {
			other = kv[1]
			continue
		}
		if given[key], err = number(kv[1]); err != nil {
			return spec, nil, nil, fmt.Errorf("%.40s: %w", key, err)
		}
	}
	params, err = spec.Resolve(given)
	return spec, params, other, err
}

// columnIndicator is an indicator of one input over a column.
func columnIndicator(c *Column, t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	spec, params, _, err := indicatorCall(args, kwargs, "")
	if err != nil {
		return nil, err
	}
	if len(spec.Inputs) != 1 {
		return nil, fmt.Errorf("%s reads %s: ask a frame that has them, f.indicator(%q)", spec.Name, strings.Join(spec.Inputs, ", "), spec.Name)
	}
	return wholeIndicator(t, spec, params, c.times, [][]float64{c.values})
}

// frameIndicator is an indicator over a frame's columns of its inputs' names, or those that a script names for them.
func frameIndicator(f *Frame, t *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	spec, params, other, err := indicatorCall(args, kwargs, "columns")
	if err != nil {
		return nil, err
	}
	named := map[string]string{}
	if other != nil {
		d, ok := other.(*starlark.Dict)
		if !ok {
			return nil, fmt.Errorf(`columns: want {"close": "a column's name"}, got %s`, other.Type())
		}
		for _, kv := range d.Items() {
			input, ok1 := starlark.AsString(kv[0])
			column, ok2 := starlark.AsString(kv[1])
			if !ok1 || !ok2 {
				return nil, errors.New(`columns: want {"close": "a column's name"}`)
			}
			named[input] = column
		}
	}
	in := make([][]float64, len(spec.Inputs))
	for i, input := range spec.Inputs {
		column := input
		if as, ok := named[input]; ok {
			column = as
			delete(named, input)
		}
		if in[i], err = f.f.Column(column); err != nil {
			return nil, fmt.Errorf("%s reads %s: %w", spec.Name, strings.Join(spec.Inputs, ", "), err)
		}
	}
	for input := range named {
		return nil, fmt.Errorf("columns: %s does not read %.40q but %s", spec.Name, input, strings.Join(spec.Inputs, ", "))
	}
	return wholeIndicator(t, spec, params, f.f.Times(), in)
}

// wholeIndicator is a column where there is one output, else a frame of them.
func wholeIndicator(t *starlark.Thread, spec indicator.Spec, params []float64, times []int64, in [][]float64) (starlark.Value, error) {
	if err := spend(t, product(len(times), len(spec.Inputs)+len(spec.Outputs))); err != nil {
		return nil, err
	}
	out, err := spec.Series(in, params...)
	if err != nil {
		return nil, err
	}
	if len(out) == 1 {
		return &Column{times, out[0]}, nil
	}
	columns := make([]series.Column, len(out))
	for i := range out {
		columns[i] = series.Column{Name: spec.Outputs[i], Values: out[i]}
	}
	return framed(series.New(times, columns...))
}
