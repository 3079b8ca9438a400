package floor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
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
	at := start2024
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
