package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/store"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

func TestSQLite(t *testing.T) { t.Parallel(); storetest.Run(t, storetest.SQLite) }

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Postgres(t) // skips the whole suite in one line
	storetest.Run(t, storetest.Postgres)
}

func TestOpenRefusesOtherURLs(t *testing.T) {
	for _, u := range []string{"", "omc.db", "mysql://x", "sqlite:", "postgres://%zz:secret@h/d"} {
		if _, err := store.Open(t.Context(), u, store.Options{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("open %q: %v", u, err)
		}
	}
}

func TestSQLiteFileIsItsOwnersAlone(t *testing.T) {
	u := storetest.SQLite(t)
	db := storetest.Open(t, u)
	if _, err := db.EnsureLocalUser(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(u, "sqlite:")
	for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		if st, err := os.Stat(name); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want %o", filepath.Base(name), st, err, want)
		}
	}
}

func TestAuditTamperingShows(t *testing.T) {
	for name, change := range map[string]string{
		"a changed row":  "UPDATE audit SET action = 'other' WHERE seq = 2",
		"a removed row":  "DELETE FROM audit WHERE seq = 2",
		"a cut off end":  "DELETE FROM audit WHERE seq = 3",
		"a changed time": "UPDATE audit SET at = '2026-03-01T10:00:00.000000000Z' WHERE seq = 1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := storetest.SQLite(t)
			db := storetest.Open(t, u)
			for range 3 {
				if err := db.AppendAudit(t.Context(), "u", "a", "s", nil); err != nil {
					t.Fatal(err)
				}
			}
			storetest.Exec(t, u, change)
			var broken *store.AuditError
			if _, err := db.VerifyAudit(t.Context()); !errors.As(err, &broken) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
