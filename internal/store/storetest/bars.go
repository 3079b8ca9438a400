package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store"
)

var (
	btc = market.Market{Base: "BTC", Quote: "USDT"}
	eth = market.Market{Base: "ETH", Quote: "AUD"}
)

const t0 = int64(1_700_000_100) - 1_700_000_100%86400 // a midnight

// Bar makes a 5-minute bar, i places after t0, whose values depend on v.
func Bar(i int, v int64) ledger.PriceBar {
	open := t0 + int64(i)*300
	p := money.New(2_000_000+v, 2)
	volume := money.New(v, 5)
	b, err := market.NewBar(open, p, p.Add(money.One), p.Sub(money.One), p, &volume)
	if err != nil {
		panic(err)
	}
	return ledger.PriceBar{Bar: b, Known: open + 300, Source: "test"}
}

// Bars makes bars from…to−1.
func Bars(from, to int) []ledger.PriceBar {
	var out []ledger.PriceBar
	for i := from; i < to; i++ {
		out = append(out, Bar(i, int64(i)))
	}
	return out
}

func add(t testing.TB, db *store.DB, m market.Market, iv market.Interval, bars []ledger.PriceBar, replace bool) ledger.Appended {
	t.Helper()
	return got(db.AppendBars(context.Background(), m, iv, bars, replace))(t)
}

func counts(a ledger.Appended) string {
	return fmt.Sprintf("added %d same %d replaced %d conflicts %d", a.Added, a.Same, a.Replaced, len(a.Conflicts))
}

func expect(t testing.TB, a ledger.Appended, want string) {
	t.Helper()
	if counts(a) != want {
		t.Fatalf("%s, want %s", counts(a), want)
	}
}

func all(t testing.TB, db *store.DB, q ledger.BarQuery) []market.Bar {
	t.Helper()
	return got(db.PriceBars(context.Background(), q))(t).Bars
}

func appendBars(t *testing.T, db *store.DB) {
	expect(t, add(t, db, btc, 300, nil, false), "added 0 same 0 replaced 0 conflicts 0")
	expect(t, add(t, db, btc, 300, Bars(10, 57), false), "added 47 same 0 replaced 0 conflicts 0")
	expect(t, add(t, db, btc, 300, Bars(10, 57), false), "added 0 same 47 replaced 0 conflicts 0")
	expect(t, add(t, db, btc, 300, Bars(0, 60), false), "added 13 same 47 replaced 0 conflicts 0")
	expect(t, add(t, db, eth, 300, Bars(0, 3), false), "added 3 same 0 replaced 0 conflicts 0")
	expect(t, add(t, db, btc, 60, Bars(0, 3), false), "added 3 same 0 replaced 0 conflicts 0")

	// Another source with the same values is the same; with other values it is a conflict and nothing changes.
	other := Bars(58, 62)
	for i := range other {
		other[i].Source = "other"
	}
	other[1] = Bar(59, 777)
	bid := money.MustParse("20000.123")
	other[1].Source, other[1].Backfilled, other[1].Bid = "other", true, &bid
	a := add(t, db, btc, 300, other, false)
	expect(t, a, "added 2 same 1 replaced 0 conflicts 1")
	c := a.Conflicts[0]
	if c.Stored.Bar != Bar(59, 59).Bar || c.Stored.Source != "test" || c.Offered.Bar != other[1].Bar || c.Stored.Known != t0+60*300 {
		t.Fatalf("conflict is %+v", c)
	}
	expect(t, add(t, db, btc, 300, other, true), "added 0 same 3 replaced 1 conflicts 0")
	rows := got(db.PriceRows(t.Context(), ledger.BarQuery{Market: btc, Interval: 300, Limit: 3}))(t)
	if len(rows) != 3 || rows[0].Bar != other[1].Bar || rows[0].Source != "other" || !rows[0].Backfilled ||
		rows[0].Bid == nil || !rows[0].Bid.Equal(bid) || rows[0].Ask != nil || rows[1].Bid != nil {
		t.Fatalf("rows are %+v", rows)
	}
	if bars := all(t, db, ledger.BarQuery{Market: btc, Interval: 300}); len(bars) != 62 || bars[0] != Bar(0, 0).Bar || bars[61] != Bar(61, 61).Bar {
		t.Fatalf("%d bars", len(bars))
	}
	b := got(db.PriceBars(t.Context(), ledger.BarQuery{Market: btc, Interval: 300, From: time.Unix(t0+300, 1), To: time.Unix(t0+3000, 0), Limit: 4}))(t)
	if len(b.Bars) != 4 || b.Bars[3].Unix() != t0+2700 || b.Stored != 300 || !slices.Equal(b.Sources, []string{"test"}) || b.Simulated {
		t.Fatalf("window is %+v", b)
	}
	if bars := all(t, db, ledger.BarQuery{Market: market.Market{Base: "NO", Quote: "ONE"}, Interval: 300}); len(bars) != 0 {
		t.Fatalf("bars of an unknown market: %v", bars)
	}
}

func appendRefusals(t *testing.T, db *store.DB) {
	early, off, twice, anonymous := Bars(0, 3), Bars(0, 3), Bars(0, 3), Bars(0, 3)
	early[1].Known = early[1].Unix() + 299
	off[2] = Bar(2, 1)
	off[2].Bar = market.MustBar(t0+601, "1", "1", "1", "1", "1")
	twice[2] = twice[1]
	anonymous[1].Source = ""
	for name, bars := range map[string][]ledger.PriceBar{"known before its close": early, "off the grid": off, "twice": twice,
		"without a source": anonymous, "empty": {{Source: "test", Known: 1000}}, "too many": make([]ledger.PriceBar, store.MaxBatch+1)} {
		if _, err := db.AppendBars(t.Context(), btc, 300, bars, false); err == nil {
			t.Errorf("a batch with a bar that is %s was taken", name)
		}
	}
	_, err := db.AppendBars(t.Context(), btc, 7, Bars(0, 1), false)
	wants(t, err, store.ErrInvalid)
	if c := got(db.Coverage(t.Context()))(t); len(c) != 0 {
		t.Fatalf("refused batches left %+v", c)
	}
}

func exactPrices(t *testing.T, db *store.DB) {
	var bars []ledger.PriceBar
	for i, p := range []string{"0.1", "100000", "123456789012.345", "0.000000000000000123", "123456789012345678", "0.123456789012345678",
		"999999999999999", "9999999999999990", "1000000000000001", "0.00000001", "64999.99", "1234567.12345678"} {
		b := market.MustBar(t0+int64(i)*300, p, p, p, p, p)
		d := money.MustParse(p)
		bars = append(bars, ledger.PriceBar{Bar: b, Known: t0 + int64(i)*300 + 300, Source: ledger.Simulated, Bid: &d, Ask: &d})
	}
	none, err := market.NewBar(t0+int64(len(bars))*300, money.One, money.One, money.One, money.One, nil)
	must(t, err)
	bars = append(bars, ledger.PriceBar{Bar: none, Known: none.Unix() + 300, Source: ledger.Simulated})
	for _, iv := range []market.Interval{300, 60} {
		add(t, db, btc, iv, bars, false)
		out := got(db.PriceBars(t.Context(), ledger.BarQuery{Market: btc, Interval: iv}))(t)
		rows := got(db.PriceRows(t.Context(), ledger.BarQuery{Market: btc, Interval: iv}))(t)
		if len(out.Bars) != len(bars) || !out.Simulated || len(rows) != len(bars) {
			t.Fatalf("%d bars, %d rows", len(out.Bars), len(rows))
		}
		for i := range bars {
			if out.Bars[i] != bars[i].Bar || rows[i].Bar != bars[i].Bar {
				t.Errorf("%v came back as %v and %v", bars[i].Bar, out.Bars[i], rows[i].Bar)
			}
			if b := bars[i].Bid; b != nil && (!rows[i].Bid.Equal(*b) || !rows[i].Ask.Equal(*b)) {
				t.Errorf("bid %s came back as %s", b, rows[i].Bid)
			}
		}
		expect(t, add(t, db, btc, iv, bars, false), fmt.Sprintf("added 0 same %d replaced 0 conflicts 0", len(bars)))
	}
}

func asOf(t *testing.T, db *store.DB) {
	late := Bars(0, 10)
	late[4].Known = t0 + 100_000
	add(t, db, btc, 300, late, false)
	revised := Bar(7, 70)
	revised.Known = t0 + 50_000
	again := Bar(7, 71)
	again.Known = t0 + 60_000
	expect(t, add(t, db, btc, 300, []ledger.PriceBar{revised}, true), "added 0 same 0 replaced 1 conflicts 0")
	expect(t, add(t, db, btc, 300, []ledger.PriceBar{again}, true), "added 0 same 0 replaced 1 conflicts 0")
	at := func(known int64, limit int) []market.Bar {
		q := ledger.BarQuery{Market: btc, Interval: 300, AsOf: time.Unix(known, 0), Limit: limit}
		bars := all(t, db, q)
		rows := got(db.PriceRows(t.Context(), q))(t)
		if len(rows) != len(bars) {
			t.Fatalf("as of %d: %d bars, %d rows", known, len(bars), len(rows))
		}
		for i := range rows {
			if rows[i].Bar != bars[i] || rows[i].Known > known {
				t.Fatalf("as of %d: row %+v, bar %v", known, rows[i], bars[i])
			}
		}
		return bars
	}
	for _, tc := range []struct {
		known int64
		n     int
		seven int64 // value of bar 7
	}{{t0 + 299, 0, 0}, {t0 + 300, 1, 0}, {t0 + 5*300, 4, 0}, {t0 + 8*300, 7, 7}, {t0 + 49_999, 9, 7}, {t0 + 50_000, 9, 70}, {t0 + 60_000, 9, 71}, {t0 + 100_000, 10, 71}} {
		bars := at(tc.known, 0)
		if len(bars) != tc.n {
			t.Fatalf("as of t0+%d: %d bars, want %d", tc.known-t0, len(bars), tc.n)
		}
		if i := slices.IndexFunc(bars, func(b market.Bar) bool { return b.Unix() == t0+7*300 }); tc.seven > 0 && bars[i] != Bar(7, tc.seven).Bar {
			t.Fatalf("as of t0+%d bar 7 is %v", tc.known-t0, bars[i])
		}
	}
	if bars := at(t0+49_999, 3); len(bars) != 3 || bars[0] != Bar(7, 7).Bar {
		t.Fatalf("newest three: %v", bars)
	}
}

func resample(t *testing.T, db *store.DB) {
	bars := Bars(0, 40) // 3 hours and 20 minutes
	bars = slices.Delete(bars, 13, 15)
	add(t, db, btc, 300, bars, false)
	hour := got(db.PriceBars(t.Context(), ledger.BarQuery{Market: btc, Interval: market.Hour}))(t)
	if len(hour.Bars) != 3 || hour.Stored != 300 || hour.Bars[1].Unix() != t0+3600 || !hour.Bars[1].Close().Equal(bars[21].Close()) {
		t.Fatalf("hours are %+v", hour)
	}
	for limit := 1; limit < 5; limit++ {
		b := all(t, db, ledger.BarQuery{Market: btc, Interval: market.Hour, Limit: limit})
		if want := hour.Bars[max(0, 3-limit):]; !slices.Equal(b, want) {
			t.Fatalf("newest %d hours are %v", limit, b)
		}
	}
	// An hour is not seen before it has ended, and a window takes hours by their open time.
	b := all(t, db, ledger.BarQuery{Market: btc, Interval: market.Hour, AsOf: time.Unix(t0+7199, 0)})
	if !slices.Equal(b, hour.Bars[:1]) {
		t.Fatalf("as of a second before the end: %v", b)
	}
	b = all(t, db, ledger.BarQuery{Market: btc, Interval: market.Hour, From: time.Unix(t0+300, 0), To: time.Unix(t0+3900, 0)})
	if !slices.Equal(b, hour.Bars[1:2]) {
		t.Fatalf("hours that open in the window: %v", b)
	}
	// The longest stored interval that divides is taken.
	quarter := market.MustBar(t0, "5", "5", "5", "5", "5")
	add(t, db, btc, 900, []ledger.PriceBar{{Bar: quarter, Known: t0 + 900, Source: "test"}}, false)
	if s := got(db.PriceBars(t.Context(), ledger.BarQuery{Market: btc, Interval: market.Hour}))(t).Stored; s != 900 {
		t.Fatalf("resampled from %s", s)
	}
	if s := got(db.PriceBars(t.Context(), ledger.BarQuery{Market: btc, Interval: 600}))(t).Stored; s != 300 {
		t.Fatalf("resampled from %s", s)
	}
	if bars := all(t, db, ledger.BarQuery{Market: btc, Interval: 60}); len(bars) != 0 {
		t.Fatalf("shorter bars than stored: %v", bars)
	}
}

func gaps(t *testing.T, db *store.DB) {
	add(t, db, btc, 300, append(append(Bars(0, 5), Bars(7, 8)...), Bars(20, 25)...), false)
	list, total, err := db.Gaps(t.Context(), btc, 300, 1)
	must(t, err)
	want := ledger.Gap{From: time.Unix(t0+5*300, 0).UTC(), To: time.Unix(t0+6*300, 0).UTC(), Bars: 2}
	if total != 2 || len(list) != 1 || list[0] != want {
		t.Fatalf("%d gaps: %+v", total, list)
	}
	if list, total, err = db.Gaps(t.Context(), btc, 300, 0); err != nil || total != 2 || len(list) != 0 {
		t.Fatalf("count only: %d %v %v", total, list, err)
	}
	if _, total, err = db.Gaps(t.Context(), eth, 300, 10); err != nil || total != 0 {
		t.Fatalf("gaps of nothing: %d %v", total, err)
	}
	add(t, db, btc, market.Hour, nil, false)
	c := got(db.Coverage(t.Context()))(t)
	if len(c) != 1 || c[0].Bars != 11 || c[0].Missing != 14 || c[0].First.Unix() != t0 || c[0].Last.Unix() != t0+24*300 ||
		!slices.Equal(c[0].Sources, []string{"test"}) || c[0].Simulated || c[0].Market != btc || c[0].Interval != 300 {
		t.Fatalf("coverage is %+v", c)
	}
	add(t, db, btc, 300, Bars(0, 25), false)
	if list, total, err = db.Gaps(t.Context(), btc, 300, 10); err != nil || total != 0 || len(list) != 0 {
		t.Fatalf("after filling: %d gaps %v %v", total, list, err)
	}
}

func stats(t *testing.T, db *store.DB) {
	q := ledger.BarQuery{Market: btc, Interval: 300}
	if s := got(db.PriceStats(t.Context(), q))(t); s.Bars != 0 || s.DailyVolatility != nil {
		t.Fatalf("stats of nothing: %+v", s)
	}
	add(t, db, btc, 300, append(Bars(0, 3), Bars(288, 600)...), false)
	s := got(db.PriceStats(t.Context(), q))(t)
	if s.Bars != 315 || s.Missing != 285 || s.Low.String() != "19999" || s.High.String() != "20006.99" || s.FirstOpen.String() != "20000" ||
		s.LastClose.String() != "20005.99" || s.ZeroVolume != 1 || s.DailyVolatility == nil || *s.DailyVolatility <= 0 {
		t.Fatalf("stats are %+v", s)
	}
}

func appendAtOnce(t *testing.T, u string) {
	a, b := Open(t, u), Open(t, u)
	results := make(chan ledger.Appended, 20)
	errs := make(chan error, 20)
	for k := range 20 {
		db := []*store.DB{a, b}[k%2]
		go func() {
			r, err := db.AppendBars(context.Background(), btc, 300, Bars(k*5, k*5+10), false)
			results <- r
			errs <- err
		}()
	}
	added := 0
	for range 20 {
		must(t, <-errs)
		added += (<-results).Added
	}
	c := got(a.Coverage(t.Context()))(t)
	if added != 105 || len(c) != 1 || c[0].Bars != 105 || len(all(t, b, ledger.BarQuery{Market: btc, Interval: 300})) != 105 {
		t.Fatalf("added %d, coverage %+v", added, c)
	}
}

// cancelledAppend ends a batch's context while it is being written, again and again, and then opens the store anew: each batch
// is there whole or not at all, and the coverage says so.
func cancelledAppend(t *testing.T, u string) {
	db := Open(t, u)
	const size = 3000
	stored := 0
	for k := range 12 {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := db.AppendBars(ctx, btc, 300, Bars(k*size, (k+1)*size), false)
			done <- err
		}()
		if k%3 != 0 {
			time.AfterFunc(time.Duration(k)*time.Millisecond, cancel)
		}
		err := <-done
		cancel()
		again := Open(t, u)
		n := len(all(t, again, ledger.BarQuery{Market: btc, Interval: 300}))
		if err == nil && n != stored+size || n != stored && n != stored+size {
			t.Fatalf("%d bars before a batch of %d, %d after it (%v)", stored, size, n, err)
		}
		stored = n
		if c := got(again.Coverage(t.Context()))(t); n > 0 && (len(c) != 1 || c[0].Bars != n) {
			t.Fatalf("%d bars, coverage %+v", n, c)
		}
	}
}
