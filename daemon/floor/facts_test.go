package floor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/strategy"
)

// land lands records as a collector does, known at the clock's time.
func (b *floorBench) land(r ledger.Records) {
	b.tb.Helper()
	ctx, now := b.tb.Context(), b.clock.Now()
	if err := b.db.EnsureFeeds(ctx, []string{"f"}); err != nil {
		b.tb.Fatal(err)
	}
	c, ok, err := b.db.Begin(ctx, "f", "p", now, now.Add(time.Minute))
	if err != nil || !ok {
		b.tb.Fatalf("begin: %v %v", ok, err)
	}
	if _, err := b.db.Land(ctx, ledger.Landing{Claim: c, Source: "f", Records: r, Tick: now, Started: now, Read: now}); err != nil {
		b.tb.Fatal(err)
	}
}

func news(id string, at time.Time, score float64, coins ...market.Coin) ledger.News {
	return ledger.News{ID: id, Source: "paper", Title: fmt.Sprint(id, score, coins), Published: at, Coins: coins, Sentiment: ledger.Sentiment{Label: "neutral", Score: score, Scorer: "v1"}}
}

// audit returns the lines of a kind, as text.
func audit(t *testing.T, f *Service, user, id, kind string) (out []string) {
	t.Helper()
	lines, err := f.Audit(t.Context(), user, id, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if l.Kind == kind {
			out = append(out, string(l.Body))
		}
	}
	return out
}

// A session on stored bars sees each fact from its time on, however many there are, and its journal replays to the same audit.
func TestReplayWithFacts(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(400)
	start := time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)
	var r ledger.Records
	for i := range 3 * engine.FactsInEvent { // known 30 minutes later by assumption: in the bar after the next close
		r.News = append(r.News, news(fmt.Sprint(i), start.Add(time.Duration(i)*time.Minute), float64(i%2), "BTC"))
	}
	b.land(r)
	id := b.algorithm(`
strategy(name = "mood", markets = ["BTC/USDT"], interval = "1h")
mood = ledger.sentiment(window = "1h", lag = "30m")
def on_bar(ctx, bar):
    if mood.count > 0:
        ctx.log(mood.count, mood.mean)
    if mood.ready and not ctx.position and not ctx.orders():
        ctx.buy(fraction = 0.5)
`, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{})
	s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay", From: "2024-01-02", To: "2024-01-04"})
	if err != nil {
		t.Fatal(err)
	}
	end := final(t, f, b.user, s.ID)
	// 750 minutes of texts, told in four events; a bar closes with those of its first half hour and of the half hour before.
	if end.Status != journal.Finished || end.Account.Input != 48+4+1 {
		t.Fatalf("%+v", end)
	}
	logs := audit(t, f, b.user, s.ID, "log")
	if len(logs) != 13 || !strings.Contains(logs[0], "30.0 0.5") && !strings.Contains(logs[0], "31.0") {
		t.Errorf("%d lines: %v", len(logs), logs)
	}
	if len(end.Account.Positions) != 1 {
		t.Errorf("nothing was bought: %+v", end.Account)
	}
	addsUp(t, f, b.user, s.ID)
	same(t, f, b.user, s.ID)
}

// A live session is told what lands, before the bar at whose close it was known, and not twice after a restart.
func TestQuotesWithFacts(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.clock.tick = 0
	at := b.clock.Now().Truncate(time.Minute).Add(time.Minute)
	b.land(ledger.Records{News: []ledger.News{news("old", at.Add(-10*time.Minute), .5, "BTC")}})
	id := b.algorithm(`
strategy(name = "mood", markets = ["BTC/AUD"], interval = "1m")
mood = ledger.sentiment(window = "1h")
tx = ledger.metric("tx")
def on_bar(ctx, bar):
    ctx.log(mood.count, mood.mean, tx.value)
on_warmup = on_bar
`, strategy.Options{}, strategy.Paper)
	u := newUpstream()
	f := b.service(b.db, Options{Quotes: u})
	s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "coinspot"})
	if err != nil {
		t.Fatal(err)
	}
	<-u.idle
	b.clock.to(at)
	u.give(quoted(at, "99", "101", "100"))
	b.clock.to(at.Add(30 * time.Second))
	b.land(ledger.Records{News: []ledger.News{news("old", at.Add(-10*time.Minute), -.5, "BTC"), news("new", at, 1, "BTC", "ETH"), news("other", at, -1, "ETH")},
		Metrics: []ledger.Metric{{Asset: "BTC", Metric: "tx", Event: at, Value: money.FromInt(7)}}})
	b.clock.to(at.Add(61 * time.Second))
	b.land(ledger.Records{News: []ledger.News{news("new", at, 1, "ETH")}}) // about BTC no longer, known after the close
	b.clock.to(at.Add(62 * time.Second))
	u.give(quoted(at.Add(62*time.Second), "99", "101", "100"))
	f.Close()

	u = newUpstream()
	f = b.service(b.db, Options{Quotes: u})
	if err := f.ResumeAll(t.Context(), b.user); err != nil {
		t.Fatal(err)
	}
	<-u.idle
	for _, after := range []time.Duration{90, 125, 185} {
		b.clock.to(at.Add(after * time.Second))
		u.give(quoted(at.Add(after*time.Second), "99", "101", "100"))
	}
	logs := audit(t, f, b.user, s.ID, "log")
	want := []string{"2.0 0.25 7.0", "1.0 -0.5 7.0", "1.0 -0.5 7.0"}
	if len(logs) != len(want) {
		t.Fatalf("%d lines: %v", len(logs), logs)
	}
	for i := range want {
		if !strings.Contains(logs[i], want[i]) {
			t.Errorf("bar %d: %s, want %s", i, logs[i], want[i])
		}
	}
	same(t, f, b.user, s.ID)
	if _, err := f.Stop(t.Context(), b.user, s.ID); err != nil {
		t.Fatal(err)
	}
	same(t, f, b.user, s.ID)
}

func TestAnAmbiguousMetricIsToldAtTheStart(t *testing.T) {
	t.Parallel()
	b := newFloor(t)
	b.bars(100)
	at := b.clock.Now()
	b.land(ledger.Records{Fundamentals: []ledger.Fundamental{{Protocol: "a", Asset: "BTC", Metric: "tvl", Event: at, Value: money.One}, {Protocol: "b", Asset: "BTC", Metric: "tvl", Event: at, Value: money.One}}})
	id := b.algorithm(`
strategy(name = "tvl", markets = ["BTC/USDT"], interval = "1h")
tvl = ledger.metric("tvl", lag = "1h")
def on_bar(ctx, bar): pass
`, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{Quotes: newUpstream()})
	_, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "coinspot"})
	if p := problemOf(t, err, api.CodeBadRequest); !strings.Contains(p.Detail, "f (a), f (b)") {
		t.Errorf("%q", p.Detail)
	}
}
