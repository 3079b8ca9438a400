package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/store/dialect"
)

// Head implements ledger.Reader.
func (d *DB) Head(ctx context.Context) (seq int64, err error) {
	if err = queryRow(ctx, d.drv, "SELECT seq FROM ledger_head WHERE id = 1", nil, &seq); err != nil {
		return 0, fmt.Errorf("the ledgers' head: %w", err)
	}
	return seq, nil
}

// ItemsAfter implements ledger.Reader. Numbers are given under a lock that is held until the commit, so that whoever has seen a number
// has seen all before it.
func (d *DB) ItemsAfter(ctx context.Context, seq int64, kinds []string, limit int) (items []ledger.Item, upTo int64, err error) {
	err = d.drv.View(ctx, func(r dialect.Reader) error {
		if err := queryRow(ctx, r, "SELECT seq FROM ledger_head WHERE id = 1", nil, &upTo); err != nil {
			return err
		}
		for _, k := range kinds {
			got, err := itemsOf(ctx, r, k, seq, limit)
			if err != nil {
				return fmt.Errorf("%s: %w", k, err)
			}
			if len(got) == limit { // there may be more of this kind: beyond its last nothing is sure
				upTo = min(upTo, got[len(got)-1].Seq)
			}
			items = append(items, got...)
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("what landed after %d: %w", seq, err)
	}
	slices.SortFunc(items, func(a, b ledger.Item) int { return int(max(-1, min(1, a.Seq-b.Seq))) })
	items = slices.DeleteFunc(items, func(i ledger.Item) bool { return i.Seq > upTo })
	if len(items) > limit {
		items = items[:limit]
		upTo = items[limit-1].Seq
	}
	return items, max(upTo, seq), nil
}

func itemsOf(ctx context.Context, r dialect.Reader, kind string, seq int64, limit int) ([]ledger.Item, error) {
	tail := " WHERE t.seq > $1 ORDER BY t.seq LIMIT " + strconv.Itoa(limit)
	switch kind {
	case ledger.KindQuote:
		return queryAll(ctx, r, func(r dialect.Rows) (ledger.Item, error) {
			var name string
			q, err := scanQuote("")(prefixed{r, &name})
			q.Source = name
			return ledger.Item{Seq: q.Seq, Kind: kind, Quote: &q}, err
		}, `SELECT s.name, t.seq, m.base, m.quote, t.event_ms, t.known_ms, t.bid, t.ask, t.last FROM quotes t
			JOIN markets m ON m.id = t.market_id JOIN sources s ON s.id = t.source_id`+tail, seq)
	case ledger.KindNews:
		return items(ctx, r, scanNews, "SELECT "+newsColumns+" FROM news_sentiment t"+tail, seq, func(row *ledger.NewsRow) ledger.Item { return ledger.Item{Kind: kind, News: row} })
	case ledger.KindPost:
		return items(ctx, r, scanPost, "SELECT "+postColumns+" FROM social_sentiment t"+tail, seq, func(row *ledger.PostRow) ledger.Item { return ledger.Item{Kind: kind, Post: row} })
	case ledger.KindEvent:
		return items(ctx, r, scanCatalyst, "SELECT "+eventColumns+" FROM catalyst_events t"+tail, seq, func(row *ledger.EventRow) ledger.Item { return ledger.Item{Kind: kind, Event: row} })
	case ledger.KindMetric:
		return items(ctx, r, scanMetric, metricSQL("on_chain_metrics", "''")+tail, seq, func(row *ledger.MetricRow) ledger.Item { return ledger.Item{Kind: kind, Metric: row} })
	}
	return nil, fmt.Errorf("%w: nothing of that kind can be followed", ErrInvalid)
}

func items[T any](ctx context.Context, r dialect.Reader, scan func(dialect.Rows) (stamped[T], error), sql string, seq int64, make func(*T) ledger.Item) ([]ledger.Item, error) {
	return queryAll(ctx, r, func(r dialect.Rows) (ledger.Item, error) {
		s, err := scan(r)
		it := make(&s.row)
		it.Seq = s.seq
		return it, err
	}, sql, seq)
}
