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
		for i, c := range []string{"high", "low", "close", "volume"} {
			v, err := strconv.ParseFloat(r[i+2], 64)
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
				for i, row := range want {
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
