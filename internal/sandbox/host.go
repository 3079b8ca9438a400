package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Limits bound what a script may use. What is reached is named in a *LimitError.
type Limits struct {
	Memory int64         // bytes of a child beyond what its data needs
	Call   time.Duration // of one call into the script, or of any other part of a run that brings it no further
	Run    time.Duration // of a whole evaluation
	Event  time.Duration // of one event of a Session
}

// DefaultLimits are the documented ones.
func DefaultLimits() Limits {
	return Limits{Memory: 512 << 20, Call: 5 * time.Second, Run: 15 * time.Minute, Event: 10 * time.Second}
}

// The limits by name.
const (
	LimitMemory = "memory"
	LimitTime   = "time"
	LimitOutput = "output"
	LimitCrash  = "crash"
)

// LimitError says that a script was ended, alone, because of what it used or did.
type LimitError struct {
	Limit string // memory, time, output or crash
	Text  string
}

// Error implements error.
func (e *LimitError) Error() string { return e.Text }

// Process is a child that has been started: its pipes, and the ways to its end.
type Process struct {
	In   io.Writer // to the child
	Out  io.Reader // from the child
	Kill func()    // ends it at once; more than once is allowed
	Wait func() Exit
}

// Exit is how a child ended.
type Exit struct {
	Limit string // memory, time, output or crash; "" where it ended by itself or was killed by the parent
	Text  string
}

// Spawn starts a child with so much memory. It lives until it is killed; ctx bounds only the start.
type Spawn func(ctx context.Context, memory int64) (*Process, error)

// ErrUncontained is wrapped where the machine does not contain the child that a script would run in, and nobody has accepted that.
var ErrUncontained = errors.New("this machine does not contain scripts")

// Options are how a Host works.
type Options struct {
	Limits      Limits
	Width       int  // children that one bench works with at most; 0: 1
	Warm        int  // children that wait for work once the first has been needed; 0: 1
	Uncontained bool // the owner accepts that what trades runs where network or memory are not contained
}

// Host starts children and keeps some ready. Safe for concurrent use.
type Host struct {
	spawn       Spawn
	limits      Limits
	width       int
	uncontained bool
	warm        chan *worker // ready ones that have seen nothing

	mu     sync.Mutex
	closed bool
	filler sync.WaitGroup
	ctx    context.Context // ends with the host
	cancel context.CancelFunc
}

// NewHost returns a host; no child is started before it is needed. Close it when nothing runs any more.
func NewHost(spawn Spawn, o Options) *Host {
	ctx, cancel := context.WithCancel(context.Background())
	return &Host{spawn: spawn, limits: o.Limits, width: max(1, o.Width), uncontained: o.Uncontained, warm: make(chan *worker, max(1, o.Warm)), ctx: ctx, cancel: cancel}
}

// Contained fails with ErrUncontained where generated code must not run here: a Session refuses by itself, others ask before they
// begin. It starts a child.
func (h *Host) Contained(ctx context.Context) error {
	w, err := h.take(ctx, 0)
	if err != nil {
		return err
	}
	defer h.used(w)
	defer w.end()
	return h.contained(w)
}

func (h *Host) contained(w *worker) error {
	if w.missing == "" || h.uncontained {
		return nil
	}
	return fmt.Errorf("%w: %s; 'omc doctor' says more, and whoever owns this machine can accept that by 'omc config set sandbox.accept_risk uncontained'", ErrUncontained, w.missing)
}

// Close ends the children that wait for work. Benches and sessions are closed by those who opened them.
func (h *Host) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.cancel()
	h.filler.Wait()
	for {
		select {
		case w := <-h.warm:
			w.end()
		default:
			return
		}
	}
}

// take returns a child that has seen nothing, with at least the default memory plus extra bytes.
func (h *Host) take(ctx context.Context, extra int64) (*worker, error) {
	if extra > 0 {
		return h.start(ctx, h.limits.Memory+extra)
	}
	select {
	case w := <-h.warm:
		w.replace = true
		if w.idle() {
			return w, nil
		}
		w.end() // killed while it waited, by the machine's lack of memory say
	default:
	}
	w, err := h.start(ctx, h.limits.Memory)
	if err == nil {
		w.replace = true
	}
	return w, err
}

// used has another child started in the place of one that was taken, once what it was wanted for first is done: a process that starts
// is in the way of one that works.
func (h *Host) used(w *worker) {
	if w.replace {
		w.replace = false
		h.fill()
	}
}

// fill has one more child started for the next one who asks.
func (h *Host) fill() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.filler.Add(1)
	go func() {
		defer h.filler.Done()
		w, err := h.start(h.ctx, h.limits.Memory)
		if err != nil {
			return // whoever asks next meets it and says so
		}
		select {
		case h.warm <- w:
		default:
			w.end()
		}
	}()
}

func (h *Host) start(ctx context.Context, memory int64) (*worker, error) {
	p, err := h.spawn(ctx, memory)
	if err != nil {
		return nil, fmt.Errorf("sandbox: start a child: %w", err)
	}
	w := &worker{proc: p, conn: newConn(p.Out, p.In, maxReply), limits: h.limits, memory: memory}
	var hello helloMessage
	err = w.guard(ctx, h.limits.Call, func(*time.Timer) error {
		k, b, err := w.conn.receive()
		if err != nil {
			return err
		}
		if k != kHello || json.Unmarshal(b, &hello) != nil || hello.Version != Version {
			return fmt.Errorf("%w: kind %q at the start", errFrame, rune(k))
		}
		return nil
	})
	if err != nil {
		w.end()
		return nil, fmt.Errorf("sandbox: a child does not start: %w", err)
	}
	w.missing = clip(hello.Missing, maxText) // it has seen no script yet: this is omc's own word
	return w, nil
}

// worker is one child, spoken to by one goroutine at a time.
type worker struct {
	proc    *Process
	conn    *conn
	limits  Limits
	memory  int64
	missing string  // what does not contain it
	replace bool    // another is to be started in its place
	script  *Script // that it has compiled
	data    *Data   // that it has loaded

	mu   sync.Mutex
	why  *LimitError // the parent's reason for killing it
	dead bool
	once sync.Once
	exit Exit
}

func (w *worker) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.dead
}

// kill ends the child for a reason.
func (w *worker) kill(why *LimitError) {
	w.mu.Lock()
	if w.why == nil {
		w.why = why
	}
	w.dead = true
	w.mu.Unlock()
	w.proc.Kill()
}

// end kills the child and waits until nothing is left of it.
func (w *worker) end() Exit {
	w.mu.Lock()
	w.dead = true
	w.mu.Unlock()
	w.proc.Kill()
	w.once.Do(func() { w.exit = w.proc.Wait() })
	return w.exit
}

// guard runs talk, which speaks with the child, and kills the child when ctx ends or talk's timer, which talk may reset as the child
// gets on, runs out. It explains what became of the child.
func (w *worker) guard(ctx context.Context, quiet time.Duration, talk func(*time.Timer) error) error {
	t := time.AfterFunc(quiet, func() {
		w.kill(&LimitError{LimitTime, fmt.Sprintf("one call took longer than %s: make the loop or the data smaller", quiet)})
	})
	defer t.Stop()
	stop := context.AfterFunc(ctx, func() { w.kill(nil) })
	defer stop()
	err := talk(t)
	var remote *remoteError
	if err == nil || errors.As(err, &remote) {
		return err
	}
	return w.explain(ctx, err)
}

// explain says why the conversation with a child broke off. The child is ended.
func (w *worker) explain(ctx context.Context, err error) error {
	w.mu.Lock()
	died := !w.dead // by itself, or by what contains it
	w.mu.Unlock()
	exit := w.end()
	w.mu.Lock()
	why := w.why
	w.mu.Unlock()
	switch {
	case why != nil:
		return why
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case exit.Limit != "":
		return &LimitError{exit.Limit, clip(exit.Text, maxText)}
	case errors.Is(err, errFrame) || !died:
		return &LimitError{LimitCrash, "the script's process broke the rules of speech and was ended: " + clip(err.Error(), 200)}
	}
	return &LimitError{LimitCrash, "the script's process ended in the middle of its work"}
}

// watcher is told what a request brings before its reply.
type watcher struct {
	trace    io.Writer
	progress func(done, total int)
}

// request sends one request and waits for its reply.
func (w *worker) request(ctx context.Context, k kind, v any, out any, watch watcher) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return w.guard(ctx, w.limits.Call, func(t *time.Timer) error {
		if err := w.conn.send(k, payload); err != nil {
			return err
		}
		return w.reply(t, out, watch)
	})
}

// reply reads frames until the reply has come.
func (w *worker) reply(t *time.Timer, out any, watch watcher) error {
	var last beatMessage
	for {
		k, b, err := w.conn.receive()
		if err != nil {
			return err
		}
		switch k {
		case kBeat:
			var beat beatMessage
			if json.Unmarshal(b, &beat) != nil {
				return fmt.Errorf("%w: a beat", errFrame)
			}
			if beat.Calls == last.Calls && beat.Done == last.Done {
				continue // alive, and no further
			}
			last = beat
			t.Reset(w.limits.Call)
			if watch.progress != nil && beat.Done >= 0 && beat.Total >= beat.Done {
				watch.progress(beat.Done, beat.Total)
			}
		case kTrace:
			if watch.trace == nil {
				return fmt.Errorf("%w: a trace that nobody asked for", errFrame)
			}
			if _, err := watch.trace.Write(b); err != nil {
				return &remoteError{text: "the trace cannot be written: " + err.Error(), is: err}
			}
			t.Reset(w.limits.Call)
		case kOK:
			if err := json.Unmarshal(b, out); err != nil {
				return fmt.Errorf("%w: a reply: %w", errFrame, err)
			}
			return nil
		case kFailed:
			return told(b)
		default:
			return fmt.Errorf("%w: kind %q instead of a reply", errFrame, rune(k))
		}
	}
}

// told is the error that a kFailed frame tells.
func told(b []byte) error {
	var f failure
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("%w: a failure: %w", errFrame, err)
	}
	return f.err()
}
