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

// maxPrices bounds one answer of Prices.
const maxPrices = api.MaxPrices

func parseQuery(q api.PriceQuery) (out ledger.BarQuery, err error) {
	if out.Market, err = market.ParseMarket(q.Market); err != nil {
		return out, badRequest("%s", err)
	}
	if q.Interval == "" {
		q.Interval = "5m"
	}
	if out.Interval, err = market.ParseInterval(q.Interval); err != nil {
		return out, badRequest("%s", err)
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

// Prices answers with bars in time order; where nothing is stored at the interval asked for, resampled from a shorter one.
func (s *Service) Prices(ctx context.Context, q api.PriceQuery) (api.Prices, error) {
	bq, err := parseQuery(q)
	if err != nil {
		return api.Prices{}, err
	}
	asked := bq.Limit
	if bq.Limit == 0 || bq.Limit > maxPrices {
		bq.Limit = maxPrices
	}
	out := api.Prices{Market: bq.Market, Interval: bq.Interval, Stored: bq.Interval, Sources: []string{}, Rows: []api.Price{}}
	if err := s.storedRows(ctx, bq, &out); err != nil {
		return out, err
	}
	if len(out.Rows) == 0 {
		if err := s.resampled(ctx, bq, &out); err != nil {
			return out, err
		}
	}
	if len(out.Rows) == maxPrices && asked != maxPrices {
		out.Notes = append(out.Notes, fmt.Sprintf("only the newest %d bars are shown: narrow the window, or use export", maxPrices))
	}
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
func (s *Service) resampled(ctx context.Context, q ledger.BarQuery, out *api.Prices) error {
	bars, err := s.reader.PriceBars(ctx, q)
	if err != nil {
		return err
	}
	out.Stored, out.Simulated = bars.Stored, bars.Simulated
	if out.Sources = bars.Sources; bars.Stored == q.Interval { // stored, and none in the window
		return nil
	}
	for i := range bars.Bars {
		out.Rows = append(out.Rows, price(q.Market, &bars.Bars[i]))
	}
	if len(out.Rows) == 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("nothing is stored for %s at %s or a shorter interval in this window: see 'omc data coins'", q.Market, q.Interval))
	} else {
		out.Notes = append(out.Notes, fmt.Sprintf("resampled from %s bars; no bar is stored at %s", bars.Stored, q.Interval))
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
	bq, err := parseQuery(q)
	if err != nil {
		return ledger.Stats{}, err
	}
	return s.reader.PriceStats(ctx, bq)
}

// Gaps lists the missing bars, oldest first.
func (s *Service) Gaps(ctx context.Context, q api.PriceQuery) (api.Gaps, error) {
	bq, err := parseQuery(q)
	if err != nil {
		return api.Gaps{}, err
	}
	if bq.Limit == 0 || bq.Limit > 10_000 {
		bq.Limit = 1000
	}
	gaps, total, err := s.reader.Gaps(ctx, bq.Market, bq.Interval, bq.Limit)
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
	bq, err := parseQuery(q)
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
