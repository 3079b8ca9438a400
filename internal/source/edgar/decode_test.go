package edgar

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var recorded = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/sec-edgar/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRecordedListsOfCurrentFilings(t *testing.T) {
	for name, want := range map[string]int{"getcurrent/00.body.xml": 100, "getcurrent/01.body.xml": 100, "getcurrent-form4/00.body.xml": 100} {
		var h source.Harvest
		entries, n, err := decodeCurrent(fixture(t, name), recorded, &h)
		if err != nil || n != want || len(entries) != want || len(h.Rejects) != 0 {
			t.Fatalf("%s: %d of %d entries, %v, %v", name, len(entries), n, h.Rejects, err)
		}
		for _, e := range entries {
			if e.filer.Name == "" || e.role == "" || strings.Contains(e.filer.Name, "(") && strings.Contains(e.filer.Name, e.accession) {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
	entries, _, _ := decodeCurrent(fixture(t, "getcurrent/00.body.xml"), recorded, &source.Harvest{})
	first := entries[0]
	want := entry{role: "Filer", filing: filing{accession: "0002074440-26-000002", form: "13F-HR", accepted: time.Date(2026, 1, 12, 16, 27, 39, 0, time.UTC),
		filer: Filer{CIK: 2074440, Name: "Ryan Investment Management, Inc."}}}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("%+v", first)
	}
	// One filing of an insider stands there once for each party, and is the watched one's.
	issuer := map[int]Filer{80661: {CIK: 80661, Ticker: "PGR"}}
	if got := pick(entries, issuer); len(got) != 12 || got[0].accession != "0000080661-26-000032" || got[0].filer.Name != "PROGRESSIVE CORP/OH/" || got[0].filer.Ticker != "PGR" {
		t.Errorf("%+v", got)
	}
}

func TestPagesInsteadOfListsAreRefused(t *testing.T) {
	for _, name := range []string{"getcurrent/02.body.html", "getcurrent/03.body.html", "getcurrent-form4/01.body.html", "submissions-404/00.body.xml", "fullindex-403/00.body.xml", "fullindex-403/04.body.xml"} {
		body := fixture(t, name)
		_, _, err := decodeCurrent(body, recorded, &source.Harvest{})
		_, err2 := decodeSubmissions(body, 1, recorded)
		_, err3 := decodeHits(body, nil, recorded, &source.Harvest{})
		_, err4 := decodeTickers(body, nil, &source.Harvest{})
		for _, err := range []error{err, err2, err3, err4} {
			if !errors.Is(err, upstream.ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestRecordedFilersFiles(t *testing.T) {
	for name, want := range map[string]struct {
		cik, filings int
		filer        string
		older        int
	}{
		"small/01/00": {1718179, 10, "Sievert Stephanie A", 0}, "small/03/00": {1800903, 0, "&VEST Domestic Fund II LP", 0},
		"small/05/00": {1911716, 2, "Cool Japan Fund Inc.", 0}, "small/06/00": {1940261, 4, "NVC Holdings, LLC", 0},
		"trimmed/00": {1009672, -1, "CARBO CERAMICS INC", 1}, "trimmed/02": {310522, -1, "FEDERAL NATIONAL MORTGAGE ASSOCIATION FANNIE MAE", 3},
		"trimmed/03": {1318605, -1, "Tesla, Inc.", 1}, "trimmed/04": {789019, -1, "MICROSOFT CORP", 2}, "trimmed/05": {1766140, -1, "Unicycive Therapeutics, Inc.", 0},
		"trimmed/01": {1796129, -1, "Vincerx Pharma, Inc.", 0}, "small/02/00": {1771340, -1, "Taneja Vaibhav", 0}, "small/04/00": {1830056, 0, "Siemens Energy AG/ADR", 0}, "small/07/00": {940418, -1, "SIEMENS AG", 0},
	} {
		s, err := decodeSubmissions(fixture(t, "submissions-"+name+".body.json"), want.cik, recorded)
		if err != nil || s.filer.Name != want.filer || len(s.rejects) != 0 || len(s.older) != want.older || want.filings >= 0 && len(s.filings) != want.filings {
			t.Errorf("%s: %q, %d filings, %d older, %v, %v", name, s.filer.Name, len(s.filings), len(s.older), s.rejects, err)
		}
		if want.filings < 0 && len(s.filings) == 0 {
			t.Errorf("%s: no filings", name)
		}
	}
}

// The acceptance times of some filers' files are New York's, those of others are UTC; both end in Z.
func TestRecordedAcceptanceTimes(t *testing.T) {
	for name, c := range map[string]struct {
		cik       int
		accession string
		want      string
	}{
		"trimmed/03": {1318605, "0001628280-26-003952", "2026-01-29T01:55:03Z"}, // Tesla's 10-K: in the evening in New York
		"trimmed/02": {310522, "", "2026-02-06T21:03:43Z"},                      // Fannie Mae's 8-K: 16:03 in New York
	} {
		s, err := decodeSubmissions(fixture(t, "submissions-"+name+".body.json"), c.cik, recorded)
		if err != nil || len(s.filings) == 0 {
			t.Fatal(err)
		}
		if got := s.filings[0]; got.accepted.Format(time.RFC3339) != c.want || c.accession != "" && got.accession != c.accession {
			t.Errorf("%s: %s %s %s", name, got.accession, got.form, got.accepted)
		}
	}
}

func TestRecordedSearches(t *testing.T) {
	for name, want := range map[string]struct {
		rows, total int
		capped      bool
	}{"0_hits": {0, 0, false}, "1_hit": {1, 1, false}, "100_hits": {100, 0, false}, "10000_hits": {100, 10000, true}} {
		var to source.Harvest
		h, err := decodeHits(fixture(t, "efts/"+name+".json"), nil, recorded, &to)
		if err != nil || h.rows != want.rows && want.rows != 100 || h.capped != want.capped || len(to.Rejects) != 0 || len(h.filings) > h.rows || (h.rows > 0) != (len(h.filings) > 0) {
			t.Errorf("%s: %d filings of %d documents of %d, capped %t, %v, %v", name, len(h.filings), h.rows, h.total, h.capped, to.Rejects, err)
		}
	}
	h, _ := decodeHits(fixture(t, "efts/1_hit.json"), nil, recorded, &source.Harvest{})
	want := filing{accession: "0000950170-25-055890", form: "ARS", day: true, accepted: time.Date(2025, 4, 18, 4, 0, 0, 0, time.UTC), filer: Filer{CIK: 1865782, Name: "BrightSpring Health Services, Inc."}}
	if len(h.filings) != 1 || !reflect.DeepEqual(h.filings[0], want) {
		t.Errorf("%+v", h.filings)
	}
}

func TestRecordedTickers(t *testing.T) {
	got, err := decodeTickers(fixture(t, "company_tickers.trimmed.json"), []string{"COIN", "TSLA", "NONE"}, &source.Harvest{})
	if err != nil || !reflect.DeepEqual(got, map[string]int{"COIN": 1679788, "TSLA": 1318605}) {
		t.Errorf("%v %v", got, err)
	}
	// What is built in agrees with the SEC's own list.
	for _, f := range Filers() {
		if cik, ok := got[f.Ticker]; ok && cik != f.CIK {
			t.Errorf("%s is %d, not %d", f.Ticker, cik, f.CIK)
		}
	}
}

// Every recorded exchange with a URL is of an endpoint this package asks.
func TestRecordedStatuses(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Path(t, "wire/fixtures/sec-edgar"), "getcurrent*", "*.http.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var x struct {
			Request  struct{ URL string }
			Response struct {
				Status  int
				Headers map[string]string
			}
		}
		if err := json.Unmarshal(b, &x); err != nil || x.Response.Status != 200 && !strings.Contains(x.Request.URL, "start=5100") {
			t.Errorf("%s: %v %+v", file, err, x)
		}
	}
}

const oneEntry = `<entry><title>%s</title><summary type="html">%s</summary><updated>%s</updated><category term="%s"/><id>%s</id></entry>`

func atom(entries ...string) []byte {
	return []byte(`<?xml version="1.0" encoding="ISO-8859-1" ?><feed xmlns="http://www.w3.org/2005/Atom">` + strings.Join(entries, "") + `</feed>`)
}

func TestOneBadLineDoesNotSpoilTheRest(t *testing.T) {
	id, at := "urn:tag:sec.gov,2008:accession-number=0000000001-26-000001", "2026-01-12T11:27:39-05:00"
	good := fmt.Sprintf(oneEntry, "8-K - Soci\xe9t\xe9 - Bitcoin (Holdings) &amp; Co (0000000007) (Filer)", "&lt;br&gt;Item 9.01: x &lt;br&gt;Item 2.02: Results &lt;br&gt;Item 2.02: again", at, "8-K", id)
	for name, bad := range map[string]string{
		"no cik":         fmt.Sprintf(oneEntry, "8-K - X (Filer)", "", at, "8-K", id),
		"short cik":      fmt.Sprintf(oneEntry, "8-K - X (123) (Filer)", "", at, "8-K", id),
		"cik zero":       fmt.Sprintf(oneEntry, "8-K - X (0000000000) (Filer)", "", at, "8-K", id),
		"no accession":   fmt.Sprintf(oneEntry, "8-K - X (0000000007) (Filer)", "", at, "8-K", "urn:x"),
		"odd accession":  fmt.Sprintf(oneEntry, "8-K - X (0000000007) (Filer)", "", at, "8-K", "urn:accession-number=1-2-3"),
		"no time":        fmt.Sprintf(oneEntry, "8-K - X (0000000007) (Filer)", "", "today", "8-K", id),
		"future":         fmt.Sprintf(oneEntry, "8-K - X (0000000007) (Filer)", "", "2126-01-12T11:27:39-05:00", "8-K", id),
		"past":           fmt.Sprintf(oneEntry, "8-K - X (0000000007) (Filer)", "", "1026-01-12T11:27:39-05:00", "8-K", id),
		"no form":        fmt.Sprintf(oneEntry, "8-K - X (0000000007) (Filer)", "", at, "", id),
		"form of markup": fmt.Sprintf(oneEntry, "8-K - X (0000000007) (Filer)", "", at, "&lt;b&gt;", id),
		"empty":          "<entry></entry>",
	} {
		var h source.Harvest
		entries, n, err := decodeCurrent(atom(bad, good), recorded, &h)
		if err != nil || n != 2 || len(entries) != 1 || len(h.Rejects) != 1 || len(h.Rejects[0].Reason) > 400 {
			t.Errorf("%s: %v %v %v", name, entries, h.Rejects, err)
			continue
		}
		e := entries[0]
		if e.filer.Name != "Société - Bitcoin (Holdings) & Co" || e.filer.CIK != 7 || strings.Join(e.items, ",") != "2.02,9.01" || !e.accepted.Equal(time.Date(2026, 1, 12, 16, 27, 39, 0, time.UTC)) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestOddFilersFiles(t *testing.T) {
	file := func(cik, columns string) []byte {
		return []byte(`{"cik":` + cik + `,"name":"X","filings":{"recent":` + columns + `,"files":[{"name":"../../etc/passwd"},{"name":"CIK0000000007-submissions-001.json"}]}}`)
	}
	good := `{"accessionNumber":["0000000007-26-000001"],"acceptanceDateTime":["2026-01-12T16:27:39.000Z"],"form":["8-K"],"items":["8.01,,9.01"]}`
	for _, cik := range []string{`"0000000007"`, `"7"`, `7`} {
		s, err := decodeSubmissions(file(cik, good), 7, recorded)
		if err != nil || len(s.filings) != 1 || strings.Join(s.filings[0].items, " ") != "8.01 9.01" || len(s.older) != 1 {
			t.Errorf("%s: %+v %v", cik, s, err)
		}
	}
	for name, body := range map[string][]byte{
		"another filer": file("8", good), "no cik": file(`""`, good), "no columns": file("7", "null"), "not a filer": []byte(`{}`),
		"ragged": file("7", `{"accessionNumber":["0000000007-26-000001","0000000007-26-000002"],"acceptanceDateTime":["2026-01-12T16:27:39.000Z"],"form":["8-K"]}`),
		"a list": []byte(`[]`), "a text column": file("7", `{"accessionNumber":"x"}`),
	} {
		if _, err := decodeSubmissions(body, 7, recorded); !errors.Is(err, upstream.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	rows := `{"accessionNumber":["0000000007-26-000001",null,7,"0000000007-26-000004","0000000007-26-000005","0000000007-26-000006"],
		"acceptanceDateTime":["2026-01-12T16:27:39.000Z","2026-01-12T16:27:39.000Z","2026-01-12T16:27:39.000Z","NaN","2126-01-12T16:27:39.000Z",null],
		"form":["8-K","8-K","10-Q","8-K","8-K","UPLOAD"],"items":["8.01","","","","",""]}`
	if s, err := decodeSubmissions(file("7", rows), 7, recorded); err != nil || len(s.filings) != 1 || len(s.rejects) != 5 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestTheSameFilingIsTheSameEventFromEveryFeed(t *testing.T) {
	watched := map[int]Filer{7: {CIK: 7, Ticker: "SEVN", Name: "Seven, Inc."}}
	entries, _, err := decodeCurrent(atom(fmt.Sprintf(oneEntry, "8-K - SEVEN INC (0000000007) (Filer)", "&lt;br&gt;Item 8.01: Other Events&lt;br&gt;Item 9.01: Exhibits", "2026-01-12T11:27:39-05:00", "8-K",
		"urn:tag:sec.gov,2008:accession-number=0000000007-26-000001")), recorded, &source.Harvest{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := decodeSubmissions([]byte(`{"cik":"7","name":"SEVEN INC","filings":{"recent":{"accessionNumber":["0000000007-26-000001"],"acceptanceDateTime":["2026-01-12T16:27:39.000Z"],"form":["8-K"],"items":["8.01,9.01"]}}}`), 7, recorded)
	if err != nil {
		t.Fatal(err)
	}
	s.filings[0].filer = watched[7].named(s.filer.Name)
	a, b := events(pick(entries, watched)), events(s.filings)
	if !reflect.DeepEqual(a, b) || len(a) != 1 || a[0].Title != "Seven, Inc. files 8-K: Other Events" || a[0].Version() != b[0].Version() {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestNamesThatSayCrypto(t *testing.T) {
	for name, want := range map[string]bool{
		"Bitcoin Depot Inc.": true, "Grayscale Ethereum Mini Trust ETF": true, "VanEck Solana Trust": true, "Galaxy Digital Assets LP": true,
		"BITWISE 10 CRYPTO INDEX FUND": true, "Blockchain Coinvestors Acquisition Corp": true, "21Shares XRP ETF": true,
		"Ethernet Corp": false, "Digital Realty Trust": false, "Asset Digital": false, "Avalanche Snow Co": false, "": false, "Token Ring Inc": false,
	} {
		if cryptoName(name) != want {
			t.Errorf("%q: %t", name, !want)
		}
	}
}

func TestEasternTime(t *testing.T) {
	for wall, want := range map[string]string{
		"2026-01-12T11:27:39Z": "2026-01-12T16:27:39Z", "2026-07-01T16:00:00Z": "2026-07-01T20:00:00Z",
		"2026-03-08T01:59:59Z": "2026-03-08T06:59:59Z", "2026-03-08T03:00:00Z": "2026-03-08T07:00:00Z",
		"2026-11-01T00:59:59Z": "2026-11-01T04:59:59Z", "2026-11-01T02:00:00Z": "2026-11-01T07:00:00Z",
		"2024-03-10T12:00:00Z": "2024-03-10T16:00:00Z", "2024-11-03T12:00:00Z": "2024-11-03T17:00:00Z",
	} {
		w, _ := time.Parse(time.RFC3339, wall)
		if got := eastern(w).Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", wall, got, want)
		}
	}
}
