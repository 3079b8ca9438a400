// Package kraken reads finished candles from Kraken's public REST interface.
// It never returns a candle that is still open, and stores nothing.
package kraken

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// maxCandles is how many Kraken ever returns: the newest ones, whatever since says.
const maxCandles = 720

// Client implements collect.Candles.
type Client struct{ up *upstream.Client }

// New returns a client that asks at most once a second.
func New(c upstream.Config) *Client { return &Client{up: upstream.New(c, 1)} }

// Name is the source's name.
func (c *Client) Name() string { return "kraken" }

// Candles returns the closed candles that open in [from, to), oldest first. Kraken keeps only the newest 720 of an interval;
// for an older from the answer would be incomplete and is refused, so that another source is asked.
func (c *Client) Candles(ctx context.Context, m market.Market, iv market.Interval, from, to time.Time) ([]market.Bar, error) {
	switch iv {
	case 60, 300, 900, 1800, 3600, 14400, 86400, market.Week:
	default:
		return nil, fmt.Errorf("kraken has no %s candles", iv)
	}
	q := url.Values{"pair": {code(m.Base) + code(m.Quote)}, "interval": {strconv.FormatInt(int64(iv)/60, 10)},
		"since": {strconv.FormatInt(from.Unix()-1, 10)}}
	a, err := c.up.Get(ctx, "/0/public/OHLC", q)
	if err != nil {
		return nil, err
	}
	bars, err := decode(a.Body)
	if err != nil {
		return nil, err
	}
	if len(bars) >= maxCandles-1 && bars[0].Unix() > from.Unix() {
		return nil, fmt.Errorf("kraken keeps only the newest %d candles, back to %s: import its bulk csv for older ones", maxCandles, bars[0].OpenTime().Format(time.RFC3339))
	}
	out := bars[:0]
	for _, b := range bars {
		if b.Unix() >= from.Unix() && b.Unix() < to.Unix() {
			out = append(out, b)
		}
	}
	return out, nil
}

func code(c market.Coin) string {
	switch c {
	case "BTC":
		return "XBT"
	case "DOGE":
		return "XDG"
	}
	return string(c)
}

// decode reads an answer to OHLC and drops the candles after last, which are still open.
func decode(body []byte) ([]market.Bar, error) {
	var env struct {
		Error  []string                   `json:"error"`
		Result map[string]json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return nil, fmt.Errorf("kraken: %w: %w", upstream.ErrMalformed, err)
	}
	if len(env.Error) > 0 {
		return nil, refusal(env.Error[0])
	}
	var last int64
	var rows [][]json.RawMessage
	series := 0
	for k, v := range env.Result {
		if k == "last" {
			if err := json.Unmarshal(v, &last); err != nil {
				return nil, fmt.Errorf("kraken: %w: last: %w", upstream.ErrMalformed, err)
			}
			continue
		}
		series++
		if err := json.Unmarshal(v, &rows); err != nil {
			return nil, fmt.Errorf("kraken: %w: %w", upstream.ErrMalformed, err)
		}
	}
	if series != 1 || len(rows) > maxCandles+1 {
		return nil, fmt.Errorf("kraken: %w: %d series of %d candles", upstream.ErrMalformed, series, len(rows))
	}
	bars := make([]market.Bar, 0, len(rows))
	for i, r := range rows {
		b, err := decodeRow(r)
		if err != nil {
			return nil, fmt.Errorf("kraken: %w: candle %d: %w", upstream.ErrMalformed, i, err)
		}
		if len(bars) > 0 && b.Unix() <= bars[len(bars)-1].Unix() {
			return nil, fmt.Errorf("kraken: %w: candle %d is out of order", upstream.ErrMalformed, i)
		}
		if b.Unix() <= last {
			bars = append(bars, b)
		}
	}
	return bars, nil
}

func refusal(text string) error {
	switch {
	case strings.Contains(text, "Unknown asset"):
		return fmt.Errorf("kraken: %w", upstream.ErrUnknownSymbol)
	case strings.Contains(text, "Too many requests"), strings.Contains(text, "Rate limit"):
		return &upstream.RateLimitError{}
	}
	return fmt.Errorf("kraken: %w: %s", upstream.ErrUnavailable, upstream.Text(text))
}

// decodeRow reads time, open, high, low, close, vwap, volume, count.
func decodeRow(r []json.RawMessage) (market.Bar, error) {
	if len(r) != 8 {
		return market.Bar{}, fmt.Errorf("%d fields, want 8", len(r))
	}
	var t int64
	if err := json.Unmarshal(r[0], &t); err != nil {
		return market.Bar{}, err
	}
	var d [5]money.Decimal
	for i, k := range []int{1, 2, 3, 4, 6} {
		if err := json.Unmarshal(r[k], &d[i]); err != nil {
			return market.Bar{}, err
		}
	}
	return market.NewBar(t, d[0], d[1], d[2], d[3], &d[4])
}
