package soak_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

// report tells what was done.
func (b *books) report(s *server, began time.Time, deaths []death) {
	b.t.Helper()
	faults, requests := map[string]int{}, map[string]int{}
	for _, a := range s.seen(func(*answer) bool { return true }) {
		requests[a.upstream]++
		if a.fault != "" {
			faults[a.fault]++
		}
	}
	b.t.Logf("%s, %d killed: requests %v, spoilt %v", time.Since(began).Round(time.Second), len(deaths), requests, faults)
	b.each("SELECT name, runs, failures, rows_landed, quarantined, error FROM collectors WHERE runs > 0 ORDER BY name", func(scan func(...any)) {
		var name, failure string
		var runs, failures, rows, quarantined int64
		scan(&name, &runs, &failures, &rows, &quarantined, &failure)
		b.t.Logf("  %-24s %4d polls, %3d failed, %6d rows, %4d pieces in quarantine; %.90s", name, runs, failures, rows, quarantined, failure)
	})
	longest := int64(0)
	all := b.polls("coinspot")
	for i := 1; i < len(all); i++ {
		longest = max(longest, all[i].landed-all[i-1].landed)
	}
	b.t.Logf("longest time between two polls of CoinSpot that landed: %d ms; gaps noted: %d", longest, b.number("SELECT COUNT(*) FROM collector_gaps WHERE collector = 'coinspot'"))
}

// accounted checks that each answer of /latest that was served whole is in a poll that landed, but those that died with their process.
func (b *books) accounted(s *server, steps []step, deaths []death) {
	b.t.Helper()
	served := len(s.seen(func(a *answer) bool {
		return a.whole && a.upstream == "coinspot" && strings.HasSuffix(a.path, "/latest")
	}))
	read := int(b.number("SELECT COUNT(*) FROM collector_runs WHERE collector IN ('coinspot.instant', 'coinspot.trades', 'coinspot.book', 'coinspot.listings') AND read_ms > 0 AND (collector <> 'coinspot.listings' OR error = '')"))
	if lost := served - read - len(steps); lost < 0 || lost > 2*len(deaths) {
		b.t.Errorf("%d lists were served whole, %d of them to other feeds, and %d landed: %d were lost with %d deaths", served, read, len(steps), lost, len(deaths))
	}
	if n := int(b.number("SELECT COUNT(*) FROM collector_runs WHERE collector = 'coinspot' AND error = ''")); n != len(steps) {
		b.t.Errorf("%d polls of CoinSpot went well, and %d answers landed", n, len(steps))
	}
}

// spoilt checks that nothing of a spoilt answer is stored, and that each piece that could not be taken is in quarantine.
func (b *books) spoilt() {
	b.t.Helper()
	if n := b.number("SELECT COUNT(*) FROM quotes WHERE CAST(bid AS TEXT) LIKE '666.66%' OR CAST(last AS TEXT) LIKE '666.66%'"); n > 0 {
		b.t.Errorf("%d quotes come from answers that were errors", n)
	}
	for _, reason := range []string{"jump:", "crossed", "NaN", "1,234"} {
		if b.number("SELECT COUNT(*) FROM quarantine WHERE collector = 'coinspot' AND reason LIKE '%"+reason+"%'") == 0 {
			b.t.Errorf("nothing is in quarantine for %s", reason)
		}
	}
	for _, feed := range []string{"coinspot", "rss.coindesk", "coinspot.trades"} {
		pieces := b.number("SELECT COUNT(*) FROM quarantine WHERE collector = '" + feed + "'")
		seen := b.number("SELECT COALESCE(SUM(seen), 0) FROM quarantine WHERE collector = '" + feed + "'")
		rejected := b.number("SELECT COALESCE(SUM(rejected), 0) FROM collector_runs WHERE collector = '" + feed + "'")
		if pieces < 10_000 && seen != rejected {
			b.t.Errorf("%s: %d pieces were rejected, %d are in quarantine", feed, rejected, seen)
		}
	}
}

// bars compares the five-minute bars with those of what stood at each poll, of all stretches that had ended at the last.
func (b *books) bars(steps []step) {
	b.t.Helper()
	type bar struct{ open, high, low, close, bid, ask string }
	want := map[string]*bar{}
	const length = 300_000
	last := steps[len(steps)-1].event
	for _, s := range steps {
		start := s.event - s.event%length
		if start+length > last-last%length {
			break
		}
		for m, p := range s.stands {
			if p == (price{}) {
				continue
			}
			key := fmt.Sprint(m, " ", start/1000)
			if want[key] == nil {
				want[key] = &bar{open: p.last, high: p.last, low: p.last}
			}
			w := want[key]
			w.high, w.low, w.close, w.bid, w.ask = higher(w.high, p.last, 1), higher(w.low, p.last, -1), p.last, p.bid, p.ask
		}
	}
	got := 0
	b.each(`SELECT m.base, m.quote, p.event_time, CAST(p.open AS TEXT), CAST(p.high AS TEXT), CAST(p.low AS TEXT), CAST(p.close AS TEXT), CAST(p.bid AS TEXT), CAST(p.ask AS TEXT)
		FROM price_data_5min p JOIN markets m ON m.id = p.market_id JOIN sources s ON s.id = p.source_id WHERE s.name = 'coinspot'`, func(scan func(...any)) {
		var base, quote string
		var at int64
		var v [6]string
		scan(&base, &quote, &at, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5])
		for i := range v {
			v[i] = rat(v[i]).RatString()
		}
		got++
		w := want[fmt.Sprint(base, "/", quote, " ", at)]
		if g := (bar{v[0], v[1], v[2], v[3], v[4], v[5]}); w == nil || g != *w {
			b.t.Errorf("bar of %s/%s at %d is %v, want %v", base, quote, at, g, w)
		}
	})
	if got != len(want) {
		b.t.Errorf("%d bars are stored, %d had ended", got, len(want))
	}
	b.t.Logf("%d bars", got)
}

func higher(x, y string, sign int) string {
	if rat(x).Cmp(rat(y)) == -sign {
		return y
	}
	return x
}

// limits checks that no window holds more requests than the upstream's limit, of all processes together, and that no fake had to
// refuse one by itself.
func limits(t *testing.T, s *server) {
	t.Helper()
	times := map[string][]time.Time{}
	for _, a := range s.seen(func(*answer) bool { return true }) {
		name := a.upstream
		if name == "rss" { // each publisher is a host of its own
			name = strings.Join(strings.SplitN(a.path, "/", 3)[:2], "")
		}
		if times[name] = append(times[name], a.begun); a.fault == "" && a.status == 429 {
			t.Errorf("%s %s was asked too often", a.upstream, a.path)
		}
	}
	perMinute := map[string]int{"coinspot": coinspotPerMinute, "coinmetrics": 90, "coindesk": 100, "cointelegraph": 100, "decrypt": 100, "theblock": 100, "bitcoinmagazine": 100}
	for name, limit := range perMinute {
		all := times[name]
		slices.SortFunc(all, time.Time.Compare)
		for _, window := range []time.Duration{10 * time.Second, time.Minute} {
			most := 0
			for i := range all {
				most = max(most, sort.Search(len(all), func(j int) bool { return all[j].Sub(all[i]) >= window })-i)
			}
			allowed := int(int64(limit) * int64(window) / int64(time.Minute))
			if window < time.Minute {
				allowed += 4 // one more than the rate, and a request on its way when its process loses the processor
			}
			if most > allowed {
				t.Errorf("%s was asked %d times within %s, the limit is %d", name, most, window, allowed)
			}
			t.Logf("%s: at most %d requests within %s of %d allowed", name, most, window, allowed)
		}
	}
}

// alone checks that no two processes asked for the same feed at the same time, where its requests tell the feed.
func alone(t *testing.T, s *server) {
	t.Helper()
	feeds := map[string][]answer{}
	for _, a := range s.seen(func(a *answer) bool { return a.whole }) {
		switch {
		case a.upstream == "rss":
			name, _, _ := strings.Cut(strings.TrimPrefix(a.path, "/"), "/")
			feeds[name] = append(feeds[name], a)
		case strings.Contains(a.path, "/orders/completed/"):
			feeds["trades"] = append(feeds["trades"], a)
		}
	}
	changes := 0
	for name, all := range feeds {
		slices.SortFunc(all, func(x, y answer) int { return x.begun.Compare(y.begun) })
		for i := 1; i < len(all); i++ {
			if all[i].agent == all[i-1].agent {
				continue
			}
			if changes++; all[i].begun.Before(all[i-1].ended) {
				t.Errorf("%s and %s polled %s at once at %s", all[i-1].agent, all[i].agent, name, all[i].begun)
			}
		}
	}
	if changes == 0 {
		t.Error("one process did all the work")
	}
}
