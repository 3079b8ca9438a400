package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

var _ ledger.Reader = (*DB)(nil)
var _ ledger.Writer = (*DB)(nil)

func utc(t int64) time.Time { return time.Unix(t, 0).UTC() }

// Coverage implements ledger.Reader: by market, then interval.
func (d *DB) Coverage(ctx context.Context) ([]ledger.Coverage, error) {
	type row struct {
		ledger.Coverage
		source string
	}
	rows, err := queryAll(ctx, d.drv, func(r dialect.Rows) (row, error) {
		var c row
		var base, quote string
		var iv, bars, first, last int64
		if err := r.Scan(&base, &quote, &iv, &bars, &first, &last, &c.source); err != nil {
			return c, err
		}
		c.Market, c.Interval = market.Market{Base: market.Coin(base), Quote: market.Coin(quote)}, market.Interval(iv)
		c.Bars, c.First, c.Last = int(bars), utc(first), utc(last)
		c.Missing = int((last-first)/iv + 1 - bars)
		return c, nil
	}, `SELECT m.base, m.quote, c.interval_seconds, c.bars, c.first_time, c.last_time, s.name FROM price_coverage c
		JOIN markets m ON m.id = c.market_id
		JOIN price_sources p ON p.market_id = c.market_id AND p.interval_seconds = c.interval_seconds AND p.bars > 0
		JOIN sources s ON s.id = p.source_id WHERE c.bars > 0`)
	if err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.Market.Base, b.Market.Base), cmp.Compare(a.Market.Quote, b.Market.Quote),
			cmp.Compare(a.Interval, b.Interval), cmp.Compare(a.source, b.source))
	})
	var out []ledger.Coverage
	for _, r := range rows {
		if n := len(out); n == 0 || out[n-1].Market != r.Market || out[n-1].Interval != r.Interval {
			out = append(out, r.Coverage)
		}
		c := &out[len(out)-1]
		c.Sources = append(c.Sources, r.source)
		c.Simulated = c.Simulated || r.source == ledger.Simulated
	}
	return out, nil
}

// CoverageAsOf implements ledger.Reader. Days that were known whole by then are added up; the others are counted bar by bar, and a bar
// that was replaced later counts as what it was replaced from.
func (d *DB) CoverageAsOf(ctx context.Context, asOf time.Time) ([]ledger.Coverage, error) {
	if err := d.RefreshDays(ctx); err != nil {
		return nil, err
	}
	all, err := d.Coverage(ctx)
	if err != nil {
		return nil, err
	}
	at := asOf.Unix()
	known := map[series]*knownDays{}
	_, err = queryAll(ctx, d.drv, func(r dialect.Rows) (struct{}, error) {
		var s series
		var k knownDays
		var partial, day int64
		err := r.Scan(&s.market, &s.interval, &partial, &day, &k.bars, &k.first, &k.last)
		sum := known[s]
		if sum == nil {
			sum = &knownDays{first: forever, last: -1}
			known[s] = sum
		}
		if partial == 1 {
			sum.partial = append(sum.partial, day)
		} else {
			sum.add(k.bars, k.first, k.last)
		}
		return struct{}{}, err
	}, `SELECT market_id, interval_seconds, 0, 0, sum(bars), min(first_time), max(last_time) FROM price_days WHERE known_time <= $1 GROUP BY market_id, interval_seconds
		UNION ALL SELECT market_id, interval_seconds, 1, day, bars, first_time, last_time FROM price_days WHERE known_time > $1 AND first_time <= $1`, at)
	if err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	ids, err := d.marketIDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	out := all[:0]
	for _, c := range all {
		s := series{ids[c.Market], int64(c.Interval)}
		k := known[s]
		if k == nil {
			continue
		}
		for _, day := range k.partial {
			if err := d.countKnown(ctx, s, day, at, k); err != nil {
				return nil, fmt.Errorf("coverage of %s: %w", c.Market, err)
			}
		}
		if k.bars == 0 {
			continue
		}
		c.Bars, c.First, c.Last = int(k.bars), utc(k.first), utc(k.last)
		c.Missing = int((k.last-k.first)/s.interval + 1 - k.bars)
		out = append(out, c)
	}
	return out, nil
}

// knownDays sum up what was known of a series; partial are the days of which a part was.
type knownDays struct {
	bars, first, last int64
	partial           []int64
}

func (k *knownDays) add(bars, first, last int64) {
	if bars > 0 {
		k.bars, k.first, k.last = k.bars+bars, min(k.first, first), max(k.last, last)
	}
}

func (d *DB) countKnown(ctx context.Context, s series, day, at int64, k *knownDays) error {
	iv := strconv.FormatInt(s.interval, 10)
	var n, first, last int64
	err := queryRow(ctx, d.drv, `SELECT count(*), COALESCE(min(event_time), 0), COALESCE(max(event_time), 0) FROM (
		SELECT event_time FROM `+s.table()+" WHERE "+s.where()+` AND event_time >= $2 AND event_time < $3 AND known_time <= $4
		UNION SELECT event_time FROM price_revisions WHERE market_id = $1 AND interval_seconds = `+iv+` AND event_time >= $2 AND event_time < $3 AND known_time <= $4) AS k`,
		[]any{s.market, day * daySeconds, (day + 1) * daySeconds, at}, &n, &first, &last)
	k.add(n, first, last)
	return err
}

func (d *DB) marketIDs(ctx context.Context) (map[market.Market]int64, error) {
	out := map[market.Market]int64{}
	_, err := queryAll(ctx, d.drv, func(r dialect.Rows) (struct{}, error) {
		var id int64
		var base, quote string
		err := r.Scan(&id, &base, &quote)
		out[asMarket(base, quote)] = id
		return struct{}{}, err
	}, "SELECT id, base, quote FROM markets")
	return out, err
}

// Gaps implements ledger.Reader. A limit of 0 or less counts only.
func (d *DB) Gaps(ctx context.Context, m market.Market, iv market.Interval, limit int) ([]ledger.Gap, int, error) {
	all, err := d.marketSeries(ctx, m)
	if err != nil {
		return nil, 0, fmt.Errorf("gaps of %s %s: %w", m, iv, err)
	}
	i := slices.IndexFunc(all, func(s stored) bool { return s.interval == int64(iv) })
	if i < 0 {
		return nil, 0, nil
	}
	s := all[i]
	if (s.last-s.first)/s.interval+1 == s.bars {
		return nil, 0, nil
	}
	total := 0
	gaps, err := queryAll(ctx, d.drv, func(r dialect.Rows) (ledger.Gap, error) {
		var before, next int64
		err := r.Scan(&before, &next, &total)
		return ledger.Gap{From: utc(before + s.interval), To: utc(next - s.interval), Bars: int((next-before)/s.interval - 1)}, err
	}, `SELECT g.before, g.event_time, count(*) OVER () FROM (
			SELECT event_time, lag(event_time) OVER (ORDER BY event_time) AS before FROM `+s.table()+" WHERE "+s.where()+`) AS g
		WHERE g.event_time - g.before > $2 ORDER BY g.event_time LIMIT $3`, s.market, s.interval, max(1, limit))
	if err != nil {
		return nil, 0, fmt.Errorf("gaps of %s %s: %w", m, iv, err)
	}
	return gaps[:min(len(gaps), max(0, limit))], total, nil
}

// Holes lists the runs of places in [from, to) that hold no bar, oldest first, at most limit; of a market that is not stored, one.
func (d *DB) Holes(ctx context.Context, m market.Market, iv market.Interval, from, to time.Time, limit int) ([]ledger.Gap, error) {
	if !iv.Valid() {
		return nil, fmt.Errorf("holes of %s: %w interval of %d s", m, ErrInvalid, int64(iv))
	}
	step := int64(iv)
	next, end := ceilTo(iv, ceilSecond(from)), ceilTo(iv, ceilSecond(to))
	var out []ledger.Gap
	hole := func(first, after int64) {
		if first < after && len(out) < limit {
			out = append(out, ledger.Gap{From: utc(first), To: utc(after - step), Bars: int((after - first) / step)})
		}
	}
	all, err := d.marketSeries(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("holes of %s %s: %w", m, iv, err)
	}
	if i := slices.IndexFunc(all, func(s stored) bool { return s.interval == step }); i >= 0 {
		s := all[i]
		_, err := queryAll(ctx, d.drv, func(r dialect.Rows) (struct{}, error) {
			var t int64
			err := r.Scan(&t)
			hole(next, t)
			next = t + step
			return struct{}{}, err
		}, "SELECT event_time FROM "+s.table()+" WHERE "+s.where()+" AND event_time >= $2 AND event_time < $3 ORDER BY event_time", s.market, next, end)
		if err != nil {
			return nil, fmt.Errorf("holes of %s %s: %w", m, iv, err)
		}
	}
	hole(next, end)
	return out, nil
}

// PriceStats implements ledger.Reader. Where nothing is stored at the asked interval it describes the resampled bars.
func (d *DB) PriceStats(ctx context.Context, q ledger.BarQuery) (ledger.Stats, error) {
	got, err := d.PriceBars(ctx, q)
	if err != nil {
		return ledger.Stats{}, err
	}
	st := ledger.Stats{Coverage: ledger.Coverage{Market: q.Market, Interval: q.Interval, Bars: len(got.Bars),
		Sources: got.Sources, Simulated: got.Simulated}}
	if len(got.Bars) == 0 {
		return st, nil
	}
	first, last := &got.Bars[0], &got.Bars[len(got.Bars)-1]
	st.First, st.Last = first.OpenTime(), last.OpenTime()
	st.Missing = int((last.Unix()-first.Unix())/int64(q.Interval)) + 1 - len(got.Bars)
	st.FirstOpen, st.LastClose = first.Open(), last.Close()
	low, high := 0, 0
	lowest, highest := math.Inf(1), math.Inf(-1)
	var closes []float64
	day := int64(math.MinInt64)
	for i := range got.Bars {
		b := &got.Bars[i]
		_, h, l, c, v := b.Floats()
		// Floats order decimals but for those nearer to each other than they can tell: those are compared exactly.
		if l < lowest || l == lowest && b.Low().Less(got.Bars[low].Low()) {
			low, lowest = i, l
		}
		if h > highest || h == highest && got.Bars[high].High().Less(b.High()) {
			high, highest = i, h
		}
		if v == 0 {
			st.ZeroVolume++
		}
		if today := market.Day.Floor(b.Unix()); today != day {
			closes, day = append(closes, c), today
		} else {
			closes[len(closes)-1] = c
		}
	}
	st.Low, st.High = got.Bars[low].Low(), got.Bars[high].High()
	st.DailyVolatility = volatility(closes)
	return st, nil
}

// volatility is the standard deviation (ddof 1) of the log returns of daily closes; nil under three days.
func volatility(closes []float64) *float64 {
	if len(closes) < 3 {
		return nil
	}
	mean, sum, n := 0.0, 0.0, 0.0 // Welford's running moments
	for i := 1; i < len(closes); i++ {
		r := math.Log(closes[i] / closes[i-1])
		n++
		delta := r - mean
		mean += delta / n
		sum += delta * (r - mean)
	}
	v := math.Sqrt(sum / (n - 1))
	return &v
}
