package indicator

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/ohmycoins/omc/internal/sharedtest"
)

const skender = "data/ref-indicators-skender/"

// unzip reads one shared gzip file.
func unzip(t testing.TB, rel string) io.Reader {
	t.Helper()
	f, err := os.Open(sharedtest.Path(t, skender+rel))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// quotes reads the columns high, low, close and volume of a quotes file.
func quotes(t testing.TB, name string) map[string][]float64 {
	t.Helper()
	rows, err := csv.NewReader(unzip(t, "quotes/"+name)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cols := map[string][]float64{}
	for _, r := range rows[1:] {
		for i, c := range []string{"open", "high", "low", "close", "volume"} {
			v, err := strconv.ParseFloat(r[i+1], 64)
			if err != nil {
				t.Fatal(err)
			}
			cols[c] = append(cols[c], v)
		}
	}
	return cols
}

// TestReference compares with Skender.Stock.Indicators, whose values are checked there against manual spreadsheets.
func TestReference(t *testing.T) {
	for _, c := range []struct {
		file, name string
		params     []float64
		fields     []string // of the reference, one per output; "" is not in it
		from       int      // the first bar that is compared, where the definitions begin differently
	}{
		{file: "sma", name: "sma", params: []float64{20}, fields: []string{"sma"}},
		{file: "ema", name: "ema", params: []float64{20}, fields: []string{"ema"}},
		{file: "wma", name: "wma", params: []float64{14}, fields: []string{"wma"}},
		{file: "rsi", name: "rsi", params: []float64{14}, fields: []string{"rsi"}},
		{file: "roc", name: "roc", params: []float64{14}, fields: []string{"roc"}},
		{file: "macd", name: "macd", fields: []string{"macd", "signal", "histogram"}},
		{file: "stoch", name: "stochastic", fields: []string{"k", "d"}},
		{file: "obv", name: "obv", fields: []string{"obv"}},
		{file: "stdev", name: "stdev", params: []float64{14}, fields: []string{"stdDev"}},
		{file: "stdev", name: "zscore", params: []float64{14}, fields: []string{"zScore"}},
		{file: "bb", name: "bollinger", fields: []string{"upperBand", "sma", "lowerBand", "percentB", "width"}},
		{file: "bb", name: "zscore", params: []float64{20}, fields: []string{"zScore"}},
		{file: "atr", name: "atr", params: []float64{14}, fields: []string{"atr"}},
		{file: "donchian", name: "donchian", params: []float64{20}, fields: []string{"upperBand", "centerline", "lowerBand"}},
		{file: "dema", name: "dema", params: []float64{14}, fields: []string{"dema"}},
		{file: "tema", name: "tema", fields: []string{"tema"}},
		{file: "t3", name: "t3", fields: []string{"t3"}},
		{file: "hma", name: "hma", fields: []string{"hma"}},
		{file: "kama", name: "kama", fields: []string{"kama"}},
		{file: "kama", name: "efficiency", fields: []string{"er"}},
		{file: "smma", name: "smma", fields: []string{"smma"}},
		{file: "alma", name: "alma", fields: []string{"alma"}},
		{file: "dynamic", name: "mcginley", fields: []string{"dynamic"}},
		{file: "vwma", name: "vwma", fields: []string{"vwma"}},
		{file: "vwap", name: "vwap", fields: []string{"vwap"}},
		{file: "ma-env", name: "envelope", fields: []string{"upperEnvelope", "centerline", "lowerEnvelope"}},
		{file: "roc", name: "momentum", fields: []string{"momentum"}},
		{file: "stoch-rsi", name: "stochrsi", fields: []string{"stochRsi", "signal"}},
		{file: "trix", name: "trix", fields: []string{"trix"}},
		{file: "tsi", name: "tsi", fields: []string{"tsi", "signal"}},
		{file: "cmo", name: "cmo", fields: []string{"cmo"}},
		{file: "pmo", name: "pmo", fields: []string{"pmo", "signal"}},
		{file: "stc", name: "stc", fields: []string{"stc"}},
		{file: "mfi", name: "mfi", fields: []string{"mfi"}},
		{file: "cmf", name: "cmf", fields: []string{"cmf"}},
		{file: "adl", name: "adl", fields: []string{"adl"}},
		{file: "chaikin-osc", name: "chaikin_oscillator", fields: []string{"oscillator"}},
		{file: "force", name: "force", params: []float64{2}, fields: []string{"forceIndex"}},
		{file: "cci", name: "cci", fields: []string{"cci"}},
		{file: "willr", name: "williams_r", fields: []string{"williamsR"}},
		{file: "uo", name: "ultimate", fields: []string{"ultimate"}},
		{file: "awesome", name: "awesome", fields: []string{"oscillator"}},
		{file: "smi", name: "smi", fields: []string{"smi", "signal"}},
		{file: "fisher", name: "fisher", fields: []string{"fisher", "trigger"}, from: 200},
		{file: "bop", name: "bop", fields: []string{"bop"}},
		{file: "aroon", name: "aroon", fields: []string{"aroonUp", "aroonDown", "oscillator"}},
		{file: "adx", name: "adx", fields: []string{"adx", "pdi", "mdi"}},
		{file: "vortex", name: "vortex", fields: []string{"pvi", "nvi"}},
		{file: "chop", name: "choppiness", fields: []string{"chop"}},
		{file: "elder-ray", name: "elder_ray", fields: []string{"bullPower", "bearPower"}, from: 100},
		{file: "tr", name: "true_range", fields: []string{"tr"}},
		{file: "atr", name: "natr", fields: []string{"atrp"}},
		{file: "keltner", name: "keltner", fields: []string{"upperBand", "centerline", "lowerBand"}},
		{file: "starc", name: "starc", fields: []string{"upperBand", "centerline", "lowerBand"}},
		{file: "chexit", name: "chandelier", fields: []string{"chandelierExit"}},
		{file: "ichimoku", name: "ichimoku", fields: []string{"tenkanSen", "kijunSen", "senkouSpanA", "senkouSpanB"}},
		{file: "supertrend", name: "supertrend", fields: []string{"superTrend"}},
		{file: "psar", name: "psar", fields: []string{"sar"}, from: 14},
		{file: "slope", name: "regression", fields: []string{"", "slope", "rSquared"}},
		{file: "epma", name: "regression", params: []float64{10}, fields: []string{"epma"}},
		{file: "ulcer", name: "ulcer", fields: []string{"ulcerIndex"}},
	} {
		t.Run(c.file+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			cols := quotes(t, "default.csv.gz")
			var want []map[string]any
			if err := json.NewDecoder(unzip(t, "results/"+c.file+".standard.json.gz")).Decode(&want); err != nil {
				t.Fatal(err)
			}
			spec, ok := Find(c.name)
			if !ok {
				t.Fatalf("no spec %s", c.name)
			}
			var in [][]float64
			for _, name := range spec.Inputs {
				in = append(in, cols[name])
			}
			got, err := spec.Series(in, c.params...)
			if err != nil {
				t.Fatal(err)
			}
			if len(want) != 502 || len(got[0]) != 502 {
				t.Fatalf("%d reference rows, %d results, want 502", len(want), len(got[0]))
			}
			for j, field := range c.fields {
				if field == "" {
					continue
				}
				for i, row := range want {
					if i < c.from {
						continue
					}
					w, has := row[field].(float64)
					if g := got[j][i]; has != !math.IsNaN(g) || has && math.Abs(g-w) > 1e-9*max(1, math.Abs(w)) {
						t.Fatalf("%s bar %d: got %v, want %v (present %v)", field, i, g, w, has)
					}
				}
			}
		})
	}
}

// TestVolatilityOfRealReturns recomputes each window in two passes.
func TestVolatilityOfRealReturns(t *testing.T) {
	t.Parallel()
	src := quotes(t, "longish.csv.gz")["close"]
	dst := make([]float64, len(src))
	if err := VolatilitySeries(dst, src, 20); err != nil {
		t.Fatal(err)
	}
	for i := range src {
		if i < 20 {
			if !math.IsNaN(dst[i]) {
				t.Fatalf("bar %d has a value before the warm-up", i)
			}
			continue
		}
		var r []float64
		for k := i - 19; k <= i; k++ {
			r = append(r, math.Log(src[k])-math.Log(src[k-1]))
		}
		if want := exactStdev(r, 1); math.Abs(dst[i]-want) > 1e-9*want {
			t.Fatalf("bar %d: got %v, want %v", i, dst[i], want)
		}
	}
}
