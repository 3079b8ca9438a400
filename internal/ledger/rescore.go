package ledger

import (
	"context"
	"time"
)

// Text is a standing text that may be scored again.
type Text struct {
	Seq   int64 // of its row
	Kind  string
	Event time.Time
	Text  string
}

// Score is a second opinion on one row: it lands as a revision of that row, with its own known time, if the row still stands.
type Score struct {
	Seq  int64
	Kind string // KindNews or KindPost
	Sentiment
}

// Spend is what was spent on a model in one UTC day, what was reserved and not settled among it.
type Spend struct {
	Day      int64 `json:"-"` // days since 1970
	Requests int64 `json:"requests"`
	Tokens   int64 `json:"tokens"`
	USDNano  int64 `json:"usd_nano"` // billionths of a dollar
	Done     int64 `json:"rescored"`
	Refused  int64 `json:"rejected"`
}

// Budget is the most of a UTC day; 0 bounds nothing.
type Budget struct {
	Requests, Tokens, USDNano int64
}

// Rescoring is what rescoring asks of the store. Safe in several processes at once.
type Rescoring interface {
	// Unscored are standing texts with event times from since to until that no model has scored and that were tried less than tries times, newest first.
	Unscored(ctx context.Context, kinds []string, since, until time.Time, tries, limit int) ([]Text, error)
	// Reserve writes down, durably, the worst case of one request on the texts before it is sent, and that they were tried. false: the
	// day's budget does not hold it, and nothing was written.
	Reserve(ctx context.Context, purpose string, worst Spend, most Budget, seqs []int64) (day int64, ok bool, err error)
	// Settle puts what a request came to in the place of what was reserved. again are texts whose try did not count.
	Settle(ctx context.Context, purpose string, day int64, reserved, actual Spend, again []int64) error
	// Spent is the spend of the UTC day of at.
	Spent(ctx context.Context, purpose string, at time.Time) (Spend, error)
}
