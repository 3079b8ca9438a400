package nansen

import (
	"encoding/json"
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
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/nansen/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const key = "s3cret-key"

// world is a fake on a real socket and a clock of its own, and a client of it.
type world struct {
	*testing.T
	up      *fake.Upstream
	clock   *clock.Manual
	url     string
	client  *Client
	netflow source.Feed
	trades  source.Feed
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	c := clock.NewManual(start)
	up := fake.New(c)
	up.Key(key)
	srv := httptest.NewServer(up)
	t.Cleanup(srv.Close)
	w := &world{T: t, up: up, clock: c, url: srv.URL + fake.Base}
	w.client = New(upstream.Config{BaseURL: w.url, Clock: c, Wait: conformance.Advance(c)}, key)
	w.netflow, w.trades = w.client.Feeds()[0], w.client.Feeds()[1]
	return w
}

// poll polls a feed once and fails on an error.
func (w *world) poll(f source.Feed, cursor []byte) source.Harvest {
	w.Helper()
	out, err := f.Poll(w.Context(), cursor)
	if err != nil {
		w.Fatal(err)
	}
	sound(w.T, out)
	if len(out.Rejects) != 0 {
		w.Errorf("%+v", out.Rejects)
	}
	return out
}

func TestNetflowHasBothEnds(t *testing.T) {
	w := newWorld(t)
	out := w.poll(w.netflow, nil)
	if len(out.Flows) != 150 || len(out.Fundamentals) != 150 || w.up.Requests() != 2 || !out.Read.After(start.Add(-time.Second)) {
		t.Fatalf("%d flows, %d requests", len(out.Flows), w.up.Requests())
	}
	seen := map[string]bool{}
	for _, f := range out.Flows {
		if !f.Event.Equal(start.Truncate(time.Hour)) || seen[f.Chain+f.Address] || strings.Contains(f.Token, "🌱") {
			t.Errorf("%+v", f)
		}
		seen[f.Chain+f.Address] = true
	}
	// Where one page has all, the other end is not paid for.
	w.up.Rows("smart-money/netflow", []json.RawMessage{[]byte(`{"chain":"base","token_address":"0xab","token_symbol":"B","net_flow_24h_usd":-1.5,"trader_count":3}`)})
	if out = w.poll(w.netflow, out.Cursor); len(out.Flows) != 1 || w.up.Requests() != 3 {
		t.Errorf("%d flows, %d requests", len(out.Flows), w.up.Requests())
	}
}

// Polls add up to what a reader of all trades would find.
func TestEveryTradeIsCountedOnce(t *testing.T) {
	w := newWorld(t)
	var cursor []byte
	got := map[string]ledger.Flow{}
	net := money.Zero
	for range 40 {
		before := w.up.Requests()
		out := w.poll(w.trades, cursor)
		if out.Cursor != nil {
			cursor = out.Cursor
		}
		for _, f := range out.Flows {
			k := fmt.Sprint(f.Chain, f.Address, f.Event)
			if old, twice := got[k]; twice { // of the two hours that are added up again
				if f.Version() != old.Version() {
					t.Fatalf("%+v was %+v", f, old)
				}
				continue
			}
			got[k] = f
			net = net.Add(f.NetUSD)
		}
		if n := w.up.Requests() - before; n > 12 || n == 0 != (out.Len() == 0) || n == 0 != out.Since.IsZero() {
			t.Fatalf("%d requests, %d flows, since %s", n, out.Len(), out.Since)
		}
		w.clock.Set(w.clock.Now().Truncate(10 * time.Minute).Add(30 * time.Minute))
	}
	if !net.IsZero() { // what one buys with a token another is sold
		t.Errorf("net %s", net)
	}
	// The last 12 hours, read at once by one who begins then.
	w.clock.Set(w.clock.Now().Add(-29 * time.Minute))
	late := w.poll(w.trades, []byte(fmt.Sprintf(`{"done":%q}`, w.clock.Now().Add(-12*time.Hour).Truncate(time.Hour).Format(time.RFC3339))))
	if len(late.Flows) < 500 {
		t.Fatalf("%d flows", len(late.Flows))
	}
	for _, f := range late.Flows {
		k := fmt.Sprint(f.Chain, f.Address, f.Event)
		if g, ok := got[k]; !ok || g.Version() != f.Version() {
			t.Errorf("%+v\nwas %+v", f, g)
		}
	}
}

func row(minutes int, hash, wallet, bought, sold, value string) json.RawMessage {
	return []byte(fmt.Sprintf(`{"chain":"base","block_timestamp":%q,"transaction_hash":%q,"trader_address":%q,"token_bought_address":%q,"token_bought_symbol":"","token_sold_address":%q,"token_sold_symbol":"","trade_value_usd":%s}`,
		start.Add(-time.Duration(minutes)*time.Minute).Format("2006-01-02T15:04:05"), hash, wallet, bought, sold, value))
}

// Pages move while they are read: what comes again counts once. One wallet on both sides counts on both; a swap of another pair in the
// same transaction is another.
func TestSums(t *testing.T) {
	w := newWorld(t)
	w.up.Rows("smart-money/dex-trades", []json.RawMessage{
		row(25, "0x01", "0xaa", "0xb1", "0xd0", "10.5"), row(25, "0x01", "0xaa", "0xb1", "0xd0", "10.5"), row(26, "0x01", "0xaa", "0xb2", "0xd0", "1"),
		row(30, "0x02", "0xbb", "0xb1", "0xd0", "2"), row(31, "0x03", "0xaa", "0xd0", "0xb1", "4"), row(60*24-1, "0x04", "0xaa", "0xb1", "0xd0", "99"), row(5, "0x05", "0xaa", "0xb1", "0xd0", "99")})
	out := w.poll(w.trades, nil)
	var got []string
	for _, f := range out.Flows {
		got = append(got, fmt.Sprint(f.Event.Format("15:04 "), f.Address, " ", f.NetUSD, f.Buying, f.Buyers, f.Selling, f.Sellers))
	}
	want := []string{"10:00 0xb1 8.5 2 [0xaa 0xbb] 1 [0xaa]", "10:00 0xb2 1 1 [0xaa] 0 []", "10:00 0xd0 -9.5 1 [0xaa] 2 [0xaa 0xbb]"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// More trades than one poll may pay for: the hours that were read whole land, and it is told from when on.
func TestTooManyTrades(t *testing.T) {
	w := newWorld(t)
	var rows []json.RawMessage
	for i := range 3000 { // one in two seconds, 100 minutes in all
		rows = append(rows, []byte(strings.Replace(string(row(0, fmt.Sprintf("0x%04x", i), "0xaa", "0xb1", "0xd0", "1")), start.Format("2006-01-02T15:04:05"),
			start.Add(-2*time.Duration(i)*time.Second).Format("2006-01-02T15:04:05"), 1)))
	}
	w.up.Rows("smart-money/dex-trades", rows)
	out := w.poll(w.trades, []byte(`{"done":"2026-07-03T08:00:00Z"}`))
	if w.up.Requests() != maxPages || len(out.Flows) != 0 || !out.Since.Equal(time.Date(2026, 7, 3, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("%d requests, %d flows, since %s", w.up.Requests(), len(out.Flows), out.Since)
	}
}

func TestWithoutAKey(t *testing.T) {
	w := newWorld(t)
	for _, f := range New(upstream.Config{BaseURL: w.url}, " ").Feeds() {
		_, err := f.Poll(t.Context(), nil)
		if !slices.Equal(f.Needs, []string{"sources.nansen.key"}) || err == nil || !strings.Contains(err.Error(), "omc config set --secret sources.nansen.key") {
			t.Errorf("%v %v", f.Needs, err)
		}
	}
	if w.up.Requests() != 0 || len(w.netflow.Needs) != 0 {
		t.Error("it asked without a key")
	}
}

func TestAWrongKeyIsTold(t *testing.T) {
	w := newWorld(t)
	w.up.Key("another")
	_, err := w.netflow.Poll(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "omc config set --secret sources.nansen.key") || strings.Contains(err.Error(), key) || w.up.Requests() != 1 {
		t.Errorf("%v after %d requests", err, w.up.Requests())
	}
}

// Once the credits are spent nothing is asked for an hour, and once the request is refused nothing until the next day; a person, and
// another key, are asked for at once.
func TestWhatCostsAndIsRefusedStops(t *testing.T) {
	for name, refuse := range map[string]func(*fake.Upstream, bool){
		"spent": func(u *fake.Upstream, on bool) { u.Credits(map[bool]int{true: 4, false: 100}[on]) },
		"402":   func(u *fake.Upstream, on bool) { u.Refuse(map[bool]int{true: 402}[on], `{"error":"Payment required"}`) },
		"422": func(u *fake.Upstream, on bool) {
			u.Refuse(map[bool]int{true: 422}[on], `{"message":"Field 'x' is not recognized."}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, f := range []source.Feed{w.netflow, w.trades} {
				w.clock.Set(start)
				before := w.up.Requests()
				refuse(w.up, true)
				out, err := f.Poll(t.Context(), nil)
				if err == nil || !strings.Contains(err.Error(), map[bool]string{true: "rests until the next day", false: "asks again in 1h"}[name == "422"]) || w.up.Requests() != before+1 || out.Cursor == nil {
					t.Fatalf("%v after %d requests", err, w.up.Requests())
				}
				refuse(w.up, false)
				until := start.Add(time.Hour)
				if name == "422" {
					until = time.Date(2026, 7, 4, 0, 0, 0, 0, time.UTC)
				}
				w.clock.Set(until.Add(-time.Minute))
				var off *source.PutOff
				if _, err := f.Poll(t.Context(), out.Cursor); !errors.As(err, &off) || off.Until.Sub(until).Abs() > 10*time.Second || w.up.Requests() != before+1 {
					t.Errorf("%v after %d requests, want until %s", err, w.up.Requests(), until)
				}
				if h, err := f.Poll(source.ByHand(t.Context()), out.Cursor); err != nil || h.Len() == 0 {
					t.Errorf("by hand: %d rows, %v", h.Len(), err)
				}
				other := strings.Replace(string(out.Cursor), `"key":"`, `"key":"x`, 1)
				if h, err := f.Poll(t.Context(), []byte(other)); err != nil || h.Len() == 0 {
					t.Errorf("with another key: %d rows, %v", h.Len(), err)
				}
				w.clock.Set(until.Add(20 * time.Minute))
				if out := w.poll(f, out.Cursor); out.Len() == 0 {
					t.Error("nothing came when it was over")
				}
			}
		})
	}
}

func TestHostileCursors(t *testing.T) {
	w := newWorld(t)
	for _, cursor := range []string{"", "{", "null", "[]", `{"stopped":"2999-01-01T00:00:00Z"}`, `{"done":"2999-01-01T00:00:00Z"}`, `{"done":7}`} {
		for _, f := range []source.Feed{w.netflow, w.trades} {
			if out := w.poll(f, []byte(cursor)); out.Len() == 0 {
				t.Errorf("%s: nothing came", cursor)
			}
		}
	}
}

// A page of which nothing can be read is the last that is paid for.
func TestNothingReadableIsNotPagedOn(t *testing.T) {
	w := newWorld(t)
	w.up.Rows("smart-money/dex-trades", slices.Repeat([]json.RawMessage{[]byte(`{"chain":"base"}`)}, 500))
	out, err := w.trades.Poll(t.Context(), nil)
	if !errors.Is(err, upstream.ErrMalformed) || w.up.Requests() != 1 || len(out.Rejects) != 1 || out.Len() != 0 {
		t.Errorf("%v after %d requests, %d rejects", err, w.up.Requests(), len(out.Rejects))
	}
}

func TestTheFakeIsStrict(t *testing.T) {
	w := newWorld(t)
	good, err := json.Marshal(question("net_flow_24h_usd", "DESC", 1))
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) string { return strings.Replace(string(good), old, new, 1) }
	for _, c := range []struct {
		method, path, key, kind, body string
		status                        int
		says                          string
	}{
		{"POST", "/smart-money/netflow", key, "application/json", string(good), 200, `"is_last_page":false`},
		{"POST", "/smart-money/netflow", "", "application/json", string(good), 401, "Invalid API key"},
		{"POST", "/smart-money/netflow", "wrong", "application/json", string(good), 401, "Invalid API key"},
		{"GET", "/smart-money/netflow", key, "", "", 405, ""},
		{"POST", "/smart-money/nope", key, "application/json", string(good), 404, ""},
		{"POST", "/smart-money/netflow", key, "text/plain", string(good), 422, "dictionary"},
		{"POST", "/smart-money/netflow", key, "application/json", with("chains", "chain"), 422, "unknown field"},
		{"POST", "/smart-money/netflow", key, "application/json", with(`"chains":["ethereum","solana","base","bnb","arbitrum"],`, ""), 422, "body -\\u003e chains"},
		{"POST", "/smart-money/netflow", key, "application/json", with("solana", "moon"), 422, "not supported"},
		{"POST", "/smart-money/netflow", key, "application/json", with("include_smart_money_labels", "only_smart_money"), 422, "only_smart_money"},
		{"POST", "/smart-money/netflow", key, "application/json", with("DESC", "down"), 422, "order_by"},
		{"POST", "/smart-money/netflow", key, "application/json", with(`"page":1`, `"page":0`), 422, "pagination"},
		{"GET", "/account", key, "", "", 200, `"credits_remaining":999959`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, w.url+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("apiKey", c.key)
		req.Header.Set("Content-Type", c.kind)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		_ = resp.Write(&b)
		resp.Body.Close()
		if resp.StatusCode != c.status || !strings.Contains(b.String(), c.says) {
			t.Errorf("%s %s %s: %d %.400s", c.method, c.path, c.body, resp.StatusCode, b.String())
		}
		w.clock.Advance(time.Second)
	}
}

// A trade that comes in after its hour was added up makes a further version of that hour.
func TestALateTradeCounts(t *testing.T) {
	w := newWorld(t)
	const a, b = "0x00000000000000000000000000000000000000aa", "0x00000000000000000000000000000000000000bb"
	first := row(90, "0x1", "0x11", a, b, "100")
	w.up.Rows("smart-money/dex-trades", []json.RawMessage{first})
	one := w.poll(w.trades, nil)
	w.clock.Advance(time.Hour)
	w.up.Rows("smart-money/dex-trades", []json.RawMessage{row(85, "0x2", "0x12", a, b, "50"), first})
	two := w.poll(w.trades, one.Cursor)
	of := func(h source.Harvest) (out []string) {
		for _, f := range h.Flows {
			if f.Address == a {
				out = append(out, fmt.Sprint(f.Event.Format("15:04"), " ", f.NetUSD, " ", f.Buying))
			}
		}
		return out
	}
	if x, y := of(one), of(two); len(x) != 1 || len(y) != 1 || x[0][:5] != y[0][:5] || !strings.HasSuffix(x[0], " 100 1") || !strings.HasSuffix(y[0], " 150 2") {
		t.Errorf("%v, then %v", x, y)
	}
}
