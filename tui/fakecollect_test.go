package tui

import (
	"context"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
)

func secs(v float64) *api.Seconds { return ptr(api.Seconds(v)) }

// collectors are one of each state; prices come from coinspot.latest.
func collectors() []api.Collector {
	at := func(s int) *time.Time { return ptr(epoch.Add(time.Duration(s) * time.Second)) }
	return []api.Collector{
		{Name: "coinspot.latest", Source: "coinspot", Ledger: ledger.Exchange, About: "CoinSpot's newest prices of all listed coins", State: api.CollectorOK, Bars: true, Every: 5, Timeout: 4, Target: 10,
			Age: secs(2.2), LagP50: secs(0.6), LagP99: secs(1.9), Runs: 17280, Failures: 14, ErrorRate: ptr(14.0 / 17280), Rows: 1_204_551, RowsDay: 96_220, Requests: 17294, Quarantined: 3, OpenGaps: 2,
			LastOK: at(-2), NextRun: at(3), Owner: "ada:4242"},
		{Name: "coinspot.orders", Source: "coinspot", Ledger: ledger.Exchange, About: "CoinSpot's open and completed orders", State: api.CollectorLate, Every: 60, Timeout: 10, Target: 120,
			Age: secs(420), LagP50: secs(2), LagP99: secs(66.4), Runs: 1433, ErrorRate: ptr(0.0), Rows: 88_010, LastOK: at(-420), NextRun: at(12)},
		{Name: "defillama.tvl", Source: "defillama", Ledger: ledger.Glass, About: "Value locked in protocols", State: api.CollectorFailing, Every: 3600, Timeout: 60, Target: 7200, Age: secs(9000),
			Runs: 24, Failures: 3, ErrorRate: ptr(0.125), Rows: 4100, LastOK: at(-9000), NextRun: at(1800), Failed: 3, OpenGaps: 1, ErrorAt: at(-95),
			Error: "GET /v2/protocols: HTTP 200, but the body is no JSON: <html>\x1b[31mchecking your browser</html>; the answer was 48,113 bytes of text/html and nothing of it was stored"},
		{Name: "mempool.fees", Source: "mempool", Ledger: ledger.Glass, About: "Fees to be confirmed soon", State: api.CollectorWaiting, Every: 60, Timeout: 10, Target: 120, NextRun: at(40)},
		{Name: "cryptopanic.posts", Source: "cryptopanic", Ledger: ledger.Human, About: "News with votes", State: api.CollectorNeeds, Every: 120, Timeout: 20, Target: 120,
			Needs: []string{"omc config set sources.cryptopanic.token"}},
		{Name: "rss.coindesk", Source: "coindesk", Ledger: ledger.Human, About: "CoinDesk's feed", State: api.CollectorPaused, Every: 300, Timeout: 20, Target: 360, Age: secs(90000), Rows: 812, LastOK: at(-90000)},
	}
}

func (f *fake) Collectors(ctx context.Context) ([]api.Collector, error) {
	all := collectors()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range all {
		if f.paused[all[i].Name] {
			all[i].State = api.CollectorPaused
		}
		if f.off {
			all[i].NextRun = nil
			if all[i].State != api.CollectorOK { // its newest poll was not long ago
				all[i].State = api.CollectorOff
			}
		}
	}
	return give(ctx, f, all)
}

func (f *fake) RunCollector(ctx context.Context, name string) (api.CollectorAct, error) {
	f.note("run " + name)
	return give(ctx, f, api.CollectorAct{Name: name, Asked: epoch})
}

func (f *fake) PauseCollector(ctx context.Context, name string, paused bool) (api.Collector, error) {
	f.note(fmt.Sprintf("pause %s %v", name, paused))
	f.mu.Lock()
	if f.paused == nil {
		f.paused = map[string]bool{}
	}
	f.paused[name] = paused
	f.mu.Unlock()
	return give(ctx, f, api.Collector{Name: name, State: map[bool]string{true: api.CollectorPaused, false: api.CollectorWaiting}[paused]})
}

func (f *fake) CollectorGaps(ctx context.Context, name string, _ int) ([]ledger.FeedGap, error) {
	if name != "coinspot.latest" {
		return nil, f.err
	}
	at := epoch.Add(-5 * time.Hour)
	return give(ctx, f, []ledger.FeedGap{{Feed: name, From: at, To: at.Add(95 * time.Second), Reason: "the daemon did not run"},
		{Feed: name, From: at.AddDate(0, 0, -2), To: at.AddDate(0, 0, -2).Add(4 * time.Hour), Reason: "HTTP 503 from /pubapi/v2/latest"},
		{Feed: name, From: at.AddDate(0, -1, 0), To: at.AddDate(0, -1, 0).Add(time.Minute), Reason: "no answer in 4s", Repaired: ptr(at)}})
}

func (f *fake) Quarantine(ctx context.Context, name string, _ int) ([]ledger.Quarantined, error) {
	if name != "coinspot.latest" {
		return nil, f.err
	}
	return give(ctx, f, []ledger.Quarantined{
		{ID: 3, Feed: name, Source: "coinspot", Reason: "DOGE/AUD: the bid 0.31 is above the ask 0.21", Bytes: []byte(`{"bid":"0.31","ask":"0.21","last":"0.2"}`), Size: 40, Seen: 4,
			First: epoch.Add(-time.Hour), Last: epoch.Add(-time.Minute)},
		{ID: 2, Feed: name, Source: "coinspot", Reason: "the body is no JSON: it starts with \x1b]0;owned\x07", Bytes: []byte("<html>\n<head>\x1b]0;owned\x07\u202e</head>\n<body>\n<p>Checking your browser before you go on.\n</body></html>"), Size: 48113,
			Seen: 1, First: epoch.Add(-3 * time.Hour), Last: epoch.Add(-3 * time.Hour)},
		{ID: 1, Feed: name, Source: "coinspot", Reason: "the body is compressed twice", Bytes: []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff, 0xaa, 'V', 'J', 0xc9}, Size: 14, Seen: 1, First: epoch.Add(-9 * time.Hour),
			Last: epoch.Add(-9 * time.Hour)},
	})
}

func (f *fake) Trust(ctx context.Context) ([]api.TrustRow, error) {
	first, last := epoch.AddDate(-3, 0, 0), epoch.Add(-2*time.Minute)
	return give(ctx, f, []api.TrustRow{
		{Ledger: ledger.Glass, Subject: "BTC/AUD 5m", Source: "coinspot", First: &first, Last: &last, Rows: 96_113, Coverage: ptr(0.9971), Gaps: 4, Missing: 279, Age: secs(127), Target: secs(310), Fresh: ptr(true)},
		{Ledger: ledger.Glass, Subject: "DOGE/AUD 5m", Source: "coinspot", First: &first, Last: &last, Rows: 51_022, Coverage: ptr(0.53), Gaps: 61, Missing: 45_370, Age: secs(2400), Target: secs(310), Fresh: ptr(false)},
		{Ledger: ledger.Glass, Subject: "BTC/USDT 5m", Source: "binance", First: &first, Last: &last, Rows: 306_720, Coverage: ptr(1.0), Age: secs(40_000_000)},
		{Ledger: ledger.Human, Subject: "news", Source: "coindesk", First: &first, Last: &last, Rows: 812, Age: secs(90_000)},
		{Ledger: ledger.Exchange, Subject: "feed coinspot.latest", Source: "coinspot", Last: &last, Rows: 1_204_551, Gaps: 2, Age: secs(2.2), Target: secs(10), Fresh: ptr(true)},
		{Ledger: ledger.Glass, Subject: "feed defillama.tvl", Source: "defillama", Last: &last, Rows: 4100, Gaps: 1, Age: secs(9000), Target: secs(7200), Fresh: ptr(false)},
	})
}
