// Package mempool reads what mempool.space publishes about Bitcoin without a key: fees, the queue of unconfirmed transactions, the
// newest block, difficulty, hash rate and prices. It asks about no address and no transaction, stores nothing, and guesses at no unit.
//
// Formats: the examples of mempool.space's own documentation. All figures are Bitcoin's. What mempool.space gives without a time stands
// at the minute (UTC) in which it was read; hash rates, difficulties and prices stand at the time that it gives.
//
//	feed        metric                                      unit
//	fees        fees_fastest_sat_vb, fees_half_hour_sat_vb, satoshi per virtual byte to be confirmed by then
//	            fees_hour_sat_vb, fees_economy_sat_vb, fees_minimum_sat_vb
//	queue       mempool_transactions                        transactions
//	            mempool_size_vb                             virtual bytes
//	            mempool_fees_btc                            bitcoin
//	tip         block_height                                blocks
//	difficulty  difficulty_change_pct                       per cent, as the next adjustment would be if it came now
//	            difficulty_progress_pct                     per cent of the period between adjustments
//	            blocks_to_retarget                          blocks
//	            block_interval_seconds                      seconds, average of this period
//	hashrate    hash_rate_ehs                               10¹⁸ hashes a second, average of a day
//	            difficulty                                  hashes of difficulty 1, from the block of the adjustment on
//	prices      price_usd, price_aud, price_eur, price_gbp, price_cad, price_chf, price_jpy
//
// Unverified: the rate limits, which are not published (429, then a ban; the client asks once in two seconds at most), and whether the
// longer periods of hash rates have a row for every day.
package mempool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Public is where mempool.space answers; a node of one's own can stand in.
const Public = "https://mempool.space/api"

// limit is one request in two seconds: the upstream's own is not published.
const limit = 0.5

// Client asks for figures. Safe for concurrent use.
type Client struct {
	up    *upstream.Client
	clock clock.Clock
}

// New returns a client; an empty c.BaseURL is Public.
func New(c upstream.Config) *Client {
	if c.Clock == nil {
		c.Clock = clock.Wall{}
	}
	if c.BaseURL == "" {
		c.BaseURL = Public
	}
	return &Client{up: upstream.New("mempool", c, limit), clock: c.Clock}
}

// Feeds are one for each request, so that trouble with one leaves the others alone.
func (c *Client) Feeds() []source.Feed {
	feed := func(name string, every time.Duration, about string, poll func(context.Context, []byte) (source.Harvest, error)) source.Feed {
		return source.Feed{Name: "mempool." + name, Source: "mempool", Ledger: ledger.Glass, About: about, Every: every, Timeout: time.Minute,
			Fresh: every + time.Minute, Poll: poll}
	}
	return []source.Feed{
		feed("fees", time.Minute, "what a Bitcoin transaction costs, by how soon it is to be confirmed", c.present("/v1/fees/recommended", decodeFees)),
		feed("queue", time.Minute, "Bitcoin transactions that wait for a block", c.present("/mempool", decodeQueue)),
		feed("tip", time.Minute, "height of the newest Bitcoin block", c.present("/blocks/tip/height", decodeTip)),
		feed("difficulty", 10*time.Minute, "the coming adjustment of Bitcoin's difficulty", c.present("/v1/difficulty-adjustment", decodeAdjustment)),
		feed("hashrate", time.Hour, "Bitcoin's hash rate by day, and its difficulty", c.pollHashrate),
		feed("prices", 5*time.Minute, "Bitcoin's price in seven currencies", c.present("/v1/prices", decodePrices)),
	}
}

// present polls a path that shows the present only. Figures without a time of their own stand at the minute of now.
func (c *Client) present(path string, decode func(body []byte, now time.Time) (figures, error)) func(context.Context, []byte) (source.Harvest, error) {
	return func(ctx context.Context, _ []byte) (source.Harvest, error) { return c.poll(ctx, path, decode) }
}

// poll makes one request. An answer that cannot be read is an error, and a reject of its first bytes.
func (c *Client) poll(ctx context.Context, path string, decode func([]byte, time.Time) (figures, error)) (source.Harvest, error) {
	a, err := c.up.Get(ctx, path, nil)
	if err != nil {
		return source.Harvest{}, err
	}
	now := c.clock.Now()
	var h source.Harvest
	if a.Status != http.StatusOK {
		return h, c.up.Fail(fmt.Errorf("%w: http status %d%s", upstream.ErrUnavailable, a.Status, upstream.Said(a.Body)))
	}
	f, err := decode(a.Body, now)
	if err != nil {
		h.Unread(a.Status, a.Body, "the answer to "+path+" could not be read", err)
		return h, c.up.Fail(fmt.Errorf("%w: %w", upstream.ErrMalformed, err))
	}
	h.Metrics = f.metrics
	h.RejectAll(f.rejects)
	if h.Len() > 0 {
		h.Read = now
	}
	return h, nil
}

// history is the cursor of hashrate: the newest day that has landed.
type history struct {
	Newest time.Time `json:"newest"`
}

// revised is how far back of the newest day known figures are asked for again: the last day grows until it is over.
const revised = 3 * 24 * time.Hour

// pollHashrate asks for the shortest period that reaches back to what is known, the first time for the longest.
func (c *Client) pollHashrate(ctx context.Context, cursor []byte) (source.Harvest, error) {
	var known history
	if json.Unmarshal(cursor, &known) != nil {
		known = history{} // also where there is none: everything is new
	}
	now := c.clock.Now()
	p := period(now, known.Newest)
	h, err := c.poll(ctx, "/v1/mining/hashrate/"+p.name, decodeHashrate)
	if err != nil {
		return h, err
	}
	newest := time.Time{}
	for _, m := range h.Metrics {
		if m.Metric == hashRate && m.Event.After(newest) {
			newest = m.Event
		}
	}
	if newest.IsZero() {
		return h, c.up.Fail(fmt.Errorf("%w: %w", upstream.ErrMalformed, errors.New("no day is among the hash rates")))
	}
	h.Cursor, err = json.Marshal(history{newest})
	h.Since = h.Read.Add(-p.length)
	return h, err
}

// span is a period that mempool.space knows by name.
type span struct {
	name   string
	length time.Duration // as short as it can be: a month has 28 days
}

func period(now, newest time.Time) span {
	const day = 24 * time.Hour
	spans := []span{{"1m", 28 * day}, {"3m", 89 * day}, {"6m", 181 * day}, {"1y", 365 * day}, {"2y", 730 * day}, {"3y", 1095 * day}}
	for _, s := range spans {
		if !newest.IsZero() && !newest.After(now) && now.Sub(newest)+revised < s.length {
			return s
		}
	}
	return spans[len(spans)-1]
}
