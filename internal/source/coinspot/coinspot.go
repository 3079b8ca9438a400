// Package coinspot reads CoinSpot's public quotes. It needs no key, sends no order, and never passes on a price that is
// not a number or a quote whose bid stands above its ask: those are reported as problems.
package coinspot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// maxCoins bounds an answer; CoinSpot lists about 520.
const maxCoins = 5000

// Problem is a quote that was not passed on.
type Problem struct {
	Key    string // as CoinSpot names it, shortened
	Reason string
}

// Client asks for quotes. Safe for concurrent use.
type Client struct {
	up    *upstream.Client
	clock clock.Clock
}

// New returns a client; c.BaseURL ends in the path of the public API, version 2. It asks at most ten times a second, under the
// limit of 1000 a minute.
func New(c upstream.Config, clk clock.Clock) *Client {
	if c.Clock == nil {
		c.Clock = clk
	}
	return &Client{up: upstream.New("coinspot", c, 10), clock: clk}
}

// Latest returns the quotes of all coins, sorted by market, and what was wrong with the rest. CoinSpot gives no time of its own:
// event and known time are when the answer was read.
func (c *Client) Latest(ctx context.Context) ([]market.Quote, []Problem, error) {
	a, err := c.up.Get(ctx, "/latest", nil)
	if err != nil {
		return nil, nil, err
	}
	quotes, problems, err := decode(a.Status, a.Body)
	if err != nil {
		return nil, nil, c.up.Fail(err)
	}
	now := c.clock.Now()
	for i := range quotes {
		quotes[i].Time, quotes[i].Known = now, now
	}
	return quotes, problems, nil
}

// decode reads an answer. CoinSpot reports an error by its HTTP status, by status in the body, or by both.
func decode(status int, body []byte) ([]market.Quote, []Problem, error) {
	var env struct {
		Status  string                     `json:"status"`
		Message string                     `json:"message"`
		Prices  map[string]json.RawMessage `json:"prices"`
	}
	err := json.Unmarshal(body, &env)
	switch {
	case err != nil && status != 200:
		return nil, nil, fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, status)
	case err != nil:
		return nil, nil, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	case status != 200 || env.Status != "ok":
		return nil, nil, fmt.Errorf("%w: http status %d, status %q: %s", upstream.ErrUnavailable, status, upstream.Text(env.Status), upstream.Text(env.Message))
	case env.Prices == nil || len(env.Prices) > maxCoins:
		return nil, nil, fmt.Errorf("%w: %d prices", upstream.ErrMalformed, len(env.Prices))
	}
	var quotes []market.Quote
	var problems []Problem
	count := map[market.Market]int{}
	for key, raw := range env.Prices {
		q, err := decodeQuote(key, raw)
		if err != nil {
			problems = append(problems, Problem{Key: upstream.Text(key), Reason: upstream.Text(err.Error())})
			continue
		}
		count[q.Market]++
		quotes = append(quotes, q)
	}
	quotes = slices.DeleteFunc(quotes, func(q market.Quote) bool { return count[q.Market] > 1 })
	for m, n := range count {
		if n > 1 {
			problems = append(problems, Problem{Key: m.String(), Reason: fmt.Sprintf("listed %d times: nobody can say which price is meant", n)})
		}
	}
	sort.Slice(quotes, func(i, j int) bool { return quotes[i].Market.String() < quotes[j].Market.String() })
	sort.Slice(problems, func(i, j int) bool { return problems[i].Key < problems[j].Key })
	return quotes, problems, nil
}

// decodeQuote reads one coin; a key like btc is against AUD, btc_usdt against USDT.
func decodeQuote(key string, raw json.RawMessage) (market.Quote, error) {
	base, quote, ok := strings.Cut(key, "_")
	if !ok {
		quote = "AUD"
	}
	m, err := market.ParseMarket(base + "/" + quote)
	if err != nil {
		return market.Quote{}, err
	}
	var p struct{ Bid, Ask, Last json.RawMessage }
	if err := json.Unmarshal(raw, &p); err != nil {
		return market.Quote{}, fmt.Errorf("prices: %w", err)
	}
	q := market.Quote{Market: m}
	for _, f := range []struct {
		name string
		raw  json.RawMessage
		to   *money.Decimal
	}{{"bid", p.Bid, &q.Bid}, {"ask", p.Ask, &q.Ask}, {"last", p.Last, &q.Last}} {
		if len(f.raw) == 0 {
			return market.Quote{}, fmt.Errorf("%s is missing", f.name)
		}
		if err := json.Unmarshal(f.raw, f.to); err != nil {
			return market.Quote{}, fmt.Errorf("%s: %w", f.name, err)
		}
		if f.to.Sign() <= 0 {
			return market.Quote{}, fmt.Errorf("%s %s is not above zero", f.name, f.to)
		}
		if _, ok := f.to.Mantissa(f.to.Decimals()); !ok {
			return market.Quote{}, fmt.Errorf("%s %s has more digits than any price", f.name, f.to)
		}
	}
	if q.Ask.Less(q.Bid) {
		return market.Quote{}, fmt.Errorf("crossed: bid %s above ask %s", q.Bid, q.Ask)
	}
	return q, nil
}
