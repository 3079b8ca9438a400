package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ohmycoins/omc/internal/attach"
	"github.com/ohmycoins/omc/internal/sandbox"
)

func TestMain(m *testing.M) {
	if code, child := sandbox.Main(os.Args); child { // started by the omc that this binary is, under its own name
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"omc": main})
}

// The scripts drive the real program, with a data directory of their own and no network.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("OMC_DATA_DIR", filepath.Join(e.WorkDir, "data"))
			e.Setenv("OMC_ROLES", "lab,floor") // a script that collects says so, and from where
			e.Defer(func() { stopped(filepath.Join(e.WorkDir, "data")) })
			e.Setenv("NO_COLOR", "1")
			e.Setenv("TMPDIR", e.WorkDir)
			for _, s := range []string{"KRAKEN", "COINBASE", "BINANCE", "COINSPOT"} {
				e.Setenv("OMC_SOURCES_"+s+"_BASE_URL", "http://127.0.0.1:1")
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "hold": hold, "stale": stale, "exchanges": exchanges, "promote": promote, "paper": paper, "quoted": quoted,
			"upstreams": upstreams, "await": await, "following": following},
	})
}

// stopped ends a daemon that a script which failed half-way has left behind.
func stopped(dir string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if c, ok, err := attach.Running(ctx, dir); ok && err == nil {
		_ = c.StopDaemon(ctx) // it is gone already, or the folder's end is its end
	}
}

// code runs omc and asks for its exit code: code 3 algo show nothing.
func code(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N ARG...")
	}
	err := ts.Exec("omc", args[1:]...)
	got := "0"
	if err != nil {
		got = ""
		if e, ok := err.(interface{ ExitCode() int }); ok {
			got = itoa(e.ExitCode())
		}
	}
	if got != args[0] {
		ts.Fatalf("omc %v exits with %q (%v), want %s", args[1:], got, err, args[0])
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// hold takes the data directory's lock until the script ends.
func hold(ts *testscript.TestScript, _ bool, _ []string) {
	lock, err := attach.Acquire(ts.Getenv("OMC_DATA_DIR"), "omc test")
	ts.Check(err)
	ts.Defer(func() { _ = lock.Release() }) // the script is over
}

// stale leaves a socket that nobody listens on, as a killed daemon does.
func stale(ts *testscript.TestScript, _ bool, _ []string) {
	dir := ts.Getenv("OMC_DATA_DIR")
	ts.Check(os.MkdirAll(dir, 0o700))
	path := attach.SocketPath(dir)
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	ts.Check(err)
	ln.SetUnlinkOnClose(false)
	ts.Check(ln.Close())
}

func TestListenIsForTheOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	ln, err := attach.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if st, err := os.Stat(attach.SocketPath(dir)); err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("socket mode %v, %v", st.Mode(), err)
	}
	server := &http.Server{Handler: http.NotFoundHandler()}
	go func() { _ = server.Serve(ln) }()
	defer server.Close()
	if _, ok, err := attach.Running(context.Background(), dir); !ok || err != nil {
		t.Fatal("a listening daemon is not found")
	}
}
