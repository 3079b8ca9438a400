package graph

import (
	"context"
	"fmt"
)

// View is where a thread stands.
type View[S any] struct {
	Thread     string
	Checkpoint Checkpoint // the latest
	State      S          // what Checkpoint.State says
	Questions  []Question // asked and not answered, by key
}

// View reads a thread without touching it. ErrNotFound where there is no such thread.
func (r *Runner[S]) View(ctx context.Context, thread string) (View[S], error) {
	c, err := r.saver.Latest(ctx, thread)
	if err != nil {
		return View[S]{}, r.wrap(thread, err)
	}
	v := View[S]{Thread: thread, Checkpoint: c}
	if v.State, err = decode[S](c.State); err != nil {
		return v, r.wrap(thread, fmt.Errorf("stored state: %w", err))
	}
	writes, err := r.saver.Writes(ctx, thread, c.Step)
	if err != nil {
		return v, r.wrap(thread, err)
	}
	questions, answered, err := questionsOf(writes)
	if err != nil {
		return v, r.wrap(thread, err)
	}
	v.Questions = openQuestions(questions, answered)
	return v, nil
}

// StateAt returns the state of checkpoint seq. ErrNotFound where the thread has none.
func (r *Runner[S]) StateAt(ctx context.Context, thread string, seq int64) (S, error) {
	c, err := r.saver.At(ctx, thread, seq)
	if err != nil {
		var zero S
		return zero, r.wrap(thread, err)
	}
	state, err := decode[S](c.State)
	if err != nil {
		return state, r.wrap(thread, fmt.Errorf("stored state of checkpoint %d: %w", seq, err))
	}
	return state, nil
}

// Fork makes thread to out of thread from as it stood when checkpoint seq was saved; the two then go their own ways, each by Resume. Forked at a
// question (StatusWaiting), to has the effects before it and not its answer; forked at a step's beginning, that step obtains its effects
// anew. ErrNotFound where from has no such checkpoint, ErrConflict where to exists.
func (r *Runner[S]) Fork(ctx context.Context, from string, seq int64, to string) error {
	if err := ValidThread(to); err != nil {
		return r.wrap(from, fmt.Errorf("fork: %w", err))
	}
	if err := r.saver.Fork(ctx, from, seq, to); err != nil {
		return r.wrap(from, fmt.Errorf("fork at checkpoint %d: %w", seq, err))
	}
	return nil
}

// Redirect sets a thread, wherever it stands, to the beginning of a step at node, with the state that edit makes of the latest one: how a person
// corrects a run, drops a turn, or leaves a step that cannot succeed. What the step in flight had stored stays in the history and is not reused; whoever runs it ends
// with ErrConflict. Resume then goes on. ErrNotFound where there is no such thread, ErrInvalid where the graph has no such node.
func (r *Runner[S]) Redirect(ctx context.Context, thread, node string, edit func(S) (S, error)) error {
	if _, ok := r.graph.nodes[node]; !ok {
		return r.wrap(thread, fmt.Errorf("redirect to %.80q: %w: the graph has no such node", node, ErrInvalid))
	}
	c, err := r.saver.Latest(ctx, thread)
	if err != nil {
		return r.wrap(thread, err)
	}
	state, err := decode[S](c.State)
	if err != nil {
		return r.wrap(thread, fmt.Errorf("stored state: %w", err))
	}
	if state, err = edit(state); err != nil {
		return r.wrap(thread, fmt.Errorf("redirect to %s: %w", node, err))
	}
	next := Checkpoint{Seq: c.Seq + 1, Step: c.Step + 1, Node: node, Status: StatusReady, CreatedAt: r.now()}
	if next.State, _, err = encode(state); err != nil {
		return r.wrap(thread, fmt.Errorf("redirect to %s: state: %w", node, err))
	}
	if err := r.saver.Save(ctx, thread, next); err != nil {
		return r.wrap(thread, fmt.Errorf("redirect to %s: %w", node, err))
	}
	return nil
}
