package main

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// upstreams serves stand-ins of all upstreams, as a person would in another terminal, and takes over the settings that it prints:
// upstreams calm.
func upstreams(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: upstreams SCENARIO")
	}
	omc := ""
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path, err := exec.LookPath(filepath.Join(dir, "omc")); err == nil {
			omc = path
			break
		}
	}
	cmd := exec.Command(omc, "dev", "upstreams", "--scenario", args[0])
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("WORK"), "OMC_DATA_DIR=" + filepath.Join(ts.Getenv("WORK"), "upstreams"), "NO_COLOR=1"}
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // it may have ended, which the script has met
		_ = r.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), "=")
		switch {
		case ok && strings.HasPrefix(name, "OMC_"):
			ts.Setenv(name, strings.Trim(value, "'"))
		case strings.Contains(lines.Text(), "are served"):
			go func() { _, _ = io.Copy(io.Discard, r) }() // ends with the pipe
			return
		}
	}
	ts.Fatalf("the stand-ins do not answer")
}

// await runs omc until its output matches: await 'REGEXP' collect list.
func await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: await REGEXP ARG...")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		if err := ts.Exec("omc", args[1:]...); err == nil && want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		time.Sleep(50 * time.Millisecond) // another process is at work: there is nothing to wait on
	}
	ts.Fatalf("omc %v never says %s: %s", args[1:], args[0], ts.ReadFile("stdout"))
}

// following runs omc data follow until it has written so many lines, and wants each to match: following 3 'REGEXP' ARG...
func following(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 || len(args[0]) != 1 {
		ts.Fatalf("usage: following N REGEXP ARG...")
	}
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	file := ts.MkAbs("followed")
	ts.Check(ts.Exec("sh", append([]string{"-c", `n=$1 file=$2; shift 2; { timeout 30 omc data follow "$@" || :; } | head -n "$n" > "$file"`, "sh", args[0], file}, args[2:]...)...))
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(file)), "\n")
	if itoa(len(lines)) != args[0] {
		ts.Fatalf("%d lines: %q", len(lines), lines)
	}
	for _, l := range lines {
		if !want.MatchString(l) {
			ts.Fatalf("%q does not match %s", l, args[1])
		}
	}
}
