package edgar

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/edgar/fake"
)

func speaking(n int, at time.Time, cik int, name string, documents int) fake.Filing {
	f := filed(n, "8-K", at, cik, name, "8.01")
	f.Text, f.Documents = "of its bitcoin treasury", documents
	return f
}

// drain polls until nothing more waits.
func drain(t *testing.T, s stand, cursor []byte) (events []ledger.Event, next []byte) {
	t.Helper()
	for polls := 0; ; polls++ {
		h, err := s.search(t.Context(), cursor)
		if err != nil || polls > 60 {
			t.Fatal(polls, err)
		}
		events, cursor = append(events, h.Events...), h.Cursor
		if !h.Again {
			return events, cursor
		}
		if !h.Since.IsZero() {
			t.Error("claims to be complete while more waits")
		}
	}
}

func TestSearchLandsEachFilingOnce(t *testing.T) {
	s := newStand(t, Config{Watch: []string{"MSTR"}, Terms: []string{"bitcoin treasury"}})
	s.Still().Put(speaking(1, now.Add(-2*time.Hour), 1050446, "STRATEGY INC", 3), speaking(2, now.Add(-20*24*time.Hour), 55, "Lantern Foods, Inc.", 1),
		speaking(3, now.Add(-3*time.Hour), 56, "Harbour Bitcoin Trust", 2), filed(4, "8-K", now.Add(-time.Hour), 57, "Silent Corp", "8.01"), speaking(5, now.Add(-40*24*time.Hour), 58, "Old Corp", 1))
	got, cursor := drain(t, s, nil)
	var titles []string
	for _, e := range got {
		titles = append(titles, e.Title+" "+e.Facts["term"])
	}
	want := []string{"Lantern Foods, Inc. files 8-K: Other Events bitcoin treasury", "Harbour Bitcoin Trust files 8-K: Other Events ", "Strategy Inc files 8-K: Other Events "}
	if !slices.Equal(titles, want) {
		t.Fatalf("%q", titles)
	}
	// The watched filer's is the event that its own list brings, to the second.
	h, err := s.filings(t.Context(), nil)
	if err != nil || len(h.Events) != 1 || h.Events[0].Version() != got[2].Version() {
		t.Errorf("%+v\n%+v %v", h.Events, got[2], err)
	}
	if more, _ := drain(t, s, cursor); len(more) != 0 {
		t.Errorf("again: %+v", more)
	}
	s.Put(speaking(6, s.clk.Now(), 55, "Lantern Foods, Inc.", 1))
	s.clk.Advance(time.Hour)
	if more, _ := drain(t, s, cursor); len(more) != 1 || more[0].ID != "0000000001-26-000006" {
		t.Errorf("%+v", more)
	}
}

func TestSearchOfMoreThanOnePollMayAsk(t *testing.T) {
	s := newStand(t, Config{Watch: []string{"MSTR"}, Terms: []string{"bitcoin treasury"}})
	s.Still()
	for i := range 400 { // of 60 filers on 20 days
		s.Put(speaking(i, now.Add(-time.Duration(i%20)*24*time.Hour-time.Hour), 100+i%60, fmt.Sprintf("Company %d", i%60), 2))
	}
	got, _ := drain(t, s, nil)
	seen := map[string]bool{}
	for _, e := range got {
		if seen[e.ID] || e.Description == "" || e.Time.Hour() == 0 {
			t.Errorf("%+v", e)
		}
		seen[e.ID] = true
	}
	if len(seen) != 400 {
		t.Errorf("%d filings", len(seen))
	}
	if n := s.Most(time.Second); n > 9 {
		t.Errorf("%d requests in a second", n)
	}
}

// A stretch with more than can be had is asked for in halves; a day with too much is told.
func TestSearchSplitsWhatIsCapped(t *testing.T) {
	s := newStand(t, Config{Watch: []string{"MSTR"}, Terms: []string{"bitcoin treasury"}})
	s.Still()
	for i := range 6 { // 5,400 documents in a week, 900 a day
		s.Put(speaking(i, now.Add(-time.Duration(i)*24*time.Hour-time.Hour), 1050446, "Strategy Inc", 900))
	}
	if got, _ := drain(t, s, nil); len(got) != 6 {
		t.Errorf("%d filings", len(got))
	}
	s.Put(speaking(7, now.Add(-time.Hour), 1050446, "Strategy Inc", 12_000))
	h, err := s.search(t.Context(), nil)
	told := slices.ContainsFunc(h.Rejects, func(r ledger.Reject) bool { return string(r.Bytes) == "bitcoin treasury" })
	if err != nil || !h.Again && !told {
		t.Errorf("%v %v", h.Rejects, err)
	}
}

// A filer without a file of its own still lands, with the day for its time.
func TestSearchWithoutTheFilersFile(t *testing.T) {
	s := newStand(t, Config{Watch: []string{"MSTR"}, Terms: []string{"bitcoin treasury"}})
	f := hits{}
	f.filings = []filing{{accession: "0000000001-26-000009", form: "8-K", day: true, accepted: eastern(now.Truncate(24 * time.Hour)), filer: Filer{CIK: 12345, Name: "Nobody"}}}
	p := &searching{Client: s.Client, h: new(source.Harvest), cur: searchCursor{Seen: map[string]string{}}, files: map[int]*submissions{}, asks: 1}
	if err := p.land(t.Context(), "bitcoin treasury", f.filings); err != nil || len(p.found) != 1 || !p.found[0].day {
		t.Fatal(p.found, err)
	}
	if e := p.found[0].event(); e.Description != `its text says "bitcoin treasury"; the hour is not known` {
		t.Errorf("%+v", e)
	}
}

func TestSearchForgetsWhatNoSearchFindsAgain(t *testing.T) {
	s := newStand(t, Config{Terms: []string{"bitcoin treasury"}})
	seen := map[string]string{"0000000001-25-000001": "2025-01-01", "0000000001-26-000001": "2026-03-01"}
	for i := range maxSeen {
		seen[fmt.Sprintf("0000000002-26-%06d", i)] = "2026-03-02"
	}
	p := &searching{Client: s.Client, cur: searchCursor{Seen: seen, Through: map[string]string{"bitcoin treasury": "2026-03-03", "gone": "2026-03-03"}}}
	out := p.trimmed()
	if _, old := out.Seen["0000000001-26-000001"]; len(out.Seen) != maxSeen || old || len(out.Through) != 1 {
		t.Errorf("%d seen, %v", len(out.Seen), out.Through)
	}
	if b := writeCursor(out); len(b) == 0 || len(b) > 1<<20 {
		t.Errorf("a cursor of %d bytes", len(b))
	}
}
