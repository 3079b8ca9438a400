package secret

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPassphraseComesFromEnvironmentFileOrPerson(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "pass")
	must(t, os.WriteFile(file, []byte("from the file\r\nsecond line\n"), 0o600))
	asked := 0
	ask := func(_ context.Context, prompt string, again bool) (string, error) {
		asked++
		if again != strings.HasPrefix(prompt, "New") {
			t.Errorf("%q, again %v", prompt, again)
		}
		return "from a person", nil
	}
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Environ: []string{PassphraseEnv + "=from environ"}, PassphraseFile: file, Ask: ask}, "from environ"},
		{Options{PassphraseFile: file, Ask: ask}, "from the file"},
		{Options{Ask: ask}, "from a person"},
	} {
		s, err := New(c.o)
		must(t, err)
		if got, err := s.passphrase(t.Context(), true); got != c.want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	s, err := New(Options{DataDir: dir})
	must(t, err)
	_, err = s.passphrase(t.Context(), false)
	for _, way := range []string{PassphraseEnv, "secrets.passphrase_file", "terminal"} {
		if err == nil || !strings.Contains(err.Error(), way) {
			t.Errorf("%v does not name %s", err, way)
		}
	}
}

func TestPassphraseIsAskedOnceAndMayBeRefused(t *testing.T) {
	t.Parallel()
	asked := 0
	s, err := New(Options{DataDir: t.TempDir(), Backend: File, Ask: func(context.Context, string, bool) (string, error) {
		asked++
		return "short", nil
	}})
	must(t, err)
	s.rounds = 10
	if err := s.Set(t.Context(), "x", "v"); err == nil || !strings.Contains(err.Error(), "5 bytes") || strings.Contains(err.Error(), "short") {
		t.Error(err)
	}
	s.o.Ask = func(context.Context, string, bool) (string, error) { asked++; return pass, nil }
	must(t, s.Set(t.Context(), "x", "v"))
	must(t, s.Set(t.Context(), "y", "v"))
	if _, err := s.Get(t.Context(), "x"); err != nil || asked != 2 {
		t.Errorf("asked %d times, %v", asked, err)
	}
	s.o.Environ = []string{PassphraseEnv + "=" + pass}
	if shown := fmt.Sprintf("%v %+v %#v", s, s, s); strings.Contains(shown, pass) || strings.Contains(shown, s.key) {
		t.Error("printing a Store shows its key")
	}
}

func TestPassphraseFileOfOthersIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "pass")
	must(t, os.WriteFile(path, []byte(pass), 0o600))
	for want, spoil := range map[string]func() error{
		"chmod 600": func() error { return os.Chmod(path, 0o640) },
		"is empty":  func() error { return errors.Join(os.Chmod(path, 0o600), os.Truncate(path, 0)) },
		"no such":   func() error { return os.Remove(path) },
		"not a plain file": func() error {
			return errors.Join(os.RemoveAll(path), os.Mkdir(path, 0o700))
		},
	} {
		must(t, spoil())
		if p, err := readPassphraseFile(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "passphrase_file") {
			t.Errorf("%q, %v, want %q", p, err, want)
		}
		must(t, os.RemoveAll(path))
		must(t, os.WriteFile(path, []byte(pass), 0o600))
	}
	if p, err := readPassphraseFile(path); p != pass || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	if os.Geteuid() == 0 {
		must(t, os.Chown(path, 12345, 0))
		if _, err := readPassphraseFile(path); err == nil || !strings.Contains(err.Error(), "not to you") {
			t.Error(err)
		}
	}
}

func TestOtherBackendsAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{Backend: "pass"}); err == nil || !strings.Contains(err.Error(), "want auto, desktop or file") {
		t.Error(err)
	}
}
