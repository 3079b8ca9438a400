package strategy_test

import (
	"encoding/json"
	"testing"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/fact/facttest"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

// TestExamplesTrade runs every example through the real engine on made-up prices.
func TestExamplesTrade(t *testing.T) {
	warmup := map[string]int{
		"bollinger-reversion": 20, "boosted-trees": 96, "buy-and-hold": 0, "donchian-breakout": 56, "ema-cross": 48, "limit-ladder": 0, "macd-trend": 200,
		"momentum": 73, "mood-momentum": 43, "momentum-rotation": 43, "rsi-reversion": 15, "vol-target": 50,
	}
	examples := strategy.Examples()
	if len(examples) != len(warmup) {
		t.Errorf("%d examples, the test knows %d", len(examples), len(warmup))
	}
	for _, ex := range examples {
		t.Run(ex.Name, func(t *testing.T) {
			t.Parallel()
			var first []byte
			for range 2 { // a fresh strategy on the same bars gives the same bytes
				s, c, err := strategy.Load([]byte(ex.Source), ex.Name, strategy.Options{})
				if err != nil {
					t.Fatal(err)
				}
				spec := s.Spec()
				if spec.Name != ex.Name || spec.Description == "" || spec.Warmup != warmup[ex.Name] {
					t.Errorf("declares %q, %q, warm-up %d (want %d)", spec.Name, spec.Description, spec.Warmup, warmup[ex.Name])
				}
				for _, p := range spec.Params {
					if p.Doc == "" {
						t.Errorf("parameter %s says nothing of what it does", p.Name)
					}
				}
				bars := make([][]market.Bar, len(spec.Markets))
				for m := range bars {
					bars[m] = wave(2500, spec.Interval, uint64(m+1))
				}
				r, err := backtest.Run(t.Context(), backtest.Input{Strategy: s, CodeHash: c.CodeHash(), Bars: bars, Told: facttest.List(spec.Ledgers, bars, 5), Settings: report.Default()})
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Trades) == 0 || (ex.Name != "buy-and-hold" && len(r.Trades) < 5) {
					t.Errorf("made %d trades, orders %+v", len(r.Trades), r.Orders)
				}
				if len(r.Orders.Refused) != 0 {
					t.Errorf("an example to learn from had intents refused: %v", r.Orders.Refused)
				}
				b, err := json.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = b
				} else if string(first) != string(b) {
					t.Error("a second run gave other bytes")
				}
			}
		})
	}
}

func TestExamplesRefuseBadParameters(t *testing.T) {
	for _, ex := range strategy.Examples() {
		_, _, err := strategy.Load([]byte(ex.Source), ex.Name, strategy.Options{Params: map[string]float64{"no_such": 1}})
		wantError(t, err, `unknown parameter "no_such"`)
		spec, err := strategy.Declare([]byte(ex.Source))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range spec.Params {
			_, _, err := strategy.Load([]byte(ex.Source), ex.Name, strategy.Options{Params: map[string]float64{p.Name: p.Max + 1}})
			wantError(t, err, "parameter "+p.Name)
		}
	}
	ex, _ := strategy.FindExample("ema-cross")
	_, _, err := strategy.Load([]byte(ex.Source), ex.Name, strategy.Options{Params: map[string]float64{"fast": 100, "slow": 50}})
	wantError(t, err, "ema-cross.star:", "fast (100) must be shorter than slow (50)")
}
