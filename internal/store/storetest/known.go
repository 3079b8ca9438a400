package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/trade"
)

// seen is one thing that an upstream said, and when it landed.
type seen struct {
	key, says string
	event     time.Time
	known     time.Time
	coins     []market.Coin
}

// plain answers from the list of all that was said, as a person would: of each key the newest saying known by then.
func plain(all []seen, w ledger.Window, keep func(*seen) bool) []string {
	newest := map[string]*seen{}
	for i := range all {
		s := &all[i]
		if !w.AsOf.IsZero() && s.known.After(w.AsOf) {
			continue
		}
		newest[s.key] = s // the list is in the order of landing
	}
	var out []*seen
	for _, s := range newest {
		if keep(s) && !s.event.Before(w.From) && (w.To.IsZero() || s.event.Before(w.To)) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *seen) int { return a.event.Compare(b.event) })
	if w.Limit > 0 && len(out) > w.Limit && w.Oldest {
		out = out[:w.Limit]
	} else if w.Limit > 0 && len(out) > w.Limit {
		out = out[len(out)-w.Limit:]
	}
	text := make([]string, len(out))
	for i, s := range out {
		text[i] = s.key + "=" + s.says
	}
	return text
}

// knownWhen lands random news, posts, events and figures with repeats and revisions, and compares answers at random moments with a
// plain recomputation.
func knownWhen(t *testing.T, w world) {
	rng := rand.New(rand.NewPCG(1, 2))
	coins := []market.Coin{"BTC", "ETH", "SOL"}
	start := w.clock.Now().Truncate(time.Second)
	said := map[string][]seen{}
	current := map[string]seen{}
	for range 60 {
		w.clock.Advance(time.Duration(1+rng.IntN(20_000)) * time.Millisecond)
		now := w.clock.Now()
		var r ledger.Records
		landing := map[string][]seen{}
		for range rng.IntN(6) {
			kind := []string{"news", "post", "event", "metric", "fundamental"}[rng.IntN(5)]
			n := rng.IntN(25)
			key := fmt.Sprintf("%s%02d", kind, n)
			s := seen{key: key, event: start.Add(time.Duration(n*37) * time.Second), known: now.Truncate(time.Millisecond), coins: coins[n%3 : n%3+1]}
			if old, ok := current[key]; ok && rng.IntN(2) == 0 {
				s.says = old.says // the same again
			} else {
				s.says = fmt.Sprint(rng.IntN(1000) + 1)
			}
			if slices.ContainsFunc(landing[kind], func(o seen) bool { return o.key == key }) {
				continue
			}
			landing[kind] = append(landing[kind], s)
			addRecord(&r, kind, &s)
		}
		for kind, list := range landing {
			for _, s := range list {
				if old, ok := current[s.key]; !ok || old.says != s.says {
					said[kind] = append(said[kind], s)
					current[s.key] = s
				}
			}
		}
		poll(t, w, "f", ledger.Landing{Records: r})
	}
	end := w.clock.Now()
	for range 200 {
		q := ledger.Window{Limit: rng.IntN(8)}
		if rng.IntN(4) > 0 {
			q.AsOf = start.Add(time.Duration(rng.Int64N(int64(end.Sub(start)))))
		}
		if rng.IntN(2) == 0 {
			q.From = start.Add(time.Duration(rng.IntN(900)) * time.Second)
		}
		if rng.IntN(2) == 0 {
			q.To = start.Add(time.Duration(rng.IntN(1200)) * time.Second)
		}
		q.Oldest = rng.IntN(2) == 0
		var only []market.Coin
		if rng.IntN(2) == 0 {
			only = coins[:1+rng.IntN(2)]
		}
		keep := func(s *seen) bool { return only == nil || slices.Contains(only, s.coins[0]) }
		for _, kind := range []string{"news", "post", "event", "metric", "fundamental"} {
			if kind == "metric" || kind == "fundamental" {
				keep = func(s *seen) bool { return len(only) == 0 || s.coins[0] == only[0] }
			}
			want := plain(said[kind], q, keep)
			if kind == "metric" || kind == "fundamental" {
				q.Limit = 0
				want = plain(said[kind], q, keep)
			}
			if got := answer(t, w, kind, q, only); !slices.Equal(got, want) {
				t.Fatalf("%s %+v %v:\n%v\nwant\n%v", kind, q, only, got, want)
			}
		}
	}
	checkCounts(t, w, said, start, end, rng)
}

func addRecord(r *ledger.Records, kind string, s *seen) {
	switch kind {
	case "news":
		r.News = append(r.News, ledger.News{ID: s.key, Source: "paper", Title: s.says, Published: s.event, Coins: s.coins, Sentiment: ledger.Sentiment{Label: "positive", Score: 0.12344999, Scorer: "v1"}})
	case "post":
		r.Posts = append(r.Posts, ledger.Post{ID: s.key, Platform: "reddit", Content: s.says, Posted: s.event, Coins: s.coins, Sentiment: ledger.Sentiment{Label: "neutral"}})
	case "event":
		r.Events = append(r.Events, ledger.Event{ID: s.key, Source: "edgar", Type: ledger.EventFiling, Title: s.says, Time: s.event, Coins: s.coins, Impact: 0.5, Why: "because", Facts: map[string]string{"form": "8-K"}})
	case "metric":
		r.Metrics = append(r.Metrics, ledger.Metric{Asset: s.coins[0], Metric: s.key, Event: s.event, Value: money.MustParse(s.says + ".12345678901234567")})
	case "fundamental":
		r.Fundamentals = append(r.Fundamentals, ledger.Fundamental{Protocol: "aave", Asset: s.coins[0], Metric: s.key, Event: s.event, Value: money.MustParse(s.says)})
	}
}

func answer(t *testing.T, w world, kind string, q ledger.Window, only []market.Coin) []string {
	t.Helper()
	out := []string{}
	var err error
	switch kind {
	case "news":
		var rows []ledger.NewsRow
		rows, err = w.db.News(t.Context(), ledger.SentimentQuery{Window: q, Coins: only})
		for _, r := range rows {
			if r.Score != 0.1234 || r.Label != "positive" || r.Scorer != "v1" || len(r.Coins) != 1 || r.Source != "paper" {
				t.Fatalf("%+v", r)
			}
			out = append(out, r.ID+"="+r.Title)
		}
	case "post":
		var rows []ledger.PostRow
		rows, err = w.db.Posts(t.Context(), ledger.SentimentQuery{Window: q, Coins: only})
		for _, r := range rows {
			out = append(out, r.ID+"="+r.Content)
		}
	case "event":
		var rows []ledger.EventRow
		rows, err = w.db.CatalystEvents(t.Context(), ledger.EventQuery{Window: q, Coins: only})
		for _, r := range rows {
			if r.Impact != 0.5 || r.Why != "because" || r.Facts["form"] != "8-K" {
				t.Fatalf("%+v", r)
			}
			out = append(out, r.ID+"="+r.Title)
		}
	default:
		mq := ledger.MetricQuery{Window: q}
		if len(only) > 0 {
			mq.Asset = only[0]
		}
		var rows []ledger.MetricRow
		rows, err = w.db.OnChainMetrics(t.Context(), mq)
		for _, r := range rows {
			if protocol := r.Protocol != ""; protocol == (kind == "fundamental") {
				out = append(out, r.Metric.Metric+"="+strings.TrimSuffix(r.Value.String(), ".12345678901234567"))
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func checkCounts(t *testing.T, w world, said map[string][]seen, start, end time.Time, rng *rand.Rand) {
	tables := map[string]string{"news": "news_sentiment", "post": "social_sentiment", "event": "catalyst_events", "metric": "on_chain_metrics", "fundamental": "protocol_fundamentals"}
	for range 20 {
		asOf := start.Add(time.Duration(rng.Int64N(int64(end.Sub(start)))))
		if rng.IntN(5) == 0 {
			asOf = time.Time{}
		}
		stats, err := w.db.DataStatistics(t.Context(), asOf)
		if err != nil {
			t.Fatal(err)
		}
		for kind, table := range tables {
			want := len(plain(said[kind], ledger.Window{AsOf: asOf}, func(*seen) bool { return true }))
			got := int64(0)
			for _, s := range stats {
				if s.Kind == table {
					got += s.Rows
				}
			}
			if got != int64(want) {
				t.Errorf("%s as of %s: %d rows, want %d", table, asOf, got, want)
			}
		}
	}
}

func narrowed(t *testing.T, w world) {
	now := w.clock.Now()
	r := ledger.Records{
		News:    []ledger.News{{ID: "1", Source: "coindesk", Title: "a", Published: now, Coins: []market.Coin{"BTC", "ETH"}}, {ID: "2", Source: "decrypt", Title: "b", Published: now}},
		Posts:   []ledger.Post{{ID: "1", Platform: "reddit", Content: "a", Posted: now, Engagement: 5}, {ID: "2", Platform: "x", Content: "b", Posted: now}},
		Events:  []ledger.Event{{ID: "1", Source: "edgar", Type: ledger.EventFiling, Title: "a", Time: now, Impact: 0.2}, {ID: "2", Source: "x", Type: ledger.EventUnlock, Title: "b", Time: now.Add(400 * 24 * time.Hour), Impact: 0.9}},
		Metrics: []ledger.Metric{{Asset: "BTC", Metric: "tx", Event: now, Value: money.One}, {Asset: "BTC", Metric: "hash", Event: now, Value: money.MustParse("250000000000000000000")}},
	}
	poll(t, w, "f", ledger.Landing{Records: r})
	ctx := t.Context()
	news := func(platforms ...string) int {
		rows, err := w.db.News(ctx, ledger.SentimentQuery{Platforms: platforms})
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	posts := func(platforms ...string) int {
		rows, err := w.db.Posts(ctx, ledger.SentimentQuery{Platforms: platforms})
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	for _, c := range []struct{ got, want int }{{news(), 2}, {news("decrypt"), 1}, {news("news"), 2}, {news("reddit"), 0}, {posts("reddit"), 1}, {posts("news"), 0}, {posts(), 2}} {
		if c.got != c.want {
			t.Errorf("%+v", c)
		}
	}
	if names, err := w.db.Publishers(ctx); err != nil || fmt.Sprint(names) != "[coindesk decrypt]" {
		t.Error("publishers:", names, err)
	}
	both, err := w.db.News(ctx, ledger.SentimentQuery{Coins: []market.Coin{"ETH", "BTC", "BTC"}})
	if err != nil || len(both) != 1 {
		t.Error("one text of two coins:", both, err)
	}
	events := func(q ledger.EventQuery) int {
		rows, err := w.db.CatalystEvents(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	for _, c := range []struct{ got, want int }{
		{events(ledger.EventQuery{}), 2}, {events(ledger.EventQuery{Types: []string{ledger.EventUnlock}}), 1}, {events(ledger.EventQuery{MinImpact: 0.5}), 1},
		{events(ledger.EventQuery{Coins: []market.Coin{"NO"}}), 0}, {events(ledger.EventQuery{Window: ledger.Window{AsOf: now.Add(time.Second)}}), 2},
		{events(ledger.EventQuery{Window: ledger.Window{AsOf: now.Add(-time.Second)}}), 0}} {
		if c.got != c.want {
			t.Errorf("%+v", c)
		}
	}
	rows, err := w.db.OnChainMetrics(ctx, ledger.MetricQuery{Asset: "BTC", Metrics: []string{"hash"}, Source: "f"})
	if err != nil || len(rows) != 1 || rows[0].Value.String() != "250000000000000000000" || rows[0].Known.Before(now.Truncate(time.Millisecond)) {
		t.Errorf("%+v %v", rows, err)
	}
	if rows, err = w.db.OnChainMetrics(ctx, ledger.MetricQuery{Source: "other"}); err != nil || len(rows) != 0 {
		t.Error(rows, err)
	}
}

func flowsAndTrades(t *testing.T, w world) {
	hour := w.clock.Now().Truncate(time.Hour)
	flow := ledger.Flow{Event: hour, Token: "PEPE", Chain: "ethereum", Address: "0x1", NetUSD: money.MustParse("-12.5"), Window: time.Hour, Buyers: []string{"0xa"}, Sellers: nil, Buying: 1, Selling: 3}
	trades := []ledger.MarketTrade{{ID: "b", Market: btcAUD, Time: hour.Add(time.Second), Side: "buy", Price: money.FromInt(10), Amount: money.One}, {ID: "a", Market: btcAUD, Time: hour, Side: "sell", Price: money.FromInt(9), Amount: money.One}}
	first, _ := poll(t, w, "f", ledger.Landing{Records: ledger.Records{Flows: []ledger.Flow{flow}, Trades: trades}})
	w.clock.Advance(time.Minute)
	again, _ := poll(t, w, "f", ledger.Landing{Records: ledger.Records{Flows: []ledger.Flow{flow}, Trades: append(trades, ledger.MarketTrade{ID: "c", Market: btcAUD, Time: hour.Add(time.Minute), Side: "buy", Price: money.FromInt(11), Amount: money.One})}})
	between := w.clock.Now()
	w.clock.Advance(time.Minute)
	flow.NetUSD = money.FromInt(7)
	revised, _ := poll(t, w, "f", ledger.Landing{Records: ledger.Records{Flows: []ledger.Flow{flow}}})
	if first.New != 3 || again.New != 1 || again.Same != 3 || revised.New != 1 || revised.Revised != 1 || revised.Seq != 5 {
		t.Errorf("%+v\n%+v\n%+v", first, again, revised)
	}
	for asOf, want := range map[time.Time]string{{}: "7", between: "-12.5"} {
		rows, err := w.db.SmartMoneyFlows(t.Context(), ledger.FlowQuery{Window: ledger.Window{AsOf: asOf}, Tokens: []string{"PEPE"}})
		if err != nil || len(rows) != 1 || rows[0].NetUSD.String() != want || rows[0].Buying != 1 || rows[0].Selling != 3 || len(rows[0].Buyers) != 1 || rows[0].Window != time.Hour {
			t.Errorf("%+v %v", rows, err)
		}
	}
	for _, c := range []struct {
		q    ledger.TradeQuery
		want string
	}{
		{ledger.TradeQuery{Market: btcAUD}, "a b c"}, {ledger.TradeQuery{Market: btcAUD, Window: ledger.Window{Limit: 2}}, "b c"}, {ledger.TradeQuery{Market: btcAUD, Window: ledger.Window{Limit: 2, Oldest: true}}, "a b"},
		{ledger.TradeQuery{Market: btcAUD, Window: ledger.Window{AsOf: between.Add(-30 * time.Second)}}, "a b"}, {ledger.TradeQuery{Market: btcAUD, Window: ledger.Window{From: hour.Add(time.Second), To: hour.Add(time.Minute)}}, "b"},
		{ledger.TradeQuery{Market: btcAUD, Source: "other"}, ""}, {ledger.TradeQuery{Market: market.Market{Base: "NO", Quote: "AUD"}}, ""},
	} {
		rows, err := w.db.Trades(t.Context(), c.q)
		var ids []string
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		if got := strings.Join(ids, " "); err != nil || got != c.want {
			t.Errorf("trades of %+v: %q, want %q (%v)", c.q, got, c.want, err)
		}
	}
	if rows, err := w.db.Trades(t.Context(), ledger.TradeQuery{Market: btcAUD, Window: ledger.Window{Limit: 1, Oldest: true}}); err != nil || len(rows) != 1 || rows[0].Market != btcAUD || rows[0].Side != "sell" ||
		rows[0].Price.String() != "9" || rows[0].Amount.String() != "1" || !rows[0].Time.Equal(hour) || rows[0].Source != "f" || rows[0].Known.Before(hour) {
		t.Errorf("%+v %v", rows, err)
	}
}

// books: orders and positions as of a moment are what the fills by then make them, and a user sees nothing of another's.
func books(t *testing.T, w world) {
	ctx, at := t.Context(), w.clock.Now()
	s := journal.Session{ID: "s1", UserID: "u1", Algorithm: "a", Status: journal.Running, CreatedAt: at, UpdatedAt: at}
	if err := w.db.PutFloorSession(ctx, s); err != nil {
		t.Fatal(err)
	}
	order := trade.Order{ID: "o1", Market: btcAUD, Side: trade.Buy, Type: trade.LimitOrder, Quantity: money.FromInt(3), Limit: money.FromInt(100), State: trade.Filled,
		Filled: money.FromInt(3), AveragePrice: money.MustParse("98"), PlacedAt: at, UpdatedAt: at.Add(2 * time.Minute)}
	fill := func(id, q, p string, after time.Duration) trade.Fill {
		return trade.Fill{ID: id, OrderID: "o1", Market: btcAUD, Side: trade.Buy, Quantity: money.MustParse(q), Price: money.MustParse(p), Time: at.Add(after)}
	}
	b := journal.Batch{Session: "s1", Orders: []trade.Order{order}, Fills: []trade.Fill{fill("f1", "1", "100", time.Minute), fill("f2", "2", "97", 2*time.Minute)},
		Account: journal.Account{Time: at.Add(2 * time.Minute)}}
	if err := w.db.CommitBatch(ctx, b); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		asOf                           time.Time
		status, filled, price, holding string
	}{
		{time.Time{}, "filled", "3", "98", "3"}, {at.Add(2 * time.Minute), "filled", "3", "98", "3"},
		{at.Add(90 * time.Second), "open", "1", "100", "1"}, {at.Add(time.Second), "open", "0", "100", ""},
	} {
		rows, err := w.db.OrderHistory(ctx, ledger.OrderQuery{User: "u1", Window: ledger.Window{AsOf: c.asOf}})
		if err != nil || len(rows) != 1 || rows[0].Status != c.status || rows[0].Filled.String() != c.filled || rows[0].Price.String() != c.price {
			t.Errorf("as of %s: %+v %v", c.asOf, rows, err)
		}
		held, err := w.db.UserPositions(ctx, "u1", c.asOf)
		got := ""
		for _, p := range held {
			got = p.Quantity.String()
		}
		if err != nil || got != c.holding {
			t.Errorf("as of %s: %q %v", c.asOf, got, err)
		}
	}
	if rows, err := w.db.OrderHistory(ctx, ledger.OrderQuery{User: "u1", Window: ledger.Window{AsOf: at.Add(-time.Second)}}); err != nil || len(rows) != 0 {
		t.Error(rows, err)
	}
	for _, user := range []string{"u2", "", "u1' OR '1'='1"} {
		rows, err := w.db.OrderHistory(ctx, ledger.OrderQuery{User: user})
		held, err2 := w.db.UserPositions(ctx, user, time.Time{})
		if len(rows)+len(held) != 0 || (user == "") != (err != nil) || (user == "") != (err2 != nil) {
			t.Error(user, rows, held, err, err2)
		}
	}
}

// days: summaries follow the bars, whatever order they come in, and tell as of a moment only what was known whole.
func days(t *testing.T, w world) {
	ctx := t.Context()
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	rng := rand.New(rand.NewPCG(9, 9))
	want := map[int64]*market.Bar{}
	put := func(from, n int, known time.Duration, replace bool) {
		t.Helper()
		var rows []ledger.PriceBar
		for i := from; i < from+n; i++ {
			at := start.Unix() + int64(i)*300
			lo := 100 + rng.Int64N(50)
			v := money.FromInt(rng.Int64N(5))
			b, err := market.NewBar(at, money.FromInt(lo+3), money.FromInt(lo+9), money.FromInt(lo), money.FromInt(lo+5), &v)
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, ledger.PriceBar{Bar: b, Known: at + 300 + int64(known/time.Second), Source: "s"})
			want[at] = &b
		}
		if _, err := w.db.AppendBars(ctx, btcAUD, market.FiveMinutes, rows, replace); err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		got, err := w.db.DailySummaries(ctx, ledger.BarQuery{Market: btcAUD, Interval: market.FiveMinutes})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, d := range got {
			var bars []*market.Bar
			for at, b := range want {
				if at/86400 == d.Day.Unix()/86400 {
					bars = append(bars, b)
				}
			}
			slices.SortFunc(bars, func(a, b *market.Bar) int { return int(a.Unix() - b.Unix()) })
			hi, lo, v := bars[0].High(), bars[0].Low(), money.Zero
			for _, b := range bars {
				hi, lo, v = money.Max(hi, b.High()), money.Min(lo, b.Low()), v.Add(b.Volume())
			}
			if d.Bars != len(bars) || d.Places != 288 || !d.Open.Equal(bars[0].Open()) || !d.Close.Equal(bars[len(bars)-1].Close()) || !d.High.Equal(hi) || !d.Low.Equal(lo) ||
				!d.Volume.Equal(v) || (d.Volatility == nil) != (len(bars) < 2) {
				t.Errorf("%+v of %d bars", d, len(bars))
			}
			n += d.Bars
		}
		if n != len(want) {
			t.Errorf("%d bars in the days, want %d", n, len(want))
		}
	}
	put(0, 300, 0, false)
	check()
	put(700, 1, 0, false)
	put(290, 20, 0, true)   // replaced, and beyond
	put(400, 100, 0, false) // in between
	check()
	put(864, 10, 48*time.Hour, false) // came late
	check()
	asOf := start.AddDate(0, 0, 4)
	cov, err := w.db.CoverageAsOf(ctx, asOf)
	whole, err2 := w.db.Coverage(ctx)
	if err != nil || err2 != nil || len(cov) != 1 || cov[0].Bars != len(want)-10 || whole[0].Bars != len(want) {
		t.Errorf("%+v\n%+v %v %v", cov, whole, err, err2)
	}
	early, err := w.db.DailySummaries(ctx, ledger.BarQuery{Market: btcAUD, Interval: market.FiveMinutes, AsOf: start.Add(30 * time.Hour)})
	if err != nil || len(early) != 1 {
		t.Errorf("%+v %v", early, err)
	}
	for range 50 {
		at := start.Add(time.Duration(rng.Int64N(int64(6 * 24 * time.Hour))))
		cov, err := w.db.CoverageAsOf(ctx, at)
		rows, err2 := w.db.PriceRows(ctx, ledger.BarQuery{Market: btcAUD, Interval: market.FiveMinutes, AsOf: at})
		n := 0
		if len(cov) > 0 {
			n = cov[0].Bars
		}
		if err != nil || err2 != nil || n != len(rows) {
			t.Errorf("as of %s: %d bars, %d are answered (%v %v)", at, n, len(rows), err, err2)
		}
	}
}
