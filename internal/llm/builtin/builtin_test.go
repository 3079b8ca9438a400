package builtin

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/tmc/langchaingo/llms"
)

func TestReadGoal(t *testing.T) {
	known := map[string]bool{"BTC": true, "ETH": true, "ONE": true}
	for _, c := range []struct {
		text string
		want goal
	}{
		{"find a momentum strategy on ETH", goal{coins: []string{"ETH"}, families: []string{"momentum"}}},
		{"a trend follower for bitcoin, at most one trade a day, conservative", goal{coins: []string{"BTC"}, families: []string{"trend"}, perDay: 1, risk: "low"}},
		{"no more than 2 round trips per week on btc", goal{coins: []string{"BTC"}, perDay: 2.0 / 7, tripsSaid: true}},
		{"one good idea, no trends", goal{families: []string{"trend"}}},
		{"buy the dip on SOL, drawdown under 15 %", goal{coins: []string{"SOL"}, families: []string{"reversion"}, drawdown: 0.15}},
		{"anything on all coins with 15m bars, aggressive", goal{all: true, interval: "15m", risk: "high"}},
		{"swing trading with a breakout", goal{families: []string{"breakout"}, interval: "4h"}},
		{"a strategy", goal{}},
	} {
		if got := readGoal(c.text, known); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q:\n got %+v\nwant %+v", c.text, got, c.want)
		}
	}
}

func FuzzReadGoal(f *testing.F) {
	f.Add("momentum on ETH, at most one trade a day, drawdown 10%")
	f.Fuzz(func(t *testing.T, s string) {
		g := readGoal(s, map[string]bool{"BTC": true})
		if g.drawdown < 0 || g.drawdown >= 1 || g.perDay < 0 {
			t.Fatalf("%q: %+v", s, g)
		}
	})
}

func coverage(markets ...string) []research.CoinCoverage {
	var cs []research.CoinCoverage
	first := time.Date(2022, 8, 1, 0, 0, 0, 0, time.UTC)
	for i, m := range markets {
		cs = append(cs, research.CoinCoverage{Market: m, Interval: "5m", Bars: 1000, First: first, Last: first.AddDate(1, -i, 0)})
	}
	return cs
}

func TestAmbiguousGoalsAreAskedAbout(t *testing.T) {
	none := map[string]research.AskResult{}
	_, q := makeBrief(research.Task{Goal: "find something that works"}, coverage("BTC/USDT", "ETH/USDT"), none)
	if q == nil || q.Key != "market" || len(q.Choices) != 3 || q.Default != "3" {
		t.Fatalf("no coin named: %+v", q)
	}
	b, q := makeBrief(research.Task{Goal: "find something that works"}, coverage("BTC/USDT", "ETH/USDT"), map[string]research.AskResult{"market": {Answer: "eth"}})
	if q != nil || !reflect.DeepEqual(b.Markets, []string{"ETH/USDT"}) {
		t.Fatalf("answered: %+v %+v", b, q)
	}
	_, q = makeBrief(research.Task{Goal: "momentum on ETH, at most one trade a day"}, coverage("BTC/USDT", "ETH/USDT"), none)
	if q == nil || q.Key != "trade" {
		t.Fatalf("a trade has two readings: %+v", q)
	}
	b, q = makeBrief(research.Task{Goal: "momentum on ETH, at most one trade a day"}, coverage("ETH/USDT"), map[string]research.AskResult{"trade": {Answer: "2"}})
	if q != nil || b.MaxTradesDay != 0.5 {
		t.Fatalf("each order counts: %+v", b)
	}
	asked := research.Task{Goal: "trend on SOL", Options: research.Options{Interactive: true}}
	if _, q = makeBrief(asked, coverage("BTC/USDT", "ETH/USDT"), none); q == nil || !strings.Contains(q.Text, "SOL") {
		t.Fatalf("a coin that is not there: %+v", q)
	}
	if b, q = makeBrief(research.Task{Goal: "trend on SOL"}, coverage("BTC/USDT", "ETH/USDT"), none); q != nil || len(b.Markets) != 0 || !strings.Contains(describe(b), "no history of SOL") {
		t.Fatalf("a coin that is not there, and nobody to ask: %+v %+v", b, q)
	}
	if _, q = makeBrief(research.Task{Goal: "trend on BTC"}, coverage("BTC/USDT", "BTC/AUD"), none); q == nil || q.Key != "quote:BTC" {
		t.Fatalf("two quotes: %+v", q)
	}
	if b, q = makeBrief(research.Task{Goal: "momentum on ETH"}, coverage("BTC/USDT", "ETH/USDT"), none); q != nil || b.Markets[0] != "ETH/USDT" || b.Interval != "1h" {
		t.Fatalf("nothing to ask: %+v %+v", b, q)
	}
	b, q = makeBrief(research.Task{Turns: []string{"breakout on BTC, conservative"}, Goal: "try ETH instead"}, coverage("BTC/USDT", "ETH/USDT"), none)
	if q != nil || !reflect.DeepEqual(b.Markets, []string{"ETH/USDT"}) || b.Families[0] != "breakout" || b.Risk != "low" {
		t.Fatalf("a later message: %+v %+v", b, q)
	}
	if b, q = makeBrief(research.Task{Goal: "anything"}, nil, none); q != nil || len(b.Markets) != 0 {
		t.Fatalf("an empty ledger: %+v %+v", b, q)
	}
}

func TestGridStaysInsideTheBoundsAndKeepsFastBelowSlow(t *testing.T) {
	grid := gridOf(research.StrategyInfo{Params: []research.ParamInfo{
		{Name: "fast", Kind: "int", Default: 12, Min: 2, Max: 20}, {Name: "on", Kind: "bool", Max: 1}, {Name: "slow", Kind: "int", Default: 24, Min: 20, Max: 200}, {Name: "third", Kind: "float", Default: 1, Max: 9}}})
	if len(grid) != 8 { // 3 × 3 less the one with fast = slow
		t.Errorf("%d points: %v", len(grid), grid)
	}
	for _, g := range grid {
		if g["fast"] >= g["slow"] || g["fast"] < 2 || g["fast"] > 20 || g["slow"] < 20 || len(g) != 2 {
			t.Errorf("%v", g)
		}
	}
}

// TestAnAgentEndsItsStepWhateverTheToolsAnswer drives each agent against tools that always fail: it must stop by itself.
func TestAnAgentEndsItsStepWhateverTheToolsAnswer(t *testing.T) {
	brief := &research.Brief{Markets: []string{"BTC/USDT", "ETH/USDT"}, Families: []string{"trend", "reversion"}, Interval: "1h", Risk: "low", MaxDrawdown: 0.1}
	for agent := range agents {
		messages, err := llm.Start(agent, "", research.Task{Goal: "trend on BTC", Brief: brief})
		if err != nil {
			t.Fatal(err)
		}
		for step := 0; ; step++ {
			if step > 20 {
				t.Errorf("%s does not stop", agent)
				break
			}
			r, err := Model{}.GenerateContent(context.Background(), messages)
			if err != nil {
				t.Fatalf("%s: %v", agent, err)
			}
			calls := r.Choices[0].ToolCalls
			if len(calls) == 0 {
				break
			}
			messages = append(messages, llm.Calls(r.Choices[0].Content, calls))
			for _, c := range calls {
				if !json.Valid([]byte(c.FunctionCall.Arguments)) {
					t.Fatalf("%s: arguments %s", agent, c.FunctionCall.Arguments)
				}
				m, err := llm.Answer(c, research.ToolResult{Ref: "r1", Tool: c.FunctionCall.Name, Error: "out of order"})
				if err != nil {
					t.Fatal(err)
				}
				messages = append(messages, m)
			}
		}
	}
}

func TestUnknownAgentsAreRefused(t *testing.T) {
	_, err := Model{}.GenerateContent(context.Background(), []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "hello")})
	if err == nil {
		t.Fatal("a bare prompt was answered")
	}
}
