package store_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/store/storetest"
	_ "modernc.org/sqlite"
)

// plans are the shapes of the questions' queries and how SQLite must answer them: at a million rows any other way is seconds.
var plans = map[string]struct{ sql, plan string }{
	"bars of a window": {"SELECT event_time, open FROM price_data_5min WHERE market_id = 1 AND event_time >= 1735689600 AND event_time < 1736294400 ORDER BY event_time", "SEARCH price_data_5min USING PRIMARY KEY (market_id=? AND event_time>? AND event_time<?)"},
	"bars as of":       {"SELECT event_time, open FROM price_data_5min WHERE market_id = 1 AND event_time >= 1735689600 AND event_time < 1736294400 AND known_time <= 1736000000 ORDER BY event_time", "SEARCH price_data_5min USING PRIMARY KEY (market_id=? AND event_time>? AND event_time<?)"},
	"texts of a coin": {"SELECT t.title FROM item_coins i JOIN news_sentiment t ON t.seq = i.seq WHERE i.kind = 'news' AND i.coin = 'C01' AND t.superseded_ms = 9223372036854775807 ORDER BY i.event_ms DESC, i.seq DESC LIMIT 101",
		"SEARCH i USING PRIMARY KEY (coin=? AND kind=?); SEARCH t USING INTEGER PRIMARY KEY (rowid=?)"},
	"texts of a coin as of": {"SELECT t.title FROM item_coins i JOIN news_sentiment t ON t.seq = i.seq WHERE i.kind = 'news' AND i.coin = 'C01' AND i.event_ms <= 1750000000000 AND t.known_ms <= 1750000000000 AND t.superseded_ms > 1750000000000 ORDER BY i.event_ms DESC, i.seq DESC LIMIT 101",
		"SEARCH i USING PRIMARY KEY (coin=? AND kind=? AND event_ms<?); SEARCH t USING INTEGER PRIMARY KEY (rowid=?)"},
	"newest texts":     {"SELECT t.title FROM news_sentiment t WHERE t.superseded_ms = 9223372036854775807 ORDER BY t.event_ms DESC, t.seq DESC LIMIT 101", "SCAN t USING INDEX news_sentiment_by_time"},
	"a text by its id": {"SELECT seq FROM news_sentiment WHERE external_id = '17' AND publisher = 'paper' AND source_id = 1 AND superseded_ms = 9223372036854775807", "SEARCH news_sentiment USING INDEX news_sentiment_key (external_id=? AND publisher=? AND source_id=?)"},
	"figures of an asset": {"SELECT t.metric_value FROM on_chain_metrics t WHERE t.asset = 'C01' AND t.metric_name IN ('active_addresses') AND t.event_ms >= 1700000000000 AND t.superseded_ms = 9223372036854775807 ORDER BY t.event_ms DESC, t.seq DESC LIMIT 101",
		"SEARCH t USING INDEX on_chain_metrics_key (asset=? AND metric_name=? AND event_ms>?); USE TEMP B-TREE FOR LAST TERM OF ORDER BY"},
	"a day of statistics": {"SELECT count(*) FROM news_sentiment WHERE source_id = 1 AND known_ms >= 1750000000000 AND known_ms <= 1750050000000", "SEARCH news_sentiment USING COVERING INDEX news_sentiment_by_known (source_id=? AND known_ms>? AND known_ms<?)"},
	"following":           {"SELECT t.title FROM news_sentiment t WHERE t.seq > 100 ORDER BY t.seq LIMIT 500", "SEARCH t USING INTEGER PRIMARY KEY (rowid>?)"},
	"polls of a day":      {"SELECT collector, lag_ms FROM collector_runs WHERE started_ms >= 1800000000000", "SEARCH collector_runs USING INDEX collector_runs_by_start (started_ms>?)"},
}

// TestQuestionsGoByTheirIndexes looks at SQLite's plans over a filled store. PostgreSQL's change with the size of the tables.
func TestQuestionsGoByTheirIndexes(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a store")
	}
	t.Setenv("OMC_BENCH_SHARE", "0.02")
	url := storetest.SQLite(t)
	bigLedger(t, url)
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("ANALYZE"); err != nil {
		t.Fatal(err)
	}
	for name, p := range plans {
		rows, err := db.Query("EXPLAIN QUERY PLAN " + p.sql)
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for rows.Next() {
			var a, b, c int
			var s string
			if err := rows.Scan(&a, &b, &c, &s); err != nil {
				t.Fatal(err)
			}
			steps = append(steps, s)
		}
		rows.Close()
		if got := strings.Join(steps, "; "); got != p.plan {
			t.Errorf("%s goes by\n%s\nwant\n%s", name, got, p.plan)
		}
	}
}
