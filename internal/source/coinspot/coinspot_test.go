package coinspot

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

func TestRecordedAnswer(t *testing.T) {
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/coinspot/v2-constructed/pubapi_v2_latest.json"))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" || r.URL.Path != "/pubapi/v2/latest" {
			http.NotFound(w, r)
			return
		}
		w.Write(body)
	}))
	defer srv.Close()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := New(upstream.Config{BaseURL: srv.URL + "/pubapi/v2/", HTTP: srv.Client()}, clock.NewManual(at))
	quotes, problems, err := c.Latest(t.Context())
	if err != nil || len(quotes) != 4 || len(problems) != 1 || problems[0].Key != "illiquid" {
		t.Fatalf("%v %v %v", err, quotes, problems)
	}
	if q := quotes[1]; q.Market.String() != "BTC/USDT" || q.Bid.String() != "75000.01" || !q.Known.Equal(at) || quotes[0].Market.String() != "BTC/AUD" {
		t.Errorf("%+v", quotes)
	}
}

func TestOddAnswers(t *testing.T) {
	q, p, err := decode([]byte(`{"status":"ok","prices":{"btc":{"bid":1.5,"ask":2,"last":1e0},"eth":{"bid":"3","ask":"2","last":"2"},"a_b_c":{"bid":"1","ask":"2","last":"2"},"x":null,"y":{"bid":0,"ask":1,"last":1}}}`))
	if err != nil || len(q) != 1 || len(p) != 4 {
		t.Errorf("%v %v %v", q, p, err)
	}
	for body, want := range map[string]error{`{"status":"error","message":"no"}`: upstream.ErrUnavailable, `{"status":"ok"`: upstream.ErrMalformed, `{"status":"ok"}`: upstream.ErrMalformed} {
		if _, _, err := decode([]byte(body)); !errors.Is(err, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"status":"ok","prices":{"btc":{"bid":"1","ask":"2","last":"NaN"}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		quotes, _, _ := decode(b)
		for _, q := range quotes {
			if q.Bid.Sign() <= 0 || q.Ask.Less(q.Bid) {
				t.Fatalf("%+v", q)
			}
		}
	})
}
