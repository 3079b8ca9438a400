package data

import (
	"context"
	"sort"
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
	out.Rows = []api.AlignedRow{}
	bq, asked, err := s.bars(&q)
	if err != nil {
		return out, err
	}
	out.Market, out.Interval = bq.Market, bq.Interval
	bars, err := s.reader.PriceBars(ctx, bq)
	bars.Bars, out.Asked = cut(&asked, bars.Bars), asked.Asked
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
	bq, w, err := s.bars(&q)
	if err != nil {
		return out, err
	}
	out.Market, out.Interval = bq.Market, bq.Interval
	rows, err := s.reader.DailySummaries(ctx, bq)
	out.Rows, out.Asked = cut(&w, rows), w.Asked
	return out, err
}
