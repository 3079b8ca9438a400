package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

func sample(simulated bool) *Report {
	at := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	half, secs := 0.5, int64(90061)
	r := &Report{
		Strategy: `<script>alert("x")</script>`, Markets: []market.Market{{Base: "BTC", Quote: "USDT"}}, Interval: market.Hour, From: at, To: at.Add(48 * time.Hour),
		Bars: 48, Settings: Default(), Simulated: simulated, Volume: "on", Params: map[string]float64{"slow": 20, "fast": 5}, Notes: []string{"a & b"}, Results: []Result{{Name: "auc <b>", Value: &half, Text: "0.5"}, {Name: strings.Repeat("é", 200), Text: strings.Repeat("ü", 200)}},
		Strat:  Figures{FinalEquity: money.MustParse("1234567.891"), Return: &half, DrawdownSeconds: &secs, Reasons: map[string]string{"sharpe": "fewer than two days"}},
		Orders: Orders{Submitted: 3, Filled: 2, Ended: map[string]int{"feed_gap": 1}},
		Months: []Month{{2024, 3, 0.5, 0.1}},
		Curve:  []Point{{at, 1, 1, 0}, {at.Add(time.Hour), 2, 1.5, -0.1}},
	}
	for range textTrades + 5 {
		r.Trades = append(r.Trades, Trade{Market: r.Markets[0], Entry: at, Open: true, EntryPrice: money.MustParse("60000.12345678")})
	}
	return r
}

func TestTextFitsItsWidthAndSaysWhatItMust(t *testing.T) {
	for i, width := range []int{60, 80, 200, 60, 80, 200} {
		var b bytes.Buffer
		r := sample(true)
		if i > 2 {
			r.Markets = append(r.Markets, market.Market{Base: "ETH", Quote: "USDT"})
		}
		if err := WriteText(&b, r, width); err != nil {
			t.Fatal(err)
		}
		s := b.String()
		if strings.Contains(s, "\nBTC  ") != (i > 2) {
			t.Errorf("%d markets, and the trades name their coin: %v", len(r.Markets), i <= 2)
		}
		for _, want := range []string{"SIMULATED", "1,234,567.89 USDT", "50.00 %", "1d 1h", "fast=5 slow=20", "feed_gap 1", "fewer than two days", "the last 20 of 25"} {
			if !strings.Contains(s, want) {
				t.Errorf("%q is missing from\n%s", want, s)
			}
		}
		for _, l := range strings.Split(s, "\n") {
			if n := len([]rune(l)); n > width {
				t.Errorf("width %d: a line of %d: %s", width, n, l)
			}
		}
	}
}

func TestPageIsSelfContainedEscapedAndMarked(t *testing.T) {
	var b bytes.Buffer
	if err := WriteHTML(&b, sample(true)); err != nil {
		t.Fatal(err)
	}
	s := b.String()
	for _, bad := range []string{"<script", "http:", "https:", "src=", "@import", "url("} {
		if strings.Contains(s, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, want := range []string{"SIMULATED", "&lt;script&gt;", "a &amp; b", `<path class="one" d="M0.0 `, "2024-03"} {
		if !strings.Contains(s, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	b.Reset()
	if err := WriteHTML(&b, sample(false)); err != nil || strings.Contains(b.String(), "SIMULATED") {
		t.Errorf("a report on real prices is marked as simulated (%v)", err)
	}
}

func TestSettingsAreBounded(t *testing.T) {
	if d := Default(); d.Validate() != nil {
		t.Fatal(d.Validate())
	}
	for name, change := range map[string]func(*Settings){
		"cash":          func(s *Settings) { s.Cash = money.Zero },
		"fee_bps":       func(s *Settings) { s.FeeBps = money.FromInt(-1) },
		"slippage_bps":  func(s *Settings) { s.SlippageBps = money.FromInt(1001) },
		"participation": func(s *Settings) { s.Participation = money.Zero },
		"max_gap":       func(s *Settings) { s.MaxGap = -1 },
		"min_notional":  func(s *Settings) { s.MinNotional = money.FromInt(-1) },
		"price_tick":    func(s *Settings) { s.PriceTick = money.Zero },
		"quantity_step": func(s *Settings) { s.QuantityStep = money.New(1, 9) },
	} {
		s := Default()
		change(&s)
		if err := s.Validate(); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
