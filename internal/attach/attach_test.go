package attach

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/client"
)

type fake struct{ closed chan struct{} }

func (f fake) Handler() http.Handler       { return http.NotFoundHandler() }
func (f fake) Close(context.Context) error { close(f.closed); return nil }

func TestOnlyOneOwnerAndTheSecondKnowsWhoHoldsIt(t *testing.T) {
	dir := t.TempDir()
	f := fake{make(chan struct{})}
	serve := func(context.Context) (Server, error) { return f, nil }
	a, err := Open(t.Context(), Options{DataDir: dir, What: "omc first", Serve: serve, Wait: time.Nanosecond})
	if err != nil || !a.Embedded {
		t.Fatal(a, err)
	}
	_, err = Open(t.Context(), Options{DataDir: dir, What: "omc second", Serve: serve, Wait: time.Nanosecond})
	var held *HeldError
	if !errors.As(err, &held) || held.PID != os.Getpid() || held.What != "omc first" || !strings.Contains(err.Error(), "omc daemon start") {
		t.Fatalf("second owner: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	<-f.closed
	lock, err := Acquire(dir, "omc third")
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestAServerThatDoesNotStartFreesTheDirectory(t *testing.T) {
	dir := t.TempDir()
	boom := errors.New("boom")
	if _, err := Open(t.Context(), Options{DataDir: dir, Serve: func(context.Context) (Server, error) { return nil, boom }}); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	lock, err := Acquire(dir, "omc")
	if err != nil {
		t.Fatal(err)
	}
	_ = lock.Release()
}

func TestANamedHostThatDoesNotAnswerIsUnreachable(t *testing.T) {
	for _, h := range []string{filepath.Join(t.TempDir(), "x.sock"), "unix://" + filepath.Join(t.TempDir(), "x.sock")} {
		_, err := Open(t.Context(), Options{Host: h})
		var u *client.Unreachable
		if !errors.As(err, &u) {
			t.Errorf("%s: %v", h, err)
		}
	}
	if _, err := Open(t.Context(), Options{Host: "ftp://x"}); err == nil {
		t.Error("ftp:// was taken")
	}
}

func TestALongPathGetsAShortSocket(t *testing.T) {
	p := SocketPath("/" + strings.Repeat("long/", 40))
	if len(p) > maxSocketPath {
		t.Fatalf("%s has %d bytes", p, len(p))
	}
	if p == SocketPath("/"+strings.Repeat("else/", 40)) {
		t.Fatal("two directories share a socket")
	}
}

// TestAFrozenDaemonIsToldAndNotWaitedFor has a listener that takes connections and says nothing.
func TestAFrozenDaemonIsToldAndNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	ln, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var gone *client.Unreachable
	if _, ok, err := Running(ctx, dir); ok || !errors.As(err, &gone) || !strings.Contains(err.Error(), "kill -KILL") {
		t.Errorf("%v %v", ok, err)
	}
}

// TestASocketOfAKilledDaemonIsNoDaemon: what was killed cuts the connections it had taken, and for a moment takes more of them. That is
// no daemon, and no reason to fail: the next asking finds nobody.
func TestASocketOfAKilledDaemonIsNoDaemon(t *testing.T) {
	dir := t.TempDir()
	ln, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // kill -9 leaves the file
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 3 {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1)) // the rest stays unread: the asker's connection is reset
			_ = c.Close()
		}
		_ = ln.Close()
	}()
	if _, ok, err := Running(t.Context(), dir); ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	<-ended
	lock, running, err := AcquireSoon(t.Context(), dir, "omc daemon start", time.Nanosecond)
	if err != nil || running != nil {
		t.Fatal(running, err)
	}
	_ = lock.Release()
}

// TestADirectoryThatIsHeldForAMomentIsWaitedFor: a process that was killed holds its lock until it has gone.
func TestADirectoryThatIsHeldForAMomentIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	held, err := Acquire(dir, "omc daemon run")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, func() { _ = held.Release() })
	lock, _, err := AcquireSoon(t.Context(), dir, "omc daemon start", 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_ = lock.Release()
}

// TestAHostMayBeARelativePath: from the folder that one is in.
func TestAHostMayBeARelativePath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	ln, err := net.Listen("unix", "omc.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := os.Mkdir("sub", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"omc.sock", "./omc.sock", "sub/../omc.sock", "unix://omc.sock", "unix://" + dir + "/omc.sock", dir + "/omc.sock"} {
		if _, err := Open(t.Context(), Options{Host: h}); err != nil {
			t.Errorf("%s: %v", h, err)
		}
	}
	for _, h := range []string{"localhost:8080", "localhost:8080/omc", "nothing"} {
		if _, err := Open(t.Context(), Options{Host: h}); err == nil || !strings.Contains(err.Error(), "http://") {
			t.Errorf("%s: %v", h, err)
		}
	}
}
