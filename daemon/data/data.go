// Package data answers questions about the ledgers: the same nine for agents, scripts and people, as of any moment.
// It holds a ledger.Reader and nothing else: there is no way to write from here.
package data

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
)

// fallback is the window of a question whose own is none: the last 30 days.
const fallback = 30 * 24 * time.Hour

// maxNarrow bounds the lists a question is narrowed by.
const maxNarrow = 50

// Service implements gateway.Data. Safe for concurrent use.
type Service struct {
	reader ledger.Reader
	clock  clock.Clock
	Options
	followers atomic.Int64 // those that follow now
	dropped   atomic.Int64 // those that were too slow
}

// Options of New; none is needed.
type Options struct {
	// Feeds tells how the collectors do, for Trust.
	Feeds func(context.Context) ([]api.Collector, error)
	// Polled tells when each venue's quotes were last read with success.
	Polled func(context.Context) (map[string]time.Time, error)
	// Landed gives a channel that is told when something may have landed, until ctx ends or stop is called.
	Landed func(ctx context.Context) (wake <-chan struct{}, stop func())
}

// New returns the service.
func New(r ledger.Reader, c clock.Clock, o Options) *Service {
	return &Service{reader: r, clock: c, Options: o}
}

// Coverage answers get_available_coins: which prices the ledger holds, or held at a moment. asOf is as in api.DataQuery.
func (s *Service) Coverage(ctx context.Context, asOf string) ([]ledger.Coverage, error) {
	at, err := api.ParseTime("as_of", asOf)
	if err != nil {
		return nil, err
	}
	return s.coverage(ctx, at)
}

func badRequest(format string, args ...any) *api.Problem {
	return api.NewProblem(400, api.CodeBadRequest, format, args...)
}

// question is a DataQuery understood.
type question struct {
	ledger.Window
	api.Asked
	limit int // asked for; Window.Limit is one more, so that a cut shows
}

// understand reads the window. A range that is none falls back to the last 30 days, and the answer says so; a moment that is none is
// refused: an answer as of another moment would show what was not known.
func (s *Service) understand(q *api.DataQuery, def time.Duration) (question, error) {
	var out question
	out.Notes = []string{}
	asOf, err := api.ParseTime("as_of", q.AsOf)
	if err != nil {
		return out, err
	}
	now := s.clock.Now()
	if !asOf.IsZero() {
		out.Window.AsOf = asOf
		out.Asked.AsOf = &asOf
		now = asOf
	}
	if q.Limit < 0 || q.Limit > api.MaxRows {
		return out, badRequest("limit %d: want 0 (%d) to %d", q.Limit, api.DefaultRows, api.MaxRows)
	}
	if out.limit = q.Limit; out.limit == 0 {
		out.limit = api.DefaultRows
	}
	out.Limit = out.limit + 1
	from, ferr := api.ParseTime("from", q.From)
	to, terr := api.ParseTime("to", q.To)
	switch {
	case ferr != nil || terr != nil:
		bad := ferr
		if bad == nil {
			bad = terr
		}
		out.note("%s; the last 30 days are shown", bad)
		from, to = now.Add(-fallback), time.Time{}
	case !from.IsZero() && !to.IsZero() && !from.Before(to):
		out.note("from %s is not before to %s; the last 30 days are shown", q.From, q.To)
		from, to = now.Add(-fallback), time.Time{}
	case from.IsZero() && to.IsZero() && def > 0:
		from = now.Add(-def)
	}
	out.From, out.To = from, to
	return out, nil
}

func (q *question) note(format string, args ...any) {
	q.Notes = append(q.Notes, fmt.Sprintf(format, args...))
}

// cut drops the row beyond the limit, and says so.
func cut[T any](q *question, rows []T) []T {
	if len(rows) <= q.limit {
		if rows == nil {
			rows = []T{}
		}
		return rows
	}
	q.note("only the newest %d are shown; narrow the window, or raise the limit", q.limit)
	return rows[len(rows)-q.limit:]
}

// coins reads tickers. One that cannot be a ticker names nothing, and is noted.
func (q *question) coins(names []string) (out []market.Coin, none bool, err error) {
	if len(names) > maxNarrow {
		return nil, false, badRequest("%d currencies, the limit is %d", len(names), maxNarrow)
	}
	for _, n := range names {
		c, err := market.ParseCoin(n)
		if err != nil {
			q.note("%s: it names nothing", err)
			continue
		}
		out = append(out, c)
	}
	return out, len(names) > 0 && len(out) == 0, nil
}

func list(what string, values []string) ([]string, error) {
	if len(values) > maxNarrow {
		return nil, badRequest("%d %s, the limit is %d", len(values), what, maxNarrow)
	}
	for _, v := range values {
		if len(v) > 200 {
			return nil, badRequest("one of the %s has %d bytes, the limit is 200", what, len(v))
		}
	}
	return values, nil
}

// lower reads names that are all in lower case.
func lower(what string, values []string) ([]string, error) {
	values, err := list(what, values)
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ToLower(strings.TrimSpace(v))
	}
	return out, err
}
