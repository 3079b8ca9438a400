package floor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/engine"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/internal/venue"
)

// Inputs of stored or simulated bars can be had again, so that they are journalled in groups; quotes one by one.
const (
	groupInputs = 500
	groupTime   = 200 * time.Millisecond
)

const maxFailure = 2_000 // characters of a failure that are kept

// session is one session at work. Everything without a mutex belongs to the goroutine that runs work.
type session struct {
	s        *Service
	j        journal.Session
	commands chan command
	finished chan struct{} // closed when work has returned

	rec      *recorder
	facts    *facts             // nil: the strategy asks the ledgers nothing
	next     *venue.Observation // taken from the feed, waiting for its time
	began    time.Time          // when the group under way was begun
	origin   origin
	winding  bool      // killed, not flat yet
	progress time.Time // winding: session time of the kill or the newest fill since

	mu        sync.Mutex // guards the fields below
	health    string     // "": well
	waiting   context.Context
	interrupt context.CancelFunc
}

// command is a person's order to a session. done gets what became of it: nil when it is journalled.
type command struct {
	what string
	done chan error
}

// origin ties the session's time to the wall's.
type origin struct{ wall, session time.Time }

func newSession(s *Service, j journal.Session) *session {
	return &session{s: s, j: j, commands: make(chan command, 8), finished: make(chan struct{})}
}

func (a *session) ended() bool {
	select {
	case <-a.finished:
		return true
	default:
		return false
	}
}

// do gives a command and waits until it is journalled.
func (a *session) do(ctx context.Context, what string) error {
	c := command{what, make(chan error, 1)}
	select {
	case a.commands <- c:
	case <-a.finished:
		return a.over()
	case <-ctx.Done():
		return ctx.Err()
	}
	a.mu.Lock()
	if a.interrupt != nil {
		a.interrupt()
	}
	a.mu.Unlock()
	select {
	case err := <-c.done:
		return err
	case <-a.finished:
		select {
		case err := <-c.done:
			return err
		default:
			return a.over()
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over says why a session takes no command any more.
func (a *session) over() error {
	if h := a.state(); h != "" {
		return api.NewProblem(http.StatusServiceUnavailable, api.CodeUnavailable, "session %s does not run: %s", a.j.ID, h)
	}
	return api.NewProblem(http.StatusConflict, api.CodeConflict, "session %s has ended meanwhile: see 'omc floor status'", a.j.ID)
}

// waitable is a context that a command ends. Take it before looking for commands, so that none is missed.
func (a *session) waitable(ctx context.Context) context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting == nil || a.waiting.Err() != nil {
		if a.interrupt != nil {
			a.interrupt()
		}
		a.waiting, a.interrupt = context.WithCancel(ctx)
	}
	return a.waiting
}

func (a *session) tell(health string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.health = health
}

func (a *session) state() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.health
}

// work runs the session until it has ended or ctx ends. What breaks it off without being its own failure (the store does not
// answer) leaves it running in the store and is told as its health.
func (a *session) work(ctx context.Context) {
	err := a.trade(ctx)
	if err != nil && ctx.Err() == nil {
		a.tell("broke off: " + err.Error())
	}
	a.mu.Lock()
	if a.interrupt != nil {
		a.interrupt()
	}
	a.mu.Unlock()
	a.s.mu.Lock()
	close(a.finished)
	if err == nil && a.s.active[a.j.ID] == a {
		delete(a.s.active, a.j.ID)
	}
	a.s.mu.Unlock()
	a.s.hub.wake(a.j.ID)
}

func (a *session) trade(ctx context.Context) error {
	now, err := a.s.store.FloorSession(ctx, a.j.UserID, a.j.ID)
	if err != nil || now.Status.Final() { // ended between being asked for and being taken up
		return err
	}
	b, err := a.s.rebuild(ctx, a.j)
	if errors.Is(err, errUnusable) {
		a.rec = &recorder{session: a.j}
		return a.discard(ctx, err.Error())
	}
	if err != nil {
		return fmt.Errorf("take the session up: %w", err)
	}
	a.rec = b.recorder
	defer a.rec.close()
	if b.difference != "" {
		return a.discard(ctx, "the journal does not give the same audit again: "+b.difference)
	}
	a.winding, a.progress = a.rec.runner.Engine().Halted() == engine.KillCommand, a.rec.runner.Engine().Now()
	feed, err := a.open(ctx, b)
	if err != nil {
		return err
	}
	if a.facts, err = openFacts(ctx, a.s.ledger, &a.j, *a.rec.runner.Engine().Spec(), b.told); err != nil {
		return err
	}
	for {
		if ctx.Err() != nil {
			return errors.Join(a.flush(ctx), ctx.Err())
		}
		if done, err := a.wound(ctx); done || err != nil {
			return err
		}
		w := a.waitable(ctx)
		select {
		case c := <-a.commands:
			done, err := a.command(ctx, c)
			if done || err != nil {
				return err
			}
			continue
		default:
		}
		done, err := a.turn(ctx, w, feed)
		if done || err != nil {
			return err
		}
	}
}

// open opens the session's feed where the recorded inputs end.
func (a *session) open(ctx context.Context, b *rebuilt) (venue.Feed, error) {
	warmup := a.rec.runner.Engine().Spec().Warmup
	switch a.j.Feed {
	case feedReplay:
		return openReplay(ctx, a.s.ledger, &a.j, warmup, b.at)
	case feedSim:
		return openSim(&a.j, warmup, b.at), nil
	case feedCoinSpot:
		if a.s.opts.Quotes == nil {
			return nil, errors.New("this process has no coinspot feed")
		}
		live := openQuotes(a.s, &a.j, a.rec.runner.Engine().Now, a.tell)
		if b.live {
			return live, nil
		}
		past, err := openRecent(ctx, a.s.ledger, &a.j, warmup, b.at)
		if err != nil {
			return nil, err
		}
		return &warmed{past: past, live: live}, nil
	}
	return nil, fmt.Errorf("unknown feed %.20q", a.j.Feed)
}

// turn takes one observation from the feed, waits for its time, and steps it. w ends when a command comes.
func (a *session) turn(ctx, w context.Context, feed venue.Feed) (done bool, err error) {
	if a.next == nil {
		o, err := feed.Next(w)
		switch {
		case ctx.Err() != nil:
			return true, errors.Join(a.flush(ctx), ctx.Err())
		case w.Err() != nil && err != nil:
			return false, nil
		case errors.Is(err, io.EOF):
			return true, a.end(ctx)
		case err != nil:
			return true, a.finish(ctx, journal.Failed, fmt.Sprintf("the feed failed: %v", err))
		}
		a.next = &o
	}
	if d := a.early(); d > 0 {
		if err := a.flush(ctx); err != nil {
			return true, err
		}
		if err := a.s.opts.Wait(w, d); err != nil {
			if ctx.Err() != nil {
				return true, ctx.Err()
			}
			return false, nil
		}
	}
	if done, err := a.inform(ctx, a.next); done || err != nil {
		return done, err
	}
	ev := engine.FromFeed(*a.next)
	a.next = nil
	return a.step(ctx, &ev)
}

// early is how long the next observation must wait at the session's speed. Warm-up bars, and all once killed, do not wait.
func (a *session) early() time.Duration {
	speed, bar := a.j.FeedArgs.Speed, a.next.Bar
	if bar == nil || speed <= 0 || a.winding || bar.OpenTime().Before(a.j.FeedArgs.From) {
		return 0
	}
	at := bar.OpenTime().Add(a.j.Interval.Duration())
	if a.origin.wall.IsZero() {
		a.origin = origin{wall: a.s.clock.Now(), session: at}
	}
	due := a.origin.wall.Add(time.Duration(float64(at.Sub(a.origin.session)) / speed))
	return due.Sub(a.s.clock.Now())
}

// step steps an input and commits when it is time to. A strategy's error ends the session.
func (a *session) step(ctx context.Context, ev *engine.Event) (done bool, err error) {
	if !a.rec.pending() {
		a.began = a.s.clock.Now()
	}
	if err := a.rec.step(ev); err != nil {
		return true, a.fail(ctx, err)
	}
	if a.winding && len(a.rec.runner.Fills()) > 0 {
		a.progress = a.rec.runner.Engine().Now()
	}
	if a.j.Feed == feedCoinSpot || len(a.rec.batch.Inputs) >= groupInputs || a.s.clock.Now().Sub(a.began) >= groupTime {
		return false, a.flush(ctx)
	}
	return false, nil
}

// flush commits what is pending. It is not given up when ctx ends: a commit whose outcome is unknown would be worse.
func (a *session) flush(ctx context.Context) error {
	if !a.rec.pending() {
		return nil
	}
	a.rec.seal("", "")
	return a.commit(ctx)
}

func (a *session) commit(ctx context.Context) error {
	if err := a.s.store.CommitBatch(context.WithoutCancel(ctx), a.rec.batch); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	a.rec.clear()
	a.s.hub.wake(a.j.ID)
	return nil
}

// finish commits what is pending with the session's final status.
func (a *session) finish(ctx context.Context, s journal.Status, why string) error {
	if r := []rune(why); len(r) > maxFailure {
		why = string(r[:maxFailure]) + "…"
	}
	a.rec.seal(s, why)
	if err := a.commit(ctx); err != nil {
		return err
	}
	a.tell("")
	return nil
}

// end steps the end of the feed: open orders are cancelled, positions stay.
func (a *session) end(ctx context.Context) error {
	if err := a.rec.step(&engine.Event{Kind: engine.End, Time: a.time()}); err != nil {
		return a.fail(ctx, err)
	}
	if !a.winding {
		return a.finish(ctx, journal.Finished, "")
	}
	return a.killed(ctx, "the feed ended")
}

// fail ends the session because of its strategy. Its open orders are shown as cancelled: nobody looks after them any more.
func (a *session) fail(ctx context.Context, err error) error {
	e := a.rec.runner.Engine()
	for _, o := range e.OpenOrders() {
		o.State, o.Reason, o.UpdatedAt = trade.Cancelled, "session_failed", e.Now()
		a.rec.batch.Orders = append(a.rec.batch.Orders, o)
	}
	return a.finish(ctx, journal.Failed, err.Error())
}

// time is the session's: the newest input's, or where it begins.
func (a *session) time() time.Time {
	at := a.rec.runner.Engine().Now()
	if at.Unix() > 0 {
		return at
	}
	if !a.j.FeedArgs.From.IsZero() {
		return a.j.FeedArgs.From
	}
	return a.s.now()
}

// command steps a person's command and journals it at once.
func (a *session) command(ctx context.Context, c command) (done bool, err error) {
	at := a.time()
	if now := a.s.now(); a.j.Feed == feedCoinSpot && now.After(at) {
		at = now
	}
	if err := a.rec.step(&engine.Event{Kind: engine.Command, Time: at, Command: c.what}); err != nil {
		err = a.fail(ctx, err)
		c.done <- err
		return true, err
	}
	if c.what == engine.StopCommand && !a.winding {
		err = a.finish(ctx, journal.Stopped, "")
		c.done <- err
		return true, err
	}
	if !a.winding {
		a.winding, a.progress = true, a.rec.runner.Engine().Now()
	}
	err = a.flush(ctx)
	c.done <- err
	return err != nil, err
}

// wound ends a killed session once it is flat, or when nothing could be sold for longer than an order may wait over a gap.
func (a *session) wound(ctx context.Context) (done bool, err error) {
	if !a.winding {
		return false, nil
	}
	e := a.rec.runner.Engine()
	if e.Flat() {
		return true, a.finish(ctx, journal.Killed, "")
	}
	patience := time.Duration(a.j.Settings.MaxGap+2) * a.j.Interval.Duration()
	if e.Now().Sub(a.progress) > patience {
		return true, a.killed(ctx, fmt.Sprintf("nothing was sold for %s", patience))
	}
	return false, nil
}

func (a *session) killed(ctx context.Context, why string) error {
	if n := a.rec.held(); n > 0 {
		return a.finish(ctx, journal.Killed, fmt.Sprintf("%s before %d positions were sold", why, n))
	}
	return a.finish(ctx, journal.Killed, "")
}

// discard ends a session that cannot go on from what is recorded. The books stay as they were recorded.
func (a *session) discard(ctx context.Context, why string) error {
	account, err := a.s.books(ctx, &a.j)
	if err != nil {
		return err
	}
	a.rec.batch = journal.Batch{Session: a.j.ID, Account: account, Status: journal.Failed, Error: fmt.Sprintf("%.1900s", why)}
	return a.commit(ctx)
}
