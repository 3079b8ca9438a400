package lab

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/research"
)

func TestFiguresComeFromToolResults(t *testing.T) {
	results := []research.ToolResult{
		{Ref: "r1", Result: json.RawMessage(`{"sharpe":1.2345,"return":-0.051,"nothing":null,"market":"BTC/USDT","flat":0.00001}`)},
		{Ref: "r2", Error: "failed"},
	}
	text, missing := render("S {{r1.sharpe|num}} raw {{ r1.sharpe }} R {{r1.return|pct}} N {{r1.nothing|pct}} M {{r1.market}} F {{r1.flat|pct}}", results)
	if want := "S 1.23 raw 1.2345 R −5.1 % N n/a M BTC/USDT F 0.0 %"; text != want || len(missing) != 0 {
		t.Errorf("%q, missing %v", text, missing)
	}
	_, missing = render("{{r9.x}} {{r1.x}} {{r2.sharpe}} {{r1.sharpe|money}}", results)
	if len(missing) != 4 {
		t.Errorf("references to nothing passed: %v", missing)
	}
	if text, _ := render("{{no reference}} {{r1}}", results); text != "{{no reference}} {{r1}}" {
		t.Errorf("%q", text)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("a {{r1.x|pct}} b {{r1.y}}", `{"x":1,"y":"{{r1.x}}"}`)
	f.Fuzz(func(t *testing.T, md, result string) {
		text, _ := render(md, []research.ToolResult{{Ref: "r1", Result: json.RawMessage(result)}})
		if len(text) > len(md)*(len(result)+40)+400 {
			t.Fatalf("%d bytes out of %d", len(text), len(md))
		}
	})
}

func TestExploreFindsWhatWasPlanted(t *testing.T) {
	// Trending: daily returns alternate in long runs of one sign.
	var trend, revert []float64
	a, b := 100.0, 100.0
	for i := range 600 {
		x := 0.01
		if i/20%2 == 1 {
			x = -0.0095
		}
		a *= 1 + x + 0.003*math.Sin(float64(i*i%97))
		y := 0.01
		if i%2 == 1 {
			y = -0.0098
		}
		b *= 1 + y + 0.002*math.Sin(float64(i*i%89))
		trend, revert = append(trend, a), append(revert, b)
	}
	mt, err := measure(trend)
	if err != nil {
		t.Fatal(err)
	}
	mr, err := measure(revert)
	if err != nil {
		t.Fatal(err)
	}
	if mt.VarianceRatio < 2 || mr.VarianceRatio > 0.5 {
		t.Errorf("variance ratios: trending %.2f, reverting %.2f", mt.VarianceRatio, mr.VarianceRatio)
	}
	ic := func(m research.MarketFeatures, name string) float64 {
		for _, f := range m.Features {
			if strings.Contains(f.Name, name) {
				return f.IC
			}
		}
		t.Fatalf("no feature %s in %v", name, m.Features)
		return 0
	}
	if got := ic(mt, "7 days"); got < 0.2 {
		t.Errorf("momentum on a trending series: IC %.3f", got)
	}
	if got := ic(mr, "z-score"); got < 0.2 {
		t.Errorf("reversion on a reverting series: IC %.3f", got)
	}
	if f, ok := information(make([]float64, 50), make([]float64, 50)); ok {
		t.Errorf("too few days gave %v", f)
	}
}
