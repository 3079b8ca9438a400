package secret

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	pass   = "correct horse battery"
	hidden = "postgres://u:hunter2-SENTINEL@h/db"
)

// fileStore is a store of files, with few rounds so that tests are quick.
func fileStore(t *testing.T, dir, passphrase string) *Store {
	t.Helper()
	s, err := New(Options{DataDir: dir, Backend: File, Environ: []string{PassphraseEnv + "=" + passphrase}})
	if err != nil {
		t.Fatal(err)
	}
	s.rounds = 10
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFileRoundTrip(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	s := fileStore(t, dir, pass)
	if _, err := s.Get(ctx, "database_url"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("an empty store says %v", err)
	}
	if names, rests, err := s.Names(ctx); len(names) != 0 || rests != "" || err != nil {
		t.Fatalf("an empty store lists %v in %q, %v", names, rests, err)
	}
	must(t, s.Set(ctx, "database_url", "first"))
	must(t, s.Set(ctx, "database_url", hidden))
	must(t, s.Set(ctx, "a.b-c_9", strings.Repeat("\x00ü\n", MaxValue/4)))
	other := fileStore(t, dir, pass)
	if v, err := other.Get(ctx, "database_url"); v != hidden || err != nil {
		t.Fatalf("got %d bytes, %v", len(v), err)
	}
	if names, rests, err := other.Names(ctx); fmt.Sprint(names) != "[a.b-c_9 database_url]" || rests != File || err != nil {
		t.Fatalf("lists %v in %q, %v", names, rests, err)
	}
	must(t, other.Remove(ctx, "database_url"))
	if err := other.Remove(ctx, "database_url"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("removing twice says %v", err)
	}
	if _, err := s.Get(ctx, "database_url"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("a removed secret says %v", err)
	}
}

func TestFilesAreForTheOwnerAndHoldNoValue(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	must(t, fileStore(t, dir, pass).Set(ctx, "database_url", hidden))
	err := filepath.WalkDir(filepath.Join(dir, "secrets"), func(path string, d os.DirEntry, err error) error {
		must(t, err)
		info, err := d.Info()
		must(t, err)
		want := os.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v", path, info.Mode().Perm())
		}
		if strings.Contains(d.Name(), ".new-") {
			t.Errorf("%s is left over", path)
		}
		if d.IsDir() {
			return nil
		}
		raw, err := os.ReadFile(path)
		if strings.Contains(string(raw), "SENTINEL") || strings.Contains(string(raw), pass) {
			t.Errorf("%s holds the value or the passphrase", path)
		}
		return err
	})
	must(t, err)
}

func TestWrongPassphraseChangesNothing(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	must(t, fileStore(t, dir, pass).Set(ctx, "database_url", hidden))
	wrong := fileStore(t, dir, "another passphrase")
	if _, err := wrong.Get(ctx, "database_url"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("get says %v", err)
	}
	for _, name := range []string{"database_url", "redis_url"} {
		if err := wrong.Set(ctx, name, "redis://:new@h"); !errors.Is(err, ErrPassphrase) {
			t.Errorf("set %s says %v", name, err)
		}
	}
	s := fileStore(t, dir, pass)
	if v, err := s.Get(ctx, "database_url"); v != hidden || err != nil {
		t.Errorf("the secret is now %d bytes, %v", len(v), err)
	}
	if names, _, err := s.Names(ctx); len(names) != 1 || err != nil {
		t.Errorf("there are now %v, %v", names, err)
	}
}

func TestDamagedEntryIsSaidAndCanBeReplaced(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	s := fileStore(t, dir, pass)
	must(t, s.Set(ctx, "database_url", hidden))
	path := filepath.Join(dir, "secrets", "secret.database_url")
	whole, err := os.ReadFile(path)
	must(t, err)
	for n := 0; n < len(whole); n += 7 { // cut anywhere
		must(t, os.WriteFile(path, whole[:n], 0o600))
		if _, err := s.Get(ctx, "database_url"); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrPassphrase) {
			t.Fatalf("cut at %d of %d: %v", n, len(whole), err)
		}
	}
	must(t, os.WriteFile(path, whole[:len(whole)/2], 0o600))
	must(t, s.Set(ctx, "redis_url", hidden)) // one damaged entry does not stop the others
	must(t, s.Set(ctx, "database_url", "again"))
	if v, err := s.Get(ctx, "database_url"); v != "again" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	must(t, os.Rename(filepath.Join(dir, "secrets", "secret.redis_url"), path))
	if _, err := s.Get(ctx, "database_url"); !errors.Is(err, ErrDamaged) {
		t.Errorf("an entry under another's name says %v", err)
	}
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		s := fileStore(t, dir, pass)
		wg.Go(func() {
			errs[i] = errors.Join(s.Set(ctx, fmt.Sprintf("own_%d", i), fmt.Sprint(i)), s.Set(ctx, "shared", fmt.Sprint(i)))
		})
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	s := fileStore(t, dir, pass)
	for i := range errs {
		if v, err := s.Get(ctx, fmt.Sprintf("own_%d", i)); v != fmt.Sprint(i) || err != nil {
			t.Errorf("own_%d = %q, %v", i, v, err)
		}
	}
	if _, err := s.Get(ctx, "shared"); err != nil {
		t.Error(err)
	}
}

func TestTwoFirstPassphrasesDoNotMix(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		s := fileStore(t, dir, fmt.Sprintf("passphrase %d", i))
		wg.Go(func() { errs[i] = s.Set(ctx, fmt.Sprintf("n%d", i), "v") })
	}
	wg.Wait()
	stored := 0
	for _, err := range errs {
		if err == nil {
			stored++
		} else if !errors.Is(err, ErrPassphrase) {
			t.Error(err)
		}
	}
	if stored != 1 {
		t.Errorf("%d passphrases are in use", stored)
	}
}

func TestNamesThatCannotBe(t *testing.T) {
	t.Parallel()
	s := fileStore(t, t.TempDir(), pass)
	for _, name := range []string{"", ".", "..", "../x", "a/b", "A", "é", "a b", "-x", strings.Repeat("a", 65), "a\n", "a\x00"} {
		if err := s.Set(context.Background(), name, "v"); err == nil || !strings.Contains(err.Error(), "secret name") {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, v := range []string{"", strings.Repeat("x", MaxValue+1)} {
		if s.Set(context.Background(), "a", v) == nil {
			t.Errorf("a value of %d bytes is stored", len(v))
		}
	}
}

func TestHostileFolders(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for what, spoil := range map[string]func(dir string) error{
		"open to other users": func(d string) error { return os.Chmod(d, 0o755) },
		"not a folder":        func(d string) error { return errors.Join(os.Rename(d, d+"2"), os.Symlink(d+"2", d)) },
		"damaged":             func(d string) error { return os.WriteFile(filepath.Join(d, stateFile), []byte(`{"version":1}`), 0o600) },
		"store.json: the file is damaged": func(d string) error {
			return os.WriteFile(filepath.Join(d, stateFile), make([]byte, maxState+1), 0o600)
		},
	} {
		dir := t.TempDir()
		s := fileStore(t, dir, pass)
		must(t, s.Set(ctx, "x", "v"))
		must(t, spoil(filepath.Join(dir, "secrets")))
		if _, err := s.Get(ctx, "x"); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// FuzzEntry: whatever lies in an entry's file, reading it neither panics nor gives a value that was not stored.
func FuzzEntry(f *testing.F) {
	dir := f.TempDir()
	s, err := New(Options{DataDir: dir, Backend: File, Environ: []string{PassphraseEnv + "=" + pass}})
	if err != nil {
		f.Fatal(err)
	}
	s.rounds = 10
	if err := s.Set(context.Background(), "x", "v"); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, "secrets", "secret.x")
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte("eyJhbGciOiJub25lIn0.e30."))
	f.Add([]byte(strings.Replace(string(whole), ".", "..", 1)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Get(context.Background(), "x"); err == nil && v != "v" {
			t.Fatalf("%q is read", v)
		}
	})
}
