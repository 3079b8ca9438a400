package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is the real binary in a pseudo-terminal.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	pty  *os.File
	wide bool

	mu   sync.Mutex // guards seen
	seen bytes.Buffer
	more chan struct{} // holds at most one: something was written
	done chan struct{} // closed when nothing more comes
}

// buildOmc builds the binary as a user would.
func buildOmc(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "omc")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

func openTerminal(t *testing.T, bin, dir string, args ...string) *terminal {
	t.Helper()
	term := &terminal{t: t, cmd: exec.Command(bin, args...), more: make(chan struct{}, 1), done: make(chan struct{})}
	term.cmd.Env = []string{"HOME=" + t.TempDir(), "OMC_DATA_DIR=" + dir, "TERM=xterm-256color", "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"}
	f, err := pty.StartWithSize(term.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	term.pty = f
	go func() {
		defer close(term.done)
		b := make([]byte, 32<<10)
		for {
			n, err := f.Read(b)
			term.mu.Lock()
			term.seen.Write(b[:n])
			term.mu.Unlock()
			select {
			case term.more <- struct{}{}:
			default:
			}
			if err != nil {
				return // the program has ended
			}
		}
	}()
	t.Cleanup(func() {
		_ = term.cmd.Process.Kill() // it may have ended
		_ = f.Close()
		<-term.done
	})
	return term
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(\x07|\x1b\\\\)|\x1b[@-_]|\r")

// text is what was written since it was last forgotten, without escape sequences.
func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return escapes.ReplaceAllString(x.seen.String(), "")
}

// forget begins anew.
func (x *terminal) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen.Reset()
}

func (x *terminal) send(keys string) {
	x.t.Helper()
	x.forget()
	if _, err := x.pty.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// resize changes the size, which makes a full-screen program draw everything again.
func (x *terminal) resize() {
	x.t.Helper()
	x.wide = !x.wide
	size := &pty.Winsize{Rows: 24, Cols: 80}
	if x.wide {
		size = &pty.Winsize{Rows: 40, Cols: 120}
	}
	x.forget()
	if err := pty.Setsize(x.pty, size); err != nil {
		x.t.Fatal(err)
	}
}

// see waits until all the words are on the screen. A screen that only changes in part is drawn anew now and then.
func (x *terminal) see(words ...string) {
	x.t.Helper()
	deadline := time.After(2 * time.Minute)
	redraw := time.NewTicker(time.Second)
	defer redraw.Stop()
	for {
		text := x.text()
		missing := ""
		for _, w := range words {
			if !strings.Contains(text, w) {
				missing = w
				break
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-x.more:
		case <-redraw.C:
			x.resize()
		case <-x.done:
			x.t.Fatalf("the program ended before %q was seen; it wrote\n%s", missing, x.text())
		case <-deadline:
			x.t.Fatalf("%q was not seen; on the screen is\n%s", missing, x.text())
		}
	}
}

// ends waits for the program to end by itself without an error.
func (x *terminal) ends() {
	x.t.Helper()
	select {
	case <-x.done:
	case <-time.After(2 * time.Minute):
		x.t.Fatalf("the program does not end; on the screen is\n%s", x.text())
	}
	if err := x.cmd.Wait(); err != nil {
		x.t.Fatalf("the program ended with %v", err)
	}
}

func TestTheRealProgramInATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the program")
	}
	bin, dir := buildOmc(t), t.TempDir()
	fill := exec.Command(bin, "data", "simulate", "BTC/USDT", "ETH/USDT", "--interval", "1h", "--from", "2024-01-01", "--days", "200")
	fill.Env = []string{"HOME=" + t.TempDir(), "OMC_DATA_DIR=" + dir}
	if out, err := fill.CombinedOutput(); err != nil {
		t.Fatalf("simulate: %v\n%s", err, out)
	}
	t.Run("workstation", func(t *testing.T) {
		x := openTerminal(t, bin, dir, "tui")
		x.see("1 Lab", "write a goal")
		x.send("2")
		x.see("[2 Ledgers]", "BTC/USDT", "ETH/USDT", "SIM")
		x.send("3")
		x.see("[3 Algorithms]", "omc lab run")
		x.send("4")
		x.see("[4 Floor]", "Nothing has traded yet")
		x.send("5")
		x.see("[5 Ops]", "store", "sqlite")
		x.resize()
		x.see("[5 Ops]", "sqlite")
		x.send("?")
		x.see("every key")
		x.send("\x1b")
		x.see("[5 Ops]")
		x.send("q")
		x.ends()
	})
	t.Run("a question in the lab", func(t *testing.T) {
		x := openTerminal(t, bin, dir, "lab", "run", "a breakout", "--interval", "4h", "--max-trials", "40")
		x.see("Which market", "BTC/USDT")
		x.send("1\n")
		x.see("is done", "omc lab show")
		x.ends()
	})
	t.Run("the kill switch asks for a word", func(t *testing.T) {
		x := openTerminal(t, bin, dir, "floor", "kill")
		x.see("KILL")
		x.send("no\n")
		select {
		case <-x.done:
		case <-time.After(2 * time.Minute):
			t.Fatal("still asking")
		}
		if err := x.cmd.Wait(); err == nil {
			t.Fatalf("a wrong word was taken:\n%s", x.text())
		}
	})
}
