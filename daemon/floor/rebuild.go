package floor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/strategy"
)

const (
	inputPage = 1_000
	linePage  = 2_000
)

// errUnusable: what is recorded can never be stepped again, however often it is tried.
var errUnusable = errors.New("the session cannot be rebuilt")

// rebuilt is a session's engine after its recorded inputs, and how its audit compares with the recorded one.
type rebuilt struct {
	*recorder
	at         place  // bars: after the newest recorded one
	live       bool   // a quote or a command has been recorded
	told       int64  // the newest item of the ledgers that the strategy was told of; 0: it was told nothing, or not all of it
	recorded   string // hash of the newest recorded line
	stored     int64  // recorded lines
	difference string // "": line for line the same
	failure    error  // of the last recorded input
}

// unusable is err as an errUnusable, unless it tells of this machine rather than of the session: a strategy that was ended by a limit
// where it was not before, or that could not be started, may well run another time.
func unusable(err error) error {
	var limit *sandbox.LimitError
	if errors.As(err, &limit) {
		return err
	}
	return fmt.Errorf("%w: %w", errUnusable, err)
}

// rebuild steps a session's recorded inputs through a fresh engine and compares the audit byte for byte with the recorded one, a
// page at a time. Lines of a session without inputs stay in the batch: they are of the strategy's init and not journalled yet.
func (s *Service) rebuild(ctx context.Context, j journal.Session) (_ *rebuilt, err error) {
	strat, err := s.load(ctx, &j)
	if err != nil {
		return nil, err
	}
	rec, err := newRecorder(j, strat)
	if err != nil {
		strat.Close()
		return nil, unusable(err)
	}
	b := &rebuilt{recorder: rec}
	defer func() {
		if err != nil {
			rec.close()
		}
	}()
	cmp := comparer{store: s.store, session: j.ID}
	for {
		inputs, err := s.store.FloorInputs(ctx, j.ID, rec.runner.Inputs(), inputPage)
		if err != nil {
			return nil, fmt.Errorf("recorded inputs: %w", err)
		}
		if len(inputs) == 0 {
			break
		}
		for i := range inputs {
			if err := b.again(&inputs[i]); err != nil {
				return nil, unusable(err)
			}
			if err := cmp.lines(ctx, rec.batch.Lines); err != nil {
				return nil, err
			}
			rec.clear()
		}
	}
	if err := cmp.rest(ctx, rec.runner.Inputs()); err != nil {
		return nil, err
	}
	b.recorded, b.stored, b.difference = cmp.hash, cmp.count, cmp.difference
	return b, nil
}

// again steps one recorded input. Only the last one may fail: after it the session had failed too.
func (b *rebuilt) again(in *journal.Input) error {
	if b.failure != nil {
		return fmt.Errorf("input %d failed, and input %d was recorded after it: %w", in.Seq-1, in.Seq, b.failure)
	}
	if want := b.runner.Inputs() + 1; in.Seq != want {
		return fmt.Errorf("recorded input %d where %d comes next", in.Seq, want)
	}
	ev, err := engine.DecodeEvent(in.Kind, in.Body)
	if err != nil {
		return fmt.Errorf("recorded input %d: %w", in.Seq, err)
	}
	b.failure = b.take(&ev)
	b.at.see(&ev)
	b.live = b.live || ev.Kind != engine.Bar && ev.Kind != engine.Facts
	b.told = max(b.told, ev.Seq)
	return nil
}

// load makes a fresh strategy from the session's algorithm. Its declaration must still be what the session was started with.
func (s *Service) load(ctx context.Context, j *journal.Session) (*sandbox.Session, error) {
	a, err := s.store.Algorithm(ctx, j.UserID, j.Algorithm)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", errUnusable, err)
	}
	if err != nil {
		return nil, fmt.Errorf("algorithm of the session: %w", err)
	}
	strat, err := s.sandbox.Session(ctx, a.Name, a.Content)
	var script *strategy.ScriptError
	switch {
	case errors.As(err, &script), errors.Is(err, sandbox.ErrChanged):
		return nil, fmt.Errorf("%w: %w", errUnusable, err)
	case err != nil:
		return nil, fmt.Errorf("start the strategy: %w", err)
	}
	spec := strat.Spec()
	if len(spec.Markets) != len(j.Markets) || spec.Interval != j.Interval {
		strat.Close()
		return nil, fmt.Errorf("%w: strategy %s declares other markets or another interval than the session was started with", errUnusable, j.Strategy)
	}
	return strat, nil
}

// comparer holds lines against the recorded ones, a page of them in memory.
type comparer struct {
	store      Store
	session    string
	page       []journal.Line
	count      int64 // recorded lines seen
	hash       string
	difference string
}

func (c *comparer) next(ctx context.Context) (*journal.Line, error) {
	if len(c.page) == 0 {
		var err error
		if c.page, err = c.store.FloorLines(ctx, c.session, c.count, linePage); err != nil {
			return nil, fmt.Errorf("recorded audit: %w", err)
		}
		if len(c.page) == 0 {
			return nil, nil
		}
	}
	l := &c.page[0]
	c.page = c.page[1:]
	c.count++
	c.hash = l.Hash
	return l, nil
}

func (c *comparer) lines(ctx context.Context, made []journal.Line) error {
	for i := range made {
		l, err := c.next(ctx)
		if err != nil {
			return err
		}
		c.compare(l, &made[i])
	}
	return nil
}

func (c *comparer) compare(recorded, made *journal.Line) {
	if c.difference != "" {
		return
	}
	switch {
	case recorded == nil:
		c.difference = fmt.Sprintf("line %d: nothing was recorded, replayed: %s", made.Seq, shown(made))
	case recorded.Seq != made.Seq || recorded.Input != made.Input || !recorded.Time.Equal(made.Time) || recorded.Kind != made.Kind || string(recorded.Body) != string(made.Body):
		c.difference = fmt.Sprintf("line %d: recorded: %s, replayed: %s", made.Seq, shown(recorded), shown(made))
	case recorded.Hash != made.Hash:
		c.difference = fmt.Sprintf("line %d: the same text, but recorded with hash %.16s where %.16s follows: a line before it was changed", made.Seq, recorded.Hash, made.Hash)
	}
}

// rest looks at the recorded lines that no input gave again. Lines of inputs after the newest replayed one belong to a session that
// went on meanwhile.
func (c *comparer) rest(ctx context.Context, inputs int64) error {
	count, hash := c.count, c.hash
	l, err := c.next(ctx)
	if err != nil || l == nil {
		return err
	}
	if l.Input > inputs {
		c.count, c.hash = count, hash
	} else if c.difference == "" {
		c.difference = fmt.Sprintf("line %d: recorded: %s, replayed: nothing", l.Seq, shown(l))
	}
	return nil
}

func shown(l *journal.Line) string {
	return fmt.Sprintf("input %d %s %s %.300s", l.Input, l.Time.Format(time.RFC3339Nano), l.Kind, l.Body)
}
