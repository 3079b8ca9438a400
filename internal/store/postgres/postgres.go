// Package postgres runs the store's SQL on PostgreSQL, through pgx.
// It owns the pool and the wire encodings, and must never know what a table means.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/ohmycoins/omc/internal/store/dialect"
	"github.com/ohmycoins/omc/migrations"
	"github.com/pressly/goose/v3"
)

// SQLSTATE codes, PostgreSQL's appendix A.
const (
	uniqueViolation = "23505"
	undefinedTable  = "42P01"
)

// Driver is one pool of connections.
type Driver struct {
	pool *pgxpool.Pool
}

var _ dialect.Driver = (*Driver)(nil)

// Open connects to url, a postgres:// URL as pgxpool reads it (pool_max_conns, search_path, sslmode, …). Errors never hold the
// URL: it may carry a password.
func Open(ctx context.Context, url string) (*Driver, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("open postgres: the URL is not understood: want postgres://user:password@host:5432/database")
	}
	cfg.ConnConfig.ConnectTimeout = max(cfg.ConnConfig.ConnectTimeout, 10*time.Second)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open postgres at %s: %w", cfg.ConnConfig.Host, err)
	}
	return &Driver{pool: pool}, nil
}

// Name is "postgres".
func (d *Driver) Name() string { return "postgres" }

// Close waits for the queries in flight.
func (d *Driver) Close() error {
	d.pool.Close()
	return nil
}

// Update implements dialect.Driver.
func (d *Driver) Update(ctx context.Context, dur dialect.Durability, fn func(dialect.Tx) error) error {
	return pgx.BeginFunc(ctx, d.pool, func(t pgx.Tx) error {
		// Said for each transaction, so that a server's or a role's own default cannot weaken it.
		level := "SET LOCAL synchronous_commit = on"
		if dur == dialect.Normal {
			level = "SET LOCAL synchronous_commit = off"
		}
		if _, err := t.Exec(ctx, level); err != nil {
			return err
		}
		return fn(&tx{querier{t}})
	})
}

// View implements dialect.Driver.
func (d *Driver) View(ctx context.Context, fn func(dialect.Reader) error) error {
	o := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, d.pool, o, func(t pgx.Tx) error { return fn(querier{t}) })
}

// Query implements dialect.Reader.
func (d *Driver) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	return query(ctx, d.pool, text, args)
}

// Conflict implements dialect.Driver.
func (d *Driver) Conflict(err error) bool { return hasCode(err, uniqueViolation) }

func hasCode(err error, code string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == code
}

// Latest implements dialect.Driver.
func (d *Driver) Latest() int64 { return migrations.Latest("postgres") }

// Version implements dialect.Driver.
func (d *Driver) Version(ctx context.Context) (int64, error) {
	var v *int64
	err := d.pool.QueryRow(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&v)
	switch {
	case hasCode(err, undefinedTable):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("read the schema version: %w", err)
	case v == nil:
		return 0, nil
	}
	return *v, nil
}

// Migrate implements dialect.Driver. An advisory lock per schema keeps two processes from migrating at once: the second waits
// and finds nothing left to do. The lock's connection is closed rather than given back, which frees the lock whatever happened.
func (d *Driver) Migrate(ctx context.Context) error {
	files, err := migrations.FS("postgres")
	if err != nil {
		return err
	}
	c, err := d.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	lock := c.Hijack()
	defer lock.Close(context.WithoutCancel(ctx))
	if _, err := lock.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended('omc migrate ' || current_schema(), 0))"); err != nil {
		return fmt.Errorf("migrate: wait for other processes: %w", err)
	}
	db := stdlib.OpenDBFromPool(d.pool)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
