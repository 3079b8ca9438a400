package imports

import (
	"os"
	"path/filepath"
	"testing"
)

func TestImportsRunDownward(t *testing.T) {
	breaches, err := Check(filepath.Join("..", ".."), Rules())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range breaches {
		t.Error(b)
	}
}

// The rules must be able to fail: each of these imports is one that must be found.
func TestForbiddenImportsAreFound(t *testing.T) {
	for from, to := range map[string]string{
		"internal/money":    Module + "/internal/market",
		"internal/engine":   "database/sql",
		"internal/strategy": "net/http",
		"internal/cli/algo": Module + "/internal/store",
		"tui/page":          Module + "/daemon/lab",
		"daemon/lab":        Module + "/daemon/floor",
		"internal/attach":   Module + "/daemon",
		"internal/cli":      Module + "/tui",

		"daemon/data":           Module + "/internal/store",
		"internal/sentiment":    "net/http",
		"internal/secret/quiet": "os",
		"internal/config":       "github.com/99designs/keyring",
	} {
		root := t.TempDir()
		dir := filepath.Join(root, filepath.FromSlash(from))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte("package x\nimport _ \""+to+"\"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if breaches, err := Check(root, Rules()); err != nil || len(breaches) == 0 {
			t.Errorf("%s importing %s is not found (%v)", from, to, err)
		}
	}
}
