// Package sqlite runs the store's SQL on SQLite, through modernc.org/sqlite: one connection that writes, several that read.
// It owns the file, its modes and its pragmas, and must never know what a table means.
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/ohmycoins/omc/internal/store/dialect"
	"github.com/ohmycoins/omc/migrations"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// turnTimeout bounds the wait for other processes that make the same file; turnPause lies between two looks.
const (
	turnTimeout = 10 * time.Second
	turnPause   = 10 * time.Millisecond
)

// readers is how many queries run at once beside the writer.
const readers = 4

// Driver is one open SQLite file.
type Driver struct {
	path   string
	full   *sql.DB // one connection at synchronous=FULL
	bulk   *sql.DB // one connection at synchronous=NORMAL
	read   *sql.DB
	writer chan struct{} // holds one token: whoever has it is the only writer of this process
}

var _ dialect.Driver = (*Driver)(nil)

// Open opens the file, and makes it (0600, in a folder of 0700) where there is none.
func Open(ctx context.Context, path string) (*Driver, error) {
	if path == "" {
		return nil, errors.New("open sqlite: the path is empty")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open sqlite %s: %w", path, err)
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
	d := &Driver{path: path, writer: make(chan struct{}, 1)}
	const write = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_txlock=immediate&_pragma=synchronous"
	if d.full, err = connect(path, write+"(FULL)", 1); err != nil {
		return nil, err
	}
	if d.bulk, err = connect(path, write+"(NORMAL)&_pragma=cache_size(-32768)&_pragma=wal_autocheckpoint(4000)", 1); err != nil {
		return nil, err
	}
	if d.read, err = connect(path, "_pragma=busy_timeout(10000)&_pragma=query_only(1)&_pragma=cache_size(-16384)", readers); err != nil {
		return nil, err
	}
	if err := d.toWAL(ctx); err != nil { // before anybody reads it
		return nil, errors.Join(fmt.Errorf("open sqlite %s: %w", path, err), d.Close())
	}
	return d, nil
}

// toWAL opens the writing connection, which turns a new file into a write-ahead one. SQLite refuses that turn at once, without the
// wait it was told, where another process is at the same turn: so the wait is here.
func (d *Driver) toWAL(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	for {
		err := d.full.PingContext(ctx)
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

func connect(path, query string, most int) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + query
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open sqlite %s: %w", path, err)
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}

// Name is "sqlite".
func (d *Driver) Name() string { return "sqlite" }

// Close waits for nothing: calls in flight fail.
func (d *Driver) Close() error {
	return errors.Join(d.read.Close(), d.bulk.Close(), d.full.Close())
}

// Update implements dialect.Driver.
func (d *Driver) Update(ctx context.Context, dur dialect.Durability, fn func(dialect.Tx) error) error {
	select {
	case d.writer <- struct{}{}:
		defer func() { <-d.writer }()
	case <-ctx.Done():
		return ctx.Err()
	}
	db := d.full
	if dur == dialect.Normal {
		db = d.bulk
	}
	c, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("sqlite: begin: %w", err)
	}
	if err := runTx(c, fn); err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, "COMMIT"); err != nil {
		rollback(c)
		return fmt.Errorf("sqlite: commit: %w", err)
	}
	return nil
}

// runTx undoes the transaction when fn fails or panics.
func runTx(c *sql.Conn, fn func(dialect.Tx) error) (err error) {
	done := false
	defer func() {
		if !done || err != nil {
			rollback(c)
		}
	}()
	err = fn(&tx{querier{c}})
	done = true
	return err
}

// rollback must run although the caller's context has ended. Where it fails, the connection is thrown away and SQLite undoes.
func rollback(c *sql.Conn) {
	if _, err := c.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		var e *sqlite.Error
		if errors.As(err, &e) && e.Code()&0xff == lib.SQLITE_ERROR {
			return // SQLite has undone it by itself
		}
		_ = c.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// View implements dialect.Driver.
func (d *Driver) View(ctx context.Context, fn func(dialect.Reader) error) error {
	c, err := d.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("sqlite: begin: %w", err)
	}
	defer rollback(c)
	return fn(querier{c})
}

// Query implements dialect.Reader.
func (d *Driver) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	return query(ctx, d.read, text, args)
}

// Conflict implements dialect.Driver.
func (d *Driver) Conflict(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY || e.Code() == lib.SQLITE_CONSTRAINT_UNIQUE)
}

// Latest implements dialect.Driver.
func (d *Driver) Latest() int64 { return migrations.Latest("sqlite") }

// Version implements dialect.Driver. Both questions are asked of one snapshot: another process may be migrating in between.
func (d *Driver) Version(ctx context.Context) (v int64, err error) {
	err = d.View(ctx, func(r dialect.Reader) error {
		tables, err := number(ctx, r, "SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'")
		if err == nil && tables > 0 {
			v, err = number(ctx, r, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied")
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read the schema version of %s: %w", d.path, err)
	}
	return v, nil
}

func number(ctx context.Context, r dialect.Reader, text string) (n int64, err error) {
	rows, err := r.Query(ctx, text)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
	}
	return n, rows.Err()
}

// Migrate implements dialect.Driver. Each migration is one transaction and SQLite lets one process write at a time, so of two
// processes one finds the other's work done; it looks again and goes on from there.
func (d *Driver) Migrate(ctx context.Context) error {
	files, err := migrations.FS("sqlite")
	if err != nil {
		return err
	}
	select {
	case d.writer <- struct{}{}:
		defer func() { <-d.writer }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for before := int64(-1); ; {
		p, err := goose.NewProvider(goose.DialectSQLite3, d.full, files, goose.WithDisableGlobalRegistry(true))
		if err == nil {
			_, err = p.Up(ctx)
		}
		if err == nil {
			return nil
		}
		now, verr := d.Version(ctx)
		if verr != nil || now <= before {
			return fmt.Errorf("migrate %s: %w", d.path, err)
		}
		before = now
	}
}
