package algorithm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox/sandboxtest"
	"github.com/ohmycoins/omc/internal/search"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/verdict"
)

func sealedBench(t *testing.T) (*bench, *Service) {
	b := newBench(t, "test")
	return b, New(b.db, ledger.Seal(b.db, ledger.Holdout{Longest: 60 * 24 * time.Hour, Share: 0.2}), b.clock, sandboxtest.Host(t))
}

func decoded(t *testing.T, v *api.Validation) *verdict.Bundle {
	t.Helper()
	b, err := verdict.Decode(v.Bundle)
	if err != nil || verdict.Hash(v.Bundle) != v.Hash {
		t.Fatal(err)
	}
	return b
}

// A validation measures, counts what it ran, and can be had again from its bundle, to the byte, without another trial.
var at0 = time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)

func TestABundleIsVerified(t *testing.T) {
	t.Parallel()
	b, s := sealedBench(t)
	ctx := t.Context()
	r := api.ValidateRequest{BacktestRequest: api.BacktestRequest{Strategy: "ema-cross", Markets: []string{"BTC/USDT"}, Interval: "1h"}, Seed: 7}
	trials := func() int {
		t.Helper()
		c, err := b.db.Campaign(ctx, b.user, "", []market.Market{{Base: "BTC", Quote: "USDT"}})
		if err != nil {
			t.Fatal(err)
		}
		return c.Trials
	}
	nothing := 0.0
	if _, err := s.Optimize(ctx, b.user, api.OptimizeRequest{BacktestRequest: r.BacktestRequest, Test: &nothing,
		Ranges: map[string]search.Range{"fast": {Values: []float64{3, 8, 20}}, "slow": {Values: []float64{30, 90, 200}}}}); err != nil {
		t.Fatal(err)
	}
	tried := trials()
	v, err := s.Validate(ctx, b.user, r)
	if err != nil {
		t.Fatal(err)
	}
	got := decoded(t, v)
	f := &got.Findings
	switch {
	case tried != 9:
		t.Errorf("%d trials before", tried)
	case f.Holdout != nil || got.Inputs.Sealed == nil || !got.Inputs.To.Equal(*got.Inputs.Sealed):
		t.Errorf("the hold-out: %+v, %v", f.Holdout, got.Inputs.Sealed)
	case len(f.Costs) != 4 || f.Costs[0].Return <= f.Costs[1].Return || f.Costs[2].Return <= f.Costs[3].Return:
		t.Errorf("costs: %+v", f.Costs)
	case len(f.Beside) != 4 || f.Stability == nil:
		t.Errorf("neighbours: %+v", f.Beside)
	case f.Bands == nil || f.Random == nil || f.Deflated == nil || f.Overfit == nil || f.Capacity == nil || len(f.Regimes) < 4:
		t.Errorf("not measured: %v", f.Missing)
	case got.Inputs.Trials != tried+8 || len(got.Inputs.Ratios) != tried+5 || len(got.Inputs.RatioDays) != tried+5 || got.Inputs.RatioDays[0] == 0 || len(got.Inputs.Keys) != tried+5: // itself, three costs, four neighbours
		t.Errorf("%d trials, %d ratios, %d comparable", got.Inputs.Trials, len(got.Inputs.Ratios), len(got.Inputs.Keys))
	case f.Overfit.Compared != tried+5 || f.Overfit.Trials < 5 || f.Overfit.Trials > tried+3: // two of the neighbours at least are the same choice
		t.Errorf("%+v", f.Overfit)
	}
	again, err := s.Verify(ctx, b.user, api.VerifyRequest{Hash: v.Hash[:8]})
	if err != nil || !again.Same || trials() != tried+8 || len(again.Unverified) != 0 {
		t.Fatalf("%+v, %v, %d trials", again, err, trials())
	}
	if _, err := s.Backtest(ctx, b.user, api.BacktestRequest{Strategy: "momentum", Markets: []string{"BTC/USDT"}, Interval: "1h"}, nil); err != nil {
		t.Fatal(err)
	}
	var compact json.RawMessage
	if compact, err = json.Marshal(v.Bundle); err != nil {
		t.Fatal(err)
	}
	if again, err = s.Verify(ctx, b.user, api.VerifyRequest{Bundle: compact}); err != nil || !again.Same || again.Hash != v.Hash {
		t.Fatalf("after another trial, and without spaces: %+v, %v", again, err)
	}
	odd := r
	odd.From, odd.To = "2024-02-01T05:00:00.5Z", "2024-05-01T13:00:00.25Z"
	part, err := s.Validate(ctx, b.user, odd)
	if err != nil {
		t.Fatal(err)
	}
	if again, err = s.Verify(ctx, b.user, api.VerifyRequest{Hash: part.Hash}); err != nil || !again.Same {
		t.Fatalf("of a window that begins in the middle of a second: %+v, %v", again, err)
	}
	for name, c := range map[string]struct {
		forge func(*verdict.Bundle)
		want  string
	}{
		"another id":         {func(b *verdict.Bundle) { b.Inputs.Content.Params = nil; b.Inputs.Algorithm = b.Inputs.Content.ID() }, "/inputs/content"},
		"another name":       {func(b *verdict.Bundle) { b.Inputs.Name = "x\x1b[31mEVIL" }, "/inputs/name"},
		"its own thresholds": {func(b *verdict.Bundle) { b.Inputs.Limits.DSR = 0; b.Judge() }, "the thresholds"},
		"a gain unseen": {func(b *verdict.Bundle) {
			gain := 5.0
			b.Findings.Holdout = &verdict.Holdout{From: *b.Inputs.Sealed, To: b.Inputs.Sealed.AddDate(0, 2, 0), Unseen: 60}
			b.Findings.Holdout.Figures.Return = &gain
			b.Judge()
		}, "the look at the hold-out"},
		"fewer trials":     {func(b *verdict.Bundle) { b.Inputs.Trials = len(b.Inputs.Keys); b.Judge() }, "the trial ledger here has "},
		"trials of nobody": {func(b *verdict.Bundle) { b.Inputs.Trials = 3; b.Judge() }, "that cannot be"},
		"another spread": {func(b *verdict.Bundle) {
			b.Inputs.Ratios = b.Inputs.Ratios[:5]
			b.Inputs.RatioDays = b.Inputs.RatioDays[:5]
		}, "the campaign: this bundle was not made here"},
		"somebody's trials": {func(b *verdict.Bundle) { b.Inputs.Keys[0] = strings.Repeat("0", 64) }, "the probability of overfitting"},
		"a model's":         {func(b *verdict.Bundle) { b.Inputs.Model, b.Inputs.Cutoff = "m", &at0; b.Findings.Cutoff = nil }, "who wrote the script"},
	} {
		forged := decoded(t, v)
		c.forge(forged)
		body, err := json.Marshal(forged)
		if err != nil {
			t.Fatal(err)
		}
		told, err := s.Verify(ctx, b.user, api.VerifyRequest{Bundle: body})
		if err != nil || !strings.Contains(strings.Join(append(told.Differences, told.Unverified...), "\n"), c.want) || strings.Contains(fmt.Sprint(told), "\x1b") {
			t.Errorf("%s: %+v, %v", name, told, err)
		}
	}
	known := trials()
	foreign := decoded(t, v)
	foreign.Inputs.Content.Params = map[string]float64{"fast": 31, "slow": 47}
	foreign.Inputs.Algorithm = foreign.Inputs.Content.ID()
	body, err := json.Marshal(foreign)
	if err != nil {
		t.Fatal(err)
	}
	if again, err = s.Verify(ctx, b.user, api.VerifyRequest{Bundle: body}); err != nil || again.Same || trials() <= known {
		t.Fatalf("what somebody else's bundle shows is not counted: %+v, %v, %d trials", again, err, trials())
	}
	names, err := s.Bundles(ctx, b.user, got.Inputs.Algorithm[:8])
	if err != nil || len(names) != 2 || names[0].Hash != v.Hash && names[1].Hash != v.Hash {
		t.Errorf("%+v, %v", names, err)
	}
	if gate, err := s.liveGate(ctx, b.user, strategy.Algorithm{ID: got.Inputs.Algorithm}); err != nil || !holds(gate, "evidence_bundle", true) || !holds(gate, verdict.CodeHoldout, false) {
		t.Errorf("%+v, %v", gate, err)
	}
	if gate, err := s.liveGate(ctx, b.user, strategy.Algorithm{ID: strings.Repeat("0", 64)}); err != nil || !holds(gate, "evidence_bundle", false) {
		t.Errorf("%+v, %v", gate, err)
	}

	// A bar that is not what it was: the findings are others, and it is said why.
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC).Unix()
	bars, err := b.db.PriceRows(ctx, ledger.BarQuery{Market: market.Market{Base: "BTC", Quote: "USDT"}, Interval: market.Hour, From: time.Unix(at, 0), To: time.Unix(at+3600, 0)})
	if err != nil || len(bars) != 1 {
		t.Fatal(len(bars), err)
	}
	volume := money.FromInt(9)
	if bars[0].Bar, err = market.NewBar(at, bars[0].Open(), bars[0].High(), bars[0].Low(), bars[0].Low(), &volume); err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.AppendBars(ctx, market.Market{Base: "BTC", Quote: "USDT"}, market.Hour, bars, true); err != nil {
		t.Fatal(err)
	}
	if again, err = s.Verify(ctx, b.user, api.VerifyRequest{Hash: v.Hash}); err != nil || again.Same || len(again.Notes) == 0 || len(again.Differences) == 0 {
		t.Errorf("after a revision: %+v, %v", again, err)
	}
}

func holds(reasons []research.Reason, code string, passed bool) bool {
	for _, r := range reasons {
		if r.Code == code {
			return r.Passed == passed
		}
	}
	return false
}

// The look at the hold-out is one look; a verification takes its word for it, or is another look.
func TestAValidationLooksOnce(t *testing.T) {
	t.Parallel()
	b, s := sealedBench(t)
	ctx := t.Context()
	r := api.ValidateRequest{BacktestRequest: api.BacktestRequest{Strategy: "ema-cross", Markets: []string{"BTC/USDT"}, Interval: "1h", AcceptRisk: []string{api.RiskHoldout}}}
	v, err := s.Validate(ctx, b.user, r)
	if err != nil {
		t.Fatal(err)
	}
	got := decoded(t, v)
	if h := got.Findings.Holdout; h == nil || h.Unseen != 60 || !h.From.Equal(*got.Inputs.Sealed) || got.Inputs.Looks != 1 || h.Figures.Return == nil {
		t.Fatalf("%+v, %d looks", h, got.Inputs.Looks)
	}
	again, err := s.Verify(ctx, b.user, api.VerifyRequest{Hash: v.Hash})
	if err != nil || !again.Same || len(again.Notes) != 0 || len(again.Unverified) != 1 || !strings.Contains(again.Unverified[0], "hold-out") {
		t.Fatalf("%+v, %v", again, err)
	}
	looks := func() int {
		c, err := b.db.Campaign(ctx, b.user, got.Inputs.Content.CodeHash(), got.Inputs.Content.Markets)
		if err != nil {
			t.Fatal(err)
		}
		return c.Looks
	}
	if looks() != 1 {
		t.Errorf("%d looks after a verification that did not look", looks())
	}
	if again, err = s.Verify(ctx, b.user, api.VerifyRequest{Hash: v.Hash, AcceptRisk: []string{api.RiskHoldout}}); err != nil || !again.Same || looks() != 2 {
		t.Errorf("%+v, %v, %d looks", again, err, looks())
	}
	second, err := s.Validate(ctx, b.user, r)
	if err != nil {
		t.Fatal(err)
	}
	if x := decoded(t, second); x.Findings.Holdout.Unseen != 0 || x.Inputs.Looks != 3 {
		t.Errorf("the second time %d days were unseen, at look %d", x.Findings.Holdout.Unseen, x.Inputs.Looks)
	}

	// When more is sealed, what was shown here can be had again, and under another's name nothing can.
	more := New(b.db, ledger.Seal(b.db, ledger.Holdout{Longest: 90 * 24 * time.Hour, Share: 0.9}), b.clock, sandboxtest.Host(t))
	if again, err = more.Verify(ctx, b.user, api.VerifyRequest{Hash: v.Hash}); err != nil || !again.Same {
		t.Errorf("with more sealed: %+v, %v", again, err)
	}
	foreign := decoded(t, v)
	foreign.Inputs.Seed++
	body, err := json.Marshal(foreign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = more.Verify(ctx, b.user, api.VerifyRequest{Bundle: body}); err == nil || !strings.Contains(err.Error(), "sealed hold-out") {
		t.Errorf("what was not shown here: %v", err)
	}
}

// What a model wrote is judged on the days after its cut-off alone.
func TestTheModelsCutOffSplitsTheEvidence(t *testing.T) {
	t.Parallel()
	b, s := sealedBench(t)
	ctx := t.Context()
	ex, _ := strategy.FindExample("ema-cross")
	_, err := s.Create(ctx, b.user, api.AlgorithmCreate{Source: ex.Source, Markets: []string{"BTC/USDT"}, Interval: "1h", Model: "someone/model"})
	problemOf(t, err, api.CodeBadRequest)
	a, err := s.Create(ctx, b.user, api.AlgorithmCreate{Source: ex.Source, Markets: []string{"BTC/USDT"}, Interval: "1h", Model: "someone/model", ModelCutoff: "2024-09-01"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Validate(ctx, b.user, api.ValidateRequest{BacktestRequest: api.BacktestRequest{Strategy: a.ID}})
	if err != nil {
		t.Fatal(err)
	}
	got := decoded(t, v)
	f := &got.Findings
	if f.Cutoff == nil || f.Cutoff.After.Days != f.Counted || f.Cutoff.Before.Days+f.Cutoff.After.Days != len(f.Days) || f.Counted != 71 || got.Inputs.Model != "someone/model" {
		t.Errorf("%+v, %d counted of %d", f.Cutoff, f.Counted, len(f.Days))
	}
	other, err := s.Validate(ctx, b.user, api.ValidateRequest{BacktestRequest: api.BacktestRequest{Strategy: a.ID, Params: map[string]float64{"fast": 9}}})
	if err != nil {
		t.Fatal(err)
	}
	if x := decoded(t, other); x.Inputs.Algorithm == a.ID || x.Findings.Cutoff == nil || x.Inputs.Model != "someone/model" {
		t.Errorf("with another parameter nobody knows who wrote it: %+v", x.Inputs.Cutoff)
	}
	for _, d := range f.Days[len(f.Days)-f.Counted:] {
		if d.Date < "2024-09-01" {
			t.Errorf("%s counts", d.Date)
		}
	}
}

// Trials of a search, which ran over a part of the window, are compared with the backtest over that part.
func TestTrialsAreComparedWhereMostOfThemRan(t *testing.T) {
	day := func(d string) report.Day { return report.Day{Date: d} }
	v := &validation{whole: &report.Report{Days: []report.Day{day("2024-01-01"), day("2024-04-09")}}} // 100 days
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Unix() / 86400
	trial := func(from, days int64) *research.CampaignTrial {
		return &research.CampaignTrial{FirstDay: start + from, Returns: make([]float64, days)}
	}
	for name, c := range map[string]struct {
		trials      []*research.CampaignTrial
		first, days int64
	}{
		"alone":                       {[]*research.CampaignTrial{trial(0, 100)}, 0, 100},
		"a search over the first 70":  {[]*research.CampaignTrial{trial(0, 100), trial(0, 70), trial(1, 69), trial(0, 100)}, 0, 70},
		"too short to compare":        {[]*research.CampaignTrial{trial(0, 100), trial(0, 49), trial(0, 49), trial(0, 49)}, 0, 100},
		"what ran over more counts":   {[]*research.CampaignTrial{trial(0, 100), trial(-50, 300)}, 0, 100},
		"elsewhere":                   {[]*research.CampaignTrial{trial(0, 100), trial(500, 100), trial(500, 100)}, 0, 100},
		"equally many: the longer":    {[]*research.CampaignTrial{trial(0, 60), trial(30, 70)}, 30, 70},
		"nothing that can be counted": {nil, -start, 0},
	} {
		first, end := v.comparable(c.trials)
		if first != start+c.first || end-first != c.days {
			t.Errorf("%s: day %d, %d days", name, first-start, end-first)
		}
	}
}

// A bundle from elsewhere is hostile until it has been verified.
func TestHostileBundlesAreRefused(t *testing.T) {
	t.Parallel()
	b, s := sealedBench(t)
	ctx := t.Context()
	v, err := s.Validate(ctx, b.user, api.ValidateRequest{BacktestRequest: api.BacktestRequest{Strategy: "ema-cross", Markets: []string{"BTC/USDT"}, Interval: "1h"}})
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*verdict.Bundle)) json.RawMessage {
		x := decoded(t, v)
		f(x)
		body, _, err := x.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	for name, raw := range map[string]json.RawMessage{
		"nothing":           json.RawMessage(`{}`),
		"no JSON":           json.RawMessage(`{`),
		"a billion samples": change(func(x *verdict.Bundle) { x.Inputs.Resamples = 1e9 }),
		"no folds":          change(func(x *verdict.Bundle) { x.Inputs.Folds = -1 }),
		"a thousand folds":  change(func(x *verdict.Bundle) { x.Inputs.Folds = 1000 }),
	} {
		if got, err := s.Verify(ctx, b.user, api.VerifyRequest{Bundle: raw}); err == nil {
			t.Errorf("%s: %+v", name, got)
		} else {
			problemOf(t, err, api.CodeBadRequest)
		}
	}
	for name, raw := range map[string]json.RawMessage{
		"a better figure":   change(func(x *verdict.Bundle) { x.Findings.Deflated.DSR = .99 }),
		"a better verdict":  change(func(x *verdict.Bundle) { x.Live.Pass = true }),
		"another script":    change(func(x *verdict.Bundle) { x.Inputs.Content.Script += "\n# changed" }),
		"another data hash": change(func(x *verdict.Bundle) { x.Inputs.DataHash = strings.Repeat("0", 64) }),
	} {
		if got, err := s.Verify(ctx, b.user, api.VerifyRequest{Bundle: raw}); err != nil || got.Same {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
