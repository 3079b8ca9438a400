package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// window is a BarQuery in unix seconds: open times in [from, to), known by asOf.
type window struct {
	from, to, asOf int64
	limit          int
}

const forever = int64(math.MaxInt64)

// newWindow reads a query. A bar is known at its close or later, so that what was known by a moment opens a bar's length before it.
func newWindow(q ledger.BarQuery) window {
	w := window{from: 0, to: forever, asOf: forever, limit: max(0, q.Limit)}
	if !q.From.IsZero() {
		w.from = ceilSecond(q.From)
	}
	if !q.To.IsZero() {
		w.to = ceilSecond(q.To)
	}
	if !q.AsOf.IsZero() {
		w.asOf = q.AsOf.Unix()
		w.to = min(w.to, w.asOf-int64(market.Minute)+1) // the shortest bar there is: the interval read may be shorter than the one asked for
	}
	return w
}

// ceilSecond is the first whole second at or after t: open times are whole seconds, so both ends of a window round up.
func ceilSecond(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// stored is what price_coverage says of one series.
type stored struct {
	series
	bars, first, last int64
}

func (d *DB) marketSeries(ctx context.Context, m market.Market) ([]stored, error) {
	return queryAll(ctx, d.drv, func(r dialect.Rows) (s stored, err error) {
		return s, r.Scan(&s.market, &s.interval, &s.bars, &s.first, &s.last)
	}, `SELECT c.market_id, c.interval_seconds, c.bars, c.first_time, c.last_time FROM price_coverage c
		JOIN markets m ON m.id = c.market_id WHERE m.base = $1 AND m.quote = $2 AND c.bars > 0`, string(m.Base), string(m.Quote))
}

// pick returns the series asked for, else the longest shorter one that divides it.
func pick(all []stored, iv market.Interval) (best stored, ok bool) {
	for _, s := range all {
		if s.interval <= int64(iv) && int64(iv)%s.interval == 0 && s.interval > best.interval {
			best, ok = s, true
		}
	}
	return best, ok
}

// PriceBars implements ledger.Reader.
func (d *DB) PriceBars(ctx context.Context, q ledger.BarQuery) (ledger.Bars, error) {
	out := ledger.Bars{Stored: q.Interval}
	if !q.Interval.Valid() {
		return out, fmt.Errorf("bars of %s: %w interval of %d s", q.Market, ErrInvalid, int64(q.Interval))
	}
	all, err := d.marketSeries(ctx, q.Market)
	if err != nil {
		return out, fmt.Errorf("bars of %s %s: %w", q.Market, q.Interval, err)
	}
	s, ok := pick(all, q.Interval)
	if !ok {
		return out, nil
	}
	out.Stored = market.Interval(s.interval)
	sources := map[int64]bool{}
	if w := newWindow(q); out.Stored == q.Interval {
		out.Bars, err = d.readBars(ctx, s, w, sources)
	} else {
		out.Bars, err = d.resampled(ctx, s, w, q.Interval, sources)
	}
	if err == nil {
		out.Sources, err = d.sourceNames(ctx, sources)
	}
	if err != nil {
		return ledger.Bars{Stored: out.Stored}, fmt.Errorf("bars of %s %s: %w", q.Market, q.Interval, err)
	}
	out.Simulated = slices.Contains(out.Sources, ledger.Simulated)
	return out, nil
}

// readBars reads one stored series. Rows first, then revisions: a bar replaced in between is found in both, never in neither.
func (d *DB) readBars(ctx context.Context, s stored, w window, sources map[int64]bool) ([]market.Bar, error) {
	w.from, w.to = max(w.from, s.first), min(w.to, s.last+1)
	if w.from >= w.to {
		return nil, nil
	}
	expect := min((w.to-w.from)/s.interval+1, s.bars)
	order, args := " ORDER BY event_time", []any{s.market, w.from, w.to}
	if w.asOf != forever {
		args = append(args, w.asOf)
		order = " AND known_time <= $4" + order
	}
	if w.limit > 0 {
		order += fmt.Sprintf(" DESC LIMIT %d", w.limit)
		expect = min(expect, int64(w.limit))
	}
	bars := make([]market.Bar, 0, expect)
	last := int64(-1)
	err := d.drv.ReadBars(ctx, func(b market.Bar, source int64) error {
		bars = append(bars, b)
		if source != last {
			sources[source], last = true, source
		}
		return nil
	}, "SELECT event_time, open, high, low, close, volume, source_id FROM "+s.table()+" WHERE "+s.where()+
		" AND event_time >= $2 AND event_time < $3"+order, args...)
	if err != nil {
		return nil, err
	}
	if w.limit > 0 {
		slices.Reverse(bars)
	}
	if w.asOf == forever {
		return bars, nil
	}
	return d.withRevisions(ctx, s, w, bars, sources)
}

// withRevisions adds what replaced bars said by asOf, where the bars that replaced them were not known yet.
func (d *DB) withRevisions(ctx context.Context, s stored, w window, bars []market.Bar, sources map[int64]bool) ([]market.Bar, error) {
	var old []market.Bar
	var from []int64
	err := d.drv.ReadBars(ctx, func(b market.Bar, source int64) error {
		if n := len(old); n > 0 && old[n-1].Unix() == b.Unix() {
			old[n-1], from[n-1] = b, source // a later revision
			return nil
		}
		old, from = append(old, b), append(from, source)
		return nil
	}, `SELECT event_time, open, high, low, close, volume, source_id FROM price_revisions
		WHERE market_id = $1 AND interval_seconds = $2 AND event_time >= $3 AND event_time < $4 AND known_time <= $5
		ORDER BY event_time, revision`, s.market, s.interval, w.from, w.to, w.asOf)
	if err != nil || len(old) == 0 {
		return bars, err
	}
	merged := make([]market.Bar, 0, len(bars)+len(old))
	i := 0
	for j := range old {
		for i < len(bars) && bars[i].Unix() < old[j].Unix() {
			merged = append(merged, bars[i])
			i++
		}
		if i < len(bars) && bars[i].Unix() == old[j].Unix() {
			continue
		}
		merged = append(merged, old[j])
		sources[from[j]] = true
	}
	merged = append(merged, bars[i:]...)
	if w.limit > 0 && len(merged) > w.limit {
		merged = merged[len(merged)-w.limit:]
	}
	return merged, nil
}

// resampled makes longer bars of whole groups only: a group that has not ended by asOf, or by the last stored bar, is left out.
func (d *DB) resampled(ctx context.Context, s stored, w window, iv market.Interval, sources map[int64]bool) ([]market.Bar, error) {
	base := market.Interval(s.interval)
	upTo := min(w.asOf, s.last+s.interval)
	w.from, w.to = max(w.from, iv.Floor(s.first)), min(w.to, s.last+1)
	if w.from >= w.to {
		return nil, nil
	}
	inner := window{from: ceilTo(iv, w.from), to: ceilTo(iv, w.to), asOf: w.asOf}
	span := inner.to - inner.from
	if w.limit > 0 { // the newest groups first, and further back only where gaps ask for it
		span = min(span, int64(w.limit+2)*int64(iv))
	}
	for {
		inner.from = max(inner.to-span, ceilTo(iv, w.from))
		bars, err := d.readBars(ctx, s, inner, sources)
		if err != nil {
			return nil, err
		}
		out, err := market.Resample(bars, base, iv, upTo)
		if err != nil {
			return nil, err
		}
		if w.limit == 0 || len(out) >= w.limit || inner.from <= ceilTo(iv, w.from) {
			if w.limit > 0 && len(out) > w.limit {
				out = out[len(out)-w.limit:]
			}
			return out, nil
		}
		span *= 4
	}
}

func ceilTo(iv market.Interval, t int64) int64 {
	if f := iv.Floor(t); f < t {
		return f + int64(iv)
	}
	return t
}

func (d *DB) sourceNames(ctx context.Context, ids map[int64]bool) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	type source struct {
		id   int64
		name string
	}
	all, err := queryAll(ctx, d.drv, func(r dialect.Rows) (s source, err error) {
		return s, r.Scan(&s.id, &s.name)
	}, "SELECT id, name FROM sources")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range all {
		if ids[s.id] {
			out = append(out, s.name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// priceRowSQL selects PriceBars for scanPriceBar; $1 is the market.
func priceRowSQL(s series) string {
	return "SELECT event_time, " + barColumns + ", (SELECT name FROM sources WHERE id = source_id) FROM " + s.table() + " WHERE " + s.where()
}

func scanPriceBar(r dialect.Rows) (ledger.PriceBar, error) {
	var p ledger.PriceBar
	var t, source int64
	var o, h, l, c money.Decimal
	var v, bid, ask nullDecimal
	if err := r.Scan(&t, &p.Known, &o, &h, &l, &c, &v, &bid, &ask, &source, &p.Backfilled, &p.Source); err != nil {
		return p, err
	}
	p.Bid, p.Ask = bid.d, ask.d
	var err error
	if p.Bar, err = market.NewBar(t, o, h, l, c, v.d); err != nil {
		return p, fmt.Errorf("stored bar at %d: %w", t, err)
	}
	return p, nil
}

// nullDecimal scans a decimal that may be NULL, of either dialect.
type nullDecimal struct{ d *money.Decimal }

// Scan implements sql.Scanner.
func (n *nullDecimal) Scan(src any) error {
	var d money.Decimal
	var err error
	switch v := src.(type) {
	case nil:
		n.d = nil
		return nil
	case float64:
		d, err = money.FromFloat(v)
	case int64:
		d = money.FromInt(v)
	case string:
		d, err = money.Parse(v)
	default:
		err = fmt.Errorf("a stored decimal is a %T", src)
	}
	n.d = &d
	return err
}

// PriceRows implements ledger.Reader.
func (d *DB) PriceRows(ctx context.Context, q ledger.BarQuery) ([]ledger.PriceBar, error) {
	if !q.Interval.Valid() {
		return nil, fmt.Errorf("rows of %s: %w interval of %d s", q.Market, ErrInvalid, int64(q.Interval))
	}
	var id int64
	err := queryRow(ctx, d.drv, "SELECT id FROM markets WHERE base = $1 AND quote = $2", []any{string(q.Market.Base), string(q.Market.Quote)}, &id)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("rows of %s %s: %w", q.Market, q.Interval, err)
	}
	w, s := newWindow(q), series{id, int64(q.Interval)}
	order := " AND event_time >= $2 AND event_time < $3 AND known_time <= $4 ORDER BY event_time"
	if w.limit > 0 {
		order += fmt.Sprintf(" DESC LIMIT %d", w.limit)
	}
	rows, err := queryAll(ctx, d.drv, scanPriceBar, priceRowSQL(s)+order, s.market, w.from, w.to, w.asOf)
	if err == nil && w.asOf != forever {
		var old []ledger.PriceBar
		old, err = queryAll(ctx, d.drv, scanPriceBar, "SELECT event_time, "+barColumns+`, (SELECT name FROM sources WHERE id = source_id)
			FROM price_revisions WHERE market_id = $1 AND interval_seconds = $2 AND event_time >= $3 AND event_time < $4 AND known_time <= $5
			ORDER BY event_time, revision DESC`, s.market, s.interval, w.from, w.to, w.asOf)
		rows = append(rows, old...)
	}
	if err != nil {
		return nil, fmt.Errorf("rows of %s %s: %w", q.Market, q.Interval, err)
	}
	// Stable, so that of one open time the bar that stands comes first and an older revision last.
	slices.SortStableFunc(rows, func(a, b ledger.PriceBar) int { return int(a.Unix()/60 - b.Unix()/60) })
	rows = slices.CompactFunc(rows, func(a, b ledger.PriceBar) bool { return a.Unix() == b.Unix() })
	if w.limit > 0 && len(rows) > w.limit {
		rows = rows[len(rows)-w.limit:]
	}
	return rows, nil
}
