// Package soak_test proves the collectors with the real program: several processes on one store, killed and stopped, against upstreams
// that misbehave in every known way. What is stored is compared with a plain recomputation from what was served.
// It holds no code of omc's, and its recomputation uses none.
package soak_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/source/faulty"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

// length is how long the soak lasts: seconds among other tests, as long as OMC_SOAK says for people.
func length(t *testing.T) (d time.Duration, long bool) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts and kills processes")
	}
	text := os.Getenv("OMC_SOAK")
	if text == "" {
		return 8 * time.Second, false
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 20*time.Second {
		t.Fatalf("OMC_SOAK=%q: want a length of 20s or more, like 10m", text)
	}
	return d, true
}

// coinspotPerMinute is the limit that the test sets; all feeds of all processes share it.
const coinspotPerMinute = 900

// hurried are the settings that make minutes seconds.
func hurried() []string {
	env := []string{"OMC_COLLECT_COINSPOT_EVERY=100ms", "OMC_COLLECT_COINSPOT_TRADES_EVERY=500ms", "OMC_COLLECT_RSS_EVERY=300ms", "OMC_COLLECT_COINMETRICS_METRICS_EVERY=2s",
		"OMC_SOURCES_COINSPOT_REQUESTS_PER_MINUTE=" + fmt.Sprint(coinspotPerMinute), "OMC_SOURCES_COINSPOT_TIMEOUT=1s", "OMC_SOURCES_RSS_REQUESTS_PER_MINUTE=100",
		"OMC_SOURCES_RSS_TIMEOUT=1s", "OMC_SOURCES_COINMETRICS_TIMEOUT=2s", "OMC_SOURCES_COINMETRICS_ASSETS=btc,eth,ltc", "OMC_SOURCES_COINMETRICS_METRICS=AdrActCnt,TxCnt,PriceUSD,HashRate"}
	for feed, every := range map[string]string{"COINBASE_LISTINGS": "1s", "KRAKEN_LISTINGS": "1s", "MEMPOOL_FEES": "1s", "EDGAR_CURRENT": "1s", "DEFILLAMA_FEES": "5s"} {
		env = append(env, "OMC_COLLECT_"+feed+"_EVERY="+every)
	}
	return env
}

// small are the settings without the polls that take a minute for themselves: a process that is asked to stop waits for them.
func small() []string {
	env := []string{"OMC_SOURCES_BLOCKCHAIN_BASE_URL=http://127.0.0.1:1", "OMC_SOURCES_EDGAR_WATCH=1050446", "OMC_SOURCES_DEFILLAMA_PROTOCOLS=aave", "OMC_SOURCES_REDDIT_CLIENT_ID=",
		"OMC_COLLECT_COINSPOT_EVERY=200ms", "OMC_SOURCES_DEFILLAMA_REQUESTS_PER_MINUTE=450"}
	for _, s := range []string{"EDGAR", "DEFILLAMA", "KRAKEN", "COINBASE", "BINANCE", "MEMPOOL"} {
		env = append(env, "OMC_SOURCES_"+s+"_TIMEOUT=1s")
	}
	for _, s := range []string{"ETHERSCAN", "NANSEN", "CRYPTOPANIC", "X"} {
		env = append(env, "OMC_SOURCES_"+s+"_KEY=")
	}
	return env
}

func TestCollectorsUnderFaults(t *testing.T) {
	d, long := length(t)
	redis := os.Getenv("OMC_TEST_REDIS_URL")
	if redis == "" {
		t.Skip("OMC_TEST_REDIS_URL is not set: run under 'scripts/testenv.sh run --' to test with Redis")
	}
	url := storetest.Postgres(t)
	t.Parallel()
	s := serve(t)
	cut := strings.LastIndex(redis, "/")
	shared := append(hurried(), "OMC_DATABASE_URL="+url, "OMC_REDIS_URL="+redis[:max(cut, 0)]+"/7")
	if !long {
		shared = append(shared, small()...)
	}
	nodes := make([]*node, 3)
	for i := range nodes {
		name := fmt.Sprintf("soak-%c", 'a'+i)
		nodes[i] = newNode(t, name, append(s.environ(name), shared...))
		nodes[i].start()
	}
	b := openBooks(t, url)
	began := time.Now()
	landed := func() int64 {
		return b.number("SELECT COUNT(*) FROM collector_runs WHERE collector = 'coinspot' AND error = ''")
	}
	until(t, 30*time.Second, "ten answers of CoinSpot have landed", func() bool { return landed() >= 10 })
	first := make([]int64, len(nodes))
	for i, n := range nodes {
		first[i] = n.memory()
	}

	var deaths []death
	round := 0
	for last := false; !last; round++ {
		last = time.Since(began) >= d
		t.Logf("round %d after %s", round, time.Since(began).Round(time.Millisecond))
		deaths = append(deaths, b.upset(s, nodes, round, long)...)
		before := landed()
		until(t, 90*time.Second, "CoinSpot's quotes land again", func() bool { return landed() >= before+10 })
	}
	s.settle()
	trades := func() int64 {
		return b.number("SELECT COUNT(*) FROM collector_runs WHERE collector = 'coinspot.trades' AND error = ''")
	}
	all, before := time.Now(), trades()
	until(t, 90*time.Second, "CoinSpot's trades come round", func() bool { return trades() >= before+3 })
	for i, n := range nodes {
		t.Logf("memory of %s: %d MB at the start, %d MB at the end, %d MB at most", n.name, first[i]>>10, n.memory()>>10, n.most>>10)
		if n.most > 400<<10 {
			t.Errorf("%s held %d MB", n.name, n.most>>10)
		}
	}
	stop(nodes...)
	b.report(s, began, deaths)
	b.balance()
	steps := b.quotes(s)
	b.asOf(steps, 200)
	b.accounted(s, steps, deaths)
	b.bars(steps)
	texts, lags := b.news(s, deaths)
	t.Logf("%d answers with quotes, %d trades, %d texts, %d figures", len(steps), b.trades(s, all), texts, b.figures(s, deaths))
	quoteLags := make([]time.Duration, len(steps))
	for i := range steps {
		quoteLags[i] = time.Duration(steps[i].known-steps[i].served.UnixMilli()) * time.Millisecond
	}
	t.Logf("served until readable: quotes %s, texts %s", spread(quoteLags), spread(lags))
	b.spoilt()
	limits(t, s)
	alone(t, s)
}

// upset is what happens in a round: one process is stopped and started while CoinSpot is silent, or one is killed and started.
func (b *books) upset(s *server, nodes []*node, round int, long bool) []death {
	b.t.Helper()
	switch n := nodes[round%3]; round % 2 {
	case 0:
		s.always("coinspot", fault{"silence", faulty.Reset})
		gone := time.Now()
		stop(n)
		until(b.t, time.Minute, "CoinSpot has been silent for five seconds", func() bool { return time.Since(gone) > 5*time.Second })
		s.always("coinspot", fault{})
		n.start()
	default:
		// Whoever is killed in a poll blocks its feed for as long as that poll might have lasted: a short run waits for a better moment.
		if !long {
			within(5*time.Second, func() bool { n = b.idle(nodes, n); return n != nil })
			if n == nil {
				n = nodes[round%3]
			}
		}
		d := death{n.name, time.Now()}
		n.kill()
		n.start()
		return []death{d}
	}
	return nil
}

// idle is a process that polls CoinSpot neither for quotes nor for trades at the moment.
func (b *books) idle(nodes []*node, rather *node) *node {
	busy := map[string]bool{}
	b.each(fmt.Sprintf("SELECT owner FROM collectors WHERE name IN ('coinspot', 'coinspot.trades') AND busy_ms > %d", time.Now().UnixMilli()), func(scan func(...any)) {
		var owner string
		scan(&owner)
		busy[owner[strings.LastIndex(owner, ":")+1:]] = true
	})
	for _, n := range append([]*node{rather}, nodes...) {
		if !busy[fmt.Sprint(n.cmd.Process.Pid)] {
			return n
		}
	}
	return nil
}

// spread tells the middle and the edge of some times.
func spread(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	return fmt.Sprintf("p50 %s, p99 %s, most %s of %d", all[len(all)/2], all[len(all)*99/100], all[len(all)-1], len(all))
}
