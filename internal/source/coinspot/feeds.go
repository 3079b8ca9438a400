package coinspot

import (
	"context"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
)

// tradesEvery is how often the next few markets' trades are asked for.
const tradesEvery = 30 * time.Second

// Feeds are the streams that CoinSpot has. Quotes never wait for more than one request of the others.
func (c *Client) Feeds() []source.Feed {
	return []source.Feed{
		{Name: "coinspot", Source: "coinspot", Ledger: ledger.Exchange, About: "bid, ask and last of every market of CoinSpot",
			Every: 5 * time.Second, Timeout: 4 * time.Second, Fresh: 10 * time.Second, Urgent: true, Bars: true, Poll: c.pollQuotes},
		{Name: "coinspot.instant", Source: "coinspot", As: "coinspot-instant", Ledger: ledger.Exchange,
			About: "instant buy and sell rate of every coin against AUD, some coins at a time",
			Every: 30 * time.Second, Timeout: 25 * time.Second, Fresh: 10 * time.Minute, Poll: c.pollInstant},
		{Name: "coinspot.trades", Source: "coinspot", Ledger: ledger.Exchange, About: "completed orders of every market, some markets at a time",
			Every: tradesEvery, Timeout: 25 * time.Second, Fresh: 10 * time.Minute, Poll: c.pollTrades},
		{Name: "coinspot.book", Source: "coinspot", Ledger: ledger.Exchange, About: "depth and spread of every coin against AUD, some coins at a time",
			Every: time.Minute, Timeout: 40 * time.Second, Fresh: 10 * time.Minute, Poll: c.pollBook},
	}
}

// pollQuotes brings all quotes. A market without a usable quote is quoted no more until it has one again.
func (c *Client) pollQuotes(ctx context.Context, _ []byte) (source.Harvest, error) {
	var h source.Harvest
	s, err := c.latest(ctx, &h)
	if err != nil {
		return h, err
	}
	h.Quotes, h.Whole = s.quotes, true
	for _, p := range s.problems {
		h.Reject(p.Raw, "%s: %s", p.Key, p.Reason)
	}
	return h, nil
}
