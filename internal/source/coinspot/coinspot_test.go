package coinspot

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/coinspot/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestConstructedAnswer(t *testing.T) {
	body := fixture(t, "v2-constructed/pubapi_v2_latest.json")
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

// Version 1 answered in the same shape.
func TestRecordedAnswers(t *testing.T) {
	for name, want := range map[string]int{"v1-recorded/pubapi_latest_2017.json": 3, "v1-recorded/pubapi_latest_2019.json": 8} {
		s, err := decode(200, fixture(t, name))
		quotes, problems := s.quotes, s.problems
		if err != nil || len(quotes) != want || len(problems) != 0 || quotes[0].Market.Quote != "AUD" {
			t.Errorf("%s: %v %v %v", name, err, quotes, problems)
		}
	}
}

func TestOtherAnswersGiveNoQuote(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		kind   error
	}{
		"v2-constructed/error_400_coin_not_found.json":       {400, upstream.ErrUnavailable},
		"v2-constructed/error_400_invalid_market.json":       {400, upstream.ErrUnavailable},
		"v2-constructed/error_404_latest_bad_market.html":    {404, upstream.ErrUnavailable},
		"v2-constructed/pubapi_v2_buyprice_btc.json":         {200, upstream.ErrMalformed},
		"v2-constructed/pubapi_v2_orders_open_btc.json":      {200, upstream.ErrMalformed},
		"v2-constructed/pubapi_v2_orders_completed_btc.json": {200, upstream.ErrMalformed},
		"v2-constructed/api_v2_status.json":                  {200, upstream.ErrMalformed},
		"v1-recorded/api_spot_2014.json":                     {200, upstream.ErrMalformed},
		"v2-constructed/pubapi_v2_latest_btc.json":           {200, nil}, // one coin's prices look like three coins
	} {
		s, err := decode(c.status, fixture(t, name))
		quotes := s.quotes
		if !errors.Is(err, c.kind) || len(quotes) != 0 {
			t.Errorf("%s: %v %v", name, err, quotes)
		}
	}
}

func TestOddAnswers(t *testing.T) {
	s, err := decode(200, []byte(`{"status":"ok","prices":{"btc":{"bid":1.5,"ask":2,"last":1e0},"eth":{"bid":"3","ask":"2","last":"2"},"a_b_c":{"bid":"1","ask":"2","last":"2"},"x":null,"y":{"bid":0,"ask":1,"last":1}}}`))
	if q, p := s.quotes, s.problems; err != nil || len(q) != 1 || len(p) != 4 {
		t.Errorf("%v %v", s, err)
	}
	for body, want := range map[string]error{`{"status":"error","message":"no"}`: upstream.ErrUnavailable, `{"status":"invalid"}`: upstream.ErrUnavailable,
		`{"status":"ok"`: upstream.ErrMalformed, `{"status":"ok"}`: upstream.ErrMalformed} {
		if _, err := decode(200, []byte(body)); !errors.Is(err, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"status":"ok","prices":{"btc":{"bid":"1","ask":"2","last":"NaN"},"btc_usdt":{"bid":"1","ask":"2","last":"1"}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decode(200, b)
		quotes := s.quotes
		if err != nil && quotes != nil {
			t.Fatal("quotes beside an error")
		}
		seen := map[market.Market]bool{}
		for _, q := range quotes {
			if q.Bid.Sign() <= 0 || q.Last.Sign() <= 0 || q.Ask.Less(q.Bid) || seen[q.Market] {
				t.Fatalf("%+v", q)
			}
			seen[q.Market] = true
		}
		for _, p := range s.problems {
			if !json.Valid(p.Raw) || p.Reason == "" {
				t.Fatalf("%+v", p)
			}
		}
		if !slices.IsSortedFunc(s.listed, func(x, y market.Market) int { return strings.Compare(x.String(), y.String()) }) || len(slices.Compact(s.listed)) != len(s.listed) {
			t.Fatalf("%v", s.listed)
		}
	})
}
