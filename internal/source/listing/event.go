package listing

import (
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
)

// venue is how a venue is called.
type venue struct {
	source string // coinspot
	name   string // CoinSpot
	home   market.Coin
}

// announce writes changes as events. Many markets suspended or reopened at once are the venue's upkeep, and one event.
func (v venue) announce(changes []change, now time.Time, size int) []ledger.Event {
	count := map[string]int{}
	for _, c := range changes {
		count[c.kind]++
	}
	var out []ledger.Event
	whole := map[string]bool{}
	for _, c := range changes {
		if n := count[c.kind]; (c.kind == ledger.EventHalt || c.kind == ledger.EventResume) && many(n, size, manyStates) {
			if !whole[c.kind] {
				whole[c.kind] = true
				out = append(out, v.upkeep(c, n, now))
			}
			continue
		}
		out = append(out, v.event(c, now))
	}
	return out
}

func (v venue) event(c change, now time.Time) ledger.Event {
	e := ledger.Event{ID: id(c.key, c.kind, now, c.n), Source: v.source, Type: c.kind, Time: now.Truncate(time.Second), Coins: []market.Coin{c.coin},
		Facts: map[string]string{"venue": v.source, "status": source.Text(c.words, 80)}}
	if c.transfers() {
		e.Facts["about"] = "transfers"
	} else {
		e.Facts["market"] = c.market.String()
	}
	// What is told is the coin where this is its only market, or the one against the venue's own currency.
	what := c.name()
	if c.only || c.market.Quote == v.home {
		what = string(c.coin)
	}
	switch c.kind {
	case ledger.EventListing:
		e.Facts["first"] = yes(c.only)
		e.Title = fmt.Sprintf("%s lists %s", v.name, what)
		if c.transfers() { // no market of it yet: that one will be the listing
			e.Type, e.Title = ledger.EventAnnounce, fmt.Sprintf("%s adds %s to its assets", v.name, what)
			delete(e.Facts, "about")
		}
	case ledger.EventDelisting:
		e.Facts["last"] = yes(c.only)
		e.Title = fmt.Sprintf("%s delists %s", v.name, what)
		if c.transfers() {
			e.Type, e.Title = ledger.EventAnnounce, fmt.Sprintf("%s takes %s from its assets", v.name, what)
			delete(e.Facts, "about")
		}
	case ledger.EventHalt:
		e.Title = fmt.Sprintf("%s %s %s", v.name, map[state]string{halted: "suspends", limited: "restricts"}[c.state], c.name())
		if c.transfers() {
			e.Title = fmt.Sprintf("%s restricts transfers of %s", v.name, c.coin)
		}
	case ledger.EventResume:
		e.Title = fmt.Sprintf("%s reopens %s", v.name, c.name())
		if c.transfers() {
			e.Title = fmt.Sprintf("%s reopens transfers of %s", v.name, c.coin)
		}
	}
	e.Description = source.Text(fmt.Sprintf("%s is %s (%s)", c.name(), c.state, c.words), source.MaxSummary)
	return e
}

// upkeep is one event for many.
func (v venue) upkeep(c change, n int, now time.Time) ledger.Event {
	verb := "suspends or restricts"
	if c.kind == ledger.EventResume {
		verb = "reopens"
	}
	e := ledger.Event{ID: id("all/"+now.UTC().Format("15:04Z"), c.kind, now, 0), Source: v.source, Type: c.kind, Time: now.Truncate(time.Second),
		Title: fmt.Sprintf("%s %s %d markets at once", v.name, verb, n), Description: source.Text("one of them: "+c.name()+" ("+c.words+")", source.MaxSummary),
		Facts: map[string]string{"venue": v.source, "markets": fmt.Sprint(n), "status": source.Text(c.words, 80)}}
	if c.transfers() {
		e.Facts["about"] = "transfers"
	}
	return e
}

// id is the same for the same change, so that a poll made again announces nothing again: n counts the changes that were told of the
// item before, and lives in the cursor. The day keeps apart what follows when a cursor is lost.
func id(key, kind string, now time.Time, n int) string {
	out := strings.Join([]string{key, kind, now.UTC().Format(time.DateOnly)}, "/")
	if n > 0 {
		out += fmt.Sprintf("/%d", n)
	}
	return out
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
