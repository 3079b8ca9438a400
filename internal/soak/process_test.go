package soak_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built makes the program once for all tests of a run, in the folder that TestMain has made.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.Getenv(programDir), "omc")
	out, err := exec.Command("go", "build", "-o", path, "github.com/ohmycoins/omc/cmd/omc").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build omc: %w\n%s", err, out)
	}
	return path, nil
})

const programDir = "OMC_SOAK_PROGRAM_DIR"

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "omc-soak")
	if err == nil {
		err = os.Setenv(programDir, dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir) // a temporary folder
	os.Exit(code)
}

// node is one omc with a data directory of its own, started again and again.
type node struct {
	t    *testing.T
	name string
	dir  string
	env  []string
	cmd  *exec.Cmd
	err  *bytes.Buffer
	most int64 // kB of memory, the most that any of its processes ever held
}

func newNode(t *testing.T, name string, env []string) *node {
	t.Helper()
	n := &node{t: t, name: name, dir: filepath.Join(t.TempDir(), name)}
	n.env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(), "OMC_DATA_DIR=" + n.dir, "OMC_ROLES=collector", "NO_COLOR=1"}, env...)
	t.Cleanup(func() {
		if n.cmd != nil {
			_ = n.cmd.Process.Kill() // a test that failed half-way
			_ = n.cmd.Wait()
		}
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(n.dir, "omc.log")) // none: it never began
			t.Logf("log of %s, its end:\n%s", name, b[max(0, len(b)-3000):])
		}
	})
	return n
}

// start begins a process and waits until it answers.
func (n *node) start() {
	n.t.Helper()
	path, err := built()
	if err != nil {
		n.t.Fatal(err)
	}
	n.cmd, n.err = exec.Command(path, "daemon", "run"), &bytes.Buffer{}
	n.cmd.Env, n.cmd.Stdout, n.cmd.Stderr = n.env, n.err, n.err
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	until(n.t, 30*time.Second, n.name+" answers", func() bool {
		if n.cmd.Process.Signal(syscall.Signal(0)) != nil {
			n.t.Fatalf("%s ended: %s", n.name, n.err)
		}
		return n.run("daemon", "status").Run() == nil
	})
}

// run is a short command on the node's data directory.
func (n *node) run(args ...string) *exec.Cmd {
	path, _ := built() // start has told what is wrong
	c := exec.Command(path, args...)
	c.Env = n.env
	return c
}

// kill ends the process with SIGKILL.
func (n *node) kill() {
	n.t.Helper()
	n.memory()
	if err := n.cmd.Process.Kill(); err != nil {
		n.t.Fatal(err)
	}
	_ = n.cmd.Wait() // says that it was killed
	n.cmd = nil
}

// stop ends processes with SIGTERM, all at once, and wants them to say nothing bad.
func stop(nodes ...*node) {
	for _, n := range nodes {
		n.t.Helper()
		n.memory()
		if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			n.t.Fatal(err)
		}
	}
	for _, n := range nodes {
		if err := n.cmd.Wait(); err != nil {
			n.t.Errorf("%s was asked to stop: %v: %s", n.name, err, n.err)
		}
		n.cmd = nil
	}
}

// memory is what the process holds now, in kB.
func (n *node) memory() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		return 0 // no such file on this system: nothing is asserted then
	}
	field := func(name string) int64 {
		_, rest, _ := strings.Cut(string(b), name+":")
		line, _, _ := strings.Cut(rest, "\n")
		v, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "kB")), 10, 64)
		return v
	}
	n.most = max(n.most, field("VmHWM"))
	return field("VmRSS")
}

// until looks for a condition until it holds.
func until(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(20 * time.Millisecond) // other processes are at work: there is nothing to wait on
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", limit, what)
		}
		<-tick.C
	}
}

// within is until for what need not come.
func within(limit time.Duration, holds func() bool) bool {
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			return false
		}
		<-tick.C
	}
	return true
}
