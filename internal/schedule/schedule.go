// Package schedule runs named tasks at their times, in one process or in several on one database, each tick once.
// It never knows what a task does, and never retries one: what failed runs again at its next tick.
//
// River (riverqueue.com) is the engine: its tables hold what is to run and what runs, its unique jobs drop a tick that comes while the
// former run is queued or under way, its queues and workers run the tasks, its notifications wake the other processes. Three things
// River cannot promise, so one row a task (schedule_task) adds them, changed in the same transactions as the jobs:
//
//   - Each tick once. River plans periodic jobs in the memory of an elected leader. A change of leader near a tick plans it twice or
//     not at all; after the leader was killed nothing ran for 22 s, and after the clock was set back nothing ran for as long as it
//     was set back (both measured, v0.49.0). Here every process plans, and the row's tick, which only moves forward, lets one through.
//   - The end of a run. River writes ends in batches, a while later, and would drop what comes meanwhile; and a job whose process was
//     killed stays "running", and so keeps its task from running, until a leader rescues it by the wall clock. The row's epoch is part
//     of the job's unique key, and moves on at the end of a run. A run under way moves the row's beat every two seconds; where that
//     stands still for ten of another process' monotonic seconds, that process moves the epoch on.
//   - Independence from the wall clock. River hands out a job when the database's clock has reached its scheduled time: the jobs here
//     are scheduled at 1970, so that a clock set back holds none of them up.
//
// A clock set back runs no tick a second time, at the price of a pause of as long as it was set back; where that is more than a
// minute and Every, the former time is taken for wrong and the schedule starts over from the new one. Processes on PostgreSQL may run
// on several machines; their clocks should be right within a minute.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
)

// Bounds of a task and of an engine.
const (
	MinEvery   = 100 * time.Millisecond
	MaxEvery   = 31 * 24 * time.Hour
	MaxTimeout = 24 * time.Hour
	MaxTasks   = 1000
)

// pace is how long an engine waits for what; tests are quicker.
type pace struct {
	watch     time.Duration // between two looks at the runs under way, and between the beats of one
	silence   time.Duration // how long a run may say nothing before its process is taken for dead
	grace     time.Duration // how long Close waits for runs before it ends their contexts
	lastWords time.Duration // how long it waits after that: longer than a landing may take, which is not cut off
}

var usual = pace{watch: 2 * time.Second, silence: 10 * time.Second, grace: 10 * time.Second, lastWords: 16 * time.Second}

// ErrUnknown: no process has ever run a task of that name on this database.
var ErrUnknown = errors.New("there is no task of that name")

// Task is something to run again and again.
type Task struct {
	Name    string        // 1 to 64 of a-z 0-9 . _ -; unique
	Every   time.Duration // MinEvery to MaxEvery; ticks lie on the grid of Every since the Unix epoch, in UTC, moved by Offset
	Offset  time.Duration // at least 0, less than Every
	Timeout time.Duration // of one run, up to MaxTimeout; its context ends then
	Urgent  bool          // a queue and workers of its own: it waits behind nothing
	// Run does the work. tick is the planned time, or the asking time of a run asked for by RunNow, in UTC. It must return when ctx
	// ends. An error or a panic is logged.
	Run func(ctx context.Context, tick time.Time) error
}

// Config of an engine.
type Config struct {
	// URL is sqlite:<path>, a file of the schedule's own beside the store's, or postgres://…, the store's database.
	URL   string
	Tasks []Task // none: the engine can only ask for runs
	// Alone says that no other process uses this database: runs that are under way in it when the engine starts are over.
	Alone bool
	// Workers bounds how many tasks that are not Urgent run at once in this process. 0: all of them, so that none ever waits for
	// another; with fewer, a hanging task holds one of them for its Timeout.
	Workers int
	Log     *slog.Logger // nil: nowhere
	// Clock is the time of day that ticks are planned by; nil: the machine's. It is read at least once a second, the waits between
	// are real.
	Clock clock.Clock
}

// Engine runs tasks. Safe for concurrent use.
type Engine struct {
	tasks map[string]Task
	log   *slog.Logger
	clock clock.Clock
	q     queue
	pace  pace
	alone bool

	closing sync.Mutex // one Close at a time

	mu      sync.Mutex // guards what follows
	state   state
	flights map[string]*flight // what runs here, by task
	cancel  context.CancelFunc // of the loops
	loops   sync.WaitGroup
}

type state int

const (
	opened state = iota
	started
	stopping
	closed
)

// Open opens the database and brings its tables for schedules up to date. Nothing runs before Start. The caller closes the engine,
// also one that was never started.
func Open(ctx context.Context, c Config) (*Engine, error) { return open(ctx, c, usual) }

func open(ctx context.Context, c Config, p pace) (*Engine, error) {
	e := &Engine{tasks: map[string]Task{}, log: c.Log, clock: c.Clock, pace: p, alone: c.Alone, flights: map[string]*flight{}}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.clock == nil {
		e.clock = clock.Wall{}
	}
	if len(c.Tasks) > MaxTasks {
		return nil, fmt.Errorf("schedule: %d tasks, at most %d may be given", len(c.Tasks), MaxTasks)
	}
	if c.Workers < 0 {
		return nil, fmt.Errorf("schedule: %d workers, give 0 for one a task", c.Workers)
	}
	for _, t := range c.Tasks {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("schedule: %w", err)
		}
		if _, twice := e.tasks[t.Name]; twice {
			return nil, fmt.Errorf("schedule: two tasks are called %s", t.Name)
		}
		e.tasks[t.Name] = t
	}
	var err error
	switch scheme, rest, _ := strings.Cut(c.URL, ":"); scheme {
	case "sqlite":
		e.q, err = openSQLite(ctx, rest, e, c.Workers)
	case "postgres", "postgresql":
		e.q, err = openPostgres(ctx, c.URL, e, c.Workers)
	default:
		err = errors.New("want sqlite:<path> or postgres://user@host/database")
	}
	if err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	return e, nil
}

var nameRE = regexp.MustCompile(`^[a-z0-9._-]{1,64}$`)

func (t Task) check() error {
	switch {
	case !nameRE.MatchString(t.Name):
		return fmt.Errorf("task %q: a name is 1 to 64 of a-z 0-9 . _ -", t.Name)
	case t.Every < MinEvery || t.Every > MaxEvery:
		return fmt.Errorf("task %s: every %s, want %s to %s", t.Name, t.Every, MinEvery, MaxEvery)
	case t.Offset < 0 || t.Offset >= t.Every:
		return fmt.Errorf("task %s: offset %s, want 0 to less than every (%s)", t.Name, t.Offset, t.Every)
	case t.Timeout <= 0 || t.Timeout > MaxTimeout:
		return fmt.Errorf("task %s: timeout %s, want more than 0, up to %s", t.Name, t.Timeout, MaxTimeout)
	case t.Run == nil:
		return fmt.Errorf("task %s: nothing to run", t.Name)
	}
	return nil
}

// Start begins to run the engine's tasks; ctx bounds the starting only. Of a task that is due, because it is new or its newest tick
// fell into a time when nothing ran, that newest tick runs at once. On an engine without tasks nothing happens.
func (e *Engine) Start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != opened {
		return errors.New("schedule: the engine was started or closed before")
	}
	if len(e.tasks) == 0 {
		e.state = started
		return nil
	}
	if err := e.q.register(ctx, e.sorted()); err != nil {
		return fmt.Errorf("schedule: start: %w", err)
	}
	if e.alone {
		if err := e.freeAll(ctx); err != nil {
			return fmt.Errorf("schedule: start: %w", err)
		}
	}
	if err := e.q.start(ctx); err != nil {
		return fmt.Errorf("schedule: start: %w", err)
	}
	e.state = started
	loop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.cancel = cancel
	e.loops.Go(func() { e.plan(loop) })
	e.loops.Go(func() { e.watch(loop) })
	return nil
}

// freeAll ends the runs of processes that are gone.
func (e *Engine) freeAll(ctx context.Context) error {
	left, err := e.q.running(ctx, nil)
	if err != nil {
		return err
	}
	for _, r := range left {
		if t, mine := e.tasks[r.args.Name]; mine {
			if _, err := e.q.free(ctx, t, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// RunNow asks for a run of a task beside its ticks; it happens soon, once, in some process that runs the task. Asking again before it
// began changes nothing, nor does asking while a tick's run is queued: that run it is. Where a run is under way, the task runs once
// more after it. ErrUnknown where no process has ever run a task of that name.
func (e *Engine) RunNow(ctx context.Context, name string) error {
	if !nameRE.MatchString(name) {
		return fmt.Errorf("schedule: run %.80q now: %w", name, ErrUnknown)
	}
	if err := e.q.ask(ctx, name, e.clock.Now()); err != nil {
		return fmt.Errorf("schedule: run %s now: %w", name, err)
	}
	return nil
}

// Close ends the engine: no new run begins, running tasks may end by themselves for 10 s or until ctx ends, then their contexts end.
// An error names the tasks that did not return 16 s after that; until they do and Close is called again, their goroutines and the
// database's connections stay behind. What was asked for or due and has not begun stays for another process or the next start.
func (e *Engine) Close(ctx context.Context) error {
	e.closing.Lock()
	defer e.closing.Unlock()
	e.mu.Lock()
	was, cancel := e.state, e.cancel
	if was != closed {
		e.state = stopping
	}
	e.mu.Unlock()
	if was == closed {
		return nil
	}
	if cancel != nil {
		cancel()
		e.loops.Wait()
		if err := e.land(ctx); err != nil {
			return err
		}
	}
	if err := e.q.close(); err != nil {
		return fmt.Errorf("schedule: close: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = closed
	return nil
}

// land waits for the runs under way.
func (e *Engine) land(ctx context.Context) error {
	soft, done := context.WithTimeout(ctx, e.pace.grace)
	defer done()
	if e.q.stop(soft) == nil {
		return nil
	}
	hard, done := context.WithTimeout(context.WithoutCancel(ctx), e.pace.lastWords)
	defer done()
	if err := e.q.stopNow(hard); err != nil {
		return fmt.Errorf("schedule: close: tasks that do not heed their context still run: %s", strings.Join(e.underWay(), ", "))
	}
	return nil
}
