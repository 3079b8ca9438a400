// Package store keeps everything omc must not forget: the ledgers, the lab's sessions, the floor's books, algorithms, the audit.
// It holds the SQL, written once and run by a dialect. It decides nothing about what it keeps, and never rounds a number.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/store/dialect"
	"github.com/ohmycoins/omc/internal/store/postgres"
	"github.com/ohmycoins/omc/internal/store/sqlite"
)

// What callers branch on; wrapped with the thing's name.
var (
	// ErrNotFound: there is no such thing, or it is another user's.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the thing is there already with another content, or has changed meanwhile.
	ErrConflict = errors.New("conflict")
	// ErrInvalid: the thing cannot be stored.
	ErrInvalid = errors.New("invalid")
	// ErrNeedsMigration: the schema is older than this program; see Options.Migrate.
	ErrNeedsMigration = errors.New("the store's schema is older than this program: run 'omc daemon migrate'")
)

// NewerSchemaError refuses a store that a newer omc has migrated.
type NewerSchemaError struct {
	Have  int64 // the schema's version in the store
	Known int64 // the newest this program knows
}

// Error implements error.
func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("the store's schema is version %d, this omc knows versions up to %d: use the newer omc that wrote it", e.Have, e.Known)
}

// Options of Open. The zero value opens an up-to-date store.
type Options struct {
	Migrate    bool        // bring an older schema up to date instead of refusing it
	Unmigrated bool        // open an older schema as it is: SchemaVersion and Migrate work, nothing else may be asked
	Clock      clock.Clock // stamps rows whose caller gives no time; nil: the machine's
}

// DB is an open store. Safe for concurrent use.
type DB struct {
	drv   dialect.Driver
	clock clock.Clock
}

// Open opens sqlite:<path> or postgres://…. It refuses a newer schema with *NewerSchemaError, and an older one with
// ErrNeedsMigration unless the options say otherwise. The caller closes the DB.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Clock == nil {
		o.Clock = clock.Wall{}
	}
	var drv dialect.Driver
	var err error
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		drv, err = sqlite.Open(ctx, rest)
	case "postgres", "postgresql":
		drv, err = postgres.Open(ctx, url)
	default:
		return nil, errors.New("store: want sqlite:<path> or postgres://user@host/database")
	}
	if err != nil {
		return nil, err
	}
	d := &DB{drv: drv, clock: o.Clock}
	if err := d.check(ctx, o); err != nil {
		return nil, errors.Join(err, drv.Close())
	}
	return d, nil
}

func (d *DB) check(ctx context.Context, o Options) error {
	v, err := d.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case v > d.drv.Latest():
		return &NewerSchemaError{Have: v, Known: d.drv.Latest()}
	case v == d.drv.Latest() || o.Unmigrated:
		return nil
	case o.Migrate:
		return d.Migrate(ctx)
	default:
		return ErrNeedsMigration
	}
}

// Close closes the store.
func (d *DB) Close() error { return d.drv.Close() }

// Dialect is "sqlite" or "postgres".
func (d *DB) Dialect() string { return d.drv.Name() }

// SchemaVersion is the store's schema version; 0 for an empty store.
func (d *DB) SchemaVersion(ctx context.Context) (int64, error) { return d.drv.Version(ctx) }

// LatestSchemaVersion is the newest schema version this program knows.
func (d *DB) LatestSchemaVersion() int64 { return d.drv.Latest() }

// Migrate brings the schema up to date; nothing happens where it is. Safe in several processes at once. A newer schema is
// refused with *NewerSchemaError.
func (d *DB) Migrate(ctx context.Context) error {
	v, err := d.drv.Version(ctx)
	if err != nil || v == d.drv.Latest() {
		return err
	}
	if v > d.drv.Latest() {
		return &NewerSchemaError{Have: v, Known: d.drv.Latest()}
	}
	return d.drv.Migrate(ctx)
}

// timeLayout writes all times of records with nine decimals, so that text order is time order.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }

func unstamp(s string) (time.Time, error) {
	t, err := time.Parse(timeLayout, s)
	if err != nil {
		return t, fmt.Errorf("a stored time: %w", err)
	}
	return t.UTC(), nil
}

// queryRow scans the first row of a query, or returns ErrNotFound.
func queryRow(ctx context.Context, r dialect.Reader, sql string, args []any, dest ...any) error {
	rows, err := r.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return ErrNotFound
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}

// queryAll collects what one makes of each row.
func queryAll[T any](ctx context.Context, r dialect.Reader, one func(dialect.Rows) (T, error), sql string, args ...any) ([]T, error) {
	rows, err := r.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := one(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// rawJSON is a column's value for JSON that may be absent.
func rawJSON(m json.RawMessage) any {
	if m == nil {
		return nil
	}
	return string(m)
}

// toRaw reads a JSON column that may be NULL.
func toRaw(b []byte) json.RawMessage {
	if b == nil {
		return nil
	}
	return json.RawMessage(b)
}

// pageLimit bounds a page: 0 or less means most.
func pageLimit(limit, most int) int {
	if limit <= 0 || limit > most {
		return most
	}
	return limit
}
