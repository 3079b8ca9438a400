package algorithm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/daemon/gateway"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/sandbox/sandboxtest"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
	"github.com/ohmycoins/omc/internal/strategy"
)

var _ gateway.Algorithms = (*Service)(nil)

const barCount = 9000 // hourly bars: 375 days

// bench is a service on a real SQLite store with hourly BTC/USDT bars from 2024-01-01.
type bench struct {
	*Service
	db    *store.DB
	user  string
	clock *clock.Manual
}

func newBench(t *testing.T, source string) *bench {
	t.Helper()
	return newBenchAt(t, storetest.URL(t), source)
}

func newBenchAt(t *testing.T, url, source string) *bench {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	db, err := store.Open(t.Context(), url, store.Options{Migrate: true, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	user, err := db.EnsureLocalUser(t.Context(), "tester")
	if err != nil {
		t.Fatal(err)
	}
	m := market.Market{Base: "BTC", Quote: "USDT"}
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	rows := make([]ledger.PriceBar, barCount)
	before := 30_000.0
	for i := range rows {
		price := 30_000 * math.Exp(0.2*math.Sin(float64(i)/90)+0.02*math.Sin(float64(i)*1.7))
		d := func(f float64) money.Decimal { return money.New(int64(f*100), 2) }
		v := money.FromInt(500)
		b, err := market.NewBar(start+int64(i)*3600, d(before), d(math.Max(before, price)), d(math.Min(before, price)), d(price), &v)
		if err != nil {
			t.Fatal(err)
		}
		rows[i], before = ledger.PriceBar{Bar: b, Known: b.Unix() + 3600, Source: source, Backfilled: true}, price
	}
	if _, err := db.AppendBars(t.Context(), m, market.Hour, rows, false); err != nil {
		t.Fatal(err)
	}
	return &bench{New(db, ledger.Seal(db, ledger.Holdout{}), c, sandboxtest.Host(t)), db, user, c}
}

// problemOf is the Problem in err, with this code.
func problemOf(t *testing.T, err error, code string) *api.Problem {
	t.Helper()
	var p *api.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("got %v, want a problem %s", err, code)
	}
	return p
}

func (b *bench) create(t *testing.T, example string, params map[string]float64) api.Algorithm {
	t.Helper()
	ex, ok := strategy.FindExample(example)
	if !ok {
		t.Fatal(example)
	}
	a, err := b.Create(t.Context(), b.user, api.AlgorithmCreate{Source: ex.Source, Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestBacktestOfAnExample(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	req := api.BacktestRequest{Strategy: "ema-cross", From: "2024-03-01", To: "2024-06-01T00:00:00Z", Params: map[string]float64{"fast": 10, "slow": 60}}
	var trace bytes.Buffer
	r, err := b.Backtest(t.Context(), b.user, req, &trace)
	if err != nil {
		t.Fatal(err)
	}
	if r.Strategy != "ema-cross" || r.Algorithm != "" || r.Params["fast"] != 10 || len(r.CodeHash) != 64 || r.Simulated || len(r.Sources) != 1 || r.Sources[0] != "binance" {
		t.Errorf("%s %q %v %v", r.Strategy, r.Algorithm, r.Params, r.Sources)
	}
	// March to May has 92 days, all of them tradable: the 60 bars of warm-up came from before.
	if r.Bars != 92*24 || r.Warmup != 60 || !r.From.Equal(time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)) || r.Missing != 0 {
		t.Errorf("bars %d, warm-up %d, from %s, missing %d", r.Bars, r.Warmup, r.From, r.Missing)
	}
	if len(r.Trades) == 0 || !strings.Contains(trace.String(), `"cross up"`) {
		t.Errorf("%d trades, trace of %d bytes", len(r.Trades), trace.Len())
	}
	again, err := b.Backtest(t.Context(), b.user, req, nil)
	if err != nil {
		t.Fatal(err)
	}
	x, _ := json.Marshal(r)
	y, _ := json.Marshal(again)
	if !bytes.Equal(x, y) {
		t.Error("the same request gave another report")
	}
	if all, err := b.List(t.Context(), b.user); err != nil || len(all) != 0 {
		t.Errorf("a plain backtest stored %d algorithms, %v", len(all), err)
	}
}

func TestBacktestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	bad := report.Default()
	bad.Cash = money.Zero
	for name, c := range map[string]struct {
		r    api.BacktestRequest
		code string
		says string
	}{
		"unknown strategy": {api.BacktestRequest{Strategy: "no-such"}, api.CodeNotFound, "ema-cross"},
		"short id":         {api.BacktestRequest{Strategy: "abc"}, api.CodeNotFound, "ema-cross"},
		"bad market":       {api.BacktestRequest{Strategy: "ema-cross", Markets: []string{"BTC"}}, api.CodeBadRequest, "BASE/QUOTE"},
		"bad interval":     {api.BacktestRequest{Strategy: "ema-cross", Interval: "7m"}, api.CodeBadRequest, "interval"},
		"bad date":         {api.BacktestRequest{Strategy: "ema-cross", From: "yesterday"}, api.CodeBadRequest, "2024-06-01"},
		"turned window":    {api.BacktestRequest{Strategy: "ema-cross", From: "2024-06-01", To: "2024-05-01"}, api.CodeBadRequest, "not before"},
		"no bars there":    {api.BacktestRequest{Strategy: "ema-cross", From: "2020-01-01", To: "2020-02-01"}, api.CodeNotFound, "1h from 2024-01-01"},
		"no such market":   {api.BacktestRequest{Strategy: "ema-cross", Markets: []string{"ETH/USDT"}}, api.CodeNotFound, "it has BTC/USDT"},
		"unknown param":    {api.BacktestRequest{Strategy: "ema-cross", Params: map[string]float64{"fsat": 3}}, api.CodeBadRequest, "slow: a whole number from 3 to 2000"},
		"script error":     {api.BacktestRequest{Strategy: "mine", Source: "x ="}, api.CodeBadRequest, "mine.star:1:"},
		"runtime error":    {api.BacktestRequest{Strategy: "mine", Source: "strategy(name='m', markets=['BTC/USDT'], interval='1h')\ndef on_bar(ctx, bar): 1 // 0"}, api.CodeBadRequest, "mine.star:2:25: in on_bar"},
		"settings":         {api.BacktestRequest{Strategy: "ema-cross", Settings: &bad}, api.CodeBadRequest, "cash"},
		"one fold":         {api.BacktestRequest{Strategy: "ema-cross", WalkForward: 1}, api.CodeBadRequest, "folds"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Backtest(t.Context(), b.user, c.r, nil)
			if p := problemOf(t, err, c.code); !strings.Contains(p.Detail, c.says) {
				t.Errorf("%q does not say %q", p.Detail, c.says)
			}
		})
	}
	if all, err := b.List(t.Context(), b.user); err != nil || len(all) != 0 {
		t.Errorf("what was refused left %d algorithms, %v", len(all), err)
	}
}

func TestPromotionNeedsEvidence(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	a := b.create(t, "ema-cross", nil)
	if a.State != strategy.Draft || a.Provenance.CodeHash != a.Content.CodeHash() {
		t.Fatalf("%+v", a)
	}
	promote := func(to strategy.State) (api.Algorithm, error) {
		return b.Promote(t.Context(), b.user, a.ID[:8], api.PromoteRequest{To: to, Reason: "because"})
	}
	_, err := promote(strategy.Paper)
	if p := problemOf(t, err, api.CodeRefused); p.Errors[0].Code != "one_state_at_a_time" {
		t.Errorf("%+v", p)
	}
	_, err = promote(strategy.Validated)
	p := problemOf(t, err, api.CodeRefused)
	if got := codes(p, true); got != "walk_forward lookahead trials_counted" || !strings.Contains(p.Detail, "--walk-forward 5") {
		t.Errorf("refused for %s: %s", got, p.Detail)
	}

	r, err := b.Backtest(t.Context(), b.user, api.BacktestRequest{Strategy: a.ID, WalkForward: 4}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Algorithm != a.ID {
		t.Errorf("report of %q", r.Algorithm)
	}
	v, err := promote(strategy.Validated)
	if err != nil {
		t.Fatal(err)
	}
	if v.State != strategy.Validated || v.Evidence.Trials != 1 || v.Report == nil || v.Report.Bars != barCount {
		t.Errorf("%+v", v)
	}
	b.clock.Advance(91 * 24 * time.Hour)
	_, err = promote(strategy.Paper)
	if p := problemOf(t, err, api.CodeRefused); codes(p, true) != "evidence_fresh" || !strings.Contains(p.Detail, "paper needs a completed walk-forward backtest and no look-ahead finding") {
		t.Errorf("%+v", p)
	}
	b.clock.Advance(-24 * time.Hour * 2)
	v, err = promote(strategy.Paper)
	if err != nil {
		t.Fatal(err)
	}
	advisories := 0
	for _, q := range v.Evidence.Reasons {
		if q.Code == "deflated_sharpe" && q.Advisory && q.Passed {
			advisories++
		}
	}
	if v.State != strategy.Paper || advisories != 1 {
		t.Errorf("%s, reasons %+v", v.State, v.Evidence.Reasons)
	}
	_, err = promote(strategy.Live)
	if p := problemOf(t, err, api.CodeRefused); codes(p, true) != "live_not_available no_paper_record no_named_approval no_credentials evidence_bundle" {
		t.Errorf("%+v", p)
	}
	if v, err = b.Retire(t.Context(), b.user, a.ID, "tired"); err != nil || v.State != strategy.Retired {
		t.Fatalf("%s %v", v.State, err)
	}
	_, err = b.Retire(t.Context(), b.user, a.ID, "")
	problemOf(t, err, api.CodeConflict)
	_, err = promote("")
	if p := problemOf(t, err, api.CodeRefused); p.Errors[0].Code != "no_next_state" {
		t.Errorf("%+v", p)
	}
	rows, err := b.db.Audit(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	moves := 0
	for _, row := range rows {
		if row.Action == "algorithm.state" && row.Subject == a.ID {
			moves++
		}
	}
	if moves != 3 {
		t.Errorf("%d moves in the audit", moves)
	}
}

// codes joins the codes of the reasons that refuse.
func codes(p *api.Problem, refusing bool) string {
	var out []string
	for _, r := range p.Errors {
		if (!r.Passed && !r.Advisory) == refusing {
			out = append(out, r.Code)
		}
	}
	return strings.Join(out, " ")
}

func TestALookAheadFindingRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	a := b.create(t, "ema-cross", nil)
	if _, err := b.Backtest(t.Context(), b.user, api.BacktestRequest{Strategy: a.ID, WalkForward: 3}, nil); err != nil {
		t.Fatal(err)
	}
	e, _, err := b.db.Evidence(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	e.LookAhead = json.RawMessage(`{"finding":{"code":"no_look_ahead","passed":false,"text":"at the bar that closed 2024-02-02: it looks ahead"}}`)
	if err := b.db.PutEvidence(t.Context(), *e, nil); err != nil {
		t.Fatal(err)
	}
	_, err = b.Promote(t.Context(), b.user, a.ID, api.PromoteRequest{To: strategy.Validated})
	if p := problemOf(t, err, api.CodeRefused); codes(p, true) != "lookahead" || !strings.Contains(p.Detail, "it looks ahead") {
		t.Errorf("%+v", p)
	}
}

func TestTrialsOfTheSameScriptAreCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t, ledger.Simulated)
	for i, fast := range []float64{8, 12, 16} {
		r, err := b.Backtest(t.Context(), b.user, api.BacktestRequest{Strategy: "ema-cross", Params: map[string]float64{"fast": fast}, WalkForward: 2}, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := b.Get(t.Context(), b.user, r.Algorithm)
		if err != nil {
			t.Fatal(err)
		}
		if a.State != strategy.Draft || a.Evidence.Trials != i+1 {
			t.Errorf("variant %d: %s with %d trials", i+1, a.State, a.Evidence.Trials)
		}
		if last := a.Gate[len(a.Gate)-1]; !r.Simulated || last.Code != "simulated_data" || !last.Advisory {
			t.Errorf("simulated prices are not named: %+v", last)
		}
	}
	all, err := b.List(t.Context(), b.user)
	if err != nil || len(all) != 3 || all[0].Report != nil || all[0].Evidence.WalkForward != nil {
		t.Errorf("%d listed, %v", len(all), err)
	}
}

// Nothing makes the trials that a result is judged after fewer, and more of them make the same result worth less.
func TestEveryBacktestIsATrial(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	const rename = `strategy(name='another', markets=['BTC/USDT'], interval='1h')
slow = ind.sma(%d)
def on_bar(ctx, bar): ctx.target(0.9 if bar.close > slow.value else 0)
`
	tries := func(n int, r api.BacktestRequest) {
		t.Helper()
		if _, err := b.Backtest(t.Context(), b.user, r, nil); err != nil {
			t.Fatal(err)
		}
		c, err := b.db.Campaign(t.Context(), b.user, "", []market.Market{{Base: "BTC", Quote: "USDT"}})
		if err != nil || c.Trials != n || len(c.Ran) != n || len(c.Ran[0].Returns) == 0 {
			t.Fatalf("%d trials, %d with a result, %v: want %d", c.Trials, len(c.Ran), err, n)
		}
	}
	plain := api.BacktestRequest{Strategy: "ema-cross"}
	tries(1, plain)
	tries(1, plain) // the same again is no other try
	tries(2, api.BacktestRequest{Strategy: "ema-cross", Params: map[string]float64{"fast": 9}})
	tries(3, api.BacktestRequest{Strategy: "ema-cross", From: "2024-03-01"})
	tries(4, api.BacktestRequest{Source: fmt.Sprintf(rename, 50), Strategy: "x"})

	judged := api.BacktestRequest{Strategy: "ema-cross", Params: map[string]float64{"fast": 10}, WalkForward: 3}
	evidence := func() *strategy.Evidence {
		t.Helper()
		r, err := b.Backtest(t.Context(), b.user, judged, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := b.Get(t.Context(), b.user, r.Algorithm)
		if err != nil || a.Evidence.DSR == nil {
			t.Fatalf("%+v, %v", a.Evidence, err)
		}
		return a.Evidence
	}
	first := evidence()
	if first.Trials != 5 {
		t.Errorf("%d trials, want 5: those without a walk-forward count", first.Trials)
	}
	for n := range 12 {
		tries(6+n, api.BacktestRequest{Source: fmt.Sprintf(rename, 20+7*n), Strategy: "x"})
	}
	if _, err := b.Backtest(t.Context(), b.user, api.BacktestRequest{Source: strings.Replace(fmt.Sprintf(rename, 99), "bar.close >", "1 // 0 >", 1), Strategy: "x"}, nil); err == nil {
		t.Error("a script that divides by zero runs")
	}
	if then := evidence(); then.Trials != 18 {
		t.Errorf("%d trials, want 18: the one that failed among them", then.Trials)
	}
	// A check shows no result, but the error of a script can.
	tell := strings.Replace(fmt.Sprintf(rename, 33), "ctx.target(", "fail('%s' % ctx.equity) or ctx.target(", 1)
	if _, err := b.Check(t.Context(), b.user, api.CheckRequest{BacktestRequest: api.BacktestRequest{Source: tell, Strategy: "x"}}); err == nil {
		t.Error("a script that fails passes the check")
	}
	if _, err := b.Check(t.Context(), b.user, api.CheckRequest{BacktestRequest: plain}); err != nil { // tried before
		t.Error(err)
	}
	if then := evidence(); then.Trials != 19 {
		t.Errorf("%d trials, want 19: the one that was checked among them", then.Trials)
	}
}

func TestShortWindowIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	r, err := b.Backtest(t.Context(), b.user, api.BacktestRequest{Strategy: "ema-cross", From: "2024-02-01", To: "2024-02-20", WalkForward: 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Promote(t.Context(), b.user, r.Algorithm, api.PromoteRequest{})
	if p := problemOf(t, err, api.CodeRefused); !strings.HasPrefix(codes(p, true), "too_short") {
		t.Errorf("%+v", p)
	}
}

func TestIDsAndPrefixes(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	a := b.create(t, "buy-and-hold", nil)
	if again := b.create(t, "buy-and-hold", nil); again.ID != a.ID || !again.CreatedAt.Equal(a.CreatedAt) {
		t.Error("the same content was stored twice")
	}
	for _, id := range []string{"", "a", "ffff", "zzzzzz", strings.Repeat("f", 64), "%%%%", "../../etc"} {
		_, err := b.Get(t.Context(), b.user, id)
		var p *api.Problem
		if !errors.As(err, &p) || p.Code == api.CodeInternal {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := b.Get(t.Context(), "another", a.ID); err == nil {
		t.Error("another user sees it")
	}
	if g, err := b.Get(t.Context(), b.user, strings.ToUpper(a.ID[:6])); err != nil || g.ID != a.ID {
		t.Errorf("by prefix: %v", err)
	}
}

func TestExportAndImport(t *testing.T) {
	t.Parallel()
	b, other := newBench(t, "binance"), newBench(t, "binance")
	a := b.create(t, "donchian-breakout", map[string]float64{"enter": 40})
	if _, err := b.Backtest(t.Context(), b.user, api.BacktestRequest{Strategy: a.ID, WalkForward: 3}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Promote(t.Context(), b.user, a.ID, api.PromoteRequest{}); err != nil {
		t.Fatal(err)
	}
	bundle, err := b.Export(t.Context(), b.user, a.ID)
	if err != nil || bundle.Evidence == nil || bundle.Algorithm.State != strategy.Validated {
		t.Fatalf("%+v, %v", bundle, err)
	}
	body, err := json.Marshal(bundle)
	if err != nil {
		t.Fatal(err)
	}
	read := func() (out api.Bundle) {
		if err := json.Unmarshal(body, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	hostile := read()
	hostile.Algorithm.Provenance.Author = "x\x1b[31m\u202e" + strings.Repeat("y", 500)
	got, err := other.Import(t.Context(), other.user, hostile)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != a.ID || got.State != strategy.Draft || got.Evidence != nil || got.Content.Params["enter"] != 40 {
		t.Errorf("%+v", got)
	}
	if author := got.Provenance.Author; !strings.HasPrefix(author, "x[31myy") || len(author) != 200 {
		t.Errorf("author %q", author)
	}
	for name, change := range map[string]func(*api.Bundle){
		"format":   func(x *api.Bundle) { x.Format = "omc-algorithm/9" },
		"script":   func(x *api.Bundle) { x.Algorithm.Content.Script += "\n# changed" },
		"param":    func(x *api.Bundle) { x.Algorithm.Content.Params["enter"] = 41 },
		"range":    func(x *api.Bundle) { x.Algorithm.Content.Params["enter"] = -1 },
		"id":       func(x *api.Bundle) { x.Algorithm.ID = strings.Repeat("0", 64) },
		"language": func(x *api.Bundle) { x.Algorithm.Content.Language = "python" },
		"empty":    func(x *api.Bundle) { *x = api.Bundle{Format: BundleFormat} },
	} {
		x := read()
		change(&x)
		if _, err := other.Import(t.Context(), other.user, x); err == nil {
			t.Errorf("a bundle with another %s was accepted", name)
		} else {
			problemOf(t, err, api.CodeBadRequest)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	x, y := b.create(t, "ema-cross", nil), b.create(t, "ema-cross", map[string]float64{"fast": 20})
	d, err := b.Diff(t.Context(), b.user, x.ID, y.ID)
	if err != nil || len(d.Params) != 1 || d.Params["fast"] != [2]string{"12", "20"} || len(d.Fields) != 0 || d.Script != "" {
		t.Errorf("%+v, %v", d, err)
	}
	z := b.create(t, "momentum", nil)
	if d, err = b.Diff(t.Context(), b.user, x.ID, z.ID); err != nil || d.Fields["name"] != [2]string{"ema-cross", "momentum"} || !strings.HasPrefix(d.Script, "--- ") {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestExamplesAreOffered(t *testing.T) {
	b := New(nil, ledger.Seal(nil, ledger.Holdout{}), nil, nil)
	all := b.Examples()
	if len(all) != len(strategy.Examples()) {
		t.Fatal(len(all))
	}
	for _, ex := range all {
		if ex.Source == "" || len(ex.Markets) == 0 || ex.Interval == "" {
			t.Errorf("%+v", ex)
		}
	}
}

func TestCancelledBacktest(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Backtest(ctx, b.user, api.BacktestRequest{Strategy: "ema-cross"}, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAWindowWithHolesIsRefused: too many missing bars are refused with the way out; fewer are carried in the report.
func TestAWindowWithHolesIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, "binance")
	var bars []ledger.PriceBar
	start := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC).Unix()
	for i := range int64(1000) {
		if i%5 == 4 { // every fifth is missing
			continue
		}
		p := money.FromInt(100 + i%7)
		bar, err := market.NewBar(start+i*3600, p, p, p, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		bars = append(bars, ledger.PriceBar{Bar: bar, Known: start + (i+1)*3600, Source: "s"})
	}
	m := market.Market{Base: "HOLE", Quote: "USDT"}
	if _, err := b.db.AppendBars(t.Context(), m, market.Hour, bars, false); err != nil {
		t.Fatal(err)
	}
	req := api.BacktestRequest{Strategy: "ema-cross", Markets: []string{m.String()}, Interval: "1h"}
	_, err := b.Backtest(t.Context(), b.user, req, nil)
	p := problemOf(t, err, CodeDataGaps)
	if !strings.Contains(p.Detail, "199 of 999 1h bars of HOLE/USDT are missing") || !strings.Contains(p.Detail, "omc data backfill HOLE/USDT") || p.Status != 422 {
		t.Error(p.Detail)
	}
	req.MaxMissing = 0.25
	r, err := b.Backtest(t.Context(), b.user, req, nil)
	if err != nil || r.Missing != 199 || !strings.Contains(strings.Join(r.Notes, " "), "199 bars are missing") {
		t.Errorf("%v %+v", err, r)
	}
	b.AllowMissing(0.25)
	req.MaxMissing = 0
	if _, err := b.Backtest(t.Context(), b.user, req, nil); err != nil {
		t.Error(err)
	}
}
