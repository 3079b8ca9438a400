package coinbase

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
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/candles/coinbase/candles/00.body.json"))
	if err != nil {
		t.Fatal(err)
	}
	bars, err := decode(body)
	if err != nil || len(bars) != 350 {
		t.Fatalf("%v %d", err, len(bars))
	}
	if got := bars[349].String(); got != "2025-08-18T05:57Z o=115733.6 h=115743.7 l=115703.97 c=115739.93 v=0.61798602" {
		t.Error(got)
	}
}

// The fake refuses what the exchange refuses: no user agent, unknown products, more than 300 buckets.
func TestPaging(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		start, _ := strconv.ParseInt(q.Get("start"), 10, 64)
		end, _ := strconv.ParseInt(q.Get("end"), 10, 64)
		if r.UserAgent() == "" || r.URL.Path != "/products/BTC-USD/candles" || (end-start)/60 > 300 {
			w.WriteHeader(404)
			fmt.Fprint(w, `{"message":"NotFound"}`)
			return
		}
		fmt.Fprint(w, "[")
		for at, first := end, true; at >= start; at -= 60 {
			if at/60%10 == 3 {
				continue
			}
			if !first {
				fmt.Fprint(w, ",")
			}
			first = false
			fmt.Fprintf(w, "[%d,1,3,2,2.5,%d]", at, at/60%5)
		}
		fmt.Fprint(w, "]")
	})
	bars, err := c.Candles(t.Context(), market.Market{Base: "BTC", Quote: "USD"}, market.Minute, time.Unix(1700000400, 0), time.Unix(1700000400+60*1000, 0))
	if err != nil || len(bars) != 900 || bars[0].Unix() != 1700000400 {
		t.Fatalf("%v %d", err, len(bars))
	}
	if _, err := c.Candles(t.Context(), market.Market{Base: "NO", Quote: "USD"}, market.Minute, time.Unix(0, 0), time.Unix(60, 0)); !errors.Is(err, upstream.ErrUnknownSymbol) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`[[60,1,3,2,2.5,1]]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		bars, err := decode(b)
		for i := 1; err == nil && i < len(bars); i++ {
			if bars[i].Unix() <= bars[i-1].Unix() {
				t.Fatal("out of order")
			}
		}
	})
}
