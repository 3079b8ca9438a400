// Package blockchain reads the charts of blockchain.com (api.blockchain.info) about Bitcoin, without a key. It asks about no address and
// no transaction, and stores nothing.
//
// Formats: the description of the charts API and the fields that blockchain's own client reads. One request in ten seconds is asked for:
// a poll reads one chart, the one that was read longest ago, so that each comes round once an hour. A chart is asked for the days since
// the newest point known, and a week more, in which points are still revised.
//
//	chart                metric                unit
//	hash-rate            hash_rate_ehs         10¹⁸ hashes a second, sent as TH/s
//	n-unique-addresses   active_addresses      addresses used in a day
//	n-transactions       transaction_count     confirmed in a day
//	transaction-fees     fees_btc              bitcoin in a day
//	miners-revenue       miner_revenue_usd     US dollars in a day
//	difficulty           difficulty            hashes of difficulty 1
//	mvrv                 mvrv_ratio            market value / realised value
//	market-price         price_usd             US dollars
//	trade-volume         exchange_volume_usd   US dollars in a day, on the larger exchanges
//	mempool-size         mempool_size_bytes    bytes, every quarter of an hour or so
//
// Unverified: bodies of charts were never recorded; that an unknown chart is answered with 404; what is said to a client that asks too
// often (429 is assumed); how far back mempool-size goes in full.
package blockchain

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Public is where the charts are by default.
const Public = "https://api.blockchain.info"

// limit is just under the one request in ten seconds that blockchain.com asks for, so that rounding never makes it more.
const limit = 0.095

const (
	every   = 6 * time.Minute
	overdue = 2 * time.Hour // a chart that was not read for so long is caught up with at once
	revised = 7 * day
	day     = 24 * time.Hour
	maxBody = 8 << 20
)

// Client asks for charts. Safe for concurrent use.
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
	return &Client{up: upstream.New("blockchain", c, limit), clock: c.Clock}
}

// Feeds is one feed: its polls take turns with the charts.
func (c *Client) Feeds() []source.Feed {
	return []source.Feed{{Name: "blockchain.charts", Source: "blockchain", Ledger: ledger.Glass, About: "Bitcoin's use, fees, miners and price by day, from blockchain.com",
		Every: every, Timeout: time.Minute, Fresh: overdue, Poll: c.poll}}
}

// progress is the cursor: how far each chart has been read, by its name.
type progress map[string]read

// read is what is known of one chart.
type read struct {
	Asked  time.Time `json:"asked"`            // when it was last asked for, with or without success
	Newest time.Time `json:"newest,omitzero"`  // newest point
	From   time.Time `json:"from,omitzero"`    // from here to Newest nothing is missing
	Failed bool      `json:"failed,omitempty"` // the last time
}

// next is the chart that was asked for longest ago.
func (p progress) next() chart {
	all := charts()
	out := all[0]
	for _, ch := range all[1:] {
		if p[ch.name].Asked.Before(p[out.name].Asked) {
			out = ch
		}
	}
	return out
}

// since is from when on every chart is known, and whether some chart has to be caught up with.
func (p progress) since(now time.Time) (from time.Time, late bool) {
	whole := true
	for _, ch := range charts() {
		r := p[ch.name]
		late = late || now.Sub(r.Asked) > overdue
		whole = whole && !r.Failed && !r.From.IsZero()
		if r.From.After(from) {
			from = r.From
		}
	}
	if late || !whole {
		from = time.Time{}
	}
	return from, late
}

// begin reads a cursor, which may be anything. What it says of the future is not believed.
func begin(cursor []byte, now time.Time) progress {
	var p progress
	if json.Unmarshal(cursor, &p) != nil {
		p = nil
	}
	out := progress{}
	for _, ch := range charts() {
		if r, ok := p[ch.name]; ok && !r.Asked.After(now) && !r.From.After(r.Newest) && !r.Newest.After(now.Add(day)) {
			out[ch.name] = r
		}
	}
	return out
}

// poll reads one chart. Trouble with it does not hold up the others: they come next.
func (c *Client) poll(ctx context.Context, cursor []byte) (source.Harvest, error) {
	now := c.clock.Now()
	p := begin(cursor, now)
	ch := p.next()
	known := p[ch.name]
	days := ch.most
	if !known.Newest.IsZero() {
		days = min(ch.most, int((now.Sub(known.Newest)+revised)/day)+1)
	}
	h, points, err := c.read(ctx, ch, days)
	known.Asked, known.Failed = now, err != nil || len(points) == 0
	if !known.Failed {
		if from := now.Add(-time.Duration(days) * day); known.From.IsZero() || from.After(known.Newest) {
			known.From = from
		}
		for _, m := range points {
			if m.Event.After(known.Newest) {
				known.Newest = m.Event
			}
		}
	}
	if known.From.After(known.Newest) {
		known.From = known.Newest
	}
	p[ch.name] = known
	h.Metrics = points
	h.Since, h.Again = p.since(now)
	h.Cursor, _ = json.Marshal(p) // times and flags always marshal
	return h, err
}

// read asks for the last days of a chart. What cannot be read is an error, and a reject of its first bytes.
func (c *Client) read(ctx context.Context, ch chart, days int) (source.Harvest, []ledger.Metric, error) {
	path := "/charts/" + ch.name
	// Without sampled=false long stretches are thinned out.
	a, err := c.up.Do(ctx, upstream.Request{Path: path, MaxBody: maxBody,
		Query: url.Values{"timespan": {strconv.Itoa(days) + "days"}, "format": {"json"}, "sampled": {"false"}}})
	if err != nil {
		return source.Harvest{}, nil, err
	}
	now := c.clock.Now()
	var h source.Harvest
	switch a.Status {
	case http.StatusOK:
	case http.StatusNotFound:
		h.Reject(a.Body, "blockchain.com knows no chart %s", ch.name)
		return h, nil, c.up.Fail(fmt.Errorf("%w: it knows no chart %s", upstream.ErrUnavailable, ch.name))
	default:
		return h, nil, c.up.Fail(fmt.Errorf("%w: http status %d%s", upstream.ErrUnavailable, a.Status, upstream.Said(a.Body)))
	}
	points, rejects, err := ch.decode(a.Body, now)
	if err != nil {
		h.Unread(a.Status, a.Body, "the answer to "+path+" could not be read", err)
		return h, nil, c.up.Fail(fmt.Errorf("%w: %w", upstream.ErrMalformed, err))
	}
	h.RejectAll(rejects)
	if len(points) > 0 {
		h.Read = now
	}
	return h, points, nil
}
