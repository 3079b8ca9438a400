// Package safefile replaces files whole and keeps other processes out meanwhile.
// It knows nothing of what is in them.
package safefile

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	bufferSize = 256 << 10
	lockPoll   = 20 * time.Millisecond
)

// Replace writes a file whole or not at all: under a temporary name beside it, which is renamed once it is on the disk.
func Replace(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name()) // it may be renamed already
		}
	}()
	w := bufio.NewWriterSize(tmp, bufferSize)
	if err := write(w); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err := errors.Join(w.Flush(), tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Lock keeps other processes out until the returned function is called, by the lock of a file that is made where it is absent and is
// never a link. It waits at most so long. The kernel frees the lock when the process ends.
func Lock(ctx context.Context, path string, wait time.Duration) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f.Close, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-deadline.C:
			return nil, errors.Join(fmt.Errorf("%s is locked by another omc for longer than %s", filepath.Dir(path), wait), f.Close())
		}
	}
}
