package report

import (
	"strings"
	"testing"
	"time"
)

func TestAWalkForwardIsShownInEveryForm(t *testing.T) {
	t.Parallel()
	at := func(m time.Month) time.Time { return time.Date(2024, m, 1, 0, 0, 0, 0, time.UTC) }
	v := func(f float64) *float64 { return &f }
	r := &Report{Strategy: "ema-cross", Algorithm: strings.Repeat("a1", 32), Forward: &Forward{
		Folds: []ForwardFold{{1, at(2), at(3), v(0.1), v(0.2), v(1.5), v(-0.05), 7}, {2, at(3), at(4), v(-0.02), v(0.01), nil, v(-0.03), 0}},
		From:  at(2), To: at(4), Return: 0.078, Hold: 0.212, Sharpe: v(0.9), Drawdown: -0.05, Trades: 7, Positive: 1, LookAhead: "orders differ at 2024-02-03",
	}}
	var text, page strings.Builder
	if err := WriteText(&text, r, 80); err != nil {
		t.Fatal(err)
	}
	if err := WriteHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 of 2 folds made money", "1    2024-02-01 2024-03-01     10.00 %    20.00 %    1.50    -5.00 %       7",
		"all  2024-02-01 2024-04-01      7.80 %    21.20 %    0.90    -5.00 %       7", "LOOK-AHEAD: orders differ", "algorithm a1a1a1a1a1a1"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
	for _, want := range []string{"Walk-forward, out of sample", "<td>-2.00 %</td>", "LOOK-AHEAD: orders differ"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, l := range strings.Split(text.String(), "\n") {
		if len([]rune(l)) > 80 {
			t.Errorf("wider than 80 columns: %q", l)
		}
	}
}
