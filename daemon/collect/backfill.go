package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/source"
)

// Bounds of a backfill.
const (
	maxBackfill = 2_000_000 // places of one market
	chunkBars   = 5_000     // asked for and stored at a time: so much is lost at most when it is broken off
)

// Holes tells what of a window is not stored.
type Holes interface {
	Holes(ctx context.Context, m market.Market, iv market.Interval, from, to time.Time, limit int) ([]ledger.Gap, error)
}

// Backfill asks the sources in order for what is not stored of a window, oldest first, and leaves what is stored as it is. What has
// been stored when it is broken off stays, so that the same request goes on from there.
func (s *Service) Backfill(ctx context.Context, r api.BackfillRequest, emit func(api.BackfillEvent) error) error {
	markets, err := parseMarkets(r.Markets)
	if err != nil {
		return err
	}
	iv, err := market.ParseInterval(r.Interval)
	if err != nil {
		return badRequest("%s", err)
	}
	if r.From == "" {
		return badRequest("say from when: from is empty")
	}
	from, to, err := s.window(r.From, r.To, iv, maxBackfill)
	if err != nil {
		return err
	}
	sources, err := s.pick(r.Sources)
	if err != nil {
		return err
	}
	out := api.BackfillSummary{Markets: []api.BackfillMarket{}}
	for _, m := range markets {
		b := backfill{s: s, m: m, iv: iv, to: to, emit: emit, out: api.BackfillMarket{Market: m, Errors: map[string]string{}}}
		if err := b.run(ctx, from, sources); err != nil {
			return err
		}
		out.Markets = append(out.Markets, b.out)
	}
	return emit(api.BackfillEvent{Done: &out})
}

// backfill is one market under way.
type backfill struct {
	s    *Service
	m    market.Market
	iv   market.Interval
	to   time.Time
	emit func(api.BackfillEvent) error
	out  api.BackfillMarket
}

// run lets each source fill what those before it have left.
func (b *backfill) run(ctx context.Context, from time.Time, sources []Candles) error {
	for _, src := range sources {
		holes, err := b.s.holes.Holes(ctx, b.m, b.iv, from, b.to, maxBackfill)
		if err != nil {
			return err
		}
		b.out.Missing = places(holes)
		if len(holes) == 0 {
			return nil
		}
		for i, h := range holes {
			left := places(holes[i:])
			if err := b.fill(ctx, src, h, left); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				var sink *sinkError
				if errors.As(err, &sink) {
					return sink.err
				}
				b.out.Errors[src.Name()] = err.Error()
				break // the next source
			}
		}
	}
	holes, err := b.s.holes.Holes(ctx, b.m, b.iv, from, b.to, maxBackfill)
	b.out.Missing = places(holes)
	return err
}

// sinkError is a failure on our side: no other source can help.
type sinkError struct{ err error }

func (e *sinkError) Error() string { return e.err.Error() }

func places(holes []ledger.Gap) (n int) {
	for _, h := range holes {
		n += h.Bars
	}
	return n
}

// fill asks one source for one hole, in pieces.
func (b *backfill) fill(ctx context.Context, src Candles, h ledger.Gap, left int) error {
	step := b.iv.Duration()
	end := h.To.Add(step)
	for from := h.From; from.Before(end); {
		to := from.Add(chunkBars * step)
		if to.After(end) {
			to = end
		}
		bars, err := src.Candles(ctx, b.m, b.iv, from, to)
		next := to
		var shallow *source.Shallow
		if errors.As(err, &shallow) { // what it has is taken; what is older stays a hole, which the next source is asked for
			b.out.Errors[src.Name()], err = err.Error(), nil
			if shallow.Since.After(next) {
				next = shallow.Since
			}
		}
		b.s.note(src.Name(), err) // which is nil where it only keeps no older data
		if err != nil {
			return err
		}
		now := b.s.clock.Now().Unix()
		for len(bars) > 0 && bars[len(bars)-1].Unix()+int64(b.iv) > now {
			bars = bars[:len(bars)-1]
		}
		added, conflicts, err := b.s.store(ctx, b.m, b.iv, src.Name(), bars)
		if err != nil {
			return &sinkError{fmt.Errorf("store %s: %w", b.m, err)}
		}
		if conflicts > 0 {
			b.out.Errors[src.Name()] = fmt.Sprintf("%d bars had come in meanwhile with other values, and were left as they are", conflicts)
		}
		b.out.Added += added
		left -= int(min(next.Sub(from), end.Sub(from)) / step)
		from = next
		if err := b.emit(api.BackfillEvent{Progress: &api.BackfillProgress{Market: b.m, Source: src.Name(), Hole: h, Added: b.out.Added, Left: left}}); err != nil {
			return &sinkError{err}
		}
	}
	return nil
}
