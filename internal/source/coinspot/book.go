package coinspot

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
)

// pollBook brings the depth and spread of the next few coins' order books.
func (c *Client) pollBook(ctx context.Context, cursor []byte) (source.Harvest, error) {
	var h source.Harvest
	s, err := c.latest(ctx, &h)
	if err != nil {
		return h, err
	}
	at := open[place](cursor)
	err = at.each(ctx, audOnly(s.listed), booksPerPoll, func(ctx context.Context, m market.Market) error {
		_, err := c.ask(ctx, "/orders/open/"+segment(m), &h, func(status int, body []byte) error {
			return decodeBook(status, body, m, c.clock.Now(), &h)
		})
		return err
	})
	return closed(h, at, err)
}

// half is one side of a book.
type half struct {
	depth, best money.Decimal // best is zero where the side is empty
}

// decodeBook reads an answer of /orders/open into h. A book whose best bid stands above its best ask is no book.
func decodeBook(status int, body []byte, m market.Market, now time.Time, h *source.Harvest) error {
	s, err := decodeSides(status, body)
	if err != nil {
		return err
	}
	bids := decodeHalf(s.Buyorders, m, h, func(rate, best money.Decimal) bool { return best.Less(rate) })
	asks := decodeHalf(s.Sellorders, m, h, func(rate, best money.Decimal) bool { return rate.Less(best) })
	if !bids.best.IsZero() && !asks.best.IsZero() && asks.best.Less(bids.best) {
		h.Reject(body, "%s: crossed: best bid %s above best ask %s", m, bids.best, asks.best)
		return nil
	}
	figures := []struct {
		metric string
		value  money.Decimal
		told   bool
	}{
		{"coinspot_bid_depth_aud", bids.depth, true},
		{"coinspot_ask_depth_aud", asks.depth, true},
		{"coinspot_best_bid_aud", bids.best, !bids.best.IsZero()},
		{"coinspot_best_ask_aud", asks.best, !asks.best.IsZero()},
		{"coinspot_spread_bps", spreadBps(bids.best, asks.best), !bids.best.IsZero() && !asks.best.IsZero()},
	}
	for _, f := range figures {
		if f.told {
			h.Metrics = append(h.Metrics, ledger.Metric{Event: now.Truncate(time.Minute), Asset: m.Base, Metric: f.metric, Value: f.value})
		}
	}
	return nil
}

// decodeHalf sums the orders of one side; one that cannot be read is left out of it, and told.
func decodeHalf(rows []json.RawMessage, m market.Market, h *source.Harvest, better func(rate, best money.Decimal) bool) half {
	var out half
	for _, raw := range rows {
		o, err := decodeOrder(raw, m)
		if err != nil {
			h.Reject(raw, "%s: %v", m, err)
			continue
		}
		out.depth = out.depth.Add(o.total)
		if out.best.IsZero() || better(o.rate, out.best) {
			out.best = o.rate
		}
	}
	return out
}

// spreadBps is ask over bid in basis points of their middle, to four decimals half even; zero where a side is missing.
func spreadBps(bid, ask money.Decimal) money.Decimal {
	if bid.IsZero() || ask.IsZero() {
		return money.Zero
	}
	bps, err := ask.Sub(bid).Mul(money.FromInt(20_000)).Quo(ask.Add(bid))
	if err != nil {
		return money.Zero // two prices above zero never sum to it
	}
	return bps.RoundHalfEven(4)
}
