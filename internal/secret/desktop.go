package secret

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxReply bounds what the asking process may write: a value of the greatest size, or the names there are.
const maxReply = 256 << 10

// What the asking process is told to do.
const (
	opProbe  = "probe" // does a keyring answer, without waiting for a person?
	opGet    = "get"
	opSet    = "set"
	opRemove = "remove"
	opNames  = "names"
)

// What it answers, when it is not done. Texts of the library never cross: they might quote a value.
const (
	problemNotFound = "not_found"
	problemNone     = "no_keyring" // none that the library was built for answers
	problemLocked   = "locked"
	problemNotKept  = "not_kept" // what was set does not read back
	problemRefused  = "refused"  // a collection could not be made: nobody was there to be asked, or said no
	problemFailed   = "failed"
)

// promptLine precedes the reply where a person is about to be asked to unlock.
const promptLine = "prompt\n"

// reply is the asking process' last line.
type reply struct {
	Problem string   `json:"problem,omitempty"`
	Bus     string   `json:"bus,omitempty"` // the name of a D-Bus error
	Value   []byte   `json:"value,omitempty"`
	Names   []string `json:"names,omitempty"`
}

// limits are how long a desktop's keyring may take.
type limits struct{ answer, person time.Duration }

// starter runs the process that asks the desktop, to its end or ctx's: value is its stdin, out gets its stdout.
type starter func(ctx context.Context, args []string, value []byte, out io.Writer) error

var (
	errSilent = errors.New("no answer in time")
	errFlood  = errors.New("more than a reply")
	busError  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){1,15}$`)
)

// desktop asks the desktop's keyring in a process of its own, which can be ended when it hangs: the library cannot be cancelled.
type desktop struct {
	store *Store
	scope string // tells this data directory's entries from others'
}

func (d *desktop) get(ctx context.Context, name string) ([]byte, error) {
	r, err := d.ask(ctx, opGet, name, nil)
	if err == nil && (len(r.Value) == 0 || len(r.Value) > MaxValue) {
		return nil, fmt.Errorf("%w: its answer holds %d bytes", ErrUnavailable, len(r.Value))
	}
	return r.Value, err
}

func (d *desktop) set(ctx context.Context, name string, value []byte) error {
	_, err := d.ask(ctx, opSet, name, value)
	return err
}

func (d *desktop) remove(ctx context.Context, name string) error {
	_, err := d.ask(ctx, opRemove, name, nil)
	return err
}

func (d *desktop) names(ctx context.Context) ([]string, error) {
	r, err := d.ask(ctx, opNames, "-", nil)
	if errors.Is(err, ErrNotFound) { // no collection yet
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := slices.DeleteFunc(r.Names, func(n string) bool { return CheckName(n) != nil })
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (d *desktop) probe(ctx context.Context) error {
	_, err := d.ask(ctx, opProbe, "-", nil)
	return err
}

// ask runs one question. It waits limits.answer, and once the desktop asks a person, limits.person.
func (d *desktop) ask(ctx context.Context, op, name string, value []byte) (reply, error) {
	l := d.store.limits
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(l.answer, func() { cancel(errSilent) })
	defer timer.Stop()
	out := &replies{flood: func() { cancel(errFlood) }, prompt: func() {
		timer.Reset(l.person)
		if d.store.o.Waiting != nil {
			d.store.o.Waiting()
		}
	}}
	err := d.store.start(ctx, []string{op, d.scope, name}, value, out)
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errSilent) && out.asked():
		return reply{}, fmt.Errorf("%w: it was not unlocked within %s; unlock it and try again, or %s", ErrUnavailable, l.person, wayOut)
	case errors.Is(cause, errSilent):
		return reply{}, fmt.Errorf("%w within %s; %s", ErrUnavailable, l.answer, wayOut)
	case errors.Is(cause, errFlood):
		return reply{}, fmt.Errorf("%w: more than %d bytes came back; %s", ErrUnavailable, maxReply, wayOut)
	case cause != nil:
		return reply{}, cause
	case errors.Is(err, ErrUnavailable):
		return reply{}, err
	}
	var r reply
	if err != nil || json.Unmarshal(out.reply(), &r) != nil {
		return reply{}, fmt.Errorf("%w: the process that asks it ended without a reply; %s", ErrUnavailable, wayOut)
	}
	return r, r.err()
}

// wayOut is what can be done where there is no desktop.
const wayOut = "to keep secrets in files under a passphrase: 'omc config set secrets.backend file'"

// err is the reply as an error.
func (r reply) err() error {
	detail := ""
	if len(r.Bus) < 128 && busError.MatchString(r.Bus) {
		detail = " (" + r.Bus + ")"
	}
	switch r.Problem {
	case "":
		return nil
	case problemNotFound:
		return ErrNotFound
	case problemNone:
		return fmt.Errorf("%w: %s; %s", ErrUnavailable, absent(runtime.GOOS), wayOut)
	case problemLocked:
		return fmt.Errorf("%w: it is locked%s; unlock it and try again, or %s", ErrUnavailable, detail, wayOut)
	case problemRefused:
		return fmt.Errorf("%w: it has no default collection, and one for omc was not made%s: either you refused, or it could not ask; %s", ErrUnavailable, detail, wayOut)
	case problemNotKept:
		return fmt.Errorf("%w: it did not keep the value%s; %s", ErrUnavailable, detail, wayOut)
	}
	return fmt.Errorf("%w: it failed%s; %s", ErrUnavailable, detail, wayOut)
}

// absent says why a platform's keyring is not there.
func absent(goos string) string {
	switch goos {
	case "linux":
		return "neither Secret Service nor KWallet is on the session bus"
	case "darwin":
		return "this omc was built without cgo, which Keychain needs (CGO_ENABLED=1)"
	}
	return "this platform has none that omc knows"
}

// replies is the asking process' stdout.
type replies struct {
	prompt, flood func()

	mu       sync.Mutex // guards what follows
	buf      bytes.Buffer
	prompted bool
}

// Write takes a piece. Past the bound it fails, and the process is ended.
func (w *replies) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.buf.Len()+len(p) > maxReply {
		w.flood()
		return 0, errFlood
	}
	w.buf.Write(p)
	if !w.prompted && strings.HasPrefix(w.buf.String(), promptLine) {
		w.prompted = true
		w.buf.Next(len(promptLine))
		w.prompt()
	}
	return len(p), nil
}

func (w *replies) asked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.prompted
}

func (w *replies) reply() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Bytes()
}
