package strategy_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/indicator"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

func TestDeclaration(t *testing.T) {
	src := `strategy(name="t", description="d", markets=["btc-usdt"], interval="4h")
n = param("n", 20, min=2, max=50, doc="bars")
x = param("x", 0.5, min=0.0, max=1.0)
on = param("on", True)
a = ind.sma(n)
b = ind.rsi(n=7, source="hl2")
def on_bar(ctx, bar): pass
`
	s, c, err := strategy.Load([]byte(src), "t", strategy.Options{Params: map[string]float64{"n": 30, "on": 0}, Interval: market.Day,
		Markets: []market.Market{{Base: "ETH", Quote: "AUD"}}})
	if err != nil {
		t.Fatal(err)
	}
	spec := s.Spec()
	if spec.Warmup != 30 || spec.Interval != market.Day || len(spec.Markets) != 1 || spec.Markets[0].String() != "ETH/AUD" {
		t.Errorf("%+v", spec)
	}
	if want := (strategy.Param{Name: "n", Kind: "int", Default: 20, Min: 2, Max: 50, Value: 30, Doc: "bars"}); spec.Params[0] != want {
		t.Errorf("%+v", spec.Params[0])
	}
	if len(c.Params) != 3 || c.Params["n"] != 30 || c.Params["x"] != 0.5 || c.Params["on"] != 0 || c.Interval != market.Day {
		t.Errorf("content %+v", c)
	}
	zero := math.Copysign(0, -1)
	_, x, err := strategy.Load([]byte(src), "t", strategy.Options{Params: map[string]float64{"x": 0}})
	_, y, err2 := strategy.Load([]byte(src), "t", strategy.Options{Params: map[string]float64{"x": zero}})
	if err != nil || err2 != nil || x.ID() != y.ID() || x.ID() == c.ID() {
		t.Errorf("0 and −0 are two contents: %v %v", err, err2)
	}
	again, err := strategy.Factory(c, "t")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := again(); err != nil || s.Spec().Warmup != 30 {
		t.Errorf("from its content: %v", err)
	}
	if d, err := strategy.Declare([]byte(src)); err != nil || d.Warmup != 20 || d.Interval != 4*market.Hour {
		t.Errorf("declared: %+v, %v", d, err)
	}
}

func TestScriptsThatAreRefused(t *testing.T) {
	const bar = "\ndef on_bar(ctx, bar): pass\n"
	for name, c := range map[string]struct {
		src   string
		parts []string
	}{
		"syntax":            {"def on_bar(ctx, bar)\n pass", []string{"t.star:2:1", "want ':'"}},
		"unknown name":      {header + "x = os" + bar, []string{"t.star:2:5", "undefined: os"}},
		"load":              {"load('x.star', 'y')" + bar, []string{"t.star:1:1", "load is not available"}},
		"while":             {header + "def on_bar(ctx, bar):\n  while True: pass", []string{"t.star:3:3", "while"}},
		"no strategy":       {bar, []string{"strategy(...) was not called"}},
		"no handler":        {header, []string{"on_bar is missing"}},
		"wrong arguments":   {header + "def on_bar(bar): pass", []string{"t.star:2:", "def on_bar(ctx, bar):"}},
		"endless top level": {header + "x = [i*j for i in range(1000000) for j in range(1000000)]" + bar, []string{"interpreter steps"}},
		"wide range":        {header + "x = range(10000000)" + bar, []string{"at most 1000000"}},
		"bad market":        {"strategy(name='t', markets=['BTC'], interval='1h')" + bar, []string{"t.star:1:", "BASE/QUOTE"}},
		"bad interval":      {"strategy(name='t', markets=['BTC/AUD'], interval='7m')" + bar, []string{"interval"}},
		"mixed quotes":      {"strategy(name='t', markets=['BTC/AUD', 'BTC/USD'], interval='1h')" + bar, []string{"different quote"}},
		"same market twice": {"strategy(name='t', markets=['BTC/AUD', 'btc-aud'], interval='1h')" + bar, []string{"twice"}},
		"bad name":          {"strategy(name='A b', markets=['BTC/AUD'], interval='1h')" + bar, []string{"name"}},
		"no range":          {header + "p = param('p', 3)" + bar, []string{"t.star:2:", "give min and max"}},
		"default outside":   {header + "p = param('p', 3, min=5, max=9)" + bar, []string{"whole number from 5 to 9"}},
		"same param twice":  {header + "p = param('p', 3, min=1, max=9)\nq = param('p', 3, min=1, max=9)" + bar, []string{"declared twice"}},
		"unknown indicator": {header + "x = ind.magic(3)" + bar, []string{"t.star:2:", "magic", "ema"}},
		"indicator keyword": {header + "x = ind.ema(m=3)" + bar, []string{"no parameter m", "it has: n"}},
		"indicator range":   {header + "x = ind.ema(0)" + bar, []string{"t.star:2:", "ind.ema", "must be from 1"}},
		"indicator source":  {header + "x = ind.ema(3, source='vwap')" + bar, []string{"hlc3"}},
		"indicator market":  {header + "x = ind.ema(3, market='DOGE/USDT')" + bar, []string{"DOGE/USDT", "BTC/USDT"}},
		"huge windows":      {header + strings.Repeat("ind.sma(250000)\n", 20) + bar, []string{"remember more than"}},
		"too large":         {strings.Repeat("#", strategy.MaxScript+1), []string{"262145 bytes"}},
		"nested":            {"x = " + strings.Repeat("(", 1000), []string{"nested too deeply"}},
		"not UTF-8":         {"# ok\n# \xff" + bar, []string{"t.star:2:", "UTF-8"}},
		"escape":            {"# \x1b[31m" + bar, []string{"control character U+001B"}},
		"hidden direction":  {"# \u202e" + bar, []string{"control character U+202E"}},
		"recursion":         {header + "def f(n): return f(n-1)\nx = f(3)" + bar, []string{"recursively"}},
		"value too early":   {header + "x = ind.ema(3).value" + bar, []string{"t.star:2:", "read it in on_bar"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := strategy.Load([]byte(c.src), "t", strategy.Options{})
			wantError(t, err, c.parts...)
		})
	}
}

func TestErrorsInHandlersNameTheLine(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"NaN":              {"ctx.buy(quantity=float('nan'))", "t.star:3:30: in on_bar: ctx.buy: quantity: want a finite number"},
		"infinite":         {"ctx.buy(notional=float('inf'))", "finite"},
		"negative":         {"ctx.sell(quantity=-1)", "ctx.sell: quantity: -1 is negative"},
		"fraction above 1": {"ctx.buy(1.5)", "fraction: 1.5 is above 1"},
		"two sizes":        {"ctx.buy(quantity=1, notional=5)", "give one of"},
		"zero limit":       {"ctx.buy(limit=0)", "above zero"},
		"text":             {"ctx.buy(quantity='1')", "want a number, got string"},
		"unknown market":   {"ctx.buy(market='DOGE/USDT')", "DOGE/USDT"},
		"unset state":      {"state.x += 1", "state.x is not set"},
		"unready":          {"print(late.on('ETH/USDT').value + 1)", "ask its .ready first"},
		"lines":            {"[print('a') for i in range(20000)]", "more than 10000 orders, cancels, timers and lines in one call"},
		"long lines":       {"[ctx.log('a' * 1000) for i in range(6000)]", "4 MiB of lines"},
		"orders":           {"[ctx.buy(0.001) for i in range(10001)]", "more than 10000 orders"},
		"NaN result":       {"ctx.result('a', float('nan'))", "want a text, or want a finite number"},
		"steps":            {"[x for x in range(1000000) for y in range(1000000)]", "interpreter steps"},
		"frozen global":    {"seen.append(1)", "frozen"},
		"no such attr":     {"ctx.leverage", "ctx has no .leverage"},
		"timer":            {"ctx.timer('t')", "above zero"},
		"deep history":     {"late.back(64)", "from 0 to 63"},
		"the last bar":     {"print(late[-1])", "want bars back from 0, the newest, to 63"},
		"deep index":       {"print(late[64])", "sma[64]: want bars back"},
		"no index":         {"print(late['a'])", "an indicator has values of bars back"},
		"new indicator":    {"ind.ema(3)", "top level"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := load(t, header+"late = ind.sma(2); seen = []\ndef on_bar(ctx, bar): "+c.body+"\n", strategy.Options{})
			scene := newScene(2)
			if err := feed(t, s, scene, 0, 0, "100"); err != nil {
				t.Fatal(err) // not ready: not called
			}
			wantError(t, feed(t, s, scene, 0, 1, "100"), "t.star:3:", "in on_bar", c.want)
		})
	}
}

func TestBacktraceShowsTheCalls(t *testing.T) {
	s := load(t, header+"def half(x):\n  return 1 / x\ndef on_bar(ctx, bar):\n  half(0)\n", strategy.Options{})
	err := feed(t, s, newScene(2), 0, 0, "1")
	wantError(t, err, "t.star:3:12: in half: floating-point division by zero")
	if bt := err.(*strategy.ScriptError).Backtrace(); !strings.Contains(bt, "t.star:5:7: in on_bar\n") {
		t.Error(bt)
	}
}

func TestIntents(t *testing.T) {
	s := load(t, header+`
def on_bar(ctx, bar):
  ctx.buy()
  ctx.buy(0.25, tag="quarter")
  ctx.buy(quantity=0.1+0.2, limit=99.5, market="eth-usdt")
  ctx.sell(notional=100)
  state.id = ctx.buy(quantity=1e-9)
  ctx.log("tiny", state.id, ctx.refused)
  ctx.timer("later", minutes=90)
  ctx.cancel("o7")
  ctx.cancel(None)
  print(ctx.close(), ctx.close(market="ETH/USDT"))
`, strategy.Options{})
	c := newScene(2)
	c.pos[1].Quantity = money.One
	if err := feed(t, s, c, 0, 0, "100"); err != nil {
		t.Fatal(err)
	}
	d := money.MustParse
	want := []strategy.Intent{
		{Side: trade.Buy, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: money.One},
		{Side: trade.Buy, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: d("0.25"), Tag: "quarter"},
		{Market: 1, Side: trade.Buy, Type: trade.LimitOrder, Size: strategy.ByQuantity, Amount: d("0.3"), Limit: d("99.5")},
		{Side: trade.Sell, Type: trade.MarketOrder, Size: strategy.ByNotional, Amount: d("100")},
		{Market: 1, Side: trade.Sell, Type: trade.MarketOrder, Size: strategy.ByFraction, Amount: money.One, Tag: "close"},
	}
	if len(c.intents) != len(want) {
		t.Fatalf("%+v", c.intents)
	}
	for i, w := range want {
		g := c.intents[i]
		if !g.Amount.Equal(w.Amount) || !g.Limit.Equal(w.Limit) {
			t.Errorf("intent %d: amount %s limit %s", i, g.Amount, g.Limit)
		}
		g.Amount, g.Limit = w.Amount, w.Limit
		if g != w {
			t.Errorf("intent %d is %+v, want %+v", i, g, w)
		}
	}
	if at := c.timers["later"]; !at.Equal(c.now.Add(90 * time.Minute)) {
		t.Errorf("timer at %s", at)
	}
	if len(c.cancels) != 1 || c.cancels[0] != "o7" {
		t.Errorf("cancels %v", c.cancels)
	}
	if len(c.logs) != 2 || c.logs[0] != "tiny None zero_amount" || c.logs[1] != "None o5" {
		t.Errorf("logs %q", c.logs)
	}
}

func TestTargetMovesTheDifference(t *testing.T) {
	for _, c := range []struct {
		name, call, cash, held string
		side                   trade.Side
		size                   strategy.Size
		amount                 string
	}{
		{"from nothing", "ctx.target(0.5)", "10000", "0", trade.Buy, strategy.ByNotional, "5000"},
		{"up", "ctx.target(0.5)", "9000", "10", trade.Buy, strategy.ByNotional, "4000"},
		{"down", "ctx.target(0.25)", "5000", "50", trade.Sell, strategy.ByQuantity, "25"},
		{"out", "ctx.target(0)", "5000", "50", trade.Sell, strategy.ByFraction, "1"},
		{"within the band", "ctx.target(0.5, band=0.02)", "5100", "49", "", "", ""},
		{"no cash for it", "ctx.target(1, band=0.02)", "100", "99", "", "", ""},
		{"all there is", "ctx.target(1, band=0.01)", "100", "99", trade.Buy, strategy.ByNotional, "100"},
		{"there already", "ctx.target(0.5)", "5000", "50", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := load(t, header+"def on_bar(ctx, bar): "+c.call+"\n", strategy.Options{})
			scene := newScene(2)
			scene.cash, scene.pos[0].Quantity = money.MustParse(c.cash), money.MustParse(c.held)
			if err := feed(t, s, scene, 0, 0, "100"); err != nil {
				t.Fatal(err)
			}
			if c.side == "" {
				if len(scene.intents) != 0 {
					t.Errorf("%+v", scene.intents)
				}
				return
			}
			if len(scene.intents) != 1 {
				t.Fatalf("%+v", scene.intents)
			}
			if in := scene.intents[0]; in.Side != c.side || in.Size != c.size || in.Amount.String() != c.amount {
				t.Errorf("%+v %s", in, in.Amount)
			}
		})
	}
}

// TestIndicatorsEqualTheirSeries declares every indicator there is and compares what a script reads with the whole-series form.
func TestIndicatorsEqualTheirSeries(t *testing.T) {
	bars := wave(300, market.Hour, 3)
	columns := map[string][]float64{}
	for i := range bars {
		o, h, l, c, v := bars[i].Floats()
		for name, x := range map[string]float64{"open": o, "high": h, "low": l, "close": c, "volume": v} {
			columns[name] = append(columns[name], x)
		}
	}
	for _, spec := range indicator.Specs() {
		t.Run(spec.Name, func(t *testing.T) {
			t.Parallel()
			var in [][]float64
			for _, name := range spec.Inputs {
				in = append(in, columns[name])
			}
			want, err := spec.Series(in)
			if err != nil {
				t.Fatal(err)
			}
			src := header + "x = ind." + spec.Name + "()\ndef on_warmup(ctx, bar): on_bar(ctx, bar)\ndef on_bar(ctx, bar):\n"
			for _, out := range spec.Outputs {
				src += "  print(x." + out + ")\n"
			}
			src += "  print(x.value, x.back(1).value, x[1], x.values(2))\n"
			s, c := load(t, src, strategy.Options{}), newScene(2)
			say := func(out, i int) string {
				if i < 0 || math.IsNaN(want[out][i]) {
					return "None"
				}
				return starlarkFloat(want[out][i])
			}
			for i := range bars {
				c.logs = c.logs[:0]
				if err := s.OnBar(c, 0, &bars[i]); err != nil {
					t.Fatal(err)
				}
				for k := range spec.Outputs {
					if c.logs[k] != say(k, i) {
						t.Fatalf("bar %d: %s = %s, want %s", i, spec.Outputs[k], c.logs[k], say(k, i))
					}
				}
				now, before := say(0, i), say(0, i-1)
				if last, w := c.logs[len(spec.Outputs)], now+" "+before+" "+before+" ["+before+", "+now+"]"; last != w {
					t.Fatalf("bar %d: %s, want %s", i, last, w)
				}
			}
		})
	}
}

func TestIndicatorsOfSeveralMarkets(t *testing.T) {
	s := load(t, header+`
each = ind.sma(2)
eth = ind.sma(1, market="ETH/USDT")
up = ind.sma(1)
def on_bar(ctx, bar):
  print(bar.market, each.value, each.on("ETH/USDT").value, eth.value, crossed_above(up, 104), crossed_below(up, each))
`, strategy.Options{})
	c := newScene(2)
	for i, closes := range [][2]string{{"100", "10"}, {"102", "14"}, {"108", "12"}} {
		for m, x := range closes {
			if err := feed(t, s, c, m, i, x); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{
		"BTC/USDT 101.0 None 10.0 False False", "ETH/USDT 12.0 12.0 14.0 False False",
		"BTC/USDT 105.0 12.0 14.0 True False", "ETH/USDT 13.0 13.0 12.0 False True",
	}
	if strings.Join(c.logs, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(c.logs, "\n"))
	}
}

func TestHandlersSeeFillsTimersOrdersAndState(t *testing.T) {
	s := load(t, header+`
def init(ctx):
  state.n = 0
  print("init", ctx.market, len(ctx.markets), ctx.cash, ctx.last())
def on_bar(ctx, bar):
  state.n += 1
  state.bar = bar
  for o in ctx.orders():
    print(o.id, o.side, o.type, o.remaining, o.limit, o.tag)
  p = ctx.position
  print(state.n, bar.time, bar.time.weekday, ctx.time.unix, bool(p), p.value, p("ETH/USDT").quantity)
def on_fill(ctx, fill):
  print(ctx.market, fill.side, fill.quantity, fill.price, fill.fee, fill.notional, fill.order, state.bar.close)
def on_timer(ctx, name):
  print(name, ctx.market, state.n)
`, strategy.Options{})
	c := newScene(2)
	if err := s.Init(c); err != nil {
		t.Fatal(err)
	}
	c.pos[0].Quantity = money.MustParse("2")
	c.open = []trade.Order{{ID: "o3", Side: trade.Sell, Type: trade.LimitOrder, Quantity: money.MustParse("2"), Filled: money.MustParse("0.5"), Limit: money.MustParse("120"), Tag: "x"}}
	if err := feed(t, s, c, 0, 0, "100"); err != nil {
		t.Fatal(err)
	}
	f := &trade.Fill{OrderID: "o3", Market: market.Market{Base: "ETH", Quote: "USDT"}, Side: trade.Buy, Quantity: money.MustParse("3"), Price: money.MustParse("10.5"), Fee: money.MustParse("0.03")}
	if err := s.OnFill(c, f); err != nil {
		t.Fatal(err)
	}
	if err := s.OnTimer(c, "later"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"init BTC/USDT 2 10000.0 None", "o3 sell limit 1.5 120.0 x", "1 2023-11-14T22:00:00Z 2 1700000000 True 200.0 0.0",
		"ETH/USDT buy 3.0 10.5 0.03 31.5 o3 100.0", "later BTC/USDT 1",
	}
	if strings.Join(c.logs, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(c.logs, "\n"))
	}
}

func TestRunsShareNoState(t *testing.T) {
	p, err := strategy.Compile([]byte(header+"state.seen = []\ndef on_bar(ctx, bar):\n  state.seen.append(bar.close)\n  print(len(state.seen))\n"), "t")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s, _, err := p.New(strategy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := newScene(2)
		for i := range 2 {
			if err := feed(t, s, c, 0, i, "5"); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Join(c.logs, " ") != "1 2" {
			t.Error(c.logs)
		}
	}
}

func TestWarmupIsNotTradedOn(t *testing.T) {
	s := load(t, header+"a = ind.sma(3)\ndef on_bar(ctx, bar): print(bar.close)\n", strategy.Options{})
	c := newScene(2)
	for i, x := range []string{"1", "2", "3", "4", "5"} {
		c.warming = i < 3
		if err := feed(t, s, c, 0, i, x); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(c.logs, " ") != "4.0 5.0" {
		t.Error(c.logs)
	}
}

// TestDeepSourceDoesNotExhaustTheStack offers what a recursive parser or compiler could die of: Go cannot recover from that.
func TestDeepSourceDoesNotExhaustTheStack(t *testing.T) {
	for _, unit := range []string{"(", "[", "{1:", "not ", "-", "lambda: ", "1 if 1 else ", "x.", "f(", "1 and ", "-\\\n", "1+(", "\"\"+", "x[0]", "x()", "x==", "*", "if 1:\n "} {
		for _, start := range []string{"", "y = ", "x"} {
			src := start + strings.Repeat(unit, (strategy.MaxScript-10)/len(unit))
			_, _, err := strategy.Load([]byte(src), "t", strategy.Options{})
			wantError(t, err, "t.star")
		}
	}
}
