package jail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	tickBusy  = 25 * time.Millisecond  // between looks at a child that works
	tickIdle  = 100 * time.Millisecond // at one that did nothing since the last look; what it may map at once is bounded by the kernel
	stderrTop = 4 << 10                // bytes of a crash that are kept
	stderrMax = 64 << 10               // bytes after which a child that complains is killed
)

// ErrOutput is what Out returns once the child has written more than Limits.Output.
var ErrOutput = errors.New("jail: the child wrote more than its output limit")

// Child is a process that has been started. Safe for concurrent use, but for In and Out, which are each one goroutine's.
type Child struct {
	In  io.WriteCloser // to the child; closing it is how it is told that nothing more comes
	Out io.ReadCloser  // from the child; io.EOF when it has ended

	limits Limits
	proc   *os.Process
	watch  *watch
	done   chan struct{} // closed when it is reaped and nothing of it is left
	exit   Exit          // set before done is closed

	mu    sync.Mutex // guards why
	why   Reason     // of the parent's kill, the first one
	words string

	top bytes.Buffer // of stderr; the stderr reader's until that has ended
}

// Start starts a child that ends at the latest with ctx. The caller reads Out, and calls Kill where it no longer needs the child; it
// need not call Wait. A child that the kernel does not contain is started all the same: what holds is in its Cell.Report.
func Start(ctx context.Context, cmd Command) (*Child, error) {
	if err := cmd.Limits.check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("jail: start: %w", err)
	}
	c := &Child{limits: cmd.Limits, done: make(chan struct{})}
	started := make(chan error, 1)
	go c.supervise(ctx, cmd, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("jail: start a child: %w", err)
	}
	return c, nil
}

// Kill ends the child at once and does not wait for it. It may be called at any time and more than once.
func (c *Child) Kill() { c.kill(KilledByParent, "ended by its parent") }

// Done is closed when the child has ended and nothing is left of it.
func (c *Child) Done() <-chan struct{} { return c.done }

// Wait returns how the child ended, when it has.
func (c *Child) Wait() Exit {
	<-c.done
	return c.exit
}

// Pid is the child's process id, for tests and for logs.
func (c *Child) Pid() int { return c.proc.Pid }

func (c *Child) kill(why Reason, words string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The handle is the process itself (a pidfd where there is one), so a late kill cannot hit another one with the same id.
	if err := c.proc.Kill(); err == nil && c.why == "" {
		c.why, c.words = why, words
	}
}

// supervise starts the child and owns it until it is reaped. It keeps its thread: the kernel tells a child of its parent's death when
// the thread that started it ends, so that thread has to live as long as the child.
func (c *Child) supervise(ctx context.Context, cmd Command, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	stderr, err := c.spawn(cmd)
	if err != nil {
		started <- err
		return
	}
	c.watch = newWatch(c.proc.Pid)
	var readers sync.WaitGroup
	readers.Go(func() { c.readErrors(stderr) })
	ended := make(chan ending, 1)
	go func() {
		state, err := c.proc.Wait()
		ended <- ending{state, err}
	}()
	started <- nil
	e := c.attend(ctx, ended)
	c.watch.close()
	readers.Wait()
	c.exit = c.explain(e)
	close(c.done)
}

// attend looks after the child until it ends.
func (c *Child) attend(ctx context.Context, ended <-chan ending) ending {
	tick := time.NewTimer(tickBusy)
	defer tick.Stop()
	var wall <-chan time.Time
	if c.limits.Wall > 0 {
		t := time.NewTimer(c.limits.Wall)
		defer t.Stop()
		wall = t.C
	}
	cancelled := ctx.Done()
	for {
		select {
		case e := <-ended:
			return e
		case <-cancelled:
			cancelled = nil
			c.kill(KilledByParent, "ended by its parent: "+context.Cause(ctx).Error())
		case <-wall:
			c.kill(KilledWall, fmt.Sprintf("it lived longer than its limit of %s", c.limits.Wall))
		case <-tick.C:
			tick.Reset(c.look())
		}
	}
}

// look kills a child that uses too much, and says when to look again.
func (c *Child) look() time.Duration {
	u, busy := c.watch.look()
	if u.memory > c.limits.Memory {
		c.kill(OutOfMemory, fmt.Sprintf("it held %s, its limit is %s", megabytes(u.memory), megabytes(c.limits.Memory)))
	}
	if c.limits.CPU > 0 && u.cpu > c.limits.CPU {
		c.kill(KilledCPU, fmt.Sprintf("it used more than its %s of processor time", c.limits.CPU))
	}
	if busy {
		return tickBusy
	}
	return tickIdle
}

// spawn starts the process with its three pipes and returns the parent's end of stderr.
func (c *Child) spawn(cmd Command) (stderr *os.File, err error) {
	var files []*os.File
	pipe := func() (r, w *os.File) {
		if err != nil {
			return nil, nil
		}
		if r, w, err = os.Pipe(); err == nil {
			files = append(files, r, w)
		}
		return r, w
	}
	childIn, in := pipe()
	out, childOut := pipe()
	stderr, childErr := pipe()
	if err == nil {
		c.proc, err = startProcess(cmd, []*os.File{childIn, childOut, childErr})
	}
	if err != nil {
		for _, f := range files {
			_ = f.Close() // nothing was written
		}
		return nil, err
	}
	for _, f := range []*os.File{childIn, childOut, childErr} {
		_ = f.Close() // the child has its own
	}
	c.In, c.Out = in, out
	if c.limits.Output > 0 {
		c.Out = &bounded{ReadCloser: out, left: c.limits.Output, over: func() {
			c.kill(KilledOutput, fmt.Sprintf("it wrote more than its limit of %d bytes", c.limits.Output))
		}}
	}
	return stderr, nil
}

// readErrors keeps the first lines of a crash.
func (c *Child) readErrors(r *os.File) {
	defer r.Close()
	var seen int
	buf := make([]byte, 4<<10)
	for {
		n, err := r.Read(buf)
		c.top.Write(buf[:min(n, max(0, stderrTop-c.top.Len()))])
		if seen += n; seen > stderrMax {
			c.kill(KilledOutput, fmt.Sprintf("it wrote more than %d bytes to stderr", stderrMax))
			return
		}
		if err != nil {
			return
		}
	}
}

// bounded reads at most so many bytes and then has the writer killed.
type bounded struct {
	io.ReadCloser
	left int64
	over func()
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrOutput
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.over()
		return max(0, n+int(b.left)), ErrOutput
	}
	return n, err
}

// ending is what the kernel says of a process that has ended.
type ending struct {
	state *os.ProcessState
	err   error
}

// explain turns the kernel's words, the parent's kill and the child's last words into an Exit.
func (c *Child) explain(e ending) Exit {
	if e.err != nil {
		return Exit{Reason: Crashed, Code: -1, Detail: "it could not be waited for: " + e.err.Error()}
	}
	x := Exit{Code: e.state.ExitCode(), CPU: e.state.UserTime() + e.state.SystemTime(), MaxRSS: maxRSS(e.state)}
	c.mu.Lock()
	why, words := c.why, c.words
	c.mu.Unlock()
	signal := signalOf(e.state)
	said := lastWords(c.top.String())
	switch {
	case why != "" && !e.state.Exited():
		x.Reason, x.Detail = why, words
	case signal == signalCPU, signal == signalKill && c.limits.CPU > 0 && x.CPU >= c.limits.CPU:
		x.Reason, x.Detail = KilledCPU, fmt.Sprintf("it used more than its %s of processor time", c.limits.CPU)
	case signal == signalKill && max(x.MaxRSS, c.watch.peak()) >= c.limits.Memory/10*9:
		x.Reason, x.Detail = OutOfMemory, fmt.Sprintf("the system killed it near its limit of %s", megabytes(c.limits.Memory))
	case signal != "":
		x.Reason, x.Detail = Crashed, join("signal "+signal, said)
	case x.Code == 0:
		x.Reason, x.Detail = Exited, "it ended"
	case strings.Contains(said, "stack overflow"):
		x.Reason, x.Detail = OutOfMemory, fmt.Sprintf("its calls went deeper than %s of stack", megabytes(stackLimit(c.limits)))
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate"), strings.Contains(said, "failed to allocate"):
		x.Reason, x.Detail = OutOfMemory, fmt.Sprintf("it asked for more than its limit of %s", megabytes(c.limits.Memory))
	case strings.HasPrefix(said, fatalSignal) && max(x.MaxRSS, c.watch.peak()) >= c.limits.Memory/2:
		// Go's collector does not check each of its own small requests, and steps on nothing where the kernel gave nothing.
		x.Reason, x.Detail = OutOfMemory, fmt.Sprintf("its runtime got no more memory, its limit is %s", megabytes(c.limits.Memory))
	case strings.HasPrefix(said, "panic: "), strings.HasPrefix(said, "fatal error: "), strings.HasPrefix(said, fatalSignal):
		x.Reason, x.Detail = Crashed, said
	default:
		x.Reason, x.Detail = Exited, join(fmt.Sprintf("exit code %d", x.Code), said)
	}
	return x
}

// fatalSignal begins what Go says where its runtime itself, not the program, met a signal such as SIGSEGV.
const fatalSignal = "SIG"

// lastWords is the line of a crash that says most: the panic or the fatal error, otherwise the first.
func lastWords(top string) string {
	const most = 300
	first := ""
	for line := range strings.Lines(top) {
		line = strings.TrimSpace(strings.Map(printable, line))
		if len(line) > most {
			line = strings.ToValidUTF8(line[:most], "")
		}
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line
		}
		if first == "" {
			first = line
		}
	}
	return first
}

// printable keeps what a child wrote from steering a terminal.
func printable(r rune) rune {
	if r == utf8.RuneError || !unicode.IsPrint(r) {
		return ' '
	}
	return r
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + ": " + b
}

// stackLimit is how deep the calls of one goroutine may go, in bytes: a runaway recursion ends before it has filled the memory.
func stackLimit(l Limits) int64 { return min(l.Memory/4, 256<<20) }
