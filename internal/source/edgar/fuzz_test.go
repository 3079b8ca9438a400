package edgar

import (
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source"
)

// sound fails where a filing would land that must not.
func sound(t *testing.T, filings []filing, err error) {
	t.Helper()
	if err != nil && len(filings) > 0 {
		t.Fatal("filings beside an error")
	}
	for i := range filings {
		f := &filings[i]
		if err := f.check(recorded); err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		f.filer = f.filer.named("X")
		e := f.event()
		if err := e.Check(recorded); err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		if e.ID == "" || len(e.ID) > source.MaxID || len(e.Title) > source.MaxTitle || len(e.Description) > source.MaxSummary || source.URL(e.URL) == "" ||
			source.Text(e.Title, source.MaxTitle) != e.Title || e.Time.Location() != time.UTC || source.Past(e.Time, recorded) != nil {
			t.Fatalf("%+v", e)
		}
	}
}

func FuzzDecodeCurrent(f *testing.F) {
	f.Add(atom(`<entry><title>8-K - X (0000000007) (Filer)</title><summary type="html">&lt;br&gt;Item 8.01: x</summary><updated>2026-01-12T11:27:39-05:00</updated><category term="8-K"/><id>urn:tag:sec.gov,2008:accession-number=0000000001-26-000001</id></entry>`))
	f.Add([]byte(`<feed xmlns="http://www.w3.org/2005/Atom"><entry/>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, n, err := decodeCurrent(b, recorded, &source.Harvest{})
		if n < len(entries) {
			t.Fatal(n, len(entries))
		}
		watched := map[int]Filer{7: {CIK: 7}}
		sound(t, pick(entries, watched), err)
	})
}

func FuzzDecodeSubmissions(f *testing.F) {
	f.Add([]byte(`{"cik":"0000000007","name":"X","filings":{"recent":{"accessionNumber":["0000000007-26-000001"],"acceptanceDateTime":["2026-01-12T16:27:39.000Z"],"form":["8-K"],"items":["8.01,,9.01"]},"files":[{"name":"CIK0000000007-submissions-001.json","filingTo":"2026-01-01"}]}}`))
	f.Add([]byte(`{"accessionNumber":["0000000007-26-000001"],"acceptanceDateTime":["2026-01-12T06:27:39.000Z"],"form":["4"],"items":[null]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeSubmissions(b, 7, recorded)
		for _, o := range s.older {
			if strings.ContainsAny(o.Name, "/\\") {
				t.Fatal(o.Name)
			}
		}
		if err == nil {
			sound(t, s.filings, nil)
		}
		old := submissions{filer: Filer{CIK: 7, Name: "X"}}
		if old.decodeOlder(b, recorded) == nil {
			sound(t, old.filings, nil)
		}
	})
}

func FuzzDecodeHits(f *testing.F) {
	f.Add([]byte(`{"hits":{"total":{"value":1,"relation":"eq"},"hits":[{"_source":{"display_names":["X Corp  (XX, XXW)  (CIK 0000000007)"],"file_date":"2026-01-12","form":"8-K","adsh":"0000000007-26-000001","items":["8.01"]}}]}}`))
	f.Add([]byte(`{"message":"Internal server error"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := decodeHits(b, nil, recorded, &source.Harvest{})
		sound(t, h.filings, err)
	})
}

func FuzzDecodeTickers(f *testing.F) {
	f.Add([]byte(`{"0":{"cik_str":7,"ticker":"abc","title":"X"},"1":{"cik_str":"8","ticker":"DEF"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := decodeTickers(b, []string{"ABC"}, &source.Harvest{})
		if cik, ok := got["ABC"]; err != nil && got != nil || ok && (cik <= 0 || cik > maxCIK) || len(got) > 1 {
			t.Fatal(got, err)
		}
	})
}
