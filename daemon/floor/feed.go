package floor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source/simulator"
	"github.com/ohmycoins/omc/internal/venue"
)

// The feeds.
const (
	feedReplay   = "replay"
	feedSim      = "sim"
	feedCoinSpot = "coinspot"
)

const (
	pageBars  = 5_000     // bars read ahead of one market
	maxInputs = 5_000_000 // of one session fed by bars
)

// place is where a feed of bars stands: after the bar of market m that opens at open. The zero place is before everything.
type place struct {
	open int64 // unix seconds
	m    int
	any  bool
}

func (p place) past(open int64, m int) bool {
	return !p.any || open > p.open || open == p.open && m > p.m
}

// bars is a Feed that merges the markets' bars: by open time, and of one time in the declared order. It never waits for the
// wall clock; pacing is the session's. A page of each market is in memory at a time.
type bars struct {
	page  func(ctx context.Context, m int, from int64) ([]market.Bar, error) // bars that open at from or later, in order; none: the end
	after place
	rest  [][]market.Bar
	next  []int64 // open time from which each market's next page starts
	done  []bool
}

func newBars(markets int, from []int64, after place, page func(context.Context, int, int64) ([]market.Bar, error)) *bars {
	f := &bars{page: page, after: after, rest: make([][]market.Bar, markets), next: from, done: make([]bool, markets)}
	if after.any {
		for m := range f.next {
			f.next[m] = max(f.next[m], after.open)
		}
	}
	return f
}

// Quotes reports false.
func (f *bars) Quotes() bool { return false }

// Next returns the next bar, or io.EOF.
func (f *bars) Next(ctx context.Context) (venue.Observation, error) {
	for {
		best := -1
		for m := range f.rest {
			if err := f.fill(ctx, m); err != nil {
				return venue.Observation{}, err
			}
			if len(f.rest[m]) > 0 && (best < 0 || f.rest[m][0].Unix() < f.rest[best][0].Unix()) {
				best = m
			}
		}
		if best < 0 {
			return venue.Observation{}, io.EOF
		}
		b := &f.rest[best][0]
		f.rest[best] = f.rest[best][1:]
		if f.after.past(b.Unix(), best) {
			return venue.Observation{Market: best, Bar: b}, nil
		}
	}
}

func (f *bars) fill(ctx context.Context, m int) error {
	if len(f.rest[m]) > 0 || f.done[m] {
		return nil
	}
	page, err := f.page(ctx, m, f.next[m])
	if err != nil {
		return err
	}
	if len(page) == 0 {
		f.done[m] = true
		return nil
	}
	f.rest[m], f.next[m] = page, page[len(page)-1].Unix()+1
	return nil
}

// warmupBegins is where a replay's bars begin in each market: as many as the warm-up takes before its window, however far back they lie.
func warmupBegins(ctx context.Context, r ledger.Reader, j *journal.Session, warmup int) ([]int64, error) {
	from := make([]int64, len(j.Markets))
	for m := range j.Markets {
		from[m] = j.FeedArgs.From.Unix()
		if warmup <= 0 {
			continue
		}
		before, err := r.PriceBars(ctx, ledger.BarQuery{Market: j.Markets[m], Interval: j.Interval, To: j.FeedArgs.From, Limit: warmup})
		if err != nil {
			return nil, fmt.Errorf("warm-up bars of %s: %w", j.Markets[m], err)
		}
		if len(before.Bars) > 0 {
			from[m] = before.Bars[0].Unix()
		}
	}
	return from, nil
}

// openReplay feeds the stored bars of the session's window, and before them as many as the warm-up needs and the ledger has.
func openReplay(ctx context.Context, r ledger.Reader, j *journal.Session, warmup int, after place) (venue.Feed, error) {
	from, err := warmupBegins(ctx, r, j, warmup)
	if err != nil {
		return nil, err
	}
	to := j.FeedArgs.To.Unix()
	step := int64(j.Interval)
	return newBars(len(j.Markets), from, after, func(ctx context.Context, m int, at int64) ([]market.Bar, error) {
		for at < to {
			end := min(to, j.Interval.Floor(at)+pageBars*step)
			got, err := r.PriceBars(ctx, ledger.BarQuery{Market: j.Markets[m], Interval: j.Interval, From: time.Unix(at, 0).UTC(), To: time.Unix(end, 0).UTC()})
			if err != nil {
				return nil, fmt.Errorf("bars of %s: %w", j.Markets[m], err)
			}
			if len(got.Bars) > 0 {
				return got.Bars, nil
			}
			at = end
		}
		return nil, nil
	}), nil
}

// recentBars is how many bars the newest one before a live session may lie back, and how many of the last ones may be missing: older
// prices would warm a strategy up on another market than the one it meets.
const recentBars = 3

// openRecent feeds the newest stored bars before a live session, as many as the warm-up needs. A market whose stored bars are not
// recent, or are made up, is warmed up by the live prices alone.
func openRecent(ctx context.Context, r ledger.Reader, j *journal.Session, warmup int, after place) (*bars, error) {
	step := int64(j.Interval)
	end := j.Interval.Floor(j.CreatedAt.Unix())
	stored := make([][]market.Bar, len(j.Markets))
	for m, mk := range j.Markets {
		if warmup <= 0 {
			break
		}
		got, err := r.PriceBars(ctx, ledger.BarQuery{Market: mk, Interval: j.Interval, From: time.Unix(end-int64(warmup+recentBars)*step, 0).UTC(),
			To: time.Unix(end, 0).UTC(), Limit: warmup})
		if err != nil {
			return nil, fmt.Errorf("warm-up bars of %s: %w", mk, err)
		}
		if n := len(got.Bars); n > 0 && !got.Simulated && got.Bars[n-1].Unix() >= end-(recentBars+1)*step {
			stored[m] = got.Bars
		}
	}
	return newBars(len(j.Markets), make([]int64, len(j.Markets)), after, func(_ context.Context, m int, _ int64) ([]market.Bar, error) {
		page := stored[m]
		stored[m] = nil
		return page, nil
	}), nil
}

// warmed is a live feed with the bars before it.
type warmed struct {
	past *bars // nil: done
	live *quotes
}

// Quotes reports true.
func (f *warmed) Quotes() bool { return true }

// Next returns the next bar of the past, then quotes.
func (f *warmed) Next(ctx context.Context) (venue.Observation, error) {
	if f.past != nil {
		o, err := f.past.Next(ctx)
		if !errors.Is(err, io.EOF) {
			return o, err
		}
		f.past = nil
	}
	return f.live.Next(ctx)
}

// openSim feeds the market simulator's bars from the session's start, and before it what the warm-up needs.
func openSim(j *journal.Session, warmup int, after place) venue.Feed {
	step := int64(j.Interval)
	begin := j.FeedArgs.From.Unix() - int64(warmup)*step
	to := begin + maxInputs/int64(len(j.Markets))*step
	if !j.FeedArgs.To.IsZero() {
		to = min(to, j.FeedArgs.To.Unix())
	}
	from := make([]int64, len(j.Markets))
	streams := make([]*simulator.Stream, len(j.Markets))
	for m := range from {
		from[m] = begin
	}
	sim := simulator.New(j.FeedArgs.Seed)
	return newBars(len(j.Markets), from, after, func(_ context.Context, m int, at int64) ([]market.Bar, error) {
		if streams[m] == nil {
			streams[m] = sim.Stream(j.Markets[m], j.Interval, at)
		}
		var out []market.Bar
		for len(out) < pageBars/50 && streams[m].NextOpen() < to {
			b, err := streams[m].Next()
			if err != nil {
				return nil, err
			}
			out = append(out, b)
		}
		return out, nil
	})
}

// see moves the place to a recorded bar.
func (p *place) see(ev *engine.Event) {
	if ev.Kind == engine.Bar {
		*p = place{open: ev.Bar.Unix(), m: ev.Market, any: true}
	}
}
