package listing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
)

// state is what can be done with an item of a list.
type state string

const (
	unsaid  state = ""        // the venue's word for it is not known: nothing follows from it
	open    state = "open"    // traded
	limited state = "limited" // traded in part: limit orders only, an auction, before the opening
	halted  state = "halted"  // not traded for now
	closed  state = "closed"  // named, and not traded at all: delisted, or not yet public
)

// item is one line of a venue's list: a market, or a coin that can be sent there and back.
type item struct {
	key    string // the venue's own name, with asset: in front of a coin
	coin   market.Coin
	market market.Market // zero for a coin
	state  state
	words  string // the venue's for the state
}

// name is ABC/USD, or ABC for a coin.
func (i item) name() string {
	if i.market != (market.Market{}) {
		return i.market.String()
	}
	return string(i.coin)
}

// transfers reports that it is about sending a coin to and from the venue, not about trading.
func (i item) transfers() bool { return class(i.key) == assetKey }

// mark is what a board remembers of an item.
type mark struct {
	Name  string    `json:"n"` // ABC/USD, or ABC for a coin
	State state     `json:"s"`
	Gone  time.Time `json:"g,omitzero"`  // when it was first missing; of a closed one that is named no more, when that was told
	Told  int       `json:"t,omitempty"` // changes that were told of it
}

// coin is what the item is of.
func (m mark) coin() market.Coin {
	base, _, _ := strings.Cut(m.Name, "/")
	return market.Coin(base)
}

// board is a venue's list as it was known last. It lives in the cursor; nil is no knowledge.
type board map[string]mark

// Bounds within which a change is believed.
const (
	maxItems = 20_000
	// A change of more than a fifth of a list, or of more than twenty items, and of more than these many, is no news but a broken list or
	// an upkeep.
	manyAnywhere = 20
	manyMissing  = 5
	manyNew      = 20
	manyStates   = 20
	// longMissing is how long many items must be missing together to be believed.
	longMissing = time.Hour
	// remembered is how long an item that is named no more is known: its next listing on the same day is another one.
	remembered = 48 * time.Hour
)

func many(n, of, least int) bool { return n > max(least, min(of/5, manyAnywhere)) }

// change is one thing that became of an item.
type change struct {
	item
	kind string // ledger.EventListing, EventDelisting, EventHalt, EventResume
	n    int    // changes of the item that were told before
	// only says that the coin had no other market there before it was listed, or has none now that it is delisted.
	only bool
}

// compare brings the board up to date with a list read at now, and tells what has changed. A list without a board before it tells
// nothing: all of it would be new. What is missing once may be a hiccup, and is believed the second time.
func (b board) compare(items []item, now time.Time) (next board, changes []change, note string) {
	next = make(board, len(items))
	var listed, rest []change
	for _, it := range items {
		old, known := b[it.key]
		if it.state == unsaid {
			if known {
				next[it.key] = mark{Name: old.Name, State: old.State, Told: old.Told}
			} else if b == nil && it.coin != "" {
				next[it.key] = mark{Name: it.name(), State: open} // so that its first readable line is no listing
			}
			continue
		}
		m := mark{Name: it.name(), State: it.state, Told: old.Told}
		switch {
		case b == nil:
		case !known || old.State == closed:
			if it.state != closed {
				listed = append(listed, change{item: it, kind: ledger.EventListing, n: old.Told})
				m.Told++
			}
		default:
			if kind := becomes(old.State, it.state); kind != "" {
				rest = append(rest, change{item: it, kind: kind, n: old.Told})
				m.Told++
			}
		}
		next[it.key] = m
	}
	if many(len(listed), len(b), manyNew) {
		note = fmt.Sprintf("%d of %d items are new at once: taken for known, and not announced", len(listed), len(items))
		listed = nil
	}
	changes = append(b.only(listed), rest...)
	gone, doubt := b.missing(next, now)
	if note == "" {
		note = doubt
	}
	return next, append(changes, gone...), note
}

// becomes is the kind of a change of state; "" for none.
func becomes(from, to state) string {
	switch {
	case from == to:
		return ""
	case to == closed:
		return ledger.EventDelisting
	case to == halted, from == open:
		return ledger.EventHalt
	}
	return ledger.EventResume // halted → limited, halted → open, limited → open
}

// only marks the listings of coins that had no item on the board; of several of one coin the first.
func (b board) only(listed []change) []change {
	traded := map[string]bool{}
	for k, m := range b {
		if m.State != closed {
			traded[class(k)+string(m.coin())] = true
		}
	}
	slices.SortFunc(listed, func(x, y change) int { return strings.Compare(x.key, y.key) })
	for i, c := range listed {
		k := class(c.key) + string(c.coin)
		listed[i].only = !traded[k]
		traded[k] = true
	}
	return listed
}

// class keeps coins and markets apart.
func class(key string) string {
	if strings.HasPrefix(key, assetKey) {
		return assetKey
	}
	return ""
}

const assetKey = "asset:"

// missing finds what is on b and not on next: gone where it was missing before, kept where it is the first time. doubt says that too
// many are missing to be believed yet; it is told once.
func (b board) missing(next board, now time.Time) (out []change, doubt string) {
	var keys []string
	open, fresh := 0, 0
	for k, m := range b {
		if m.State != closed {
			open++
		}
		if _, there := next[k]; there {
			continue
		}
		if m.State != closed {
			keys = append(keys, k)
			if m.Gone.IsZero() {
				fresh++
			}
		} else if away := now.Sub(m.Gone); m.Gone.IsZero() || away >= 0 && away < remembered {
			if m.Gone.IsZero() {
				m.Gone = now
			}
			next[k] = m
		}
	}
	slices.Sort(keys)
	suspect := many(len(keys), open, manyMissing)
	if suspect && fresh > 0 {
		doubt = fmt.Sprintf("%d of %d items are missing at once: not believed before they have been for %s", len(keys), open, longMissing)
	}
	for _, k := range keys {
		m := b[k]
		away := now.Sub(m.Gone)
		switch {
		case m.Gone.IsZero() || away < 0:
			m.Gone = now
		case !suspect || away >= longMissing:
			it := item{key: k, coin: m.coin(), state: closed, words: "named no more"}
			it.market, _ = market.ParseMarket(m.Name) // a coin has none
			out = append(out, change{item: it, kind: ledger.EventDelisting, n: m.Told})
			m.State, m.Gone, m.Told = closed, now, m.Told+1
		}
		next[k] = m
	}
	return out, doubt
}

// lasts marks the delistings after which a coin has no market on the board any more; of several of one coin the last.
func (b board) lasts(changes []change) {
	traded := map[string]bool{}
	for k, m := range b {
		if m.State != closed {
			traded[class(k)+string(m.coin())] = true
		}
	}
	for i := len(changes) - 1; i >= 0; i-- {
		if c := &changes[i]; c.kind == ledger.EventDelisting {
			k := class(c.key) + string(c.coin)
			c.only = !traded[k]
			traded[k] = true
		}
	}
}

// valid reports whether a board from a cursor is one; a hostile one is none.
func (b board) valid(now time.Time) bool {
	if len(b) > maxItems {
		return false
	}
	for k, m := range b {
		it := item{coin: m.coin()}
		it.market, _ = market.ParseMarket(m.Name)
		if _, err := market.ParseCoin(string(it.coin)); err != nil || it.name() != m.Name || len(k) > maxKey || source.Text(k, maxKey) != k || m.Gone.After(now.Add(time.Hour)) || m.Told < 0 {
			return false
		}
		switch m.State {
		case open, limited, halted, closed:
		default:
			return false
		}
	}
	return true
}

const maxKey = 60
