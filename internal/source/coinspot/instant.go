package coinspot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// pollInstant brings the rates at which CoinSpot itself buys and sells the next few coins.
func (c *Client) pollInstant(ctx context.Context, cursor []byte) (source.Harvest, error) {
	var h source.Harvest
	s, err := c.latest(ctx, &h)
	if err != nil {
		return h, err
	}
	at := open[place](cursor)
	err = at.each(ctx, audOnly(s.listed), instantsPerPoll, func(ctx context.Context, m market.Market) error { return c.instant(ctx, m, &h) })
	return closed(h, at, err)
}

// instant asks for both rates of a coin. A coin that can only be bought, or only sold, has only that one.
func (c *Client) instant(ctx context.Context, m market.Market, h *source.Harvest) error {
	q := market.Quote{Market: m}
	for _, side := range []struct {
		path string
		to   *money.Decimal
	}{{"/buyprice/", &q.Ask}, {"/sellprice/", &q.Bid}} {
		path := side.path + segment(m)
		at, err := c.ask(ctx, path, h, func(status int, body []byte) (err error) {
			*side.to, err = decodeRate(status, body, m)
			if errors.Is(err, errRate) {
				h.Reject(body, "%s: %v", path, err)
				return nil
			}
			return err
		})
		if err != nil && !errors.Is(err, errUnlisted) {
			return err
		}
		q.Time, q.Known = at, at
	}
	switch {
	case q.Ask.IsZero() && q.Bid.IsZero():
		return nil
	case !q.Ask.IsZero() && q.Ask.Less(q.Bid):
		h.Reject(fmt.Appendf(nil, `{"buyprice":%q,"sellprice":%q}`, q.Ask, q.Bid), "%s: crossed: bought at once at %s and sold at once at %s", m, q.Ask, q.Bid)
		return nil
	}
	h.Quotes = append(h.Quotes, q)
	return nil
}

// errRate says that a well-formed answer has no usable rate: that is the coin's trouble, not CoinSpot's.
var errRate = errors.New("no rate")

// decodeRate reads an answer of /buyprice or /sellprice.
func decodeRate(status int, body []byte, want market.Market) (money.Decimal, error) {
	var a struct {
		Rate   json.RawMessage
		Market string
	}
	if err := read(status, body, &a); err != nil {
		return money.Decimal{}, err
	}
	if a.Rate == nil {
		return money.Decimal{}, fmt.Errorf("%w: no rate", upstream.ErrMalformed)
	}
	if err := same(a.Market, want); err != nil {
		return money.Decimal{}, fmt.Errorf("%w: %w", errRate, err)
	}
	rate, err := positive("rate", a.Rate)
	if err != nil {
		return money.Decimal{}, fmt.Errorf("%w: %w", errRate, err)
	}
	return rate, nil
}

// same checks that an answer is about the market that was asked for; one that does not say is taken at its address.
func same(said string, want market.Market) error {
	if said == "" {
		return nil
	}
	if m, err := market.ParseMarket(said); err != nil || m != want {
		return fmt.Errorf("%s was asked for, and %.40q is answered", want, said)
	}
	return nil
}
