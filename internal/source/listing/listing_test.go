package listing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/listing/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

var now = time.Date(2026, 3, 4, 15, 30, 0, 0, time.UTC)

// stand is a fake on a real socket with a clock of its own, and a client of it.
type stand struct {
	*fake.Venues
	*Client
	clk *clock.Manual
}

func newStand(t *testing.T) stand {
	t.Helper()
	clk := clock.NewManual(now)
	x := fake.New(clk)
	srv := httptest.NewServer(x)
	t.Cleanup(srv.Close)
	return stand{x, New(config(upstream.Config{BaseURL: srv.URL, Clock: clk, Wait: conformance.Advance(clk)}, fake.Base)), clk}
}

func config(u upstream.Config, base string) Config {
	c := Config{CoinSpot: u, Coinbase: u, Kraken: u, Binance: u}
	c.CoinSpot.BaseURL += base
	return c
}

// feed polls one feed again and again.
type feed struct {
	t      *testing.T
	s      stand
	poll   func(context.Context, []byte) (source.Harvest, error)
	cursor []byte
}

func (s stand) feed(t *testing.T, name string) *feed {
	t.Helper()
	for _, f := range s.Feeds() {
		if f.Name == name {
			return &feed{t, s, f.Poll, nil}
		}
	}
	t.Fatalf("no feed %s", name)
	return nil
}

// next polls ten seconds later and returns what it tells: the type and the title of each event.
func (f *feed) next() []string {
	f.t.Helper()
	var out []string
	for _, e := range f.events() {
		out = append(out, e.Type+": "+e.Title)
	}
	return out
}

func (f *feed) events() []ledger.Event {
	f.t.Helper()
	f.s.clk.Advance(10 * time.Second)
	h, err := f.poll(f.t.Context(), f.cursor)
	if err != nil || h.Cursor == nil {
		f.t.Fatal(h, err)
	}
	f.cursor = h.Cursor
	return h.Events
}

func (f *feed) expect(step string, want ...string) {
	f.t.Helper()
	if got := f.next(); !slices.Equal(got, want) {
		f.t.Errorf("%s: %q, want %q", step, got, want)
	}
}

// before is a cursor from before the fake's markets were listed.
const before = `{"markets":{"old":{"n":"OLD/USD","s":"closed"}},"assets":{"asset:old":{"n":"OLD","s":"closed"}}}`

func TestConformance(t *testing.T) {
	for name, base := range map[string]string{"coinspot": fake.Base, "coinbase": "", "kraken": "", "binance": ""} {
		t.Run(name, func(t *testing.T) {
			clk := clock.NewManual(now)
			x := fake.New(clk).Still()
			x.Set(fake.CoinSpot, fake.Market{Base: "ABC", Quote: "AUD", Status: "1"})
			x.Set(fake.Coinbase, fake.Market{Base: "ABC", Quote: "USD", Status: "online"})
			x.Set(fake.Kraken, fake.Market{Base: "ABC", Quote: "USD", Status: "online"})
			x.SetAsset("ABC", "enabled")
			x.Announce(fake.Article{ID: 7, Catalog: 48, Title: "Binance Will List Example (ABC)", At: now.Add(-time.Minute)}, fake.Article{ID: 8, Catalog: 161, Title: "Binance Will Delist DEF on 2026-03-20", At: now.Add(-time.Minute)})
			client := func(u upstream.Config) func(context.Context) (int, error) {
				u.BaseURL = strings.TrimSuffix(u.BaseURL, base)
				c := New(config(u, fake.Base))
				poll := map[string]func(context.Context, []byte) (source.Harvest, error){
					"coinspot": c.coinSpotListings, "coinbase": c.coinbaseListings, "kraken": c.krakenListings, "binance": c.announcements}[name]
				return func(ctx context.Context) (int, error) {
					h, err := poll(ctx, []byte(before))
					return len(h.Events), err
				}
			}
			methods := map[string][]string{"kraken": {"GET", "GET"}, "binance": {"GET", "GET"}}[name]
			conformance.Run(t, conformance.Source{Name: name, Path: base, Clock: clk, Fake: x, Client: client, Methods: methods, MaxBody: maxList})
		})
	}
}

func TestCoinSpotListsAndDelists(t *testing.T) {
	s := newStand(t)
	s.Still()
	for i := range 6 {
		s.Set(fake.CoinSpot, fake.Market{Base: fmt.Sprintf("C%d", i), Quote: "AUD", Status: "1"})
	}
	f := s.feed(t, "coinspot.listings")
	f.expect("the first list")
	f.expect("nothing new")
	s.Set(fake.CoinSpot, fake.Market{Base: "ABC", Quote: "AUD", Status: "NaN"})
	f.expect("a coin without a price is no news")
	s.Set(fake.CoinSpot, fake.Market{Base: "ABC", Quote: "AUD", Status: "0.5"})
	f.expect("until it has one", "listing: CoinSpot lists ABC")
	f.expect("and once")
	s.Set(fake.CoinSpot, fake.Market{Base: "ABC", Quote: "USDT", Status: "1"})
	f.expect("a further market", "listing: CoinSpot lists ABC/USDT")
	s.Set(fake.CoinSpot, fake.Market{Base: "C0", Quote: "AUD", Status: "NaN"})
	f.expect("a price that is none is no delisting")
	s.Drop(fake.CoinSpot, fake.Market{Base: "C1", Quote: "AUD"})
	f.expect("missing once may be a hiccup")
	s.Set(fake.CoinSpot, fake.Market{Base: "C1", Quote: "AUD", Status: "1"})
	f.expect("it was one")
	s.Drop(fake.CoinSpot, fake.Market{Base: "C1", Quote: "AUD"}, fake.Market{Base: "ABC", Quote: "USDT"})
	f.expect("missing once")
	f.expect("missing twice", "delisting: CoinSpot delists ABC/USDT", "delisting: CoinSpot delists C1")
	f.expect("and once")
	s.Set(fake.CoinSpot, fake.Market{Base: "C1", Quote: "AUD", Status: "1"})
	first := f.events()
	s.Drop(fake.CoinSpot, fake.Market{Base: "C1", Quote: "AUD"})
	f.next()
	f.expect("and goes once more", "delisting: CoinSpot delists C1")
	s.Set(fake.CoinSpot, fake.Market{Base: "C1", Quote: "AUD", Status: "1"})
	again := f.events()
	if len(first) != 1 || len(again) != 1 || first[0].Title != "CoinSpot lists C1" || again[0].Title != first[0].Title || again[0].ID == first[0].ID {
		t.Errorf("two listings on one day: %+v, %+v", first, again)
	}
}

func TestCoinbaseStates(t *testing.T) {
	s := newStand(t)
	s.Still().Set(fake.Coinbase, fake.Market{Base: "BTC", Quote: "USD", Status: "online"}, fake.Market{Base: "GAL", Quote: "USD", Status: "delisted"})
	f := s.feed(t, "coinbase.listings")
	f.expect("the first list")
	abc := fake.Market{Base: "ABC", Quote: "USD"}
	for _, step := range []struct {
		status string
		want   []string
	}{
		{"post_only", []string{"listing: Coinbase lists ABC"}},
		{"auction_mode", nil},
		{"online", []string{"resume: Coinbase reopens ABC/USD"}},
		{"limit_only", []string{"halt: Coinbase restricts ABC/USD"}},
		{"cancel_only", []string{"halt: Coinbase suspends ABC/USD"}},
		{"trading_disabled", nil},
		{"a word of tomorrow", nil},
		{"offline", nil},
		{"online", []string{"resume: Coinbase reopens ABC/USD"}},
		{"delisted", []string{"delisting: Coinbase delists ABC"}},
		{"delisted", nil},
	} {
		abc.Status = step.status
		s.Set(fake.Coinbase, abc)
		f.expect(step.status, step.want...)
	}
	s.Drop(fake.Coinbase, abc)
	f.expect("what was delisted")
	f.expect("may go")
	s.Set(fake.Coinbase, fake.Market{Base: "BTC", Quote: "GBP", Status: "online"}, fake.Market{Base: "NEW", Quote: "EUR", Status: "online"}, fake.Market{Base: "NEW", Quote: "USD", Status: "online"})
	var told []string
	for _, e := range f.events() {
		told = append(told, e.ID+" "+e.Facts["first"])
	}
	if want := []string{"BTC-GBP/listing/2026-03-04 no", "NEW-EUR/listing/2026-03-04 yes", "NEW-USD/listing/2026-03-04 no"}; !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
}

func TestKrakenCoinsAndMarkets(t *testing.T) {
	s := newStand(t)
	s.Still().SetAsset("XBT", "enabled")
	s.Set(fake.Kraken, fake.Market{Base: "XBT", Quote: "USD", Status: "online"})
	f := s.feed(t, "kraken.listings")
	f.expect("the first list")
	s.SetAsset("ABC", "deposit_only")
	f.expect("a coin", "announcement: Kraken adds ABC to its assets")
	s.Set(fake.Kraken, fake.Market{Base: "ABC", Quote: "USD", Status: "post_only"})
	f.expect("its market", "listing: Kraken lists ABC")
	s.SetAsset("ABC", "enabled")
	s.Set(fake.Kraken, fake.Market{Base: "ABC", Quote: "USD", Status: "online"})
	f.expect("open", "resume: Kraken reopens transfers of ABC", "resume: Kraken reopens ABC/USD")
	s.SetAsset("XBT", "withdrawal_only")
	s.Set(fake.Kraken, fake.Market{Base: "XBT", Quote: "USD", Status: "cancel_only"})
	got := f.events()
	if len(got) != 2 || got[0].Title != "Kraken restricts transfers of BTC" || got[0].Facts["about"] != "transfers" || got[1].Title != "Kraken suspends BTC/USD" || got[1].Coins[0] != "BTC" ||
		got[1].Facts["market"] != "BTC/USD" || got[1].Facts["status"] != "cancel only" || got[1].ID != "XBTUSD/halt/2026-03-04" || !got[1].Time.Equal(s.clk.Now().Truncate(time.Second)) {
		t.Errorf("%+v", got)
	}
}

// One of two lists that cannot be read does not keep the other back, and loses nothing of its own.
func TestAListThatFailsKeepsItsBoard(t *testing.T) {
	s := newStand(t)
	s.Still().SetAsset("XBT", "enabled")
	s.Set(fake.Kraken, fake.Market{Base: "XBT", Quote: "USD", Status: "online"})
	f := s.feed(t, "kraken.listings")
	f.next()
	cursor := f.cursor
	s.SetAsset("XBT", "")
	s.Set(fake.Kraken, fake.Market{Base: "ABC", Quote: "USD", Status: "online"})
	h, err := f.poll(t.Context(), cursor) // without an asset but a staked one its list is empty, which no venue's is
	if !errors.Is(err, upstream.ErrMalformed) || len(h.Events) != 1 || len(h.Rejects) != 1 {
		t.Fatal(h.Events, h.Rejects, err)
	}
	s.SetAsset("XBT", "enabled")
	s.SetAsset("ABC", "enabled")
	f.cursor = h.Cursor
	f.expect("well again", "announcement: Kraken adds ABC to its assets")
}

// Half a list is a broken answer until it stays so; and a list that doubles was a broken one before.
func TestBrokenListsAreNotBelieved(t *testing.T) {
	s := newStand(t)
	s.Still()
	for i := range 100 {
		s.Set(fake.CoinSpot, fake.Market{Base: fmt.Sprintf("C%d", i), Quote: "AUD", Status: "1"})
	}
	f := s.feed(t, "coinspot.listings")
	f.next()
	for i := range 40 {
		s.Drop(fake.CoinSpot, fake.Market{Base: fmt.Sprintf("C%d", i), Quote: "AUD"})
	}
	for range 5 {
		f.expect("half a list")
	}
	for i := range 39 {
		s.Set(fake.CoinSpot, fake.Market{Base: fmt.Sprintf("C%d", i), Quote: "AUD", Status: "1"})
	}
	f.expect("whole again but for one, which has been missing for long", "delisting: CoinSpot delists C39")
	for i := range 40 {
		s.Drop(fake.CoinSpot, fake.Market{Base: fmt.Sprintf("C%d", i), Quote: "AUD"})
	}
	s.clk.Advance(10 * time.Second)
	doubted, err := f.poll(t.Context(), f.cursor)
	if err != nil || len(doubted.Events) != 0 || len(doubted.Rejects) != 1 || !strings.Contains(doubted.Rejects[0].Reason, "39 of 99 items are missing at once") {
		t.Errorf("%v %+v %v", doubted.Events, doubted.Rejects, err)
	}
	f.cursor = doubted.Cursor
	for range 300 {
		f.expect("most of an hour")
	}
	s.clk.Advance(15 * time.Minute)
	n := 0
	for range 3 {
		n += len(f.next())
	}
	if n != 39 {
		t.Errorf("after an hour %d are delisted", n)
	}
	for i := range 40 {
		s.Set(fake.CoinSpot, fake.Market{Base: fmt.Sprintf("N%d", i), Quote: "AUD", Status: "1"})
	}
	s.clk.Advance(10 * time.Second)
	h, err := f.poll(t.Context(), f.cursor)
	if err != nil || len(h.Events) != 0 || len(h.Rejects) != 1 || !strings.Contains(h.Rejects[0].Reason, "40 of 100 items are new at once") {
		t.Errorf("%v %+v %v", h.Events, h.Rejects, err)
	}
	f.cursor = h.Cursor
	f.expect("and then they are known")
}

func TestAVenuesUpkeepIsOneEvent(t *testing.T) {
	s := newStand(t)
	s.Still()
	all := func(status string) {
		for i := range 50 {
			s.Set(fake.Coinbase, fake.Market{Base: fmt.Sprintf("C%d", i), Quote: "USD", Status: status})
		}
	}
	all("online")
	f := s.feed(t, "coinbase.listings")
	f.next()
	all("cancel_only")
	f.expect("upkeep", "halt: Coinbase suspends or restricts 50 markets at once")
	all("online")
	f.expect("and its end", "resume: Coinbase reopens 50 markets at once")
}

// A poll made again after a crash announces the same, and the ledger keeps it once.
func TestAPollMadeAgainSaysTheSame(t *testing.T) {
	s := newStand(t)
	s.Still().Set(fake.Coinbase, fake.Market{Base: "BTC", Quote: "USD", Status: "online"})
	f := s.feed(t, "coinbase.listings")
	f.next()
	cursor := f.cursor
	s.Set(fake.Coinbase, fake.Market{Base: "ABC", Quote: "USD", Status: "online"}, fake.Market{Base: "BTC", Quote: "USD", Status: "offline"})
	a := f.events()
	f.cursor = cursor
	b := f.events()
	if len(a) != 2 || len(b) != 2 || a[0].ID != b[0].ID || a[1].ID != b[1].ID {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestHostileCursorsAreAFreshStart(t *testing.T) {
	s := newStand(t)
	for _, name := range []string{"coinspot.listings", "coinbase.listings", "kraken.listings"} {
		f := s.feed(t, name)
		for _, bad := range []string{"null", "[]", "{", `{"markets":7}`, `{"markets":{"x":{"n":"","s":"open"}}}`, `{"markets":{"x":{"n":"ABC","s":"odd"}}}`, `{"markets":{"x":{"n":"abc/USD","s":"open"}},"assets":{"x":{"n":"A B","s":"open"}}}`,
			`{"markets":{"x\u0000":{"n":"ABC","s":"open"}},"assets":{"` + strings.Repeat("x", 100) + `":{"n":"ABC","s":"open"}}}`, `{"markets":{"x":{"n":"ABC","s":"open","g":"2999-01-01T00:00:00Z"}}}`, strings.Repeat("[", 1000)} {
			f.cursor = []byte(bad)
			if got := f.next(); len(got) != 0 {
				t.Errorf("%s: %.60q: %q", name, bad, got)
			}
		}
	}
}

// A day of the world, poll by poll: what was announced adds up to what is listed at its end.
func TestTheWorldAddsUp(t *testing.T) {
	s := newStand(t)
	for _, name := range []string{"coinspot", "coinbase", "kraken"} {
		f := s.feed(t, name+".listings")
		f.next()
		listed := map[string]int{}
		ids := map[string]bool{}
		for range 100 {
			s.clk.Advance(5 * time.Minute)
			for _, e := range f.events() {
				if ids[e.ID] {
					t.Errorf("%s is told twice", e.ID)
				}
				ids[e.ID] = true
				switch e.Type {
				case ledger.EventListing:
					listed[e.Type]++
				case ledger.EventDelisting, ledger.EventHalt, ledger.EventResume:
					listed[e.Type]++
				}
			}
		}
		if listed[ledger.EventListing] < 12 || listed[ledger.EventDelisting] < 16 {
			t.Errorf("%s: %v", name, listed)
		}
		if len(f.cursor) > source.MaxCursor/10 || !json.Valid(f.cursor) {
			t.Errorf("%s: a cursor of %d bytes", name, len(f.cursor))
		}
	}
}

func TestFeeds(t *testing.T) {
	for _, f := range New(Config{}).Feeds() {
		if f.Source+"."+strings.TrimPrefix(f.Name, f.Source+".") != f.Name || f.Ledger != ledger.Catalyst || f.Every > 20*time.Second || f.Poll == nil || f.About == "" {
			t.Errorf("%+v", f)
		}
	}
}
