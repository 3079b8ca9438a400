package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/internal/venue/sim"
)

// TestScenarios runs the stories of testdata. Lines before the first bar, quote or clock set the stage; what the strategy does
// stands after the bar at whose close it does it; what is expected stands after the step that brings it about.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			play(t, string(body))
		})
	}
}

// story is one scenario under way.
type story struct {
	t       *testing.T
	line    int
	s       report.Settings
	spec    strategy.Spec
	from    time.Time
	quotes  bool
	r       *engine.Runner
	v       *sim.Venue
	last    map[string]trade.Order
	fills   []trade.Fill
	lines   []engine.Line
	todo    []string
	onFill  []string
	onTimer []string
}

func play(t *testing.T, body string) {
	st := &story{t: t, s: report.Default(), last: map[string]trade.Order{}}
	st.s.SlippageBps, st.s.FeeBps, st.s.Cash = money.Zero, money.Zero, money.FromInt(1000)
	st.spec = strategy.Spec{Name: "story", Markets: []market.Market{{Base: "BTC", Quote: "AUD"}}, Interval: market.Hour}
	all := strings.Split(body, "\n")
	for i, l := range all {
		st.line = i + 1
		l, _, _ = strings.Cut(l, "#")
		words := strings.Fields(l)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "bar", "quote", "clock", "stop", "kill", "end":
			st.start()
			st.todo = nil
			for _, next := range all[i+1:] {
				next, _, _ = strings.Cut(next, "#")
				w := strings.Fields(next)
				if len(w) > 0 && strings.Contains(" bar quote clock stop kill end ", " "+w[0]+" ") {
					break
				}
				if len(w) > 0 && w[0] != "expect" {
					st.todo = append(st.todo, next)
				}
			}
			st.step(words)
		case "expect":
			st.expect(words[1:])
		default:
			if st.r == nil {
				st.stage(words)
			}
		}
	}
	if len(st.fills) > 0 {
		t.Errorf("a fill that nobody expected: %+v", st.fills[0])
	}
}

func (st *story) fatalf(format string, args ...any) {
	st.t.Helper()
	st.t.Fatalf("line %d: %s", st.line, fmt.Sprintf(format, args...))
}

func (st *story) dec(s string) money.Decimal {
	d, err := money.Parse(s)
	if err != nil {
		st.fatalf("%v", err)
	}
	return d
}

// clock reads HH:MM or HH:MM:SS of 2024-01-01, a Monday.
func (st *story) clock(s string) time.Time {
	for _, layout := range []string{"15:04:05", "15:04"} {
		if at, err := time.Parse(layout, s); err == nil {
			return time.Date(2024, 1, 1, at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
		}
	}
	st.fatalf("time %q", s)
	return time.Time{}
}

func (st *story) stage(w []string) {
	switch w[0] {
	case "cash":
		st.s.Cash = st.dec(w[1])
	case "fee_bps":
		st.s.FeeBps = st.dec(w[1])
	case "slippage_bps":
		st.s.SlippageBps = st.dec(w[1])
	case "participation":
		st.s.Participation = st.dec(w[1])
	case "tick":
		st.s.PriceTick = st.dec(w[1])
	case "step":
		st.s.QuantityStep = st.dec(w[1])
	case "warmup":
		st.spec.Warmup, _ = strconv.Atoi(w[1])
	case "from":
		st.from = st.clock(w[1])
	case "quotes":
		st.quotes = true
	case "markets":
		st.spec.Markets = nil
		for _, m := range w[1:] {
			p, err := market.ParseMarket(m)
			if err != nil {
				st.fatalf("%v", err)
			}
			st.spec.Markets = append(st.spec.Markets, p)
		}
	case "onfill":
		st.onFill = append(st.onFill, strings.Join(w[1:], " "))
	case "ontimer":
		st.onTimer = append(st.onTimer, strings.Join(w[1:], " "))
	default:
		st.fatalf("unknown line %q", w[0])
	}
}

func (st *story) start() {
	if st.r != nil {
		return
	}
	e, err := engine.New(engine.Config{Strategy: (*teller)(st), Settings: st.s, From: st.from, MaxOpenOrders: 3, Audit: st})
	if err != nil {
		st.fatalf("%v", err)
	}
	if st.v, err = sim.New(st.s, st.spec.Markets, st.spec.Interval); err != nil {
		st.fatalf("%v", err)
	}
	st.r = engine.NewRunner(e, st.v, st.quotes)
}

func (st *story) market(name string) int {
	for i, m := range st.spec.Markets {
		if string(m.Base) == name {
			return i
		}
	}
	st.fatalf("market %q", name)
	return 0
}

// Line keeps the newest step's audit.
func (st *story) Line(l engine.Line) { st.lines = append(st.lines, l) }

func (st *story) step(w []string) {
	if len(st.fills) > 0 {
		st.fatalf("a fill that nobody expected: %+v", st.fills[0])
	}
	st.lines = nil
	ev := engine.Event{Kind: map[string]engine.Kind{"bar": engine.Bar, "quote": engine.Quote, "clock": engine.Clock, "stop": engine.Command,
		"kill": engine.Command, "end": engine.End}[w[0]], Command: w[0]}
	args := map[string]string{}
	for _, a := range w[1:] {
		if k, v, ok := strings.Cut(a, "="); ok {
			args[k] = v
		}
	}
	get := func(k, other string) string {
		if v := args[k]; v != "" {
			return v
		}
		return other
	}
	switch ev.Kind {
	case engine.Bar:
		ev.Market = st.market(w[1])
		o := get("open", args["close"])
		c := get("close", o)
		lo, hi := money.Min(st.dec(o), st.dec(c)), money.Max(st.dec(o), st.dec(c))
		var vol *money.Decimal
		if v := get("volume", "1000"); v != "none" {
			d := st.dec(v)
			vol = &d
		}
		var err error
		if ev.Bar, err = market.NewBar(st.clock(w[2]).Unix(), st.dec(o), st.dec(get("high", hi.String())), st.dec(get("low", lo.String())), st.dec(c), vol); err != nil {
			st.fatalf("%v", err)
		}
	case engine.Quote:
		ev.Market = st.market(w[1])
		ev.Quote = &market.Quote{Market: st.spec.Markets[ev.Market], Time: st.clock(w[2]), Last: st.dec(get("last", "0")), Bid: st.dec(get("bid", "0")), Ask: st.dec(get("ask", "0"))}
	default:
		ev.Time = st.clock(w[1])
	}
	if err := st.r.Step(&ev); err != nil {
		st.fatalf("%v", err)
	}
	st.fills = append(st.fills, st.r.Fills()...)
	for _, o := range st.r.Orders() {
		st.last[o.ID] = o
	}
	if e := st.r.Engine(); !e.Cash().Equal(st.v.Cash()) || !e.Reserved().Equal(st.v.Reserved()) {
		st.fatalf("engine has %s cash, %s reserved; the venue has %s, %s", e.Cash(), e.Reserved(), st.v.Cash(), st.v.Reserved())
	}
}

func (st *story) expect(w []string) {
	e := st.r.Engine()
	same := func(what string, got, want money.Decimal) {
		if !got.Equal(want) {
			st.fatalf("%s %s, want %s", what, got, want)
		}
	}
	switch w[0] {
	case "fill": // ID QUANTITY @ PRICE [fee=F] [at=HH:MM] [clipped]
		if len(st.fills) == 0 {
			st.fatalf("no fill; audit %s", st.audit())
		}
		f := st.fills[0]
		st.fills = st.fills[1:]
		got := fmt.Sprintf("fill %s %s @ %s", f.OrderID, f.Quantity, f.Price)
		for _, extra := range w[4:] {
			switch k, _, _ := strings.Cut(extra, "="); k {
			case "fee":
				got += " fee=" + f.Fee.String()
			case "at":
				got += " at=" + f.Time.Format("15:04")
			}
		}
		if f.Clipped {
			got += " clipped"
		}
		if want := strings.Join(w, " "); got != want {
			st.fatalf("got %s, want %s", got, want)
		}
	case "order": // ID STATE [REASON]
		o := st.last[w[1]]
		if got := strings.TrimSpace(fmt.Sprintf("%s %s", o.State, o.Reason)); got != strings.Join(w[2:], " ") {
			st.fatalf("order %s is %q, want %q", w[1], got, strings.Join(w[2:], " "))
		}
	case "refused":
		for i, l := range st.lines {
			if l.Kind == "refused" && strings.Contains(string(l.Body), `"code":"`+w[1]+`"`) {
				st.lines = append(st.lines[:i:i], st.lines[i+1:]...)
				return
			}
		}
		st.fatalf("not refused with %s; audit %s", w[1], st.audit())
	case "line": // KIND TEXT
		for _, l := range st.lines {
			if l.Kind == w[1] && strings.Contains(string(l.Body), w[2]) {
				return
			}
		}
		st.fatalf("no line %v in %s", w[1:], st.audit())
	case "cash":
		same("cash", e.Cash(), st.dec(w[1]))
	case "reserved":
		same("reserved", e.Reserved(), st.dec(w[1]))
	case "equity":
		same("equity", e.Equity(), st.dec(w[1]))
	case "position":
		same("position", e.Position(st.market(w[1])).Quantity, st.dec(w[2]))
	case "open":
		if got := strconv.Itoa(len(e.OpenOrders())); got != w[1] {
			st.fatalf("%s open orders, want %s", got, w[1])
		}
	default:
		st.fatalf("cannot expect %q", w[0])
	}
}

// teller is the story as a strategy.
type teller story

func (s *teller) Spec() strategy.Spec         { return s.spec }
func (s *teller) Init(strategy.Context) error { return nil }
func (s *teller) OnBar(ctx strategy.Context, _ int, _ *market.Bar) error {
	s.act(ctx, s.todo)
	s.todo = nil
	return nil
}

func (s *teller) OnFill(ctx strategy.Context, _ *trade.Fill) error {
	s.act(ctx, s.onFill)
	s.onFill = nil
	return nil
}

func (s *teller) OnTimer(ctx strategy.Context, name string) error {
	ctx.Log("timer " + name + " at " + ctx.Now().Format("15:04"))
	s.act(ctx, s.onTimer)
	s.onTimer = nil
	return nil
}

// act reads: buy|sell MARKET market|limit quantity|notional|fraction AMOUNT [@ LIMIT]; cancel ID; timer NAME HH:MM.
func (s *teller) act(ctx strategy.Context, lines []string) {
	st := (*story)(s)
	for _, l := range lines {
		w := strings.Fields(l)
		switch w[0] {
		case "buy", "sell":
			in := strategy.Intent{Market: st.market(w[1]), Side: trade.Side(w[0]), Type: trade.Type(w[2]), Size: strategy.Size(w[3]), Amount: st.dec(w[4])}
			if len(w) > 6 {
				in.Limit = st.dec(w[6])
			}
			ctx.Submit(in)
		case "cancel":
			ctx.Cancel(w[1])
		case "timer":
			ctx.SetTimer(w[1], st.clock(w[2]))
		default:
			st.fatalf("the strategy cannot %q", w[0])
		}
	}
}

// audit is the newest step's audit for an error.
func (st *story) audit() string {
	var b strings.Builder
	for _, l := range st.lines {
		fmt.Fprintf(&b, "\n  %s %s", l.Kind, l.Body)
	}
	return b.String()
}
