package coinspot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/coinspot/fake"
	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var usdt = market.Market{Base: "BTC", Quote: "USDT"}

// feedOf is a client's feed of that name.
func feedOf(t testing.TB, c *Client, name string) source.Feed {
	t.Helper()
	for _, f := range c.Feeds() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no feed %s", name)
	return source.Feed{}
}

// living is the fake's own world on a real socket, and a client of it.
func living(t *testing.T) (*fake.Exchange, *Client, *clock.Manual) {
	t.Helper()
	c := clock.NewManual(now)
	x := fake.New(c)
	srv := httptest.NewServer(x)
	t.Cleanup(srv.Close)
	return x, New(upstream.Config{BaseURL: srv.URL + fake.Base, Wait: conformance.Advance(c)}, c), c
}

// poll polls, and checks that what comes can be kept.
func poll(t *testing.T, f source.Feed, cursor []byte, clk clock.Clock) source.Harvest {
	t.Helper()
	h, err := f.Poll(t.Context(), cursor)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	sound(t, &h, clk.Now())
	return h
}

// sound checks that the records of a harvest can be kept.
func sound(t testing.TB, h *source.Harvest, at time.Time) {
	t.Helper()
	for i := range h.Quotes {
		if err := ledger.CheckQuote(&h.Quotes[i], at); err != nil {
			t.Errorf("%+v: %v", h.Quotes[i], err)
		}
	}
	for i := range h.Trades {
		if err := h.Trades[i].Check(at); err != nil {
			t.Errorf("%+v: %v", h.Trades[i], err)
		}
	}
	for i := range h.Metrics {
		if err := h.Metrics[i].Check(at); err != nil {
			t.Errorf("%+v: %v", h.Metrics[i], err)
		}
	}
}

func TestEveryFeedStandsItsUpstreamsFaults(t *testing.T) {
	t.Parallel()
	for _, f := range (&Client{}).Feeds() {
		// The list of markets comes first, except where it is all there is.
		methods := map[string][]string{"coinspot.instant": {"GET", "GET", "GET"}, "coinspot.trades": {"GET", "GET"}, "coinspot.book": {"GET", "GET"}}[f.Name]
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewManual(now)
			x := fake.Empty(c)
			x.Quote(btc, "129051.79", "129966.15", "130487.3453")
			x.Completed(btc, fake.Orders{Buys: rows(`{"amount":0.01,"rate":129966.15,"total":1299.6615,"coin":"BTC","market":"BTC/AUD","solddate":"2026-01-02T03:00:00.000Z"}`)})
			client := func(u upstream.Config) func(context.Context) (int, error) {
				feed := feedOf(t, New(u, c), f.Name)
				var cursor []byte
				return func(ctx context.Context) (int, error) {
					h, err := feed.Poll(ctx, cursor)
					if h.Cursor != nil {
						cursor = h.Cursor
					}
					if err == nil && h.Read.IsZero() {
						t.Error("a harvest without the time it was read")
					}
					return h.Len(), err
				}
			}
			conformance.Run(t, conformance.Source{Name: "coinspot", Path: fake.Base, Clock: c, Fake: x, Client: client, Methods: methods})
		})
	}
}

func TestQuotesAreWholeAndWhatIsNoneIsKeptAsItCame(t *testing.T) {
	x, c, clk, _ := exchange(t)
	x.Quote(btc, "129051.79", "129966.15", "130487.3453")
	x.Quote(market.Market{Base: "RFOX", Quote: "AUD"}, "NaN", "NaN", "0.1")
	x.Quote(eth, "3", "2", "2")
	h := poll(t, feedOf(t, c, "coinspot"), []byte("whatever"), clk)
	if !h.Whole || !h.Read.Equal(clk.Now()) || len(h.Quotes) != 1 || !h.Quotes[0].Time.Equal(h.Read) || h.Quotes[0].Market != btc {
		t.Errorf("%+v", h)
	}
	want := map[string]string{`{"rfox":{"bid":"NaN","ask":"NaN","last":"0.1"}}`: "rfox: bid: ", `{"eth":{"bid":"3","ask":"2","last":"2"}}`: "eth: crossed: bid 3 above ask 2"}
	for _, r := range h.Rejects {
		if says := want[string(r.Bytes)]; says == "" || !strings.HasPrefix(r.Reason, says) {
			t.Errorf("%s %q", r.Bytes, r.Reason)
		}
	}
	if len(h.Rejects) != len(want) {
		t.Errorf("%d rejects", len(h.Rejects))
	}
}

// An answer that cannot be used is an error, and can be looked at.
func TestAnUnusableAnswerIsKept(t *testing.T) {
	for body, kind := range map[string]error{`{"status":"ok","prices":[]}`: upstream.ErrMalformed, `{"status":"ok","pri`: upstream.ErrMalformed,
		`{"status":"error","message":"Coin not found"}`: upstream.ErrUnavailable, "<html><body>Just a moment</body></html>": upstream.ErrUnavailable} {
		srv := httptest.NewServer(faulty.New(http.NotFoundHandler(), faulty.Body(body)))
		c := New(upstream.Config{BaseURL: srv.URL + fake.Base}, clock.NewManual(now))
		h, err := feedOf(t, c, "coinspot").Poll(t.Context(), nil)
		srv.Close()
		if !errors.Is(err, kind) || h.Len() != 0 || h.Whole || len(h.Rejects) != 1 || string(h.Rejects[0].Bytes) != body || !strings.HasPrefix(h.Rejects[0].Reason, "/latest: ") {
			t.Errorf("%s: %v %+v", body, err, h)
		}
	}
}

func TestRejectsAreBounded(t *testing.T) {
	x, c, clk, _ := exchange(t)
	for i := range 200 {
		x.Quote(market.Market{Base: market.Coin(fmt.Sprintf("C%d", i)), Quote: "AUD"}, "NaN", "NaN", strings.Repeat("9", 1000))
	}
	h := poll(t, feedOf(t, c, "coinspot"), nil, clk)
	if len(h.Rejects) != source.MaxRejects+1 || !strings.Contains(h.Rejects[source.MaxRejects].Reason, "not kept") || !h.Whole || len(h.Quotes) != 0 {
		t.Errorf("%d rejects", len(h.Rejects))
	}
}

func TestTheSameNameTwiceIsNotQuoted(t *testing.T) {
	s, err := decode(200, []byte(`{"status":"ok","prices":{"btc":{"bid":"1","ask":"2","last":"1"},"eth":{"bid":"1","ask":"2","last":"1"},"btc":{"bid":"3","ask":"4","last":"3"}}}`))
	if err != nil || len(s.quotes) != 1 || s.quotes[0].Market != eth || len(s.problems) != 1 ||
		string(s.problems[0].Raw) != `{"btc":{"bid":"1","ask":"2","last":"1"},"btc":{"bid":"3","ask":"4","last":"3"}}` || len(s.listed) != 2 {
		t.Errorf("%+v %v", s, err)
	}
}

// All feeds together, each at its own interval, stay far below the limit; a poll of a feed has a bound of its own.
func TestAllFeedsTogetherStayFarBelowTheLimit(t *testing.T) {
	t.Parallel()
	x, c, clk := living(t)
	feeds := c.Feeds()
	cursors := make([][]byte, len(feeds))
	begin := clk.Now()
	for s := 0; s < 5*60; s += 5 {
		for i, f := range feeds {
			if time.Duration(s)*time.Second%f.Every != 0 {
				continue
			}
			before := x.Requests()
			h := poll(t, f, cursors[i], clk)
			if n := x.Requests() - before; n > 25 || i == 0 && n != 1 {
				t.Errorf("%s: %d requests in a poll", f.Name, n)
			}
			cursors[i] = h.Cursor
		}
		clk.Set(later(clk.Now(), begin.Add(time.Duration(s+5)*time.Second)))
	}
	if most := x.Most(time.Minute); most > 150 || most < 60 {
		t.Errorf("%d requests in a minute", most)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Everything listed comes round, whatever is listed or delisted meanwhile, and whatever the cursor says.
func TestEveryMarketComesRound(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"coinspot.instant", "coinspot.trades", "coinspot.book"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, c, clk := living(t)
			f := feedOf(t, c, name)
			seen := map[market.Coin]bool{}
			cursor := []byte(`{"after":"NO SUCH/MARKET"}`)
			for i := range 4 {
				h := poll(t, f, cursor, clk)
				for _, q := range h.Quotes {
					seen[q.Market.Base] = true
				}
				for _, tr := range h.Trades {
					seen[tr.Market.Base] = true
				}
				for _, m := range h.Metrics {
					seen[m.Asset] = true
				}
				cursor = h.Cursor
				if i == 1 {
					x.Delist(eth)
					x.List(market.Market{Base: "ZZZ", Quote: "AUD"}, 12)
					clk.Advance(2 * time.Minute) // the new market's first trades
				}
			}
			for _, coin := range []market.Coin{"AAVE", "ADA", "BTC", "DOGE", "SHIB", "SOL", "USDT", "XRP", "ZZZ"} {
				if !seen[coin] {
					t.Errorf("%s has not come round: %v", coin, seen)
				}
			}
		})
	}
}

func TestABrokenCursorIsBegunAfresh(t *testing.T) {
	t.Parallel()
	_, c, clk := living(t)
	for _, f := range c.Feeds()[1:] {
		fresh := poll(t, f, nil, clk)
		for _, cursor := range []string{"", "{", "null", "[]", "7", `{"after":7}`, `{"after":null,"seen":null}`, `{"seen":{"BTC/AUD":{"from":9e18,"to":-1}}}`, "\xff",
			`{"last":"9999-01-01T00:00:00Z","seen":{"BTC/AUD":{"from":1,"to":9223372036854775807}}}`} {
			h := poll(t, f, []byte(cursor), clk)
			if h.Len() == 0 || len(h.Quotes) != len(fresh.Quotes) || len(h.Cursor) == 0 {
				t.Errorf("%s with cursor %q: %d records, %d fresh", f.Name, cursor, h.Len(), fresh.Len())
			}
		}
	}
}

// One request that fails costs that market its turn; what was read before it lands, and the next poll goes on behind it.
func TestAFailureCostsOneMarketItsTurn(t *testing.T) {
	c := clock.NewManual(now)
	x := fake.New(c)
	h := faulty.New(x)
	srv := httptest.NewServer(h)
	defer srv.Close()
	f := feedOf(t, New(upstream.Config{BaseURL: srv.URL + fake.Base, Wait: conformance.Advance(c)}, c), "coinspot.book")
	h.Then(slices.Concat(faulty.Times(3, faulty.Pass), faulty.Times(3, faulty.Status(500)))...)
	first, err := f.Poll(t.Context(), nil)
	if !errors.Is(err, upstream.ErrUnavailable) || len(first.Metrics) != 10 || first.Metrics[0].Asset != "AAVE" || string(first.Cursor) != `{"after":"ALGO/AUD"}` {
		t.Fatalf("%v %+v %s", err, first.Metrics, first.Cursor)
	}
	if next := poll(t, f, first.Cursor, c); next.Metrics[0].Asset != "ARB" {
		t.Errorf("%+v", next.Metrics[0])
	}
}

// Time that runs out is not the market's fault: its turn is next.
func TestTimeThatRunsOutKeepsThePlace(t *testing.T) {
	c := clock.NewManual(now)
	h := faulty.New(fake.New(c))
	srv := httptest.NewServer(h)
	defer srv.Close()
	f := feedOf(t, New(upstream.Config{BaseURL: srv.URL + fake.Base, Wait: conformance.Advance(c)}, c), "coinspot.book")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h.Then(faulty.Pass, faulty.Pass, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		cancel()
		faulty.Stall(w, r, next)
	})
	first, err := f.Poll(ctx, nil)
	if !errors.Is(err, context.Canceled) || len(first.Metrics) != 5 || string(first.Cursor) != `{"after":"AAVE/AUD"}` {
		t.Errorf("%v %+v %s", err, first.Metrics, first.Cursor)
	}
}

// Quotes are polled while another feed hangs on an answer that does not come.
func TestQuotesWaitForNoOtherFeed(t *testing.T) {
	c := clock.NewManual(now)
	h := faulty.New(fake.New(c))
	srv := httptest.NewServer(h)
	defer srv.Close()
	client := New(upstream.Config{BaseURL: srv.URL + fake.Base, Wait: conformance.Advance(c)}, c)
	hanging, over := make(chan struct{}), make(chan error)
	h.Then(faulty.Pass, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		close(hanging)
		faulty.Stall(w, r, next)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_, err := feedOf(t, client, "coinspot.trades").Poll(ctx, nil)
		over <- err
	}()
	<-hanging
	for range 5 {
		if got := poll(t, feedOf(t, client, "coinspot"), nil, c); len(got.Quotes) < 30 {
			t.Errorf("%d quotes", len(got.Quotes))
		}
	}
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// CoinSpot in trouble is left alone, for no longer than one poll of the quotes.
func TestQuotesAreWantedAgainSoonAfterTrouble(t *testing.T) {
	c := clock.NewManual(now)
	h := faulty.New(fake.New(c), faulty.Times(100, faulty.Page(200))...)
	srv := httptest.NewServer(h)
	defer srv.Close()
	f := feedOf(t, New(upstream.Config{BaseURL: srv.URL + fake.Base, Wait: conformance.Advance(c)}, c), "coinspot")
	var left *upstream.OpenError
	for i := 0; !errors.As(errOf(f.Poll(t.Context(), nil)), &left); i++ {
		if i == 20 {
			t.Fatal("it is never left alone")
		}
	}
	if wait := left.Until.Sub(c.Now()); wait <= 0 || wait > f.Every {
		t.Errorf("left alone for %s", wait)
	}
	sent := h.Seen()
	c.Advance(f.Every)
	if _, err := f.Poll(t.Context(), nil); err == nil || h.Seen() != sent+1 {
		t.Errorf("%v after %d requests more", err, h.Seen()-sent)
	}
}

func errOf(_ source.Harvest, err error) error { return err }

// A market that is delisted between the list and its turn is passed over.
func TestWhatIsDelistedMeanwhileIsNoFailure(t *testing.T) {
	for _, name := range []string{"coinspot.instant", "coinspot.trades", "coinspot.book"} {
		c := clock.NewManual(now)
		x := fake.New(c)
		h := faulty.New(x, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(w, r)
			x.Delist(market.Market{Base: "AAVE", Quote: "AUD"})
			x.Delist(usdt)
		})
		srv := httptest.NewServer(h)
		f := feedOf(t, New(upstream.Config{BaseURL: srv.URL + fake.Base, Wait: conformance.Advance(c)}, c), name)
		if got := poll(t, f, nil, c); len(got.Rejects) != 0 || got.Len() < 10 {
			t.Errorf("%s: %d records, %+v", name, got.Len(), got.Rejects)
		}
		srv.Close()
	}
}
