package soak_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math/big"
	"sort"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
)

// death is the end of a process by SIGKILL.
type death struct {
	agent string
	at    time.Time
}

// inFlight reports that an answer may be lost: its process was killed so soon after it that the poll had not landed.
func inFlight(a *answer, deaths []death, poll time.Duration) bool {
	for _, d := range deaths {
		if d.agent == a.agent && a.begun.Before(d.at) && a.ended.After(d.at.Add(-poll)) {
			return true
		}
	}
	return false
}

// covering is the poll that an answer was part of; ok is false where none landed.
func covering(polls []poll, a *answer) (p poll, ok bool) {
	at := a.ended.UnixMilli()
	i := sort.Search(len(polls), func(i int) bool { return polls[i].landed >= at-1 })
	if i == len(polls) || polls[i].started > at+1 {
		return p, false
	}
	return polls[i], true
}

// version is one text as it was published.
type version struct{ publisher, id, title string }

// news compares the stored texts with what was served: each version once, known when it was served, and as of any time the one that
// had been served last.
func (b *books) news(s *server, deaths []death) (texts int, lags []time.Duration) {
	b.t.Helper()
	first := map[version]*answer{} // that landed
	lost := 0
	may := map[version]bool{} // from answers that were lost with their process
	polls := map[string][]poll{}
	answers := s.seen(func(a *answer) bool { return a.whole && a.upstream == "rss" && a.status == 200 })
	for i := range answers {
		a := &answers[i]
		name, _, _ := strings.Cut(strings.TrimPrefix(a.path, "/"), "/")
		feed := "rss." + name
		if polls[feed] == nil {
			polls[feed] = b.polls(feed)
		}
		p, ok := covering(polls[feed], a)
		landed := ok && !p.failed
		if !landed {
			lost++
			if !inFlight(a, deaths, 5*time.Second) {
				b.t.Errorf("an answer of %s, sent whole at %s to %s, has not landed: %+v %v", name, a.ended, a.agent, p, ok)
			}
		}
		for _, v := range published(name, a.body) {
			if may[v] = true; landed && first[v] == nil {
				first[v] = a
			}
		}
	}
	seen := map[version]int{}
	b.each("SELECT n.publisher, n.external_id, n.title, n.known_ms FROM news_sentiment n JOIN sources s ON s.id = n.source_id WHERE s.name = 'rss'", func(scan func(...any)) {
		var v version
		var known int64
		scan(&v.publisher, &v.id, &v.title, &known)
		seen[v]++
		switch a := first[v]; {
		case a != nil && known < a.begun.UnixMilli():
			b.t.Errorf("%+v was known before it was served", v)
		case a != nil:
			lags = append(lags, time.Duration(known-a.ended.UnixMilli())*time.Millisecond)
		case !may[v]:
			b.t.Errorf("%+v is stored and was never served whole", v)
		}
	})
	for v, n := range seen {
		if n != 1 {
			b.t.Errorf("%+v is stored %d times", v, n)
		}
	}
	for v := range first {
		if seen[v] == 0 {
			b.t.Errorf("%+v was served and is not stored", v)
		}
	}
	if lost > len(polls)*len(deaths) {
		b.t.Errorf("%d answers of the press were lost with %d deaths", lost, len(deaths))
	}
	return len(seen), lags
}

// published are the items of a feed that have a title and a time that has been.
func published(publisher string, body []byte) []version {
	var feed struct {
		Items []struct {
			Title string `xml:"title"`
			GUID  string `xml:"guid"`
		} `xml:"channel>item"`
	}
	if err := xml.Unmarshal(body, &feed); err != nil {
		panic(err)
	}
	var out []version
	for _, i := range feed.Items {
		if i.Title != "" && !strings.HasPrefix(i.GUID, "ahead-") {
			out = append(out, version{publisher, i.GUID, i.Title})
		}
	}
	return out
}

// trades compares the stored trades of CoinSpot with all that were served, those that look alike by their number.
func (b *books) trades(s *server, until time.Time) int {
	b.t.Helper()
	most, must := map[string]int{}, map[string]int{}
	for _, a := range s.seen(func(a *answer) bool {
		return a.whole && a.status == 200 && a.upstream == "coinspot" && strings.Contains(a.path, "/orders/completed/")
	}) {
		for key, n := range completed(a.path, a.body) {
			if most[key] = max(most[key], n); a.ended.Before(until) {
				must[key] = max(must[key], n)
			}
		}
	}
	got := map[string]int{}
	b.each(`SELECT m.base, m.quote, t.side, t.event_ms, CAST(t.price AS TEXT), CAST(t.amount AS TEXT) FROM market_trades t JOIN markets m ON m.id = t.market_id`, func(scan func(...any)) {
		var base, quote, side, price, amount string
		var at int64
		scan(&base, &quote, &side, &at, &price, &amount)
		got[tradeKey(base+"/"+quote, side, time.UnixMilli(at), price, amount)]++
	})
	wrong := 0
	for key, n := range got {
		if n > most[key] {
			b.t.Errorf("trade %s is stored %d times and was served %d times at once", key, n, most[key])
		}
	}
	for key, n := range must {
		if got[key] < n && wrong < 5 {
			wrong++
			b.t.Errorf("trade %s is stored %d times and was served %d times at once", key, got[key], n)
		}
	}
	return len(got)
}

func tradeKey(market, side string, at time.Time, price, amount string) string {
	return fmt.Sprint(market, " ", side, " ", at.UnixMilli(), " ", rat(price).RatString(), " ", rat(amount).RatString())
}

// completed are the trades of an answer, and how many look alike.
func completed(path string, body []byte) map[string]int {
	_, name, _ := strings.Cut(path, "/orders/completed/")
	base, quote, two := strings.Cut(strings.ToUpper(strings.Trim(name, "/")), "/")
	if !two {
		quote = "AUD"
	}
	type row struct {
		Amount, Rate json.Number
		Solddate     time.Time
	}
	var a struct{ Buyorders, Sellorders []row }
	if err := json.Unmarshal(body, &a); err != nil {
		panic(err)
	}
	out := map[string]int{}
	for side, rows := range map[string][]row{"buy": a.Buyorders, "sell": a.Sellorders} {
		for _, r := range rows {
			out[tradeKey(base+"/"+quote, side, r.Solddate, r.Rate.String(), r.Amount.String())]++
		}
	}
	return out
}

// names are what omc calls the metrics of CoinMetrics that the test asks for, and the numbers of theirs that make one of ours.
var names = map[string]struct {
	ours  string
	scale int64
}{"AdrActCnt": {"active_addresses", 1}, "TxCnt": {"transaction_count", 1}, "PriceUSD": {"price_usd", 1}, "HashRate": {"hash_rate_ehs", 1_000_000}}

// figures compares the stored figures of CoinMetrics with what was served in polls that landed.
func (b *books) figures(s *server, deaths []death) int {
	b.t.Helper()
	want := map[string]string{}
	polls := b.polls("coinmetrics.metrics")
	answers := s.seen(func(a *answer) bool {
		return a.whole && a.status == 200 && a.upstream == "coinmetrics" && strings.HasSuffix(a.path, "/timeseries/asset-metrics")
	})
	for i := range answers {
		a := &answers[i]
		if _, ok := covering(polls, a); !ok {
			if !inFlight(a, deaths, time.Minute) {
				b.t.Errorf("a page of CoinMetrics, sent whole at %s to %s, has not landed", a.ended, a.agent)
			}
			continue
		}
		var page struct{ Data []map[string]*string }
		if err := json.Unmarshal(a.body, &page); err != nil {
			b.t.Fatal(err)
		}
		for _, row := range page.Data {
			at, err := time.Parse(time.RFC3339Nano, *row["time"])
			if err != nil {
				b.t.Fatal(err)
			}
			for theirs, n := range names {
				if v := row[theirs]; v != nil {
					want[fmt.Sprint(strings.ToUpper(*row["asset"]), n.ours, at.UnixMilli())] = new(big.Rat).Quo(rat(*v), big.NewRat(n.scale, 1)).RatString()
				}
			}
		}
	}
	rows, err := b.db.OnChainMetrics(b.t.Context(), ledger.MetricQuery{Source: "coinmetrics", Window: ledger.Window{Limit: 1_000_000}})
	if err != nil {
		b.t.Fatal(err)
	}
	wrong := 0
	for _, r := range rows {
		key := fmt.Sprint(r.Asset, r.Metric.Metric, r.Event.UnixMilli())
		if v := rat(r.Value.String()).RatString(); v != want[key] && wrong < 5 {
			wrong++
			b.t.Errorf("%s %s of %s is stored as %s, served was %q", r.Asset, r.Metric.Metric, r.Event, v, want[key])
		}
	}
	if len(rows) != len(want) {
		b.t.Errorf("%d figures of CoinMetrics are stored, %d were served", len(rows), len(want))
	}
	return len(rows)
}
