package ledger

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
)

var (
	btc = market.Market{Base: "BTC", Quote: "USDT"}
	old = market.Market{Base: "OLD", Quote: "USDT"}
)

func on(day int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day) }

// covered is a ledger of bars of two markets; whatever it is asked it answers, and notes by which question.
type covered struct {
	Reader
	asked string
	to    time.Time
}

func (c *covered) Coverage(context.Context) ([]Coverage, error) {
	return []Coverage{
		{Market: btc, Interval: market.Hour, Bars: 2400, First: on(0), Last: on(100).Add(-time.Hour)},
		{Market: old, Interval: market.Day, Bars: 40, First: on(0), Last: on(39)},
	}, nil
}

func (c *covered) PriceBars(_ context.Context, q BarQuery) (Bars, error) {
	c.asked, c.to = "bars", q.To
	return Bars{}, nil
}

func (c *covered) PriceRows(context.Context, BarQuery) ([]PriceBar, error) {
	c.asked = "rows"
	return nil, nil
}

func (c *covered) PriceStats(context.Context, BarQuery) (Stats, error) {
	c.asked = "stats"
	return Stats{}, nil
}

func (c *covered) DailySummaries(context.Context, BarQuery) ([]DaySummary, error) {
	c.asked = "days"
	return nil, nil
}

func (c *covered) Trades(context.Context, TradeQuery) ([]TradeRow, error) {
	c.asked = "trades"
	return nil, nil
}

func (c *covered) Quotes(context.Context, QuoteQuery) ([]QuoteRow, error) {
	c.asked = "quotes"
	return nil, nil
}

func (c *covered) OnChainMetrics(context.Context, MetricQuery) ([]MetricRow, error) {
	c.asked = "metrics"
	return nil, nil
}

func (c *covered) SmartMoneyFlows(context.Context, FlowQuery) ([]FlowRow, error) {
	c.asked = "flows"
	return nil, nil
}

func (c *covered) News(context.Context, SentimentQuery) ([]NewsRow, error) {
	c.asked = "news"
	return nil, nil
}

func (c *covered) Posts(context.Context, SentimentQuery) ([]PostRow, error) {
	c.asked = "posts"
	return nil, nil
}

func (c *covered) CatalystEvents(context.Context, EventQuery) ([]EventRow, error) {
	c.asked = "events"
	return nil, nil
}

func (c *covered) ItemsAfter(context.Context, int64, []string, int) ([]Item, int64, error) {
	c.asked = "items"
	return nil, 0, nil
}

func (c *covered) Facts(context.Context, FactQuery) (FactList, error) {
	c.asked = "facts"
	return FactList{}, nil
}

func (c *covered) OrderHistory(context.Context, OrderQuery) ([]OrderRow, error) {
	c.asked = "orders"
	return nil, nil
}

func (c *covered) UserPositions(context.Context, string, time.Time) ([]PositionRow, error) {
	c.asked = "positions"
	return nil, nil
}

// questions are those whose answers are data: each asked with an end and a moment.
func questions() map[string]func(context.Context, Reader, market.Market, time.Time) error {
	type q = func(context.Context, Reader, market.Market, time.Time) error
	return map[string]q{
		"bars": func(ctx context.Context, r Reader, m market.Market, at time.Time) error {
			_, err := r.PriceBars(ctx, BarQuery{Market: m, Interval: market.Hour, To: at})
			return err
		},
		"rows": func(ctx context.Context, r Reader, m market.Market, at time.Time) error {
			_, err := r.PriceRows(ctx, BarQuery{Market: m, Interval: market.Hour, To: at})
			return err
		},
		"stats": func(ctx context.Context, r Reader, m market.Market, at time.Time) error {
			_, err := r.PriceStats(ctx, BarQuery{Market: m, Interval: market.Hour, To: at})
			return err
		},
		"days": func(ctx context.Context, r Reader, m market.Market, at time.Time) error {
			_, err := r.DailySummaries(ctx, BarQuery{Market: m, Interval: market.Hour, To: at})
			return err
		},
		"trades": func(ctx context.Context, r Reader, m market.Market, at time.Time) error {
			_, err := r.Trades(ctx, TradeQuery{Market: m, Window: Window{To: at}})
			return err
		},
		"quotes": func(ctx context.Context, r Reader, _ market.Market, at time.Time) error {
			_, err := r.Quotes(ctx, QuoteQuery{AsOf: at})
			return err
		},
		"metrics": func(ctx context.Context, r Reader, _ market.Market, at time.Time) error {
			_, err := r.OnChainMetrics(ctx, MetricQuery{Window: Window{To: at, AsOf: at}})
			return err
		},
		"flows": func(ctx context.Context, r Reader, _ market.Market, at time.Time) error {
			_, err := r.SmartMoneyFlows(ctx, FlowQuery{Window: Window{AsOf: at}})
			return err
		},
		"news": func(ctx context.Context, r Reader, _ market.Market, at time.Time) error {
			_, err := r.News(ctx, SentimentQuery{Window: Window{AsOf: at}})
			return err
		},
		"posts": func(ctx context.Context, r Reader, _ market.Market, at time.Time) error {
			_, err := r.Posts(ctx, SentimentQuery{Window: Window{AsOf: at}})
			return err
		},
		"events": func(ctx context.Context, r Reader, _ market.Market, at time.Time) error {
			_, err := r.CatalystEvents(ctx, EventQuery{Window: Window{AsOf: at}})
			return err
		},
		"facts": func(ctx context.Context, r Reader, m market.Market, at time.Time) error {
			_, err := r.Facts(ctx, FactQuery{Queries: []fact.Query{{Kind: fact.Metric, Coin: m.Base, Names: []string{"x"}}}, AsOf: at})
			return err
		},
		"orders": func(ctx context.Context, r Reader, _ market.Market, at time.Time) error {
			_, err := r.OrderHistory(ctx, OrderQuery{User: "u", Window: Window{AsOf: at}})
			return err
		},
		"positions": func(ctx context.Context, r Reader, _ market.Market, at time.Time) error {
			_, err := r.UserPositions(ctx, "u", at)
			return err
		},
	}
}

// Of 100 days the newest 20 are sealed: no question is answered that ends later, or has no end, and every one is that ends there.
func TestTheSealedReaderRefusesTheHoldOut(t *testing.T) {
	ctx := context.Background()
	all := questions()
	for name, ask := range all {
		c := &covered{}
		s := Seal(c, Holdout{Longest: 60 * day, Share: 0.2})
		for _, at := range []time.Time{{}, on(80).Add(time.Millisecond), on(100), on(3000)} {
			var sealed *SealedError
			if err := ask(ctx, s, btc, at); !errors.As(err, &sealed) || !sealed.From.Equal(on(80)) || c.asked != "" {
				t.Errorf("%s until %v: %v, asked %q", name, at, err, c.asked)
			}
		}
		if err := ask(ctx, s, btc, on(80)); err != nil || c.asked != name {
			t.Errorf("%s until the hold-out: %v", name, err)
		}
		c.asked = ""
		if err := ask(ctx, Seal(c, Holdout{}), btc, time.Time{}); err != nil || c.asked != name {
			t.Errorf("%s with nothing sealed: %v", name, err)
		}
		if err := ask(ctx, s.Unsealed(), btc, time.Time{}); err != nil {
			t.Errorf("%s unsealed: %v", name, err)
		}
	}
	// A question that is new in Reader must be sealed, or be named here as one that says nothing of what the data is.
	harmless := []string{"Coverage", "CoverageAsOf", "Gaps", "Publishers", "DataStatistics", "Head", "ItemsAfter"}
	if n := reflect.TypeFor[Reader]().NumMethod(); n != len(all)+len(harmless) {
		t.Errorf("Reader has %d questions, %d are known here", n, len(all)+len(harmless))
	}
	c := &covered{}
	if _, _, err := Seal(c, Holdout{Longest: 60 * day, Share: 0.2}).ItemsAfter(ctx, 0, nil, 1); err == nil || c.asked != "" {
		t.Errorf("the stream of what lands: %v", err)
	}
}

// A bar that opens before the hold-out and closes in it is of the hold-out.
func TestABarThatClosesInTheHoldOutIsSealed(t *testing.T) {
	ctx, c := context.Background(), &covered{}
	s := Seal(c, Holdout{Longest: 60 * day, Share: 0.2})
	for iv, want := range map[market.Interval]time.Time{market.Hour: on(80), market.Day: on(80), market.Week: time.Unix(market.Week.Floor(on(80).Unix()), 0).UTC()} {
		if _, err := s.PriceBars(ctx, BarQuery{Market: btc, Interval: iv, To: on(80)}); err != nil || !c.to.Equal(want) {
			t.Errorf("%s: read to %v, %v, want %v", iv, c.to, err, want)
		}
	}
	if w := market.Week.Floor(on(80).Unix()); w == on(80).Unix() {
		t.Error("the hold-out begins with a week: nothing was tested")
	}
}

func TestWhereTheHoldOutBegins(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		h       Holdout
		markets []market.Market
		from    time.Time
		to      time.Time
	}{
		"a share":                         {Holdout{60 * day, 0.2}, []market.Market{btc}, on(80), on(100)},
		"the longest":                     {Holdout{10 * day, 0.2}, []market.Market{btc}, on(90), on(100)},
		"a market that ended":             {Holdout{60 * day, 0.2}, []market.Market{old}, on(32), on(40)},
		"the earliest of several":         {Holdout{60 * day, 0.2}, []market.Market{btc, old}, on(32), on(100)},
		"all there is":                    {Holdout{60 * day, 0.2}, nil, on(80), on(100)},
		"the coin in another currency":    {Holdout{60 * day, 0.2}, []market.Market{{Base: btc.Base, Quote: "NZD"}}, on(80), on(100)},
		"a market that is not there":      {Holdout{60 * day, 0.2}, []market.Market{{Base: "NO", Quote: "USDT"}}, time.Time{}, time.Time{}},
		"too little to keep a day":        {Holdout{60 * day, 0.02}, []market.Market{old}, time.Time{}, time.Time{}},
		"by the settings":                 {Holdout{0, 0.2}, []market.Market{btc}, time.Time{}, time.Time{}},
		"all of it, where that is wished": {Holdout{9999 * day, 1}, []market.Market{btc}, on(0), on(100)},
	} {
		from, to, err := Seal(&covered{}, c.h).Slice(ctx, c.markets...)
		if err != nil || !from.Equal(c.from) || !to.Equal(c.to) {
			t.Errorf("%s: %v to %v, %v", name, from, to, err)
		}
	}
	if at := (Holdout{60 * day, 0.2}).Start(on(0), on(99).Add(7*time.Hour)); !at.Equal(on(79)) {
		t.Errorf("it begins at a midnight, not at %v", at)
	}
}
