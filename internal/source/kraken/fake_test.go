package kraken

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/kraken/fake"
	"github.com/ohmycoins/omc/internal/source/simulator"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var (
	btc = market.Market{Base: "BTC", Quote: "USD"}
	now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// simulated are n candles, the last of which is open.
func simulated(t *testing.T, iv market.Interval, n int64) []market.Bar {
	t.Helper()
	end := iv.Floor(now.Unix()) + int64(iv)
	bars, err := simulator.New(1).Bars(btc, iv, end-n*int64(iv), end)
	if err != nil {
		t.Fatal(err)
	}
	return bars
}

// exchange is a fake on a real socket and a clock of its own, and a client of it.
func exchange(t *testing.T) (*fake.Exchange, *Client, *clock.Manual, string) {
	t.Helper()
	c := clock.NewManual(now)
	x := fake.New(c)
	srv := httptest.NewServer(x)
	t.Cleanup(srv.Close)
	return x, New(upstream.Config{BaseURL: srv.URL, Clock: c, Wait: conformance.Advance(c)}), c, srv.URL
}

func ago(iv market.Interval, n int64) time.Time {
	return time.Unix(iv.Floor(now.Unix())-n*int64(iv), 0)
}

func TestConformance(t *testing.T) {
	c := clock.NewManual(now)
	x := fake.New(c)
	x.List(btc, market.Hour, simulated(t, market.Hour, 4)...)
	client := func(u upstream.Config) func(context.Context) (int, error) {
		k := New(u)
		return func(ctx context.Context) (int, error) {
			bars, err := k.Candles(ctx, btc, market.Hour, ago(market.Hour, 3), ago(market.Hour, 0))
			return len(bars), err
		}
	}
	conformance.Run(t, conformance.Source{Name: "kraken", Clock: c, Fake: x, Client: client})
}

func TestClosedCandlesComeBackExactly(t *testing.T) {
	x, c, _, _ := exchange(t)
	for m, iv := range map[market.Market]market.Interval{btc: market.Minute, {Base: "BTC", Quote: "AUD"}: market.Hour, {Base: "DOGE", Quote: "USD"}: market.Day} {
		bars := simulated(t, iv, 720)
		x.List(m, iv, bars...)
		got, err := c.Candles(t.Context(), m, iv, ago(iv, 719), now.Add(time.Hour))
		if err != nil || len(got) != 719 || !slices.EqualFunc(got, bars[:719], func(a, b market.Bar) bool { return a.Equal(&b) }) {
			t.Errorf("%s %s: %v, %d candles", m, iv, err, len(got))
		}
		if got, err = c.Candles(t.Context(), m, iv, ago(iv, 10), ago(iv, 5)); err != nil || len(got) != 5 || got[0].Unix() != ago(iv, 10).Unix() {
			t.Errorf("%s %s: %v, %v", m, iv, err, got)
		}
	}
}

// Intervals without a trade have no row: fewer than 720 rows do not mean that nothing was left out.
func TestWhatIsOlderThanKrakenKeepsIsTold(t *testing.T) {
	x, c, _, _ := exchange(t)
	bars := slices.DeleteFunc(simulated(t, market.Hour, 1000), func(b market.Bar) bool { return b.Unix()/3600%3 == 0 })
	x.List(btc, market.Hour, bars...)
	var shallow *source.Shallow
	if got, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 900), ago(market.Hour, 0)); !errors.As(err, &shallow) || !strings.Contains(err.Error(), "bulk csv") ||
		len(got) < 470 || got[0].OpenTime().Before(shallow.Since) || got[0].OpenTime().Sub(shallow.Since) > 2*time.Hour {
		t.Errorf("%v, %d candles", err, len(got))
	}
	got, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 719), ago(market.Hour, 0))
	if err != nil || len(got) < 470 || len(got) > 490 {
		t.Errorf("%v, %d candles", err, len(got))
	}
}

func TestAFastClockKeepsNoOpenCandle(t *testing.T) {
	x, _, clk, url := exchange(t)
	x.List(btc, market.Hour, simulated(t, market.Hour, 5)...)
	c := New(upstream.Config{BaseURL: url, Clock: clock.NewManual(now.Add(time.Hour))})
	got, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 3), ago(market.Hour, -1))
	if err != nil || len(got) != 3 || got[2].Unix()+3600 > clk.Now().Unix() {
		t.Errorf("%v %v", err, got)
	}
}

// An answer that calls its open candle closed is not believed.
func TestAWrongLastKeepsNoOpenCandle(t *testing.T) {
	open := now.Truncate(time.Hour).Unix()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"error":[],"result":{"XXBTZUSD":[[%d,"1","2","1","2","1","3",4],[%d,"1","2","1","2","1","3",4]],"last":%d}}`, open-3600, open, open)
	}))
	defer srv.Close()
	c := New(upstream.Config{BaseURL: srv.URL, Clock: clock.NewManual(now)})
	got, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 3), now)
	if err != nil || len(got) != 1 || got[0].Unix() != open-3600 {
		t.Errorf("%v %v", err, got)
	}
}

func TestWhatTheExchangeRefuses(t *testing.T) {
	x, c, clk, _ := exchange(t)
	x.List(btc, market.Hour)
	if _, err := c.Candles(t.Context(), market.Market{Base: "NO", Quote: "USD"}, market.Hour, ago(market.Hour, 3), now); !errors.Is(err, upstream.ErrUnknownSymbol) {
		t.Error(err)
	}
	if _, err := c.Candles(t.Context(), btc, 7200, ago(7200, 3), now); err == nil || !strings.Contains(err.Error(), "ask for 1m") {
		t.Error(err)
	}
	clk.Advance(time.Second)
	if bars, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 3), now); !errors.Is(err, upstream.ErrMalformed) {
		t.Errorf("%v %v", err, bars)
	}
}

// Kraken tells of its limit with HTTP 200. The client keeps to it; one that did not would be held back.
func TestTheRateLimitIsKept(t *testing.T) {
	x, c, clk, url := exchange(t)
	x.List(btc, market.Hour, simulated(t, market.Hour, 5)...)
	for range 5 {
		if _, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 3), now); err != nil {
			t.Fatal(err)
		}
	}
	hasty := New(upstream.Config{BaseURL: url, Clock: clk, Limit: 1000, Wait: func(context.Context, time.Duration) error { return nil }})
	var limited *upstream.RateLimitError
	for i := range 2 {
		if _, err := hasty.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 3), now); !errors.As(err, &limited) || (limited.RetryAfter > 0) != (i > 0) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestTheFakeIsStrict(t *testing.T) {
	x, _, clk, url := exchange(t)
	x.List(btc, market.Hour, simulated(t, market.Hour, 3)...)
	for _, c := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", fake.Path + "?pair=XBTUSD&interval=60", 200, `"XXBTZUSD"`},
		{"GET", fake.Path + "?pair=XXBTZUSD&interval=60&since=0", 200, `"last":`},
		{"GET", fake.Path + "?pair=XBTUSD", 200, `{"error":[],"result":{"XXBTZUSD":[],"last":`},
		{"GET", fake.Path + "?pair=BTCUSD&interval=60", 200, `{"error":["EQuery:Unknown asset pair"]}`},
		{"GET", fake.Path, 200, `{"error":["EQuery:Unknown asset pair"]}`},
		{"GET", fake.Path + "?pair=XBTUSD&interval=61", 200, `{"error":["EGeneral:Invalid arguments"]}`},
		{"GET", fake.Path + "?pair=XBTUSD&interval=1h", 200, `{"error":["EGeneral:Invalid arguments"]}`},
		{"GET", fake.Path + "?pair=XBTUSD&since=now", 200, `{"error":["EGeneral:Invalid arguments"]}`},
		{"GET", fake.Path + "?pair=XBTUSD&limit=5", 200, `{"error":["EGeneral:Invalid arguments"]}`},
		{"POST", fake.Path + "?pair=XBTUSD", 404, "Unknown method"},
		{"GET", "/0/public/OHLCV?pair=XBTUSD", 404, "Unknown method"},
	} {
		clk.Advance(time.Second)
		req, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.status || !strings.Contains(string(body), c.says) {
			t.Errorf("%s %s: %v %d %s", c.method, c.path, err, resp.StatusCode, body)
		}
	}
}
