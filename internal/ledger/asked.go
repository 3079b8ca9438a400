package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/market"
)

// Asked answers a strategy's questions for a run over bars: from the first bar's open, and as far before as a window reaches, as of the last
// bar's close.
func Asked(ctx context.Context, r Reader, queries []fact.Query, markets []market.Market, interval market.Interval, bars [][]market.Bar) (fact.List, error) {
	list := fact.List{Asked: queries, ReachMS: Before(queries).Milliseconds()}
	if len(queries) == 0 {
		return fact.List{}, nil
	}
	var first, end int64
	for _, b := range bars {
		if n := len(b); n > 0 {
			if first == 0 || b[0].Unix() < first {
				first = b[0].Unix()
			}
			end = max(end, b[n-1].Unix()+int64(interval))
		}
	}
	if end == 0 {
		return list, nil
	}
	from := time.Unix(first, 0).Add(-time.Duration(list.ReachMS) * time.Millisecond)
	got, err := r.Facts(ctx, FactQuery{Queries: queries, Markets: markets, From: from.UTC(), AsOf: time.Unix(end, 0).UTC()})
	if err != nil {
		return list, fmt.Errorf("read what the strategy asks of the ledgers: %w", err)
	}
	list.Facts = got.Facts
	return list, nil
}

// reach is how far before the first bar facts are read at least: other parameters may look farther back.
const reach = 90 * 24 * time.Hour

// Before is how far before the first bar a run's facts are read.
func Before(queries []fact.Query) time.Duration { return max(Reach(queries), reach) }

// Reach is the longest window of the questions.
func Reach(queries []fact.Query) time.Duration {
	var longest int64
	for i := range queries {
		longest = max(longest, queries[i].WindowMS)
	}
	return time.Duration(longest) * time.Millisecond
}
