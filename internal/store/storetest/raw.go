package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver behind Exec
	_ "modernc.org/sqlite"             // the driver behind Exec
)

// Exec changes a store from outside, as a person with the engine's own shell could.
func Exec(t testing.TB, url, statement string) {
	t.Helper()
	name, dsn := "pgx", strings.Replace(url, "&pool_max_conns=6", "", 1)
	dsn = strings.Replace(dsn, "pool_max_conns=6&", "", 1)
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		name, dsn = "sqlite", path
	}
	db, err := sql.Open(name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

// Newer marks the store as migrated by a newer omc.
func Newer(t testing.TB, url string, version int64) {
	t.Helper()
	Exec(t, url, fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, TRUE)", version))
}
