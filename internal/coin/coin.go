// Package coin knows coins by name: which ones a text speaks of, what other systems call them, and how large they are.
// It never says what a coin is worth, and never asks anyone: its table is written by hand and embedded.
package coin

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ohmycoins/omc/internal/market"
)

// Tier is the size of a coin, by standing over the years 2021 to 2025 and not by a price of today.
type Tier int

// Tiers, smallest first. A coin that is not in the table is Unsized.
const (
	Unsized Tier = iota
	Small
	Mid
	Large
	Mega
)

type level int

// How much a name or ticker needs beside it before it counts as the coin.
const (
	clear    level = iota // nothing
	shared                // a text about crypto
	ordinary              // a word such as "token" or "price" right beside it
)

type entry struct {
	coin   market.Coin
	tier   Tier
	ticker level
	names  []name
	gecko  string
}

type name struct {
	text  string
	level level
}

type sense struct {
	coin  market.Coin
	level level
}

// book is the table with its indexes.
type book struct {
	entries map[market.Coin]entry
	names   map[string]sense // by lower-case words, one space between
	gecko   map[string]market.Coin
}

//go:embed table.txt
var tableText string

var table = sync.OnceValue(func() *book {
	b, err := parse(tableText)
	if err != nil {
		panic("coin: the embedded table is broken: " + err.Error())
	}
	return b
})

// parse reads the table's lines: "TICKER tier level|names|CoinGecko id".
func parse(text string) (*book, error) {
	b := &book{entries: map[market.Coin]entry{}, names: map[string]sense{}, gecko: map[string]market.Coin{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cols := strings.Split(line, "|")
		var e entry
		var ticker string
		if len(cols) != 3 {
			return nil, fmt.Errorf("line %q: want three columns", line)
		}
		if _, err := fmt.Sscanf(cols[0], "%s %d %d", &ticker, &e.tier, &e.ticker); err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		c, err := market.ParseCoin(ticker)
		if err != nil || string(c) != ticker || e.tier < Small || e.tier > Mega || e.ticker < clear || e.ticker > ordinary {
			return nil, fmt.Errorf("line %q: ticker, tier or level is wrong", line)
		}
		if _, twice := b.entries[c]; twice {
			return nil, fmt.Errorf("%s stands twice", c)
		}
		e.coin, e.gecko = c, cols[2]
		for _, n := range strings.FieldsFunc(cols[1], func(r rune) bool { return r == ',' }) {
			l := clear
			if rest, ok := strings.CutPrefix(n, "~"); ok {
				n, l = rest, shared
			} else if rest, ok := strings.CutPrefix(n, "?"); ok {
				n, l = rest, ordinary
			}
			if old, twice := b.names[n]; twice {
				return nil, fmt.Errorf("%s and %s are both called %q", old.coin, c, n)
			}
			e.names = append(e.names, name{n, l})
			b.names[n] = sense{c, l}
		}
		if old, twice := b.gecko[e.gecko]; twice || e.gecko == "" {
			return nil, fmt.Errorf("%s: CoinGecko id %q is missing or %s's", c, e.gecko, old)
		}
		b.entries[c], b.gecko[e.gecko] = e, c
	}
	return b, nil
}

// Names are the names c goes by in texts, in lower case, the usual one first; none where c is unknown.
func Names(c market.Coin) []string {
	var out []string
	for _, n := range table().entries[c].names {
		out = append(out, n.text)
	}
	return out
}

// Size is c's tier.
func Size(c market.Coin) Tier { return table().entries[c].tier }

// All are the coins of the table, sorted.
func All() []market.Coin {
	out := make([]market.Coin, 0, len(table().entries))
	for c := range table().entries {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// FromGecko is the coin with a CoinGecko id, such as "avalanche-2".
func FromGecko(id string) (market.Coin, bool) {
	c, ok := table().gecko[strings.ToLower(id)]
	return c, ok
}

// FromCoinMetrics is the coin with a CoinMetrics asset name, which is its ticker in lower case; "usdt_eth" and its like, one coin on
// one chain, are that coin.
func FromCoinMetrics(asset string) (market.Coin, bool) {
	base, chain, split := strings.Cut(asset, "_")
	if split && !slices.Contains([]string{"eth", "trx", "omni", "sol", "avaxc", "bnb"}, chain) {
		return "", false
	}
	return known(strings.ToUpper(base))
}

// FromKraken is the coin with a Kraken asset name: XBT and XXBT are BTC, XDG is DOGE, XETH is ETH; staked and bonded balances
// ("DOT.S") are their coin. Currencies of states (ZAUD) are not coins.
func FromKraken(asset string) (market.Coin, bool) {
	s, _, _ := strings.Cut(strings.ToUpper(asset), ".")
	switch s {
	case "XBT", "XXBT":
		return "BTC", true
	case "XDG", "XXDG":
		return "DOGE", true
	case "XETH", "XXRP", "XLTC", "XXLM", "XETC", "XZEC", "XXMR", "XREP", "XMLN":
		return market.Coin(s[1:]), true
	case "ETH2":
		return "ETH", true
	case "LUNA":
		return "LUNC", true // Kraken kept the old name for the old chain; the new one is LUNA2
	case "LUNA2":
		return "LUNA", true
	case "IOTA":
		return "MIOTA", true
	}
	return known(s)
}

func known(ticker string) (market.Coin, bool) {
	c := market.Coin(ticker)
	_, ok := table().entries[c]
	return c, ok
}
