package schedule

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// queue is the engine's side of the database.
type queue interface {
	register(ctx context.Context, tasks []Task) error
	// offer claims the ticks that no process has claimed and queues their runs; an outcome for each.
	offer(ctx context.Context, ticks []due) ([]outcome, error)
	ask(ctx context.Context, name string, at time.Time) error
	epoch(ctx context.Context, name string) (int64, error)
	beat(ctx context.Context, name string, epoch int64) error
	// running returns the jobs under way that are not here, of the tasks' present epochs.
	running(ctx context.Context, here map[int64]bool) ([]running, error)
	// end moves the task's epoch on when a run is over, and queues the run that was asked for meanwhile.
	end(ctx context.Context, t Task, job, epoch int64) error
	// free does so for another process, where neither the epoch nor the beat has moved.
	free(ctx context.Context, t Task, r running) (bool, error)
	start(ctx context.Context) error
	stop(ctx context.Context) error
	stopNow(ctx context.Context) error
	close() error
}

// The row of a task: tick is the newest one claimed (ns since the Unix epoch); epoch and beat: see the package's comment; asked_job
// and asked_at are the running job during which RunNow was called, and when.
const createTable = `CREATE TABLE IF NOT EXISTS schedule_task (
	name TEXT PRIMARY KEY,
	queue TEXT NOT NULL,
	tick BIGINT NOT NULL,
	epoch BIGINT NOT NULL,
	beat BIGINT NOT NULL,
	asked_job BIGINT NOT NULL,
	asked_at BIGINT NOT NULL
)`

// Both engines number parameters by their first appearance here.
const (
	registerSQL = `INSERT INTO schedule_task (name, queue, tick, epoch, beat, asked_job, asked_at) VALUES ($1, $2, 0, 0, 0, 0, 0)
		ON CONFLICT (name) DO UPDATE SET queue = excluded.queue`
	claimSQL     = `UPDATE schedule_task SET tick = $1 WHERE name = $2 AND tick < $1 RETURNING epoch`
	startOverSQL = `UPDATE schedule_task SET tick = $1 WHERE name = $2 AND tick > $3`
	// askSQL changes nothing, but holds the row, so that a run's end waits for what is asked.
	askSQL   = `UPDATE schedule_task SET beat = beat WHERE name = $1 RETURNING queue, epoch`
	epochSQL = `SELECT epoch FROM schedule_task WHERE name = $1`
	afterSQL = `UPDATE schedule_task SET asked_job = $1, asked_at = $2 WHERE name = $3`
	beatSQL  = `UPDATE schedule_task SET beat = beat + 1 WHERE name = $1 AND epoch = $2`
	beatsSQL = `SELECT name, epoch, beat FROM schedule_task`
	endSQL   = `UPDATE schedule_task SET epoch = epoch + 1 WHERE name = $1 AND epoch = $2 RETURNING epoch, asked_job, asked_at`
	freeSQL  = `UPDATE schedule_task SET epoch = epoch + 1 WHERE name = $1 AND epoch = $2 AND beat = $3 RETURNING epoch, asked_job, asked_at`
)

// The two queues: names of River's.
const (
	queueNormal = "schedule"
	queueUrgent = "schedule_urgent"
)

const (
	// keep is how long a finished job's row stays.
	keep = time.Minute
	// coolDown is the least time between two fetches of a queue, and between two notifications of one process.
	coolDown = 2 * time.Millisecond
	// poll is how often jobs are fetched without a notification, should one get lost.
	poll = 2 * time.Second
	// mostRunning bounds what watch reads.
	mostRunning = 10_000
)

// database is what the two dialects differ in. T is the transaction.
type database[T any] interface {
	driver() riverdriver.Driver[T]
	update(ctx context.Context, fn func(T) error) error
	exec(ctx context.Context, tx T, sql string, args ...any) (int64, error)
	// each calls row for every row of the answer.
	each(ctx context.Context, tx T, row func(scan func(dest ...any) error) error, sql string, args ...any) error
	close() error
}

// jobs implements queue over either database.
type jobs[T any] struct {
	database[T]
	client *river.Client[T]
}

// newJobs makes the client: one that works where there are tasks, one that only inserts where there are none.
func newJobs[T any](db database[T], e *Engine, workers int) (*jobs[T], error) {
	c := &river.Config{
		Logger:                      slog.New(errorsOnly{e.log.Handler()}),
		CompletedJobRetentionPeriod: keep,
		CancelledJobRetentionPeriod: keep,
		DiscardedJobRetentionPeriod: keep,
		RescueStuckJobsAfter:        forgetAfter,
		FetchCooldown:               coolDown,
		FetchPollInterval:           poll,
		FetchOnlyKnownKinds:         true, // processes may run different tasks
		SkipUnknownJobCheck:         true, // and ask for one another's
		MaxAttempts:                 1,
		Hooks:                       []rivertype.Hook{river.HookInsertBeginFunc(alwaysDue)},
	}
	urgent, normal := 0, 0
	if len(e.tasks) > 0 {
		c.Workers, c.Queues = river.NewWorkers(), map[string]river.QueueConfig{}
		for _, t := range e.sorted() {
			river.AddWorkerArgs(c.Workers, args{Name: t.Name}, &worker{e: e, task: t})
			if t.Urgent {
				urgent++
			} else {
				normal++
			}
		}
	}
	if workers > 0 {
		normal = min(normal, workers)
	}
	if urgent > 0 {
		c.Queues[queueUrgent] = river.QueueConfig{MaxWorkers: urgent}
	}
	if normal > 0 {
		c.Queues[queueNormal] = river.QueueConfig{MaxWorkers: normal}
	}
	client, err := river.NewClient(db.driver(), c)
	if err != nil {
		return nil, err
	}
	return &jobs[T]{db, client}, nil
}

// alwaysDue schedules a job at 1970, whatever a clock says now.
func alwaysDue(_ context.Context, p *rivertype.JobInsertParams) error {
	epoch := time.Unix(0, 0).UTC()
	p.ScheduledAt = &epoch
	return nil
}

func job(a args, queue string) river.InsertManyParams {
	return river.InsertManyParams{Args: a, InsertOpts: &river.InsertOpts{
		Queue: queue,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}}
}

func (t Task) queue() string {
	if t.Urgent {
		return queueUrgent
	}
	return queueNormal
}

func (j *jobs[T]) register(ctx context.Context, tasks []Task) error {
	return j.update(ctx, func(tx T) error {
		for _, t := range tasks {
			if _, err := j.exec(ctx, tx, registerSQL, t.Name, t.queue()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (j *jobs[T]) offer(ctx context.Context, ticks []due) ([]outcome, error) {
	var out []outcome
	err := j.update(ctx, func(tx T) error {
		out = make([]outcome, len(ticks))
		var insert []river.InsertManyParams
		var which []int
		for i, d := range ticks {
			ns := d.tick.UnixNano()
			epoch, claimed := int64(0), false
			err := j.each(ctx, tx, func(scan func(...any) error) error { claimed = true; return scan(&epoch) }, claimSQL, ns, d.task.Name)
			if err != nil {
				return err
			}
			if claimed {
				insert = append(insert, job(args{Name: d.task.Name, Epoch: epoch, Tick: ns}, d.task.queue()))
				which = append(which, i)
				continue
			}
			n, err := j.exec(ctx, tx, startOverSQL, ns, d.task.Name, ns+int64(d.task.Every+setBack))
			if err != nil {
				return err
			}
			if n > 0 {
				out[i] = startedOver
			}
		}
		if len(insert) == 0 {
			return nil
		}
		res, err := j.client.InsertManyTx(ctx, tx, insert)
		if err != nil {
			return err
		}
		for k, r := range res {
			out[which[k]] = queued
			if r.UniqueSkippedAsDuplicate {
				out[which[k]] = dropped
			}
		}
		return nil
	})
	return out, err
}

func (j *jobs[T]) ask(ctx context.Context, name string, at time.Time) error {
	return j.update(ctx, func(tx T) error {
		var queue string
		var epoch int64
		err := j.each(ctx, tx, func(scan func(...any) error) error { return scan(&queue, &epoch) }, askSQL, name)
		if err != nil {
			return err
		}
		if queue == "" {
			return ErrUnknown
		}
		res, err := j.client.InsertManyTx(ctx, tx, []river.InsertManyParams{job(args{Name: name, Epoch: epoch, Tick: at.UnixNano()}, queue)})
		if err != nil {
			return err
		}
		if r := res[0]; r.UniqueSkippedAsDuplicate && r.Job.State == rivertype.JobStateRunning {
			_, err = j.exec(ctx, tx, afterSQL, r.Job.ID, at.UnixNano(), name)
		}
		return err
	})
}

func (j *jobs[T]) epoch(ctx context.Context, name string) (int64, error) {
	epoch := int64(-1)
	err := j.update(ctx, func(tx T) error {
		return j.each(ctx, tx, func(scan func(...any) error) error { return scan(&epoch) }, epochSQL, name)
	})
	return epoch, err
}

func (j *jobs[T]) beat(ctx context.Context, name string, epoch int64) error {
	return j.update(ctx, func(tx T) error {
		_, err := j.exec(ctx, tx, beatSQL, name, epoch)
		return err
	})
}

func (j *jobs[T]) running(ctx context.Context, here map[int64]bool) ([]running, error) {
	list, err := j.client.JobList(ctx, river.NewJobListParams().States(rivertype.JobStateRunning).Queues(queueNormal, queueUrgent).First(mostRunning))
	if err != nil {
		return nil, err
	}
	var out []running
	for _, row := range list.Jobs {
		r := running{job: row.ID}
		if here[row.ID] {
			continue
		}
		if err := json.Unmarshal(row.EncodedArgs, &r.args); err != nil {
			return nil, fmt.Errorf("job %d: %w", row.ID, err)
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, nil
	}
	type key struct {
		name  string
		epoch int64
	}
	beats := map[key]int64{}
	err = j.update(ctx, func(tx T) error {
		return j.each(ctx, tx, func(scan func(...any) error) error {
			var k key
			var beat int64
			if err := scan(&k.name, &k.epoch, &beat); err != nil {
				return err
			}
			beats[k] = beat
			return nil
		}, beatsSQL)
	})
	present := out[:0]
	for _, r := range out {
		if beat, ok := beats[key{r.args.Name, r.args.Epoch}]; ok {
			r.beat = beat
			present = append(present, r)
		}
	}
	return present, err
}

func (j *jobs[T]) end(ctx context.Context, t Task, job, epoch int64) error {
	_, err := j.moveOn(ctx, t, job, endSQL, t.Name, epoch)
	return err
}

func (j *jobs[T]) free(ctx context.Context, t Task, r running) (bool, error) {
	return j.moveOn(ctx, t, r.job, freeSQL, t.Name, r.args.Epoch, r.beat)
}

// moveOn reports whether the statement changed the row.
func (j *jobs[T]) moveOn(ctx context.Context, t Task, id int64, statement string, values ...any) (bool, error) {
	moved := false
	err := j.update(ctx, func(tx T) error {
		moved = false
		var epoch, askedJob, askedAt int64
		err := j.each(ctx, tx, func(scan func(...any) error) error {
			moved = true
			return scan(&epoch, &askedJob, &askedAt)
		}, statement, values...)
		if err != nil || !moved || askedJob != id {
			return err
		}
		_, err = j.client.InsertManyTx(ctx, tx, []river.InsertManyParams{job(args{Name: t.Name, Epoch: epoch, Tick: askedAt}, t.queue())})
		return err
	})
	return moved && err == nil, err
}

func (j *jobs[T]) start(ctx context.Context) error { return j.client.Start(context.WithoutCancel(ctx)) }

func (j *jobs[T]) stop(ctx context.Context) error { return j.client.Stop(ctx) }

func (j *jobs[T]) stopNow(ctx context.Context) error { return j.client.StopAndCancel(ctx) }

// errorsOnly keeps what River says below an error from the log: it is about River, not about what runs.
type errorsOnly struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h errorsOnly) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError && h.Handler.Enabled(ctx, l)
}

// Handle implements slog.Handler. What River could not finish because it was being stopped is no error of anybody's.
func (h errorsOnly) Handle(ctx context.Context, r slog.Record) error {
	stopped := false
	r.Attrs(func(a slog.Attr) bool {
		stopped = stopped || strings.Contains(a.Value.String(), context.Canceled.Error())
		return !stopped
	})
	if stopped {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h errorsOnly) WithAttrs(a []slog.Attr) slog.Handler { return errorsOnly{h.Handler.WithAttrs(a)} }

// WithGroup implements slog.Handler.
func (h errorsOnly) WithGroup(name string) slog.Handler { return errorsOnly{h.Handler.WithGroup(name)} }
