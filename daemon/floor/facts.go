package floor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/fact"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/venue"
)

// facts are what a session's strategy asks of the ledgers beside prices. A session on stored bars is told all of it before its first
// bar; one on live prices is told the past first, and what has landed since before each bar that closes. When each fact was known goes with it,
// so that it does not matter how early the strategy is told. Simulated prices have no facts.
type facts struct {
	reader   ledger.Reader
	query    ledger.FactQuery
	live     bool
	interval int64 // seconds; 0: once
	told     bool
	asked    int64 // the bar, by its open, in which the ledgers were asked last
}

func openFacts(ctx context.Context, r ledger.Reader, j *journal.Session, spec strategy.Spec, after int64) (*facts, error) {
	if len(spec.Ledgers) == 0 || j.Feed == feedSim {
		return nil, nil
	}
	f := &facts{reader: r, live: j.Feed == feedCoinSpot, interval: int64(j.Interval), told: after > 0}
	first := j.CreatedAt.Add(-time.Duration(spec.Warmup+recentBars) * j.Interval.Duration())
	if !f.live {
		f.query.AsOf = j.FeedArgs.To
		from, err := warmupBegins(ctx, r, j, spec.Warmup)
		if err != nil {
			return nil, err
		}
		first = time.Unix(slices.Min(from), 0).UTC()
	}
	f.query.Queries, f.query.Markets, f.query.Later, f.query.After = spec.Ledgers, j.Markets, after > 0, after
	f.query.From = first.Add(-ledger.Before(spec.Ledgers))
	return f, nil
}

// due reports that the strategy must be told something before it sees o: everything at first, and live before each bar's end.
func (f *facts) due(o *venue.Observation) bool {
	if !f.told {
		return true
	}
	return f.live && o.Quote != nil && o.Quote.Time.Unix()/f.interval > f.asked
}

// next asks what is to be told before o. An empty list is worth an event too where it is the first.
func (f *facts) next(ctx context.Context, o *venue.Observation) ([]fact.Fact, error) {
	got, err := f.reader.Facts(ctx, f.query)
	if err != nil {
		return nil, fmt.Errorf("ask the ledgers: %w", err)
	}
	f.told, f.query.Later, f.query.After = true, true, got.UpTo
	if o.Quote != nil {
		f.asked = o.Quote.Time.Unix() / f.interval
	}
	return got.Facts, nil
}

// inform tells the strategy what it has to know before it sees o. While the ledgers do not answer, the session waits.
func (a *session) inform(ctx context.Context, o *venue.Observation) (done bool, err error) {
	if a.facts == nil || !a.facts.due(o) {
		return false, nil
	}
	first := !a.facts.told
	list, err := a.facts.next(ctx, o)
	var ambiguous *ledger.AmbiguousError
	if errors.As(err, &ambiguous) { // two sources have begun to say it: which one is meant is the script's to say
		return true, a.finish(ctx, journal.Failed, ambiguous.Error())
	}
	if err != nil {
		return true, err
	}
	if len(list) == 0 && !first {
		return false, nil
	}
	at := a.time()
	parts := slices.Collect(slices.Chunk(list, engine.FactsInEvent))
	if len(parts) == 0 {
		parts = append(parts, nil)
	}
	for i, part := range parts {
		ev := engine.Event{Kind: engine.Facts, Time: at, Facts: part}
		if i == len(parts)-1 {
			ev.Seq = a.facts.query.After // only now has it been told all of it
		}
		if done, err := a.step(ctx, &ev); done || err != nil {
			return done, err
		}
	}
	return false, nil
}
