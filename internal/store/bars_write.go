package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// MaxBatch is the most bars of one AppendBars.
const MaxBatch = 50_000

// maxSource bounds a source's name, in bytes.
const maxSource = 64

// series is one market at one interval as it is stored: 5-minute bars have a table of their own.
type series struct {
	market, interval int64
}

func (s series) table() string {
	if s.interval == int64(market.FiveMinutes) {
		return "price_data_5min"
	}
	return "bars_other"
}

// where selects the series' rows of its table; $1 is the market. The interval is a number, written into the text.
func (s series) where() string {
	if s.interval == int64(market.FiveMinutes) {
		return "market_id = $1"
	}
	return "market_id = $1 AND interval_seconds = " + strconv.FormatInt(s.interval, 10)
}

const barColumns = "known_time, open, high, low, close, volume, bid, ask, source_id, backfilled"

// appender is one AppendBars under way.
type appender struct {
	db      *DB
	tx      dialect.Tx
	s       series
	bars    []ledger.PriceBar
	replace bool
	sources map[string]int64
	counts  map[int64]int64 // change of bars per source
	out     ledger.Appended
	add     []int // indices of bars to insert
}

// AppendBars implements ledger.Writer. A bar that replaces another leaves the other as a revision, which questions as of an
// earlier moment still get.
func (d *DB) AppendBars(ctx context.Context, m market.Market, iv market.Interval, bars []ledger.PriceBar, replace bool) (ledger.Appended, error) {
	if err := checkBars(m, iv, bars); err != nil {
		return ledger.Appended{}, fmt.Errorf("append bars of %s %s: %w", m, iv, err)
	}
	if len(bars) == 0 {
		return ledger.Appended{}, nil
	}
	var out ledger.Appended
	err := d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		a := appender{db: d, tx: tx, bars: bars, replace: replace, sources: map[string]int64{}, counts: map[int64]int64{}}
		if err := a.run(ctx, m, iv); err != nil {
			return err
		}
		out = a.out
		return nil
	})
	if err != nil {
		return ledger.Appended{}, fmt.Errorf("append bars of %s %s: %w", m, iv, err)
	}
	return out, nil
}

func checkBars(m market.Market, iv market.Interval, bars []ledger.PriceBar) error {
	if len(bars) > MaxBatch {
		return fmt.Errorf("%w: %d bars at once, the limit is %d", ErrInvalid, len(bars), MaxBatch)
	}
	if m.Base == "" || m.Quote == "" || !iv.Valid() {
		return fmt.Errorf("%w: market %q, interval of %d s", ErrInvalid, m, int64(iv))
	}
	for i := range bars {
		b := &bars[i]
		switch t := b.Unix(); {
		case t != iv.Floor(t):
			return fmt.Errorf("%w: %s is not an open time of %s bars", ErrInvalid, b.OpenTime().Format(timeLayout), iv)
		case i > 0 && t <= bars[i-1].Unix():
			return fmt.Errorf("%w: bar at %s comes after the one at %s: bars must be in time order, without duplicates",
				ErrInvalid, b.OpenTime().Format(timeLayout), bars[i-1].OpenTime().Format(timeLayout))
		case b.Known < t+int64(iv):
			return fmt.Errorf("%w: bar at %s is said to be known before its close", ErrInvalid, b.OpenTime().Format(timeLayout))
		case b.Source == "" || len(b.Source) > maxSource:
			return fmt.Errorf("%w: bar at %s has source %.80q: want 1 to %d bytes", ErrInvalid, b.OpenTime().Format(timeLayout), b.Source, maxSource)
		}
		if p := b.Packed(); p.Low <= 0 {
			return fmt.Errorf("%w: bar %d is empty", ErrInvalid, i)
		}
	}
	return nil
}

func (a *appender) run(ctx context.Context, m market.Market, iv market.Interval) error {
	id, err := ensureMarket(ctx, a.tx, m)
	if err != nil {
		return err
	}
	a.s = series{id, int64(iv)}
	if err := a.ensureSources(ctx); err != nil {
		return err
	}
	first, last, err := a.lockCoverage(ctx)
	if err != nil {
		return err
	}
	if err := a.compare(ctx, first, last); err != nil {
		return err
	}
	if err := a.insert(ctx); err != nil {
		return err
	}
	return a.count(ctx)
}

func ensureMarket(ctx context.Context, tx dialect.Tx, m market.Market) (int64, error) {
	return ensureID(ctx, tx, "INSERT INTO markets (base, quote) VALUES ($1, $2) ON CONFLICT DO NOTHING",
		"SELECT id FROM markets WHERE base = $1 AND quote = $2", string(m.Base), string(m.Quote))
}

// ensureID looks first: an INSERT that finds the row there burns a number of PostgreSQL's sequence.
func ensureID(ctx context.Context, tx dialect.Tx, insert, find string, args ...any) (int64, error) {
	var id int64
	err := queryRow(ctx, tx, find, args, &id)
	if !errors.Is(err, ErrNotFound) {
		return id, err
	}
	if _, err := tx.Exec(ctx, insert, args...); err != nil {
		return 0, err
	}
	err = queryRow(ctx, tx, find, args, &id)
	return id, err
}

// ensureSources goes by name, so that two transactions with the same new sources wait for each other in one order.
func (a *appender) ensureSources(ctx context.Context) error {
	var names []string
	last := ""
	for i := range a.bars {
		if name := a.bars[i].Source; name != last {
			if _, ok := a.sources[name]; !ok {
				a.sources[name] = 0
				names = append(names, name)
			}
			last = name
		}
	}
	slices.Sort(names)
	for _, name := range names {
		id, err := ensureID(ctx, a.tx, "INSERT INTO sources (name) VALUES ($1) ON CONFLICT DO NOTHING",
			"SELECT id FROM sources WHERE name = $1", name)
		if err != nil {
			return err
		}
		a.sources[name] = id
	}
	return nil
}

// lockCoverage makes this the only transaction that writes the series, and returns its first and last open time (first > last:
// nothing is stored).
func (a *appender) lockCoverage(ctx context.Context) (first, last int64, err error) {
	if _, err = a.tx.Exec(ctx, `INSERT INTO price_coverage (market_id, interval_seconds, bars, first_time, last_time)
		VALUES ($1, $2, 0, 0, 0) ON CONFLICT DO NOTHING`, a.s.market, a.s.interval); err != nil {
		return 0, 0, err
	}
	var bars int64
	if err = queryRow(ctx, a.tx, a.db.drv.SQL("lock_coverage", ""), []any{a.s.market, a.s.interval}, &bars, &first, &last); err != nil {
		return 0, 0, err
	}
	if bars == 0 {
		return 1, 0, nil
	}
	return first, last, nil
}

// compare sorts the batch into what is there with the same values, with others, and not at all.
func (a *appender) compare(ctx context.Context, first, last int64) error {
	from, to := a.bars[0].Unix(), a.bars[len(a.bars)-1].Unix()
	a.add = make([]int, 0, len(a.bars))
	var differ []int
	next := 0
	if from <= last && to >= first {
		sql := "SELECT event_time, open, high, low, close, volume, source_id FROM " + a.s.table() + " WHERE " + a.s.where() +
			" AND event_time BETWEEN $2 AND $3 ORDER BY event_time"
		err := a.tx.ReadBars(ctx, func(b market.Bar, _ int64) error {
			for next < len(a.bars) && a.bars[next].Unix() < b.Unix() {
				a.add = append(a.add, next)
				next++
			}
			if next == len(a.bars) || a.bars[next].Unix() != b.Unix() {
				return nil
			}
			if a.bars[next].Equal(&b) {
				a.out.Same++
			} else {
				differ = append(differ, next)
			}
			next++
			return nil
		}, sql, a.s.market, from, to)
		if err != nil {
			return err
		}
	}
	for ; next < len(a.bars); next++ {
		a.add = append(a.add, next)
	}
	for _, i := range differ {
		if err := a.differs(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (a *appender) differs(ctx context.Context, i int) error {
	b := &a.bars[i]
	if !a.replace {
		stored, err := queryAll(ctx, a.tx, scanPriceBar, priceRowSQL(a.s)+" AND event_time = $2", a.s.market, b.Unix())
		if err != nil {
			return err
		}
		if len(stored) != 1 {
			return fmt.Errorf("bar at %d: %w", b.Unix(), ErrNotFound)
		}
		a.out.Conflicts = append(a.out.Conflicts, ledger.Conflict{Stored: stored[0], Offered: *b})
		return nil
	}
	var old int64
	find := "SELECT source_id FROM " + a.s.table() + " WHERE " + a.s.where() + " AND event_time = $2"
	if err := queryRow(ctx, a.tx, find, []any{a.s.market, b.Unix()}, &old); err != nil {
		return err
	}
	iv := strconv.FormatInt(a.s.interval, 10)
	_, err := a.tx.Exec(ctx, `INSERT INTO price_revisions (market_id, interval_seconds, event_time, revision, `+barColumns+`)
		SELECT market_id, `+iv+`, event_time, 1 + (SELECT count(*) FROM price_revisions
			WHERE market_id = $1 AND interval_seconds = `+iv+` AND event_time = $2), `+barColumns+`
		FROM `+a.s.table()+" WHERE "+a.s.where()+" AND event_time = $2", a.s.market, b.Unix())
	if err != nil {
		return err
	}
	open, high, low, cl := b.Open(), b.High(), b.Low(), b.Close()
	var volume any
	if b.HasVolume() {
		volume = b.Volume()
	}
	id := a.sources[b.Source]
	_, err = a.tx.Exec(ctx, "UPDATE "+a.s.table()+` SET known_time = $3, open = $4, high = $5, low = $6, close = $7, volume = $8,
		bid = $9, ask = $10, source_id = $11, backfilled = $12 WHERE `+a.s.where()+" AND event_time = $2",
		a.s.market, b.Unix(), b.Known, open, high, low, cl, volume, b.Bid, b.Ask, id, b.Backfilled)
	a.counts[old]--
	a.counts[id]++
	a.out.Replaced++
	return err
}

func (a *appender) insert(ctx context.Context) error {
	columns := []string{"market_id", "event_time", "known_time", "open", "high", "low", "close", "volume", "bid", "ask", "source_id", "backfilled"}
	if a.s.table() == "bars_other" {
		columns = append(columns, "interval_seconds")
	}
	a.out.Added = len(a.add)
	return a.tx.Bulk(ctx, a.s.table(), columns, len(a.add), func(i int, row []dialect.Value) {
		b := &a.bars[a.add[i]]
		p := b.Packed()
		id := a.sources[b.Source]
		a.counts[id]++
		row[0], row[1], row[2] = dialect.Int(a.s.market), dialect.Int(p.Time), dialect.Int(b.Known)
		row[3], row[4] = dialect.Scaled(p.Open, p.PriceScale), dialect.Scaled(p.High, p.PriceScale)
		row[5], row[6] = dialect.Scaled(p.Low, p.PriceScale), dialect.Scaled(p.Close, p.PriceScale)
		row[7] = dialect.Value{}
		if p.Volume >= 0 {
			row[7] = dialect.Scaled(p.Volume, p.VolumeScale)
		}
		row[8], row[9] = dialect.Decimal(b.Bid), dialect.Decimal(b.Ask)
		row[10], row[11] = dialect.Int(id), dialect.Bool(b.Backfilled)
		if len(row) > 12 {
			row[12] = dialect.Int(a.s.interval)
		}
	})
}

// count keeps the coverage true, and says which days are to be made anew.
func (a *appender) count(ctx context.Context) error {
	if len(a.add)+a.out.Replaced > 0 {
		_, err := a.tx.Exec(ctx, `INSERT INTO price_days_stale (market_id, interval_seconds, from_day, to_day) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			a.s.market, a.s.interval, a.bars[0].Unix()/daySeconds, a.bars[len(a.bars)-1].Unix()/daySeconds)
		if err != nil {
			return err
		}
	}
	if n := len(a.add); n > 0 {
		_, err := a.tx.Exec(ctx, `UPDATE price_coverage SET bars = bars + $3,
			first_time = CASE WHEN bars = 0 OR first_time > $4 THEN $4 ELSE first_time END,
			last_time = CASE WHEN bars = 0 OR last_time < $5 THEN $5 ELSE last_time END
			WHERE market_id = $1 AND interval_seconds = $2`,
			a.s.market, a.s.interval, n, a.bars[a.add[0]].Unix(), a.bars[a.add[n-1]].Unix())
		if err != nil {
			return err
		}
	}
	for id, change := range a.counts {
		if change == 0 {
			continue
		}
		_, err := a.tx.Exec(ctx, `INSERT INTO price_sources (market_id, interval_seconds, source_id, bars) VALUES ($1, $2, $3, $4)
			ON CONFLICT (market_id, interval_seconds, source_id) DO UPDATE SET bars = price_sources.bars + excluded.bars`,
			a.s.market, a.s.interval, id, change)
		if err != nil {
			return err
		}
	}
	return nil
}
