// Package migrations holds the schema's history as SQL, one folder per dialect with the same numbers.
// A migration that has been released is never changed; a new one is added.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// FS returns the migrations of one dialect, "sqlite" or "postgres".
func FS(dialect string) (fs.FS, error) {
	sub, err := fs.Sub(files, dialect)
	if err != nil {
		return nil, fmt.Errorf("migrations of %s: %w", dialect, err)
	}
	return sub, nil
}

// Latest is the number of the newest migration of a dialect, 0 where there is none.
func Latest(dialect string) int64 {
	entries, err := files.ReadDir(dialect)
	if err != nil {
		return 0
	}
	latest := int64(0)
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			latest = max(latest, n)
		}
	}
	return latest
}
