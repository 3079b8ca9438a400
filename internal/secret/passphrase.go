package secret

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// PassphraseEnv is the environment variable that may hold the file backend's passphrase.
	PassphraseEnv = "OMC_SECRETS_PASSPHRASE"

	minPassphrase = 8
	maxPassphrase = 1024

	// derivationRounds of PBKDF2-HMAC-SHA256 (OWASP's figure of 2023) come before the library's own 8192, which are too few
	// for a passphrase that a person can remember.
	derivationRounds = 600_000
)

// passphrase finds the passphrase: in the environment, in the file that the settings name, or by asking. fresh: it is a new one.
func (s *Store) passphrase(ctx context.Context, fresh bool) (string, error) {
	from, p := PassphraseEnv, lookup(s.o.Environ, PassphraseEnv)
	var err error
	switch {
	case p != "":
	case s.o.PassphraseFile != "":
		from = "secrets.passphrase_file " + s.o.PassphraseFile
		p, err = readPassphraseFile(s.o.PassphraseFile)
	case s.o.Ask != nil:
		from = "the terminal"
		prompt := "Passphrase of " + s.folder.path
		if fresh {
			prompt = "New passphrase for " + s.folder.path + " (lost, it cannot be recovered)"
		}
		p, err = s.o.Ask(ctx, prompt, fresh)
	default:
		return "", fmt.Errorf("the secrets in %s need their passphrase: set %s, or name a file that only you can read in secrets.passphrase_file, or run this in a terminal to be asked", s.folder.path, PassphraseEnv)
	}
	if err != nil {
		return "", err
	}
	if len(p) < minPassphrase || len(p) > maxPassphrase {
		return "", fmt.Errorf("the passphrase from %s has %d bytes: want %d to %d", from, len(p), minPassphrase, maxPassphrase)
	}
	return p, nil
}

// derived is the passphrase as the library gets it: stretched, and salted with the folder's id.
func (s *Store) derived(ctx context.Context, id string, fresh bool) (string, error) {
	if s.key != "" {
		return s.key, nil
	}
	p, err := s.passphrase(ctx, fresh)
	if err != nil {
		return "", err
	}
	raw, err := pbkdf2.Key(sha256.New, p, []byte("omc secrets 1:"+id), s.rounds, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("derive a key from the passphrase: %w", err)
	}
	s.key = hex.EncodeToString(raw)
	return s.key, nil
}

// readPassphraseFile reads a file's first line. It must be the user's own, and nobody else's to read.
func readPassphraseFile(path string) (string, error) {
	wrap := func(err error) error { return fmt.Errorf("secrets.passphrase_file: %w", err) }
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", wrap(err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return "", wrap(err)
	}
	info, err := f.Stat()
	if err != nil {
		return "", wrap(err)
	}
	switch {
	case !info.Mode().IsRegular():
		return "", wrap(fmt.Errorf("%s is not a plain file", path))
	case int(st.Uid) != os.Geteuid():
		return "", wrap(fmt.Errorf("%s belongs to user %d, not to you", path, st.Uid))
	case info.Mode().Perm()&^0o600 != 0:
		return "", wrap(fmt.Errorf("%s has mode %v: chmod 600 it", path, info.Mode().Perm()))
	}
	raw := make([]byte, maxPassphrase+2)
	n, err := f.Read(raw)
	if err != nil && n == 0 {
		return "", wrap(errors.Join(fmt.Errorf("%s is empty", path), err))
	}
	line, _, _ := strings.Cut(string(raw[:n]), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

func lookup(environ []string, name string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}
