package edgar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ohmycoins/omc/internal/market"
)

// Filer is who files: a company, a trust or a person.
type Filer struct {
	CIK    int    // the SEC's number of it
	Ticker string // "" where it has none
	Name   string // "": as the SEC writes it
	// Coins are what its value certainly hangs on.
	Coins []market.Coin
}

// Filers are those watched unless others are named: holders, miners, brokers and trusts of coins. Every CIK was found in filings of
// its holder.
func Filers() []Filer {
	btc, eth := []market.Coin{"BTC"}, []market.Coin{"ETH"}
	return []Filer{
		{1050446, "MSTR", "Strategy Inc", btc},
		{1679788, "COIN", "Coinbase Global, Inc.", nil},
		{1507605, "MARA", "MARA Holdings, Inc.", btc},
		{1167419, "RIOT", "Riot Platforms, Inc.", btc},
		{827876, "CLSK", "CleanSpark, Inc.", btc},
		{1859392, "GLXY", "Galaxy Digital Inc.", nil},
		{1783879, "HOOD", "Robinhood Markets, Inc.", nil},
		{1512673, "XYZ", "Block, Inc.", btc},
		{1318605, "TSLA", "Tesla, Inc.", nil},
		{1829311, "BMNR", "BitMine Immersion Technologies, Inc.", eth},
		{1876042, "CRCL", "Circle Internet Group, Inc.", []market.Coin{"USDC"}},
		{1980994, "IBIT", "iShares Bitcoin Trust ETF", btc},
		{1852317, "FBTC", "Fidelity Wise Origin Bitcoin Fund", btc},
		{1588489, "GBTC", "Grayscale Bitcoin Trust ETF", btc},
		{2000638, "ETHA", "iShares Ethereum Trust ETF", eth},
		{1725210, "ETHE", "Grayscale Ethereum Trust ETF", eth},
	}
}

// Terms are what full-text search asks for unless others are named.
func Terms() []string {
	return []string{"bitcoin treasury", "ethereum treasury", "solana treasury", "digital asset treasury", "crypto treasury"}
}

// Bounds of what a user may name.
const (
	maxWatch = 200
	maxTerms = 20
	maxTerm  = 80
)

// watchlist is who is watched; tickers are those whose CIK only the SEC can tell.
type watchlist struct {
	filers  map[int]Filer
	tickers []string
}

// newWatchlist reads CIKs and tickers; none means Filers.
func newWatchlist(names []string) (watchlist, error) {
	w := watchlist{filers: map[int]Filer{}}
	known := Filers()
	if len(names) == 0 {
		for _, f := range known {
			w.filers[f.CIK] = f
		}
		return w, nil
	}
	if len(names) > maxWatch {
		return w, fmt.Errorf("sources.edgar.watch names %d filers, want at most %d", len(names), maxWatch)
	}
	for _, name := range names {
		name = strings.ToUpper(strings.TrimSpace(name))
		if name == "SQ" {
			name = "XYZ" // Block's ticker until 2025
		}
		cik, err := strconv.Atoi(strings.TrimPrefix(name, "CIK"))
		i := slices.IndexFunc(known, func(f Filer) bool { return f.Ticker == name || err == nil && f.CIK == cik })
		switch {
		case i >= 0:
			w.filers[known[i].CIK] = known[i]
		case err == nil && cik > 0 && cik <= maxCIK:
			w.filers[cik] = Filer{CIK: cik}
		case err != nil && ticker(name):
			w.tickers = append(w.tickers, name)
		default:
			return w, fmt.Errorf("sources.edgar.watch: %.40q is neither a CIK nor a ticker; want names like MSTR or 1050446", name)
		}
	}
	return w, nil
}

// with is the list with the filers of its tickers, as far as they are known.
func (w watchlist) with(ciks map[string]int) map[int]Filer {
	out := make(map[int]Filer, len(w.filers)+len(w.tickers))
	for k, f := range w.filers {
		out[k] = f
	}
	for _, t := range w.tickers {
		if cik := ciks[t]; cik > 0 {
			if _, known := out[cik]; !known {
				out[cik] = Filer{CIK: cik, Ticker: t}
			}
		}
	}
	return out
}

const maxCIK = 1<<31 - 1

func ticker(s string) bool {
	return len(s) > 0 && len(s) <= 10 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == ""
}

// cryptoName reports that a filer's name says what it is about: a word that begins with bitcoin, ethereum, crypto, blockchain or
// stablecoin, one of the words below, or digital asset(s).
func cryptoName(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		for _, p := range []string{"bitcoin", "ethereum", "crypto", "blockchain", "stablecoin"} {
			if strings.HasPrefix(w, p) {
				return true
			}
		}
		switch w {
		case "btc", "ether", "solana", "xrp", "dogecoin", "litecoin", "cardano", "defi", "web3", "coinbase", "coinshares", "bitmine":
			return true
		case "asset", "assets":
			if i > 0 && words[i-1] == "digital" {
				return true
			}
		}
	}
	return false
}

// family is the form without what makes it one of several: 424B for 424B5, SCHEDULE 13D for SC 13D/A, 13F for 13F-HR.
func family(form string) string {
	form = strings.TrimSuffix(form, "/A")
	if rest, ok := strings.CutPrefix(form, "SC 13"); ok {
		form = "SCHEDULE 13" + rest
	}
	switch {
	case strings.HasPrefix(form, "424B"):
		return "424B"
	case strings.HasPrefix(form, "13F-"):
		return "13F"
	}
	return form
}

// meaning is what a form is, for people; "" for a form that is not kept.
func meaning(form string) string {
	switch family(form) {
	case "8-K":
		return "current report"
	case "6-K":
		return "report of a foreign issuer"
	case "10-K":
		return "annual report"
	case "10-Q":
		return "quarterly report"
	case "20-F":
		return "annual report of a foreign issuer"
	case "S-1", "F-1":
		return "registration of securities"
	case "S-3":
		return "shelf registration"
	case "S-4":
		return "registration for a merger or exchange"
	case "424B":
		return "prospectus"
	case "SCHEDULE 13D":
		return "over 5 % held by someone who may seek influence"
	case "SCHEDULE 13G":
		return "over 5 % held passively"
	case "13F":
		return "quarterly holdings of an investment manager"
	case "4":
		return "trade of an insider"
	}
	return ""
}

// ofWatched reports that a form is kept of watched filers only.
func ofWatched(form string) bool { return family(form) == "4" || family(form) == "13F" }
