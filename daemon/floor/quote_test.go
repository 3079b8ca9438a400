package floor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/strategy"
)

const quoteScript = `
strategy(name = "live", markets = ["BTC/AUD"], interval = "1m")

def on_bar(ctx, bar):
    if not ctx.position and not ctx.orders():
        ctx.buy(fraction = 0.5)
`

var btcAUD = market.Market{Base: "BTC", Quote: "AUD"}

// answer is one poll's answer.
type answer struct {
	quotes []market.Quote
	bad    []string
	err    error
}

// upstream answers polls with what the test hands it; idle is told each time somebody asks.
type upstream struct {
	idle    chan struct{}
	answers chan answer
}

func newUpstream() *upstream { return &upstream{make(chan struct{}), make(chan answer)} }

func (u *upstream) Latest(ctx context.Context) ([]market.Quote, []string, error) {
	select {
	case u.idle <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	select {
	case a := <-u.answers:
		return a.quotes, a.bad, a.err
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// give answers one poll and returns when the next one is made: what came of the answer is journalled by then.
func (u *upstream) give(a answer) {
	u.answers <- a
	<-u.idle
}

func quoted(at time.Time, bid, ask, last string) answer {
	return answer{quotes: []market.Quote{{Market: btcAUD, Time: at, Known: at, Bid: money.MustParse(bid), Ask: money.MustParse(ask), Last: money.MustParse(last)}}}
}

// TestQuotes feeds a live session: a dead upstream and bad quotes are told and never end it; each quote is journalled at once;
// the session goes on after a restart with what it holds, and a kill sells at the next quote.
func TestQuotes(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	id := b.algorithm(quoteScript, strategy.Options{}, strategy.Paper)
	u := newUpstream()
	f := b.service(b.db, Options{Quotes: u})
	s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "coinspot"})
	if err != nil {
		t.Fatal(err)
	}
	expect := func(f *Service, inputs int64, health string) api.FloorSession {
		t.Helper()
		got, err := f.Get(t.Context(), b.user, s.ID)
		if err != nil || got.Status != journal.Running || got.Account.Input != inputs || !strings.Contains(got.Health, health) {
			t.Fatalf("%s, %d inputs, health %q, %v; want %d inputs, health %q", got.Status, got.Account.Input, got.Health, err, inputs, health)
		}
		return got
	}
	at := b.clock.Now().Truncate(time.Minute).Add(time.Minute) // a whole bar: one whose start was missed is not traded
	<-u.idle
	u.give(answer{err: errors.New("connection refused")})
	u.give(answer{err: errors.New("connection refused")})
	expect(f, 0, "connection refused")
	u.give(quoted(at, "99", "101", "100"))
	expect(f, 1, "ok")
	u.give(quoted(at.Add(time.Second), "102", "101", "100"))
	expect(f, 1, "bid 102 is above ask 101")
	u.give(answer{bad: []string{"btc: last is missing"}})
	expect(f, 1, "last is missing")
	u.give(quoted(at.Add(-time.Minute), "99", "101", "100"))
	expect(f, 1, "before")
	u.give(quoted(at.Add(61*time.Second), "99", "101", "100")) // the first bar has ended: a buy
	u.give(quoted(at.Add(70*time.Second), "99", "101", "100"))
	u.give(quoted(at.Add(130*time.Second), "99", "101", "100"))
	before := expect(f, 4, "ok")
	if len(before.Account.Positions) != 1 {
		t.Fatalf("nothing was bought: %+v", before.Account)
	}
	f.Close()

	u = newUpstream()
	f = b.service(b.db, Options{Quotes: u})
	if err := f.ResumeAll(t.Context(), b.user); err != nil {
		t.Fatal(err)
	}
	<-u.idle
	u.give(quoted(at.Add(300*time.Second), "109", "111", "110"))
	if got := expect(f, 5, "ok"); len(got.Account.Positions) != 1 || !got.Account.Positions[0].Quantity.Equal(before.Account.Positions[0].Quantity) {
		t.Fatalf("held %+v before the restart, %+v after it", before.Account.Positions, got.Account.Positions)
	}
	addsUp(t, f, b.user, s.ID)
	done := make(chan api.KillResult)
	go func() {
		r, err := f.Kill(context.Background(), b.user, api.KillRequest{Session: s.ID})
		if err != nil {
			t.Error(err)
		}
		done <- r
	}()
	<-u.idle // the kill looks at the prices at once
	now := b.clock.Now()
	for k := time.Duration(1); ; k++ {
		select {
		case u.answers <- quoted(now.Add(k*time.Minute), "109", "111", "110"):
			continue
		case <-u.idle:
			continue
		case r := <-done:
			if len(r.Sessions) != 1 || r.Closed != 1 {
				t.Errorf("%+v", r)
			}
		}
		break
	}
	if end, err := f.Get(t.Context(), b.user, s.ID); err != nil || end.Status != journal.Killed || end.Error != "" {
		t.Errorf("%+v %v", end, err)
	}
	addsUp(t, f, b.user, s.ID)
	same(t, f, b.user, s.ID)
}

const warmScript = `
strategy(name = "warm", markets = ["BTC/AUD"], interval = "1m", warmup = 5)

def on_bar(ctx, bar):
    if not ctx.position and not ctx.orders():
        ctx.buy(fraction = 0.5)
`

// minutes stores one-minute bars of BTC/AUD that open from first on.
func (b *floorBench) minutes(first time.Time, n int, source string) {
	b.tb.Helper()
	rows := make([]ledger.PriceBar, n)
	p := money.FromInt(100)
	for i := range rows {
		at := first.Unix() + int64(i)*60
		bar, err := market.NewBar(at, p, p, p, p, nil)
		if err != nil {
			b.tb.Fatal(err)
		}
		rows[i] = ledger.PriceBar{Bar: bar, Known: at + 60, Source: source}
	}
	if _, err := b.db.AppendBars(b.tb.Context(), btcAUD, market.Minute, rows, false); err != nil {
		b.tb.Fatal(err)
	}
}

// TestQuotesAfterStoredBars: recent bars of the ledger warm a live strategy up, the bar under way is not traded, the next one is, and a
// restart neither repeats them nor changes the audit. Old and simulated bars warm nothing.
func TestQuotesAfterStoredBars(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		first   time.Time
		bars    int
		source  string
		inputs  int64
		warming string
	}{
		"recent":    {created.Add(-10 * time.Minute), 10, "kraken", 5, ""},
		"a few":     {created.Add(-3 * time.Minute), 3, "kraken", 3, "3 of 5 bars"},
		"old":       {created.Add(-20 * time.Minute), 15, "kraken", 0, "0 of 5 bars"},
		"simulated": {created.Add(-10 * time.Minute), 10, ledger.Simulated, 0, "0 of 5 bars"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newFloor(t)
			b.clock.tick = 0
			b.minutes(c.first, c.bars, c.source)
			id := b.algorithm(warmScript, strategy.Options{}, strategy.Paper)
			u := newUpstream()
			f := b.service(b.db, Options{Quotes: u})
			s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "coinspot"})
			if err != nil {
				t.Fatal(err)
			}
			<-u.idle
			got, err := f.Get(t.Context(), b.user, s.ID)
			if err != nil || got.Account.Input != c.inputs || got.Warming != c.warming {
				t.Fatalf("%d inputs, warming %q, %v; want %d, %q", got.Account.Input, got.Warming, err, c.inputs, c.warming)
			}
			if name != "recent" {
				return
			}
			orders := func(want int) {
				t.Helper()
				rows, err := f.Orders(t.Context(), b.user, s.ID, 10)
				if err != nil || len(rows) != want {
					t.Fatalf("%d orders, %v; want %d", len(rows), err, want)
				}
			}
			u.give(quoted(created.Add(10*time.Second), "99", "101", "100"))
			u.give(quoted(created.Add(61*time.Second), "99", "101", "100")) // the bar whose start was missed has ended
			orders(0)
			f.Close()

			u = newUpstream()
			f = b.service(b.db, Options{Quotes: u})
			if err := f.ResumeAll(t.Context(), b.user); err != nil {
				t.Fatal(err)
			}
			<-u.idle
			u.give(quoted(created.Add(121*time.Second), "99", "101", "100")) // the first whole bar has ended
			orders(1)
			u.give(quoted(created.Add(125*time.Second), "99", "101", "100"))
			got, err = f.Get(t.Context(), b.user, s.ID)
			if err != nil || len(got.Account.Positions) != 1 || got.Account.Bars != 7 {
				t.Fatalf("%+v, %v; want a position after 5 stored and 2 built bars", got.Account, err)
			}
			addsUp(t, f, b.user, s.ID)
			same(t, f, b.user, s.ID)
		})
	}
}
