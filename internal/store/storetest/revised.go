package storetest

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store"
)

const dayOf = 24 * time.Hour

func aText(title string, at time.Time, publisher string, coins ...market.Coin) ledger.Records {
	return ledger.Records{News: []ledger.News{{ID: "1", Source: publisher, Title: title, Published: at, Coins: coins, Sentiment: ledger.Sentiment{Label: "negative", Score: -.9, Scorer: "v"}}}}
}

func anEvent(source, kind string, at time.Time, impact float64) ledger.Records {
	return ledger.Records{Events: []ledger.Event{{ID: "1", Source: source, Type: kind, Title: source, Time: at, Coins: []market.Coin{"BTC"}, Impact: impact, Why: "w"}}}
}

// bookOf asks one question from a moment on and shows its answers as of now.
func bookOf(t *testing.T, w world, q fact.Query, from time.Time) []float64 {
	t.Helper()
	now := w.clock.Now()
	got, err := w.db.Facts(t.Context(), ledger.FactQuery{Queries: []fact.Query{q}, From: from, AsOf: now})
	if err != nil {
		t.Fatal(err)
	}
	b, err := fact.NewBook([]fact.Query{q})
	if err == nil {
		err = b.Add(got.Facts)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.At(now.UnixMilli())
	return b.Values(0)
}

// texts counts what the ledger itself says of a coin's last day.
func texts(t *testing.T, w world, platforms ...string) int {
	t.Helper()
	now := w.clock.Now()
	rows, err := w.db.News(t.Context(), ledger.SentimentQuery{Window: ledger.Window{AsOf: now, From: now.Add(-dayOf)}, Coins: []market.Coin{"BTC"}, Platforms: platforms})
	if err != nil {
		t.Fatal(err)
	}
	return len(rows)
}

var lastDay = fact.Query{Kind: fact.Sentiment, Coin: "BTC", WindowMS: dayOf.Milliseconds()}

// A text whose time is corrected to before the first that is read is gone from where it was, however far back is read.
func correctedOutOfReach(t *testing.T, w world) {
	start := w.clock.Now().Truncate(time.Second)
	poll(t, w, "f1", ledger.Landing{Source: "f", Records: aText("x", start, "paper", "BTC")})
	w.clock.Advance(time.Minute)
	poll(t, w, "f2", ledger.Landing{Source: "f", Records: aText("x", start.Add(-30*dayOf), "paper", "BTC")})
	w.clock.Advance(time.Minute)
	near, far := bookOf(t, w, lastDay, start.Add(-2*dayOf))[1], bookOf(t, w, lastDay, start.Add(-90*dayOf))[1]
	if ledger := texts(t, w); near != 0 || far != 0 || ledger != 0 {
		t.Errorf("texts of the last day: %v read two days back, %v ninety, the ledger has %d", near, far, ledger)
	}
}

// A revision that lands in the same millisecond, or after the clock was set back, takes its version's place, and at no moment both count.
func revisedAtOnce(t *testing.T, w world) {
	start := w.clock.Now().Truncate(time.Second)
	poll(t, w, "f3", ledger.Landing{Source: "f", Records: aText("about BTC", start, "paper", "BTC")})
	poll(t, w, "f4", ledger.Landing{Source: "f", Records: aText("about ETH", start, "paper", "ETH")})
	for _, coin := range []market.Coin{"BTC", "ETH"} {
		rows, err := w.db.News(t.Context(), ledger.SentimentQuery{Window: ledger.Window{AsOf: w.clock.Now()}, Coins: []market.Coin{coin}})
		if want := map[market.Coin]int{"BTC": 1}[coin]; err != nil || len(rows) != want { // the revision is known from the next millisecond on
			t.Errorf("%s at once: %d texts, %v", coin, len(rows), err)
		}
	}
	w.clock.Advance(time.Minute)
	if got := bookOf(t, w, lastDay, start.Add(-2*dayOf))[1]; got != 0 || texts(t, w) != 0 {
		t.Errorf("texts about BTC: a script sees %v, the ledger has %d", got, texts(t, w))
	}
}

// With a lag only what no version came before counts from its own time on: not a revision that is the first about the coin, of the kind, of the
// impact, or that lands while a session runs.
func revisionsAreNotAssumed(t *testing.T, w world) {
	start := w.clock.Now().Truncate(time.Second)
	poll(t, w, "f5", ledger.Landing{Source: "f", Records: anEvent("edgar", ledger.EventFiling, start, .2)})
	poll(t, w, "f6", ledger.Landing{Source: "f", Records: aText("something broke", start, "paper", "ETH")})
	number := func(v int64) ledger.Records {
		return ledger.Records{Metrics: []ledger.Metric{{Asset: "BTC", Metric: "tx", Event: start, Value: money.FromInt(v)}}}
	}
	poll(t, w, "f7", ledger.Landing{Source: "f", Records: number(1)})
	head, err := w.db.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(10 * dayOf)
	poll(t, w, "f8", ledger.Landing{Source: "f", Records: anEvent("edgar", ledger.EventHalt, start, .9)})
	poll(t, w, "f9", ledger.Landing{Source: "f", Records: aText("it was bitcoin", start, "paper", "BTC", "ETH")})
	poll(t, w, "f10", ledger.Landing{Source: "f", Records: number(2)})
	revised := w.clock.Now().UnixMilli()
	window, lag := 30*dayOf.Milliseconds(), time.Hour.Milliseconds()
	for _, q := range []fact.Query{
		{Kind: fact.Events, Coin: "BTC", WindowMS: window, Names: []string{ledger.EventHalt}, Assumed: true, LagMS: lag},
		{Kind: fact.Events, Coin: "BTC", WindowMS: window, MinImpact: .5, Assumed: true, LagMS: lag},
		{Kind: fact.Sentiment, Coin: "BTC", WindowMS: window, Assumed: true, LagMS: lag},
		{Kind: fact.Metric, Coin: "BTC", Names: []string{"tx"}, Assumed: true, LagMS: lag},
	} {
		for _, after := range []int64{0, head} { // a backtest, and a session that was told what was there before
			got, err := w.db.Facts(t.Context(), ledger.FactQuery{Queries: []fact.Query{q}, AsOf: w.clock.Now().Add(time.Hour), Later: after > 0, After: after})
			if err != nil || len(got.Facts) == 0 {
				t.Fatal(q, err)
			}
			if last := got.Facts[len(got.Facts)-1]; last.Known < revised {
				t.Errorf("%s after %d: the revision landed at %d and counts as known at %d", q.String(), after, revised, last.Known)
			}
		}
	}
}

// What a script sees does not hang on which source a store met first: of events at one moment the greatest impact is the next.
func factsOfTwoStores(t *testing.T, _ world) {
	var keys [2]uint64
	for i, first := range []string{"edgar", "unlocks"} {
		w := another(t)
		start := w.clock.Now().Truncate(time.Second)
		for k, s := range []string{first, "edgar", "unlocks"} {
			poll(t, w, strconv.Itoa(k)+"f11", ledger.Landing{Source: s, Records: ledger.Records{Metrics: []ledger.Metric{{Asset: "X", Metric: s, Event: start, Value: money.One}}}})
		}
		poll(t, w, "f12", ledger.Landing{Source: "edgar", Records: anEvent("edgar", ledger.EventUnlock, start.Add(2*dayOf), .2)})
		poll(t, w, "f13", ledger.Landing{Source: "unlocks", Records: anEvent("unlocks", ledger.EventUnlock, start.Add(2*dayOf), .9)})
		w.clock.Advance(time.Hour)
		q := fact.Query{Kind: fact.Events, Coin: "BTC", WindowMS: dayOf.Milliseconds()}
		if got := bookOf(t, w, q, time.Time{})[4]; got != .9 {
			t.Errorf("first source %s: the next impact is %v", first, got)
		}
		got, err := w.db.Facts(t.Context(), ledger.FactQuery{Queries: []fact.Query{q}})
		if err != nil || len(got.Facts) != 2 {
			t.Fatal(got, err)
		}
		keys[i] = got.Facts[0].Key
	}
	if keys[0] != keys[1] {
		t.Errorf("the same event has the keys %d and %d in two stores", keys[0], keys[1])
	}
}

// A publisher is found whatever capitals its name has.
func publishersBeyondASCII(t *testing.T, w world) {
	start := w.clock.Now().Truncate(time.Second)
	poll(t, w, "f14", ledger.Landing{Source: "f", Records: aText("x", start, "Les Échos", "BTC")})
	w.clock.Advance(time.Minute)
	q := lastDay
	q.Names = []string{"LES ÉCHOS"}
	if got := bookOf(t, w, q, time.Time{})[1]; got != 1 || texts(t, w, "les échos") != 1 || texts(t, w, "les échô") != 0 {
		t.Errorf("texts of Les Échos: a script sees %v, the ledger has %d", got, texts(t, w, "les échos"))
	}
}

// urlOf is that of a second, empty store of the kind that is being tested.
func urlOf(t *testing.T) string {
	if strings.HasPrefix(t.Name(), "TestPostgres/") {
		return Postgres(t)
	}
	return URL(t)
}

// another is a second store of the same kind.
func another(t *testing.T) world {
	t.Helper()
	c := clock.NewManual(Start)
	db, err := store.Open(t.Context(), urlOf(t), store.Options{Migrate: true, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return world{db, c}
}

// What a session asks while a landing waits for the head does not hold the landing, and the landing is not known before that.
func landingWhileAsked(t *testing.T, w world) {
	start := w.clock.Now().Truncate(time.Second)
	var seen int
	c := &hooked{Manual: w.clock}
	db, err := store.Open(t.Context(), urlOf(t), store.Options{Migrate: true, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.db = db
	var asked time.Time
	c.hook = func() { // the first time that the landing looks at the clock
		asked = w.clock.Now()
		w.clock.Advance(time.Second)
		got, err := db.Facts(t.Context(), ledger.FactQuery{Queries: []fact.Query{lastDay}})
		if err != nil {
			t.Error(err)
		}
		seen = len(got.Facts)
	}
	c.armed = true
	poll(t, w, "f1", ledger.Landing{Source: "f", Records: aText("x", start.Add(-time.Hour), "paper", "BTC")})
	got, err := db.Facts(t.Context(), ledger.FactQuery{Queries: []fact.Query{lastDay}, AsOf: asked.Add(time.Second - time.Millisecond)})
	if err != nil || asked.IsZero() || len(got.Facts) != seen {
		t.Errorf("a session that asked within the landing was told %d facts, a backtest as of then %d; %v", seen, len(got.Facts), err)
	}
}

// hooked calls its hook once, when the time is asked for.
type hooked struct {
	*clock.Manual
	hook  func()
	armed bool
}

func (h *hooked) Now() time.Time {
	now := h.Manual.Now()
	if h.armed {
		h.armed = false
		h.hook()
	}
	return now
}

// A session that began before a metric was there refuses to guess between two that come up at once, as a backtest does, and is told the first item
// of all.
func laterIsToldAll(t *testing.T, w world) {
	start := w.clock.Now().Truncate(time.Second)
	q := fact.Query{Kind: fact.Metric, Coin: "BTC", Names: []string{"tx"}}
	first, err := w.db.Facts(t.Context(), ledger.FactQuery{Queries: []fact.Query{q}})
	if err != nil || first.UpTo != 0 {
		t.Fatal(first, err)
	}
	figure := func(v int64) ledger.Records {
		return ledger.Records{Metrics: []ledger.Metric{{Asset: "BTC", Metric: "tx", Event: start, Value: money.FromInt(v)}}}
	}
	poll(t, w, "f1", ledger.Landing{Source: "coinmetrics", Records: figure(1)})
	later := ledger.FactQuery{Queries: []fact.Query{q}, Later: true, After: first.UpTo}
	if got, err := w.db.Facts(t.Context(), later); err != nil || len(got.Facts) != 1 || got.Facts[0].Values[0] != 1 {
		t.Errorf("%+v %v", got.Facts, err)
	}
	poll(t, w, "f2", ledger.Landing{Source: "blockchain", Records: figure(9)})
	var ambiguous *ledger.AmbiguousError
	if got, err := w.db.Facts(t.Context(), later); !errors.As(err, &ambiguous) {
		t.Errorf("two sources at once: %+v %v", got.Facts, err)
	}
	later.After = 1 // it has been told of the first: the second is not what it settled on
	if got, err := w.db.Facts(t.Context(), later); err != nil || len(got.Facts) != 0 {
		t.Errorf("%+v %v", got.Facts, err)
	}
}

// Flows over a day and over an hour are of the same money: they are never added. A symbol is found however its makers write it.
func flowsOfOneLength(t *testing.T, w world) {
	start := w.clock.Now().Truncate(time.Hour)
	flow := func(token, address string, usd int64, over time.Duration) ledger.Flow {
		return ledger.Flow{Event: start, Token: token, Chain: "ethereum", Address: address, NetUSD: money.FromInt(usd), Window: over}
	}
	poll(t, w, "f1", ledger.Landing{Source: "nansen", Records: ledger.Records{Flows: []ledger.Flow{
		flow("UNI", "0xa", 100, 24*time.Hour), flow("UNI", "0xa", 40, time.Hour), flow("cbBTC", "0xb", 7, 24*time.Hour), flow("CBBTC", "0xc", 1, 24*time.Hour)}}})
	w.clock.Advance(time.Hour)
	for q, want := range map[*fact.Query]float64{
		{Kind: fact.Flows, Coin: "UNI", WindowMS: dayOf.Milliseconds(), OverMS: dayOf.Milliseconds()}:     100,
		{Kind: fact.Flows, Coin: "UNI", WindowMS: dayOf.Milliseconds(), OverMS: time.Hour.Milliseconds()}: 40,
		{Kind: fact.Flows, Coin: "CBBTC", WindowMS: dayOf.Milliseconds(), OverMS: dayOf.Milliseconds()}:   8,
	} {
		if got := bookOf(t, w, *q, time.Time{})[0]; got != want {
			t.Errorf("%s: %v, want %v", q, got, want)
		}
	}
}
