package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// item is one record on its way into a table.
type item struct {
	key     string // what makes it the same thing
	version string // what it says; another version of a stored key is a revision
	event   int64  // unix milliseconds
	known   int64
	values  []dialect.Value // of the table's own columns
	coins   []market.Coin
}

// batch is the items of one table.
type batch struct {
	table   string
	kind    string   // of item_coins, or ""
	columns []string // after seq, source_id, event_ms, known_ms, superseded_ms
	items   []item
	retire  []retired
	source  int64 // whose rows they are; 0: the landing's
}

// retired is a stored row that an item revises: until the moment from which the item is known in its place.
type retired struct {
	seq int64
	by  int // index of the item
}

// standing is a stored row that nothing has superseded.
type standing struct {
	seq, known int64
	version    string
}

// lander is one Land under way.
type lander struct {
	db     *DB
	tx     dialect.Tx
	l      *ledger.Landing
	source int64
	known  int64 // unix milliseconds
	out    ledger.Landed
	quotes []quoteRow
	trades []tradeRow
	tables []*batch
	newest int64 // event time of the newest record added
}

// Land implements ledger.Collector.
func (d *DB) Land(ctx context.Context, l ledger.Landing) (ledger.Landed, error) {
	var out ledger.Landed
	err := d.drv.Update(ctx, dialect.Normal, func(tx dialect.Tx) error {
		now := d.clock.Now()
		a := lander{db: d, tx: tx, l: &l, known: now.UnixMilli(), newest: math.MinInt64}
		a.out = ledger.Landed{Rejected: len(l.Rejects)}
		if err := a.run(ctx); err != nil {
			return err
		}
		out = a.out
		out.Known = time.UnixMilli(a.known).UTC()
		return nil
	})
	if err != nil {
		return ledger.Landed{}, fmt.Errorf("land %s: %w", l.Claim.Feed, err)
	}
	return out, nil
}

func (a *lander) run(ctx context.Context) error {
	state, err := a.lock(ctx)
	if err != nil {
		return err
	}
	if a.source, err = ensureID(ctx, a.tx, "INSERT INTO sources (name) VALUES ($1) ON CONFLICT DO NOTHING", "SELECT id FROM sources WHERE name = $1", a.l.Source); err != nil {
		return err
	}
	if len(a.l.Records.News)+len(a.l.Records.Posts) > 0 {
		if err := a.lockTexts(ctx, []int64{a.source}); err != nil {
			return err
		}
	}
	if err := a.collect(ctx); err != nil {
		return err
	}
	if err := a.write(ctx); err != nil {
		return err
	}
	if err := a.rejects(ctx); err != nil {
		return err
	}
	return a.account(ctx, state)
}

// lock takes the feed's row and refuses a claim that is not the newest.
func (a *lander) lock(ctx context.Context) (okMS int64, err error) {
	var claim int64
	if err := queryRow(ctx, a.tx, a.db.drv.SQL("lock_feed", ""), []any{a.l.Claim.Feed}, &claim, &okMS); err != nil {
		return 0, err
	}
	if claim != a.l.Claim.Number {
		return 0, fmt.Errorf("%w: claim %d, and %d is the newest: another process polls this feed", ErrConflict, a.l.Claim.Number, claim)
	}
	return okMS, nil
}

// collect finds out which records are new.
func (a *lander) collect(ctx context.Context) error {
	for _, step := range []func(context.Context) error{a.takeQuotes, a.takeTrades, a.takeFundamentals, a.takeMetrics, a.takeFlows, a.takeNews, a.takePosts, a.takeEvents, a.takeScores} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sift keeps the items that are not stored as they are. Of one key in one landing the last counts.
func (a *lander) sift(ctx context.Context, b *batch, find func(context.Context, *item) (standing, error)) error {
	last := make(map[string]int, len(b.items))
	for i := range b.items {
		last[b.items[i].key] = i
	}
	kept := b.items[:0]
	for i := range b.items {
		it := b.items[i]
		if last[it.key] != i {
			a.out.Same++
			continue
		}
		old, err := find(ctx, &it)
		if err != nil {
			return err
		}
		it.known = a.known
		switch {
		case old.seq == 0:
		case old.version == it.version:
			a.out.Same++
			continue
		default:
			a.out.Revised++
			it.known = max(it.known, old.known+1)
			b.retire = append(b.retire, retired{old.seq, len(kept)})
		}
		kept = append(kept, it)
	}
	if b.items = kept; len(kept) > 0 {
		a.tables = append(a.tables, b)
	}
	return nil
}

// byText finds an item by the identity of its publisher.
func (a *lander) byText(table, where string) func(context.Context, *item) (standing, error) {
	sql := "SELECT seq, known_ms, hash FROM " + table + " WHERE " + where + " AND source_id = $3 AND superseded_ms = " + foreverText
	return func(ctx context.Context, it *item) (standing, error) {
		found, err := queryAll(ctx, a.tx, scanStanding, sql, it.values[1].S, it.values[0].S, a.source)
		if err != nil || len(found) == 0 {
			return standing{}, err
		}
		return found[0], nil
	}
}

var foreverText = strconv.FormatInt(forever, 10)

func scanStanding(r dialect.Rows) (s standing, err error) {
	return s, r.Scan(&s.seq, &s.known, &s.version)
}

// write numbers and inserts what is new.
func (a *lander) write(ctx context.Context) error {
	n := len(a.quotes) + len(a.trades)
	for _, b := range a.tables {
		n += len(b.items)
	}
	a.out.New = n
	if n == 0 {
		return nil
	}
	if _, err := a.tx.Exec(ctx, "UPDATE ledger_head SET seq = seq + $1 WHERE id = 1", n); err != nil {
		return err
	}
	var head int64
	if err := queryRow(ctx, a.tx, "SELECT seq FROM ledger_head WHERE id = 1", nil, &head); err != nil {
		return err
	}
	a.out.Seq = head
	a.settle()
	next := head - int64(n) + 1
	next, err := a.writeQuotes(ctx, next)
	if err != nil {
		return err
	}
	if next, err = a.writeTrades(ctx, next); err != nil {
		return err
	}
	for _, b := range a.tables {
		if err := a.writeBatch(ctx, b, next); err != nil {
			return err
		}
		from, to := span(b.items)
		if err := a.count(ctx, b.table, a.sourceOf(b), len(b.items), len(b.retire), from, to); err != nil {
			return err
		}
		next += int64(len(b.items))
	}
	return nil
}

// settle moves the moment at which the landing is known on to now. The head is locked from here on: whoever asked while the landing waited for that
// did not see it, and must not seem to have.
func (a *lander) settle() {
	a.known = max(a.known, a.db.clock.Now().UnixMilli())
	for _, b := range a.tables {
		for i := range b.items {
			b.items[i].known = max(b.items[i].known, a.known)
		}
	}
}

// count adds to the books of what landed.
func (a *lander) count(ctx context.Context, kind string, source int64, added, revised int, from, to int64) error {
	_, err := a.tx.Exec(ctx, `INSERT INTO ledger_counts (kind, source_id, day, added, revised, first_ms, last_ms, known_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (kind, source_id, day) DO UPDATE SET added = ledger_counts.added + excluded.added, revised = ledger_counts.revised + excluded.revised,
		first_ms = CASE WHEN excluded.first_ms < ledger_counts.first_ms THEN excluded.first_ms ELSE ledger_counts.first_ms END,
		last_ms = CASE WHEN excluded.last_ms > ledger_counts.last_ms THEN excluded.last_ms ELSE ledger_counts.last_ms END,
		known_ms = CASE WHEN excluded.known_ms > ledger_counts.known_ms THEN excluded.known_ms ELSE ledger_counts.known_ms END`,
		kind, source, a.known/dayMS, added, revised, from, to, a.known)
	return err
}

// sourceOf is whose rows a batch holds: a second opinion on a text is that of its source's row.
func (a *lander) sourceOf(b *batch) int64 {
	if b.source != 0 {
		return b.source
	}
	return a.source
}

const dayMS = 24 * 3600 * 1000

func (a *lander) writeBatch(ctx context.Context, b *batch, first int64) error {
	for _, r := range b.retire {
		if _, err := a.tx.Exec(ctx, "UPDATE "+b.table+" SET superseded_ms = $2 WHERE seq = $1", r.seq, b.items[r.by].known); err != nil {
			return err
		}
	}
	columns := append([]string{"seq", "source_id", "event_ms", "known_ms", "superseded_ms"}, b.columns...)
	err := a.tx.Bulk(ctx, b.table, columns, len(b.items), func(i int, row []dialect.Value) {
		it := &b.items[i]
		row[0], row[1] = dialect.Int(first+int64(i)), dialect.Int(a.sourceOf(b))
		row[2], row[3], row[4] = dialect.Int(it.event), dialect.Int(it.known), dialect.Int(forever)
		copy(row[5:], it.values)
	})
	if err != nil {
		return err
	}
	type link struct {
		coin  market.Coin
		event int64
		seq   int64
	}
	var links []link
	for i := range b.items {
		a.newest = max(a.newest, b.items[i].event)
		for _, c := range b.items[i].coins {
			links = append(links, link{c, b.items[i].event, first + int64(i)})
		}
	}
	return a.tx.Bulk(ctx, "item_coins", []string{"coin", "kind", "event_ms", "seq"}, len(links), func(i int, row []dialect.Value) {
		row[0], row[1] = dialect.Text(string(links[i].coin)), dialect.Text(b.kind)
		row[2], row[3] = dialect.Int(links[i].event), dialect.Int(links[i].seq)
	})
}

// account keeps the feed's own books: its state, this poll, and the gap before it where there was one.
func (a *lander) account(ctx context.Context, okMS int64) error {
	l := a.l
	lag, newest := int64(-1), int64(0)
	if a.newest != math.MinInt64 {
		newest = a.newest
		lag = max(0, a.known-a.newest)
	}
	failure := l.Err
	switch {
	case l.GivenUp:
		failure = givenUp
	case !l.Hold.Until.IsZero():
		failure = heldBack + l.Err
	case l.Idle:
		failure = nothingDue
	}
	read := int64(0)
	if !l.Read.IsZero() {
		read = l.Read.UnixMilli()
	}
	_, err := a.tx.Exec(ctx, `INSERT INTO collector_runs (collector, claim, tick_ms, started_ms, read_ms, took_ms, error, landed, same, rejected, lag_ms, requests)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, l.Claim.Feed, l.Claim.Number, l.Tick.UnixMilli(), l.Started.UnixMilli(), read,
		max(0, a.known-l.Started.UnixMilli()), failure, a.out.New, a.out.Same, a.out.Rejected, lag, l.Requests)
	if err != nil {
		return err
	}
	if err := a.missing(ctx, okMS); err != nil {
		return err
	}
	if l.GivenUp {
		_, err := a.tx.Exec(ctx, `UPDATE collectors SET busy_ms = 0, tick_ms = $2, cursor = COALESCE($3, cursor), rows_landed = rows_landed + $4, quarantined = quarantined + $5,
			newest_ms = CASE WHEN newest_ms < $6 THEN $6 ELSE newest_ms END WHERE name = $1`,
			l.Claim.Feed, l.Tick.UnixMilli()-1, bytesOrNil(l.Cursor), a.out.New, a.out.Rejected, newest)
		return err
	}
	if !l.Hold.Until.IsZero() || l.Idle {
		return a.putOff(ctx, newest)
	}
	if l.Err != "" {
		_, err = a.tx.Exec(ctx, `UPDATE collectors SET busy_ms = 0, cursor = COALESCE($2, cursor), error = $3, error_ms = $4, failed = failed + 1,
			runs = runs + 1, failures = failures + 1, rows_landed = rows_landed + $5, quarantined = quarantined + $6,
			newest_ms = CASE WHEN newest_ms < $7 THEN $7 ELSE newest_ms END WHERE name = $1`,
			l.Claim.Feed, bytesOrNil(l.Cursor), l.Err, a.known, a.out.New, a.out.Rejected, newest)
		return err
	}
	if err := a.gap(ctx, okMS); err != nil {
		return err
	}
	_, err = a.tx.Exec(ctx, `UPDATE collectors SET busy_ms = 0, cursor = COALESCE($2, cursor), error = '', failed = 0, ok_ms = $3, held_ms = 0, held = '', held_by = '',
		runs = runs + 1, rows_landed = rows_landed + $4, quarantined = quarantined + $5,
		newest_ms = CASE WHEN newest_ms < $6 THEN $6 ELSE newest_ms END WHERE name = $1`,
		l.Claim.Feed, bytesOrNil(l.Cursor), a.known, a.out.New, a.out.Rejected, newest)
	return err
}

// putOff keeps the books of a poll that was held back, or found nothing due. What it brought has landed all the same.
func (a *lander) putOff(ctx context.Context, newest int64) error {
	l, held, idle := a.l, int64(0), int64(0)
	if l.Idle {
		idle = a.known
	} else {
		held = l.Hold.Until.UnixMilli()
	}
	_, err := a.tx.Exec(ctx, `UPDATE collectors SET busy_ms = 0, cursor = COALESCE($2, cursor), rows_landed = rows_landed + $3, quarantined = quarantined + $4,
		newest_ms = CASE WHEN newest_ms < $5 THEN $5 ELSE newest_ms END, idle_ms = CASE WHEN idle_ms < $6 THEN $6 ELSE idle_ms END,
		held_ms = $7, held = $8, held_by = $9 WHERE name = $1`,
		l.Claim.Feed, bytesOrNil(l.Cursor), a.out.New, a.out.Rejected, newest, idle, held, cleanText(l.Err, maxReason), l.Hold.By)
	return err
}

// What stands in the place of an error where a poll was none: neither it nor the upstream has failed.
const (
	givenUp    = "given up: omc was stopping"
	nothingDue = "nothing was due"
	heldBack   = "held back: " // and why
)

func bytesOrNil(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// missing records the gaps that the source itself knows of.
func (a *lander) missing(ctx context.Context, okMS int64) error {
	for _, g := range a.l.Gaps {
		from, to := okMS, g.To.UnixMilli()
		if !g.From.IsZero() {
			from = g.From.UnixMilli()
		}
		if from <= 0 || to <= from {
			continue // before the first success there is nothing to miss
		}
		// One that goes on where another of the same reason ended is the same.
		n, err := a.tx.Exec(ctx, "UPDATE collector_gaps SET to_ms = $3 WHERE collector = $1 AND to_ms = $2 AND reason = $4 AND repaired_ms = 0",
			a.l.Claim.Feed, from, to, cleanText(g.Reason, maxReason))
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		_, err = a.tx.Exec(ctx, `INSERT INTO collector_gaps (collector, from_ms, to_ms, reason, repaired_ms) VALUES ($1, $2, $3, $4, 0)
			ON CONFLICT (collector, from_ms) DO UPDATE SET to_ms = CASE WHEN collector_gaps.to_ms < excluded.to_ms THEN excluded.to_ms ELSE collector_gaps.to_ms END,
			reason = excluded.reason, repaired_ms = 0`, a.l.Claim.Feed, from, to, cleanText(g.Reason, maxReason))
		if err != nil {
			return err
		}
	}
	return nil
}

// gap records a time without a success, and which gaps this poll's answer fills.
func (a *lander) gap(ctx context.Context, okMS int64) error {
	var failure, held string
	var failed, idle int64
	if err := queryRow(ctx, a.tx, "SELECT error, failed, held, idle_ms FROM collectors WHERE name = $1", []any{a.l.Claim.Feed}, &failure, &failed, &held, &idle); err != nil {
		return err
	}
	if since := max(okMS, idle); okMS > 0 && a.l.GapAfter > 0 && a.known-since > a.l.GapAfter.Milliseconds() {
		reason := "not polled"
		switch {
		case held != "":
			reason = heldBack + held
		case failed > 0:
			reason = fmt.Sprintf("%d polls failed, the last: %s", failed, failure)
		}
		_, err := a.tx.Exec(ctx, `INSERT INTO collector_gaps (collector, from_ms, to_ms, reason, repaired_ms) VALUES ($1, $2, $3, $4, 0)
			ON CONFLICT (collector, from_ms) DO UPDATE SET to_ms = excluded.to_ms, reason = excluded.reason`, a.l.Claim.Feed, since, a.known, reason)
		if err != nil {
			return err
		}
	}
	if a.l.Since.IsZero() {
		return nil
	}
	_, err := a.tx.Exec(ctx, "UPDATE collector_gaps SET repaired_ms = $3 WHERE collector = $1 AND from_ms >= $2 AND repaired_ms = 0",
		a.l.Claim.Feed, a.l.Since.UnixMilli(), a.known)
	return err
}

// score is a number from −1 to 1 with four decimals, exactly the same in both engines.
func score(f float64) dialect.Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		f = 0
	}
	d := money.New(int64(math.Round(f*10_000)), 4)
	return dialect.Decimal(&d)
}

func textList[T ~string](s []T) dialect.Value {
	if len(s) == 0 {
		return dialect.Text("[]")
	}
	b, _ := json.Marshal(s) // strings always marshal
	return dialect.Text(string(b))
}
