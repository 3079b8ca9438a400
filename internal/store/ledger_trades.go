package store

import (
	"context"
	"fmt"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// Trades implements ledger.Reader. A trade is never revised.
func (d *DB) Trades(ctx context.Context, q ledger.TradeQuery) ([]ledger.TradeRow, error) {
	var c conds
	c.add("t.market_id = (SELECT id FROM markets WHERE base = ? AND quote = ?)", string(q.Market.Base), string(q.Market.Quote))
	if q.Source != "" {
		c.add("s.name = ?", q.Source)
	}
	if !q.From.IsZero() {
		c.add("t.event_ms >= ?", ceilMilli(q.From))
	}
	if !q.To.IsZero() {
		c.add("t.event_ms < ?", ceilMilli(q.To))
	}
	if !q.AsOf.IsZero() {
		c.add("t.known_ms <= ?", q.AsOf.UnixMilli())
	}
	rows, err := queryAll(ctx, d.drv, func(r dialect.Rows) (s stamped[ledger.TradeRow], err error) {
		var known int64
		t := &s.row
		err = r.Scan(&s.seq, &s.event, &known, &t.ID, &t.Side, &t.Price, &t.Amount, &t.Source)
		t.Market, t.Time, t.Known = q.Market, milli(s.event), milli(known)
		return s, err
	}, `SELECT t.seq, t.event_ms, t.known_ms, t.external_id, t.side, t.price, t.amount, s.name FROM market_trades t
		JOIN sources s ON s.id = t.source_id`+c.where()+newest(q.Window, "t."), c.args...)
	if err != nil {
		return nil, fmt.Errorf("trades of %s: %w", q.Market, err)
	}
	return oldestFirst(q.Window, rows), nil
}
