package indicator

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/indicators.md")

const docsPath = "../../docs/indicators.md"

// TestDocs holds docs/indicators.md to Specs; -update rewrites it.
func TestDocs(t *testing.T) {
	want := document(Specs())
	if *update {
		if err := os.WriteFile(docsPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatal("docs/indicators.md is not what Specs says; run go test ./internal/indicator -run TestDocs -update and read the diff")
	}
}

func document(specs []Spec) string {
	var b strings.Builder
	b.WriteString(`# Indicators

Generated from ` + "`internal/indicator`" + `; change it there.

Every indicator runs one bar at a time and over a whole series, with the same bits. Answers before the warm-up are "no value" (NaN), and so is
everything a definition divides by zero for. An answer is never infinite.

A bad input (NaN, infinite) spoils the windowed indicators exactly as long as it is in their window. The recursive ones (ema, rsi, macd, atr, obv)
have no value on that bar and start over after it. Windowed sums are never made by subtracting what leaves, so they do not drift.

` + "`close`" + ` alone means that any series will do. Parameters counted in bars are whole numbers of at most ` + fmt.Sprint(MaxPeriod) + `. Warm-up is the number of bars with
which every output has its first value.

| indicator | parameters (default) | reads | outputs | warm-up | unit |
|---|---|---|---|---|---|
`)
	for _, s := range specs {
		var p []string
		for _, q := range s.Params {
			p = append(p, fmt.Sprintf("%s (%v)", q.Name, q.Default))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", s.Name, strings.Join(p, ", "), strings.Join(s.Inputs, ", "), strings.Join(s.Outputs, ", "), s.WarmupDoc, s.Unit)
	}
	b.WriteString("\n## Definitions\n")
	for _, s := range specs {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", s.Name, s.Doc)
		if len(s.Params) > 0 {
			b.WriteString("\n")
		}
		for _, q := range s.Params {
			fmt.Fprintf(&b, "- `%s`: %s; from %v to %v\n", q.Name, q.Doc, q.Min, q.Max)
		}
		if s.Differences != "" {
			fmt.Fprintf(&b, "\nElsewhere: %s\n", s.Differences)
		}
	}
	b.WriteString(`
## Checked against

Skender.Stock.Indicators' reference results (502 daily bars) agree to 1e-9 for sma, ema, wma, rsi, roc, macd, stochastic, obv, stdev, zscore, bollinger,
atr and donchian, with the first value on the same bar. volatility, highest and lowest have no counterpart there and are checked by recomputation.
`)
	return b.String()
}
