package secret

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ohmycoins/omc/internal/safefile"
)

const (
	stateFile = "store.json"
	lockFile  = "store.lock"
	idBytes   = 16
	maxState  = 4 << 10
	lockWait  = 10 * time.Second
)

// folder is <data directory>/secrets: the state, the lock, and the file backend's entries.
type folder struct{ path string }

// state is what a folder of secrets knows of itself. Nothing in it is secret.
type state struct {
	Version int    `json:"version"`
	ID      string `json:"id"`      // 16 random bytes, hex: the salt of the passphrase, and what tells data directories apart in a desktop's keyring
	Backend string `json:"backend"` // what auto came to mean
}

// read returns the state, or ErrNotFound where nothing has been stored.
func (f folder) read() (state, error) {
	if err := f.check(); err != nil {
		return state{}, err
	}
	path := filepath.Join(f.path, stateFile)
	raw, err := readBounded(path, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, ErrNotFound
	}
	if err != nil {
		return state{}, err
	}
	var st state
	if err := json.Unmarshal(raw, &st); err != nil {
		return state{}, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	id, err := hex.DecodeString(st.ID)
	if st.Version != 1 || err != nil || len(id) != idBytes || st.Backend != Desktop && st.Backend != File {
		return state{}, fmt.Errorf("%s: %w: restore it from a backup, or remove the folder and store the secrets again", path, ErrDamaged)
	}
	return st, nil
}

// check refuses a folder that is a link, not a folder, or open to others. An absent one is fine.
func (f folder) check() error {
	st, err := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !st.IsDir():
		return fmt.Errorf("%s is not a folder", f.path)
	case st.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("the folder %s is open to other users (%v): chmod 700 it", f.path, st.Mode().Perm())
	}
	return nil
}

// create makes the folder and its state. The id of a state that is there stays; its backend changes only from files to
// the desktop, and only while no entry is stored.
func (f folder) create(rests string) (st state, err error) {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return state{}, err
	}
	unlock, err := f.lock(context.Background())
	if err != nil {
		return state{}, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	st, err = f.read()
	entries, readErr := f.entries()
	switch {
	case readErr != nil:
		return state{}, readErr
	case err == nil && (st.Backend == rests || st.Backend == Desktop || len(entries) > 0): // another process may have stored there
		return st, nil
	case errors.Is(err, ErrNotFound) && len(entries) > 0:
		return state{}, fmt.Errorf("%s is missing, and without it no passphrase opens what is in %s: restore it from a backup, or remove the folder and store the secrets again", stateFile, f.path)
	case errors.Is(err, ErrNotFound):
		id := make([]byte, idBytes)
		if _, err := rand.Read(id); err != nil {
			return state{}, err
		}
		st = state{Version: 1, ID: hex.EncodeToString(id)}
	case err != nil:
		return state{}, err
	}
	st.Backend = rests
	raw, err := json.Marshal(st)
	if err != nil {
		return state{}, err
	}
	tmp, err := os.MkdirTemp(f.path, ".new-")
	if err != nil {
		return state{}, err
	}
	defer os.RemoveAll(tmp)
	if err := os.WriteFile(filepath.Join(tmp, stateFile), append(raw, '\n'), 0o600); err != nil {
		return state{}, err
	}
	return st, f.place(filepath.Join(tmp, stateFile), stateFile)
}

// place moves a finished file into the folder under a name, durably: what stood there stands until the new one is whole.
func (f folder) place(from, name string) error {
	if err := syncPath(from); err != nil {
		return err
	}
	if err := os.Rename(from, filepath.Join(f.path, name)); err != nil {
		return err
	}
	return syncPath(f.path)
}

// lock keeps other processes' writes out until the returned function is called. The kernel frees it when the process ends.
func (f folder) lock(ctx context.Context) (unlock func() error, err error) {
	return safefile.Lock(ctx, filepath.Join(f.path, lockFile), lockWait)
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// readBounded reads a regular file of at most limit bytes; it follows no link and waits for no pipe.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > limit {
		return nil, fmt.Errorf("%s: %w: want a plain file of at most %d bytes", path, ErrDamaged, limit)
	}
	return io.ReadAll(io.LimitReader(f, limit))
}

// entries are the names that the file backend has files for, sorted.
func (f folder) entries() ([]string, error) {
	there, err := os.ReadDir(f.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range there {
		if name, ok := strings.CutPrefix(e.Name(), entryPrefix); ok && CheckName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}
