package floor

import (
	"context"
	"reflect"
	"testing"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/sandbox/sandboxtest"
	"github.com/ohmycoins/omc/internal/strategy"
	"pgregory.net/rapid"
)

// left is what a session leaves: its last account and the hash of its last audit line.
type left struct {
	account journal.Account
	hash    string
	lines   int64
	orders  []api.OrderRow
}

func (b *floorBench) left(f *Service, id string) left {
	b.tb.Helper()
	ctx := context.Background()
	addsUp(b.tb, f, b.user, id)
	r := same(b.tb, f, b.user, id)
	s, err := f.Get(ctx, b.user, id)
	if err != nil || s.Status != journal.Finished {
		b.tb.Fatalf("session is %s: %s, %v", s.Status, s.Error, err)
	}
	orders, err := f.Orders(ctx, b.user, id, 0)
	if err != nil {
		b.tb.Fatal(err)
	}
	for i := range orders {
		orders[i].Session = ""
	}
	s.Account.Session = ""
	return left{s.Account, r.Recorded, r.Lines, orders}
}

// TestKilledAnywhereEndsTheSame kills a session's process at random commits, before or after they land, and takes it up again: books,
// orders and audit end as those of a run that nothing disturbed.
func TestKilledAnywhereEndsTheSame(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	ctx := context.Background()
	eth := market.Market{Base: "ETH", Quote: "USDT"}
	ids := []string{
		b.algorithm(example(t, "ema-cross"), strategy.Options{Markets: []market.Market{btc, eth}, Interval: market.Hour, Params: map[string]float64{"fast": 3, "slow": 8}}, strategy.Paper),
		b.algorithm(example(t, "limit-ladder"), strategy.Options{Markets: []market.Market{btc}, Interval: market.Hour}, strategy.Paper),
	}
	traded := false
	rapid.Check(t, func(rt *rapid.T) {
		req := api.FloorRequest{Algorithm: rapid.SampledFrom(ids).Draw(rt, "algorithm"), Paper: true, Feed: "sim", From: "2024-01-01",
			To: rapid.SampledFrom([]string{"2024-01-02", "2024-01-03"}).Draw(rt, "to"), Seed: rapid.Uint64Range(1, 1000).Draw(rt, "seed")}
		calm := New(b.db, b.db, b.clock, sandboxtest.Host(t), Options{Wait: b.clock.wait})
		defer calm.Close()
		s, err := calm.Start(ctx, b.user, req)
		if err != nil {
			rt.Fatal(err)
		}
		final(t, calm, b.user, s.ID)
		want := b.left(calm, s.ID)
		traded = traded || len(want.orders) > 0

		id := ""
		for n := 0; ; n++ {
			m := &mortal{Store: b.db, left: rapid.IntRange(1, 8).Draw(rt, "commits"), lands: rapid.Bool().Draw(rt, "lands")}
			if n > 4 {
				m.left = 1 << 30
			}
			f := New(m, b.db, b.clock, sandboxtest.Host(t), Options{Wait: b.clock.wait})
			if id == "" {
				if s, err = f.Start(ctx, b.user, req); err != nil {
					rt.Fatal(err)
				}
				id = s.ID
			} else if err := f.ResumeAll(ctx, b.user); err != nil {
				rt.Fatal(err)
			}
			f.mu.Lock()
			a := f.active[id]
			f.mu.Unlock()
			if a != nil {
				<-a.finished
			}
			f.Close()
			now, err := b.db.FloorSession(ctx, b.user, id)
			if err != nil {
				rt.Fatal(err)
			}
			if now.Status.Final() {
				break
			}
		}
		if got := b.left(calm, id); !reflect.DeepEqual(got, want) {
			rt.Fatalf("after the kills:\n%+v\nundisturbed:\n%+v", got, want)
		}
	})
	if !traded {
		t.Error("nothing was traded in any of the runs")
	}
}
