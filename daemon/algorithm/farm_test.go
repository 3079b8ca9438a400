package algorithm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/sandbox/sandboxtest"
	"github.com/ohmycoins/omc/internal/schedule"
	"github.com/ohmycoins/omc/internal/search"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

// process is one of several that share a database: a service with a farm and a pool of its own.
type process struct {
	*Service
	farm   *Farm
	pool   *schedule.Pool
	worked atomic.Int64
}

func newProcess(t *testing.T, b *bench, url, name string, workers int, work func(p *process, ctx context.Context, piece string)) *process {
	t.Helper()
	db, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Service: New(db, ledger.Seal(db, ledger.Holdout{}), clock.Wall{}, sandboxtest.Host(t))}
	var ids atomic.Int64
	p.farm = p.Share(db, name, func() string { return fmt.Sprintf("%s-%d", name, ids.Add(1)) })
	p.pool, err = schedule.OpenPool(t.Context(), schedule.PoolConfig{URL: url, Workers: workers, Timeout: time.Minute, Run: func(ctx context.Context, piece string) {
		p.worked.Add(1)
		work(p, ctx, piece)
	}})
	if err != nil {
		t.Fatal(err)
	}
	p.farm.Through(p.pool)
	t.Cleanup(func() {
		if err := p.pool.Close(context.Background()); err != nil {
			t.Error(err)
		}
		p.farm.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func works(p *process, ctx context.Context, piece string) { p.farm.Work(ctx, piece) }

// A search that three processes share gives the bytes of the one that a single process makes, and every point is one trial: also where a
// process takes points and dies, and where a script fails or loops in some of them.
func TestASharedSearchIsTheSame(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	b := newBenchAt(t, url, "test")
	r := api.OptimizeRequest{BacktestRequest: api.BacktestRequest{Strategy: "x", Markets: []string{"BTC/USDT"}, Interval: "1h", Source: `
strategy(name = "x", markets = ["BTC/USDT"], interval = "1h")
n = param("n", 10, min = 2, max = 100)
m = param("m", 1, min = 1, max = 9)
if n == 97:
    fail("not 97")
slow = ind.sma(n)
def on_bar(ctx, bar):
    if n == 13 and m == 2:
        fail("thirteen")
    ctx.target(0.9 if bar.close > slow.value else 0)
`}, Ranges: map[string]search.Range{"n": {Values: []float64{5, 13, 20, 40, 97}}, "m": {Values: []float64{1, 2, 3}}}}
	asker := newProcess(t, b, url, "asker", 0, works)
	one := newProcess(t, b, url, "one", 1, works)
	two := newProcess(t, b, url, "two", 1, works)
	var once sync.Once
	taken := make(chan string, 1)
	dead := newProcess(t, b, url, "dead", 1, func(p *process, ctx context.Context, piece string) { // takes one point, and says nothing any more
		once.Do(func() {
			id, n, _ := strings.Cut(piece, " ")
			var k int64
			if _, err := fmt.Sscan(n, &k); err != nil {
				t.Error(err)
			}
			if _, _, ok, err := p.farm.store.ClaimPoint(ctx, id, k, "dead"); ok && err == nil {
				taken <- piece
			}
		})
		<-ctx.Done()
	})
	for _, method := range []string{"grid", "halving"} {
		r.Method, r.Points, r.Seed = method, 12, 5
		var want *api.Optimization
		for range 2 { // the first adds the run over what was kept back to the campaign
			var err error
			if want, err = b.Optimize(t.Context(), b.user, r); err != nil {
				t.Fatal(err)
			}
		}
		got, err := asker.Optimize(t.Context(), b.user, r)
		if err != nil {
			t.Fatal(err)
		}
		x, _ := json.Marshal(want)
		y, _ := json.Marshal(got)
		if string(x) != string(y) {
			t.Errorf("%s, shared:\n%s\nalone:\n%s", method, y, x)
		}
	}
	if one.worked.Load() == 0 || two.worked.Load() == 0 || dead.worked.Load() == 0 || len(taken) == 0 {
		t.Errorf("pieces: %d, %d, and %d by the one that died: nothing was shared", one.worked.Load(), two.worked.Load(), dead.worked.Load())
	}
}

// Where nobody has time, the process that was asked does it all; and what nobody waits for any more, nobody goes on with.
func TestASearchThatNobodySharesIsMadeAllTheSame(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	b := newBenchAt(t, url, "test")
	r := api.OptimizeRequest{BacktestRequest: api.BacktestRequest{Strategy: "ema-cross", Markets: []string{"BTC/USDT"}, Interval: "1h"},
		Ranges: map[string]search.Range{"fast": {Values: []float64{4, 5, 6, 7, 8}}}}
	var want *api.Optimization
	for range 2 {
		var err error
		if want, err = b.Optimize(t.Context(), b.user, r); err != nil {
			t.Fatal(err)
		}
	}
	p := newProcess(t, b, url, "alone", 0, works)
	p.farm.patience = 0
	got, err := p.Optimize(t.Context(), b.user, r)
	if err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(want)
	y, _ := json.Marshal(got)
	if string(x) != string(y) {
		t.Errorf("with nobody there:\n%s\nalone:\n%s", y, x)
	}
	p.farm.patience = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := p.Optimize(ctx, b.user, r); err == nil {
		t.Fatal("it ended though nobody works")
	}
	late := newProcess(t, b, url, "late", 2, works)
	for deadline := time.Now().Add(20 * time.Second); late.worked.Load() < 5 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	if n := len(late.farm.plans); n != 0 || late.worked.Load() == 0 {
		t.Errorf("%d pieces were taken up, %d searches prepared for an asker that is gone", late.worked.Load(), n)
	}
}
