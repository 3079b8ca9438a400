package graph

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a Checkpointer is given. They are checked by Checkpoint.Validate and Write.Validate.
const (
	MaxStateBytes  = 16 << 20  // the state after one step, as JSON
	MaxValueBytes  = 16 << 20  // one effect's answer, one question or one answer of a person, as JSON
	MaxStepBytes   = 128 << 20 // all writes of one step together
	MaxThreadBytes = 200       // a thread's name
	MaxKeyBytes    = 200       // an effect's or a question's key
	MaxHistory     = 1000      // checkpoints returned by one call of History
)

// What a Checkpointer's caller branches on. All are wrapped with the thread's name.
var (
	// ErrConflict: another writer was there first (the sequence number is taken, the thread has moved on, the key is stored).
	ErrConflict = errors.New("conflict: another writer was first")
	// ErrNotFound: there is no such thread, or it has no such checkpoint.
	ErrNotFound = errors.New("not found")
	// ErrTooLarge: a state or a value passes its bound.
	ErrTooLarge = errors.New("too large")
	// ErrInvalid: a field that a Checkpointer cannot store (an empty thread, a sequence number below 1, …).
	ErrInvalid = errors.New("invalid")
)

// Status is where a thread stands.
type Status string

// The statuses a checkpoint can have.
const (
	StatusReady   Status = "ready"   // Node is to be run, is being run, or was being run when its process died
	StatusWaiting Status = "waiting" // Node asked a person something and stops until Resume brings the answers
	StatusDone    Status = "done"    // the graph reached End; Node is End
)

// Checkpoint is one row of a thread's history: append-only, never changed once saved.
//
// A step may span several checkpoints (it is taken up again after a crash, it waits for a person): they share Step, State and Node.
type Checkpoint struct {
	Seq       int64     // 1, 2, 3, … within the thread, without gaps
	Step      int64     // steps finished on the thread so far: 0 on the first checkpoint
	Spent     int64     // steps finished since the thread began or a person last answered; the step limit counts these
	Node      string    // the node to run next; End when Status is StatusDone
	Status    Status    // where the thread stands
	State     []byte    // the state as JSON, byte for byte what was saved; nil in History
	CreatedAt time.Time // UTC, whole microseconds
}

// Kind tells a step's pending writes apart.
type Kind string

// The kinds of writes.
const (
	KindEffect   Kind = "effect"   // Value is what an effect returned
	KindFailure  Kind = "failure"  // Value is the text (a JSON string) of an effect's permanent error
	KindQuestion Kind = "question" // Value is what a person is asked
	KindAnswer   Kind = "answer"   // Value is what the person answered
)

// Write is one pending write of a step in flight: stored the moment it is known, read again when the step is re-run.
// Within a thread (Step, Kind, Key) is unique.
type Write struct {
	Seq       int64     // the thread's latest checkpoint when the write was made: it fences and it places the write for Fork
	Step      int64     // that checkpoint's Step
	Node      string    // that checkpoint's Node
	Kind      Kind      // what Value is
	Key       string    // the effect's or question's key, chosen by the node's author
	Value     []byte    // JSON, byte for byte what was put
	CreatedAt time.Time // UTC, whole microseconds
}

// Checkpointer is the port through which threads are kept. It is safe for concurrent use, also from several processes.
// What a method has accepted when it returns nil survives a crash. What it did when it returns another error is unknown to
// the caller, who reads back. It never keeps, nor hands out twice, a slice it was given: callers may change theirs.
// checkpointtest.Run is its conformance suite.
//
// Save and PutWrite on one thread are serialised (a row lock on PostgreSQL): once Save(n+1) has returned, no PutWrite at n
// succeeds any more, and each one that did is seen by Writes.
type Checkpointer interface {
	// Save appends c. ErrConflict unless c.Seq is one more than the thread's latest (1 on a thread that does not exist yet).
	// ErrInvalid and ErrTooLarge as c.Validate tells.
	Save(ctx context.Context, thread string, c Checkpoint) error

	// Latest returns the checkpoint with the highest Seq. ErrNotFound where the thread does not exist.
	Latest(ctx context.Context, thread string) (Checkpoint, error)

	// At returns checkpoint seq. ErrNotFound where the thread or the checkpoint does not exist.
	At(ctx context.Context, thread string, seq int64) (Checkpoint, error)

	// History returns the checkpoints after Seq after, oldest first, at most limit (1 to MaxHistory; else ErrInvalid),
	// with State left nil. Empty where there are none.
	History(ctx context.Context, thread string, after int64, limit int) ([]Checkpoint, error)

	// PutWrite stores w. ErrConflict where the thread's latest checkpoint is not (w.Seq, w.Step), or (Step, Kind, Key) is stored
	// already, even with the same value. ErrNotFound where the thread does not exist. ErrInvalid and ErrTooLarge as w.Validate tells.
	PutWrite(ctx context.Context, thread string, w Write) error

	// Writes returns every write of a step, in no particular order. Empty where there are none.
	Writes(ctx context.Context, thread string, step int64) ([]Write, error)

	// Fork makes thread to out of thread from as it stood when checkpoint seq was saved: the checkpoints up to and including seq,
	// and the writes made before it (Write.Seq < seq), unchanged. All or nothing. ErrNotFound where from has no seq, ErrConflict
	// where to exists.
	Fork(ctx context.Context, from string, seq int64, to string) error
}

// Validate checks what every Checkpointer refuses; implementations call it first.
func (c Checkpoint) Validate() error {
	switch {
	case c.Seq < 1:
		return fmt.Errorf("checkpoint sequence number %d: %w: the first is 1", c.Seq, ErrInvalid)
	case c.Step < 0 || c.Spent < 0 || c.Spent > c.Step:
		return fmt.Errorf("checkpoint %d: step %d, spent %d: %w", c.Seq, c.Step, c.Spent, ErrInvalid)
	case c.Node == "":
		return fmt.Errorf("checkpoint %d: no node: %w", c.Seq, ErrInvalid)
	case c.Status != StatusReady && c.Status != StatusWaiting && c.Status != StatusDone:
		return fmt.Errorf("checkpoint %d: status %q: %w", c.Seq, c.Status, ErrInvalid)
	case len(c.State) == 0:
		return fmt.Errorf("checkpoint %d: no state: %w", c.Seq, ErrInvalid)
	case len(c.State) > MaxStateBytes:
		return fmt.Errorf("checkpoint %d: state of %d bytes: %w: the limit is %d; keep large things as artifacts and their names in the state",
			c.Seq, len(c.State), ErrTooLarge, MaxStateBytes)
	}
	return validTime(c.CreatedAt)
}

// Validate checks what every Checkpointer refuses; implementations call it first.
func (w Write) Validate() error {
	switch {
	case w.Seq < 1 || w.Step < 0:
		return fmt.Errorf("%s %q: checkpoint %d, step %d: %w", w.Kind, w.Key, w.Seq, w.Step, ErrInvalid)
	case w.Node == "":
		return fmt.Errorf("%s %q: no node: %w", w.Kind, w.Key, ErrInvalid)
	case w.Kind != KindEffect && w.Kind != KindFailure && w.Kind != KindQuestion && w.Kind != KindAnswer:
		return fmt.Errorf("write %q: kind %q: %w", w.Key, w.Kind, ErrInvalid)
	case len(w.Value) == 0:
		return fmt.Errorf("%s %q: no value: %w", w.Kind, w.Key, ErrInvalid)
	case len(w.Value) > MaxValueBytes:
		return fmt.Errorf("%s %q: value of %d bytes: %w: the limit is %d; keep large things as artifacts and return their names",
			w.Kind, w.Key, len(w.Value), ErrTooLarge, MaxValueBytes)
	}
	if err := validName("key", w.Key, MaxKeyBytes); err != nil {
		return err
	}
	return validTime(w.CreatedAt)
}

// ValidThread checks a thread's name: 1 to MaxThreadBytes bytes of UTF-8 without control characters. Else ErrInvalid.
func ValidThread(thread string) error { return validName("thread", thread, MaxThreadBytes) }

func validName(what, name string, limit int) error {
	if name == "" || len(name) > limit || !utf8.ValidString(name) {
		return fmt.Errorf("%s %.40q: %w: 1 to %d bytes of UTF-8", what, name, ErrInvalid, limit)
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return fmt.Errorf("%s %.40q: %w: control character %U", what, name, ErrInvalid, r)
		}
	}
	return nil
}

// validTime keeps to what every store can give back unchanged: PostgreSQL's timestamps hold microseconds.
func validTime(t time.Time) error {
	if t.Location() != time.UTC || t.Nanosecond()%1000 != 0 || t.Year() < 1970 || t.Year() > 9999 {
		return fmt.Errorf("time %s: %w: UTC in whole microseconds, from 1970 on", t.Format(time.RFC3339Nano), ErrInvalid)
	}
	return nil
}
