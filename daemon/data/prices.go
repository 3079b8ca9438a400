package data

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// maxGaps bounds one answer of Gaps.
const maxGaps = 10_000

// series reads which bars are asked for, and as of when.
func series(q *api.PriceQuery) (out ledger.BarQuery, err error) {
	if out.Market, err = market.ParseMarket(q.Market); err != nil {
		return out, badRequest("%s", err)
	}
	name := q.Interval
	if name == "" {
		name = "5m"
	}
	if out.Interval, err = market.ParseInterval(name); err != nil {
		return out, badRequest("%s", err)
	}
	return out, nil
}

// bars understands a question about the bars of a market; its window is as in every other question.
func (s *Service) bars(q *api.PriceQuery) (ledger.BarQuery, question, error) {
	out, err := series(q)
	if err != nil {
		return out, question{}, err
	}
	w, err := s.understand(&api.DataQuery{From: q.From, To: q.To, AsOf: q.AsOf, Limit: q.Limit}, 0)
	out.From, out.To, out.AsOf, out.Limit = w.From, w.To, w.Window.AsOf, w.Limit
	return out, w, err
}

// strictly understands a question whose answer has no place for notes: a range that is none is refused.
func strictly(q *api.PriceQuery) (ledger.BarQuery, error) {
	out, err := series(q)
	if err != nil {
		return out, err
	}
	if out.From, err = api.ParseTime("from", q.From); err != nil {
		return out, err
	}
	if out.To, err = api.ParseTime("to", q.To); err != nil {
		return out, err
	}
	if out.AsOf, err = api.ParseTime("as_of", q.AsOf); err != nil {
		return out, err
	}
	if !out.From.IsZero() && !out.To.IsZero() && !out.From.Before(out.To) {
		return out, badRequest("from %s is not before to %s", q.From, q.To)
	}
	if q.Limit < 0 {
		return out, badRequest("limit %d is negative", q.Limit)
	}
	out.Limit = q.Limit
	return out, nil
}

// Prices answers fetch_price_data: bars in time order; where nothing is stored at the interval asked for, resampled from a shorter one.
func (s *Service) Prices(ctx context.Context, q api.PriceQuery) (api.Prices, error) {
	bq, w, err := s.bars(&q)
	if err != nil {
		return api.Prices{}, err
	}
	out := api.Prices{Market: bq.Market, Interval: bq.Interval, Stored: bq.Interval, Sources: []string{}, Rows: []api.Price{}}
	if err := s.storedRows(ctx, bq, &out); err != nil {
		return out, err
	}
	if len(out.Rows) == 0 {
		if err := s.resampled(ctx, bq, &out, &w); err != nil {
			return out, err
		}
	}
	out.Rows = cut(&w, out.Rows)
	out.Asked = w.Asked
	return out, nil
}

// storedRows answers with the bars that are stored at the interval.
func (s *Service) storedRows(ctx context.Context, q ledger.BarQuery, out *api.Prices) error {
	rows, err := s.reader.PriceRows(ctx, q)
	if err != nil {
		return err
	}
	out.Rows = make([]api.Price, 0, len(rows))
	for i := range rows {
		p := price(q.Market, &rows[i].Bar)
		known := time.Unix(rows[i].Known, 0).UTC()
		p.Known, p.Source, p.Bid, p.Ask = &known, rows[i].Source, rows[i].Bid, rows[i].Ask
		out.Rows = append(out.Rows, p)
		if !slices.Contains(out.Sources, p.Source) {
			out.Sources = append(out.Sources, p.Source)
		}
	}
	slices.Sort(out.Sources)
	out.Simulated = slices.Contains(out.Sources, ledger.Simulated)
	return nil
}

// resampled answers with longer bars made of stored ones.
func (s *Service) resampled(ctx context.Context, q ledger.BarQuery, out *api.Prices, w *question) error {
	bars, err := s.reader.PriceBars(ctx, q)
	if err != nil {
		return err
	}
	out.Stored, out.Simulated = bars.Stored, bars.Simulated
	if out.Sources = orEmpty(bars.Sources); bars.Stored == q.Interval { // stored, and none in the window
		return nil
	}
	for i := range bars.Bars {
		out.Rows = append(out.Rows, price(q.Market, &bars.Bars[i]))
	}
	if len(out.Rows) == 0 {
		w.note("nothing is stored for %s at %s or a shorter interval in this window: see 'omc data coins'", q.Market, q.Interval)
	} else {
		w.note("resampled from %s bars; no bar is stored at %s", bars.Stored, q.Interval)
	}
	return nil
}

func price(m market.Market, b *market.Bar) api.Price {
	p := api.Price{Timestamp: b.OpenTime(), Coin: m.Base, Quote: m.Quote, Open: b.Open(), High: b.High(), Low: b.Low(), Close: b.Close(), Last: b.Close()}
	if b.HasVolume() {
		v := b.Volume()
		p.Volume = &v
	}
	return p
}

// Stats describes the stored bars of a window.
func (s *Service) Stats(ctx context.Context, q api.PriceQuery) (ledger.Stats, error) {
	bq, err := strictly(&q)
	if err != nil {
		return ledger.Stats{}, err
	}
	st, err := s.reader.PriceStats(ctx, bq)
	st.Sources = orEmpty(st.Sources)
	return st, err
}

// Gaps lists the missing bars, oldest first.
func (s *Service) Gaps(ctx context.Context, q api.PriceQuery) (api.Gaps, error) {
	bq, err := series(&q)
	if err != nil {
		return api.Gaps{}, err
	}
	switch {
	case q.From != "" || q.To != "" || q.AsOf != "":
		return api.Gaps{}, badRequest("gaps are those of all that is stored now: there is no from, to or as_of")
	case q.Limit < 0 || q.Limit > maxGaps:
		return api.Gaps{}, badRequest("limit %d: want 0 (%d) to %d", q.Limit, api.DefaultRows, maxGaps)
	case q.Limit == 0:
		q.Limit = api.DefaultRows
	}
	gaps, total, err := s.reader.Gaps(ctx, bq.Market, bq.Interval, q.Limit)
	if err != nil {
		return api.Gaps{}, err
	}
	return api.Gaps{Market: bq.Market, Interval: bq.Interval, Total: total, Gaps: gaps}, nil
}

// exportBars is how many grid places one read of an export covers.
const exportBars = 100_000

// Export writes timestamp (unix seconds), open, high, low, close, volume, source; an empty volume means that the feed has none.
// candlefile reads it back to the same bars and sources. Memory is bounded.
func (s *Service) Export(ctx context.Context, q api.PriceQuery, w io.Writer) error {
	bq, err := strictly(&q)
	if err != nil {
		return err
	}
	first, last, err := s.exportSpan(ctx, bq)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 64<<10)
	if _, err := b.WriteString("timestamp,open,high,low,close,volume,source\n"); err != nil {
		return err
	}
	step := time.Duration(exportBars) * bq.Interval.Duration()
	for from := first; from.Before(last); from = from.Add(step) {
		part := bq
		part.From, part.To, part.Limit = from, from.Add(step), 0
		if part.To.After(last) {
			part.To = last
		}
		rows, err := s.reader.PriceRows(ctx, part)
		if err != nil {
			return err
		}
		for i := range rows {
			r := &rows[i]
			volume := ""
			if r.HasVolume() {
				volume = r.Volume().String()
			}
			if _, err := fmt.Fprintf(b, "%d,%s,%s,%s,%s,%s,%s\n", r.Unix(), r.Open(), r.High(), r.Low(), r.Close(), volume, r.Source); err != nil {
				return err
			}
		}
	}
	return b.Flush()
}

// exportSpan bounds the window by what is stored: exports are never resampled.
func (s *Service) exportSpan(ctx context.Context, q ledger.BarQuery) (first, last time.Time, err error) {
	all, err := s.reader.Coverage(ctx)
	if err != nil {
		return first, last, err
	}
	for _, c := range all {
		if c.Market != q.Market || c.Interval != q.Interval {
			continue
		}
		first, last = c.First, c.Last.Add(c.Interval.Duration())
		if q.From.After(first) {
			first = q.From
		}
		if !q.To.IsZero() && q.To.Before(last) {
			last = q.To
		}
		return first, last, nil
	}
	return first, last, api.NewProblem(404, api.CodeNotFound, "no %s bars of %s are stored: see 'omc data coins'", q.Interval, q.Market)
}
