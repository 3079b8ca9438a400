package sentiment

import (
	_ "embed"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Buckets is how many hashed features there are; the dense features of a text stand after them.
const Buckets = 1 << 15

// dense features: what the lexicon found, and the shape of the text.
const (
	denseBias = iota
	densePositive
	denseNegative
	denseBalance
	denseStrong // the strongest valence either way
	denseBoth   // good and bad words in one text
	denseNone   // no word of the lexicon
	denseNone0  // only words that report
	denseQuestion
	denseMoney
	densePercentUp
	densePercentDown
	denseNegation
	denseFirst
	denseCrypto // the text speaks of crypto: what counts as news differs there
	denseCryptoPositive
	denseCryptoNegative
	denseCryptoMoney
	denseCount
)

// Dim is the length of a weight vector.
const Dim = Buckets + denseCount

const maxTokens = 400

// Feature is one feature of a text: its index below Dim, and its value.
type Feature struct {
	Index int
	Value float64
}

//go:embed lexicon.txt
var lexiconText string

// lexicon is stemmed words and phrases with their valences; an empty string never stands in it.
var lexicon = sync.OnceValue(func() map[string]float64 {
	out := make(map[string]float64, 512)
	for line := range strings.Lines(lexiconText) {
		line = strings.TrimSpace(line)
		valence, phrase, ok := strings.Cut(line, " ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		v, err := strconv.ParseFloat(valence, 64)
		if err != nil {
			panic("sentiment: lexicon: " + err.Error())
		}
		out[strings.Join(tokens(phrase), " ")] = v
	}
	return out
})

// Features are text's features. Hashed ones share one length, so that a long text does not weigh more than a short one.
func Features(text string) []Feature {
	words := tokens(text)
	out := make([]Feature, 0, 2*len(words)+denseCount)
	negated := negations(words)
	prev := "^"
	for i, w := range words {
		if negated[i] {
			w = "not_" + w
		}
		out = append(out, Feature{Index: bucket("u", w, "")}, Feature{Index: bucket("b", prev, w)})
		prev = w
	}
	scale := 1 / math.Sqrt(float64(len(out))+1)
	for i := range out {
		out[i].Value = scale
	}
	return append(out, denseFeatures(words, negated)...)
}

func denseFeatures(words []string, negated []bool) []Feature {
	var v [denseCount]float64
	v[denseBias] = 1
	found, reports := 0, 0
	for i := 0; i < len(words); {
		valence, n := match(words[i:])
		if n == 0 {
			i++
			continue
		}
		if negated[i] {
			valence *= -0.7
			v[denseNegation] = 1
		}
		if found == 0 {
			v[denseFirst] = valence / 3
		}
		switch {
		case valence > 0:
			v[densePositive] += valence / 3
		case valence < 0:
			v[denseNegative] -= valence / 3
		default:
			reports++
		}
		if math.Abs(valence) > math.Abs(v[denseStrong]*3) {
			v[denseStrong] = valence / 3
		}
		found++
		i += n
	}
	v[denseBalance] = math.Tanh(v[densePositive] - v[denseNegative])
	v[densePositive] = math.Min(v[densePositive], 3)
	v[denseNegative] = math.Min(v[denseNegative], 3)
	v[denseBoth] = flag(v[densePositive] > 0 && v[denseNegative] > 0)
	v[denseNone] = flag(found == 0)
	v[denseNone0] = flag(found > 0 && found == reports)
	for _, w := range words {
		switch w {
		case "?":
			v[denseQuestion] = 1
		case "<money>":
			v[denseMoney] = 1
		case "<pct>":
			v[densePercentUp] = flag(v[denseBalance] > 0)
			v[densePercentDown] = flag(v[denseBalance] < 0)
		case "<pct+>":
			v[densePercentUp] = 1
		case "<pct->":
			v[densePercentDown] = 1
		}
	}
	if slices.ContainsFunc(words, crypto) {
		v[denseCrypto] = 1
		v[denseCryptoPositive] = flag(v[densePositive] > v[denseNegative])
		v[denseCryptoNegative] = flag(v[densePositive] < v[denseNegative])
		v[denseCryptoMoney] = flag(v[denseMoney] > 0 && v[denseNegative] == 0)
	}
	out := make([]Feature, 0, denseCount)
	for i, x := range v {
		if x != 0 {
			out = append(out, Feature{Buckets + i, x})
		}
	}
	return out
}

// crypto tells a stemmed word that only texts about crypto use.
func crypto(w string) bool {
	for _, start := range [...]string{"crypto", "bitcoin", "blockchain", "stablecoin", "altcoin", "ethereum", "defi", "nft", "dogecoin"} {
		if strings.HasPrefix(w, start) {
			return true
		}
	}
	switch w {
	case "btc", "eth", "ether", "xrp", "token", "tokeniz", "solana", "cardano", "binanc", "coinbas", "kraken", "web3", "metavers", "ico", "dao", "tether":
		return true
	}
	return false
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// match is the valence of the longest phrase of the lexicon at the start of words, and its length in words.
func match(words []string) (float64, int) {
	lex := lexicon()
	if len(words) > 2 {
		if v, ok := lex[words[0]+" "+words[1]+" "+words[2]]; ok {
			return v, 3
		}
	}
	if len(words) > 1 {
		if v, ok := lex[words[0]+" "+words[1]]; ok {
			return v, 2
		}
	}
	v, ok := lex[words[0]]
	if !ok {
		return 0, 0
	}
	return v, 1
}

// negations marks the three words after a negation, up to the end of the clause.
func negations(words []string) []bool {
	out := make([]bool, len(words))
	left := 0
	for i, w := range words {
		switch w {
		case "not", "no", "never", "without", "cannot", "nor", "fail", "neither", "n't", "unlikely":
			left = 3
			continue
		case ",", ".", ":", ";", "?", "!", "but", "as":
			left = 0
		}
		out[i] = left > 0
		left--
	}
	return out
}

// bucket is the FNV-1a hash of the three parts, folded to an index below Buckets.
func bucket(kind, a, b string) int {
	h := uint32(2166136261)
	for _, s := range [...]string{kind, a, b} {
		for i := range len(s) {
			h = (h ^ uint32(s[i])) * 16777619
		}
		h = (h ^ 0xff) * 16777619
	}
	return int((h ^ h>>15) % Buckets)
}

// tokens are the stemmed lower-case words of text, with numbers, amounts, percentages, links and cashtags each as one token.
func tokens(text string) []string {
	if len(text) > MaxBytes {
		text = text[:MaxBytes]
	}
	var out []string
	for len(text) > 0 && len(out) < maxTokens {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case unicode.IsLetter(r):
			var w string
			w, text = word(text)
			if w == "http" || w == "https" || w == "www" {
				_, text = until(text)
				continue
			}
			out = appendWord(out, w)
		case r >= '0' && r <= '9' || strings.ContainsRune("$£€+-@#", r):
			var t string
			t, text = figure(text)
			if t != "" {
				out = append(out, t)
			}
		default:
			if strings.ContainsRune("?!,.:;", r) {
				out = append(out, string(r))
			}
			text = text[size:]
		}
	}
	return out
}

func until(s string) (string, string) {
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// word cuts letters, digits and inner apostrophes off the start of s, in lower case.
func word(s string) (string, string) {
	end := len(s)
	for i, r := range s {
		if !unicode.IsLetter(r) && !(r >= '0' && r <= '9') && r != '\'' && r != '’' {
			end = i
			break
		}
	}
	return strings.ToLower(strings.ReplaceAll(s[:end], "’", "'")), s[end:]
}

func appendWord(out []string, w string) []string {
	if base, ok := strings.CutSuffix(w, "n't"); ok {
		return append(out, stem(base), "n't")
	}
	w, _ = strings.CutSuffix(w, "'s")
	if w = stem(strings.Trim(w, "'")); w == "" {
		return out
	}
	return append(out, w)
}

// figure reads an amount, a percentage, a number or a cashtag; it is "" for a sign that stands alone.
func figure(s string) (string, string) {
	i := 0
	for i < len(s) && s[i] < 0x80 && strings.IndexByte("$+-@#", s[i]) >= 0 || strings.HasPrefix(s[i:], "£") || strings.HasPrefix(s[i:], "€") {
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
	}
	sign := s[:i]
	j := i
	for j < len(s) && (s[j] >= '0' && s[j] <= '9' || (s[j] == ',' || s[j] == '.') && j+1 < len(s) && s[j+1] >= '0' && s[j+1] <= '9') {
		j++
	}
	if j == i {
		if strings.HasPrefix(sign, "$") || strings.HasPrefix(sign, "@") {
			if w, rest := word(s[i:]); w != "" {
				return "<" + sign[:1] + ">", rest
			}
		}
		return "", s[i:]
	}
	rest := s[j:]
	if strings.HasPrefix(rest, "%") {
		switch {
		case strings.HasPrefix(sign, "+"):
			return "<pct+>", rest[1:]
		case strings.HasPrefix(sign, "-"):
			return "<pct->", rest[1:]
		}
		return "<pct>", rest[1:]
	}
	unit, after := word(rest)
	if len(unit) > 2 {
		unit, after = "", rest
	}
	if strings.ContainsAny(sign, "$£€") {
		return "<money>", after
	}
	return "<num>", after
}

// stem folds the common endings of English, crudely: the lexicon and the texts go through the same fold, so only clashes matter.
func stem(w string) string {
	for _, end := range [...]string{"ing", "ies", "ed", "es", "s", "ers"} {
		base, ok := strings.CutSuffix(w, end)
		if !ok || len(base) < 3 || strings.HasSuffix(w, "ss") || strings.HasSuffix(w, "us") || strings.HasSuffix(w, "is") {
			continue
		}
		if end == "ies" {
			return base + "y"
		}
		if end != "s" && len(base) > 3 && base[len(base)-1] == base[len(base)-2] && strings.IndexByte("lsz", base[len(base)-1]) < 0 {
			return base[:len(base)-1]
		}
		w = base
		break
	}
	if len(w) > 4 {
		w = strings.TrimSuffix(w, "e")
	}
	return w
}
