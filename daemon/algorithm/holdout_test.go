package algorithm

import (
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/sandbox/sandboxtest"
	"github.com/ohmycoins/omc/internal/search"
)

// Of 375 days the newest 60 are sealed: no result holds a day of them that was not looked at by name, and every look is counted.
func TestTheHoldOutIsNotSeenUnlessLookedAt(t *testing.T) {
	b := newBench(t, "test")
	ctx := t.Context()
	s := New(b.db, ledger.Seal(b.db, ledger.Holdout{Longest: 60 * 24 * time.Hour, Share: 0.2}), b.clock, sandboxtest.Host(t))
	end := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(barCount * time.Hour)
	seal := end.AddDate(0, 0, -60).Truncate(24 * time.Hour)

	plain := api.BacktestRequest{Strategy: "ema-cross", Markets: []string{"BTC/USDT"}, Interval: "1h"}
	rep, err := s.Backtest(ctx, b.user, plain, nil)
	if err != nil || !rep.To.Equal(seal) || rep.Holdout == nil || rep.Holdout.Looked || rep.Holdout.Looks != 0 || !rep.Holdout.From.Equal(seal) {
		t.Fatalf("a backtest without an end ends at %v, %+v, %v; want %v", rep.To, rep.Holdout, err, seal)
	}
	for name, r := range map[string]api.BacktestRequest{
		"a later end":       {Strategy: "ema-cross", Interval: "1h", To: seal.Add(time.Hour).Format(time.RFC3339)},
		"the end of data":   {Strategy: "ema-cross", Interval: "1h", To: end.Format(time.RFC3339), WalkForward: 3},
		"a later beginning": {Strategy: "ema-cross", Interval: "1h", From: seal.Format(time.RFC3339)},
	} {
		r.Markets = plain.Markets
		_, err := s.Backtest(ctx, b.user, r, nil)
		if p := problemOf(t, err, api.CodeHoldout); !strings.Contains(p.Detail, "--accept-risk=holdout") || !strings.Contains(p.Detail, seal.Format(time.DateOnly)) {
			t.Errorf("%s: %s", name, p.Detail)
		}
		_, err = s.Check(ctx, b.user, api.CheckRequest{BacktestRequest: r})
		problemOf(t, err, api.CodeHoldout)
	}
	seen := func() time.Time {
		t.Helper()
		c, err := b.db.Campaign(ctx, b.user, "", []market.Market{{Base: "BTC", Quote: "AUD"}})
		if err != nil {
			t.Fatal(err)
		}
		return c.Seen
	}
	if at := seen(); !at.Equal(seal) {
		t.Errorf("seen up to %v, want %v", at, seal)
	}
	// A look that fails has shown what its error says, and so has a run with nothing sealed.
	failing := api.BacktestRequest{Strategy: "x", Markets: plain.Markets, Interval: "1h", From: seal.Format(time.RFC3339), To: end.AddDate(0, 0, -30).Format(time.RFC3339), AcceptRisk: []string{api.RiskHoldout},
		Source: "strategy(name='x', markets=['BTC/USDT'], interval='1h')\ndef on_bar(ctx, bar): fail('%s' % bar.close)\n"}
	if _, err := s.Backtest(ctx, b.user, failing, nil); err == nil || !seen().Equal(end.AddDate(0, 0, -30)) {
		t.Errorf("after a look that failed (%v) it is seen up to %v", err, seen())
	}
	bad := plain
	bad.AcceptRisk = []string{"everything"}
	_, err = s.Backtest(ctx, b.user, bad, nil)
	problemOf(t, err, api.CodeBadRequest)

	search := api.OptimizeRequest{BacktestRequest: plain, Ranges: map[string]search.Range{"fast": {Min: 8, Max: 12, Step: 4}}}
	found, err := s.Optimize(ctx, b.user, search)
	if err != nil || found.End.After(seal) {
		t.Errorf("a search ends at %v, %v", found.End, err)
	}
	search.AcceptRisk = []string{api.RiskHoldout}
	_, err = s.Optimize(ctx, b.user, search)
	problemOf(t, err, api.CodeBadRequest)

	audited := func() (n int) {
		rows, err := b.db.Audit(ctx, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Action == ActionLook {
				n++
			}
		}
		return n
	}
	look := plain
	look.AcceptRisk = []string{api.RiskHoldout}
	for n := 1; n <= 2; n++ {
		rep, err = s.Backtest(ctx, b.user, look, nil)
		if err != nil || !rep.To.Equal(end) || rep.Holdout == nil || !rep.Holdout.Looked || rep.Holdout.Looks != n+1 || audited() != n+1 {
			t.Fatalf("look %d: to %v, %+v, %d audited, %v", n, rep.To, rep.Holdout, audited(), err)
		}
	}
	look.To = seal.Format(time.RFC3339) // accepting what is not needed spends nothing
	if rep, err = s.Backtest(ctx, b.user, look, nil); err != nil || rep.Holdout.Looked || rep.Holdout.Looks != 3 {
		t.Errorf("%+v, %v", rep.Holdout, err)
	}
	if rep, err = b.Backtest(ctx, b.user, plain, nil); err != nil || rep.Holdout != nil || !rep.To.Equal(end) {
		t.Errorf("with nothing sealed: to %v, %+v, %v", rep.To, rep.Holdout, err)
	}
}

// A question's coin may be sealed from earlier on than the market: a run without an end stops there, and a look goes beyond.
func TestAQuestionsCoinIsSealedToo(t *testing.T) {
	b := newBench(t, "binance")
	p := money.FromInt(100)
	var rows []ledger.PriceBar
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range barCount / 2 {
		bar, err := market.NewBar(start.Unix()+int64(i)*3600, p, p, p, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, ledger.PriceBar{Bar: bar, Known: bar.Unix() + 3600, Source: "binance", Backfilled: true})
	}
	if _, err := b.db.AppendBars(t.Context(), market.Market{Base: "ETH", Quote: "USDT"}, market.Hour, rows, false); err != nil {
		t.Fatal(err)
	}
	s := New(b.db, ledger.Seal(b.db, ledger.Holdout{Longest: 60 * 24 * time.Hour, Share: 0.2}), b.clock, sandboxtest.Host(t))
	const src = `
strategy(name = "eth", markets = ["BTC/USDT"], interval = "1h")
tx = ledger.metric("tx", coin = "ETH")
def on_bar(ctx, bar):
    pass
`
	_, err := s.Backtest(t.Context(), b.user, api.BacktestRequest{Strategy: "eth", Source: src}, nil)
	if err != nil {
		t.Error("without an end:", err)
	}
	_, err = s.Backtest(t.Context(), b.user, api.BacktestRequest{Strategy: "eth", Source: src, AcceptRisk: []string{api.RiskHoldout}, From: "2024-01-02", To: start.Add(barCount * 7 / 10 * time.Hour).Format(time.RFC3339)}, nil)
	if err != nil {
		t.Error("with the risk accepted, as the refusal says:", err)
	}
}
