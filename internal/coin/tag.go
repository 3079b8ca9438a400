package coin

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/market"
)

// MaxBytes is how much of a text is read; the rest is ignored.
const MaxBytes = 10_000

const maxNameWords = 4

// token is one word of a text: letters and digits.
type token struct {
	text    string // as written
	lower   string
	cashtag bool // written with a $ before it
	joined  byte // the sign before it where it is a list's or a bracket: ',', '/', '&', '('; else 0
	closed  bool // a ')' follows
}

// reading is one text with what its words have in common.
type reading struct {
	tokens  []token
	shout   bool // written in capitals, which therefore say nothing
	crypto  bool // it speaks of crypto in words that mean nothing else
	tickers []bool
}

// Tag returns the coins that the first MaxBytes bytes of text speak of, sorted and distinct; none is nil. The text may be any bytes.
//
// A clear name counts in any case, a clear ticker in capitals. A name or ticker that means something else too counts in a text about
// crypto; one that is an ordinary word counts only with a word such as "token" beside it, or among tickers in a list. A cashtag of a
// known coin always counts. Unknown cashtags count only beside "token" or "coin", because shares are written the same way.
func Tag(text string) []market.Coin {
	if len(text) > MaxBytes {
		text = text[:MaxBytes]
	}
	r := read(text)
	var out []market.Coin
	add := func(c market.Coin) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	for i := 0; i < len(r.tokens); {
		if c, n := r.named(i); n > 0 {
			if c != "" {
				add(c)
			}
			i += n
			continue
		}
		if c, ok := r.ticker(i); ok {
			add(c)
		}
		i++
	}
	slices.Sort(out)
	return out
}

func read(text string) *reading {
	r := &reading{}
	upper, lower := 0, 0
	var before string // the signs between two words
	for len(text) > 0 {
		ch, size := utf8.DecodeRuneInString(text)
		if !isWord(ch) {
			if ch == ')' && len(r.tokens) > 0 {
				r.tokens[len(r.tokens)-1].closed = true
			}
			if size == 1 && len(before) < 8 && ch != ' ' {
				before += string(ch)
			}
			text = text[size:]
			continue
		}
		end := strings.IndexFunc(text, func(c rune) bool { return !isWord(c) })
		if end < 0 {
			end = len(text)
		}
		t := token{text: text[:end], lower: strings.ToLower(text[:end])}
		text = text[end:]
		if n := len(before); n > 0 {
			t.cashtag = before[n-1] == '$'
			if strings.IndexByte(",/&(", before[n-1]) >= 0 || t.cashtag && n > 1 {
				t.joined = before[n-1]
			}
		}
		before = ""
		for _, c := range t.text {
			if _, ticker := table().entries[market.Coin(t.text)]; ticker {
				break // a list of tickers is no shouting
			}
			if unicode.IsUpper(c) {
				upper++
			} else if unicode.IsLower(c) {
				lower++
			}
		}
		r.tokens = append(r.tokens, t)
	}
	r.shout = len(r.tokens) > 3 && upper > 2*lower
	r.survey()
	return r
}

// survey finds whether the text is about crypto, and which words are tickers in capitals.
func (r *reading) survey() {
	b := table()
	r.tickers = make([]bool, len(r.tokens))
	for i, t := range r.tokens {
		e, known := b.entries[market.Coin(t.text)]
		r.tickers[i] = known && (!r.shout || e.ticker == clear)
		s, named := b.names[strings.TrimSuffix(t.lower, "s")]
		if speaksCrypto(t.lower) || named && s.level == clear || known && e.ticker == clear && len(t.text) > 2 {
			r.crypto = true
		}
	}
}

func speaksCrypto(w string) bool {
	for _, start := range [...]string{"crypto", "bitcoin", "blockchain", "stablecoin", "altcoin", "memecoin"} {
		if strings.HasPrefix(w, start) {
			return true
		}
	}
	switch w {
	case "defi", "nft", "nfts", "web3", "dex", "dapp", "dapps", "staking", "airdrop", "metaverse", "binance", "coinbase", "kraken", "mainnet", "testnet", "tvl", "validators", "validator", "hodl", "depeg":
		return true
	}
	return false
}

func isWord(c rune) bool { return unicode.IsLetter(c) || c >= '0' && c <= '9' }

// named reads the longest name at token i: its coin ("" where the name needs more than the text gives) and its length in words.
func (r *reading) named(i int) (market.Coin, int) {
	b := table()
	key := r.tokens[i].lower
	var found sense
	length := 0
	for n := 1; ; n++ {
		s, ok := b.names[key]
		if !ok && len(key) > 5 {
			s, ok = b.names[strings.TrimSuffix(key, "s")] // "Bitcoins": an apostrophe lost
		}
		if ok {
			found, length = s, n
		}
		if n == maxNameWords || i+n >= len(r.tokens) {
			break
		}
		key += " " + r.tokens[i+n].lower
	}
	if length == 0 || r.tokens[i].cashtag {
		return "", 0
	}
	first, _ := utf8.DecodeRuneInString(r.tokens[i].text)
	capital := unicode.IsUpper(first)
	switch {
	case found.level == clear:
		return found.coin, length
	case r.tokens[i].text == string(found.coin):
		return "", 0 // NEAR: judged as a ticker
	case capital && (r.crypto && found.level == shared || r.beside(i, length) || r.bracketed(i+length, found.coin)):
		return found.coin, length
	}
	return "", length
}

// bracketed tells "(TICKER)" of this very coin at token i.
func (r *reading) bracketed(i int, c market.Coin) bool {
	return i < len(r.tokens) && r.tokens[i].joined == '(' && r.tokens[i].closed && r.tokens[i].text == string(c)
}

// beside tells a word of the trade right after the n words at i, or a trading word right before.
func (r *reading) beside(i, n int) bool {
	if j := i + n; j < len(r.tokens) && r.tokens[j].joined == 0 {
		switch r.tokens[j].lower {
		case "token", "tokens", "coin", "coins", "price", "prices", "protocol", "network", "blockchain", "foundation", "mainnet", "ecosystem", "holders",
			"staking", "stablecoin", "usd", "usdt", "btc", "bulls", "bears", "whales", "airdrop", "validators", "dao", "futures", "based":
			return true
		}
	}
	if i == 0 || r.tokens[i].joined != 0 {
		return false
	}
	switch r.tokens[i-1].lower {
	case "token", "coin", "altcoin", "stablecoin", "memecoin", "cryptocurrency":
		return true
	}
	return false
}

// ticker reads the word at token i as a ticker.
func (r *reading) ticker(i int) (market.Coin, bool) {
	t := r.tokens[i]
	upper := strings.ToUpper(t.text)
	e, known := table().entries[market.Coin(upper)]
	if t.cashtag {
		switch {
		case known:
			return e.coin, t.text[0] > '9'
		case len(t.text) < 2 || len(t.text) > 10 || t.text[0] <= '9' || !r.beside(i, 1):
			return "", false
		}
		c, err := market.ParseCoin(upper)
		return c, err == nil
	}
	if !r.tickers[i] {
		return "", false
	}
	if veto(r, e.coin) {
		return "", false
	}
	switch e.ticker {
	case clear:
		return e.coin, true
	case shared:
		return e.coin, r.crypto || r.beside(i, 1)
	}
	return e.coin, r.beside(i, 1) || r.listed(i)
}

// listed tells a ticker in a list of tickers: another one next to it, joined by a comma, a stroke or "and".
func (r *reading) listed(i int) bool {
	for _, j := range [...]int{i - 1, i + 1} {
		if j < 0 || j >= len(r.tokens) {
			continue
		}
		if r.tickers[j] && r.tokens[max(i, j)].joined != 0 {
			return true
		}
		k := 2*j - i
		if (r.tokens[j].lower == "and" || r.tokens[j].lower == "or") && k >= 0 && k < len(r.tokens) && r.tickers[k] {
			return true
		}
	}
	return false
}

// veto tells a text in which a ticker certainly means something else: the ADA of a court is a law about disability.
func veto(r *reading, c market.Coin) bool {
	if c != "ADA" {
		return false
	}
	for _, t := range r.tokens {
		if strings.HasPrefix(t.lower, "disabilit") || t.lower == "accessibility" {
			return true
		}
	}
	return false
}
