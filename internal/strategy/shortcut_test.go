package strategy_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// trader is a scene in which orders fill at once, and now and then one is refused.
type trader struct {
	scene
	n int
}

func (s *trader) Submit(in strategy.Intent) (string, string) {
	s.intents = append(s.intents, in)
	if s.n++; s.n%5 == 0 {
		return "", "insufficient_cash"
	}
	s.pos[in.Market].Quantity = money.Zero
	if in.Side == trade.Buy {
		s.pos[in.Market].Quantity = money.One
	}
	return "o" + strconv.Itoa(s.n), ""
}

// seen is all that a script did.
type seen struct {
	Intents []strategy.Intent
	Logs    []string
	Error   string
}

// trace runs a program over two markets' bars.
func trace(t *testing.T, p *strategy.Program, seed uint64, bars int) (seen, strategy.Strategy) {
	t.Helper()
	s, _, err := p.New(strategy.Options{})
	if err != nil {
		return seen{Error: err.Error()}, nil
	}
	c := &trader{scene: *newScene(2)}
	if err := s.Init(c); err != nil {
		return seen{Error: err.Error()}, s
	}
	a, b := wave(bars, market.Hour, seed), noise(bars, market.Hour, seed+1, .1)
	for i := range a {
		for m, bar := range []market.Bar{a[i], b[i]} {
			if bar.Unix()%5 == 0 && m == 1 && i%7 == 0 {
				three := money.FromInt(3)
				var err error
				if bar, err = market.NewBar(bar.Unix(), three, three, three, three, nil); err != nil { // no volume
					t.Fatal(err)
				}
			}
			c.last[m] = bar.Close()
			c.warming = i < 4
			if err := s.OnBar(c, m, &bar); err != nil {
				return seen{c.intents, c.logs, err.Error()}, s
			}
		}
	}
	return seen{c.intents, c.logs, ""}, s
}

const shortcutHeader = `strategy(name = "t", markets = ["BTC/USDT", "ETH/USDT"], interval = "1h")
a = ind.ema(2)
b = ind.sma(3, keep = 4)
m = ind.macd(2, 3, 2)
r = ind.rsi(2)
z = ind.zscore(3)
few = ind.ema(2, market = "ETH/USDT", keep = 2)
N = param("n", 3, min = 1, max = 9)
K = 0.5
BIG = 9007199254740993
ON = True
NAME = "ETH/USDT"
state.n = 0
def help(x):
    return x
`

// writer writes random bodies of on_bar: mostly what a shortcut knows, now and then what it does not, and what is an error.
type writer struct {
	*rand.Rand
	lines []string
	level int
}

func (w *writer) pick(of ...string) string { return of[w.IntN(len(of))] }

func (w *writer) number(depth int) string {
	if depth == 0 || w.IntN(3) == 0 {
		return w.pick("a.value", "b.value", "m.line", "m.signal", "m.histogram", "r.value", "z.value", "few.value", "b[1]", "a[2]", "few[1]", "m.back(1).signal",
			"bar.close", "bar.open", "bar.high", "bar.low", "bar.volume", "0", "1", "2", "-1", "50", "0.5", "1e308", "-0.0", "N", "K", "BIG", "x", "y", "u",
			"0.0", "9007199254740992", "b.back(N).value", "z.back(1)[1]", "b[-1]", "a.warmup", "state.n", "ctx.cash", "len(ctx.markets)", "help(2)", "None", "a", "few[2]", "7 % 3", "7 // 2", "True", "nosuch.x")
	}
	switch w.IntN(8) {
	case 0:
		return "abs(" + w.number(depth-1) + ")"
	case 1:
		return w.pick("min", "max") + "(" + w.number(depth-1) + ", " + w.number(depth-1) + w.pick("", ", 3") + ")"
	case 2:
		return "(" + w.number(depth-1) + " if " + w.truth(depth-1) + " else " + w.number(depth-1) + ")"
	case 3:
		return "-" + w.number(0)
	default:
		return "(" + w.number(depth-1) + w.pick(" + ", " - ", " * ", " / ") + w.number(depth-1) + ")"
	}
}

func (w *writer) truth(depth int) string {
	if depth == 0 {
		return w.pick("ctx.position", "not ctx.position", "ON", "a.ready", "True", "False", "x", "u", "None", "bar.market == ctx.markets[-1]", "bar.market != NAME",
			`ctx.market == "BTC/USDT"`, `bar.market == "XYZ/USDT"`, `"Q" == "Q"`, `"Q"`, "ctx.orders()", "bar.volume == None", "a.value != None", "ctx.markets[7] == NAME", "m", "ctx.position == None")
	}
	switch w.IntN(7) {
	case 0:
		return "not " + w.truth(depth-1)
	case 1:
		return "(" + w.truth(depth-1) + w.pick(" and ", " or ") + w.truth(depth-1) + ")"
	case 2:
		return w.pick("crossed_above", "crossed_below") + "(" + w.pick("a", "b", "r", "z", "few", "m.back(1)", "few.back(1)") + ", " + w.pick("b", "a", "50", "0.5", "K", w.number(0)) + ")"
	case 3:
		return w.truth(0)
	default:
		return w.number(depth-1) + w.pick(" < ", " > ", " <= ", " >= ", " == ", " != ") + w.number(depth-1)
	}
}

func (w *writer) line(s string) { w.lines = append(w.lines, strings.Repeat("    ", w.level)+s) }

func (w *writer) action() string {
	return w.pick(`ctx.buy(tag = "in")`, "ctx.buy()", `ctx.sell(tag = "out")`, "ctx.close()", `ctx.close(tag = "flat")`, "ctx.buy(0.5)", "ctx.target(0.5, band = 0.1)",
		`ctx.log("here", bar.close)`, "state.n += 1", "print(a.value)", "ctx.close(market = ctx.markets[0])", "ctx.cancel_all()", `ctx.buy(tag = 5)`, `ctx.buy(nothing = 1)`)
}

func (w *writer) block(depth, size int) {
	for range 1 + w.IntN(size) {
		switch w.IntN(9) {
		case 0, 1:
			w.line(w.pick("x", "y", "u") + w.pick(" = ", " = ", " += ", " -= ", " *= ", " /= ") + w.number(2))
		case 2:
			w.line(w.pick("x", "u") + " = " + w.truth(1))
		case 3:
			w.line(w.pick("pass", `"a text"`, "return", "y = m.back(1)", "u = ctx.position", "return None", "x, y = 1, 2", "x //= 2", "for i in range(2): x = i", "x = [1][0]", "help(x)", "bar = 3"))
		case 4, 5:
			w.line(w.action())
		default:
			if depth == 0 {
				w.line("pass")
				continue
			}
			w.line("if " + w.truth(2) + ":")
			w.level++
			w.block(depth-1, 2)
			w.level--
			if w.IntN(2) == 0 {
				w.line(w.pick("else:", "elif "+w.truth(2)+":"))
				w.level++
				w.block(depth-1, 2)
				w.level--
			}
		}
	}
}

// A script does the same with its shortcut as through the interpreter alone, whatever it holds.
func TestAShortcutDoesWhatTheInterpreterDoes(t *testing.T) {
	t.Parallel()
	rounds := 4000
	if n, err := strconv.Atoi(os.Getenv("OMC_SHORTCUT_ROUNDS")); err == nil {
		rounds = n
	}
	ran, done, failed, traded := 0, 0, 0, 0
	for i := range rounds {
		w := &writer{Rand: rand.New(rand.NewPCG(uint64(i), uint64(rounds))), level: 1}
		for _, v := range []string{"x", "y", "u"} {
			if w.IntN(4) > 0 {
				w.line(v + " = " + w.pick("0", "1.5", "a.value", "None", "False"))
			}
		}
		w.block(3, 4)
		src := shortcutHeader + "def on_bar(ctx, bar):\n" + strings.Join(w.lines, "\n") + "\n"
		p, err := strategy.Compile([]byte(src), "t")
		if err != nil {
			continue // a name that is not defined, or the like
		}
		want, _ := trace(t, p.Interpreted(), uint64(i), 40)
		got, s := trace(t, p, uint64(i), 40)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: with its shortcut\n%s\ndoes %s\nand through the interpreter alone %s", i, src, show(got), show(want))
		}
		ran++
		if s != nil {
			_, n := strategy.Shortcuts(s)
			done += n
		}
		if want.Error != "" {
			failed++
		}
		if len(want.Intents) > 0 {
			traded++
		}
	}
	t.Logf("%d scripts ran, %d with an error, %d traded; %d calls needed no interpreter", ran, failed, traded, done)
	if ran < rounds/2 || done < 5*ran || failed < ran/20 || traded < ran/10 {
		t.Error("the scripts show too little: change what is written")
	}
}

// Where a shortcut's arithmetic could differ from the interpreter's, it leaves the call to it.
func TestAShortcutKnowsItsBounds(t *testing.T) {
	t.Parallel()
	test := func(cond string) string {
		return "    if " + cond + ":\n        ctx.buy(tag = \"in\")\n    else:\n        ctx.close()\n"
	}
	for _, body := range []string{
		test("1e308 * 10 - 1e308 * 10 == 1e308 * 10 - 1e308 * 10"), // NaN is itself
		test("1e308 * 10 - 1e308 * 10 > 1e308 * 10"),               // and above infinity
		test("9007199254740992 + 1 == 9007199254740992"), test("BIG == 9007199254740992"), test("3 * 4503599627370497 == 13510798882111490"),
		test("crossed_above(one, 3)"), test("crossed_below(one, 3)"), test("crossed_above(one.back(1), few)"), test("crossed_above(few.back(1), few)"),
		test("crossed_above(few.back(1), 2.5)"), test("crossed_above(3, one)"), test("crossed_above(1e308 * 10, one)"),
		test("few.back(2).value > 0"), test("few.back(1)[1] > 0"), test("b.back(3)[0] > 0"), test("b[-1] > 0"), test("few[2] > 0"), test("one.back(-1).value > 0"),
		test(`"Q" == "R"`), test(`bar.market == "Q"`), test(`NAME == "ETH/USDT"`), test("True == 1"), test("None == 0"), test("None < 1"), test("ON < 2"),
		test("1 / 0 > 1"), test("bar.volume > 0"), test("-a.value < -b.value"), test("min(a.value, None) > 0"), test("max(1, 2.0) == max(2, 1.0)"),
		test("a.value == a"), test("a == a"), test("a == b"), test("ctx.position == ctx.position"), test("0.1 + 0.2 == 0.3"), test("1 if a.value else 2"),
		"    if not ctx.position:\n        x = 1\n" + test("x"), // of this call, not of one before
		"    x += 1\n" + test("x"), "    ctx = 3\n", "    bar = bar\n" + test("bar.close > 0"), "    f = lambda: x\n    x = 1\n" + test("x"),
		"    x = [y for y in [1]]\n" + test("a.value"), test("[a for a in [1]][0]"), "    ctx.close()\n    ctx.buy()\n", "    ctx.buy()\n    return\n",
		"    if ctx.position:\n        ctx.close()\n        return\n    ctx.buy(tag = \"" + strings.Repeat("ü", 80) + "\")\n", "    return 5\n", "    a.value\n", "    pass\n",
	} {
		src := shortcutHeader + "one = ind.sma(1)\n" + "def on_bar(ctx, bar):\n" + body
		p, err := strategy.Compile([]byte(src), "t")
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		want, _ := trace(t, p.Interpreted(), 5, 60)
		if got, _ := trace(t, p, 5, 60); !reflect.DeepEqual(got, want) {
			t.Errorf("with its shortcut\n%s\ndoes %s\nand through the interpreter alone %s", body, show(got), show(want))
		}
	}
}

// A shortcut that mostly needs the interpreter is left out.
func TestAUselessShortcutIsLeftOut(t *testing.T) {
	t.Parallel()
	for body, kept := range map[string]bool{"state.n += 1": false, "pass": true} {
		p, err := strategy.Compile([]byte(shortcutHeader+"def on_bar(ctx, bar):\n    "+body+"\n"), "t")
		if err != nil {
			t.Fatal(err)
		}
		_, s := trace(t, p, 1, 2200)
		if looked, _ := strategy.Shortcuts(s); looked > 0 != kept {
			t.Errorf("%s: %d calls were looked at", body, looked)
		}
	}
}

func show(s seen) string {
	return fmt.Sprintf("%d intents %v, %q, %q", len(s.Intents), s.Intents, s.Logs, s.Error)
}

// The examples do the same too, and most of them need the interpreter at few bars.
func TestExamplesDoTheSameWithShortcuts(t *testing.T) {
	t.Parallel()
	quick := 0
	for _, ex := range strategy.Examples() {
		p, err := strategy.Compile([]byte(ex.Source), ex.Name)
		if err != nil {
			t.Fatal(err)
		}
		run := func(p *strategy.Program) (seen, strategy.Strategy) {
			s, _, err := p.New(strategy.Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := len(s.Spec().Markets)
			c := &trader{scene: *newScene(n)}
			for i, bar := range wave(600, s.Spec().Interval, 9) {
				for m := range n {
					c.last[m], c.warming = bar.Close(), i < s.Spec().Warmup
					if err := s.OnBar(c, m, &bar); err != nil {
						return seen{c.intents, c.logs, err.Error()}, s
					}
				}
			}
			return seen{c.intents, c.logs, ""}, s
		}
		want, _ := run(p.Interpreted())
		got, s := run(p)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s, through the interpreter alone %s", ex.Name, show(got), show(want))
		}
		looked, done := strategy.Shortcuts(s)
		t.Logf("%s: %d of %d calls", ex.Name, done, looked)
		if looked > 0 && 2*done > looked {
			quick++
		}
	}
	if quick < 5 {
		t.Errorf("%d examples are quick", quick)
	}
}
