package edgar

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/edgar/fake"
)

// The stand-in refuses what the SEC refuses.
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
	const list = "/cgi-bin/browse-edgar?action=getcurrent&output=atom&type=&owner=include&count=100"
	for _, c := range []struct {
		method, agent, path string
		status              int
		body                string
	}{
		{"GET", "", list, 403, "Undeclared Automated Tool"},
		{"GET", "omc", list, 403, "Undeclared Automated Tool"},
		{"POST", agent, list, 405, "<html"},
		{"GET", agent, list + "&start=100000", 503, "File Unavailable"},
		{"GET", agent, list + "&start=0", 200, "<feed"},
		{"GET", agent, "/submissions/CIK0000000007.json", 404, "NoSuchKey"},
		{"GET", agent, "/submissions/CIK7.json", 404, "NoSuchKey"},
		{"GET", agent, "/submissions/CIK0001050446-submissions-009.json", 404, "NoSuchKey"},
		{"GET", agent, "/Archives/edgar/data/1/x.htm", 403, "AccessDenied"},
		{"GET", agent, "/LATEST/search-index?q=%22x%22", 500, "Internal server error"},
		{"GET", agent, "/LATEST/search-index?q=%22x%22&dateRange=custom&startdt=2026-01-01&enddt=2026-01-31&from=10000", 500, "Internal server error"},
		{"GET", agent, "/nothing", 404, "<html"},
	} {
		clk.Advance(time.Second)
		if status, body := ask(c.method, c.agent, c.path); status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %s as %q: %d %.200s", c.method, c.path, c.agent, status, body)
		}
	}
	clk.Advance(time.Second)
	for i := range 11 {
		if status, body := ask("GET", agent, "/files/company_tickers.json"); (status == 429) != (i == 10) || status == 429 && !strings.Contains(body, "Rate Threshold") {
			t.Errorf("request %d of a second: %d", i, status)
		}
	}
	if x.Most(time.Second) != 11 {
		t.Error(x.Most(time.Second))
	}
}
