package floor

import (
	"context"
	"errors"
	"flag"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/daemon/gateway"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/sandbox/sandboxtest"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
	"github.com/ohmycoins/omc/internal/strategy"
	"go.uber.org/goleak"
)

var _ gateway.Floor = (*Service)(nil)

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() { // rapid takes a fifth of this
		if err := flag.Set("rapid.checks", "15"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

var (
	btc       = market.Market{Base: "BTC", Quote: "USDT"}
	start2024 = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
)

// floorBench is a real SQLite store with a clock that moves a little whenever it is read or waited for.
type floorBench struct {
	tb    testing.TB
	db    *store.DB
	user  string
	clock *ticking
}

type ticking struct {
	mu   sync.Mutex // guards now
	now  time.Time
	tick time.Duration
}

func (c *ticking) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.tick)
	return c.now
}

// wait moves the clock instead of waiting.
func (c *ticking) wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return nil
}

func newFloor(tb testing.TB) *floorBench {
	tb.Helper()
	c := &ticking{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), tick: 30 * time.Millisecond}
	db, err := store.Open(tb.Context(), storetest.URL(tb), store.Options{Migrate: true, Clock: c})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	user, err := db.EnsureLocalUser(tb.Context(), "tester")
	if err != nil {
		tb.Fatal(err)
	}
	return &floorBench{tb, db, user, c}
}

func (b *floorBench) service(s Store, o Options) *Service {
	if o.Wait == nil {
		o.Wait = b.clock.wait
	}
	f := New(s, b.db, b.clock, sandboxtest.Host(b.tb), o)
	b.tb.Cleanup(f.Close)
	return f
}

// algorithm stores a script and moves it to a state.
func (b *floorBench) algorithm(src string, o strategy.Options, to strategy.State) string {
	b.tb.Helper()
	strat, content, err := strategy.Load([]byte(src), "strategy", o)
	if err != nil {
		b.tb.Fatal(err)
	}
	a := strategy.Algorithm{ID: content.ID(), Name: strat.Spec().Name, Content: content, State: strategy.Draft, StateSince: start2024, CreatedAt: start2024}
	ctx := context.Background()
	if _, _, err := b.db.PutAlgorithm(ctx, b.user, a); err != nil {
		b.tb.Fatal(err)
	}
	for at := strategy.Draft; at != to; at = at.Next() {
		if err := b.db.SetAlgorithmState(ctx, b.user, a.ID, at, at.Next(), start2024, "test"); err != nil {
			b.tb.Fatal(err)
		}
	}
	return a.ID
}

func example(tb testing.TB, name string) string {
	ex, ok := strategy.FindExample(name)
	if !ok {
		tb.Fatal(name)
	}
	return ex.Source
}

// bars stores n hourly bars of a wave from 2024-01-01.
func (b *floorBench) bars(n int) {
	b.tb.Helper()
	rows := make([]ledger.PriceBar, n)
	before := 30_000.0
	for i := range rows {
		price := 30_000 * math.Exp(0.2*math.Sin(float64(i)/20)+0.02*math.Sin(float64(i)*1.7))
		d := func(f float64) money.Decimal { return money.New(int64(f*100), 2) }
		v := money.FromInt(500)
		bar, err := market.NewBar(start2024.Unix()+int64(i)*3600, d(before), d(math.Max(before, price)), d(math.Min(before, price)), d(price), &v)
		if err != nil {
			b.tb.Fatal(err)
		}
		rows[i], before = ledger.PriceBar{Bar: bar, Known: bar.Unix() + 3600, Source: "binance", Backfilled: true}, price
	}
	for len(rows) > 0 {
		k := min(len(rows), 50_000)
		if _, err := b.db.AppendBars(context.Background(), btc, market.Hour, rows[:k], false); err != nil {
			b.tb.Fatal(err)
		}
		rows = rows[k:]
	}
}

// final waits until a session has ended, over its event stream.
func final(tb testing.TB, f *Service, user, id string) api.FloorSession {
	tb.Helper()
	var last api.FloorSession
	err := f.Events(context.Background(), user, id, math.MaxInt64-1, func(e api.FloorEvent) error {
		if e.Session != nil {
			last = *e.Session
		}
		return nil
	})
	if err != nil || !last.Status.Final() {
		tb.Fatalf("session %s is %s, %v", id, last.Status, err)
	}
	return last
}

// problemOf is the Problem in err, with this code.
func problemOf(t *testing.T, err error, code string) *api.Problem {
	t.Helper()
	var p *api.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("got %v, want a problem %s", err, code)
	}
	return p
}

// same fails unless a session's recorded inputs give its recorded audit again.
func same(tb testing.TB, f *Service, user, id string) api.ReplayResult {
	tb.Helper()
	r, err := f.Replay(context.Background(), user, id)
	if err != nil || !r.Identical || r.Recorded == "" || r.Lines == 0 {
		tb.Fatalf("replay: %+v, %v", r, err)
	}
	return r
}

// addsUp fails unless cash, positions and fills of a session agree to the last digit.
func addsUp(tb testing.TB, f *Service, user, id string) {
	tb.Helper()
	ctx := context.Background()
	all, err := f.PnL(ctx, user, id)
	if err != nil {
		tb.Fatal(err)
	}
	p := all[0]
	if got, want := p.Equity.Sub(p.StartCash), p.Realised.Add(p.Unrealised); !got.Equal(want) {
		tb.Fatalf("equity − start is %s, realised + unrealised %s", got, want)
	}
	fills, err := f.Trades(ctx, user, id, 0)
	if err != nil {
		tb.Fatal(err)
	}
	cash, fees, held := p.StartCash, money.Zero, map[market.Market]money.Decimal{}
	for i := range fills {
		cash, fees = cash.Add(fills[i].CashChange()), fees.Add(fills[i].Fee)
		q := fills[i].Quantity
		if fills[i].Side == "sell" {
			q = q.Neg()
		}
		held[fills[i].Market] = held[fills[i].Market].Add(q)
	}
	if !cash.Equal(p.Cash) || !fees.Equal(p.Fees) {
		tb.Fatalf("the fills leave cash %s after fees %s, the books say %s and %s", cash, fees, p.Cash, p.Fees)
	}
	rows, err := f.Positions(ctx, user, id)
	if err != nil {
		tb.Fatal(err)
	}
	value := p.Cash
	for _, r := range rows {
		if !r.Quantity.Equal(held[r.Market]) {
			tb.Fatalf("the fills leave %s of %s, the books say %s", held[r.Market], r.Market, r.Quantity)
		}
		value = value.Add(r.Value)
		delete(held, r.Market)
	}
	for m, q := range held {
		if !q.IsZero() {
			tb.Fatalf("the fills leave %s of %s, the books say none", q, m)
		}
	}
	if !value.Equal(p.Equity) {
		tb.Fatalf("cash and positions are worth %s, equity is %s", value, p.Equity)
	}
}

// mortal is a store whose process dies at a chosen commit: before it lands, or after it has landed but before that is known.
type mortal struct {
	Store
	mu    sync.Mutex // guards left
	left  int        // commits until death
	lands bool
}

var errDead = errors.New("killed")

func (m *mortal) CommitBatch(ctx context.Context, b journal.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left--
	if m.left > 0 {
		return m.Store.CommitBatch(ctx, b)
	}
	if m.left == 0 && m.lands {
		if err := m.Store.CommitBatch(ctx, b); err != nil {
			return err
		}
	}
	return errDead
}

// to moves the clock on to a moment.
func (c *ticking) to(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}
