package edgar

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/edgar/fake"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// After a silence the list of current filings may no longer hold what was known: what came between is a gap.
func TestCurrentAfterASilence(t *testing.T) {
	t.Parallel()
	s := newStand(t, Config{})
	s.Still().Put(filed(1, "8-K", now.Add(-time.Minute), 1050446, "Strategy Inc", "8.01"))
	h, err := s.current(t.Context(), nil)
	if err != nil || len(h.Gaps) != 0 {
		t.Fatal(h.Gaps, err)
	}
	s.Keep(2 * time.Hour)
	s.clk.Advance(10 * time.Hour)
	oldest := s.clk.Now().Add(-time.Hour).Truncate(time.Second)
	s.Put(filed(2, "8-K", oldest, 1050446, "Strategy Inc", "8.01"), filed(3, "8-K", s.clk.Now().Add(-time.Minute), 1050446, "Strategy Inc", "8.01"))
	h, err = s.current(t.Context(), h.Cursor)
	if err != nil || len(h.Gaps) != 1 || !h.Gaps[0].From.Equal(now.Add(-time.Minute)) || !h.Gaps[0].To.Equal(oldest) || !h.Since.Equal(oldest) {
		t.Fatalf("since %s, gaps %+v, %v", h.Since, h.Gaps, err)
	}
	// A list that begins anew between two looks has lost nothing.
	s.clk.Advance(2 * time.Minute)
	s.Keep(time.Minute)
	for range 5 {
		s.clk.Advance(15 * time.Second)
		if h, err = s.current(t.Context(), h.Cursor); err != nil || len(h.Gaps) != 0 {
			t.Fatal(h.Gaps, err)
		}
	}
	s.Put(filed(4, "8-K", s.clk.Now(), 1050446, "Strategy Inc", "8.01"))
	s.clk.Advance(15 * time.Second)
	if h, err = s.current(t.Context(), h.Cursor); err != nil || len(h.Gaps) != 0 || len(h.Events) != 1 {
		t.Errorf("gaps %+v, %d events, %v", h.Gaps, len(h.Events), err)
	}
}

// One line that is dated long ago does not show that the list reaches back that far.
func TestAMisdatedLineHidesNoHole(t *testing.T) {
	t.Parallel()
	s := newStand(t, Config{})
	s.Still().Put(filed(1, "8-K", now.Add(-time.Minute), 1050446, "Strategy Inc", "8.01"))
	h, err := s.current(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.clk.Advance(10 * time.Hour)
	for i := range 250 {
		s.Put(filed(10+i, "8-K", s.clk.Now().Add(-time.Duration(i)*time.Minute), 1050446, "Strategy Inc", "8.01"))
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		body := rec.Body.String()
		if r.URL.Query().Get("start") == "0" { // a line of the first page, dated back by weeks
			i := strings.Index(body, "<updated>2026-03-0")
			i += strings.Index(body[i+1:], "<updated>2026-03-0") + 1
			body = body[:i] + strings.Replace(body[i:], "<updated>2026-03-0", "<updated>2026-02-0", 1)
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write([]byte(body))
	}))
	defer srv.Close()
	c := New(upstream.Config{BaseURL: srv.URL, Clock: s.clk, Wait: conformance.Advance(s.clk)}, Config{UserAgent: agent})
	if h, err = c.current(t.Context(), h.Cursor); err != nil || len(h.Events) < 250 || len(h.Gaps) != 0 {
		t.Errorf("%d events, gaps %+v, %v", len(h.Events), h.Gaps, err)
	}
}

// A list longer than one poll may read leaves a gap, however short the silence was.
func TestCurrentIsCutShort(t *testing.T) {
	t.Parallel()
	clk := clock.NewManual(now)
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var lines []string
		for range currentPage {
			n++
			lines = append(lines, fmt.Sprintf(oneEntry, "8-K - SEVEN INC (0000000007) (Filer)", "", clk.Now().Add(-time.Duration(n)*time.Second/100).Format(time.RFC3339), "8-K", fmt.Sprintf("urn:tag:sec.gov,2008:accession-number=0000000007-26-%06d", n)))
		}
		w.Header().Set("Content-Type", "application/atom+xml")
		_, _ = w.Write(atom(lines...))
	}))
	defer srv.Close()
	c := New(upstream.Config{BaseURL: srv.URL, Clock: clk, Wait: conformance.Advance(clk)}, Config{UserAgent: agent})
	known := now.Add(-time.Hour)
	h, err := c.current(t.Context(), fmt.Appendf(nil, `{"newest":%q,"read":%q}`, known.Format(time.RFC3339), now.Add(-time.Minute).Format(time.RFC3339)))
	if err != nil || n != currentPages*currentPage || len(h.Gaps) != 1 || !h.Gaps[0].From.Equal(known) || !h.Gaps[0].To.Equal(h.Since) {
		t.Errorf("%d lines, since %s, gaps %+v, %v", n, h.Since, h.Gaps, err)
	}
}

// A search that rested for longer than it reaches back leaves a gap.
func TestSearchAfterASilence(t *testing.T) {
	t.Parallel()
	s := newStand(t, Config{Watch: []string{"MSTR"}, Terms: []string{"bitcoin treasury"}})
	s.Still()
	h, err := s.search(t.Context(), []byte(`{"through":{"bitcoin treasury":"2026-01-10"}}`))
	if err != nil || len(h.Gaps) != 1 || h.Gaps[0].From.Format(time.DateOnly) != "2026-01-11" || !h.Gaps[0].To.Equal(h.Since) {
		t.Fatalf("since %s, gaps %+v, %v", h.Since, h.Gaps, err)
	}
	if h, err = s.search(t.Context(), h.Cursor); err != nil || len(h.Gaps) != 0 {
		t.Errorf("gaps %+v, %v", h.Gaps, err)
	}
}

// What a filing is about stands on the watch list, in its filer's name, or in the term that found it.
func TestCoinsOfAFiling(t *testing.T) {
	t.Parallel()
	s := newStand(t, Config{Watch: []string{"MSTR", "1679788"}, Terms: []string{"ethereum treasury"}})
	texts := speaking(4, now.Add(-2*24*time.Hour), 94, "Lantern Foods, Inc.", 1)
	texts.Text = "of its ethereum treasury"
	s.Still().Put(filed(1, "8-K", now.Add(-time.Minute), 1050446, "STRATEGY INC", "8.01"), filed(2, "8-K", now.Add(-time.Minute), 95, "Harbour Solana & Litecoin Trust", "8.01"),
		filed(3, "8-K", now.Add(-time.Minute), 1679788, "Coinbase Global, Inc.", "8.01"), texts)
	got := map[string]string{}
	for range 2 {
		h, err := s.current(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		found, _ := drain(t, s, nil)
		for _, e := range append(h.Events, found...) {
			got[e.Facts["filer"]] = fmt.Sprint(e.Coins)
		}
	}
	for filer, want := range map[string]string{"Strategy Inc": "[BTC]", "Harbour Solana & Litecoin Trust": "[LTC SOL]", "Coinbase Global, Inc.": "[]", "Lantern Foods, Inc.": "[ETH]"} {
		if got[filer] != want {
			t.Errorf("%s: %s, want %s", filer, got[filer], want)
		}
	}
}

// What the SEC says to those who ask too often is a hold of ten minutes, whatever its status; who is not known is told what to set.
func TestTheSECShutsOut(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 429} {
		clk := clock.NewManual(now)
		x := fake.New(clk).Still()
		front := faulty.New(x, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>"))
		})
		srv := httptest.NewServer(front)
		defer srv.Close()
		c := New(upstream.Config{BaseURL: srv.URL, Clock: clk, Wait: conformance.Advance(clk)}, Config{UserAgent: agent})
		for _, left := range []time.Duration{10 * time.Minute, 5 * time.Minute} {
			_, err := c.current(t.Context(), nil)
			var hold *upstream.RateLimitError
			if !errors.As(err, &hold) || (hold.RetryAfter-left).Abs() > 5*time.Second || front.Seen() != 1 {
				t.Errorf("%d: %v after %d requests", status, err, front.Seen())
			}
			clk.Advance(5 * time.Minute)
		}
		if _, err := c.current(t.Context(), nil); err != nil {
			t.Error(err)
		}
		front.Then(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(403)
			_, _ = w.Write([]byte("<html><h1>Your Request Originates from an Undeclared Automated Tool</h1></html>"))
		})
		if _, err := c.current(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "omc config set sources.edgar.user_agent") {
			t.Error(err)
		}
	}
}

// A web page with status 200 is kept to be looked at, of every list.
func TestAWebPageIsKept(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"edgar.current", "edgar.filings", "edgar.search"} {
		clk := clock.NewManual(now)
		front := faulty.New(fake.New(clk).Still(), faulty.Page(200))
		srv := httptest.NewServer(front)
		defer srv.Close()
		feeds := New(upstream.Config{BaseURL: srv.URL, Clock: clk, Wait: conformance.Advance(clk)}, Config{UserAgent: agent, Watch: []string{"MSTR"}}).Feeds()
		f := feeds[slices.IndexFunc(feeds, func(f source.Feed) bool { return f.Name == name })]
		h, err := f.Poll(t.Context(), nil)
		if err == nil || len(h.Rejects) != 1 || h.Rejects[0].Size < 50 || !h.Read.IsZero() {
			t.Errorf("%s: %v, %+v, read %s", name, err, h.Rejects, h.Read)
		}
	}
}

// One part of another shape costs itself: the file's other rows, the list's other tickers, the hit itself are taken.
func TestABadPartIsLeftOut(t *testing.T) {
	t.Parallel()
	var h source.Harvest
	if got, err := decodeTickers([]byte(`{"0":{"cik_str":7,"ticker":"ABC"},"1":{"cik_str":8,"ticker":9},"2":"x","3":{"cik_str":"x","ticker":"DEF"},"4":{"cik_str":"0000000010","ticker":"ghi"}}`), []string{"ABC", "DEF", "GHI"}, &h); err != nil ||
		len(got) != 2 || got["ABC"] != 7 || got["GHI"] != 10 || len(h.Rejects) != 3 {
		t.Errorf("%v %v %+v", got, err, h.Rejects)
	}
	h = source.Harvest{}
	hits, err := decodeHits([]byte(`{"hits":{"total":{"value":3,"relation":"eq"},"hits":[7,{"_source":{"form":"8-K","adsh":"0000000007-26-000001","file_date":"2026-01-12","display_names":[null,5,"SEVEN INC  (SVN)  (CIK 0000000007)"],"items":[8.01]}},
		{"_source":{"form":8}}]}}`), nil, now, &h)
	if err != nil || len(hits.filings) != 1 || hits.filings[0].filer.Name != "SEVEN INC" || len(h.Rejects) != 2 {
		t.Errorf("%+v %v %+v", hits, err, h.Rejects)
	}
	s, err := decodeSubmissions([]byte(`{"cik":"7","name":"X","filings":{"recent":{"accessionNumber":[],"acceptanceDateTime":[],"form":[],"items":[]},"files":[7,{"name":"CIK0000000007-submissions-001.json","filingTo":"2026-01-02"}]}}`), 7, now)
	if err != nil || len(s.older) != 1 || len(s.rejects) != 1 {
		t.Errorf("%+v %v", s, err)
	}
}
