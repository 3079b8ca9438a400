package gateway_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/daemon/collect"
	"github.com/ohmycoins/omc/daemon/data"
	"github.com/ohmycoins/omc/daemon/gateway"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/trade"
)

// TestEveryQuestionTakesItsParameters asks each of the questions over HTTP with each of its parameters, and looks that it has an
// effect: an as_of that is not read would show what was not known.
func TestEveryQuestionTakesItsParameters(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	c := clock.NewManual(start)
	db, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/omc.db", store.Options{Migrate: true, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	fillLedgers(t, db, c, start)
	ds := data.New(db, c, data.Options{})
	h := gateway.New(gateway.Services{Data: ds, Fill: collect.New(db, c, t.TempDir())}, gateway.Options{User: "u1"})
	rows := func(path string) (n int, notes string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/data/"+path, nil))
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		var all []json.RawMessage
		if json.Unmarshal(w.Body.Bytes(), &all) == nil {
			return len(all), ""
		}
		var v map[string]json.RawMessage
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"rows", "news_sentiment", "social_sentiment", "ledgers", "holdings"} {
			var list []json.RawMessage
			if v[key] != nil && json.Unmarshal(v[key], &list) == nil {
				n += len(list)
			}
		}
		return n, string(v["notes"])
	}
	early, between := "as_of=2026-03-01T09:59:00Z", "as_of=2026-03-01T10:00:30Z" // before anything was known; after the first landing
	for _, x := range []struct {
		path string
		want int
	}{
		{"on-chain-metrics", 4}, {"on-chain-metrics?" + early, 0}, {"on-chain-metrics?" + between, 2}, {"on-chain-metrics?limit=1", 1}, {"on-chain-metrics?asset=BTC", 2},
		{"on-chain-metrics?metric_names=tx", 2}, {"on-chain-metrics?metric_names=tx,fees", 4}, {"on-chain-metrics?metric_names=tx&metric_names=fees", 4}, {"on-chain-metrics?source=f", 4},
		{"on-chain-metrics?source=g", 0}, {"on-chain-metrics?from=2026-03-01T10:00:30Z", 2}, {"on-chain-metrics?to=2026-03-01T10:00:30Z", 2}, {"on-chain-metrics?asset=NOPE", 0},
		{"smart-money-flows", 2}, {"smart-money-flows?" + between, 1}, {"smart-money-flows?tokens=PEPE", 1}, {"smart-money-flows?limit=1", 1}, {"smart-money-flows?from=2026-03-01T10:00:30Z", 1},
		{"sentiment", 4}, {"sentiment?" + between, 2}, {"sentiment?currencies=BTC", 2}, {"sentiment?currencies=BTC,ETH", 4}, {"sentiment?platforms=x", 2}, {"sentiment?platforms=news", 2}, {"sentiment?limit=1", 2},
		{"sentiment?to=2026-03-01T10:00:30Z", 2},
		{"catalyst-events", 2}, {"catalyst-events?" + between, 1}, {"catalyst-events?event_types=listing", 1}, {"catalyst-events?currencies=ETH", 1}, {"catalyst-events?min_impact=0.5", 1}, {"catalyst-events?limit=1", 1},
		{"quotes", 2}, {"quotes?" + between, 1}, {"quotes?markets=BTC/AUD", 1}, {"quotes?source=f", 2}, {"quotes?source=g", 0},
		{"trades?market=BTC/AUD", 1}, {"trades?market=BTC/AUD&" + early, 0}, {"trades?market=BTC/AUD&source=F", 1}, {"trades?market=NOPE/AUD", 0}, {"trades?market=ETH/AUD&" + between, 0},
		{"order-history", 1}, {"order-history?as_of=2026-02-01", 0}, {"order-history?from=2026-03-02", 0}, {"order-history?limit=1", 1},
		{"user-positions", 1}, {"user-positions?as_of=2026-02-01", 0},
		{"statistics?" + early, 0}, {"prices?market=BTC/AUD&interval=5m", 2}, {"prices?market=BTC/AUD&interval=5m&as_of=2026-03-01T10:06:00Z", 1}, {"prices?market=BTC/AUD&interval=5m&limit=1", 1},
		{"aligned?market=BTC/AUD&interval=5m", 2}, {"aligned?market=BTC/AUD&interval=5m&as_of=2026-03-01T10:06:00Z", 1},
		{"coins", 1}, {"coins?" + early, 0}, {"coins?as_of=2026-03-01T10:06:00Z", 1}, {"prices?market=NOPE/AUD", 0},
		{"sentiment?platforms=X", 2}, {"catalyst-events?event_types=Listing", 1},
		{"risk", 1}, {"risk?as_of=2026-02-01", 0}, {"daily?market=BTC/AUD", 1}, {"daily?market=BTC/AUD&as_of=2026-03-01T10:06:00Z", 0},
	} {
		if got, notes := rows(x.path); got != x.want {
			t.Errorf("%s: %d rows, want %d %s", x.path, got, x.want, notes)
		}
	}
	if _, notes := rows("sentiment?from=2026-03-02&to=2026-03-01"); !strings.Contains(notes, "the last 30 days are shown") {
		t.Error(notes)
	}
	if n, notes := rows("prices?market=BTC/AUD&interval=5m&from=2026-03-02&to=2026-03-01"); n != 2 || !strings.Contains(notes, "the last 30 days are shown") {
		t.Error(n, notes)
	}
	for _, bad := range []string{"coins?as_of=then", "prices?market=BTC/AUD&as_of=then", "prices?market=BTC/AUD&limit=100001", "sentiment?platforms=facebook", "catalyst-events?event_types=nonsense", "around?time=2026-03-01&limit=-1", "sentiment?as_of=then", "sentiment?limit=-1", "sentiment?limit=100001", "catalyst-events?min_impact=2", "around", "around?time=x", "risk?quote=§", "aligned?market=nonsense", "quotes?markets=x"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/data/"+bad, nil))
		if w.Code < 400 || w.Code >= 500 || !strings.Contains(w.Body.String(), api.CodeBadRequest) {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		for _, path := range []string{"sentiment", "on-chain-metrics", "catalyst-events", "quotes", "order-history", "user-positions", "statistics", "smart-money-flows"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, "/api/v1/data/"+path, strings.NewReader("{}")))
			if w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
				t.Errorf("%s %s: %d: the ledgers can only be asked", method, path, w.Code)
			}
		}
	}
}

// fillLedgers lands the same kinds twice, a minute apart, about BTC first and ETH then.
func fillLedgers(t *testing.T, db *store.DB, c *clock.Manual, start time.Time) {
	t.Helper()
	if err := db.EnsureFeeds(t.Context(), []string{"f"}); err != nil {
		t.Fatal(err)
	}
	for i, coin := range []market.Coin{"BTC", "ETH"} {
		at := start.Add(time.Duration(i) * time.Minute)
		c.Set(at)
		token, kind, impact, id := "PEPE", ledger.EventFiling, 0.2, "1"
		if i == 1 {
			token, kind, impact, id = "WIF", ledger.EventListing, 0.9, "2"
		}
		claim, ok, err := db.Begin(t.Context(), "f", "p", at, at)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		r := ledger.Records{
			Metrics: []ledger.Metric{{Asset: coin, Metric: "tx", Event: at, Value: money.One}, {Asset: coin, Metric: "fees", Event: at, Value: money.One}},
			Flows:   []ledger.Flow{{Event: at, Token: token, Chain: "c", Address: id, NetUSD: money.One, Window: time.Hour}},
			News:    []ledger.News{{ID: id, Source: "paper", Title: "t", Published: at, Coins: []market.Coin{coin}}},
			Posts:   []ledger.Post{{ID: id, Platform: "x", Content: "c", Posted: at, Coins: []market.Coin{coin}}},
			Events:  []ledger.Event{{ID: id, Source: "s", Type: kind, Title: "t", Time: at, Coins: []market.Coin{coin}, Impact: impact}},
			Trades:  []ledger.MarketTrade{{ID: id, Market: market.Market{Base: coin, Quote: "AUD"}, Time: at, Side: "buy", Price: money.One, Amount: money.One}},
			Quotes:  []market.Quote{{Market: market.Market{Base: coin, Quote: "AUD"}, Time: at, Last: money.One}},
		}
		if _, err := db.Land(t.Context(), ledger.Landing{Claim: claim, Source: "f", Records: r, Read: at, Tick: at, Started: at}); err != nil {
			t.Fatal(err)
		}
	}
	btc := market.Market{Base: "BTC", Quote: "AUD"}
	var bars []ledger.PriceBar
	for i := range int64(2) {
		o := start.Unix() + 300*i
		b, err := market.NewBar(o, money.One, money.One, money.One, money.One, nil)
		if err != nil {
			t.Fatal(err)
		}
		bars = append(bars, ledger.PriceBar{Bar: b, Known: o + 300, Source: "f"})
	}
	if _, err := db.AppendBars(t.Context(), btc, market.FiveMinutes, bars, false); err != nil {
		t.Fatal(err)
	}
	if err := db.PutFloorSession(t.Context(), journal.Session{ID: "s", UserID: "u1", Status: journal.Running, CreatedAt: start, UpdatedAt: start}); err != nil {
		t.Fatal(err)
	}
	o := trade.Order{ID: "o", Market: btc, Side: trade.Buy, Type: trade.MarketOrder, Quantity: money.One, State: trade.Filled, Filled: money.One, AveragePrice: money.One, PlacedAt: start, UpdatedAt: start}
	f := trade.Fill{ID: "f", OrderID: "o", Market: btc, Side: trade.Buy, Quantity: money.One, Price: money.One, Time: start}
	if err := db.CommitBatch(t.Context(), journal.Batch{Session: "s", Orders: []trade.Order{o}, Fills: []trade.Fill{f}, Account: journal.Account{Time: start}}); err != nil {
		t.Fatal(err)
	}
	c.Set(start.Add(10 * time.Minute))
}
