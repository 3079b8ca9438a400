package strategy_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/strategy"
)

const askingScript = `strategy(name="t", markets=["BTC/USDT", "ETH/USDT"], interval="1h")
hours = param("hours", 24, min=1, max=100)
mood = ledger.sentiment(window="%dh" % hours)
same = ledger.sentiment(window="24h", keep=100)
bitcoin = ledger.metric("tx_count", coin="btc", window="30d")
halts = ledger.events(types=["halt", "delisting"], min_impact=0.4, lag="2h")
flow = ledger.flows()
calm = ind.sma(2, source=mood)
twice = ind.sma(2, source=calm, market="BTC/USDT")
def on_bar(ctx, bar):
    ctx.log(mood.value, mood.count, bitcoin.value, bitcoin.hours_since, halts.impact, flow.net_usd, calm.value, mood.back(1).mean, mood.ready, mood.on("ETH/USDT").value, mood.values(2))
`

func TestAScriptDeclaresWhatItAsksOfTheLedgers(t *testing.T) {
	spec := load(t, askingScript, strategy.Options{Params: map[string]float64{"hours": 24}}).Spec()
	var got []string
	for i := range spec.Ledgers {
		got = append(got, spec.Ledgers[i].String()+" "+spec.Ledgers[i].Lag())
	}
	want := []string{"sentiment of BTC over 1d ", "sentiment of ETH over 1d ", "metric of BTC (tx_count) over 30d ", "events of BTC (delisting, halt) over 7d, impact from 0.4 2h",
		"events of ETH (delisting, halt) over 7d, impact from 0.4 2h", "flows of BTC of 1d each over 2d ", "flows of ETH of 1d each over 2d "}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("asked:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if spec.Warmup != 3 { // sma(2) of sma(2)
		t.Errorf("warm-up %d, want 3", spec.Warmup)
	}
}

func TestAScriptSeesFactsFromTheBarOnThatTheyWereKnownAt(t *testing.T) {
	s := load(t, askingScript, strategy.Options{Markets: []market.Market{{Base: "BTC", Quote: "USDT"}, {Base: "ETH", Quote: "USDT"}}})
	c := newScene(2)
	first := bar(0, "1").Unix() * 1000
	hour := int64(3_600_000)
	text := func(q int, key uint64, published, known, score float64) fact.Fact {
		return fact.Fact{Query: q, Key: key, Event: first + int64(published*float64(hour)), Known: first + int64(known*float64(hour)), Values: [3]float64{score}}
	}
	if err := strategy.Tell(s, []fact.Fact{text(0, 1, .5, 3, .5), text(0, 2, 3.5, 4.00001, -1), text(2, 3, 0, 2.5, 42)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Init(c); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		c.now = bar(i, "1").OpenTime().Add(time.Hour)
		if err := s.OnBar(c, 0, bar(i, "1")); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{ // bars 2, 3 and 4, which close at hours 3, 4 and 5; the metric is of hour 0 and known at 2.5
		"0.5 1.0 42.0 3.0 0.0 None None None True None [None, 0.5]",
		"0.5 1.0 42.0 4.0 0.0 None 0.5 0.5 True None [0.5, 0.5]",
		"-0.25 2.0 42.0 5.0 0.0 None 0.125 0.5 True None [0.5, -0.25]",
	}
	if strings.Join(c.logs, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(c.logs, "\n"), strings.Join(want, "\n"))
	}
}

func TestQuestionsToTheLedgersThatAreRefused(t *testing.T) {
	const end = "\ndef on_bar(ctx, bar): pass\n"
	for name, c := range map[string]struct{ line, want string }{
		"window":          {`x = ledger.sentiment(window="1 day")`, `window: "1 day": want a whole number of minutes`},
		"no window":       {`x = ledger.sentiment(window="0h")`, "above zero"},
		"endless":         {`x = ledger.sentiment(window="99999999d")`, "at most ten years"},
		"no metric":       {`x = ledger.metric()`, "missing argument for name"},
		"coin":            {`x = ledger.flows(coin="B T C")`, "letters and digits"},
		"impact":          {`x = ledger.events(min_impact=2)`, "from 0 to 1"},
		"lag":             {`x = ledger.metric("tvl", lag=3)`, `want a time like "1d"`},
		"unknown":         {`x = ledger.prices()`, "no .prices"},
		"foreign keyword": {`x = ledger.flows(types=[])`, "unexpected keyword"},
		"too many":        {`x = [ledger.sentiment(window="%dh" % (i + 1)) for i in range(40)]`, "more than 64 questions"},
		"keep":            {`x = ledger.flows(keep=1)`, "keep"},
		"source of bars":  {`x = ind.atr(source=ledger.flows())`, "takes no source"},
		"two markets":     {"a = ind.sma(2, market='BTC/USDT')\nb = ind.sma(2, source=a, market='ETH/USDT')", "of BTC/USDT"},
	} {
		if _, _, err := strategy.Load([]byte(header+c.line+end), "t", strategy.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	s := load(t, header+end, strategy.Options{})
	if err := strategy.Tell(s, []fact.Fact{{}}); err == nil {
		t.Error("a script that asks nothing was told something")
	}
	if err := strategy.Tell(s, nil); err != nil {
		t.Error(err)
	}
}

// The documentation's own example runs: before the first text, while there are few, and while there is none again.
func TestTheDocumentedExampleOfTheLedgersRuns(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/strategies.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(raw), "\n## The ledgers\n")
	_, after, _ = strings.Cut(after, "```python\n")
	example, _, ok := strings.Cut(after, "```")
	if !ok {
		t.Fatal("docs/strategies.md has no example under The ledgers")
	}
	s := load(t, header+example, strategy.Options{})
	c := newScene(2)
	mood := slices.IndexFunc(s.Spec().Ledgers, func(q fact.Query) bool { return q.Kind == fact.Sentiment && q.Coin == "BTC" })
	for i := range 200 {
		c.now = time.Unix(bar(i, "7").Unix(), 0).Add(time.Hour).UTC()
		if i%100 > 20 && i%100 < 60 {
			at := c.now.UnixMilli() - 1
			if err := s.(strategy.Listener).OnFacts([]fact.Fact{{Query: mood, Key: uint64(i), Event: at, Known: at, Values: [3]float64{float64(i%9)/10 - .4}}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := feed(t, s, c, 0, i, "7"); err != nil {
			t.Fatalf("bar %d: %v", i, err)
		}
	}
	if len(c.intents) == 0 {
		t.Error("it bought at no bar")
	}
}
