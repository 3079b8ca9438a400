package ledgers

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

var (
	now  = time.Date(2026, 11, 22, 22, 14, 0, 0, time.UTC)
	shib = market.Market{Base: "SHIB", Quote: "USDT"}
)

// stored is a ledger of 5-minute bars of one market whose close is their number. As omc does, it leaves the hour, the day and the week
// under way out of longer bars.
type stored struct {
	first    time.Time
	n        int
	embedded bool
}

func (s *stored) Coverage(context.Context) ([]ledger.Coverage, error) {
	if s.n == 0 {
		return nil, nil
	}
	return []ledger.Coverage{{Market: shib, Interval: 300, Bars: s.n, First: s.first, Last: s.first.Add(time.Duration(s.n-1) * 5 * time.Minute)}}, nil
}

func (s *stored) Prices(_ context.Context, q api.PriceQuery) (api.Prices, error) {
	iv, err := market.ParseInterval(q.Interval)
	if err != nil {
		return api.Prices{}, err
	}
	to := s.first.Add(time.Duration(s.n) * 5 * time.Minute)
	if t, err := time.Parse(time.RFC3339, q.To); err == nil && t.Before(to) {
		to = t
	}
	p := api.Prices{Market: shib, Interval: iv, Stored: 300}
	for at := s.first; at.Before(to); at = at.Add(iv.Duration()) {
		if iv > 300 && at.Add(iv.Duration()).After(to) {
			break
		}
		last := money.FromInt(int64(at.Add(iv.Duration()).Sub(s.first) / (5 * time.Minute)))
		p.Rows = append(p.Rows, api.Price{Timestamp: at, Open: last, High: last, Low: last, Close: last})
	}
	if q.Limit > 0 && len(p.Rows) > q.Limit {
		p.Rows = p.Rows[len(p.Rows)-q.Limit:]
	}
	return p, nil
}

func (s *stored) Quotes(context.Context, api.DataQuery) (api.Quotes, error) {
	return api.Quotes{}, nil
}

func (s *stored) Sentiment(context.Context, api.DataQuery) (api.SentimentData, error) {
	return api.SentimentData{}, nil
}

func (s *stored) CatalystEvents(context.Context, api.DataQuery) (api.Catalysts, error) {
	return api.Catalysts{}, nil
}

func (s *stored) OnChainMetrics(context.Context, api.DataQuery) (api.OnChain, error) {
	return api.OnChain{}, nil
}

func (s *stored) SmartMoneyFlows(context.Context, api.DataQuery) (api.SmartMoney, error) {
	return api.SmartMoney{}, nil
}

func (s *stored) Gaps(context.Context, api.PriceQuery) (api.Gaps, error) { return api.Gaps{}, nil }

// shown opens the page over a ledger, gives it keys, and draws it.
func shown(t *testing.T, s *stored, w, h int, keys ...string) string {
	t.Helper()
	run := page.NewRunner(context.Background(), 0)
	t.Cleanup(run.Close)
	p := New(s, run)
	give := func(cmd tea.Cmd) {
		for queue := []tea.Cmd{cmd}; len(queue) > 0; queue = queue[1:] {
			if queue[0] == nil {
				continue
			}
			switch msg := queue[0]().(type) {
			case tea.BatchMsg:
				queue = append(queue, msg...)
			default:
				queue = append(queue, p.Update(msg))
			}
		}
	}
	give(p.Poll(now))
	for _, k := range keys {
		give(p.Do(k))
	}
	th := theme.For(theme.NoColor)
	view, _ := p.View(page.Env{Theme: &th, Now: now, Embedded: s.embedded}, w, h)
	return view
}

func wants(t *testing.T, view string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(view, s) {
			t.Errorf("%q is missing from\n%s", s, view)
		}
	}
}

func TestLastIsTheNewestStoredClose(t *testing.T) {
	t.Parallel()
	first := now.Truncate(time.Hour).Add(-48 * time.Hour)
	view := shown(t, &stored{first: first, n: 48*12 + 2}, 120, 20) // ten minutes into an hour
	wants(t, view, "  578.00  +99.3%")
	one := shown(t, &stored{first: now.Truncate(5 * time.Minute).Add(-5 * time.Minute), n: 1}, 80, 20)
	wants(t, one, "1.0000     –")
}

func TestTheChartOfLongBarsMarksTheNewestPrice(t *testing.T) {
	t.Parallel()
	week := now.Truncate(7 * 24 * time.Hour).Add(-28 * 24 * time.Hour)
	view := shown(t, &stored{first: week, n: 3*2016 + 7}, 80, 20, "enter", "]", "]", "]", "]", "]")
	wants(t, view, "SHIB/USDT · 1w", "◂ 6,055.00")
}

func TestOldPricesSayHowOldTheyAre(t *testing.T) {
	t.Parallel()
	s := &stored{first: time.Date(2025, 6, 27, 0, 0, 0, 0, time.UTC), n: 4 * 288}
	for _, w := range []int{60, 80, 120, 200} {
		wants(t, shown(t, s, w, 20), "2025-06-30, 17 months old")
	}
	list := shown(t, s, 80, 20)
	if strings.Contains(list, "%  ▁") || strings.Contains(list, "+33") {
		t.Errorf("a change of long ago stands under 24 h:\n%s", list)
	}
	wants(t, shown(t, s, 200, 30, "enter"), "17 months old, +33.3% in the 24 h before")
	wants(t, shown(t, s, 60, 16, "enter"), "to 2025-06-30 23:55 UTC, 17 months old")
	fresh := &stored{first: now.Truncate(5 * time.Minute).Add(-65 * time.Minute), n: 12}
	if view := shown(t, fresh, 80, 20); strings.Contains(view, "old") {
		t.Errorf("marked as old:\n%s", view)
	}
}

func TestNarrowPanesNameTheirMarket(t *testing.T) {
	t.Parallel()
	s := &stored{first: now.Truncate(time.Hour).Add(-20 * time.Hour), n: 240}
	for _, w := range []int{60, 80} {
		wants(t, shown(t, s, w, 16, "enter"), "[Candles] Gaps ", " SHIB/USDT · 5m ─")
		wants(t, shown(t, s, w, 16, "g"), "[Gaps]", " SHIB/USDT")
	}
}

func TestTheCloseStaysInTheReadout(t *testing.T) {
	t.Parallel()
	th := theme.For(theme.NoColor)
	at := now.Truncate(time.Hour)
	o := widget.OHLC{Interval: time.Hour, Cross: -1, Values: true, Unit: "SHIB", Candles: []widget.Candle{
		{Time: at, Open: 8.2605e-6, High: 8.3e-6, Low: 8.2036e-6, Close: 8.2118e-6, Volume: 1234567},
		{Time: at.Add(time.Hour), Open: 8.2118e-6, High: 8.2118e-6, Low: 8.2036e-6, Close: 8.2118e-6, Volume: 950},
	}}
	for _, w := range []int{60, 79, 120} {
		for o.Cross = range o.Candles {
			wants(t, widget.Candles(&th, o, w, 20), "C 0.0000082118", " SHIB ", "O 0.00000", "H 0.00000", "L 0.00000")
		}
	}
}

func TestEmptyLedgersSayWhereTheirCommandsWork(t *testing.T) {
	t.Parallel()
	wants(t, shown(t, &stored{embedded: true}, 80, 20), "Press q first: while no daemon runs", "omc data import FILE.csv.gz")
	if view := shown(t, &stored{}, 80, 20); strings.Contains(view, "Press q") {
		t.Errorf("a daemon serves it, and it asks to quit:\n%s", view)
	}
}
