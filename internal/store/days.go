package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

const daySeconds = 86400

// staleDays are days of a series whose bars have changed.
type staleDays struct {
	series
	from, to int64 // days since 1970, both included
}

// RefreshDays makes the daily summaries anew where bars have changed.
func (d *DB) RefreshDays(ctx context.Context) error {
	stale, err := queryAll(ctx, d.drv, func(r dialect.Rows) (s staleDays, err error) {
		return s, r.Scan(&s.market, &s.interval, &s.from, &s.to)
	}, "SELECT market_id, interval_seconds, from_day, to_day FROM price_days_stale")
	if err != nil {
		return fmt.Errorf("daily summaries: %w", err)
	}
	for _, s := range stale {
		if err := d.refreshDays(ctx, s); err != nil {
			return fmt.Errorf("daily summaries: %w", err)
		}
	}
	return nil
}

// refreshDays makes some days anew. The mark goes first and in the same transaction: bars that change meanwhile set it again.
func (d *DB) refreshDays(ctx context.Context, s staleDays) error {
	return d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM price_days_stale WHERE market_id = $1 AND interval_seconds = $2 AND from_day = $3 AND to_day = $4", s.market, s.interval, s.from, s.to)
		if err != nil || n == 0 { // another process does it
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM price_days WHERE market_id = $1 AND interval_seconds = $2 AND day >= $3 AND day <= $4", s.market, s.interval, s.from, s.to)
		if err != nil {
			return err
		}
		known := map[int64]int64{}
		_, err = queryAll(ctx, tx, func(r dialect.Rows) (struct{}, error) {
			var day, t int64
			err := r.Scan(&day, &t)
			known[day] = t
			return struct{}{}, err
		}, "SELECT event_time / 86400, max(known_time) FROM "+s.table()+" WHERE "+s.where()+" AND event_time >= $2 AND event_time < $3 GROUP BY event_time / 86400",
			s.market, s.from*daySeconds, (s.to+1)*daySeconds)
		if err != nil {
			return err
		}
		var days []day
		err = tx.ReadBars(ctx, func(b market.Bar, _ int64) error {
			if n := len(days); n == 0 || days[n-1].day != b.Unix()/daySeconds {
				days = append(days, day{day: b.Unix() / daySeconds})
			}
			days[len(days)-1].add(&b)
			return nil
		}, "SELECT event_time, open, high, low, close, volume, source_id FROM "+s.table()+" WHERE "+s.where()+" AND event_time >= $2 AND event_time < $3 ORDER BY event_time",
			s.market, s.from*daySeconds, (s.to+1)*daySeconds)
		if err != nil {
			return err
		}
		return putDays(ctx, tx, s.series, days, known)
	})
}

// day is a day under construction.
type day struct {
	day, bars, first, last int64
	open, high, low, close money.Decimal
	volume                 *money.Decimal
	squares, before        float64
}

func (d *day) add(b *market.Bar) {
	c := b.CloseFloat()
	if d.bars == 0 {
		d.first, d.open, d.high, d.low = b.Unix(), b.Open(), b.High(), b.Low()
	} else {
		d.high, d.low = money.Max(d.high, b.High()), money.Min(d.low, b.Low())
		r := math.Log(c / d.before)
		d.squares += r * r
	}
	d.bars++
	d.last, d.close, d.before = b.Unix(), b.Close(), c
	if b.HasVolume() {
		v := b.Volume()
		if d.volume != nil {
			v = v.Add(*d.volume)
		}
		d.volume = &v
	}
}

func putDays(ctx context.Context, tx dialect.Tx, s series, days []day, known map[int64]int64) error {
	for i := range days {
		d := &days[i]
		var volume, volatility any
		if d.volume != nil {
			volume = *d.volume
		}
		if d.bars > 1 {
			volatility = math.Sqrt(d.squares)
		}
		_, err := tx.Exec(ctx, `INSERT INTO price_days (market_id, interval_seconds, day, bars, first_time, last_time, known_time, open, high, low, close, volume, volatility)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, s.market, s.interval, d.day, d.bars, d.first, d.last, known[d.day], d.open, d.high, d.low, d.close, volume, volatility)
		if err != nil {
			return err
		}
	}
	return nil
}

// DailySummaries implements ledger.Reader. A day is answered as of a moment once all its bars were known by then.
func (d *DB) DailySummaries(ctx context.Context, q ledger.BarQuery) ([]ledger.DaySummary, error) {
	if err := d.RefreshDays(ctx); err != nil {
		return nil, err
	}
	all, err := d.marketSeries(ctx, q.Market)
	if err != nil {
		return nil, fmt.Errorf("daily summaries of %s: %w", q.Market, err)
	}
	s, ok := pick(all, q.Interval)
	if !ok {
		return nil, nil
	}
	w := newWindow(q)
	order := " ORDER BY day"
	if w.limit > 0 {
		order = fmt.Sprintf(" ORDER BY day DESC LIMIT %d", w.limit)
	}
	to := w.to
	if to != forever {
		to = (to + daySeconds - 1) / daySeconds
	}
	rows, err := queryAll(ctx, d.drv, func(r dialect.Rows) (ledger.DaySummary, error) {
		var x ledger.DaySummary
		var n, day int64
		var v nullDecimal
		err := r.Scan(&day, &n, &x.Open, &x.High, &x.Low, &x.Close, &v, &x.Volatility)
		x.Day, x.Bars, x.Volume = time.Unix(day*daySeconds, 0).UTC(), int(n), v.d
		x.Places = int(daySeconds / min(s.interval, daySeconds))
		return x, err
	}, `SELECT day, bars, open, high, low, close, volume, volatility FROM price_days WHERE market_id = $1 AND interval_seconds = $2 AND day >= $3 AND day < $4
		AND known_time <= $5`+order, s.market, s.interval, w.from/daySeconds, to, w.asOf)
	if err != nil {
		return nil, fmt.Errorf("daily summaries of %s: %w", q.Market, err)
	}
	if w.limit > 0 {
		for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
			rows[i], rows[j] = rows[j], rows[i]
		}
	}
	return rows, nil
}
