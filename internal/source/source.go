// Package source is the port between upstreams and ledgers: what a feed is, and what one poll of it brings.
// The packages below it, one per upstream, turn a wire format into ledger records and do nothing else: they keep no state between
// polls but the cursor, write nowhere, and decide no schedule.
package source

import (
	"context"
	"time"

	"github.com/ohmycoins/omc/internal/ledger"
)

// MaxCursor is the most bytes of a cursor.
const MaxCursor = 1 << 20

// Feed is one stream of an upstream, polled on a schedule into a ledger.
type Feed struct {
	Name    string        // coinspot, defillama.fees: unique among all feeds
	Source  string        // the upstream, as in sources.<source>.base_url
	As      string        // the source's name in the ledger, where it is another than Source
	Ledger  string        // ledger.Glass, ledger.Human, …
	About   string        // one line for people
	Every   time.Duration // how often to poll: as the upstream moves, and permits
	Timeout time.Duration // of one poll with all its requests
	Fresh   time.Duration // how far the ledger may be behind the upstream
	Urgent  bool          // never waits behind another feed
	Bars    bool          // five-minute bars are built from its quotes
	// Needs are the settings without which the feed cannot run, like sources.etherscan.key: it is listed, says so, and is not polled.
	Needs []string
	// Poll asks the upstream once, which may take several requests. cursor is what the last poll that landed returned, nil before
	// the first. What a harvest holds lands even where an error stands beside it: one of several requests failed.
	// Polls of one feed never run at the same time. An error that is a PutOff, or holds an upstream's wish for fewer requests, is no
	// failure: it says until when the feed is put off. ByHand marks a poll that a person asked for.
	Poll func(ctx context.Context, cursor []byte) (Harvest, error)
}

// Harvest is what one poll brought.
type Harvest struct {
	ledger.Records
	Rejects []ledger.Reject // pieces that could not be taken; the rest of the answer can
	Whole   bool            // its quotes are all that the venue quotes: a market that is not among them is quoted no more
	Read    time.Time       // when the (first) answer was read: from then on its records are known
	Cursor  []byte          // JSON for the next poll, at most MaxCursor bytes; nil keeps the one there is
	// Since says that everything the upstream published from then on is in the ledger once this harvest has landed. Zero: the
	// harvest shows the present only, and what was missed stays missed.
	Since time.Time
	Again bool // more is waiting upstream: poll again soon
	// Gaps are times over which something is known to be missing, see Gap; Feed stays empty.
	Gaps []ledger.FeedGap

	beyond int // rejects beyond the most that are kept
}

// Origin is the source's name in the ledger.
func (f *Feed) Origin() string {
	if f.As != "" {
		return f.As
	}
	return f.Source
}
