package builtin

import (
	"fmt"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/research"
)

// goal is what can be read out of a person's words without guessing.
type goal struct {
	coins     []string // tickers named, in the order named
	families  []string
	interval  string
	perDay    float64 // trades a day asked as a limit
	tripsSaid bool    // the words say whether a trade is a round trip
	drawdown  float64
	risk      string
	all       bool // "all coins", "any coin"
}

// names maps words for coins to tickers; tickers themselves are matched in capitals, or in any case where they are no English word.
var names = map[string]string{
	"bitcoin": "BTC", "ether": "ETH", "ethereum": "ETH", "solana": "SOL", "ripple": "XRP", "cardano": "ADA", "dogecoin": "DOGE",
	"litecoin": "LTC", "polkadot": "DOT", "chainlink": "LINK", "tron": "TRX", "avalanche": "AVAX", "monero": "XMR", "stellar": "XLM",
}

// familyWords maps words to families of ideas.
var familyWords = []struct {
	family string
	words  []string
}{
	{"momentum", []string{"momentum", "rate of change", "relative strength"}},
	{"trend", []string{"trend", "moving average", "crossover", "ema", "sma", "macd"}},
	{"breakout", []string{"breakout", "break-out", "channel", "donchian", "turtle"}},
	{"reversion", []string{"reversion", "reverting", "oversold", "overbought", "rsi", "bollinger", "contrarian", "dip"}},
	{"rotation", []string{"rotation", "rotate", "cross-sectional", "strongest coin"}},
	{"hold", []string{"buy and hold", "buy-and-hold", "hodl"}},
}

var (
	perDayRE   = regexp.MustCompile(`(?i)\b(?:at most|max(?:imum)?(?: of)?|no more than|up to|under|≤|<=)?\s*(one|two|three|four|five|ten|once|twice|\d{1,4})(?:\s+(round[- ]trips?|trades?|entr(?:y|ies)|times?))?\s+(?:a|per|each|/)\s*(day|week|hour|month)\b`)
	drawdownRE = regexp.MustCompile(`(?i)(?:draw-?down|loss)[^.%]{0,40}?(\d{1,2}(?:\.\d+)?)\s*(?:%|percent|per cent)|(\d{1,2}(?:\.\d+)?)\s*(?:%|percent|per cent)[^.%]{0,20}?draw-?down`)
	intervalRE = regexp.MustCompile(`(?i)\b(\d{1,3})[ -]?(m|min|mins|minutes?|h|hours?|hourly|d|days?)\b[ -]?(?:bars?|candles?|interval)?`)
	tokenRE    = regexp.MustCompile(`[A-Za-z0-9]+`)
)

var counts = map[string]float64{"one": 1, "once": 1, "two": 2, "twice": 2, "three": 3, "four": 4, "five": 5, "ten": 10}

// readGoal reads the words. known are the tickers in the ledger.
func readGoal(text string, known map[string]bool) goal {
	var g goal
	lower := strings.ToLower(text)
	g.coins = namedCoins(text, known)
	for _, f := range familyWords {
		for _, w := range f.words {
			if containsWord(lower, w) {
				g.families = append(g.families, f.family)
				break
			}
		}
	}
	for _, w := range []string{"all coins", "any coin", "every coin", "whole market", "all of them", "several coins"} {
		g.all = g.all || strings.Contains(lower, w)
	}
	readFrequency(&g, lower)
	if m := drawdownRE.FindStringSubmatch(lower); m != nil {
		pct, err := strconv.ParseFloat(m[1]+m[2], 64)
		if err == nil && pct > 0 {
			g.drawdown = pct / 100
		}
	}
	g.risk = readRisk(lower)
	g.interval = readInterval(lower)
	return g
}

// over fills what g leaves open from an earlier message: what is said last counts.
func (g goal) over(earlier goal) goal {
	if len(g.coins) == 0 && !g.all {
		g.coins, g.all = earlier.coins, earlier.all
	}
	if len(g.families) == 0 {
		g.families = earlier.families
	}
	if g.interval == "" {
		g.interval = earlier.interval
	}
	if g.perDay == 0 {
		g.perDay, g.tripsSaid = earlier.perDay, earlier.tripsSaid
	}
	if g.drawdown == 0 {
		g.drawdown = earlier.drawdown
	}
	if g.risk == "" {
		g.risk = earlier.risk
	}
	return g
}

func namedCoins(text string, known map[string]bool) []string {
	var coins []string
	seen := map[string]bool{}
	for _, tok := range tokenRE.FindAllString(text, -1) {
		coin := names[strings.ToLower(tok)]
		// A ticker counts in capitals; in small letters only where it is in the ledger and cannot be an ordinary word.
		if coin == "" && (known[tok] || known[strings.ToUpper(tok)] && !ordinary[strings.ToLower(tok)]) {
			coin = strings.ToUpper(tok)
		}
		if coin == "" && tok == strings.ToUpper(tok) && tickers[tok] {
			coin = tok
		}
		if coin != "" && !seen[coin] {
			seen[coin] = true
			coins = append(coins, coin)
		}
	}
	return coins
}

// ordinary are tickers that are also words.
var ordinary = map[string]bool{"one": true, "near": true, "link": true, "dot": true, "sol": false, "gas": true, "flow": true, "mask": true,
	"people": true, "super": true, "id": true, "win": true, "hot": true, "time": true, "sun": true, "not": true, "cake": true, "usd": true, "trade": true}

// tickers are well-known ones that may be named though the ledger has none of them: then the person is told so.
var tickers = map[string]bool{"BTC": true, "ETH": true, "SOL": true, "XRP": true, "ADA": true, "DOGE": true, "LTC": true, "BNB": true, "DOT": true,
	"LINK": true, "TRX": true, "AVAX": true, "MATIC": true, "XMR": true, "XLM": true, "BCH": true, "SHIB": true, "PEPE": true, "UNI": true, "ATOM": true}

func readFrequency(g *goal, lower string) {
	m := perDayRE.FindStringSubmatch(lower)
	if m == nil {
		return
	}
	n, ok := counts[m[1]]
	if !ok {
		var err error
		if n, err = strconv.ParseFloat(m[1], 64); err != nil {
			return
		}
	}
	g.perDay = n * map[string]float64{"day": 1, "week": 1.0 / 7, "hour": 24, "month": 1.0 / 30}[m[3]]
	g.tripsSaid = strings.Contains(m[2], "round") || strings.HasPrefix(m[2], "entr")
	if strings.HasPrefix(m[2], "entr") {
		g.tripsSaid = true
	}
}

// riskWords are looked for in this order.
var riskWords = []struct {
	risk  string
	words []string
}{
	{"low", []string{"conservative", "cautious", "low risk", "low-risk", "safe", "careful", "defensive"}},
	{"high", []string{"aggressive", "high risk", "high-risk", "bold", "speculative"}},
	{"medium", []string{"medium risk", "medium-risk", "moderate", "balanced"}},
}

func readRisk(lower string) string {
	for _, r := range riskWords {
		for _, w := range r.words {
			if containsWord(lower, w) {
				return r.risk
			}
		}
	}
	return ""
}

func readInterval(lower string) string {
	for _, m := range intervalRE.FindAllStringSubmatch(lower, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil || n == 0 {
			continue
		}
		switch unit := m[2][0]; {
		case unit == 'm' && n < 60 && 60%n == 0, unit == 'h' && n < 24 && 24%n == 0, unit == 'd' && n == 1:
			return strconv.Itoa(n) + string(unit)
		}
	}
	for _, w := range []struct{ word, interval string }{
		{"scalp", "5m"}, {"intraday", "15m"}, {"day trading", "15m"}, {"hourly", "1h"}, {"swing", "4h"}, {"long term", "1d"}, {"long-term", "1d"}, {"weekly", "1d"}, {"daily", "1d"},
	} {
		if strings.Contains(lower, w.word) {
			return w.interval
		}
	}
	return ""
}

func containsWord(text, word string) bool {
	for i := 0; ; {
		j := strings.Index(text[i:], word)
		if j < 0 {
			return false
		}
		start, end := i+j, i+j+len(word)
		if (start == 0 || !letter(text[start-1])) && (end == len(text) || !letter(text[end]) || strings.HasPrefix(text[end:], "s")) {
			return true
		}
		i = end
	}
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// orchestrate reads the goal, asks what it can't know, and sets the brief.
func orchestrate(v view) (move, error) {
	coins, err := last[research.CoinsResult](v, research.ToolCoins)
	if err != nil {
		return move{}, err
	}
	if coins == nil {
		if tried(v, research.ToolCoins) > 1 {
			return move{say: "The ledger can't be read, so there is nothing to work on."}, nil
		}
		return move{calls: []call{{research.ToolCoins, research.NoArgs{}}}}, nil
	}
	if tried(v, research.ToolSetBrief) > 0 {
		b, err := last[research.Brief](v, research.ToolSetBrief)
		if err != nil {
			return move{}, err
		}
		if b == nil {
			return move{say: "The goal could not be made precise."}, nil
		}
		return move{say: describe(b.val)}, nil
	}
	answers, err := answered(v)
	if err != nil {
		return move{}, err
	}
	brief, ask := makeBrief(v.task, coins.val.Coins, answers)
	if ask != nil {
		return move{calls: []call{{research.ToolAskUser, research.AskArgs{Question: *ask}}}}, nil
	}
	return move{calls: []call{{research.ToolSetBrief, brief}}}, nil
}

func answered(v view) (map[string]research.AskResult, error) {
	// Only this turn's answers: a new message may be asked anew.
	asks, err := all[research.AskResult](view{results: v.results[len(v.results)-v.own:]}, research.ToolAskUser)
	out := map[string]research.AskResult{}
	for _, a := range asks {
		out[a.val.Key] = a.val
	}
	return out, err
}

// makeBrief returns the brief, or the question that must be answered first.
func makeBrief(t research.Task, coins []research.CoinCoverage, answers map[string]research.AskResult) (research.Brief, *research.Question) {
	byCoin := map[string][]string{}
	known := map[string]bool{}
	for _, c := range coins {
		base, _, _ := strings.Cut(c.Market, "/")
		if !known[c.Market] {
			byCoin[base] = append(byCoin[base], c.Market)
		}
		known[base], known[c.Market] = true, true
	}
	g := readGoal(t.Goal, known)
	for i := len(t.Turns) - 1; i >= 0; i-- {
		g = g.over(readGoal(t.Turns[i], known))
	}
	b := research.Brief{Families: g.families, Interval: g.interval, MaxTradesDay: g.perDay, MaxDrawdown: g.drawdown, Risk: g.risk}
	markets, ask := chooseMarkets(t, g, coins, byCoin, answers, &b)
	if ask != nil {
		return b, ask
	}
	b.Markets = markets
	if g.perDay > 0 && !g.tripsSaid {
		n := strings.TrimSuffix(strconv.FormatFloat(g.perDay, 'f', 2, 64), ".00")
		readings := []string{n + " round trip(s): an entry with its exit", n + " order(s): an entry or an exit"}
		a, ok := answers["trade"]
		if !ok {
			return b, &research.Question{Closed: true, Key: "trade", Text: fmt.Sprintf("Two readings of “%s a day” change the fees by a factor of up to two. Which is meant?", n),
				Choices: readings, Default: "1"}
		}
		if pick(a.Answer, readings, readings[0]) == readings[1] {
			b.MaxTradesDay = g.perDay / 2
			b.Assumptions = append(b.Assumptions, "each order counts as a trade, so a round trip counts twice")
		} else {
			b.Assumptions = append(b.Assumptions, "a trade is a round trip: an entry with its exit")
		}
	}
	fillDefaults(t, &b, g)
	return b, nil
}

func chooseMarkets(t research.Task, g goal, coins []research.CoinCoverage, byCoin map[string][]string, answers map[string]research.AskResult, b *research.Brief) ([]string, *research.Question) {
	if len(t.Options.Markets) > 0 {
		return t.Options.Markets, nil
	}
	ranked := rankMarkets(coins)
	if len(ranked) == 0 {
		return nil, nil
	}
	var markets, missing []string
	for _, c := range g.coins {
		ms := byCoin[c]
		switch {
		case len(ms) == 0:
			missing = append(missing, c)
		case len(ms) == 1:
			markets = append(markets, ms[0])
		default:
			a, ok := answers["quote:"+c]
			if !ok {
				return nil, &research.Question{Closed: true, Key: "quote:" + c, Text: c + " is in the ledger against more than one currency. Which market?", Choices: ms, Default: ms[0]}
			}
			markets = append(markets, pick(a.Answer, ms, ms[0]))
		}
	}
	if len(missing) > 0 {
		b.Assumptions = append(b.Assumptions, fmt.Sprintf("there is no history of %s in the ledger; import it with 'omc data import'", strings.Join(missing, ", ")))
	}
	if len(markets) > 0 {
		return markets, nil
	}
	if len(missing) > 0 && !t.Options.Interactive {
		return nil, nil // nobody is there to name another: research of what was not asked for would help nobody
	}
	if g.all || len(ranked) == 1 {
		return ranked[:min(len(ranked), 4)], nil
	}
	choices := append([]string{}, ranked[:min(len(ranked), 5)]...)
	both := "the two with the longest history (" + strings.Join(ranked[:2], ", ") + ")"
	choices = append(choices, both)
	a, ok := answers["market"]
	if !ok {
		q := "The goal names no coin. Which market should I work on?"
		if len(missing) > 0 {
			q = fmt.Sprintf("There is no history of %s in the ledger. Which market should I work on instead?", strings.Join(missing, ", "))
		}
		return nil, &research.Question{Closed: true, Key: "market", Text: q, Choices: choices, Default: strconv.Itoa(len(choices))}
	}
	got := pick(a.Answer, choices, both)
	if got == both {
		return ranked[:2], nil
	}
	return []string{got}, nil
}

// rankMarkets orders markets by how much history they have, most first, each once.
func rankMarkets(coins []research.CoinCoverage) []string {
	span := map[string]float64{}
	for _, c := range coins {
		span[c.Market] = math.Max(span[c.Market], c.Last.Sub(c.First).Hours()-missingHours(c))
	}
	ms := make([]string, 0, len(span))
	for m := range span {
		ms = append(ms, m)
	}
	sort.Slice(ms, func(i, j int) bool {
		if span[ms[i]] != span[ms[j]] {
			return span[ms[i]] > span[ms[j]]
		}
		return ms[i] < ms[j]
	})
	return ms
}

func missingHours(c research.CoinCoverage) float64 {
	total := float64(c.Bars + c.Missing)
	if total == 0 {
		return 0
	}
	return c.Last.Sub(c.First).Hours() * float64(c.Missing) / total
}

func fillDefaults(t research.Task, b *research.Brief, g goal) {
	if b.Risk == "" {
		b.Risk = "medium"
		b.Assumptions = append(b.Assumptions, "no risk appetite was named: medium is assumed")
	}
	if b.MaxDrawdown == 0 {
		b.MaxDrawdown = map[string]float64{"low": 0.10, "medium": 0.20, "high": 0.35}[b.Risk]
		b.Assumptions = append(b.Assumptions, fmt.Sprintf("a drawdown of up to %.0f %% is taken as bearable", b.MaxDrawdown*100))
	}
	if t.Options.Interval != "" {
		b.Interval = t.Options.Interval
	}
	if b.Interval == "" {
		b.Interval = "1h"
		if b.MaxTradesDay > 0 && b.MaxTradesDay <= 0.5 {
			b.Interval = "4h"
		}
		b.Assumptions = append(b.Assumptions, "no horizon was named: decisions are made on "+b.Interval+" bars")
	}
	if len(b.Families) == 0 {
		b.Families = []string{"trend", "momentum", "breakout", "reversion"}
		if len(b.Markets) > 1 {
			b.Families = append(b.Families, "rotation")
		}
		b.Assumptions = append(b.Assumptions, "no kind of idea was named: "+strings.Join(b.Families, ", ")+" are all tried")
	}
}

// pick reads an answer as a number from 1, a choice's text or a part of one.
func pick(answer string, choices []string, fallback string) string {
	q := research.Question{Choices: choices}
	if c, ok := q.Choice(answer); ok {
		return c
	}
	return fallback
}

func describe(b research.Brief) string {
	if len(b.Markets) == 0 {
		s := "There is no price history of what the goal asks for in the research window, so there is nothing to work on. Import some with 'omc data import'."
		for _, a := range b.Assumptions {
			s += "\n  · " + a
		}
		return s
	}
	s := fmt.Sprintf("I read the goal as: %s on %s, deciding on %s bars, risk appetite %s (drawdown up to %.0f %%).",
		strings.Join(b.Families, " or "), strings.Join(b.Markets, " and "), b.Interval, b.Risk, b.MaxDrawdown*100)
	if b.MaxTradesDay > 0 {
		s += fmt.Sprintf(" At most %s round trips a day.", strconv.FormatFloat(b.MaxTradesDay, 'g', 3, 64))
	}
	for _, a := range b.Assumptions {
		s += "\n  · " + a
	}
	return s
}
