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
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// maxCandles is how many Kraken ever returns: the newest ones, whatever since says.
const maxCandles = 720

// Client implements collect.Candles.
type Client struct{ up *upstream.Client }

// New returns a client that asks at most once a second.
func New(c upstream.Config) *Client { return &Client{up: upstream.New("kraken", c, 1)} }

// Name is the source's name.
func (c *Client) Name() string { return "kraken" }

// Candles returns the closed candles that open in [from, to), oldest first. Kraken keeps only the newest 720 intervals, and
// leaves out those without a trade; for an older from what there is comes with a *source.Shallow, so that another source is asked for the
// rest.
func (c *Client) Candles(ctx context.Context, m market.Market, iv market.Interval, from, to time.Time) ([]market.Bar, error) {
	switch iv {
	case 60, 300, 900, 1800, 3600, 14400, 86400, market.Week:
	default:
		return nil, fmt.Errorf("kraken has no %s candles: ask for 1m, 5m, 15m, 30m, 1h, 4h, 1d or 1w", iv)
	}
	q := url.Values{"pair": {code(m.Base) + code(m.Quote)}, "interval": {strconv.FormatInt(int64(iv)/60, 10)},
		"since": {strconv.FormatInt(from.Unix()-1, 10)}}
	a, err := c.up.Get(ctx, "/0/public/OHLC", q)
	if err != nil {
		return nil, err
	}
	if a.Status != 200 {
		return nil, c.up.Fail(fmt.Errorf("%w: http status %d", upstream.ErrUnavailable, a.Status))
	}
	s, err := decode(a.Body, iv)
	if err != nil {
		return nil, c.up.Fail(err)
	}
	var shallow error
	if oldest := s.newest - (maxCandles-1)*int64(iv); from.Unix() < oldest && (len(s.bars) == 0 || s.bars[0].Unix() > from.Unix()) {
		since := time.Unix(oldest, 0).UTC()
		shallow = &source.Shallow{Since: since, Err: fmt.Errorf("kraken keeps only the newest %d candles, back to %s: import its bulk csv for older ones, or ask another source",
			maxCandles, since.Format(time.RFC3339))}
	}
	out := s.bars[:0]
	for _, b := range s.bars {
		if b.Unix() >= from.Unix() && b.Unix() < to.Unix() && b.Unix()+int64(iv) <= a.Time.Unix() {
			out = append(out, b)
		}
	}
	return out, shallow
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

// series is what an answer to OHLC holds.
type series struct {
	bars   []market.Bar // closed, oldest first
	newest int64        // open time of the newest candle, closed or not
}

// decode reads an answer to OHLC and drops the candles after last, which are still open.
func decode(body []byte, iv market.Interval) (series, error) {
	var env struct {
		Error  []string                   `json:"error"`
		Result map[string]json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return series{}, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
	}
	if len(env.Error) > 0 {
		return series{}, refusal(env.Error[0])
	}
	raw, ok := env.Result["last"]
	if !ok {
		return series{}, fmt.Errorf("%w: no last, which tells the open candle from the closed ones", upstream.ErrMalformed)
	}
	last, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return series{}, fmt.Errorf("%w: last: %w", upstream.ErrMalformed, err)
	}
	if len(env.Result) != 2 {
		return series{}, fmt.Errorf("%w: %d series, want 1", upstream.ErrMalformed, len(env.Result)-1)
	}
	var rows [][]json.RawMessage
	for k, v := range env.Result {
		if k == "last" {
			continue
		}
		if err := json.Unmarshal(v, &rows); err != nil {
			return series{}, fmt.Errorf("%w: %w", upstream.ErrMalformed, err)
		}
	}
	if len(rows) == 0 || len(rows) > maxCandles+1 {
		return series{}, fmt.Errorf("%w: %d candles, want 1 to %d", upstream.ErrMalformed, len(rows), maxCandles)
	}
	return decodeRows(rows, last, iv)
}

func decodeRows(rows [][]json.RawMessage, last int64, iv market.Interval) (series, error) {
	s := series{bars: make([]market.Bar, 0, len(rows))}
	for i, r := range rows {
		b, err := decodeRow(r)
		if err == nil {
			err = upstream.CheckOpen(b.Unix(), iv)
		}
		switch {
		case err != nil:
			return series{}, fmt.Errorf("%w: candle %d: %w", upstream.ErrMalformed, i, err)
		case i > 0 && b.Unix() <= s.newest:
			return series{}, fmt.Errorf("%w: candle %d is out of order", upstream.ErrMalformed, i)
		}
		s.newest = b.Unix()
		if b.Unix() <= last {
			s.bars = append(s.bars, b)
		}
	}
	return s, nil
}

func refusal(text string) error {
	switch {
	case strings.Contains(text, "Unknown asset"):
		return upstream.ErrUnknownSymbol
	case strings.Contains(text, "Too many requests"), strings.Contains(text, "Rate limit"):
		return &upstream.RateLimitError{}
	}
	return fmt.Errorf("%w: %s", upstream.ErrUnavailable, upstream.Text(text))
}

// decodeRow reads time, open, high, low, close, vwap, volume, count.
func decodeRow(r []json.RawMessage) (market.Bar, error) {
	if len(r) != 8 {
		return market.Bar{}, fmt.Errorf("%d fields, want 8", len(r))
	}
	t, err := strconv.ParseInt(string(r[0]), 10, 64)
	if err != nil {
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
