package data

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
	"github.com/ohmycoins/omc/internal/trade"
)

var (
	btc   = market.Market{Base: "BTC", Quote: "AUD"}
	start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
)

type world struct {
	t     *testing.T
	db    *store.DB
	clock *clock.Manual
	s     *Service
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := clock.NewManual(start)
	db, err := store.Open(t.Context(), storetest.URL(t), store.Options{Migrate: true, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &world{t, db, c, New(db, c, Options{})}
}

// land lands records at the clock's time as one poll of a feed.
func (w *world) land(ctx context.Context, feed string, r ledger.Records) ledger.Landed {
	w.t.Helper()
	if err := w.db.EnsureFeeds(ctx, []string{feed}); err != nil {
		w.t.Fatal(err)
	}
	w.clock.Advance(time.Millisecond)
	now := w.clock.Now()
	c, ok, err := w.db.Begin(ctx, feed, "p", now, now)
	if err != nil || !ok {
		w.t.Fatal(ok, err)
	}
	got, err := w.db.Land(ctx, ledger.Landing{Claim: c, Source: feed, Records: r, Read: now, Tick: now, Started: now})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func news(id, title string, at time.Time, score float64, coins ...market.Coin) ledger.News {
	return ledger.News{ID: id, Source: "paper", Title: title, Published: at, Coins: coins, Sentiment: ledger.Sentiment{Label: "positive", Score: score, Scorer: "t"}}
}

// TestBadWindowsFallBackAndSaySo: a range that is none is answered with the last 30 days and a note; a moment that is none is refused.
func TestBadWindowsFallBackAndSaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.land(t.Context(), "f", ledger.Records{News: []ledger.News{news("old", "old", start.AddDate(0, 0, -40), 0, "BTC"), news("new", "new", start.AddDate(0, 0, -3), 0, "BTC")}})
	for _, c := range []struct {
		q     api.DataQuery
		rows  int
		notes string
	}{
		{api.DataQuery{}, 2, ""}, {api.DataQuery{From: "2026-02-20"}, 1, ""}, {api.DataQuery{From: "2026-03-02", To: "2026-03-01"}, 1, "is not before"},
		{api.DataQuery{From: "yesterday"}, 1, "from \"yesterday\""}, {api.DataQuery{To: "2026-13-01"}, 1, "to \"2026-13-01\""}, {api.DataQuery{Limit: 1}, 1, "only the newest 1"},
		{api.DataQuery{Currencies: []string{"BTC", "§"}}, 2, "names nothing"}, {api.DataQuery{Currencies: []string{"§"}}, 0, "names nothing"}, {api.DataQuery{Currencies: []string{"NOPE"}}, 0, ""},
	} {
		got, err := w.s.Sentiment(t.Context(), c.q)
		notes := strings.Join(got.Notes, "; ")
		if err != nil || len(got.News) != c.rows || (c.notes == "") != (notes == "") || !strings.Contains(notes, c.notes) || got.Posts == nil {
			t.Errorf("%+v: %d rows, %q, %v", c.q, len(got.News), notes, err)
		}
	}
	for _, q := range []api.DataQuery{{AsOf: "then"}, {Limit: -1}, {Limit: api.MaxRows + 1}, {Currencies: make([]string, 51)}, {Platforms: []string{strings.Repeat("x", 201)}}} {
		var p *api.Problem
		if _, err := w.s.Sentiment(t.Context(), q); !errors.As(err, &p) || p.Status != 400 {
			t.Errorf("%+v: %v", q, err)
		}
	}
	var p *api.Problem
	if _, err := w.s.CatalystEvents(t.Context(), api.DataQuery{MinImpact: math.NaN()}); !errors.As(err, &p) {
		t.Error(err)
	}
}

// TestAlignedKnowsNothingBeforeItsTime: a text counts in the bar during which it became known, whenever it was published.
func TestAlignedKnowsNothingBeforeItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var bars []ledger.PriceBar
	for i := range 4 {
		at := start.Unix() + int64(i)*300
		p := money.FromInt(int64(100 + i))
		b, err := market.NewBar(at, p, p, p, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		bars = append(bars, ledger.PriceBar{Bar: b, Known: at + 300, Source: "s"})
	}
	if _, err := w.db.AppendBars(t.Context(), btc, market.FiveMinutes, bars, false); err != nil {
		t.Fatal(err)
	}
	w.land(t.Context(), "f", ledger.Records{News: []ledger.News{news("a", "a", start, 1, "BTC"), news("b", "b", start, 0.5, "BTC"), news("c", "c", start, 1, "ETH")}})
	w.clock.Set(start.Add(11 * time.Minute))
	w.land(t.Context(), "f", ledger.Records{News: []ledger.News{news("late", "published before, known now", start, -1, "BTC")},
		Posts:  []ledger.Post{{ID: "1", Platform: "x", Content: "c", Posted: start, Coins: []market.Coin{"BTC"}}},
		Events: []ledger.Event{{ID: "1", Source: "edgar", Type: "filing", Title: "t", Time: start, Coins: []market.Coin{"BTC"}, Impact: 0.25}, {ID: "2", Source: "edgar", Type: "filing", Title: "t", Time: start, Coins: []market.Coin{"BTC"}, Impact: 0.75}}})
	got, err := w.s.Aligned(t.Context(), api.PriceQuery{Market: "BTC/AUD", Interval: "5m"})
	if err != nil || len(got.Rows) != 4 {
		t.Fatal(got, err)
	}
	r := got.Rows
	if r[0].News != 2 || *r[0].NewsScore != 0.75 || r[0].Return != nil || r[0].Events != 0 || r[1].News != 0 || r[1].NewsScore != nil || r[2].News != 1 || *r[2].NewsScore != -1 ||
		r[2].Posts != 1 || r[2].Events != 2 || *r[2].Impact != 0.75 || math.Abs(*r[1].Return-0.01) > 1e-12 {
		t.Errorf("%+v", r)
	}
	early, err := w.s.Aligned(t.Context(), api.PriceQuery{Market: "BTC/AUD", Interval: "5m", AsOf: start.Add(10 * time.Minute).Format(time.RFC3339)})
	if err != nil || len(early.Rows) != 2 {
		t.Errorf("%+v %v", early, err)
	}
	around, err := w.s.Around(t.Context(), api.AroundRequest{Time: start.Add(10 * time.Minute).Format(time.RFC3339), Currency: "BTC", Market: "BTC/AUD"})
	if err != nil || len(around.Events) != 2 || len(around.News) != 3 || len(around.Prices) != 5 || around.Prices[2].Close == nil || around.Prices[2].Close.String() != "101" || around.Prices[3].Close != nil {
		t.Errorf("%+v %v", around, err)
	}
}

// TestRisk compares with figures computed by hand.
func TestRisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	eth := market.Market{Base: "ETH", Quote: "AUD"}
	closes := map[market.Market][]int64{}
	for i := range 40 {
		up := int64(0)
		if i%2 == 1 {
			up = 1
		}
		closes[btc] = append(closes[btc], 1000+100*up)
		closes[eth] = append(closes[eth], 110-10*up)
	}
	for m, list := range closes {
		var bars []ledger.PriceBar
		for i, c := range list {
			at := start.Truncate(24*time.Hour).Unix() - int64(len(list)-i)*86400
			p := money.FromInt(c)
			b, err := market.NewBar(at, p, p, p, p, nil)
			if err != nil {
				t.Fatal(err)
			}
			bars = append(bars, ledger.PriceBar{Bar: b, Known: at + 86400, Source: "s"})
		}
		if _, err := w.db.AppendBars(t.Context(), m, market.Day, bars, false); err != nil {
			t.Fatal(err)
		}
	}
	s := journal.Session{ID: "s1", UserID: "u1", Algorithm: "a", Status: journal.Running, CreatedAt: start, UpdatedAt: start}
	if err := w.db.PutFloorSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	fill := func(id string, m market.Market, q string) trade.Fill {
		return trade.Fill{ID: id, OrderID: id, Market: m, Side: trade.Buy, Quantity: money.MustParse(q), Price: money.One, Time: start}
	}
	b := journal.Batch{Session: "s1", Fills: []trade.Fill{fill("1", btc, "1"), fill("2", eth, "10"), fill("3", market.Market{Base: "XYZ", Quote: "AUD"}, "5")}, Account: journal.Account{Time: start}}
	if err := w.db.CommitBatch(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	got, err := w.s.Risk(t.Context(), "u1", api.RiskRequest{})
	if err != nil {
		t.Fatal(err)
	}
	// The last close of BTC is 1100 (1 coin), of ETH 100 (10 coins): 2100 AUD. BTC moves ±, ETH the other way.
	if got.Value.String() != "2100" || len(got.Holdings) != 3 || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "XYZ/AUD") || got.Days != 39 || len(got.Markets) != 2 {
		t.Fatalf("%+v", got)
	}
	if c := got.Correlation[0][1]; c == nil || *c > -0.99 || *got.Correlation[0][0] < 0.9999 {
		t.Errorf("correlation %v", c)
	}
	wb, we := 1100.0/2100, 1000.0/2100
	if n := 1 / (wb*wb + we*we); math.Abs(*got.Effective-n) > 1e-9 {
		t.Errorf("effective %v, want %v", *got.Effective, n)
	}
	// Up days: BTC +10 %, ETH −1/11; down days: BTC −1/11, ETH +10 %.
	up, down := wb*0.1-we/11, -wb/11+we*0.1
	mean := (20*up + 19*down) / 39
	vol := math.Sqrt((20*(up-mean)*(up-mean) + 19*(down-mean)*(down-mean)) / 38)
	if math.Abs(*got.Volatility-vol) > 1e-9 || math.Abs(*got.VaR95-max(0, -min(up, down))) > 1e-9 {
		t.Errorf("volatility %v (want %v), value at risk %v (want %v)", *got.Volatility, vol, *got.VaR95, max(0, -min(up, down)))
	}
	if other, err := w.s.Risk(t.Context(), "u2", api.RiskRequest{}); err != nil || len(other.Holdings) != 0 {
		t.Errorf("another user's holdings: %+v %v", other, err)
	}
}
