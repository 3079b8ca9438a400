package coinmetrics

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/sharedtest"
)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/onchain/coinmetrics/openapi-examples/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func say(list []ledger.Metric) string {
	var out []string
	for _, m := range list {
		out = append(out, string(m.Asset)+" "+m.Metric+" "+m.Event.Format(time.RFC3339)+" "+m.Value.String())
	}
	return strings.Join(out, ", ")
}

func TestDocumentedDays(t *testing.T) {
	t.Parallel()
	page, err := decodePage(fixture(t, "timeseries_asset-metrics.daily_metrics.200.json"))
	if err != nil || page.Next != "0.MjAyMC0wNi0wN1QwMDowMDowMFo,MjAyMC0wNi0wN1QwMDowMDowMFo" {
		t.Fatalf("%+v %v", page, err)
	}
	rows, rejects, newest := decodeRows(page.Data, "btc", []name{named("PriceUSD"), named("SplyBMXNtv"), named("TxCnt")}, now)
	want := "BTC price_usd 2020-02-29T00:00:00Z 8582.09029964933, BTC cm_splybmxntv 2020-02-29T00:00:00Z 283220.10827406, BTC price_usd 2020-03-01T00:00:00Z 8541.77389392169, BTC cm_splybmxntv 2020-03-01T00:00:00Z 284691.32323907"
	if say(rows) != want || len(rejects) != 0 || !newest.Equal(time.Date(2020, 3, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%s %v %s", say(rows), rejects, newest)
	}
}

// Blocks and seconds are no days.
func TestOtherFrequenciesAreRejected(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"timeseries_asset-metrics.block_by_block_metrics.200.json", "timeseries_asset-metrics.by_second_frequency_metrics.200.json"} {
		page, err := decodePage(fixture(t, file))
		if err != nil {
			t.Fatal(err)
		}
		rows, rejects, _ := decodeRows(page.Data, "btc", []name{named("PriceUSD"), named("ReferenceRate")}, now)
		if len(rows) != 0 || len(rejects) != 2 {
			t.Errorf("%s: %v %v", file, rows, rejects)
		}
	}
}

func TestDocumentedCatalog(t *testing.T) {
	t.Parallel()
	page, err := decodePage(fixture(t, "catalog-v2_asset-metrics.200.json"))
	if err != nil {
		t.Fatal(err)
	}
	free := map[string][]string{}
	wanted := map[string]name{"AdrActCnt": named("AdrActCnt"), "FlowInBFXUSD": named("FlowInBFXUSD"), "BlkSizeByte": named("BlkSizeByte")}
	if rejects := decodeCatalog(page.Data, wanted, free); len(rejects) != 0 || !slices.Equal(free["btc"], []string{"AdrActCnt"}) || len(free["eth"]) != 0 {
		t.Errorf("%v %v", free, rejects)
	}
	if rejects := decodeCatalog([]json.RawMessage{[]byte(`7`), []byte(`{"metrics":[]}`), []byte(`{"asset":"btc","metrics":{}}`)}, wanted, free); len(rejects) != 3 {
		t.Error(rejects)
	}
}

func TestDocumentedErrors(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"timeseries_asset-metrics.400.json":                   "bad_parameter: Bad parameter 'assets'. Value 'sdvwbtc' is not supported.",
		"timeseries_asset-metrics.403.json":                   "forbidden: Requested metric 'SplyBMXNtv'",
		"timeseries_asset-metrics.unauthorized.401.json":      "unauthorized: ",
		"timeseries_asset-metrics.wrong_credentials.401.json": "wrong_credentials: ",
		"catalog-v2_asset-metrics.400.json":                   "bad_parameter: ",
	} {
		body := fixture(t, file)
		if why, ok := decodeError(body); !ok || !strings.HasPrefix(why, want) {
			t.Errorf("%s: %s", file, why)
		}
		if page, err := decodePage(body); err == nil {
			t.Errorf("%s: %+v", file, page)
		}
	}
	for _, body := range []string{"", "[]", "<html>", `{"error":"x"}`, `{"error":{}}`} {
		if why, ok := decodeError([]byte(body)); ok {
			t.Errorf("%s: %s", body, why)
		}
	}
}

func TestBadFiguresAndRowsAreRejected(t *testing.T) {
	t.Parallel()
	rows := func(list ...string) (out []json.RawMessage) {
		for _, s := range list {
			out = append(out, json.RawMessage(s))
		}
		return out
	}
	good := `{"asset":"btc","time":"2026-04-01T00:00:00.000000000Z","PriceUSD":"5","TxCnt":null}`
	for _, bad := range []string{`"NaN"`, `"1,234"`, `"1e309"`, `"-1"`, `[]`, `true`, `"1e10"`} {
		got, rejects, _ := decodeRows(rows(good, `{"asset":"btc","time":"2026-04-02T00:00:00Z","PriceUSD":`+bad+`,"TxCnt":"7"}`), "btc", []name{named("PriceUSD"), named("TxCnt")}, now)
		if len(got) != 2 || len(rejects) != 1 {
			t.Errorf("%s: %s %v", bad, say(got), rejects)
		}
	}
	for _, bad := range []string{`null`, `7`, `{}`, `{"asset":"eth","time":"2026-04-02T00:00:00Z","PriceUSD":"1"}`, `{"asset":"btc","PriceUSD":"1"}`, `{"asset":"btc","time":"2026-04-02T00:00:01Z","PriceUSD":"1"}`,
		`{"asset":"btc","time":"1970-01-01T00:00:00Z","PriceUSD":"1"}`, `{"asset":"btc","time":"2027-04-02T00:00:00Z","PriceUSD":"1"}`, `{"asset":"btc","time":1775088000,"PriceUSD":"1"}`, good} {
		got, rejects, _ := decodeRows(rows(good, bad), "btc", []name{named("PriceUSD")}, now)
		if len(got) != 1 || len(rejects) != 1 {
			t.Errorf("%s: %s %v", bad, say(got), rejects)
		}
	}
	if got, _, _ := decodeRows(rows(`{"asset":"btc","time":"2026-04-01T00:00:00Z","HashRate":"912345678.5","ROI30d":"-12.5"}`), "btc", []name{named("HashRate"), named("ROI30d")}, now); say(got) != "BTC hash_rate_ehs 2026-04-01T00:00:00Z 912.3456785, BTC roi_30d_pct 2026-04-01T00:00:00Z -12.5" {
		t.Error(say(got))
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "[]", "{}", `{"data":null}`, `{"data":{}}`, `{"data":[],"next_page_token":"x"}`, `{"data":[1],"next_page_token":"\u001b"}`, `{"data":[1],"next_page_token":7}`,
		`{"data":[1],"next_page_token":"` + strings.Repeat("x", maxToken+1) + `"}`, `{"data":[` + strings.Repeat("1,", maxRows) + `1]}`} {
		if page, err := decodePage([]byte(body)); err == nil {
			t.Errorf("%.60s: %+v", body, page)
		}
	}
	if _, err := decodePage([]byte(`{"data":[]}`)); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"data":[{"asset":"btc","time":"2020-02-29T00:00:00.000000000Z","PriceUSD":"8582.09","TxCnt":null,"X":"1e-30"}],"next_page_token":"x"}`))
	f.Add([]byte(`{"data":[{"asset":"btc","metrics":[{"metric":"PriceUSD","frequencies":[{"frequency":"1d","community":true}]}]}]}`))
	f.Add([]byte(`{"error":{"type":"forbidden","message":"no"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = decodeError(body)
		page, err := decodePage(body)
		if err != nil {
			return
		}
		decodeCatalog(page.Data, map[string]name{"PriceUSD": named("PriceUSD")}, map[string][]string{})
		rows, _, newest := decodeRows(page.Data, "btc", []name{named("PriceUSD"), named("TxCnt"), named("X")}, now)
		for _, m := range rows {
			if err := m.Check(now); err != nil || m.Event.After(newest) {
				t.Errorf("%+v: %v", m, err)
			}
		}
	})
}
