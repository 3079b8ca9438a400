package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store"
)

var btcAUD = market.Market{Base: "BTC", Quote: "AUD"}

// poll begins a poll of the feed at its clock's time and lands what it brought.
func poll(t *testing.T, w world, feed string, l ledger.Landing) (ledger.Landed, ledger.Claim) {
	t.Helper()
	now := w.clock.Now()
	if err := w.db.EnsureFeeds(t.Context(), []string{feed}); err != nil {
		t.Fatal(err)
	}
	c, ok, err := w.db.Begin(t.Context(), feed, "p1", now, now.Add(time.Minute))
	if err != nil || !ok {
		t.Fatalf("begin %s: %v %v", feed, ok, err)
	}
	l.Claim, l.Tick, l.Started = c, now, now
	if l.Read.IsZero() && l.Err == "" {
		l.Read = now
	}
	if l.Source == "" {
		l.Source = feed
	}
	got, err := w.db.Land(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return got, c
}

func claims(t *testing.T, w world) {
	ctx, now := t.Context(), w.clock.Now()
	if _, ok, err := w.db.Begin(ctx, "f", "p1", now, now.Add(time.Minute)); ok || err != nil {
		t.Fatal("a feed that is not there was begun", err)
	}
	for range 2 { // making it twice changes nothing
		if err := w.db.EnsureFeeds(ctx, []string{"f"}); err != nil {
			t.Fatal(err)
		}
	}
	a, ok, err := w.db.Begin(ctx, "f", "p1", now, now.Add(time.Minute))
	if !ok || err != nil || a.Number != 1 || a.Cursor != nil || !a.LastOK.IsZero() {
		t.Fatal(a, ok, err)
	}
	for name, tick := range map[string]time.Time{"the same tick": now, "an earlier one": now.Add(-time.Hour), "a later one, while it is busy": now.Add(time.Second)} {
		if _, ok, err := w.db.Begin(ctx, "f", "p2", tick, now.Add(time.Minute)); ok || err != nil {
			t.Error(name, ok, err)
		}
	}
	w.clock.Advance(time.Minute) // the first process died: its time is over
	now = w.clock.Now()
	b, ok, err := w.db.Begin(ctx, "f", "p2", now, now.Add(time.Minute))
	if !ok || err != nil || b.Number != 2 {
		t.Fatal(b, ok, err)
	}
	late := ledger.Landing{Claim: a, Source: "s", Read: now, Tick: now, Started: now, Cursor: []byte("late"),
		Records: ledger.Records{Metrics: []ledger.Metric{{Event: now, Asset: "BTC", Metric: "m", Value: money.One}}}}
	if _, err := w.db.Land(ctx, late); !errors.Is(err, store.ErrConflict) {
		t.Fatal("a claim that is not the newest landed:", err)
	}
	if rows, err := w.db.OnChainMetrics(ctx, ledger.MetricQuery{}); err != nil || len(rows) != 0 {
		t.Fatal(rows, err)
	}
	late.Claim, late.Cursor = b, []byte(`{"n":1}`)
	if got, err := w.db.Land(ctx, late); err != nil || got.New != 1 {
		t.Fatal(got, err)
	}
	w.clock.Advance(time.Second)
	now = w.clock.Now()
	c, ok, err := w.db.Begin(ctx, "f", "p1", now, now.Add(time.Minute))
	if !ok || err != nil || string(c.Cursor) != `{"n":1}` || c.LastOK.IsZero() {
		t.Fatal(c, ok, err)
	}
	if _, err := w.db.Land(ctx, ledger.Landing{Claim: c, Source: "s", Err: "it failed", Tick: now, Started: now}); err != nil {
		t.Fatal(err)
	}
	if err := w.db.PauseFeed(ctx, "f", true); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := w.db.Begin(ctx, "f", "p1", now.Add(time.Hour), now.Add(2*time.Hour)); ok || err != nil {
		t.Error("a paused feed was begun", err)
	}
	if err := w.db.PauseFeed(ctx, "nothing", true); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	states, err := w.db.FeedStates(ctx)
	if err != nil || len(states) != 1 {
		t.Fatal(states, err)
	}
	s := states[0]
	if !s.Paused || s.Runs != 2 || s.Failures != 1 || s.Failed != 1 || s.Error != "it failed" || s.Rows != 1 || s.Owner != "" || s.Newest.IsZero() || s.LastOK.After(s.ErrorAt) {
		t.Errorf("%+v", s)
	}
	runs, err := w.db.FeedRuns(ctx, now.Add(-time.Hour))
	if r := runs["f"]; err != nil || r.Runs != 2 || r.Failures != 1 || r.Rows != 1 {
		t.Errorf("%+v %v", r, err)
	}
}

// manyClaim lets several processes want the same ticks: each is begun once.
func manyClaim(t *testing.T, w world) {
	if err := w.db.EnsureFeeds(t.Context(), []string{"f"}); err != nil {
		t.Fatal(err)
	}
	const ticks, processes = 20, 4
	began := make(chan int, ticks*processes)
	errs := make(chan error, processes)
	start := w.clock.Now()
	for p := range processes {
		go func() {
			for i := range ticks {
				at := start.Add(time.Duration(i) * time.Second)
				_, ok, err := w.db.Begin(context.Background(), "f", fmt.Sprint("p", p), at, start) // its time is over at once
				if err != nil {
					errs <- err
					return
				}
				if ok {
					began <- i
				}
			}
			errs <- nil
		}()
	}
	for range processes {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	close(began)
	count := map[int]int{}
	for i := range began {
		count[i]++
	}
	for i, n := range count {
		if n != 1 {
			t.Errorf("tick %d was begun %d times", i, n)
		}
	}
	if count[ticks-1] != 1 {
		t.Error("the last tick was never begun")
	}
}

func quotesChange(t *testing.T, w world) {
	quote := func(base, bid, ask, last string) market.Quote {
		return market.Quote{Market: market.Market{Base: market.Coin(base), Quote: "AUD"}, Time: w.clock.Now(), Bid: money.MustParse(bid), Ask: money.MustParse(ask), Last: money.MustParse(last)}
	}
	step := func(whole bool, quotes ...market.Quote) ledger.Landed {
		t.Helper()
		got, _ := poll(t, w, "coinspot", ledger.Landing{Whole: whole, Records: ledger.Records{Quotes: quotes}})
		w.clock.Advance(5 * time.Second)
		return got
	}
	t0 := w.clock.Now()
	for i, c := range []struct {
		got      ledger.Landed
		new, old int
	}{
		{step(true, quote("BTC", "99.5", "100.5", "100"), quote("ETH", "9", "11", "10.123456789")), 2, 0},
		{step(true, quote("BTC", "99.50", "100.5", "100"), quote("ETH", "9", "11", "10.123456789")), 0, 2},
		{step(true, quote("BTC", "99.5", "100.5", "101")), 2, 0}, // ETH is quoted no more
		{step(true, quote("BTC", "99.5", "100.5", "101")), 0, 1},
		{step(false, quote("BTC", "99.5", "100.5", "102")), 1, 0},
		{step(true, quote("BTC", "99.5", "100.5", "102"), quote("ETH", "9", "11", "10")), 1, 1},
	} {
		if c.got.New != c.new || c.got.Same != c.old || len(c.got.Quotes) != c.new {
			t.Errorf("poll %d: %+v", i, c.got)
		}
	}
	for seconds, want := range map[int]string{-1: "", 0: "BTC 100 ETH 10.123456789", 7: "BTC 100 ETH 10.123456789", 10: "BTC 101", 19: "BTC 101", 20: "BTC 102", 25: "BTC 102 ETH 10", 1000: "BTC 102 ETH 10"} {
		rows, err := w.db.Quotes(t.Context(), ledger.QuoteQuery{Source: "coinspot", AsOf: t0.Add(time.Duration(seconds) * time.Second)})
		if got := spell(rows); err != nil || got != want {
			t.Errorf("%d s: %q %v, want %q", seconds, got, err, want)
		}
	}
	rows, err := w.db.Quotes(t.Context(), ledger.QuoteQuery{Markets: []market.Market{btcAUD}})
	if err != nil || spell(rows) != "BTC 102" || rows[0].Bid.String() != "99.5" || rows[0].Source != "coinspot" {
		t.Errorf("%+v %v", rows, err)
	}
	changes, err := w.db.QuoteChanges(t.Context(), "coinspot", t0.Add(5*time.Second), t0.Add(25*time.Second))
	if err != nil || len(changes) != 2 {
		t.Fatal(changes, err)
	}
	eth := changes[market.Market{Base: "ETH", Quote: "AUD"}]
	if btc := changes[btcAUD]; len(btc) != 3 || btc[0].Last.String() != "100" || btc[2].Last.String() != "102" || len(eth) != 2 || !eth[1].Gone || eth[0].Gone {
		t.Errorf("%+v", changes)
	}
	polls, err := w.db.Polls(t.Context(), "coinspot", t0.Add(5*time.Second), t0.Add(25*time.Second))
	if err != nil || len(polls) != 4 || !polls[0].Equal(t0.Add(5*time.Second).Truncate(time.Millisecond)) {
		t.Error(polls, err)
	}
}

func spell(rows []ledger.QuoteRow) string {
	s := ""
	for _, r := range rows {
		s += fmt.Sprintf(" %s %s", r.Market.Base, r.Last)
	}
	if s == "" {
		return ""
	}
	return s[1:]
}

func quarantine(t *testing.T, w world) {
	bad := []ledger.Reject{{Reason: "bid \"NaN\" is no number\x00", Bytes: []byte("{\"bid\":\"NaN\"}\x00\xff")}, {Reason: "long", Bytes: make([]byte, 100_000)},
		{Reason: "cut short by its source", Bytes: make([]byte, 10), Size: 200_000}}
	for range 3 {
		poll(t, w, "coinspot", ledger.Landing{Rejects: bad})
		w.clock.Advance(time.Second)
	}
	got, err := w.db.Quarantine(t.Context(), "coinspot", 10)
	if err != nil || len(got) != 3 {
		t.Fatal(got, err)
	}
	slices.SortFunc(got, func(a, b ledger.Quarantined) int { return int(a.Size - b.Size) })
	if q := got[0]; q.Seen != 3 || string(q.Bytes) != "{\"bid\":\"NaN\"}\x00\xff" || q.Reason != "bid \"NaN\" is no number" || !q.First.Before(q.Last) || q.Feed != "coinspot" {
		t.Errorf("%+v", q)
	}
	if q := got[1]; q.Size != 100_000 || len(q.Bytes) != 16<<10 {
		t.Errorf("%d of %d bytes", len(q.Bytes), q.Size)
	}
	if q := got[2]; q.Size != 200_000 || len(q.Bytes) != 10 {
		t.Errorf("%d of %d bytes", len(q.Bytes), q.Size)
	}
	if got, err = w.db.Quarantine(t.Context(), "other", 10); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	if n, err := w.db.ClearQuarantine(t.Context(), "coinspot"); err != nil || n != 3 {
		t.Error(n, err)
	}
}

// feedGaps: a time without a success is a gap; an answer that reaches back over it repairs it.
func feedGaps(t *testing.T, w world) {
	land := func(after time.Duration, l ledger.Landing) {
		t.Helper()
		w.clock.Advance(after)
		l.GapAfter = time.Minute
		poll(t, w, "rss", l)
	}
	land(0, ledger.Landing{})
	t0 := w.clock.Now()
	land(50*time.Second, ledger.Landing{})
	land(50*time.Second, ledger.Landing{Err: "http status 500"})
	land(50*time.Second, ledger.Landing{Since: t0}) // the failed poll makes a gap, which this answer fills itself
	from := w.clock.Now()
	land(time.Hour, ledger.Landing{Since: from.Add(time.Second)}) // reaches not far enough
	got, err := w.db.FeedGaps(t.Context(), "rss", 10)
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if g := got[0]; g.Repaired != nil || !g.From.Equal(from.Truncate(time.Millisecond)) || g.To.Sub(g.From) != time.Hour || g.Reason != "not polled" {
		t.Errorf("%+v", g)
	}
	if g := got[1]; g.Repaired == nil || g.Reason != "1 polls failed, the last: http status 500" {
		t.Errorf("%+v", g)
	}
	land(time.Second, ledger.Landing{Since: from})
	if got, err = w.db.FeedGaps(t.Context(), "", 10); err != nil || got[0].Repaired == nil {
		t.Error(got, err)
	}
	sourcesGaps(t, w, land)
}

// sourcesGaps: what a source knows to be missing is a gap, though no poll failed; also beside an error. No start is the last success.
func sourcesGaps(t *testing.T, w world, land func(time.Duration, ledger.Landing)) {
	last := w.clock.Now().Truncate(time.Millisecond)
	land(time.Second, ledger.Landing{Since: last.Add(time.Second), Gaps: []ledger.FeedGap{{To: last.Add(time.Second), Reason: "no page met what is known"}}})
	land(time.Second, ledger.Landing{Err: "http status 500", Gaps: []ledger.FeedGap{{From: last.Add(time.Hour), To: last.Add(2 * time.Hour), Reason: "later"}}})
	got, err := w.db.FeedGaps(t.Context(), "rss", 2)
	if err != nil || len(got) != 2 || got[0].Reason != "later" || got[0].To.Sub(got[0].From) != time.Hour {
		t.Fatal(got, err)
	}
	if g := got[1]; g.Repaired != nil || !g.From.Equal(last) || !g.To.Equal(last.Add(time.Second)) || g.Reason != "no page met what is known" {
		t.Errorf("%+v", g)
	}
}
