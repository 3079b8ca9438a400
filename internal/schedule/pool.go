package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// PoolConfig of a Pool.
type PoolConfig struct {
	URL     string // postgres://…: what is to be done is shared by all processes on the database
	Workers int    // how much this process does at once; 0: it only asks
	Timeout time.Duration
	// Run does a piece of work. It must return when ctx ends. What becomes of it is its own affair: a panic is logged.
	Run func(ctx context.Context, piece string)
	Log *slog.Logger // nil: nowhere
}

// Pool hands pieces of work to the processes that have time, each once. A process that dies takes its pieces with it: whoever asked looks
// after what did not come back, and asks again. Safe for concurrent use.
type Pool struct {
	client *river.Client[pgx.Tx]
	db     *pgxpool.Pool
}

// piece is a job's args.
type piece struct {
	Piece string `json:"piece"`
}

// Kind implements river.JobArgs.
func (piece) Kind() string { return "omc:piece" }

// queuePool is the queue's name.
const queuePool = "pool"

// maxPiece bounds a piece's text, in bytes.
const maxPiece = 1_000

type pieces struct {
	river.WorkerDefaults[piece]
	c   PoolConfig
	log *slog.Logger
}

// Timeout implements river.Worker: beyond the work's own, which Work sees to.
func (w *pieces) Timeout(*river.Job[piece]) time.Duration { return w.c.Timeout + forgetAfter }

// Work implements river.Worker. It returns no error: nothing is tried again by River.
func (w *pieces) Work(ctx context.Context, job *river.Job[piece]) error {
	ctx, cancel := context.WithTimeout(ctx, w.c.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			w.log.ErrorContext(ctx, "a piece of work failed", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	w.c.Run(ctx, job.Args.Piece)
	return nil
}

// OpenPool connects, and begins to work where Workers is above 0. The caller closes it. Errors never hold the URL.
func OpenPool(ctx context.Context, c PoolConfig) (*Pool, error) {
	log := c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errors.New("work pool: the URL is not understood: want postgres://user:password@host:5432/database")
	}
	cfg.ConnConfig.ConnectTimeout = max(cfg.ConnConfig.ConnectTimeout, 10*time.Second)
	cfg.MaxConns = max(cfg.MaxConns, leastConns)
	db, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("work pool: %w", err)
	}
	d := pg{db}
	if err := d.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("work pool: %w", err)
	}
	rc := &river.Config{Logger: slog.New(errorsOnly{log.Handler()}), CompletedJobRetentionPeriod: keep, CancelledJobRetentionPeriod: keep, DiscardedJobRetentionPeriod: keep,
		RescueStuckJobsAfter: forgetAfter, FetchCooldown: coolDown, FetchPollInterval: poll, FetchOnlyKnownKinds: true, SkipUnknownJobCheck: true, MaxAttempts: 1,
		Hooks: []rivertype.Hook{river.HookInsertBeginFunc(alwaysDue)}}
	if c.Workers > 0 {
		rc.Workers = river.NewWorkers()
		river.AddWorker(rc.Workers, &pieces{c: c, log: log})
		rc.Queues = map[string]river.QueueConfig{queuePool: {MaxWorkers: c.Workers}}
	}
	client, err := river.NewClient(d.driver(), rc)
	if err == nil && c.Workers > 0 {
		err = client.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("work pool: %w", err)
	}
	return &Pool{client, db}, nil
}

// Add asks for pieces of work to be done, by whoever has time.
func (p *Pool) Add(ctx context.Context, list []string) error {
	var jobs []river.InsertManyParams
	for _, s := range list {
		if len(s) > maxPiece {
			return fmt.Errorf("work pool: a piece of %d bytes, at most %d are allowed", len(s), maxPiece)
		}
		jobs = append(jobs, river.InsertManyParams{Args: piece{s}, InsertOpts: &river.InsertOpts{Queue: queuePool}})
	}
	for len(jobs) > 0 {
		n := min(len(jobs), 500)
		if _, err := p.client.InsertMany(ctx, jobs[:n]); err != nil {
			return fmt.Errorf("work pool: %w", err)
		}
		jobs = jobs[n:]
	}
	return nil
}

// Close ends what is being done and disconnects. Pieces that nobody has begun stay for the other processes.
func (p *Pool) Close(ctx context.Context) error {
	defer p.db.Close()
	if err := p.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("work pool: %w", err)
	}
	return nil
}
