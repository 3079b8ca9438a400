package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ohmycoins/omc/daemon/data"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store"
)

// The size the issue names: a year of five-minute bars of 50 coins, and a million texts. OMC_BENCH_SHARE makes it smaller.
const (
	benchCoins = 50
	benchBars  = 105_120
	benchTexts = 1_000_000
)

var benchEnd = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func share() float64 {
	if f, err := strconv.ParseFloat(os.Getenv("OMC_BENCH_SHARE"), 64); err == nil && f > 0 && f <= 1 {
		return f
	}
	return 1
}

func benchCoin(i int) market.Coin { return market.Coin(fmt.Sprintf("C%02d", i)) }

// bigLedger fills a store: walks of prices, texts with one to three coins each, some revised, figures and events.
func bigLedger(b testing.TB, url string) *store.DB {
	b.Helper()
	c := clock.NewManual(benchEnd.AddDate(-1, 0, 0))
	db, err := store.Open(b.Context(), url, store.Options{Migrate: true, Clock: c})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	rng := rand.New(rand.NewPCG(5, 6))
	bars := int(benchBars * share())
	first := benchEnd.Unix() - int64(bars)*300
	for k := range benchCoins {
		m := market.Market{Base: benchCoin(k), Quote: "AUD"}
		price := int64(100_000 + k*1000)
		rows := make([]ledger.PriceBar, 0, 20_000)
		for i := range bars {
			price = max(1000, price+rng.Int64N(201)-100)
			p := money.New(price, 2)
			bar, err := market.NewBar(first+int64(i)*300, p, p, p, p, &money.One)
			if err != nil {
				b.Fatal(err)
			}
			rows = append(rows, ledger.PriceBar{Bar: bar, Known: bar.Unix() + 300, Source: "kraken", Backfilled: true})
			if len(rows) == cap(rows) || i == bars-1 {
				if _, err := db.AppendBars(b.Context(), m, market.FiveMinutes, rows, false); err != nil {
					b.Fatal(err)
				}
				rows = rows[:0]
			}
		}
	}
	landTexts(b, db, c, rng)
	return db
}

func landTexts(b testing.TB, db *store.DB, c *clock.Manual, rng *rand.Rand) {
	b.Helper()
	if err := db.EnsureFeeds(b.Context(), []string{"bench"}); err != nil {
		b.Fatal(err)
	}
	texts, per := int(benchTexts*share()), 2_000
	step := benchEnd.Sub(c.Now()) / time.Duration(texts/per+1)
	for n := 0; n < texts; n += per {
		c.Advance(step)
		now := c.Now()
		var r ledger.Records
		for i := range per {
			coins := []market.Coin{benchCoin(rng.IntN(benchCoins))}
			if rng.IntN(3) == 0 {
				coins = ledger.Merge(coins, []market.Coin{benchCoin(rng.IntN(benchCoins)), benchCoin(rng.IntN(benchCoins))})
			}
			at := now.Add(-time.Duration(rng.Int64N(int64(step))))
			s := ledger.Sentiment{Label: "neutral", Score: rng.Float64()*2 - 1, Scorer: "bench"}
			if i%2 == 0 {
				r.News = append(r.News, ledger.News{ID: fmt.Sprint(n + i), Source: "paper", Title: "A headline of about the usual length, about " + string(coins[0]), URL: "https://example.org/a/b/c",
					Published: at, Coins: coins, Sentiment: s})
			} else {
				r.Posts = append(r.Posts, ledger.Post{ID: fmt.Sprint(n + i), Platform: "reddit", Content: "A post that is a little longer than a headline and says little about " + string(coins[0]),
					Posted: at, Coins: coins, Sentiment: s})
			}
		}
		for k := range 10 {
			r.Events = append(r.Events, ledger.Event{ID: fmt.Sprint(n, k), Source: "edgar", Type: ledger.EventFiling, Title: "8-K", Time: now, Coins: []market.Coin{benchCoin(k)}, Impact: 0.3, Why: "w"})
			r.Metrics = append(r.Metrics, ledger.Metric{Asset: benchCoin(k), Metric: "active_addresses", Event: now.Truncate(time.Hour), Value: money.FromInt(rng.Int64N(1e6))})
		}
		cl, ok, err := db.Begin(b.Context(), "bench", "p", now, now)
		if err != nil || !ok {
			b.Fatal(ok, err)
		}
		if _, err := db.Land(b.Context(), ledger.Landing{Claim: cl, Source: "bench", Records: r, Read: now, Tick: now, Started: now}); err != nil {
			b.Fatal(err)
		}
	}
}

// question is one thing that is asked again and again, at random places.
type question struct {
	name string
	aim  time.Duration // p99
	ask  func(ctx context.Context, s *data.Service, rng *rand.Rand) error
}

func questions() []question {
	day := func(rng *rand.Rand) time.Time { return benchEnd.AddDate(0, 0, -1-rng.IntN(int(360*share()))) }
	rfc := func(t time.Time) string { return t.Format(time.RFC3339) }
	mk := func(rng *rand.Rand) string { return string(benchCoin(rng.IntN(benchCoins))) + "/AUD" }
	single, cross, multi := 50*time.Millisecond, 150*time.Millisecond, 300*time.Millisecond
	return []question{
		{"prices, a week", single, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			to := day(rng)
			_, err := s.Prices(ctx, api.PriceQuery{Market: mk(rng), Interval: "5m", From: rfc(to.AddDate(0, 0, -7)), To: rfc(to)})
			return err
		}},
		{"prices, a week, as of", single, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			to := day(rng)
			_, err := s.Prices(ctx, api.PriceQuery{Market: mk(rng), Interval: "5m", From: rfc(to.AddDate(0, 0, -7)), AsOf: rfc(to)})
			return err
		}},
		{"sentiment of a coin, newest 100", single, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			_, err := s.Sentiment(ctx, api.DataQuery{Currencies: []string{string(benchCoin(rng.IntN(benchCoins)))}, Limit: 100})
			return err
		}},
		{"sentiment of a coin, as of", single, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			_, err := s.Sentiment(ctx, api.DataQuery{Currencies: []string{string(benchCoin(rng.IntN(benchCoins)))}, Limit: 100, AsOf: rfc(day(rng))})
			return err
		}},
		{"sentiment of all, a day", single, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			to := day(rng)
			_, err := s.Sentiment(ctx, api.DataQuery{From: rfc(to.AddDate(0, 0, -1)), To: rfc(to), Limit: 500})
			return err
		}},
		{"catalysts of a coin", single, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			_, err := s.CatalystEvents(ctx, api.DataQuery{Currencies: []string{string(benchCoin(rng.IntN(10)))}, Limit: 100, AsOf: rfc(day(rng))})
			return err
		}},
		{"on-chain figures", single, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			to := day(rng)
			_, err := s.OnChainMetrics(ctx, api.DataQuery{Asset: string(benchCoin(rng.IntN(10))), From: rfc(to.AddDate(0, -1, 0)), AsOf: rfc(to)})
			return err
		}},
		{"statistics", single, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			_, err := s.Statistics(ctx, api.DataQuery{})
			return err
		}},
		{"statistics, as of", single, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			_, err := s.Statistics(ctx, api.DataQuery{AsOf: rfc(day(rng))})
			return err
		}},
		{"aligned, a week of hours", cross, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			to := day(rng)
			_, err := s.Aligned(ctx, api.PriceQuery{Market: mk(rng), Interval: "1h", From: rfc(to.AddDate(0, 0, -7)), To: rfc(to)})
			return err
		}},
		{"around a moment", cross, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			_, err := s.Around(ctx, api.AroundRequest{Time: rfc(day(rng)), Currency: string(benchCoin(rng.IntN(benchCoins))), Market: mk(rng)})
			return err
		}},
		{"ten coins, a month of hours", multi, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			to := day(rng)
			for range 10 {
				if _, err := s.Prices(ctx, api.PriceQuery{Market: mk(rng), Interval: "1h", From: rfc(to.AddDate(0, -1, 0)), To: rfc(to)}); err != nil {
					return err
				}
			}
			return nil
		}},
		{"sentiment of ten coins", multi, func(ctx context.Context, s *data.Service, rng *rand.Rand) error {
			var coins []string
			for range 10 {
				coins = append(coins, string(benchCoin(rng.IntN(benchCoins))))
			}
			_, err := s.Sentiment(ctx, api.DataQuery{Currencies: coins, Limit: 500, AsOf: rfc(day(rng))})
			return err
		}},
	}
}

// BenchmarkLedgers measures questions at the size the issue names. ns/op is the mean; p50-ms and p99-ms are of 200 asks each.
func BenchmarkLedgers(b *testing.B) {
	stores(b, func(b *testing.B, url string) {
		db := bigLedger(b, url)
		s := data.New(db, clock.NewManual(benchEnd), data.Options{})
		for _, q := range questions() {
			b.Run(q.name, func(b *testing.B) {
				rng := rand.New(rand.NewPCG(7, 8))
				var took []time.Duration
				for b.Loop() {
					for range 200 {
						t := time.Now()
						if err := q.ask(b.Context(), s, rng); err != nil {
							b.Fatal(err)
						}
						took = append(took, time.Since(t))
					}
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
				b.ReportMetric(float64(q.aim)/1e6, "aim-ms")
			})
		}
	})
}
