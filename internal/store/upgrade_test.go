package store_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
	"github.com/ohmycoins/omc/migrations"
	"github.com/pressly/goose/v3"
)

// TestAnOlderStoreIsUpgraded makes a store of schema 1 with a market of bars, as omc wrote it before it had collectors, and opens it.
func TestAnOlderStoreIsUpgraded(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"sqlite", "postgres"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			var url string
			var db *sql.DB
			kind := goose.DialectSQLite3
			if dialect == "postgres" {
				url, kind = storetest.Postgres(t), goose.DialectPostgres
				c, err := pgx.ParseConfig(strings.Replace(url, "pool_max_conns=6", "application_name=old", 1))
				if err != nil {
					t.Fatal(err)
				}
				db = stdlib.OpenDB(*c)
			} else {
				path := t.TempDir() + "/omc.db"
				url = "sqlite:" + path
				var err error
				if db, err = sql.Open("sqlite", path); err != nil {
					t.Fatal(err)
				}
			}
			fsys, err := migrations.FS(dialect)
			if err != nil {
				t.Fatal(err)
			}
			p, err := goose.NewProvider(kind, db, fsys)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.UpTo(ctx, 1); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{
				"INSERT INTO markets (id, base, quote) VALUES (7, 'BTC', 'AUD')", "INSERT INTO sources (id, name) VALUES (3, 'kraken')",
				"INSERT INTO price_data_5min (market_id, event_time, known_time, open, high, low, close, volume, source_id, backfilled) VALUES (7, 1735689600, 1735689900, 1, 2, 1, 2, 5, 3, true), (7, 1735776000, 1735776300, 2, 3, 2, 3, 5, 3, true)",
				"INSERT INTO price_coverage (market_id, interval_seconds, bars, first_time, last_time) VALUES (7, 300, 2, 1735689600, 1735776000)",
				"INSERT INTO price_sources (market_id, interval_seconds, source_id, bars) VALUES (7, 300, 3, 2)",
			} {
				if _, err := db.ExecContext(ctx, text); err != nil {
					t.Fatal(text, err)
				}
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Open(ctx, url, store.Options{}); err == nil || !strings.Contains(err.Error(), "omc daemon migrate") {
				t.Fatal(err)
			}
			s := storetest.Open(t, url)
			m := market.Market{Base: "BTC", Quote: "AUD"}
			days, err := s.DailySummaries(ctx, ledger.BarQuery{Market: m, Interval: market.FiveMinutes})
			if err != nil || len(days) != 2 || days[1].Close.String() != "3" {
				t.Errorf("%+v %v", days, err)
			}
			cov, err := s.CoverageAsOf(ctx, time.Unix(1735700000, 0))
			if err != nil || len(cov) != 1 || cov[0].Bars != 1 {
				t.Errorf("%+v %v", cov, err)
			}
			if head, err := s.Head(ctx); err != nil || head != 0 {
				t.Error(head, err)
			}
		})
	}
}
