package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/riverqueue/river"
)

// forgetAfter is how long after its Timeout River may keep a job as running whose process has died. By then the task has long gone
// on; it is long, because River would also let another process run the task beside one that hangs for so long.
const forgetAfter = 24 * time.Hour

// args are a job's. The kind holds the task's name; with it, the epoch makes a job unique.
type args struct {
	Name  string `json:"name"`
	Epoch int64  `json:"epoch" river:"unique"`
	Tick  int64  `json:"tick"` // ns since the Unix epoch
}

// kindPrefix makes a task's name a kind of job.
const kindPrefix = "schedule:"

// Kind implements river.JobArgs.
func (a args) Kind() string { return kindPrefix + a.Name }

// flight is a run under way in this process.
type flight struct {
	job   int64
	epoch int64
	since time.Time // with its monotonic reading
}

// worker runs one task's jobs.
type worker struct {
	river.WorkerDefaults[args]
	e    *Engine
	task Task
}

// Timeout implements river.Worker: beyond the task's own, which Work sees to, so that River never judges a run before.
func (w *worker) Timeout(*river.Job[args]) time.Duration { return w.task.Timeout + forgetAfter }

// Work implements river.Worker. It returns no error: to River each run is a success, as none is to be retried.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	tick := time.Unix(0, job.Args.Tick).UTC()
	log := w.e.log.With("task", w.task.Name, "tick", tick)
	w.run(ctx, log, tick, job)
	// Said at once: River writes a batch of ends a while later, and until then the next tick would be dropped.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
	defer cancel()
	if err := w.e.q.end(end, w.task, job.ID, job.Args.Epoch); err != nil {
		log.ErrorContext(ctx, "the end of a run cannot be told: the next tick may be dropped", "error", err)
	}
	return nil
}

func (w *worker) run(ctx context.Context, log *slog.Logger, tick time.Time, job *river.Job[args]) {
	if !w.e.enter(w.task.Name, &flight{job: job.ID, epoch: job.Args.Epoch, since: time.Now()}) {
		log.WarnContext(ctx, "a tick was dropped: the former run has not returned")
		return
	}
	defer w.e.leave(w.task.Name)
	// This process may have stood still between the job's fetching and now, for so long that the others took it for dead.
	epoch, err := w.e.q.epoch(ctx, w.task.Name)
	if err != nil || epoch != job.Args.Epoch {
		log.ErrorContext(ctx, "a tick was dropped: it cannot be told to be the only run", "error", err)
		return
	}
	run, cancel := context.WithTimeout(ctx, w.task.Timeout)
	defer cancel()
	err = protect(run, w.task.Run, tick)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		log.InfoContext(ctx, "a run was ended by the shutdown", "error", err)
	default:
		log.ErrorContext(ctx, "a run failed", "error", err)
	}
}

// protect turns a panic into an error that holds where it happened.
func protect(ctx context.Context, run func(context.Context, time.Time) error, tick time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return run(ctx, tick)
}

// enter notes a run; false where one of the task is under way here.
func (e *Engine) enter(name string, f *flight) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.flights[name] != nil {
		return false
	}
	e.flights[name] = f
	return true
}

func (e *Engine) leave(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.flights, name)
}

// underWay names the tasks that run here.
func (e *Engine) underWay() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []string
	for n := range e.flights {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// running is a job that River holds as running, in any process.
type running struct {
	job  int64
	args args
	beat int64
}

// sight is when a beat was first seen.
type sight struct {
	beat  int64
	since time.Time // with its monotonic reading
}

// watch says that this process's runs live, and frees the tasks whose runs have died, until ctx ends.
func (e *Engine) watch(ctx context.Context) {
	tick := time.NewTicker(e.pace.watch)
	defer tick.Stop()
	seen := map[int64]sight{}
	failing := false
	for {
		err := e.look(ctx, seen)
		if err != nil && ctx.Err() == nil && !failing {
			e.log.ErrorContext(ctx, "the runs under way cannot be watched", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look is one round of watch. seen holds the jobs of other processes.
func (e *Engine) look(ctx context.Context, seen map[int64]sight) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	e.mu.Lock()
	here := map[int64]bool{}
	alive := map[string]int64{} // epochs
	for name, f := range e.flights {
		here[f.job] = true
		if time.Since(f.since) > e.pace.watch/2 { // most are over before anybody could ask
			alive[name] = f.epoch
		}
	}
	e.mu.Unlock()
	for name, epoch := range alive {
		if err := e.q.beat(ctx, name, epoch); err != nil {
			return err
		}
	}
	jobs, err := e.q.running(ctx, here)
	if err != nil {
		return err
	}
	now := time.Now()
	next := map[int64]sight{}
	for _, j := range jobs {
		t, mine := e.tasks[j.args.Name]
		if !mine {
			continue
		}
		s, ok := seen[j.job]
		if !ok || s.beat != j.beat {
			s = sight{j.beat, now}
		}
		if now.Sub(s.since) > e.pace.silence {
			freed, err := e.q.free(ctx, t, j)
			if err != nil {
				return err
			}
			if freed {
				e.log.WarnContext(ctx, "a run's process has died: its task goes on", "task", t.Name)
			}
			continue
		}
		next[j.job] = s
	}
	clear(seen)
	for job, s := range next {
		seen[job] = s
	}
	return nil
}
