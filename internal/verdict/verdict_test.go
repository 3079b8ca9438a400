package verdict

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/evidence"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
)

func of(v float64) *float64 { return &v }

func at(day int) time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

// good is a bundle that lacks nothing but what no version of omc can give yet.
func good() *Bundle {
	sealed, cutoff := at(400), at(-100)
	return &Bundle{
		Format: Format,
		Inputs: Inputs{Algorithm: strings.Repeat("a", 64), Name: "a <b> & c", Content: strategy.Content{Markets: []market.Market{{Base: "BTC", Quote: "USDT"}}, Interval: market.Hour, Params: map[string]float64{"n": 3}},
			Model: "someone/model", Cutoff: &cutoff, From: at(0), To: at(400), Sealed: &sealed, Settings: report.Default(), Folds: 5, Trials: 12, Looks: 1, Limits: Defaults(), Sources: []string{"csv"}},
		Findings: Findings{
			Forward: report.Forward{Folds: make([]report.ForwardFold, 5), From: at(60), To: at(400), Return: .4, Sharpe: of(2), HoldSharpe: of(1), Trades: 80}, Filled: 160, Trades: 80, Counted: 340,
			Sharpe: of(.1), PSR: of(.99), Needed: of(200), Deflated: &evidence.Deflation{DSR: .97, SR0: .02, Trials: 12}, Overfit: &Overfit{PBO: .1, Trials: 12, Days: 340, Blocks: 16},
			Bands: &evidence.Bands{Block: 3}, Random: &evidence.RandomEntries{PValue: .01, Better: .99, Strategies: 1000}, Costs: []evidence.CostPoint{{Multiple: 0, Return: .6}, {Multiple: 1, Return: .4}, {Multiple: 2, Return: .1}, {Multiple: 3, Return: -.1}},
			BreakEven: of(2.5), Beside: []evidence.Neighbour{{Params: map[string]float64{"n": 4}, Score: of(1.8)}}, Stability: &evidence.Stability{Chosen: 2, Neighbours: 1, Kept: 1, Share: 1},
			Regimes: []evidence.Regime{{Name: "rising", Days: 200, Return: .3}}, Capacity: &evidence.Capacity{Known: 80, OnePercent: 3, FivePercent: 15, Impact: of(9)},
			Cutoff: &Cutoff{After: evidence.Part{Days: 340, Return: of(.4)}}, Holdout: &Holdout{From: at(400), To: at(460), Unseen: 60, Figures: report.Figures{Return: of(.05)}},
			Honest: true, LookAhead: "nothing", Missing: map[string]string{"x": "y"},
		},
	}
}

func refused(v Verdict) map[string]string {
	out := map[string]string{}
	for _, r := range v.Reasons {
		if !r.Passed && !r.Advisory {
			out[r.Code] = r.Text
		}
	}
	return out
}

// Each thing that is wrong refuses by its own code, live always, and paper where it says nothing about the script itself.
func TestEveryReasonRefusesByItself(t *testing.T) {
	b := good()
	b.Judge()
	if !b.Paper.Pass || b.Live.Pass {
		t.Fatalf("paper %v, live %v", refused(b.Paper), refused(b.Live))
	}
	if r := refused(b.Live); len(r) != 2 || r[CodeRecord] == "" || r[CodeApproval] == "" {
		t.Fatalf("%v", r)
	}
	for name, c := range map[string]struct {
		code  string
		spoil func(*Bundle)
		paper bool
	}{
		"one fold":             {CodeForward, func(b *Bundle) { b.Findings.Forward.Folds = b.Findings.Forward.Folds[:1] }, true},
		"it looks ahead":       {CodeLookAhead, func(b *Bundle) { b.Findings.Honest = false }, true},
		"nothing counted":      {CodeTrials, func(b *Bundle) { b.Inputs.Trials = 0 }, true},
		"29 days":              {CodeShort, func(b *Bundle) { b.Findings.Counted = 29 }, true},
		"179 days":             {CodeShort, func(b *Bundle) { b.Findings.Counted = 179 }, false},
		"a longer record":      {CodeShort, func(b *Bundle) { b.Findings.Needed = of(340.5) }, false},
		"no fill":              {CodeFewTrades, func(b *Bundle) { b.Findings.Filled = 0 }, true},
		"29 trades":            {CodeFewTrades, func(b *Bundle) { b.Findings.Trades = 29 }, false},
		"a third of the costs": {CodeCosts, func(b *Bundle) { b.Inputs.Settings.FeeBps = money.Zero }, false},
		"no costs": {CodeCosts, func(b *Bundle) {
			b.Inputs.Settings.FeeBps, b.Inputs.Settings.SlippageBps = money.Zero, money.Zero
			b.Findings.BreakEven, b.Findings.Costs[3].Return = nil, .4
		}, false},
		"DSR":                   {CodeDeflated, func(b *Bundle) { b.Findings.Deflated.DSR = .9499 }, false},
		"no DSR":                {CodeDeflated, func(b *Bundle) { b.Findings.Deflated = nil }, false},
		"PBO":                   {CodeOverfit, func(b *Bundle) { b.Findings.Overfit.PBO = .21 }, false},
		"no PBO":                {CodeOverfit, func(b *Bundle) { b.Findings.Overfit = nil }, false},
		"random":                {CodeRandom, func(b *Bundle) { b.Findings.Random.PValue = .051 }, false},
		"no random":             {CodeRandom, func(b *Bundle) { b.Findings.Random = nil }, false},
		"costs":                 {CodeCosts, func(b *Bundle) { b.Findings.BreakEven = of(1.4) }, false},
		"never gains":           {CodeCosts, func(b *Bundle) { b.Findings.BreakEven = nil }, false},
		"alone":                 {CodeStability, func(b *Bundle) { b.Findings.Stability.Share = .4 }, false},
		"simulated":             {CodeSimulated, func(b *Bundle) { b.Inputs.Simulated = true }, false},
		"told nothing":          {CodeUntold, func(b *Bundle) { b.Findings.Ledgers = []report.Told{{Question: "flows of BTC over 2d"}} }, false},
		"assumed":               {CodeAssumed, func(b *Bundle) { b.Findings.Ledgers = []report.Told{{Question: "q", Facts: 9, Assumed: "1d"}} }, false},
		"nothing sealed":        {CodeHoldout, func(b *Bundle) { b.Inputs.Sealed = nil }, false},
		"not looked":            {CodeHoldout, func(b *Bundle) { b.Findings.Holdout = nil }, false},
		"it lost there":         {CodeHoldout, func(b *Bundle) { b.Findings.Holdout.Figures.Return = of(-.01) }, false},
		"seen before":           {CodeHoldout, func(b *Bundle) { b.Findings.Holdout.Unseen = 19 }, false},
		"a fourth look":         {CodeHoldout, func(b *Bundle) { b.Inputs.Looks = 4 }, false},
		"the model knew it all": {CodeCutoff, func(b *Bundle) { b.Findings.Cutoff.After.Days = 0 }, false},
	} {
		b := good()
		c.spoil(b)
		b.Judge()
		r := refused(b.Live)
		if len(r) != 3 || r[c.code] == "" {
			t.Errorf("%s: live is refused for %v", name, r)
		}
		if got := len(refused(b.Paper)) > 0; got != c.paper {
			t.Errorf("%s: paper is refused for %v", name, refused(b.Paper))
		}
	}
	b = good()
	b.Findings.BreakEven, b.Findings.Costs[3].Return = nil, .01
	b.Judge()
	if r := refused(b.Live); len(r) != 2 {
		t.Errorf("a gain at three times the costs is refused: %v", r)
	}
	b = good()
	b.Findings.Counted = 100
	b.Judge()
	if r := refused(b.Live); !strings.Contains(r[CodeShort], "100 more days are needed") { // 200 by the minimum track record
		t.Errorf("%v", r)
	}
}

func TestABundleIsItsBytes(t *testing.T) {
	b := good()
	b.Judge()
	body, hash, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	again, same, err := back.Encode()
	if err != nil || same != hash || !bytes.Equal(again, body) || Hash(body) != hash {
		t.Fatalf("%s, %s, %v", hash, same, err)
	}
	if d, err := Differences(b, back); err != nil || len(d) > 0 {
		t.Errorf("%v, %v", d, err)
	}
	back.Findings.Random.PValue = .02
	back.Findings.Regimes = nil
	back.Paper.Reasons = append(back.Paper.Reasons, research.Reason{Code: "more"})
	d, err := Differences(b, back)
	if err != nil || len(d) != 3 || !strings.HasPrefix(d[0], "/findings/random_entries/p: 0.01, now 0.02") {
		t.Errorf("%q, %v", d, err)
	}
	for name, bad := range map[string][]byte{
		"nothing":        nil,
		"no JSON":        []byte("x"),
		"another format": bytes.Replace(body, []byte(Format), []byte("omc-evidence/9"), 1),
		"more spaces":    bytes.Replace(body, []byte(`"format":`), []byte(`"format" :`), 1),
		"another field":  bytes.Replace(body, []byte(`"format":`), []byte(`"formal":`), 1),
		"something more": append(bytes.Clone(body), "{}"...),
		"too large":      make([]byte, MaxBundle+1),
	} {
		if _, err := Decode(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestABundleIsShown(t *testing.T) {
	b := good()
	b.Judge()
	var page, text bytes.Buffer
	if err := b.WriteHTML(&page, "abc"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "a &lt;b&gt; &amp; c") || strings.Contains(page.String(), "<b>") || !strings.Contains(page.String(), "trials_deflate_sharpe") {
		t.Error("the page does not escape, or lacks reasons")
	}
	for _, width := range []int{10, 80, 200} {
		text.Reset()
		if err := b.WriteText(&text, "abc", width); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text.String()) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > max(60, width) {
				t.Errorf("at %d columns a line has %d: %s", width, n, line)
			}
		}
	}
	for _, want := range []string{"Paper trading: ALLOWED", "Live trading: REFUSED", "Hold-out", "Capacity", "cut-off", "Not measured", "Evidence abc"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q", want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	b := good()
	b.Judge()
	body, _, err := b.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"format":"omc-evidence/1"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := Decode(raw)
		if err != nil {
			return
		}
		b.Judge()
		if err := b.WriteText(&bytes.Buffer{}, "h", 80); err != nil {
			t.Fatal(err)
		}
		if err := b.WriteHTML(&bytes.Buffer{}, "h"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDifferencesAreShownWhereTheyAre(t *testing.T) {
	a, b := good(), good()
	a.Inputs.Name, b.Inputs.Name = strings.Repeat("x", 200)+"one"+strings.Repeat("y", 200), strings.Repeat("x", 200)+"two"+strings.Repeat("y", 200)
	got, err := Differences(a, b)
	if err != nil || len(got) != 1 || !strings.Contains(got[0], "xone") || !strings.Contains(got[0], "xtwo") || len(got[0]) > 250 {
		t.Errorf("%v, %v", got, err)
	}
	for i := range 30 {
		a.Inputs.Sources = append(a.Inputs.Sources, "a"+string(rune('a'+i%26)))
		b.Inputs.Sources = append(b.Inputs.Sources, "b"+string(rune('a'+i%26)))
	}
	if got, err = Differences(a, b); err != nil || len(got) != 21 || !strings.Contains(got[20], "at most 20") {
		t.Errorf("%d: %v, %v", len(got), got, err)
	}
}
