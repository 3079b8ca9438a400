//go:build linux && (amd64 || arm64)

package jail

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if code, child := Main(os.Args, work); child {
		os.Exit(code)
	}
	if len(os.Args) == 2 && os.Args[1] == "jail-test-parent" {
		parent()
	}
	goleak.VerifyTestMain(m)
}

// parent starts a child that spins, says its id, and waits to be killed.
func parent() {
	c, err := Start(context.Background(), Command{Args: []string{"spin"}, Limits: Limits{Memory: 64 << 20}})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(c.Pid())
	c.Wait()
	os.Exit(0)
}

func start(t testing.TB, l Limits, args ...string) *Child {
	t.Helper()
	c, err := Start(t.Context(), Command{Args: args, Limits: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Kill()
		c.Wait()
		_, _ = c.In.Close(), c.Out.Close()
	})
	return c
}

func TestForbiddenActsAreRefused(t *testing.T) {
	t.Parallel()
	// A descriptor that anyone who is started inherits: the parent's own parent left it open.
	leaked, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0) // without O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leaked)
	c := start(t, Limits{Memory: 64 << 20}, "refused", strconv.Itoa(os.Getpid()))
	said, err := io.ReadAll(c.Out)
	if x := c.Wait(); err != nil || len(said) > 0 || x.Reason != Exited || x.Code != 0 {
		t.Errorf("%v, %+v:\n%s", err, x, said)
	}
}

func TestNewThreadsAreContained(t *testing.T) {
	t.Parallel()
	c := start(t, Limits{Memory: 512 << 20}, "threads") // where the binary holds C, each has a stack of 8 MiB
	said, err := io.ReadAll(c.Out)
	if x := c.Wait(); err != nil || len(said) > 0 || x.Reason != Exited || x.Code != 0 {
		t.Errorf("%v, %+v:\n%s", err, x, said)
	}
}

func TestProbeHolds(t *testing.T) {
	t.Parallel()
	r, err := Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Parts {
		if !p.Held {
			t.Errorf("%s: %s", p.Name, p.How)
		}
	}
	if !r.Contained() || r.Refusal() != nil {
		t.Errorf("not contained: %v", r.Refusal())
	}
	t.Log(strings.Join(r.Lines(), "\n"))
}

func TestLimitsAreNamed(t *testing.T) {
	l := Limits{Memory: 64 << 20, CPU: 20 * time.Second, Wall: 20 * time.Second}
	short := Limits{Memory: 64 << 20, CPU: 300 * time.Millisecond, Wall: 20 * time.Second}
	wall := Limits{Memory: 64 << 20, Wall: 300 * time.Millisecond}
	output := Limits{Memory: 64 << 20, Output: 1 << 20, Wall: 20 * time.Second}
	for _, tt := range []struct {
		act    string
		limits Limits
		want   Reason
		detail string
	}{
		{"big slice", l, OutOfMemory, "64 MiB"},
		{"many small", l, OutOfMemory, "64 MiB"},
		{"map", l, OutOfMemory, "64 MiB"},
		{"string", l, OutOfMemory, "64 MiB"},
		{"shared mapping", l, Crashed, "shared memory is refused"},
		{"recursion", l, OutOfMemory, "stack"},
		{"spin", short, KilledCPU, "300ms"},
		{"threads spin", short, KilledCPU, "300ms"},
		{"spin", wall, KilledWall, "300ms"},
		{"wait", wall, KilledWall, "300ms"},
		{"flood", output, KilledOutput, "1048576"},
		{"complain", l, KilledOutput, "stderr"},
		{"panic", l, Crashed, "panic: of its own"},
		{"nil", l, Crashed, "nil pointer"},
		{"exit", l, Exited, "exit code 7"},
	} {
		t.Run(tt.act+" "+string(tt.want), func(t *testing.T) {
			t.Parallel()
			c := start(t, tt.limits, tt.act)
			n, err := io.Copy(io.Discard, c.Out)
			x := c.Wait()
			if x.Reason != tt.want || !strings.Contains(x.Detail, tt.detail) {
				t.Errorf("%+v, want %s naming %q", x, tt.want, tt.detail)
			}
			if strings.Contains(x.Detail, "\x1b") {
				t.Errorf("detail %q steers a terminal", x.Detail)
			}
			if lim := tt.limits.Output; lim > 0 && (n != lim || err != ErrOutput) {
				t.Errorf("%d bytes, %v, want %d", n, err, lim)
			}
			t.Logf("%+v", x)
		})
	}
}

func TestKillAndContextEndAChild(t *testing.T) {
	t.Parallel()
	c := start(t, Limits{Memory: 64 << 20}, "spin")
	c.Kill()
	c.Kill()
	if x := c.Wait(); x.Reason != KilledByParent {
		t.Errorf("%+v", x)
	}
	c.Kill() // of one that is gone
	ctx, cancel := context.WithCancel(t.Context())
	c, err := Start(ctx, Command{Args: []string{"spin"}, Limits: Limits{Memory: 64 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if x := c.Wait(); x.Reason != KilledByParent || !strings.Contains(x.Detail, "canceled") {
		t.Errorf("%+v", x)
	}
	_, _ = c.In.Close(), c.Out.Close()
}

func TestManyChildrenLeaveNothing(t *testing.T) {
	before, times := open(t), 200
	if testing.Short() {
		times = 10 // a child with the race detector stays for a second at its end
	}
	for i := range times {
		c, err := Start(t.Context(), Command{Args: []string{"echo"}, Limits: Limits{Memory: 32 << 20}})
		if err != nil {
			t.Fatal(i, err)
		}
		if _, err := io.WriteString(c.In, "word"); err != nil {
			t.Fatal(i, err)
		}
		if err := c.In.Close(); err != nil {
			t.Fatal(i, err)
		}
		got, err := io.ReadAll(c.Out)
		x := c.Wait()
		if err != nil || string(got) != "word" || x.Reason != Exited || x.Code != 0 {
			t.Fatalf("%d: %q, %v, %+v", i, got, err, x)
		}
		if err := c.Out.Close(); err != nil {
			t.Fatal(i, err)
		}
		if unix.Kill(c.Pid(), 0) != unix.ESRCH {
			t.Fatalf("%d: process %d is still there", i, c.Pid())
		}
	}
	if after := open(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func open(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}

func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "jail-test-parent")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	child, err := unix.PidfdOpen(pid, 0) // readable when the process has ended
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(child)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed, as was asked
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(child), Events: unix.POLLIN}}, 5000); n != 1 || err != nil {
		t.Errorf("the child outlives its parent: %d, %v", n, err)
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

func TestBadLimitsAreRefused(t *testing.T) {
	t.Parallel()
	for _, l := range []Limits{{}, {Memory: 1}, {Memory: 1 << 60}, {Memory: 64 << 20, CPU: -1}, {Memory: 64 << 20, CPU: 1}, {Memory: 64 << 20, Output: -1}} {
		if c, err := Start(t.Context(), Command{Limits: l}); err == nil {
			c.Kill()
			t.Errorf("%+v was accepted", l)
		}
	}
	if _, err := Enter([]string{"omc", "version"}); err == nil {
		t.Error("a program that is no child was locked in")
	}
}

func FuzzParseSpec(f *testing.F) {
	f.Add(spec{limits: probeLimits(), role: roleActs, spaces: spaceNames, user: asNobody}.String())
	f.Add(childMark + "memory=1")
	f.Add("version")
	f.Fuzz(func(t *testing.T, arg string) {
		s, err := parseSpec(arg)
		if err != nil {
			return
		}
		if back, err := parseSpec(s.String()); err == nil && back != s {
			t.Errorf("%+v came back as %+v", s, back)
		}
	})
}

func BenchmarkColdStart(b *testing.B) {
	for b.Loop() {
		c := start(b, Limits{Memory: 64 << 20}, "echo")
		if _, err := io.WriteString(c.In, "x"); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c.Out, make([]byte, 1)); err != nil {
			b.Fatal(err)
		}
		c.Kill()
		c.Wait()
	}
}

func BenchmarkKill(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		c := start(b, Limits{Memory: 64 << 20}, "echo")
		if _, err := io.WriteString(c.In, "x"); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c.Out, make([]byte, 1)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		c.Kill()
		c.Wait()
	}
}
