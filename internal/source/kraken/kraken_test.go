package kraken

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

func client(t *testing.T, h http.HandlerFunc) *Client {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return New(upstream.Config{BaseURL: srv.URL, HTTP: srv.Client(), Limit: 1000})
}

func TestRecordedAnswerWithoutTheOpenCandle(t *testing.T) {
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/candles/kraken/xchange/example-ohlc-data.json"))
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/0/public/OHLC" || r.URL.Query().Get("pair") != "XBTUSD" || r.URL.Query().Get("interval") != "1" || r.UserAgent() == "" {
			http.Error(w, "bad request", 400)
			return
		}
		w.Write(body)
	})
	m := market.Market{Base: "BTC", Quote: "USD"}
	bars, err := c.Candles(t.Context(), m, market.Minute, time.Unix(1502402520, 0), time.Unix(1502500000, 0))
	if err != nil || len(bars) != 719 || bars[718].Unix() != 1502445600 || bars[0].Volume().String() != "1.012" {
		t.Fatalf("%v %d", err, len(bars))
	}
	if _, err := c.Candles(t.Context(), m, market.Minute, time.Unix(1502000040, 0), time.Unix(1502500000, 0)); err == nil {
		t.Error("an answer that leaves out the beginning passed for complete")
	}
}

func TestFailures(t *testing.T) {
	m := market.Market{Base: "BTC", Quote: "USD"}
	for body, want := range map[string]error{`{"error":["EQuery:Unknown asset pair"]}`: upstream.ErrUnknownSymbol, `<html>`: upstream.ErrUnavailable,
		`{"error":[],"result":{"X":[[1,`: upstream.ErrMalformed, `{"error":["EService:Unavailable"]}`: upstream.ErrUnavailable} {
		c := client(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) })
		if _, err := c.Candles(t.Context(), m, market.Hour, time.Unix(0, 0), time.Unix(7200, 0)); !errors.Is(err, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"error":["EAPI:Rate limit exceeded"]}`))
	})
	var limited *upstream.RateLimitError
	if _, err := c.Candles(t.Context(), m, market.Hour, time.Unix(0, 0), time.Unix(7200, 0)); !errors.As(err, &limited) {
		t.Errorf("%v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"error":[],"result":{"X":[[60,"1","2","1","2","1","3",4]],"last":60}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if bars, err := decode(b); err == nil && len(bars) > maxCandles+1 {
			t.Fatal(len(bars))
		}
	})
}
