package kraken

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
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

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/candles/kraken/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestRecordedAnswerWithoutTheOpenCandle(t *testing.T) {
	body := fixture(t, "xchange/example-ohlc-data.json")
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
	if _, err := c.Candles(t.Context(), m, market.Minute, time.Unix(1502402460, 0), time.Unix(1502500000, 0)); err == nil {
		t.Error("an answer that leaves out the beginning passed for complete")
	}
}

// Kraken's answers to other questions are no candles.
func TestOtherRecordedAnswersAreRefused(t *testing.T) {
	for _, name := range []string{"ticker", "trades", "servertime", "assets", "spreads", "depth", "assetpairs"} {
		if s, err := decode(fixture(t, "xchange/example-"+name+"-data.json"), market.Minute); !errors.Is(err, upstream.ErrMalformed) {
			t.Errorf("%s: %v, %d candles", name, err, len(s.bars))
		}
	}
	if s, err := decode(fixture(t, "Ticker-all/00.body.json"), market.Minute); !errors.Is(err, upstream.ErrMalformed) {
		t.Errorf("all tickers: %v, %d candles", err, len(s.bars))
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
	for _, text := range []string{"EAPI:Rate limit exceeded", "EGeneral:Too many requests"} {
		c := client(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"error":["` + text + `"]}`)) })
		var limited *upstream.RateLimitError
		if _, err := c.Candles(t.Context(), m, market.Hour, time.Unix(0, 0), time.Unix(7200, 0)); !errors.As(err, &limited) {
			t.Errorf("%v", err)
		}
	}
}

// Without last nothing tells which candle is open; with two series nothing tells which was asked for.
func TestAnswersThatCannotBeReadSafely(t *testing.T) {
	const row = `[60,"1","2","1","2","1","3",4]`
	for result, says := range map[string]string{
		`{"X":[` + row + `]}`:                                          "no last",
		`{"X":[` + row + `],"last":null}`:                              "last",
		`{"X":[` + row + `],"last":"60"}`:                              "last",
		`{"X":[` + row + `],"last":1e3}`:                               "last",
		`{"X":[` + row + `],"Y":[` + row + `],"last":60}`:              "2 series, want 1",
		`{"last":60}`:                                                  "0 series, want 1",
		`{"X":[],"last":60}`:                                           "0 candles",
		`{"X":null,"last":60}`:                                         "0 candles",
		`{"X":[` + row + `,` + row + `],"last":60}`:                    "out of order",
		`{"X":[[null,"1","2","1","2","1","3",4]],"last":60}`:           "candle 0",
		`{"X":[[60,null,"2","1","2","1","3",4]],"last":60}`:            "candle 0",
		`{"X":[[60,"NaN","2","1","2","1","3",4]],"last":60}`:           "candle 0",
		`{"X":[[60,"1","2","3","2","1","3",4]],"last":60}`:             "impossible bar",
		`{"X":[[60,"1","2","1","2","1","-3",4]],"last":60}`:            "negative",
		`{"X":[[60,"1","2","1","2","1","3"]],"last":60}`:               "7 fields, want 8",
		`{"X":[[61,"1","2","1","2","1","3",4]],"last":60}`:             "off the 1m grid",
		`{"X":[` + strings.Repeat(row+",", 800) + row + `],"last":60}`: "801 candles, want 1 to 720",
	} {
		_, err := decode([]byte(`{"error":[],"result":`+result+`}`), market.Minute)
		if !errors.Is(err, upstream.ErrMalformed) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %v, want %q", result, err, says)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"error":[],"result":{"X":[[60,"1","2","1","2","1","3",4],[120,"1","2","1","2","1","3",4]],"last":60}}`))
	f.Add([]byte(`{"error":["EQuery:Unknown asset pair"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decode(b, market.Minute)
		if err != nil {
			if len(s.bars) > 0 {
				t.Fatal("candles beside an error")
			}
			return
		}
		for i := range s.bars {
			if s.bars[i].Unix()%60 != 0 || i > 0 && s.bars[i].Unix() <= s.bars[i-1].Unix() || s.bars[i].Unix() > s.newest {
				t.Fatal(s)
			}
		}
	})
}
