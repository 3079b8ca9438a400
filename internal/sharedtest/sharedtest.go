// Package sharedtest finds the shared data folder for tests.
// It must never be imported outside tests, and nothing it finds is ever copied into the project.
package sharedtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of rel inside the shared folder: OMC_SHARED, or the folder named "shared" beside the checkout.
// The test is skipped with one line where the folder or the file is absent.
func Path(t testing.TB, rel string) string {
	t.Helper()
	root := Root()
	if root == "" {
		t.Skip("shared data is absent: set OMC_SHARED to run this test")
	}
	p := filepath.Join(root, filepath.FromSlash(rel))
	if _, err := os.Stat(p); err != nil {
		t.Skipf("shared data %s is absent: set OMC_SHARED to a complete copy to run this test", rel)
	}
	return p
}

// Root returns the shared folder, or "" where there is none.
func Root() string {
	if r := os.Getenv("OMC_SHARED"); r != "" {
		if st, err := os.Stat(r); err == nil && st.IsDir() {
			if abs, err := filepath.Abs(r); err == nil {
				return abs
			}
		}
		return ""
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			p := filepath.Join(filepath.Dir(dir), "shared")
			if st, err := os.Stat(filepath.Join(p, "data")); err == nil && st.IsDir() {
				return p
			}
			return ""
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
