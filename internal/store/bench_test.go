package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

var bench = market.Market{Base: "BTC", Quote: "USDT"}

// realistic makes n bars with the digits of Binance's BTC candles.
func realistic(b *testing.B, n int) []ledger.PriceBar {
	out := make([]ledger.PriceBar, n)
	price := int64(4_200_000)
	for i := range out {
		open := 1_600_000_200 + int64(i)*300
		price += int64(i*7919%201) - 100
		p, v := money.New(price, 2), money.New(int64(i*104729%9_999_999)+1, 5)
		bar, err := market.NewBar(open, p, p.Add(money.New(1234, 2)), p.Sub(money.New(987, 2)), p.Add(money.New(11, 2)), &v)
		if err != nil {
			b.Fatal(err)
		}
		out[i] = ledger.PriceBar{Bar: bar, Known: open + 300, Source: "binance", Backfilled: true}
	}
	return out
}

func appendAll(b *testing.B, db *store.DB, m market.Market, bars []ledger.PriceBar) {
	for i := 0; i < len(bars); i += 20_000 {
		if _, err := db.AppendBars(b.Context(), m, market.FiveMinutes, bars[i:min(len(bars), i+20_000)], false); err != nil {
			b.Fatal(err)
		}
	}
}

func stores(b *testing.B, run func(b *testing.B, url string)) {
	b.Run("sqlite", func(b *testing.B) { run(b, storetest.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { run(b, storetest.Postgres(b)) })
}

func BenchmarkAppendBars(b *testing.B) {
	bars := realistic(b, 300_000)
	stores(b, func(b *testing.B, url string) {
		db := storetest.Open(b, url)
		n := 0
		for b.Loop() {
			appendAll(b, db, market.Market{Base: market.Coin(fmt.Sprint("C", n)), Quote: "USDT"}, bars)
			n++
		}
		b.ReportMetric(float64(n*len(bars))/b.Elapsed().Seconds(), "rows/s")
	})
}

func BenchmarkAppendBarsAgain(b *testing.B) {
	bars := realistic(b, 300_000)
	stores(b, func(b *testing.B, url string) {
		db := storetest.Open(b, url)
		appendAll(b, db, bench, bars)
		n := 0
		for b.Loop() {
			appendAll(b, db, bench, bars)
			n++
		}
		b.ReportMetric(float64(n*len(bars))/b.Elapsed().Seconds(), "rows/s")
	})
}

func BenchmarkPriceBars(b *testing.B) {
	bars := realistic(b, 306_704)
	year := time.Unix(bars[len(bars)-105_120].Unix(), 0)
	for name, q := range map[string]ledger.BarQuery{
		"all":  {Market: bench, Interval: market.FiveMinutes},
		"year": {Market: bench, Interval: market.FiveMinutes, From: year},
		"1h":   {Market: bench, Interval: market.Hour},
		"asof": {Market: bench, Interval: market.FiveMinutes, From: year, AsOf: year.Add(1e6 * time.Hour)},
	} {
		b.Run(name, func(b *testing.B) {
			stores(b, func(b *testing.B, url string) {
				db := storetest.Open(b, url)
				appendAll(b, db, bench, bars)
				n := 0
				for b.Loop() {
					got, err := db.PriceBars(b.Context(), q)
					if err != nil || len(got.Bars) < 1000 {
						b.Fatal(len(got.Bars), err)
					}
					n = len(got.Bars)
				}
				b.ReportMetric(float64(n), "bars")
			})
		})
	}
}

func BenchmarkOpenUpToDate(b *testing.B) {
	stores(b, func(b *testing.B, url string) {
		storetest.Open(b, url)
		for b.Loop() {
			db, err := store.Open(b.Context(), url, store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
