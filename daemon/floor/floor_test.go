package floor

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

const holdScript = `
strategy(name = "hold", markets = ["BTC/USDT"], interval = "1h", warmup = 5)

def on_bar(ctx, bar):
    if not ctx.position and not ctx.orders():
        ctx.buy(fraction = 0.5)
`

func TestReplayOfStoredBars(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(1500)
	id := b.algorithm(example(t, "ema-cross"), strategy.Options{Params: map[string]float64{"fast": 5, "slow": 20}}, strategy.Paper)
	f := b.service(b.db, Options{})
	s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id[:8], Paper: true, Feed: "replay", From: "2024-01-20", To: "2024-02-20"})
	if err != nil {
		t.Fatal(err)
	}
	end := final(t, f, b.user, s.ID)
	// 31 days of hourly bars, and the 20 of warm-up before them, and the end.
	if end.Status != journal.Finished || end.Account.Input != 31*24+20+1 || *end.Progress != 1 || end.Trades < 3 || *end.Drawdown >= 0 || end.Simulated || end.Health != "ok" {
		t.Fatalf("%+v", end)
	}
	addsUp(t, f, b.user, s.ID)
	same(t, f, b.user, s.ID)
	pnl, err := f.PnL(t.Context(), b.user, s.ID)
	if err != nil || len(pnl) != 1 || len(pnl[0].Curve) != 31*24 || pnl[0].Today == nil {
		t.Fatalf("%d points of the curve, %v", len(pnl[0].Curve), err)
	}
	// Today is against the last equity of the day before: the mark at the last midnight but one.
	before := pnl[0].Curve[len(pnl[0].Curve)-25]
	if h := before.Time.Hour(); h != 0 || !pnl[0].Today.Equal(pnl[0].Equity.Sub(before.Equity)) {
		t.Errorf("today is %s, the day began with %s at %s", pnl[0].Today, before.Equity, before.Time)
	}
	lines, err := f.Audit(t.Context(), b.user, s.ID, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range lines {
		if l.Seq != int64(i+1) {
			t.Fatalf("line %d has number %d", i+1, l.Seq)
		}
	}
	if _, err := f.Stop(t.Context(), b.user, s.ID); err == nil {
		t.Error("a finished session was stopped")
	}
}

func TestStartIsRefused(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(100)
	draft := b.algorithm(example(t, "buy-and-hold"), strategy.Options{}, strategy.Draft)
	paper := b.algorithm(holdScript, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{})
	wrong := report.Default()
	wrong.Participation = wrong.Cash
	ok := api.FloorRequest{Algorithm: paper, Paper: true, Feed: "replay"}
	with := func(change func(*api.FloorRequest)) api.FloorRequest { r := ok; change(&r); return r }
	for name, c := range map[string]struct {
		r          api.FloorRequest
		code, says string
	}{
		"not promoted":   {with(func(r *api.FloorRequest) { r.Algorithm = draft }), api.CodeRefused, "walk-forward"},
		"real money":     {with(func(r *api.FloorRequest) { r.Paper = false }), api.CodeRefused, "--paper"},
		"no algorithm":   {with(func(r *api.FloorRequest) { r.Algorithm = "0000000" }), api.CodeNotFound, "omc algo list"},
		"short id":       {with(func(r *api.FloorRequest) { r.Algorithm = "abc" }), api.CodeBadRequest, "4 characters"},
		"unknown feed":   {with(func(r *api.FloorRequest) { r.Feed = "nyse" }), api.CodeBadRequest, "replay, sim or coinspot"},
		"bad date":       {with(func(r *api.FloorRequest) { r.From = "yesterday" }), api.CodeBadRequest, "2024-06-01"},
		"turned window":  {with(func(r *api.FloorRequest) { r.From, r.To = "2024-01-03", "2024-01-02" }), api.CodeBadRequest, "not before"},
		"no bars there":  {with(func(r *api.FloorRequest) { r.From, r.To = "2020-01-03", "2020-01-09" }), api.CodeNotFound, "the ledger has bars from 2024-01-01"},
		"backwards":      {with(func(r *api.FloorRequest) { r.Speed = -1 }), api.CodeBadRequest, "speed"},
		"settings":       {with(func(r *api.FloorRequest) { r.Settings = &wrong }), api.CodeBadRequest, "participation"},
		"no live source": {with(func(r *api.FloorRequest) { r.Feed = "coinspot" }), api.CodeUnavailable, "coinspot"},
	} {
		_, err := f.Start(t.Context(), b.user, c.r)
		if p := problemOf(t, err, c.code); !strings.Contains(p.Detail, c.says) || (c.code == api.CodeRefused) != (len(p.Errors) > 0) {
			t.Errorf("%s: %q, reasons %v", name, p.Detail, p.Errors)
		}
	}
	if all, err := f.Sessions(t.Context(), b.user); err != nil || len(all) != 0 {
		t.Errorf("%d sessions were stored, %v", len(all), err)
	}
}

// TestPaceAndStop runs a session at a speed: each bar comes at its time, and a stop while it waits leaves the positions.
func TestPaceAndStop(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(200)
	id := b.algorithm(holdScript, strategy.Options{}, strategy.Paper)
	b.clock.tick = 0
	const many = 20
	waits, waiting := 0, make(chan struct{})
	f := b.service(b.db, Options{Wait: func(ctx context.Context, d time.Duration) error {
		if d == watchEvery {
			return nil
		}
		if d != time.Minute {
			t.Errorf("waits %s, want a minute: an hour at 60 times its speed", d)
		}
		if waits++; waits == many {
			close(waiting)
		}
		if waits >= many {
			<-ctx.Done()
			return ctx.Err()
		}
		return b.clock.wait(ctx, d)
	}})
	s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay", From: "2024-01-02", Speed: 60})
	if err != nil {
		t.Fatal(err)
	}
	<-waiting
	now, err := f.Get(t.Context(), b.user, s.ID)
	if err != nil || now.Status != journal.Running || now.Account.Input != 5+many {
		t.Fatalf("%s with %d inputs, %v", now.Status, now.Account.Input, err)
	}
	end, err := f.Stop(t.Context(), b.user, s.ID[:5])
	if err != nil || end.Status != journal.Stopped || end.Account.Input != 5+many+1 {
		t.Fatalf("%+v %v", end, err)
	}
	rows, err := f.Positions(t.Context(), b.user, "")
	if err != nil || len(rows) != 1 || rows[0].Strategy != "hold" || rows[0].Session != s.ID {
		t.Fatalf("positions %+v, %v", rows, err)
	}
	addsUp(t, f, b.user, s.ID)
	same(t, f, b.user, s.ID)
}

// held starts sessions that wait before their next bar forever, with a position each.
func held(t *testing.T, b *floorBench, n int) (*Service, []string) {
	t.Helper()
	b.clock.tick = 0
	waiting := make(chan struct{}, 100)
	f := b.service(b.db, Options{Wait: func(ctx context.Context, d time.Duration) error {
		if d == watchEvery {
			return nil
		}
		if d < 3*time.Hour {
			return b.clock.wait(ctx, 0)
		}
		waiting <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}})
	id := b.algorithm(holdScript, strategy.Options{}, strategy.Paper)
	var out []string
	for range n {
		s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay", From: "2024-01-02", To: "2024-01-05", Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		<-waiting
		out = append(out, s.ID)
	}
	return f, out
}

func TestKillSellsEverything(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(200)
	f, ids := held(t, b, 2)
	r, err := f.Kill(t.Context(), b.user, api.KillRequest{Reason: "test"})
	if err != nil || len(r.Sessions) != 2 || r.Closed != 2 {
		t.Fatalf("%+v %v", r, err)
	}
	for _, id := range ids {
		s, err := f.Get(t.Context(), b.user, id)
		if err != nil || s.Status != journal.Killed || s.Error != "" || s.Trades != 1 {
			t.Fatalf("%+v %v", s, err)
		}
		addsUp(t, f, b.user, id)
		same(t, f, b.user, id)
		if _, err := f.Kill(t.Context(), b.user, api.KillRequest{Session: id}); err == nil {
			t.Error("killed twice")
		}
	}
	if rows, err := f.Positions(t.Context(), b.user, ""); err != nil || len(rows) != 0 {
		t.Errorf("still held: %+v %v", rows, err)
	}
}

// TestKillSurvivesACrash dies right after the kill is journalled, before anything is sold.
func TestKillSurvivesACrash(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(200)
	f, ids := held(t, b, 1)
	f.store = &mortal{Store: b.db, left: 1, lands: true}
	if r, err := f.Kill(t.Context(), b.user, api.KillRequest{}); err == nil || r.Closed != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	f.Close()
	again := b.service(b.db, Options{})
	if rows, err := again.Positions(t.Context(), b.user, ids[0]); err != nil || len(rows) != 1 {
		t.Fatalf("positions after the crash: %+v %v", rows, err)
	}
	if err := again.ResumeAll(t.Context(), b.user); err != nil {
		t.Fatal(err)
	}
	if end := final(t, again, b.user, ids[0]); end.Status != journal.Killed || end.Error != "" || end.Trades != 1 {
		t.Fatalf("%+v", end)
	}
	addsUp(t, again, b.user, ids[0])
	same(t, again, b.user, ids[0])
}

func TestCloseAndResume(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(200)
	f, ids := held(t, b, 1)
	f.Close()
	before, err := b.db.FloorSession(t.Context(), b.user, ids[0])
	if err != nil || before.Status != journal.Running {
		t.Fatalf("closing left it %s, %v", before.Status, err)
	}
	again := b.service(b.db, Options{})
	if got, err := again.Get(t.Context(), b.user, ids[0]); err != nil || !strings.HasPrefix(got.Health, "not running") {
		t.Errorf("health %q, %v", got.Health, err)
	}
	if err := again.ResumeAll(t.Context(), b.user); err != nil {
		t.Fatal(err)
	}
	if end := final(t, again, b.user, ids[0]); end.Status != journal.Finished || end.Account.Input != 5+3*24+1 {
		t.Fatalf("%+v", end)
	}
	addsUp(t, again, b.user, ids[0])
	same(t, again, b.user, ids[0])
}

func TestFailingStrategy(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(200)
	src := `
strategy(name = "breaks", markets = ["BTC/USDT"], interval = "1h")
state.n = 0

def on_bar(ctx, bar):
    state.n += 1
    if state.n == 3:
        ctx.buy(fraction = 0.5)
    if state.n == 10:
        ctx.buy(fraction = 0.1, limit = 1.0)
        fail("no more")
`
	id := b.algorithm(src, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{})
	s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay"})
	if err != nil {
		t.Fatal(err)
	}
	end := final(t, f, b.user, s.ID)
	if end.Status != journal.Failed || !strings.Contains(end.Error, ".star:11:") || !strings.Contains(end.Error, "no more") || end.Account.Input != 10 {
		t.Fatalf("%s after %d inputs: %s", end.Status, end.Account.Input, end.Error)
	}
	rows, err := f.Positions(t.Context(), b.user, s.ID)
	if err != nil || len(rows) != 1 {
		t.Fatalf("positions %+v %v", rows, err)
	}
	orders, err := f.Orders(t.Context(), b.user, s.ID, 10)
	if err != nil || len(orders) != 2 || orders[0].Reason != "session_failed" || !orders[0].State.Terminal() {
		t.Fatalf("orders %+v %v", orders, err)
	}
	addsUp(t, f, b.user, s.ID)
	same(t, f, b.user, s.ID)
}

// forged gives a journal back with one input changed.
type forged struct{ Store }

func (s forged) FloorInputs(ctx context.Context, session string, after int64, limit int) ([]journal.Input, error) {
	all, err := s.Store.FloorInputs(ctx, session, after, limit)
	for i := range all {
		if all[i].Seq != 40 {
			continue
		}
		ev, err := engine.DecodeEvent(all[i].Kind, all[i].Body)
		if err != nil {
			return nil, err
		}
		twice := ev.Bar.Close().Add(ev.Bar.Close())
		if ev.Bar, err = market.NewBar(ev.Bar.Unix(), twice, twice, twice, twice, nil); err != nil {
			return nil, err
		}
		if _, all[i].Body, err = ev.Encode(); err != nil {
			return nil, err
		}
	}
	return all, err
}

func TestReplayShowsTheFirstDifference(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(200)
	id := b.algorithm(holdScript, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{})
	s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay"})
	if err != nil {
		t.Fatal(err)
	}
	final(t, f, b.user, s.ID)
	r, err := b.service(forged{b.db}, Options{}).Replay(t.Context(), b.user, s.ID)
	if err != nil || r.Identical || !strings.Contains(r.Difference, "input 40 ") || r.Recorded == r.Replayed {
		t.Fatalf("%+v %v", r, err)
	}
}

// TestResumeRefusesAChangedJournal takes a session up whose inputs do not give its audit any more: it ends, its books stay.
func TestResumeRefusesAChangedJournal(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(200)
	f, ids := held(t, b, 1)
	f.Close()
	before, _, err := b.db.FloorAccount(t.Context(), ids[0])
	if err != nil {
		t.Fatal(err)
	}
	again := b.service(torn{b.db}, Options{})
	if err := again.ResumeAll(t.Context(), b.user); err != nil {
		t.Fatal(err)
	}
	end := final(t, again, b.user, ids[0])
	if end.Status != journal.Failed || !strings.Contains(end.Error, "cannot be rebuilt") || !end.Account.Equity.Equal(before.Equity) || end.Account.Input != before.Input {
		t.Fatalf("%+v", end)
	}
	_, err = again.Replay(t.Context(), b.user, ids[0])
	problemOf(t, err, api.CodeConflict)
}

// torn gives a journal back without its third input.
type torn struct{ Store }

func (s torn) FloorInputs(ctx context.Context, session string, after int64, limit int) ([]journal.Input, error) {
	all, err := s.Store.FloorInputs(ctx, session, after, limit)
	return slices.DeleteFunc(all, func(i journal.Input) bool { return i.Seq == 3 }), err
}

func TestTooManySessions(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(200)
	id := b.algorithm(holdScript, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{MaxSessions: 1, Wait: func(ctx context.Context, d time.Duration) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	r := api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay", Speed: 1}
	if _, err := f.Start(t.Context(), b.user, r); err != nil {
		t.Fatal(err)
	}
	_, err := f.Start(t.Context(), b.user, r)
	problemOf(t, err, "max_sessions")
}
