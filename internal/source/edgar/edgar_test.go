package edgar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/edgar/fake"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const agent = "Jane Doe jane@example.org"

var now = time.Date(2026, 3, 4, 15, 30, 0, 0, time.UTC) // a Wednesday morning in New York

// stand is a fake on a real socket with a clock of its own, and a client of it.
type stand struct {
	*fake.EDGAR
	*Client
	clk *clock.Manual
}

func newStand(t *testing.T, c Config) stand {
	t.Helper()
	clk := clock.NewManual(now)
	x := fake.New(clk)
	srv := httptest.NewServer(x)
	t.Cleanup(srv.Close)
	c.UserAgent = agent
	return stand{x, New(upstream.Config{BaseURL: srv.URL, Clock: clk, Wait: conformance.Advance(clk)}, c), clk}
}

// filed makes a filing of one filer.
func filed(n int, form string, at time.Time, cik int, name string, items ...string) fake.Filing {
	return fake.Filing{Accession: fmt.Sprintf("0000000001-26-%06d", n), Form: form, Accepted: at, Items: items, Parties: []fake.Party{{CIK: cik, Name: name, Role: "Filer"}}}
}

func TestConformance(t *testing.T) {
	for name, feed := range map[string]func(*Client) func(context.Context, []byte) (source.Harvest, error){
		"current": func(c *Client) func(context.Context, []byte) (source.Harvest, error) { return c.current },
		"filings": func(c *Client) func(context.Context, []byte) (source.Harvest, error) { return c.filings },
		"search":  func(c *Client) func(context.Context, []byte) (source.Harvest, error) { return c.search },
	} {
		cursors := map[string][]byte{"search": []byte(`{"through":{"bitcoin treasury":"2026-03-03"}}`)} // one stretch of days is left
		t.Run(name, func(t *testing.T) {
			clk := clock.NewManual(now)
			x := fake.New(clk).Still()
			f := filed(1, "8-K", now.Add(-time.Hour), 1050446, "Strategy Inc", "8.01")
			f.Text = "a bitcoin treasury"
			x.Put(f)
			client := func(u upstream.Config) func(context.Context) (int, error) {
				c := New(u, Config{UserAgent: agent, Watch: []string{"MSTR"}, Terms: []string{"bitcoin treasury"}})
				poll := feed(c)
				return func(ctx context.Context) (int, error) {
					h, err := poll(ctx, cursors[name])
					return len(h.Events), err
				}
			}
			conformance.Run(t, conformance.Source{Name: "edgar", Clock: clk, Fake: x, Client: client, MaxBody: maxFile})
		})
	}
}

func TestWithoutNameAndContactNothingIsAsked(t *testing.T) {
	x := fake.New(clock.NewManual(now))
	srv := httptest.NewServer(x)
	defer srv.Close()
	for _, bad := range []string{"", "omc", "jane@example.org", "Jane Doe", "Jane\nDoe j@x", "Jané Doe j@x"} {
		for _, f := range New(upstream.Config{BaseURL: srv.URL}, Config{UserAgent: bad}).Feeds() {
			h, err := f.Poll(t.Context(), nil)
			if err == nil || !strings.Contains(err.Error(), "omc config set sources.edgar.user_agent '") || !slices.Equal(f.Needs, []string{"sources.edgar.user_agent"}) || h.Len() != 0 {
				t.Errorf("%q: %s: %v, needs %v", bad, f.Name, err, f.Needs)
			}
		}
	}
	if x.Most(time.Hour) != 0 {
		t.Error("asked without a name")
	}
	for _, c := range []Config{{UserAgent: agent, Watch: []string{"no such"}}, {UserAgent: agent, Watch: []string{"0"}}, {UserAgent: agent, Terms: []string{`a "b"`}}, {UserAgent: agent, Terms: []string{"x"}}} {
		f := New(upstream.Config{BaseURL: srv.URL}, c).Feeds()[0]
		if _, err := f.Poll(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "sources.edgar.") || len(f.Needs) != 0 {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if f := New(upstream.Config{BaseURL: srv.URL}, Config{UserAgent: agent}).Feeds()[0]; len(f.Needs) != 0 {
		t.Error(f.Needs)
	}
}

func TestEventsAreWhole(t *testing.T) {
	s := newStand(t, Config{})
	s.Still().Put(filed(1, "8-K", now.Add(-time.Minute), 1050446, "STRATEGY INC", "9.01", "8.01"))
	h, err := s.current(t.Context(), nil)
	if err != nil || len(h.Events) != 1 {
		t.Fatal(h, err)
	}
	e := h.Events[0]
	facts := map[string]string{"form": "8-K", "cik": "0001050446", "filer": "Strategy Inc", "accession": "0000000001-26-000001", "items": "8.01,9.01"}
	if e.ID != "0000000001-26-000001" || e.Source != "edgar" || e.Type != ledger.EventFiling || !e.Time.Equal(now.Add(-time.Minute)) || e.Title != "Strategy Inc files 8-K: Other Events" ||
		e.Description != "item 8.01 Other Events; item 9.01 Financial Statements and Exhibits" || !maps.Equal(e.Facts, facts) || len(e.Coins) != 1 || e.Coins[0] != "BTC" ||
		e.URL != "https://www.sec.gov/Archives/edgar/data/1050446/000000000126000001/0000000001-26-000001-index.htm" {
		t.Errorf("%+v", e)
	}
	if h.Read.IsZero() || h.Read.After(s.clk.Now()) || h.Cursor == nil {
		t.Errorf("%+v", h)
	}
}

// Nothing is lost and nothing is doubled while the world files, from poll to poll and from page to page.
func TestCurrentKeepsUpWithTheWorld(t *testing.T) {
	t.Parallel()
	s := newStand(t, Config{})
	got := map[string]string{}
	var cursor []byte
	for range 12 {
		h, err := s.current(t.Context(), cursor)
		if err != nil || h.Since.IsZero() || len(h.Rejects) != 0 {
			t.Fatal(h, err)
		}
		cursor = h.Cursor
		for _, e := range h.Events {
			if v, ok := got[e.ID]; ok && v != e.Version() {
				t.Errorf("%s has another version", e.ID)
			}
			got[e.ID] = e.Version()
		}
		s.clk.Advance(35 * time.Minute)
	}
	// The filers' own lists tell the same events of the same time.
	h, err := s.filings(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, e := range h.Events {
		if _, ok := got[e.ID]; ok {
			want[e.ID] = e.Version()
		} else if e.Time.After(now) && e.Time.Before(s.clk.Now().Add(-36*time.Minute)) {
			t.Errorf("the list of current filings has lost %+v", e)
		}
	}
	if len(want) < 10 || len(want) == len(got) {
		t.Errorf("%d of %d", len(want), len(got))
	}
	for id, v := range want {
		if got[id] != v {
			t.Errorf("%s differs between the feeds", id)
		}
	}
	if n := s.Most(time.Second); n > 9 {
		t.Errorf("%d requests in a second", n)
	}
}

// While a page is turned the list grows, and after an outage it is many pages long.
func TestCurrentTurnsPagesBackToWhatItKnew(t *testing.T) {
	clk := clock.NewManual(now)
	x := fake.New(clk).Still()
	n := 0
	add := func(k int) {
		for range k {
			n++
			x.Put(filed(n, "8-K", clk.Now().Add(-time.Duration(k-n%k)*time.Millisecond), 1050446, "Strategy Inc", "8.01"))
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x.ServeHTTP(w, r)
		clk.Advance(2 * time.Second)
		add(7) // shifts every later page
	}))
	defer srv.Close()
	c := New(upstream.Config{BaseURL: srv.URL, Clock: clk, Wait: conformance.Advance(clk)}, Config{UserAgent: agent})
	add(250)
	got := map[string]bool{}
	var cursor []byte
	for _, between := range []int{0, 330, 99, 0, 610} {
		clk.Advance(10 * time.Minute)
		add(max(1, between))
		before := n
		h, err := c.current(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		cursor = h.Cursor
		for _, e := range h.Events {
			got[e.ID] = true
		}
		if len(got) < before {
			t.Errorf("after %d more: %d of %d", between, len(got), before)
		}
	}
}

func TestCurrentWhereTheListEnds(t *testing.T) {
	s := newStand(t, Config{})
	s.Still()
	h, err := s.current(t.Context(), nil)
	if err != nil || len(h.Events) != 0 || !h.Since.IsZero() {
		t.Fatalf("an empty list: %+v %v", h, err)
	}
	for i := range 200 { // two full pages, and the third is the SEC's 503
		s.Put(filed(i, "8-K", now.Add(-time.Duration(i)*time.Second), 1050446, "Strategy Inc", "8.01"))
	}
	h, err = s.current(t.Context(), nil)
	if err != nil || len(h.Events) != 200 || !h.Since.Equal(now.Add(-199*time.Second)) {
		t.Fatalf("%d events since %s, %v", len(h.Events), h.Since, err)
	}
}

func TestWhatIsKept(t *testing.T) {
	s := newStand(t, Config{Watch: []string{"MSTR"}})
	s.Still()
	insider := filed(1, "4", now.Add(-time.Minute), 1050446, "Strategy Inc")
	insider.Parties = []fake.Party{{CIK: 99, Name: "Bitcoin Bob", Role: "Reporting"}, {CIK: 1050446, Name: "Strategy Inc", Role: "Issuer"}}
	other := filed(2, "4", now.Add(-time.Minute), 98, "Bitcoin Mining Corp")
	holder := filed(3, "SCHEDULE 13G", now.Add(-time.Minute), 97, "Plain Corp")
	holder.Parties = []fake.Party{{CIK: 97, Name: "Plain Corp", Role: "Subject"}, {CIK: 96, Name: "Crypto Fund LP", Role: "Filed by"}}
	s.Put(insider, other, holder,
		filed(4, "S-1/A", now.Add(-time.Minute), 95, "Harbour Solana Trust"),
		filed(5, "8-K", now.Add(-time.Minute), 94, "Lantern Foods, Inc.", "8.01"),
		filed(6, "D", now.Add(-time.Minute), 1050446, "Strategy Inc"),
		filed(7, "13F-HR", now.Add(-time.Minute), 93, "Crypto Fund LP"))
	h, err := s.current(t.Context(), nil)
	var got []string
	for _, e := range h.Events {
		got = append(got, e.Title)
	}
	want := []string{"Strategy Inc files 4: trade of an insider", "Harbour Solana Trust files S-1/A: registration of securities"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
}

func TestHostileCursorsAreAFreshStart(t *testing.T) {
	t.Parallel()
	s := newStand(t, Config{Watch: []string{"MSTR", "QOKA"}, Terms: []string{"bitcoin treasury"}})
	s.Still().Put(speaking(1, now.Add(-time.Hour), 1050446, "Strategy Inc", 1), speaking(2, now.Add(-time.Hour), 9000002, "Quokka Blockchain Holdings, Inc.", 1))
	for _, poll := range []func(context.Context, []byte) (source.Harvest, error){s.current, s.filings, s.search} {
		want, err := poll(t.Context(), nil)
		if err != nil || len(want.Events) == 0 {
			t.Fatal(want, err)
		}
		for _, bad := range []string{"", "null", "[]", "{", `{"newest":"2999-01-01T00:00:00Z"}`, `{"newest":7}`, `{"filers":{"1050446":{"newest":"2999-01-01T00:00:00Z","etag":"\"x\""}}}`,
			`{"through":{"bitcoin treasury":"2999-01-01"},"seen":null,"tickers":{"QOKA":-7},"asked":"2999-01-01T00:00:00Z"}`, `{"through":7}`, strings.Repeat("[", 1000)} {
			h, err := poll(t.Context(), []byte(bad))
			if err != nil || len(h.Events) < len(want.Events) {
				t.Errorf("%.60q: %d events, want %d: %v", bad, len(h.Events), len(want.Events), err)
			}
		}
	}
}

func TestFilingsAreAYearTheFirstTimeAndThenWhatIsNew(t *testing.T) {
	s := newStand(t, Config{Watch: []string{"MSTR", "1679788"}})
	s.Still().Put(filed(1, "8-K", now.AddDate(-1, 0, 1), 1050446, "Strategy Inc", "8.01"), filed(2, "8-K", now.AddDate(-1, 0, -1), 1050446, "Strategy Inc", "8.01"),
		filed(3, "10-Q", now.Add(-time.Hour), 1679788, "Coinbase Global, Inc."))
	first, err := s.filings(t.Context(), nil)
	if err != nil || len(first.Events) != 2 || first.Since.Before(now.AddDate(-1, 0, -1)) || first.Since.After(now.AddDate(-1, 0, 1)) {
		t.Fatal(first, err)
	}
	again, err := s.filings(t.Context(), first.Cursor)
	if err != nil || len(again.Events) != 0 {
		t.Fatalf("unchanged files were read again: %+v %v", again, err)
	}
	s.Put(filed(4, "8-K", s.clk.Now(), 1050446, "Strategy Inc", "8.01"))
	s.clk.Advance(10 * time.Minute)
	more, err := s.filings(t.Context(), again.Cursor)
	if err != nil || len(more.Events) != 2 || more.Events[1].ID != "0000000001-26-000004" || more.Since.IsZero() {
		t.Fatal(more, err)
	}
}

func TestFilingsReadOlderFilesWhereAYearIsLong(t *testing.T) {
	// The SEC keeps at least a thousand in the first file; a file cut short stands for what it may do some day.
	s := newStand(t, Config{Watch: []string{"7"}})
	body := func(n int, at time.Time) string {
		return fmt.Sprintf(`{"accessionNumber":["0000000001-26-%06d"],"acceptanceDateTime":["%s"],"form":["8-K"],"items":["8.01"]}`, n, at.Format(time.RFC3339))
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/submissions/CIK0000000007.json":
			fmt.Fprintf(w, `{"cik":"7","name":"Seven","filings":{"recent":%s,"files":[{"name":"CIK0000000007-submissions-001.json","filingTo":"2026-01-02"},{"name":"CIK0000000007-submissions-002.json","filingTo":"2019-01-02"}]}}`, body(1, now.Add(-time.Hour)))
		case "/submissions/CIK0000000007-submissions-001.json":
			fmt.Fprint(w, body(2, now.AddDate(0, -2, 0)))
		default:
			t.Errorf("asked for %s", r.URL.Path)
		}
	}))
	defer srv.Close()
	c := New(upstream.Config{BaseURL: srv.URL, Clock: s.clk, Wait: conformance.Advance(s.clk)}, Config{UserAgent: agent, Watch: []string{"7"}})
	h, err := c.filings(t.Context(), nil)
	if err != nil || len(h.Events) != 2 {
		t.Fatal(h, err)
	}
}

func TestOneUnknownFilerDoesNotHideTheOthers(t *testing.T) {
	s := newStand(t, Config{Watch: []string{"7", "MSTR"}})
	s.Still().Put(filed(1, "8-K", now.Add(-time.Hour), 1050446, "Strategy Inc", "8.01"))
	h, err := s.filings(t.Context(), nil)
	if !errors.Is(err, upstream.ErrUnknownSymbol) || !strings.Contains(err.Error(), "CIK 7") || len(h.Events) != 1 || !h.Since.IsZero() {
		t.Error(h, err)
	}
}

func TestTickersAreAskedForOnceADay(t *testing.T) {
	s := newStand(t, Config{Watch: []string{"QOKA", "ZZZZ", "SQ"}})
	h, err := s.filings(t.Context(), nil)
	if err != nil || len(h.Rejects) != 1 || !strings.Contains(h.Rejects[0].Reason, "ZZZZ") {
		t.Fatal(h.Rejects, err)
	}
	var cur filingsCursor
	if err := json.Unmarshal(h.Cursor, &cur); err != nil || cur.Tickers["QOKA"] != 9000002 || len(cur.Filers) != 2 {
		t.Fatalf("%+v %v", cur, err)
	}
	if h, err = s.filings(t.Context(), h.Cursor); err != nil || len(h.Rejects) != 0 {
		t.Error("asked again at once", h.Rejects, err)
	}
	s.clk.Advance(25 * time.Hour)
	if h, err = s.filings(t.Context(), h.Cursor); err != nil || len(h.Rejects) != 1 {
		t.Error("not asked again after a day", h.Rejects, err)
	}
}

// The list of tickers may fail for long; who is known is watched all the same.
func TestWithoutTheTickersTheOthersAreWatched(t *testing.T) {
	clk := clock.NewManual(now)
	x := fake.New(clk).Still()
	x.Put(filed(1, "8-K", now.Add(-time.Hour), 1050446, "Strategy Inc", "8.01"))
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/files/") {
			asked++
			http.NotFound(w, r)
			return
		}
		x.ServeHTTP(w, r)
	}))
	defer srv.Close()
	c := New(upstream.Config{BaseURL: srv.URL, Clock: clk, Wait: conformance.Advance(clk)}, Config{UserAgent: agent, Watch: []string{"MSTR", "ZZZZ"}})
	h, err := c.current(t.Context(), nil)
	if !errors.Is(err, upstream.ErrUnavailable) || len(h.Events) != 1 || !h.Since.IsZero() {
		t.Fatal(h, err)
	}
	if h, err = c.current(t.Context(), h.Cursor); err != nil || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	clk.Advance(11 * time.Minute)
	if _, err = c.current(t.Context(), h.Cursor); err == nil || asked != 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestConfigOfHosts(t *testing.T) {
	if c := New(upstream.Config{}, Config{UserAgent: agent}); len(c.Feeds()) != 3 {
		t.Error(c)
	}
	for _, f := range Filers() {
		if f.CIK <= 0 || f.Name == "" || !ticker(f.Ticker) {
			t.Errorf("%+v", f)
		}
	}
	if checkTerms(Terms()) != nil {
		t.Error("the usual terms are refused")
	}
}
