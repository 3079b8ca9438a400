// Package secret keeps the few values that must not lie in a settings file: in the desktop's keyring, or in files under the data
// directory that a passphrase encrypts. It never writes a value to a log, an error, an argument or the environment, and it knows
// no setting by name.
package secret

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"time"

	// First of all, so that linking the keyring library asks no message bus.
	_ "github.com/ohmycoins/omc/internal/secret/quiet"
)

// MaxValue is the most bytes that a value may have.
const MaxValue = 64 << 10

// Where secrets rest.
const (
	Auto    = "auto"    // desktop where it answers when the first secret is stored, else file; then always the same
	Desktop = "desktop" // Secret Service or KWallet on Linux, Keychain on macOS
	File    = "file"    // <data directory>/secrets
)

// What a caller can branch on. The errors that wrap them name the secret and the way out, never a value.
var (
	ErrNotFound    = error(notFound{}) // an fs.ErrNotExist too
	ErrPassphrase  = errors.New("the passphrase does not open it")
	ErrDamaged     = errors.New("the file is damaged")
	ErrUnavailable = errors.New("the desktop's keyring does not answer")
)

// notFound is ErrNotFound.
type notFound struct{}

// Error says it.
func (notFound) Error() string { return "there is no such secret" }

// Is lets callers that do not import this package ask for fs.ErrNotExist.
func (notFound) Is(target error) bool { return target == fs.ErrNotExist }

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

// CheckName refuses what cannot name a secret.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("secret name %.80q: want up to 64 of a-z, 0-9, '_', '.' and '-', a letter or digit first", name)
	}
	return nil
}

// Options say where secrets rest and who may be asked.
type Options struct {
	DataDir        string   // the folder secrets is in it
	Backend        string   // Auto, Desktop or File; "": Auto
	PassphraseFile string   // secrets.passphrase_file; "": none
	Environ        []string // as os.Environ, with the user's own bus address
	Self           string   // path of this program, to ask the desktop with

	// Ask reads a passphrase from a person without echo; twice where it is a new one. nil: nobody can be asked.
	Ask func(ctx context.Context, prompt string, again bool) (string, error)
	// Waiting is told that the desktop is asking a person to unlock its keyring. nil: nobody is told.
	Waiting func()
}

// backend is one place where secrets rest.
type backend interface {
	get(ctx context.Context, name string) ([]byte, error)
	set(ctx context.Context, name string, value []byte) error
	remove(ctx context.Context, name string) error
	names(ctx context.Context) ([]string, error)
}

// Store is the secrets of one data directory. It opens nothing until it is asked. Several processes may use one directory; one
// Store is not for concurrent use.
type Store struct {
	o      Options
	folder folder
	rounds int     // of the passphrase's derivation
	limits limits  // of a desktop keyring's answer
	start  starter // of the process that asks the desktop
	key    string  // the derived passphrase, once it is known
}

// New returns the store that o describes.
func New(o Options) (*Store, error) {
	switch o.Backend {
	case "":
		o.Backend = Auto
	case Auto, Desktop, File:
	default:
		return nil, fmt.Errorf("secrets.backend %.40q: want auto, desktop or file", o.Backend)
	}
	s := &Store{o: o, folder: folder{path: filepath.Join(o.DataDir, "secrets")}, rounds: derivationRounds,
		limits: limits{answer: 10 * time.Second, person: 60 * time.Second}}
	s.start = execStarter(o)
	return s, nil
}

// String names the store. Printing a Store shows neither its key nor the environment it was given.
func (s *Store) String() string { return "secrets in " + s.folder.path }

// GoString is String.
func (s *Store) GoString() string { return s.String() }

// Get returns a secret's value. Errors: ErrNotFound, ErrPassphrase, ErrDamaged, ErrUnavailable.
func (s *Store) Get(ctx context.Context, name string) (string, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	b, _, err := s.backend(ctx, false)
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	v, err := b.get(ctx, name)
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	return string(v), nil
}

// Set stores a value under a name, in place of the one that is there. A failure leaves what was there.
func (s *Store) Set(ctx context.Context, name, value string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if value == "" {
		return fmt.Errorf("secret %s: the value is empty", name)
	}
	if len(value) > MaxValue {
		return fmt.Errorf("secret %s: the value has %d bytes, at most %d are kept", name, len(value), MaxValue)
	}
	b, _, err := s.backend(ctx, true)
	if err == nil {
		err = b.set(ctx, name, []byte(value))
	}
	if err != nil {
		return fmt.Errorf("secret %s: %w", name, err)
	}
	return nil
}

// Remove forgets a secret. It needs no passphrase.
func (s *Store) Remove(ctx context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	b, _, err := s.backend(ctx, false)
	if err == nil {
		err = b.remove(ctx, name)
	}
	if err != nil {
		return fmt.Errorf("secret %s: %w", name, err)
	}
	return nil
}

// Names lists what is stored, sorted, and the backend it rests in; "" while nothing has been stored.
func (s *Store) Names(ctx context.Context) (names []string, rests string, err error) {
	b, rests, err := s.backend(ctx, false)
	if errors.Is(err, ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, rests, err
	}
	names, err = b.names(ctx)
	return names, rests, err
}

// backend finds where the secrets of the directory rest. With settle it makes the folder, and decides what auto means: once, so
// that a secret stored at the desktop is never shadowed by an older one stored over ssh. Without, an unused folder is ErrNotFound.
func (s *Store) backend(ctx context.Context, settle bool) (backend, string, error) {
	state, err := s.folder.read()
	if settle && (errors.Is(err, ErrNotFound) || err == nil && s.unsettled(state)) {
		state, err = s.settle(ctx)
	}
	if err != nil {
		return nil, "", err
	}
	rests := s.o.Backend
	if rests == Auto {
		rests = state.Backend
	}
	if rests == Desktop {
		return &desktop{store: s, scope: state.ID[:16]}, rests, nil
	}
	return &files{store: s, id: state.ID}, rests, nil
}

// unsettled reports that auto came to mean file, but nothing was stored there since.
func (s *Store) unsettled(st state) bool {
	names, err := s.folder.entries()
	return s.o.Backend == Auto && st.Backend == File && err == nil && len(names) == 0
}

// settle makes the folder and its state.
func (s *Store) settle(ctx context.Context) (state, error) {
	rests := s.o.Backend
	if rests == Auto {
		rests = File
		if probe := (&desktop{store: s, scope: "probe"}); probe.probe(ctx) == nil {
			rests = Desktop
		}
	}
	if err := ctx.Err(); err != nil {
		return state{}, err
	}
	return s.folder.create(rests)
}
