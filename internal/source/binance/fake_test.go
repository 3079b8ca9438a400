package binance

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
	"github.com/ohmycoins/omc/internal/source/binance/fake"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/simulator"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var (
	btc = market.Market{Base: "BTC", Quote: "USDT"}
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
	conformance.Run(t, conformance.Source{Name: "binance", Clock: c, Fake: x, Client: client})
}

func TestPagesComeBackExactly(t *testing.T) {
	x, c, _, _ := exchange(t)
	bars := simulated(t, market.Minute, 2501)
	x.List(btc, market.Minute, bars...)
	got, err := c.Candles(t.Context(), btc, market.Minute, ago(market.Minute, 2500), now.Add(time.Hour))
	if err != nil || len(got) != 2500 || !slices.EqualFunc(got, bars[:2500], func(a, b market.Bar) bool { return a.Equal(&b) }) {
		t.Fatalf("%v, %d candles", err, len(got))
	}
	if got, err = c.Candles(t.Context(), btc, market.Minute, ago(market.Minute, 2000), ago(market.Minute, 1000)); err != nil || len(got) != 1000 {
		t.Errorf("%v, %d candles", err, len(got))
	}
	if got, err = c.Candles(t.Context(), btc, market.Week, ago(market.Week, 5), now); err != nil || len(got) != 0 {
		t.Errorf("%v, %d candles", err, len(got))
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

// The client stops before the limit, and after it, so that it is never banned: a program that goes on after 429 is.
func TestTheWeightLimitIsKept(t *testing.T) {
	x, c, clk, url := exchange(t)
	x.List(btc, market.Minute, simulated(t, market.Minute, 2501)...)
	long := func(c *Client) error {
		_, err := c.Candles(t.Context(), btc, market.Minute, ago(market.Minute, 2500), now)
		return err
	}
	x.Spend(4997)
	var limited *upstream.RateLimitError
	if err := long(c); !errors.As(err, &limited) || limited.RetryAfter != time.Minute || limited.Banned {
		t.Errorf("%v", err)
	}
	clk.Advance(time.Minute)
	if err := long(c); err != nil {
		t.Errorf("after the minute: %v", err)
	}
	clk.Advance(time.Minute)
	x.Spend(4999)
	if bars, err := c.Candles(t.Context(), btc, market.Minute, ago(market.Minute, 5), ago(market.Minute, 0)); err != nil || len(bars) != 5 {
		t.Errorf("a whole answer near the limit: %v, %d candles", err, len(bars))
	}
	if err := long(c); !errors.As(err, &limited) {
		t.Errorf("the next request: %v", err)
	}
	clk.Advance(2 * time.Minute)
	x.Spend(6000)
	for i := range 3 {
		if err := long(c); !errors.As(err, &limited) || limited.Banned {
			t.Errorf("%d over the limit: %v", i, err)
		}
	}
	hasty := func() error {
		return long(New(upstream.Config{BaseURL: url, Clock: clk, Wait: func(context.Context, time.Duration) error { return nil }}))
	}
	if err := hasty(); !errors.As(err, &limited) || !limited.Banned || limited.RetryAfter != 2*time.Minute {
		t.Errorf("a program that goes on: %v", err)
	}
}

// Without a header the text of a ban tells when it ends.
func TestABanIsReadFromItsText(t *testing.T) {
	for body, want := range map[string]time.Duration{
		`{"code":-1003,"msg":"Way too much request weight used; IP banned until 1767323945000. Please use WebSocket Streams for live updates to avoid bans."}`: 15 * time.Minute,
		`{"code":-1003,"msg":"IP banned until 9999999999999."}`: 24 * time.Hour,
		`{"code":-1003,"msg":"IP banned until 1000000000000."}`: 0,
		`{"code":-1003,"msg":"IP banned until tomorrow morn"}`:  0,
		`{"code":-1003,"msg":"IP banned until 1"}`:              0,
		"": 0,
	} {
		clk, asked := clock.NewManual(now), 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header()["Date"] = nil
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, body)
		}))
		c := New(upstream.Config{BaseURL: srv.URL, Clock: clk})
		var limited *upstream.RateLimitError
		if _, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 3), now); !errors.As(err, &limited) || !limited.Banned || limited.RetryAfter != want {
			t.Errorf("%s: %v", body, err)
		}
		clk.Advance(max(want, 2*time.Minute) - time.Second)
		if _, err := c.Candles(t.Context(), btc, market.Hour, ago(market.Hour, 3), now); !errors.As(err, &limited) || asked != 1 {
			t.Errorf("%s: %v after %d requests", body, err, asked)
		}
		srv.Close()
	}
}

// The code of a limit counts as one, whatever the status.
func TestALimitInTheBodyIsKept(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"code":-1003,"msg":"Too many requests queued."}`)
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

func TestWhatTheExchangeRefuses(t *testing.T) {
	x, c, _, _ := exchange(t)
	x.List(btc, market.Hour)
	if _, err := c.Candles(t.Context(), market.Market{Base: "BTC", Quote: "AUD"}, market.Hour, ago(market.Hour, 3), now); !errors.Is(err, upstream.ErrUnknownSymbol) {
		t.Error(err)
	}
	if _, err := c.Candles(t.Context(), btc, 600, ago(600, 3), now); err == nil || !strings.Contains(err.Error(), "ask for 1m") {
		t.Error(err)
	}
}

func TestTheFakeIsStrict(t *testing.T) {
	x, _, _, url := exchange(t)
	x.List(btc, market.Hour, simulated(t, market.Hour, 600)...)
	const path = fake.Path + "?symbol=BTCUSDT&interval=1h"
	for _, c := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", path + "&limit=1", 200, "[[1767322800000,"},
		{"GET", path + "&startTime=1767319200000&endTime=1767322799999", 200, "[[1767319200000,"},
		{"GET", path + "&endTime=0", 200, "[]"},
		{"GET", fake.Path + "?symbol=BTCUSDT&interval=1M", 200, "[]"},
		{"GET", fake.Path + "?symbol=BTCAUD&interval=1h", 400, `{"code":-1121,"msg":"Invalid symbol."}`},
		{"GET", fake.Path + "?symbol=BTC/USDT&interval=1h", 400, `{"code":-1100,`},
		{"GET", fake.Path + "?symbol=BTCUSDT&interval=1H", 400, `{"code":-1120,`},
		{"GET", fake.Path + "?symbol=BTCUSDT", 400, `{"code":-1102,"msg":"Mandatory parameter 'interval'`},
		{"GET", fake.Path, 400, `{"code":-1102,`},
		{"GET", path + "&limit=1001", 400, `{"code":-1130,`},
		{"GET", path + "&limit=0", 400, `{"code":-1130,`},
		{"GET", path + "&startTime=now", 400, `{"code":-1100,`},
		{"GET", path + "&since=1", 400, `{"code":-1104,`},
		{"POST", path, 405, ""},
		{"GET", "/api/v3/candles", 404, ""},
	} {
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
		if err != nil || resp.StatusCode != c.status || !strings.HasPrefix(string(body), c.says) || resp.Header.Get("X-MBX-USED-WEIGHT-1M") == "" {
			t.Errorf("%s %s: %v %d %.100s", c.method, c.path, err, resp.StatusCode, body)
		}
	}
	resp, err := http.Get(url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || strings.Count(string(body), "[") != 501 || resp.Header.Get("X-MBX-USED-WEIGHT-1M") != "32" {
		t.Errorf("%v, %d rows by default, weight %s", err, strings.Count(string(body), "[")-1, resp.Header.Get("X-MBX-USED-WEIGHT-1M"))
	}
}
