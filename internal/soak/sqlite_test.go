package soak_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// One process on SQLite is killed again and again in the moment in which it lands what it has read.
func TestKilledWhileLanding(t *testing.T) {
	d, _ := length(t)
	t.Parallel()
	s := serve(t)
	n := newNode(t, "soak-q", append(append(s.environ("soak-q"), hurried()...), small()...))
	url := "sqlite:" + filepath.Join(n.dir, "omc.db")
	rng := rand.New(rand.NewPCG(5, 6))
	came := func() int {
		return len(s.seen(func(a *answer) bool { return a.whole && (a.upstream == "coinspot" || a.upstream == "rss") }))
	}
	var b *books
	var deaths []death
	n.start()
	b = openBooks(t, url)
	landed := func() int64 {
		return b.number("SELECT COUNT(*) FROM collector_runs WHERE collector = 'coinspot' AND error = ''")
	}
	for began := time.Now(); time.Since(began) < d || len(deaths) < 5; {
		want := landed() + 2 + rng.Int64N(4)
		until(t, 30*time.Second, "CoinSpot's quotes land", func() bool { return landed() >= want })
		before := came()
		until(t, 30*time.Second, "an answer is sent", func() bool { return came() > before })
		<-time.After(time.Duration(rng.IntN(12_000)) * time.Microsecond) // anywhere within the landing
		deaths = append(deaths, death{n.name, time.Now()})
		n.kill()
		b.balance()
		b.cursors()
		b.free(n)
		n.start()
	}
	want := landed() + 5
	until(t, 30*time.Second, "CoinSpot's quotes land", func() bool { return landed() >= want })
	stop(n)
	b.balance()
	b.cursors()
	steps := b.quotes(s)
	b.asOf(steps, 100)
	b.accounted(s, steps, deaths)
	texts, _ := b.news(s, deaths)
	t.Logf("killed %d times, %d answers with quotes, %d texts, %d rows in all; %d MB at most", len(deaths), len(steps), texts, b.number("SELECT seq FROM ledger_head"), n.most>>10)
}

// free lets the feeds go on at once whose polls have died. Their claims and their places in the schedule would last as long as a poll
// may; that they end is for the tests of those.
func (b *books) free(n *node) {
	b.t.Helper()
	if _, err := b.raw.ExecContext(b.t.Context(), "UPDATE collectors SET busy_ms = 0"); err != nil {
		b.t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(n.dir, "schedule.db"+end)); err != nil && !os.IsNotExist(err) {
			b.t.Fatal(err)
		}
	}
}

// cursors checks that what the cursors of the press say was read is stored, and that every feed's books count its polls.
func (b *books) cursors() {
	b.t.Helper()
	stored := map[string]map[string]bool{}
	b.each("SELECT n.publisher, n.external_id FROM news_sentiment n JOIN sources s ON s.id = n.source_id WHERE s.name = 'rss'", func(scan func(...any)) {
		var publisher, id string
		scan(&publisher, &id)
		if stored["rss."+publisher] == nil {
			stored["rss."+publisher] = map[string]bool{}
		}
		sum := sha256.Sum256([]byte(id))
		stored["rss."+publisher][base64.RawURLEncoding.EncodeToString(sum[:9])] = true
	})
	b.each("SELECT name, cursor FROM collectors WHERE name LIKE 'rss.%' AND cursor IS NOT NULL", func(scan func(...any)) {
		var name string
		var cursor []byte
		scan(&name, &cursor)
		var c struct {
			Feed struct{ Seen map[string]time.Time }
		}
		if err := json.Unmarshal(cursor, &c); err != nil {
			b.t.Errorf("the cursor of %s: %v", name, err)
		}
		for mark := range c.Feed.Seen {
			if !stored[name][mark] {
				b.t.Errorf("the cursor of %s speaks of a text that is not stored", name)
			}
		}
		if len(stored[name]) > 0 && len(c.Feed.Seen) == 0 {
			b.t.Errorf("%s has stored texts and its cursor knows none", name)
		}
	})
	if n := b.number("SELECT COUNT(*) FROM collectors c WHERE c.runs <> (SELECT COUNT(*) FROM collector_runs r WHERE r.collector = c.name AND r.error NOT LIKE 'held back: %' AND r.error NOT LIKE 'given up: %' AND r.error <> 'nothing was due')"); n > 0 {
		b.t.Errorf("%d feeds count other polls than have landed", n)
	}
	if n := b.number("SELECT COUNT(*) FROM collectors c WHERE c.claim < (SELECT COALESCE(MAX(r.claim), 0) FROM collector_runs r WHERE r.collector = c.name)"); n > 0 {
		b.t.Errorf("%d feeds have landed polls that were never begun", n)
	}
}
