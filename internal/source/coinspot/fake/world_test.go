package fake

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
)

var (
	start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	btc   = market.Market{Base: "BTC", Quote: "AUD"}
)

// get asks the exchange for a path.
func get(t *testing.T, x *Exchange, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	x.ServeHTTP(w, httptest.NewRequest("GET", Base+path, nil))
	return w.Code, w.Body.String()
}

func latest(t *testing.T, x *Exchange) map[string]prices {
	t.Helper()
	_, body := get(t, x, "/latest")
	var a struct{ Prices map[string]prices }
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatal(err)
	}
	return a.Prices
}

func TestTheWorldLivesByTheClockAlone(t *testing.T) {
	c := clock.NewManual(start)
	x, twin, other := New(c), New(c), World(c, 2)
	last, moved, differs, vanished := "", 0, 0, 0
	for range 100 {
		for _, path := range []string{"/latest/btc", "/buyprice/eth", "/orders/open/sol", "/orders/completed/btc/usdt"} {
			_, a := get(t, x, path)
			if _, b := get(t, twin, path); a != b {
				t.Fatalf("%s: two tell different stories: %s %s", path, a, b)
			}
			if _, b := get(t, other, path); a != b {
				differs++
			}
		}
		all := latest(t, x)
		if len(all) < 30 {
			t.Fatalf("%d markets", len(all))
		}
		for k, p := range all {
			bid, err1 := strconv.ParseFloat(p.Bid, 64)
			ask, err2 := strconv.ParseFloat(p.Ask, 64)
			if k == "rfox" && p.Bid == "NaN" {
				vanished++
			} else if err1 != nil || err2 != nil || bid <= 0 || ask < bid || p.Last == "" {
				t.Fatalf("%s: %+v", k, p)
			}
		}
		if all["btc"].Bid != last {
			moved++
		}
		last = all["btc"].Bid
		c.Advance(7 * time.Second)
	}
	if moved < 90 || differs < 390 || vanished == 0 || vanished == 100 {
		t.Errorf("moved %d times, another seed differs %d times, vanished %d times", moved, differs, vanished)
	}
}

func TestTradesAppearAndNeverChange(t *testing.T) {
	c := clock.NewManual(start)
	x := New(c)
	var before []string
	for range 20 {
		_, body := get(t, x, "/orders/completed/btc")
		var a struct{ Buyorders []json.RawMessage }
		if err := json.Unmarshal([]byte(body), &a); err != nil || len(a.Buyorders) != shown {
			t.Fatalf("%v: %d orders", err, len(a.Buyorders))
		}
		list := make([]string, 0, shown)
		for _, r := range a.Buyorders {
			list = append(list, string(r))
		}
		if len(before) > 0 {
			n := 0
			for n < shown && list[n] != before[0] {
				n++
			}
			if n == 0 || n > 40 || fmt.Sprint(list[n:]) != fmt.Sprint(before[:shown-n]) {
				t.Fatalf("%d new orders, or the old ones are others", n)
			}
		}
		before = list
		c.Advance(2 * time.Minute)
	}
}

func TestTheStory(t *testing.T) {
	c := clock.NewManual(start)
	x := New(c)
	if _, ok := latest(t, x)["wif"]; ok {
		t.Error("WIF is listed at once")
	}
	if code, body := get(t, x, "/buyprice/rune"); code != 400 || body != `{"message":"Coin not found","status":"error"}` {
		t.Errorf("%d %s", code, body)
	}
	c.Advance(10 * time.Minute)
	if _, ok := latest(t, x)["wif"]; !ok {
		t.Error("WIF is not listed")
	}
	if _, body := get(t, x, "/orders/completed/wif"); body != `{"buyorders":[],"message":"ok","sellorders":[],"status":"ok"}` {
		t.Errorf("traded before it was listed: %s", body)
	}
}

func TestPricesCanBeSpoiled(t *testing.T) {
	c := clock.NewManual(start)
	x := New(c)
	was := latest(t, x)["btc"]
	x.NaN(btc, 2)
	for i, want := range []string{"NaN", "NaN", was.Bid} {
		if got := latest(t, x)["btc"].Bid; got != want {
			t.Errorf("NaN, answer %d: %s, want %s", i, got, want)
		}
	}
	x.Cross(btc, 1)
	if got := latest(t, x)["btc"]; got.Bid != was.Ask || got.Ask != was.Bid {
		t.Errorf("%+v", got)
	}
	x.Leap(btc, 10, 1)
	bid, err := strconv.ParseFloat(was.Bid, 64)
	if got := latest(t, x)["btc"]; err != nil || got.Bid != figure(10*bid) {
		t.Errorf("%+v", got)
	}
	if got := latest(t, x)["btc"]; got != was {
		t.Errorf("%+v, want %+v", got, was)
	}
	x.Delist(btc)
	if _, ok := latest(t, x)["btc"]; ok {
		t.Error("still listed")
	}
	if code, _ := get(t, x, "/orders/completed/btc/usdt"); code != 200 {
		t.Errorf("the other market of the coin answers %d", code)
	}
}

func TestRequestsAreCountedInEveryStretch(t *testing.T) {
	c := clock.NewManual(start)
	x := Empty(c)
	for _, wait := range []time.Duration{0, 20 * time.Second, 20 * time.Second, 20 * time.Second, time.Hour} {
		c.Advance(wait)
		get(t, x, "/latest")
	}
	if x.Most(time.Minute) != 3 || x.Most(time.Minute+1) != 4 || x.Most(24*time.Hour) != 5 || x.Requests() != 5 {
		t.Error(x.Most(time.Minute), x.Most(time.Minute+1), x.Most(24*time.Hour), x.Requests())
	}
}
