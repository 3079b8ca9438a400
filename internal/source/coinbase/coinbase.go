// Package coinbase reads finished candles from Coinbase Exchange's public REST interface.
// It stores nothing.
package coinbase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

const (
	page    = 300 // buckets that one ranged request may span
	maxRows = 350 // it has answered with this many where no range was asked for
)

// Client implements collect.Candles.
type Client struct{ up *upstream.Client }

// New returns a client that asks at most eight times a second, under the limit of ten.
func New(c upstream.Config) *Client { return &Client{up: upstream.New("coinbase", c, 8)} }

// Name is the source's name.
func (c *Client) Name() string { return "coinbase" }

// Candles returns the closed candles that open in [from, to), oldest first. Buckets without a trade are missing.
func (c *Client) Candles(ctx context.Context, m market.Market, iv market.Interval, from, to time.Time) ([]market.Bar, error) {
	switch iv {
	case 60, 300, 900, 3600, 21600, 86400:
	default:
		return nil, fmt.Errorf("coinbase has no %s candles: ask for 1m, 5m, 15m, 1h, 6h or 1d", iv)
	}
	var out []market.Bar
	// The end is inclusive there, so that a page of 300 buckets ends one bucket before the next begins.
	for at := from.Unix(); at < to.Unix(); at += page * int64(iv) {
		end := min(at+(page-1)*int64(iv), to.Unix()-int64(iv))
		end = max(end, at)
		q := url.Values{"granularity": {strconv.FormatInt(int64(iv), 10)}, "start": {strconv.FormatInt(at, 10)}, "end": {strconv.FormatInt(end, 10)}}
		a, err := c.up.Get(ctx, "/products/"+string(m.Base)+"-"+string(m.Quote)+"/candles", q)
		if err != nil {
			return nil, err
		}
		if a.Status != 200 {
			return nil, c.up.Fail(refusal(a))
		}
		bars, err := decode(a.Body, iv)
		if err != nil {
			return nil, c.up.Fail(err)
		}
		if len(bars) > 0 && bars[len(bars)-1].Unix() > end+int64(iv) {
			return nil, c.up.Fail(fmt.Errorf("%w: a candle after the window asked for", upstream.ErrMalformed))
		}
		for _, b := range bars { // some may precede the window: the documentation says so
			if b.Unix() >= at && b.Unix() <= end && b.Unix()+int64(iv) <= a.Time.Unix() {
				out = append(out, b)
			}
		}
	}
	return out, nil
}

func refusal(a upstream.Answer) error {
	var e struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(a.Body, &e); err != nil {
		return fmt.Errorf("%w: http status %d", upstream.ErrMalformed, a.Status)
	}
	switch {
	case a.Status == 404:
		return upstream.ErrUnknownSymbol
	case strings.Contains(e.Message, "rate limit"):
		return &upstream.RateLimitError{}
	}
	return fmt.Errorf("%w: http status %d: %s", upstream.ErrUnavailable, a.Status, upstream.Text(e.Message))
}

var errNumber = errors.New("not a number")

// decode reads rows of time, low, high, open, close, volume, newest first, and returns bars oldest first.
func decode(body []byte, iv market.Interval) ([]market.Bar, error) {
	var rows [][]json.Number
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	if rows == nil {
		return nil, fmt.Errorf("%w: no list of candles", upstream.ErrMalformed)
	}
	if len(rows) > maxRows {
		return nil, fmt.Errorf("%w: %d candles, want at most %d", upstream.ErrMalformed, len(rows), maxRows)
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
		case len(bars) > 0 && b.Unix() >= bars[len(bars)-1].Unix():
			return nil, fmt.Errorf("%w: candle %d is out of order", upstream.ErrMalformed, i)
		}
		bars = append(bars, b)
	}
	slices.Reverse(bars)
	return bars, nil
}

func decodeRow(r []json.Number) (market.Bar, error) {
	if len(r) != 6 {
		return market.Bar{}, fmt.Errorf("%d fields, want 6", len(r))
	}
	t, err := strconv.ParseInt(r[0].String(), 10, 64)
	if err != nil {
		return market.Bar{}, fmt.Errorf("time: %w", errNumber)
	}
	var d [5]money.Decimal
	for i, k := range []int{3, 2, 1, 4, 5} {
		if d[i], err = money.Parse(r[k].String()); err != nil {
			return market.Bar{}, err
		}
	}
	// Volumes are sums in binary floating point; past the 12th decimal they carry no trade.
	d[4] = d[4].RoundHalfEven(12)
	return market.NewBar(t, d[0], d[1], d[2], d[3], &d[4])
}
