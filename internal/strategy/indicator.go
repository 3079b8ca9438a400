package strategy

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ohmycoins/omc/internal/indicator"
	"go.starlark.net/starlark"
)

// inputNames are the values of a bar, by index into feed.input.
var inputNames = [...]string{"open", "high", "low", "close", "volume"}

// The inputs of an indicator; those after volume are derived from a bar's values.
const (
	inOpen = iota
	inHigh
	inLow
	inClose
	inVolume
	inHL2
	inHLC3
	inOHLC4
)

// sources are the names of what an indicator of one input may read.
var sources = append(slices.Clone(inputNames[:]), "hl2", "hlc3", "ohlc4")

// maxWindow bounds the memory of all windows of one run together, in values.
const maxWindow = 4_000_000

// stream is one indicator on one market, with the values it remembers.
type stream struct {
	of     indicator.Stream
	inputs []int
	from   *stream // whose first output is read in place of inputs; nil: a bar's values are
	in     []float64
	outs   int
	ring   []float64 // keep × outs
	keep   int
	at     int // row of the newest value
	seen   int
}

func (s *stream) update(bar *[len(inputNames)]float64) {
	if s.from != nil {
		s.in[0] = s.from.back(0, 0)
		if s.in[0] == s.in[0] {
			s.of.Update(s.in)
		}
		s.push()
		return
	}
	for i, k := range s.inputs {
		if k <= inVolume {
			s.in[i] = bar[k]
		} else {
			s.in[i] = inputOf(bar, k)
		}
	}
	s.of.Update(s.in)
	s.push()
}

// push remembers the newest outputs.
func (s *stream) push() {
	if s.at++; s.at == s.keep {
		s.at = 0
	}
	s.seen++
	copy(s.ring[s.at*s.outs:], s.of.Out())
}

// back returns output out of n bars ago; NaN before the first bar.
func (s *stream) back(n, out int) float64 {
	if n >= s.seen {
		return math.NaN()
	}
	i := s.at - n
	if i < 0 {
		i += s.keep
	}
	return s.ring[i*s.outs+out]
}

// indicatorModule is the predeclared name ind.
type indicatorModule struct{ h *host }

func (*indicatorModule) String() string        { return "ind" }
func (*indicatorModule) Type() string          { return "module" }
func (*indicatorModule) Freeze()               {}
func (*indicatorModule) Truth() starlark.Bool  { return true }
func (*indicatorModule) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: ind") }
func (*indicatorModule) AttrNames() (names []string) {
	for _, s := range indicator.Specs() {
		names = append(names, s.Name)
	}
	return names
}

// Attr returns the maker of the named indicator.
func (m *indicatorModule) Attr(name string) (starlark.Value, error) {
	spec, ok := indicator.Find(name)
	if !ok {
		return nil, starlark.NoSuchAttrError(fmt.Sprintf("ind has no %s; it has %s", clipLine(name), strings.Join(m.AttrNames(), ", ")))
	}
	return starlark.NewBuiltin("ind."+name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		v, err := m.h.declareIndicator(spec, args, kwargs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
		return v, nil
	}), nil
}

func (h *host) declareIndicator(spec indicator.Spec, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	switch {
	case !h.loading:
		return nil, fmt.Errorf("declare indicators at the top level, so that they are warm before the first bar")
	case len(h.series) == maxIndicators:
		return nil, fmt.Errorf("at most %d indicators are allowed", maxIndicators)
	case len(args) > len(spec.Params):
		return nil, fmt.Errorf("%d arguments, it takes at most %d: %s", len(args), len(spec.Params), signature(spec))
	}
	v := &indicatorValue{h: h, spec: spec, keep: defaultKeep}
	named := map[string]float64{}
	for i, a := range args {
		f, err := number(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", spec.Params[i].Name, err)
		}
		named[spec.Params[i].Name] = f
	}
	for _, kv := range kwargs {
		key := string(kv[0].(starlark.String))
		switch key {
		case "market", "source":
			if of, ok := kv[1].(*indicatorValue); ok && key == "source" {
				v.of = of
				continue
			}
			s, ok := starlark.AsString(kv[1])
			if !ok {
				return nil, fmt.Errorf("%s: want a string, got %s", key, kv[1].Type())
			}
			if key == "market" {
				v.market = s
			} else {
				v.source = s
			}
		case "keep":
			n, err := starlark.AsInt32(kv[1])
			if err != nil || n < 2 || n > maxKeep {
				return nil, fmt.Errorf("keep: want a whole number from 2 to %d", maxKeep)
			}
			v.keep = n
		default:
			if _, twice := named[key]; twice {
				return nil, fmt.Errorf("%s is given twice", key)
			}
			f, err := number(kv[1])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", clipLine(key), err)
			}
			named[key] = f
		}
	}
	var err error
	if v.params, err = spec.Resolve(named); err != nil {
		return nil, fmt.Errorf("%w, market, source, keep", err)
	}
	if err := v.chooseInputs(); err != nil {
		return nil, err
	}
	// A first stream is made here so that a bad parameter is reported on its own line. Its size is bounded by the indicator's.
	first, err := spec.New(v.params...)
	if err != nil {
		return nil, err
	}
	v.warmup, v.first = first.Warmup(), first
	if v.of != nil {
		if v.warmup += v.of.warmup - 1; v.market == "" {
			v.market = v.of.market
		}
		if v.of.market != "" && v.of.market != v.market {
			return nil, fmt.Errorf("its source is %s of %s, it cannot be one of %s", v.of.spec.Name, v.of.market, v.market)
		}
	}
	h.series = append(h.series, v)
	return v, nil
}

func (v *indicatorValue) chooseInputs() error {
	if v.of != nil {
		if len(v.spec.Inputs) != 1 || v.spec.Inputs[0] != "close" {
			return fmt.Errorf("it reads %s and takes no source", strings.Join(v.spec.Inputs, ", "))
		}
		v.inputs = []int{inClose}
		return nil
	}
	if v.source != "" {
		if len(v.spec.Inputs) != 1 || v.spec.Inputs[0] != "close" {
			return fmt.Errorf("it reads %s and takes no source", strings.Join(v.spec.Inputs, ", "))
		}
		i := slices.Index(sources, v.source)
		if i < 0 {
			return fmt.Errorf("source %q; there are %s", clipLine(v.source), strings.Join(sources, ", "))
		}
		v.inputs = []int{i}
		return nil
	}
	for _, name := range v.spec.Inputs {
		i := slices.Index(sources, name)
		if i < 0 {
			return fmt.Errorf("it reads %s, which a bar does not have", name)
		}
		v.inputs = append(v.inputs, i)
	}
	return nil
}

// bindIndicators makes one stream for each indicator and market, and derives the warm-up.
func (h *host) bindIndicators() error {
	window := 0
	for _, v := range h.series {
		only := -1
		if v.market != "" {
			m, err := h.findMarket(v.market)
			if err != nil {
				return h.fail("ind.%s: %v", v.spec.Name, err)
			}
			only = m
		}
		v.streams = make([]*stream, len(h.feeds))
		for m := range h.feeds {
			if only >= 0 && only != m {
				continue
			}
			size := v.warmup + v.keep*len(v.spec.Outputs)
			if window += size; window > maxWindow {
				return h.fail("the indicators of all markets together remember more than %d values: use fewer markets, shorter periods or a smaller keep", maxWindow)
			}
			of := v.first
			if v.ask != nil {
				a, err := h.question(v, m)
				if err != nil {
					return h.fail("ledger.%s: %v", v.spec.Name, err)
				}
				of = a
			}
			if v.first = nil; of == nil {
				var err error
				if of, err = v.spec.New(v.params...); err != nil {
					return h.fail("ind.%s: %v", v.spec.Name, err)
				}
			}
			s := &stream{of: of, inputs: v.inputs, in: make([]float64, len(v.inputs)), outs: len(v.spec.Outputs),
				keep: v.keep, ring: make([]float64, v.keep*len(v.spec.Outputs)), at: -1}
			if v.of != nil {
				s.from = v.of.streams[m]
			}
			v.streams[m] = s
			f := &h.feeds[m]
			f.streams = append(f.streams, s)
			f.ready = max(f.ready, v.warmup)
		}
		if only >= 0 {
			for m := range v.streams {
				v.streams[m] = v.streams[only]
			}
		}
		h.spec.Warmup = max(h.spec.Warmup, v.warmup)
	}
	return nil
}

// signature writes an indicator as a script calls it.
func signature(s indicator.Spec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ind.%s(", s.Name)
	for i, p := range s.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s=%v", p.Name, p.Default)
	}
	return b.String() + ")"
}
