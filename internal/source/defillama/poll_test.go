package defillama

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/defillama/fake"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// world is a fake on a real socket and a clock of its own, a client of it, and a ledger that keeps the newest value of everything.
type world struct {
	*testing.T
	up     *fake.Upstream
	clock  *clock.Manual
	client *Client
	ledger map[string]string
	cursor map[string][]byte
}

func newWorld(t *testing.T, watch ...string) *world {
	t.Helper()
	t.Parallel()
	c := clock.NewManual(start)
	up := fake.New(c)
	srv := httptest.NewServer(up)
	t.Cleanup(srv.Close)
	return &world{t, up, c, New(upstream.Config{BaseURL: srv.URL, Clock: c, Wait: conformance.Advance(c)}, watch), map[string]string{}, map[string][]byte{}}
}

func feed(c *Client, name string) source.Feed {
	all := c.Feeds()
	return all[slices.IndexFunc(all, func(f source.Feed) bool { return f.Name == "defillama."+name })]
}

// poll polls a feed once and lands what came; new is how many figures were not in the ledger or stood there with another value.
func (w *world) poll(name string) (out source.Harvest, landed int) {
	w.Helper()
	out, err := feed(w.client, name).Poll(w.Context(), w.cursor[name])
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	if out.Cursor != nil {
		w.cursor[name] = out.Cursor
	}
	if out.Read.IsZero() || len(out.Cursor) > source.MaxCursor {
		w.Errorf("%s: read %s, cursor of %d bytes", name, out.Read, len(out.Cursor))
	}
	sound(w.T, out)
	for _, f := range out.Fundamentals {
		landed += w.land(fmt.Sprint(f.Protocol, f.Metric, f.Event), f.Value.String())
	}
	for _, m := range out.Metrics {
		landed += w.land(fmt.Sprint(m.Asset, m.Metric, m.Event), m.Value.String())
	}
	return out, landed
}

func (w *world) land(key, value string) int {
	if w.ledger[key] == value {
		return 0
	}
	w.ledger[key] = value
	return 1
}

func TestFeedsOfThePresent(t *testing.T) {
	for name, want := range map[string]int{
		"protocols": 52 + 6, "fees": 2 * (52 + 1 + 13), "dexs": 52 + 1 + 13, "stablecoins": 3 + 1, "yields": 2 * 52, "prices": 20} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			out, n := w.poll(name)
			if n != want || n != out.Len() || len(out.Rejects) != 0 || out.Again || !out.Since.IsZero() {
				t.Fatalf("%d of %d, want %d; %+v", n, out.Len(), want, out.Rejects)
			}
			hour := start.Truncate(time.Hour)
			for _, f := range out.Fundamentals {
				if !f.Event.Equal(hour) {
					t.Fatalf("%+v", f)
				}
			}
			// In the same hour the upstream has no other answer, and most of it is not even sent.
			w.clock.Set(start.Add(5 * time.Minute))
			if out, n = w.poll(name); n != 0 && name != "prices" {
				t.Errorf("%d came again: %s", n, said(out))
			}
			if name != "prices" && out.Len() != 0 {
				t.Errorf("the question was not conditional: %d records", out.Len())
			}
			// In the next everything stands anew.
			w.clock.Set(start.Add(time.Hour))
			if _, n = w.poll(name); n != want {
				t.Errorf("%d figures of the next hour, want %d", n, want)
			}
		})
	}
}

// The fake corrects some hours half way through.
func TestRevisionsWithinTheHour(t *testing.T) {
	w := newWorld(t)
	revised := 0
	for i := range 24 {
		w.clock.Set(start.Truncate(time.Hour).Add(time.Duration(i) * time.Hour))
		w.poll("protocols")
		w.clock.Advance(31 * time.Minute)
		_, n := w.poll("protocols")
		revised += n
	}
	if revised == 0 || revised%58 != 0 {
		t.Errorf("%d", revised)
	}
}

// Histories land once, whole; then what is new and what is revised, however late.
func TestHistories(t *testing.T) {
	w := newWorld(t, "lido", "aave-v3")
	all := func() (polls, landed, records int, since time.Time) {
		for again := true; again; polls++ {
			out, n := w.poll("tvl")
			landed, records, again, since = landed+n, records+out.Len(), out.Again, out.Since
			if again && !out.Since.IsZero() || len(out.Rejects) != 0 {
				t.Errorf("%+v", out.Rejects)
			}
		}
		return polls, landed, records, since
	}
	polls, landed, records, since := all()
	perSeries := landed / 16
	if polls != 4 || landed != records || landed%16 != 0 || perSeries < 60 || since.IsZero() {
		t.Errorf("%d polls, %d landed of %d, since %s", polls, landed, records, since)
	}
	w.clock.Advance(time.Hour)
	if _, landed, records, since = all(); landed != 0 || records != 0 || since.IsZero() {
		t.Errorf("nothing has moved but %d of %d landed", landed, records)
	}
	w.clock.Advance(6 * time.Hour) // yesterday has settled
	if _, landed, records, _ = all(); landed != 16 || records > 31*16 {
		t.Errorf("%d of %d landed", landed, records)
	}
	w.clock.Advance(24 * time.Hour) // and today, and tomorrow has come
	if _, landed, records, _ = all(); landed != 2*16 || records > 31*16 {
		t.Errorf("%d of %d landed", landed, records)
	}
	w.up.Revise("lido", time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC), 1.5)
	w.up.Revise("Solana", time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC), 0.5)
	w.clock.Advance(time.Hour)
	if _, landed, records, _ = all(); landed != 2 || records > 2*31 {
		t.Errorf("%d of %d landed", landed, records)
	}
	// A cursor that says nothing, or nonsense, begins afresh; nothing lands twice.
	for _, cursor := range []string{"", "{", "null", "[]", `{"round":"2999-01-01T00:00:00Z"}`, `{"series":{"chains":{"months":7}}}`} {
		w.cursor["tvl"] = []byte(cursor)
		if _, landed, records, _ = all(); landed != 0 || records != 16*(perSeries+1) {
			t.Errorf("%s: %d of %d landed", cursor, landed, records)
		}
	}
}

// What DeFiLlama does not know is told, and keeps nothing else back; nor does one answer that cannot be read.
func TestTroubleWithOneHistory(t *testing.T) {
	w := newWorld(t, "lido", "no-such-protocol", "../protocols", "aave-v3")
	w.up.Set("/v2/historicalChainTvl/Solana", http.StatusOK, `[{"date":17`)
	w.up.Set("/v2/historicalChainTvl/Near", http.StatusNotFound, "Chain not found")
	var reasons []string
	var out source.Harvest
	for again := true; again; again = out.Again {
		out, _ = w.poll("tvl")
		for _, r := range out.Rejects {
			reasons = append(reasons, r.Reason)
		}
	}
	said := strings.Join(reasons, "\n")
	for _, want := range []string{"the answer to /v2/historicalChainTvl/Solana could not be read", "defillama knows no v2/historicalChainTvl/Near",
		"defillama knows no protocol/no-such-protocol: correct sources.defillama.protocols", "sources.defillama.protocols: ../protocols is no slug"} {
		if strings.Count(said, want) != 1 {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	if !out.Since.IsZero() || w.ledger[fmt.Sprint("aave-v3", "tvl_daily_usd", start.Truncate(24*time.Hour))] == "" {
		t.Errorf("since %s", out.Since)
	}
	w.up.Set("/v2/historicalChainTvl/Solana", 0, "")
	w.clock.Advance(6 * time.Hour)
	for again := true; again; again = out.Again {
		out, _ = w.poll("tvl")
	}
	if out.Since.IsZero() || w.ledger[fmt.Sprint("SOL", "chain_tvl_usd", start.Truncate(24*time.Hour))] == "" {
		t.Errorf("since %s", out.Since)
	}
}

func TestTheWatchListIsBounded(t *testing.T) {
	watch := []string{" Lido", "", "lido"}
	for i := range 250 {
		watch = append(watch, fmt.Sprint("p", i))
	}
	w := newWorld(t, watch...)
	out, _ := w.poll("tvl")
	if len(out.Rejects) != 1 || !strings.Contains(out.Rejects[0].Reason, "names 251 protocols, the first 200") {
		t.Errorf("%+v", out.Rejects)
	}
}

func TestABreakdownEndsAPoll(t *testing.T) {
	w := newWorld(t)
	w.up.Set("/overview/fees/Solana", http.StatusPaymentRequired, `{"message":"Upgrade to the paid API plan"}`)
	out, err := feed(w.client, "fees").Poll(w.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "402") || len(out.Fundamentals) != 53 || len(out.Metrics) != 1 || out.Cursor == nil {
		t.Fatalf("%v: %s", err, said(out))
	}
	w.up.Set("/overview/fees/Solana", 0, "")
	w.up.Set("/overview/fees/Tron", http.StatusBadRequest, "Bad Request")
	w.cursor["fees"] = out.Cursor
	out, n := w.poll("fees") // the rest of the hour's; what had come is not sent again
	if n != 12-1+53+12 || len(out.Rejects) != 1 || !strings.Contains(out.Rejects[0].Reason, "knows no Tron") {
		t.Errorf("%d: %+v", n, out.Rejects)
	}
}

// However many protocols it does not know, in whatever words, the others are asked for.
func TestUnknownProtocolsStopNothing(t *testing.T) {
	var watch []string
	for i := range 12 {
		watch = append(watch, fmt.Sprintf("gone-%d", i))
	}
	w := newWorld(t, watch...)
	for i, slug := range watch {
		w.up.Set("/protocol/"+slug, []int{http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity}[i%4], "Protocol not found")
	}
	rejects := 0
	for range 12 {
		out, err := feed(w.client, "tvl").Poll(w.Context(), w.cursor["tvl"])
		if err != nil {
			t.Fatal(err)
		}
		w.cursor["tvl"] = out.Cursor
		rejects += len(out.Rejects)
		if !out.Again {
			break
		}
	}
	if rejects != len(watch) {
		t.Errorf("%d rejects, want %d", rejects, len(watch))
	}
	if _, n := w.poll("protocols"); n == 0 {
		t.Error("protocols brought nothing")
	}
}

func TestOneRowIsWrong(t *testing.T) {
	w := newWorld(t)
	w.up.Set("/protocols", http.StatusOK, `[{"slug":"lido","tvl":5},{"slug":"bad","tvl":"NaN"},{"slug":"good","tvl":1}]`)
	out, n := w.poll("protocols")
	if n != 2 || len(out.Rejects) != 1 || string(out.Rejects[0].Bytes) != `{"slug":"bad","tvl":"NaN"}` {
		t.Errorf("%d %+v", n, out.Rejects)
	}
}

func TestAnAnswerThatCannotBeReadIsKept(t *testing.T) {
	w := newWorld(t)
	w.up.Set("/protocols", http.StatusOK, `[{"slug":"lido","tvl":5},{"slug":`)
	out, err := feed(w.client, "protocols").Poll(w.Context(), nil)
	if err == nil || out.Len() != 0 || !out.Read.IsZero() || len(out.Rejects) != 1 || !strings.HasPrefix(string(out.Rejects[0].Bytes), `[{"slug":"lido"`) || !strings.HasPrefix(err.Error(), "defillama: ") {
		t.Errorf("%v %+v", err, out)
	}
}

// A day of all feeds stays under the limit in every minute.
func TestTheLimitIsKept(t *testing.T) {
	w := newWorld(t, "lido")
	for range 3 {
		for _, f := range w.client.Feeds() {
			w.poll(strings.TrimPrefix(f.Name, "defillama."))
		}
	}
	if n := w.up.Most(time.Minute); n > 60*limit+1 || n < 60 {
		t.Errorf("%d requests in a minute", n)
	}
}

func TestFeedsAreComplete(t *testing.T) {
	t.Parallel()
	for _, f := range New(upstream.Config{}, nil).Feeds() {
		if f.Poll == nil || f.Every <= 0 || f.Timeout <= 0 || f.Fresh < f.Every || f.About == "" || f.Source != "defillama" || len(f.Needs) != 0 {
			t.Errorf("%+v", f)
		}
	}
	seen := map[string]bool{}
	for _, tok := range tokens() {
		if seen[tok.gecko] || seen[string(tok.coin)] {
			t.Errorf("%+v is there twice", tok)
		}
		seen[tok.gecko], seen[string(tok.coin)] = true, true
	}
}

func TestTheFakeIsStrict(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewServer(w.up)
	defer srv.Close()
	for _, c := range []struct {
		method, path, agent string
		status              int
		says                string
	}{
		{"GET", "/protocols", "omc", 200, `"slug":"lido"`},
		{"GET", "/protocols", "", 403, "<html>"},
		{"POST", "/protocols", "omc", 404, "Not found"},
		{"GET", "/protocol/nope", "omc", 400, "Protocol not found"},
		{"GET", "/v2/historicalChainTvl/Optimism", "omc", 404, "Chain not found"},
		{"GET", "/v2/historicalChainTvl/OP%20Mainnet", "omc", 200, `"date":`},
		{"GET", "/v2/chains", "omc", 200, `"tokenSymbol":"ETH"`},
		{"GET", "/overview/fees?dataType=nope", "omc", 400, "Bad Request"},
		{"GET", "/overview/nope", "omc", 400, "Bad Request"},
		{"GET", "/overview/dexs?excludeTotalDataChart=true", "omc", 200, `"totalDataChart":[],`},
		{"GET", "/prices/current/coingecko:nope", "omc", 200, `{"coins":{}}`},
		{"GET", "/lsdRates", "omc", 404, "Not found"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, srv.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", c.agent)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		_ = resp.Write(&b)
		resp.Body.Close()
		if resp.StatusCode != c.status || !strings.Contains(b.String(), c.says) {
			t.Errorf("%s %s: %d %.300s", c.method, c.path, resp.StatusCode, b.String())
		}
	}
}
