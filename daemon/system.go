// Package daemon builds omc's services, starts them and stops them in order, for a daemon or inside a command.
// It holds no logic of a service, and it never shares a data directory: its caller holds the lock.
package daemon

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/daemon/algorithm"
	"github.com/ohmycoins/omc/daemon/gateway"
	"github.com/ohmycoins/omc/daemon/lab"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/bus"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/llm/builtin"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/schedule"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/telemetry"
	"github.com/ohmycoins/omc/internal/verdict"
)

// LogName is the log's file in the data directory.
const LogName = "omc.log"

// warmChildren is how many sandboxed children wait for work once the first has been needed.
const warmChildren = 2

// localUser is whom a local omc belongs to.
const localUser = "local"

// The roles of a process; without any it has them all.
const (
	RoleCollector = "collector" // polls upstreams into the ledgers
	RoleLab       = "lab"       // runs research
	RoleFloor     = "floor"     // runs promoted algorithms
	RoleWorker    = "worker"    // evaluates points of searches, also those that other processes on the same PostgreSQL were asked for
)

// Roles are those there are.
func Roles() []string { return []string{RoleCollector, RoleLab, RoleFloor, RoleWorker} }

// has reports whether the process has a role.
func (c *Config) has(role string) bool { return len(c.Roles) == 0 || slices.Contains(c.Roles, role) }

// Config is what a System needs.
type Config struct {
	DataDir     string
	DatabaseURL string // sqlite:<path> or postgres://…
	RedisURL    string // "": in memory
	// Settings are the sources' and collectors' settings by full name (sources.kraken.base_url), secrets among them in clear.
	Settings map[string]string
	// Unreadable are the secrets among them that are set and cannot be had, with the reason.
	Unreadable  map[string]string
	Roles       []string           // RoleCollector, …; none: all
	MaxMissing  float64            // share of a window's bars that may be missing; 0: ledger.MaxMissing
	Holdout     ledger.Holdout     // what research does not see
	Gate        verdict.Thresholds // what verdicts ask for
	LogLevel    slog.Level
	LogTo       io.Writer // beside the file; nil: only there
	Version     api.Version
	Embedded    bool          // inside a command: no socket
	Spawn       sandbox.Spawn // starts the children in which scripts run
	Uncontained bool          // the owner accepts that scripts run where the machine does not contain them
	Resume      bool          // take up sessions that a stop or a crash left running
}

// System is a running omc.
type System struct {
	config  Config
	log     *telemetry.Log
	db      *store.DB
	bus     bus.Bus
	busKind string
	sandbox *sandbox.Host
	lab     *lab.Lab
	farm    *algorithm.Farm // nil: searches are this process' own
	pool    *schedule.Pool
	parts   parts
	handler http.Handler
	started time.Time

	stopOnce sync.Once
	stop     chan struct{} // closed when someone asks the system to stop

	mu    sync.Mutex // guards ready
	ready bool
}

// Start builds everything and migrates the store. The caller holds the data directory's lock, and calls Close.
func Start(ctx context.Context, c Config) (_ *System, err error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	s := &System{config: c, stop: make(chan struct{}), started: clock.Wall{}.Now()}
	s.log = telemetry.Open(filepath.Join(c.DataDir, LogName), c.LogLevel, c.LogTo)
	defer func() {
		if err != nil {
			s.log.Error("start failed", "error", err.Error())
			err = errors.Join(err, s.Close(ctx))
		}
	}()
	if s.db, err = store.Open(ctx, c.DatabaseURL, store.Options{Migrate: true}); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err = s.openBus(ctx); err != nil {
		return nil, err
	}
	user, err := s.db.EnsureLocalUser(ctx, localUser)
	if err != nil {
		return nil, err
	}
	if err = s.build(ctx, user); err != nil {
		return nil, err
	}
	s.setReady(true)
	s.log.Info("started", "version", c.Version.Version, "pid", os.Getpid(), "store", s.db.Dialect(), "bus", s.busKind, "embedded", c.Embedded)
	return s, nil
}

func (s *System) openBus(ctx context.Context) (err error) {
	s.busKind = "memory"
	if s.config.RedisURL == "" {
		s.bus = bus.NewMemory(clock.Wall{})
		return nil
	}
	s.busKind = "redis"
	if s.bus, err = bus.OpenRedis(ctx, s.config.RedisURL, "omc:"); err != nil {
		s.bus = nil
		return err
	}
	return nil
}

func (s *System) build(ctx context.Context, user string) (err error) {
	s.sandbox = sandbox.NewHost(s.config.Spawn, sandbox.Options{Limits: sandbox.DefaultLimits(), Width: runtime.GOMAXPROCS(0), Warm: warmChildren,
		Uncontained: s.config.Uncontained})
	sealed := ledger.Seal(s.db, s.config.Holdout)
	algorithms := algorithm.New(s.db, sealed, clock.Wall{}, s.sandbox)
	algorithms.AllowMissing(s.config.MaxMissing)
	if s.config.Gate != (verdict.Thresholds{}) {
		algorithms.Ask(s.config.Gate)
	}
	if err := s.share(ctx, algorithms); err != nil {
		return err
	}
	services := gateway.Services{Algorithms: algorithms, Ops: s}
	if s.config.has(RoleLab) {
		s.lab, err = lab.New(lab.Config{Store: s.db, Ledger: sealed, Clock: clock.Wall{}, NewID: NewID, Model: model, Log: s.log.With("part", "lab"),
			Sandbox: s.sandbox, MaxMissing: s.config.MaxMissing})
		if err != nil {
			return fmt.Errorf("start the lab: %w", err)
		}
		services.Lab = s.lab
	}
	if err := s.parts.build(ctx, s, user, &services); err != nil {
		return err
	}
	if s.config.Resume && s.lab != nil {
		if err := s.lab.ResumeAll(ctx, user); err != nil {
			return fmt.Errorf("resume lab sessions: %w", err)
		}
	}
	s.handler = gateway.New(services, gateway.Options{Version: s.config.Version.Version, User: user, Ready: s.isReady, Log: s.log.With("part", "gateway")})
	return nil
}

// share lets searches run in all processes on one PostgreSQL. A short command, and what has SQLite to itself, searches alone.
func (s *System) share(ctx context.Context, algorithms *algorithm.Service) error {
	if s.config.Embedded || s.db.Dialect() != "postgres" {
		return nil
	}
	host, _ := os.Hostname() // for people: the random part tells processes apart
	s.farm = algorithms.Share(s.db, fmt.Sprintf("%s:%d:%s", host, os.Getpid(), NewID()), NewID)
	c := schedule.PoolConfig{URL: s.config.DatabaseURL, Timeout: workTimeout, Run: s.farm.Work, Log: s.log.With("part", "search")}
	if s.config.has(RoleWorker) {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	pool, err := schedule.OpenPool(ctx, c)
	if err != nil {
		return fmt.Errorf("share searches: %w", err)
	}
	s.pool = pool
	s.farm.Through(pool)
	return nil
}

// workTimeout bounds one evaluation of a point: longer than the sandbox lets it run.
const workTimeout = 20 * time.Minute

func model(name string) (llm.Model, error) {
	if name == "" || name == builtin.Name {
		return builtin.Model{}, nil
	}
	return nil, api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, "model %.40q: this omc has only the model %q", name, builtin.Name)
}

// NewID makes a short unique id: 80 random bits as 16 lower-case letters and digits.
func NewID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// Handler serves the HTTP interface.
func (s *System) Handler() http.Handler { return s.handler }

// Stopping is closed when someone has asked the system to stop through its interface.
func (s *System) Stopping() <-chan struct{} { return s.stop }

// Close stops the parts in order (turns paused, feeds stopped, books flushed) and closes the store. It loses nothing.
func (s *System) Close(ctx context.Context) error {
	s.setReady(false)
	err := s.parts.close(ctx)
	if s.lab != nil {
		s.lab.Close()
	}
	if s.pool != nil {
		err = errors.Join(err, s.pool.Close(ctx))
	}
	if s.farm != nil {
		s.farm.Close()
	}
	if s.sandbox != nil {
		s.sandbox.Close()
	}
	if s.bus != nil {
		err = errors.Join(err, s.bus.Close())
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	if err != nil {
		s.log.Error("stop", "error", err.Error())
	} else {
		s.log.Info("stopped")
	}
	return errors.Join(err, s.log.Close())
}

func (s *System) isReady() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready
}

func (s *System) setReady(ready bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = ready
}

var _ gateway.Ops = (*System)(nil)
