// Package lab runs research sessions: the agents' graph, their tools, and the stream of what they do.
// It holds no broker and imports nothing that has one, so no agent can trade, whatever it is told; its tools read the ledgers
// only inside the session's research window.
package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/graph"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/strategy"
)

// Store is what the lab keeps: sessions, their events, trials and artifacts, the algorithms they find, and the graph's checkpoints.
type Store interface {
	graph.Checkpointer
	PutSession(ctx context.Context, s research.Session) error
	Session(ctx context.Context, user, id string) (research.Session, error)
	Sessions(ctx context.Context, user string) ([]research.Session, error)
	UpdateSession(ctx context.Context, s research.Session) error
	AppendEvents(ctx context.Context, session, key string, events []research.Event) ([]research.Event, error)
	SessionEvents(ctx context.Context, session string, after int64, limit int) ([]research.Event, error)
	AppendTrial(ctx context.Context, t research.Trial) (int, error)
	Trials(ctx context.Context, session string) ([]research.Trial, error)
	PutArtifact(ctx context.Context, a research.Artifact, content []byte) error
	Artifact(ctx context.Context, id string) (research.Artifact, []byte, error)
	Artifacts(ctx context.Context, session string) ([]research.Artifact, error)
	PutAlgorithm(ctx context.Context, user string, a strategy.Algorithm) (strategy.Algorithm, bool, error)
	PutEvidence(ctx context.Context, e strategy.Evidence, report []byte) error
	RecordTrial(ctx context.Context, trials ...research.CampaignTrial) error
	EndTrial(ctx context.Context, trials ...research.CampaignTrial) error
	Campaign(ctx context.Context, user, codeHash string, markets []market.Market) (research.Campaign, error)
	AppendAudit(ctx context.Context, user, action, subject string, detail json.RawMessage) error
}

// Config is what a lab needs.
type Config struct {
	Store  Store
	Ledger *ledger.Sealed // without the hold-out
	Clock  clock.Clock
	NewID  func() string                        // session ids: short, unique
	Model  func(name string) (llm.Model, error) // by the name a session was opened with
	Log    *slog.Logger
	// Sandbox is where strategies run.
	Sandbox *sandbox.Host
	Max     int // sessions working at once; more wait their turn. 0: 4
	// MaxMissing is the share of a window's bars that may be missing where a session does not say; 0: ledger.MaxMissing.
	MaxMissing float64
}

// Lab is the service. Safe for concurrent use; Close waits for everything it started.
type Lab struct {
	Config
	graph *graph.Graph[State]
	slots chan struct{}
	hub   *hub

	mu     sync.Mutex // guards active and closed
	active map[string]*work
	closed bool
	wg     sync.WaitGroup
}

// work is one session's turn in progress.
type work struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
}

// Why a turn was stopped from outside.
var (
	errPause  = errors.New("paused")
	errCancel = errors.New("cancelled")
)

// New returns a lab. It starts nothing.
func New(c Config) (*Lab, error) {
	if c.Max <= 0 {
		c.Max = 4
	}
	l := &Lab{Config: c, slots: make(chan struct{}, c.Max), hub: newHub(), active: map[string]*work{}}
	var err error
	if l.graph, err = l.compile(); err != nil {
		return nil, err
	}
	return l, nil
}

// ResumeAll takes up every session of the user that a crash or a stop left running. A daemon calls it once when it starts.
func (l *Lab) ResumeAll(ctx context.Context, user string) error {
	ss, err := l.Store.Sessions(ctx, user)
	if err != nil {
		return err
	}
	for _, s := range ss {
		if s.Status == research.Running {
			if err := l.launch(s, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close pauses every turn and waits for it; sessions stay resumable. Running ones keep their status, so that ResumeAll finds them.
func (l *Lab) Close() {
	l.mu.Lock()
	l.closed = true
	for _, w := range l.active {
		w.cancel(errClosing)
	}
	l.mu.Unlock()
	l.wg.Wait()
}

var errClosing = errors.New("the lab is closing")

// launch starts working on s in the background. answers go to the questions it waits for.
func (l *Lab) launch(s research.Session, answers map[string][]byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosing
	}
	if l.active[s.ID] != nil {
		return errBusy
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	w := &work{cancel: cancel, done: make(chan struct{})}
	l.active[s.ID] = w
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		defer cancel(nil)
		l.work(ctx, s, answers)
		l.mu.Lock()
		delete(l.active, s.ID)
		l.mu.Unlock()
		close(w.done)
		l.hub.stored(s.ID, 0)
	}()
	return nil
}

var errBusy = errors.New("the session is working")

// halt stops a turn and waits until it has stopped.
func (l *Lab) halt(ctx context.Context, id string, why error) error {
	l.mu.Lock()
	w := l.active[id]
	l.mu.Unlock()
	if w == nil {
		return nil
	}
	w.cancel(why)
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Lab) working(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.active[id] != nil
}

// work runs one turn to its end, a question, or a stop, and records which.
func (l *Lab) work(ctx context.Context, s research.Session, answers map[string][]byte) {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
	}
	state, err := l.turn(ctx, s, answers)
	// What became of the turn is recorded whatever stopped it.
	save := context.WithoutCancel(ctx)
	if cur, e := l.Store.Session(save, s.UserID, s.ID); e == nil {
		s = cur // trials and best are counted in the row while the turn runs
	}
	s.Question, s.Error = nil, ""
	var asked *graph.Interrupted
	switch cause := context.Cause(ctx); {
	case err == nil:
		s.Status = research.Done
		if v := state.Task.Verdict; v != nil {
			s.Verdict, s.Best = v.Headline, v.Algorithm
		}
	case errors.As(err, &asked):
		s.Status, s.Question = research.Waiting, state.question(asked)
	case errors.Is(cause, errClosing):
		return // still "running": taken up again at the next start
	case errors.Is(cause, errCancel):
		s.Status = research.Cancelled
		if s.Verdict != "" {
			s.Status = research.Done // an earlier turn came to its end: only what was asked on is given up
		}
	case cause != nil:
		s.Status = research.Paused
	default:
		s.Status, s.Error = research.Failed, err.Error()
		l.Log.Error("lab session failed", "session", s.ID, "error", err)
	}
	s.UpdatedAt = l.Clock.Now()
	if err := l.finish(save, s); err != nil {
		l.Log.Error("lab session could not be saved", "session", s.ID, "error", err)
	}
}

// finish saves the session's status and tells it in the stream, once for each checkpoint it stopped at.
func (l *Lab) finish(ctx context.Context, s research.Session) error {
	if err := l.Store.UpdateSession(ctx, s); err != nil {
		return err
	}
	at, err := l.Store.Latest(ctx, thread(s))
	if err != nil {
		at = graph.Checkpoint{}
	}
	es := []research.Event{{Kind: research.EventStatus, Text: string(s.Status)}}
	if s.Error != "" {
		es = append([]research.Event{{Kind: research.EventError, Text: s.Error}}, es...)
	}
	return l.append(ctx, s.ID, fmt.Sprintf("%d/status/%d/%s", s.Turn, at.Seq, s.Status), es)
}

func thread(s research.Session) string { return fmt.Sprintf("lab/%s/%d", s.ID, s.Turn) }

// append stores events under a key that is used once: on a re-run the stored ones stand and nothing is added.
func (l *Lab) append(ctx context.Context, session, key string, events []research.Event) error {
	now := l.Clock.Now().Truncate(time.Microsecond)
	for i := range events {
		events[i].Session, events[i].Time = session, now
	}
	stored, err := l.Store.AppendEvents(ctx, session, key, events)
	if err != nil {
		return fmt.Errorf("session %s: %w", session, err)
	}
	if n := len(stored); n > 0 {
		l.hub.stored(session, stored[n-1].Seq)
	}
	return nil
}
