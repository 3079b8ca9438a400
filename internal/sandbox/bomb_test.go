//go:build linux && (amd64 || arm64)

package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/strategy"
)

func TestMain(m *testing.M) {
	if code, child := sandbox.Main(os.Args); child {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// jailed is a host of real children with a small allowance of memory, and calls that may take so long.
func jailed(t testing.TB, call time.Duration) *sandbox.Host {
	h := sandbox.NewHost(sandbox.Self, sandbox.Options{Width: 2,
		Limits: sandbox.Limits{Memory: 128 << 20, Call: call, Run: 5 * time.Minute, Event: call}})
	t.Cleanup(h.Close)
	return h
}

// bombs are what scripts do to the machine: at the top level, or in each bar.
var bombs = map[string]struct {
	top, bar string
	limits   string // any of
}{
	"squares":         {"", "x = 3\n  for i in range(1000): x = x * x", "memory time"},
	"doubled list":    {"", "x = [1]\n  for i in range(60): x = x + x", "memory"},
	"doubled text":    {"", "x = 'omc'\n  for i in range(60): x = x + x", "memory"},
	"a wide sort":     {"", "sorted(range(1 << 27))", "steps memory time"},
	"repeated":        {"", "x = 'ab' * (1 << 29)", "memory steps"},
	"a giant join":    {"", "x = ('x' * 1000000)\n  y = ','.join([x for i in range(100000)])", "memory"},
	"a giant format":  {"", "x = '%s' * 100000\n  y = x % tuple([('y' * 100000) for i in range(100000)])", "memory"},
	"deep values":     {"", "x = []\n  for i in range(1000000): x = [x]\n  print(x)", "memory crash steps"},
	"a deep text":     {"", "x = []\n  for i in range(500000): x = [x]\n  y = str(x)", "memory crash steps"},
	"equal and deep":  {"", "x, y = [], []\n  for i in range(100000): x, y = [x], [y]\n  z = x == y", "memory crash steps"},
	"an endless loop": {"", "for i in range(1000000):\n    for j in range(1000000): pass", "steps time"},
	"printing":        {"", "for i in range(1000000): print('x' * 10000)", "lines"},
	"a growing state": {"state.x = [1]", "state.x = state.x + state.x", "memory"},
	"at the top":      {"def grow():\n  x = [0]\n  for i in range(60): x = x + x\ngrow()", "pass", "memory"},
	"columns":         {"f = series.frame([i for i in range(20000)], {'x': [i for i in range(20000)]})", "x = [f['x'] * 2 for i in range(60000)]", "memory"},
	"a slow fit":      {"f = series.frame([i for i in range(100000)], {'x': [i % 977 for i in range(100000)]})", "m = learn.forest(f, f['x'], trees=10000)", "memory time"},
	"endless fits":    {"f = series.frame([i for i in range(2000)], {'x': [i % 977 for i in range(2000)]})", "for j in range(1000000): learn.ridge(f, f['x'])", "steps time"},
	"kept fits":       {"f = series.frame([i for i in range(2000)], {'x': [i % 977 for i in range(2000)]})", "x = [learn.ridge(f, f['x']) for j in range(1000000)]", "memory steps time"},
	"a big dict":      {"", "x = {}\n  for i in range(900000): x['%d' % i] = 'x' * 1000", "memory steps"},
}

func (b bombed) script() string {
	return fmt.Sprintf("strategy(name='bomb', markets=['BTC/AUD'], interval='1h')\n%s\ndef on_bar(ctx, bar):\n  %s\n", b.top, b.bar)
}

type bombed struct{ top, bar string }

// What a script uses costs only its own child: each ends with an error that names the limit, this process stays as it is, and a
// session beside goes on. Not parallel: what other tests use of this process' memory would be taken for the bombs'.
func TestBombsCostOnlyTheirChild(t *testing.T) {
	h, hasty := jailed(t, 2*time.Minute), jailed(t, time.Second) // a busy machine takes its time to use up memory
	if err := h.Contained(t.Context()); err != nil {
		t.Skipf("this machine does not contain children: %v", err)
	}
	bars := walkOf(1, 300, market.Hour)
	data := sandbox.Data{Markets: []market.Market{{Base: "BTC", Quote: "AUD"}}, Interval: market.Hour, Bars: [][]market.Bar{bars}}
	before := resident(t)
	for name, c := range bombs {
		t.Run(name, func(t *testing.T) {
			by := h
			if strings.Contains(c.limits, "time") {
				by = hasty
			}
			b := by.Bench(sandbox.Script{Name: "bomb", Source: bombed{c.top, c.bar}.script()})
			defer b.Close()
			b.Load(data)
			_, err := b.Backtest(t.Context(), sandbox.Run{Settings: report.Default(), Sources: []string{"test"}}, nil, nil)
			if got := limitOf(err); !strings.Contains(c.limits, got) {
				t.Errorf("ended by %q, want one of %s: %v", got, c.limits, err)
			}
		})
	}
	if grown := resident(t) - before; grown > 96<<20 {
		t.Errorf("this process grew by %d MiB while bombs went off in others", grown>>20)
	}
	e, _ := strategy.FindExample("ema-cross")
	b := h.Bench(sandbox.Script{Name: e.Name, Source: e.Source})
	defer b.Close()
	if _, err := b.Declare(t.Context(), strategy.Options{}); err != nil {
		t.Errorf("after the bombs an honest script fails: %v", err)
	}
}

// limitOf names what ended a script.
func limitOf(err error) string {
	var limit *sandbox.LimitError
	var script *strategy.ScriptError
	switch {
	case err == nil:
		return "nothing"
	case errors.As(err, &limit):
		return limit.Limit
	case errors.As(err, &script) && strings.Contains(err.Error(), "lines in one call"):
		return "lines"
	case errors.As(err, &script) && strings.Contains(err.Error(), "interpreter steps"),
		errors.As(err, &script) && strings.Contains(err.Error(), "at most"),
		errors.As(err, &script) && strings.Contains(err.Error(), "excessive"),
		errors.As(err, &script) && strings.Contains(err.Error(), "recursion depth"):
		return "steps"
	}
	return "another error"
}

// resident is the memory of this process.
func resident(t testing.TB) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			n, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

// A session goes on while its neighbours are ended, and one that is bombed fails alone.
func TestASessionOutlivesABomb(t *testing.T) {
	t.Parallel()
	h := jailed(t, 2*time.Minute)
	if err := h.Contained(t.Context()); err != nil {
		t.Skipf("this machine does not contain children: %v", err)
	}
	e, _ := strategy.FindExample("ema-cross")
	strat, content, err := strategy.Load([]byte(e.Source), e.Name, strategy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Session(t.Context(), e.Name, content)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	spec := strat.Spec()
	in := backtest.Input{Strategy: strat, CodeHash: content.CodeHash(), Settings: report.Default(), Sources: []string{"test"}}
	for m := range spec.Markets {
		in.Bars = append(in.Bars, walkOf(uint64(m), 400, spec.Interval))
	}
	want, _ := run(t, in)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_, bomb, err := strategy.Load([]byte(bombed{"", "x = [1]\n  for i in range(60): x = x + x"}.script()), "bomb", strategy.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			b, err := h.Session(ctx, "bomb", bomb)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			_, err = backtest.Run(ctx, backtest.Input{Strategy: b, CodeHash: bomb.CodeHash(), Settings: report.Default(), Sources: []string{"test"},
				Bars: [][]market.Bar{walkOf(3, 30, market.Hour)}})
			b.Close()
			if got := limitOf(err); got != "memory" && ctx.Err() == nil {
				t.Errorf("the bomb ended by %q: %v", got, err)
			}
		}
	}()
	in.Strategy = s
	got, _ := run(t, in)
	stop()
	<-ended
	if got != want {
		t.Error("a session beside bombs reports otherwise")
	}
}
