package candlefile

import (
	"path"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/market"
)

// guessed is what a file's name tells; zero values where it does not.
type guessed struct {
	market   market.Market
	interval market.Interval
	source   string
}

func (o Options) named() (market.Market, bool) {
	return market.Market{Base: o.Coin, Quote: o.Quote}, o.Coin != "" && o.Quote != ""
}

// guess reads names like BTCUSDT-5m.csv.gz, BTCUSDT-1h-2025-01.csv, XBTUSD_1440.csv, Binance_BTCUSDT_1h.csv, BTC-AUD-1d.csv.gz.
func guess(name string) guessed {
	var g guessed
	s := path.Base(strings.ReplaceAll(name, "\\", "/"))
	if len(s) > 200 {
		return g
	}
	lower := strings.ToLower(s)
	for _, suffix := range []string{".gz", ".zip", ".csv", ".txt"} {
		if strings.HasSuffix(lower, suffix) {
			s, lower = s[:len(s)-len(suffix)], lower[:len(lower)-len(suffix)]
		}
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '_' || r == ' ' || r == '.' })
	for i, p := range parts {
		if g.market.Base == "" {
			if m, ok := splitSymbol(p); ok {
				g.market = m
				if i > 0 {
					g.source = exchange(parts[i-1])
				}
				continue
			}
			if i+1 < len(parts) && isQuote(strings.ToUpper(parts[i+1])) {
				if m, err := market.ParseMarket(alias(strings.ToUpper(p)) + "/" + alias(strings.ToUpper(parts[i+1]))); err == nil {
					g.market = m
				}
			}
			continue
		}
		if g.interval == 0 {
			g.interval = namedInterval(p)
		}
	}
	return g
}

// namedInterval reads 5m, 1h, d, 1440 (minutes, as Kraken names its files).
func namedInterval(p string) market.Interval {
	p = strings.ToLower(p)
	switch p {
	case "d", "daily":
		return market.Day
	case "hourly":
		return market.Hour
	case "minute":
		return market.Minute
	}
	if iv, err := market.ParseInterval(p); err == nil {
		return iv
	}
	if n, err := strconv.Atoi(p); err == nil && n > 0 && n <= 10080 && market.Interval(n*60).Valid() {
		return market.Interval(n * 60)
	}
	return 0
}

func exchange(p string) string {
	p = strings.ToLower(p)
	for _, known := range []string{"binance", "kraken", "coinbase", "bitfinex", "bitstamp", "gemini", "okx", "bybit"} {
		if p == known {
			return p
		}
	}
	return ""
}

// quotes are the currencies in which coins are priced, longest first so that BTCFDUSD is not read as BTCFD/USD.
func quotes() []string {
	return []string{"FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDP", "USD", "AUD", "EUR", "GBP", "JPY", "CAD", "CHF", "NZD", "TRY", "BRL", "DAI", "XBT", "BTC", "ETH", "BNB"}
}

func isQuote(s string) bool {
	for _, q := range quotes() {
		if s == q {
			return true
		}
	}
	return false
}

// splitSymbol reads BTC/USDT, BTC-USDT or BTCUSDT.
func splitSymbol(s string) (market.Market, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if b, q, ok := strings.Cut(s, "/"); ok {
		m, err := market.ParseMarket(alias(b) + "/" + alias(q))
		return m, err == nil
	}
	if b, q, ok := strings.Cut(s, "-"); ok {
		m, err := market.ParseMarket(alias(b) + "/" + alias(q))
		return m, err == nil
	}
	// Kraken's own names first: XBTUSD ends in TUSD too.
	if len(s) > 3 && alias(s[:3]) != s[:3] && isQuote(s[3:]) {
		return market.Market{Base: market.Coin(alias(s[:3])), Quote: market.Coin(alias(s[3:]))}, true
	}
	for _, q := range quotes() {
		if base, ok := strings.CutSuffix(s, q); ok && len(base) >= 2 {
			m, err := market.ParseMarket(alias(base) + "/" + alias(q))
			return m, err == nil
		}
	}
	return market.Market{}, false
}

// alias turns Kraken's names into everybody's.
func alias(s string) string {
	switch s {
	case "XBT":
		return "BTC"
	case "XDG":
		return "DOGE"
	}
	return s
}
