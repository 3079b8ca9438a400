package coinbase

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source/coinbase/fake"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
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
	conformance.Run(t, conformance.Source{Name: "coinbase", Clock: c, Fake: x, Client: client})
}

// 4000 candles take fourteen pages; the exchange would refuse an eleventh request in the same second, or a page of more than
// 300 buckets.
func TestPagesOfCandlesWithGapsComeBackExactly(t *testing.T) {
	x, c, _, _ := exchange(t)
	bars := slices.DeleteFunc(simulated(t, market.Minute, 4001), func(b market.Bar) bool { return b.Unix()/60%7 == 0 || b.Volume().Sign() == 0 })
	x.List(btc, market.Minute, bars...)
	got, err := c.Candles(t.Context(), btc, market.Minute, ago(market.Minute, 4000), now.Add(time.Hour))
	want := bars
	if last := bars[len(bars)-1]; last.Unix() == ago(market.Minute, 0).Unix() {
		want = bars[:len(bars)-1] // it is open
	}
	if err != nil || len(got) != len(want) || !slices.EqualFunc(got, want, func(a, b market.Bar) bool { return a.Equal(&b) }) {
		t.Fatalf("%v, %d candles, want %d", err, len(got), len(want))
	}
	if got, err = c.Candles(t.Context(), btc, market.Minute, want[5].OpenTime(), want[5].OpenTime().Add(time.Minute)); err != nil || len(got) != 1 {
		t.Errorf("%v %v", err, got)
	}
	if got, err = c.Candles(t.Context(), btc, market.Minute, now.Add(-100*time.Hour), now.Add(-90*time.Hour)); err != nil || len(got) != 0 {
		t.Errorf("%v %v", err, got)
	}
}

func TestAFastClockKeepsNoOpenCandle(t *testing.T) {
	x, _, _, url := exchange(t)
	x.List(btc, market.Hour, simulated(t, market.Hour, 5)...)
	c := New(upstream.Config{BaseURL: url, Clock: clock.NewManual(now.Add(time.Hour))})
	got, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 3), ago(market.Hour, -1))
	if err != nil || len(got) != 3 {
		t.Errorf("%v %v", err, got)
	}
}

func TestWhatTheExchangeRefuses(t *testing.T) {
	x, c, _, _ := exchange(t)
	x.List(btc, market.Hour)
	if _, err := c.Candles(t.Context(), market.Market{Base: "BTC", Quote: "AUD"}, market.Hour, ago(market.Hour, 3), now); !errors.Is(err, upstream.ErrUnknownSymbol) {
		t.Error(err)
	}
	if _, err := c.Candles(t.Context(), btc, 14400, ago(14400, 3), now); err == nil || !strings.Contains(err.Error(), "ask for 1m") {
		t.Error(err)
	}
}

// A body that speaks of the limit counts as one, whatever the status.
func TestALimitInTheTextIsKept(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"message":"Private rate limit exceeded"}`)
	}))
	defer srv.Close()
	c := New(upstream.Config{BaseURL: srv.URL})
	for range 2 {
		var limited *upstream.RateLimitError
		if _, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 3), now); !errors.As(err, &limited) {
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestTheFakeIsStrict(t *testing.T) {
	x, _, clk, url := exchange(t)
	x.List(btc, market.Minute, simulated(t, market.Minute, 500)...)
	const path = "/products/BTC-USD/candles"
	for _, c := range []struct {
		method, path, agent string
		status              int
		says                string
	}{
		{"GET", path + "?granularity=60", "omc", 200, "[[1767323040,"},
		{"GET", path + "?granularity=60&start=1767322740&end=1767323040", "omc", 200, "[[1767323040,"},
		{"GET", path + "?granularity=60&start=2026-01-02T03:03:00Z&end=2026-01-02T03:03:59Z", "omc", 200, "[[1767322980,"},
		{"GET", path + "?granularity=60&start=1767305040&end=1767323040", "omc", 200, "[[1767323040,"},
		{"GET", path + "?granularity=60&start=1767304980&end=1767323040", "omc", 400, `{"message":"granularity too small for the requested time range. Count of aggregations requested exceeds 300"}`},
		{"GET", path + "?granularity=3600", "omc", 200, "[]"},
		{"GET", path + "?granularity=61", "omc", 400, `{"message":"Unsupported granularity"}`},
		{"GET", path, "omc", 400, `{"message":"Unsupported granularity"}`},
		{"GET", path + "?granularity=60&start=x&end=1", "omc", 400, "start"},
		{"GET", path + "?granularity=60&start=120&end=60", "omc", 400, "end"},
		{"GET", path + "?granularity=60&limit=5", "omc", 400, "limit"},
		{"GET", path + "?granularity=60", "", 400, `{"message":"User-Agent header is required."}`},
		{"GET", "/products/BTC-AUD/candles?granularity=60", "omc", 404, `{"message":"NotFound"}`},
		{"GET", "/products/BTC-USD/klines", "omc", 404, `{"message":"NotFound"}`},
		{"POST", path + "?granularity=60", "omc", 404, `{"message":"NotFound"}`},
	} {
		clk.Advance(time.Second / 2)
		if status, body := raw(t, c.method, url+c.path, c.agent); status != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s %s: %d %.100s", c.method, c.path, status, body)
		}
	}
	clk.Advance(time.Second)
	if _, body := raw(t, "GET", url+path+"?granularity=60", "omc"); strings.Count(body, "[") != 351 {
		t.Errorf("%d rows without a range", strings.Count(body, "[")-1)
	}
	clk.Advance(time.Second)
	for i := range 11 {
		if status, body := raw(t, "GET", url+path+"?granularity=60", "omc"); i == 10 && (status != 429 || body != `{"message":"Public rate limit exceeded"}`) {
			t.Errorf("eleven in a second: %d %.100s", status, body)
		}
	}
}

func raw(t *testing.T, method, url, agent string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", agent)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
