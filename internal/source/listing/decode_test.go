package listing

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/listing/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// find returns the item of a name.
func (l list) find(key string) item {
	for _, it := range l.items {
		if it.key == key {
			return it
		}
	}
	return item{}
}

func TestRecordedCoinSpot(t *testing.T) {
	l, err := decodeCoinSpot(200, fixture(t, "coinspot/v2-constructed/pubapi_v2_latest.json"))
	if err != nil || len(l.items) != 5 || len(l.rejects) != 0 || l.find("illiquid").state != unsaid || l.find("btc_usdt").market.String() != "BTC/USDT" || l.find("doge").name() != "DOGE/AUD" {
		t.Errorf("%+v %v", l, err)
	}
	for name, n := range map[string]int{"v1-recorded/pubapi_latest_2017.json": 3, "v1-recorded/pubapi_latest_2019.json": 8} {
		if l, err := decodeCoinSpot(200, fixture(t, "coinspot/"+name)); err != nil || len(l.items) != n {
			t.Errorf("%s: %+v %v", name, l, err)
		}
	}
	for name, c := range map[string]struct {
		status int
		kind   error
	}{"error_400_coin_not_found.json": {400, upstream.ErrUnavailable}, "error_400_invalid_market.json": {400, upstream.ErrUnavailable}, "error_404_latest_bad_market.html": {404, upstream.ErrUnavailable},
		"pubapi_v2_buyprice_btc.json": {200, upstream.ErrMalformed}, "pubapi_v2_orders_open_btc.json": {200, upstream.ErrMalformed}, "api_v2_status.json": {200, upstream.ErrMalformed}} {
		if l, err := decodeCoinSpot(c.status, fixture(t, "coinspot/v2-constructed/"+name)); !errors.Is(err, c.kind) || len(l.items) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecordedCoinbase(t *testing.T) {
	body := fixture(t, "candles/coinbase/products/00.body.json")
	var rows []struct{ ID, Status string }
	if err := json.Unmarshal(body, &rows); err != nil {
		t.Fatal(err)
	}
	l, err := decodeCoinbase(body)
	if err != nil || len(l.items) != len(rows) || len(l.rejects) != 0 {
		t.Fatalf("%d of %d, %v, %v", len(l.items), len(rows), l.rejects, err)
	}
	count := map[state]int{}
	for _, it := range l.items {
		count[it.state]++
	}
	for _, r := range rows {
		if it := l.find(r.ID); r.Status == "delisted" != (it.state == closed) || it.state == unsaid {
			t.Errorf("%s %s is %s", r.ID, r.Status, it.state)
		}
	}
	if count[open] < 100 || count[closed] < 10 {
		t.Errorf("%v", count)
	}
	if old, err := decodeCoinbase(fixture(t, "candles/coinbase/xchange/products.json")); err != nil || len(old.items) != 10 || old.find("LTC-EUR").state != open {
		t.Errorf("%d %v", len(old.items), err)
	}
}

func TestRecordedKraken(t *testing.T) {
	pairs, err := decodeKraken(fixture(t, "candles/kraken/xchange/example-assetpairs-data.json"), krakenPair)
	if err != nil || len(pairs.items) < 50 || len(pairs.rejects) != 0 || pairs.find("XXBTZUSD").market != (market.Market{Base: "BTC", Quote: "USD"}) || pairs.find("XXBTZUSD.d").key != "" {
		t.Errorf("%d %+v %v", len(pairs.items), pairs.rejects, err)
	}
	assets, err := decodeKraken(fixture(t, "candles/kraken/xchange/example-assets-data.json"), krakenAsset)
	if err != nil || len(assets.items) < 20 || len(assets.rejects) != 0 || assets.find("asset:XXBT").coin != "BTC" || assets.find("asset:XXDG").coin != "DOGE" || assets.find("asset:ADA").state != open {
		t.Errorf("%d %+v %v", len(assets.items), assets.rejects, err)
	}
}

func TestRecordedBinance(t *testing.T) {
	at := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	a, err := decodeArticles(fixture(t, "listings/binance/apex_article_list_2025-06-25.json"), newListings, at)
	if err != nil || len(a.events) != 1 || a.rows != 1 {
		t.Fatal(a, err)
	}
	e := a.events[0]
	if e.ID != "239914" || e.Type != ledger.EventAnnounce || !strings.Contains(e.Title, "USDⓈ-Margined OLUSDT") || !e.Time.Equal(time.UnixMilli(1750843841537)) || len(e.Coins) != 0 ||
		e.URL != "https://www.binance.com/en/support/announcement/80889caa7146492f9de2a2627fa30a4d" {
		t.Errorf("%+v", e)
	}
	for _, other := range []string{"listings/binance/ws_com_announcement_en.json", "listings/bybit/announcements_shaped.json"} {
		if a, err := decodeArticles(fixture(t, other), newListings, at); !errors.Is(err, upstream.ErrMalformed) || len(a.events) != 0 {
			t.Errorf("%s: %v", other, err)
		}
	}
}

func TestOddLists(t *testing.T) {
	l, err := decodeCoinSpot(200, []byte(`{"status":"ok","prices":{"btc":null,"BTC":{},"a b":{},"eth_usdt":{"bid":"NaN","ask":"0.5"},"eth_eth":{},"":{}}}`))
	if err != nil || len(l.items) != 4 || len(l.rejects) != 4 || l.find("btc").state != unsaid || l.find("eth_usdt").state != open || l.find("eth_eth").state != unsaid {
		t.Errorf("%+v %v", l, err)
	}
	l, err = decodeCoinbase([]byte(`[{"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","status":"online"},{"id":"ETH-USD","base_currency":7},{"id":"X-USD","base_currency":"Y","quote_currency":"USD","status":"online"},7,{"id":"NEW-USD","base_currency":"NEW","quote_currency":"USD","status":"internal"}]`))
	if err != nil || len(l.items) != 4 || len(l.rejects) != 3 || l.find("ETH-USD").state != unsaid || l.find("X-USD").state != unsaid || l.find("NEW-USD").state != closed {
		t.Errorf("%+v %v", l, err)
	}
	l, err = decodeKraken([]byte(`{"error":[],"result":{"A":{"wsname":"A/USD","status":"work_in_progress"},"B":{"status":"online"},"C":7,"AAPLxUSD":{"wsname":"AAPLx/USD","aclass_base":"tokenized_asset","status":"online"},"D":{"wsname":"D/USD","status":"limit_only"}}}`), krakenPair)
	if err != nil || len(l.items) != 4 || len(l.rejects) != 2 || l.find("A").state != unsaid || l.find("D").state != limited {
		t.Errorf("%+v %v", l, err)
	}
	var limited *upstream.RateLimitError
	if _, err := decodeKraken([]byte(`{"error":["EGeneral:Too many requests"]}`), krakenPair); !errors.As(err, &limited) {
		t.Error(err)
	}
	if _, err := decodeKraken([]byte(`{"error":["EService:Unavailable"]}`), krakenPair); !errors.Is(err, upstream.ErrUnavailable) {
		t.Error(err)
	}
	for _, price := range []string{`{"last":"NaN"}`, `{"last":"-1"}`, `{"bid":"0","ask":0,"last":"0.0"}`, `{"last":"1e309"}`, `{"last":1e309}`, `{}`, `{"last":{}}`, `[]`, `"1"`, `{"last":"1,5"}`} {
		l, err := decodeCoinSpot(200, []byte(`{"status":"ok","prices":{"btc":{"last":"1"},"new":`+price+`}}`))
		if err != nil || l.find("new").state != unsaid {
			t.Errorf("%s: %+v %v", price, l, err)
		}
	}
	for _, empty := range []string{`{"status":"ok","prices":{}}`, `{"status":"ok"}`, `{"status":"ok","prices":{"a b":{}}}`} {
		if _, err := decodeCoinSpot(200, []byte(empty)); !errors.Is(err, upstream.ErrMalformed) {
			t.Errorf("%s: %v", empty, err)
		}
	}
}

func TestTitles(t *testing.T) {
	for _, c := range []struct {
		title   string
		catalog int
		kind    string
		coins   string
	}{
		{"Binance Will List Example (ABC) with Seed Tag Applied", newListings, ledger.EventListing, "ABC"},
		{"Binance Will List Alpha (ALP) and Beta (BET2)", newListings, ledger.EventListing, "ALP BET2"},
		{"Introducing Example (1000SATS) on Binance HODLer Airdrops!", newListings, ledger.EventAnnounce, "1000SATS"},
		{"Binance Futures Will Launch USDⓈ-Margined OLUSDT Perpetual Contract (2025-06-25)", newListings, ledger.EventAnnounce, ""},
		{"Binance Will Add Example (ABC) on Earn, Buy Crypto, Convert & Margin", newListings, ledger.EventAnnounce, "ABC"},
		{"Notice on New Trading Pairs & Trading Bots Services (UTC)", newListings, ledger.EventListing, ""},
		{"Binance Will Delist ABC, DEF, GHI and JKL on 2026-03-20", delistings, ledger.EventDelisting, "ABC DEF GHI JKL"},
		{"Notice of Removal of Spot Trading Pairs - 2026-03-20", delistings, ledger.EventDelisting, ""},
		{"Binance Margin Will Delist ABC/USDT on 2026-03-20", delistings, ledger.EventDelisting, ""},
		{"Maintenance (EU)", delistings, ledger.EventAnnounce, ""},
	} {
		var coins []string
		for _, coin := range titleCoins(c.title) {
			coins = append(coins, string(coin))
		}
		if kind := titleType(c.title, c.catalog); kind != c.kind || strings.Join(coins, " ") != c.coins {
			t.Errorf("%s: %s %v", c.title, kind, coins)
		}
	}
}

func TestOneBadArticleDoesNotSpoilTheRest(t *testing.T) {
	good := `{"id":"7","code":"80889caa7146492f9de2a2627fa30a4d","title":"<b>Binance</b> Will List Example (ABC)","releaseDate":1772636400000}`
	for _, bad := range []string{`7`, `null`, `{}`, `{"id":null,"title":"x","releaseDate":1772636400000}`, `{"id":8,"title":"","releaseDate":1772636400000}`, `{"id":8,"title":"x","releaseDate":1772636400}`,
		`{"id":8,"title":"x","releaseDate":"NaN"}`, `{"id":8,"title":"x","releaseDate":1e300}`, `{"id":8,"title":"x","releaseDate":4102444800000}`, `{"id":"../8","title":"x","releaseDate":1772636400000}`, `{"id":8,"title":7,"releaseDate":1772636400000}`} {
		a, err := decodeArticles([]byte(`{"code":"000000","data":{"catalogs":[{"catalogId":49,"articles":[]},{"catalogId":48,"articles":[`+bad+`,`+good+`]}]}}`), newListings, now)
		if err != nil || len(a.events) != 1 || len(a.rejects) != 1 || a.events[0].Title != "Binance Will List Example (ABC)" || a.events[0].ID != "7" {
			t.Errorf("%s: %+v %v", bad, a, err)
		}
	}
	for body, kind := range map[string]error{`{"code":"000002","message":"illegal parameter","data":null,"success":false}`: upstream.ErrUnavailable, `{"code":"000000","data":null}`: upstream.ErrMalformed,
		`{"code":"000000","data":{"catalogs":[]}}`: upstream.ErrMalformed, ``: upstream.ErrMalformed, `<html>`: upstream.ErrMalformed} {
		if _, err := decodeArticles([]byte(body), newListings, now); !errors.Is(err, kind) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAnnouncementsAreReadBackToWhatWasKnown(t *testing.T) {
	s := newStand(t)
	f := s.feed(t, "binance.announcements")
	got := map[string]bool{}
	add := func() {
		for _, e := range f.events() {
			got[e.ID] = true
		}
	}
	add()
	first := len(got)
	if first < 80 {
		t.Errorf("%d articles at first", first)
	}
	s.clk.Advance(31 * time.Minute)
	add()
	if len(got) <= first {
		t.Error("nothing new")
	}
	s.clk.Advance(36 * time.Hour) // an outage: 144 articles and more
	h, err := f.poll(t.Context(), f.cursor)
	if err != nil || h.Since.IsZero() || h.Since.After(s.clk.Now().Add(-36*time.Hour)) || len(h.Events) < 140 {
		t.Errorf("%d since %s: %v", len(h.Events), h.Since, err)
	}
	if n := s.Most(fake.Binance, time.Second); n > 10 {
		t.Errorf("%d requests in a second", n)
	}
}

// Binance's gate is no answer: nothing lands, and the cursor stays.
func TestTheGateIsUnavailable(t *testing.T) {
	s := newStand(t)
	f := s.feed(t, "binance.announcements")
	f.next()
	s.Gate(true)
	for range 2 { // 202 and nothing, 403 and a page
		h, err := f.poll(t.Context(), f.cursor)
		if !errors.Is(err, upstream.ErrUnavailable) || len(h.Events) != 0 || !slices.Equal(h.Cursor, f.cursor) {
			t.Errorf("%v %v %s", h.Events, err, h.Cursor)
		}
		s.clk.Advance(time.Second)
	}
	s.Gate(false)
	f.next()
}

func FuzzDecodeLists(f *testing.F) {
	f.Add([]byte(`{"status":"ok","prices":{"btc":{"bid":"1"},"btc_usdt":{}}}`))
	f.Add([]byte(`[{"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","status":"online","post_only":true}]`))
	f.Add([]byte(`{"error":[],"result":{"XXBTZUSD":{"wsname":"XBT/USD","altname":"XBT","status":"cancel_only"}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err1 := decodeCoinSpot(200, b)
		c, err2 := decodeCoinbase(b)
		d, err3 := decodeKraken(b, krakenPair)
		e, err4 := decodeKraken(b, krakenAsset)
		for i, l := range []list{a, c, d, e} {
			if []error{err1, err2, err3, err4}[i] != nil && len(l.items) > 0 {
				t.Fatal("items beside an error")
			}
			at := now.Truncate(time.Second)
			next, changes, _ := board{}.compare(l.items, at)
			if !next.valid(at) {
				t.Fatalf("%+v", next)
			}
			for _, e := range (venue{source: "x", name: "X"}).announce(changes, at, len(next)) {
				if err := e.Check(now); err != nil || source.Text(e.Title, source.MaxTitle) != e.Title || !e.Time.Equal(at) {
					t.Fatalf("%+v %v", e, err)
				}
			}
		}
	})
}

func FuzzDecodeArticles(f *testing.F) {
	f.Add([]byte(`{"code":"000000","data":{"catalogs":[{"catalogId":48,"articles":[{"id":7,"code":"80889caa","title":"Binance Will List Example (ABC)","releaseDate":1772636400000}]}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := decodeArticles(b, newListings, now)
		if err != nil && len(a.events) > 0 {
			t.Fatal("events beside an error")
		}
		for _, e := range a.events {
			if e.Check(now) != nil || len(e.Title) > source.MaxTitle || source.Text(e.Title, source.MaxTitle) != e.Title || source.Past(e.Time, now) != nil || e.URL != "" && source.URL(e.URL) == "" {
				t.Fatalf("%+v", e)
			}
			for _, c := range e.Coins {
				if got, err := market.ParseCoin(string(c)); err != nil || got != c {
					t.Fatal(c)
				}
			}
		}
	})
}
