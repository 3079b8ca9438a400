package ledger

import (
	"context"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
)

// Claim is one process' right to poll a feed once. Only the newest claim of a feed may land.
type Claim struct {
	Feed   string
	Number int64
	Cursor []byte    // what the last poll that landed left
	LastOK time.Time // when a poll last went well; zero: never
	Failed int       // polls in a row that failed before
	Asked  bool      // a person asked for this poll
}

// Landing is what one poll leaves behind: records, rejects and the feed's new state, in one transaction or not at all.
type Landing struct {
	Claim   Claim
	Source  string
	Records Records
	Scores  []Score // second opinions on texts that landed before
	// Whole says that Quotes are all the venue quotes: a market that is not among them is quoted no more.
	Whole    bool
	Rejects  []Reject
	Cursor   []byte // nil keeps the old one
	Tick     time.Time
	Started  time.Time
	Read     time.Time // when the answer was read; zero: there was none
	Since    time.Time // see source.Harvest.Since
	Err      string    // what went wrong, "" where nothing did
	GivenUp  bool      // by us, in the middle: what it brought lands, it counts as no poll, and its tick may be begun again
	Requests int64
	// Hold puts the feed off; Err says why, and the poll counts neither as a success nor as a failure.
	Hold Hold
	// Idle says that nothing was due: nothing was asked, nothing is known to be fresh, and nothing is missing.
	Idle bool
	// Gaps are times over which something is known to be missing, see source.Harvest.Gap. A zero From is the feed's last success.
	Gaps []FeedGap
	// GapAfter is how long a feed may go without a success before that is a gap.
	GapAfter time.Duration
}

// Hold is a time in which nothing is asked of an upstream.
type Hold struct {
	Until time.Time // zero: there is none
	By    string    // HeldByUpstream or HeldBySource
}

// Who holds a feed.
const (
	HeldByUpstream = "upstream" // it asked for fewer requests: no process polls before the hold ends
	HeldBySource   = "source"   // omc's own plan, or the user's: the source looks at it at every tick
)

// Landed counts what became of a landing's records.
type Landed struct {
	New      int // rows added, revisions among them
	Revised  int // of New: there was an earlier version
	Same     int // already there
	Rejected int
	Known    time.Time      // the known time of what was added
	Seq      int64          // number of the newest row; 0: none was added
	Quotes   []market.Quote // those that changed; without prices: quoted no more
}

// FeedState is the state of one feed as the store keeps it.
type FeedState struct {
	Name        string    `json:"name"`
	Paused      bool      `json:"paused"`
	Owner       string    `json:"owner,omitempty"` // the process that polls it now
	LastTick    time.Time `json:"last_tick"`
	LastOK      time.Time `json:"last_ok"`
	Newest      time.Time `json:"newest_record"` // event time
	Error       string    `json:"error,omitempty"`
	ErrorAt     time.Time `json:"error_at"`
	Failed      int       `json:"failed_in_a_row"`
	Runs        int64     `json:"runs"`
	Failures    int64     `json:"failures"`
	Rows        int64     `json:"rows"`
	Quarantined int64     `json:"quarantined"`
	HeldUntil   time.Time `json:"held_until"` // zero: nothing holds it
	Held        string    `json:"held,omitempty"`
	HeldBy      string    `json:"held_by,omitempty"`
	LastIdle    time.Time `json:"last_idle"` // the newest poll that found nothing due
}

// RunStats sum up a feed's polls over a window.
type RunStats struct {
	Runs     int64         `json:"runs"`
	Failures int64         `json:"failures"`
	Rows     int64         `json:"rows"`
	Same     int64         `json:"same"`
	Rejected int64         `json:"rejected"`
	Requests int64         `json:"requests"`
	LagP50   time.Duration `json:"lag_p50"` // known − event of the newest record of each poll that brought one
	LagP99   time.Duration `json:"lag_p99"`
}

// FeedGap is a time over which a feed brought nothing.
type FeedGap struct {
	Feed     string     `json:"feed"`
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	Reason   string     `json:"reason"`
	Repaired *time.Time `json:"repaired_at"` // when the upstream's own history filled it
	Open     bool       `json:"open"`        // it lasts
}

// Quarantined is a piece of an answer that was not taken.
type Quarantined struct {
	ID     int64     `json:"id"`
	Feed   string    `json:"feed"`
	Source string    `json:"source"`
	Reason string    `json:"reason"`
	Bytes  []byte    `json:"bytes"` // at most 16 KiB
	Size   int64     `json:"size"`  // of all of them
	Seen   int64     `json:"seen"`  // times
	First  time.Time `json:"first_seen"`
	Last   time.Time `json:"last_seen"`
}

// PollTimes are the moments, ascending, at which a feed's answers were read in [from, to).
type PollTimes []time.Time

// StoredQuote is one change of a quote as the ledger keeps it.
type StoredQuote struct {
	market.Quote
	Seq    int64
	Source string
	Gone   bool // quoted no more; there are no prices
}

// Collector is what the collectors' runner asks of the store. Safe in several processes at once.
type Collector interface {
	// Begin gives the right to poll feed at tick until the given time, or false: it is paused, its upstream holds it, someone polls it, or
	// that tick was begun.
	Begin(ctx context.Context, feed, owner string, tick, until time.Time) (Claim, bool, error)
	// Extend makes a claim last longer. One that is not the newest any more stays as it is.
	Extend(ctx context.Context, c Claim, until time.Time) error
	// HoldFeeds puts feeds off that are not held for longer already: others of an upstream that asked for it.
	HoldFeeds(ctx context.Context, names []string, h Hold, why string) error
	// AskFeed notes that a person asked for a poll: the next claim says so.
	AskFeed(ctx context.Context, name string, at time.Time) error
	// Land keeps what a poll brought. A claim that is not the newest any more is store.ErrConflict, and nothing lands.
	Land(ctx context.Context, l Landing) (Landed, error)
	// ReleaseAll gives back every claim. Only who knows that nobody else polls may ask for it.
	ReleaseAll(ctx context.Context) error
	// EnsureFeeds makes the rows of feeds that have none.
	EnsureFeeds(ctx context.Context, names []string) error
	FeedStates(ctx context.Context) ([]FeedState, error)
	FeedRuns(ctx context.Context, since time.Time) (map[string]RunStats, error)
	PauseFeed(ctx context.Context, name string, paused bool) error
	FeedGaps(ctx context.Context, feed string, limit int) ([]FeedGap, error) // newest first
	Quarantine(ctx context.Context, feed string, limit int) ([]Quarantined, error)
	ClearQuarantine(ctx context.Context, feed string) (int64, error)
	// QuoteChanges are the changes of a source's quotes with event times in [from, to), and before them the one in force at from,
	// by market, in time order.
	QuoteChanges(ctx context.Context, source string, from, to time.Time) (map[market.Market][]StoredQuote, error)
	// Polls are the moments at which the feed's answers were read with success in [from, to).
	Polls(ctx context.Context, feed string, from, to time.Time) (PollTimes, error)
}

// MarketTrade is one trade that a venue's public list shows.
type MarketTrade struct {
	ID     string        `json:"id"` // unique within market and source
	Market market.Market `json:"market"`
	Time   time.Time     `json:"time"`
	Side   string        `json:"side"` // buy, sell: whose list it stood in
	Price  money.Decimal `json:"price"`
	Amount money.Decimal `json:"amount"`
}
