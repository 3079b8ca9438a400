package listing

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/listing/fake"
)

// The stand-in refuses what the venues refuse.
func TestTheFakeIsStrict(t *testing.T) {
	clk := clock.NewManual(now)
	x := fake.New(clk)
	srv := httptest.NewServer(x)
	defer srv.Close()
	ask := func(method, agent, path string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", agent)
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	const articles = "/bapi/composite/v1/public/cms/article/list/query?type=1&catalogId=48&pageNo=1&pageSize="
	for _, c := range []struct {
		method, agent, path string
		status              int
		body                string
	}{
		{"GET", "omc", fake.Base + "/latest", 200, `"btc":`},
		{"GET", "", fake.Base + "/latest", 403, "<html"},
		{"POST", "omc", fake.Base + "/latest", 404, "<html"},
		{"GET", "omc", "/latest", 404, "<html"},
		{"GET", "omc", "/products", 200, `"BTC-USD"`},
		{"GET", "omc", "/0/public/Assets", 200, `"XBT"`},
		{"GET", "omc", "/0/public/AssetPairs", 200, `"XBT/USD"`},
		{"GET", browser, articles + "20", 200, "Binance Will List"},
		{"GET", "omc", articles + "20", 403, "<html"},
		{"GET", browser, articles + "21", 200, "illegal parameter"},
		{"GET", browser, strings.Replace(articles, "pageNo=1", "pageNo=0", 1) + "20", 200, "illegal parameter"},
	} {
		clk.Advance(time.Minute)
		if status, body := ask(c.method, c.agent, c.path); status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %s as %q: %d %.200s", c.method, c.path, c.agent, status, body)
		}
	}
	clk.Advance(time.Minute)
	for i := range 16 {
		if _, body := ask("GET", "omc", "/0/public/Assets"); strings.Contains(body, "Too many requests") != (i == 15) {
			t.Errorf("request %d", i)
		}
	}
	for i := range 11 {
		if status, _ := ask("GET", "omc", "/products"); (status == 429) != (i == 10) {
			t.Errorf("request %d: %d", i, status)
		}
	}
}
