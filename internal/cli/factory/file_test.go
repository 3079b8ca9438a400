package factory

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func say(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestWriteFileKeepsWhatThePathIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("private"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at("private"), at("link")); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(at("link"), say("new")); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(at("private"))
	st, _ := os.Lstat(at("link"))
	private, _ := os.Stat(at("private"))
	if err != nil || string(got) != "new" || st.Mode()&os.ModeSymlink == 0 || private.Mode().Perm() != 0o600 {
		t.Errorf("%q %v, link %v, mode %v", got, err, st.Mode(), private.Mode())
	}

	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		b, err := os.ReadFile(at("pipe"))
		if err != nil {
			t.Error(err)
		}
		read <- string(b)
	}()
	if err := WriteFile(at("pipe"), say("through")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "through" {
		t.Errorf("the reader of a pipe got %q", got)
	}
	if st, err := os.Lstat(at("pipe")); err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is now %v, %v", st.Mode(), err)
	}

	var usage *UsageError
	if err := WriteFile(dir, say("x")); !errors.As(err, &usage) {
		t.Errorf("a folder was written: %v", err)
	}
	broken := errors.New("half way")
	if err := WriteFile(at("private"), func(w io.Writer) error { return errors.Join(say("half")(w), broken) }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if got, _ := os.ReadFile(at("private")); string(got) != "new" {
		t.Errorf("a failed write left %q", got)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}
