package tui

import (
	"context"
	"encoding/json"
	"math"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

var epoch = time.Date(2026, 11, 22, 22, 14, 7, 0, time.UTC)

var _ Client = (*client.Client)(nil)

// fake answers with fixed wire values, read back through JSON as the real client does. Calls that change something are noted.
type fake struct {
	empty bool
	err   error
	slow  chan struct{} // when not nil, every call waits for it
	off   bool          // no daemon collects

	mu     sync.Mutex // guards the rest
	calls  []string
	paused map[string]bool
}

func (f *fake) note(s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, s)
}

// give returns v as it comes over the wire, the zero T where the fake is empty.
func give[T any](ctx context.Context, f *fake, v T) (T, error) {
	var out T
	if f.slow != nil {
		select {
		case <-f.slow:
		case <-ctx.Done():
			return out, ctx.Err()
		}
	}
	if f.err != nil || f.empty {
		return out, f.err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(b, &out)
}

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func ptr[T any](v T) *T { return &v }

func dec(s string) money.Decimal { return money.MustParse(s) }

var (
	btc = market.Market{Base: "BTC", Quote: "USDT"}
	eth = market.Market{Base: "ETH", Quote: "USDT"}
)

func (f *fake) Coverage(ctx context.Context) ([]ledger.Coverage, error) {
	first := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	return give(ctx, f, []ledger.Coverage{
		{Market: btc, Interval: 300, Bars: 306704, First: first, Last: epoch.Truncate(5 * time.Minute), Missing: 16, Sources: []string{"binance"}},
		{Market: eth, Interval: 300, Bars: 306720, First: first, Last: epoch.Truncate(5 * time.Minute), Sources: []string{"binance", "kraken"}},
		{Market: market.Market{Base: "SHIB", Quote: "USDT"}, Interval: 3600, Bars: 8760, First: first, Last: epoch.Truncate(time.Hour), Sources: []string{"simulator"}, Simulated: true},
	})
}

func (f *fake) Prices(ctx context.Context, q api.PriceQuery) (api.Prices, error) {
	iv, err := market.ParseInterval(q.Interval)
	if err != nil {
		return api.Prices{}, err
	}
	m, err := market.ParseMarket(q.Market)
	if err != nil {
		return api.Prices{}, err
	}
	p := api.Prices{Market: m, Interval: iv, Stored: 300, Sources: []string{"binance"}}
	base := map[market.Coin]float64{"BTC": 86000, "ETH": 2900, "SHIB": 0.0000089}[m.Base]
	end := epoch.Truncate(iv.Duration())
	if to, err := time.Parse(time.RFC3339, q.To); err == nil {
		end = to.Add(-time.Nanosecond).Truncate(iv.Duration())
	}
	for i := range q.Limit {
		at := end.Add(-iv.Duration() * time.Duration(q.Limit-1-i))
		if i > 70 && i < 76 { // a gap
			continue
		}
		mid := func(at time.Time) float64 { // of the time alone, so that every interval tells the same prices
			x := at.Sub(epoch).Minutes() / 5
			return base * (1 + 0.04*math.Sin(x/600) + 0.03*math.Sin(x/17) + 0.01*math.Sin(x/3))
		}
		x, open, closing := float64(i), mid(at), mid(at.Add(iv.Duration()))
		d := func(v float64) money.Decimal {
			if r, err := money.FromFloat(v); err == nil {
				return r.RoundHalfEven(10)
			}
			return money.Zero
		}
		p.Rows = append(p.Rows, api.Price{Timestamp: at, Open: d(open), Close: d(closing), High: d(max(open, closing) * 1.002), Low: d(min(open, closing) * 0.998),
			Volume: ptr(d(20 + 15*math.Sin(x/5))), Last: d(closing)})
	}
	return give(ctx, f, p)
}

func (f *fake) Gaps(ctx context.Context, q api.PriceQuery) (api.Gaps, error) {
	g := api.Gaps{Market: btc, Interval: 300}
	if q.Market == "BTC/USDT" {
		at := time.Date(2023, 3, 24, 12, 40, 0, 0, time.UTC)
		g.Total, g.Gaps = 2, []ledger.Gap{{From: at, To: at.Add(65 * time.Minute), Bars: 14}, {From: at.AddDate(1, 0, 0), To: at.AddDate(1, 0, 0).Add(5 * time.Minute), Bars: 2}}
	}
	return give(ctx, f, g)
}

func algorithm(full bool) api.Algorithm {
	a := api.Algorithm{Algorithm: strategy.Algorithm{
		ID: "a41f09c2771b5d0e", Name: "ema-cross", State: strategy.Validated, StateSince: epoch.Add(-3 * time.Hour), CreatedAt: epoch.Add(-4 * time.Hour),
		Content: strategy.Content{Language: "starlark", Script: "strategy(\n    name = \"ema-cross\",\n)\n\ndef on_bar(ctx):\n    pass\n", Params: map[string]float64{"fast": 12, "slow": 48},
			Markets: []market.Market{btc}, Interval: 3600},
		Provenance: strategy.Provenance{Session: "5e55107", Model: "builtin", DataFrom: epoch.AddDate(-3, 0, 0), DataTo: epoch.AddDate(-1, 0, 0), DataHash: "d0d1d2d3d4d5d6", CodeHash: "c0ffee001122",
			TrialsBefore: 14},
	}, Evidence: &strategy.Evidence{Algorithm: "a41f09c2771b5d0e", WalkForward: raw(map[string]int{"x": 1}), LookAhead: raw(map[string]int{"x": 1}), DSR: ptr(0.61), Trials: 14,
		Reasons: []research.Reason{{Code: "walk_forward", Passed: true, Text: "5 of 5 folds are complete"}, {Code: "deflated_sharpe", Passed: false, Advisory: true, Text: "0.61 after 14 trials; 0.95 and more is convincing"}}}}
	if !full {
		return a
	}
	a.Gate = []research.Reason{{Code: "walk_forward", Passed: true, Text: "measured: 5 complete folds; wanted: at least 2"}, {Code: "look_ahead", Passed: true, Text: "no decision changed when the future was cut off, 48 moments tried"},
		{Code: "deflated_sharpe", Passed: false, Advisory: true, Text: "measured: 0.61 after 14 trials; 0.95 and more is convincing"}}
	r := &report.Report{Strategy: "ema-cross", Markets: []market.Market{btc}, Interval: 3600, From: epoch.AddDate(-2, 0, 0), To: epoch.AddDate(-1, 0, 0), Bars: 8760,
		Strat: report.Figures{FinalEquity: dec("13120.44"), PnL: dec("3120.44"), Fees: dec("81.20"), Return: ptr(0.312044), CAGR: ptr(0.31), Volatility: ptr(0.22), Sharpe: ptr(1.08),
			Sortino: ptr(1.6), Calmar: ptr(2.2), MaxDrawdown: ptr(-0.14), DrawdownSeconds: ptr(int64(90 * 86400)), Exposure: ptr(0.52), Turnover: ptr(41.2), Trades: 61, WinRate: ptr(0.44), ProfitFactor: ptr(1.4)},
		Hold: report.Figures{FinalEquity: dec("12200"), Fees: dec("10"), Return: ptr(0.22), CAGR: ptr(0.22), Sharpe: ptr(0.7), MaxDrawdown: ptr(-0.31), Trades: 0}}
	for i := range 300 {
		x := float64(i)
		eq := 10000 + 10*x + 900*math.Sin(x/25)
		r.Curve = append(r.Curve, report.Point{Time: r.From.Add(time.Duration(i) * 29 * time.Hour), Equity: eq, Hold: 10000 + 7*x + 1500*math.Sin(x/40), Drawdown: -0.14 * math.Abs(math.Sin(x/50))})
	}
	for i := range 12 {
		r.Months = append(r.Months, report.Month{Year: 2025, Month: i + 1, Return: 0.07 * math.Sin(float64(i)), Hold: 0.01})
	}
	for i := range 3 {
		at := r.From.AddDate(0, i, 0)
		r.Trades = append(r.Trades, report.Trade{Market: btc, Entry: at, Exit: ptr(at.Add(26 * time.Hour)), Quantity: dec("0.1"), EntryPrice: dec("61000.5"), ExitPrice: dec("62810.25"),
			PnL: dec("170.11").Sub(dec("100").Mul(money.FromInt(int64(i)))), Return: 0.0279 - 0.016*float64(i)})
	}
	a.Report = r
	return a
}

func (f *fake) Algorithms(ctx context.Context) ([]api.Algorithm, error) {
	second := algorithm(false)
	second.ID, second.Name, second.State, second.Evidence = "09c2a41f5d0e771b", "donchian-breakout", strategy.Paper, nil
	second.Provenance.Simulated = true
	return give(ctx, f, []api.Algorithm{algorithm(false), second})
}

func (f *fake) Algorithm(ctx context.Context, id string) (api.Algorithm, error) {
	a := algorithm(true)
	if id != a.ID {
		a.ID, a.Name, a.State = id, "donchian-breakout", strategy.Paper
		a.Gate = []research.Reason{{Code: "live_not_available", Text: "this version has no venue that takes real orders"}}
	}
	return give(ctx, f, a)
}

func (f *fake) Promote(ctx context.Context, id string, r api.PromoteRequest) (api.Algorithm, error) {
	f.note("promote " + id + " " + string(r.To))
	a := algorithm(true)
	a.State = r.To
	return give(ctx, f, a)
}

func (f *fake) Retire(ctx context.Context, id, _ string) (api.Algorithm, error) {
	f.note("retire " + id)
	return give(ctx, f, algorithm(true))
}

func floorSession(i int) api.FloorSession {
	s := api.FloorSession{Session: journal.Session{ID: "f1007700aa", Algorithm: "09c2a41f5d0e771b", Strategy: "donchian-breakout", Mode: "paper", Feed: "coinspot", Markets: []market.Market{btc}, Interval: 3600,
		Status: journal.Running, CreatedAt: epoch.Add(-50 * time.Hour)},
		Account: journal.Account{Cash: dec("4811.21"), Equity: dec("10231.44"), StartCash: dec("10000"), Fees: dec("31.02"), Before: ptr(dec("10147.34")), Time: epoch,
			Positions: []trade.Position{{Market: btc, Quantity: dec("0.0625"), Cost: dec("5320.02"), Realised: dec("131.23")}}, Marks: []journal.Mark{{Market: btc, Price: dec("86723.68"), Time: epoch}}},
		Health: "ok", Return: ptr(0.023144), Drawdown: ptr(-0.019), Trades: 12}
	if i == 1 {
		s.ID, s.Strategy, s.Feed, s.Simulated, s.Progress, s.Health = "f2c0ffee00", "ema-cross", "sim", true, nil, "no price for 40s"
		s.Account.Equity, s.Account.Cash, s.Return, s.Drawdown = dec("9874.10"), dec("9874.10"), ptr(-0.01259), ptr(-0.0312)
		s.Account.Positions, s.Account.Before = []trade.Position{{Market: btc, Realised: dec("-125.90")}}, nil
	}
	if i == 2 {
		s.ID, s.Strategy, s.Feed, s.Status, s.Progress = "f3bead0000", "macd-trend", "replay", journal.Finished, ptr(1.0)
	}
	return s
}

func (f *fake) StartFloor(ctx context.Context, r api.FloorRequest) (api.FloorSession, error) {
	f.note("start " + r.Algorithm + " " + r.Feed)
	return give(ctx, f, floorSession(0))
}

func (f *fake) FloorSessions(ctx context.Context) ([]api.FloorSession, error) {
	return give(ctx, f, []api.FloorSession{floorSession(0), floorSession(1), floorSession(2)})
}

func (f *fake) StopFloor(ctx context.Context, id string) (api.FloorSession, error) {
	f.note("stop " + id)
	return give(ctx, f, floorSession(0))
}

func (f *fake) Kill(ctx context.Context, _ api.KillRequest) (api.KillResult, error) {
	f.note("kill")
	return give(ctx, f, api.KillResult{Sessions: []string{"f1007700aa", "f2c0ffee00"}, Closed: 1})
}

func (f *fake) Orders(ctx context.Context, _ string, _ int) ([]api.OrderRow, error) {
	o := trade.Order{ID: "o-12", Market: btc, Side: trade.Buy, Type: trade.MarketOrder, Quantity: dec("0.0625"), State: trade.Filled, AveragePrice: dec("85120.4"), Fee: dec("5.32"), PlacedAt: epoch.Add(-6 * time.Hour)}
	p := o
	p.ID, p.Side, p.Type, p.Limit, p.State, p.AveragePrice, p.PlacedAt = "o-13", trade.Sell, trade.LimitOrder, dec("90000"), trade.Open, money.Zero, epoch.Add(-40*time.Minute)
	return give(ctx, f, []api.OrderRow{{Order: p}, {Order: o}})
}

func (f *fake) fill() trade.Fill {
	return trade.Fill{ID: "f1", OrderID: "o-12", Market: btc, Side: trade.Buy, Quantity: dec("0.0625"), Price: dec("85120.4"), Fee: dec("5.32"), Time: epoch.Add(-6 * time.Hour)}
}

func (f *fake) Trades(ctx context.Context, _ string, _ int) ([]api.FillRow, error) {
	return give(ctx, f, []api.FillRow{{Fill: f.fill()}})
}

func (f *fake) PnL(ctx context.Context, session string) ([]api.PnL, error) {
	p := api.PnL{Session: "f1007700aa", StartCash: dec("10000"), Cash: dec("4811.21"), Equity: dec("10231.44"), Realised: dec("131.23"), Unrealised: dec("100.21"), Fees: dec("31.02"), Today: ptr(dec("84.10"))}
	if session != "" {
		for i := range 120 {
			v, _ := money.FromFloat(math.Round(1e4 + 2*float64(i) + 80*math.Sin(float64(i)/9)))
			p.Curve = append(p.Curve, journal.EquityPoint{Time: epoch.Add(time.Duration(i-120) * time.Hour / 2), Equity: v})
		}
	}
	return give(ctx, f, []api.PnL{p})
}

func (f *fake) FloorEvents(ctx context.Context, id string, after int64, emit func(api.FloorEvent) error) error {
	if f.empty || f.err != nil {
		return f.err
	}
	bodies := []struct {
		kind string
		v    any
	}{{"mark", map[string]string{"equity": "1"}}, {"log", map[string]string{"text": "breakout above \x1b[31m86,100"}}, {"order", trade.Order{ID: "o-12", Market: btc, Side: trade.Buy, Type: trade.MarketOrder,
		Quantity: dec("0.0625"), State: trade.Open}}, {"fill", f.fill()}, {"refused", map[string]string{"code": "max_notional", "detail": "the order is 900.00, the limit is 500.00"}}}
	for i, b := range bodies {
		if int64(i) < after {
			continue
		}
		if err := emit(api.FloorEvent{Seq: int64(i + 1), Kind: "line", Line: &journal.Line{Session: id, Seq: int64(i + 1), Time: epoch.Add(time.Duration(i-400) * time.Minute), Kind: b.kind, Body: raw(b.v)}}); err != nil {
			return err
		}
	}
	return nil
}
