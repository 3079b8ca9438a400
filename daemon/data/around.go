package data

import (
	"context"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// around are the distances from a moment at which prices are shown.
var around = []struct {
	name string
	d    time.Duration
}{{"-24h", -24 * time.Hour}, {"-1h", -time.Hour}, {"0", 0}, {"+1h", time.Hour}, {"+24h", 24 * time.Hour}}

// defaultAround is how many of each kind an answer of Around holds where it is not said.
const defaultAround = 500

// Around answers what happened around a moment: of each kind what is nearest to it, in time order.
func (s *Service) Around(ctx context.Context, r api.AroundRequest) (out api.Around, err error) {
	out = api.Around{Events: []api.CatalystRow{}, News: []api.NewsRow{}, Posts: []api.PostRow{}, Metrics: []api.OnChainRow{}, Prices: []api.AroundPrice{}}
	if out.Time, err = api.ParseTime("time", r.Time); err != nil {
		return out, err
	}
	if out.Time.IsZero() || r.Hours < 0 || r.Hours > 720 {
		return out, badRequest("want a time, and at most 720 hours on both sides")
	}
	if r.Hours == 0 {
		r.Hours = 24
	}
	if r.Limit == 0 {
		r.Limit = defaultAround
	}
	w, err := s.understand(&api.DataQuery{AsOf: r.AsOf, Limit: r.Limit}, 0)
	if err != nil {
		return out, err
	}
	var coins []market.Coin
	none := false
	if r.Currency != "" {
		if coins, none, err = w.coins([]string{r.Currency}); err != nil {
			return out, err
		}
	}
	if !none {
		if err := s.happened(ctx, &w, coins, time.Duration(r.Hours)*time.Hour, &out); err != nil {
			return out, err
		}
	}
	if r.Market != "" {
		if out.Prices, err = s.pricesAround(ctx, r, out.Time); err != nil {
			return out, err
		}
	}
	out.Asked = w.Asked
	return out, nil
}

// happened fills in what happened to the coins (none: to all), on both sides of the moment.
func (s *Service) happened(ctx context.Context, w *question, coins []market.Coin, side time.Duration, out *api.Around) error {
	w.From, w.To = out.Time.Add(-side), out.Time.Add(side)
	events, err := nearest(w, "events", out.Time, func(x ledger.Window) ([]ledger.EventRow, error) {
		return s.reader.CatalystEvents(ctx, ledger.EventQuery{Window: x, Coins: coins})
	}, func(r *ledger.EventRow) time.Time { return r.Time })
	if err != nil {
		return err
	}
	news, err := nearest(w, "news", out.Time, func(x ledger.Window) ([]ledger.NewsRow, error) {
		return s.reader.News(ctx, ledger.SentimentQuery{Window: x, Coins: coins})
	}, func(r *ledger.NewsRow) time.Time { return r.Published })
	if err != nil {
		return err
	}
	posts, err := nearest(w, "posts", out.Time, func(x ledger.Window) ([]ledger.PostRow, error) {
		return s.reader.Posts(ctx, ledger.SentimentQuery{Window: x, Coins: coins})
	}, func(r *ledger.PostRow) time.Time { return r.Posted })
	if err != nil {
		return err
	}
	out.Events, out.News, out.Posts = mapped(events, catalyst), mapped(news, newsRow), mapped(posts, postRow)
	if len(coins) == 0 { // the figures of all coins say nothing about a moment
		return nil
	}
	metrics, err := nearest(w, "figures", out.Time, func(x ledger.Window) ([]ledger.MetricRow, error) {
		return s.reader.OnChainMetrics(ctx, ledger.MetricQuery{Window: x, Asset: coins[0]})
	}, func(r *ledger.MetricRow) time.Time { return r.Event })
	out.Metrics = mapped(metrics, onChain)
	return err
}

// nearest asks for both sides of a moment and keeps the rows nearest to it, as many as are wanted, in time order; it notes a cut.
func nearest[T any](w *question, what string, t time.Time, read func(ledger.Window) ([]T, error), at func(*T) time.Time) ([]T, error) {
	before, after := w.Window, w.Window
	before.To, after.From, after.Oldest = t, t, true
	old, err := read(before)
	if err != nil {
		return nil, err
	}
	young, err := read(after)
	if err != nil {
		return nil, err
	}
	all := append(old, young...)
	from, to := 0, len(all)
	for to-from > w.limit { // whichever end is further away
		if t.Sub(at(&all[from])) > at(&all[to-1]).Sub(t) {
			from++
		} else {
			to--
		}
	}
	if to-from < len(all) {
		w.note("only the %d %s nearest to the moment are shown; ask for fewer hours, or raise the limit", w.limit, what)
	}
	return all[from:to], nil
}

func mapped[T, R any](rows []T, one func(*T) R) []R {
	out := make([]R, len(rows))
	for i := range rows {
		out[i] = one(&rows[i])
	}
	return out
}

func (s *Service) pricesAround(ctx context.Context, r api.AroundRequest, t time.Time) ([]api.AroundPrice, error) {
	m, err := market.ParseMarket(r.Market)
	if err != nil {
		return nil, badRequest("%s", err)
	}
	asOf, err := api.ParseTime("as_of", r.AsOf)
	if err != nil {
		return nil, err
	}
	out := make([]api.AroundPrice, len(around))
	var base *float64
	for i, a := range around {
		at := t.Add(a.d)
		out[i] = api.AroundPrice{Market: m, Offset: a.name}
		if now := s.clock.Now(); at.After(now) || !asOf.IsZero() && at.After(asOf) {
			continue
		}
		// The bar that closed last by then.
		bars, err := s.reader.PriceBars(ctx, ledger.BarQuery{Market: m, Interval: market.FiveMinutes, From: at.Add(-time.Hour), To: at.Add(-5*time.Minute + time.Second), AsOf: asOf, Limit: 1})
		if err != nil {
			return nil, err
		}
		if n := len(bars.Bars); n > 0 {
			c := bars.Bars[n-1].Close()
			out[i].Close = &c
			if a.d == 0 {
				f := c.Float64()
				base = &f
			}
		}
	}
	for i := range out {
		if base != nil && out[i].Close != nil {
			change := out[i].Close.Float64()/(*base) - 1
			out[i].Change = &change
		}
	}
	return out, nil
}
