package storetest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

var asked = []fact.Query{
	{Kind: fact.Sentiment, Coin: "BTC", WindowMS: 60_000},
	{Kind: fact.Sentiment, Coin: "ETH", WindowMS: 200_000, Names: []string{"Paper"}},
	{Kind: fact.Sentiment, Coin: "ETH", WindowMS: 200_000, Names: []string{"reddit"}},
	{Kind: fact.Events, Coin: "BTC", WindowMS: 100_000, MinImpact: .5},
	{Kind: fact.Events, Coin: "ETH", WindowMS: 100_000, Names: []string{ledger.EventFiling}},
	{Kind: fact.Flows, Coin: "ETH", WindowMS: 150_000, OverMS: 3_600_000},
	{Kind: fact.Metric, Coin: "BTC", Names: []string{"tx"}},
	{Kind: fact.Metric, Coin: "ETH", Names: []string{"tvl"}, Protocol: "aave"},
}

// randomRecords says something new, again, or otherwise, about items that may change the coins they are about.
func randomRecords(rng *rand.Rand, start time.Time) ledger.Records {
	var r ledger.Records
	about := func() []market.Coin {
		return [][]market.Coin{nil, {"BTC"}, {"ETH"}, {"BTC", "ETH"}}[rng.IntN(4)]
	}
	at := func(n int) time.Time { return start.Add(time.Duration(n*17) * time.Second) }
	for n := range 20 { // each item at most once in a landing
		switch rng.IntN(40) {
		case 0, 1:
			r.News = append(r.News, ledger.News{ID: fmt.Sprint(n), Source: []string{"paper", "sheet"}[n%2], Title: fmt.Sprint(rng.IntN(3)), Published: at(n), Coins: about(),
				Sentiment: ledger.Sentiment{Label: "neutral", Score: float64(rng.IntN(200)-100) / 100, Scorer: "v1"}})
		case 2, 3:
			r.Posts = append(r.Posts, ledger.Post{ID: fmt.Sprint(n), Platform: []string{"reddit", "x"}[n%2], Content: fmt.Sprint(rng.IntN(3)), Posted: at(n), Coins: about(),
				Sentiment: ledger.Sentiment{Label: "neutral", Score: float64(rng.IntN(200)-100) / 100, Scorer: "v1"}})
		case 4, 5:
			r.Events = append(r.Events, ledger.Event{ID: fmt.Sprint(n), Source: "edgar", Type: []string{ledger.EventFiling, ledger.EventUnlock}[rng.IntN(2)],
				Title: fmt.Sprint(rng.IntN(9)), Time: at(n).Add(time.Duration(n%3) * time.Minute), Coins: about(), Impact: float64(rng.IntN(10)) / 10, Why: "why"})
		case 6:
			r.Flows = append(r.Flows, ledger.Flow{Event: at(n), Token: "ETH", Chain: "ethereum", Address: fmt.Sprint("0x", n%3), NetUSD: money.FromInt(rng.Int64N(100)), Window: time.Hour, Buying: rng.IntN(4), Selling: rng.IntN(4)})
		case 7:
			r.Metrics = append(r.Metrics, ledger.Metric{Asset: "BTC", Metric: "tx", Event: at(n), Value: money.FromInt(rng.Int64N(9))})
		case 8:
			r.Fundamentals = append(r.Fundamentals, ledger.Fundamental{Protocol: []string{"aave", "other"}[n%2], Asset: "ETH", Metric: "tvl", Event: at(n), Value: money.FromInt(rng.Int64N(9))})
		}
	}
	return r
}

// byReader answers a question as of a moment by asking the ledgers as anybody would: the main number, and how many items it is made of.
func byReader(t *testing.T, w world, q *fact.Query, now time.Time) (value, count float64) {
	t.Helper()
	win := ledger.Window{AsOf: now, From: now.Add(time.Millisecond - time.Duration(q.WindowMS)*time.Millisecond), To: now.Add(time.Millisecond)}
	var err error
	var values []float64
	switch q.Kind {
	case fact.Sentiment:
		sq := ledger.SentimentQuery{Window: win, Coins: []market.Coin{q.Coin}, Platforms: lowered(q.Names)}
		news, err1 := w.db.News(t.Context(), sq)
		posts, err2 := w.db.Posts(t.Context(), sq)
		for _, n := range news {
			values = append(values, n.Score)
		}
		for _, p := range posts {
			values = append(values, p.Score)
		}
		sum := 0.0
		for _, v := range values {
			sum += v
		}
		err, value = errors.Join(err1, err2), sum/float64(len(values))
	case fact.Events:
		var rows []ledger.EventRow
		rows, err = w.db.CatalystEvents(t.Context(), ledger.EventQuery{Window: win, Types: q.Names, Coins: []market.Coin{q.Coin}, MinImpact: q.MinImpact})
		for _, r := range rows {
			values = append(values, r.Impact)
			value = max(value, r.Impact)
		}
	case fact.Flows:
		var rows []ledger.FlowRow
		rows, err = w.db.SmartMoneyFlows(t.Context(), ledger.FlowQuery{Window: win, Tokens: []string{string(q.Coin)}})
		newest := map[string]float64{}
		for _, r := range rows {
			newest[r.Address] = r.NetUSD.Float64()
			values = append(values, 0)
		}
		for _, v := range newest {
			value += v
		}
		if len(newest) == 0 {
			value = math.NaN()
		}
	case fact.Metric:
		var rows []ledger.MetricRow
		rows, err = w.db.OnChainMetrics(t.Context(), ledger.MetricQuery{Window: ledger.Window{AsOf: now, To: win.To}, Asset: q.Coin, Metrics: q.Names})
		value = math.NaN()
		for _, r := range rows {
			if r.Protocol == q.Protocol {
				value = r.Value.Float64()
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return value, float64(len(values))
}

func lowered(names []string) []string {
	if len(names) > 0 && names[0] == "Paper" {
		return []string{"paper"}
	}
	return names
}

// factsAreWhatWasKnown: a book that is told all at once afterwards, and one that is told what landed as it lands, show at every moment what
// the ledgers answered then.
func factsAreWhatWasKnown(t *testing.T, w world) {
	rng := rand.New(rand.NewPCG(11, 12))
	start := w.clock.Now().Truncate(time.Second)
	live, err := fact.NewBook(asked)
	if err != nil {
		t.Fatal(err)
	}
	var after int64
	type shown struct {
		at     time.Time
		values [][]float64
	}
	var moments []shown
	for range 80 {
		w.clock.Advance(time.Duration(1+rng.IntN(9_000)) * time.Millisecond)
		poll(t, w, "f", ledger.Landing{Records: randomRecords(rng, start)})
		w.clock.Advance(time.Duration(1+rng.IntN(500)) * time.Millisecond)
		now := w.clock.Now().Truncate(time.Millisecond)
		got, err := w.db.Facts(t.Context(), ledger.FactQuery{Queries: asked, AsOf: now, Later: after > 0, After: after})
		if err != nil {
			t.Fatal(err)
		}
		if after = got.UpTo; after > 0 {
			if err := live.Add(got.Facts); err != nil {
				t.Fatal(err)
			}
		}
		live.At(now.UnixMilli())
		m := shown{at: now}
		for i := range asked {
			m.values = append(m.values, slices.Clone(live.Values(i)))
		}
		moments = append(moments, m)
	}
	end := w.clock.Now()
	whole, err := w.db.Facts(t.Context(), ledger.FactQuery{Queries: asked, AsOf: end})
	if err != nil {
		t.Fatal(err)
	}
	book, err := fact.NewBook(asked)
	if err == nil {
		err = book.Add(whole.Facts)
	}
	if err != nil {
		t.Fatal(err)
	}
	some := 0.0
	for _, m := range moments {
		book.At(m.at.UnixMilli())
		for i := range asked {
			value, count := byReader(t, w, &asked[i], m.at)
			for name, got := range map[string][]float64{"told afterwards": book.Values(i), "told as it lands": m.values[i]} {
				if math.IsNaN(value) != math.IsNaN(got[0]) || math.Abs(value-got[0]) > 1e-9 {
					t.Fatalf("%s at %s, %s: %v, the ledgers say %v", asked[i].String(), m.at, name, got, value)
				}
				if k := asked[i].Kind; (k == fact.Sentiment || k == fact.Events) && got[1] != count {
					t.Fatalf("%s at %s, %s: %v items, the ledgers have %v", asked[i].String(), m.at, name, got[1], count)
				}
			}
			some += count
		}
	}
	if some < 100 {
		t.Errorf("only %v items were ever in a window", some)
	}
}

func assumedFacts(t *testing.T, w world) {
	now := w.clock.Now()
	past := now.Add(-240 * time.Hour).Truncate(time.Hour)
	tvl := func(at time.Time, v int64, protocol string) ledger.Fundamental {
		return ledger.Fundamental{Protocol: protocol, Asset: "AAVE", Metric: "tvl_usd", Event: at, Value: money.FromInt(v)}
	}
	poll(t, w, "f", ledger.Landing{Records: ledger.Records{Fundamentals: []ledger.Fundamental{tvl(past, 1, "aave"), tvl(past.Add(24*time.Hour), 2, "aave")}}})
	w.clock.Advance(time.Hour)
	poll(t, w, "f", ledger.Landing{Records: ledger.Records{Fundamentals: []ledger.Fundamental{tvl(past, 5, "aave")}}}) // a revision
	q := fact.Query{Kind: fact.Metric, Coin: "AAVE", Names: []string{"tvl_usd"}}
	ask := func(q fact.Query, asOf time.Time) []fact.Fact {
		t.Helper()
		got, err := w.db.Facts(t.Context(), ledger.FactQuery{Queries: []fact.Query{q}, AsOf: asOf})
		if err != nil {
			t.Fatal(err)
		}
		return got.Facts
	}
	if got := ask(q, past.Add(48*time.Hour)); len(got) != 0 {
		t.Errorf("as of before anything landed: %+v", got)
	}
	q.Assumed, q.LagMS = true, 2*3_600_000
	got := ask(q, past.Add(48*time.Hour))
	if len(got) != 2 || got[0].Known != past.Add(2*time.Hour).UnixMilli() || got[0].Values[0] != 1 || got[1].Known != past.Add(26*time.Hour).UnixMilli() {
		t.Errorf("assumed: %+v", got)
	}
	if got := ask(q, w.clock.Now()); len(got) != 3 || got[2].Values[0] != 5 || got[2].Known < now.UnixMilli() {
		t.Errorf("a revision is known when it landed: %+v", got)
	}
	head, err := w.db.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	poll(t, w, "f", ledger.Landing{Records: ledger.Records{Fundamentals: []ledger.Fundamental{tvl(past, 9, "aave-v4"), tvl(past.Add(72*time.Hour), 7, "aave")}}})
	var ambiguous *ledger.AmbiguousError
	if _, err := w.db.Facts(t.Context(), ledger.FactQuery{Queries: []fact.Query{q}}); !errors.As(err, &ambiguous) || len(ambiguous.Origins) != 2 {
		t.Errorf("two protocols have the metric: %v", err)
	}
	later, err := w.db.Facts(t.Context(), ledger.FactQuery{Queries: []fact.Query{q}, Later: true, After: head})
	if err != nil || len(later.Facts) != 1 || later.Facts[0].Values[0] != 7 || later.UpTo <= head {
		t.Errorf("what landed later, of the protocol that was settled on: %+v %v", later, err)
	}
}
