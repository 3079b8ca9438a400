package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/bus"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

var btc = market.Market{Base: "BTC", Quote: "AUD"}

// judge says what the tests can foresee.
type judge struct{}

func (judge) Sentiment(text string) ledger.Sentiment {
	return ledger.Sentiment{Label: "positive", Score: 0.5, Scorer: "test-1"}
}

func (judge) Coins(text string) []market.Coin {
	if strings.Contains(text, "Bitcoin") {
		return []market.Coin{"BTC"}
	}
	return nil
}

func (judge) Impact(e *ledger.Event, recent []ledger.EventRow) (float64, string) {
	return 1 / float64(1+len(recent)), fmt.Sprintf("%d like it", len(recent))
}

// world is a store with a clock and a runner of feeds that the test scripts.
type world struct {
	t     *testing.T
	db    *store.DB
	clock *clock.Manual
	bus   bus.Bus
	feeds []source.Feed
}

func newWorld(t *testing.T, feeds ...source.Feed) *world {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))
	db, err := store.Open(t.Context(), storetest.URL(t), store.Options{Migrate: true, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var names []string
	for i := range feeds {
		if feeds[i].Source == "" {
			feeds[i].Source = "test"
		}
		feeds[i].Every, feeds[i].Timeout = 5*time.Second, 10*time.Second
		names = append(names, feeds[i].Name)
	}
	if err := db.EnsureFeeds(t.Context(), names); err != nil {
		t.Fatal(err)
	}
	return &world{t, db, c, bus.NewMemory(c), feeds}
}

// runner is a process: a new one after each restart.
func (w *world) runner(owner string) *Runner {
	return NewRunner(w.db, w.clock, w.bus, judge{}, slog.New(slog.DiscardHandler), owner, slices.Clone(w.feeds))
}

func quote(m market.Market, at time.Time, last string) market.Quote {
	p := money.MustParse(last)
	return market.Quote{Market: m, Time: at, Bid: p, Ask: p, Last: p}
}

// TestBarsAreBuiltFromPolls walks a price at random through polls that fail, stop, and lose the market, in a process that restarts,
// and compares the bars with those a person would draw.
func TestBarsAreBuiltFromPolls(t *testing.T) {
	t.Parallel()
	var now func() time.Time
	var answer func() ([]market.Quote, error)
	feed := source.Feed{Name: "venue", Bars: true, Urgent: true, Poll: func(context.Context, []byte) (source.Harvest, error) {
		q, err := answer()
		if err != nil {
			return source.Harvest{}, err
		}
		return source.Harvest{Records: ledger.Records{Quotes: q}, Whole: true, Read: now()}, nil
	}}
	w := newWorld(t, feed)
	now = w.clock.Now
	rng := rand.New(rand.NewPCG(3, 4))
	price := 100_000.0
	type point struct {
		at   time.Time
		last string
	}
	var seen []point
	answer = func() ([]market.Quote, error) {
		switch k := rng.IntN(100); {
		case k < 4:
			return nil, errors.New("http status 500")
		case k < 6:
			return nil, nil // the market is not quoted
		case k < 50: // unchanged
		default:
			price *= 1 + (rng.Float64()-0.5)/100
		}
		last := fmt.Sprintf("%.2f", price)
		seen = append(seen, point{now(), last})
		return []market.Quote{quote(btc, now(), last)}, nil
	}
	r := w.runner("p1")
	for i := range 900 {
		w.clock.Advance(time.Duration(4900+rng.IntN(200)) * time.Millisecond)
		if i%100 == 99 {
			r = w.runner(fmt.Sprint("p", i)) // a restart
			w.clock.Advance(time.Duration(rng.IntN(900)) * time.Second)
		}
		_ = r.Run(t.Context(), "venue", w.clock.Now()) // some fail
	}
	got, err := w.db.PriceRows(t.Context(), ledger.BarQuery{Market: btc, Interval: market.FiveMinutes})
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64][]string{}
	for _, p := range seen {
		o := market.FiveMinutes.Floor(p.at.Unix())
		want[o] = append(want[o], p.last)
	}
	end := market.FiveMinutes.Floor(w.clock.Now().Unix())
	first := market.FiveMinutes.Floor(seen[0].at.Unix()) // begun in the middle: it is left to the first poll's bar
	n := 0
	for o, prices := range want {
		if o >= end {
			continue
		}
		n++
		i := slices.IndexFunc(got, func(b ledger.PriceBar) bool { return b.Unix() == o })
		if i < 0 {
			t.Errorf("no bar at %s", time.Unix(o, 0).UTC())
			continue
		}
		b := &got[i]
		hi, lo := prices[0], prices[0]
		for _, p := range prices {
			if money.MustParse(hi).Less(money.MustParse(p)) {
				hi = p
			}
			if money.MustParse(p).Less(money.MustParse(lo)) {
				lo = p
			}
		}
		if !b.Open().Equal(money.MustParse(prices[0])) || !b.Close().Equal(money.MustParse(prices[len(prices)-1])) || !b.High().Equal(money.MustParse(hi)) ||
			!b.Low().Equal(money.MustParse(lo)) || b.HasVolume() || b.Source != "test" || b.Bid == nil || !b.Bid.Equal(b.Close()) || b.Known < o+300 {
			t.Errorf("%s of %v", b.String(), prices)
		}
	}
	if len(got) != n || n < 12 {
		t.Errorf("%d bars, want %d (first at %s)", len(got), n, time.Unix(first, 0).UTC())
	}
}

func TestAJumpIsHeldUntilItHasStood(t *testing.T) {
	t.Parallel()
	var w *world
	last := ""
	w = newWorld(t, source.Feed{Name: "venue", Poll: func(context.Context, []byte) (source.Harvest, error) {
		h := source.Harvest{Whole: true, Read: w.clock.Now()}
		if last != "" {
			h.Quotes = []market.Quote{quote(btc, w.clock.Now(), last)}
		}
		return h, nil
	}})
	r := w.runner("p")
	poll := func(price, want string) {
		t.Helper()
		last = price
		w.clock.Advance(5 * time.Second)
		if err := r.Run(t.Context(), "venue", w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		rows, err := w.db.Quotes(t.Context(), ledger.QuoteQuery{})
		got := ""
		for _, q := range rows {
			got = q.Last.String()
		}
		if err != nil || got != want {
			t.Errorf("quoted %s: %q is in force, want %q (%v)", price, got, want, err)
		}
	}
	poll("100", "100")
	poll("199", "199") // no jump
	poll("1990", "")   // held: no price is better than that one
	poll("198", "198") // a mistake of the venue
	poll("10", "")     // held
	poll("10.2", "")   // it stands
	r = w.runner("q")  // also over a restart
	poll("9.9", "9.9") // three times: taken
	poll("99", "")     // held
	poll("300", "")    // another jump: counted anew
	poll("310", "")    //
	poll("305", "305") //
	w.clock.Advance(2 * time.Hour)
	poll("3000", "3000") // nobody knows what it did meanwhile
	held, err := w.db.Quarantine(t.Context(), "venue", 10)
	if err != nil || len(held) != 6 || !strings.Contains(held[0].Reason, "jump: BTC/AUD") || !strings.Contains(string(held[0].Bytes), "BTC/AUD") {
		t.Errorf("%d pieces, %+v %v", len(held), held, err)
	}
}

func TestWhatCannotBeKeptIsQuarantined(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, source.Feed{Name: "f", Poll: func(context.Context, []byte) (source.Harvest, error) {
		now := w.clock.Now()
		return source.Harvest{Read: now, Rejects: []ledger.Reject{{Reason: "its own", Bytes: []byte("x")}}, Records: ledger.Records{
			News: []ledger.News{{ID: "1", Source: "s", Title: "Bitcoin rises", Published: now}, {ID: "2", Source: "s", Title: "", Published: now},
				{ID: "3", Source: "s", Title: "from another unit", Published: time.UnixMilli(now.Unix())}, {ID: "4", Source: "s", Title: "a\x00b", Published: now}},
			Metrics: []ledger.Metric{{Asset: "btc", Metric: "m", Event: now, Value: money.One}, {Asset: "BTC", Metric: "m", Event: now.Add(48 * time.Hour), Value: money.One}},
			Events:  []ledger.Event{{ID: "1", Source: "s", Type: "unlock", Title: "t", Time: now.Add(48 * time.Hour)}},
			Quotes:  []market.Quote{{Market: btc, Time: now, Bid: money.FromInt(2), Ask: money.One, Last: money.One}},
		}}, nil
	}})
	if err := w.runner("p").Run(t.Context(), "f", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	held, err := w.db.Quarantine(t.Context(), "f", 100)
	if err != nil || len(held) != 7 {
		t.Fatalf("%d pieces: %+v %v", len(held), held, err)
	}
	news, err := w.db.News(t.Context(), ledger.SentimentQuery{})
	if err != nil || len(news) != 1 || news[0].Scorer != "test-1" || !slices.Equal(news[0].Coins, []market.Coin{"BTC"}) {
		t.Errorf("%+v %v", news, err)
	}
	events, err := w.db.CatalystEvents(t.Context(), ledger.EventQuery{})
	if err != nil || len(events) != 1 || events[0].Impact != 1 || events[0].Why != "0 like it" {
		t.Errorf("%+v %v", events, err)
	}
}

func TestAFeedThatPanicsOrHangsHurtsOnlyItself(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, source.Feed{Name: "panics", Poll: func(context.Context, []byte) (source.Harvest, error) { panic("nil map") }},
		source.Feed{Name: "huge", Poll: func(context.Context, []byte) (source.Harvest, error) {
			return source.Harvest{Cursor: []byte(`"` + strings.Repeat("x", source.MaxCursor) + `"`), Read: w.clock.Now()}, nil
		}},
		source.Feed{Name: "broken", Poll: func(_ context.Context, cursor []byte) (source.Harvest, error) {
			return source.Harvest{Cursor: []byte("{"), Read: w.clock.Now()}, nil
		}},
		source.Feed{Name: "good", Poll: func(_ context.Context, cursor []byte) (source.Harvest, error) {
			n := 0
			_ = json.Unmarshal(cursor, &n)
			return source.Harvest{Cursor: fmt.Appendf(nil, "%d", n+1), Read: w.clock.Now(), Again: n < 4,
				Records: ledger.Records{Metrics: []ledger.Metric{{Asset: "BTC", Metric: "page", Event: w.clock.Now().Add(-time.Duration(n) * time.Hour), Value: money.FromInt(int64(n))}}}}, nil
		}})
	r := w.runner("p")
	for name, says := range map[string]string{"panics": "the source panicked: nil map", "huge": "a cursor of", "broken": "no JSON", "good": ""} {
		err := r.Run(t.Context(), name, w.clock.Now())
		if (says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	rows, err := w.db.OnChainMetrics(t.Context(), ledger.MetricQuery{})
	if err != nil || len(rows) != 5 {
		t.Errorf("%d pages: %v", len(rows), err)
	}
	if err := r.Run(t.Context(), "nothing", w.clock.Now()); err == nil {
		t.Error("a feed that is not there ran")
	}
	states, err := w.db.FeedStates(t.Context())
	for _, s := range states {
		if (s.Name == "good") != (s.Failed == 0) || s.Owner != "" {
			t.Errorf("%+v %v", s, err)
		}
	}
}

// TestManyProcessesLandEachPollOnce lets three processes run the same ticks.
func TestManyProcessesLandEachPollOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	polls := 0
	var w *world
	w = newWorld(t, source.Feed{Name: "f", Poll: func(context.Context, []byte) (source.Harvest, error) {
		mu.Lock()
		defer mu.Unlock()
		polls++
		return source.Harvest{Read: w.clock.Now(), Records: ledger.Records{News: []ledger.News{{ID: fmt.Sprint(polls), Source: "s", Title: "t", Published: w.clock.Now()}}}}, nil
	}})
	const ticks = 15
	runners := []*Runner{w.runner("a"), w.runner("b"), w.runner("c")}
	for range ticks {
		w.clock.Advance(5 * time.Second)
		tick := w.clock.Now()
		var wg sync.WaitGroup
		for _, r := range runners {
			wg.Go(func() {
				if err := r.Run(t.Context(), "f", tick); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	news, err := w.db.News(t.Context(), ledger.SentimentQuery{})
	if err != nil || polls != ticks || len(news) != ticks {
		t.Errorf("%d polls, %d landed, want %d: %v", polls, len(news), ticks, err)
	}
}

func TestLandingsAreTold(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, source.Feed{Name: "venue", Source: "coinspot", Poll: func(context.Context, []byte) (source.Harvest, error) {
		return source.Harvest{Whole: true, Read: w.clock.Now(), Records: ledger.Records{Quotes: []market.Quote{quote(btc, w.clock.Now(), "5")}}}, nil
	}})
	sub, err := w.bus.Subscribe(t.Context(), 10, TopicLanded)
	if err != nil {
		t.Fatal(err)
	}
	r := w.runner("p")
	for range 2 { // the second brings nothing new
		w.clock.Advance(5 * time.Second)
		if err := r.Run(t.Context(), "venue", w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	sub.Close()
	var told []LandedNews
	for m := range sub.C {
		var n LandedNews
		if err := json.Unmarshal(m.Payload, &n); err != nil {
			t.Fatal(err)
		}
		told = append(told, n)
	}
	if len(told) != 1 || told[0] != (LandedNews{"venue", 1}) {
		t.Errorf("%+v", told)
	}
	b, ok, err := w.bus.Get(t.Context(), HotKey("coinspot"))
	var hot Hot
	if err := json.Unmarshal(b, &hot); err != nil || !ok || !hot.Polled.Equal(w.clock.Now()) || len(hot.Quotes) != 1 || hot.Quotes[0].Last.String() != "5" {
		t.Errorf("%s %v %v", b, ok, err)
	}
	_ = err
}

// TestAPollThatAStopGivesUpIsBegunAgain: it says nothing of the upstream, and its tick is not spent.
func TestAPollThatAStopGivesUpIsBegunAgain(t *testing.T) {
	t.Parallel()
	polls := 0
	var stop context.CancelFunc
	var w *world
	w = newWorld(t, source.Feed{Name: "f", Poll: func(ctx context.Context, _ []byte) (source.Harvest, error) {
		if polls++; polls == 1 {
			stop()
			<-ctx.Done()
			return source.Harvest{Read: w.clock.Now(), Records: ledger.Records{Metrics: []ledger.Metric{{Asset: "BTC", Metric: "m", Event: w.clock.Now(), Value: money.One}}}}, ctx.Err()
		}
		return source.Harvest{Read: w.clock.Now()}, nil
	}})
	ctx, cancel := context.WithCancel(t.Context())
	stop = cancel
	tick := w.clock.Now()
	if err := w.runner("p").Run(ctx, "f", tick); err != nil {
		t.Fatal(err)
	}
	states, err := w.db.FeedStates(t.Context())
	if s := states[0]; err != nil || s.Runs != 0 || s.Failures != 0 || s.Failed != 0 || s.Owner != "" || s.Rows != 1 {
		t.Fatalf("%+v %v", s, err)
	}
	if err := w.runner("q").Run(t.Context(), "f", tick); err != nil {
		t.Fatal(err)
	}
	if states, err = w.db.FeedStates(t.Context()); err != nil || states[0].Runs != 1 || states[0].LastOK.IsZero() || polls != 2 {
		t.Errorf("%+v %v after %d polls", states[0], err, polls)
	}
}
