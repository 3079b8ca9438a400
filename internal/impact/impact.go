// Package impact says how much an event may move prices, from 0 to 1, by one documented rule, and explains every score with its
// parts and numbers (docs/catalysts.md). It never looks at prices, never learns, and never changes an event.
package impact

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// Window is how far back similar events are counted.
const Window = 30 * 24 * time.Hour

// Tier is the size of a coin.
type Tier int

// Tiers, smallest first. Of an Unsized coin nothing is known, and nothing is assumed.
const (
	Unsized Tier = iota
	Small
	Mid
	Large
	Mega
)

// String names the tier as a score's explanation does.
func (t Tier) String() string {
	switch t {
	case Small:
		return "small coin"
	case Mid:
		return "mid-size coin"
	case Large:
		return "large coin"
	case Mega:
		return "mega coin"
	}
	return "coin of unknown size"
}

// Rule is the rule of impact. The zero value is ready.
type Rule struct {
	Size func(market.Coin) Tier // nil: Size of this package
}

// Score is e's impact: a base for what happened, times weights for who, which coin and how new, between 0 and 1 and to two decimals.
// similar counts the events with e's Key in the Window before e; 0 makes it the first of its kind. The second value explains the
// first, as in "0.50: listing 0.50 × on CoinSpot 0.90 × mid-size coin ABC 1.00 × first of its kind in 30 days 1.10".
func (r Rule) Score(e ledger.Event, similar int) (float64, string) {
	parts := []part{base(e), who(e)}
	parts = append(parts, narrower(e)...)
	parts = append(parts, r.size(e), novelty(similar))
	product := 1.0
	said := make([]string, 0, len(parts))
	for _, p := range parts {
		if p.name == "" {
			continue
		}
		product *= p.weight
		said = append(said, fmt.Sprintf("%s %.2f", p.name, p.weight))
	}
	score := math.Round(min(1, max(0, product))*100) / 100
	why := fmt.Sprintf("%.2f: %s", score, strings.Join(said, " × "))
	if product > 1 {
		why += ", and no more than 1"
	}
	return score, why
}

// Impact scores e among the events of the Window before it, whatever their kind; an earlier version of e itself does not count.
func (r Rule) Impact(e *ledger.Event, recent []ledger.EventRow) (score float64, why string) {
	similar, key := 0, Key(*e)
	for i := range recent {
		o := &recent[i].Event
		if (o.ID != e.ID || o.Source != e.Source) && !o.Time.After(e.Time) && e.Time.Sub(o.Time) <= Window && Key(*o) == key {
			similar++
		}
	}
	return r.Score(*e, similar)
}

// Key names the events that are of one kind, to be counted for Score: of one filer and form, or of one type and coin. Events without
// a filer and a coin are of one kind when source and type agree.
func Key(e ledger.Event) string {
	switch {
	case e.Type == ledger.EventFiling:
		form, _ := formOf(e.Facts["form"])
		return strings.Join([]string{e.Type, e.Facts["cik"], form}, "|")
	case len(e.Coins) > 0:
		return strings.Join([]string{e.Type, string(e.Coins[0])}, "|")
	}
	return strings.Join([]string{e.Type, e.Source}, "|")
}

// part is one factor of a score; without a name it says nothing and counts as 1.
type part struct {
	name   string
	weight float64
}

// base is what happened.
func base(e ledger.Event) part {
	if e.Type == ledger.EventFiling {
		return filing(e.Facts["form"], e.Facts["items"])
	}
	for _, t := range types {
		if t.name == e.Type {
			return t
		}
	}
	return part{"event of another type", otherType}
}

// filing is the weight of a form, or of the weightiest item of an 8-K.
func filing(form, items string) part {
	form, _ = formOf(form)
	p := part{"filing", otherForm}
	if form != "" {
		p.name = "filing " + form
	}
	for _, f := range forms {
		if form == f.name {
			p.weight = f.weight
		}
	}
	if form == "8-K" {
		if item := weightiest(items); item.name != "" {
			p = part{"filing 8-K item " + item.name, item.weight}
		}
	}
	return p
}

// formOf is a form's family: 424B for 424B5, SCHEDULE 13D for SC 13D/A; amended says that it ended in /A.
func formOf(s string) (form string, amended bool) {
	form = strings.ToUpper(clip(s))
	form, amended = strings.CutSuffix(form, "/A")
	form = strings.Replace(form, "SC 13", "SCHEDULE 13", 1)
	switch {
	case strings.HasPrefix(form, "424B"):
		form = "424B"
	case strings.HasPrefix(form, "13F-"):
		form = "13F"
	}
	return form, amended
}

// weightiest is the item that counts most of "1.01,9.01".
func weightiest(items string) (most part) {
	for i, code := range strings.Split(items, ",") {
		code = clip(strings.TrimSpace(code))
		if i == 40 || code == "" {
			break
		}
		weight := otherItem
		for _, it := range eightK {
			if it.name == code {
				weight = it.weight
			}
		}
		if weight > most.weight {
			most = part{code, weight}
		}
	}
	return most
}

// who is the venue, or the filer, whose events move more or less than others'.
func who(e ledger.Event) part {
	if e.Type == ledger.EventFiling {
		cik := strings.TrimLeft(e.Facts["cik"], "0")
		for _, f := range filers {
			if f.cik == cik {
				return part{"by " + f.name, f.weight}
			}
		}
		return part{}
	}
	for _, v := range venues {
		if v.source == e.Source {
			return part{"on " + v.name, v.weight}
		}
	}
	return part{}
}

// narrower are facts that make an event say less than its type does.
func narrower(e ledger.Event) (out []part) {
	if _, amended := formOf(e.Facts["form"]); amended {
		out = append(out, part{"an amendment", amendment})
	}
	if e.Facts["first"] == "no" {
		out = append(out, part{"further market of a coin traded there", oneOfSeveral})
	}
	if e.Facts["last"] == "no" {
		out = append(out, part{"one market of a coin still traded there", oneOfSeveral})
	}
	if e.Facts["about"] == "transfers" {
		out = append(out, part{"transfers only", transfersOnly})
	}
	if e.Facts["term"] != "" {
		out = append(out, part{"found by its text alone", textOnly})
	}
	return out
}

// size weighs the coins: of an event at a venue the smallest moves most, and of a filing the biggest moves the market.
func (r Rule) size(e ledger.Event) part {
	tier := r.Size
	if tier == nil {
		tier = Size
	}
	weights, pick := venueSizes, func(a, b Tier) bool { return a < b }
	if e.Type == ledger.EventFiling || e.Type == ledger.EventHearing {
		weights, pick = filingSizes, func(a, b Tier) bool { return a > b }
	}
	if len(e.Coins) == 0 {
		return part{"no coin named", noCoin}
	}
	coin, best := e.Coins[0], tier(e.Coins[0])
	for _, c := range e.Coins[1:] {
		if t := tier(c); t != Unsized && (best == Unsized || pick(t, best)) {
			coin, best = c, t
		}
	}
	if best < Unsized || best > Mega {
		best = Unsized
	}
	return part{fmt.Sprintf("%s %s", best, coin), weights[best]}
}

// novelty: what happens often moves less.
func novelty(similar int) part {
	days := int(Window / (24 * time.Hour))
	if similar <= 0 {
		return part{fmt.Sprintf("first of its kind in %d days", days), news[0]}
	}
	n := min(similar, len(news)-1)
	return part{fmt.Sprintf("%d like it in %d days", similar, days), news[n]}
}

// clip bounds what an upstream's fact may add to an explanation.
func clip(s string) string {
	const most = 24
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), most)]
}
