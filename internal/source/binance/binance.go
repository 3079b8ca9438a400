// Package binance reads finished candles from Binance's public REST interface.
// It stores nothing.
package binance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
func New(c upstream.Config) *Client { return &Client{up: upstream.New("binance", c, 10)} }

// Name is the source's name.
func (c *Client) Name() string { return "binance" }

// Candles returns the closed candles that open in [from, to), oldest first.
func (c *Client) Candles(ctx context.Context, m market.Market, iv market.Interval, from, to time.Time) ([]market.Bar, error) {
	switch iv {
	case 60, 180, 300, 900, 1800, 3600, 7200, 14400, 21600, 28800, 43200, 86400, market.Week:
	default:
		return nil, fmt.Errorf("binance has no %s candles: ask for 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d or 1w", iv)
	}
	var out []market.Bar
	for at := from.Unix(); at < to.Unix(); {
		q := url.Values{"symbol": {string(m.Base) + string(m.Quote)}, "interval": {iv.String()}, "limit": {strconv.Itoa(page)},
			"startTime": {strconv.FormatInt(at*1000, 10)}, "endTime": {strconv.FormatInt(to.Unix()*1000-1, 10)}}
		a, err := c.up.Get(ctx, "/api/v3/klines", q)
		if err != nil {
			return nil, c.banned(a, err)
		}
		if a.Status != 200 {
			return nil, c.up.Fail(refusal(a))
		}
		bars, err := decode(a.Body, iv)
		if err != nil {
			return nil, c.up.Fail(err)
		}
		for _, b := range bars {
			if b.Unix() < at || b.Unix() >= to.Unix() {
				return nil, c.up.Fail(fmt.Errorf("%w: a candle outside the window asked for", upstream.ErrMalformed))
			}
			at = b.Unix() + int64(iv)
			if at <= a.Time.Unix() {
				out = append(out, b)
			}
		}
		var slow error
		if used, err := strconv.Atoi(a.Header.Get("X-MBX-USED-WEIGHT-1M")); err == nil && used > maxWeight {
			slow = c.up.Fail(&upstream.RateLimitError{RetryAfter: time.Minute})
		}
		if len(bars) < page {
			return out, nil
		}
		if slow != nil {
			return nil, slow
		}
	}
	return out, nil
}

// banned reads from the text of a ban when it ends, in unix milliseconds, where the header does not say.
func (c *Client) banned(a upstream.Answer, err error) error {
	var limited *upstream.RateLimitError
	if !errors.As(err, &limited) || limited.RetryAfter > 0 {
		return err
	}
	const digits = 13
	_, text, ok := bytes.Cut(a.Body, []byte("banned until "))
	if !ok || len(text) < digits {
		return err
	}
	ms, perr := strconv.ParseInt(string(text[:digits]), 10, 64)
	if perr != nil {
		return err
	}
	if left := time.UnixMilli(ms).Sub(a.Time); left > 0 {
		return c.up.Fail(&upstream.RateLimitError{RetryAfter: min(left, 24*time.Hour), Banned: limited.Banned})
	}
	return err
}

func refusal(a upstream.Answer) error {
	var e struct {
		Code int    `json:"code"`
		Msg  string `json:"msg"`
	}
	if err := json.Unmarshal(a.Body, &e); err != nil {
		return fmt.Errorf("%w: http status %d", upstream.ErrMalformed, a.Status)
	}
	switch e.Code {
	case -1121:
		return upstream.ErrUnknownSymbol
	case -1003:
		return &upstream.RateLimitError{}
	}
	return fmt.Errorf("%w: http status %d: %d %s", upstream.ErrUnavailable, a.Status, e.Code, upstream.Text(e.Msg))
}

// decode reads rows of twelve: open time (ms), open, high, low, close, volume, and more.
func decode(body []byte, iv market.Interval) ([]market.Bar, error) {
	var rows [][]json.RawMessage
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	if rows == nil {
		return nil, fmt.Errorf("%w: no list of candles", upstream.ErrMalformed)
	}
	if len(rows) > page {
		return nil, fmt.Errorf("%w: %d candles, want at most %d", upstream.ErrMalformed, len(rows), page)
	}
	bars := make([]market.Bar, 0, len(rows))
	for i, r := range rows {
		b, err := decodeRow(r)
		if err == nil {
			err = upstream.CheckOpen(b.Unix(), iv)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: candle %d: %w", upstream.ErrMalformed, i, err)
		case len(bars) > 0 && b.Unix() <= bars[len(bars)-1].Unix():
			return nil, fmt.Errorf("%w: candle %d is out of order", upstream.ErrMalformed, i)
		}
		bars = append(bars, b)
	}
	return bars, nil
}

func decodeRow(r []json.RawMessage) (market.Bar, error) {
	if len(r) != 12 {
		return market.Bar{}, fmt.Errorf("%d fields, want 12", len(r))
	}
	ms, err := strconv.ParseInt(string(r[0]), 10, 64)
	if err != nil {
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
