package coinbase

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

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/candles/coinbase/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestRecordedAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		rows   int
		newest string
	}{
		{"candles/00.body.json", 350, "2025-08-18T05:57Z o=115733.6 h=115743.7 l=115703.97 c=115739.93 v=0.61798602"},
		{"candles/01.body.json", 4, "2025-08-18T05:57Z o=115733.6 h=115743.7 l=115703.97 c=115739.93 v=0.61798602"},
		{"xchange/example-historical-candles.json", 10, "2018-02-01T00:09Z o=10106.01 h=10120.21 l=10106 c=10120.21 v=2.85107455"},
	} {
		bars, err := decode(fixture(t, c.name), market.Minute)
		if err != nil || len(bars) != c.rows || bars[c.rows-1].String() != c.newest {
			t.Errorf("%s: %v, %d candles", c.name, err, len(bars))
		}
	}
}

// The recorded request had a range that begins and ends off the grid; the answer holds the buckets inside it.
func TestRecordedRange(t *testing.T) {
	body := fixture(t, "candles/01.body.json")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }))
	defer srv.Close()
	c := New(upstream.Config{BaseURL: srv.URL})
	bars, err := c.Candles(t.Context(), market.Market{Base: "BTC", Quote: "USD"}, market.Minute, time.Unix(1755496440, 0), time.Unix(1755496620, 0))
	if err != nil || len(bars) != 3 || bars[0].Unix() != 1755496440 {
		t.Errorf("%v %v", err, bars)
	}
}

// A server that leaves the range out of account answers with the newest candles: that is not an empty window.
func TestCandlesAfterTheWindowAreRefused(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`[[1755496440,1,3,2,2.5,1]]`)) }))
	defer srv.Close()
	c := New(upstream.Config{BaseURL: srv.URL})
	_, err := c.Candles(t.Context(), market.Market{Base: "BTC", Quote: "USD"}, market.Minute, time.Unix(1755490440, 0), time.Unix(1755490620, 0))
	if !errors.Is(err, upstream.ErrMalformed) {
		t.Error(err)
	}
}

func TestOtherRecordedAnswersAreRefused(t *testing.T) {
	for _, name := range []string{"ticker/00.body.json", "tickers/00.body.json", "tickers/01.body.json", "tickers/02.body.json", "products/00.body.json",
		"xchange/example-ticker-data.json", "xchange/example-stats-data.json", "xchange/products.json"} {
		if bars, err := decode(fixture(t, name), market.Minute); !errors.Is(err, upstream.ErrMalformed) {
			t.Errorf("%s: %v, %d candles", name, err, len(bars))
		}
	}
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	for body, says := range map[string]string{
		"null":                                   "no list",
		`[[null,1,3,2,2.5,1]]`:                   "candle 0: time",
		`[[60,null,3,2,2.5,1]]`:                  "candle 0",
		`[[60,1,3,2,2.5]]`:                       "5 fields, want 6",
		`[[60,1,3,2,2.5,-1]]`:                    "negative",
		`[[60,1,3,4,2.5,1]]`:                     "impossible bar",
		`[[61,1,3,2,2.5,1]]`:                     "off the 1m grid",
		`[[60.5,1,3,2,2.5,1]]`:                   "time",
		`[[60,1,3,2,2.5,1e999]]`:                 "candle 0",
		`[[60,1,3,2,2,1],[120,1,3,2,2,1]]`:       "out of order",
		`[[60,1,3,2,2,1],[60,1,3,2,2,1]]`:        "out of order",
		"[" + strings.Repeat("[],", 350) + "[]]": "351 candles, want at most 350",
	} {
		if _, err := decode([]byte(body), market.Minute); !errors.Is(err, upstream.ErrMalformed) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %v, want %q", body, err, says)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`[[120,1,3,2,2.5,1],[60,1,3,2,2.5,1]]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		bars, err := decode(b, market.Minute)
		if err != nil && bars != nil {
			t.Fatal("candles beside an error")
		}
		for i := range bars {
			if bars[i].Unix()%60 != 0 || i > 0 && bars[i].Unix() <= bars[i-1].Unix() {
				t.Fatal("out of order or off the grid")
			}
		}
	})
}
