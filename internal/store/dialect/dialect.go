// Package dialect is the port between the store's SQL and the two engines that run it.
// It owns the adapter's interfaces and the values that cross it, and knows neither engine; it holds no SQL.
package dialect

import (
	"context"

	"github.com/ohmycoins/omc/internal/market"
)

// Reader runs queries written as portable text with $1…$N.
//
// Arguments are int, int64, bool, float64, string, []byte, money.Decimal, *money.Decimal, or nil. Text that holds a NUL or is not
// UTF-8 is refused by both engines alike. Scan takes *int, *int64, *bool, *float64, **float64, *string, *[]byte, *money.Decimal.
type Reader interface {
	// Query runs a query. The caller closes the rows.
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
	// ReadBars runs a query whose columns are event_time, open, high, low, close, volume, source_id, without the cost of Scan.
	ReadBars(ctx context.Context, each BarFunc, sql string, args ...any) error
}

// Rows walks a result.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Close()
	Err() error
}

// Tx is a transaction that may write.
type Tx interface {
	Reader
	// Exec runs a statement and returns how many rows it changed.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
	// Bulk inserts n rows as fast as the engine can: multi-row statements on SQLite, COPY on PostgreSQL. fill writes row i into
	// a reused slice of len(columns) values. A duplicate key fails the transaction.
	Bulk(ctx context.Context, table string, columns []string, n int, fill func(i int, row []Value)) error
}

// Durability says what a commit must survive.
type Durability int

const (
	// Full: a commit survives a power cut.
	Full Durability = iota
	// Normal: a commit survives kill -9 of the process; a power cut may undo the newest commits, whole ones only. For what can be
	// imported again.
	Normal
)

// BarFunc takes one bar of a ReadBars and the id of its source. The bar is the callee's to keep.
type BarFunc func(b market.Bar, source int64) error

// Driver is one open database.
type Driver interface {
	Reader
	// Update runs fn in a transaction that may write, and commits when fn returns nil.
	Update(ctx context.Context, d Durability, fn func(Tx) error) error
	// View runs fn over one unchanging snapshot.
	View(ctx context.Context, fn func(Reader) error) error
	// SQL returns this dialect's wording of a named statement, or text where it needs none of its own.
	SQL(name, text string) string
	// Version is the schema's version in the database, 0 where there is no schema yet. One query.
	Version(ctx context.Context) (int64, error)
	// Latest is the newest schema version this program knows.
	Latest() int64
	// Migrate brings the schema to Latest. Safe in several processes at once.
	Migrate(ctx context.Context) error
	// Conflict reports that err is a violated unique key.
	Conflict(err error) bool
	// Name is "sqlite" or "postgres".
	Name() string
	Close() error
}
