package soak_test

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // a driver of database/sql
	_ "modernc.org/sqlite"             // another

	"github.com/ohmycoins/omc/internal/store"
)

// books are what omc has stored, read as it reads it and as it stands in the tables.
type books struct {
	t   *testing.T
	db  *store.DB
	raw *sql.DB
}

func openBooks(t *testing.T, at string) *books {
	t.Helper()
	db, err := store.Open(t.Context(), at, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	driver, dsn := "pgx", at
	if path, ok := strings.CutPrefix(at, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(10000)"
	} else if u, err := url.Parse(at); err == nil { // the pool's own setting means nothing to a plain connection
		q := u.Query()
		q.Del("pool_max_conns")
		u.RawQuery = q.Encode()
		dsn = u.String()
	}
	raw, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	raw.SetMaxOpenConns(2)
	t.Cleanup(func() { _, _ = raw.Close(), db.Close() }) // nothing was written
	return &books{t, db, raw}
}

// number is one number.
func (b *books) number(query string, args ...any) (n int64) {
	b.t.Helper()
	if err := b.raw.QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// each calls row for every row of an answer.
func (b *books) each(query string, row func(scan func(...any))) {
	b.t.Helper()
	rows, err := b.raw.QueryContext(context.Background(), query)
	if err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		row(func(dest ...any) {
			if err := rows.Scan(dest...); err != nil {
				b.t.Fatalf("%s: %v", query, err)
			}
		})
	}
	if err := rows.Err(); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
}

// poll is one poll that landed.
type poll struct {
	claim, started, read, landed int64 // times in unix milliseconds; read 0: no answer was
	failed                       bool
	rows                         int64
}

// polls are those of a feed, in order.
func (b *books) polls(feed string) []poll {
	b.t.Helper()
	var out []poll
	b.each("SELECT claim, started_ms, read_ms, took_ms, error, landed FROM collector_runs WHERE collector = '"+feed+"' ORDER BY claim", func(scan func(...any)) {
		var p poll
		var took int64
		var failure string
		scan(&p.claim, &p.started, &p.read, &took, &failure, &p.rows)
		p.landed, p.failed = p.started+took, failure != ""
		out = append(out, p)
	})
	return out
}

// tables are those in which something lands, with what makes a row the same thing and what it says of it.
var tables = []struct{ name, key, says string }{
	{"quotes", "", ""}, {"market_trades", "", ""},
	{"protocol_fundamentals", "protocol, metric_name, event_ms, source_id", "metric_value"},
	{"on_chain_metrics", "asset, metric_name, event_ms, source_id", "metric_value"},
	{"smart_money_flow", "chain, address, window_seconds, event_ms, source_id", "hash"},
	{"news_sentiment", "external_id, publisher, source_id", "hash"},
	{"social_sentiment", "external_id, platform, source_id", "hash"},
	{"catalyst_events", "external_id, origin, source_id", "hash"},
}

// balance checks what holds of every table, whatever was served: each row is numbered once, counted once, known once at a time; of each
// thing one version stands, each is followed by another that says something else, and no poll overlaps another of its feed.
func (b *books) balance() {
	b.t.Helper()
	total := int64(0)
	for _, t := range tables {
		total += b.number("SELECT COUNT(*) FROM " + t.name)
		if t.key == "" {
			continue
		}
		if n := b.number("SELECT COUNT(*) FROM (SELECT 1 FROM " + t.name + " GROUP BY " + t.key + " HAVING SUM(CASE WHEN superseded_ms = 9223372036854775807 THEN 1 ELSE 0 END) <> 1) x"); n > 0 {
			b.t.Errorf("%s: %d things of which not exactly one version stands", t.name, n)
		}
		b.follow(t.name, t.key, t.says)
	}
	head := b.number("SELECT seq FROM ledger_head")
	if counted := b.number("SELECT COALESCE(SUM(rows_landed), 0) FROM collectors"); total != head || counted != head {
		b.t.Errorf("%d rows stand in the tables, %d were numbered, %d were counted by feeds", total, head, counted)
	}
	if n := b.number("SELECT COALESCE(SUM(landed), 0) FROM collector_runs"); n != head {
		b.t.Errorf("polls counted %d rows, %d were numbered", n, head)
	}
	last := map[string]poll{}
	b.each("SELECT collector, claim, started_ms, took_ms FROM collector_runs ORDER BY collector, claim", func(scan func(...any)) {
		var feed string
		var p poll
		scan(&feed, &p.claim, &p.started, &p.landed)
		p.landed += p.started
		if before, ok := last[feed]; ok && p.started < before.landed {
			b.t.Errorf("%s: poll %d began %d ms before poll %d had landed", feed, p.claim, before.landed-p.started, before.claim)
		}
		last[feed] = p
	})
}

// follow checks that each version of a thing ends when the next is known, and that the next says something else.
func (b *books) follow(table, key, says string) {
	b.t.Helper()
	n := b.number("SELECT COUNT(*) FROM (SELECT known_ms, superseded_ms, " + says + " AS v, LEAD(known_ms) OVER w AS next_known, LEAD(" + says + ") OVER w AS next_v FROM " + table +
		" WINDOW w AS (PARTITION BY " + key + " ORDER BY known_ms, seq)) x WHERE next_known IS NOT NULL AND (superseded_ms > next_known OR superseded_ms < known_ms OR v = next_v)")
	if n > 0 {
		b.t.Errorf("%s: %d versions that do not end when the next is known, or that say the same as the next", table, n)
	}
}
