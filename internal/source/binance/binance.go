// Package binance reads finished candles from Binance's public REST interface.
// It stores nothing.
package binance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	page = 1000
	// maxWeight is where to stop before the limit of 6000 in a minute, which leads to a ban.
	maxWeight = 5000
)

// Client implements collect.Candles.
type Client struct{ up *upstream.Client }

// New returns a client that asks at most ten times a second.
func New(c upstream.Config) *Client { return &Client{up: upstream.New(c, 10)} }

// Name is the source's name.
func (c *Client) Name() string { return "binance" }

// Candles returns the candles that open in [from, to), oldest first.
func (c *Client) Candles(ctx context.Context, m market.Market, iv market.Interval, from, to time.Time) ([]market.Bar, error) {
	switch iv {
	case 60, 180, 300, 900, 1800, 3600, 7200, 14400, 21600, 28800, 43200, 86400, market.Week:
	default:
		return nil, fmt.Errorf("binance has no %s candles", iv)
	}
	var out []market.Bar
	for at := from.Unix(); at < to.Unix(); {
		q := url.Values{"symbol": {string(m.Base) + string(m.Quote)}, "interval": {iv.String()}, "limit": {strconv.Itoa(page)},
			"startTime": {strconv.FormatInt(at*1000, 10)}, "endTime": {strconv.FormatInt(to.Unix()*1000-1, 10)}}
		a, err := c.up.Get(ctx, "/api/v3/klines", q)
		if err != nil {
			return nil, err
		}
		if a.Status != 200 {
			return nil, refusal(a)
		}
		bars, err := decode(a.Body)
		if err != nil {
			return nil, err
		}
		for _, b := range bars {
			if b.Unix() < at || b.Unix() >= to.Unix() {
				return nil, fmt.Errorf("binance: %w: a candle outside the window asked for", upstream.ErrMalformed)
			}
			at = b.Unix() + int64(iv)
			out = append(out, b)
		}
		if len(bars) < page {
			return out, nil
		}
		if used, err := strconv.Atoi(a.Header.Get("X-MBX-USED-WEIGHT-1M")); err == nil && used > maxWeight {
			return nil, &upstream.RateLimitError{RetryAfter: time.Minute}
		}
	}
	return out, nil
}

func refusal(a upstream.Answer) error {
	var e struct {
		Code int    `json:"code"`
		Msg  string `json:"msg"`
	}
	if err := json.Unmarshal(a.Body, &e); err != nil {
		return fmt.Errorf("binance: %w: http status %d", upstream.ErrMalformed, a.Status)
	}
	switch e.Code {
	case -1121:
		return fmt.Errorf("binance: %w", upstream.ErrUnknownSymbol)
	case -1003:
		return &upstream.RateLimitError{}
	}
	return fmt.Errorf("binance: %w: %d %s", upstream.ErrUnavailable, e.Code, upstream.Text(e.Msg))
}

// decode reads rows of twelve: open time (ms), open, high, low, close, volume, and more.
func decode(body []byte) ([]market.Bar, error) {
	var rows [][]json.RawMessage
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, fmt.Errorf("binance: %w: %w", upstream.ErrMalformed, err)
	}
	bars := make([]market.Bar, 0, len(rows))
	for i, r := range rows {
		b, err := decodeRow(r)
		if err != nil {
			return nil, fmt.Errorf("binance: %w: candle %d: %w", upstream.ErrMalformed, i, err)
		}
		if len(bars) > 0 && b.Unix() <= bars[len(bars)-1].Unix() {
			return nil, fmt.Errorf("binance: %w: candle %d is out of order", upstream.ErrMalformed, i)
		}
		bars = append(bars, b)
	}
	return bars, nil
}

func decodeRow(r []json.RawMessage) (market.Bar, error) {
	if len(r) != 12 {
		return market.Bar{}, fmt.Errorf("%d fields, want 12", len(r))
	}
	var ms int64
	if err := json.Unmarshal(r[0], &ms); err != nil {
		return market.Bar{}, err
	}
	if ms%1000 != 0 {
		return market.Bar{}, fmt.Errorf("open time %d is not on a whole second", ms)
	}
	var d [5]money.Decimal
	for i := range d {
		if err := json.Unmarshal(r[i+1], &d[i]); err != nil {
			return market.Bar{}, err
		}
	}
	return market.NewBar(ms/1000, d[0], d[1], d[2], d[3], &d[4])
}
