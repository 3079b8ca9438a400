// Package floor runs promoted algorithms on paper: prices from a feed, orders into the simulated venue, everything journalled.
// It never decides what to trade: that is the strategy's; and never sends what risk has not approved. No effect of an input counts
// before the input is in the journal.
package floor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/strategy"
)

// Store is what the floor keeps its sessions in (internal/store). Not found is store.ErrNotFound.
type Store interface {
	Algorithm(ctx context.Context, user, id string) (strategy.Algorithm, error)
	AlgorithmsByPrefix(ctx context.Context, user, prefix string) ([]strategy.Algorithm, error)
	Evidence(ctx context.Context, id string) (*strategy.Evidence, []byte, error)
	PutFloorSession(ctx context.Context, s journal.Session) error
	FloorSession(ctx context.Context, user, id string) (journal.Session, error)
	FloorSessions(ctx context.Context, user string) ([]journal.Session, error)
	CommitBatch(ctx context.Context, b journal.Batch) error
	FloorInputs(ctx context.Context, session string, after int64, limit int) ([]journal.Input, error)
	FloorLines(ctx context.Context, session string, after int64, limit int) ([]journal.Line, error)
	FloorAccount(ctx context.Context, session string) (journal.Account, bool, error)
	FloorOrders(ctx context.Context, user, session string, limit int) ([]store.SessionOrder, error)
	FloorFills(ctx context.Context, user, session string, limit int) ([]store.SessionFill, error)
	FloorEquity(ctx context.Context, session string, maxPoints int) ([]journal.EquityPoint, error)
	AppendAudit(ctx context.Context, user, action, subject string, detail json.RawMessage) error
	RecordTrial(ctx context.Context, trials ...research.CampaignTrial) error
	RecordLook(ctx context.Context, t research.CampaignTrial, sealed time.Time) error
}

// Quoter asks an upstream for its newest quotes of every market it has. bad says, one by one, which entries of the answer could
// not be used.
type Quoter interface {
	Latest(ctx context.Context) (quotes []market.Quote, bad []string, err error)
}

// Options of New. Zero values are the documented defaults.
type Options struct {
	Quotes      Quoter                                           // the coinspot feed; nil: that feed is refused
	Poll        time.Duration                                    // between polls of Quotes; 0: 10 s
	MaxSessions int                                              // running at once; 0: 64
	Wait        func(ctx context.Context, d time.Duration) error // returns after d, or ctx's error; nil: the machine's timer
	NewID       func() string                                    // nil: 12 random hex digits
	Holdout     *ledger.Sealed                                   // says what of the stored bars is sealed; nil: nothing is
}

const (
	defaultPoll     = 10 * time.Second
	defaultSessions = 64
	minPrefix       = 4 // characters of an id that are enough to ask by
)

// Service implements gateway.Floor. Safe for concurrent use. Close it.
type Service struct {
	store   Store
	ledger  ledger.Reader
	clock   clock.Clock
	sandbox *sandbox.Host
	opts    Options
	hub     *hub

	ctx  context.Context // of all sessions
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu     sync.Mutex // guards active and closed
	active map[string]*session
	closed bool
}

// New returns a service with no session running: see ResumeAll. Strategies run in h, one child each.
func New(s Store, r ledger.Reader, c clock.Clock, h *sandbox.Host, o Options) *Service {
	if o.Poll <= 0 {
		o.Poll = defaultPoll
	}
	if o.MaxSessions <= 0 {
		o.MaxSessions = defaultSessions
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.NewID == nil {
		o.NewID = newID
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Service{store: s, ledger: r, clock: c, sandbox: h, opts: o, hub: newHub(), ctx: ctx, stop: stop, active: map[string]*session{}}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func newID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

// Close ends every session's work and waits for it. What is pending is journalled; the sessions stay running in the store, so that
// ResumeAll takes them up again.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.wg.Wait()
}

// ResumeAll takes up every running session of user that is not running here yet. Each is rebuilt from its journal in the
// background; the error is only about reading the list.
func (s *Service) ResumeAll(ctx context.Context, user string) error {
	all, err := s.store.FloorSessions(ctx, user)
	if err != nil {
		return fmt.Errorf("resume the floor: %w", err)
	}
	for _, j := range all {
		if j.Status != journal.Running {
			continue
		}
		if _, err := s.run(j); err != nil {
			return err
		}
	}
	return nil
}

// run takes a session up, or returns the one that runs already. One whose work broke off is taken up anew.
func (s *Service) run(j journal.Session) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, api.NewProblem(http.StatusServiceUnavailable, api.CodeUnavailable, "the floor is shutting down")
	}
	if a := s.active[j.ID]; a != nil && !a.ended() {
		return a, nil
	}
	if err := s.room(); err != nil {
		return nil, err
	}
	a := newSession(s, j)
	s.active[j.ID] = a
	s.wg.Go(func() { a.work(s.ctx) })
	return a, nil
}

// room is an error where as many sessions run as may. The caller holds mu.
func (s *Service) room() error {
	n := 0
	for _, a := range s.active {
		if !a.ended() {
			n++
		}
	}
	if n >= s.opts.MaxSessions {
		return api.NewProblem(http.StatusConflict, "max_sessions", "%d sessions run, that is the limit: stop one with 'omc floor stop'", n)
	}
	return nil
}

// find resolves an id or a unique prefix of one.
func (s *Service) find(ctx context.Context, user, id string) (journal.Session, error) {
	id = strings.ToLower(strings.TrimSpace(id))
	if len(id) < minPrefix {
		return journal.Session{}, bad("session %.20q: give at least %d characters of its id ('omc floor status' shows them)", id, minPrefix)
	}
	j, err := s.store.FloorSession(ctx, user, id)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return j, err
	}
	all, err := s.store.FloorSessions(ctx, user)
	if err != nil {
		return journal.Session{}, fmt.Errorf("find session %.40s: %w", id, err)
	}
	var found []journal.Session
	for _, j := range all {
		if strings.HasPrefix(j.ID, id) {
			found = append(found, j)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return journal.Session{}, api.NewProblem(http.StatusNotFound, api.CodeNotFound, "no session has an id that begins with %.40q ('omc floor status' shows them)", id)
	}
	return journal.Session{}, api.NewProblem(http.StatusConflict, api.CodeConflict, "%d sessions begin with %q, among them %s and %s; give more characters", len(found), id, found[0].ID, found[1].ID)
}

// now is the clock's time as the store keeps it.
func (s *Service) now() time.Time { return s.clock.Now().Truncate(time.Microsecond) }

func bad(format string, args ...any) *api.Problem {
	return api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, format, args...)
}
