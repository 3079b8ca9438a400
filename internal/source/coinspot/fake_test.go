package coinspot

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source/coinspot/fake"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var (
	btc = market.Market{Base: "BTC", Quote: "AUD"}
	eth = market.Market{Base: "ETH", Quote: "AUD"}
	now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// exchange is a fake on a real socket and a clock of its own, and a client of it.
func exchange(t *testing.T) (*fake.Exchange, *Client, *clock.Manual, string) {
	t.Helper()
	c := clock.NewManual(now)
	x := fake.Empty(c)
	srv := httptest.NewServer(x)
	t.Cleanup(srv.Close)
	return x, New(upstream.Config{BaseURL: srv.URL + fake.Base, Wait: conformance.Advance(c)}, c), c, srv.URL
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(now)
	x := fake.Empty(c)
	x.Quote(btc, "129051.79", "129966.15", "130487.3453")
	x.Quote(market.Market{Base: "RFOX", Quote: "AUD"}, "NaN", "NaN", "NaN")
	client := func(u upstream.Config) func(context.Context) (int, error) {
		k := New(u, c)
		return func(ctx context.Context) (int, error) {
			quotes, _, err := k.Latest(ctx)
			return len(quotes), err
		}
	}
	conformance.Run(t, conformance.Source{Name: "coinspot", Path: fake.Base, Clock: c, Fake: x, Client: client})
}

func TestQuotesComeBackExactly(t *testing.T) {
	x, c, clk, _ := exchange(t)
	x.Quote(btc, "129051.79", "129966.15", "130487.3453")
	x.Quote(market.Market{Base: "BTC", Quote: "USDT"}, "75000.01", "89009.15", "80000")
	x.Quote(eth, "0.00000001", "0.00000002", "0.00000001")
	quotes, problems, err := c.Latest(t.Context())
	if err != nil || len(quotes) != 3 || len(problems) != 0 {
		t.Fatalf("%v %v %v", err, quotes, problems)
	}
	if q := quotes[0]; q.Market != btc || q.Bid.String() != "129051.79" || q.Ask.String() != "129966.15" || q.Last.String() != "130487.3453" || !q.Known.Equal(clk.Now()) {
		t.Errorf("%+v", q)
	}
	x.Delist(eth)
	if quotes, _, err = c.Latest(t.Context()); err != nil || len(quotes) != 2 {
		t.Errorf("%v %v", err, quotes)
	}
}

// What is not a price is told and left out, and the other coins are still quoted.
func TestPricesThatAreNoneAreTold(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"NaN", "", "null", "Infinity", "-1", "0", "-0", "0x10", "1,234", "1e309", "1e-40", "١", " 1 2", strings.Repeat("9", 41), strings.Repeat("9", 10_000)} {
		for i := range 3 {
			x, c, _, _ := exchange(t)
			x.Quote(btc, "1", "2", "1.5")
			p := [3]string{"1", "2", "1.5"}
			p[i] = bad
			x.Quote(eth, p[0], p[1], p[2])
			quotes, problems, err := c.Latest(t.Context())
			if err != nil || len(quotes) != 1 || quotes[0].Market != btc || len(problems) != 1 || problems[0].Key != "eth" || len(problems[0].Reason) > 320 {
				t.Errorf("%.50q in place %d: %v %v %v", bad, i, err, quotes, problems)
			}
		}
	}
}

func TestAMarketQuotedTwiceIsNotQuoted(t *testing.T) {
	body := `{"status":"ok","prices":{"btc":{"bid":"1","ask":"2","last":"1"},"BTC":{"bid":"3","ask":"4","last":"3"},"btc_aud":{"bid":"1","ask":"2","last":"1"},"eth":{"bid":"1","ask":"2","last":"1"}}}`
	s, err := decode(200, []byte(body))
	quotes, problems := s.quotes, s.problems
	if err != nil || len(quotes) != 1 || quotes[0].Market != eth || len(problems) != 1 || problems[0].Key != "BTC/AUD" || !strings.Contains(problems[0].Reason, "3 times") {
		t.Errorf("%v %v %v", err, quotes, problems)
	}
}

func TestRefusalsCarryTheMessage(t *testing.T) {
	x, c, _, url := exchange(t)
	x.Quote(btc, "1", "2", "1.5")
	for _, status := range []int{200, 400, 401} {
		x.Refuse(status, "Markets are closed for maintenance")
		if _, _, err := c.Latest(t.Context()); !errors.Is(err, upstream.ErrUnavailable) || !strings.Contains(err.Error(), "Markets are closed for maintenance") {
			t.Errorf("%d: %v", status, err)
		}
	}
	x.Refuse(0, "")
	if _, _, err := c.Latest(t.Context()); err != nil {
		t.Error(err)
	}
	wrong := New(upstream.Config{BaseURL: url + "/pubapi/v3"}, clock.NewManual(now))
	if _, _, err := wrong.Latest(t.Context()); !errors.Is(err, upstream.ErrUnavailable) || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
}

// The client's own pace keeps it far from the limit of 1000 a minute; one without a pace is turned away and then waits.
func TestTheRateLimitIsKept(t *testing.T) {
	t.Parallel()
	x, c, clk, url := exchange(t)
	x.Quote(btc, "1", "2", "1.5")
	for range 1100 {
		if _, _, err := c.Latest(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	clk.Advance(time.Minute)
	hasty := New(upstream.Config{BaseURL: url + fake.Base, Limit: 1e9}, clk)
	var limited *upstream.RateLimitError
	for i := range 1002 {
		if _, _, err := hasty.Latest(t.Context()); errors.As(err, &limited) != (i >= 1000) {
			t.Fatalf("%d: %v", i, err)
		}
	}
}

func TestTheFakeIsStrict(t *testing.T) {
	x, _, _, url := exchange(t)
	x.Quote(btc, "1", "2", "1.5")
	x.Quote(market.Market{Base: "BTC", Quote: "USDT"}, "3", "4", "3.5")
	for _, c := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "/latest", 200, `{"prices":{"btc":{"bid":"1","ask":"2","last":"1.5"},"btc_usdt":{"bid":"3","ask":"4","last":"3.5"}},"status":"ok"}`},
		{"GET", "/latest/BTC", 200, `{"prices":{"bid":"1","ask":"2","last":"1.5"},"status":"ok"}`},
		{"GET", "/latest/btc/aud", 200, `"last":"1.5"`},
		{"GET", "/latest/btc/usdt", 200, `"last":"3.5"`},
		{"GET", "/latest/nope", 200, `{"prices":{},"status":"ok"}`},
		{"GET", "/latest/btc_usdt", 200, `{"prices":{},"status":"ok"}`},
		{"GET", "/latest/btc/USDT", 404, "<html>"},
		{"GET", "/latest/btc/usdt/x", 404, "<html>"},
		{"GET", "/latests", 404, "<html>"},
		{"GET", "/markets", 404, "<html>"},
		{"POST", "/latest", 404, "<html>"},
		{"GET", "/buyprice/btc", 200, `{"market":"BTC/AUD","message":"ok","rate":"2","status":"ok"}`},
		{"GET", "/sellprice/BTC/aud", 200, `"rate":"1"`},
		{"GET", "/buyprice/btc/usdt", 200, `{"market":"BTC/USDT","message":"ok","rate":"4","status":"ok"}`},
		{"GET", "/buyprice/nope", 400, `{"message":"Coin not found","status":"error"}`},
		{"GET", "/sellprice/nope/usdt", 400, `Coin not found`},
		{"GET", "/sellprice/btc/nope", 400, `{"message":"Invalid market","status":"error"}`},
		{"GET", "/buyprice", 404, "<html>"},
		{"POST", "/buyprice/btc", 404, "<html>"},
		{"GET", "/orders/open/btc", 200, `{"buyorders":[],"message":"ok","sellorders":[],"status":"ok"}`},
		{"GET", "/orders/open/nope", 400, "Invalid market"},
		{"GET", "/orders/open/btc/USDT", 400, "Invalid market"},
		{"GET", "/orders/open/btc/usdt", 200, `"buyorders":[]`},
		{"GET", "/orders/completed/BTC", 200, `"sellorders":[]`},
		{"GET", "/orders/completed/nope", 400, "Coin not found"},
		{"GET", "/orders/completed/btc/eth", 400, "Invalid market"},
		{"GET", "/orders/completed/btc/usdt/x", 404, "<html>"},
		{"GET", "/orders/summary/completed/btc", 200, `{"message":"ok","orders":[],"status":"ok"}`},
		{"GET", "/orders/summary/completed/nope", 400, "Coin not found"},
		{"GET", "/orders/summary", 404, "<html>"},
		{"GET", "/orders", 404, "<html>"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, url+fake.Base+c.path, nil)
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
