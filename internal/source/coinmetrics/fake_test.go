package coinmetrics

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/coinmetrics/fake"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var now = time.Date(2026, 4, 5, 15, 59, 30, 0, time.UTC)

type bench struct {
	*fake.Site
	clock *clock.Manual
	url   string
	feed  source.Feed
}

func site(t *testing.T, assets, metrics []string) *bench {
	t.Helper()
	c := clock.NewManual(now)
	s := fake.New(c)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return &bench{s, c, srv.URL + fake.Base, New(upstream.Config{BaseURL: srv.URL + fake.Base, Clock: c, Wait: conformance.Advance(c)}, assets, metrics).Feeds()[0]}
}

// drain polls until nothing more waits, and returns the last harvest with all records and rejects of them.
func (b *bench) drain(t *testing.T, cursor []byte) source.Harvest {
	t.Helper()
	var all source.Harvest
	for range 100 {
		h, err := b.feed.Poll(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		all.Metrics, all.Rejects = append(all.Metrics, h.Metrics...), append(all.Rejects, h.Rejects...)
		all.Cursor, all.Since, cursor = h.Cursor, h.Since, h.Cursor
		if !h.Again {
			return all
		}
	}
	t.Fatal("it never ends")
	return all
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(now)
	s := fake.New(c)
	s.Hold(now)
	client := func(u upstream.Config) func(context.Context) (int, error) {
		k := New(u, []string{"btc"}, []string{"AdrActCnt"})
		cursor, _ := json.Marshal(state{Want: "btc AdrActCnt", Assets: map[string]assetState{"btc": {Learned: c.Now(), Metrics: []string{"AdrActCnt"}, Newest: now.Truncate(day), Whole: true}}})
		return func(ctx context.Context) (int, error) {
			h, err := k.pollMetrics(ctx, cursor)
			return h.Len(), err
		}
	}
	conformance.Run(t, conformance.Source{Name: "coinmetrics", Path: fake.Base, Clock: c, Fake: s, Client: client, MaxBody: maxBody})
}

// key is what names a figure.
func key(m ledger.Metric) string {
	return string(m.Asset) + " " + m.Metric + " " + m.Event.Format(time.DateOnly)
}

// The first polls read all of history in pages, bounded each; after them a poll reads a week, and nothing comes twice in one.
func TestHistoryThenTheLastWeek(t *testing.T) {
	t.Parallel()
	b := site(t, nil, nil)
	h := b.drain(t, nil)
	seen := map[string]bool{}
	for _, m := range h.Metrics {
		if err := m.Check(b.clock.Now()); err != nil || seen[key(m)] {
			t.Fatalf("%+v: %v", m, err)
		}
		seen[key(m)] = true
	}
	for _, want := range []string{"BTC active_addresses 2022-03-01", "BTC hash_rate_ehs 2026-04-04", "ETH price_usd 2023-03-02", "DOGE supply_native 2026-04-04", "LINK roi_30d_pct 2025-03-03"} {
		if !seen[want] {
			t.Errorf("%s is missing of %d", want, len(seen))
		}
	}
	// The world has no bch, etc, uni and aave: their catalog is refused, and that is told.
	if len(h.Rejects) != 4 || !strings.Contains(h.Rejects[0].Reason, "bad_parameter") || !h.Since.Equal(ledger.Earliest) {
		t.Errorf("%v since %s", h.Rejects, h.Since)
	}
	b.clock.Advance(time.Hour)
	again, err := b.feed.Poll(t.Context(), h.Cursor)
	if err != nil || again.Again || again.Len() < 8*6*11 || again.Len() > 8*8*13 || !again.Since.Equal(ledger.Earliest) {
		t.Errorf("%d figures, again %v, since %s, %v", again.Len(), again.Again, again.Since, err)
	}
	if n := b.Most(6 * time.Second); n > 10 {
		t.Errorf("%d requests in six seconds", n)
	}
}

// The world moves between polls and while pages are read; there is no hole, and revisions of the last week land.
func TestNothingIsLostWhileTheWorldMoves(t *testing.T) {
	t.Parallel()
	b := site(t, []string{"btc", "eth"}, []string{"AdrBalCnt", "SplyCur"})
	days := map[string][]string{}
	var cursor []byte
	for i := range 60 {
		h, err := b.feed.Poll(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range h.Metrics {
			days[key(m)] = append(days[key(m)], m.Value.String())
		}
		cursor = h.Cursor
		b.clock.Advance([]time.Duration{time.Hour, 7 * time.Hour, 30 * day}[min(2, i%9/4)])
	}
	last := b.clock.Now().Add(-31 * day)
	for _, name := range []string{"BTC supply_native ", "ETH funded_addresses "} {
		holes := 0
		for at := time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC); at.Before(last); at = at.Add(day) {
			if days[name+at.Format(time.DateOnly)] == nil {
				holes++
			}
		}
		// The world knows no figure of one day in 97.
		if all := int(last.Sub(time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC)) / day); holes > all/97+1 {
			t.Errorf("%s: %d of %d days are missing", name, holes, all)
		}
	}
	b = site(t, []string{"btc"}, []string{"PriceUSD"})
	cursor = b.drain(t, nil).Cursor
	when := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	b.Revise("btc", "PriceUSD", when, 2)
	b.clock.Advance(time.Hour)
	if h := b.drain(t, cursor); !slices.ContainsFunc(h.Metrics, func(m ledger.Metric) bool { return m.Event.Equal(when) }) {
		t.Errorf("the revision did not land: %v", h.Metrics)
	}
}

// What the catalog no longer has as free is not asked for; what it has anew is read from the start.
func TestTheCatalogIsReadOnceADay(t *testing.T) {
	t.Parallel()
	b := site(t, []string{"btc"}, []string{"PriceUSD", "CapMVRVCur", "FlowInExNtv"})
	b.Charge("btc", "CapMVRVCur", true)
	h := b.drain(t, nil)
	first := len(h.Metrics)
	b.Charge("btc", "CapMVRVCur", false)
	b.clock.Advance(2 * time.Hour)
	if h = b.drain(t, h.Cursor); len(h.Metrics) > 10 {
		t.Errorf("%d figures before the catalog is read again", len(h.Metrics))
	}
	b.clock.Advance(23 * time.Hour)
	if h = b.drain(t, h.Cursor); len(h.Metrics) < first*3/2 {
		t.Errorf("%d figures with the new metric, %d without", len(h.Metrics), first)
	}
	// It becomes paid between two readings of the catalog: the refusal is told once, and the asset waits for the next reading.
	b.Charge("btc", "CapMVRVCur", true)
	b.clock.Advance(time.Hour)
	refused, err := b.feed.Poll(t.Context(), h.Cursor)
	if err == nil || !strings.Contains(err.Error(), "forbidden") || refused.Cursor == nil {
		t.Fatalf("%v", err)
	}
	b.clock.Advance(time.Hour)
	if h, err = b.feed.Poll(t.Context(), refused.Cursor); err != nil || h.Len() != 0 || !h.Since.IsZero() {
		t.Errorf("%v %v", h, err)
	}
	b.clock.Advance(day)
	if h = b.drain(t, h.Cursor); len(h.Metrics) == 0 || h.Since.IsZero() {
		t.Errorf("%d figures, since %s", len(h.Metrics), h.Since)
	}
}

// An asset that fails stops the poll, and comes last in the next one.
func TestAFailureIsToldAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	b := site(t, []string{"btc", "eth"}, []string{"PriceUSD"})
	cursor := b.drain(t, nil).Cursor
	b.clock.Advance(time.Hour)
	b.Set("/timeseries/asset-metrics", 200, `{"data":[{"asset":"btc","time":"2026-04-04T00:00:00.000000000Z","PriceUSD":NaN}]}`)
	h, err := b.feed.Poll(t.Context(), cursor)
	if !errors.Is(err, upstream.ErrMalformed) || len(h.Rejects) != 1 || h.Cursor == nil || h.Again || !h.Since.IsZero() {
		t.Fatalf("%v %v", h, err)
	}
	b.Set("/timeseries/asset-metrics", 0, "")
	b.clock.Advance(time.Minute)
	h, err = b.feed.Poll(t.Context(), h.Cursor)
	// What failed is asked for by the next poll, not when it would have been due after a success.
	of := map[string]int{}
	for _, m := range h.Metrics {
		of[string(m.Asset)]++
	}
	if err != nil || of["ETH"] == 0 || of["BTC"] == 0 || h.Metrics[0].Asset != "ETH" {
		t.Errorf("%v %v", of, err)
	}
}

// A person is answered with what is new, and the interval is the one that was set.
func TestWhatIsDueHangsOnWhoAsksAndHowOften(t *testing.T) {
	t.Parallel()
	b := site(t, []string{"btc", "eth"}, []string{"PriceUSD"})
	cursor := b.drain(t, nil).Cursor
	asked := func(ctx context.Context) bool {
		t.Helper()
		h, err := b.feed.Poll(ctx, cursor)
		if err != nil {
			t.Fatal(err)
		}
		return !h.Read.IsZero()
	}
	b.clock.Advance(10 * time.Minute)
	if ctx := t.Context(); asked(ctx) || asked(source.Each(ctx, time.Hour)) || !asked(source.Each(ctx, 10*time.Minute)) || !asked(source.ByHand(ctx)) {
		t.Error("ten minutes after a poll, an interval of an hour asks, or one of ten minutes or a person does not")
	}
}

// A page's address is never followed, and a page that leads to itself ends the poll.
func TestNextPagesAreNotFollowedElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was asked") }))
	defer elsewhere.Close()
	b := site(t, []string{"btc"}, []string{"PriceUSD"})
	b.Set("/timeseries/asset-metrics", 200, `{"data":[{"asset":"btc","time":"2026-04-04T00:00:00.000000000Z","PriceUSD":"1"}],"next_page_token":"loop","next_page_url":"`+elsewhere.URL+`/x"}`)
	h, err := b.feed.Poll(t.Context(), nil)
	if !errors.Is(err, upstream.ErrMalformed) || h.Again || b.Most(time.Hour) != 3 {
		t.Errorf("%v %v after %d requests", h, err, b.Most(time.Hour))
	}
}

// A page that fails is asked for again, after the other assets; one whose token is refused is read from the start of its stretch.
func TestAPageThatFailsIsAskedForAgain(t *testing.T) {
	t.Parallel()
	b := site(t, []string{"btc", "link"}, []string{"PriceUSD"})
	want := len(b.drain(t, nil).Metrics)
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"malformed": {200, `{"data":[`}, "refused": {400, `{"error":{"type":"bad_parameter","message":"Bad parameter 'next_page_token'."}}`},
	} {
		b.clock.Advance(time.Hour)
		cursor := []byte(`{"want":"btc,link PriceUSD","assets":{"btc":{"learned":"` + b.clock.Now().Format(time.RFC3339) + `","metrics":["PriceUSD"],"newest":"2024-11-24T00:00:00Z","token":"` +
			base64.RawURLEncoding.EncodeToString([]byte("at 1000")) + `"}}}`)
		b.Set("/timeseries/asset-metrics", c.status, c.body)
		h, err := b.feed.Poll(t.Context(), cursor)
		if err == nil || h.Len() != 0 {
			t.Errorf("%s: %v %v", name, h, err)
		}
		b.Set("/timeseries/asset-metrics", 0, "")
		b.clock.Advance(time.Hour)
		got := len(b.drain(t, h.Cursor).Metrics)
		if skipped := want - got; name == "refused" && skipped != 0 || name == "malformed" && (skipped < 980 || skipped > 1000) {
			t.Errorf("%s: %d figures of %d", name, got, want)
		}
	}
}

func TestHostileCursorsStartAfresh(t *testing.T) {
	t.Parallel()
	b := site(t, []string{"link"}, []string{"PriceUSD"})
	whole := len(b.drain(t, nil).Metrics)
	for _, bad := range []string{"x", "null", "[]", `{"want":"link PriceUSD"}`, `{"want":"eth","assets":{}}`, `{"want":"link PriceUSD","assets":{"eth":{"metrics":["PriceUSD"]}}}`,
		`{"want":"link PriceUSD","assets":{"link":{"learned":"2999-01-01T00:00:00Z"}}}`, `{"want":"link PriceUSD","assets":{"link":{"metrics":["TxCnt"]}}}`,
		`{"want":"link PriceUSD","assets":{"link":{"whole":true}}}`, `{"want":"link PriceUSD","assets":{"link":{"newest":"1000-01-01T00:00:00Z","whole":true}}}`,
		`{"want":"link PriceUSD","assets":{"link":{"token":"` + strings.Repeat("x", 2000) + `"}}}`} {
		if h := b.drain(t, []byte(bad)); len(h.Metrics) != whole {
			t.Errorf("%.80s: %d figures, want %d", bad, h.Len(), whole)
		}
		b.clock.Advance(time.Minute)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		assets, metrics []string
		says            string
	}{
		{[]string{"usdc_eth"}, nil, "sources.coinmetrics.assets"}, {[]string{"btc", ""}, nil, "sources.coinmetrics.assets"}, {nil, []string{"a,b"}, "sources.coinmetrics.metrics"},
		{make([]string, 51), nil, "the limits are"},
	} {
		b := site(t, c.assets, c.metrics)
		if _, err := b.feed.Poll(t.Context(), nil); err == nil || !strings.Contains(err.Error(), c.says) || b.Most(time.Hour) != 0 {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestTheFakeIsStrict(t *testing.T) {
	t.Parallel()
	b := site(t, nil, nil)
	base := "/v4/timeseries/asset-metrics?assets=btc&metrics=PriceUSD&frequency=1d"
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		base:                                                         {200, `"PriceUSD-status":"flash"`},
		base + "&paging_from=start":                                  {200, "2022-03-01T00:00:00.000000000Z"},
		base + "&page_size=0":                                        {400, "page_size"},
		base + "&page_size=10001":                                    {400, "page_size"},
		base + "&paging_from=middle":                                 {400, "paging_from"},
		base + "&start_time=yesterday":                               {400, "start_time"},
		base + "&next_page_token=x":                                  {400, "next_page_token"},
		base + "&assets=btc":                                         {200, "btc"},
		strings.Replace(base, "1d", "1b", 1):                         {400, "frequency"},
		strings.Replace(base, "btc", "zzz", 1):                       {400, "Bad parameter 'assets'. Value 'zzz' is not supported."},
		strings.Replace(base, "PriceUSD", "Nope", 1):                 {400, "metrics"},
		strings.Replace(base, "PriceUSD", "PriceUSD,FlowInExNtv", 1): {403, "Requested metric 'FlowInExNtv' with frequency '1d' for asset 'btc' is not available with supplied credentials."},
		"/v4/catalog-v2/asset-metrics?assets=zzz":                    {400, "bad_parameter"},
		"/v4/nothing":                                                {404, "not_found"},
	} {
		b.clock.Advance(6 * time.Second)
		u, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		b.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, u.String(), nil))
		if rec.Code != want.status || !strings.Contains(rec.Body.String(), want.says) {
			t.Errorf("%s: %d %.200s", path, rec.Code, rec.Body)
		}
	}
	b.clock.Advance(6 * time.Second)
	for i := range 11 {
		rec := httptest.NewRecorder()
		b.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, base, nil))
		if want := map[bool]int{true: 429, false: 200}[i == 10]; rec.Code != want {
			t.Errorf("request %d of six seconds: %d", i, rec.Code)
		}
	}
}
