package safefile

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestReplaceIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	put := func(text string, then error) error {
		return Replace(path, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, then)
		})
	}
	if err := put("first", nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("half way")
	if err := put("second, cut off", broken); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	got, err := os.ReadFile(path)
	st, _ := os.Stat(path)
	entries, _ := os.ReadDir(filepath.Dir(path))
	if err != nil || string(got) != "first" || st.Mode().Perm() != 0o600 || len(entries) != 1 {
		t.Errorf("%q %v, mode %v, %d files in the folder", got, err, st.Mode(), len(entries))
	}
}

func TestLockIsWaitedForAndGivenUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(t.Context(), path, time.Millisecond); err == nil {
		t.Error("two have the lock")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Lock(ended, path, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	got := make(chan error, 1)
	go func() {
		again, err := Lock(t.Context(), path, time.Minute)
		if err == nil {
			err = again()
		}
		got <- err
	}()
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
}
