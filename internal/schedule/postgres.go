package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// leastConns is how many connections River and the schedule need: one listens all the time.
const leastConns = 4

// pg is a PostgreSQL database, the store's.
type pg struct{ pool *pgxpool.Pool }

// openPostgres connects. Errors never hold the URL: it may carry a password.
func openPostgres(ctx context.Context, url string, e *Engine, workers int) (queue, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("open postgres: the URL is not understood: want postgres://user:password@host:5432/database")
	}
	cfg.ConnConfig.ConnectTimeout = max(cfg.ConnConfig.ConnectTimeout, 10*time.Second)
	cfg.MaxConns = max(cfg.MaxConns, leastConns)
	if p := cfg.ConnConfig.RuntimeParams; p["idle_in_transaction_session_timeout"] == "" {
		// A process that stands still in a transaction must not hold the other processes' schedules up.
		p["idle_in_transaction_session_timeout"] = "10s"
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	db := pg{pool}
	if err := db.migrate(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open postgres at %s: %w", cfg.ConnConfig.Host, err)
	}
	q, err := newJobs(db, e, workers)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return q, nil
}

// migrate brings the tables up to date, one process at a time: a lock per schema, which ends with its connection whatever happens.
func (db pg) migrate(ctx context.Context) error {
	c, err := db.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	lock := c.Hijack()
	defer lock.Close(context.WithoutCancel(ctx))
	if _, err := lock.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended('omc schedule ' || current_schema(), 0))"); err != nil {
		return fmt.Errorf("wait for other processes to migrate: %w", err)
	}
	m, err := rivermigrate.New(db.driver(), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate River's tables: %w", err)
	}
	_, err = lock.Exec(ctx, createTable)
	return err
}

func (db pg) driver() riverdriver.Driver[pgx.Tx] { return riverpgxv5.New(db.pool) }

func (db pg) update(ctx context.Context, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, db.pool, fn)
}

func (db pg) exec(ctx context.Context, tx pgx.Tx, sql string, args ...any) (int64, error) {
	tag, err := tx.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

func (db pg) each(ctx context.Context, tx pgx.Tx, row func(func(...any) error) error, sql string, args ...any) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (db pg) close() error {
	db.pool.Close()
	return nil
}
