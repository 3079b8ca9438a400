package evidence

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"testing"
)

// sound walks a result and fails on any float that is no number.
func sound(t *testing.T, what string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Float64:
		if !finite(v.Float()) {
			t.Errorf("%s holds %v", what, v.Float())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			sound(t, what, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			sound(t, what, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			sound(t, what, v.Index(i))
		}
	}
}

// FuzzNoResultIsNaN gives every figure the same hostile numbers: it answers with numbers or refuses with a reason, whatever they are.
func FuzzNoResultIsNaN(f *testing.F) {
	seed := func(x ...float64) {
		var b []byte
		for _, v := range x {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		f.Add(b)
	}
	seed()
	seed(.01, -.02, .03, .01, 0, .02, -.01, .04, .01, -.03, .02, .01)
	seed(.1, .1, .1, .1, .1, .1, .1, .1)
	seed(1e308, -1e308, 1e308, 1e308, 1e-308, 5e-324, 0, 1)
	seed(math.NaN(), math.Inf(1), math.Inf(-1), 1, 2, 3, 4, 5)
	long := make([]float64, 64)
	for i, g := 0, NewSplitMix(1); i < len(long); i++ {
		long[i] = .01 + .001*g.Normal()
	}
	seed(long...)
	for i := range long {
		long[i] *= 1e150
	}
	seed(long...)
	for i := range long {
		long[i] *= 1e155
	}
	seed(long...)
	for i := range long {
		long[i] *= 1e-307 * 1e-307
	}
	seed(long...)
	seed(1e-160, 2e-160, 1e-160, 3e-160, 1e-170, 0, 1e-160, 1e-155)
	f.Fuzz(func(t *testing.T, b []byte) {
		var x []float64
		for ; len(b) >= 8 && len(x) < 64; b = b[8:] {
			x = append(x, math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
		at := func(i int) float64 {
			if i < len(x) {
				return x[i]
			}
			return 1
		}
		check := func(what string, v any, err error) {
			if err == nil {
				sound(t, what, reflect.ValueOf(v))
				return
			}
			var d *DegenerateError
			if !errors.As(err, &d) || d.Reason == "" {
				t.Errorf("%s: %v is no refusal with a reason", what, err)
			}
		}
		given := Sample{at(0), at(1), at(2), 30}
		check("ratios", DailyRatios(x), nil)
		check("drawdown", MaxDrawdown(x), nil)
		check("growth", CAGR(at(0), at(1), 1e6), nil)
		check("calmar", Calmar(number(at(0)), at(1)), nil)
		check("part", DescribePart(x), nil)
		costs, beside := []CostPoint{{Multiple: at(2), Return: at(0)}, {Multiple: at(3), Return: at(1)}}, []Neighbour{}
		check("break-even", BreakEven(costs), nil)
		var days []RegimeDay // the numbers over and over: regimes need a past
		for len(x) > 0 && len(days) < 256 {
			i := len(days)
			days = append(days, RegimeDay{Return: x[i%len(x)], Market: x[(i*i+1)%len(x)]})
		}
		var sized []SizedTrade
		for i := range x {
			sized = append(sized, SizedTrade{Notional: at(i), Bar: at(i + 1), Day: at(i + 2), Daily: at(i + 3), Return: at(i + 4)})
			beside = append(beside, Neighbour{Score: &x[i]})
		}
		var points []TrialPoint
		for i := 0; i+2 < len(x); i += 3 {
			points = append(points, TrialPoint{Values: x[i : i+2], Score: &x[i+2]})
		}
		held := HeldMarket{Opens: x}
		for i := 0; i+2 < len(x); i += 2 {
			held.Trades = append(held.Trades, HeldTrade{Entry: i, Exit: i + 1 + i%4/2, Quantity: at(i)})
		}
		m := Matrix{Rows: len(x) / 2, Cols: 2, Data: x[:len(x)/2*2]}
		for what, get := range map[string]func() (any, error){
			"sample":   func() (any, error) { return Describe(x) },
			"error":    func() (any, error) { return given.StdError() },
			"psr":      func() (any, error) { return given.PSR(at(3)) },
			"track":    func() (any, error) { return given.MinTrackRecord(at(3), at(4)) },
			"deflate":  func() (any, error) { return Deflate(given, x, len(x)) },
			"years":    func() (any, error) { a, b, err := MinBacktestYears(at(0), at(1)); return []float64{a, b}, err },
			"overfit":  func() (any, error) { return ProbabilityOfOverfitting(m, 4) },
			"reality":  func() (any, error) { return RealityCheck(m, 10, .2, 1) },
			"bands":    func() (any, error) { return Bootstrap(x, 100, 0, 1) },
			"block":    func() (any, error) { return BlockLength(x) },
			"random":   func() (any, error) { return EnterAtRandom([]HeldMarket{held}, at(0), at(1), 100, 1) },
			"grid":     func() (any, error) { return AroundGrid(points, 0) },
			"nearest":  func() (any, error) { return AroundNearest(points, 0, 2) },
			"stable":   func() (any, error) { return Stable(at(0), beside) },
			"regimes":  func() (any, error) { return Regimes(days) },
			"capacity": func() (any, error) { return Room(sized) },
			"holm":     func() (any, error) { return Holm(x) },
			"bhy":      func() (any, error) { return BenjaminiYekutieli(x) },
			"student":  func() (any, error) { return StudentP(at(0), at(1)) },
			"factor":   func() (any, error) { return AutocorrelationFactor(at(0), 12) },
			"haircut":  func() (any, error) { return CutSharpe(at(0), 100, at(1), 10) },
			"cut to":   func() (any, error) { return CutSharpeTo(at(0), 100, at(1), at(2)) },
			"barriers": func() (any, error) {
				return TripleBarrier(x, nil, Barriers{Target: at(0), Profit: 1, Loss: at(1), Vertical: 2})
			},
		} {
			v, err := get()
			check(what, v, err)
		}
	})
}
