package indicator

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Stream is any indicator, one bar at a time.
type Stream interface {
	// Update takes one value for each of the Spec's Inputs, in that order; it panics when there are fewer.
	Update(in []float64)
	// Out has one value for each of the Spec's Outputs, in that order. It is overwritten by the next Update.
	Out() []float64
	// Warmup is the number of bars with which every output has its first value; single outputs may be earlier.
	Warmup() int
	// Reset forgets everything.
	Reset()
}

// Param is one parameter of an indicator.
type Param struct {
	Name     string
	Default  float64
	Min, Max float64 // both allowed
	Integer  bool    // only whole numbers: a count of bars
	Doc      string
}

// Spec describes one indicator well enough to offer it in a script, to check a call, and to document it.
type Spec struct {
	Name        string
	Params      []Param
	Inputs      []string // of "close", "high", "low", "volume"; a lone "close" may be any series
	Outputs     []string
	Doc         string // the definition, one or two sentences
	WarmupDoc   string // formula over the parameters
	Unit        string // of the outputs
	Differences string // from other libraries, "" where there is nothing to say
	build       func(p []float64) (Stream, error)
}

// New makes the indicator. params go by position; missing ones at the end take their defaults.
func (s Spec) New(params ...float64) (Stream, error) {
	if len(params) > len(s.Params) {
		return nil, fmt.Errorf("%s: %d parameters, it takes at most %d", s.Name, len(params), len(s.Params))
	}
	full := make([]float64, len(s.Params))
	for i, p := range s.Params {
		full[i] = p.Default
		if i < len(params) {
			full[i] = params[i]
		}
		if err := within(s.Name, p.Name, full[i], p.Min, p.Max); err != nil {
			return nil, err
		}
		if p.Integer && full[i] != math.Trunc(full[i]) {
			return nil, fmt.Errorf("%s: %s is %v, it must be a whole number", s.Name, p.Name, full[i])
		}
	}
	return s.build(full)
}

// Resolve turns named parameters into positional ones, with the defaults of those not named. An unknown name is an error.
func (s Spec) Resolve(named map[string]float64) ([]float64, error) {
	out := make([]float64, len(s.Params))
	found := 0
	for i, p := range s.Params {
		out[i] = p.Default
		if v, ok := named[p.Name]; ok {
			out[i] = v
			found++
		}
	}
	if found == len(named) {
		return out, nil
	}
	var unknown, known []string
	for name := range named {
		if !slices.ContainsFunc(s.Params, func(p Param) bool { return p.Name == name }) {
			unknown = append(unknown, name)
		}
	}
	for _, p := range s.Params {
		known = append(known, p.Name)
	}
	slices.Sort(unknown)
	return nil, fmt.Errorf("%s: no parameter %s; it has: %s", s.Name, strings.Join(unknown, ", "), strings.Join(known, ", "))
}

// Series runs the indicator over whole columns, one per input, and returns one column per output.
func (s Spec) Series(in [][]float64, params ...float64) ([][]float64, error) {
	if len(in) != len(s.Inputs) {
		return nil, fmt.Errorf("%s: %d columns, it reads %d: %s", s.Name, len(in), len(s.Inputs), strings.Join(s.Inputs, ", "))
	}
	if err := sameLength(s.Name, len(in[0]), in...); err != nil {
		return nil, err
	}
	st, err := s.New(params...)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, len(s.Outputs))
	for j := range out {
		out[j] = make([]float64, len(in[0]))
	}
	if w, ok := st.(wholesale); ok && w.whole(out, in) {
		return out, nil
	}
	row := make([]float64, len(in))
	for i := range in[0] {
		for j := range in {
			row[j] = in[j][i]
		}
		st.Update(row)
		for j, v := range st.Out() {
			out[j][i] = v
		}
	}
	return out, nil
}

// wholesale is a Stream that may have a faster way over whole columns; false: it has none.
type wholesale interface {
	whole(out, in [][]float64) bool
}

// Find returns the Spec of that name.
func Find(name string) (Spec, bool) {
	for _, s := range Specs() {
		if s.Name == name {
			return s, true
		}
	}
	return Spec{}, false
}

// within checks one parameter; NaN is refused too.
func within(name, param string, v, low, high float64) error {
	if v >= low && v <= high {
		return nil
	}
	return fmt.Errorf("%s: %s is %v, it must be from %v to %v", name, param, v, low, high)
}

// one adapts an indicator of one input and one output to Stream.
type one[S scalar] struct {
	of  S
	out [1]float64
}

func newOne[S scalar](s S, err error) (Stream, error) {
	if err != nil {
		return nil, err
	}
	return &one[S]{of: s, out: [1]float64{nan}}, nil
}

func (o *one[S]) Update(in []float64) { o.out[0] = o.of.Update(in[0]) }
func (o *one[S]) whole(out, in [][]float64) bool {
	fast, ok := any(o.of).(runner)
	if ok {
		fast.run(out[0], in[0])
	}
	return ok
}

func (o *one[S]) Out() []float64 { return o.out[:] }
func (o *one[S]) Warmup() int    { return o.of.Warmup() }
func (o *one[S]) Reset()         { o.of.Reset(); o.out[0] = nan }

// many adapts everything else.
type many struct {
	of interface {
		Warmup() int
		Reset()
	}
	update func(in, out []float64)
	out    []float64
	runs   func(out, in [][]float64) // nil: bar by bar
}

func newMany(of interface {
	Warmup() int
	Reset()
}, outputs int, update func(in, out []float64)) *many {
	m := &many{of: of, update: update, out: make([]float64, outputs)}
	m.blank()
	return m
}

func (m *many) blank() {
	for i := range m.out {
		m.out[i] = nan
	}
}

func (m *many) whole(out, in [][]float64) bool {
	if m.runs == nil {
		return false
	}
	m.runs(out, in)
	return true
}

func (m *many) Update(in []float64) { m.update(in, m.out) }
func (m *many) Out() []float64      { return m.out }
func (m *many) Warmup() int         { return m.of.Warmup() }
func (m *many) Reset()              { m.of.Reset(); m.blank() }
