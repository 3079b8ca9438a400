package store_test

import (
	"bufio"
	"compress/gzip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

// real reads the newest 40,000 five-minute candles of one coin.
func real(t *testing.T, rel string) []ledger.PriceBar {
	f, err := os.Open(sharedtest.Path(t, rel))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for s := bufio.NewScanner(z); s.Scan(); {
		lines = append(lines, s.Text())
	}
	lines = lines[len(lines)-40_000:]
	out := make([]ledger.PriceBar, len(lines))
	for i, line := range lines {
		cells := strings.Split(line, ",")
		at, err := strconv.ParseInt(cells[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		v := money.MustParse(cells[5])
		b, err := market.NewBar(at, money.MustParse(cells[1]), money.MustParse(cells[2]), money.MustParse(cells[3]), money.MustParse(cells[4]), &v)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = ledger.PriceBar{Bar: b, Known: at + 300, Source: "binance", Backfilled: true}
	}
	return out
}

func TestRealCandlesComeBackBitForBit(t *testing.T) {
	t.Parallel()
	stores := []*store.DB{storetest.Open(t, storetest.SQLite(t))}
	if os.Getenv("OMC_TEST_DATABASE_URL") != "" {
		stores = append(stores, storetest.Open(t, storetest.Postgres(t)))
	}
	for _, coin := range []string{"BTC", "DOGE"} {
		bars := real(t, "data/binance-spot-5m/"+coin+"USDT-5m.csv.gz")
		m := market.Market{Base: market.Coin(coin), Quote: "USDT"}
		for _, db := range stores {
			if a, err := db.AppendBars(t.Context(), m, market.FiveMinutes, bars, false); err != nil || a.Added != len(bars) {
				t.Fatalf("%s %s: added %d %v", db.Dialect(), coin, a.Added, err)
			}
			got, err := db.PriceBars(t.Context(), ledger.BarQuery{Market: m, Interval: market.FiveMinutes})
			if err != nil || !slices.EqualFunc(got.Bars, bars, func(a market.Bar, b ledger.PriceBar) bool { return a == b.Bar }) {
				t.Fatalf("%s %s: %d bars %v", db.Dialect(), coin, len(got.Bars), err)
			}
		}
	}
}
