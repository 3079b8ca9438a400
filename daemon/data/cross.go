package data

import (
	"context"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// reach is how long before it became known a text may have been published and still count where it became known.
const reach = 7 * 24 * time.Hour

// mean adds up scores.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float64) { m.sum, m.n = m.sum+v, m.n+1 }

func (m *mean) value() *float64 {
	if m.n == 0 {
		return nil
	}
	v := m.sum / float64(m.n)
	return &v
}

// Aligned answers how prices and sentiment went together: each bar with the texts and events of its coin that became known while it
// was open, so that a row holds nothing that was not known at its close.
func (s *Service) Aligned(ctx context.Context, q api.PriceQuery) (out api.Aligned, err error) {
	out.Rows, out.Notes = []api.AlignedRow{}, []string{}
	bq, err := parseQuery(q)
	if err != nil {
		return out, err
	}
	if bq.Limit == 0 || bq.Limit > 10*api.DefaultRows {
		bq.Limit = 10 * api.DefaultRows
	}
	out.Market, out.Interval = bq.Market, bq.Interval
	if !bq.AsOf.IsZero() {
		out.Asked.AsOf = &bq.AsOf
	}
	bars, err := s.reader.PriceBars(ctx, bq)
	if err != nil || len(bars.Bars) == 0 {
		return out, err
	}
	first, last := bars.Bars[0].OpenTime(), bars.Bars[len(bars.Bars)-1].OpenTime().Add(bq.Interval.Duration())
	w := ledger.Window{From: first.Add(-reach), To: last, AsOf: bq.AsOf, Limit: api.MaxRows}
	coins := []market.Coin{bq.Market.Base}
	news, err := s.reader.News(ctx, ledger.SentimentQuery{Window: w, Coins: coins})
	if err != nil {
		return out, err
	}
	posts, err := s.reader.Posts(ctx, ledger.SentimentQuery{Window: w, Coins: coins})
	if err != nil {
		return out, err
	}
	events, err := s.reader.CatalystEvents(ctx, ledger.EventQuery{Window: w, Coins: coins})
	if err != nil {
		return out, err
	}
	if len(news) == api.MaxRows || len(posts) == api.MaxRows || len(events) == api.MaxRows {
		out.Notes = append(out.Notes, "more texts fall into this window than one answer counts: narrow it")
	}
	rows := make([]api.AlignedRow, len(bars.Bars))
	type sums struct{ news, posts mean }
	scores := make([]sums, len(rows))
	at := func(known time.Time) int {
		i := sort.Search(len(bars.Bars), func(i int) bool { return bars.Bars[i].Unix() > known.Unix() }) - 1
		if i < 0 || known.Unix() >= bars.Bars[i].Unix()+int64(bq.Interval) {
			return -1
		}
		return i
	}
	for i := range news {
		if k := at(news[i].Known); k >= 0 {
			scores[k].news.add(news[i].Score)
		}
	}
	for i := range posts {
		if k := at(posts[i].Known); k >= 0 {
			scores[k].posts.add(posts[i].Score)
		}
	}
	for i := range events {
		if k := at(events[i].Known); k >= 0 {
			r := &rows[k]
			if r.Events++; r.Impact == nil || *r.Impact < events[i].Impact {
				r.Impact = &events[i].Impact
			}
		}
	}
	for i := range rows {
		b := &bars.Bars[i]
		r := &rows[i]
		r.Timestamp, r.Close = b.OpenTime(), b.Close()
		if i > 0 {
			change := b.CloseFloat()/bars.Bars[i-1].CloseFloat() - 1
			r.Return = &change
		}
		r.News, r.NewsScore, r.Posts, r.PostScore = scores[i].news.n, scores[i].news.value(), scores[i].posts.n, scores[i].posts.value()
	}
	out.Rows = rows
	return out, nil
}

// Daily answers fetch_daily_summaries. A day is answered as of a moment once all its bars were known by then.
func (s *Service) Daily(ctx context.Context, q api.PriceQuery) (out api.Daily, err error) {
	out.Notes = []string{}
	bq, err := parseQuery(q)
	if err != nil {
		return out, err
	}
	if bq.Limit == 0 || bq.Limit > api.MaxRows {
		bq.Limit = api.MaxRows
	}
	out.Market, out.Interval = bq.Market, bq.Interval
	if !bq.AsOf.IsZero() {
		out.Asked.AsOf = &bq.AsOf
	}
	rows, err := s.reader.DailySummaries(ctx, bq)
	out.Rows = orEmpty(rows)
	return out, err
}

// around are the distances from a moment at which prices are shown.
var around = []struct {
	name string
	d    time.Duration
}{{"-24h", -24 * time.Hour}, {"-1h", -time.Hour}, {"0", 0}, {"+1h", time.Hour}, {"+24h", 24 * time.Hour}}

// Around answers what happened around a moment.
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
	side := time.Duration(r.Hours) * time.Hour
	dq := api.DataQuery{From: stamp(out.Time.Add(-side)), To: stamp(out.Time.Add(side)), AsOf: r.AsOf, Limit: 500}
	if r.Currency != "" {
		dq.Currencies, dq.Asset = []string{r.Currency}, r.Currency
	}
	texts, err := s.Sentiment(ctx, dq)
	if err != nil {
		return out, err
	}
	events, err := s.CatalystEvents(ctx, dq)
	if err != nil {
		return out, err
	}
	out.Events, out.News, out.Posts, out.Asked = events.Rows, texts.News, texts.Posts, texts.Asked
	out.Notes = append(out.Notes, events.Notes...)
	if r.Currency != "" {
		metrics, err := s.OnChainMetrics(ctx, dq)
		if err != nil {
			return out, err
		}
		out.Metrics = metrics.Rows
		out.Notes = append(out.Notes, metrics.Notes...)
	}
	if r.Market != "" {
		if out.Prices, err = s.pricesAround(ctx, r, out.Time); err != nil {
			return out, err
		}
	}
	return out, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

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

// Trust tells of every series how much of it there is, how old its end is, and whether that is as fresh as its feeds promise.
func (s *Service) Trust(ctx context.Context) ([]api.TrustRow, error) {
	var feeds []api.Collector
	if s.Feeds != nil {
		var err error
		if feeds, err = s.Feeds(ctx); err != nil {
			return nil, err
		}
	}
	out, err := s.trustPrices(ctx, feeds)
	if err != nil {
		return nil, err
	}
	stats, err := s.reader.DataStatistics(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, t := range stats {
		age := api.In(max(0, s.clock.Now().Sub(t.LastKnown)))
		out = append(out, api.TrustRow{Ledger: t.Ledger, Subject: t.Kind, Source: t.Source, First: &t.First, Last: &t.Last, Rows: t.Rows, Age: &age})
	}
	for _, f := range feeds {
		if f.State == api.CollectorNeeds || f.Runs == 0 && f.LastOK == nil {
			continue
		}
		row := api.TrustRow{Ledger: f.Ledger, Subject: "feed " + f.Name, Source: f.Source, Last: f.LastOK, Rows: f.Rows, Gaps: f.OpenGaps, Age: f.Age, Target: &f.Target}
		fresh := f.Age != nil && *f.Age <= max(f.Target, f.Every+f.Timeout)
		row.Fresh = &fresh
		out = append(out, row)
	}
	return out, nil
}

// trustPrices tells of the bars. Only those that a feed builds have to be fresh: history has no target.
func (s *Service) trustPrices(ctx context.Context, feeds []api.Collector) ([]api.TrustRow, error) {
	all, err := s.reader.Coverage(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]api.TrustRow, 0, len(all))
	for _, c := range all {
		share, age := float64(c.Bars)/float64(c.Bars+c.Missing), api.In(max(0, s.clock.Now().Sub(c.Last.Add(c.Interval.Duration()))))
		row := api.TrustRow{Ledger: ledger.Glass, Subject: c.Market.String() + " " + c.Interval.String(), Source: strings.Join(c.Sources, " "), First: &c.First, Last: &c.Last,
			Rows: int64(c.Bars), Coverage: &share, Missing: c.Missing, Age: &age}
		if c.Missing > 0 {
			if _, row.Gaps, err = s.reader.Gaps(ctx, c.Market, c.Interval, 0); err != nil {
				return nil, err
			}
		}
		for _, f := range feeds {
			if f.Bars && slices.Contains(c.Sources, f.Source) && c.Interval == market.FiveMinutes {
				target := api.In(c.Interval.Duration()) + f.Target
				fresh := age <= target
				row.Target, row.Fresh = &target, &fresh
			}
		}
		out = append(out, row)
	}
	return out, nil
}
