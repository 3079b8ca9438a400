// Package market names what is traded and what its price did: coins, markets, intervals, bars and quotes.
// It does no I/O and knows no venue.
package market

import (
	"fmt"
	"strings"
)

// Coin is a currency's ticker in upper case: BTC, AUD, USDT.
type Coin string

// ParseCoin reads a ticker of 1 to 20 letters and digits, in any case.
func ParseCoin(s string) (Coin, error) {
	c := strings.ToUpper(strings.TrimSpace(s))
	if len(c) == 0 || len(c) > 20 {
		return "", fmt.Errorf("coin %q: want 1 to 20 letters or digits, like BTC", clip(s))
	}
	for i := 0; i < len(c); i++ {
		if (c[i] < 'A' || c[i] > 'Z') && (c[i] < '0' || c[i] > '9') {
			return "", fmt.Errorf("coin %q: want letters and digits only, like BTC", clip(s))
		}
	}
	return Coin(c), nil
}

// Market is a pair: one unit of Base is priced in Quote.
type Market struct {
	Base  Coin
	Quote Coin
}

// ParseMarket reads BASE/QUOTE or BASE-QUOTE, in any case.
func ParseMarket(s string) (Market, error) {
	base, quote, ok := strings.Cut(s, "/")
	if !ok {
		base, quote, ok = strings.Cut(s, "-")
	}
	if !ok {
		return Market{}, fmt.Errorf("market %q: want BASE/QUOTE, like BTC/USDT", clip(s))
	}
	b, err := ParseCoin(base)
	if err != nil {
		return Market{}, fmt.Errorf("market %q: %w", clip(s), err)
	}
	q, err := ParseCoin(quote)
	if err != nil {
		return Market{}, fmt.Errorf("market %q: %w", clip(s), err)
	}
	if b == q {
		return Market{}, fmt.Errorf("market %q: base and quote are the same coin", clip(s))
	}
	return Market{Base: b, Quote: q}, nil
}

// String writes BASE/QUOTE, or "" for the zero value.
func (m Market) String() string {
	if m == (Market{}) {
		return ""
	}
	return string(m.Base) + "/" + string(m.Quote)
}

// MarshalText writes BASE/QUOTE.
func (m Market) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what ParseMarket reads; empty text is the zero value.
func (m *Market) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*m = Market{}
		return nil
	}
	v, err := ParseMarket(string(b))
	if err != nil {
		return err
	}
	*m = v
	return nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
