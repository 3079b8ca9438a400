package indicator

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// market makes n bars that hang together: a price path over orders of magnitude, ranges around it, volumes; every column that a spec may ask for.
func marketOf(seed uint64, n int) map[string][]float64 {
	r := rand.New(rand.NewPCG(seed, 17))
	out := map[string][]float64{}
	p := 50_000.0
	for range n {
		open := p
		p *= math.Exp(0.004 * r.NormFloat64())
		if p > 5e5 || p < 500 {
			p = 50_000
		}
		high, low := max(open, p)*(1+0.002*r.Float64()), min(open, p)*(1-0.002*r.Float64())
		for name, v := range map[string]float64{"open": open, "high": high, "low": low, "close": p, "volume": math.Round(1e6*r.ExpFloat64()) / 1e3, "x": p, "y": open * (1 + .01*r.NormFloat64())} {
			out[name] = append(out[name], v)
		}
	}
	return out
}

// columns are a spec's inputs; those that no bar has take the path of another coin.
func columns(spec Spec, bars map[string][]float64) [][]float64 {
	in := make([][]float64, len(spec.Inputs))
	for j, name := range spec.Inputs {
		var ok bool
		if in[j], ok = bars[name]; !ok {
			in[j] = bars["y"]
		}
	}
	return in
}

func stream(t *testing.T, spec Spec) Stream {
	t.Helper()
	s, err := spec.New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func feedTo(s Stream, in [][]float64, from, to int) {
	row := make([]float64, len(in))
	for i := from; i < to; i++ {
		for j := range in {
			row[j] = in[j][i]
		}
		s.Update(row)
	}
}

// running are sums over all bars so far: there is no window to compare with. TestOBVDrift and TestRunningSumsDoNotDrift hold them to exact ones.
var running = map[string]bool{"obv": true, "adl": true, "vwap": true, "drawdown": true, "psar": true, "supertrend": true}

// After 400,000 bars every indicator says what a fresh one says that has seen the newest 30,000 alone: nothing drifts.
func TestNothingDrifts(t *testing.T) {
	t.Parallel()
	const bars, fresh = 400_000, 30_000
	data := marketOf(1, bars)
	for _, spec := range Specs() {
		if running[spec.Name] {
			continue
		}
		t.Run(spec.Name, func(t *testing.T) {
			t.Parallel()
			in := columns(spec, data)
			old, young := stream(t, spec), stream(t, spec)
			feedTo(old, in, 0, bars)
			feedTo(young, in, bars-fresh, bars)
			for j, want := range young.Out() {
				got := old.Out()[j]
				if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
					t.Errorf("%s: %v after %d bars, %v after the newest %d", spec.Outputs[j], got, bars, want, fresh)
				}
			}
		})
	}
}

// One bad input spoils bars while it counts, and no longer: once the warm-up has passed again, every indicator says what one says that never saw it.
func TestABadInputIsForgotten(t *testing.T) {
	t.Parallel()
	const at = 700
	for _, spec := range Specs() {
		t.Run(spec.Name, func(t *testing.T) {
			t.Parallel()
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				warm := stream(t, spec).Warmup()
				n := at + 40*warm + 4000
				in := columns(spec, marketOf(2, n))
				spoilt := make([][]float64, len(in))
				for j := range in {
					spoilt[j] = append([]float64(nil), in[j]...)
					spoilt[j][at] = bad
				}
				s, clean := stream(t, spec), stream(t, spec)
				feedTo(s, spoilt, 0, at+1)
				for i := at + 1; i < n; i++ {
					feedTo(s, spoilt, i, i+1)
					feedTo(clean, in, i, i+1)
					if i < at+warm+1 {
						continue
					}
					for j, v := range s.Out() {
						if math.IsNaN(v) && !math.IsNaN(clean.Out()[j]) {
							t.Fatalf("with %v: %s has no value %d bars later, the warm-up is %d", bad, spec.Outputs[j], i-at, warm)
						}
					}
				}
				for j, want := range clean.Out() {
					if got := s.Out()[j]; !running[spec.Name] && (math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-9*max(1, math.Abs(want))) {
						t.Fatalf("with %v: %s is %v long after, %v without it", bad, spec.Outputs[j], got, want)
					}
				}
			}
		})
	}
}

// What is stated to lie between two numbers does.
func TestValuesStayWhereTheyAreSaidToBe(t *testing.T) {
	t.Parallel()
	bounded := 0
	for _, spec := range Specs() {
		low, high, ok := bounds(spec.Unit)
		if !ok {
			continue
		}
		bounded++
		for seed := range uint64(3) {
			in := columns(spec, marketOf(seed, 3000))
			if seed == 2 { // closes alone at the extremes of their bars
				for j, name := range spec.Inputs {
					if name == "close" {
						in[j] = marketOf(seed, 3000)["high"]
					}
				}
			}
			out, err := spec.Series(in)
			if err != nil {
				t.Fatal(err)
			}
			for j := range out {
				for i, v := range out[j] {
					if v < low-1e-9 || v > high+1e-9 {
						t.Fatalf("%s %s: %v at bar %d, it is said to be %s", spec.Name, spec.Outputs[j], v, i, spec.Unit)
					}
				}
			}
		}
	}
	if bounded < 10 {
		t.Errorf("%d bounded indicators were found", bounded)
	}
}

// bounds reads "0 to 100" and "−1 to 1".
func bounds(unit string) (low, high float64, ok bool) {
	a, b, found := strings.Cut(strings.ReplaceAll(unit, "−", "-"), " to ")
	low, err1 := strconv.ParseFloat(a, 64)
	high, err2 := strconv.ParseFloat(b, 64)
	return low, high, found && err1 == nil && err2 == nil
}

// The sums over all bars so far are held to exact ones.
func TestRunningSumsDoNotDrift(t *testing.T) {
	t.Parallel()
	const bars = 400_000
	data := marketOf(4, bars)
	high, low, last, volume := data["high"], data["low"], data["close"], data["volume"]
	flow, traded := make([]float64, bars), make([]float64, bars)
	for i := range flow {
		if high[i] > low[i] {
			flow[i] = ((last[i] - low[i]) - (high[i] - last[i])) / (high[i] - low[i]) * volume[i]
		}
		traded[i] = (high[i] + low[i] + last[i]) / 3 * volume[i]
	}
	for name, want := range map[string]float64{"adl": exactSum(flow), "vwap": exactSum(traded) / exactSum(volume)} {
		spec, ok := Find(name)
		if !ok {
			t.Fatal(name)
		}
		s := stream(t, spec)
		feedTo(s, columns(spec, data), 0, bars)
		if got := s.Out()[0]; math.Abs(got-want) > 1e-9*math.Abs(want) {
			t.Errorf("%s: %v after %d bars, exactly %v", name, got, bars, want)
		}
	}
}

// A price that stands still gives each average one value, whatever its decimals: the last digit of a sum must not move from bar to bar, or two
// averages cross for ever. What is defined for a flat window has that value.
func TestAPriceThatStandsStill(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	for _, price := range []float64{0.1, 0.3, 2.37, 19.99, 101.7, 64321.15, 0.00001234} {
		const moving, still = 60, 400
		bars := map[string][]float64{}
		for i := range moving + still {
			p := price
			if i < moving {
				p *= 1 + 0.01*r.NormFloat64()
			}
			for _, name := range []string{"open", "high", "low", "close"} {
				bars[name] = append(bars[name], p)
			}
			bars["volume"] = append(bars["volume"], 1+r.Float64())
		}
		for name, want := range map[string]float64{ // NaN: some value
			"sma": price, "wma": price, "vwma": price, "rolling_vwap": math.NaN(), "awesome": 0, "cci": 0, "stochrsi": 50, "rsi": math.NaN(), "bollinger": price, "trima": price,
			"stochastic": 50, "williams_r": -50, "stdev": 0, "highest": price, "donchian": price, "envelope": math.NaN(), "hma": math.NaN(), "alma": math.NaN(),
		} {
			spec, ok := Find(name)
			if !ok {
				t.Fatalf("there is no %s", name)
			}
			for _, n := range []float64{5, 10, 14, 34} {
				var p []float64
				if len(spec.Params) > 0 && name != "awesome" {
					p = []float64{n}
				}
				st, err := spec.New(p...)
				if err != nil {
					t.Fatal(err)
				}
				in := columns(spec, bars)
				feedTo(st, in, 0, moving+120)
				first := st.Out()[0]
				if want == want && math.Float64bits(first) != math.Float64bits(want) {
					t.Errorf("%s(%v) of %v is %v, want %v", name, p, price, first, want)
				}
				for i := moving + 120; i < moving+still; i++ {
					feedTo(st, in, i, i+1)
					if got := st.Out()[0]; !sameBits(got, first) {
						t.Errorf("%s(%v) of %v moves from %v to %v", name, p, price, first, got)
						break
					}
				}
			}
		}
	}
}
