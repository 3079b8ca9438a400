package attach

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const lockName = "omc.lock"

// Lock is the ownership of one data directory. The kernel frees it when the process ends, however it ends.
type Lock struct {
	file *os.File
}

// HeldError says that another process owns the data directory.
type HeldError struct {
	Dir  string
	PID  int // 0: not known
	What string
}

// Error says who holds it and what to do.
func (h *HeldError) Error() string {
	who := "another omc"
	if h.PID > 0 {
		who = fmt.Sprintf("'%s' (pid %d)", h.What, h.PID)
	}
	return fmt.Sprintf("the data directory %s is in use by %s: wait for it to end or stop it, or use 'omc daemon start' so that several commands can share it", h.Dir, who)
}

// Acquire makes dir (0700) where it is absent and takes its lock, or returns *HeldError. what names the holder for the others.
func Acquire(dir, what string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			pid, what := holder(f)
			return nil, &HeldError{Dir: dir, PID: pid, What: what}
		}
		return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
	}
	if err := errors.Join(f.Truncate(0), writeHolder(f, what)); err != nil {
		return nil, errors.Join(fmt.Errorf("lock data directory %s: %w", dir, err), f.Close())
	}
	return &Lock{file: f}, nil
}

// Release gives the directory up.
func (l *Lock) Release() error { return l.file.Close() }

func writeHolder(f *os.File, what string) error {
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+" "+what+"\n"), 0)
	return err
}

func holder(f *os.File) (int, string) {
	raw, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return 0, ""
	}
	first, what, _ := strings.Cut(strings.TrimSpace(string(raw)), " ")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0, ""
	}
	return pid, what
}
