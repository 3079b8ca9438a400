package coinspot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/coinspot/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var recorded = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) // after the constructed orders

func TestConstructedTrades(t *testing.T) {
	var h source.Harvest
	reach, err := decodeTrades(200, fixture(t, "v2-constructed/pubapi_v2_orders_completed_btc.json"), btc, recorded, &h)
	if err != nil || len(h.Trades) != 2 || len(h.Rejects) != 0 || !reach.Equal(ledger.Earliest) {
		t.Fatalf("%v %+v", err, h)
	}
	want := ledger.MarketTrade{ID: "2026-05-21T13:21:05Z sell 0.02 @ 129051.79 #0", Market: btc, Side: "sell", Time: time.Date(2026, 5, 21, 13, 21, 5, 0, time.UTC),
		Price: h.Trades[1].Price, Amount: h.Trades[1].Amount}
	if got := h.Trades[1]; got != want || got.Price.String() != "129051.79" || got.Amount.String() != "0.02" || h.Trades[0].Side != "buy" {
		t.Errorf("%+v", h.Trades)
	}
	for name, c := range map[string]struct {
		status int
		kind   error
	}{"error_400_coin_not_found.json": {400, errUnlisted}, "error_400_invalid_market.json": {400, errUnlisted},
		"pubapi_v2_orders_summary_completed_btc.json": {200, upstream.ErrMalformed}, "pubapi_v2_latest.json": {200, upstream.ErrMalformed},
		"error_404_latest_bad_market.html": {404, upstream.ErrUnavailable}} {
		if _, err := decodeTrades(c.status, fixture(t, "v2-constructed/"+name), btc, recorded, &h); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// No row of an open order says when it was filled.
	h = source.Harvest{}
	if _, err := decodeTrades(200, fixture(t, "v2-constructed/pubapi_v2_orders_open_btc.json"), btc, recorded, &h); err != nil || len(h.Trades) != 0 || len(h.Rejects) != 3 {
		t.Errorf("%v %+v", err, h)
	}
}

func TestRowsThatAreNoTradeAreRejectedAsTheyCame(t *testing.T) {
	const good = `{"amount":0.01,"rate":"129966.15","total":1299.6615,"coin":"BTC","market":"BTC/AUD","solddate":"2026-01-02T03:00:00.000Z"}`
	for _, c := range []struct{ old, new, says string }{
		{`0.01`, `"NaN"`, "amount"}, {`0.01`, `null`, "amount is missing"}, {`0.01`, `-0.01`, "amount -0.01 is not above zero"}, {`0.01`, `0`, "above zero"},
		{`0.01`, `"1,234"`, "no number"}, {`0.01`, `1e309`, "amount"}, {`0.01`, `"1e-30"`, "amount"}, {`"129966.15"`, `{}`, "rate"},
		{`"129966.15"`, `"` + strings.Repeat("9", 40) + `"`, "more digits"}, {`1299.6615`, `129966`, "not amount × rate"}, {`1299.6615`, `-1299.6615`, "not amount × rate"},
		{`1299.6615`, `"NaN"`, "total"}, {`BTC/AUD`, `ETH/AUD`, "was asked for"}, {`2026-01-02T03:00:00.000Z`, `2027-01-02T03:00:00.000Z`, "out of range"},
		{`2026-01-02T03:00:00.000Z`, `1970-01-01T00:00:01.000Z`, "out of range"}, {`"2026-01-02T03:00:00.000Z"`, `1767322800000`, "Time"},
		{`"2026-01-02T03:00:00.000Z"`, `null`, "solddate is missing"}, {`2026-01-02T03:00:00.000Z`, `yesterday`, "parsing time"}, {good, `null`, "missing"}, {good, `[1]`, "array"},
	} {
		row := strings.Replace(good, c.old, c.new, 1)
		var h source.Harvest
		body := fmt.Appendf(nil, `{"status":"ok","message":"ok","buyorders":[%s,%s],"sellorders":[]}`, row, good)
		if _, err := decodeTrades(200, body, btc, now, &h); err != nil || len(h.Trades) != 1 || len(h.Rejects) != 1 || string(h.Rejects[0].Bytes) != row || !strings.Contains(h.Rejects[0].Reason, c.says) {
			t.Errorf("%s: %v %+v", row, err, h)
		}
	}
}

// A row that leaves out what need not be there is a trade all the same.
func TestRowsMayBeTextAndLeaveOut(t *testing.T) {
	var h source.Harvest
	body := `{"status":"ok","buyorders":[{"amount":"2","rate":"1.50","solddate":"2026-01-02T03:00:00.5Z"},{"amount":1e-7,"rate":0.30000000000000004,"total":0,"solddate":"2026-01-02T14:00:00+11:00"}],"sellorders":[]}`
	if _, err := decodeTrades(200, []byte(body), btc, now, &h); err != nil || len(h.Trades) != 2 || len(h.Rejects) != 0 {
		t.Fatalf("%v %+v", err, h)
	}
	if h.Trades[0].ID != "2026-01-02T03:00:00.5Z buy 2 @ 1.5 #0" || h.Trades[1].ID != "2026-01-02T03:00:00Z buy 0.0000001 @ 0.30000000000000004 #0" {
		t.Errorf("%+v", h.Trades)
	}
}

// Equal trades are told apart by their place, so that one that comes later is one more, and none is there twice.
func TestEqualTradesAreCounted(t *testing.T) {
	x, c, clk, _ := exchange(t)
	x.Quote(btc, "1", "2", "1.5")
	const row = `{"amount":1,"rate":2,"total":2,"coin":"BTC","market":"BTC/AUD","solddate":"2026-01-02T03:00:00.000Z"}`
	const same = `{"amount":"1.0","rate":"2.00","total":"2","coin":"BTC","market":"BTC/AUD","solddate":"2026-01-02T03:00:00Z"}`
	f := feedOf(t, c, "coinspot.trades")
	ids := map[string]bool{}
	for i, list := range [][]json.RawMessage{rows(row), rows(row, same), rows(row), rows(same, row, row)} {
		x.Completed(btc, fake.Orders{Buys: list, Sells: rows(row)})
		for _, tr := range poll(t, f, nil, clk).Trades {
			ids[tr.ID] = true
		}
		if want := []int{2, 3, 3, 4}[i]; len(ids) != want {
			t.Errorf("poll %d: %d trades, want %d", i, len(ids), want)
		}
	}
}

// While the world goes on, every trade is read, in AUD and in USDT, and none under two names.
func TestNoTradeIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	x, c, clk := living(t)
	f := feedOf(t, c, "coinspot.trades")
	got := map[string]ledger.MarketTrade{}
	var cursor []byte
	begin := clk.Now()
	for i := range 20 {
		h := poll(t, f, cursor, clk)
		cursor = h.Cursor
		for _, tr := range h.Trades {
			got[tr.Market.String()+tr.ID] = tr
		}
		clk.Set(later(clk.Now(), begin.Add(time.Duration(i+1)*30*time.Second)))
	}
	perMarket := map[string]int{}
	for _, tr := range got {
		if tr.Time.After(begin) {
			perMarket[tr.Market.String()]++
		}
	}
	// One round more is the truth: ten minutes of it fit into every list. A round takes three polls, so that what is older than that has
	// had its turn.
	truth := map[string]int{}
	for range 3 {
		h := poll(t, f, cursor, clk)
		cursor = h.Cursor
		for _, tr := range h.Trades {
			if _, ok := got[tr.Market.String()+tr.ID]; tr.Time.After(begin) && tr.Time.Before(begin.Add(8*time.Minute)) && !ok {
				t.Errorf("lost: %+v", tr)
			}
			got[tr.Market.String()+tr.ID] = tr
			truth[tr.Market.String()]++
		}
	}
	for _, m := range []string{"BTC/AUD", "BTC/USDT", "ETH/USDT", "SHIB/AUD"} {
		if truth[m] == 0 || perMarket[m] == 0 {
			t.Errorf("no trades of %s", m)
		}
	}
	if x.Requests() > 23*16 {
		t.Errorf("%d requests", x.Requests())
	}
	count := map[string]int{}
	for _, tr := range got {
		count[fmt.Sprint(tr.Market, tr.Time.UnixMilli(), tr.Side)]++
	}
	for k, n := range count {
		if n > 2 { // the world has twins, and no triplets
			t.Errorf("%s: %d times", k, n)
		}
	}
}

// since polls until a round of the markets is over.
func since(t *testing.T, f source.Feed, clk interface {
	Now() time.Time
	Advance(time.Duration)
}, cursor []byte) ([]byte, time.Time) {
	t.Helper()
	for range 5 {
		clk.Advance(30 * time.Second)
		h, err := f.Poll(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		cursor = h.Cursor
		if !h.Since.IsZero() {
			return cursor, h.Since
		}
	}
	t.Fatal("nothing is ever proved")
	return nil, time.Time{}
}

func TestSinceTellsHowFarBackNothingIsMissing(t *testing.T) {
	t.Parallel()
	x, c, clk := living(t)
	f := feedOf(t, c, "coinspot.trades")
	h := poll(t, f, nil, clk)
	if !h.Since.IsZero() {
		t.Errorf("proved before all markets came round: %s", h.Since)
	}
	cursor, first := since(t, f, clk, h.Cursor)
	if first.After(now) || first.Before(now.Add(-time.Hour)) { // as far back as the list of the busiest market goes
		t.Errorf("%s", first)
	}
	// The lists reach over an absence of five minutes, once all markets have come round again.
	clk.Advance(5 * time.Minute)
	if h = poll(t, f, cursor, clk); !h.Since.IsZero() {
		t.Errorf("proved before all markets came round again: %s", h.Since)
	}
	cursor, second := since(t, f, clk, h.Cursor)
	if !second.Equal(first) {
		t.Errorf("%s, want %s", second, first)
	}
	// They do not reach over a day.
	away := clk.Now()
	clk.Advance(24 * time.Hour)
	cursor, third := since(t, f, clk, cursor)
	if !third.After(away) {
		t.Errorf("a hole was not seen: %s", third)
	}
	// A market that is listed later has its own beginning, and that of one that is delisted is forgotten.
	x.Delist(btc)
	_, fourth := since(t, f, clk, cursor)
	if !fourth.Before(third) {
		t.Errorf("%s, want before %s", fourth, third)
	}
}

func FuzzTrades(f *testing.F) {
	f.Add([]byte(`{"status":"ok","buyorders":[{"amount":0.01,"rate":"129966.15","total":1299.6615,"coin":"BTC","market":"BTC/AUD","solddate":"2026-01-02T03:00:00.000Z"}],"sellorders":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var h source.Harvest
		if _, err := decodeTrades(200, b, btc, now, &h); err != nil && h.Len() > 0 {
			t.Fatal("trades beside an error")
		}
		sound(t, &h, now)
		seen := map[string]bool{}
		for _, tr := range h.Trades {
			if seen[tr.ID] {
				t.Fatalf("%s twice", tr.ID)
			}
			seen[tr.ID] = true
		}
	})
}
