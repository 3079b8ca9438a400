package secret

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/keyring"
)

const (
	entryPrefix = "secret." // so that no name is one that a system reserves, and nothing else in the folder is taken for an entry
	maxEntry    = 256 << 10
	maxEntries  = 1000
	maxHeader   = 1 << 10
)

// files is the keyring library's file backend, made safe: the library writes in place, encrypts under any passphrase it is given,
// and believes what a file's header says of how it is encrypted. So an entry is written beside and then renamed, a passphrase must
// open every entry that is there before one is written, and only the header that the library itself writes is read.
type files struct {
	store *Store
	id    string
}

func (b *files) get(ctx context.Context, name string) ([]byte, error) {
	if err := b.wellFormed(name); err != nil {
		return nil, err
	}
	key, err := b.store.derived(ctx, b.id, false)
	if err != nil {
		return nil, err
	}
	return b.open(name, key)
}

func (b *files) set(ctx context.Context, name string, value []byte) (err error) {
	names, err := b.names(ctx)
	if err != nil {
		return err
	}
	key, err := b.store.derived(ctx, b.id, len(names) == 0) // before the lock: a person may take their time
	if err != nil {
		return err
	}
	unlock, err := b.store.folder.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if names, err = b.names(ctx); err != nil { // another process may have written
		return err
	}
	if len(names) >= maxEntries && !slices.Contains(names, name) {
		return fmt.Errorf("%s holds %d secrets, the most there can be", b.store.folder.path, len(names))
	}
	for _, n := range names {
		if _, err := b.open(n, key); err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("nothing was stored, since one folder has one passphrase and %s was stored with another: %w", n, err)
		}
	}
	return b.write(name, value, key)
}

func (b *files) remove(ctx context.Context, name string) (err error) {
	unlock, err := b.store.folder.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := os.Remove(b.path(name)); errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	} else if err != nil {
		return err
	}
	return syncPath(b.store.folder.path)
}

func (b *files) names(context.Context) ([]string, error) { return b.store.folder.entries() }

func (b *files) path(name string) string {
	return filepath.Join(b.store.folder.path, entryPrefix+name)
}

func ring(dir, key string) (keyring.Keyring, error) {
	return keyring.Open(keyring.Config{
		AllowedBackends: []keyring.BackendType{keyring.FileBackend}, FileDir: dir, FilePasswordFunc: keyring.FixedStringPrompt(key),
	})
}

// open decrypts one entry.
func (b *files) open(name, key string) ([]byte, error) {
	if err := b.wellFormed(name); err != nil {
		return nil, err
	}
	r, err := ring(b.store.folder.path, key)
	if err != nil {
		return nil, err
	}
	item, err := r.Get(entryPrefix + name)
	if errors.Is(err, keyring.ErrKeyNotFound) {
		return nil, ErrNotFound
	}
	if err != nil { // its text may quote what was decrypted, so it is not passed on
		return nil, fmt.Errorf("%s: %w, or the file was changed: give the passphrase it was stored with, or remove it and store it again", b.path(name), ErrPassphrase)
	}
	if item.Key != entryPrefix+name {
		return nil, fmt.Errorf("%s: %w: it holds another secret; remove it and store it again", b.path(name), ErrDamaged)
	}
	return item.Data, nil
}

// write encrypts an entry into a folder beside, reads it back, and renames it into its place.
func (b *files) write(name string, value []byte, key string) error {
	tmp, err := os.MkdirTemp(b.store.folder.path, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	r, err := ring(tmp, key)
	if err != nil {
		return err
	}
	if err := r.Set(keyring.Item{Key: entryPrefix + name, Data: value}); err != nil {
		return errors.New("the value could not be encrypted and written: is the disk full?")
	}
	if item, err := r.Get(entryPrefix + name); err != nil || string(item.Data) != string(value) {
		return errors.New("what was written does not read back: is the disk full?")
	}
	return b.store.folder.place(filepath.Join(tmp, entryPrefix+name), entryPrefix+name)
}

// wellFormed refuses an entry that the library did not write as it stands: cut short, too large, or with a header that names
// another way to encrypt (the library would follow it: 'none', or compression without end).
func (b *files) wellFormed(name string) error {
	raw, err := readBounded(b.path(name), maxEntry)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	if !isToken(string(raw)) {
		return fmt.Errorf("%s: %w: restore it from a backup, or store the secret again", b.path(name), ErrDamaged)
	}
	return nil
}

// isToken reports that raw is a JWE in compact form (RFC 7516, section 7.1) as the library writes it: PBES2-HS256+A128KW and
// A256GCM, with nothing else asked for.
func isToken(raw string) bool {
	parts := strings.Split(raw, ".")
	if len(parts) != 5 || len(parts[0]) > maxHeader {
		return false
	}
	var sizes [5]int
	for i, p := range parts {
		decoded, err := base64.RawURLEncoding.Strict().DecodeString(p)
		if err != nil {
			return false
		}
		sizes[i] = len(decoded)
	}
	// A 256-bit key wrapped, a 96-bit nonce, some text, a 128-bit tag.
	if sizes[1] != 40 || sizes[2] != 12 || sizes[3] == 0 || sizes[4] != 16 {
		return false
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return false
	}
	var h map[string]any
	if json.Unmarshal(header, &h) != nil {
		return false
	}
	for k := range h {
		if !slices.Contains([]string{"alg", "enc", "p2c", "p2s", "created"}, k) {
			return false
		}
	}
	rounds, _ := h["p2c"].(float64)
	_, salted := h["p2s"].(string)
	return h["alg"] == "PBES2-HS256+A128KW" && h["enc"] == "A256GCM" && salted && rounds >= 1 && rounds <= 1_000_000
}
