package schedule

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// turnTimeout bounds the wait for other processes that make the same file; turnPause lies between two looks.
const (
	turnTimeout = 10 * time.Second
	turnPause   = 10 * time.Millisecond
)

// lite is a SQLite file of the schedule's own, through one connection: River's driver wants no more. Commits are not waited for on
// the disk: after a power cut a tick may run again, after a killed process none does.
type lite struct{ db *sql.DB }

// openSQLite opens the file, and makes it (0600, in a folder of 0700) where there is none.
func openSQLite(ctx context.Context, path string, e *Engine, workers int) (queue, error) {
	if path == "" {
		return nil, errors.New("open sqlite: the path is empty: want sqlite:<path>")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	// The journal and the shared memory file take their modes from this one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open sqlite %s: %w", path, err)
	}
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate"
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open sqlite %s: %w", path, err)
	}
	pool.SetMaxOpenConns(1)
	db := lite{pool}
	if err := errors.Join(db.toWAL(ctx), db.migrate(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("open sqlite %s: %w", path, err), db.close())
	}
	q, err := newJobs(db, e, workers)
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	return q, nil
}

// toWAL opens the connection, which turns a new file into a write-ahead one. SQLite refuses that turn at once, without the wait it
// was told, where another process is at the same turn: so the wait is here.
func (db lite) toWAL(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	for {
		err := db.db.PingContext(ctx)
		var e *sqlite.Error
		if !errors.As(err, &e) || e.Code()&0xff != lib.SQLITE_BUSY {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(turnPause):
		}
	}
}

// migrate brings the tables up to date in one transaction, which makes other processes wait.
func (db lite) migrate(ctx context.Context) error {
	m, err := rivermigrate.New(db.driver(), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return db.update(ctx, func(tx *sql.Tx) error {
		//lint:ignore SA1019 the migrations that cannot share a transaction are PostgreSQL's; on SQLite it is what makes other processes wait
		if _, err := m.MigrateTx(ctx, tx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("migrate River's tables: %w", err)
		}
		_, err := tx.ExecContext(ctx, createTable)
		return err
	})
}

func (db lite) driver() riverdriver.Driver[*sql.Tx] { return riversqlite.New(db.db) }

func (db lite) update(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (db lite) exec(ctx context.Context, tx *sql.Tx, text string, args ...any) (int64, error) {
	res, err := tx.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (db lite) each(ctx context.Context, tx *sql.Tx, row func(func(...any) error) error, text string, args ...any) error {
	rows, err := tx.QueryContext(ctx, text, args...)
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

func (db lite) close() error { return db.db.Close() }
