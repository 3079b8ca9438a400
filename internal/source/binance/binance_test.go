package binance

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
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

func TestRecordedAnswer(t *testing.T) {
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/candles/binance/hummingbot/get_candles_rest_data_mock.json"))
	if err != nil {
		t.Fatal(err)
	}
	bars, err := decode(body)
	if err != nil || len(bars) != 4 || bars[0].String() != "2023-01-06T05:00Z o=16823.24 h=16823.63 l=16792.12 c=16810.18 v=6230.44034" {
		t.Errorf("%v %v", err, bars)
	}
}

func TestPagingAndFailures(t *testing.T) {
	m := market.Market{Base: "BTC", Quote: "USDT"}
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("symbol") != "BTCUSDT" || q.Get("limit") != "1000" || r.UserAgent() == "" {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"code":-1121,"msg":"Invalid symbol."}`)
			return
		}
		start, _ := strconv.ParseInt(q.Get("startTime"), 10, 64)
		end, _ := strconv.ParseInt(q.Get("endTime"), 10, 64)
		fmt.Fprint(w, "[")
		for i, at := 0, start; i < 1000 && at <= end; i, at = i+1, at+60000 {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `[%d,"2","3","1","2.5","7",%d,"1",1,"1","1","0"]`, at, at+59999)
		}
		fmt.Fprint(w, "]")
	})
	bars, err := c.Candles(t.Context(), m, market.Minute, time.Unix(1700000400, 0), time.Unix(1700000400+60*2500, 0))
	if err != nil || len(bars) != 2500 {
		t.Fatalf("%v %d", err, len(bars))
	}
	if _, err := c.Candles(t.Context(), market.Market{Base: "NO", Quote: "USDT"}, market.Minute, time.Unix(0, 0), time.Unix(60, 0)); !errors.Is(err, upstream.ErrUnknownSymbol) {
		t.Error(err)
	}
	banned := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(418)
	})
	var limited *upstream.RateLimitError
	if _, err := banned.Candles(t.Context(), m, market.Minute, time.Unix(0, 0), time.Unix(60, 0)); !errors.As(err, &limited) || !limited.Banned || limited.RetryAfter != 90*time.Second {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`[[60000,"2","3","1","2.5","7",1,"1",1,"1","1","0"]]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		bars, err := decode(b)
		for i := 1; err == nil && i < len(bars); i++ {
			if bars[i].Unix() <= bars[i-1].Unix() {
				t.Fatal("out of order")
			}
		}
	})
}
