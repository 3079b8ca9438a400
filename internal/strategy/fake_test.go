package strategy_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

// scene is a Context with books that a test sets by hand; it records what the strategy asked for.
type scene struct {
	now     time.Time
	warming bool
	cash    money.Decimal
	pos     []trade.Position
	last    []money.Decimal
	open    []trade.Order
	refuse  string // the code that every intent gets
	intents []strategy.Intent
	cancels []string
	timers  map[string]time.Time
	logs    []string
}

func newScene(markets int) *scene {
	return &scene{now: time.Unix(1_700_000_000, 0).UTC(), cash: money.FromInt(10_000), pos: make([]trade.Position, markets),
		last: make([]money.Decimal, markets), timers: map[string]time.Time{}}
}

func (s *scene) Now() time.Time                { return s.now }
func (s *scene) WarmingUp() bool               { return s.warming }
func (s *scene) Cash() money.Decimal           { return s.cash }
func (s *scene) Position(m int) trade.Position { return s.pos[m] }
func (s *scene) Last(m int) money.Decimal      { return s.last[m] }
func (s *scene) Cancel(id string)              { s.cancels = append(s.cancels, id) }
func (s *scene) Log(msg string)                { s.logs = append(s.logs, msg) }
func (s *scene) Equity() money.Decimal {
	e := s.cash
	for m := range s.pos {
		e = e.Add(s.pos[m].Value(s.last[m]))
	}
	return e
}
func (s *scene) OpenOrders(m int) []trade.Order     { return append([]trade.Order(nil), s.open...) }
func (s *scene) SetTimer(name string, at time.Time) { s.timers[name] = at }
func (s *scene) Submit(in strategy.Intent) (string, string) {
	s.intents = append(s.intents, in)
	if s.refuse != "" {
		return "", s.refuse
	}
	return fmt.Sprintf("o%d", len(s.intents)), ""
}

const header = `strategy(name="t", markets=["BTC/USDT", "ETH/USDT"], interval="1h")
`

func load(t testing.TB, src string, o strategy.Options) strategy.Strategy {
	t.Helper()
	s, _, err := strategy.Load([]byte(src), "t", o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bar returns the i-th hourly bar with this close.
func bar(i int, close string) *market.Bar {
	b := market.MustBar(1_699_999_200+int64(i)*3600, close, close, close, close, "5")
	return &b
}

func feed(t testing.TB, s strategy.Strategy, c *scene, m, i int, close string) error {
	t.Helper()
	c.last[m] = money.MustParse(close)
	return s.OnBar(c, m, bar(i, close))
}

// wave makes n bars of seeded noise around slow swings, so that every kind of example finds something to do.
func wave(n int, iv market.Interval, seed uint64) []market.Bar { return noise(n, iv, seed, 0.25) }

// noise makes n bars of seeded noise around swings of this size; without swings there is nothing to be earned.
func noise(n int, iv market.Interval, seed uint64, swing float64) []market.Bar {
	x := seed
	uniform := func() float64 { // SplitMix64
		x += 0x9E3779B97F4A7C15
		z := x
		z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
		z = (z ^ (z >> 27)) * 0x94D049BB133111EB
		return float64((z^(z>>31))>>11) / (1 << 53)
	}
	out := make([]market.Bar, 0, n)
	drift, before := 0.0, 20_000.0
	start := iv.Floor(1_600_000_000)
	for i := range n {
		drift = 0.97*drift + 0.012*(uniform()+uniform()+uniform()-1.5)
		price := 20_000 * math.Exp(swing*math.Sin(float64(i)/150+float64(seed))+drift)
		high, low := math.Max(price, before)*(1+0.002*uniform()), math.Min(price, before)*(1-0.002*uniform())
		d := func(f float64) money.Decimal { return money.New(int64(f*100), 2) }
		v := money.FromInt(int64(1000 * (1 + uniform())))
		b, err := market.NewBar(start+int64(i)*int64(iv), d(before), d(high), d(low), d(price), &v)
		if err != nil {
			panic(err)
		}
		out, before = append(out, b), price
	}
	return out
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	var se *strategy.ScriptError
	if !errors.As(err, &se) {
		t.Fatalf("got %v, want a ScriptError", err)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
}
