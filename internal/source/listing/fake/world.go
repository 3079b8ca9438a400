package fake

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// began is when the world's first invented coin was listed. Every venue lists another each half hour, and delists it after a day.
var began = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	every = 30 * time.Minute
	life  = 24 * time.Hour
)

// ticker is the k-th invented coin's: four letters and a Z.
func ticker(k int64) string {
	k *= 7919
	var b strings.Builder
	for range 4 {
		b.WriteByte(byte('A' + k%26))
		k /= 26
	}
	return b.String() + "Z"
}

// lead is how long after the first venue a venue lists a coin.
func lead(venue string) time.Duration {
	switch venue {
	case Coinbase:
		return 2 * time.Hour
	case Kraken:
		return 3 * time.Hour
	case CoinSpot:
		return 5 * time.Hour
	}
	return 0
}

// world is a venue's list at a moment: the large coins always, and the invented ones that are alive.
func world(venue string, now time.Time) []Market {
	quote, well := "USD", "online"
	if venue == CoinSpot {
		quote, well = "AUD", "12.5"
	}
	var out []Market
	for _, c := range []string{"BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LINK", "LTC", "DOT", "AVAX"} {
		if venue == Kraken {
			c = strings.NewReplacer("BTC", "XBT", "DOGE", "XDG").Replace(c)
		}
		out = append(out, Market{c, quote, well})
	}
	for k, at := range alive(now.Add(-lead(venue))) {
		m := Market{ticker(k), quote, well}
		age := now.Add(-lead(venue)).Sub(at)
		switch {
		case venue == Coinbase && age < 5*time.Minute:
			m.Status = "post_only"
		case venue == Coinbase && age > life-time.Hour:
			m.Status = "delisted"
		case venue == CoinSpot && k%5 == 0:
			m.Status = "NaN" // nobody trades it
		case venue != CoinSpot && k%7 == 0 && age%(6*time.Hour) > 5*time.Hour+30*time.Minute:
			m.Status = "cancel_only"
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Market) int { return strings.Compare(a.Base, b.Base) })
	return out
}

// alive are the invented coins of a moment, and when each was first listed.
func alive(now time.Time) map[int64]time.Time {
	out := map[int64]time.Time{}
	for k := int64(now.Sub(began) / every); k >= 0; k-- {
		at := began.Add(time.Duration(k) * every)
		if now.Sub(at) >= life {
			break
		}
		out[k] = at
	}
	return out
}

// announcements are what Binance has said of the coins of the last days.
func announcements(now time.Time) []Article {
	var out []Article
	last := int64(now.Sub(began) / every)
	for k := max(0, last-200); k <= last; k++ {
		at := began.Add(time.Duration(k) * every)
		out = append(out, Article{ID: 500_000 + 4*k, Catalog: 48, At: at, Title: fmt.Sprintf("Binance Will List Example %s (%s) with Seed Tag Applied", ticker(k), ticker(k)), TextID: k%3 == 0},
			Article{ID: 500_001 + 4*k, Catalog: 48, At: at.Add(10 * time.Minute), Title: fmt.Sprintf("Binance Futures Will Launch USDⓈ-Margined %sUSDT Perpetual Contract (%s)", ticker(k), at.Format(time.DateOnly))})
		if k%8 == 0 {
			out = append(out, Article{ID: 500_002 + 4*k, Catalog: 161, At: at.Add(life / 2), Title: fmt.Sprintf("Binance Will Delist %s, %s on %s", ticker(k), ticker(k+1), at.Add(life).Format(time.DateOnly))})
		}
	}
	return out
}
