package coinspot

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
)

// How many markets a poll asks for, beside one request of /latest. With the polls' intervals this is 12 + 50 + 32 + 21 requests a
// minute of the 1000 that CoinSpot allows an address, which a user's own trading and other programs share.
const (
	instantsPerPoll = 12 // of two requests each
	tradesPerPoll   = 15
	booksPerPoll    = 20
)

// place is where a feed stands that goes round the markets. It is the market that was asked for last, by name, and not a number:
// markets come and go.
type place struct {
	After string `json:"after"`
}

// open reads a cursor. One that cannot be read is begun afresh: nothing is lost but the place.
func open[T any](cursor []byte) (at T) {
	if len(cursor) > 0 && json.Unmarshal(cursor, &at) != nil {
		var afresh T
		return afresh
	}
	return at
}

// next are the n markets of a sorted list that follow the one named, from its begin again after its end; none twice.
func (p *place) next(list []market.Market, n int) []market.Market {
	first := 0
	for first < len(list) && list[first].String() <= p.After {
		first++
	}
	out := make([]market.Market, 0, min(n, len(list)))
	for i := range min(n, len(list)) {
		out = append(out, list[(first+i)%len(list)])
	}
	return out
}

// each asks for the next n listed markets one after another, and stops at the first failure, behind which the next poll goes on:
// one market that always fails does not keep the others from their turn, and CoinSpot in trouble is not asked for all of them.
// What is not listed is passed over.
func (p *place) each(ctx context.Context, list []market.Market, n int, ask func(context.Context, market.Market) error) error {
	for _, m := range p.next(list, n) {
		err := ask(ctx, m)
		if err != nil && ctx.Err() != nil {
			return err // it was our time that ran out: its turn is next
		}
		p.After = m.String()
		if err != nil && !errors.Is(err, errUnlisted) {
			return err
		}
	}
	return nil
}

// closed is a harvest with its cursor.
func closed(h source.Harvest, cursor any, err error) (source.Harvest, error) {
	b, failed := json.Marshal(cursor)
	if failed != nil {
		return h, errors.Join(err, failed)
	}
	h.Cursor = b
	return h, err
}

// audOnly are the markets against AUD.
func audOnly(list []market.Market) []market.Market {
	var out []market.Market
	for _, m := range list {
		if m.Quote == "AUD" {
			out = append(out, m)
		}
	}
	return out
}

// segment is a market in a path: btc for BTC/AUD, btc/usdt for BTC/USDT. CoinSpot knows no other market in upper case.
func segment(m market.Market) string {
	s := strings.ToLower(string(m.Base))
	if m.Quote != "AUD" {
		s += "/" + strings.ToLower(string(m.Quote))
	}
	return s
}
