package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// ledgerOf says which ledger a table belongs to.
var ledgerOf = map[string]string{
	"quotes": ledger.Exchange, "market_trades": ledger.Exchange, "protocol_fundamentals": ledger.Glass, "on_chain_metrics": ledger.Glass,
	"smart_money_flow": ledger.Glass, "news_sentiment": ledger.Human, "social_sentiment": ledger.Human, "catalyst_events": ledger.Catalyst,
}

// DataStatistics implements ledger.Reader: by ledger, kind and source. Bars are counted by Coverage.
func (d *DB) DataStatistics(ctx context.Context, asOf time.Time) ([]ledger.TableStats, error) {
	day, at := int64(forever/dayMS), forever
	if !asOf.IsZero() {
		at = asOf.UnixMilli()
		day = at / dayMS
	}
	type key struct{ kind, source string }
	sums := map[key]*ledger.TableStats{}
	add := func(k key, added, revised, first, last, known int64) {
		s := sums[k]
		if s == nil {
			s = &ledger.TableStats{Ledger: ledgerOf[k.kind], Kind: k.kind, Source: k.source, First: milli(first), Last: milli(last)}
			sums[k] = s
		}
		s.Rows, s.Revisions = s.Rows+added-revised, s.Revisions+revised
		if t := milli(first); t.Before(s.First) {
			s.First = t
		}
		if t := milli(last); t.After(s.Last) {
			s.Last = t
		}
		if t := milli(known); t.After(s.LastKnown) {
			s.LastKnown = t
		}
	}
	partial := map[key]int64{} // source ids of what landed on the day asked for
	_, err := queryAll(ctx, d.drv, func(r dialect.Rows) (struct{}, error) {
		var k key
		var id, on, added, revised, first, last, known int64
		if err := r.Scan(&k.kind, &id, &k.source, &on, &added, &revised, &first, &last, &known); err != nil {
			return struct{}{}, err
		}
		if on == day {
			partial[k] = id
			return struct{}{}, nil
		}
		add(k, added, revised, first, last, known)
		return struct{}{}, nil
	}, `SELECT c.kind, c.source_id, s.name, c.day, c.added, c.revised, c.first_ms, c.last_ms, c.known_ms FROM ledger_counts c
		JOIN sources s ON s.id = c.source_id WHERE c.day <= $1`, day)
	if err != nil {
		return nil, fmt.Errorf("data statistics: %w", err)
	}
	for k, id := range partial {
		if ledgerOf[k.kind] == "" {
			continue
		}
		if err := d.countDay(ctx, k.kind, id, day*dayMS, at, func(n, revised, first, last, known int64) { add(k, n, revised, first, last, known) }); err != nil {
			return nil, fmt.Errorf("data statistics of %s: %w", k.kind, err)
		}
	}
	out := make([]ledger.TableStats, 0, len(sums))
	for _, s := range sums {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b ledger.TableStats) int {
		return cmp.Or(cmp.Compare(a.Ledger, b.Ledger), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Source, b.Source))
	})
	return out, nil
}

// countDay counts the rows known from a moment up to another, both included. What they superseded by then is a revision.
func (d *DB) countDay(ctx context.Context, table string, source, from, to int64, add func(n, revised, first, last, known int64)) error {
	revised := "0"
	if table != "quotes" && table != "market_trades" {
		revised = "(SELECT count(*) FROM " + table + " WHERE source_id = $1 AND superseded_ms >= $2 AND superseded_ms <= $3 AND superseded_ms < " + foreverText + ")"
	}
	var n, rev, first, last, known int64
	err := queryRow(ctx, d.drv, "SELECT count(*), "+revised+", COALESCE(min(event_ms), 0), COALESCE(max(event_ms), 0), COALESCE(max(known_ms), 0) FROM "+table+
		" WHERE source_id = $1 AND known_ms >= $2 AND known_ms <= $3", []any{source, from, to}, &n, &rev, &first, &last, &known)
	if err == nil && n > 0 {
		add(n, rev, first, last, known)
	}
	return err
}
