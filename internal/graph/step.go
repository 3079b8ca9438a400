package graph

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxProgressBytes bounds what one call of Progress hands to the observer.
const maxProgressBytes = 1 << 20

// Step is a node's handle on the step it runs. It may be used by goroutines of the node; the node waits for them before it returns.
type Step struct {
	thread      string
	at          Checkpoint // the step's latest checkpoint, which fences its writes
	saver       Checkpointer
	emit        *emitter
	now         func() time.Time // UTC, whole microseconds
	maxWrites   int
	saveTimeout time.Duration
	ended       func() error // the node's context's Err

	mu      sync.Mutex // guards what follows
	stored  map[writeID]Write
	bytes   int
	used    map[string]bool     // keys of effects and questions met in this pass
	asked   map[string]Question // questions met in this pass without an answer
	refused error               // why nothing more may run: the store failed, or the node has returned
}

type writeID struct {
	kind Kind
	key  string
}

// add takes note of a stored write.
func (s *Step) add(w Write) {
	s.stored[writeID{w.Kind, w.Key}] = w
	s.bytes += len(w.Value)
}

// Thread returns the thread's name.
func (s *Step) Thread() string { return s.thread }

// Node returns the node's name.
func (s *Step) Node() string { return s.at.Node }

// Number returns how many steps the thread has finished before this one. The same on every re-run.
func (s *Step) Number() int64 { return s.at.Step }

// ID returns 32 hexadecimal digits that name the effect key of this step and no other: the same on every re-run. An effect that an upstream can
// recognise sends it as its idempotency key, which closes the gap between the upstream's answer and its being stored.
func (s *Step) ID(key string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s %d %s", len(s.thread), s.thread, s.at.Step, key))
	return hex.EncodeToString(sum[:16])
}

// Now returns the runner's time when this was first asked under key in this step; the same on every re-run. Errors are Effect's.
func (s *Step) Now(ctx context.Context, key string) (time.Time, error) {
	return Effect(ctx, s, key, func(context.Context) (time.Time, error) { return s.now(), nil })
}

// Progress tells data to the observer now, as EventProgress: text as a model writes it, a bar's position. It is neither stored nor remembered.
func (s *Step) Progress(data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("progress of node %q: %w: %w", s.at.Node, ErrInvalid, err)
	}
	if len(raw) > maxProgressBytes {
		return fmt.Errorf("progress of node %q: %d bytes: %w: the limit is %d", s.at.Node, len(raw), ErrTooLarge, maxProgressBytes)
	}
	s.emit.emit(s.at, Event{Kind: EventProgress, Data: raw})
	return nil
}

// Effect returns the answer of fn, obtained once: the first time fn runs and its answer is stored durably before Effect returns; when the step
// is re-run, the stored answer is returned and fn is not run. Only a run that dies after fn and before the store runs fn again.
// The answer survives ctx: what was obtained is stored even where ctx ended meanwhile.
//
// key names the effect within its step: 1 to MaxKeyBytes bytes of UTF-8 without control characters and '#', and used once per step (in a loop,
// number it). T must survive JSON; the value returned is the one read back from it, the first time too.
// An error of fn is returned as it is and not stored, so that a re-run, or the node under the same key, tries again; one marked by Permanent is stored and
// returned as *PermanentError. Errors of Effect itself (ErrConflict, ErrTooLarge, ErrInvalid, *LimitError, *Interrupted, the store's) end the
// run even if the node drops them.
func Effect[T any](ctx context.Context, s *Step, key string, fn func(context.Context) (T, error)) (T, error) {
	var zero T
	value, failure, found, err := s.begin(ctx, key)
	if err != nil {
		return zero, err
	}
	if found {
		return recall[T](s, key, value, failure)
	}
	// Told before fn is paid for, not after.
	if err := checkType(reflect.TypeFor[T]()); err != nil {
		return zero, s.refuse(fmt.Errorf("effect %q: %w", key, err))
	}
	v, err := fn(ctx)
	if isPermanent(err) {
		return zero, s.fail(ctx, key, err)
	}
	if err != nil {
		return zero, s.release(key, err)
	}
	raw, back, err := encode(v)
	if err == nil {
		err = s.put(ctx, KindEffect, key, raw)
	}
	if err != nil {
		return zero, s.refuse(fmt.Errorf("effect %q: %w", key, err))
	}
	s.emit.emit(s.at, Event{Kind: EventEffectStored, Key: key})
	return back, nil
}

// fail stores a permanent error and returns what Effect does.
func (s *Step) fail(ctx context.Context, key string, cause error) error {
	failed := &PermanentError{Key: key, Message: strings.ToValidUTF8(cause.Error(), "\uFFFD")}
	raw, err := json.Marshal(failed.Message)
	if err == nil {
		err = s.put(ctx, KindFailure, key, raw)
	}
	if err != nil {
		return s.refuse(fmt.Errorf("effect %q: %w", key, err))
	}
	s.emit.emit(s.at, Event{Kind: EventEffectStored, Key: key, Error: failed.Message})
	return failed
}

// release frees the key of an effect that failed without an answer, and returns its error. In a run that was cancelled the error says nothing about
// the effect, and a node that takes it for an answer must not get its step saved.
func (s *Step) release(key string, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.used, "effect#"+key)
	if s.ended() != nil && s.refused == nil {
		s.refused = err
	}
	return err
}

// recall turns what an earlier run stored into Effect's answer.
func recall[T any](s *Step, key string, value []byte, failed bool) (T, error) {
	var zero T
	s.emit.emit(s.at, Event{Kind: EventEffectReused, Key: key})
	if failed {
		message, err := decode[string](value)
		if err != nil {
			return zero, s.refuse(fmt.Errorf("effect %q: stored failure: %w", key, err))
		}
		return zero, &PermanentError{Key: key, Message: message}
	}
	v, err := decode[T](value)
	if err != nil {
		return zero, s.refuse(fmt.Errorf("effect %q: stored answer: %w", key, err))
	}
	return v, nil
}

// begin decides, under the lock, whether effect key may run or was answered before.
func (s *Step) begin(ctx context.Context, key string) (value []byte, failed, found bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter(ctx, "effect", key); err != nil {
		return nil, false, false, err
	}
	if w, ok := s.stored[writeID{KindEffect, key}]; ok {
		return w.Value, false, true, nil
	}
	if w, ok := s.stored[writeID{KindFailure, key}]; ok {
		return w.Value, true, true, nil
	}
	// Nothing new is begun, and paid for, in a run that will stop anyway.
	if len(s.asked) > 0 {
		return nil, false, false, s.interrupted()
	}
	if err := s.room(); err != nil {
		return nil, false, false, err
	}
	return nil, false, false, nil
}

// enter checks what effects and questions have in common. The lock is held.
func (s *Step) enter(ctx context.Context, what, key string) error {
	if s.refused != nil {
		return s.refused
	}
	if err := s.ended(); err != nil {
		s.refused = err // a node that drops it must not get its step saved
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := validName(what, key, MaxKeyBytes)
	switch {
	case err != nil:
	case strings.Contains(key, "#"):
		err = fmt.Errorf("%s %q: %w: '#' is not for keys", what, key, ErrInvalid)
	case s.used[what+"#"+key]:
		err = fmt.Errorf("%s %q is used twice in one step: %w: number the keys of a loop", what, key, ErrInvalid)
	}
	if err != nil {
		s.refused = err
		return err
	}
	s.used[what+"#"+key] = true
	return nil
}

// room checks the bound on writes. The lock is held.
func (s *Step) room() error {
	if len(s.stored) >= s.maxWrites {
		s.refused = &LimitError{Code: codeWrites, Node: s.at.Node, Limit: s.maxWrites}
		return s.refused
	}
	return nil
}

// refuse lets nothing more run in this pass and returns err, or what was refused first.
func (s *Step) refuse(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = err
	}
	return err
}

// put stores a write durably, also when ctx has ended: its value is already obtained.
func (s *Step) put(ctx context.Context, kind Kind, key string, value []byte) error {
	w := Write{Seq: s.at.Seq, Step: s.at.Step, Node: s.at.Node, Kind: kind, Key: key, Value: value, CreatedAt: s.now()}
	s.mu.Lock()
	total := s.bytes + len(value)
	s.mu.Unlock()
	if total > MaxStepBytes {
		return fmt.Errorf("%d bytes of writes in one step: %w: the limit is %d", total, ErrTooLarge, MaxStepBytes)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.saveTimeout)
	defer cancel()
	if err := s.saver.PutWrite(ctx, s.thread, w); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(w)
	return nil
}

// Interrupt asks a person and returns the answer. While there is none it returns *Interrupted, which the node returns: the run stops, stored as
// waiting, and Resume re-runs the node with the effects it had stored. question is anything that JSON can write: what the person is
// shown; the first one asked under key stands. An answer that cannot be read as T (null neither, unless T has a nil) is asked for again, with the
// reason, under a new key made of key and a number. Keys are as in Effect, apart from those of effects.
func Interrupt[T any](ctx context.Context, s *Step, key string, question any) (T, error) {
	var zero T
	s.mu.Lock()
	err := s.enter(ctx, "question", key)
	s.mu.Unlock()
	if err != nil {
		return zero, err
	}
	refused := ""
	for ask := 1; ; ask++ {
		name := key
		if ask > 1 {
			name = fmt.Sprintf("%s#%d", key, ask)
		}
		s.mu.Lock()
		w, answered := s.stored[writeID{KindAnswer, name}]
		s.mu.Unlock()
		if !answered {
			return zero, s.ask(ctx, name, question, refused)
		}
		v, err := decodeAnswer[T](w.Value)
		if err == nil {
			return v, nil
		}
		refused = err.Error()
	}
}

func decodeAnswer[T any](raw []byte) (T, error) {
	if string(raw) == "null" {
		switch t := reflect.TypeFor[T](); t.Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		default:
			var zero T
			return zero, fmt.Errorf("%w: null is not an answer", ErrInvalid)
		}
	}
	return decode[T](raw)
}

// storedQuestion is the Value of a question's write.
type storedQuestion struct {
	Question json.RawMessage `json:"question"`
	Refused  string          `json:"refused,omitempty"`
}

// ask stores a question unless it is, and returns the error that stops the run.
func (s *Step) ask(ctx context.Context, key string, question any, refused string) error {
	s.mu.Lock()
	w, stored := s.stored[writeID{KindQuestion, key}]
	var err error
	if !stored {
		err = s.room()
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	value := w.Value
	if !stored {
		raw, err := json.Marshal(question)
		if err != nil {
			return s.refuse(fmt.Errorf("question %q: %w: %w", key, ErrInvalid, err))
		}
		if value, err = json.Marshal(storedQuestion{raw, refused}); err == nil {
			err = s.put(ctx, KindQuestion, key, value)
		}
		if err != nil {
			return s.refuse(fmt.Errorf("question %q: %w", key, err))
		}
	}
	q, err := decode[storedQuestion](value)
	if err != nil {
		return s.refuse(fmt.Errorf("question %q: stored: %w", key, err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[key] = Question{Key: key, Question: q.Question, Refused: q.Refused}
	return s.interrupted()
}

// interrupted returns what is asked so far. The lock is held.
func (s *Step) interrupted() *Interrupted {
	e := &Interrupted{Thread: s.thread, Node: s.at.Node}
	for _, q := range s.asked {
		e.Questions = append(e.Questions, q)
	}
	sortQuestions(e.Questions)
	return e
}

func sortQuestions(qs []Question) {
	slices.SortFunc(qs, func(a, b Question) int { return cmp.Compare(a.Key, b.Key) })
}

var errReturned = errors.New("the node has returned: it must wait for its goroutines")

// close ends the step: what comes later from goroutines that the node left behind is refused. It returns what the node may have dropped.
func (s *Step) close() (asked *Interrupted, refused error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refused = s.refused
	s.refused = errReturned
	if len(s.asked) > 0 {
		asked = s.interrupted()
	}
	return asked, refused
}
