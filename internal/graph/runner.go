package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
)

// defaultSaveTimeout bounds how long what is already obtained may take to be stored, which the run's context does not end.
const defaultSaveTimeout = 30 * time.Second

// Options are what a Runner needs besides its graph and its checkpointer.
type Options struct {
	Clock       clock.Clock   // required
	Observer    Observer      // nil: nobody is told
	SaveTimeout time.Duration // of one write of a finished step or effect; 0: 30 s
}

// Runner runs threads of one graph. It keeps nothing of them: all is in the Checkpointer. Safe for concurrent use. A thread that two run at
// once belongs to the one that came last: the other ends with ErrConflict at its next write.
type Runner[S any] struct {
	graph   *Graph[S]
	saver   Checkpointer
	options Options
}

// Runner returns a runner of g over saver.
func (g *Graph[S]) Runner(saver Checkpointer, o Options) (*Runner[S], error) {
	if saver == nil || o.Clock == nil {
		return nil, fmt.Errorf("runner of graph %s: %w: it needs a checkpointer and a clock", g.name, ErrInvalid)
	}
	if o.SaveTimeout < 0 {
		return nil, fmt.Errorf("runner of graph %s: %w: save timeout %s is negative", g.name, ErrInvalid, o.SaveTimeout)
	}
	if o.SaveTimeout == 0 {
		o.SaveTimeout = defaultSaveTimeout
	}
	return &Runner[S]{graph: g, saver: saver, options: o}, nil
}

// Start begins a thread with a state at the entry, and runs it to its end. ErrConflict where the thread exists: Resume it.
// The state returned is the last one stored, also beside an error. Errors after which the thread can be resumed: *Interrupted (with answers),
// ctx's, *LimitError, *TimeoutError, *PanicError, a node's own, the store's.
func (r *Runner[S]) Start(ctx context.Context, thread string, input S) (S, error) {
	var zero S
	if err := ValidThread(thread); err != nil {
		return zero, r.wrap(thread, err)
	}
	state, _, err := encode(input)
	if err != nil {
		return zero, r.wrap(thread, fmt.Errorf("state: %w", err))
	}
	c := Checkpoint{Seq: 1, Node: r.graph.entry, Status: StatusReady, State: state, CreatedAt: r.now()}
	if err := r.saver.Save(ctx, thread, c); err != nil {
		return zero, r.wrap(thread, fmt.Errorf("start: %w", err))
	}
	return r.run(ctx, thread, c, nil)
}

// Resume goes on with a thread where it stands: after a crash, a cancellation or an error it re-runs the step in flight with what that had stored;
// a waiting thread it first gives the answers, by Question.Key. Answers to some of several questions are kept, and *Interrupted
// tells the rest. An answer already given may be given again, unchanged (else ErrConflict); one to a question that is not asked is
// ErrInvalid, and then none is kept. On a thread that is done it returns the state. ErrNotFound where there is no such thread.
// The rest is as in Start.
func (r *Runner[S]) Resume(ctx context.Context, thread string, answers map[string]json.RawMessage) (S, error) {
	var zero S
	c, err := r.saver.Latest(ctx, thread)
	if err != nil {
		return zero, r.wrap(thread, err)
	}
	state, err := decode[S](c.State)
	if err != nil {
		return zero, r.wrap(thread, fmt.Errorf("stored state: %w", err))
	}
	if c.Status == StatusDone && len(answers) == 0 {
		return state, nil
	}
	if err := r.known(c.Node); err != nil && c.Status != StatusDone {
		return state, r.wrap(thread, err)
	}
	writes, err := r.saver.Writes(ctx, thread, c.Step)
	if err != nil {
		return state, r.wrap(thread, err)
	}
	open, err := r.answer(ctx, thread, c, writes, answers)
	if err != nil {
		return state, r.wrap(thread, err)
	}
	if c.Status == StatusWaiting && len(open) > 0 {
		return state, &Interrupted{Thread: thread, Node: c.Node, Questions: open}
	}
	// A checkpoint of its own fences off whoever still runs this step. Writes are read after it, when no more can come from there.
	if c.Status == StatusWaiting {
		c.Spent = 0
	}
	c.Seq, c.Status, c.CreatedAt = c.Seq+1, StatusReady, r.now()
	if err := r.saver.Save(ctx, thread, c); err != nil {
		return state, r.wrap(thread, fmt.Errorf("take up: %w", err))
	}
	if writes, err = r.saver.Writes(ctx, thread, c.Step); err != nil {
		return state, r.wrap(thread, err)
	}
	return r.run(ctx, thread, c, writes)
}

// known refuses a node that the graph no longer has.
func (r *Runner[S]) known(name string) error {
	if _, ok := r.graph.nodes[name]; !ok {
		return fmt.Errorf("%w: graph %s has no node %q: the thread was made by another version; redirect it to a node there is",
			ErrInvalid, r.graph.name, name)
	}
	return nil
}

// answer stores the answers to open questions and returns the questions still open.
func (r *Runner[S]) answer(ctx context.Context, thread string, c Checkpoint, writes []Write, answers map[string]json.RawMessage) ([]Question, error) {
	questions, answered, err := questionsOf(writes)
	if err != nil {
		return nil, err
	}
	var fresh []Write
	for _, key := range slices.Sorted(maps.Keys(answers)) {
		var value bytes.Buffer
		if err := json.Compact(&value, answers[key]); err != nil {
			return nil, fmt.Errorf("answer %.80q: %w: it is not JSON: %w", key, ErrInvalid, err)
		}
		old, given := answered[key]
		_, asked := questions[key]
		switch {
		case given && !bytes.Equal(old, value.Bytes()):
			return nil, fmt.Errorf("answer %q: %w: it was answered otherwise", key, ErrConflict)
		case given:
			continue
		case !asked:
			return nil, fmt.Errorf("answer %.80q: %w: that is not asked", key, ErrInvalid)
		}
		w := Write{Seq: c.Seq, Step: c.Step, Node: c.Node, Kind: KindAnswer, Key: key, Value: value.Bytes(), CreatedAt: r.now()}
		if err := w.Validate(); err != nil {
			return nil, err
		}
		fresh = append(fresh, w)
	}
	for _, w := range fresh {
		if err := r.saver.PutWrite(ctx, thread, w); err != nil {
			return nil, fmt.Errorf("answer %q: %w", w.Key, err)
		}
		answered[w.Key] = w.Value
	}
	return openQuestions(questions, answered), nil
}

// questionsOf reads the questions and answers among a step's writes.
func questionsOf(writes []Write) (questions map[string]Question, answered map[string][]byte, err error) {
	questions, answered = map[string]Question{}, map[string][]byte{}
	for _, w := range writes {
		switch w.Kind {
		case KindAnswer:
			answered[w.Key] = w.Value
		case KindQuestion:
			q, err := decode[storedQuestion](w.Value)
			if err != nil {
				return nil, nil, fmt.Errorf("question %q: stored: %w", w.Key, err)
			}
			questions[w.Key] = Question{Key: w.Key, Question: q.Question, Refused: q.Refused}
		}
	}
	return questions, answered, nil
}

func openQuestions(questions map[string]Question, answered map[string][]byte) (open []Question) {
	for key, q := range questions {
		if _, ok := answered[key]; !ok {
			open = append(open, q)
		}
	}
	sortQuestions(open)
	return open
}

// run goes on from checkpoint c, which this call has saved, with the writes of its step.
func (r *Runner[S]) run(ctx context.Context, thread string, c Checkpoint, writes []Write) (S, error) {
	emit := &emitter{thread: thread, clock: r.options.Clock, observer: r.options.Observer}
	for c.Status == StatusReady {
		next, err := r.step(ctx, thread, emit, c, writes)
		if err != nil {
			// Where it is not *Interrupted the step is still in flight, at c.
			var asked *Interrupted
			if !errors.As(err, &asked) {
				emit.emit(c, Event{Kind: EventStopped, Error: err.Error()})
			}
			state, decodeErr := decode[S](c.State)
			if decodeErr != nil {
				err = errors.Join(err, decodeErr)
			}
			return state, err
		}
		c, writes = next, nil
	}
	emit.emit(c, Event{Kind: EventFinished})
	return decode[S](c.State)
}

// step runs the node of c and saves what comes of it.
func (r *Runner[S]) step(ctx context.Context, thread string, emit *emitter, c Checkpoint, writes []Write) (Checkpoint, error) {
	if err := ctx.Err(); err != nil {
		return c, r.wrapNode(thread, c, err)
	}
	if limit := r.graph.limits.MaxSteps; c.Spent >= int64(limit) {
		return c, r.wrap(thread, &LimitError{Code: codeSteps, Node: c.Node, Limit: limit})
	}
	nodeCtx, cancel := r.within(ctx, c.Node)
	defer cancel()
	s := &Step{ended: nodeCtx.Err, thread: thread, at: c, saver: r.saver, emit: emit, now: r.now, maxWrites: r.graph.limits.MaxWrites,
		saveTimeout: r.options.SaveTimeout, stored: map[writeID]Write{}, used: map[string]bool{}, asked: map[string]Question{}}
	for _, w := range writes {
		s.add(w)
	}
	emit.emit(c, Event{Kind: EventStepStarted})
	after, err := r.call(nodeCtx, s)
	asked, refused := s.close()
	var panicked *PanicError
	switch {
	case errors.As(err, &panicked):
	case refused != nil:
		err = refused
	case asked != nil:
		return c, r.wait(ctx, thread, emit, c, asked)
	}
	if err != nil {
		if timedOut, ok := context.Cause(nodeCtx).(*TimeoutError); ok {
			err = fmt.Errorf("%w: %w", timedOut, err)
		}
		return c, r.wrapNode(thread, c, err)
	}
	return r.finish(ctx, thread, emit, c, after)
}

// finish saves the state after the step of c and returns the next step's checkpoint.
func (r *Runner[S]) finish(ctx context.Context, thread string, emit *emitter, c Checkpoint, after S) (Checkpoint, error) {
	state, back, err := encode(after)
	if err != nil {
		return c, r.wrapNode(thread, c, fmt.Errorf("state: %w", err))
	}
	to, err := r.graph.next(c.Node, back)
	if err != nil {
		return c, r.wrapNode(thread, c, err)
	}
	next := Checkpoint{Seq: c.Seq + 1, Step: c.Step + 1, Spent: c.Spent + 1, Node: to, Status: StatusReady, State: state, CreatedAt: r.now()}
	if to == End {
		next.Status = StatusDone
	}
	if err := r.saveObtained(ctx, thread, next); err != nil {
		return c, r.wrapNode(thread, c, err)
	}
	finished := next
	finished.Step, finished.Node = c.Step, c.Node
	emit.emit(finished, Event{Kind: EventStepFinished, Next: to})
	return next, nil
}

// within returns the context of a node's run.
func (r *Runner[S]) within(ctx context.Context, name string) (context.Context, context.CancelFunc) {
	if d := r.graph.nodes[name].timeout; d > 0 {
		return context.WithTimeoutCause(ctx, d, &TimeoutError{Node: name, After: d})
	}
	return context.WithCancel(ctx)
}

// call runs the node's function. The state is read anew from the checkpoint, so that a first run has what a re-run will have.
func (r *Runner[S]) call(ctx context.Context, s *Step) (after S, err error) {
	state, err := decode[S](s.at.State)
	if err != nil {
		return after, fmt.Errorf("stored state: %w", err)
	}
	defer recoverTo(&err)
	return r.graph.nodes[s.at.Node].run(ctx, s, state)
}

// wait stores that the thread waits and returns asked.
func (r *Runner[S]) wait(ctx context.Context, thread string, emit *emitter, c Checkpoint, asked *Interrupted) error {
	c.Seq, c.Status, c.CreatedAt = c.Seq+1, StatusWaiting, r.now()
	if err := r.saveObtained(ctx, thread, c); err != nil {
		return r.wrapNode(thread, c, err)
	}
	for _, q := range asked.Questions {
		emit.emit(c, Event{Kind: EventInterrupted, Key: q.Key, Data: q.Question})
	}
	return asked
}

// saveObtained saves a checkpoint also when ctx has ended: its work is done.
func (r *Runner[S]) saveObtained(ctx context.Context, thread string, c Checkpoint) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.options.SaveTimeout)
	defer cancel()
	return r.saver.Save(ctx, thread, c)
}

func (r *Runner[S]) now() time.Time { return r.options.Clock.Now().UTC().Truncate(time.Microsecond) }

func (r *Runner[S]) wrap(thread string, err error) error {
	return fmt.Errorf("graph %s thread %.80q: %w", r.graph.name, thread, err)
}

func (r *Runner[S]) wrapNode(thread string, c Checkpoint, err error) error {
	return fmt.Errorf("graph %s thread %.80q step %d node %s: %w", r.graph.name, thread, c.Step, c.Node, err)
}
