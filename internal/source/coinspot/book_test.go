package coinspot

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/coinspot/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// told is the figures of a harvest as text.
func told(h *source.Harvest) map[string]string {
	out := map[string]string{}
	for _, m := range h.Metrics {
		out[strings.TrimPrefix(m.Metric, "coinspot_")] = m.Value.String()
	}
	return out
}

func TestConstructedBook(t *testing.T) {
	var h source.Harvest
	at := recorded.Add(90 * time.Second)
	if err := decodeBook(200, fixture(t, "v2-constructed/pubapi_v2_orders_open_btc.json"), btc, at, &h); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"bid_depth_aud": "70952.5895", "ask_depth_aud": "1299.6615", "best_bid_aud": "129051.79", "best_ask_aud": "129966.15", "spread_bps": "70.6021"}
	if got := told(&h); fmt.Sprint(got) != fmt.Sprint(want) || !h.Metrics[0].Event.Equal(recorded.Add(time.Minute)) || h.Metrics[0].Asset != "BTC" {
		t.Errorf("%v, want %v", got, want)
	}
	for name, c := range map[string]struct {
		status int
		kind   error
	}{"error_400_invalid_market.json": {400, errUnlisted}, "pubapi_v2_latest.json": {200, upstream.ErrMalformed}, "pubapi_v2_buyprice_btc.json": {200, upstream.ErrMalformed}} {
		if err := decodeBook(c.status, fixture(t, "v2-constructed/"+name), btc, at, &h); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBooks(t *testing.T) {
	row := func(amount, rate, total string) string {
		return fmt.Sprintf(`{"amount":%s,"rate":%s,"total":%s,"coin":"BTC","market":"BTC/AUD"}`, amount, rate, total)
	}
	for name, c := range map[string]struct {
		buys, sells []string
		want        map[string]string
		rejects     int
	}{
		"empty":    {nil, nil, map[string]string{"bid_depth_aud": "0", "ask_depth_aud": "0"}, 0},
		"one side": {[]string{row("2", "10", "20")}, nil, map[string]string{"bid_depth_aud": "20", "ask_depth_aud": "0", "best_bid_aud": "10"}, 0},
		"no order": {[]string{row("1", "9", "9"), row("2", "10", "20")}, []string{row("1", "12", "12"), row("1", "11", "11")},
			map[string]string{"bid_depth_aud": "29", "ask_depth_aud": "23", "best_bid_aud": "10", "best_ask_aud": "11", "spread_bps": "952.381"}, 0},
		"bad rows": {[]string{row(`"NaN"`, "99", "9"), row("2", "10", "20"), "null", row("2", "10", "2000")}, []string{row("1", "11", "11")},
			map[string]string{"bid_depth_aud": "20", "ask_depth_aud": "11", "best_bid_aud": "10", "best_ask_aud": "11", "spread_bps": "952.381"}, 3},
		"crossed": {[]string{row("1", "12", "12")}, []string{row("1", "11", "11")}, map[string]string{}, 1},
		"touching": {[]string{row("1", "11", "11")}, []string{row("1", "11", "11")},
			map[string]string{"bid_depth_aud": "11", "ask_depth_aud": "11", "best_bid_aud": "11", "best_ask_aud": "11", "spread_bps": "0"}, 0},
		"no totals": {[]string{`{"amount":2,"rate":"10"}`}, nil, map[string]string{"bid_depth_aud": "20", "ask_depth_aud": "0", "best_bid_aud": "10"}, 0},
	} {
		x, client, clk, _ := exchange(t)
		x.Quote(btc, "1", "2", "1.5")
		x.Quote(usdt, "1", "2", "1.5") // is not asked for
		x.Book(btc, fake.Orders{Buys: rows(c.buys...), Sells: rows(c.sells...)})
		h := poll(t, feedOf(t, client, "coinspot.book"), nil, clk)
		if got := told(&h); fmt.Sprint(got) != fmt.Sprint(c.want) || len(h.Rejects) != c.rejects || x.Requests() != 2 {
			t.Errorf("%s: %v %+v", name, got, h.Rejects)
		}
	}
}

// The same minute asked for twice is the same time, so that the later figure revises the earlier.
func TestABookIsOfItsMinute(t *testing.T) {
	t.Parallel()
	_, c, clk := living(t)
	f := feedOf(t, c, "coinspot.book")
	clk.Set(now.Truncate(time.Minute).Add(time.Second))
	first := poll(t, f, nil, clk)
	clk.Advance(30 * time.Second)
	if second := poll(t, f, nil, clk); !second.Metrics[0].Event.Equal(first.Metrics[0].Event) || second.Metrics[0].Value.Equal(first.Metrics[0].Value) {
		t.Errorf("%+v %+v", first.Metrics[0], second.Metrics[0])
	}
}

func FuzzBook(f *testing.F) {
	f.Add([]byte(`{"status":"ok","buyorders":[{"amount":0.05,"rate":129051.79,"total":6452.5895,"market":"BTC/AUD"}],"sellorders":[{"amount":"1e-7","rate":"130000"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var h source.Harvest
		if err := decodeBook(200, b, btc, now, &h); err != nil && h.Len() > 0 {
			t.Fatal("figures beside an error")
		}
		sound(t, &h, now)
		for _, m := range h.Metrics {
			if m.Value.Sign() < 0 {
				t.Fatalf("%+v", m)
			}
		}
	})
}
