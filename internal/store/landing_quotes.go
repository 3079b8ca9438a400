package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// quoteRow is a change of a quote on its way into the ledger. Its prices are nil where the market is quoted no more.
type quoteRow struct {
	market         int64
	event          int64
	bid, ask, last *money.Decimal
	fresh          bool // the market had no row before
	quote          market.Quote
}

// lastQuote is what is in force of one market.
type lastQuote struct {
	market         int64
	name           market.Market
	event          int64
	bid, ask, last *money.Decimal
}

func (q *lastQuote) gone() bool { return q.bid == nil && q.ask == nil && q.last == nil }

func same(a, b *money.Decimal) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

func priceOrNil(d money.Decimal) *money.Decimal {
	if d.Sign() <= 0 {
		return nil
	}
	return &d
}

// takeQuotes keeps the quotes that differ from those in force.
func (a *lander) takeQuotes(ctx context.Context) error {
	if len(a.l.Records.Quotes) == 0 && !a.l.Whole {
		return nil
	}
	inForce, err := a.quotesInForce(ctx)
	if err != nil {
		return err
	}
	seen := make(map[market.Market]bool, len(a.l.Records.Quotes))
	for i := range a.l.Records.Quotes {
		q := &a.l.Records.Quotes[i]
		if seen[q.Market] {
			a.out.Same++
			continue
		}
		seen[q.Market] = true
		r := quoteRow{event: q.Time.UnixMilli(), bid: priceOrNil(q.Bid), ask: priceOrNil(q.Ask), last: priceOrNil(q.Last), quote: *q}
		old, ok := inForce[q.Market]
		if ok && same(old.bid, r.bid) && same(old.ask, r.ask) && same(old.last, r.last) {
			a.out.Same++
			continue
		}
		if r.market, r.fresh = old.market, !ok; !ok {
			if r.market, err = ensureMarket(ctx, a.tx, q.Market); err != nil {
				return err
			}
		} else if r.event < old.event { // a clock set back: what is in force next came later all the same
			r.event = old.event
		}
		a.quotes = append(a.quotes, r)
	}
	if !a.l.Whole {
		return nil
	}
	for m, old := range inForce {
		if !seen[m] && !old.gone() {
			at := a.l.Read
			a.quotes = append(a.quotes, quoteRow{market: old.market, event: max(old.event, at.UnixMilli()), quote: market.Quote{Market: m, Time: at}})
		}
	}
	slices.SortFunc(a.quotes, func(x, y quoteRow) int { return int(x.market - y.market) })
	return nil
}

func (a *lander) quotesInForce(ctx context.Context) (map[market.Market]lastQuote, error) {
	all, err := queryAll(ctx, a.tx, func(r dialect.Rows) (q lastQuote, err error) {
		var base, quote string
		var bid, ask, last nullDecimal
		err = r.Scan(&q.market, &base, &quote, &q.event, &bid, &ask, &last)
		q.name = market.Market{Base: market.Coin(base), Quote: market.Coin(quote)}
		q.bid, q.ask, q.last = bid.d, ask.d, last.d
		return q, err
	}, `SELECT q.market_id, m.base, m.quote, q.event_ms, q.bid, q.ask, q.last FROM latest_quotes l
		JOIN quotes q ON q.seq = l.seq JOIN markets m ON m.id = l.market_id WHERE l.source_id = $1`, a.source)
	if err != nil {
		return nil, err
	}
	out := make(map[market.Market]lastQuote, len(all))
	for _, q := range all {
		out[q.name] = q
	}
	return out, nil
}

func (a *lander) writeQuotes(ctx context.Context, first int64) (next int64, err error) {
	columns := []string{"seq", "market_id", "source_id", "event_ms", "known_ms", "bid", "ask", "last"}
	err = a.tx.Bulk(ctx, "quotes", columns, len(a.quotes), func(i int, row []dialect.Value) {
		q := &a.quotes[i]
		row[0], row[1], row[2] = dialect.Int(first+int64(i)), dialect.Int(q.market), dialect.Int(a.source)
		row[3], row[4] = dialect.Int(q.event), dialect.Int(max(a.known, q.event))
		row[5], row[6], row[7] = dialect.Decimal(q.bid), dialect.Decimal(q.ask), dialect.Decimal(q.last)
	})
	if err != nil {
		return 0, err
	}
	for i := range a.quotes {
		q := &a.quotes[i]
		sql := "UPDATE latest_quotes SET seq = $3 WHERE source_id = $2 AND market_id = $1"
		if q.fresh {
			sql = "INSERT INTO latest_quotes (market_id, source_id, seq) VALUES ($1, $2, $3)"
		}
		if _, err := a.tx.Exec(ctx, sql, q.market, a.source, first+int64(i)); err != nil {
			return 0, err
		}
		a.newest = max(a.newest, q.event)
		q.quote.Known = time.UnixMilli(a.known).UTC()
		a.out.Quotes = append(a.out.Quotes, q.quote)
	}
	if n := len(a.quotes); n > 0 {
		from, to := a.quotes[0].event, a.quotes[0].event
		for i := range a.quotes {
			from, to = min(from, a.quotes[i].event), max(to, a.quotes[i].event)
		}
		if err := a.count(ctx, "quotes", a.source, n, 0, from, to); err != nil {
			return 0, err
		}
	}
	return first + int64(len(a.quotes)), nil
}

// QuoteChanges implements ledger.Collector.
func (d *DB) QuoteChanges(ctx context.Context, source string, from, to time.Time) (map[market.Market][]ledger.StoredQuote, error) {
	id, err := d.sourceID(ctx, source)
	if err != nil || id == 0 {
		return nil, err
	}
	const columns = "SELECT q.seq, m.base, m.quote, q.event_ms, q.known_ms, q.bid, q.ask, q.last FROM quotes q JOIN markets m ON m.id = q.market_id WHERE "
	before, err := queryAll(ctx, d.drv, scanQuote(source), columns+`q.seq IN (SELECT (SELECT p.seq FROM quotes p
		WHERE p.market_id = l.market_id AND p.source_id = $1 AND p.event_ms < $2 ORDER BY p.event_ms DESC, p.seq DESC LIMIT 1)
		FROM latest_quotes l WHERE l.source_id = $1)`, id, from.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("quotes of %s: %w", source, err)
	}
	during, err := queryAll(ctx, d.drv, scanQuote(source), columns+`q.source_id = $1 AND q.market_id IN (SELECT market_id FROM latest_quotes WHERE source_id = $1)
		AND q.event_ms >= $2 AND q.event_ms < $3 ORDER BY q.event_ms, q.seq`, id, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("quotes of %s: %w", source, err)
	}
	out := map[market.Market][]ledger.StoredQuote{}
	for _, q := range append(before, during...) {
		out[q.Market] = append(out[q.Market], q)
	}
	return out, nil
}

func scanQuote(source string) func(dialect.Rows) (ledger.StoredQuote, error) {
	return func(r dialect.Rows) (q ledger.StoredQuote, err error) {
		var base, quote string
		var event, known int64
		var bid, ask, last nullDecimal
		if err := r.Scan(&q.Seq, &base, &quote, &event, &known, &bid, &ask, &last); err != nil {
			return q, err
		}
		q.Source, q.Market = source, market.Market{Base: market.Coin(base), Quote: market.Coin(quote)}
		q.Time, q.Known = time.UnixMilli(event).UTC(), time.UnixMilli(known).UTC()
		for _, p := range []struct {
			from *money.Decimal
			to   *money.Decimal
		}{{bid.d, &q.Bid}, {ask.d, &q.Ask}, {last.d, &q.Last}} {
			if p.from != nil {
				*p.to = *p.from
			}
		}
		q.Gone = bid.d == nil && ask.d == nil && last.d == nil
		return q, nil
	}
}

// sourceID is the number of a source's name, 0 where it has none.
func (d *DB) sourceID(ctx context.Context, name string) (id int64, err error) {
	err = queryRow(ctx, d.drv, "SELECT id FROM sources WHERE name = $1", []any{name}, &id)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return id, err
}
