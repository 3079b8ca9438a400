package page

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
)

// Timeouts of calls: what only reads is given less than what works.
const (
	readTimeout = 15 * time.Second
	workTimeout = 2 * time.Minute
	maxPending  = 4096 // events of one stream waiting to be drawn; at the bound the stream waits
)

// Runner makes calls outside the program's loop and owns what it started: Close ends and waits for all of it.
type Runner struct {
	ctx    context.Context
	cancel context.CancelFunc
	frame  time.Duration
	wg     sync.WaitGroup
	mu     sync.Mutex // guards closed, and that nothing begins once it is set
	closed bool
	box    []tea.Msg // of the program's loop only
}

// NewRunner makes a Runner whose streams deliver at most once per frame.
func NewRunner(ctx context.Context, frame time.Duration) *Runner {
	ctx, cancel := context.WithCancel(ctx)
	return &Runner{ctx: ctx, cancel: cancel, frame: frame}
}

// Close ends every call and stream and waits for them.
func (r *Runner) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	r.wg.Wait()
}

// begin counts a call or a stream in; it says false once the Runner is closed. What began calls wg.Done.
func (r *Runner) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.wg.Add(1)
	}
	return !r.closed
}

// Send gives msg to the program before it takes another key, so that a question stands before the next key is typed. It must be
// called on the program's loop, by a page; it returns no command, for use in a return.
func (r *Runner) Send(msg tea.Msg) tea.Cmd {
	r.box = append(r.box, msg)
	return nil
}

// Sent takes what was sent since the call before.
func (r *Runner) Sent() []tea.Msg {
	out := r.box
	r.box = nil
	return out
}

// Read is a command that calls fn and gives done's message.
func Read[T any](r *Runner, fn func(context.Context) (T, error), done func(T, error) tea.Msg) tea.Cmd {
	return call(r, readTimeout, fn, done)
}

// Work is Read for what changes something and may take longer.
func Work[T any](r *Runner, fn func(context.Context) (T, error), done func(T, error) tea.Msg) tea.Cmd {
	return call(r, workTimeout, fn, done)
}

func call[T any](r *Runner, timeout time.Duration, fn func(context.Context) (T, error), done func(T, error) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		if !r.begin() {
			return nil
		}
		defer r.wg.Done()
		ctx, cancel := context.WithTimeout(r.ctx, timeout)
		defer cancel()
		v, err := fn(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = &NoAnswer{After: timeout}
		}
		return done(v, err)
	}
}

// Stream follows one stream of events. Events gather while a frame is drawn and come in batches, at most one per frame.
type Stream[E any] struct {
	cancel  context.CancelFunc
	frame   time.Duration
	wake    chan struct{}
	room    chan struct{}
	mu      sync.Mutex // guards the rest
	pending []E
	done    bool
	err     error
	last    time.Time
}

// Batch is what a stream gave since the batch before.
type Batch[E any] struct {
	Stream *Stream[E]
	Events []E
	Done   bool // nothing follows
	Err    error
}

// Follow starts run in a goroutine of the Runner's.
func Follow[E any](r *Runner, run func(ctx context.Context, emit func(E) error) error) *Stream[E] {
	ctx, cancel := context.WithCancel(r.ctx)
	s := &Stream[E]{cancel: cancel, frame: r.frame, wake: make(chan struct{}, 1), room: make(chan struct{}, 1)}
	if !r.begin() {
		cancel()
		s.done = true
		signal(s.wake)
		return s
	}
	go func() {
		defer r.wg.Done()
		defer cancel()
		err := run(ctx, func(e E) error { return s.push(ctx, e) })
		s.mu.Lock()
		s.done, s.err = true, err
		if ctx.Err() != nil {
			s.err = nil
		}
		s.mu.Unlock()
		signal(s.wake)
	}()
	return s
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *Stream[E]) push(ctx context.Context, e E) error {
	for {
		s.mu.Lock()
		if len(s.pending) < maxPending {
			s.pending = append(s.pending, e)
			s.mu.Unlock()
			signal(s.wake)
			return nil
		}
		s.mu.Unlock()
		select {
		case <-s.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close ends the stream; a batch that says Done still comes.
func (s *Stream[E]) Close() { s.cancel() }

// Next is the command that waits for the next batch.
func (s *Stream[E]) Next() tea.Cmd {
	return func() tea.Msg {
		s.mu.Lock()
		wait := s.frame - time.Since(s.last)
		first := s.last.IsZero()
		s.mu.Unlock()
		if wait > 0 && !first {
			time.Sleep(wait)
		}
		<-s.wake
		s.mu.Lock()
		defer s.mu.Unlock()
		b := Batch[E]{Stream: s, Events: s.pending, Done: s.done, Err: s.err}
		s.pending, s.last = nil, time.Now()
		signal(s.room)
		return b
	}
}

// seeAlso stands before a command that tells more.
const seeAlso = "; see "

// NoAnswer is the error of a call that was made and not answered in time: whether it did anything is not known.
type NoAnswer struct{ After time.Duration }

// Error says how long was waited.
func (n *NoAnswer) Error() string { return "no answer in " + n.After.String() }

// NotReached says whether err means that a call never left: nothing listens where omc should.
func NotReached(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// Explain says what went wrong while doing something, with what to do where the error itself does not say it.
func Explain(doing string, err error) string {
	var p *api.Problem
	var late *NoAnswer
	switch {
	case err == nil:
		return ""
	case errors.As(err, &p):
		return doing + ": " + p.Error()
	case errors.As(err, &late):
		return doing + ": " + late.Error() + seeAlso + "'omc daemon status'"
	case errors.Is(err, context.Canceled):
		return doing + ": stopped"
	case NotReached(err):
		return doing + ": " + Unanswered(err) + "; run 'omc daemon start'"
	}
	return doing + ": " + err.Error() + "; trying again" + seeAlso + "'omc daemon status'"
}

// Unanswered says in a few words why omc gave no answer.
func Unanswered(err error) string {
	var op *net.OpError
	var number syscall.Errno
	switch {
	case errors.As(err, &number):
		return "omc does not answer (" + number.Error() + ")"
	case errors.As(err, &op):
		return "omc does not answer"
	}
	return err.Error()
}
