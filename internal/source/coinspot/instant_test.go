package coinspot

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/source/upstream"
)

func rows(list ...string) []json.RawMessage {
	out := make([]json.RawMessage, 0, len(list))
	for _, r := range list {
		out = append(out, json.RawMessage(r))
	}
	return out
}

func TestConstructedRates(t *testing.T) {
	for name, want := range map[string]string{"buyprice": "129966.15", "sellprice": "129051.79"} {
		if v, err := decodeRate(200, fixture(t, "v2-constructed/pubapi_v2_"+name+"_btc.json"), btc); err != nil || v.String() != want {
			t.Errorf("%s: %s %v", name, v, err)
		}
	}
	for name, c := range map[string]struct {
		status int
		kind   error
	}{"error_400_coin_not_found.json": {400, errUnlisted}, "error_400_invalid_market.json": {400, errUnlisted}, "error_400_invalid_nonce.json": {400, upstream.ErrUnavailable},
		"error_404_latest_bad_market.html": {404, upstream.ErrUnavailable}, "pubapi_v2_latest_btc.json": {200, upstream.ErrMalformed}} {
		if v, err := decodeRate(c.status, fixture(t, "v2-constructed/"+name), btc); !errors.Is(err, c.kind) || !v.IsZero() {
			t.Errorf("%s: %s %v", name, v, err)
		}
	}
}

func TestInstantRatesBecomeQuotes(t *testing.T) {
	for name, c := range map[string]struct {
		buy, sell string
		bid, ask  string // "": no quote
		rejects   int
	}{
		"both":        {"130000.5", "128000.25", "128000.25", "130000.5", 0},
		"buy only":    {"130000.5", "", "0", "130000.5", 0},
		"sell only":   {"", "128000", "128000", "0", 0},
		"neither":     {"", "", "", "", 0},
		"one NaN":     {"NaN", "128000", "128000", "0", 1},
		"both NaN":    {"NaN", "NaN", "", "", 2},
		"zero":        {"0", "-1", "", "", 2},
		"crossed":     {"128000", "130000", "", "", 1},
		"same":        {"128000", "128000", "128000", "128000", 0},
		"forty digit": {"1." + strings.Repeat("1", 40), "1", "1", "0", 1},
	} {
		x, client, clk, _ := exchange(t)
		x.Quote(btc, "129000", "129100", "129050")
		x.Quote(usdt, "80000", "90000", "85000") // is not asked for
		x.Rate(btc, c.buy, c.sell)
		h := poll(t, feedOf(t, client, "coinspot.instant"), nil, clk)
		if len(h.Rejects) != c.rejects || h.Whole || len(h.Quotes) > 1 || len(h.Quotes) == 1 != (c.bid != "") || x.Requests() != 3 {
			t.Errorf("%s: %+v", name, h)
			continue
		}
		if c.bid == "" {
			continue
		}
		if q := h.Quotes[0]; q.Market != btc || q.Bid.String() != c.bid || q.Ask.String() != c.ask || !q.Last.IsZero() || !q.Time.Equal(clk.Now()) || q.Time.Before(h.Read) {
			t.Errorf("%s: %+v", name, q)
		}
	}
}

func TestARateOfAnotherMarketIsNotTaken(t *testing.T) {
	for body, kind := range map[string]error{
		`{"status":"ok","message":"ok","rate":"1","market":"ETH/AUD"}`: errRate,
		`{"status":"ok","message":"ok","rate":"1","market":"what"}`:    errRate,
		`{"status":"ok","message":"ok","rate":null}`:                   errRate,
		`{"status":"ok","message":"ok"}`:                               upstream.ErrMalformed,
		`{"status":"ok","message":"ok","rate":"1","market":7}`:         upstream.ErrMalformed,
		`{"status":"ok","message":"ok","rate":1.5}`:                    nil,
	} {
		if _, err := decodeRate(200, []byte(body), btc); !errors.Is(err, kind) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzRate(f *testing.F) {
	f.Add(200, []byte(`{"status":"ok","message":"ok","rate":"129966.15","market":"BTC/AUD"}`))
	f.Add(400, []byte(`{"status":"error","message":"Coin not found"}`))
	f.Fuzz(func(t *testing.T, status int, b []byte) {
		if v, err := decodeRate(status, b, btc); err == nil && v.Sign() <= 0 || err != nil && !v.IsZero() {
			t.Fatalf("%s %v", v, err)
		}
	})
}
