package floor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/backtest"
	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/strategy"
)

// flat stores hours of a market whose price stands still, but for those left out.
func (b *floorBench) flat(m market.Market, hours int, out func(i int) bool) {
	b.tb.Helper()
	p := money.FromInt(100)
	var rows []ledger.PriceBar
	for i := range hours {
		if out != nil && out(i) {
			continue
		}
		bar, err := market.NewBar(start2024.Unix()+int64(i)*3600, p, p, p, p, nil)
		if err != nil {
			b.tb.Fatal(err)
		}
		rows = append(rows, ledger.PriceBar{Bar: bar, Known: bar.Unix() + 3600, Source: "binance", Backfilled: true})
	}
	if _, err := b.db.AppendBars(context.Background(), m, market.Hour, rows, false); err != nil {
		b.tb.Fatal(err)
	}
}

// A replay's questions about another coin are bound by that coin's hold-out: it is a look, and refused unless the risk is accepted.
func TestAReplayLearnsOfItsQuestionsCoins(t *testing.T) {
	b := newFloor(t)
	b.bars(400)
	b.flat(market.Market{Base: "ETH", Quote: "USDT"}, 168, nil)
	b.land(ledger.Records{Metrics: []ledger.Metric{{Asset: "ETH", Metric: "tx", Event: start2024.AddDate(0, 0, 9), Value: money.FromInt(7)}}})
	seal := ledger.Seal(b.db, ledger.Holdout{Longest: 3 * 24 * time.Hour, Share: .5}) // ETH's begins on the 5th, BTC's on the 14th
	id := b.algorithm(`
strategy(name = "eth", markets = ["BTC/USDT"], interval = "1h")
tx = ledger.metric("tx", coin = "ETH", lag = "0h")
def on_bar(ctx, bar):
    if tx.ready:
        ctx.log(tx.value)
`, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{Holdout: seal})
	request := api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay", From: "2024-01-09", To: "2024-01-13"}
	_, err := f.Start(t.Context(), b.user, request)
	var p *api.Problem
	if !errors.As(err, &p) || p.Code != api.CodeHoldout || !strings.Contains(p.Detail, "2024-01-05") {
		t.Fatalf("%v", err)
	}
	request.AcceptRisk = []string{api.RiskHoldout}
	s, err := f.Start(t.Context(), b.user, request)
	if err != nil {
		t.Fatal(err)
	}
	final(t, f, b.user, s.ID)
	if logs := audit(t, f, b.user, s.ID, "log"); len(logs) == 0 {
		t.Error("the accepted look saw nothing")
	}
}

// The facts of a replay reach back to before its first warm-up bar, wherever that lies.
func TestAReplayOverAHoleIsToldWhatABacktestIs(t *testing.T) {
	b := newFloor(t)
	b.flat(btc, 200, func(i int) bool { return i >= 40 && i < 60 })
	var r ledger.Records
	for i := range 200 {
		r.News = append(r.News, news(fmt.Sprint(i), start2024.Add(time.Duration(i)*time.Hour), float64(i%7)/10, "BTC"))
	}
	b.land(r)
	const src = `
strategy(name = "warm", markets = ["BTC/USDT"], interval = "1h")
mood = ledger.sentiment(window = "1h", lag = "0h")
slow = ind.ema(20, source = mood)
def on_bar(ctx, bar):
    ctx.log(mood.count, mood.mean, slow.value)
`
	id := b.algorithm(src, strategy.Options{}, strategy.Paper)
	f := b.service(b.db, Options{})
	from := start2024.Add(64 * time.Hour)
	s, err := f.Start(t.Context(), b.user, api.FloorRequest{Algorithm: id, Paper: true, Feed: "replay", From: from.Format(time.RFC3339), To: "2024-01-08"})
	if err != nil {
		t.Fatal(err)
	}
	final(t, f, b.user, s.ID)
	logs := audit(t, f, b.user, s.ID, "log")
	strat, _, err := strategy.Load([]byte(src), "warm", strategy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	spec := strat.Spec()
	before, err := b.db.PriceBars(t.Context(), ledger.BarQuery{Market: btc, Interval: market.Hour, To: from, Limit: spec.Warmup})
	after, err2 := b.db.PriceBars(t.Context(), ledger.BarQuery{Market: btc, Interval: market.Hour, From: from, To: start2024.AddDate(0, 0, 7)})
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	bars := append(before.Bars, after.Bars...)
	list, err := ledger.Asked(t.Context(), b.db, spec.Ledgers, spec.Markets, market.Hour, [][]market.Bar{bars})
	if err != nil {
		t.Fatal(err)
	}
	trace := logged(t, strat, bars, list, from)
	if len(logs) < 50 || len(trace) != len(logs) {
		t.Fatalf("%d lines of the replay, %d of the backtest", len(logs), len(trace))
	}
	for i := range logs {
		if !strings.Contains(trace[i], logs[i]) {
			t.Fatalf("bar %d: the replay %s, the backtest %s", i, logs[i], trace[i])
		}
	}
}

// logged is what a backtest's strategy logged.
func logged(t *testing.T, s strategy.Strategy, bars []market.Bar, told fact.List, from time.Time) (out []string) {
	t.Helper()
	var w strings.Builder
	if _, err := backtest.Run(t.Context(), backtest.Input{Strategy: s, Bars: [][]market.Bar{bars}, Told: told, From: from, Settings: report.Default(), Trace: &w}); err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.Split(w.String(), "\n") {
		if strings.Contains(l, `"log"`) {
			out = append(out, l)
		}
	}
	return out
}
