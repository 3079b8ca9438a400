package etherscan

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/etherscan/fake"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const key = "HUNTER2HUNTER2HUNTER2"

var now = time.Date(2026, 4, 5, 15, 59, 30, 0, time.UTC)

func site(t *testing.T, wallets ...string) (*fake.Site, map[string]source.Feed, *clock.Manual) {
	t.Helper()
	c := clock.NewManual(now)
	s := fake.New(c)
	s.Require(key)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, feeds(New(upstream.Config{BaseURL: srv.URL, Clock: c, Wait: conformance.Advance(c)}, key, wallets)), c
}

func feeds(c *Client) map[string]source.Feed {
	out := map[string]source.Feed{}
	for _, f := range c.Feeds() {
		out[f.Name] = f
	}
	return out
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, f := range New(upstream.Config{}, key, nil).Feeds() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewManual(now)
			s := fake.New(c)
			s.Hold(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) // a block of few transactions
			client := func(u upstream.Config) func(context.Context) (int, error) {
				poll := feeds(New(u, key, nil))[f.Name].Poll
				return func(ctx context.Context) (int, error) {
					h, err := poll(ctx, nil)
					return h.Len(), err
				}
			}
			if f.Name == "etherscan.block" {
				s.Set("eth_getBlockByNumber", 200, `{"jsonrpc":"2.0","id":1,"result":{"number":"0x16e3600","timestamp":"0x6955b900","gasUsed":"0x1","gasLimit":"0x10","baseFeePerGas":"0x17d78400","transactions":["0x1"]}}`)
			}
			conformance.Run(t, conformance.Source{Name: "etherscan", Clock: c, Fake: s, Client: client})
		})
	}
}

func TestEveryFeedBringsItsFigures(t *testing.T) {
	t.Parallel()
	_, all, c := site(t)
	got := map[string]bool{}
	for name, f := range all {
		h, err := f.Poll(t.Context(), nil)
		if err != nil || h.Len() == 0 || len(h.Rejects) != 0 || h.Read.IsZero() {
			t.Fatalf("%s: %v %v", name, err, h.Rejects)
		}
		for _, m := range h.Metrics {
			if err := m.Check(c.Now()); err != nil || m.Asset != "ETH" || got[m.Metric] {
				t.Errorf("%s: %+v: %v", name, m, err)
			}
			got[m.Metric] = true
		}
		if f.Ledger != ledger.Glass || f.Source != "etherscan" || f.Every < time.Minute || f.Fresh <= f.Every || f.About == "" || len(f.Needs) != 0 {
			t.Errorf("%+v", f)
		}
	}
	if len(got) != 22 {
		t.Errorf("%d metrics: %v", len(got), got)
	}
}

// Without a key every feed says which line stores one, and nothing is sent.
func TestWithoutAKeyNothingIsAsked(t *testing.T) {
	t.Parallel()
	s, _, c := site(t)
	srv := httptest.NewServer(s)
	defer srv.Close()
	for _, f := range New(upstream.Config{BaseURL: srv.URL, Clock: c}, "  ", nil).Feeds() {
		_, err := f.Poll(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), "omc config set --secret sources.etherscan.key") || len(f.Needs) != 1 || f.Needs[0] != "sources.etherscan.key" {
			t.Errorf("%s needs %v: %v", f.Name, f.Needs, err)
		}
	}
	if n := s.Most(time.Hour); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestTheKeyIsNeverTold(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"status":"0","message":"NOTOK","result":"Invalid API Key ` + key + `"}`, `{"status":"0","message":"` + key + `","result":null}`, `{"status":"1","result":{"` + key + `":`,
		`{"status":"1","result":"` + key + `"}`, `{"jsonrpc":"2.0","error":{"code":1,"message":"` + key + `"}}`} {
		s, all, _ := site(t)
		s.Set("gasoracle", 200, body)
		h, err := all["etherscan.gas"].Poll(t.Context(), nil)
		if err == nil || strings.Contains(err.Error(), key) || !h.Read.IsZero() {
			t.Errorf("%s: %v, read %s", body, err, h.Read)
		}
		for _, r := range h.Rejects {
			if strings.Contains(r.Reason, key) || strings.Contains(string(r.Bytes), key) {
				t.Errorf("%s: %s %s", body, r.Reason, r.Bytes)
			}
		}
	}
	s, all, _ := site(t)
	s.Require("another")
	if _, err := all["etherscan.gas"].Poll(t.Context(), nil); !errors.Is(err, errKey) || !strings.Contains(err.Error(), "omc config set --secret sources.etherscan.key") {
		t.Error(err)
	}
	// One wrong key in all feeds does not go on until the address is shut out.
	for range 3 {
		for _, f := range all {
			if _, err := f.Poll(t.Context(), nil); err == nil {
				t.Error("a wrong key was taken")
			}
		}
	}
	if n := s.Most(30 * time.Second); n > 6 {
		t.Errorf("%d requests with a wrong key", n)
	}
}

// The client's own pace keeps under three in a second; one without a pace is told, and reports a limit.
func TestTheLimitIsKept(t *testing.T) {
	t.Parallel()
	s, all, c := site(t)
	for range 10 {
		for _, f := range all {
			if _, err := f.Poll(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := s.Most(time.Second); n > 3 {
		t.Errorf("%d requests in a second", n)
	}
	c.Advance(time.Minute)
	srv := httptest.NewServer(s)
	defer srv.Close()
	hasty := feeds(New(upstream.Config{BaseURL: srv.URL, Clock: c, Limit: 1e9}, key, nil))["etherscan.gas"]
	var limited *upstream.RateLimitError
	for i := range 4 {
		if _, err := hasty.Poll(t.Context(), nil); errors.As(err, &limited) != (i == 3) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestBalancesAreAddedUp(t *testing.T) {
	t.Parallel()
	a, b, d := "0x"+strings.Repeat("a", 40), "0x"+strings.Repeat("B", 40), "0x"+strings.Repeat("d", 40)
	s, all, _ := site(t, "kraken="+a, " Kraken="+b, "okx="+d, "okx="+d)
	poll := all["etherscan.wallets"].Poll
	row := func(account, balance string) string { return `{"account":"` + account + `","balance":` + balance + `}` }
	for name, c := range map[string]struct {
		rows          []string
		want          string
		rejects, fail int
	}{
		"all":       {[]string{row(a, `"1000000000000000000"`), row(strings.ToUpper(b[2:3])+b[3:], "1"), row(b, `"40891631566070000000000"`), row(d, `"0"`)}, "kraken 40892.63156607, okx 0, all 40892.63156607", 1, 0},
		"one less":  {[]string{row(a, `"1000000000000000000"`), row(d, `"5"`)}, "okx 0.000000000000000005", 1, 0},
		"twice":     {[]string{row(a, `"1"`), row(a, `"2"`), row(b, `"1"`), row(d, `"5"`)}, "kraken 0.000000000000000002, okx 0.000000000000000005, all 0.000000000000000007", 1, 0},
		"no number": {[]string{row(a, `"NaN"`), row(b, "null"), row(d, `"-5"`), `7`}, "", 6, 0},
		"none":      {nil, "", 1, 1},
	} {
		s.Set("balancemulti", 200, `{"status":"1","message":"OK","result":[`+strings.Join(c.rows, ",")+`]}`)
		h, err := poll(t.Context(), nil)
		var got []string
		for _, m := range h.Metrics {
			n := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(m.Metric, "exchange_balance"), "_"), "_eth")
			got = append(got, strings.Replace(n, "eth", "all", 1)+" "+m.Value.String())
		}
		if text := strings.Join(got, ", "); text != c.want || len(h.Rejects) != c.rejects || (err != nil) != (c.fail > 0) {
			t.Errorf("%s: %s, %d rejects, %v", name, text, len(h.Rejects), err)
		}
	}
}

func TestManyWalletsAreAskedForInParts(t *testing.T) {
	t.Parallel()
	var list []string
	for i := range 45 {
		list = append(list, "x=0x"+strings.Repeat("0", 38)+string("0123456789"[i/10])+string("0123456789"[i%10]))
	}
	s, all, _ := site(t, list...)
	h, err := all["etherscan.wallets"].Poll(t.Context(), nil)
	if err != nil || h.Len() != 2 || s.Most(time.Minute) != 3 {
		t.Errorf("%v %v, %d requests", h.Metrics, err, s.Most(time.Minute))
	}
	for _, bad := range []string{"0x00", "x=0x00", "=0x" + strings.Repeat("a", 40), "x-y=0x" + strings.Repeat("a", 40), "x=0x" + strings.Repeat("g", 40), ""} {
		_, all, _ = site(t, bad)
		if _, err := all["etherscan.wallets"].Poll(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "sources.etherscan.addresses") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := parseWallets(make([]string, maxWallets+1)); err == nil {
		t.Error("too many wallets were taken")
	}
}

func TestTheFakeIsStrict(t *testing.T) {
	t.Parallel()
	s, _, c := site(t)
	for query, want := range map[string]string{
		"chainid=1&module=stats&action=ethprice":                                       "Invalid API Key",
		"apikey=" + key + "&module=stats&action=ethprice":                              "Missing or unsupported chainid",
		"apikey=" + key + "&chainid=56&module=stats&action=ethprice":                   "Free API access is not supported for this chain",
		"apikey=" + key + "&chainid=1&module=stats&action=dailytx":                     "Missing Or invalid Action name",
		"apikey=" + key + "&chainid=1&module=account&action=balancemulti&address=0x1":  "Invalid address format",
		"apikey=" + key + "&chainid=1&module=proxy&action=eth_getBlockByNumber&tag=2":  `"error"`,
		"apikey=" + key + "&chainid=1&module=stats&action=ethprice&unknown=is+ignored": `"status":"1"`,
	} {
		c.Advance(time.Second)
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/v2/api?"+query, nil))
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s: %d %s", query, rec.Code, rec.Body)
		}
	}
}
