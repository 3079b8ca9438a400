// Package coinspot reads what CoinSpot makes public: quotes, instant buy and sell rates, completed and open orders. It needs no key,
// sends no order, and never passes on a price that is not a number or a quote whose bid stands above its ask: those are rejects.
//
// Formats: version 2 of the public API, as its page and clients that were run against it describe it. No answer of version 2 was ever
// recorded: that /latest has the shape of version 1, numbers that are text in some answers and numbers in others, and the texts of
// refusals come from those clients. Unverified: what an answer to too many requests looks like, and how many orders a list has (no
// number is relied on but one, see allThereIs).
//
//	feed              record       of                      what
//	coinspot          Quote        every listed market     bid, ask and last of the order book; all of them at once
//	coinspot.instant  Quote        coins against AUD       ask: CoinSpot sells at once for it; bid: CoinSpot buys at once for it; no last
//	coinspot.trades   MarketTrade  every listed market     completed orders; side says whose list it stood in
//	coinspot.book     Metric       coins against AUD       of the open orders that CoinSpot shows, at the minute of the poll:
//	                               coinspot_bid_depth_aud, coinspot_ask_depth_aud   AUD, sums of what is bid and asked
//	                               coinspot_best_bid_aud, coinspot_best_ask_aud     AUD
//	                               coinspot_spread_bps                              ask over bid, in basis points of the middle
//
// The last three ask market by market. Each poll takes the next few of those that /latest lists, so that all come round within minutes.
package coinspot

import (
	"context"
	"errors"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Client asks for what is public. Safe for concurrent use.
type Client struct {
	up    *upstream.Client
	clock clock.Clock
}

const (
	// limit is 300 a minute where CoinSpot allows an address 1000: others ask from there as well. All feeds together ask for some 115.
	limit = 5
	// breakFor is short: quotes are wanted within ten seconds of their change.
	breakFor = 5 * time.Second
)

// New returns a client; c.BaseURL ends in the path of the public API, version 2.
func New(c upstream.Config, clk clock.Clock) *Client {
	if c.Clock == nil {
		c.Clock = clk
	}
	if c.BreakFor == 0 {
		c.BreakFor = breakFor
	}
	return &Client{up: upstream.New("coinspot", c, limit), clock: clk}
}

// Latest returns the quotes of all coins, sorted by market, and what was wrong with the rest. CoinSpot gives no time of its own:
// event and known time are when the answer was read.
func (c *Client) Latest(ctx context.Context) ([]market.Quote, []Problem, error) {
	var h source.Harvest
	s, err := c.latest(ctx, &h)
	return s.quotes, s.problems, err
}

// latest asks for all quotes; an answer that cannot be used is a reject of h.
func (c *Client) latest(ctx context.Context, h *source.Harvest) (snapshot, error) {
	var s snapshot
	at, err := c.ask(ctx, "/latest", h, func(status int, body []byte) (err error) {
		s, err = decode(status, body)
		return err
	})
	for i := range s.quotes {
		s.quotes[i].Time, s.quotes[i].Known = at, at
	}
	return s, err
}

// ask gets a path and has its answer decoded. It tells when the answer was read. The first answer that was read dates h; one that
// came whole and cannot be used is a reject of h. What is unlisted is no failure of CoinSpot's: the error is errUnlisted itself.
func (c *Client) ask(ctx context.Context, path string, h *source.Harvest, decode func(status int, body []byte) error) (time.Time, error) {
	a, err := c.up.Get(ctx, path, nil)
	at := c.clock.Now()
	if err == nil {
		err = decode(a.Status, a.Body)
	}
	switch {
	case err == nil || errors.Is(err, errUnlisted):
		if h.Read.IsZero() {
			h.Read = at
		}
		return at, err
	case len(a.Body) > 0 && (a.Status == 200 || errors.Is(err, upstream.ErrMalformed)):
		h.Reject(a.Body, "%s: %v", path, err)
	}
	return at, c.up.Fail(err)
}
