package graph

import (
	"bytes"
	"context"
	"fmt"
	"sync"
)

// Memory is a Checkpointer that forgets at the end of the process: for tests and for runs that need no resuming.
type Memory struct {
	mu      sync.Mutex // guards threads and all in them
	threads map[string]*memoryThread
}

type memoryThread struct {
	checkpoints []Checkpoint // index i holds Seq i+1
	writes      []Write
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return &Memory{threads: map[string]*memoryThread{}} }

// Save implements Checkpointer.
func (m *Memory) Save(ctx context.Context, thread string, c Checkpoint) error {
	if err := firstError(ctx.Err, func() error { return ValidThread(thread) }, c.Validate); err != nil {
		return fmt.Errorf("save thread %q: %w", thread, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.threads[thread]
	if t == nil {
		t = &memoryThread{}
	}
	if latest := int64(len(t.checkpoints)); c.Seq != latest+1 {
		return fmt.Errorf("save thread %q checkpoint %d: %w: the latest is %d", thread, c.Seq, ErrConflict, latest)
	}
	c.State = bytes.Clone(c.State)
	t.checkpoints = append(t.checkpoints, c)
	m.threads[thread] = t
	return nil
}

// Latest implements Checkpointer.
func (m *Memory) Latest(ctx context.Context, thread string) (Checkpoint, error) {
	if err := ctx.Err(); err != nil {
		return Checkpoint{}, fmt.Errorf("read thread %q: %w", thread, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.threads[thread]
	if t == nil {
		return Checkpoint{}, fmt.Errorf("thread %q: %w", thread, ErrNotFound)
	}
	c := t.checkpoints[len(t.checkpoints)-1]
	c.State = bytes.Clone(c.State)
	return c, nil
}

// At implements Checkpointer.
func (m *Memory) At(ctx context.Context, thread string, seq int64) (Checkpoint, error) {
	if err := ctx.Err(); err != nil {
		return Checkpoint{}, fmt.Errorf("read thread %q: %w", thread, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.threads[thread]
	if t == nil || seq < 1 || seq > int64(len(t.checkpoints)) {
		return Checkpoint{}, fmt.Errorf("thread %q checkpoint %d: %w", thread, seq, ErrNotFound)
	}
	c := t.checkpoints[seq-1]
	c.State = bytes.Clone(c.State)
	return c, nil
}

// History implements Checkpointer.
func (m *Memory) History(ctx context.Context, thread string, after int64, limit int) ([]Checkpoint, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("history of thread %q: %w", thread, err)
	}
	if limit < 1 || limit > MaxHistory {
		return nil, fmt.Errorf("history of thread %q: limit %d: %w: 1 to %d", thread, limit, ErrInvalid, MaxHistory)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.threads[thread]
	if t == nil || after >= int64(len(t.checkpoints)) {
		return nil, nil
	}
	rest := t.checkpoints[max(after, 0):]
	out := append([]Checkpoint(nil), rest[:min(limit, len(rest))]...)
	for i := range out {
		out[i].State = nil
	}
	return out, nil
}

// PutWrite implements Checkpointer.
func (m *Memory) PutWrite(ctx context.Context, thread string, w Write) error {
	if err := firstError(ctx.Err, func() error { return ValidThread(thread) }, w.Validate); err != nil {
		return fmt.Errorf("write to thread %q: %w", thread, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.threads[thread]
	if t == nil {
		return fmt.Errorf("write to thread %q: %w", thread, ErrNotFound)
	}
	if c := t.checkpoints[len(t.checkpoints)-1]; w.Seq != c.Seq || w.Step != c.Step {
		return fmt.Errorf("write %s %q to thread %q at checkpoint %d step %d: %w: the latest is %d, step %d",
			w.Kind, w.Key, thread, w.Seq, w.Step, ErrConflict, c.Seq, c.Step)
	}
	for _, old := range t.writes {
		if old.Step == w.Step && old.Kind == w.Kind && old.Key == w.Key {
			return fmt.Errorf("write %s %q to thread %q step %d: %w: it is stored", w.Kind, w.Key, thread, w.Step, ErrConflict)
		}
	}
	w.Value = bytes.Clone(w.Value)
	t.writes = append(t.writes, w)
	return nil
}

// Writes implements Checkpointer.
func (m *Memory) Writes(ctx context.Context, thread string, step int64) ([]Write, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("writes of thread %q: %w", thread, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.threads[thread]
	if t == nil {
		return nil, nil
	}
	var out []Write
	for _, w := range t.writes {
		if w.Step == step {
			w.Value = bytes.Clone(w.Value)
			out = append(out, w)
		}
	}
	return out, nil
}

// Fork implements Checkpointer.
func (m *Memory) Fork(ctx context.Context, from string, seq int64, to string) error {
	if err := firstError(ctx.Err, func() error { return ValidThread(to) }); err != nil {
		return fmt.Errorf("fork thread %q: %w", from, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	src := m.threads[from]
	if src == nil || seq < 1 || seq > int64(len(src.checkpoints)) {
		return fmt.Errorf("fork thread %q at checkpoint %d: %w", from, seq, ErrNotFound)
	}
	if m.threads[to] != nil {
		return fmt.Errorf("fork thread %q to %q: %w: it exists", from, to, ErrConflict)
	}
	// Stored slices are never changed, so that the two threads may share them.
	dst := &memoryThread{checkpoints: append([]Checkpoint(nil), src.checkpoints[:seq]...)}
	for _, w := range src.writes {
		if w.Seq < seq {
			dst.writes = append(dst.writes, w)
		}
	}
	m.threads[to] = dst
	return nil
}

func firstError(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}
